#include "store/words.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "store/connection.hpp"
#include "store/ddl.hpp"

namespace eventcore::store {

namespace {

using schema::TableDef;

constexpr std::string_view key = "organization_id = ? AND event_id = ? AND column_id = ? AND word = ? AND row_id = ?";

const Uuid& event_of(const Record& row) {
  return row.find("event_id")->uuid();
}

struct Place {
  const TableDef& table;
  const Uuid& organization;
  const Uuid& event;
  std::uint16_t column;  // ColumnDef::id: columns may move within their table
  const Uuid& row;
};

// In the order of the key.
void bind(Statement& statement, const Place& place, const std::string& word) {
  statement.bind(place.organization).bind(place.event).bind(std::int64_t{place.column});
  statement.bind(std::string_view(word)).bind(place.row);
}

Status add(Connection& connection, const Place& place, const std::vector<std::string>& words) {
  if (words.empty()) return ok();
  EC_TRY(statement, connection.prepare("INSERT INTO " + word_table(place.table) +
                                       " (organization_id, event_id, column_id, word, row_id) VALUES (?, ?, ?, ?, ?)"));
  for (const std::string& word : words) {
    statement.reset();
    bind(statement, place, word);
    EC_TRYV(statement.run());
  }
  return ok();
}

Status take_away(Connection& connection, const Place& place, const std::vector<std::string>& words) {
  if (words.empty()) return ok();
  EC_TRY(statement, connection.prepare("DELETE FROM " + word_table(place.table) + " WHERE " + std::string(key)));
  for (const std::string& word : words) {
    statement.reset();
    bind(statement, place, word);
    EC_TRYV(statement.run());
  }
  return ok();
}

std::vector<std::string> words_of(const Value& value) {
  return value.is_text() ? kept_words(value.text()) : std::vector<std::string>();
}

template <class Body>
Status each_searched(const Record& row, const Body& body) {
  const TableDef& table = row.table();
  for (std::string_view name : table.searched.view()) {
    const auto index = static_cast<std::size_t>(table.index_of(name));
    EC_TRYV(body(Place{table, row.organization_id(), event_of(row), table.columns[index].id, row.id()},
                 words_of(row.at(index))));
  }
  return ok();
}

std::string range_sql(const WordQuery& query) {
  std::string sql =
      " FROM " + word_table(*query.table) + " WHERE organization_id = ? AND event_id = ? AND column_id = ?";
  if (!query.prefix.empty()) sql += " AND word >= ? AND word < ?";
  if (query.after) sql += " AND (word, row_id) > (?, ?)";
  return sql;
}

void bind(Statement& statement, const WordQuery& query) {
  statement.bind(query.organization).bind(query.event);
  statement.bind(std::int64_t{query.table->columns[query.column].id});
  if (!query.prefix.empty()) {
    // No byte of UTF-8 is FF, so the last one can be counted up.
    std::string end = query.prefix;
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    statement.bind(std::string_view(query.prefix)).bind(std::string_view(end));
  }
  if (query.after) statement.bind(std::string_view(query.after->word)).bind(query.after->row);
}

}  // namespace

std::string kept_word(std::string word) {
  if (word.size() <= word_bytes_max) return word;
  std::size_t end = word_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) --end;
  word.resize(end);
  return word;
}

std::vector<std::string> kept_words(std::string_view text) {
  std::vector<std::string> words = search_words(text);
  for (std::string& word : words) word = kept_word(std::move(word));
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

Result<std::vector<WordHit>> find_words(Connection& connection, const WordQuery& query) {
  EC_TRY(statement, connection.prepare("SELECT word, row_id" + range_sql(query) + " ORDER BY word, row_id LIMIT ?"));
  bind(statement, query);
  statement.bind(query.limit);
  std::vector<WordHit> hits;
  while (true) {
    EC_TRY(found, statement.step());
    if (!found) return hits;
    hits.push_back({std::string(statement.text(0)), statement.uuid(1)});
  }
}

Result<std::int64_t> count_words(Connection& connection, const WordQuery& query, std::int64_t most) {
  EC_TRY(statement, connection.prepare("SELECT count(*) FROM (SELECT 1" + range_sql(query) + " LIMIT ?)"));
  bind(statement, query);
  statement.bind(most);
  EC_TRYV(statement.step());
  return statement.integer(0);
}

Result<std::int64_t> count_all_words(Connection& connection, const TableDef& table, const Uuid& organization) {
  EC_TRY(statement, connection.prepare("SELECT count(*) FROM " + word_table(table) + " WHERE organization_id = ?"));
  statement.bind(organization);
  EC_TRYV(statement.step());
  return statement.integer(0);
}

Result<bool> has_all_words(Connection& connection, const Record& row, std::int64_t& expected) {
  bool all = true;
  EC_TRYV(each_searched(row, [&](const Place& place, const std::vector<std::string>& words) -> Status {
    expected += static_cast<std::int64_t>(words.size());
    EC_TRY(statement, connection.prepare("SELECT 1 FROM " + word_table(place.table) + " WHERE " + std::string(key)));
    for (const std::string& word : words) {
      statement.reset();
      bind(statement, place, word);
      EC_TRY(found, statement.step());
      all = all && found;
    }
    return ok();
  }));
  return all;
}

Status add_words(Connection& connection, const Record& row) {
  return each_searched(
      row, [&](const Place& place, const std::vector<std::string>& words) { return add(connection, place, words); });
}

Status remove_words(Connection& connection, const Record& row) {
  return each_searched(row, [&](const Place& place, const std::vector<std::string>& words) {
    return take_away(connection, place, words);
  });
}

Status move_words(Connection& connection, const Uuid& organization, const Uuid& id, const Record& before,
                  const Changes& changes) {
  const TableDef& table = before.table();
  for (const Assignment& change : changes) {
    const schema::ColumnDef& column = table.columns[change.index];
    if (!table.searched.contains(column.name)) continue;
    const Place place{table, organization, event_of(before), column.id, id};
    const std::vector<std::string> had = words_of(before.at(change.index));
    const std::vector<std::string> has = words_of(change.value);
    std::vector<std::string> lost;
    std::vector<std::string> won;
    std::set_difference(had.begin(), had.end(), has.begin(), has.end(), std::back_inserter(lost));
    std::set_difference(has.begin(), has.end(), had.begin(), had.end(), std::back_inserter(won));
    EC_TRYV(take_away(connection, place, lost));
    EC_TRYV(add(connection, place, won));
  }
  return ok();
}

}  // namespace eventcore::store
