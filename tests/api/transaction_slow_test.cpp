// A transaction keeps the write turn for five seconds at most. Steady time is never a test's to set, so this waits.
#include <chrono>
#include <thread>

#include "api/engine_fixture.hpp"

namespace eventcore::test {
namespace {

class TransactionSlowTest : public EngineTest {};

TEST_F(TransactionSlowTest, AnExpiredTransactionIsRolledBackAndOthersGoOn) {
  Caller caller = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  EC_EXPECT_OK(caller.insert("venues", venue("Never kept")));
  // Waits in the queue and gets the turn when the holder's time is up.
  const auto start = std::chrono::steady_clock::now();
  EC_EXPECT_OK(user(owner_).insert("venues", venue("Waited")));
  EXPECT_GT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EC_EXPECT_REFUSED("transaction_expired", caller.insert("venues", venue("Too late")));
  EC_EXPECT_REFUSED("transaction_expired", caller.session().commit());
  const Json rows = accepted(owner().list("venues"))["rows"];
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["name"], "Waited");
  ASSERT_TRUE(caller.session().begin().has_value());  // the session is good for another one
  EC_EXPECT_OK(caller.insert("venues", venue("Kept")));
  EC_EXPECT_OK(caller.session().commit());
}

TEST_F(TransactionSlowTest, ATransactionThatWritesNothingHoldsNobodyUp) {
  Caller caller = owner();
  ASSERT_TRUE(caller.session().begin().has_value());
  EXPECT_EQ(caller.count("venues").assume_value(), 0);
  EC_EXPECT_OK(user(owner_).insert("venues", venue("At once")));
  std::this_thread::sleep_for(std::chrono::milliseconds(5'200));
  EC_EXPECT_OK(caller.insert("venues", venue("The turn is taken at the first write")));
  EC_EXPECT_OK(caller.session().commit());
}

}  // namespace
}  // namespace eventcore::test
