// Arguments that several commands share, spelled once.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema::commands {

inline constexpr ArgumentDef organization_argument{.name = "organization_id", .type = Type::uuid, .doc = "The organization meant; needed by sessions that belong to none."};

}  // namespace eventcore::schema::commands
