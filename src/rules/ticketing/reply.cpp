#include "rules/ticketing/reply.hpp"

namespace eventcore::rules::ticketing {

Result<Json> written_row(work::Reading& reading, const Record& row) {
  return reading.show_as_reply(row, {"ip_address", "user_agent"});
}

Result<Json> written_rows(work::Reading& reading, std::span<const Record> rows) {
  Json list = Json::array();
  for (const Record& row : rows) {
    EC_TRY(json, written_row(reading, row));
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace eventcore::rules::ticketing
