// fail_payment: an attempt to pay came to nothing. The places stay held until the order expires, a paid order stays
// paid, and a failure that arrives after the same payment's success changes nothing.
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/payment.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace p = col::order_payments;

// Who did not say the provider means the attempt of that reference, else the last one open, whoever tried.
Result<PaymentName> name_meant(work::UnitOfWork& uow, const Record& order, const schema::Arguments& arguments) {
  const std::optional<std::string> provider = arguments.optional_text("provider");
  const std::optional<std::string> reference = arguments.optional_text("reference");
  PaymentName name{provider.value_or(std::string(counter_provider)), reference};
  if (provider) return name;
  EC_TRY(payments, payments_of(uow, order));
  for (const Record& payment : payments) {
    if (payment[p::kind].text() != "payment" || payment[p::provider].is_null()) continue;
    if (reference ? payment[p::reference] == Value(*reference) : payment[p::status].text() == "pending")
      name.provider = payment[p::provider].text();
  }
  return name;
}

}  // namespace

Result<Json> fail_payment(work::UnitOfWork& uow, const schema::CommandDef& command,
                          const schema::Arguments& arguments) {
  EC_TRYV(payment_name(arguments.optional_text("provider"), arguments.optional_text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(name, name_meant(uow, order, arguments));
  EC_TRYV(payment_failed(uow, order, name));
  EC_TRY(row, written_row(uow, order));
  return Json{{"order", std::move(row)}};
}

}  // namespace eventcore::rules::ticketing
