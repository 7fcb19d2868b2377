#include "rules/operations/verify.hpp"

#include <functional>
#include <utility>

#include "audit/verify.hpp"
#include "rules/pure/risk.hpp"
#include "rules/sponsorship/invariants.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/invariants.hpp"
#include "rules/ticketing/payment.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "schema/tallies.hpp"
#include "store/tallies.hpp"

namespace eventcore::rules::operations {

using schema::TableDef;

namespace {

constexpr std::int64_t page = 1'000;

std::string shown(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_integer()) return std::to_string(value.integer());
  return value.is_uuid() ? to_text(value.uuid()) : value.text();
}

// Every row of a table of one tenant, a page at a time.
Status each_row(store::Reader& reader, const TableDef& table, const Uuid& organization,
                const std::function<Status(const Record&)>& body) {
  store::Query query;
  query.table = &table;
  query.organization = organization;
  query.limit = page;
  for (;;) {
    EC_TRY(rows, reader.list(query));
    for (const Record& row : rows) EC_TRYV(body(row));
    if (rows.size() < static_cast<std::size_t>(page)) return ok();
    query.after = {Value(rows.back().id())};
  }
}

// ---- derived columns ----------------------------------------------------------------------------------------------

class Derived {
 public:
  Derived(store::Reader& reader, VerifyReport& report) : reader_(reader), report_(report) {}

  Status category(const Record& row) {
    EC_TRY(available, ticketing::counted_available(reader_, row));
    expect(row, col::ticket_categories::available_quantity, available);
    return ok();
  }
  Status code(const Record& row) {
    EC_TRY(uses, ticketing::counted_uses(reader_, row));
    expect(row, col::discount_codes::current_uses, uses);
    return ok();
  }
  Status package(const Record& row) {
    const Expr taken = Expr::all_of({Expr::equals(col::sponsors::package_id.index, row.id()),
                                     Expr::compare(col::sponsors::contract_status.index, Expr::Op::ne, "cancelled")});
    EC_TRY(sponsors, reader_.count(schema::tables::sponsors, row.organization_id(), taken));
    expect(row, col::sponsor_packages::current_sponsors, sponsors);
    expect(row, col::sponsor_packages::is_available, sponsorship::package_available(row));
    return ok();
  }
  Status prospect(const Record& row) {
    expect(row, col::sponsor_prospects::ai_prospect_score, sponsorship::score_of(row));
    return ok();
  }
  Status risk(const Record& row) {
    namespace r = col::event_risks;
    expect(row, r::risk_level, pure::risk_level(row[r::probability].text(), row[r::impact].text()));
    return ok();
  }
  // An imported order may come without its payments; those there are must agree.
  Status order(const Record& row) {
    EC_TRY(payments, ticketing::payments_of(reader_, row));
    if (payments.empty()) return ok();
    expect(row, col::ticket_orders::payment_status, Value(ticketing::payment_status_after(row, payments)));
    return ok();
  }
  Status roi_metric(const Record& row) {
    namespace m = col::sponsor_roi_metrics;
    EC_TRY(sponsor, reader_.get(schema::tables::sponsors, row.organization_id(), row[m::sponsor_id].uuid()));
    if (!sponsor) return ok();  // the store's own check of references reports it
    EC_TRY(roi, sponsorship::roi_of(row, *sponsor));
    expect(row, m::calculated_roi, roi);
    return ok();
  }

 private:
  void expect(const Record& row, Column column, const Value& expected) {
    ++report_.checked["derived"];
    if (row[column] == expected) return;
    const std::string name(row.table().columns[column.index].name);
    report_.add({"derived", std::string(row.table().name), to_text(row.id()), name + " = " + shown(expected),
                 name + " = " + shown(row[column])});
  }

  store::Reader& reader_;
  VerifyReport& report_;
};

Status verify_derived(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  namespace tables = schema::tables;
  Derived derived(reader, report);
  const auto each = [&](const TableDef& table, Status (Derived::*check)(const Record&)) {
    return each_row(reader, table, organization, [&](const Record& row) { return (derived.*check)(row); });
  };
  EC_TRYV(each(tables::ticket_categories, &Derived::category));
  EC_TRYV(each(tables::ticket_orders, &Derived::order));
  EC_TRYV(each(tables::discount_codes, &Derived::code));
  EC_TRYV(each(tables::sponsor_packages, &Derived::package));
  EC_TRYV(each(tables::sponsor_prospects, &Derived::prospect));
  EC_TRYV(each(tables::event_risks, &Derived::risk));
  return each(tables::sponsor_roi_metrics, &Derived::roi_metric);
}

// ---- words by which rows are found --------------------------------------------------------------------------------

Status verify_words(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  for (const TableDef* table : schema::all_tables) {
    if (table->searched.empty()) continue;
    std::int64_t expected = 0;
    EC_TRYV(each_row(reader, *table, organization, [&](const Record& row) -> Status {
      ++report.checked["words"];
      EC_TRY(complete, reader.has_all_words(row, expected));
      if (!complete)
        report.add({"words", std::string(table->name), to_text(row.id()), "every word of the row kept", "not all"});
      return ok();
    }));
    EC_TRY(kept, reader.count_all_words(*table, organization));
    if (kept != expected)
      report.add({"words", std::string(table->name), "", std::to_string(expected) + " words of its rows",
                  std::to_string(kept)});
  }
  return ok();
}

// ---- tallies ------------------------------------------------------------------------------------------------------

struct Tallied {
  std::int64_t rows = 0;
  std::int64_t sum = 0;
};
using Groups = std::map<std::pair<std::string, std::string>, Tallied>;  // by event and group

void put_group(Groups& groups, const Uuid& event, std::span<const Value> by, const Tallied& tallied) {
  std::string name;
  for (const Value& value : by) name += (name.empty() ? "" : "/") + shown(value);
  groups[{to_text(event), name}] = tallied;
}

Result<Groups> counted_groups(store::Reader& reader, const schema::TallyDef& tally, const Uuid& organization) {
  store::Aggregate query;
  query.table = tally.table;
  query.organization = organization;
  query.group_by = {tally.event};
  query.group_by.insert(query.group_by.end(), tally.by().begin(), tally.by().end());
  query.measures = {{store::Aggregate::Kind::count, 0}, {store::Aggregate::Kind::sum, tally.sum}};
  EC_TRY(rows, reader.aggregate(query));
  Groups groups;
  for (const auto& row : rows) {
    const std::span<const Value> values(row);
    const std::size_t columns = tally.group_count;
    put_group(groups, row[0].uuid(), values.subspan(1, columns),
              {row[columns + 1].integer(), row[columns + 2].integer()});
  }
  return groups;
}

Result<Groups> kept_groups(store::Reader& reader, const schema::TallyDef& tally, const Uuid& organization) {
  EC_TRY(rows, reader.tallies(tally, organization));
  Groups groups;
  for (const store::TallyRow& row : rows) put_group(groups, row.event, row.by, {row.rows, row.sum});
  return groups;
}

std::string told(const Groups& groups, const Groups::key_type& key) {
  const auto found = groups.find(key);
  if (found == groups.end()) return key.second + ": none";
  const auto& [rows, sum] = found->second;
  return key.second + ": " + std::to_string(rows) + " rows of " + std::to_string(sum);
}

Status verify_tallies(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  for (const schema::TallyDef* tally : schema::all_tallies) {
    EC_TRY(counted, counted_groups(reader, *tally, organization));
    EC_TRY(kept, kept_groups(reader, *tally, organization));
    Groups all = counted;
    all.insert(kept.begin(), kept.end());
    for (const auto& [key, tallied] : all) {
      ++report.checked["tally"];
      const std::string expected = told(counted, key);
      const std::string found = told(kept, key);
      if (expected != found) report.add({"tally", std::string(tally->table->name), key.first, expected, found});
    }
  }
  return ok();
}

// ---- invariants ---------------------------------------------------------------------------------------------------

Status verify_event(store::Reader& reader, const Record& event, VerifyReport& report) {
  namespace e = col::events;
  ++report.checked["invariant"];
  if (event[e::max_capacity].is_null()) return ok();
  const std::int64_t capacity = event[e::max_capacity].integer();
  EC_TRY(places, sum_of(reader, schema::tables::ticket_categories, event.organization_id(),
                        col::ticket_categories::total_quantity,
                        Expr::equals(col::ticket_categories::event_id.index, event.id())));
  if (places > capacity)
    report.add({"invariant", "events", to_text(event.id()),
                "categories of at most " + std::to_string(capacity) + " places", std::to_string(places)});
  if (event[e::venue_id].is_null() || event[e::is_virtual].boolean()) return ok();
  const std::string& status = event[e::status].text();
  if (status == "completed" || status == "cancelled") return ok();
  EC_TRY(venue, reader.get(schema::tables::venues, event.organization_id(), event[e::venue_id].uuid()));
  if (venue && (*venue)[col::venues::max_capacity].integer() < capacity)
    report.add(
        {"invariant", "events", to_text(event.id()), "max_capacity of at most the venue's", std::to_string(capacity)});
  return ok();
}

// A ticket of an order that does not stand admits nobody.
Status verify_tickets(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  namespace t = col::tickets;
  store::Query query;
  query.table = &schema::tables::tickets;
  query.organization = organization;
  query.where = Expr::all_of(
      {Expr::equals(t::status.index, "valid"),
       Expr::parent(t::order_id.index, schema::tables::ticket_orders,
                    Expr::compare(col::ticket_orders::order_status.index, Expr::Op::ne, Value("active")))});
  query.columns = store::ColumnSet::short_only(*query.table);
  EC_TRY(tickets, reader.list(query));
  ++report.checked["invariant"];
  for (const Record& ticket : tickets)
    report.add({"invariant", "tickets", to_text(ticket.id()), "a valid ticket's order is active", "it is not"});
  return ok();
}

Status verify_invariants(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  EC_TRYV(verify_tickets(reader, organization, report));
  EC_TRYV(each_row(reader, schema::tables::events, organization,
                   [&](const Record& event) { return verify_event(reader, event, report); }));
  const Expr owner =
      Expr::all_of({Expr::equals(col::users::role.index, "owner"), Expr::equals(col::users::is_active.index, true)});
  EC_TRY(users, reader.count(schema::tables::users, organization, Expr::always()));
  EC_TRY(owners, reader.count(schema::tables::users, organization, owner));
  if (users != 0 && owners == 0)
    report.add({"invariant", "users", "", "at least one active owner in " + to_text(organization), "none"});
  return ok();
}

// ---- the audit chain, and rows against it -------------------------------------------------------------------------

struct LastEntry {
  std::int64_t seq = 0;
  bool removed = false;
};
using RowKey = std::pair<std::uint16_t, Uuid>;
using LastEntries = std::map<RowKey, LastEntry>;

Result<LastEntries> last_entries(store::Reader& reader, const Uuid& organization) {
  namespace a = col::audit_logs;
  LastEntries last;
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.order = {{a::seq.index, false}};
  query.limit = page;
  query.columns = store::ColumnSet::short_only(*query.table);
  for (;;) {
    EC_TRY(entries, reader.list(query));
    for (const Record& entry : entries) {
      const TableDef* table = schema::find_table(entry[a::table_name].text());
      if (table == nullptr || entry[a::record_id].is_null()) continue;
      last[{table->id, entry[a::record_id].uuid()}] = {entry[a::seq].integer(), entry[a::operation].text() == "delete"};
    }
    if (entries.size() < static_cast<std::size_t>(page)) return last;
    query.after = {entries.back()[a::seq], Value(entries.back().id())};
  }
}

class AgainstAudit {
 public:
  AgainstAudit(store::Reader& reader, const Uuid& organization, VerifyReport& report, LastEntries& last)
      : reader_(reader), organization_(organization), report_(report), last_(last) {}

  Status row(const Record& row) {
    ++report_.checked["audit_row"];
    const auto found = last_.find({row.table().id, row.id()});
    if (found == last_.end() || found->second.removed) {
      add(row, "no such row by its last audit entry", "a row");
      if (found != last_.end()) last_.erase(found);
      return ok();
    }
    const std::int64_t seq = found->second.seq;
    last_.erase(found);
    return compare(row, seq);
  }

  // Rows that the chain knows and the tables do not.
  void missing() {
    for (const auto& [key, entry] : last_)
      if (!entry.removed)
        report_.add({"audit_row", std::string(schema::find_table(key.first)->name), to_text(key.second),
                     "the row of audit entry " + std::to_string(entry.seq), "no row"});
  }

 private:
  Status compare(const Record& row, std::int64_t seq) {
    namespace a = col::audit_logs;
    store::Query query;
    query.table = &schema::tables::audit_logs;
    query.organization = organization_;
    query.where = Expr::equals(a::seq.index, seq);
    EC_TRY(entries, reader_.list(query));
    if (entries.empty()) return ok();
    const Record& entry = entries.front();
    EC_TRYV(compare_image(row, false, entry[a::new_values], entry[a::salt4]));
    return compare_image(row, true, entry[a::new_personal], entry[a::salt3]);
  }

  Status compare_image(const Record& row, bool personal, const Value& stored, const Value& salt) {
    if (stored.is_null() || stored.text().empty() || salt.is_null()) return ok();
    EC_TRY(then, stored_json(stored));
    const std::string image = schema::image(row, personal);
    EC_TRY(now, image.empty() ? Result<Json>(Json::object()) : stored_json(Value(image)));
    for (const auto& [name, value] : then.items()) {
      if (name.starts_with('$')) continue;  // who it was, no column
      // Images of earlier stores repeat what their entry says, by which the row was found.
      if (name == "id" || name == "organization_id") continue;
      const auto current = now.find(name);
      if (current != now.end() && json_equal(*current, value)) continue;
      // A personal value stands in no report.
      add(row, personal ? name + " as audited" : name + " = " + dump(value),
          personal ? "another value" : name + " = " + (current == now.end() ? "absent" : dump(*current)));
      return ok();
    }
    return ok();
  }

  void add(const Record& row, std::string expected, std::string found) {
    report_.add({"audit_row", std::string(row.table().name), to_text(row.id()), std::move(expected), std::move(found)});
  }

  store::Reader& reader_;
  Uuid organization_;
  VerifyReport& report_;
  LastEntries& last_;
};

Status verify_chain(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  EC_TRY(chain, audit::verify_chain(reader, organization));
  report.checked["audit_chain"] += chain.entries;
  if (chain.ok || !chain.first_bad) return ok();
  report.add({"audit_chain", "audit_logs", "", "an unbroken chain of " + to_text(organization),
              "entry " + std::to_string(chain.first_bad->seq) + ": " + chain.first_bad->reason});
  return ok();
}

// The number of the last change of a tenant, or of the whole store.
Result<std::int64_t> last_change(store::Reader& reader, const std::optional<Uuid>& chain) {
  if (!chain) return reader.store_seq();
  EC_TRY(head, reader.chain_head(*chain));
  return head.feed_seq;
}

// The feed's numbers follow one another to the last one; older ones may have been forgotten. Without a chain it is the
// store's own numbers, in the order in which the service reads: it goes another way through the table than a tenant.
Status verify_feed(store::Reader& reader, const std::optional<Uuid>& chain, VerifyReport& report) {
  EC_TRY(end, last_change(reader, chain));
  EC_TRY(first, reader.first_change_kept(chain));
  if (first == 0) return ok();
  std::int64_t last = first - 1;
  for (bool more = true; more;) {
    EC_TRY(changes, reader.changes(chain, last, page));
    more = changes.size() == static_cast<std::size_t>(page);
    if (chain) report.checked["feed"] += static_cast<std::int64_t>(changes.size());
    for (const store::FeedRow& change : changes) {
      const std::int64_t number = chain ? change.seq : change.store_seq;
      if (number != ++last)
        report.add({"feed", "ec_feed", "", "change " + std::to_string(last), "change " + std::to_string(number)});
      last = number;
    }
  }
  if (last != end)
    report.add({"feed", "ec_feed", "", "changes to " + std::to_string(end), "to " + std::to_string(last)});
  return ok();
}

Status verify_rows(store::Reader& reader, const Uuid& chain, bool global, VerifyReport& report) {
  EC_TRY(last, last_entries(reader, chain));
  AgainstAudit against(reader, chain, report, last);
  for (const TableDef* table : schema::all_tables) {
    if (table->global != global || table->id == schema::tables::audit_logs.id) continue;
    EC_TRYV(each_row(reader, *table, chain, [&](const Record& row) { return against.row(row); }));
  }
  against.missing();
  return ok();
}

}  // namespace

void VerifyReport::add(Problem problem) {
  ++problems_found;
  if (problems.size() < problems_max) problems.push_back(std::move(problem));
}

Json VerifyReport::json() const {
  Json list = Json::array();
  for (const Problem& problem : problems)
    list.push_back({{"kind", problem.kind},
                    {"table", problem.table},
                    {"id", problem.id.empty() ? Json() : Json(problem.id)},
                    {"expected", problem.expected},
                    {"found", problem.found}});
  return {{"ok", problems_found == 0},
          {"checked", checked},
          {"problems", std::move(list)},
          {"problems_found", problems_found}};
}

Status verify_organization(store::Reader& reader, const Uuid& organization, VerifyReport& report) {
  EC_TRYV(verify_derived(reader, organization, report));
  EC_TRYV(verify_words(reader, organization, report));
  EC_TRYV(verify_tallies(reader, organization, report));
  EC_TRYV(verify_invariants(reader, organization, report));
  EC_TRYV(verify_chain(reader, organization, report));
  EC_TRYV(verify_feed(reader, organization, report));
  return verify_rows(reader, organization, false, report);
}

Status verify_shared(store::Reader& reader, VerifyReport& report) {
  EC_TRY(agree, reader.heads_agree());
  if (!agree) report.add({"audit_chain", "ec_sentinel", "", "the digest of the last head set", "another"});
  EC_TRYV(verify_chain(reader, Uuid{}, report));
  EC_TRYV(verify_feed(reader, Uuid{}, report));
  EC_TRYV(verify_feed(reader, std::nullopt, report));
  return verify_rows(reader, Uuid{}, true, report);
}

}  // namespace eventcore::rules::operations
