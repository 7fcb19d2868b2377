// What the isolation tests are made of: a tenant B that is busy at random, and a script of everything that tenant A's
// principals can ask, whose answers are written down with ids and random texts renamed by their first appearance.
// Thread: belongs to one test.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "policy/world.hpp"

namespace eventcore::test {

// A public event with a category to sell from.
struct Sale {
  std::string event;
  std::string category;
};

// Adds, changes and removes rows of tenant B, sells its tickets and admits its guests. Some of its rows bear ids of
// A's rows of the same table, which are unique per tenant only, and A's texts.
class Neighbour {
 public:
  Neighbour(World& world, std::uint64_t seed) : world_(world), dice_(seed) {}

  void work(int writes);
  [[nodiscard]] int added() const { return added_; }
  [[nodiscard]] int changed() const { return changed_; }
  [[nodiscard]] int removed() const { return removed_; }
  [[nodiscard]] int twins() const { return twins_; }  // rows with the id of a row of A
  [[nodiscard]] int sold() const { return sold_; }

 private:
  using Row = std::pair<const schema::TableDef*, std::string>;

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(dice_); }
  bool add();
  bool change();
  bool remove();
  bool sell();
  Json other_value(const schema::ColumnDef& column);

  World& world_;
  std::mt19937_64 dice_;
  std::vector<Row> rows_;
  Sale sale_;
  int added_ = 0;
  int changed_ = 0;
  int removed_ = 0;
  int twins_ = 0;
  int sold_ = 0;
};

// Renames ids, digests and other random texts in the order in which they are met.
class Renamer {
 public:
  Json operator()(const Json& json);
  std::string text(const std::string& given);

 private:
  std::string name(const std::string& random);
  std::map<std::string, std::string> names_;
};

// All that A's principals can get, one line for each answer. `between` runs before each group of calls.
std::vector<std::string> script_of_a(World& world, const std::function<void()>& between);

// The principals of tenant A, those that belong to no tenant bound to it.
std::vector<std::string> principals_of_a();
api::SessionCore& session_in_a(World& world, std::map<std::string, std::shared_ptr<api::SessionCore>>& open,
                               const std::string& principal);

// Two equal worlds, in one of which tenant B makes `writes_of_b` writes before and between the calls of the script: A
// gets the same, byte for byte.
void expect_a_untouched_by(int writes_of_b);

}  // namespace eventcore::test
