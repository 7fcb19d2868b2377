// What a declaration of the domain looks like: tables, columns, enums, state machines, commands.
// Plain constexpr data; everything else (DDL, validation, JSON, policies, audit, docs, constants) is derived by loops
// or by tools/schema_gen. Numeric ids are given once and never reused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "schema/policies.hpp"

namespace eventcore::schema {

// Logical types; DESIGN.md section 3 says how each is stored and how it looks in JSON.
enum class Type : std::uint8_t {
  uuid,
  text,
  boolean,
  integer,
  money,        // int64 in 1/10,000 units of the row's currency
  decimal,      // int64 scaled by 10^scale
  timestamptz,  // int64 microseconds UTC
  date,         // ISO text
  enumeration,
  json,
  text_array,
  uuid_array,
  point,  // {"x": decimal text, "y": decimal text}
  inet,
  sealed,  // JSON or text sealed with the tenant's key; never in an answer
  blob,    // digests and public keys, hex in JSON
};

enum Flag : std::uint32_t {
  none = 0,
  not_null = 1U << 0,
  engine_column = 1U << 1,  // callers cannot write it
  immutable = 1U << 2,      // set at insert, never changed
  long_column = 1U << 3,    // free text, JSON, sealed: no filter, no order, no policy; may overflow the page
  internal = 1U << 4,       // engine-only (folded twins); never leaves the engine
  derived = 1U << 5,        // computed by the engine from other rows or columns; implies engine_column
  import_only = 1U << 6,    // a service import may set it (created_by)
};

constexpr Flag operator|(Flag a, Flag b) {
  return static_cast<Flag>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

struct EnumDef {
  std::string_view name;
  std::span<const std::string_view> values;
};

// What happens to the referring row when the referenced one goes. All of it is done by the unit of work, row by row
// with audit and change; in SQL every key is NO ACTION.
enum class OnDelete : std::uint8_t {
  not_a_reference,
  cascade,   // the row goes too
  set_null,  // "who" columns
  refuse,    // still_referenced
};

// Whether a value is about a person and, if so, whose: `subject` names the column of the same row that identifies the
// person (an e-mail or a user id). Every column must say it; there is no default.
struct Personal {
  enum class Kind : std::uint8_t { unset, no, yes };
  Kind kind = Kind::unset;
  std::string_view subject{};
};
inline constexpr Personal not_personal{Personal::Kind::no, {}};
constexpr Personal about(std::string_view subject) {
  return {Personal::Kind::yes, subject};
}

inline constexpr std::int64_t no_min = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t no_max = std::numeric_limits<std::int64_t>::max();

struct ColumnDef {
  std::uint16_t id = 0;
  std::string_view name{};
  Type type = Type::text;
  Flag flags = none;
  const EnumDef* values = nullptr;  // Type::enumeration
  std::string_view references{};    // table name; composite with organization_id
  OnDelete on_delete = OnDelete::not_a_reference;
  std::string_view initial{};  // default: text as is, others as JSON text; "now" for timestamptz
  std::uint8_t precision = 0;  // decimal(p, s); money: at most p digits in all
  std::uint8_t scale = 0;
  std::int64_t min = no_min;  // in stored units (money and decimal scaled)
  std::int64_t max = no_max;
  std::uint32_t length_max = 0;  // 0: the type's own limit (RULES section 0)
  std::string_view folds{};      // internal column: holds fold(of that column)
  Personal personal{};
  std::string_view doc{};

  [[nodiscard]] constexpr bool is(Flag f) const {
    return (static_cast<std::uint32_t>(flags) & static_cast<std::uint32_t>(f)) != 0;
  }
  [[nodiscard]] constexpr bool has_initial() const { return initial.data() != nullptr; }
  [[nodiscard]] constexpr bool is_reference() const { return !references.empty(); }
  [[nodiscard]] constexpr bool caller_writable() const { return !is(engine_column) && !is(derived) && !is(internal); }
};

// A key over columns of one table; organization_id comes first in every one (added by the DDL).
// `unless_null`: rows where that column is null are not bound; otherwise null counts as a value (RULES section 0).
struct UniqueDef {
  std::string_view name{};
  Columns columns{};
  std::string_view unless_null{};
  bool store_wide = false;  // organizations.slug
};

struct IndexDef {
  std::string_view name{};
  Columns columns{};
  bool store_wide = false;         // id lookups without a tenant
  std::string_view unless_null{};  // rows where this column is null are left out
};

// A CHECK that spans columns; written as SQL once, printed to the reference, and named in the unit of work.
struct CheckDef {
  std::string_view name{};
  std::string_view sql{};
  std::string_view doc{};
};

// How organization_id of a new row is found: given (root tables), or copied from the row that `parent` refers to.
struct TableDef {
  std::uint16_t id = 0;
  std::string_view name{};
  std::string_view domain{};  // the section of spec/ACCESS.md
  std::span<const ColumnDef> columns{};
  std::span<const UniqueDef> uniques{};
  std::span<const IndexDef> indexes{};
  std::span<const CheckDef> checks{};
  std::string_view parent{};        // reference column that leads to the tenant; empty: organization_id is given
  std::string_view event_source{};  // column whose row gives event_id; "event_id" when callers give it; empty: no event
  bool global = false;              // social_media_platforms: no tenant
  bool unique_id_store_wide = false;  // organizations, users, sponsors, api_keys, devices
  bool found_without_tenant = false;  // RULES section 0, Tenancy
  Columns
      searched{};  // found by the beginning of any word of these columns; the store keeps the words (store/words.hpp)
  Access access{};
  std::string_view doc{};

  [[nodiscard]] constexpr const ColumnDef* find(std::string_view column) const {
    for (const ColumnDef& c : columns)
      if (c.name == column) return &c;
    return nullptr;
  }
  [[nodiscard]] constexpr int index_of(std::string_view column) const {
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].name == column) return static_cast<int>(i);
    return -1;
  }
};

struct Transition {
  std::string_view from{};
  std::string_view to{};
};

// A state column moves only along these; a new row starts in `initial` (RULES section 8).
struct StateMachine {
  std::string_view table{};
  std::string_view column{};
  std::string_view initial{};
  std::span<const Transition> transitions{};
};

// Who may run a command; the finer test (event_editor of that event, box_office, ...) is a Predicate put to the row
// that `subject` names, evaluated inside the unit of work.
enum class Runs : std::uint8_t {
  service_only,
  by_predicates,  // `allow` on the subject's event or organization, service always
  by_writes,      // needs the rights of the writes it stands for
  anyone,         // decided by what the caller may view
};

// One argument of a command. Arrays and objects nest through `fields`.
struct ArgumentDef {
  std::string_view name{};
  Type type = Type::text;
  bool required = false;
  bool array = false;  // a list of `type` (or of objects when fields are given)
  const EnumDef* values = nullptr;
  std::span<const ArgumentDef> fields{};  // an object
  std::string_view initial{};             // default as JSON text
  std::int64_t min = no_min;
  std::int64_t max = no_max;
  std::uint32_t length_max = 0;
  std::string_view doc{};
};

// Whether a command that writes goes on from the store's reserve when the disk is full (store/reserve.hpp).
enum class OnFullDisk : std::uint8_t { refused, goes_on };

struct CommandDef {
  std::uint16_t id = 0;
  std::string_view name{};
  std::string_view domain{};
  bool mutates = true;
  Runs runs = Runs::service_only;
  Grants allow{};            // Runs::by_predicates
  std::string_view group{};  // key group that may run it, "" none
  std::span<const ArgumentDef> arguments{};
  std::span<const std::string_view> errors{};  // 5xxx and 4xxx codes in order of precedence
  std::string_view reply{};                    // one line for the reference
  OnFullDisk on_full_disk = OnFullDisk::refused;
  std::string_view shown_once{};  // a secret member of the reply: a replay answers null in its place
  std::string_view doc{};
};

inline constexpr std::uint32_t name_length_max = 200;          // characters
inline constexpr std::uint32_t indexed_text_bytes_max = 254;   // bytes
inline constexpr std::uint32_t free_text_length_max = 20'000;  // characters
inline constexpr std::uint32_t json_bytes_max = 256 * 1024;
inline constexpr std::uint32_t json_depth_max = 64;
inline constexpr std::uint32_t request_bytes_max = 4 * 1024 * 1024;

// Columns every table shares, spelled once. Ids 1-9 are theirs in every table.
namespace standard {
inline constexpr ColumnDef id{.id = 1,
                              .name = "id",
                              .type = Type::uuid,
                              .flags = not_null | immutable,
                              .personal = not_personal,
                              .doc = "Row id, UUIDv7, made by the engine unless given."};
inline constexpr ColumnDef organization_id{
    .id = 2,
    .name = "organization_id",
    .type = Type::uuid,
    .flags = not_null | immutable,
    .references = "organizations",
    .on_delete = OnDelete::cascade,
    .personal = not_personal,
    .doc = "Owning organization; filled by the engine where a parent leads to it."};
// The event a dependant belongs to, filled by the engine from its parent and never changed.
inline constexpr ColumnDef event_id_derived{.id = 3,
                                            .name = "event_id",
                                            .type = Type::uuid,
                                            .flags = not_null | engine_column | immutable,
                                            .references = "events",
                                            .on_delete = OnDelete::cascade,
                                            .personal = not_personal,
                                            .doc = "The event the row belongs to, copied from its parent."};
inline constexpr ColumnDef event_id_derived_nullable{
    .id = 3,
    .name = "event_id",
    .type = Type::uuid,
    .flags = engine_column | immutable,
    .references = "events",
    .on_delete = OnDelete::cascade,
    .personal = not_personal,
    .doc = "The event the row belongs to, copied from its parent; null when that has none."};
// The event a row is declared under by its caller.
inline constexpr ColumnDef event_id{.id = 3,
                                    .name = "event_id",
                                    .type = Type::uuid,
                                    .flags = not_null | immutable,
                                    .references = "events",
                                    .on_delete = OnDelete::cascade,
                                    .personal = not_personal,
                                    .doc = "The event the row belongs to."};
inline constexpr ColumnDef event_id_nullable{.id = 3,
                                             .name = "event_id",
                                             .type = Type::uuid,
                                             .flags = immutable,
                                             .references = "events",
                                             .on_delete = OnDelete::cascade,
                                             .personal = not_personal,
                                             .doc = "The event the row belongs to, if any."};
inline constexpr ColumnDef version{.id = 4,
                                   .name = "version",
                                   .type = Type::integer,
                                   .flags = not_null | engine_column,
                                   .initial = "1",
                                   .min = 1,
                                   .personal = not_personal,
                                   .doc = "1, 2, ...: counts the row's writes."};
inline constexpr ColumnDef created_at{.id = 5,
                                      .name = "created_at",
                                      .type = Type::timestamptz,
                                      .flags = not_null | engine_column | immutable,
                                      .initial = "now",
                                      .personal = not_personal,
                                      .doc = "When the row was written first."};
inline constexpr ColumnDef updated_at{.id = 6,
                                      .name = "updated_at",
                                      .type = Type::timestamptz,
                                      .flags = not_null | engine_column,
                                      .initial = "now",
                                      .personal = not_personal,
                                      .doc = "When the row was written last."};
inline constexpr ColumnDef created_by{.id = 7,
                                      .name = "created_by",
                                      .type = Type::uuid,
                                      .flags = engine_column | immutable | import_only,
                                      .references = "users",
                                      .on_delete = OnDelete::set_null,
                                      .personal = not_personal,
                                      .doc = "The user who created the row; null for other principals."};
}  // namespace standard

}  // namespace eventcore::schema
