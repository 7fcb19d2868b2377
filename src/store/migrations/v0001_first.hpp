// Version 1: the first format. Its tables are those that ddl.cpp derives from the declarations; a later version adds a
// file of its own here that turns its predecessor's tables into its own.
// Thread: constants.
#pragma once

#include "store/migrate.hpp"

namespace eventcore::store::migration {

inline constexpr Migration v0001_first{.version = 1, .name = "first"};

}  // namespace eventcore::store::migration
