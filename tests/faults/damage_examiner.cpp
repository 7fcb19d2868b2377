#include "faults/damage_examiner.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/json.hpp"
#include "support/test_store.hpp"

namespace eventcore::faults {
namespace {

constexpr std::size_t questions_after_loss = 8;

void patch(const std::string& path, std::size_t at, ByteView bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)), static_cast<ssize_t>(bytes.size()));
  ::close(file);
}

// What docs/store-format.md lets an open answer when that file is not as it should be.
std::set<std::string> allowed_at_open(const Damage& damage) {
  if (damage.file == keys && damage.kind == another_store) return {"wrong_key"};
  if (damage.file == keys) return {"key_slots_tampered"};
  if (damage.file == anchor) return {"anchor_tampered"};
  if (damage.file == wal) return {"commits_lost", "store_corrupt"};
  if (damage.file == database) return {"store_corrupt", "not_a_store", "store_not_found", "commits_lost"};
  return {};
}

bool found_by_verify(Engine& engine) {
  auto session = engine.session(R"({"kind":"service","reason":"verify"})");
  const auto report = session.assume_value().call("verify_store", "{}");
  return !report || parse_json(report.assume_value()).assume_value()["ok"] == false;
}

// On an old page a device has not called yet, so its call is written down once more: a true change after the others.
bool tells_of_more_changes(const Question& question, const std::string& answer, const std::string& expected) {
  const std::size_t end = expected.rfind("],\"next\"");
  return question.text == "changes" && end != std::string::npos && answer.starts_with(expected.substr(0, end));
}

std::string listed(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += ", " + name + " " + std::to_string(count);
  return text;
}

}  // namespace

void Tally::add(const Tally& other) {
  all += other.all, harmless += other.harmless, errors += other.errors, wrong += other.wrong;
  wrong_unverified += other.wrong_unverified, slowest = std::max(slowest, other.slowest);
  for (const auto& [name, count] : other.refused) refused[name] += count;
  for (const auto& [name, count] : other.wrong_at) wrong_at[name] += count;
  for (const auto& [name, count] : other.silent_at) silent_at[name] += count;
}

std::string Tally::text() const {
  char slow[32];
  std::snprintf(slow, sizeof slow, "%.2f", slowest);
  std::string text = std::to_string(all) + " (the slowest " + slow + " s)" + ": harmless " + std::to_string(harmless) +
                     listed(refused) + ", refused by a question " + std::to_string(errors) + ", wrong " +
                     std::to_string(wrong);
  if (wrong == 0) return text;
  text +=
      " (" + listed(wrong_at).substr(2) + "), of these not found by verify_store " + std::to_string(wrong_unverified);
  return wrong_unverified == 0 ? text : text + " (" + listed(silent_at).substr(2) + ")";
}

Examiner::Examiner(const DamageStore& store, std::uint64_t seed) : store_(store), dice_(seed) {
  for (const auto& [ending, bytes] : store_.files()) test::write_whole(path(ending), bytes);
  std::filesystem::remove(path(shm));
}

void Examiner::examine(const Damage& damage, How how, std::size_t questions, Verify verify) {
  if (damage.file == shm) test::write_whole(path(shm), store_.files().at(shm));
  apply(damage);
  Tally& tally = tallies_[damage.kind];
  ++tally.all;
  const auto started = std::chrono::steady_clock::now();
  {
    auto engine = DamageStore::open(base(), how);
    if (engine) {
      if (how != How::reading || verify != Verify::no) everything_may_differ_ = true;
      put_questions(engine.assume_value(), store_.last_commit(), questions, verify, tally);
    } else {
      refused(damage, engine.error(), tally);
    }
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  tally.slowest = std::max(tally.slowest, took);
  mend(damage);
}

void Examiner::apply(const Damage& damage) const {
  if (damage.removed) std::filesystem::remove(path(damage.file));
  if (damage.whole) test::write_whole(path(damage.file), *damage.whole);
  for (const Patch& each : damage.patches) patch(path(damage.file), each.at, each.bytes);
}

// Nothing but the damaged file and the index of the WAL has changed, unless the store was opened for writing.
void Examiner::mend(const Damage& damage) {
  const Bytes& sound = store_.files().at(damage.file);
  if (everything_may_differ_) {
    for (const auto& [ending, bytes] : store_.files()) test::write_whole(path(ending), bytes);
  } else if (damage.patches.empty()) {
    test::write_whole(path(damage.file), sound);
  }
  for (const Patch& each : damage.patches)
    patch(path(damage.file), each.at, ByteView(sound).subspan(each.at, each.bytes.size()));
  std::filesystem::remove(path(shm));
  everything_may_differ_ = false;
}

// The answers must be those after `commit` commits.
void Examiner::put_questions(Engine& engine, std::int64_t commit, std::size_t count, Verify verify, Tally& tally) {
  const std::vector<Question>& all = store_.questions();
  std::string wrong;
  bool refused = false;
  // Asked before: the first call of a device writes its row anew, and with it an old page of it.
  const bool found_before = verify == Verify::when_wrong && found_by_verify(engine);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t which = count == all.size() ? i : dice_() % all.size();
    const auto answer = store_.ask(engine, all[which]);
    if (answer) {
      const std::string& expected = store_.answers(commit)[which];
      const std::string& given = answer.assume_value();
      if (given != expected && !tells_of_more_changes(all[which], given, expected)) wrong = all[which].text;
    } else if (answer.error().name() == "store_corrupt") {
      refused = true;
    } else if (!all[which].writes || answer.error().name() != "read_only") {
      wrong = all[which].text + " " + std::string(answer.error().name());  // "not found" is an answer, too
    }
  }
  const bool look = verify == Verify::yes || (verify == Verify::when_wrong && !wrong.empty());
  const bool found = found_before || (look && found_by_verify(engine));
  if (!wrong.empty()) {
    ++tally.wrong, ++tally.wrong_at[wrong];
    if (look && !found) ++tally.wrong_unverified, ++tally.silent_at[wrong];
    return;
  }
  ++(refused ? tally.errors : tally.harmless);
  if (refused && look) {
    EXPECT_TRUE(found) << "a question was refused, and verify_store found nothing";
  }
}

void Examiner::refused(const Damage& damage, const Failure& failure, Tally& tally) {
  const std::string name(failure.name());
  ++tally.refused[name];
  EXPECT_TRUE(allowed_at_open(damage).contains(name)) << damage.kind << " " << damage.file << failure.to_json();
  if (name == "commits_lost" && expect_exact_loss) expect_exactly_that_loss(failure, tally);
}

// accept_loss opens, and what is there is the store after the last commit that is said to be there.
void Examiner::expect_exactly_that_loss(const Failure& failure, Tally& tally) {
  std::map<std::string, std::string> facts(failure.detail().facts.begin(), failure.detail().facts.end());
  EXPECT_EQ(facts["anchor_commit"], std::to_string(store_.last_commit()));
  const std::int64_t there = std::atoll(facts["store_commit"].c_str());
  ASSERT_GE(there, store_.first_commit());
  ASSERT_LT(there, store_.last_commit());
  everything_may_differ_ = true;
  auto engine = DamageStore::open(base(), How::accepting_loss);
  ASSERT_TRUE(engine) << engine.error().to_json();
  Tally after;
  put_questions(engine.assume_value(), there, questions_after_loss, Verify::no, after);
  EXPECT_EQ(after.errors, 0) << failure.to_json();
  tally.wrong += after.wrong;
}

void Examiner::expect_files_as_they_were() const {
  for (const auto& [ending, bytes] : store_.files())
    if (ending != shm) {
      EXPECT_EQ(test::read_whole(path(ending)), bytes) << ending;
    }
}

}  // namespace eventcore::faults
