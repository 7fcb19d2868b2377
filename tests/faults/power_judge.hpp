// Judging power cuts: cuts the power somewhere in a story, opens what is left the ordinary way, and looks whether every
// acknowledged deed is there exactly once and every other one is there whole or not at all. Then it goes on where the
// host was, and cuts the power in that, too.
// Thread: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "faults/power_story.hpp"

namespace eventcore::test {

struct Tally {
  std::int64_t cuts = 0;  // stores opened after a cut, those in a recovery among them
  std::int64_t in_recovery = 0;
  std::int64_t acknowledged = 0;             // deeds asked for after cuts
  std::int64_t completed = 0;                // deeds that the cut interrupted and that were there
  std::int64_t undone = 0;                   // and that were not
  std::map<std::string, std::int64_t> lies;  // after syncs that lied: what came of it
  std::vector<std::string> failures;         // each with what repeats it
  void add(const Tally& other);
};

class Judge {
 public:
  // `left` is what the disk got to see of the story; the story's own history unless somebody sabotaged it.
  Judge(std::string folder, const Story& story, const History& left)
      : folder_(std::move(folder)), story_(story), left_(left) {}

  // One cut after so many events, in its recovery another.
  void cut(const Platter& platter, std::size_t at, Loss loss, std::uint64_t seed);
  // The same on a disk on which the syncs of the last `window` events did nothing. Loss is physics then; a wrong answer
  // is a failure all the same.
  void cut_after_lies(std::size_t at, std::size_t window, std::uint64_t seed);
  // A disk that kept everything but lost the WAL of the last `window` events: what is missing must be told with its
  // range.
  void lose_wal(std::size_t at, std::size_t window, std::uint64_t seed);

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  struct Expected {
    std::vector<StoreState> states;
    std::size_t acknowledged = 0;
    const Deed* in_flight = nullptr;
    std::vector<int> keys;
    RowCounts rows;  // once the deed in flight has been repeated
    bool create = false;
  };
  struct Recovery {  // what opening and going on did to the disk
    History history;
    StoreState found, repeated;
    std::size_t opened = 0, done = 0;  // events
    int key = 0;
  };
  [[nodiscard]] Expected expected(std::size_t at) const;
  Status examine(const Image& image, const Expected& expected, std::uint64_t seed, Recovery& recovery);
  Status examine_on(Disk& disk, const Expected& expected, std::uint64_t seed, Recovery& recovery);
  Status open_with_any(Disk& disk, const Expected& expected, std::uint64_t seed, Recovery& recovery);
  Status look(const Expected& expected, bool pages, Recovery& recovery);
  Status ask_again(const Expected& expected);
  Status repeat(Disk& disk, const Deed& deed, int key, std::uint64_t seed);
  Status look_at_copy(Disk& disk, const Deed& deed);
  void cut_in_recovery(const Image& image, const Expected& expected, const Recovery& recovery, std::uint64_t seed);
  std::string judge_lie(const Image& image, std::size_t at, bool exact, std::uint64_t seed);
  Result<std::string> look_at_liar(Desk& desk, std::size_t acknowledged, std::size_t at, StoreState& found);
  void fail_at(std::size_t at, const std::string& how, std::uint64_t seed, const std::string& what);

  std::string folder_;
  const Story& story_;
  const History& left_;
  std::unique_ptr<Desk> desk_;
  Tally tally_;
};

// Which points of a story are cut, and how often.
struct CutPlan {
  std::uint64_t seed = 1;
  std::size_t first_event = 0;  // earlier ones were cut in another story
  std::size_t between = 8;      // of the events that are no sync, one in so many; 1: all
  std::int64_t cuts_max = -1;   // -1: no bound
  bool lies = false;            // also with syncs that lied
  bool stop_at_failure = false;
};
Tally cut_story(const std::string& folder, const Story& story, const CutPlan& plan, const Sabotage& sabotage = {});

}  // namespace eventcore::test
