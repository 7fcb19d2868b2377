// The names of the access predicates. Their meaning is in src/policy (one exhaustive switch for each of the two
// implementations); who holds which on what table is declared with the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace eventcore::schema {

enum class Predicate : std::uint8_t {
  // rules rather than policies: they bind `service` too
  nobody,
  engine,   // only commands and derived data write it; service may insert when it imports
  command,  // only commands write it
  // policies
  everyone,
  service,
  org_user,
  org_member,
  org_manager,
  org_admin,
  org_owner,
  event_reader,
  event_staff,
  event_editor,
  marketing_editor,
  sponsorship_editor,
  box_office,
  any_sponsorship_manager,
  self,
  assignee,
  creator,
  recipient,
  own_sponsor,
  own_order,
  own_ticket,
  own_transfer,        // from_email or to_email is the customer's
  own_waitlist,        // customer_email is the customer's
  conversation_self,   // proposals: the user of the row's conversation
  unapproved_creator,  // ai_generated_content: the creator before approval
  public_event,
  own_ticket_event,
  own_sponsor_event,
  device,
  every_user_and_key,  // any active user, any valid key (shared catalogue)
  campaign_staff,      // event_staff; rows without an event: org_member
  member_self,         // org_member and self at once: self alone lets guests pass
};

std::string_view predicate_name(Predicate p);

// A list of column names with a fixed capacity, so that declarations stay plain constexpr data.
struct Columns {
  static constexpr std::size_t capacity = 14;
  std::array<std::string_view, capacity> names{};
  std::size_t count = 0;

  constexpr Columns() = default;
  constexpr Columns(std::initializer_list<std::string_view> list) {
    for (std::string_view name : list) names[count++] = name;
  }
  [[nodiscard]] constexpr bool empty() const { return count == 0; }
  [[nodiscard]] constexpr bool contains(std::string_view name) const {
    for (std::size_t i = 0; i < count; ++i)
      if (names[i] == name) return true;
    return false;
  }
  [[nodiscard]] constexpr std::span<const std::string_view> view() const { return {names.data(), count}; }
};

// "this predicate, for these columns" (no columns: all of them).
struct Grant {
  Predicate predicate = Predicate::nobody;
  Columns only{};

  constexpr Grant() = default;
  constexpr Grant(Predicate p) : predicate(p) {}  // NOLINT(google-explicit-constructor): a bare name is a grant
  constexpr Grant(Predicate p, Columns columns) : predicate(p), only(columns) {}
};

// Any of the grants suffices. Not written at all (count 0) is a compile error in a table, not a default.
struct Grants {
  static constexpr std::size_t capacity = 6;
  std::array<Grant, capacity> list{};
  std::size_t count = 0;

  constexpr Grants() = default;
  constexpr Grants(std::initializer_list<Grant> grants) {
    for (const Grant& g : grants) list[count++] = g;
  }
  [[nodiscard]] constexpr bool empty() const { return count == 0; }
  [[nodiscard]] constexpr bool has(Predicate p) const {
    for (std::size_t i = 0; i < count; ++i)
      if (list[i].predicate == p) return true;
    return false;
  }
  [[nodiscard]] constexpr std::span<const Grant> view() const { return {list.data(), count}; }
};

// Narrows reading or writing of some columns on top of the row's right. An empty side does not narrow.
struct ColumnRule {
  Columns columns{};
  Grants read{};
  Grants write{};
};

// The key permission groups of spec/ACCESS.md.
enum class Group : std::uint8_t {
  organization,
  events,
  ai,
  marketing,
  sponsorship,
  ticketing,
  analytics,
  communication,
};

std::string_view group_name(Group g);

// What an API key with the table's group may do.
enum class KeyAccess : std::uint8_t { full, read_only, closed };

struct Access {
  Grants view{};
  Grants create{};
  Grants update{};
  Grants remove{};
  Group group = Group::organization;
  KeyAccess keys = KeyAccess::full;
  // Spelled out because g++ 12 cannot evaluate an array default that it left lazy inside a constant table.
  std::array<ColumnRule, 5> column_rules = {ColumnRule{}, ColumnRule{}, ColumnRule{}, ColumnRule{}, ColumnRule{}};

  [[nodiscard]] constexpr bool complete() const {
    return !view.empty() && !create.empty() && !update.empty() && !remove.empty();
  }
};

}  // namespace eventcore::schema
