// Small words the rules of every domain use: refusals, stored JSON, and what settings may say.
// Thread: free functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules {

// The failure with every field named under `prefix` ("owner.").
Failure under(std::string_view prefix, const Failure& failure);

// invariant_violated on one column.
Failure broken(Column column, const schema::TableDef& table, std::string reason);

// The tenant a command is about: the argument organization_id, else the session's.
Result<Uuid> organization_of(const work::Reading& reading, const schema::Arguments& arguments);

// JSON of a column, null when the column is.
Result<Json> stored_json(const Value& value);
// Ids of a uuid_array column; what is no id is left out.
std::vector<Uuid> stored_ids(const Value& value);

// Lower-case letters and digits in words joined by single dashes.
bool is_slug(std::string_view text);

// Settings of an event or an organization: the members that rules rely on must have the shape they expect, all others
// are the caller's own. invalid_argument names every bad one ("settings.taxes[0].rate").
Status check_settings(const Value& settings);

// The one row of an aggregate without groups, one number; null (no rows) is 0.
Result<std::int64_t> sum_of(store::Reader& reader, const schema::TableDef& table, const Uuid& organization,
                            Column measured, Expr where);

}  // namespace eventcore::rules
