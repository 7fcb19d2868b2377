// Random probes of the whole surface against the statement of the access contract, which knows nothing of the engine.
// EC_ACCESS_PROBES sets their number, EC_TEST_SEED repeats a run.
#include "policy/probes.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/seed.hpp"

namespace eventcore::test {
namespace {

std::uint64_t wanted() {
  const char* given = std::getenv("EC_ACCESS_PROBES");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 6'000;
}

TEST(AccessProbesTest, TheEngineAgreesWithTheStatement) {
  EC_TRACE_SEED();
  std::printf("EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(testing::seed()));
  Dice dice(testing::seed());
  ProbeWorld world(dice);
  Probes probes(world, dice);
  probes.run(wanted());
  probes.print();
  for (const statement::KnownDisagreement& one : statement::known_disagreements())
    std::printf("known disagreement on %s: %s\n", one.table, one.sentence);
  for (const auto& [what, one] : probes.disagreements())
    ADD_FAILURE() << what << " (" << one.count << " times), first: " << one.first;

  // What was taken back left nothing behind: the store is as the committed changes made it.
  statement::Image now = world.read_all();
  for (const schema::TableDef* table : schema::all_tables)
    for (const std::string& tenant : now.tenants(table->name)) {
      const auto& rows = now.rows(table->name, tenant);
      const auto& known = world.image().rows(table->name, tenant);
      EXPECT_EQ(rows.size(), known.size()) << table->name;
      for (const auto& [id, row] : rows) {
        const Json* kept = world.image().find(table->name, tenant, id);
        ASSERT_NE(kept, nullptr) << table->name << " " << id;
        if (table->name != "api_keys" && table->name != "devices") {
          EXPECT_EQ(*kept, row) << table->name;
        }
      }
    }
}

}  // namespace
}  // namespace eventcore::test
