// What is wrong for a type, made from the schema: each kind of badness that the type knows.
// Thread: free functions without state.
#pragma once

#include <string>
#include <vector>

#include "c_bad_input/host.hpp"

namespace eventcore::host {

struct BadValue {
  std::string kind;  // mistyped, out of range, too long
  json value;
};

// For a column or an argument. Empty where anything goes (json and sealed know no wrong type, only too much).
inline std::vector<BadValue> bad_values(const json& field) {
  const std::string type = field.at("type");
  const std::string long_text(30'001, 'a');
  const std::string huge_text(300'000, 'a');
  if (field.value("list", false)) return {{"mistyped", "no list"}, {"mistyped", json::array({json::array()})}};
  if (type == "text") return {{"mistyped", 7}, {"too long", long_text}};
  if (type == "uuid") return {{"mistyped", 7}, {"out of range", "not-a-uuid"}, {"too long", long_text}};
  if (type == "boolean") return {{"mistyped", "true"}};
  if (type == "integer") return {{"mistyped", "1"}, {"out of range", 9223372036854775808U}};
  if (type == "money" || type == "decimal")
    return {{"mistyped", true}, {"out of range", "99999999999999999999"}, {"out of range", "1.23456789"}};
  if (type == "timestamptz") return {{"mistyped", 7}, {"out of range", "2031-13-01T00:00:00Z"}};
  if (type == "date") return {{"mistyped", 7}, {"out of range", "2031-02-30"}};
  if (type == "enum") return {{"mistyped", 7}, {"out of range", "no such value"}};
  if (type == "json") return {{"too long", huge_text}};
  if (type == "sealed") return {{"too long", huge_text}};
  if (type == "text[]")
    return {{"mistyped", "x"}, {"mistyped", json::array({7})}, {"too long", json::array({long_text})}};
  if (type == "uuid[]") return {{"mistyped", "x"}, {"out of range", json::array({"not-a-uuid"})}};
  if (type == "point") return {{"mistyped", 7}, {"out of range", {{"x", "1"}}}};
  if (type == "inet") return {{"mistyped", 7}, {"out of range", "999.0.0.1"}};
  if (type == "blob") return {{"mistyped", 7}, {"out of range", "zz"}};
  if (type == "object") return {{"mistyped", "no object"}};
  throw std::runtime_error("bad_values does not know the type " + type);
}

// JSON nested deeper than a request may be.
inline std::string too_deep(const std::string& member) {
  return "{\"" + member + "\":" + std::string(65, '[') + std::string(65, ']') + "}";
}

}  // namespace eventcore::host
