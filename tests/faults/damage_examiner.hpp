// Damages a copy of the store's files, opens it, asks, compares with what the sound store had answered, and mends it.
// Counts what became of each kind of damage; what no damage may ever lead to fails the running test.
// Thread: one each; several may share a DamageStore.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "faults/damages.hpp"
#include "faults/fault_folder.hpp"

namespace eventcore::faults {

struct Tally {
  std::int64_t all = 0;
  std::int64_t harmless = 0;                        // every answer was the sound store's
  std::map<std::string, std::int64_t> refused{};    // at open, by error
  std::int64_t errors = 0;                          // opened, and at least one question was refused
  std::int64_t wrong = 0;                           // at least one answer was another than the sound store's
  std::int64_t wrong_unverified = 0;                // and verify_store found nothing
  double slowest = 0;                               // seconds for opening and questions
  std::map<std::string, std::int64_t> wrong_at{};   // the last question with a wrong answer
  std::map<std::string, std::int64_t> silent_at{};  // the same where verify_store found nothing

  void add(const Tally& other);
  [[nodiscard]] std::string text() const;
};

using Tallies = std::map<std::string, Tally>;  // by kind of damage

class Examiner {
 public:
  using How = DamageStore::How;
  enum class Verify : std::uint8_t { no, when_wrong, yes };

  Examiner(const DamageStore& store, std::uint64_t seed);

  // questions: as many, drawn by lot; those of the whole list when it is `everything`.
  void examine(const Damage& damage, How how, std::size_t questions, Verify verify);
  // Bytes of a store that was opened and read only are as they were.
  void expect_files_as_they_were() const;

  [[nodiscard]] std::size_t everything() const { return store_.questions().size(); }
  [[nodiscard]] Dice& dice() { return dice_; }
  [[nodiscard]] const Tallies& tallies() const { return tallies_; }
  // Whether a loss must be exactly what the refused open says; not so when pages of several times are mixed.
  bool expect_exact_loss = true;

 private:
  [[nodiscard]] std::string base() const { return folder_.path("damaged"); }
  [[nodiscard]] std::string path(std::string_view ending) const { return base() + std::string(ending); }
  void apply(const Damage& damage) const;
  void mend(const Damage& damage);
  void put_questions(Engine& engine, std::int64_t commit, std::size_t count, Verify verify, Tally& tally);
  void refused(const Damage& damage, const Failure& failure, Tally& tally);
  void expect_exactly_that_loss(const Failure& failure, Tally& tally);

  const DamageStore& store_;
  FaultFolder folder_;
  Dice dice_;
  Tallies tallies_;
  bool everything_may_differ_ = false;
};

}  // namespace eventcore::faults
