#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace eventcore {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Length of the JSON number at the front of `text`; 0 if there is none. `whole`: neither fraction nor exponent.
std::size_t scan_number(std::string_view text, bool& whole) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > start;
  };
  whole = true;
  if (at < text.size() && text[at] == '-') ++at;
  if (at < text.size() && text[at] == '0') {
    ++at;
  } else if (!digits()) {
    return 0;
  }
  if (at < text.size() && text[at] == '.') {
    whole = false;
    ++at;
    if (!digits()) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    whole = false;
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return 0;
  }
  return at;
}

Json number_value(std::string_view text, bool whole) {
  if (whole) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return Json(value);
  }
  // Not by Json::binary: when memory runs out there, a value is destroyed that says it holds bytes and holds none.
  return Json(Json::binary_t(Json::binary_t::container_type(text.begin(), text.end()), number_subtype));
}

bool holds_exact(const Json& value) {
  return value.is_binary() && value.get_binary().has_subtype() && value.get_binary().subtype() == number_subtype;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    out.push_back(tail(point));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    out.push_back(tail(point >> 6));
    out.push_back(tail(point));
  } else {
    out.push_back(static_cast<char>(0xF0 | (point >> 18)));
    out.push_back(tail(point >> 12));
    out.push_back(tail(point >> 6));
    out.push_back(tail(point));
  }
}

// Recursive descent; the depth limit bounds the recursion. The text is valid UTF-8 without NUL by now.
class JsonReader {
 public:
  JsonReader(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  Result<Json> document() {
    Json value;
    skip_blanks();
    if (!read_value(value, 0)) return failure();
    skip_blanks();
    if (at_ != text_.size()) {
      refuse("text after the end");
      return failure();
    }
    return value;
  }

 private:
  [[nodiscard]] Failure failure() const {
    return fail(Errc::invalid_json, std::string(reason_) + " at byte " + std::to_string(at_));
  }

  bool refuse(const char* reason) {
    reason_ = reason;
    return false;
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
      ++at_;
    }
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool read_value(Json& out, int depth) {
    switch (peek()) {
      case '{': return read_object(out, depth + 1);
      case '[': return read_array(out, depth + 1);
      case '"': out = std::string(); return read_string(out.get_ref<std::string&>());
      case 't': out = true; return read_word("true");
      case 'f': out = false; return read_word("false");
      case 'n': out = nullptr; return read_word("null");
      default: return read_number(out);
    }
  }

  bool read_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return refuse("unknown word");
    at_ += word.size();
    return true;
  }

  bool read_number(Json& out) {
    bool whole = true;
    const std::size_t length = scan_number(text_.substr(at_), whole);
    if (length == 0) return refuse(at_ == text_.size() ? "unexpected end" : "no value");
    out = number_value(text_.substr(at_, length), whole);
    at_ += length;
    return true;
  }

  bool read_object(Json& out, int depth) {
    if (depth > max_depth_) return refuse("too deeply nested");
    out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    ++at_;
    skip_blanks();
    if (take('}')) return true;
    for (;;) {
      skip_blanks();
      if (peek() != '"') return refuse("a key must be a string");
      std::string key;
      if (!read_string(key)) return false;
      skip_blanks();
      if (!take(':')) return refuse("missing colon");
      skip_blanks();
      const auto [member, fresh] = members.try_emplace(std::move(key));
      if (!fresh) return refuse("duplicate key");
      if (!read_value(member->second, depth)) return false;
      skip_blanks();
      if (take('}')) return true;
      if (!take(',')) return refuse("missing comma or closing brace");
    }
  }

  bool read_array(Json& out, int depth) {
    if (depth > max_depth_) return refuse("too deeply nested");
    out = Json::array();
    auto& items = out.get_ref<Json::array_t&>();
    ++at_;
    skip_blanks();
    if (take(']')) return true;
    for (;;) {
      skip_blanks();
      if (!read_value(items.emplace_back(), depth)) return false;
      skip_blanks();
      if (take(']')) return true;
      if (!take(',')) return refuse("missing comma or closing bracket");
    }
  }

  bool read_string(std::string& out) {
    ++at_;
    for (;;) {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_.substr(start, at_ - start));
      if (at_ == text_.size()) return refuse("unterminated string");
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') return refuse("control character in a string");
      ++at_;
      if (!read_escape(out)) return false;
    }
  }

  bool read_escape(std::string& out) {
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c == 'u') {
      ++at_;
      return read_code_point(out);
    }
    const std::size_t which = at_ < text_.size() ? names.find(c) : std::string_view::npos;
    if (which == std::string_view::npos) return refuse("unknown escape");
    out.push_back(meanings[which]);
    ++at_;
    return true;
  }

  bool read_code_point(std::string& out) {
    std::uint32_t point = 0;
    if (!read_hex4(point)) return false;
    if (point == 0) return refuse("NUL in a string");
    if (point >= 0xDC00 && point <= 0xDFFF) return refuse("lone surrogate");
    if (point >= 0xD800 && point <= 0xDBFF) {
      std::uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return refuse("lone surrogate");
      at_ += 2;
      if (!read_hex4(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return refuse("lone surrogate");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, point);
    return true;
  }

  bool read_hex4(std::uint32_t& out) {
    if (text_.size() - at_ < 4) return refuse("unterminated string");
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = text_[at_];
      const char lower = static_cast<char>(c | 0x20);
      if (is_digit(c)) {
        out = out * 16 + static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        out = out * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return refuse("not a hexadecimal digit");
      }
    }
    return true;
  }

  std::string_view text_;
  int max_depth_;
  std::size_t at_ = 0;
  const char* reason_ = "malformed";
};

bool must_be_escaped(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The same of eight bytes at once: a byte's high bit stays set in the sum where the byte is below 0x20, or zero after
// the exclusive or with what is looked for. A carry may only report too much, which the loop over bytes then sorts out.
bool may_need_escapes(const char* eight) {
  constexpr std::uint64_t each = 0x0101010101010101ULL;
  constexpr std::uint64_t high = each * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  const auto holds_zero = [](std::uint64_t bytes) { return (bytes - each) & ~bytes & high; };
  const std::uint64_t below = (word - each * 0x20) & ~word & high;
  return (below | holds_zero(word ^ (each * '"')) | holds_zero(word ^ (each * '\\'))) != 0;
}

std::size_t next_escape(std::string_view text, std::size_t from) {
  while (from + 8 <= text.size() && !may_need_escapes(text.data() + from)) from += 8;
  while (from < text.size() && !must_be_escaped(text[from])) ++from;
  return from;
}

void append_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out.push_back('"');
  std::size_t clean_from = 0;  // copied in stretches: most strings hold nothing to escape
  for (std::size_t i = next_escape(text, 0); i < text.size(); i = next_escape(text, i + 1)) {
    const auto byte = static_cast<unsigned char>(text[i]);
    out.append(text.substr(clean_from, i - clean_from));
    clean_from = i + 1;
    out.push_back('\\');
    switch (byte) {
      case '"':
      case '\\': out.push_back(static_cast<char>(byte)); break;
      case '\b': out.push_back('b'); break;
      case '\f': out.push_back('f'); break;
      case '\n': out.push_back('n'); break;
      case '\r': out.push_back('r'); break;
      case '\t': out.push_back('t'); break;
      default:
        out.append("u00");
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
  }
  out.append(text.substr(clean_from));
  out.push_back('"');
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

void append_value(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
        out.push_back(before);
        append_string(out, key);
        out.push_back(':');
        append_value(out, member);
        before = ',';
      }
      out.append(before == '{' ? "{}" : "}");
      return;
    }
    case Json::value_t::array: {
      char before = '[';
      for (const Json& item : value.get_ref<const Json::array_t&>()) {
        out.push_back(before);
        append_value(out, item);
        before = ',';
      }
      out.append(before == '[' ? "[]" : "]");
      return;
    }
    case Json::value_t::string: return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::boolean: out.append(value.get<bool>() ? "true" : "false"); return;
    case Json::value_t::number_integer: return append_number(out, value.get<std::int64_t>());
    case Json::value_t::number_unsigned: return append_number(out, value.get<std::uint64_t>());
    case Json::value_t::number_float:
      out.append(std::isfinite(value.get<double>()) ? number_text(value) : "null");
      return;
    case Json::value_t::binary:
      if (holds_exact(value)) {
        out.append(as_text(value.get_binary()));
      } else {
        append_string(out, hex(value.get_binary()));  // bytes have no JSON form; never print them raw
      }
      return;
    case Json::value_t::null:
    case Json::value_t::discarded: out.append("null");
  }
}

// A decimal with nothing redundant: two texts of one number have the same one.
struct Decimal {
  bool negative = false;
  std::string digits;         // no leading or trailing zero; empty for zero
  std::int64_t exponent = 0;  // value = 0.digits x 10^exponent
  std::string exponent_text;  // instead of `exponent` when that is beyond all reason
  bool operator==(const Decimal&) const = default;
};

Decimal normal_decimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  std::string_view power = text.substr(std::min(mark + 1, text.size()));
  text = text.substr(0, mark);
  const std::size_t point = std::min(text.find('.'), text.size());
  decimal.digits = text.substr(0, point);
  if (point < text.size()) decimal.digits.append(text.substr(point + 1));
  const std::size_t lead = decimal.digits.find_first_not_of('0');
  if (lead == std::string::npos) return {};
  decimal.digits.erase(0, lead);
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  if (!power.empty() && power.front() == '+') power.remove_prefix(1);
  std::int64_t stated = 0;
  if (!power.empty()) {
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), stated);
    constexpr std::int64_t reasonable = std::int64_t{1} << 60;
    if (error != std::errc{} || stated > reasonable || stated < -reasonable) {
      decimal.exponent_text = power;
      stated = 0;
    }
  }
  decimal.exponent = stated + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(lead);
  return decimal;
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    return fail(Errc::request_too_large, "the JSON text is longer than " + std::to_string(limits.bytes) + " bytes");
  }
  if (!valid_text(text)) return fail(Errc::invalid_json, "the text is not UTF-8 or contains NUL");
  return JsonReader(text, limits.depth).document();
}

void append_json(std::string& out, std::string_view text) {
  append_string(out, text);
}

void append_json(std::string& out, std::int64_t integer) {
  append_number(out, integer);
}

std::string dump(const Json& value) {
  std::string out;
  append_value(out, value);
  return out;
}

bool is_number(const Json& value) {
  return value.is_number() || holds_exact(value);
}

std::string number_text(const Json& value) {
  if (holds_exact(value)) return std::string(as_text(value.get_binary()));
  std::string out;
  if (value.is_number_unsigned()) {
    append_number(out, value.get<std::uint64_t>());
  } else if (value.is_number_integer()) {
    append_number(out, value.get<std::int64_t>());
  } else if (value.is_number_float() && std::isfinite(value.get<double>())) {
    append_number(out, value.get<double>());
  }
  return out;
}

Json exact_number(std::string text) {
  bool whole = true;
  const std::size_t length = scan_number(text, whole);
  if (length == 0 || length != text.size()) return Json(std::move(text));
  return number_value(text, whole);
}

bool json_equal(const Json& a, const Json& b) {
  if (a.is_number_integer() && b.is_number_integer()) return a == b;
  if (is_number(a) || is_number(b)) {
    return is_number(a) && is_number(b) && normal_decimal(number_text(a)) == normal_decimal(number_text(b));
  }
  if (a.type() != b.type()) return false;
  if (a.is_array()) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), json_equal);
  }
  if (a.is_object()) {
    const auto& left = a.get_ref<const Json::object_t&>();
    const auto& right = b.get_ref<const Json::object_t&>();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& x, const auto& y) {
      return x.first == y.first && json_equal(x.second, y.second);
    });
  }
  return a == b;
}

}  // namespace eventcore
