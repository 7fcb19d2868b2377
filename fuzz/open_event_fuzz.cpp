// A conference's documents as one JSON object: refused with the fields named, or rows that the tables take, each
// sponsor with a package.
#include "rules/events/open_event.hpp"
#include "schema/all.hpp"
#include "schema/codec.hpp"
#include "support.hpp"

namespace {

using namespace eventcore;
using rules::events::OpenEvent;

// Shape only: the references are the import's own to fill in. Links may be refused, for they are taken as they come.
void taken_by(const schema::TableDef& table, const Json& row, std::string_view not_checked) {
  const auto changes = schema::decode_row(table, row, schema::WriteKind::insert);
  if (changes) return;
  fuzz::need(changes.error().code() == Errc::invalid_argument);
  for (const FieldError& bad : changes.error().detail().fields)
    fuzz::need(not_checked.find(" " + bad.field + " ") != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto documents = parse_json({reinterpret_cast<const char*>(bytes), size});
  if (!documents || !documents.assume_value().is_object()) return 0;
  const auto read = rules::events::read_open_event(documents.assume_value(), 100);
  if (!read) {
    fuzz::need(read.error().code() == Errc::invalid_argument && !read.error().detail().fields.empty());
    return 0;
  }
  const OpenEvent& import = read.assume_value();
  taken_by(schema::tables::events, import.event, " organization_id settings ");
  if (import.venue) taken_by(schema::tables::venues, *import.venue, " organization_id coordinates address ");
  for (const Json& package : import.packages)
    taken_by(schema::tables::sponsor_packages, package, " organization_id event_id ");
  for (const OpenEvent::Sponsor& sponsor : import.sponsors) {
    fuzz::need(sponsor.package < import.packages.size());
    taken_by(schema::tables::sponsors, sponsor.row, " organization_id event_id package_id logo_url website_url ");
  }
  for (const std::string& tag : import.tags) fuzz::need(!tag.empty());
  return 0;
}
