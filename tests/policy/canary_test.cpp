// Canaries: a text of its own in every column that holds a secret or is about a person, found by walking the schema. It
// comes back where it may and nowhere else: not in any file, nor in logs, errors, the feed or the public part of the
// audit log; secrets in no answer at all. A new column takes part by being declared.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "api/keys.hpp"
#include "base/bytes.hpp"
#include "policy/world.hpp"

namespace eventcore::test {
namespace {

using schema::ColumnDef;
using schema::TableDef;
using schema::Type;

bool is_secret(const ColumnDef& column) {
  return column.type == Type::sealed;
}
bool is_marked(const ColumnDef& column) {
  return is_secret(column) || column.personal.kind == schema::Personal::Kind::yes;
}
// Kinds of values that no text can be hidden in.
bool holds_no_text(const ColumnDef& column) {
  return column.type == Type::enumeration || column.type == Type::timestamptz || column.type == Type::money ||
         column.type == Type::blob || column.type == Type::date || column.type == Type::boolean ||
         column.type == Type::integer || column.type == Type::decimal || column.type == Type::uuid;
}

struct Canary {
  const TableDef* table;
  const ColumnDef* column;
  std::string text;
};

class CanaryTest : public ::testing::Test {
 protected:
  std::string new_text(const TableDef& table, const ColumnDef& column) {
    ++numbered_;
    if (column.type == Type::inet) return "198.51.100." + std::to_string(numbered_ % 250 + 1);
    std::string text = "canary." + std::string(table.name) + "." + std::string(column.name) + "." +
                       std::to_string(numbered_) + "@canary.example";
    return text.substr(0, column.length_max == 0 ? text.size() : column.length_max);
  }
  static Json value_of(const ColumnDef& column, const std::string& text) {
    if (column.type == Type::json || column.type == Type::sealed) return {{"held", text}};
    if (column.type == Type::text_array) return Json::array({text});
    return text;
  }
  // Twins of other columns are filled by the engine, audit entries by what is written.
  static bool is_filled_by_callers(const TableDef& table, const ColumnDef& column) {
    return is_marked(column) && !holds_no_text(column) && column.folds.empty() && table.name != "audit_logs";
  }
  Json canary_row(const TableDef& table) {
    const Tenant& a = world_.a();
    Json row = world_.draft(a, table, "", a.users.at("x"));
    for (const ColumnDef& column : table.columns) {
      if (!is_filled_by_callers(table, column)) continue;
      const std::string text = new_text(table, column);
      row[std::string(column.name)] = value_of(column, text);
      canaries_.push_back({&table, &column, text});
    }
    return row;
  }
  void plant() {
    for (const TableDef* table : schema::all_tables) {
      if (table->global || table->name == "audit_logs") continue;
      const std::size_t before = canaries_.size();
      Json row = canary_row(*table);
      if (canaries_.size() == before) continue;
      const std::string id = world_.put(world_.a(), table->name, row);
      rows_[std::string(table->name)] = id;
      // A change of every one of them too, where callers may: old images hold what was there before.
      Json change = Json::object();
      for (const ColumnDef& column : table->columns) {
        if (!is_filled_by_callers(*table, column) || column.is(schema::immutable)) continue;
        const std::string text = new_text(*table, column);
        change[std::string(column.name)] = value_of(column, text);
        canaries_.push_back({table, &column, text});
      }
      if (world_.service().update(table->name, id, dump(change), {.organization = world_.a().organization})) ++changed_;
    }
  }

  // What of the canaries stands in the text; those of secrets only, or all.
  std::vector<std::string> found_in(const std::string& text, bool secrets_only) const {
    std::vector<std::string> found;
    for (const Canary& canary : canaries_)
      if ((is_secret(*canary.column) || !secrets_only) && text.find(canary.text) != std::string::npos)
        found.push_back(canary.text);
    for (const auto& [name, token] : secrets_)
      if (text.find(token) != std::string::npos) found.push_back(name);
    return found;
  }
  void expect_none(const std::string& where, const std::string& text, bool secrets_only) {
    ++looked_;
    for (const std::string& found : found_in(text, secrets_only)) ADD_FAILURE() << where << " tells " << found;
  }
  static std::string told(const Result<std::string>& reply) {
    return reply ? reply.assume_value() : reply.error().to_json();
  }
  std::string all_of(api::SessionCore& session, const TableDef& table) {
    std::string text;
    Json request = {{"limit", 1'000}, {"columns", {"*"}}};
    if (&session == &world_.service() && !table.global) request["organization_id"] = world_.a().organization;
    for (;;) {
      const auto page = session.list(table.name, dump(request));
      text += told(page);
      if (!page) return text;
      const Json cursor = parsed(page)["cursor"];
      if (!cursor.is_string()) return text;
      request["after"] = cursor;
    }
  }

  // Secrets that the engine makes or is opened with: the store's key, tokens, and what is kept of them.
  void gather_secrets() {
    secrets_["the store's key"] = std::string(test_key.begin(), test_key.end());
    secrets_["the store's key in hex"] = hex(test_key);
    for (const auto& [name, token] : world_.a().keys) secrets_["key " + name] = token.substr(token.rfind('_') + 1);
    const Status read = world_.engine()->store().value()->read([&](store::Reader& reader) -> Status {
      for (const TableDef* table : schema::all_tables) {
        if (table->find("key_hash") == nullptr) continue;
        store::Query query;
        query.table = table;
        EC_TRY(rows, reader.list(query));
        for (const Record& row : rows) {
          const Bytes& hash = row.find("key_hash")->bytes();
          const std::string name = std::string(table->name) + " " + to_text(row.id());
          secrets_["hash of " + name] = std::string(hash.begin(), hash.end());
          secrets_["hash in hex of " + name] = hex(hash);
        }
      }
      return ok();
    });
    EXPECT_TRUE(read);
    EXPECT_GT(secrets_.size(), 10U);
  }

  // A further key of the store or of a copy: nothing tells it either.
  std::shared_ptr<const store::KeyInput> new_key(const std::string& name, store::KeyInput key) {
    const ByteView bytes = key.bytes.view();
    secrets_[name] = std::string(as_text(bytes));
    secrets_[name + " in hex"] = hex(bytes);
    return std::make_shared<const store::KeyInput>(std::move(key));
  }
  // A command on the whole store, whose reply tells nothing either.
  void run_on_store(api::SessionCore& session, const std::string& command, const Json& arguments,
                    const std::shared_ptr<const store::KeyInput>& key) {
    api::CallContext context;
    context.key = key;
    const auto reply = session.call(command, dump(arguments), context);
    EXPECT_TRUE(reply) << command << ": " << told(reply);
    expect_none("the reply of " + command, told(reply), false);
  }

  std::size_t scan_files(bool expect_some = false) {
    std::size_t bytes = 0;
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world_.folder())) {
      if (!entry.is_regular_file()) continue;
      const Bytes whole = read_whole(entry.path().string());
      const std::string text(whole.begin(), whole.end());
      bytes += text.size();
      if (expect_some)
        found += found_in(text, false).size();
      else
        expect_none(entry.path().filename().string(), text, false);
    }
    return expect_some ? found : bytes;
  }

  World world_;
  std::vector<Canary> canaries_;
  std::map<std::string, std::string> rows_;
  std::map<std::string, std::string> secrets_;
  std::size_t looked_ = 0;
  int changed_ = 0;
  int numbered_ = 0;
};

TEST_F(CanaryTest, EveryMarkedColumnHoldsOne) {
  plant();
  std::set<std::string> planted;
  for (const Canary& canary : canaries_)
    planted.insert(std::string(canary.table->name) + "." + std::string(canary.column->name));
  for (const TableDef* table : schema::all_tables)
    for (const ColumnDef& column : table->columns) {
      if (!is_marked(column) || holds_no_text(column) || table->name == "audit_logs") continue;
      const std::string source(column.folds.empty() ? column.name : column.folds);
      EXPECT_TRUE(planted.contains(std::string(table->name) + "." + source)) << table->name << "." << column.name;
    }
  EXPECT_GT(planted.size(), 60U);
  EXPECT_GT(changed_, 10);
}

TEST_F(CanaryTest, NoFileTellsASecretOrAPerson) {
  plant();
  gather_secrets();
  EXPECT_GT(scan_files(), 100'000U);  // the database and its WAL, while they are open
  EXPECT_TRUE(world_.engine()->close());
  EXPECT_GT(scan_files(), 100'000U);
  write_whole(world_.folder() + "/left-behind", Bytes(canaries_[0].text.begin(), canaries_[0].text.end()));
  EXPECT_EQ(scan_files(true), 1U) << "what is readable is found";
  std::printf("canaries: %zu in %zu tables, %zu secrets besides; %zu files looked through\n", canaries_.size(),
              rows_.size(), secrets_.size(), looked_);
}

// Every file that the engine writes besides the store itself: a backup, the store under another data key, a restored
// one, and their key slots; what lies there under another name meanwhile is looked at as long as it stays.
TEST_F(CanaryTest, NoCopyTellsASecretOrAPerson) {
  plant();
  gather_secrets();
  const std::string copy = world_.folder() + "/copy.ecdb";
  const Bytes bytes(32, 0x5C);
  const std::string words = "words that no canary shall sing";
  const auto copy_key = new_key("the copy's key", store::KeyInput::raw(bytes));
  const auto passphrase = new_key("the passphrase", store::KeyInput::passphrase(as_bytes(words)));
  const auto renewed = new_key("the new key", store::KeyInput::raw(Bytes(32, 0x5D)));
  run_on_store(world_.service(), "add_key", {{"name", "safe"}}, passphrase);
  secrets_["the recovery code"] = api::add_recovery_code(world_.engine()).assume_value();
  run_on_store(world_.service(), "list_keys", Json::object(), nullptr);
  run_on_store(world_.service(), "backup", {{"path", copy}}, copy_key);
  run_on_store(world_.service(), "rotate_key", {{"data_key", true}}, renewed);
  store::OpenOptions options = options_for(copy, false);
  options.key = store::KeyInput::raw(bytes);
  options.read_only = true;
  const auto opened = api::EngineCore::open(std::move(options), true);
  ASSERT_TRUE(opened) << opened.error().to_json();
  const std::shared_ptr<api::EngineCore> backup = opened.assume_value();
  const auto principal = api::read_principal(*backup, R"({"kind":"service","reason":"restoring"})");
  ASSERT_TRUE(principal) << principal.error().to_json();
  api::SessionCore service(backup, principal.assume_value());
  run_on_store(service, "restore", {{"path", world_.folder() + "/restored.ecdb"}}, copy_key);
  EXPECT_GT(scan_files(), 300'000U);
  EXPECT_TRUE(backup->close());
  EXPECT_TRUE(world_.engine()->close());
  EXPECT_GT(scan_files(), 300'000U);
  for (const LogLine& line : backup->log().pull(10'000)) expect_none("the copy's log", line.text, false);
  for (const LogLine& line : world_.engine()->log().pull(10'000)) expect_none("the store's log", line.text, false);
}

TEST_F(CanaryTest, NoAnswerTellsASecret) {
  plant();
  gather_secrets();
  std::size_t people = 0;
  for (const std::string& name : principal_names) {
    api::SessionCore& session = world_.session(name);
    for (const TableDef* table : schema::all_tables) {
      const std::string all = all_of(session, *table);
      expect_none(name + " list " + std::string(table->name), all, true);
      if (name == "sv") people += found_in(all, false).size();
      const auto row = rows_.find(std::string(table->name));
      if (row != rows_.end()) expect_none(name + " get", told(session.get(table->name, row->second, {})), true);
    }
    expect_none(name + " changes", told(session.changes(0, 1'000, 0)), false);
  }
  EXPECT_GT(people, 50U) << "the service reads what is about people";
}

TEST_F(CanaryTest, TheAuditLogKeepsPeopleApartAndNoSecret) {
  plant();
  gather_secrets();
  Json request = {{"limit", 1'000}, {"columns", {"*"}}, {"organization_id", world_.a().organization}};
  std::size_t people = 0;
  for (;;) {
    const Json page = parsed(world_.service().list("audit_logs", dump(request)));
    for (Json row : page["rows"]) {
      for (const char* personal : {"old_personal", "new_personal"}) {
        people += found_in(dump(row[personal]), false).size();
        expect_none("audit_logs personal part", dump(row[personal]), true);
        row.erase(personal);
      }
      expect_none("audit_logs public part", dump(row), false);
    }
    if (!page["cursor"].is_string()) break;
    request["after"] = page["cursor"];
  }
  EXPECT_GT(people, 50U);
}

TEST_F(CanaryTest, FeedLogAndErrorsTellNothing) {
  plant();
  gather_secrets();
  const Status read = world_.engine()->store().value()->read([&](store::Reader& reader) -> Status {
    EC_TRY(changes, reader.changes(std::nullopt, 0, 100'000));
    EXPECT_GT(changes.size(), 100U);
    for (const store::FeedRow& change : changes) expect_none("feed", change.old_facts + change.new_facts, false);
    return ok();
  });
  EXPECT_TRUE(read);
  std::size_t refused = 0;
  for (const TableDef* table : schema::all_tables) {
    if (table->global || table->name == "audit_logs") continue;
    for (const ColumnDef& column : table->columns) {
      if (!is_filled_by_callers(*table, column)) continue;
      // The canary where it belongs beside a mistake, where it does not belong, and once more where it must be unique.
      const Json row = canary_row(*table);
      std::vector<Json> bad(2, row);
      bad[0]["no_such_column"] = 1;
      bad[1]["version"] = new_text(*table, column);
      canaries_.push_back({table, &column, bad[1]["version"]});
      bad.push_back(row);
      bad[2][std::string(column.name)] = Json::array({Json::array({row[std::string(column.name)]})});
      for (const Json& one : bad)
        for (const char* who : {"sv", "ow", "me", "kw"}) {
          const auto reply = world_.session(who).insert(table->name, dump(one), {});
          if (reply) continue;
          ++refused;
          expect_none(std::string(table->name) + " insert by " + who, reply.error().to_json(), false);
        }
    }
    const auto mine = rows_.find(std::string(table->name));
    if (mine == rows_.end()) continue;
    const auto again = world_.service().get(table->name, mine->second, {.organization = world_.a().organization});
    if (!again) continue;
    Json twin = parsed(again);
    for (const char* made : {"id", "version", "created_at", "updated_at"}) twin.erase(made);
    const auto reply = world_.service().insert(table->name, dump(twin), {});
    if (!reply) expect_none(std::string(table->name) + " twin", reply.error().to_json(), false);
  }
  EXPECT_GT(refused, 300U);
  for (const LogLine& line : world_.engine()->log().pull(10'000)) expect_none("log", line.text, false);
}

}  // namespace
}  // namespace eventcore::test
