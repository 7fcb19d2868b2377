#include "policy/neighbour.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <set>
#include <stdexcept>

#include "base/seed.hpp"

namespace eventcore::test {

using schema::ColumnDef;
using schema::TableDef;

namespace {

constexpr std::size_t uuid_length = 36;
constexpr std::size_t digest_length_min = 32;

bool is_row_of_a_tenant(const TableDef& table) {
  return !table.global && table.name != "audit_logs" && table.name != "organizations";
}

api::SessionCore::RecordContext in(const Tenant& tenant) {
  api::SessionCore::RecordContext context;
  context.organization = tenant.organization;
  return context;
}

}  // namespace

// The events of the world have keys that sign nothing.
Sale new_sale(World& world, const Tenant& tenant) {
  Sale sale;
  sale.event = world.put(tenant, "events",
                         {{"name", "Sold"},
                          {"slug", "sold"},
                          {"start_datetime", "2027-06-01T09:00:00Z"},
                          {"end_datetime", "2027-06-03T18:00:00Z"},
                          {"is_public", true},
                          {"status", "confirmed"}});
  sale.category =
      world.put(tenant, "ticket_categories",
                {{"event_id", sale.event}, {"name", "Standard"}, {"base_price", "20.00"}, {"total_quantity", 100'000}});
  return sale;
}

// ---- the neighbour ------------------------------------------------------------------------------------------------

void Neighbour::work(int writes) {
  for (int done = 0, tried = 0; done < writes; ++tried) {
    if (tried > 20 * writes) throw std::runtime_error("tenant B is refused nearly everything");
    const std::size_t what = below(20);
    const bool wrote = what < 9 ? add() : what < 15 ? change() : what < 18 ? remove() : sell();
    if (wrote) ++done;
  }
}

bool Neighbour::add() {
  const Tenant& b = world_.b();
  const TableDef& table = *schema::all_tables[below(schema::table_count)];
  if (!is_row_of_a_tenant(table)) return false;
  const std::vector<std::string> variants = variants_of(table);
  const std::string& variant = variants[below(variants.size())];
  const char* people[] = {"x", "se", "gs", "ow", "me"};
  Json row = world_.draft(b, table, variant, b.users.at(people[below(std::size(people))]));
  const auto same = world_.a().rows.find(std::string(table.name) + (variant.empty() ? "" : " " + variant));
  const bool twin = table.found_without_tenant == false && same != world_.a().rows.end() && below(4) == 0;
  if (twin) row["id"] = same->second;
  try {
    rows_.emplace_back(&table, world_.put(b, table.name, row));
  } catch (const std::runtime_error&) {
    return false;  // a key that is taken, a state that forbids it
  }
  ++added_;
  twins_ += twin ? 1 : 0;
  return true;
}

Json Neighbour::other_value(const ColumnDef& column) {
  switch (column.type) {
    case schema::Type::boolean: return below(2) == 0;
    case schema::Type::integer: return static_cast<std::int64_t>(below(100));
    case schema::Type::text: return "B's text " + std::to_string(below(1'000'000));
    case schema::Type::enumeration: return std::string(column.values->values[below(column.values->values.size())]);
    case schema::Type::money:
    case schema::Type::decimal: return std::to_string(below(50));
    case schema::Type::timestamptz: return "2027-0" + std::to_string(1 + below(9)) + "-02T03:04:05Z";
    default: return nullptr;
  }
}

bool Neighbour::change() {
  const Tenant& b = world_.b();
  Row row;
  if (!rows_.empty() && below(3) != 0) {
    row = rows_[below(rows_.size())];
  } else {  // one of those that its principals and A's twins stand on
    auto standing = b.rows.begin();
    std::advance(standing, static_cast<std::ptrdiff_t>(below(b.rows.size())));
    row = {schema::find_table(standing->first.substr(0, standing->first.find(' '))), standing->second};
    if (row.first == nullptr || row.first->global) return false;
  }
  const ColumnDef& column = row.first->columns[below(row.first->columns.size())];
  if (!column.caller_writable() || column.is(schema::immutable)) return false;
  const auto done = world_.service().update(row.first->name, row.second,
                                            dump({{std::string(column.name), other_value(column)}}), in(b));
  changed_ += done ? 1 : 0;
  return done.has_value();
}

bool Neighbour::remove() {
  if (rows_.empty()) return false;
  const std::size_t at = below(rows_.size());
  const Row row = rows_[at];
  const Status done = world_.service().remove(row.first->name, row.second, in(world_.b()));
  if (!done) return false;
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(at));
  ++removed_;
  return true;
}

bool Neighbour::sell() {
  if (sale_.event.empty()) sale_ = new_sale(world_, world_.b());
  Json order = {{"event_id", sale_.event},
                {"items", {{{"ticket_category_id", sale_.category}, {"quantity", 1}}}},
                {"customer", {{"email", "c1@example.com"}, {"name", "C"}}}};
  const auto quoted = world_.service().call("quote_order", dump(order), {});
  if (!quoted) return false;
  order["payment"] = {{"method", "cash"}, {"amount", parsed(quoted)["order"]["total_amount"]}};
  const auto placed = world_.service().call("place_order", dump(order), {});
  if (!placed) return false;
  ++sold_;
  const Json sold = parsed(placed);
  const Json scan = {{"event_id", sale_.event}, {"ticket_number", sold["tickets"][0]["ticket_number"]}};
  return world_.service().call("check_in", dump(scan), {}).has_value();
}

// ---- renaming -----------------------------------------------------------------------------------------------------

std::string Renamer::name(const std::string& random) {
  const auto [found, fresh] = names_.emplace(random, "");
  if (fresh) found->second = "<" + std::to_string(names_.size()) + ">";
  return found->second;
}

std::string Renamer::text(const std::string& given) {
  std::string out;
  for (std::size_t i = 0; i < given.size();) {
    std::size_t end = i;
    while (end < given.size() && (std::isxdigit(static_cast<unsigned char>(given[end])) != 0 || given[end] == '-'))
      ++end;
    const std::string run = given.substr(i, end - i);
    const bool is_uuid = run.size() == uuid_length && run[8] == '-' && run[13] == '-';
    const bool is_digest = run.size() >= digest_length_min && run.find('-') == std::string::npos;
    if (is_uuid || is_digest) {
      out += name(run);
    } else {
      out += run;
    }
    i = end;
    if (i < given.size()) out += given[i++];
  }
  return out;
}

Json Renamer::operator()(const Json& json) {
  static const std::set<std::string> random_texts = {"cursor",     "order_number", "ticket_number", "qr_code_data",
                                                     "public_key", "token",        "signature",     "code"};
  if (json.is_string()) return text(json.get<std::string>());
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& entry : json) out.push_back((*this)(entry));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::array();  // in the order of the answer: renamed keys would be sorted otherwise
  for (const auto& [key, value] : json.items()) {
    const bool random = value.is_string() && random_texts.contains(key);
    out.push_back(Json::array({text(key), random ? Json(name(value.get<std::string>())) : (*this)(value)}));
  }
  return out;
}

// ---- the script ---------------------------------------------------------------------------------------------------

std::vector<std::string> principals_of_a() {
  std::vector<std::string> names;
  for (const std::string& name : principal_names)
    if (name != "fo") names.push_back(name);
  return names;
}

api::SessionCore& session_in_a(World& world, std::map<std::string, std::shared_ptr<api::SessionCore>>& open,
                               const std::string& principal) {
  Json json;
  if (principal == "sv") json = {{"kind", "service"}, {"reason", "isolation"}};
  if (principal == "an") json = {{"kind", "anon"}};
  if (principal == "c1" || principal == "c2") json = {{"kind", "customer"}, {"email", principal + "@example.com"}};
  if (json.is_null()) return world.session(principal);
  json["organization_id"] = world.a().organization;
  auto& session = open[principal];
  if (!session) session = world.open(dump(json));
  return *session;
}

namespace {

class Script {
 public:
  Script(World& world, const std::function<void()>& between) : world_(world), between_(between) {}

  std::vector<std::string> run() {
    for (const std::string& principal : principals_of_a()) {
      for (const TableDef* table : schema::all_tables) {
        if (table->id % 8 == 0) between_();
        read(principal, *table);
      }
      commands(principal);
    }
    sale_ = new_sale(world_, world_.a());
    between_();
    for (const char* principal : {"ad", "an", "op", "c1", "kw", "d1"}) sales(principal);
    for (const std::string& principal : principals_of_a()) follow(principal);
    for (const TableDef* table : schema::all_tables) pages("ow", *table, Json::object());
    return std::move(lines_);
  }

 private:
  api::SessionCore& session(const std::string& principal) { return session_in_a(world_, sessions_, principal); }

  void note(const std::string& what, const Result<std::string>& reply) {
    Json told;
    if (!reply) {
      told = parse_json(reply.error().to_json()).assume_value();
    } else if (auto json = parse_json(reply.assume_value())) {
      told = std::move(json).assume_value();
    } else {
      told = reply.assume_value();
    }
    lines_.push_back(what + " -> " + (reply ? "" : "refused ") + dump(rename_(told)));
  }
  void note(const std::string& what, const Result<std::int64_t>& count) {
    note(what, count ? Result<std::string>(std::to_string(count.assume_value())) : Result<std::string>(count.error()));
  }

  // Follows the cursor to the end, or over so many pages.
  void pages(const std::string& principal, const TableDef& table, Json request, int at_most = 40) {
    const std::string what = principal + " list " + std::string(table.name) + " " + rename_.text(dump(request));
    for (int page = 0; page < at_most; ++page) {
      const auto reply = session(principal).list(table.name, dump(request));
      note(what, reply);
      if (!reply) return;
      const Json cursor = parsed(reply)["cursor"];
      if (!cursor.is_string()) return;
      request["after"] = cursor;
    }
  }

  // Two orders, one of them by columns that hold equal values, which the id then settles.
  static std::vector<std::string> orders(const TableDef& table) {
    std::vector<std::string> names{"-created_at"};
    for (const ColumnDef& column : table.columns)
      if (column.type == schema::Type::enumeration || column.type == schema::Type::boolean) {
        names.push_back("-" + std::string(column.name));
        break;
      }
    return names;
  }

  void read(const std::string& principal, const TableDef& table) {
    const std::string table_name(table.name);
    api::SessionCore& session_of = session(principal);
    pages(principal, table, {{"limit", 2}}, 3);
    pages(principal, table, {{"limit", 3}, {"order_by", orders(table)}}, 2);
    Json expand = Json::array();
    for (const ColumnDef& column : table.columns)
      if (column.is_reference()) expand.push_back(std::string(column.name));
    pages(principal, table, {{"columns", {"*"}}, {"expand", expand}}, 1);
    note(principal + " count " + table_name, session_of.count(table.name, "{}"));
    note(principal + " count of versions " + table_name,
         session_of.count(table.name, R"({"where":{"not":{"version":{"gt":1}}}})"));
    const std::pair<const char*, const Tenant*> owners[] = {{"own", &world_.a()}, {"foreign", &world_.b()}};
    for (const auto& [whose, tenant] : owners) {
      const std::string id = tenant->rows.at(table_name);
      if (whose == std::string_view("foreign") && table.global) continue;
      note(principal + " get " + whose + " " + table_name, session_of.get(table.name, id, {}));
      for (const char* operation : {"view", "update", "delete"})
        note(
            principal + " explain " + operation + " " + whose + " " + table_name,
            session_of.call("explain_access", dump({{"table", table_name}, {"operation", operation}, {"id", id}}), {}));
    }
  }

  void call(const std::string& principal, const std::string& command, const Json& arguments) {
    note(principal + " " + command, session(principal).call(command, dump(arguments), {}));
  }

  void commands(const std::string& principal) {
    for (const Tenant* tenant : {&world_.a(), &world_.b()})
      for (const char* event : {"events", "events public"}) {
        const Json of_event = {{"event_id", tenant->rows.at(event)}};
        call(principal, "event_report", of_event);
        call(principal, "sales_curve", of_event);
        const std::string category = "ticket_categories" + std::string(event).substr(6);
        call(principal, "quote_price", {{"ticket_category_id", tenant->rows.at(category)}});
        call(principal, "quote_order",
             {{"event_id", tenant->rows.at(event)},
              {"items", {{{"ticket_category_id", tenant->rows.at(category)}, {"quantity", 2}}}}});
      }
    call(principal, "verify_audit", {{"organization_id", world_.a().organization}});
    call(principal, "verify_audit", {{"organization_id", world_.b().organization}});
    call(principal, "list_principals_who_can",
         {{"organization_id", world_.a().organization}, {"table", "events"}, {"operation", "create"}});
  }

  void sales(const std::string& principal) {
    const Tenant& a = world_.a();
    const Json bought = {{"event_id", sale_.event},
                         {"items", {{{"ticket_category_id", sale_.category}, {"quantity", 2}}}},
                         {"customer", {{"email", "c1@example.com"}, {"name", "C"}}}};
    const Json quoted = parsed(session("ad").call("quote_order", dump(bought), {}));
    Json paid = bought;
    paid["payment"] = {{"method", "cash"}, {"amount", quoted["order"]["total_amount"]}};
    call(principal, "place_order", bought);
    between_();
    const auto sold = session("ad").call("place_order", dump(paid), {});
    note("ad place_order", sold);
    between_();
    const Json number = parsed(sold)["tickets"][0]["ticket_number"];
    for (const std::string& who : {std::string("ad"), principal})
      call(who, "check_in", {{"event_id", sale_.event}, {"ticket_number", number}});
    note(principal + " insert",
         session(principal).insert("event_tags",
                                   dump({{"event_id", a.rows.at("events")}, {"tag_name", "by " + principal}}), {}));
    note(principal + " update",
         session(principal).update("events", a.rows.at("events"), R"({"description":"new"})", {}));
    call("ad", "event_report", {{"event_id", sale_.event}});
    call("ad", "sales_curve", {{"event_id", sale_.event}});
  }

  void follow(const std::string& principal) {
    std::int64_t since = 0;
    for (int page = 0; page < 100; ++page) {
      const auto reply = session(principal).changes(since, 100, 0);
      note(principal + " changes", reply);
      if (!reply) return;
      const Json changes = parsed(reply);
      since = changes["next"].get<std::int64_t>();
      if (changes["changes"].empty()) return;
    }
  }

  World& world_;
  Sale sale_;
  const std::function<void()>& between_;
  std::map<std::string, std::shared_ptr<api::SessionCore>> sessions_;
  Renamer rename_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> script_of_a(World& world, const std::function<void()>& between) {
  return Script(world, between).run();
}

void expect_a_untouched_by(int writes_of_b) {
  EC_TRACE_SEED();
  std::printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  std::vector<std::string> alone;
  {
    SeededRandom random(testing::seed());
    World world(false, &random);
    alone = script_of_a(world, [] {});
  }
  SeededRandom random(testing::seed());
  World world(false, &random);
  Neighbour b(world, testing::seed());
  b.work(writes_of_b / 2);
  int calls = 0;
  const int each = std::max(1, writes_of_b / 2 / 200);  // the script pauses oftener than that
  int left = writes_of_b - writes_of_b / 2;
  const std::vector<std::string> beside = script_of_a(world, [&] {
    ++calls;
    b.work(std::min(each, left));
    left -= std::min(each, left);
  });
  std::printf(
      "isolation: %zu answers; tenant B added %d rows (%d with ids of A's), changed %d, removed %d, sold %d; %d "
      "pauses\n",
      alone.size(), b.added(), b.twins(), b.changed(), b.removed(), b.sold(), calls);
  EXPECT_EQ(left, 0);
  EXPECT_GT(b.twins(), 0);
  EXPECT_GT(b.sold(), 0);
  EXPECT_GT(b.removed(), 0);
  ASSERT_EQ(alone.size(), beside.size());
  int shown = 0;
  for (std::size_t i = 0; i < alone.size() && shown < 5; ++i) {
    if (alone[i] == beside[i]) continue;
    ADD_FAILURE() << "alone:  " << alone[i] << "\nbeside: " << beside[i];
    ++shown;
  }
}

}  // namespace eventcore::test
