// A webhook's header and body, the header on the first line: a signature only ever matches what the secret signed, and
// what is read of a body fits the columns it goes to.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/pure/stripe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  namespace pure = eventcore::rules::pure;
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  const std::size_t cut = text.find('\n');
  const std::string_view header = text.substr(0, cut);
  const std::string_view body = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
  constexpr std::int64_t now = 1'700'000'000;
  const eventcore::ByteView secret = eventcore::as_bytes("whsec_fuzz");
  const bool accepted = pure::stripe_signed(header, body, {&secret, 1}, now * 1'000'000);
  const auto signature = pure::read_stripe_signature(header);
  bool expected = false;
  if (signature && !body.empty() && signature->time >= now - pure::stripe_tolerance_s &&
      signature->time <= now + pure::stripe_tolerance_s)
    for (const std::string_view candidate : signature->candidates)
      expected = expected || candidate == pure::stripe_signature(secret, signature->time, body);
  if (accepted != expected) std::abort();
  const auto event = pure::read_stripe_event(body);
  if (!event) return 0;
  const pure::StripeEvent& read = event.assume_value();
  if (read.id.empty() || read.id.size() > 254 || read.type.empty() || read.type.size() > 200) std::abort();
  if (read.money.amount < 0 || read.refunded < 0) std::abort();
  if (read.intent && (read.intent->empty() || read.intent->size() > 254)) std::abort();
  return 0;
}
