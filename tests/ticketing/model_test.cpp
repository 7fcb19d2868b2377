// All commands of ticketing at random over the C++ API, held against a model of few lines (model.hpp, game.hpp).
// EC_TICKETING_STEPS=20000 for a longer game; a failure prints the seed.
#include <cstdlib>

#include "ticketing/game.hpp"

namespace eventcore::test {
namespace {

class TicketingModelTest : public TicketingGame {
 protected:
  void verify() {
    const Json report = accepted(service().call("verify_store", {{"pages", false}}));
    ASSERT_EQ(report["ok"], Json(true)) << dump(report);
  }
};

TEST_F(TicketingModelTest, EveryGameEndsAsTheModelSays) {
  EC_TRACE_SEED();
  const char* given = std::getenv("EC_TICKETING_STEPS");
  const int steps = given == nullptr ? 1'000 : std::atoi(given);
  constexpr int steps_of_a_game = 200;
  for (int done = 0; done < steps && !HasFailure(); ++done) {
    if (done % steps_of_a_game == 0) new_game();
    step();
    if (done % steps_of_a_game == steps_of_a_game - 30 && done / steps_of_a_game % 3 == 2) call_off();
    if (done % 5 == 0 || HasFailure()) compare();
    if (done % 100 == 99) verify();
    if (done % steps_of_a_game == steps_of_a_game - 1) compare_report();
  }
  printf("%d steps, %d writes failed, after %d of them the outcome was unknown\n", steps, writes_failed_,
         outcomes_unknown_);
  EXPECT_GT(writes_failed_, 0);
}

}  // namespace
}  // namespace eventcore::test
