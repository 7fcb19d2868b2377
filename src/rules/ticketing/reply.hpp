// Replies of the commands that sell: rows the command wrote, as API.md has them.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>

#include "work/reading.hpp"

namespace eventcore::rules::ticketing {

// A row that the command wrote for its caller, whether or not he could view it, without what only managers read.
Result<Json> written_row(work::Reading& reading, const Record& row);
Result<Json> written_rows(work::Reading& reading, std::span<const Record> rows);

}  // namespace eventcore::rules::ticketing
