#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "schema/all.hpp"
#include "schema/check.hpp"
#include "source_tables.hpp"

namespace eventcore::schema {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list(1);
  for (char c : text) {
    if (c == ' ')
      list.emplace_back();
    else
      list.back() += c;
  }
  return list;
}

const ColumnDef& column(std::string_view table, std::string_view name) {
  static const ColumnDef none{};
  const TableDef* t = find_table(table);
  const ColumnDef* c = t == nullptr ? nullptr : t->find(name);
  EXPECT_NE(c, nullptr) << table << "." << name;
  return c == nullptr ? none : *c;
}

bool unique_over(std::string_view table, std::vector<std::string_view> columns, bool store_wide = false) {
  for (const UniqueDef& u : find_table(table)->uniques) {
    const auto names = u.columns.view();
    if (u.store_wide == store_wide && std::vector<std::string_view>(names.begin(), names.end()) == columns) return true;
  }
  return false;
}

TEST(DeclarationsTest, ThereAre56TablesFoundByNameAndById) {
  EXPECT_EQ(table_count, 56U);
  for (std::size_t i = 0; i < table_count; ++i) {
    EXPECT_EQ(find_table(all_tables[i]->name), all_tables[i]);
    EXPECT_EQ(find_table(static_cast<std::uint16_t>(i + 1)), all_tables[i]);
  }
  EXPECT_EQ(find_table("orders"), nullptr);
  EXPECT_EQ(find_table(std::uint16_t{0}), nullptr);
  EXPECT_EQ(find_table(std::uint16_t{57}), nullptr);
}

TEST(DeclarationsTest, TheFirst42TablesCarryEveryColumnOfTheSource) {
  std::size_t total = 0;
  for (const source::Columns& s : source::columns) {
    const TableDef* t = find_table(s.table);
    ASSERT_NE(t, nullptr) << s.table;
    EXPECT_LE(t->id, 42);
    const auto names = words(s.names);
    EXPECT_EQ(names.size(), static_cast<std::size_t>(s.count));
    total += names.size();
    for (const std::string& name : names) EXPECT_NE(t->find(name), nullptr) << s.table << "." << name;
  }
  EXPECT_EQ(total, 586U);
}

TEST(DeclarationsTest, WhatTheSourceDeclaresNotNullIsNotNull) {
  for (std::string_view path : source::not_null_columns) {
    const std::size_t dot = path.find('.');
    EXPECT_TRUE(column(path.substr(0, dot), path.substr(dot + 1)).is(not_null)) << path;
  }
}

TEST(DeclarationsTest, ReferencesGoWhereTheSourceSaysAndWhoColumnsAreSetToNull) {
  for (const source::Reference& r : source::references) {
    const ColumnDef& c = column(r.table, r.column);
    EXPECT_EQ(c.references, r.to) << r.table << "." << r.column;
    const OnDelete expected = r.cascade ? OnDelete::cascade : r.to == "users" ? OnDelete::set_null : OnDelete::refuse;
    EXPECT_EQ(c.on_delete, expected) << r.table << "." << r.column;
  }
}

TEST(DeclarationsTest, DefaultsAreThoseOfTheSource) {
  for (const source::Default& d : source::defaults)
    EXPECT_EQ(column(d.table, d.column).initial, d.value) << d.table << "." << d.column;
}

TEST(DeclarationsTest, EnumerationsHoldTheValuesOfTheSourceInItsOrder) {
  for (const source::Values& v : source::values) {
    const ColumnDef& c = column(v.table, v.column);
    ASSERT_EQ(c.type, Type::enumeration) << v.table << "." << v.column;
    std::vector<std::string> values(c.values->values.begin(), c.values->values.end());
    EXPECT_EQ(values, words(v.values)) << v.table << "." << v.column;
  }
}

TEST(DeclarationsTest, EnumerationsWithADefaultAreNotNull) {
  for (const source::Values& v : source::values) {
    const ColumnDef& c = column(v.table, v.column);
    if (c.has_initial()) {
      EXPECT_TRUE(c.is(not_null)) << v.table << "." << v.column;
    }
  }
}

TEST(DeclarationsTest, UniqueKeysOfTheSourceArePerOrganizationWithFoldedAddresses) {
  EXPECT_TRUE(unique_over("organizations", {"slug"}, true));
  EXPECT_TRUE(unique_over("users", {"email_folded"}));
  EXPECT_TRUE(unique_over("events", {"slug"}));
  EXPECT_TRUE(unique_over("social_media_platforms", {"platform_name"}) ||
              unique_over("social_media_platforms", {"platform_name"}, true));
  EXPECT_TRUE(unique_over("social_media_accounts", {"platform_id", "account_handle"}));
  EXPECT_TRUE(unique_over("discount_codes", {"event_id", "code_folded"}));
  EXPECT_TRUE(unique_over("ticket_orders", {"order_number"}));
  EXPECT_TRUE(unique_over("tickets", {"ticket_number"}));
  EXPECT_TRUE(
      unique_over("ticket_sales_analytics", {"event_id", "date", "hour", "ticket_category_id", "traffic_source"}));
  EXPECT_TRUE(unique_over("event_categories", {"event_id", "category_name"}));
  EXPECT_TRUE(unique_over("user_skill_assignments", {"user_id", "skill_name"}));
  EXPECT_TRUE(unique_over("event_tags", {"event_id", "tag_name"}));
}

TEST(DeclarationsTest, EveryTenantTableCarriesItsOrganizationSetOnceAndNotNull) {
  for (const TableDef* t : all_tables) {
    if (t->name == "organizations" || t->name == "social_media_platforms") {
      EXPECT_EQ(t->find("organization_id"), nullptr) << t->name;
      continue;
    }
    const ColumnDef& c = column(t->name, "organization_id");
    EXPECT_TRUE(c.is(not_null) && c.is(immutable)) << t->name;
  }
}

TEST(DeclarationsTest, EveryTableBelowAnEventCarriesItsEvent) {
  for (const TableDef* t : all_tables) {
    if (!t->event_source.empty()) {
      EXPECT_NE(t->find("event_id"), nullptr) << t->name;
    }
    if (t->parent.empty()) continue;
    const TableDef* parent = find_table(t->find(t->parent)->references);
    if (parent->name == "events" || parent->find("event_id") != nullptr) {
      EXPECT_NE(t->find("event_id"), nullptr) << t->name;
    }
  }
}

TEST(DeclarationsTest, EveryRowHasVersionAndTimes) {
  for (const TableDef* t : all_tables)
    for (std::string_view name : {"version", "created_at", "updated_at"})
      EXPECT_TRUE(column(t->name, name).is(not_null)) << t->name << "." << name;
}

TEST(DeclarationsTest, IdsThatPrincipalsCarryAreUniqueInTheWholeStore) {
  std::set<std::string_view> found;
  for (const TableDef* t : all_tables)
    if (t->unique_id_store_wide) found.insert(t->name);
  EXPECT_EQ(found, (std::set<std::string_view>{"organizations", "users", "sponsors", "api_keys", "devices"}));
}

TEST(DeclarationsTest, RowsFoundWithoutATenantAreThoseThatCustomersAndServicesName) {
  std::set<std::string_view> found;
  for (const TableDef* t : all_tables)
    if (t->found_without_tenant) found.insert(t->name);
  EXPECT_EQ(found, (std::set<std::string_view>{"organizations", "users", "sponsors", "events", "venues",
                                               "ticket_categories", "ticket_orders", "tickets", "waitlist_entries"}));
}

bool leads(const TableDef& t, std::string_view name) {
  for (const IndexDef& i : t.indexes)
    if (i.columns.names[0] == name) return true;
  for (const UniqueDef& u : t.uniques)
    if (u.columns.names[0] == name) return true;
  return false;
}

TEST(DeclarationsTest, EveryReferenceIsIndexed) {
  for (const TableDef* t : all_tables)
    for (const ColumnDef& c : t->columns)
      if (c.is_reference() && c.name != "organization_id") {
        EXPECT_TRUE(leads(*t, c.name)) << t->name << "." << c.name;
      }
}

TEST(DeclarationsTest, EveryAddressHasAFoldedTwin) {
  for (const TableDef* t : all_tables)
    for (const ColumnDef& c : t->columns)
      if (c.type == Type::text && (c.name == "email" || c.name.ends_with("_email"))) {
        EXPECT_TRUE(check::folded(*t, c.name)) << t->name << "." << c.name;
      }
}

TEST(DeclarationsTest, SealedValuesAreTheThreeSecretsOfTheStore) {
  std::set<std::string> found;
  for (const TableDef* t : all_tables)
    for (const ColumnDef& c : t->columns)
      if (c.type == Type::sealed) found.insert(std::string(t->name) + "." + std::string(c.name));
  EXPECT_EQ(found, (std::set<std::string>{"event_keys.private_key", "integration_secrets.value",
                                          "social_media_accounts.api_credentials"}));
}

TEST(DeclarationsTest, GrantsKeepTheirColumns) {
  const Grants& update = find_table("notifications")->access.update;
  ASSERT_EQ(update.count, 1U);
  EXPECT_EQ(update.list[0].predicate, Predicate::recipient);
  EXPECT_EQ(update.list[0].only.count, 1U);
  EXPECT_TRUE(update.list[0].only.contains("is_read"));
  const Grants& skills = find_table("user_skill_assignments")->access.update;
  ASSERT_EQ(skills.count, 3U);
  EXPECT_EQ(skills.list[2].only.count, 2U);
  EXPECT_TRUE(skills.list[2].only.contains("verified_at"));
}

TEST(DeclarationsTest, KeysAreClosedToProgramsWhereTheAccessPageSaysSo) {
  for (const TableDef* t : all_tables) {
    const std::set<std::string_view> closed{
        "api_keys", "devices", "event_keys", "integration_secrets", "audit_logs", "data_subject_requests"};
    const bool read_only = t->name == "users" || t->name == "organizations";
    const KeyAccess expected = closed.contains(t->name) ? KeyAccess::closed
                               : read_only              ? KeyAccess::read_only
                                                        : KeyAccess::full;
    EXPECT_EQ(t->access.keys, expected) << t->name;
    EXPECT_EQ(group_name(t->access.group), t->domain) << t->name;
  }
}

TEST(DeclarationsTest, NobodyWritesTheAuditChain) {
  const Access& access = find_table("audit_logs")->access;
  for (const Grants* side : {&access.create, &access.update, &access.remove}) {
    EXPECT_EQ(side->count, 1U);
    EXPECT_TRUE(side->has(Predicate::nobody));
  }
  EXPECT_FALSE(column("audit_logs", "organization_id").is_reference());
}

TEST(DeclarationsTest, PredicatesAndGroupsHaveDistinctNames) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Predicate::member_self); ++i) {
    const std::string_view name = predicate_name(static_cast<Predicate>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  for (int i = 0; i <= static_cast<int>(Group::communication); ++i)
    EXPECT_FALSE(group_name(static_cast<Group>(i)).empty()) << i;
}

TEST(DeclarationsTest, ColumnIdsOfSharedColumnsAreTheSameEverywhere) {
  const std::map<std::string_view, int> shared{
      {"id", 1},         {"organization_id", 2}, {"event_id", 3},   {"version", 4},
      {"created_at", 5}, {"updated_at", 6},      {"created_by", 7},
  };
  for (const TableDef* t : all_tables)
    for (const ColumnDef& c : t->columns) {
      const auto at = shared.find(c.name);
      if (at != shared.end()) {
        EXPECT_EQ(c.id, at->second) << t->name << "." << c.name;
      } else {
        EXPECT_GE(c.id, 10) << t->name << "." << c.name;
      }
    }
}

}  // namespace
}  // namespace eventcore::schema
