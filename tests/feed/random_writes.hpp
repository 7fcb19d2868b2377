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
    switch (below(9)) {
      case 0: return update("events", pick("events"), {{"is_public", flip()}});
      case 1: return update("ticket_categories", pick("categories"), {{"is_active", flip()}});
      case 2:
      case 3: return milestone();
      case 4: return tag();
      case 5: return activation();
      case 6: return insert("vendors", {{"name", "Vendor"}});
      case 7: return remove();
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
    return insert("event_tags", {{"event_id", pick("events")}, {"tag_name", "tag" + std::to_string(dice_())}});
  }
  bool activation() {
    const std::string old = mine("sponsor_activations");
    if (!old.empty() && flip()) return update("sponsor_activations", old, {{"responsible_person", somebody()}});
    return insert("sponsor_activations", {{"sponsor_id", pick("sponsors")}, {"responsible_person", somebody()}});
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
};

}  // namespace eventcore::test
