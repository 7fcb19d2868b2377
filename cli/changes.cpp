// changes: the change feed, a JSON object on each line.
#include "common.hpp"
#include "json_text.hpp"
#include "numbers.hpp"

namespace cli {

using eventcore::Result;

namespace {

// How long one look at the feed waits: so late at most an interrupt or a closed output is noticed.
constexpr std::int64_t wait_us = 250'000;
constexpr std::int64_t batch_size = 500;

struct Changes {
  std::int64_t since = 0;
  std::int64_t limit = 0;
  bool follow = false;
};

Result<int> run_changes(const Common& common, const Changes& asked) {
  EC_TRY(engine, open_store(common, Access::read));
  EC_TRY(session, open_session(engine, common));
  watch_for_interrupts();
  std::int64_t next = asked.since;
  std::int64_t left = asked.limit;
  while (!interrupted() && !output_is_closed()) {
    const std::int64_t size = asked.limit > 0 ? std::min(left, batch_size) : batch_size;
    EC_TRY(batch, session.changes(next, size, asked.follow ? wait_us : 0));
    const auto changes = values_in(member(batch, "changes")).value_or(std::vector<std::string_view>{});
    for (const std::string_view change : changes) put(std::string(change) + "\n");
    flush();
    const std::int64_t before = next;
    next = std::stoll(plain(member(batch, "next")));
    left -= static_cast<std::int64_t>(changes.size());
    if (asked.limit > 0 && left <= 0) break;
    if (!asked.follow && next == before) break;
  }
  say("up to change " + std::to_string(next) + "; --since " + std::to_string(next) + " goes on from here");
  return exit_ok;
}

}  // namespace

void add_changes(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("changes", "Print the changes that the principal may learn of, oldest first.");
  auto asked = std::make_shared<Changes>();
  verb->add_option("--since", asked->since, "Only changes after this number (0 when absent)")
      ->type_name("SEQ")
      ->transform(whole_number(0));
  verb->add_option("-n,--limit", asked->limit, "End after so many changes")->type_name("N")->transform(whole_number(1));
  verb->add_flag("--follow", asked->follow, "Wait for more");
  verb->footer(
      "Each line is a JSON object. With --follow it waits for more until it is interrupted or nobody reads.\nExample: "
      "eventcore changes --since 1200 --follow");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_changes(context.common, *asked); }; });
}

}  // namespace cli
