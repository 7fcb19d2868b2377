#include "store/among.hpp"

#include <algorithm>
#include <cstring>

#include "store/statement.hpp"

namespace eventcore::store {

namespace {

constexpr std::size_t id_size = sizeof(Uuid::bytes);

// A first argument that is no uuid is in no set, and null compares as nothing.
void among(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return;
  const auto* id = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[0]));
  if (sqlite3_value_bytes(arguments[0]) != static_cast<int>(id_size)) return sqlite3_result_int(context, 0);
  const auto* set = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[1]));
  std::size_t begin = 0;
  std::size_t end = static_cast<std::size_t>(sqlite3_value_bytes(arguments[1])) / id_size;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const int order = std::memcmp(set + middle * id_size, id, id_size);
    if (order == 0) return sqlite3_result_int(context, 1);
    order < 0 ? begin = middle + 1 : end = middle;
  }
  return sqlite3_result_int(context, 0);
}

}  // namespace

Bytes among_set(std::vector<Uuid> ids) {
  if (!std::is_sorted(ids.begin(), ids.end())) std::sort(ids.begin(), ids.end());
  Bytes set;
  set.reserve(ids.size() * id_size);
  for (const Uuid& id : ids) set.insert(set.end(), id.bytes.begin(), id.bytes.end());
  return set;
}

Status add_among(sqlite3* database) {
  constexpr int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  const int code = sqlite3_create_function_v2(database, "ec_among", 2, how, nullptr, among, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status(ok()) : Status(sqlite_failure(database, code));
}

}  // namespace eventcore::store
