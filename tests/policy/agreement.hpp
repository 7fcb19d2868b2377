// Random rows of every table, random principals: each pair is asked about every predicate, once as a condition of the
// store and once in memory. What differs fails the running test.
// Thread: belongs to one test.
#pragma once

#include <cstdint>
#include <random>

#include "policy/world.hpp"

namespace eventcore::test {

class Agreement {
 public:
  explicit Agreement(std::uint64_t seed);  // a world of its own, its rows multiplied at random

  // Asks for so many random principals and all rows; answers the number of pairs.
  std::size_t compare(int principals);

 private:
  std::mt19937_64 dice_;
  World world_;
};

}  // namespace eventcore::test
