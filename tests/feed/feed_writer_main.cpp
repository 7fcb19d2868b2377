// A second process that writes while its parent's subscribers follow the feed (feed_property_test.cpp).
//   feed_writer STORE KEY-HEX GROUND SEED WRITES
#include <cstdlib>

#include "feed/another_process.hpp"
#include "feed/random_writes.hpp"

int main(int count, char** arguments) {
  using namespace eventcore;
  if (count != 6) return 2;
  auto engine = test::open_store_of_parent(arguments[1], arguments[2]);
  if (!engine) return 3;
  auto session = engine->session(R"({"kind":"service","reason":"feed writer"})");
  if (!session) return 3;
  test::RandomWrites writes(std::move(session).assume_value(), parse_json(arguments[3]).assume_value(),
                            std::strtoull(arguments[4], nullptr, 10));
  for (int left = std::atoi(arguments[5]); left > 0;)
    if (writes.one()) --left;
  return engine->close() ? 0 : 4;
}
