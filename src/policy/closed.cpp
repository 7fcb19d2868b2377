#include "policy/closed.hpp"

#include <string>
#include <string_view>

namespace eventcore::policy {

namespace {

// One small value of the store, uuids between blanks: it is read in every unit of work and nearly always empty.
constexpr std::string_view meta_name = "closed_organizations";

}  // namespace

Result<std::vector<Uuid>> closed_organizations(store::Reader& reader) {
  std::vector<Uuid> closed;
  EC_TRY(text, reader.meta(meta_name));
  if (!text) return closed;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find(' ');
    EC_TRY(id, parse_uuid(rest.substr(0, end)));
    closed.push_back(id);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return closed;
}

Status set_closed_organizations(store::Writer& writer, const std::vector<Uuid>& closed) {
  std::string text;
  for (const Uuid& id : closed) {
    if (!text.empty()) text += ' ';
    text += to_text(id);
  }
  return writer.set_meta(meta_name, text);
}

}  // namespace eventcore::policy
