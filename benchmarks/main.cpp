// The benchmarks: every peer does the same work in turn, several times over; medians, spread and ratios are printed and
// written as JSON; at the end each peer's store is checked against what it was told to do. benchmarks/README.md says
// what is compared with what. Usually started by ./bench.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>

#include "bare.h"
#include "peer.hpp"

namespace bench {

namespace {

struct Settings {
  std::string folder;
  std::string postgres;  // empty: without
  std::string python;    // empty: without
  std::string json;
  std::string falsify;  // for the test of the checks themselves: sale, admission or counter
  std::vector<std::string> peers;
  std::vector<Work> works;
  std::vector<int> callers;
  int runs = 3;
  double seconds = 3;
};

struct Cell {
  Work work;
  int callers;
};

using Rates = std::vector<double>;
using Results = std::map<std::size_t, std::map<std::string, Rates>>;  // by cell, by peer

struct Figures {
  Results rates;   // calls a second
  Results cpu_us;  // processor time of a call, both user and system, in microseconds
};

constexpr const char* usage =
    "bench FOLDER [--postgres CONNECTION] [--python SCRIPT] [--json FILE] [--workload NAME]... [--callers N]...\n"
    "      [--peer NAME]... [--runs N] [--seconds S] [--quick] [--smoke] [--falsify sale|admission|counter]\n"
    "workloads: sell_hot sell_100 check_in read_event list_tickets list_service list_assigned\n"
    "peers: eventcore_cpp eventcore_c eventcore_python postgresql c_sqlcipher c_sqlite\n";

Settings settings_of(int argc, char** argv) {
  Settings s;
  int at = 1;
  const auto value = [&]() -> std::string {
    if (at + 1 >= argc) throw Wrong(usage);
    return argv[++at];
  };
  for (; at < argc; ++at) {
    const std::string option = argv[at];
    if (option == "--postgres")
      s.postgres = value();
    else if (option == "--python")
      s.python = value();
    else if (option == "--json")
      s.json = value();
    else if (option == "--falsify")
      s.falsify = value();
    else if (option == "--peer")
      s.peers.push_back(value());
    else if (option == "--callers")
      s.callers.push_back(std::atoi(value().c_str()));
    else if (option == "--runs")
      s.runs = std::atoi(value().c_str());
    else if (option == "--seconds")
      s.seconds = std::atof(value().c_str());
    else if (option == "--quick")
      s.runs = 1, s.seconds = 1.5;
    else if (option == "--smoke")
      s.runs = 1, s.seconds = 0.05, s.callers = {1, 4};
    else if (option == "--workload") {
      const auto work = work_of(value());
      if (!work) throw Wrong(usage);
      s.works.push_back(*work);
    } else if (s.folder.empty() && option[0] != '-')
      s.folder = option;
    else
      throw Wrong(usage);
  }
  if (s.folder.empty() || s.runs < 1 || s.seconds <= 0) throw Wrong(usage);
  if (s.works.empty()) s.works.assign(std::begin(all_works), std::end(all_works));
  return s;
}

std::vector<Cell> cells_of(const Settings& s) {
  std::vector<Cell> cells;
  for (const Work work : s.works) {
    const bool reads = work == Work::read_event || is_list(work);
    std::vector<int> callers = s.callers;
    if (callers.empty()) callers = reads ? std::vector<int>{1, 8} : std::vector<int>{1, 8, 64};
    for (const int n : callers) cells.push_back({work, n});
  }
  return cells;
}

std::vector<std::unique_ptr<Peer>> peers_of(const Settings& s) {
  const std::string schema = EC_SOURCE_DIR "/docs/reference/schema.sql";
  std::vector<std::unique_ptr<Peer>> peers;
  const auto wanted = [&](const char* name) {
    return s.peers.empty() || std::find(s.peers.begin(), s.peers.end(), name) != s.peers.end();
  };
  const auto folder = [&](const char* name) {
    std::filesystem::create_directory(s.folder + "/" + name);
    return s.folder + "/" + name;
  };
  if (wanted("eventcore_cpp")) peers.push_back(engine_in_cpp(folder("cpp")));
  if (wanted("eventcore_c")) peers.push_back(engine_in_c(folder("c")));
  if (wanted("eventcore_python") && !s.python.empty()) peers.push_back(engine_in_python(folder("python"), s.python));
#ifdef EC_BENCH_POSTGRESQL
  if (wanted("postgresql") && !s.postgres.empty())
    peers.push_back(postgresql(s.postgres, EC_SOURCE_DIR "/benchmarks/postgres/schema.sql"));
#else
  if (!s.postgres.empty()) throw Wrong("built without libpq");
#endif
  if (wanted("c_sqlcipher")) peers.push_back(bare_sqlcipher(folder("sqlcipher"), schema));
  if (wanted("c_sqlite")) peers.push_back(bare_sqlite(folder("sqlite"), schema));
  if (peers.empty()) throw Wrong("no peer is left");
  return peers;
}

// Check-ins need tickets: as many as the peer may get through, guessed from what it did before. A run that used them up
// long before its time says too little and is made again.
Outcome measure(Peer& peer, const Cell& cell, double seconds, double& guess) {
  if (cell.work != Work::check_in) return peer.run(cell.work, cell.callers, seconds);
  for (;;) {
    peer.seed(static_cast<std::int64_t>(guess * seconds) + 100);
    const Outcome outcome = peer.run(cell.work, cell.callers, seconds);
    const double rate = outcome.rate();
    const bool ran_out = outcome.seconds < seconds * 0.6;
    guess = std::max(rate * 1.5, ran_out ? guess * 2 : 0);
    if (!ran_out) return outcome;
  }
}

void must_be(const Peer& peer, const char* what, std::int64_t found, std::int64_t expected) {
  if (found == expected) return;
  throw Wrong(peer.name() + ": " + what + ": " + std::to_string(found) + " are there, " + std::to_string(expected) +
              " were made");
}

// The store against what it was told: every sale and every admission is there once, and rows and counters agree.
Json check(Peer& peer, const std::string& falsify) {
  if (falsify == "sale") ++peer.tally.orders;
  if (falsify == "admission") ++peer.tally.used;
  Counts counts = peer.count();
  if (falsify == "counter") ++counts.counter_by_category[hot];
  must_be(peer, "orders", counts.orders, peer.tally.orders);
  must_be(peer, "tickets", counts.tickets, peer.tally.tickets);
  must_be(peer, "tickets that were used", counts.used, peer.tally.used);
  must_be(peer, "categories", static_cast<std::int64_t>(counts.rows_by_category.size()), all_categories);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < all_categories; ++i) {
    must_be(peer, "places gone by a category's counter", counts.counter_by_category[i], counts.rows_by_category[i]);
    sum += counts.rows_by_category[i];
  }
  must_be(peer, "tickets of all categories", sum, counts.tickets);
  peer.scan_again(50);
  must_be(peer, "tickets that were used, after they were shown again", peer.count().used, peer.tally.used);
  peer.verify();
  return {{"orders", counts.orders}, {"tickets", counts.tickets}, {"used", counts.used}, {"ok", true}};
}

double median(Rates rates) {
  std::sort(rates.begin(), rates.end());
  const std::size_t middle = rates.size() / 2;
  return rates.size() % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
}

Json ratio(const std::map<std::string, Rates>& of_cell, double mine, const char* peer) {
  const auto found = of_cell.find(peer);
  if (found == of_cell.end() || median(found->second) <= 0) return nullptr;
  return std::round(mine / median(found->second) * 1000) / 1000;
}

Json report(const Settings& s, const std::vector<Cell>& cells, const Figures& figures) {
  const Results& results = figures.rates;
  Json rows = Json::array();
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (const auto& [peer, rates] : results.at(i)) {
      const double middle = median(rates);
      rows.push_back({{"workload", name_of(cells[i].work)},
                      {"callers", cells[i].callers},
                      {"peer", peer},
                      {"per_second", rates},
                      {"median", middle},
                      {"min", *std::min_element(rates.begin(), rates.end())},
                      {"max", *std::max_element(rates.begin(), rates.end())},
                      {"cpu_us", median(figures.cpu_us.at(i).at(peer))},
                      {"to_postgresql", ratio(results.at(i), middle, "postgresql")},
                      {"to_c_sqlcipher", ratio(results.at(i), middle, "c_sqlcipher")},
                      {"to_c_sqlite", ratio(results.at(i), middle, "c_sqlite")}});
    }
  char date[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return {{"date", date}, {"runs", s.runs}, {"seconds", s.seconds}, {"cells", rows}};
}

std::string rate_text(double rate) {
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

void print(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers, const Results& results) {
  std::printf(
      "\nMedians a second; in brackets the spread, (highest - lowest) / median. The last two columns are the\n");
  std::printf("engine's C++ figure divided by PostgreSQL's and by that of hand-written C on SQLCipher.\n\n%-31s", "");
  for (const auto& peer : peers) std::printf(" %15s", head_of(peer->name()));
  std::printf(" %8s %8s\n", "/ Postgr.", "/ C");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::printf("%-28s %2d", title_of(cells[i].work), cells[i].callers);
    const auto& of_cell = results.at(i);
    for (const auto& peer : peers)
      std::printf(" %15s", peer->does(cells[i].work) ? figure(of_cell.at(peer->name())).c_str() : "-");
    const auto engine = of_cell.find("eventcore_cpp");
    const double mine = engine == of_cell.end() ? 0 : median(engine->second);
    std::printf(" %8s %8s\n", ratio_text(ratio(of_cell, mine, "postgresql")).c_str(),
                ratio_text(ratio(of_cell, mine, "c_sqlcipher")).c_str());
  }
}

// Less disturbed by what else runs on the machine than the rates are.
void print_cpu(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers, const Results& cpu) {
  std::printf(
      "\nProcessor time of a call in microseconds, user and system; of PostgreSQL's server it is not known.\n\n");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::printf("%-28s %2d", title_of(cells[i].work), cells[i].callers);
    for (const auto& peer : peers) {
      const double middle = peer->does(cells[i].work) ? median(cpu.at(i).at(peer->name())) : 0;
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

void warm_up(Peer& peer, double seconds) {
  for (const Work work : {Work::sell_hot, Work::sell_100, Work::read_event, Work::list_tickets})
    static_cast<void>(peer.run(work, 1, std::min(seconds, 0.3)));
}

int run(int argc, char** argv) {
  const Settings s = settings_of(argc, argv);
  const std::vector<Cell> cells = cells_of(s);
  const Json machine = machine_facts(s.folder);
  std::printf("%s\n", machine.dump(2).c_str());
  std::printf("SQLite in SQLCipher %s, system's SQLite %s\n", bare_sqlcipher_api()->version(),
              bare_sqlite_api()->version());
  const auto peers = peers_of(s);
  std::map<std::string, double> guesses;
  for (const auto& peer : peers) {
    peer->set_up();
    warm_up(*peer, s.seconds);
    guesses[peer->name()] = 2500;
  }
  Figures figures;
  for (int round = 0; round < s.runs; ++round)
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::fprintf(stderr, "run %d of %d: %s, %d callers\n", round + 1, s.runs, title_of(cells[i].work),
                   cells[i].callers);
      figures.rates[i];  // a cell that nobody does is told as such
      figures.cpu_us[i];
      for (const auto& peer : peers) {
        if (!peer->does(cells[i].work)) continue;
        const Outcome outcome = measure(*peer, cells[i], s.seconds, guesses[peer->name()]);
        figures.rates[i][peer->name()].push_back(outcome.rate());
        figures.cpu_us[i][peer->name()].push_back(outcome.cpu_us());
      }
    }
  Json out = report(s, cells, figures);
  out["machine"] = machine;
  print(cells, peers, figures.rates);
  print_cpu(cells, peers, figures.cpu_us);
  out["access_cost"] = access_cost(cells, figures);
  print_access_cost(out["access_cost"]);
  for (const auto& peer : peers) out["checks"][peer->name()] = check(*peer, s.falsify);
  std::printf("\nAll stores hold exactly what was sold and admitted.\n");
  if (!s.json.empty()) {
    std::ofstream file(s.json);
    file << out.dump(2) << '\n';
    if (!file.flush()) throw Wrong("cannot write " + s.json);
  }
  return 0;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(argc, argv);
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "bench: %s\n", thrown.what());
    return 1;
  }
}
