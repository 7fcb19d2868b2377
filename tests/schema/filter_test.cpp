#include "schema/filter.hpp"

#include <gtest/gtest.h>

#include "schema/all.hpp"
#include "schema/codec.hpp"

namespace eventcore::schema {
namespace {

constexpr std::string_view state_values[] = {"open", "shut"};
constexpr EnumDef state{"door_state", state_values};
constexpr ColumnDef door_columns[] = {
    standard::id,
    standard::organization_id,
    standard::version,
    {.id = 10,
     .name = "name",
     .type = Type::text,
     .length_max = name_length_max,
     .personal = not_personal,
     .doc = "Name."},
    {.id = 11,
     .name = "email",
     .type = Type::text,
     .length_max = indexed_text_bytes_max,
     .personal = about("email"),
     .doc = "E-mail."},
    {.id = 12,
     .name = "email_folded",
     .type = Type::text,
     .flags = engine_column | internal,
     .length_max = indexed_text_bytes_max,
     .folds = "email",
     .personal = about("email"),
     .doc = "Twin."},
    {.id = 13, .name = "price", .type = Type::money, .personal = not_personal, .doc = "Price."},
    {.id = 14, .name = "state", .type = Type::enumeration, .values = &state, .personal = not_personal, .doc = "State."},
    {.id = 15, .name = "settings", .type = Type::json, .flags = long_column, .personal = not_personal, .doc = "JSON."},
    {.id = 16, .name = "notes", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Text."},
    {.id = 17, .name = "tags", .type = Type::text_array, .personal = not_personal, .doc = "Texts."},
    {.id = 18, .name = "secret", .type = Type::sealed, .personal = not_personal, .doc = "Sealed."},
    {.id = 19, .name = "opened_at", .type = Type::timestamptz, .personal = not_personal, .doc = "Time."},
    {.id = 20, .name = "wide", .type = Type::boolean, .personal = not_personal, .doc = "Flag."},
};
constexpr TableDef doors{.id = 901, .name = "doors", .domain = "test", .columns = door_columns, .doc = "For tests."};

Json json(std::string_view text) {
  Result<Json> parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(parsed).assume_value() : Json();
}

Result<Expr> unguarded(std::uint16_t, Expr leaf) {
  return leaf;
}

Record door(std::string_view row) {
  Record record(doors);
  const Result<Changes> changes = decode_row(doors, json(row), WriteKind::insert);
  EXPECT_TRUE(changes) << row;
  if (changes)
    for (const Assignment& a : changes.assume_value()) record.at(a.index) = a.value;
  if (record.find("email")->is_text()) {
    std::string folded = record.find("email")->text();
    for (char& c : folded) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    record.set("email_folded", Value(folded));
  }
  return record;
}

bool matches(std::string_view where, std::string_view row, const LeafGuard& guard = unguarded) {
  const Result<Expr> filter = decode_filter(doors, json(where), guard);
  EXPECT_TRUE(filter) << where << (filter ? "" : filter.assume_error().to_json());
  return filter && holds_in_memory(filter.assume_value(), door(row));
}

TEST(FilterTest, EveryOperatorMeansWhatItSays) {
  const std::string_view row = R"({"name": "north gate", "price": "12.50", "state": "open", "tags": ["a", "b"],
      "opened_at": "2026-05-01T10:00:00Z", "wide": true})";
  for (std::string_view yes : {
           R"({})",
           R"({"name": "north gate"})",
           R"({"name": {"eq": "north gate"}})",
           R"({"name": {"ne": "x"}})",
           R"({"price": {"gte": "12.50", "lt": 13}})",
           R"({"price": {"lte": "12.5"}})",
           R"({"price": {"gt": 12}})",
           R"({"price": 12, "or": []})" /* refuted below */,
           R"({"state": {"in": ["shut", "open"]}})",
           R"({"state": {"not_in": ["shut"]}})",
           R"({"name": {"prefix": "north"}})",
           R"({"name": {"contains": "th g"}})",
           R"({"tags": {"contains": "b"}})",
           R"({"notes": {"is_null": true}})",
           R"({"settings": {"is_null": true}})",
           R"({"name": {"is_null": false}})",
           R"({"notes": null})",
           R"({"wide": true})",
           R"({"opened_at": {"lt": "2026-05-01T12:00:01+02:00"}})",
           R"({"or": [{"name": "x"}, {"state": "open"}]})",
           R"({"and": [{"wide": true}, {"state": "open"}]})",
           R"({"not": {"name": "x"}})",
           R"({"not": {"not": {"state": "open"}}})",
           R"({"not": {"or": [{"name": "x"}, {"state": "shut"}]}})",
           R"({"not": {"name": "north gate", "wide": false}})",
       }) {
    const bool refuted = yes == std::string_view(R"({"price": 12, "or": []})");
    EXPECT_EQ(matches(yes, row), !refuted) << yes;
  }
  for (std::string_view no : {
           R"({"name": "North gate"})",
           R"({"name": {"prefix": "gate"}})",
           R"({"name": {"contains": "NORTH"}})",
           R"({"tags": {"contains": "c"}})",
           R"({"state": {"in": []}})",
           R"({"name": null})",
           R"({"not": {"state": "open"}})",
           R"({"price": {"gt": "12.50"}})",
           R"({"name": {"ne": "north gate"}})",
           R"({"not": {"and": []}})",
       })
    EXPECT_FALSE(matches(no, row)) << no;
}

TEST(FilterTest, NotEqualHoldsForNullAndOrderDoesNot) {
  EXPECT_TRUE(matches(R"({"name": {"ne": "x"}})", "{}"));
  EXPECT_TRUE(matches(R"({"name": {"not_in": ["x"]}})", "{}"));
  EXPECT_TRUE(matches(R"({"not": {"price": {"lt": 5}}})", "{}"));
  EXPECT_FALSE(matches(R"({"price": {"lt": 5}})", "{}"));
  EXPECT_FALSE(matches(R"({"name": "x"})", "{}"));
  EXPECT_FALSE(matches(R"({"name": {"ne": null}})", "{}"));
}

TEST(FilterTest, EmailsCompareFolded) {
  const std::string_view row = R"({"email": "Ada@Example.org"})";
  EXPECT_TRUE(matches(R"({"email": " ada@EXAMPLE.org "})", row));
  EXPECT_TRUE(matches(R"({"email": {"in": ["ADA@example.ORG"]}})", row));
  EXPECT_TRUE(matches(R"({"email": {"prefix": "ADA@"}})", row));
  EXPECT_FALSE(matches(R"({"email": {"ne": "ADA@example.ORG"}})", row));
}

TEST(FilterTest, UnreadableColumnsMakeConditionsFalseWhateverStandsAroundThem) {
  static constexpr int price = doors.index_of("price");
  const LeafGuard guard = [](std::uint16_t column, Expr leaf) -> Result<Expr> {
    if (column == price) return Expr::all_of({Expr::never(), std::move(leaf)});
    return leaf;
  };
  const std::string_view row = R"({"price": "12.50", "wide": true})";
  for (std::string_view where :
       {R"({"price": "12.50"})", R"({"not": {"price": "12.50"}})", R"({"price": {"ne": "1"}})",
        R"({"not": {"not": {"price": {"is_null": true}}}})", R"({"not": {"or": [{"price": 1}, {"wide": false}]}})",
        R"({"price": {"is_null": false}})", R"({"price": {"not_in": ["1"]}})",
        R"({"not": {"and": [{"price": 1}, {"not": {"price": 1}}]}})"})
    EXPECT_FALSE(matches(where, row, guard)) << where;
  EXPECT_TRUE(matches(R"({"not": {"and": [{"price": "12.50"}, {"wide": false}]}})", row, guard));
}

TEST(FilterTest, TheGuardSeesTheColumnThatWasNamed) {
  std::vector<std::uint16_t> seen;
  const LeafGuard guard = [&](std::uint16_t column, Expr leaf) -> Result<Expr> {
    seen.push_back(column);
    return leaf;
  };
  ASSERT_TRUE(decode_filter(doors, json(R"({"email": "a@b.c", "state": {"in": []}})"), guard));
  EXPECT_EQ(seen, (std::vector<std::uint16_t>{static_cast<std::uint16_t>(doors.index_of("email")),
                                              static_cast<std::uint16_t>(doors.index_of("state"))}));
}

TEST(FilterTest, ARefusalOfTheGuardIsTheAnswer) {
  const LeafGuard guard = [](std::uint16_t, Expr) -> Result<Expr> { return Errc::unknown_column; };
  const Result<Expr> filter = decode_filter(doors, json(R"({"not": {"price": "1"}})"), guard);
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.assume_error().code(), Errc::unknown_column);
  EXPECT_EQ(filter.assume_error().detail().fields.front().field, "not.price");
}

struct Bad {
  std::string_view where;
  Errc code;
  std::string_view field;
};

TEST(FilterTest, WrongFiltersAreRefusedByName) {
  const Bad cases[] = {
      {R"([])", Errc::invalid_filter, "where"},
      {R"({"colour": 1})", Errc::unknown_column, "colour"},
      {R"({"email_folded": "x"})", Errc::unknown_column, "email_folded"},
      {R"({"secret": {"is_null": true}})", Errc::unknown_column, "secret"},
      {R"({"name": {"like": "x"}})", Errc::invalid_filter, "name.like"},
      {R"({"name": {}})", Errc::invalid_filter, "name"},
      {R"({"settings": 1})", Errc::invalid_filter, "settings"},
      {R"({"notes": {"prefix": "x"}})", Errc::invalid_filter, "notes.prefix"},
      {R"({"tags": {"eq": ["a"]}})", Errc::invalid_filter, "tags.eq"},
      {R"({"state": "ajar"})", Errc::invalid_filter, "state"},
      {R"({"state": {"lt": "open"}})", Errc::invalid_filter, "state.lt"},
      {R"({"state": {"prefix": "o"}})", Errc::invalid_filter, "state.prefix"},
      {R"({"price": {"gte": 1.5}})", Errc::invalid_filter, "price.gte"},
      {R"({"price": {"lt": null}})", Errc::invalid_filter, "price.lt"},
      {R"({"price": {"contains": "1"}})", Errc::invalid_filter, "price.contains"},
      {R"({"name": {"in": "x"}})", Errc::invalid_filter, "name.in"},
      {R"({"name": {"in": ["x", null]}})", Errc::invalid_filter, "name.in[1]"},
      {R"({"name": {"is_null": 1}})", Errc::invalid_filter, "name.is_null"},
      {R"({"name": {"prefix": 1}})", Errc::invalid_filter, "name.prefix"},
      {R"({"or": {"name": "x"}})", Errc::invalid_filter, "or"},
      {R"({"or": [{"name": "x"}, 3]})", Errc::invalid_filter, "or[1]"},
      {R"({"and": [{"not": {"colour": 1}}]})", Errc::unknown_column, "and[0].not.colour"},
  };
  for (const Bad& bad : cases) {
    const Result<Expr> filter = decode_filter(doors, json(bad.where), unguarded);
    ASSERT_FALSE(filter) << bad.where;
    EXPECT_EQ(filter.assume_error().code(), bad.code) << bad.where;
    ASSERT_EQ(filter.assume_error().detail().fields.size(), 1U) << bad.where;
    EXPECT_EQ(filter.assume_error().detail().fields.front().field, bad.field);
  }
}

TEST(FilterTest, AllBadConditionsAreReportedTogether) {
  const Result<Expr> filter = decode_filter(doors, json(R"({"colour": 1, "state": "ajar", "wide": 3})"), unguarded);
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.assume_error().detail().fields.size(), 3U);
}

TEST(FilterTest, SizesAreLimited) {
  const auto accepted = [](const Json& where) { return decode_filter(doors, where, unguarded).has_value(); };
  Json nested = {{"wide", true}};
  for (int i = 1; i < filter_depth_max; ++i) nested = Json{{"not", nested}};
  EXPECT_TRUE(accepted(nested));
  EXPECT_FALSE(accepted(Json{{"not", nested}}));
  Json list = Json::array();
  for (int i = 0; i < filter_conditions_max; ++i) list.push_back({{"wide", true}});
  EXPECT_TRUE(accepted({{"or", list}}));
  list.push_back({{"wide", true}});
  EXPECT_FALSE(accepted({{"or", list}}));
  Json values = Json::array();
  for (std::size_t i = 0; i < filter_list_max; ++i) values.push_back("x");
  EXPECT_TRUE(accepted({{"name", {{"in", values}}}}));
  values.push_back("x");
  EXPECT_FALSE(accepted({{"name", {{"in", values}}}}));
}

TEST(OrderTest, ColumnsAndDirectionsAreRead) {
  const Result<OrderList> order = decode_order(doors, json(R"(["name", "-price"])"));
  ASSERT_TRUE(order);
  const OrderList expected = {{static_cast<std::uint16_t>(doors.index_of("name")), false},
                              {static_cast<std::uint16_t>(doors.index_of("price")), true}};
  EXPECT_EQ(order.assume_value(), expected);
  EXPECT_TRUE(decode_order(doors, Json()).assume_value().empty());
}

TEST(OrderTest, WrongOrdersAreRefused) {
  for (std::string_view list : {R"(["colour"])", R"(["secret"])", R"(["email_folded"])"})
    EXPECT_EQ(decode_order(doors, json(list)).assume_error().code(), Errc::unknown_column) << list;
  for (std::string_view list :
       {R"(["notes"])", R"(["settings"])", R"(["tags"])", R"("name")", R"([3])", R"(["name", "-name"])"})
    EXPECT_EQ(decode_order(doors, json(list)).assume_error().code(), Errc::invalid_filter) << list;
}

TEST(CursorTest, ACursorGivesItsPositionBack) {
  Record last = door(R"({"name": "north \u00e4", "price": "12.50", "id": "0190a3c4-0000-7000-8000-000000000001"})");
  const Uuid tenant = parse_uuid("0190a3c4-0000-7000-8000-000000000009").assume_value();
  last.at(static_cast<std::size_t>(doors.index_of("organization_id"))) = Value(tenant);
  const Json where = json(R"({"wide": true})");
  const OrderList order = decode_order(doors, json(R"(["-price", "name", "state"])")).assume_value();
  const std::string cursor = encode_cursor(doors, where, order, last);
  const Result<std::vector<Value>> values = decode_cursor(doors, where, order, cursor);
  ASSERT_TRUE(values);
  const std::vector<Value> expected = {Value(125'000), Value("north \u00e4"), Value(), Value(last.id()), Value(tenant)};
  EXPECT_EQ(values.assume_value(), expected);
}

TEST(CursorTest, ACursorFitsOnlyItsOwnQuery) {
  const Record last = door(R"({"name": "a", "id": "0190a3c4-0000-7000-8000-000000000001"})");
  const OrderList order = decode_order(doors, json(R"(["name"])")).assume_value();
  const OrderList other = decode_order(doors, json(R"(["-name"])")).assume_value();
  const std::string cursor = encode_cursor(doors, Json(), order, last);
  EXPECT_TRUE(decode_cursor(doors, json("{}"), order, cursor));
  const auto refused = [&](const Result<std::vector<Value>>& r) {
    return !r && r.assume_error().code() == Errc::invalid_cursor;
  };
  EXPECT_TRUE(refused(decode_cursor(doors, Json(), other, cursor)));
  EXPECT_TRUE(refused(decode_cursor(doors, json(R"({"wide": true})"), order, cursor)));
  EXPECT_TRUE(refused(decode_cursor(*find_table("venues"), Json(), {{3, false}}, cursor)));
  EXPECT_TRUE(refused(decode_cursor(doors, Json(), order, "")));
  EXPECT_TRUE(refused(decode_cursor(doors, Json(), order, "not a cursor")));
  for (std::size_t size = 0; size < cursor.size(); ++size)
    EXPECT_TRUE(refused(decode_cursor(doors, Json(), order, std::string_view(cursor).substr(0, size)))) << size;
  EXPECT_TRUE(refused(decode_cursor(doors, Json(), order, cursor + "A")));
}

}  // namespace
}  // namespace eventcore::schema
