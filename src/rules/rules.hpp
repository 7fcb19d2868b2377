// The rules room's face: which function carries out which command, and what must always hold of which table.
// A command that writes gets the unit of work, one that only reads a Reading; both run under the caller's principal.
// A command file holds ordered checks, then writes; errors come in the order of its CommandDef.
#pragma once

#include <cstdint>

#include <eventcore/result.hpp>
#include "base/json.hpp"
#include "schema/codec.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules {

using WriteRule = Result<Json> (*)(work::UnitOfWork&, const schema::CommandDef&, const schema::Arguments&);
using ReadRule = Result<Json> (*)(work::Reading&, const schema::CommandDef&, const schema::Arguments&);

struct Rule {
  std::uint16_t command = 0;  // CommandDef::id
  WriteRule write = nullptr;  // exactly one of the two
  ReadRule read = nullptr;
};

const Rule* find_rule(std::uint16_t command);

const work::InvariantTable& invariants();

// command_denied unless the principal may run the command for this subject (a row of events or organizations).
Status require(work::Reading& reading, const schema::CommandDef& command, const Record& subject);

}  // namespace eventcore::rules
