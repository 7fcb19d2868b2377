// Rows in and out, conditions, order and pages, and what each constraint answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "schema/all.hpp"
#include "store/connection.hpp"
#include "store/key_slots.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {
namespace {

namespace tables = schema::tables;

std::uint16_t column(const schema::TableDef& table, std::string_view name) {
  return static_cast<std::uint16_t>(table.index_of(name));
}
std::uint16_t venue(std::string_view name) {
  return column(tables::venues, name);
}

class RowsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::open(test::options_for(folder_.path("shop.ecdb")), around_.environment());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(opened.assume_value());
    ASSERT_TRUE(test::put_organization(*store_, organization_, "first"));
    ASSERT_TRUE(test::put_organization(*store_, other_, "second"));
  }
  Status put(const Record& row) {
    return store_->write([&](Writer& writer) { return test::put(writer, row); });
  }
  Status armed(const Job& job) {
    return store_->write([&](Writer& writer) {
      writer.arm(true);
      return job(writer);
    });
  }
  std::vector<Record> list(const Query& query) {
    std::vector<Record> rows;
    const Status read = store_->read([&](Reader& reader) -> Status {
      EC_TRY(found, reader.list(query));
      rows = std::move(found);
      return ok();
    });
    EXPECT_TRUE(read) << read.error().message();
    return rows;
  }
  Query all_venues() {
    Query query;
    query.table = &tables::venues;
    query.organization = organization_;
    return query;
  }

  test::TestFolder folder_;
  test::Surroundings around_;
  Uuid organization_ = around_.ids.next();
  Uuid other_ = around_.ids.next();
  std::unique_ptr<Store> store_;
};

TEST_F(RowsTest, ARowComesBackAsItWasWritten) {
  Record row = test::venue_row(organization_, around_.ids.next(), "Grüne Halle");
  row.set("city", "");
  row.set("venue_type", "indoor");
  row.set("amenities", R"(["bar","wifi"])");
  ASSERT_TRUE(put(row));
  ASSERT_TRUE(store_->read([&](Reader& reader) -> Status {
    EC_TRY(found, reader.get(tables::venues, organization_, row.id()));
    for (std::size_t i = 0; i < tables::venues.columns.size(); ++i)
      EXPECT_EQ(found->at(i), row.at(i)) << tables::venues.columns[i].name;
    EC_TRY(short_only, reader.get(tables::venues, organization_, row.id(), ColumnSet::short_only(tables::venues)));
    EXPECT_TRUE(short_only->find("address")->is_unread());
    EXPECT_EQ(short_only->find("name")->text(), "Grüne Halle");
    EC_TRY(foreign, reader.get(tables::venues, other_, row.id()));
    EXPECT_FALSE(foreign.has_value());
    EC_TRY(anywhere, reader.get_anywhere(tables::venues, row.id(), 2));
    EXPECT_EQ(anywhere.size(), 1U);
    return ok();
  }));
}

TEST_F(RowsTest, AnUpdateWritesOnlyWhatItNamesAndAnEraseRemoves) {
  const Record row = test::venue_row(organization_, around_.ids.next(), "before");
  ASSERT_TRUE(put(row));
  const Changes changes{{venue("name"), Value("after")}, {venue("version"), Value(2)}};
  ASSERT_TRUE(armed([&](Writer& writer) { return writer.update(tables::venues, organization_, row.id(), changes); }));
  EXPECT_EQ(list(all_venues()).at(0).find("name")->text(), "after");
  const Status foreign =
      armed([&](Writer& writer) { return writer.update(tables::venues, other_, row.id(), changes); });
  EXPECT_EQ(foreign.error().code(), Errc::not_found);
  ASSERT_TRUE(armed([&](Writer& writer) { return writer.erase(tables::venues, organization_, row.id()); }));
  EXPECT_TRUE(list(all_venues()).empty());
}

TEST_F(RowsTest, WhatIsNotThereIsNeitherChangedNorErased) {
  const Record row = test::venue_row(organization_, around_.ids.next(), "here");
  ASSERT_TRUE(put(row));
  const Changes renamed{{venue("name"), Value("renamed")}};
  for (const auto& [tenant, id] : {std::pair(organization_, around_.ids.next()), std::pair(other_, row.id())}) {
    const auto update = [&, where = tenant, which = id](Writer& writer) {
      return writer.update(tables::venues, where, which, renamed);
    };
    const auto erase = [&, where = tenant, which = id](Writer& writer) {
      return writer.erase(tables::venues, where, which);
    };
    EXPECT_EQ(armed(update).error().code(), Errc::not_found);
    EXPECT_EQ(armed(erase).error().code(), Errc::not_found);
  }
  EXPECT_TRUE(armed([&](Writer& writer) { return writer.update(tables::venues, organization_, row.id(), {}); }));
  EXPECT_EQ(armed([&](Writer& writer) { return writer.create_tenant_key(organization_); }).error().code(),
            Errc::already_exists)
      << "another key would make what is sealed unreadable";
  EXPECT_EQ(list(all_venues()).at(0).find("name")->text(), "here");
}

// Whoever makes a query checks what he names; the store does not trust that.
TEST_F(RowsTest, AQueryThatNamesNoColumnIsRefused) {
  constexpr std::uint16_t nowhere = 999;
  const auto refused = [&](const std::function<Status(Reader&)>& read) {
    const Status status = store_->read(read);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), Errc::internal);
  };
  const auto query = [&](const std::function<void(Query&)>& spoil) {
    refused([&](Reader& reader) -> Status {
      Query asked = all_venues();
      spoil(asked);
      EC_TRYV(reader.list(asked));
      return ok();
    });
  };
  query([](Query& asked) { asked.where = Expr::is_null(nowhere); });
  query([](Query& asked) { asked.order = {{nowhere, false}}; });
  query([](Query& asked) { asked.where = Expr::compare(venue("name"), Expr::Op::eq, Value::unread()); });
  query([](Query& asked) {
    asked.order = {{venue("name"), false}};
    asked.after = {Value("a")};
  });
  query([](Query& asked) { asked.after = {Value(Uuid{}), Value(Uuid{}), Value(Uuid{})}; });
  const auto aggregate = [&](const std::function<void(Aggregate&)>& spoil) {
    refused([&](Reader& reader) -> Status {
      Aggregate asked;
      asked.table = &tables::venues;
      asked.organization = organization_;
      spoil(asked);
      EC_TRYV(reader.aggregate(asked));
      return ok();
    });
  };
  aggregate([](Aggregate&) {});
  aggregate([](Aggregate& asked) { asked.group_by = {nowhere}; });
  aggregate([](Aggregate& asked) { asked.measures = {{Aggregate::Kind::sum, nowhere}}; });
}

// STRICT keeps types; only bytes that are no id can stand where one belongs, put there by another program.
TEST_F(RowsTest, AnIdThatIsNoIdInTheFileIsCorrupt) {
  const Record row = test::venue_row(organization_, around_.ids.next(), "here");
  ASSERT_TRUE(put(row));
  ASSERT_TRUE(store_->close());
  auto slots = KeySlots::open(system_files(), folder_.path("shop.keys"), KeyInput::raw(test::test_key));
  ASSERT_TRUE(slots);
  {
    ConnectionOptions how;
    how.path = folder_.path("shop.ecdb");
    how.role = ConnectionOptions::Role::writer;
    auto writer = Connection::open(how, slots.assume_value().keys(), around_.random);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer.assume_value()->execute("PRAGMA ignore_check_constraints=ON"));
    ASSERT_TRUE(writer.assume_value()->execute("UPDATE venues SET id = x'0102'"));
  }
  auto opened = Store::open(test::options_for(folder_.path("shop.ecdb")), around_.environment());
  ASSERT_TRUE(opened) << opened.error().message();
  const Status read = opened.assume_value()->read([&](Reader& reader) -> Status {
    EC_TRYV(reader.list(all_venues()));
    return ok();
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::store_corrupt);
}

TEST_F(RowsTest, ATakenKeyNamesItsColumns) {
  const Status twice = put(test::organization_row(around_.ids.next(), "first"));
  ASSERT_EQ(twice.error().code(), Errc::already_exists);
  EXPECT_EQ(twice.error().detail().fields.at(0).field, "slug");
  const Record row = test::venue_row(organization_, around_.ids.next(), "once");
  ASSERT_TRUE(put(row));
  const Status again = put(row);
  ASSERT_EQ(again.error().code(), Errc::already_exists);
  EXPECT_EQ(again.error().detail().fields.at(0).field, "id");
  EXPECT_TRUE(put(test::venue_row(other_, row.id(), "same id, other tenant")));
}

TEST_F(RowsTest, AValueOutsideItsColumnIsAViolatedInvariant) {
  Record row = test::venue_row(organization_, around_.ids.next(), "odd");
  row.set("venue_type", "underwater");
  const Status refused = put(row);
  ASSERT_EQ(refused.error().code(), Errc::invariant_violated);
  EXPECT_EQ(refused.error().detail().fields.at(0).field, "venue_type");
  row.set("venue_type", Value());
  row.set("max_capacity", -1);
  EXPECT_EQ(put(row).error().code(), Errc::invariant_violated);
  row.set("max_capacity", "many");
  EXPECT_EQ(put(row).error().code(), Errc::internal);
}

TEST_F(RowsTest, AReferenceIntoAnotherTenantDoesNotExist) {
  const Status lost = put(test::venue_row(around_.ids.next(), around_.ids.next(), "no such tenant"));
  ASSERT_EQ(lost.error().code(), Errc::reference_not_found);
  EXPECT_EQ(lost.error().detail().fields.at(0).field, "organization_id");
  ASSERT_TRUE(put(test::venue_row(organization_, around_.ids.next(), "a")));
  const Status kept =
      armed([&](Writer& writer) { return writer.erase(tables::organizations, organization_, organization_); });
  ASSERT_EQ(kept.error().code(), Errc::still_referenced);
  EXPECT_EQ(kept.error().detail().facts.at(0).second, "venues");
}

// Random rows, random conditions: SQL and memory must agree.
class RandomExpr {
 public:
  explicit RandomExpr(unsigned seed) : engine_(seed) {}
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  std::string text() {
    static const char* const texts[] = {"", "a", "ab", "abc", "b", "B", "ä", "äb", "\U0001F3AB", "a%", "_"};
    return texts[below(11)];
  }
  Expr make(int depth) {
    if (depth > 0 && below(3) > 0) {
      std::vector<Expr> children;
      for (int i = below(3); i >= 0; --i) children.push_back(make(depth - 1));
      switch (below(3)) {
        case 0: return Expr::all_of(std::move(children));
        case 1: return Expr::any_of(std::move(children));
        default: return Expr::negate(std::move(children.front()));
      }
    }
    switch (below(7)) {
      case 0: return Expr::is_null(venue("city"));
      case 1: return Expr::prefix(venue(below(2) == 0 ? "city" : "name"), text());
      case 2: return Expr::contains(venue("city"), text());
      case 3: return Expr::contains(venue("amenities"), text());
      case 4: return Expr::in_list(venue("city"), {any_value(), Value(text()), any_value()});
      case 5: return Expr::compare(venue("max_capacity"), op(), below(4) == 0 ? any_value() : Value(below(4)));
      default: return Expr::compare(venue("city"), op(), below(4) == 0 ? any_value() : Value(text()));
    }
  }

 private:
  // Also of a type that the column does not have: such a value equals nothing and is neither less nor more.
  Value any_value() {
    switch (below(5)) {
      case 0: return Value();
      case 1: return Value(below(4));
      case 2: return Value(Uuid{});
      case 3: return Value(Bytes{1, 2});
      default: return Value(text());
    }
  }
  Expr::Op op() { return static_cast<Expr::Op>(below(6)); }
  std::mt19937 engine_;
};

TEST_F(RowsTest, ConditionsMeanTheSameInSqlAndInMemory) {
  RandomExpr random(20'261);
  std::vector<Record> rows;
  ASSERT_TRUE(armed([&](Writer& writer) -> Status {
    for (int i = 0; i < 60; ++i) {
      Record row = test::venue_row(organization_, around_.ids.next(), random.text());
      if (random.below(3) > 0) row.set("city", random.text());
      if (random.below(3) > 0) row.set("amenities", "[\"" + random.text() + "\",\"a\"]");
      row.set("max_capacity", random.below(4));
      EC_TRYV(writer.insert(row));
      rows.push_back(row);
    }
    return writer.insert(test::venue_row(other_, around_.ids.next(), "a"));
  }));
  for (int i = 0; i < 600; ++i) {
    Query query = all_venues();
    query.where = random.make(3);
    std::vector<Uuid> expected;
    for (const Record& row : rows)
      if (holds_in_memory(query.where, row)) expected.push_back(row.id());
    std::vector<Uuid> found;
    for (const Record& row : list(query)) found.push_back(row.id());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found, expected) << "round " << i;
  }
}

TEST_F(RowsTest, OneOfVeryManyIdsIsFoundAsOneOfFew) {
  std::vector<Record> rows;
  ASSERT_TRUE(armed([&](Writer& writer) -> Status {
    for (int i = 0; i < 60; ++i) {
      rows.push_back(test::venue_row(organization_, around_.ids.next(), "a"));
      EC_TRYV(writer.insert(rows.back()));
    }
    return ok();
  }));
  std::mt19937 random(20'262);
  for (const std::size_t size : {1U, 32U, 33U, 500U}) {
    std::vector<Value> ids;
    for (std::size_t i = 0; i < size; ++i)
      ids.emplace_back(i % 2 == 0 ? rows[i % rows.size()].id() : around_.ids.next());
    std::shuffle(ids.begin(), ids.end(), random);
    ids.emplace_back();
    const Expr listed = Expr::in_list(venue("id"), ids);
    for (const Expr& where : {listed, Expr::negate(listed)}) {
      std::vector<Uuid> expected;
      for (const Record& row : rows)
        if (holds_in_memory(where, row)) expected.push_back(row.id());
      for (const std::int64_t limit : {-1, 1'000}) {
        Query query = all_venues();
        query.where = where;
        query.limit = limit;
        std::vector<Uuid> found;
        for (const Record& row : list(query)) found.push_back(row.id());
        EXPECT_EQ(found, expected) << size << " ids, limit " << limit;
      }
    }
  }
}

TEST_F(RowsTest, PagesInAnyOrderAreTheWholeListOnce) {
  RandomExpr random(7);
  ASSERT_TRUE(armed([&](Writer& writer) -> Status {
    for (int i = 0; i < 50; ++i) {
      Record row = test::venue_row(organization_, around_.ids.next(), random.text());
      if (random.below(3) > 0) row.set("city", random.text());
      row.set("max_capacity", random.below(3));
      EC_TRYV(writer.insert(row));
    }
    return ok();
  }));
  const std::vector<std::vector<Order>> orders{
      {},
      {{venue("city"), false}},
      {{venue("city"), true}},
      {{venue("max_capacity"), true}, {venue("city"), false}},
      {{venue("city"), true}, {venue("max_capacity"), false}, {venue("name"), true}},
  };
  for (const std::vector<Order>& order : orders) {
    for (const bool one_tenant : {true, false}) {
      Query query = all_venues();
      query.order = order;
      if (!one_tenant) query.organization.reset();
      const std::vector<Record> whole = list(query);
      ASSERT_EQ(whole.size(), 50U);
      std::vector<Uuid> paged;
      query.limit = 7;
      while (true) {
        const std::vector<Record> page = list(query);
        for (const Record& row : page) paged.push_back(row.id());
        if (page.size() < 7) break;
        query.after.clear();
        for (const Order& key : order) query.after.push_back(page.back().at(key.column));
        query.after.emplace_back(page.back().id());
      }
      std::vector<Uuid> expected;
      for (const Record& row : whole) expected.push_back(row.id());
      EXPECT_EQ(paged, expected);
    }
  }
}

TEST_F(RowsTest, NullSortsLastAscendingAndFirstDescending) {
  Record with = test::venue_row(organization_, around_.ids.next(), "with");
  with.set("city", "Bern");
  ASSERT_TRUE(put(test::venue_row(organization_, around_.ids.next(), "without")));
  ASSERT_TRUE(put(with));
  Query query = all_venues();
  query.order = {{venue("city"), false}};
  EXPECT_EQ(list(query).front().find("name")->text(), "with");
  query.order = {{venue("city"), true}};
  EXPECT_EQ(list(query).front().find("name")->text(), "without");
}

TEST_F(RowsTest, ParentsAndChildrenAreLookedUpInTheSameTenant) {
  ASSERT_TRUE(put(test::venue_row(organization_, around_.ids.next(), "hall")));
  Query venues = all_venues();
  venues.organization.reset();
  const std::uint16_t tenant = venue("organization_id");
  const std::uint16_t slug = column(tables::organizations, "slug");
  venues.where = Expr::parent(tenant, tables::organizations, Expr::equals(slug, "first"));
  EXPECT_EQ(list(venues).size(), 1U);
  venues.where = Expr::parent(tenant, tables::organizations, Expr::equals(slug, "second"));
  EXPECT_TRUE(list(venues).empty());
  Query organizations;
  organizations.table = &tables::organizations;
  organizations.where = Expr::child(tables::venues, tenant, Expr::equals(venue("name"), "hall"));
  ASSERT_EQ(list(organizations).size(), 1U);
  EXPECT_EQ(list(organizations).front().id(), organization_);
  organizations.where = Expr::negate(std::move(organizations.where));
  EXPECT_EQ(list(organizations).front().id(), other_);
}

TEST_F(RowsTest, SumsAreExactOrAnError) {
  for (const std::int64_t capacity : {1, 2, 3}) {
    Record row = test::venue_row(organization_, around_.ids.next(), capacity == 3 ? "b" : "a");
    row.set("max_capacity", capacity);
    ASSERT_TRUE(put(row));
  }
  Aggregate aggregate;
  aggregate.table = &tables::venues;
  aggregate.organization = organization_;
  aggregate.group_by = {venue("name")};
  aggregate.measures = {{Aggregate::Kind::count, 0},
                        {Aggregate::Kind::sum, venue("max_capacity")},
                        {Aggregate::Kind::max, venue("max_capacity")}};
  ASSERT_TRUE(store_->read([&](Reader& reader) -> Status {
    EC_TRY(rows, reader.aggregate(aggregate));
    EXPECT_EQ(rows, (std::vector<std::vector<Value>>{{Value("a"), Value(2), Value(3), Value(2)},
                                                     {Value("b"), Value(1), Value(3), Value(3)}}));
    return ok();
  }));
  for (int i = 0; i < 2; ++i) {
    Record row = test::venue_row(organization_, around_.ids.next(), "b");
    row.set("max_capacity", std::numeric_limits<std::int64_t>::max());
    ASSERT_TRUE(put(row));
  }
  const Status overflow = store_->read([&](Reader& reader) -> Status {
    EC_TRYV(reader.aggregate(aggregate));
    return ok();
  });
  EXPECT_EQ(overflow.error().code(), Errc::invalid_argument);
}

TEST_F(RowsTest, SealedValuesOpenWithTheTenantsKeyOnly) {
  Record row(tables::integration_secrets);
  row.set("id", around_.ids.next());
  row.set("organization_id", organization_);
  for (std::size_t i = 2; i < tables::integration_secrets.columns.size(); ++i) {
    const schema::ColumnDef& def = tables::integration_secrets.columns[i];
    if (def.type == schema::Type::enumeration) row.at(i) = Value(def.values->values[0]);
    if (def.type == schema::Type::integer || def.type == schema::Type::timestamptz) row.at(i) = Value(1);
    if (def.type == schema::Type::boolean) row.at(i) = Value(true);
    if (def.type == schema::Type::text) row.at(i) = Value("name");
  }
  row.set("value", "the secret");
  const Status done = put(row);
  ASSERT_TRUE(done) << done.error().to_json();
  const auto value = column(tables::integration_secrets, "value");
  const auto reveal = [&](Reader& reader) -> Status {
    EC_TRY(found, reader.get(tables::integration_secrets, organization_, row.id()));
    EXPECT_TRUE(found->at(value).is_bytes());
    EC_TRY(secret, reader.open_sealed(*found, value));
    EXPECT_EQ(as_text(secret.view()), "the secret");
    EC_TRY(one, reader.keyed_digest(organization_, "test", "a"));
    EC_TRY(two, reader.keyed_digest(other_, "test", "a"));
    EXPECT_NE(one, two);
    return ok();
  };
  EXPECT_TRUE(store_->read(reveal));
  ASSERT_TRUE(store_->write([&](Writer& writer) { return writer.destroy_tenant_key(organization_); }));
  EXPECT_EQ(store_->read(reveal).error().code(), Errc::not_found);
}

TEST_F(RowsTest, FeedChainAndRepliesKeepWhatTheyAreGiven) {
  FeedRow change;
  change.organization = organization_;
  change.table = 1;
  change.row = organization_;
  const Digest scope{1};
  ASSERT_TRUE(store_->write([&](Writer& writer) -> Status {
    for (std::int64_t i = 1; i <= 5; ++i) {
      change.seq = i;
      change.time = i * 10;
      EC_TRYV(writer.append_change(change));
    }
    EC_TRYV(writer.set_chain_head(organization_, {5, Digest{7}, 5, {}}));
    EC_TRYV(writer.remember(scope, {Digest{2}, "reply", 10}));
    return writer.forget_changes_before(30, 100);
  }));
  ASSERT_TRUE(store_->read([&](Reader& reader) -> Status {
    EC_TRY(head, reader.chain_head(organization_));
    EXPECT_EQ(head.seq, 5);
    EXPECT_EQ(head.hash, Digest{7});
    EC_TRY(seq, reader.store_seq());
    EXPECT_EQ(seq, 5);
    EC_TRY(first, reader.first_change_kept(organization_));
    EXPECT_EQ(first, 3);
    EC_TRY(changes, reader.changes(organization_, 3, 10));
    EXPECT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes.front().seq, 4);
    EC_TRY(stored, reader.idempotency(scope));
    EXPECT_EQ(stored->reply, "reply");
    return ok();
  }));
  ASSERT_TRUE(store_->write([&](Writer& writer) { return writer.forget_idempotency_before(11, 10); }));
  ASSERT_TRUE(store_->read([&](Reader& reader) -> Status {
    EC_TRY(stored, reader.idempotency(scope));
    EXPECT_FALSE(stored.has_value());
    return ok();
  }));
}

// What a write turn has read or written is kept for its later jobs: never beyond what they would read themselves.
TEST_F(RowsTest, AJobSeesRowsAsItsTurnLeftThemAndNothingOfAJobThatFailed) {
  const Uuid id = around_.ids.next();
  ASSERT_TRUE(put(test::venue_row(organization_, id, "Before")));
  const auto turn = store_->begin();
  ASSERT_TRUE(turn);
  WriteTurn& held = *turn.assume_value();
  const auto name_is = [&](const std::string& name) {
    return held.run([&](Writer& writer) -> Status {
      EC_TRY(row, writer.get(tables::venues, organization_, id));
      EXPECT_EQ(row ? row->at(venue("name")).text() : "", name);
      EC_TRY(elsewhere, writer.get(tables::venues, other_, id));
      EXPECT_FALSE(elsewhere);
      return ok();
    });
  };
  const auto rename = [&](const std::string& name, Status end) {
    return held.run([&](Writer& writer) -> Status {
      writer.arm(true);
      EC_TRYV(writer.update(tables::venues, organization_, id, {{venue("name"), Value(name)}}));
      EC_TRY(row, writer.get(tables::venues, organization_, id));
      EXPECT_EQ(row->at(venue("name")).text(), name);
      return end;
    });
  };
  EXPECT_TRUE(name_is("Before"));
  EXPECT_TRUE(rename("Renamed", ok()));
  EXPECT_TRUE(name_is("Renamed"));
  EXPECT_FALSE(rename("Failed", Errc::wrong_state));
  EXPECT_TRUE(name_is("Renamed"));
  EXPECT_TRUE(held.run([&](Writer& writer) -> Status {
    writer.arm(true);
    return writer.erase(tables::venues, organization_, id);
  }));
  EXPECT_TRUE(name_is(""));
}

}  // namespace
}  // namespace eventcore::store
