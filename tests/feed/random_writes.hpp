// Random writes that move rows in and out of the sight of the feed's subscribers, by a session of the service.
// Thread: one writer each.
#pragma once

#include <eventcore/engine.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace eventcore::test {

class RandomWrites {
 public:
  // `ground`: organization, events, users, sponsors, categories that stand.
  RandomWrites(Session session, Json ground, std::uint64_t seed)
      : session_(std::move(session)), ground_(std::move(ground)), dice_(seed) {
    options_.organization_id = ground_["organization"].get_ref<const std::string&>();
  }

  // Answers whether something was written.
  bool one() {
    switch (below(15)) {
      case 0: return update("events", pick("events"), {{"is_public", flip()}});
      case 1: return update("ticket_categories", pick("categories"), {{"is_active", flip()}});
      case 2:
      case 3: return milestone();
      case 4: return tag();
      case 5: return activation();
      case 6: return insert("vendors", {{"name", "Vendor"}});
      case 7: return remove();
      case 8: return sponsor();
      case 9:
      case 10: return event();
      case 11:
      case 12: return order();
      default: return all_at_once();
    }
  }

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(dice_); }
  bool flip() { return below(2) == 0; }
  std::string pick(const char* what) { return ground_[what][below(ground_[what].size())].get<std::string>(); }
  Json somebody() { return below(4) == 0 ? Json(nullptr) : Json(pick("users")); }

  bool insert(const std::string& table, Json row) {
    row["organization_id"] = ground_["organization"];
    const auto made = session_.insert(table, dump(row));
    if (!made) return false;
    rows_.emplace_back(table, parse_json(made.assume_value()).assume_value()["id"].get<std::string>());
    return true;
  }
  bool update(const std::string& table, const std::string& id, const Json& changes) {
    return session_.update(table, id, dump(changes), options_).has_value();
  }
  std::string mine(const std::string& table) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto& row = rows_[(i + below(rows_.size())) % rows_.size()];
      if (row.first == table) return row.second;
    }
    return {};
  }
  bool milestone() {
    const std::string old = mine("event_milestones");
    if (!old.empty() && flip()) return update("event_milestones", old, {{"assigned_to", somebody()}});
    return insert("event_milestones", {{"event_id", pick("events")},
                                       {"title", "Milestone"},
                                       {"due_date", "2026-11-30T00:00:00Z"},
                                       {"assigned_to", somebody()}});
  }
  bool tag() {
    std::string event = flip() ? mine("events") : std::string();
    if (event.empty()) event = pick("events");
    return insert("event_tags", {{"event_id", event}, {"tag_name", "tag" + std::to_string(dice_())}});
  }
  bool activation() {
    const std::string old = mine("sponsor_activations");
    if (!old.empty() && flip()) return update("sponsor_activations", old, {{"responsible_person", somebody()}});
    return insert("sponsor_activations", {{"sponsor_id", pick("sponsors")}, {"responsible_person", somebody()}});
  }
  // A row of sponsors: made, or one of its columns changed; the subscriber's own keeps its contract.
  bool sponsor() {
    const std::string old = mine("sponsors");
    if (below(3) == 0)
      return insert("sponsors",
                    {{"event_id", pick("events")}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}});
    if (old.empty() || flip())
      return update("sponsors", pick("sponsors"), {{"company_name", "S" + std::to_string(dice_())}});
    static const std::vector<std::string> states = {"signed", "active", "completed", "cancelled"};
    return update("sponsors", old, {{"contract_status", states[below(states.size())]}});
  }
  // An event of this writer's own, from plan to end; it comes into sight and leaves it by its status.
  bool event() {
    static const std::vector<std::string> states = {"confirmed", "confirmed", "active",
                                                    "active",    "completed", "cancelled"};
    const std::string old = mine("events");
    if (!old.empty() && below(4) != 0) {
      if (below(4) == 0) return update("events", old, {{"is_public", flip()}});
      return update("events", old, {{"status", states[below(states.size())]}});
    }
    return insert("events", {{"name", "Event"},
                             {"slug", "event-" + std::to_string(dice_())},
                             {"is_public", below(4) != 0},
                             {"start_datetime", "2026-12-01T18:00:00Z"},
                             {"end_datetime", "2026-12-01T23:00:00Z"}});
  }
  // An order: placed, then paid or not, late ones expired.
  bool order() {
    if (!orders_.empty() && flip()) {
      const std::size_t at = below(orders_.size());
      const std::string order = orders_[at];
      orders_.erase(orders_.begin() + static_cast<std::ptrdiff_t>(at));
      const bool paid = below(4) != 0;
      Json arguments = {{"order_id", order}, {"provider", "bank"}, {"reference", "r" + std::to_string(dice_())}};
      if (paid) arguments.update({{"amount", "10.00"}, {"currency", "USD"}});
      return session_.call(paid ? "confirm_payment" : "fail_payment", dump(arguments)).has_value();
    }
    const std::size_t at = below(ground_["categories"].size());  // the n-th category is the n-th event's
    const auto placed = session_.call(
        "place_order",
        dump({{"event_id", ground_["events"][at]},
              {"items", Json::array({{{"ticket_category_id", ground_["categories"][at]}, {"quantity", 1}}})},
              {"customer", {{"email", "c" + std::to_string(dice_()) + "@example.com"}, {"name", "C"}}}}));
    if (!placed) return false;
    orders_.push_back(parse_json(placed.assume_value()).assume_value()["order"]["id"].get<std::string>());
    return true;
  }
  bool remove() {
    if (rows_.empty()) return false;
    const std::size_t at = below(rows_.size());
    const auto row = rows_[at];
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(at));
    return session_.remove(row.first, row.second, options_).has_value();
  }
  // An event that is public for the length of one write, in one transaction.
  bool all_at_once() {
    const std::string event = pick("events");
    if (!session_.begin()) return false;
    const bool wrote = update("events", event, {{"is_public", true}}) &&
                       insert("event_tags", {{"event_id", event}, {"tag_name", "tag" + std::to_string(dice_())}}) &&
                       update("events", event, {{"is_public", false}});
    if (wrote && below(4) != 0) return session_.commit().has_value();
    static_cast<void>(session_.rollback());
    return false;
  }

  Session session_;
  Json ground_;
  RecordOptions options_;
  std::mt19937_64 dice_;
  std::vector<std::pair<std::string, std::string>> rows_;
  std::vector<std::string> orders_;
};

}  // namespace eventcore::test
