#include "rules/events/commands.hpp"
#include "rules/events/open_event.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::events {

using schema::Arguments;
using schema::CommandDef;
using schema::TableDef;
using work::As;
using work::UnitOfWork;

namespace {

Result<Record> insert_row(UnitOfWork& uow, const TableDef& table, const Json& row, const std::string& path) {
  auto changes = schema::decode_row(table, row, schema::WriteKind::insert);
  if (!changes) return under(path, changes.error());
  return uow.insert(table, changes.assume_value(), As::engine);
}

// A folder is read with the host's rights, so only the host itself may name one.
Result<Json> documents_of(const work::Reading& reading, const Arguments& arguments) {
  const auto folder = arguments.optional_text("folder");
  const bool given = !arguments.json("documents").is_null();
  if (folder.has_value() == given)
    return fail_field(Errc::invalid_argument, "documents", "exactly one of folder and documents is given");
  if (given) return arguments.json("documents");
  if (!reading.facts().is_service())
    return Failure(Errc::command_denied, {"only a service may name a folder of the host; give the documents", {}, {}});
  return open_event_documents(store::system_files(), *folder);
}

// The same conference once more: same name, same start.
Status refuse_second_import(UnitOfWork& uow, const Uuid& organization, const Json& event) {
  auto changes = schema::decode_row(schema::tables::events, event, schema::WriteKind::insert);
  if (!changes) return under("documents.event.", changes.error());
  Record row(schema::tables::events);
  for (const Assignment& a : changes.assume_value()) row.at(a.index) = a.value;
  const Expr same = Expr::all_of({Expr::equals(col::events::name.index, row[col::events::name]),
                                  Expr::equals(col::events::start_datetime.index, row[col::events::start_datetime])});
  EC_TRY(count, uow.reader().count(schema::tables::events, organization, same));
  if (count != 0) return Errc::already_exists;
  return ok();
}

Status insert_sponsors(UnitOfWork& uow, const OpenEvent& import, const Record& event) {
  std::vector<Uuid> packages;
  for (Json row : import.packages) {
    row["organization_id"] = to_text(event.organization_id());
    row["event_id"] = to_text(event.id());
    EC_TRY(package, insert_row(uow, schema::tables::sponsor_packages, row, "documents.sponsors."));
    packages.push_back(package.id());
  }
  for (const OpenEvent::Sponsor& sponsor : import.sponsors) {
    Json row = sponsor.row;
    row["event_id"] = to_text(event.id());
    row["package_id"] = to_text(packages[sponsor.package]);
    EC_TRYV(insert_row(uow, schema::tables::sponsors, row, "documents.sponsors."));
  }
  return ok();
}

Result<std::int64_t> insert_categories(UnitOfWork& uow, const Json& categories, const Record& event) {
  if (categories.is_null()) return std::int64_t{0};
  if (!categories.is_array()) return fail_field(Errc::invalid_argument, "categories", "must be a list of categories");
  std::int64_t count = 0;
  for (const Json& category : categories) {
    const std::string path = "categories[" + std::to_string(count++) + "]";
    if (!category.is_object()) return fail_field(Errc::invalid_argument, path, "must be an object");
    if (category.contains("event_id"))
      return fail_field(Errc::invalid_argument, path + ".event_id", "is not given here");
    Json row = category;
    row["event_id"] = to_text(event.id());
    EC_TRYV(insert_row(uow, schema::tables::ticket_categories, row, path + "."));
  }
  return count;
}

}  // namespace

Result<Json> import_open_event(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(organization, organization_of(uow, arguments));
  EC_TRY(subject, uow.get(schema::tables::organizations, organization));
  EC_TRYV(require(uow, command, subject));
  EC_TRY(documents, documents_of(uow, arguments));
  EC_TRY(import, read_open_event(documents, arguments.integer("venue_capacity")));
  EC_TRYV(refuse_second_import(uow, organization, import.event));
  Json venue_reply;
  Json event_row = import.event;
  event_row["organization_id"] = to_text(organization);
  if (import.venue) {
    Json row = *import.venue;
    row["organization_id"] = to_text(organization);
    EC_TRY(venue, insert_row(uow, schema::tables::venues, row, "documents.event."));
    event_row["venue_id"] = to_text(venue.id());
    EC_TRY(reply, uow.show_as_reply(venue));
    venue_reply = std::move(reply);
  }
  EC_TRY(event, insert_row(uow, schema::tables::events, event_row, "documents.event."));
  for (const std::string& tag : import.tags)
    EC_TRYV(insert_row(uow, schema::tables::event_tags, {{"event_id", to_text(event.id())}, {"tag_name", tag}},
                       "documents.event."));
  EC_TRYV(insert_sponsors(uow, import, event));
  EC_TRY(categories, insert_categories(uow, arguments.json("categories"), event));
  EC_TRY(event_reply, uow.show_as_reply(event));
  return Json{{"event", std::move(event_reply)},    {"venue", std::move(venue_reply)},
              {"tags", import.tags.size()},         {"sponsor_packages", import.packages.size()},
              {"sponsors", import.sponsors.size()}, {"categories", categories}};
}

}  // namespace eventcore::rules::events
