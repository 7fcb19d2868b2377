// Reading: rows as one caller may see them, and, for rules, as they are.
// A row the caller may not see does not exist: same code, same text.
// Thread: belongs to one unit of work.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "policy/access.hpp"
#include "store/reader.hpp"
#include "work/call.hpp"
#include "work/invariants.hpp"

namespace eventcore::work {

struct ListRequest {
  const schema::TableDef* table = nullptr;
  std::optional<Uuid> organization;  // for sessions without one
  Json where;                        // API.md, null: all rows
  Json order_by;                     // ["attendee_name", "-created_at"]
  std::vector<std::string> columns;  // empty: all short ones; "*": long ones too
  std::vector<std::string> expand;   // reference columns whose rows come along, nested under "<column minus _id>"
  std::int64_t limit = 50;
  std::string after;  // cursor of the previous page
};

struct Page {
  std::vector<std::string> rows;  // each a JSON object
  std::string cursor;             // of the last row; empty when this was the last page
};

class Reading {
 public:
  Reading(store::Reader& reader, const Call& call, policy::Facts facts, const InvariantTable& invariants);
  virtual ~Reading() = default;
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  [[nodiscard]] const Call& call() const { return call_; }
  [[nodiscard]] const policy::Facts& facts() const { return facts_; }
  [[nodiscard]] policy::Related& related() { return related_; }
  [[nodiscard]] store::Reader& reader() { return reader_; }
  [[nodiscard]] Micros now() const { return call_.now; }

  // What the caller's right to a call hung on; a replay asks for that right again. Of many calls in one unit of work
  // each has its own.
  struct Right {
    std::uint16_t command = 0;  // 0: a record call
    std::uint16_t table = 0;    // 0: it hung on no row
    Uuid organization{};
    Uuid row{};
    bool operator==(const Right&) const = default;
  };
  void next_right(std::uint16_t command) { rights_.push_back({.command = command}); }
  void note_subject(const Record& row) {
    Right& right = rights_.back();
    right = {right.command, row.table().id, row.organization_id(), row.id()};
  }
  [[nodiscard]] const std::vector<Right>& rights() const { return rights_; }

  // ---- under the caller's view ----
  // The row, all columns, or not_found. Without a tenant: found among the visible rows of the tables that RULES
  // section 0 lists (ambiguous_id on two hits), organization_required for the others.
  Result<Record> get(const schema::TableDef& table, const Uuid& id,
                     const std::optional<Uuid>& organization = std::nullopt);
  Result<Page> list(const ListRequest& request);
  Result<std::int64_t> count(const schema::TableDef& table, const std::optional<Uuid>& organization, const Json& where);
  // The row as the caller may see it, as JSON; absent columns are columns he may not read.
  Result<Json> show(const Record& row, const std::vector<std::string>& columns = {});
  Result<std::string> show_text(const Record& row);  // all columns, as JSON text
  Result<bool> visible(const Record& row);

  // ---- as the engine, unfiltered: what a rule reads to decide ----
  Result<std::optional<Record>> find(const schema::TableDef& table, const Uuid& organization, const Uuid& id);
  Result<Record> must_find(const schema::TableDef& table, const Uuid& organization, const Uuid& id);
  Result<std::vector<Record>> scan(const store::Query& query) { return reader_.list(query); }
  // All readable columns of a row the command itself wrote, whoever may view it (RULES: a reply holds those rows),
  // without the columns named.
  Result<Json> show_as_reply(const Record& row, const std::vector<std::string_view>& without = {});

  // Currency of a row's money columns: its own, else what it inherits.
  Result<std::string> currency_of(const Record& row);
  // Its category's, campaign's or event's (settings.currency), else the organization's.
  Result<std::string> inherited_currency(const Record& row);
  Result<std::string> organization_currency(const Uuid& organization);
  // The organization's settings JSON, parsed; an object always.
  Result<Json> organization_settings(const Uuid& organization);

 protected:
  Result<Expr> filter(const schema::TableDef& table, const Json& where);
  void settings_forget() {
    settings_.clear();
    event_currencies_.clear();
  }
  Result<std::optional<Uuid>> tenant_for_list(const schema::TableDef& table, const std::optional<Uuid>& organization);

  store::Reader& reader_;
  const Call& call_;
  policy::Facts facts_;
  policy::Related related_;
  const InvariantTable& invariants_;

 private:
  Result<std::string> row_text(const Record& row, const std::vector<bool>& columns,
                               const std::vector<std::string>& expand);
  [[nodiscard]] Record as_shown(const Record& row) const;
  Status expand_row(Json& out, const Record& row, const std::vector<std::string>& expand);
  Result<std::vector<Record>> candidates(const schema::TableDef& table, const Uuid& id,
                                         const std::optional<Uuid>& organization);
  Result<std::string> event_currency(const Uuid& organization, const Uuid& event);  // "" when it names none

  std::vector<Right> rights_{Right{}};           // the first stands for whatever is done before a call is named
  std::vector<std::pair<Uuid, Json>> settings_;  // by organization, read once
  std::vector<std::pair<Uuid, std::string>> event_currencies_;  // by event, read once
};

}  // namespace eventcore::work
