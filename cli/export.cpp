// export: every row the principal may see, to standard output or into a folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common.hpp"
#include "json_text.hpp"
#include "tables.hpp"

namespace cli {

using eventcore::Errc;
using eventcore::Failure;
using eventcore::Result;
using eventcore::Session;

namespace {

struct Export {
  std::vector<std::string> tables;
  std::string folder;
  std::string format = "ndjson";
};

// A file of the folder, for its owner only: rows hold personal data. It gets its name when it is whole.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), part_(path_ + ".part") {
    file_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file_ < 0) fail();
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (file_ < 0) return;
    ::close(file_);
    if (!finished_) ::unlink(part_.c_str());
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void finish() {
    if (::fsync(file_) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) fail();
    finished_ = true;
  }

 private:
  [[noreturn]] void fail() const { throw OutputFailed(part_ + ": " + reason_of(errno)); }

  std::string path_;
  std::string part_;
  int file_ = -1;
  bool finished_ = false;
};

// The folder of --to. One that is made and gets no file goes again: rmdir takes an empty folder only.
class NewFolder {
 public:
  explicit NewFolder(const std::string& path) : path_(path) {
    if (path_.empty()) return;
    is_new_ = ::mkdir(path_.c_str(), 0700) == 0;
    if (!is_new_ && errno != EEXIST) throw Misuse(path_ + ": " + reason_of(errno));
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    if (is_new_) ::rmdir(path_.c_str());
  }

 private:
  const std::string& path_;
  bool is_new_ = false;
};

// A table that has no rows for this principal, whatever he asks, is left out unless it was named.
bool closed_to_caller(const Failure& failure) {
  const Errc code = failure.code();
  return code == Errc::policy_denied || code == Errc::command_denied || code == Errc::column_denied ||
         code == Errc::engine_only || code == Errc::unknown_column || code == Errc::organization_required;
}

class TableExport {
 public:
  TableExport(Session& session, const Export& asked, std::string table)
      : session_(session), asked_(asked), table_(std::move(table)) {
    for (const Column& column : columns_of(table_))
      if (column.type != "sealed") names_.push_back(column.name);
  }

  Result<std::int64_t> run() {
    std::string cursor;
    std::int64_t count = 0;
    do {
      const std::string after = cursor.empty() ? "" : ",\"after\":" + as_json(cursor);
      EC_TRY(page, session_.list(table_, R"({"columns":["*"],"limit":500)" + after + "}"));
      if (count == 0) begin();
      const auto rows = values_in(member(page, "rows")).value_or(std::vector<std::string_view>{});
      for (const std::string_view row : rows) write_row(row);
      count += static_cast<std::int64_t>(rows.size());
      progress("exporting " + table_ + ": " + std::to_string(count) + " rows");
      cursor = plain(member(page, "cursor"));
    } while (!cursor.empty() && !interrupted());
    if (file_ && !interrupted()) file_->finish();
    return count;
  }

 private:
  void begin() {
    if (!asked_.folder.empty() && !file_)
      file_ = std::make_unique<NewFile>(asked_.folder + "/" + table_ + "." + asked_.format);
    if (asked_.format == "csv") write(csv_line(names_));
  }

  void write_row(std::string_view row) {
    if (asked_.format == "csv")
      write(csv_line(cells_of(row, names_)));
    else if (file_)
      write(std::string(row) + "\n");
    else
      write("{\"table\":" + as_json(table_) + ",\"row\":" + std::string(row) + "}\n");
  }

  void write(std::string_view text) {
    if (file_)
      file_->write(text);
    else
      put(text);
  }

  Session& session_;
  const Export& asked_;
  std::string table_;
  std::vector<std::string> names_;
  std::unique_ptr<NewFile> file_;
};

Result<int> run_export(const Common& common, const Export& asked) {
  if (asked.format == "csv" && asked.folder.empty() && asked.tables.size() != 1)
    throw Misuse("CSV on standard output needs exactly one table; --to FOLDER takes them all");
  EC_TRY(engine, open_store(common, Access::read));
  EC_TRY(session, open_session(engine, common));
  const NewFolder folder(asked.folder);
  watch_for_interrupts();
  std::string summary;
  for (const std::string& table : asked.tables.empty() ? table_names() : asked.tables) {
    auto rows = TableExport(session, asked, table).run();
    if (!rows && asked.tables.empty() && closed_to_caller(rows.error())) continue;
    if (!rows) return rows.error();
    if (interrupted()) return exit_interrupted;
    summary += (summary.empty() ? "" : ",") + as_json(table) + ":" + std::to_string(rows.assume_value());
  }
  if (!asked.folder.empty()) put_json("{\"folder\":" + as_json(asked.folder) + ",\"rows\":{" + summary + "}}");
  return exit_ok;
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("export", "Write every row that the principal may see, with all columns.");
  auto asked = std::make_shared<Export>();
  verb->add_option("-t,--table", asked->tables, "Only this table; may be given more than once")
      ->type_name("TABLE")
      ->allow_extra_args(false);
  verb->add_option("--to", asked->folder, "Write TABLE.ndjson or TABLE.csv into this folder")->type_name("FOLDER");
  verb->add_option("-f,--format", asked->format, "ndjson (as absent) or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"ndjson", "csv"}));
  verb->footer(
      "Each line is {\"table\", \"row\"}; with --to there is a file for each table. Writers go on meanwhile; a row "
      "that\nstays is written once.\nExample: eventcore export --organization 018e... --to export");
  verb->final_callback(
      [&context, asked] { context.run = [&context, asked] { return run_export(context.common, *asked); }; });
}

}  // namespace cli
