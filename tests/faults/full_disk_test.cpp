// A full disk: the door goes on from the reserve, everything else is refused and changes nothing, and all resumes when
// there is space again, without help. The disk is a limit on the files of the store's folder;
// EC_FULL_DISK_FOLDER=<folder on a small file system> takes that one instead.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "faults/failing_operations_calls.hpp"
#include "faults/failing_operations_shop.hpp"

namespace eventcore::test {
namespace {

constexpr std::int64_t mib = 1024 * 1024;

class FullDiskTest : public ::testing::Test {
 protected:
  [[nodiscard]] ShopUses uses(std::int64_t reserve = 4 * mib) {
    ShopUses uses{&calls_.files(), calls_.vfs()};
    uses.reserve_bytes = reserve;
    return uses;
  }
  Shop opened(const std::string& path, std::int64_t reserve = 4 * mib) {
    auto shop = Shop::open(path, uses(reserve));
    EXPECT_TRUE(succeeded(shop));
    return std::move(shop).assume_value();
  }
  void leave_free(const std::string& folder, std::int64_t bytes) {
    calls_.limit_space(folder, std::nullopt);
    calls_.limit_space(folder, calls_.used_space() + bytes);
  }
  void free_all(const std::string& folder) { calls_.limit_space(folder, std::nullopt); }

  static Result<Json> sell(Shop& shop) { return shop.service().call("place_order", ShopCopy::rows().sale()); }
  static Result<Json> scan(Shop& shop, std::size_t ticket) {
    return shop.service().call("check_in", ShopCopy::rows().scan(ticket));
  }
  // Sells until the disk is full.
  static void sell_out_of_space(Shop& shop) {
    for (int sold = 0; sold < 10'000; ++sold) {
      const auto answer = sell(shop);
      if (answer) continue;
      ASSERT_EQ(answer.error().name(), "disk_full");
      return;
    }
    FAIL() << "the disk never got full";
  }
  // How long until a sale succeeds.
  static std::int64_t resumes_after_us(Shop& shop) {
    const SystemClock clock;
    const std::int64_t start = clock.steady_us();
    while (clock.steady_us() < start + 5'000'000) {
      if (sell(shop)) return clock.steady_us() - start;
      ::usleep(1'000);
    }
    return -1;
  }
  static void admits(Shop& shop, std::size_t ticket) { EXPECT_EQ(must(scan(shop, ticket))["outcome"], "admitted"); }
  static std::int64_t orders(Shop& shop) { return ShopCopy::rows().count(shop, "ticket_orders"); }

  FailingCalls calls_;
};

TEST_F(FullDiskTest, TheDoorGoesOnSalesAreRefusedAndAllResumesWithinASecond) {
  const ShopCopy copy;
  Shop shop = opened(copy.path());
  EXPECT_EQ(shop.stats().reserve_bytes, 4 * mib);
  leave_free(copy.folder(), 200'000);
  sell_out_of_space(shop);
  EXPECT_TRUE(shop.stats().disk_full);
  EXPECT_EQ(shop.stats().reserve_bytes, 0) << "given to the door";
  const std::int64_t before = orders(shop);
  for (std::size_t ticket = 0; ticket < 10; ++ticket) {
    admits(shop, ticket);
    EC_EXPECT_REFUSED("disk_full", sell(shop));
  }
  const Json last = ShopCopy::rows().scan(0);
  EXPECT_EQ(must(shop.service().call("check_in", last))["outcome"], "already_used");
  EXPECT_EQ(orders(shop), before) << "what was refused changed nothing";
  free_all(copy.folder());
  const std::int64_t waited = resumes_after_us(shop);
  EXPECT_GE(waited, 0);
  EXPECT_LE(waited, 1'000'000);
  EXPECT_FALSE(shop.stats().disk_full);
  EXPECT_EQ(shop.stats().reserve_bytes, 4 * mib) << "kept again for the next time";
  EXPECT_EQ(shop.problems(), "");
}

TEST_F(FullDiskTest, WhatTheReserveGaveAwayIsNotTakenForNewSpace) {
  const ShopCopy copy;
  Shop shop = opened(copy.path());
  leave_free(copy.folder(), 100'000);
  sell_out_of_space(shop);
  EXPECT_EQ(resumes_after_us(shop), -1) << "the reserve's own space must not let sales in again";
  admits(shop, 0);
}

TEST_F(FullDiskTest, AnAdmissionMayBeTakenBackAndScansMayComeManyAtOnceOrSubmitted) {
  const ShopCopy copy;
  const ShopRows& rows = ShopCopy::rows();
  Shop shop = opened(copy.path());
  leave_free(copy.folder(), 100'000);
  sell_out_of_space(shop);
  Caller door = shop.service();
  const Json admitted = must(door.call("check_in", rows.scan(0)));
  must(door.call(
      "undo_check_in",
      {{"organization_id", rows.organization}, {"ticket_id", admitted["ticket"]["id"]}, {"reason", "wrong person"}}));
  const Json scans =
      must(door.call_many(Json::array({Json::array({"check_in", rows.scan(1)}), {"check_in", rows.scan(2)}})));
  EXPECT_EQ(scans.at(1)["outcome"], "admitted");
  EC_EXPECT_REFUSED("disk_full", door.call_many(Json::array({Json::array({"check_in", rows.scan(3)}),
                                                             Json::array({"place_order", rows.sale()})})));
  auto pending = door.session().submit("check_in", dump(rows.scan(4)));
  ASSERT_TRUE(succeeded(pending));
  EXPECT_TRUE(succeeded(*pending.assume_value().wait(-1)));
  EC_EXPECT_REFUSED("disk_full", door.insert("venues", {{"organization_id", rows.organization},
                                                        {"name", "Hall"},
                                                        {"address", "1 Long Road"},
                                                        {"max_capacity", 100}}));
  ASSERT_TRUE(succeeded(door.session().begin()));
  EC_EXPECT_REFUSED("disk_full", door.call("check_in", rows.scan(5)));
  EXPECT_TRUE(succeeded(door.session().rollback()));
  admits(shop, 5);
}

TEST_F(FullDiskTest, ATransactionThatMeetsTheFullDiskGivesTheReserveToTheDoor) {
  const ShopCopy copy;
  Shop shop = opened(copy.path());
  leave_free(copy.folder(), 20'000);
  Caller seller = shop.service();
  ASSERT_TRUE(succeeded(seller.session().begin()));
  must(seller.call("place_order", ShopCopy::rows().sale()));
  EC_EXPECT_REFUSED("disk_full", seller.session().commit());
  EXPECT_TRUE(shop.stats().disk_full);
  admits(shop, 0);
  EXPECT_EQ(orders(shop), 1);
}

TEST_F(FullDiskTest, AllProcessesOfAStoreAreInNeedTogetherAndNoLonger) {
  const ShopCopy copy;
  Shop office = opened(copy.path());
  Shop gate = opened(copy.path());
  leave_free(copy.folder(), 100'000);
  sell_out_of_space(office);
  EC_EXPECT_REFUSED("disk_full", sell(gate));
  admits(gate, 0);
  EXPECT_TRUE(gate.stats().disk_full);
  free_all(copy.folder());
  EXPECT_GE(resumes_after_us(gate), 0);
  EC_EXPECT_OK(sell(office));
  EXPECT_FALSE(office.stats().disk_full);
  EXPECT_EQ(office.problems(), "");
}

TEST_F(FullDiskTest, KilledInNeedTheDoorOpensAgainOnTheFullDisk) {
  const ShopCopy copy;
  std::filesystem::create_directory(copy.path("killed"));
  std::int64_t sold = 0;
  {
    Shop shop = opened(copy.path());
    leave_free(copy.folder(), 100'000);
    sell_out_of_space(shop);
    admits(shop, 0);
    sold = orders(shop);
    // As a kill leaves them: nobody closes.
    for (const char* name : {"shop.ecdb", "shop.ecdb-wal", "shop.keys", "shop.anchor", "shop.reserve"})
      std::filesystem::copy_file(copy.path(name), copy.path(std::string("killed/") + name));
    free_all(copy.folder());
  }
  leave_free(copy.path("killed"), 400'000);
  Shop shop = opened(copy.path("killed/shop.ecdb"));
  EC_EXPECT_REFUSED("disk_full", sell(shop));
  EXPECT_EQ(must(scan(shop, 0))["outcome"], "already_used");
  admits(shop, 1);
  EXPECT_EQ(orders(shop), sold);
  free_all(copy.path("killed"));
  EXPECT_GE(resumes_after_us(shop), 0);
  EXPECT_EQ(shop.problems(), "");
}

TEST_F(FullDiskTest, AStoreOpensOnADiskThatBecameFullWhileItWasClosed) {
  const ShopCopy copy;
  ASSERT_TRUE(opened(copy.path()).close());
  EXPECT_EQ(std::filesystem::file_size(copy.path("shop.reserve")), static_cast<std::uintmax_t>(4 * mib));
  leave_free(copy.folder(), 0);
  Shop shop = opened(copy.path());
  admits(shop, 0);
  EC_EXPECT_REFUSED("disk_full", sell(shop));
  ASSERT_TRUE(shop.close()) << "closing needs no space that is not there";
  Shop again = opened(copy.path());
  EC_EXPECT_REFUSED("disk_full", sell(again));
  admits(again, 1);
  free_all(copy.folder());
  EXPECT_GE(resumes_after_us(again), 0);
  EXPECT_EQ(again.problems(), "");
}

TEST_F(FullDiskTest, WithoutRoomForAReserveAStoreOpensAndSellsWhileItCan) {
  const ShopCopy copy;
  leave_free(copy.folder(), 3 * mib);
  Shop shop = opened(copy.path());
  EXPECT_FALSE(std::filesystem::exists(copy.path("shop.reserve")));
  EC_EXPECT_OK(sell(shop));
  leave_free(copy.folder(), 10'000);
  EC_EXPECT_REFUSED("disk_full", sell(shop));
  EC_EXPECT_REFUSED("disk_full", scan(shop, 0));
  free_all(copy.folder());
  EC_EXPECT_OK(sell(shop));
  admits(shop, 0);
  ASSERT_TRUE(shop.close());
  EXPECT_EQ(opened(copy.path()).stats().reserve_bytes, 4 * mib) << "the next open gets one";
}

TEST_F(FullDiskTest, AReserveSomebodyDeletesIsNotMissed) {
  const ShopCopy copy;
  Shop shop = opened(copy.path());
  std::filesystem::remove(copy.path("shop.reserve"));
  EC_EXPECT_OK(sell(shop));
  admits(shop, 0);
  EXPECT_FALSE(shop.stats().disk_full);
}

// ---- the long queue: EC_FULL_DISK_SCANS=5000 for the whole of it ----

// A disk that can be filled and freed: a limit, or a small file system with a file that takes the rest.
class LongQueueTest : public FullDiskTest {
 protected:
  void SetUp() override {
    const char* const real = std::getenv("EC_FULL_DISK_FOLDER");
    if (real != nullptr) real_folder_ = real;
    folder_ = real_folder_.empty() ? own_.folder() : real_folder_;
  }
  void TearDown() override {
    for (const char* name : {"ecdb", "keys", "anchor", "lock", "reserve"})
      std::filesystem::remove(folder_ + "/queue." + name);
    free_disk();
  }
  void fill_disk() {
    if (real_folder_.empty()) return leave_free(folder_, 0);
    calls_.limit_space(folder_, std::nullopt);
    std::ofstream filler(folder_ + "/filler", std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void free_disk() {
    free_all(folder_);
    std::filesystem::remove(folder_ + "/filler");
  }

  TestFolder own_;
  std::string real_folder_;
  std::string folder_;
};

TEST_F(LongQueueTest, FiveThousandScansWouldPassOnAFullDiskOutOfTheUsualReserve) {
  const char* const asked = std::getenv("EC_FULL_DISK_SCANS");
  const std::size_t scans = asked != nullptr ? static_cast<std::size_t>(std::atoi(asked)) : 500;
  auto opened = Shop::open(folder_ + "/queue.ecdb", uses(store::reserve_bytes_usual), true);
  ASSERT_TRUE(succeeded(opened));
  Shop& shop = opened.assume_value();
  const ShopRows rows = make_rows(shop, static_cast<int>(scans));
  fill_disk();
  const auto sell = [&] { return shop.service().call("place_order", rows.sale()); };
  Result<Json> refused = sell();
  for (int i = 0; refused && i < 1'000; ++i) refused = sell();
  EC_EXPECT_REFUSED("disk_full", refused);
  const std::int64_t orders = rows.count(shop, "ticket_orders");
  const std::int64_t used = calls_.used_space();
  Caller door = shop.service();
  for (std::size_t ticket = 0; ticket < scans; ++ticket) {
    const Json answer = must(door.call("check_in", rows.scan(ticket)));
    ASSERT_EQ(answer["outcome"], "admitted") << ticket;
    if (ticket % 100 == 0) {
      EC_EXPECT_REFUSED("disk_full", sell());
    }
  }
  const std::int64_t taken = calls_.used_space() - used;
  std::printf("%zu scans on a full disk took %lld KiB, %lld bytes a scan\n", scans,
              static_cast<long long>(taken / 1024), static_cast<long long>(taken) / static_cast<long long>(scans));
  // What does not grow with the scans: the WAL until it is checkpointed.
  constexpr std::int64_t wal_bytes = 6 * mib;
  EXPECT_LT(wal_bytes + taken * 5'000 / static_cast<std::int64_t>(scans), store::reserve_bytes_usual);
  EXPECT_EQ(rows.count(shop, "ticket_orders"), orders);
  EXPECT_EQ(rows.count(shop, "check_ins"), static_cast<std::int64_t>(scans));
  free_disk();
  const SystemClock clock;
  const std::int64_t start = clock.steady_us();
  while (!sell()) ASSERT_LE(clock.steady_us(), start + 1'000'000) << "resumes within a second";
  std::printf("sales resumed after %lld ms\n", static_cast<long long>((clock.steady_us() - start) / 1'000));
  EXPECT_EQ(shop.problems(), "");
  ASSERT_TRUE(shop.close());
}

}  // namespace
}  // namespace eventcore::test
