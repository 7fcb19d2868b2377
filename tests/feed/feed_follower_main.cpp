// A subscriber in another process (feed_property_test.cpp): follows the feed until the file STOP is there and nothing
// comes any more, then writes {"next": ..., "changes": [...]} to OUT.
//   feed_follower STORE KEY-HEX PRINCIPAL SINCE SEED STOP OUT
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "feed/another_process.hpp"
#include "feed/follow.hpp"

int main(int count, char** arguments) {
  using namespace eventcore;
  if (count != 8) return 2;
  auto engine = test::open_store_of_parent(arguments[1], arguments[2]);
  if (!engine) return 3;
  std::int64_t since = std::strtoll(arguments[4], nullptr, 10);
  std::vector<Json> got;
  const auto writing = [&] { return access(arguments[6], F_OK) != 0; };
  const std::string wrong =
      test::follow_feed(*engine, arguments[3], std::strtoull(arguments[5], nullptr, 10), writing, since, got);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    return 5;
  }
  std::ofstream out(arguments[7]);
  out << dump({{"next", since}, {"changes", got}});
  if (!out.flush()) return 6;
  return engine->close() ? 0 : 4;
}
