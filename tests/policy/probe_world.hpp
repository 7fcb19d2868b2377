// The world of the random probes: three tenants of equal content (two of them with the same row ids), principals of
// every kind in each, and rights that move: now and then the service changes a role, an assignment, an event, ...
// Beside the store stands an image of all rows, on which the statement decides.
// Thread: belongs to one test.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "policy/statement.hpp"
#include "policy/world.hpp"

namespace eventcore::test {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class List>
  const auto& of(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

struct Player {
  std::string name;
  statement::Kind kind = statement::Kind::anon;
  std::string organization;
  std::string id;
  std::string email;
  std::string key;  // a sponsor's API key
  std::shared_ptr<api::SessionCore> session;
};

// A committed change as its readers should learn of it.
struct Happened {
  std::int64_t seq = 0;
  std::string table;
  std::string id;
  std::string operation;
  std::optional<Json> before, before_event, after, after_event;
};

class ProbeWorld {
 public:
  explicit ProbeWorld(Dice& dice);

  World& world() { return world_; }
  [[nodiscard]] const statement::Image& image() const { return image_; }
  [[nodiscard]] const std::vector<Player>& players() const { return players_; }
  [[nodiscard]] const std::vector<const Tenant*>& tenants() const { return tenants_; }
  [[nodiscard]] const std::vector<Happened>& changes(const std::string& organization) { return changes_[organization]; }
  [[nodiscard]] std::int64_t version() const { return version_; }  // grows with every commit

  const statement::Who& who(const Player& player);
  // A change of somebody's rights by the service; now and then new rows.
  void mutate();
  // Takes what was committed into the image.
  void sync();
  // The image read anew, for comparing.
  statement::Image read_all();
  Result<std::string> update(const std::string& organization, const std::string& table, const std::string& id,
                             const Json& change);

 private:
  void open_players();
  void open_keys(const Tenant& tenant);
  void more_rows(const Tenant& tenant, int count);
  void put_random(const Tenant& tenant);
  void put_random_event(const Tenant& tenant);
  void change_one_value(const Tenant& tenant);
  Json with_random_facts(const Tenant& tenant, const schema::TableDef& table, Json row);
  std::string any_id(const Tenant& tenant, std::string_view table);
  std::string any_user(const Tenant& tenant);

  Dice& dice_;
  World world_;
  std::vector<const Tenant*> tenants_;
  statement::Image image_;
  std::vector<Player> players_;
  std::map<std::string, std::vector<Happened>> changes_;
  std::map<std::string, std::int64_t> seen_;
  std::map<std::string, std::pair<std::int64_t, statement::Who>> known_;
  std::int64_t version_ = 0;
};

}  // namespace eventcore::test
