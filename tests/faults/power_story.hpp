// A story: a store on a simulated disk, a number of deeds done to it through the engine's own API, and the history of
// everything that reached the disk meanwhile. power_judge.hpp cuts the power in it.
// Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <eventcore/engine.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/engine.hpp"
#include "base/json.hpp"
#include "faults/disk.hpp"

namespace eventcore::test {

inline constexpr std::string_view store_name = "store.ecdb";
inline constexpr Micros story_time = 1'790'000'000'000'000;  // 2026-09-21

// What distinguishes one state of a store from every other: how far it and its chains have come.
struct StoreState {
  std::int64_t commits = 0;
  std::int64_t store_seq = 0;
  std::string heads;
  bool operator==(const StoreState&) const = default;
};
using RowCounts = std::map<std::string, std::int64_t>;

struct Order {  // a call, as it is made and made again
  std::string command;
  Json arguments;
  std::string idempotency_key;
  int key = 0;               // of add_key and the like; 0: none
  bool whole_store = false;  // by a service without a tenant
  bool refused = false;      // what the rules answer
  std::string reply;
};

// Something a host does, and may take as done when it returns.
struct Deed {
  std::string name;
  std::size_t begun = 0;  // events in the history
  std::size_t ended = 0;
  std::vector<Order> orders;  // more than one: committed as one group
  StoreState before, after;
  RowCounts rows;  // after it
  int key_before = 0, key_after = 0;
  std::string copy;  // of a backup: its database
  int copy_key = 0;
  std::string restored_from;  // of a restore: the copy that it put in the store's place
};

// A restore as a host does it: with the store closed, from the copy.
Status restore_copy(Disk& disk, const Deed& deed, std::uint64_t seed);

// What a festival's box office knows of its store.
struct Knowledge {
  std::string organization, event, category;
  std::vector<std::pair<std::string, std::string>> fresh;  // id and code of tickets that may still be used
  RowCounts rows;                                          // as a model of its own counts them
  int key = 1;
  int numbered = 0;
};

struct Story {
  Image start;
  History history;
  std::vector<Deed> deeds;
  Knowledge known;      // at the end
  std::string trouble;  // what went wrong while it was told, without any fault
  [[nodiscard]] std::size_t acknowledged(std::size_t events) const;  // deeds that had ended by then
};

inline constexpr std::string_view deed_names[] = {"sell",    "group",      "check_in",     "refund",
                                                  "refuse",  "rotate",     "new_data_key", "backup",
                                                  "restore", "checkpoint", "reopen"};

// An engine on a disk of the story, with what is asked of it again and again.
class Desk {
 public:
  static Result<std::unique_ptr<Desk>> open(Disk& disk, std::string_view name, int key, bool create, std::uint64_t seed,
                                            bool accept_loss = false);
  Result<StoreState> state();
  Result<RowCounts> rows();
  // Empty when verify_store finds nothing.
  Result<std::string> verify(bool pages = true);
  Result<std::string> run(const Order& order, const Knowledge& known);
  Result<std::vector<Result<std::string>>> run_group(const std::vector<Order>& orders, const Knowledge& known);
  Status checkpoint();
  Status close();
  [[nodiscard]] std::optional<store::LostRange> lost() const;

 private:
  Result<Session> session(const Order& order, const Knowledge& known);
  std::unique_ptr<SeededRandom> random_;
  std::shared_ptr<api::EngineCore> core_;
  std::unique_ptr<Engine> engine_;
};

// A closed store with an organization, an event and a category of tickets: where stories begin.
struct Beginning {
  Image image;
  Knowledge known;
};

// Tells the deeds by their names on a fresh disk. The store is made by the first deed when `beginning` has no files.
Story tell(const std::string& folder, const Beginning& beginning, const std::vector<std::string_view>& names,
           std::uint64_t seed);
// Made once by telling how it is made.
Beginning beginning(const std::string& folder, std::uint64_t seed, Story* how = nullptr);

}  // namespace eventcore::test
