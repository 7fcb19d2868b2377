// The n-th file operation fails, in every way a file operation can, once or from then on: the answer is a documented
// error or success, the next open needs no help, what was answered as done is there exactly once, and verify_store
// finds nothing. A dozen places for each way; EC_FILE_FAULTS=all for every one.
#include "faults/failing_operations_calls.hpp"

#include <cstdio>
#include <functional>
#include <random>

#include "faults/failing_operations_shop.hpp"

namespace eventcore::test {
namespace {

constexpr FileFault faults[] = {
    {"EIO once", EIO, false},          {"EIO for ever", EIO, true},    {"ENOSPC once", ENOSPC, false},
    {"ENOSPC for ever", ENOSPC, true}, {"EMFILE once", EMFILE, false}, {"EMFILE for ever", EMFILE, true},
    {"EINTR once", EINTR, false},      {"half done once", 0, false},   {"half done for ever", 0, true},
};

const Bytes second_key(32, 0x77);
constexpr std::string_view key_of_the_call = "failing-operation-0001";

// What one fault met.
struct Met {
  int total = 0;
  int refused = 0;
  int unknown = 0;
};

class FailingOperationsTest : public ::testing::Test {
 protected:
  using Operation = std::function<Result<Json>(Shop&)>;
  // Judges a store that was opened again; `first` is what the operation answered.
  using Judge = std::function<void(Shop&, const Result<Json>& first)>;

  static bool every_one() {
    const char* const asked = std::getenv("EC_FILE_FAULTS");
    return asked != nullptr && std::string_view(asked) == "all";
  }

  // Which operations fail: all of `total`, or a dozen that chance chooses; of those that copy the whole store four.
  std::vector<int> places(int total) {
    const int most = total > 300 ? 4 : 12;
    std::vector<int> chosen;
    if (every_one() || total <= most) {
      for (int nth = 1; nth <= total; ++nth) chosen.push_back(nth);
      return chosen;
    }
    for (int i = 0; i < most; ++i) {
      const int first = total * i / most + 1;
      const int last = total * (i + 1) / most;
      chosen.push_back(std::uniform_int_distribution<int>(first, last)(chance_));
    }
    return chosen;
  }

  [[nodiscard]] ShopUses faulty() { return {&calls_.files(), calls_.vfs()}; }

  static ::testing::AssertionResult is_documented(const Result<Json>& answer) {
    if (answer) return ::testing::AssertionSuccess();
    // SQLite takes an EIO of a read for a page that is lost, and so does the engine: store_corrupt. What it could not
    // open for writing, for want of a descriptor, it opens for reading: read_only. A lock that it could not take, or a
    // WAL that it could not empty, it calls busy.
    for (const char* name : {"io_error", "disk_full", "outcome_unknown", "store_stopped", "store_corrupt", "read_only",
                             "store_busy", "store_locked"})
      if (answer.error().name() == name) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << answer.error().to_json();
  }

  void note(Met& met, const Result<Json>& answer) {
    if (answer) return;
    ++met.refused;
    if (answer.error().code() == Errc::outcome_unknown) ++met.unknown;
  }

  // Lets `run` meet each fault at each place; `run` answers how many operations could have failed.
  void at_every_place(const char* name, const std::function<int(const FileFault&, int nth, Met&)>& run) {
    for (const FileFault& fault : faults) {
      Met met;
      met.total = run(fault, 1'000'000'000, met);
      ASSERT_EQ(met.refused, 0) << name << " refused without a fault";
      for (const int nth : places(met.total)) {
        SCOPED_TRACE(std::string(name) + ", " + fault.name + ", operation " + std::to_string(nth));
        run(fault, nth, met);
        if (HasFatalFailure() || HasFailure()) return;
      }
      std::printf("%-16s %-18s of %5d operations; refused %d, of them unknown %d\n", name, fault.name, met.total,
                  met.refused, met.unknown);
      if (fault.error == EINTR || fault.error == 0) {
        EXPECT_EQ(met.refused, 0) << name << ": an interrupted or partial operation is repeated";
      }
    }
  }

  // One call on an open engine: the same call under its idempotency key then tells what happened, on this engine
  // unless it has stopped, and on the next one in any case.
  int call_meets(const FileFault& fault, int nth, Met& met, const Operation& operation, const Judge& judge) {
    const ShopCopy copy;
    int counted = 0;
    Result<Json> first{Failure(Errc::internal)};
    {
      auto opened = Shop::open(copy.path(), faulty());
      EXPECT_TRUE(succeeded(opened));
      Shop& shop = opened.assume_value();
      calls_.arm(fault, nth);
      first = operation(shop);
      calls_.disarm();
      counted = calls_.counted();
      EXPECT_TRUE(is_documented(first));
      note(met, first);
      goes_on_or_has_stopped(shop, operation, first);
    }
    auto reopened = Shop::open(copy.path());
    EXPECT_TRUE(succeeded(reopened)) << "opens without help";
    if (!reopened) return counted;
    judge(reopened.assume_value(), first);
    EXPECT_EQ(reopened.assume_value().problems(), "");
    return counted;
  }

  static void goes_on_or_has_stopped(Shop& shop, const Operation& operation, const Result<Json>& first) {
    const auto again = operation(shop);
    const bool unknown = !first && first.error().code() == Errc::outcome_unknown;
    const bool was_full = !first && first.error().code() == Errc::disk_full;
    if (!again) {
      // A disk that was full is asked again after half a second; tests of that: full_disk_test.cpp.
      EXPECT_TRUE(again.error().name() == "store_stopped" || (was_full && again.error().name() == "disk_full"))
          << again.error().to_json();
    } else {
      EXPECT_FALSE(unknown) << "an engine that does not know its last commit must not go on";
      if (first) {
        EXPECT_EQ(dump(again.assume_value()), dump(first.assume_value()));
      }
    }
  }

  static CallOptions under_key() { return {.idempotency_key = key_of_the_call}; }

  FailingCalls calls_;
  std::mt19937_64 chance_{eventcore::testing::seed()};
};

TEST_F(FailingOperationsTest, ASaleIsMadeExactlyOnceWhicheverOperationFails) {
  EC_TRACE_SEED();
  const ShopRows& rows = ShopCopy::rows();
  const Operation sell = [&](Shop& shop) { return shop.service().call("place_order", rows.sale(), under_key()); };
  at_every_place("sale", [&](const FileFault& fault, int nth, Met& met) {
    return call_meets(fault, nth, met, sell, [&](Shop& shop, const Result<Json>& first) {
      const std::int64_t orders = rows.count(shop, "ticket_orders");
      const auto last = sell(shop);
      EXPECT_TRUE(succeeded(last));
      if (first && last) {
        EXPECT_EQ(orders, 2) << "what was answered as sold is sold";
        EXPECT_EQ(dump(last.assume_value()), dump(first.assume_value()));
      }
      EXPECT_EQ(rows.count(shop, "ticket_orders"), 2);
      EXPECT_EQ(rows.count(shop, "tickets"), 21);
    });
  });
}

TEST_F(FailingOperationsTest, ATicketIsAdmittedExactlyOnceWhicheverOperationFails) {
  EC_TRACE_SEED();
  const ShopRows& rows = ShopCopy::rows();
  const Operation admit = [&](Shop& shop) { return shop.service().call("check_in", rows.scan(0), under_key()); };
  at_every_place("check-in", [&](const FileFault& fault, int nth, Met& met) {
    return call_meets(fault, nth, met, admit, [&](Shop& shop, const Result<Json>& first) {
      const auto last = admit(shop);
      EXPECT_TRUE(succeeded(last));
      if (last) {
        EXPECT_EQ(last.assume_value()["outcome"], "admitted") << "under its key the scan is the one that admitted";
      }
      if (first && last) {
        EXPECT_EQ(dump(last.assume_value()), dump(first.assume_value()));
      }
      EXPECT_EQ(rows.count(shop, "check_ins"), 1);
      EXPECT_EQ(must(shop.service().call("check_in", rows.scan(0)))["outcome"], "already_used");
    });
  });
}

TEST_F(FailingOperationsTest, AStoreOpensAfterAnOpenThatFailedAnywhere) {
  EC_TRACE_SEED();
  const ShopRows& rows = ShopCopy::rows();
  at_every_place("open", [&](const FileFault& fault, int nth, Met& met) {
    const ShopCopy copy;
    {
      // Killed, as it were, with a sale in the WAL.
      auto before = Shop::open(copy.path());
      EXPECT_TRUE(succeeded(before));
      must(before.assume_value().service().call("place_order", rows.sale(), under_key()));
      std::filesystem::copy(copy.folder(), copy.path("killed"));
    }
    const std::string path = copy.path("killed/shop.ecdb");
    int counted = 0;
    {
      calls_.arm(fault, nth);
      auto opened = Shop::open(path, faulty());
      calls_.disarm();
      counted = calls_.counted();
      const Result<Json> answer = opened ? Result<Json>(Json()) : Result<Json>(Failure(opened.error()));
      EXPECT_TRUE(is_documented(answer));
      note(met, answer);
      if (opened) {
        EXPECT_EQ(rows.count(opened.assume_value(), "ticket_orders"), 2);
      }
    }
    auto reopened = Shop::open(path);
    EXPECT_TRUE(succeeded(reopened)) << "opens without help";
    if (!reopened) return counted;
    EXPECT_EQ(rows.count(reopened.assume_value(), "ticket_orders"), 2);
    EXPECT_EQ(reopened.assume_value().problems(), "");
    return counted;
  });
}

TEST_F(FailingOperationsTest, ABackupIsWholeOrNotThereAndTheStoreSellsOn) {
  EC_TRACE_SEED();
  const ShopRows& rows = ShopCopy::rows();
  const Key key = Key::raw(second_key);
  at_every_place("backup", [&](const FileFault& fault, int nth, Met& met) {
    const ShopCopy copy;
    auto opened = Shop::open(copy.path(), faulty());
    EXPECT_TRUE(succeeded(opened));
    Shop& shop = opened.assume_value();
    const Json arguments = {{"path", copy.path("copy.ecdb")}};
    CallOptions with_key;
    with_key.key = &key;
    calls_.arm(fault, nth);
    const auto first = shop.service().call("backup", arguments, with_key);
    calls_.disarm();
    const int counted = calls_.counted();
    EXPECT_TRUE(is_documented(first));
    note(met, first);
    if (!first) {
      const auto again = shop.service().call("backup", arguments, with_key);
      EXPECT_TRUE(again || again.error().code() == Errc::store_exists) << again.error().to_json();
    }
    must(shop.service().call("place_order", rows.sale(), under_key()));
    ShopUses with_second;
    with_second.key = second_key;
    auto backup = Shop::open(copy.path("copy.ecdb"), with_second);
    EXPECT_TRUE(succeeded(backup)) << "what has its name is whole";
    if (!backup) return counted;
    EXPECT_EQ(rows.count(backup.assume_value(), "ticket_orders"), 1);
    EXPECT_EQ(backup.assume_value().problems(), "");
    EXPECT_EQ(shop.problems(), "");
    return counted;
  });
}

class FailingRotationTest : public FailingOperationsTest {
 protected:
  void rotates(const char* name, bool data_key) {
    const Key key = Key::raw(second_key);
    at_every_place(name, [&](const FileFault& fault, int nth, Met& met) {
      const ShopCopy copy;
      int counted = 0;
      std::int64_t orders = 1;
      Result<Json> first{Failure(Errc::internal)};
      {
        auto opened = Shop::open(copy.path(), faulty());
        EXPECT_TRUE(succeeded(opened));
        CallOptions with_key;
        with_key.key = &key;
        calls_.arm(fault, nth);
        first = opened.assume_value().service().call("rotate_key", {{"data_key", data_key}}, with_key);
        calls_.disarm();
        counted = calls_.counted();
        EXPECT_TRUE(is_documented(first));
        note(met, first);
        if (opened.assume_value().service().call("place_order", ShopCopy::rows().sale())) ++orders;
      }
      exactly_one_key_opens(copy, first, orders);
      return counted;
    });
  }

  static void exactly_one_key_opens(const ShopCopy& copy, const Result<Json>& first, std::int64_t orders) {
    int opening = 0;
    for (const Bytes& key : {test_key, second_key}) {
      ShopUses uses;
      uses.key = key;
      auto opened = Shop::open(copy.path(), uses);
      if (!opened) {
        EXPECT_EQ(opened.error().name(), "wrong_key") << opened.error().to_json();
        continue;
      }
      ++opening;
      if (first) {
        EXPECT_EQ(key, second_key);
      }
      EXPECT_EQ(ShopCopy::rows().count(opened.assume_value(), "ticket_orders"), orders);
      EXPECT_EQ(opened.assume_value().problems(), "");
    }
    EXPECT_EQ(opening, 1) << "exactly one of the two keys opens the store";
  }
};

TEST_F(FailingRotationTest, OneKeyOpensAfterAKeyChangeThatFailedAnywhere) {
  EC_TRACE_SEED();
  rotates("rotate_key", false);
}

TEST_F(FailingRotationTest, OneKeyOpensAfterANewDataKeyThatFailedAnywhere) {
  EC_TRACE_SEED();
  rotates("new data key", true);
}

}  // namespace
}  // namespace eventcore::test
