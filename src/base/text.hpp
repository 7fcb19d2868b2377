// Text: validity, folding for comparison and for search, and the shapes text must or must not have.
// Invariants: every function but valid_text expects UTF-8 that valid_text accepted, and stays safe on anything else.
// Thread: free functions without state, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace eventcore {

bool valid_text(std::string_view text);               // UTF-8 (no surrogates, no overlong forms) without NUL
std::size_t count_characters(std::string_view text);  // code points
std::size_t utf16_units(std::string_view text);
std::string trim(std::string_view text);  // Unicode white space at both ends

// The form in which e-mails, codes and names are compared: trimmed, NFC, case folded ("Straße" -> "strasse").
std::string fold(std::string_view text);

// The words by which text is found: compatibility decomposition, case folded, marks dropped, Ł Ø Đ æ ı and their like
// spelled plainly, split at everything that is no letter or number; Han, kana and Hangul one character each.
std::vector<std::string> search_words(std::string_view text);

// The ASCII part of the search words joined by '-', at most 200 characters; "event" when nothing is left.
std::string slugify(std::string_view text);

// 13 to 19 digits, alone or in card grouping, touching no letter, digit or dot, with a valid Luhn sum and the prefix
// and length of a card brand.
bool contains_card_number(std::string_view text);

// One '@', a dot-atom before it, domain labels behind it; at most 254 bytes. Letters of any script; no quoted forms.
bool valid_email(std::string_view text);

}  // namespace eventcore
