// record_chargeback: the buyer's bank took the money back. Tickets stay, and are refused at the gate as unpaid.
#include <algorithm>

#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/reply.hpp"
#include "rules/ticketing/settle.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace p = col::order_payments;

// Who carried the payment that was disputed, when nobody says so: whoever brought the money in.
Result<std::string> provider_of(work::UnitOfWork& uow, const Record& order) {
  EC_TRY(payments, payments_of(uow, order));
  for (const Record& payment : payments)
    if (is_row(payment, "payment", "succeeded") && !payment[p::provider].is_null()) return payment[p::provider].text();
  return std::string(counter_provider);
}

}  // namespace

Result<Json> record_chargeback(work::UnitOfWork& uow, const schema::CommandDef& command,
                               const schema::Arguments& arguments) {
  EC_TRY(name, payment_name(arguments.optional_text("provider"), arguments.optional_text("reference")));
  EC_TRY(order, open_order(uow, command, arguments.uuid("order_id")));
  EC_TRY(amount, arguments.money_units("amount", order[col::ticket_orders::currency].text()));
  if (amount == 0) return fail_field(Errc::invalid_argument, "amount", "must be more than 0");
  if (!arguments.has("provider")) {
    EC_TRY(provider, provider_of(uow, order));
    name.provider = std::move(provider);
  }
  const Micros occurred_at = std::min(arguments.optional_time("occurred_at").value_or(uow.now()), uow.now());
  EC_TRYV(charged_back(uow, order, amount, name, occurred_at));
  EC_TRY(row, written_row(uow, order));
  return Json{{"order", std::move(row)}};
}

}  // namespace eventcore::rules::ticketing
