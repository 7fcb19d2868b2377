// Deliveries in any order, repeated, interrupted before they were committed, signed with either of two secrets and up
// to 300 seconds off either way: the end is what the deliveries in their order would have made.
#include <algorithm>
#include <random>

#include "base/seed.hpp"
#include "rules/rules.hpp"
#include "schema/commands.hpp"
#include "support/stripe_story.hpp"
#include "webhook.hpp"

namespace eventcore::test {

using stripe::Story;

class WebhookModelTest : public WebhookTest {
 protected:
  std::int64_t pick(std::int64_t most) { return static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(most)); }
  bool coin() { return pick(2) == 1; }

  // One delivery: perhaps undone between its effect and its commit, as when the host dies there.
  void send(const Json& event) {
    const Json arguments = delivery(dump(event), coin() ? secret : "whsec_next", pick(601) - 300);
    if (pick(4) == 0) {
      const schema::CommandDef* def = schema::find_command("apply_stripe_webhook");
      const Json decoded = accepted(schema::decode_arguments(*def, arguments));
      const auto undone = run(as_service(), def->name.data(), [&](work::UnitOfWork& unit) -> Result<Json> {
        EC_TRYV(rules::find_rule(def->id)->write(unit, *def, schema::Arguments(decoded)));
        return fail(Errc::internal, "the host died");
      });
      EXPECT_FALSE(undone.has_value());
      return;
    }
    accepted(call(as_service(), "apply_stripe_webhook", arguments));
  }

  void check(const Story& one) {
    const Record order = row(tables::ticket_orders, id_of(one.placed["order"]));
    EXPECT_EQ(order[col::ticket_orders::payment_status].text(), one.payment_status()) << one.intent;
    EXPECT_EQ(tickets(one.placed, "valid"), one.valid_tickets()) << one.intent;
    EXPECT_EQ(tickets(one.placed, "cancelled"), one.cancelled_tickets()) << one.intent;
    EXPECT_EQ(sum(one, "payment", "succeeded"), one.in()) << one.intent;
    EXPECT_EQ(sum(one, "refund", "succeeded") + sum(one, "chargeback", "succeeded"), one.out()) << one.intent;
    EXPECT_EQ(sum(one, "refund", "due"), 0) << one.intent;
  }
  std::int64_t sum(const Story& one, const std::string& kind, const std::string& status) {
    namespace p = col::order_payments;
    store::Query query;
    query.table = &tables::order_payments;
    query.organization = organization_;
    query.where = Expr::all_of({Expr::equals(p::order_id.index, id_of(one.placed["order"])),
                                Expr::equals(p::kind.index, kind), Expr::equals(p::status.index, status)});
    std::int64_t units = 0;
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(rows, reader.list(query));
      for (const Record& row : rows) units += row[p::amount].integer();
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return units / 100;
  }

  std::mt19937_64 dice_{testing::seed()};
};

TEST_F(WebhookModelTest, AnyOrderOfDeliveriesEndsLikeTheirOwn) {
  accepted(set_secret("next", "whsec_next"));
  constexpr std::int64_t places = 400;
  category_ = add_category(event_, places, {{"base_price", "10.00"}});
  std::vector<Story> stories;
  std::vector<Json> deliveries;
  std::vector<Json> all;
  for (int i = 0; i < 40; ++i) {
    Story one = Story::random(dice_, "pi_" + std::to_string(i));
    one.placed = place(category_, one.quantity, {{"customer", {{"email", one.intent + "@example.org"}}}});
    accepted(call(as_service(), "start_payment",
                  {{"order_id", one.placed["order"]["id"]}, {"provider", "stripe"}, {"reference", one.intent}}));
    for (Json& event : one.events()) {
      for (std::int64_t times = pick(3); times > 0; --times) deliveries.push_back(event);
      all.push_back(std::move(event));
    }
    stories.push_back(std::move(one));
  }
  std::shuffle(deliveries.begin(), deliveries.end(), dice_);
  for (const Json& event : deliveries) send(event);
  // Stripe goes on until each was answered: twice, since a dispute may come before its payment.
  for (int round = 0; round < 2; ++round) {
    std::shuffle(all.begin(), all.end(), dice_);
    for (const Json& event : all) accepted(try_deliver(event));
  }
  std::int64_t taken = 0;
  for (const Story& one : stories) {
    check(one);
    if (!one.all_back()) taken += one.quantity;
  }
  EXPECT_EQ(left(category_), places - taken);
  EXPECT_EQ(count(tables::payment_events), static_cast<std::int64_t>(all.size()));
}

}  // namespace eventcore::test
