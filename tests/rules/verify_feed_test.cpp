// What verify_store says of a change feed that has lost its end or a part of it, as an older page put back would make
// it.
#include <gtest/gtest.h>

#include "rules/operations/verify.hpp"
#include "schema/all.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {
namespace {

class VerifyFeedTest : public Fixture {
 protected:
  Status raw(const std::function<Status(store::Writer&)>& act) { return store_->write(act); }

  std::vector<std::string> problems() {
    std::vector<std::string> kinds;
    EXPECT_TRUE(store_->read([&](store::Reader& reader) -> Status {
      rules::operations::VerifyReport report;
      EC_TRYV(rules::operations::verify_organization(reader, organization_, report));
      for (const auto& problem : report.problems) kinds.push_back(problem.kind);
      return ok();
    }));
    return kinds;
  }
};

TEST_F(VerifyFeedTest, AFeedThatEndsBeforeItsHeadIsFound) {
  add_event();
  EXPECT_TRUE(problems().empty());
  store::ChainHead head;
  const auto moved_by = [&](std::int64_t changes) {
    return raw([&](store::Writer& writer) -> Status {
      EC_TRY(found, writer.chain_head(organization_));
      head = found;
      head.feed_seq += changes;
      return writer.set_chain_head(organization_, head);
    });
  };
  ASSERT_TRUE(moved_by(1));
  EXPECT_EQ(problems(), std::vector<std::string>{"feed"});
  ASSERT_TRUE(moved_by(-1));
  EXPECT_TRUE(problems().empty());
}

}  // namespace
}  // namespace eventcore::test
