// list: rows of a table as JSON, NDJSON, CSV or an aligned table.
#include <algorithm>

#include "common.hpp"
#include "json_text.hpp"
#include "numbers.hpp"
#include "tables.hpp"

namespace cli {

using eventcore::Result;
using eventcore::Session;

namespace {

constexpr std::int64_t page_rows = 500;

struct List {
  std::string table;
  std::vector<std::string> where;
  std::vector<std::string> order_by;
  std::vector<std::string> columns;
  std::vector<std::string> expand;
  std::int64_t limit = 100;
  std::string after;
  bool all = false;
  bool count = false;
  std::string format = "json";
};

std::string texts(const std::vector<std::string>& list) {
  std::string json = "[";
  for (const std::string& text : list) json += (json.size() > 1 ? "," : "") + as_json(text);
  return json + "]";
}

// Every --where must hold; each is a JSON filter or COLUMN=VALUE.
std::string where_of(const List& asked) {
  if (asked.where.empty()) return "null";
  const std::vector<Column> columns = columns_of(asked.table);
  std::string json = "{\"and\":[";
  for (std::size_t i = 0; i < asked.where.size(); ++i) {
    const std::string& one = asked.where[i];
    if (i > 0) json += ",";
    const bool is_json = !one.empty() && (one[0] == '{' || one[0] == '@' || one == "-");
    json += is_json ? json_argument(one) : "{" + typed_member(columns, one) + "}";
  }
  return json + "]}";
}

std::string request_of(const List& asked, const std::string& where, std::int64_t limit, const std::string& after) {
  std::string json = "{\"where\":" + where + ",\"limit\":" + std::to_string(limit);
  if (!asked.order_by.empty()) json += ",\"order_by\":" + texts(asked.order_by);
  if (!asked.columns.empty()) json += ",\"columns\":" + texts(asked.columns);
  if (!asked.expand.empty()) json += ",\"expand\":" + texts(asked.expand);
  if (!after.empty()) json += ",\"after\":" + as_json(after);
  return json + "}";
}

// Columns of a CSV or a table: those asked for, else those of the first page in the order of the schema.
std::vector<std::string> heading(const List& asked, const std::vector<std::string_view>& rows) {
  const bool all = std::find(asked.columns.begin(), asked.columns.end(), "*") != asked.columns.end();
  if (!asked.columns.empty() && !all) return asked.columns;
  std::vector<std::string> names;
  for (const Column& column : columns_of(asked.table)) {
    const bool shown = rows.empty() || std::any_of(rows.begin(), rows.end(), [&](std::string_view row) {
                         return !member(row, column.name).empty();
                       });
    if (shown && (all || !column.is_long)) names.push_back(column.name);
  }
  return names;
}

// Takes page after page and writes them in one format.
class Printer {
 public:
  explicit Printer(const List& asked) : asked_(asked) {}

  void page(const std::vector<std::string_view>& rows) {
    if (names_.empty() && (asked_.format == "csv" || asked_.format == "table")) {
      names_ = heading(asked_, rows);
      if (asked_.format == "csv") put(csv_line(names_));
    }
    for (const std::string_view row : rows) {
      if (asked_.format == "json")
        json_ += (json_.empty() ? "" : ",") + std::string(row);
      else if (asked_.format == "ndjson")
        put(std::string(row) + "\n");
      else if (asked_.format == "csv")
        put(csv_line(cells_of(row, names_)));
      else
        table_.push_back(cells_of(row, names_));
    }
    if (asked_.format != "json") flush();
  }

  void end(const std::string& cursor) {
    if (asked_.format == "json")
      put_json("{\"rows\":[" + json_ + "],\"cursor\":" + (cursor.empty() ? "null" : as_json(cursor)) + "}");
    else if (asked_.format == "table")
      put(aligned(names_, table_));
    if (asked_.format != "json" && !cursor.empty()) say("there are more rows: --all, or --after " + cursor);
  }

 private:
  const List& asked_;
  std::vector<std::string> names_;
  std::string json_;
  std::vector<std::vector<std::string>> table_;
};

Result<int> print_rows(Session& session, const List& asked) {
  const std::string where = where_of(asked);
  if (asked.count) {
    EC_TRY(rows, session.count(asked.table, "{\"where\":" + where + "}"));
    put_json("{\"count\":" + std::to_string(rows) + "}");
    return exit_ok;
  }
  Printer printer(asked);
  std::string cursor = asked.after;
  std::int64_t left = asked.limit;
  while (asked.all || left > 0) {
    const std::int64_t size = asked.all ? page_rows : std::min(left, page_rows);
    EC_TRY(page, session.list(asked.table, request_of(asked, where, size, cursor)));
    const auto rows = values_in(member(page, "rows")).value_or(std::vector<std::string_view>{});
    printer.page(rows);
    left -= static_cast<std::int64_t>(rows.size());
    cursor = plain(member(page, "cursor"));
    if (cursor.empty()) break;
  }
  printer.end(cursor);
  return exit_ok;
}

Result<int> run_list(const Common& common, const List& asked) {
  EC_TRY(engine, open_store(common, Access::read));
  EC_TRY(session, open_session(engine, common));
  return print_rows(session, asked);
}

}  // namespace

void add_list(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("list", "Print the rows of a table that the principal may see.");
  auto asked = std::make_shared<List>();
  verb->add_option("TABLE", asked->table, "The table; `eventcore schema tables` lists them")->required();
  verb->add_option("-w,--where", asked->where, "COLUMN=VALUE or a JSON filter; given more than once, all must hold")
      ->type_name("FILTER")
      ->allow_extra_args(false);
  verb->add_option("-o,--order-by", asked->order_by, "Columns to sort by, separated by commas; -COLUMN descends")
      ->type_name("COLUMNS")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("-c,--columns", asked->columns, "Columns to print, separated by commas; * for all, long ones too")
      ->type_name("COLUMNS")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--expand", asked->expand, "References to follow, separated by commas")
      ->type_name("COLUMNS")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("-n,--limit", asked->limit, "At most so many rows (100 when absent)")
      ->type_name("N")
      ->transform(whole_number(1));
  verb->add_flag("--all", asked->all, "All rows");
  verb->add_option("--after", asked->after, "Go on behind this cursor of an earlier page")->type_name("CURSOR");
  verb->add_flag("--count", asked->count, "Print only how many rows there are");
  verb->add_option("-f,--format", asked->format, "json (as absent), ndjson, csv or table")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"json", "ndjson", "csv", "table"}));
  verb->footer("Example: eventcore list tickets --where status=valid --order-by attendee_name --format table");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_list(context.common, *asked); }; });
}

}  // namespace cli
