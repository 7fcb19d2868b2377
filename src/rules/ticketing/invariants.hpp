// What always holds of categories and their stock, price rules, discount codes, orders, lines and tickets, however they
// are written.
// Thread: each function runs inside one unit of work.
#pragma once

#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

Status check_category(work::UnitOfWork& uow, work::Write& write);
Status check_price_rule(work::UnitOfWork& uow, work::Write& write);
Status check_discount_code(work::UnitOfWork& uow, work::Write& write);
Status check_order(work::UnitOfWork& uow, work::Write& write);
Status settle_order(work::UnitOfWork& uow, const work::Write& write);
Status settle_payment(work::UnitOfWork& uow, const work::Write& write);
Status check_order_item(work::UnitOfWork& uow, work::Write& write);
Status settle_order_item(work::UnitOfWork& uow, const work::Write& write);
Status check_ticket(work::UnitOfWork& uow, work::Write& write);
Status settle_ticket(work::UnitOfWork& uow, const work::Write& write);

// What available_quantity has to be, counted from tickets and orders.
Result<std::int64_t> counted_available(store::Reader& reader, const Record& category);

}  // namespace eventcore::rules::ticketing
