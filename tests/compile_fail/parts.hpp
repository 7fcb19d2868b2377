// A declaration that passes every check, to be spoilt in one place by each file of this folder.
#pragma once

#include <array>

#include "schema/check.hpp"

namespace eventcore::schema {

inline constexpr std::string_view colours_values[] = {"red", "green"};
inline constexpr EnumDef colours{"colours", colours_values};

inline constexpr std::array right_columns = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    ColumnDef{.id = 10, .name = "email", .flags = not_null, .personal = about("email"), .doc = "Address."},
    ColumnDef{.id = 11,
              .name = "email_folded",
              .flags = not_null | engine_column | internal,
              .folds = "email",
              .personal = about("email"),
              .doc = "Address folded."},
    ColumnDef{.id = 12,
              .name = "colour",
              .type = Type::enumeration,
              .values = &colours,
              .initial = "red",
              .personal = not_personal,
              .doc = "Colour."},
    ColumnDef{.id = 13,
              .name = "price",
              .type = Type::money,
              .precision = 10,
              .min = 0,
              .personal = not_personal,
              .doc = "Price."},
    ColumnDef{.id = 14, .name = "notes", .flags = long_column, .personal = about("notes"), .doc = "Notes."},
    ColumnDef{.id = 15,
              .name = "owner_id",
              .type = Type::uuid,
              .references = "users",
              .on_delete = OnDelete::set_null,
              .personal = not_personal,
              .doc = "Owner."},
    ColumnDef{.id = 16,
              .name = "secret",
              .type = Type::sealed,
              .flags = long_column,
              .personal = not_personal,
              .doc = "Secret."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};

inline constexpr TableDef right{
    .id = 100,
    .name = "things",
    .domain = "events",
    .columns = right_columns,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {.view = {Predicate::event_reader},
               .create = {Predicate::event_editor},
               .update = {Predicate::event_editor},
               .remove = {Predicate::nobody}},
    .doc = "Things.",
};
static_assert(consteval_check(right));

// The right columns with one of them changed.
template <typename Change>
consteval auto columns_with(std::string_view name, Change change) {
  auto columns = right_columns;
  for (ColumnDef& c : columns)
    if (c.name == name) change(c);
  return columns;
}

// The right table with something changed.
template <typename Change>
consteval TableDef table_with(Change change) {
  TableDef t = right;
  change(t);
  return t;
}

}  // namespace eventcore::schema
