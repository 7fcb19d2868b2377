// From predicates to decisions: may this principal see, create, change or delete this row, and which columns of it.
// Whatever no grant gives is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/predicates.hpp"

namespace eventcore::policy {

enum class Operation : std::uint8_t { view, create, update, remove };

std::string_view operation_name(Operation operation);

struct Verdict {
  bool allowed = false;
  std::string policy;         // the grant that allowed it, or all that were tried ("org_admin, self")
  std::vector<bool> columns;  // by column index: readable (view) or writable (create, update)
};

// The condition that every row the principal sees of `table` satisfies.
Expr view_condition(const schema::TableDef& table, const Facts& facts);

// Rows on which the column is readable; always() where reading the row is enough.
Expr readable_condition(const schema::TableDef& table, std::uint16_t column, const Facts& facts);

// Decides on one row in memory. For view, `columns` are the readable ones.
Result<Verdict> decide(Operation operation, const Record& row, const Facts& facts, Related& related);

// Tables whose rows only the engine or commands write: refused before any row is looked at, service included (which
// may insert into engine tables when it imports).
Status may_write_kind(Operation operation, const schema::TableDef& table, const Facts& facts);

// May the principal run the command for this subject (a row of events or organizations)? service always.
Result<bool> may_run(const schema::CommandDef& command, const Record& subject, const Facts& facts, Related& related);

// What an API key's permission stands for: key(group) of spec/ACCESS.md.
bool key_may(Operation operation, const schema::TableDef& table, const Facts& facts);

// Rows of its organization that a key views whatever its permissions: events, and what is seen as its event.
bool key_views_anyway(const Record& row, const Facts& facts);

const schema::Grants& grants_of(const schema::Access& access, Operation operation);

}  // namespace eventcore::policy
