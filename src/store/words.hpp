// The words by which rows of a searched table are found: a plain table beside it, ec_words_<table>, with one row per
// organization, event, column, word and row. The writer keeps it in the same statement sequence as the row itself, so
// whatever writes a row, be it a command, an import or an erasure, moves its words too.
// Thread: free functions without state, any thread; a connection is used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "schema/value.hpp"

namespace eventcore::store {

class Connection;

// A word is kept up to so many bytes, cut between characters; what is searched for is cut the same way.
inline constexpr std::size_t word_bytes_max = 48;

// The distinct words of a text as they are kept, in order of their bytes.
std::vector<std::string> kept_words(std::string_view text);
// A word as it is kept.
std::string kept_word(std::string word);

struct WordHit {
  std::string word;
  Uuid row;
  bool operator==(const WordHit&) const = default;
};

// Words of one column that begin with `prefix`, by word, then row.
struct WordQuery {
  const schema::TableDef* table = nullptr;
  Uuid organization;
  Uuid event;
  std::uint16_t column = 0;  // index in the table's columns
  std::string prefix;
  std::optional<WordHit> after;
  std::int64_t limit = -1;
};

Result<std::vector<WordHit>> find_words(Connection& connection, const WordQuery& query);
// How many words begin so, counted no further than `most`.
Result<std::int64_t> count_words(Connection& connection, const WordQuery& query, std::int64_t most);
// Whether every word of the row is kept; adds their number to `expected`.
Result<bool> has_all_words(Connection& connection, const Record& row, std::int64_t& expected);
// All words kept of an organization.
Result<std::int64_t> count_all_words(Connection& connection, const schema::TableDef& table, const Uuid& organization);

// What follows on the words of a row that was inserted or is erased, ...
Status add_words(Connection& connection, const Record& row);
Status remove_words(Connection& connection, const Record& row);
// ... or was changed: `before` holds at least the searched columns that `changes` name, and the event.
Status move_words(Connection& connection, const Uuid& organization, const Uuid& id, const Record& before,
                  const Changes& changes);

}  // namespace eventcore::store
