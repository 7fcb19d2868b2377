#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace bench {

namespace {

double median(Rates rates) {
  std::sort(rates.begin(), rates.end());
  const std::size_t middle = rates.size() / 2;
  return rates.size() % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
}

Json ratio(const std::map<std::string, Rates>& of_cell, double mine, const char* peer) {
  const auto found = of_cell.find(peer);
  if (mine <= 0 || found == of_cell.end() || median(found->second) <= 0) return nullptr;
  return std::round(mine / median(found->second) * 1000) / 1000;
}

Json scans_of(const Figures& figures, std::size_t cell, const std::string& peer) {
  const auto found = figures.scans.find(cell);
  return found == figures.scans.end() ? Json(nullptr) : Json(median(found->second.at(peer)));
}

Json rows_of(const std::vector<Cell>& cells, const Figures& figures) {
  const Results& results = figures.rates;
  Json rows = Json::array();
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (const auto& [peer, rates] : results.at(i)) {
      const double middle = median(rates);
      rows.push_back({{"workload", name_of(cells[i].work)},
                      {"callers", cells[i].callers},
                      {"peer", peer},
                      {"scans_per_second", scans_of(figures, i, peer)},
                      {"per_second", rates},
                      {"median", middle},
                      {"min", *std::min_element(rates.begin(), rates.end())},
                      {"max", *std::max_element(rates.begin(), rates.end())},
                      {"cpu_us", median(figures.cpu_us.at(i).at(peer))},
                      {"to_postgresql", ratio(results.at(i), middle, "postgresql")},
                      {"to_c_sqlcipher", ratio(results.at(i), middle, "c_sqlcipher")},
                      {"to_c_sqlite", ratio(results.at(i), middle, "c_sqlite")}});
    }
  return rows;
}

std::string rate_text(double rate) {
  if (rate < 10) {  // of what takes long
    char few[16];
    std::snprintf(few, sizeof few, "%.2f", rate);
    return few;
  }
  const std::string digits = std::to_string(static_cast<std::int64_t>(rate + 0.5));
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string ratio_text(const Json& value) {
  if (value.is_null()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value.get<double>());
  return text;
}

// Column heads that leave room for the figures.
const char* head_of(const std::string& peer) {
  static const std::map<std::string, const char*> heads = {
      {"eventcore_cpp", "engine, C++"}, {"eventcore_c", "engine, C"},    {"eventcore_python", "engine, Python"},
      {"postgresql", "PostgreSQL"},     {"c_sqlcipher", "C, SQLCipher"}, {"c_sqlite", "C, SQLite"}};
  return heads.at(peer);
}

std::string figure(const Rates& rates) {
  const double middle = median(rates);
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  const std::string spread = std::to_string(static_cast<int>((*high - *low) / middle * 100 + 0.5)) + "%";
  char text[64];
  std::snprintf(text, sizeof text, "%s [%4s]", rate_text(middle).c_str(), spread.c_str());
  return text;
}

// A line of rates; the ratios are those of the engine's C++ figure.
void print_line(const std::string& title, int callers, const std::vector<std::unique_ptr<Peer>>& peers,
                const std::map<std::string, Rates>& of_cell) {
  std::printf("%-28s %2d", title.c_str(), callers);
  for (const auto& peer : peers) {
    const auto found = of_cell.find(peer->name());
    std::printf(" %15s", found == of_cell.end() ? "-" : figure(found->second).c_str());
  }
  const auto engine = of_cell.find("eventcore_cpp");
  const double mine = engine == of_cell.end() ? 0 : median(engine->second);
  std::printf(" %8s %8s\n", ratio_text(ratio(of_cell, mine, "postgresql")).c_str(),
              ratio_text(ratio(of_cell, mine, "c_sqlcipher")).c_str());
}

void print(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers, const Figures& figures) {
  std::printf(
      "\nMedians a second; in brackets the spread, (highest - lowest) / median. The last two columns are the\n");
  std::printf("engine's C++ figure divided by PostgreSQL's and by that of hand-written C on SQLCipher.\n\n%-31s", "");
  for (const auto& peer : peers) std::printf(" %15s", head_of(peer->name()));
  std::printf(" %8s %8s\n", "/ Postgr.", "/ C");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    print_line(title_of(cells[i].work), cells[i].callers, peers, figures.rates.at(i));
    if (figures.scans.contains(i)) print_line("- and scans", cells[i].callers, peers, figures.scans.at(i));
  }
}

// Less disturbed by what else runs on the machine than the rates are.
void print_cpu(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers,
               const Figures& figures) {
  std::printf(
      "\nProcessor time of a call in microseconds, user and system; of PostgreSQL's server it is not known.\n\n");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::printf("%-28s %2d", title_of(cells[i].work), cells[i].callers);
    for (const auto& peer : peers) {
      const double middle = peer->does(cells[i].work) ? median(figures.cpu_us.at(i).at(peer->name())) : 0;
      std::printf(" %15s", middle > 0 ? rate_text(middle).c_str() : "-");
    }
    std::printf("\n");
  }
}

// What the policies cost: the same list by a manager and by a member with very many assignments, beside the service,
// whom no policy binds. Answers how many times as long a call takes, by the processor's time.
Json access_cost(const std::vector<Cell>& cells, const Figures& figures) {
  Json rows = Json::array();
  const auto us_of = [&](const std::string& peer, Work work, int callers) -> double {
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (cells[i].work == work && cells[i].callers == callers && figures.cpu_us.at(i).contains(peer))
        return median(figures.cpu_us.at(i).at(peer));
    return 0;
  };
  for (const Cell& cell : cells)
    for (const char* peer : {"eventcore_cpp", "eventcore_c"}) {
      const double service = us_of(peer, Work::list_service, cell.callers);
      const double mine = us_of(peer, cell.work, cell.callers);
      if ((cell.work != Work::list_tickets && cell.work != Work::list_assigned) || service <= 0 || mine <= 0) continue;
      rows.push_back({{"workload", name_of(cell.work)},
                      {"callers", cell.callers},
                      {"peer", peer},
                      {"to_service", std::round(mine / service * 1000) / 1000}});
    }
  return rows;
}

void print_access_cost(const Json& rows) {
  if (rows.empty()) return;
  std::printf(
      "\nWhat the policies cost: processor time of a list of 50 divided by the service's, of the same rows.\n\n");
  for (const Json& row : rows)
    std::printf("%-14s %2d callers, %-14s %.3f\n", row["workload"].get<std::string>().c_str(),
                row["callers"].get<int>(), row["peer"].get<std::string>().c_str(), row["to_service"].get<double>());
}

// ---- aims -----------------------------------------------------------------------------------------------------------

// What is divided by what: rates of C++ by those of a peer; or of another tongue's calls, how long one takes.
struct Aim {
  const char* what;
  Work work;
  int callers;
  const char* of;
  const char* to;
  double bound;  // at least, for rates
  bool at_most = false;
};

constexpr const char* cpp = "eventcore_cpp";
constexpr const char* server = "postgresql";
constexpr const char* by_hand = "c_sqlcipher";

constexpr Aim aims[] = {
    {"sell, hot, 64 callers : PostgreSQL", Work::sell_hot, 64, cpp, server, 10},
    {"sell, 100 categories, 64 callers : PostgreSQL", Work::sell_100, 64, cpp, server, 4},
    {"sell, hot, 1 caller : PostgreSQL", Work::sell_hot, 1, cpp, server, 1.5},
    {"check in, 64 callers : PostgreSQL", Work::check_in, 64, cpp, server, 4},
    {"check in, 1 caller : PostgreSQL", Work::check_in, 1, cpp, server, 1.5},
    {"sell, hot, 64 callers : hand-written C", Work::sell_hot, 64, cpp, by_hand, 0.6},
    {"sell, hot, 1 caller : hand-written C", Work::sell_hot, 1, cpp, by_hand, 0.7},
    {"check in, 64 callers : hand-written C", Work::check_in, 64, cpp, by_hand, 0.6},
    {"check in, 1 caller : hand-written C", Work::check_in, 1, cpp, by_hand, 0.7},
    {"read an event : PostgreSQL", Work::read_event, 1, cpp, server, 20},
    {"read an event : prepared statement in C", Work::read_event, 1, cpp, by_hand, 0.5},
    {"list 50 : PostgreSQL", Work::list_tickets, 1, cpp, server, 8},
    {"time of a sale in C : C++", Work::sell_hot, 1, cpp, "eventcore_c", 1.3, true},
    {"time of a read in C : C++", Work::read_event, 1, cpp, "eventcore_c", 1.3, true},
    {"time of a sale in Python : C++", Work::sell_hot, 1, cpp, "eventcore_python", 2, true},
    {"time of a check-in in Python : C++", Work::check_in, 1, cpp, "eventcore_python", 2, true},
    {"audit entries verified a second", Work::verify_audit, 1, cpp, nullptr, 500'000},
    {"milliseconds to open with a raw key", Work::open_raw, 1, cpp, nullptr, 20, true},
};

double rate_of(const std::vector<Cell>& cells, const Figures& figures, const Aim& aim, const char* peer) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].work != aim.work || cells[i].callers != aim.callers) continue;
    const auto found = figures.rates.at(i).find(peer);
    return found == figures.rates.at(i).end() ? 0 : median(found->second);
  }
  return 0;
}

// 0: not measured.
double reached(const std::vector<Cell>& cells, const Figures& figures, const Aim& aim) {
  const double mine = rate_of(cells, figures, aim, aim.of);
  if (aim.to == nullptr) return aim.at_most && mine > 0 ? 1e3 / mine : mine;
  const double other = rate_of(cells, figures, aim, aim.to);
  return other > 0 ? mine / other : 0;
}

Json aims_json(const std::vector<Cell>& cells, const Figures& figures) {
  Json rows = Json::array();
  for (const Aim& aim : aims) {
    const double value = reached(cells, figures, aim);
    if (value <= 0) continue;
    const bool good = aim.at_most ? value <= aim.bound : value >= aim.bound;
    rows.push_back(
        {{"aim", aim.what}, {"at_most", aim.at_most}, {"bound", aim.bound}, {"measured", value}, {"reached", good}});
  }
  return rows;
}

void print_aims(const Json& rows) {
  if (rows.empty()) return;
  std::printf("\nWhat was aimed at; bench_scale measures the aims of large stores.\n\n");
  for (const Json& row : rows)
    std::printf("%-48s %s %9s %12s  %s\n", row["aim"].get<std::string>().c_str(),
                row["at_most"] ? "<=" : ">=", rate_text(row["bound"]).c_str(), rate_text(row["measured"]).c_str(),
                row["reached"] ? "reached" : "NOT reached");
}

}  // namespace

Json report(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers, const Figures& figures) {
  char date[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  Json out = {{"date", date},
              {"cells", rows_of(cells, figures)},
              {"access_cost", access_cost(cells, figures)},
              {"aims", aims_json(cells, figures)}};
  print(cells, peers, figures);
  print_cpu(cells, peers, figures);
  print_access_cost(out["access_cost"]);
  print_aims(out["aims"]);
  return out;
}

}  // namespace bench
