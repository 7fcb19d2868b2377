// The parts of the public Failure that need more than a header. The texts come from a table generated next to this
// file, because base must not know the schema that declares them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <eventcore/result.hpp>
#include <iterator>
#include <system_error>

namespace eventcore {
namespace {

struct ErrcRow {  // NOLINT(clang-analyzer-optin.performance.Padding): in the order the table is written
  std::int32_t number;
  std::string_view name;
  std::string_view group;
  bool transient;
  std::string_view message;
};

constexpr ErrcRow rows[] = {
#include "base/errc_table.inc"
};

constexpr ErrcRow unknown_row{9001, "internal", "internal", false, "the engine broke one of its own rules"};

constexpr bool in_order() {
  for (std::size_t i = 1; i < std::size(rows); ++i) {
    if (rows[i - 1].number >= rows[i].number) return false;
  }
  return true;
}
static_assert(in_order(), "the lookup below is a binary search");

const ErrcRow& row_of(std::int32_t number) {
  const auto* at = std::lower_bound(std::begin(rows), std::end(rows), number,
                                    [](const ErrcRow& row, std::int32_t wanted) { return row.number < wanted; });
  return at != std::end(rows) && at->number == number ? *at : unknown_row;
}

const ErrcRow& row_of(Errc code) {
  return row_of(static_cast<std::int32_t>(code));
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

class EngineCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "eventcore"; }
  [[nodiscard]] std::string message(int number) const override { return std::string(row_of(number).message); }
};

const EngineCategory& engine_category() {
  static const EngineCategory category;
  return category;
}

}  // namespace

const FailureDetail& Failure::detail() const {
  static const FailureDetail none;
  return detail_ ? *detail_ : none;
}

std::string_view Failure::name() const {
  return row_of(code_).name;
}

std::string Failure::message() const {
  const std::string& own = detail().message;
  return own.empty() ? std::string(row_of(code_).message) : own;
}

bool Failure::transient() const {
  return row_of(code_).transient;
}

std::string Failure::to_json() const {
  const ErrcRow& row = row_of(code_);
  const FailureDetail& more = detail();
  std::string out = "{\"code\":";
  append_quoted(out, row.name);
  out.append(",\"number\":").append(std::to_string(row.number));
  out.append(",\"class\":");
  append_quoted(out, row.group);
  out.append(row.transient ? ",\"transient\":true" : ",\"transient\":false");
  out.append(",\"message\":");
  append_quoted(out, message());
  out.append(",\"fields\":[");
  bool first = true;
  for (const FieldError& field : more.fields) {
    out.append(first ? "{\"field\":" : ",{\"field\":");
    append_quoted(out, field.field);
    out.append(",\"reason\":");
    append_quoted(out, field.reason);
    out.push_back('}');
    first = false;
  }
  out.append("],\"detail\":{");
  for (std::size_t i = 0; i < more.facts.size(); ++i) {
    const std::string& name = more.facts[i].first;
    // A fact given twice would make a duplicate key, which our own parser refuses: the last one counts.
    const bool again = std::any_of(more.facts.begin() + static_cast<std::ptrdiff_t>(i) + 1, more.facts.end(),
                                   [&](const auto& later) { return later.first == name; });
    if (again) continue;
    if (out.back() != '{') out.push_back(',');
    append_quoted(out, name);
    out.push_back(':');
    append_quoted(out, more.facts[i].second);
  }
  out.append("}}");
  return out;
}

Failure fail(Errc code, std::string message) {
  FailureDetail detail;
  detail.message = std::move(message);
  return {code, std::move(detail)};
}

Failure fail_field(Errc code, std::string field, std::string reason) {
  FailureDetail detail;
  detail.fields.push_back({std::move(field), std::move(reason)});
  return {code, std::move(detail)};
}

Failure fail_fact(Errc code, std::string name, std::string value) {
  FailureDetail detail;
  detail.facts.emplace_back(std::move(name), std::move(value));
  return {code, std::move(detail)};
}

std::error_code make_error_code(Errc code) {
  return {static_cast<int>(code), engine_category()};
}

std::error_code make_error_code(const Failure& failure) {
  return make_error_code(failure.code());
}

void outcome_throw_as_system_error_with_payload(const Failure& failure) {
  throw std::system_error(make_error_code(failure), failure.message());
}

}  // namespace eventcore
