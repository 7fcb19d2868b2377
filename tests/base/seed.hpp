// The seed of the property tests: printed with every failure, settable through EC_TEST_SEED to repeat a run.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace eventcore::testing {

inline std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* given = std::getenv("EC_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  }();
  return chosen;
}

}  // namespace eventcore::testing

#define EC_TRACE_SEED() SCOPED_TRACE("EC_TEST_SEED=" + std::to_string(eventcore::testing::seed()))
