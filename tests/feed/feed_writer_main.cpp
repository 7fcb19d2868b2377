// A second process that writes while its parent's subscribers follow the feed (feed_property_test.cpp).
//   feed_writer STORE KEY-HEX GROUND SEED WRITES
#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "feed/random_writes.hpp"

int main(int count, char** arguments) {
  using namespace eventcore;
  if (count != 6) return 2;
  OpenOptions options;
  options.path = arguments[1];
  const auto key = from_hex(arguments[2]);
  if (!key) return 2;
  options.key = Key::raw(key.assume_value());
  auto engine = Engine::open(std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().to_json().c_str());
    return 3;
  }
  auto session = engine.assume_value().session(R"({"kind":"service","reason":"feed writer"})");
  if (!session) return 3;
  test::RandomWrites writes(std::move(session).assume_value(), parse_json(arguments[3]).assume_value(),
                            std::strtoull(arguments[4], nullptr, 10));
  for (int left = std::atoi(arguments[5]); left > 0;)
    if (writes.one()) --left;
  return engine.assume_value().close() ? 0 : 4;
}
