// Numbers people read out: order numbers and ticket numbers, in Crockford's 32 symbols with a check symbol.
// Invariants: the check (Luhn mod 32) finds every single wrong symbol and every swap of neighbours but 0 with Z.
// Thread: free functions without state, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace eventcore {

std::string make_order_number(Random& random);   // XXXX-XXXX: 7 random symbols and the check
std::string make_ticket_number(Random& random);  // 12 random symbols and the check, no dash

// The canonical spelling only.
bool valid_order_number(std::string_view text);
bool valid_ticket_number(std::string_view text);

// What a person typed: upper case, blanks and dashes dropped, O read as 0, I and L as 1. Says nothing about validity.
std::string normalise_ticket_number(std::string_view text);

}  // namespace eventcore
