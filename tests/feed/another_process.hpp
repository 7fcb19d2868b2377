// What the programs that feed_property_test.cpp starts have in common: they open the parent's store at the parent's
// time. Thread: one program.
#pragma once

#include <cstdio>
#include <eventcore/engine.hpp>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace eventcore::test {

constexpr std::int64_t parents_time = 1'790'000'000'000'000;  // EngineTest::start_us

inline std::optional<Engine> open_store_of_parent(const char* path, const char* key_hex) {
  OpenOptions options;
  options.path = path;
  const auto key = from_hex(key_hex);
  if (!key) return std::nullopt;
  options.key = Key::raw(key.assume_value());
  options.test_clock = true;
  auto engine = Engine::open(std::move(options));
  if (!engine || !engine.assume_value().set_clock(parents_time)) {
    std::fprintf(stderr, "%s\n", engine ? "no clock" : engine.error().to_json().c_str());
    return std::nullopt;
  }
  return std::move(engine).assume_value();
}

}  // namespace eventcore::test
