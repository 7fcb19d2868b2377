// The discount code of a cart: which code a name leads to, whether it applies, and which orders hold a use of it.
// Invariant: who may not read the code learns no more from a refusal than rules/pure/discount says in public.
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>

#include "rules/ticketing/cart.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

// Sets the cart's discount, applied or not. `unit` knows uses that orders have given back in the same unit of work; a
// quote has none. The lines and the currency of the cart must be known.
Status set_discount(work::Reading& reading, Cart& cart, const schema::Arguments& arguments,
                    const work::UnitOfWork* unit = nullptr);

// discount_not_applicable with the reason, unless the code that was named applies.
Status check_discount(const Cart& cart);

// {"code", "applied", "reason"} as replies say it.
Json discount_json(const CartDiscount& discount);

// An order holds a use of its code while it is not cancelled, and for good once it was paid.
bool holds_use(const Record& order);
// The same as a condition on ticket_orders, for the uses of one code.
Expr holds_use_of(const Uuid& code);

}  // namespace eventcore::rules::ticketing
