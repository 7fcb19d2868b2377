// import: rows of a CSV or JSON file into a table, or a conference in the Open Event format.
#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <unordered_map>

#include "common.hpp"
#include "json_text.hpp"
#include "numbers.hpp"
#include "tables.hpp"

namespace cli {

using eventcore::CallOptions;
using eventcore::Failure;
using eventcore::RecordOptions;
using eventcore::Result;
using eventcore::Session;

namespace {

struct Import {
  std::string table;
  std::string file;
  std::string format;
  std::vector<std::string> set;
  std::size_t batch = 500;
  std::string import_id;
  bool dry_run = false;
  bool keep_going = false;
  std::string open_event;
  std::int64_t venue_capacity = 1000;
  std::string categories;
};

struct Numbered {
  std::size_t number = 0;
  InputRow row;
  std::string key;
};

// Names a row by what it holds, so that a repeated import, also one whose file was mended meanwhile, finds what is
// already in. Not for secrecy: the engine itself compares the row and refuses another one under the same name.
std::uint64_t hash_of(const Import& asked, const std::string& row) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : asked.import_id + "\n" + asked.table + "\n" + row)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

// A field as the row has it: without the row's position in its batch.
std::string bare(const std::string& field) {
  return field.rfind('[', 0) == 0 ? field.substr(field.find("].") + 2) : field;
}

std::string fields_json(const Failure& failure) {
  std::string json = "[";
  for (const auto& field : failure.detail().fields)
    json += (json.size() > 1 ? "," : "") + ("{\"field\":" + as_json(bare(field.field)) + ",\"reason\":") +
            as_json(field.reason) + "}";
  return json + "]";
}

class RowsImport {
 public:
  RowsImport(Session& session, const Import& asked, std::vector<InputRow> rows)
      : session_(session), asked_(asked), total_(rows.size()) {
    const std::vector<Column> columns = columns_of(asked.table);
    for (const std::string& one : asked.set) set_ += typed_member(columns, one) + ",";
    std::unordered_map<std::uint64_t, int> seen;
    for (InputRow& row : rows) {
      Numbered one{rows_.size() + 1, with_set(std::move(row)), {}};
      const std::uint64_t hash = hash_of(asked, one.row.json);
      one.key = "eventcore-import-" + std::to_string(hash) + "-" + std::to_string(++seen[hash]);
      rows_.push_back(std::move(one));
    }
  }

  Result<int> run() {
    watch_for_interrupts();
    for (std::size_t begin = 0; begin < rows_.size() && !first_failure_ && !interrupted(); begin += asked_.batch) {
      EC_TRYV(send(std::span(rows_).subspan(begin, std::min(asked_.batch, rows_.size() - begin))));
      progress("importing " + std::to_string(done_ + errors_) + " of " + std::to_string(total_) + " rows");
    }
    return finish();
  }

 private:
  // The columns of --set stand first in each row; one that the row has too is a duplicate, which the engine refuses.
  InputRow with_set(InputRow row) const {
    if (set_.empty() || row.json.empty() || row.json[0] != '{') return row;
    const bool bare = members_of(row.json) && members_of(row.json)->empty();
    row.json = "{" + (bare ? set_.substr(0, set_.size() - 1) : set_) + row.json.substr(1);
    return row;
  }

  // A batch is a transaction: all of its rows or none, with --keep-going all but the refused ones. A dry run undoes it.
  Result<void> send(std::span<const Numbered> batch) {
    std::size_t good = 0;
    EC_TRYV(session_.begin());
    for (const Numbered& one : batch) {
      RecordOptions options;
      options.idempotency_key = one.key;
      auto row = session_.insert(asked_.table, one.row.json, options);
      if (row) {
        ++good;
        continue;
      }
      if (static_cast<int>(row.error().code()) / 1000 >= 6) return row.error();  // the store's trouble, not the row's
      refused(one, row.error());
      if (asked_.keep_going || asked_.dry_run) continue;
      first_failure_ = row.error();
      return session_.rollback();
    }
    EC_TRYV(asked_.dry_run ? session_.rollback() : session_.commit());
    done_ += good;
    return eventcore::ok();
  }

  void refused(const Numbered& one, const Failure& failure) {
    ++errors_;
    const std::string where = "row " + std::to_string(one.number) + " (line " + std::to_string(one.row.line) + ")";
    std::string text = where + ": " + std::string(failure.name()) + ": " + failure.message();
    for (const auto& field : failure.detail().fields) text += "; " + bare(field.field) + " " + field.reason;
    warn(text);
    json_ += (json_.empty() ? "" : ",") + ("{\"row\":" + std::to_string(one.number)) +
             ",\"line\":" + std::to_string(one.row.line) + ",\"code\":" + as_json(failure.name()) +
             ",\"message\":" + as_json(failure.message()) + ",\"fields\":" + fields_json(failure) + "}";
  }

  int finish() {
    const bool cut_off = interrupted() && done_ + errors_ < total_;
    put_json("{\"table\":" + as_json(asked_.table) + ",\"rows\":" + std::to_string(total_) +
             ",\"imported\":" + std::to_string(asked_.dry_run ? 0 : done_) +
             ",\"acceptable\":" + std::to_string(done_) + ",\"refused\":" + std::to_string(errors_) +
             ",\"dry_run\":" + (asked_.dry_run ? "true" : "false") + ",\"errors\":[" + json_ + "]}");
    if (cut_off) say("interrupted; the same import goes on where this one ended");
    if (first_failure_) say("stopped at the first refused row; its batch is not in. --keep-going leaves such rows out");
    if (cut_off) return exit_interrupted;
    if (first_failure_) return exit_code_of(*first_failure_);
    return errors_ > 0 ? exit_problems : exit_ok;
  }

  Session& session_;
  const Import& asked_;
  std::size_t total_;
  std::string set_;
  std::vector<Numbered> rows_;
  std::size_t done_ = 0;
  std::size_t errors_ = 0;
  std::string json_;
  std::optional<Failure> first_failure_;
};

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Result<int> run_rows(const Common& common, const Import& asked) {
  std::string format = asked.format;
  if (format.empty()) format = ends_with(asked.file, ".csv") ? "csv" : "json";
  EC_TRY(engine, open_store(common, Access::write));
  EC_TRY(session, open_session(engine, common));
  const std::string text = read_input(asked.file);
  auto rows = format == "csv" ? rows_of_csv(text, columns_of(asked.table)) : rows_of_json(text);
  EC_TRY(code, RowsImport(session, asked, std::move(rows)).run());
  EC_TRYV(engine.close());
  return code;
}

Result<int> run_open_event(const Common& common, const Import& asked) {
  char* absolute = ::realpath(asked.open_event.c_str(), nullptr);
  if (absolute == nullptr) throw Misuse(asked.open_event + ": there is no such folder");
  std::string arguments = "{\"folder\":" + as_json(absolute);
  std::free(absolute);
  arguments += ",\"venue_capacity\":" + std::to_string(asked.venue_capacity);
  if (!asked.categories.empty()) arguments += ",\"categories\":" + json_argument(asked.categories);
  EC_TRY(engine, open_store(common, Access::write));
  EC_TRY(session, open_session(engine, common));
  if (asked.dry_run) EC_TRYV(session.begin());
  CallOptions options;
  options.idempotency_key = asked.import_id;
  EC_TRY(reply, session.call("import_open_event", arguments + "}", options));
  if (asked.dry_run) {
    EC_TRYV(session.rollback());
    say("a dry run: nothing was kept");
  }
  EC_TRYV(engine.close());
  put_json(reply);
  return exit_ok;
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand(
      "import", "Add rows of a CSV or JSON file to a table, or a conference in the Open Event format.");
  auto asked = std::make_shared<Import>();
  verb->add_option("TABLE", asked->table, "The table to add to");
  verb->add_option("FILE", asked->file,
                   "CSV with a header line, a JSON array, or a JSON object on each line; - for "
                   "standard input");
  verb->add_option("-f,--format", asked->format, "csv or json; by the file's name when absent")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"csv", "json"}));
  verb->add_option("--set", asked->set, "COLUMN=VALUE for every row; may be given more than once")
      ->type_name("ASSIGNMENT")
      ->allow_extra_args(false);
  verb->add_option("--batch", asked->batch, "Rows of a batch (500 when absent)")
      ->type_name("N")
      ->transform(whole_number(1, 10000));
  verb->add_option("--import-id", asked->import_id,
                   "Another text makes it another import: the same rows go in once more. With --open-event: the "
                   "idempotency key")
      ->type_name("TEXT")
      ->check(not_empty());
  verb->add_flag("--keep-going", asked->keep_going, "Leave out refused rows and go on; ends with exit code 1");
  verb->add_flag("--dry-run", asked->dry_run, "Try every row, tell what is refused, keep nothing");
  verb->add_option("--open-event", asked->open_event, "Import the conference in this folder instead of rows")
      ->type_name("FOLDER");
  verb->add_option("--venue-capacity", asked->venue_capacity, "With --open-event: capacity of its venue (1000)")
      ->type_name("N")
      ->transform(whole_number(1));
  verb->add_option("--categories", asked->categories, "With --open-event: ticket categories to make: JSON, - or @FILE")
      ->type_name("JSON");
  verb->footer(
      "Rows go in by batches, each of them whole or not at all, but for what --keep-going leaves out. For 30 days a\n"
      "repeated import adds only rows that are not in yet: an interrupted one goes on, a mended file can be taken "
      "again.\n"
      "Example: eventcore import venues venues.csv --organization 018e... --dry-run");
  verb->final_callback([&context, asked] {
    context.run = [&context, asked]() -> Result<int> {
      if (!asked->open_event.empty()) {
        if (!asked->table.empty()) throw Misuse("give either TABLE and FILE or --open-event FOLDER");
        return run_open_event(context.common, *asked);
      }
      if (asked->file.empty()) throw Misuse("import needs TABLE and FILE, or --open-event FOLDER");
      return run_rows(context.common, *asked);
    };
  });
}

}  // namespace cli
