// What happens around a sale: codes, refunds, a payment provider's news, people who wait, tickets that change hands.
#include <openssl/hmac.h>

#include "clock.hpp"
#include "festival.hpp"
#include "talk.hpp"

namespace demo {

namespace {

constexpr const char* stripe_secret = "whsec_only_the_demo_and_its_store_know_this";

void expect(bool good, const std::string& what) {
  if (!good) throw std::runtime_error("it should have been so: " + what);
}

Json order_of(const Tenant& tenant, int places, const std::string& email, const std::string& name) {
  return {{"event_id", tenant.event_id},
          {"items", Json::array({{{"ticket_category_id", tenant.categories[0]}, {"quantity", places}}})},
          {"customer", {{"email", email}, {"name", name}}}};
}

Host customer(eventcore::Engine& engine, const Tenant& tenant, const std::string& email) {
  return open_session(engine, {{"kind", "customer"}, {"email", email}, {"organization_id", tenant.organization_id}});
}

// The header Stripe-Signature: HMAC-SHA-256 under the endpoint's secret, over the time and the body.
std::string stripe_signature(const std::string& body, std::int64_t time_us) {
  const std::string time = std::to_string(time_us / second_us);
  const std::string text = time + "." + body;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  const std::string secret = stripe_secret;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length) == nullptr)
    throw std::runtime_error("the webhook could not be signed");
  std::string header = "t=" + time + ",v1=";
  for (unsigned i = 0; i < length; ++i) {
    header += "0123456789abcdef"[mac[i] >> 4U];
    header += "0123456789abcdef"[mac[i] & 15U];
  }
  return header;
}

}  // namespace

Json sell_with_a_code(eventcore::Engine& engine, const Festival& festival) {
  step("A discount code, and one of its tickets given back");
  const Tenant& tenant = festival.concert;
  Host owner = user(engine, tenant.owner_id);
  owner.insert("discount_codes", {{"event_id", tenant.event_id},
                                  {"code", "GROUP10"},
                                  {"discount_type", "percentage"},
                                  {"discount_value", "10"},
                                  {"min_quantity", 3}});
  Json order = order_of(tenant, 3, "vera@mail.example", "Vera Group");
  order["discount_code"] = " group10 ";
  const Json quote = owner.call("quote_order", order);
  order["payment"] = {{"method", "card"}, {"amount", quote["order"]["total_amount"]}};
  const Json sale = owner.call("place_order", order);
  const Json& sold = sale["order"];
  say("3 places with GROUP10, ten percent from three places on: " + sold["subtotal"].get<std::string>() + " less " +
      sold["discount_amount"].get<std::string>() + " is " + sold["total_amount"].get<std::string>() + ", as quoted");
  expect(sold["total_amount"] == "67.50" && quote["order"]["total_amount"] == "67.50", "3 x 25.00 less 10 % is 67.50");

  const Json one = {{"ticket_ids", Json::array({sale["tickets"][0]["id"]})}};
  const Json offered = owner.call("quote_refund", one);
  const Json returned = owner.call("refund_tickets", one);
  say("one ticket back: two places have no discount, so " + offered["amount"].get<std::string>() +
      " of 67.50 goes back: refund " + returned["refund"]["status"].get<std::string>());
  expect(offered["amount"] == "17.50" && returned["refund"]["amount"] == "17.50", "a refund of 67.50 - 50.00");
  const Json paid_out =
      owner.call("confirm_refund", {{"order_id", sold["id"]}, {"amount", "17.50"}, {"reference", "demo-refund-1"}});
  say("paid out: the order is " + paid_out["order"]["payment_status"].get<std::string>());
  expect(paid_out["order"]["payment_status"] == "partially_refunded", "an order that is refunded in part");
  return sale;
}

void hear_from_stripe(eventcore::Engine& engine, const Festival& festival) {
  step("Stripe says that an order was paid, and says it twice");
  const Tenant& tenant = festival.concert;
  user(engine, tenant.owner_id)
      .call("set_integration_secret", {{"kind", "stripe_webhook"}, {"name", "demo"}, {"value", stripe_secret}});
  Host shop =
      open_session(engine, {{"kind", "service"}, {"reason", "webhooks"}, {"organization_id", tenant.organization_id}});
  const Json order =
      anonymous(engine).call("place_order", order_of(tenant, 2, "ole@mail.example", "Ole Online"))["order"];
  shop.call("start_payment", {{"order_id", order["id"]}, {"provider", "stripe"}, {"reference", "pi_demo_1"}});
  const std::string body = Json{{"id", "evt_demo_1"},
                                {"type", "payment_intent.succeeded"},
                                {"created", engine.now_us() / second_us},
                                {"data", {{"object", {{"id", "pi_demo_1"}, {"amount", 5'000}, {"currency", "eur"}}}}}}
                               .dump();
  const Json delivery = {{"payload", body}, {"signature", stripe_signature(body, engine.now_us())}};
  const std::string first = shop.call("apply_stripe_webhook", delivery)["effect"];
  const std::string second = shop.call("apply_stripe_webhook", delivery)["effect"];
  const Json tickets = shop.list("tickets", {{"where", {{"order_id", order["id"]}}}});
  say("delivered: " + first + "; delivered again: " + second +
      "; tickets issued: " + std::to_string(tickets["rows"].size()));
  Json altered = delivery;
  altered["payload"] = body + " ";
  const std::string refused = shop.refusal("apply_stripe_webhook", altered);
  say("the same with one byte more: " + refused);
  expect(first == "paid" && second == "duplicate" && tickets["rows"].size() == 2, "paid once, two tickets");
  expect(refused == "signature_invalid", "an altered delivery is refused");
}

void serve_who_waits(eventcore::Engine& engine, const Festival& festival) {
  step("Sold out: two wait, one place comes back");
  const Tenant& tenant = festival.workshop;
  Host clerk = user(engine, tenant.owner_id);
  Json last = order_of(tenant, 1, "luc@mail.example", "Luc Last");
  last["payment"] = {{"method", "card"}, {"amount", "60.00"}};
  const Json sale = clerk.call("place_order", last);

  Host visitor = anonymous(engine);
  Json waits = {{"ticket_category_id", tenant.categories[0]}, {"customer", {{"email", "wim@mail.example"}}}};
  const Json first = visitor.call("join_waitlist", waits)["entry"];
  waits["customer"]["email"] = "zoe@mail.example";
  const Json second = visitor.call("join_waitlist", waits)["entry"];
  clerk.call("cancel_order", {{"order_id", sale["order"]["id"]}, {"reason", "ill"}});
  const std::string overtaking = visitor.refusal("place_order", order_of(tenant, 1, "eve@mail.example", "Eve"));
  say("two entries wait; Luc cancels; somebody who did not wait: " + overtaking);

  Host host = service(engine, "nightly maintenance");
  const Json swept = host.call("run_maintenance", Json::object());
  const Json offered = host.get("waitlist_entries", first["id"]);
  const Json order = host.get("ticket_orders", offered["order_id"]);
  say("maintenance offers " + swept["waitlist_offers"].dump() + ": the first is " +
      offered["status"].get<std::string>() + " a place until " + offered["offer_expires_at"].get<std::string>());
  const Json paid = host.call("confirm_payment", {{"order_id", order["id"]},
                                                  {"amount", order["total_amount"]},
                                                  {"currency", order["currency"]},
                                                  {"provider", "demo-pay"},
                                                  {"reference", "pay_offer"}});
  const std::string first_now = host.get("waitlist_entries", first["id"])["status"];
  const std::string second_now = host.get("waitlist_entries", second["id"])["status"];
  say("paid: the first entry is " + first_now + ", the second is " + second_now);
  expect(overtaking == "sold_out" && offered["status"] == "offered", "the freed place is offered to who waits");
  expect(paid["tickets"].size() == 1 && first_now == "accepted" && second_now == "waiting", "an offer that is paid");
}

void pass_on_and_search(eventcore::Engine& engine, const Festival& festival, const Json& sale) {
  step("A ticket changes hands, and the gate finds its new holder by a letter");
  const Tenant& tenant = festival.concert;
  const Json& ticket = sale["tickets"][1];
  customer(engine, tenant, "vera@mail.example")
      .call("transfer_ticket",
            {{"ticket_id", ticket["id"]}, {"name", "Quirin Holder"}, {"email", "quirin@mail.example"}});
  Host holder = customer(engine, tenant, "quirin@mail.example");
  const Json mine = holder.list("tickets", {{"limit", 10}})["rows"];
  expect(mine.size() == 1, "the new holder sees one ticket");
  const std::string code = holder.call("ticket_qr", {{"ticket_id", mine[0]["id"]}})["code"];

  const Json device =
      user(engine, tenant.owner_id).call("register_device", {{"event_id", tenant.event_id}, {"name", "Harbour gate"}});
  Host gate = open_session(engine, {{"kind", "device"}, {"token", device["token"]}});
  const Json found = gate.call("search_attendees", {{"event_id", tenant.event_id}, {"query", "q"}})["tickets"];
  expect(!found.empty() && found[0]["attendee_name"] == "Quirin Holder",
         "the new holder is found, before numbers with q");
  const std::string address = found[0].contains("attendee_email") ? "shown" : "not shown";
  say("searching \"q\": " + found[0]["attendee_name"].get<std::string>() + ", " +
      found[0]["ticket_number"].get<std::string>() + "; the address is " + address + " to a gate");
  const std::string before =
      gate.call("check_in", {{"event_id", tenant.event_id}, {"code", ticket["qr_code_data"]}})["outcome"];
  const std::string after = gate.call("check_in", {{"event_id", tenant.event_id}, {"code", code}})["outcome"];
  say("the code of before: " + before + "; the new one: " + after);
  expect(before == "transferred" && after == "admitted" && address == "not shown", "one code for one place");
}

}  // namespace demo
