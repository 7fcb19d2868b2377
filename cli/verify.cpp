// verify: the whole store, then the audit chain of each organization and of the store itself.
#include "common.hpp"
#include "json_text.hpp"
#include "numbers.hpp"

namespace cli {

using eventcore::Result;
using eventcore::Session;

namespace {

constexpr const char* store_chain = "00000000-0000-0000-0000-000000000000";

Result<std::vector<std::string>> organizations(Session& session) {
  std::vector<std::string> ids{store_chain};
  std::string cursor;
  do {
    const std::string after = cursor.empty() ? "" : ",\"after\":" + as_json(cursor);
    EC_TRY(page, session.list("organizations", R"({"columns":["id"],"limit":500)" + after + "}"));
    const auto rows = values_in(member(page, "rows")).value_or(std::vector<std::string_view>{});
    for (const std::string_view row : rows) ids.push_back(plain(member(row, "id")));
    cursor = plain(member(page, "cursor"));
  } while (!cursor.empty());
  return ids;
}

Result<int> run_verify(const Common& common, bool pages, int problems_max) {
  EC_TRY(engine, open_store(common, Access::read));
  EC_TRY(session, open_service(engine, "eventcore verify"));
  progress("checking pages and rows");
  EC_TRY(store, session.call("verify_store", std::string("{\"pages\":") + (pages ? "true" : "false") +
                                                 ",\"problems_max\":" + std::to_string(problems_max) + "}"));
  bool good = member(store, "ok") == "true";
  EC_TRY(ids, organizations(session));
  std::string audit;
  for (const std::string& id : ids) {
    progress("checking the audit chain of " + id);
    EC_TRY(chain, session.call("verify_audit", "{\"organization_id\":" + as_json(id) + "}"));
    good = good && member(chain, "ok") == "true";
    if (!audit.empty()) audit += ",";
    audit += "{\"organization_id\":" + as_json(id) + "," + chain.substr(1);
  }
  put_json(std::string("{\"ok\":") + (good ? "true" : "false") + ",\"store\":" + store + ",\"audit\":[" + audit + "]}");
  say(good ? "no problems found" : "problems found");
  return good ? exit_ok : exit_problems;
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("verify", "Check pages, references, invariants, derived columns and audit chains.");
  auto no_pages = std::make_shared<bool>(false);
  auto problems_max = std::make_shared<int>(100);
  verb->add_flag("--no-pages", *no_pages, "Leave out the pages of the file, which takes the longest");
  verb->add_option("--problems-max", *problems_max, "List at most so many problems (100 when absent)")
      ->type_name("N")
      ->transform(whole_number(1, 10000));
  verb->footer(
      "Exit code 0: no problems; 1: problems found; 7: the store cannot be opened or read.\nExample: eventcore verify "
      "&& echo sound");
  verb->final_callback([&context, no_pages, problems_max] {
    context.run = [&context, no_pages, problems_max] { return run_verify(context.common, !*no_pages, *problems_max); };
  });
}

}  // namespace cli
