// apply_stripe_webhook: what Stripe reports, done once. The signature is checked first, over the bytes; then the event
// and its effect are written together, so that a repeat finds both or neither. Whatever Stripe may send again, or late,
// is acknowledged; only what is not signed or not readable is refused.
#include <algorithm>
#include <sstream>

#include "base/currency.hpp"
#include "base/decimal.hpp"
#include "base/time.hpp"
#include "rules/organization/secrets.hpp"
#include "rules/pure/stripe.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace e = col::payment_events;
using pure::StripeEvent;
using pure::StripeTopic;

constexpr std::string_view stripe = "stripe";

// Effects besides those of settle.hpp.
constexpr std::string_view duplicate = "duplicate";              // this very event was taken before
constexpr std::string_view ignored = "ignored";                  // nothing here depends on it
constexpr std::string_view unknown_order = "unknown_order";      // no order has this intent
constexpr std::string_view unknown_payment = "unknown_payment";  // the order is known, its payment is not yet
constexpr std::string_view subscription_tier = "subscription_tier";

// Events that found nothing to act on are kept, and taken again when they are delivered again.
bool may_be_taken_again(const Record& event) {
  const std::string& effect = event[e::effect].text();
  return effect == unknown_order || effect == unknown_payment;
}

// Whose secret signed the delivery: the organization's own account, or the account to which it pays for its plan.
struct Signers {
  bool own = false;
  bool billing = false;
};

struct Delivery {
  Record organization;
  StripeEvent event;
  std::string_view account;     // payment_events.provider: ids are unique per account
  std::optional<Record> known;  // the event, when it came before
  Micros at = 0;
};

struct Outcome {
  std::string effect;
  std::optional<Record> order;
};

// A key's own organization; the service names one, which is then a row to be found like any other.
Result<Record> organization_for(work::UnitOfWork& uow, const schema::CommandDef& command,
                                const schema::Arguments& arguments) {
  if (!uow.facts().is_service() && uow.facts().kind != policy::PrincipalKind::api_key)
    return fail_fact(Errc::command_denied, "command", std::string(command.name));
  EC_TRY(id, organization_of(uow, arguments));
  if (uow.facts().organization && *uow.facts().organization != id) return Errc::not_found;
  const schema::TableDef& table = schema::tables::organizations;
  EC_TRY(organization, uow.facts().is_service() ? uow.get(table, id) : uow.must_find(table, id, id));
  EC_TRYV(require(uow, command, organization));
  return organization;
}

Result<bool> signed_by(work::UnitOfWork& uow, const Uuid& organization, std::string_view kind,
                       const schema::Arguments& arguments) {
  EC_TRY(secrets, organization::active_secrets(uow, organization, kind));
  std::vector<ByteView> views;
  for (const SecretBytes& secret : secrets) views.push_back(secret.view());
  return pure::stripe_signed(arguments.text("signature"), arguments.text("payload"), views, uow.now());
}

Result<Signers> verify(work::UnitOfWork& uow, const Uuid& organization, const schema::Arguments& arguments) {
  Signers signers;
  EC_TRY(own, signed_by(uow, organization, organization::stripe_webhook, arguments));
  EC_TRY(billing, signed_by(uow, organization, organization::stripe_billing, arguments));
  signers.own = own;
  signers.billing = billing;
  if (!own && !billing) return Errc::signature_invalid;
  return signers;
}

Result<std::optional<Record>> find_event(work::UnitOfWork& uow, const Uuid& organization, std::string_view account,
                                         const std::string& id) {
  store::Query query;
  query.table = &schema::tables::payment_events;
  query.organization = organization;
  query.where = Expr::all_of({is(e::provider, account), is(e::provider_event_id, id)});
  query.limit = 1;
  EC_TRY(rows, uow.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

// By the intent noted last, else by any attempt of that name: an earlier one may succeed after all.
Result<std::optional<Record>> find_order(work::UnitOfWork& uow, const Delivery& delivery) {
  if (!delivery.event.intent) return std::optional<Record>{};
  store::Query query;
  query.table = &schema::tables::ticket_orders;
  query.organization = delivery.organization.id();
  query.where = is(col::ticket_orders::stripe_payment_intent_id, *delivery.event.intent);
  query.limit = 1;
  EC_TRY(orders, uow.scan(query));
  if (!orders.empty()) return std::optional<Record>(std::move(orders.front()));
  EC_TRY(payment, find_payment(uow, delivery.organization.id(), {std::string(stripe), delivery.event.intent}));
  if (!payment) return std::optional<Record>{};
  EC_TRY(order, uow.must_find(schema::tables::ticket_orders, delivery.organization.id(),
                              (*payment)[col::order_payments::order_id].uuid()));
  return std::optional<Record>(std::move(order));
}

PaymentName payment_of(const Delivery& delivery) {
  return {std::string(stripe), delivery.event.intent};
}

// pending, succeeded, failed; "" when the payment was never noted.
Result<std::string> status_of(work::UnitOfWork& uow, const Record& order, const PaymentName& name) {
  EC_TRY(payment, find_payment(uow, order.organization_id(), name));
  return payment ? (*payment)[col::order_payments::status].text() : std::string();
}

Result<std::string> take_success(work::UnitOfWork& uow, Record& order, const Delivery& delivery) {
  NewPayment payment;
  payment.name = payment_of(delivery);
  payment.amount = delivery.event.money.amount;
  payment.currency = delivery.event.money.currency;
  payment.method = std::string(stripe);
  payment.occurred_at = delivery.at;
  EC_TRY(before, status_of(uow, order, payment.name));
  if (before == "succeeded") return std::string(effects::none);
  auto settled = payment_succeeded(uow, order, payment);
  if (settled) return std::move(settled.assume_value().effect);
  if (settled.error().code() == Errc::payment_mismatch) return payment_mismatch_stored(uow, order, payment);
  return settled.error();
}

Result<std::string> take_failure(work::UnitOfWork& uow, Record& order, const Delivery& delivery) {
  const PaymentName name = payment_of(delivery);
  EC_TRY(before, status_of(uow, order, name));
  EC_TRYV(payment_failed(uow, order, name));
  EC_TRY(after, status_of(uow, order, name));
  return std::string(before != after ? effects::failed : effects::none);
}

// A refund's event says what it told, with its effect: "refunded 25.00 USD". Events that found all of it on record
// already, since the host had confirmed it, told it too: "none 25.00 USD".
std::string refund_effect(const std::string& effect, std::int64_t told, const std::string& currency) {
  return effect + " " + money_to_text(told, currency) + " " + currency;
}

Result<std::int64_t> told_before(work::UnitOfWork& uow, const Record& order, const std::string& currency) {
  store::Query query;
  query.table = &schema::tables::payment_events;
  query.organization = order.organization_id();
  query.where = Expr::all_of({is(e::order_id, order.id()), is(e::provider, stripe), is(e::type, "charge.refunded")});
  EC_TRY(events, uow.scan(query));
  std::int64_t told = 0;
  for (const Record& event : events) {
    std::istringstream words(event[e::effect].text());
    std::string effect, amount, of;
    if (!(words >> effect >> amount >> of) || of != currency) continue;
    EC_TRY(units, parse_decimal(amount, money_scale));
    told += units;
  }
  return told;
}

// A charge that was refunded had succeeded: when its success is still under way, this event tells of both.
Result<std::string> take_refund(work::UnitOfWork& uow, Record& order, const Delivery& delivery) {
  EC_TRYV(take_success(uow, order, delivery));
  const StripeEvent& event = delivery.event;
  const std::string& currency = event.money.currency;
  EC_TRY(told, told_before(uow, order, currency));
  const PaymentName name{std::string(stripe), event.id};
  EC_TRY(effect,
         refunds_reported(uow, order, {event.refunded, event.refunded_before, currency, told}, name, delivery.at));
  const std::int64_t now = event.refunded - event.refunded_before.value_or(std::min(told, event.refunded));
  return refund_effect(effect, std::max<std::int64_t>(0, now), currency);
}

Result<std::string> take_dispute(work::UnitOfWork& uow, Record& order, const Delivery& delivery) {
  if (!delivery.event.lost) return std::string(ignored);
  EC_TRY(payment, status_of(uow, order, payment_of(delivery)));
  if (payment != "succeeded") return std::string(unknown_payment);
  if (delivery.event.money.currency != order[col::ticket_orders::currency].text())
    return std::string(effects::payment_mismatch);
  const PaymentName name{std::string(stripe), delivery.event.dispute};
  EC_TRY(known, find_payment(uow, order.organization_id(), name, "chargeback"));
  if (known) return std::string(effects::none);
  const Status taken = charged_back(uow, order, delivery.event.money.amount, name, delivery.at);
  if (!taken && taken.error().code() == Errc::payment_mismatch) return std::string(effects::payment_mismatch);
  EC_TRYV(taken);
  return std::string(effects::charged_back);
}

Result<Outcome> take_money(work::UnitOfWork& uow, const Delivery& delivery) {
  EC_TRY(order, find_order(uow, delivery));
  if (!order) return Outcome{std::string(unknown_order), std::nullopt};
  const auto take = [&]() -> Result<std::string> {
    switch (delivery.event.topic) {
      case StripeTopic::payment_succeeded: return take_success(uow, *order, delivery);
      case StripeTopic::payment_failed: return take_failure(uow, *order, delivery);
      case StripeTopic::charge_refunded: return take_refund(uow, *order, delivery);
      case StripeTopic::dispute_closed: return take_dispute(uow, *order, delivery);
      default: return std::string(ignored);
    }
  };
  EC_TRY(effect, take());
  return Outcome{std::move(effect), std::move(order)};
}

// The event that set the tier says so with its own time, against which older ones are held:
// "subscription_tier pro 2026-09-21T14:13:20Z".
std::string tier_effect(const std::string& tier, Micros created) {
  return std::string(subscription_tier) + " " + tier + " " + format_rfc3339(created);
}

Result<bool> newer_tier_known(work::UnitOfWork& uow, const Delivery& delivery, Micros created) {
  store::Query query;
  query.table = &schema::tables::payment_events;
  query.organization = delivery.organization.id();
  query.where = Expr::all_of({is(e::provider, organization::stripe_billing), is(e::type, delivery.event.type)});
  EC_TRY(events, uow.scan(query));
  return std::any_of(events.begin(), events.end(), [&](const Record& event) {
    const std::string& effect = event[e::effect].text();
    if (!effect.starts_with(subscription_tier)) return false;
    const auto then = parse_rfc3339(std::string_view(effect).substr(effect.rfind(' ') + 1));
    return then && then.assume_value() > created;
  });
}

Result<Outcome> take_invoice(work::UnitOfWork& uow, Delivery& delivery) {
  const StripeEvent& event = delivery.event;
  const Outcome nothing{std::string(ignored), std::nullopt};
  if (delivery.account != organization::stripe_billing || !event.tier || !event.created) return nothing;
  const auto& tiers = schema::enums::subscription_tier.values;
  if (std::find(tiers.begin(), tiers.end(), *event.tier) == tiers.end()) return nothing;
  if (event.tenant && *event.tenant != to_text(delivery.organization.id())) return nothing;
  EC_TRY(late, newer_tier_known(uow, delivery, *event.created));
  if (late) return Outcome{std::string(effects::none), std::nullopt};
  constexpr Column tier = col::organizations::subscription_tier;
  if (delivery.organization[tier].text() != *event.tier)
    EC_TRYV(uow.change(delivery.organization, {assign(tier, *event.tier)}));
  return Outcome{tier_effect(*event.tier, *event.created), std::nullopt};
}

Result<Outcome> take(work::UnitOfWork& uow, Delivery& delivery) {
  if (delivery.event.topic == StripeTopic::invoice_paid) return take_invoice(uow, delivery);
  // What an account reports to which the organization pays says nothing about its own sales.
  if (delivery.event.topic == StripeTopic::other || delivery.account != stripe)
    return Outcome{std::string(ignored), std::nullopt};
  return take_money(uow, delivery);
}

Result<Record> keep(work::UnitOfWork& uow, const Delivery& delivery, const Outcome& outcome) {
  const Value order = outcome.order ? Value(outcome.order->id()) : Value();
  if (delivery.known) {
    Record event = *delivery.known;
    if (event[e::effect].text() != outcome.effect || event[e::order_id] != order)
      EC_TRYV(uow.change(event, {assign(e::effect, outcome.effect), assign(e::order_id, order)}));
    return event;
  }
  const Changes row{assign(e::organization_id, delivery.organization.id()),
                    assign(e::provider, delivery.account),
                    assign(e::provider_event_id, delivery.event.id),
                    assign(e::type, delivery.event.type),
                    assign(e::order_id, order),
                    assign(e::effect, outcome.effect)};
  return uow.insert(schema::tables::payment_events, row, work::As::engine);
}

Result<Json> answer(work::UnitOfWork& uow, std::string_view effect, const Record& event, const Record* order) {
  EC_TRY(event_json, written_row(uow, event));
  Json order_json;
  if (order != nullptr) {
    EC_TRY(shown, written_row(uow, *order));
    order_json = std::move(shown);
  }
  return Json{{"effect", std::string(effect.substr(0, effect.find(' ')))},
              {"event", std::move(event_json)},
              {"order", std::move(order_json)}};
}

Result<Json> answer_duplicate(work::UnitOfWork& uow, const Record& event) {
  std::optional<Record> order;
  if (!event[e::order_id].is_null()) {
    EC_TRY(found, uow.find(schema::tables::ticket_orders, event.organization_id(), event[e::order_id].uuid()));
    order = std::move(found);
  }
  return answer(uow, duplicate, event, order ? &*order : nullptr);
}

}  // namespace

Result<Json> apply_stripe_webhook(work::UnitOfWork& uow, const schema::CommandDef& command,
                                  const schema::Arguments& arguments) {
  EC_TRY(organization, organization_for(uow, command, arguments));
  EC_TRY(signers, verify(uow, organization.id(), arguments));
  EC_TRY(event, pure::read_stripe_event(arguments.text("payload")));
  // One secret for both accounts is one account: then the kind of event decides.
  const bool billing = signers.billing && (!signers.own || event.topic == StripeTopic::invoice_paid);
  Delivery delivery{std::move(organization), std::move(event), billing ? organization::stripe_billing : stripe, {}, 0};
  delivery.at = std::min(delivery.event.created.value_or(uow.now()), uow.now());
  EC_TRY(known, find_event(uow, delivery.organization.id(), delivery.account, delivery.event.id));
  if (known && !may_be_taken_again(*known)) return answer_duplicate(uow, *known);
  delivery.known = std::move(known);
  EC_TRY(outcome, take(uow, delivery));
  EC_TRY(kept, keep(uow, delivery, outcome));
  return answer(uow, outcome.effect, kept, outcome.order ? &*outcome.order : nullptr);
}

}  // namespace eventcore::rules::ticketing
