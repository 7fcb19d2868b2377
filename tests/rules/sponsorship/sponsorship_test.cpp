// Sponsorship beyond the counted gaps of spec/INVENTORY.md: what belongs together, counters within one unit of work.
#include <gtest/gtest.h>

#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
using policy::Role;

class SponsorshipTest : public Fixture {
 protected:
  Uuid add_package(const Uuid& event, const Json& max) {
    return add(tables::sponsor_packages, {{"event_id", to_text(event)},
                                          {"package_name", "Gold"},
                                          {"price", "100"},
                                          {"benefits", Json::object()},
                                          {"max_sponsors", max}});
  }
  static Json sponsor_row(const Uuid& event, const Uuid& package) {
    return {{"event_id", to_text(event)},
            {"package_id", to_text(package)},
            {"company_name", "Acme"},
            {"contract_value", "1"}};
  }
};

TEST_F(SponsorshipTest, PackageAndSponsorAreOfOneEvent) {
  const Uuid package = add_package(add_event(), 3);
  EC_EXPECT_REFUSED("invariant_violated",
                    insert(as_user(Role::admin), tables::sponsors, sponsor_row(add_event(), package)));
}

TEST_F(SponsorshipTest, AReplacementWithinOneUnitNeedsNoSecondPlace) {
  const Uuid event = add_event();
  const Uuid package = add_package(event, 1);
  const Json acme = sponsor_row(event, package);
  const Uuid first = add(tables::sponsors, acme);
  EC_EXPECT_OK(run(as_user(Role::admin), "test", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRY(changes, schema::decode_row(tables::sponsors, acme, schema::WriteKind::insert));
    EC_TRYV(unit.insert(tables::sponsors, changes));
    EC_TRYV(unit.remove(tables::sponsors, first));
    return Json();
  }));
  EXPECT_EQ(number(tables::sponsor_packages, package, col::sponsor_packages::current_sponsors), 1);
}

TEST_F(SponsorshipTest, AWithdrawnPackageIsTakenByNobodyNewAndKeepsItsSponsors) {
  const Uuid event = add_event();
  const Uuid package = add_package(event, 3);
  const Json acme = sponsor_row(event, package);
  const Uuid first = add(tables::sponsors, acme);
  set(tables::sponsor_packages, package, {{"is_withdrawn", true}});
  EC_EXPECT_REFUSED("invariant_violated", insert(as_user(Role::admin), tables::sponsors, acme));
  Json unbound = acme;
  unbound.erase("package_id");
  const Uuid second = add(tables::sponsors, unbound);
  EC_EXPECT_REFUSED("invariant_violated",
                    update(as_user(Role::admin), tables::sponsors, second, {{"package_id", to_text(package)}}));
  EC_EXPECT_OK(update(as_user(Role::admin), tables::sponsors, first, {{"company_name", "Acme & Sons"}}));
  EXPECT_EQ(number(tables::sponsor_packages, package, col::sponsor_packages::current_sponsors), 1);
  set(tables::sponsor_packages, package, {{"is_withdrawn", false}});
  EC_EXPECT_OK(insert(as_user(Role::admin), tables::sponsors, acme));
}

TEST_F(SponsorshipTest, AFullPackageAndALimitBelowItsSponsorsAreRefused) {
  const Uuid event = add_event();
  const Uuid package = add_package(event, 2);
  const Json acme = sponsor_row(event, package);
  add(tables::sponsors, acme);
  const Uuid last = add(tables::sponsors, acme);
  EC_EXPECT_REFUSED("package_full", insert(as_user(Role::admin), tables::sponsors, acme));
  EC_EXPECT_REFUSED("invariant_violated",
                    update(as_user(Role::admin), tables::sponsor_packages, package, {{"max_sponsors", 1}}));
  EXPECT_EQ(number(tables::sponsor_packages, package, col::sponsor_packages::current_sponsors), 2);
  set(tables::sponsors, last, {{"contract_status", "cancelled"}});
  EC_EXPECT_OK(update(as_user(Role::admin), tables::sponsor_packages, package, {{"max_sponsors", 1}}));
}

TEST_F(SponsorshipTest, APackageInUseIsNotDeleted) {
  const Uuid event = add_event();
  const Uuid package = add_package(event, 1);
  add(tables::sponsors, sponsor_row(event, package));
  EC_EXPECT_REFUSED("still_referenced", remove(as_user(Role::admin), tables::sponsor_packages, package));
  EC_EXPECT_OK(remove(as_user(Role::admin), tables::events, event));
}

}  // namespace eventcore::test
