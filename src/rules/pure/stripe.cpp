#include "rules/pure/stripe.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/currency.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "schema/schema.hpp"

namespace eventcore::rules::pure {

namespace {

constexpr std::size_t signature_length = 64;        // hex of 32 bytes
constexpr std::int64_t time_max = 9999999999;       // the year 2286, and far from where seconds overflow
constexpr std::int64_t money_max = 99999999999999;  // 1/10,000; what a column of ten digits holds

constexpr std::int64_t second_us = 1'000'000;

constexpr std::pair<std::string_view, StripeTopic> topics[] = {
    {"payment_intent.succeeded", StripeTopic::payment_succeeded},
    {"payment_intent.payment_failed", StripeTopic::payment_failed},
    {"charge.refunded", StripeTopic::charge_refunded},
    {"charge.dispute.closed", StripeTopic::dispute_closed},
    {"invoice.payment_succeeded", StripeTopic::invoice_paid},
};

// Digits only: no sign, no space, and no more than a time can have.
std::optional<std::int64_t> read_time(std::string_view text) {
  std::int64_t time = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), time);
  if (code != std::errc() || end != text.data() + text.size() || time > time_max) return std::nullopt;
  return time;
}

// Reads members and collects what is wrong with them.
class Reader {
 public:
  explicit Reader(FailureDetail& detail) : detail_(&detail) {}

  void bad(const std::string& path, std::string reason) { detail_->fields.push_back({path, std::move(reason)}); }

  static const Json* member(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }

  std::string text(const Json& object, const char* name, const std::string& path, std::size_t bytes_max) {
    const Json* found = member(object, name);
    if (found == nullptr || !found->is_string() || found->get_ref<const std::string&>().empty()) {
      bad(path + name, found == nullptr ? "is required" : "must be a string that is not empty");
      return {};
    }
    const auto& value = found->get_ref<const std::string&>();
    if (value.size() > bytes_max) bad(path + name, "is longer than " + std::to_string(bytes_max) + " bytes");
    return value;
  }

  std::int64_t whole(const Json& object, const char* name, const std::string& path) {
    const Json* found = member(object, name);
    if (found == nullptr || !found->is_number_integer()) {
      bad(path + name, found == nullptr ? "is required" : "must be a whole number");
      return 0;
    }
    return found->get<std::int64_t>();
  }

  StripeMoney money(const Json& object, const char* name, const std::string& path) {
    const std::size_t before = detail_->fields.size();
    const std::int64_t amount = whole(object, name, path);
    const std::string currency = text(object, "currency", path, 3);
    if (detail_->fields.size() != before) return {};
    if (auto money = stripe_money(amount, currency)) return *money;
    bad(path + name, "is no amount of this currency");
    return {};
  }

  // The id of the payment intent: a string, or the whole object when the account expands it.
  std::optional<std::string> intent(const Json& object, const std::string& path) {
    const Json* found = member(object, "payment_intent");
    if (found == nullptr) return std::nullopt;
    if (found->is_object()) return text(*found, "id", path + "payment_intent.", schema::indexed_text_bytes_max);
    return text(object, "payment_intent", path, schema::indexed_text_bytes_max);
  }

 private:
  FailureDetail* detail_;
};

// The first text of that name in the metadata of the invoice, of its subscription, or of one of its lines.
std::optional<std::string> in_metadata(const Json& invoice, const char* name) {
  const auto of = [&](const Json* holder) -> std::optional<std::string> {
    const Json* metadata = holder == nullptr ? nullptr : Reader::member(*holder, "metadata");
    const Json* value = metadata == nullptr ? nullptr : Reader::member(*metadata, name);
    return value != nullptr && value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
  };
  if (auto found = of(&invoice)) return found;
  if (auto found = of(Reader::member(invoice, "subscription_details"))) return found;
  if (const Json* parent = Reader::member(invoice, "parent"))
    if (auto found = of(Reader::member(*parent, "subscription_details"))) return found;
  const Json* lines = Reader::member(invoice, "lines");
  const Json* data = lines == nullptr ? nullptr : Reader::member(*lines, "data");
  if (data != nullptr && data->is_array())
    for (const Json& line : *data)
      if (auto found = of(&line)) return found;
  return std::nullopt;
}

// What Stripe says a charge's amount_refunded was before this event; without use when it cannot be read.
std::optional<std::int64_t> refunded_before(const Json& data, const std::string& currency) {
  const Json* previous = Reader::member(data, "previous_attributes");
  const Json* amount = previous == nullptr ? nullptr : Reader::member(*previous, "amount_refunded");
  if (amount == nullptr || !amount->is_number_integer()) return std::nullopt;
  if (amount->get<std::int64_t>() == 0) return 0;
  std::string code = currency;
  for (char& c : code) c = static_cast<char>(c - 'A' + 'a');
  const auto money = stripe_money(amount->get<std::int64_t>(), code);
  return money ? std::optional(money->amount) : std::nullopt;
}

void read_object(Reader& reader, StripeEvent& event, const Json& object) {
  const std::string path = "payload.data.object.";
  switch (event.topic) {
    case StripeTopic::payment_succeeded: {
      event.intent = reader.text(object, "id", path, schema::indexed_text_bytes_max);
      const bool told = Reader::member(object, "amount_received") != nullptr;
      event.money = reader.money(object, told ? "amount_received" : "amount", path);
      break;
    }
    case StripeTopic::payment_failed:
      event.intent = reader.text(object, "id", path, schema::indexed_text_bytes_max);
      break;
    case StripeTopic::charge_refunded: {
      event.intent = reader.intent(object, path);
      const bool told = Reader::member(object, "amount_captured") != nullptr;
      event.money = reader.money(object, told ? "amount_captured" : "amount", path);
      event.refunded = reader.money(object, "amount_refunded", path).amount;
      break;
    }
    case StripeTopic::dispute_closed:
      event.intent = reader.intent(object, path);
      event.dispute = reader.text(object, "id", path, schema::indexed_text_bytes_max);
      event.money = reader.money(object, "amount", path);
      event.lost = reader.text(object, "status", path, schema::name_length_max) == "lost";
      break;
    case StripeTopic::invoice_paid:
      event.tier = in_metadata(object, "subscription_tier");
      event.tenant = in_metadata(object, "organization_id");
      break;
    case StripeTopic::other: break;
  }
}

}  // namespace

std::optional<StripeSignature> read_stripe_signature(std::string_view header) {
  StripeSignature signature;
  std::optional<std::int64_t> time;
  while (!header.empty()) {
    const std::size_t end = header.find(',');
    const std::string_view item = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    if (item.starts_with("t=")) time = read_time(item.substr(2));
    if (item.starts_with("v1=")) signature.candidates.push_back(item.substr(3));
  }
  if (!time || signature.candidates.empty()) return std::nullopt;
  signature.time = *time;
  return signature;
}

std::string stripe_signature(ByteView secret, std::int64_t time, std::string_view payload) {
  const std::string signed_text = std::to_string(time) + "." + std::string(payload);
  return hex(hmac_sha256(secret, as_bytes(signed_text)));
}

bool stripe_signed(std::string_view header, std::string_view payload, std::span<const ByteView> secrets,
                   Micros now_us) {
  const auto signature = read_stripe_signature(header);
  if (!signature || payload.empty()) return false;
  const std::string signed_text = std::to_string(signature->time) + "." + std::string(payload);
  bool matches = false;
  for (const ByteView secret : secrets) {
    if (secret.empty()) continue;  // with an empty secret anybody could sign
    const std::string expected = hex(hmac_sha256(secret, as_bytes(signed_text)));
    for (const std::string_view candidate : signature->candidates)
      if (candidate.size() == signature_length && equal_constant_time(as_bytes(candidate), as_bytes(expected)))
        matches = true;
  }
  const std::int64_t age_s = now_us / second_us - signature->time;
  return matches && age_s <= stripe_tolerance_s && age_s >= -stripe_tolerance_s;
}

Result<StripeEvent> read_stripe_event(std::string_view payload) {
  EC_TRY(json, parse_json(payload));
  FailureDetail detail;
  Reader reader(detail);
  if (!json.is_object()) return fail_field(Errc::invalid_argument, "payload", "must be a JSON object");
  StripeEvent event;
  event.id = reader.text(json, "id", "payload.", schema::indexed_text_bytes_max);
  event.type = reader.text(json, "type", "payload.", schema::name_length_max);
  for (const auto& [name, topic] : topics)
    if (name == event.type) event.topic = topic;
  if (event.topic == StripeTopic::other) {
    if (detail.fields.empty()) return event;
    return Failure(Errc::invalid_argument, std::move(detail));
  }
  if (event.topic == StripeTopic::invoice_paid || Reader::member(json, "created") != nullptr) {
    const std::int64_t created = reader.whole(json, "created", "payload.");
    if (created < 0 || created > time_max) reader.bad("payload.created", "must be a time in Unix seconds");
    event.created = std::clamp(created, std::int64_t{0}, time_max) * second_us;
  }
  const Json* data = Reader::member(json, "data");
  const Json* object = data == nullptr ? nullptr : Reader::member(*data, "object");
  if (object == nullptr || !object->is_object())
    reader.bad("payload.data.object", object == nullptr ? "is required" : "must be an object");
  else
    read_object(reader, event, *object);
  if (data != nullptr && event.topic == StripeTopic::charge_refunded)
    event.refunded_before = refunded_before(*data, event.money.currency);
  if (!detail.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail));
  return event;
}

std::optional<StripeMoney> stripe_money(std::int64_t amount, std::string_view currency) {
  StripeMoney money;
  for (const char c : currency) {
    if (c < 'a' || c > 'z') return std::nullopt;  // Stripe writes codes in lower case
    money.currency.push_back(static_cast<char>(c - 'a' + 'A'));
  }
  const std::optional<int> iso = currency_digits(money.currency);
  if (!iso) return std::nullopt;
  int digits = *iso;
  if (money.currency == "ISK" || money.currency == "UGX") digits = 2;  // told as when they still had hundredths
  if (money.currency == "MGA") digits = 0;                             // fifths of an ariary are not told
  const std::int64_t unit = minor_unit(digits);
  if (amount <= 0 || amount > money_max / unit) return std::nullopt;
  money.amount = amount * unit;
  if (money.amount % minor_unit(*iso) != 0) return std::nullopt;
  return money;
}

}  // namespace eventcore::rules::pure
