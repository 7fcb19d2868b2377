#include "base/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace eventcore {
namespace {

using CodePoint = std::int32_t;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
bool is_tail(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool is_white_space(CodePoint c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter_or_number(CodePoint c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

// Length of the well-formed sequence at the front of `text` (which starts with a byte above 0x7F); 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_tail(text[i])) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

// The code point at `at` and its length; a broken byte reads as U+FFFD.
CodePoint decode(std::string_view text, std::size_t at, std::size_t& length) {
  CodePoint point = 0;
  const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  length = read > 0 ? static_cast<std::size_t>(read) : 1;
  return read > 0 ? point : 0xFFFD;
}

CodePoint code_point_before(std::string_view text, std::size_t end) {
  std::size_t start = end - 1;
  while (start > 0 && end - start < 4 && is_tail(text[start])) --start;
  std::size_t length = 0;
  return decode(text, start, length);
}

void append_utf8(std::string& out, CodePoint point) {
  utf8proc_uint8_t buffer[4];
  const auto length = utf8proc_encode_char(point, buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 0;
    if (!is_white_space(decode(text, 0, length))) break;
    text.remove_prefix(length);
  }
  while (!text.empty()) {
    const CodePoint last = code_point_before(text, text.size());
    if (!is_white_space(last)) break;
    text.remove_suffix(static_cast<std::size_t>(last < 0x80 ? 1 : last < 0x800 ? 2 : 3));
  }
  return text;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string folded_once(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (length < 0) return std::string(text);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

// Letters that carry their stroke or shape without decomposing, after case folding.
std::optional<std::string_view> plain_spelling(CodePoint c) {
  switch (c) {
    case 0x00E6: return "ae";  // ae ligature
    case 0x00F0: return "d";   // eth
    case 0x00F8: return "o";   // o with stroke
    case 0x00FE: return "th";  // thorn
    case 0x0111: return "d";   // d with stroke
    case 0x0127: return "h";   // h with stroke
    case 0x0131: return "i";   // dotless i
    case 0x0138: return "k";   // kra
    case 0x0142: return "l";   // l with stroke
    case 0x014B: return "n";   // eng
    case 0x0153: return "oe";  // oe ligature
    case 0x0167: return "t";   // t with stroke
    case 0x0180: return "b";   // b with stroke
    case 0x0192: return "f";   // f with hook
    case 0x01B6: return "z";   // z with stroke
    case 0x01E5: return "g";   // g with stroke
    case 0x0237: return "j";   // dotless j
    case 0x0256: return "d";   // d with tail
    case 0x0259: return "e";   // schwa
    case 0x0268: return "i";   // i with stroke
    case 0x0289: return "u";   // u bar
    case 0x02BB:               // okina and
    case 0x02BC: return "";    // apostrophe letters: written or not, the same word
    default: return std::nullopt;
  }
}

// Scripts written without spaces (and Hangul, where given names follow family names without one).
bool stands_alone(CodePoint c) {
  return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x323AF) || (c >= 0x3041 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || c == 0x3005 || c == 0x3007;
}

// Decomposed for compatibility, case folded, marks dropped, composed again (so that Hangul syllables stay whole).
std::vector<CodePoint> search_points(std::string_view text) {
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                                                      UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const auto needed = utf8proc_decompose(bytes, size, nullptr, 0, options);
  if (needed <= 0) return {};
  std::vector<CodePoint> points(static_cast<std::size_t>(needed) + 1);
  const auto found = utf8proc_decompose(bytes, size, points.data(), needed, options);
  if (found < 0) return {};
  const auto composed = utf8proc_normalize_utf32(points.data(), found, options);
  points.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(composed, 0)));
  return points;
}

class WordSplitter {
 public:
  void add(CodePoint c) {
    if (c < 0x80) return add_plain(c);
    if (const auto spelling = plain_spelling(c)) {
      word_.append(*spelling);
    } else if (stands_alone(c)) {
      end_word();
      append_utf8(word_, c);
      end_word();
    } else if (is_letter_or_number(c)) {
      append_utf8(word_, c);
    } else {
      end_word();
    }
  }

  void add_plain(CodePoint c) {
    if (!is_letter_or_number(c)) return end_word();
    word_.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
  }

  std::vector<std::string> finish() {
    end_word();
    return std::move(words_);
  }

 private:
  void end_word() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
  }

  std::string word_;
  std::vector<std::string> words_;
};

// ---- card numbers

constexpr std::size_t min_card_digits = 13;
constexpr std::size_t max_card_digits = 19;

struct CardBrand {
  int low;  // first and last prefix, of `prefix_digits` digits
  int high;
  int prefix_digits;
  std::uint32_t lengths;  // bit n: n digits
};

constexpr std::uint32_t lengths(std::size_t first, std::size_t last) {
  std::uint32_t bits = 0;
  for (std::size_t n = first; n <= last; ++n) bits |= 1U << n;
  return bits;
}

constexpr CardBrand brands[] = {
    {4, 4, 1, (1U << 13) | (1U << 16) | (1U << 19)},  // Visa
    {51, 55, 2, 1U << 16},
    {2221, 2720, 4, 1U << 16},  // Mastercard
    {34, 34, 2, 1U << 15},
    {37, 37, 2, 1U << 15},  // American Express
    {300, 305, 3, lengths(14, 19)},
    {3095, 3095, 4, lengths(14, 19)},  // Diners Club
    {36, 36, 2, lengths(14, 19)},
    {38, 39, 2, lengths(14, 19)},
    {6011, 6011, 4, lengths(16, 19)},
    {644, 649, 3, lengths(16, 19)},  // Discover
    {65, 65, 2, lengths(16, 19)},
    {3528, 3589, 4, lengths(16, 19)},  // JCB
    {62, 62, 2, lengths(16, 19)},
    {81, 81, 2, lengths(16, 19)},  // UnionPay, RuPay
    {60, 60, 2, 1U << 16},
    {82, 82, 2, 1U << 16},
    {508, 508, 3, 1U << 16},  // RuPay
    {5018, 5018, 4, lengths(13, 19)},
    {5020, 5020, 4, lengths(13, 19)},  // Maestro
    {5038, 5038, 4, lengths(13, 19)},
    {5893, 5893, 4, lengths(13, 19)},
    {6304, 6304, 4, lengths(13, 19)},
    {6759, 6759, 4, lengths(13, 19)},
    {6761, 6763, 4, lengths(13, 19)},
    {2200, 2204, 4, lengths(16, 19)},  // Mir
    {9792, 9792, 4, 1U << 16},         // Troy
};

constexpr std::string_view groupings[] = {
    "\4\4\4\1",   "\4\4\5",     "\4\3\3\3",  // 13 digits
    "\4\6\4",     "\4\4\4\2",                // 14
    "\4\6\5",     "\4\5\6",     "\4\4\4\3",  // 15
    "\4\4\4\4",                              // 16
    "\4\4\4\5",   "\4\4\4\4\1",              // 17
    "\4\4\4\4\2",                            // 18
    "\4\4\4\4\3", "\6\x0D",                  // 19
};

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0;) {
    int value = digits[i] - '0';
    if (twice) value = value > 4 ? 2 * value - 9 : 2 * value;
    sum += value;
    twice = !twice;
  }
  return sum % 10 == 0;
}

bool is_card(std::string_view digits) {
  for (const CardBrand& brand : brands) {
    if ((brand.lengths >> digits.size() & 1U) == 0) continue;
    int prefix = 0;
    for (int i = 0; i < brand.prefix_digits; ++i) prefix = prefix * 10 + (digits[static_cast<std::size_t>(i)] - '0');
    if (prefix >= brand.low && prefix <= brand.high) return luhn_valid(digits);
  }
  return false;
}

bool touches(CodePoint c) {
  return c == '.' || is_letter_or_number(c);
}

bool free_before(std::string_view text, std::size_t at) {
  return at == 0 || !touches(code_point_before(text, at));
}

bool free_after(std::string_view text, std::size_t end) {
  std::size_t length = 0;
  return end == text.size() || !touches(decode(text, end, length));
}

std::size_t digits_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

bool grouped_card_at(std::string_view text, std::size_t at, std::string_view grouping) {
  std::string digits;
  for (std::size_t i = 0; i < grouping.size(); ++i) {
    if (i > 0) {
      if (at >= text.size() || (text[at] != ' ' && text[at] != '-')) return false;
      ++at;
    }
    const auto wanted = std::size_t{static_cast<unsigned char>(grouping[i])};
    if (digits_from(text, at) != wanted) return false;
    digits.append(text.substr(at, wanted));
    at += wanted;
  }
  return free_after(text, at) && is_card(digits);
}

bool valid_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > 253) return false;
  for (std::size_t start = 0; start <= domain.size();) {
    const std::size_t end = std::min(domain.find('.', start), domain.size());
    const std::string_view label = domain.substr(start, end - start);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    start = end + 1;
  }
  return true;
}

// Marks belong to letters of many scripts, so they pass where letters do.
bool is_mail_letter(CodePoint c) {
  if (is_letter_or_number(c)) return true;
  const auto category = utf8proc_category(c);
  return c >= 0x80 && (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC);
}

}  // namespace

bool valid_text(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) {  // eight plain bytes at a time: neither a high bit nor a zero byte
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      constexpr std::uint64_t ones = 0x0101010101010101ULL;
      if (((word | (word - ones)) & (ones << 7)) == 0) {
        at += 8;
        continue;
      }
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == 0) return false;
    const std::size_t length = byte < 0x80 ? 1 : sequence_length(text.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_tail(c); }));
}

std::size_t utf16_units(std::string_view text) {
  const auto astral =
      std::count_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xF0; });
  return count_characters(text) + static_cast<std::size_t>(astral);
}

std::string trim(std::string_view text) {
  return std::string(trimmed(text));
}

std::string fold(std::string_view text) {
  text = trimmed(text);
  if (is_ascii(text)) return ascii_lower(text);
  // Folding can undo a composition and composing can uncover a fold; twice settles it.
  return folded_once(folded_once(text));
}

std::vector<std::string> search_words(std::string_view text) {
  WordSplitter splitter;
  if (is_ascii(text)) {
    for (const char c : text) splitter.add_plain(c);
  } else {
    for (const CodePoint c : search_points(text)) splitter.add(c);
  }
  return splitter.finish();
}

std::string slugify(std::string_view text) {
  constexpr std::size_t max_slug = 200;
  std::string slug;
  for (const std::string& word : search_words(text)) {
    std::string plain;
    std::copy_if(word.begin(), word.end(), std::back_inserter(plain),
                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (plain.empty()) continue;
    if (slug.empty()) {
      slug = plain.substr(0, max_slug);
    } else if (slug.size() + 1 + plain.size() <= max_slug) {
      slug.append("-").append(plain);
    } else {
      break;
    }
  }
  return slug.empty() ? "event" : slug;
}

bool contains_card_number(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t run = digits_from(text, at);
    if (run == 0) {
      ++at;
      continue;
    }
    if (free_before(text, at)) {
      const bool plain = run >= min_card_digits && run <= max_card_digits && free_after(text, at + run);
      if (plain && is_card(text.substr(at, run))) return true;
      for (const std::string_view grouping : groupings) {
        if (grouped_card_at(text, at, grouping)) return true;
      }
    }
    at += run;
  }
  return false;
}

bool valid_email(std::string_view text) {
  constexpr std::size_t max_email = 254;
  constexpr std::size_t max_local = 64;
  constexpr std::string_view local_marks = "!#$%&'*+-/=?^_`{|}~.";
  if (text.size() > max_email || !valid_text(text)) return false;
  const std::size_t mark = text.find('@');
  if (mark == std::string_view::npos || mark == 0 || mark > max_local) return false;
  const std::string_view local = text.substr(0, mark);
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const CodePoint c = decode(text, at, length);
    const std::string_view marks = at < mark ? local_marks : std::string_view("-.");
    const bool allowed =
        at == mark || is_mail_letter(c) || (c < 0x80 && marks.find(static_cast<char>(c)) != std::string_view::npos);
    if (!allowed) return false;
    at += length;
  }
  return valid_domain(text.substr(mark + 1));
}

}  // namespace eventcore
