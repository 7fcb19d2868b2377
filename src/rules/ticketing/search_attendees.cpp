// search_attendees: finds tickets by beginnings of words, through the words the store keeps of them.
//
// A query is split at blanks into terms, and a term into words. A ticket is found when each of its terms matches: all
// words of the term begin words of columns the caller may read, or the term without its dashes begins the ticket's or
// the order's number. The rarest word of the query leads: its occurrences are walked in the order of the index, column
// by column, and each ticket met is put to the whole query. What is met again is left out, so every ticket comes once,
// and the place of the last one is all that a cursor has to say.
#include <algorithm>

#include "base/bytes.hpp"
#include "base/codes.hpp"
#include "base/text.hpp"
#include "policy/access.hpp"
#include "rules/rules.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

namespace t = col::tickets;
using store::WordHit;
using Words = std::vector<std::string>;

constexpr std::size_t words_max = 16;
constexpr std::size_t number_symbols_min = 4;  // fewer symbols begin too many order numbers to say anything
constexpr std::size_t order_symbols = 8;
constexpr std::int64_t counted_max = 10'000;
constexpr std::int64_t batch = 64;
constexpr std::int64_t orders_max = 100;

struct Term {
  Words words;
  std::string number;  // as of a ticket or an order, in capitals; empty: it is none
};

bool is_number_text(std::string_view text) {
  return text.size() >= number_symbols_min &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

Result<std::vector<Term>> terms_of(const std::string& query) {
  std::vector<Term> terms;
  std::size_t words = 0;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find_first_of(" \t\r\n", at), query.size());
    const std::string text = query.substr(at, end - at);
    at = end + 1;
    Term term{store::kept_words(text), normalise_ticket_number(text)};
    if (term.words.empty()) continue;
    if (!is_number_text(term.number)) term.number.clear();
    words += term.words.size();
    terms.push_back(std::move(term));
  }
  if (terms.empty()) return fail_field(Errc::invalid_argument, "query", "needs a letter or a digit");
  if (words > words_max) return fail_field(Errc::invalid_argument, "query", "has too many words");
  return terms;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// One place to look for the leading word: a column, or the numbers of orders.
struct Source {
  std::uint16_t column = 0;
  std::string prefix;
  bool orders = false;
};

struct Position {
  std::size_t lead = 0;    // which word of the query leads
  std::size_t source = 0;  // of that word
  std::optional<WordHit> after;
};

class Search {
 public:
  Search(work::Reading& reading, const Record& event, std::vector<Term> terms)
      : reading_(reading), event_(event), terms_(std::move(terms)) {
    for (const Term& term : terms_)
      for (const std::string& word : term.words) leads_.push_back({&term, word});
    const schema::TableDef& table = schema::tables::tickets;
    for (std::string_view name : table.searched.view()) {
      const auto column = static_cast<std::uint16_t>(table.index_of(name));
      if (!policy::readable_condition(table, column, reading.facts()).is_never()) columns_.push_back(column);
    }
    const auto number = static_cast<std::uint16_t>(col::ticket_orders::order_number.index);
    orders_ = !policy::readable_condition(schema::tables::ticket_orders, number, reading.facts()).is_never();
  }

  // Whether a cursor may stand there.
  bool takes(const Position& position) {
    if (position.lead >= leads_.size()) return false;
    const std::vector<Source> sources = sources_of(position.lead);
    if (position.source >= sources.size()) return false;
    const Source& source = sources[position.source];
    return !position.after || source.orders || position.after->word.starts_with(source.prefix);
  }

  // The word that begins the fewest words of this event.
  Result<std::size_t> rarest() {
    std::size_t best = 0;
    std::int64_t fewest = counted_max + 1;
    for (std::size_t lead = 0; leads_.size() > 1 && lead < leads_.size(); ++lead) {
      std::int64_t count = 0;
      for (const Source& source : sources_of(lead)) {
        if (source.orders || count >= fewest) continue;
        EC_TRY(more, reading_.reader().count_words(word_query(source), fewest - count));
        count += more;
      }
      if (count < fewest) {
        best = lead;
        fewest = count;
      }
    }
    return best;
  }

  // Rows from `position` on; it is left where the next page begins. Empty `after` in the end: there is no more.
  Result<std::vector<Json>> page(Position& position, std::size_t limit) {
    std::vector<Json> found;
    const std::vector<Source> sources = sources_of(position.lead);
    while (position.source < sources.size()) {
      EC_TRY(hits, hits_of(sources[position.source], position.after));
      for (WordHit& hit : hits) {
        EC_TRY(row, row_of(sources, position.source, hit));
        if (row) {
          if (found.size() == limit) return found;
          found.push_back(std::move(*row));
        }
        position.after = std::move(hit);
      }
      if (!sources[position.source].orders && hits.size() == static_cast<std::size_t>(batch)) continue;
      ++position.source;
      position.after.reset();
    }
    return found;
  }

  [[nodiscard]] bool at_end(const Position& position) const {
    return position.source >= sources_of(position.lead).size();
  }

 private:
  struct Lead {
    const Term* term;
    std::string word;
  };

  [[nodiscard]] std::vector<Source> sources_of(std::size_t lead) const {
    std::vector<Source> sources;
    const auto& [term, word] = leads_[lead];
    for (const std::uint16_t column : columns_) {
      sources.push_back({column, word, false});
      if (column == t::ticket_number.index && !term->number.empty() && lower(term->number) != word)
        sources.push_back({column, lower(term->number), false});
    }
    if (orders_ && !term->number.empty() && term->number.size() <= order_symbols)
      sources.push_back({0, term->number, true});
    return sources;
  }

  [[nodiscard]] store::WordQuery word_query(const Source& source) const {
    store::WordQuery query;
    query.table = &schema::tables::tickets;
    query.organization = event_.organization_id();
    query.event = event_.id();
    query.column = source.column;
    query.prefix = source.prefix;
    query.limit = batch;
    return query;
  }

  Result<std::vector<WordHit>> hits_of(const Source& source, const std::optional<WordHit>& after) {
    if (source.orders) return order_hits(source.prefix, after);
    store::WordQuery query = word_query(source);
    query.after = after;
    return reading_.reader().words(query);
  }

  Result<std::vector<WordHit>> order_hits(const std::string& number, const std::optional<WordHit>& after) {
    namespace o = col::ticket_orders;
    constexpr std::size_t dash = 4;
    store::Query orders;
    orders.table = &schema::tables::ticket_orders;
    orders.organization = event_.organization_id();
    std::string written = number.substr(0, dash);
    if (number.size() > dash) written += "-" + number.substr(dash);
    orders.where = Expr::all_of({Expr::prefix(o::order_number.index, written), is(o::event_id, event_.id())});
    orders.columns = store::ColumnSet::short_only(*orders.table);
    orders.limit = orders_max;
    EC_TRY(rows, reading_.scan(orders));
    std::vector<WordHit> hits;
    for (const Record& order : rows) {
      store::Query tickets;
      tickets.table = &schema::tables::tickets;
      tickets.organization = order.organization_id();
      tickets.where = is(t::order_id, order.id());
      tickets.columns = store::ColumnSet::short_only(*tickets.table);
      EC_TRY(of_order, reading_.scan(tickets));
      for (const Record& ticket : of_order) hits.push_back({order[o::order_number].text(), ticket.id()});
    }
    const auto before = [](const WordHit& a, const WordHit& b) {
      return std::pair(a.word, a.row.bytes) < std::pair(b.word, b.row.bytes);
    };
    std::sort(hits.begin(), hits.end(), before);
    if (after) std::erase_if(hits, [&](const WordHit& hit) { return !before(*after, hit); });
    return hits;
  }

  // What a ticket is found by, of what the caller may read of it.
  struct Found {
    std::vector<std::pair<std::uint16_t, Words>> words;
    std::string order_number;  // without its dash
  };

  static bool begins(const Words& words, const std::string& prefix) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return word.starts_with(prefix); });
  }

  bool matches(const Term& term, const Found& found) const {
    const bool by_words = std::all_of(term.words.begin(), term.words.end(), [&](const std::string& word) {
      return std::any_of(found.words.begin(), found.words.end(),
                         [&](const auto& column) { return begins(column.second, word); });
    });
    if (by_words || term.number.empty()) return by_words;
    for (const auto& [column, words] : found.words)
      if (column == t::ticket_number.index && begins(words, lower(term.number))) return true;
    return !found.order_number.empty() && found.order_number.starts_with(term.number);
  }

  // Whether the ticket is met first where it was met now.
  static bool met_first(const std::vector<Source>& sources, std::size_t source, const WordHit& hit,
                        const Found& found) {
    for (std::size_t i = 0; i <= source; ++i) {
      if (sources[i].orders) return true;
      for (const auto& [column, words] : found.words) {
        if (column != sources[i].column) continue;
        const auto first = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
          return word.starts_with(sources[i].prefix);  // words are in the order of the index
        });
        if (first != words.end()) return i == source && *first == hit.word;
      }
    }
    return false;
  }

  Result<Found> found_of(const Record& ticket) {
    Found found;
    EC_TRY(verdict, policy::decide(policy::Operation::view, ticket, reading_.facts(), reading_.related()));
    if (!verdict.allowed) return found;
    for (const std::uint16_t column : columns_)
      if (verdict.columns[column] && ticket.at(column).is_text())
        found.words.emplace_back(column, store::kept_words(ticket.at(column).text()));
    const bool wanted = orders_ && std::any_of(terms_.begin(), terms_.end(), [](const Term& term) {
                          return !term.number.empty() && term.number.size() <= order_symbols;
                        });
    if (!wanted) return found;
    EC_TRY(order, reading_.find(schema::tables::ticket_orders, ticket.organization_id(), ticket[t::order_id].uuid()));
    if (!order) return found;
    EC_TRY(seen, reading_.visible(*order));
    if (seen) found.order_number = normalise_ticket_number((*order)[col::ticket_orders::order_number].text());
    return found;
  }

  Result<std::optional<Json>> row_of(const std::vector<Source>& sources, std::size_t source, const WordHit& hit) {
    EC_TRY(ticket, reading_.reader().get(schema::tables::tickets, event_.organization_id(), hit.row,
                                         store::ColumnSet::short_only(schema::tables::tickets)));
    if (!ticket) return std::optional<Json>{};
    EC_TRY(found, found_of(*ticket));
    if (found.words.empty() || !met_first(sources, source, hit, found)) return std::optional<Json>{};
    if (!std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) { return matches(term, found); }))
      return std::optional<Json>{};
    EC_TRY(row, reading_.show(*ticket));
    return std::optional<Json>(std::move(row));
  }

  work::Reading& reading_;
  const Record& event_;
  std::vector<Term> terms_;
  std::vector<Lead> leads_;
  std::vector<std::uint16_t> columns_;
  bool orders_ = false;
};

// A cursor is opaque: the place of the last row, in hex.
std::string cursor_of(const Position& position) {
  return hex(as_bytes(dump(Json::array({position.lead, position.source, position.after ? position.after->word : "",
                                        position.after ? to_text(position.after->row) : ""}))));
}

std::optional<Position> position_of(const std::string& cursor) {
  const auto bytes = from_hex(cursor);
  if (!bytes) return std::nullopt;
  const auto json = parse_json(as_text(bytes.assume_value()));
  if (!json || !json.assume_value().is_array() || json.assume_value().size() != 4) return std::nullopt;
  const Json& parts = json.assume_value();
  if (!parts[0].is_number_integer() || !parts[1].is_number_integer() || !parts[2].is_string() || !parts[3].is_string())
    return std::nullopt;
  const auto lead = parts[0].get<std::int64_t>();
  const auto source = parts[1].get<std::int64_t>();
  if (lead < 0 || source < 0) return std::nullopt;
  Position position{static_cast<std::size_t>(lead), static_cast<std::size_t>(source), std::nullopt};
  const std::string id = parts[3].get<std::string>();
  if (id.empty()) return position;
  const auto row = parse_uuid(id);
  if (!row) return std::nullopt;
  position.after = WordHit{parts[2].get<std::string>(), row.assume_value()};
  return position;
}

}  // namespace

Result<Json> search_attendees(work::Reading& reading, const schema::CommandDef& command,
                              const schema::Arguments& arguments) {
  EC_TRY(terms, terms_of(arguments.text("query")));
  EC_TRY(event, reading.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(reading, command, event));
  Search search(reading, event, std::move(terms));
  Position position;
  if (const auto cursor = arguments.optional_text("after")) {
    const auto after = position_of(*cursor);
    if (!after || !search.takes(*after))
      return fail_field(Errc::invalid_argument, "after", "is no cursor of this query");
    position = *after;
  } else {
    EC_TRY(lead, search.rarest());
    position.lead = lead;
  }
  EC_TRY(rows, search.page(position, static_cast<std::size_t>(arguments.integer("limit"))));
  const bool more = !search.at_end(position);
  return Json{{"tickets", std::move(rows)}, {"cursor", more ? Json(cursor_of(position)) : Json()}};
}

}  // namespace eventcore::rules::ticketing
