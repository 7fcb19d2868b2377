#include "store/key_slots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "store/sealing.hpp"
#include "store/side_files.hpp"

namespace eventcore::store {
namespace {

using Kind = KeyInput::Kind;

constexpr PassphraseCost cheap{1, 8 * 1024};

class KeySlotsTest : public testing::Test {
 protected:
  KeySlotsTest() { store_id_.bytes[0] = 7; }

  KeyInput raw(std::uint8_t n = 1) { return KeyInput::raw(Bytes(32, n)); }
  KeyInput phrase(std::string_view text) { return KeyInput::passphrase(as_bytes(text)); }
  KeyInput code_text(std::string_view text) { return KeyInput::recovery_code(as_bytes(text)); }

  KeySlots create(const KeyInput& key) {
    return KeySlots::create(files_, path_, key, store_id_, random_, cheap).assume_value();
  }
  Result<KeySlots> open(const KeyInput& key) { return KeySlots::open(files_, path_, key); }
  Errc refused(const KeyInput& key) {
    const Bytes before = whole(path_);
    const Errc answer = code(open(key));
    EXPECT_EQ(whole(path_), before) << "a refused opening changed the file";
    return answer;
  }
  // Makes the checksum fit again, as somebody would who alters the file on purpose.
  static void mend(Bytes& file) {
    const Digest checksum = blake2b(ByteView(file).first(file.size() - 32));
    std::copy(checksum.begin(), checksum.end(), file.end() - 32);
  }
  void expect_same_keys(const StoreKeys& a, const StoreKeys& b) {
    EXPECT_EQ(a.store_id, b.store_id);
    EXPECT_TRUE(equal_constant_time(a.data_key.view(), b.data_key.view()));
    EXPECT_TRUE(equal_constant_time(a.root_key.view(), b.root_key.view()));
    EXPECT_TRUE(equal_constant_time(a.signing_key.view(), b.signing_key.view()));
    EXPECT_EQ(a.signing_public_key, b.signing_public_key);
  }

  Folder folder_;
  std::string path_ = folder_ / "fest.keys";
  Files& files_ = system_files();
  SeededRandom random_{11};
  Uuid store_id_;
};

TEST_F(KeySlotsTest, ARawKeyOpensWhatItMade) {
  const KeySlots made = create(raw());
  EXPECT_EQ(made.keys().data_key.size(), 32U);
  EXPECT_FALSE(equal_constant_time(made.keys().data_key.view(), raw().bytes.view()));
  EXPECT_TRUE(equal_constant_time(made.keys().root_key.view(), derive(made.keys().data_key, derivation::root).view()));
  const auto opened = open(raw());
  ASSERT_TRUE(opened);
  expect_same_keys(made.keys(), opened.assume_value().keys());
  EXPECT_EQ(opened.assume_value().keys().store_id, store_id_);
}

TEST_F(KeySlotsTest, APassphraseOpensWithTheCostOfARelease) {
  const KeySlots made = KeySlots::create(files_, path_, phrase("correct horse"), store_id_, random_).assume_value();
  const auto opened = open(phrase("correct horse"));
  ASSERT_TRUE(opened);
  expect_same_keys(made.keys(), opened.assume_value().keys());
  EXPECT_EQ(refused(phrase("correct horsf")), Errc::wrong_key);
  // ops and memory limit as stored: 3 passes over 64 MiB
  const Bytes file = whole(path_);
  EXPECT_EQ(get_u64(file, 48), 3U);
  EXPECT_EQ(get_u64(file, 56), 64U * 1024 * 1024);
}

TEST_F(KeySlotsTest, AnExistingFileIsNotOverwritten) {
  create(raw());
  const Bytes before = whole(path_);
  EXPECT_EQ(code(KeySlots::create(files_, path_, raw(2), store_id_, random_)), Errc::store_exists);
  EXPECT_EQ(whole(path_), before);
}

TEST_F(KeySlotsTest, NoKeyIsRequiredAndNotWrong) {
  EXPECT_EQ(code(KeySlots::create(files_, path_, {}, store_id_, random_)), Errc::key_required);
  EXPECT_TRUE(folder_.names().empty());
  create(raw());
  EXPECT_EQ(refused({}), Errc::key_required);
}

TEST_F(KeySlotsTest, AWrongKeyIsWrongWhateverItsKind) {
  create(raw());
  EXPECT_EQ(refused(raw(2)), Errc::wrong_key);
  EXPECT_EQ(refused(phrase("guess")), Errc::wrong_key);
  // The raw key's bytes as a passphrase open nothing either.
  EXPECT_EQ(refused(KeyInput::passphrase(Bytes(32, 1))), Errc::wrong_key);
}

TEST_F(KeySlotsTest, KeysThatAreNotWellFormedAreRefusedBeforeAnythingElse) {
  create(raw());
  EXPECT_EQ(refused(KeyInput::raw(Bytes(31, 1))), Errc::invalid_key);
  EXPECT_EQ(refused(KeyInput::raw(Bytes(33, 1))), Errc::invalid_key);
  EXPECT_EQ(refused(KeyInput::raw({})), Errc::invalid_key);
  EXPECT_EQ(refused(phrase("")), Errc::invalid_key);
  EXPECT_EQ(refused(phrase(std::string(4097, 'x'))), Errc::invalid_key);
  EXPECT_EQ(refused(code_text("ABCD-EFGH")), Errc::invalid_key);
}

TEST_F(KeySlotsTest, EveryFlippedByteIsNoticedAndNeverTakenForAWrongKey) {
  auto made = create(raw());
  ASSERT_TRUE(made.add(files_, phrase("second"), random_, cheap));
  const Bytes good = whole(path_);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint8_t flip : Bytes{0x01, 0x80, 0xFF}) {
      Bytes bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ flip);
      put(path_, bad);
      ASSERT_EQ(code(open(raw())), Errc::key_slots_tampered) << at;
      ASSERT_EQ(code(open(raw(2))), Errc::key_slots_tampered) << at;
      ASSERT_EQ(whole(path_), bad) << at;
    }
  }
  put(path_, good);
  EXPECT_TRUE(open(raw()));
}

// With the checksum made to fit only the keys are left to notice. Whose own slot was altered cannot be told from one
// whose key is wrong: nothing opens the slot. Everybody else is told that the file was altered.
TEST_F(KeySlotsTest, EveryByteAlteredOnPurposeIsNoticedByTheKeys) {
  auto made = create(raw());
  ASSERT_TRUE(made.add(files_, raw(2), random_, cheap));
  const Bytes good = whole(path_);
  constexpr std::size_t header = 40;
  constexpr std::size_t slot = 113;
  for (std::size_t at = 0; at < good.size() - 32; ++at) {
    Bytes bad = good;
    bad[at] = static_cast<std::uint8_t>(bad[at] ^ 0x01U);
    mend(bad);
    put(path_, bad);
    const Errc first = code(open(raw()));
    const Errc second = code(open(raw(2)));
    const bool in_first = at >= header && at < header + slot;
    const bool in_second = at >= header + slot && at < header + 2 * slot;
    const bool in_version = at == 8 || at == 9;
    const bool in_store_id = at >= 16 && at < 32;
    if (in_version) {
      EXPECT_TRUE(first == Errc::store_newer || first == Errc::key_slots_tampered) << at;
    } else if (in_store_id) {
      EXPECT_EQ(first, Errc::wrong_key) << at;  // every slot is bound to the store's id
    } else {
      EXPECT_TRUE(first == Errc::key_slots_tampered || (in_first && first == Errc::wrong_key)) << at;
      EXPECT_TRUE(second == Errc::key_slots_tampered || (in_second && second == Errc::wrong_key)) << at;
    }
    ASSERT_EQ(whole(path_), bad) << at;
  }
}

TEST_F(KeySlotsTest, EveryOtherLengthIsTampering) {
  create(raw());
  const Bytes good = whole(path_);
  for (std::size_t size = 0; size < good.size(); ++size) {
    put(path_, ByteView(good).first(size));
    ASSERT_EQ(code(open(raw())), Errc::key_slots_tampered) << size;
  }
  for (const std::size_t more : {1U, 113U, 100'000U}) {
    Bytes longer = good;
    longer.resize(good.size() + more);
    put(path_, longer);
    EXPECT_EQ(code(open(raw())), Errc::key_slots_tampered) << more;
    mend(longer);
    put(path_, longer);
    EXPECT_EQ(code(open(raw())), Errc::key_slots_tampered) << more;
  }
}

TEST_F(KeySlotsTest, AMissingFileIsTampering) {
  EXPECT_EQ(code(open(raw())), Errc::key_slots_tampered);
}

TEST_F(KeySlotsTest, AnUnreadableFileIsAnIoErrorAndNoWrongKey) {
  create(raw());
  FaultyCalls calls;
  const auto faulty = faulty_files(calls);
  for (calls.fail_at = 0; calls.fail_at < 3; ++calls.fail_at) {  // open, two reads
    calls.count = 0;
    EXPECT_EQ(code(KeySlots::open(*faulty, path_, raw())), Errc::io_error) << calls.fail_at;
  }
}

TEST_F(KeySlotsTest, AFileOfANewerReleaseIsToldApart) {
  create(raw());
  Bytes newer = whole(path_);
  newer[9] = 2;
  mend(newer);
  put(path_, newer);
  EXPECT_EQ(refused(raw()), Errc::store_newer);
  newer.resize(newer.size() + 500);  // it may have another length
  mend(newer);
  put(path_, newer);
  EXPECT_EQ(refused(raw()), Errc::store_newer);
}

// Nobody may make an opening cost 1 TiB of memory by writing so into the file.
TEST_F(KeySlotsTest, ACostBeyondAllReasonIsNotPaid) {
  create(phrase("word"));
  const Bytes good = whole(path_);
  for (const std::size_t at : {48U, 56U}) {
    Bytes bad = good;
    bad[at + 2] = 1;
    mend(bad);
    put(path_, bad);
    EXPECT_EQ(refused(phrase("word")), Errc::key_slots_tampered);
  }
}

TEST_F(KeySlotsTest, ASlotOfAnotherStoreOpensNothingHere) {
  create(raw());
  const Bytes foreign = whole(path_);
  ASSERT_TRUE(files_.remove(path_));
  store_id_.bytes[0] = 8;
  create(raw());
  Bytes mixed = whole(path_);
  std::copy(foreign.begin() + 40, foreign.begin() + 40 + 113, mixed.begin() + 40);
  mend(mixed);
  put(path_, mixed);
  EXPECT_EQ(refused(raw()), Errc::wrong_key);
}

TEST_F(KeySlotsTest, EveryKeyAddedOpensTheSameStore) {
  auto made = create(raw());
  ASSERT_TRUE(made.add(files_, phrase("box office"), random_, cheap));
  const std::string recovery = made.add_recovery_code(files_, random_).assume_value();
  const auto infos = made.list();
  ASSERT_EQ(infos.size(), 3U);
  EXPECT_EQ(infos[0].kind, Kind::raw);
  EXPECT_EQ(infos[1].kind, Kind::passphrase);
  EXPECT_EQ(infos[2].kind, Kind::recovery_code);
  std::vector<KeyInput> keys;
  keys.push_back(raw());
  keys.push_back(phrase("box office"));
  keys.push_back(code_text(recovery));
  for (const KeyInput& key : keys) {
    const auto opened = open(key);
    ASSERT_TRUE(opened);
    expect_same_keys(made.keys(), opened.assume_value().keys());
    EXPECT_EQ(opened.assume_value().list().size(), 3U);
  }
  EXPECT_EQ(refused(phrase("Box office")), Errc::wrong_key);
}

TEST_F(KeySlotsTest, ARemovedKeyOpensNoMoreAndItsNumberIsNotGivenAgain) {
  auto made = create(raw());
  ASSERT_TRUE(made.add(files_, raw(2), random_));
  ASSERT_TRUE(made.add(files_, raw(3), random_));
  ASSERT_TRUE(made.remove(files_, 3));
  EXPECT_EQ(refused(raw(3)), Errc::wrong_key);
  ASSERT_TRUE(made.remove(files_, 1));
  EXPECT_EQ(refused(raw(1)), Errc::wrong_key);
  auto opened = open(raw(2)).assume_value();
  ASSERT_EQ(opened.list().size(), 1U);
  EXPECT_EQ(opened.list()[0].slot, 2);
  ASSERT_TRUE(opened.add(files_, raw(4), random_));
  EXPECT_EQ(opened.list()[1].slot, 4);
}

TEST_F(KeySlotsTest, TheLastSlotStays) {
  auto made = create(raw());
  const Bytes before = whole(path_);
  EXPECT_EQ(code(made.remove(files_, 1)), Errc::invalid_argument);
  EXPECT_EQ(code(made.remove(files_, 2)), Errc::not_found);
  EXPECT_EQ(whole(path_), before);
  EXPECT_EQ(made.list().size(), 1U);
}

TEST_F(KeySlotsTest, SlotsAreBounded) {
  auto made = create(raw());
  for (std::size_t i = 1; i < KeySlots::slots_max; ++i) ASSERT_TRUE(made.add(files_, raw(2), random_));
  EXPECT_EQ(code(made.add(files_, raw(3), random_)), Errc::invalid_argument);
  EXPECT_EQ(code(made.add_recovery_code(files_, random_)), Errc::invalid_argument);
  EXPECT_TRUE(open(raw()));
}

TEST_F(KeySlotsTest, BadKeysAreNotAdded) {
  auto made = create(raw());
  const Bytes before = whole(path_);
  EXPECT_EQ(code(made.add(files_, {}, random_)), Errc::key_required);
  EXPECT_EQ(code(made.add(files_, KeyInput::raw(Bytes(5)), random_)), Errc::invalid_key);
  EXPECT_EQ(code(made.add(files_, phrase("x"), random_, {0, 8192})), Errc::invalid_argument);
  EXPECT_EQ(code(made.add(files_, phrase("x"), random_, {1, 1ULL << 40U})), Errc::invalid_argument);
  EXPECT_EQ(whole(path_), before);
}

TEST_F(KeySlotsTest, SlotsOfAnotherProcessAreKept) {
  auto here = create(raw());
  auto there = open(raw()).assume_value();
  ASSERT_TRUE(there.add(files_, raw(2), random_));
  ASSERT_TRUE(here.add(files_, raw(3), random_));
  EXPECT_EQ(here.list().size(), 3U);
  EXPECT_TRUE(open(raw(2)));
  EXPECT_TRUE(open(raw(3)));
}

TEST_F(KeySlotsTest, AnAlteredFileIsNotWrittenOver) {
  auto made = create(raw());
  Bytes bad = whole(path_);
  bad[100] = static_cast<std::uint8_t>(bad[100] ^ 1U);
  mend(bad);
  put(path_, bad);
  EXPECT_EQ(code(made.add(files_, raw(2), random_)), Errc::key_slots_tampered);
  EXPECT_EQ(code(made.remove(files_, 1)), Errc::key_slots_tampered);
  EXPECT_EQ(whole(path_), bad);
  ASSERT_TRUE(files_.remove(path_));
  EXPECT_EQ(code(made.add(files_, raw(2), random_)), Errc::key_slots_tampered);
}

TEST_F(KeySlotsTest, WhicheverStepOfAnAdditionFailsTheStoreStillOpens) {
  for (int step = 0;; ++step) {
    ASSERT_TRUE(files_.remove(path_));
    auto made = create(raw());
    FaultyCalls calls;
    calls.fail_at = step;
    calls.error = ENOSPC;
    const Status added = made.add(*faulty_files(calls), raw(2), random_);
    ASSERT_TRUE(open(raw())) << step;
    if (calls.count <= step) {
      ASSERT_TRUE(added);
      ASSERT_TRUE(open(raw(2)));
      break;
    }
    if (!added) {
      EXPECT_EQ(code(added), Errc::disk_full);
      EXPECT_EQ(made.list().size(), 1U);
    }
    ASSERT_TRUE(made.add(files_, raw(3), random_)) << "a failed addition must not stand in the way of the next";
    EXPECT_TRUE(open(raw(3)));
  }
}

TEST_F(KeySlotsTest, ARecoveryCodeIsReadAsPeopleWriteIt) {
  auto made = create(raw());
  const std::string recovery = made.add_recovery_code(files_, random_).assume_value();
  EXPECT_EQ(recovery.size(), 64U);  // 13 groups of 4 with 12 dashes
  EXPECT_EQ(recovery.find_first_of("ILOUilou"), std::string::npos);
  std::string typed = "  ";
  for (const char c : recovery) {
    if (c == '-')
      typed += ' ';
    else if (c == '0')
      typed += 'o';
    else if (c == '1')
      typed += 'l';
    else
      typed += static_cast<char>(c >= 'A' ? c - 'A' + 'a' : c);
  }
  EXPECT_TRUE(open(code_text(typed)));
  EXPECT_NE(recovery, made.add_recovery_code(files_, random_).assume_value());
}

TEST_F(KeySlotsTest, AMistypedRecoveryCodeIsCaughtByItsCheckSymbol) {
  auto made = create(raw());
  const std::string recovery = made.add_recovery_code(files_, random_).assume_value();
  constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (std::size_t at = 0; at < recovery.size(); ++at) {
    if (recovery[at] == '-') continue;
    for (const char c : symbols) {
      if (c == recovery[at]) continue;
      std::string wrong = recovery;
      wrong[at] = c;
      ASSERT_EQ(code(open(code_text(wrong))), Errc::invalid_key) << at << c;
    }
    const std::size_t next = recovery.find_first_not_of('-', at + 1);
    if (next == std::string::npos || recovery[next] == recovery[at]) continue;
    std::string swapped = recovery;
    std::swap(swapped[at], swapped[next]);
    ASSERT_EQ(code(open(code_text(swapped))), Errc::invalid_key) << at;
  }
  for (const std::string& wrong :
       {recovery.substr(1), recovery + "0", recovery + "U", std::string(), std::string(52, '-')}) {
    EXPECT_EQ(code(open(code_text(wrong))), Errc::invalid_key);
  }
  EXPECT_EQ(code(open(code_text(std::string(52, '0')))), Errc::wrong_key);  // well formed, and not ours
}

TEST_F(KeySlotsTest, TheFileShowsNoKey) {
  const KeySlots made = create(raw(0xA5));
  const Bytes file = whole(path_);
  const auto shows = [&file](ByteView secret) {
    return std::search(file.begin(), file.end(), secret.begin(), secret.end()) != file.end();
  };
  EXPECT_FALSE(shows(Bytes(32, 0xA5)));
  EXPECT_FALSE(shows(made.keys().data_key.view()));
  EXPECT_FALSE(shows(made.keys().root_key.view()));
  EXPECT_FALSE(shows(made.keys().signing_key.view().first(32)));
  EXPECT_TRUE(shows(made.keys().signing_public_key));
}

TEST_F(KeySlotsTest, SignaturesVerifyAgainstTheStoresPublicKeyOnly) {
  const KeySlots made = create(raw());
  const Bytes message = text_bytes("checkpoint");
  Bytes signature = made.sign(message);
  EXPECT_TRUE(verify_signature(made.keys().signing_public_key, message, signature));
  EXPECT_FALSE(verify_signature(made.keys().signing_public_key, text_bytes("other"), signature));
  EXPECT_FALSE(verify_signature(Bytes(32, 3), message, signature));
  EXPECT_FALSE(verify_signature(Bytes(31), message, signature));
  EXPECT_FALSE(verify_signature(made.keys().signing_public_key, message, ByteView(signature).first(63)));
  signature[0] = static_cast<std::uint8_t>(signature[0] ^ 1U);
  EXPECT_FALSE(verify_signature(made.keys().signing_public_key, message, signature));
}

}  // namespace
}  // namespace eventcore::store
