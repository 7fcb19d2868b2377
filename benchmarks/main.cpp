// The benchmarks: every peer does the same work in turn, several times over; medians, spread and ratios are printed and
// written as JSON; at the end each peer's store is checked against what it was told to do. benchmarks/README.md says
// what is compared with what. Usually started by ./bench.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "bare.h"
#include "report.hpp"

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
  std::int64_t crowd = 100'000;
};

constexpr int callers_max = 256;

std::string usage() {
  return "bench FOLDER [--postgres CONNECTION] [--python SCRIPT] [--json FILE] [--workload NAME]... [--callers N]...\n"
         "      [--peer NAME]... [--runs N] [--seconds S] [--crowd N] [--rows N] [--quick] [--smoke]\n"
         "      [--falsify sale|admission|counter|crowd]\n"
         "workloads: " +
         all_work_names() + "\npeers: eventcore_cpp eventcore_c eventcore_python postgresql c_sqlcipher c_sqlite\n";
}

// The crowd comes in whole orders.
std::int64_t whole_orders(std::int64_t visitors) {
  return std::max<std::int64_t>(1, visitors / seed_order_max) * seed_order_max;
}

Settings settings_of(int argc, char** argv) {
  Settings s;
  int at = 1;
  const auto value = [&]() -> std::string {
    if (at + 1 >= argc) throw Wrong(usage());
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
      s.callers.push_back(std::clamp(std::atoi(value().c_str()), 1, callers_max));
    else if (option == "--runs")
      s.runs = std::atoi(value().c_str());
    else if (option == "--seconds")
      s.seconds = std::atof(value().c_str());
    else if (option == "--crowd")
      s.crowd = whole_orders(std::atoll(value().c_str()));
    else if (option == "--rows")
      rows_of_an_import = std::max(1LL, std::atoll(value().c_str()));
    else if (option == "--quick")
      s.runs = 1, s.seconds = 0.5, s.crowd = crowd_page * far_page, rows_of_an_import = 10'000;
    else if (option == "--smoke")
      s.runs = 1, s.seconds = 0.05, s.callers = {1, 4}, s.crowd = 100, rows_of_an_import = 600;
    else if (option == "--workload") {
      const WorkDef* work = work_of(value());
      if (work == nullptr) throw Wrong(usage());
      s.works.push_back(work->work);
    } else if (s.folder.empty() && option[0] != '-')
      s.folder = option;
    else
      throw Wrong(usage());
  }
  if (s.folder.empty() || s.runs < 1 || s.seconds <= 0) throw Wrong(usage());
  if (s.works.empty())
    for (std::size_t i = 0; i < works; ++i) s.works.push_back(static_cast<Work>(i));
  return s;
}

// What has one number of callers is done with it, whatever numbers are asked for.
std::vector<Cell> cells_of(const Settings& s) {
  std::vector<Cell> cells;
  for (const Work work : s.works) {
    const std::vector<int>& its_own = def_of(work).callers;
    for (const int n : s.callers.empty() || its_own.size() == 1 ? its_own : s.callers)
      if (work != Work::sell_and_scan || n > 1) cells.push_back({work, n});
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
  const bool scans = cell.work == Work::check_in || cell.work == Work::sell_and_scan;
  if (!scans) return peer.run(cell.work, cell.callers, seconds);
  for (;;) {
    peer.seed(static_cast<std::int64_t>(guess * seconds) + 100);
    const Outcome outcome = peer.run(cell.work, cell.callers, seconds);
    const double rate = std::max(outcome.rate(), outcome.second_rate());
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
  must_be(peer, "categories", static_cast<std::int64_t>(counts.rows_by_category.size()),
          static_cast<std::int64_t>(peer.tally.categories()));
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < counts.rows_by_category.size(); ++i) {
    must_be(peer, "places gone by a category's counter", counts.counter_by_category[i], counts.rows_by_category[i]);
    sum += counts.rows_by_category[i];
  }
  must_be(peer, "tickets of all categories", sum, counts.tickets);
  peer.scan_again(50);
  must_be(peer, "tickets that were used, after they were shown again", peer.count().used, peer.tally.used);
  peer.verify();
  return {{"orders", counts.orders}, {"tickets", counts.tickets}, {"used", counts.used}, {"ok", true}};
}

void warm_up(Peer& peer, double seconds) {
  for (const Work work : {Work::sell_hot, Work::sell_100, Work::read_event, Work::list_tickets})
    static_cast<void>(peer.run(work, 1, std::min(seconds, 0.3)));
}

void set_up(Peer& peer, const Settings& s) {
  peer.set_up();
  warm_up(peer, s.seconds);
  const auto needs_crowd = [&](Work work) { return def_of(work).scope == Scope::crowd && peer.does(work); };
  if (std::any_of(s.works.begin(), s.works.end(), needs_crowd)) peer.seed_crowd(s.crowd);
  if (s.falsify == "crowd") ++peer.tally.crowd;
}

Figures measure_all(const Settings& s, const std::vector<Cell>& cells,
                    const std::vector<std::unique_ptr<Peer>>& peers) {
  std::map<std::string, double> guesses;
  for (const auto& peer : peers) guesses[peer->name()] = 2500;
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
        if (cells[i].work == Work::sell_and_scan) figures.scans[i][peer->name()].push_back(outcome.second_rate());
      }
    }
  return figures;
}

int run(int argc, char** argv) {
  const Settings s = settings_of(argc, argv);
  const std::vector<Cell> cells = cells_of(s);
  const Json machine = machine_facts(s.folder);
  std::printf("%s\n", machine.dump(2).c_str());
  std::printf("SQLite in SQLCipher %s, system's SQLite %s; a crowd of %lld, imports of %lld rows\n",
              bare_sqlcipher_api()->version(), bare_sqlite_api()->version(), static_cast<long long>(s.crowd),
              static_cast<long long>(rows_of_an_import));
  const auto peers = peers_of(s);
  for (const auto& peer : peers) set_up(*peer, s);
  const Figures figures = measure_all(s, cells, peers);
  Json out = report(cells, peers, figures);
  out["runs"] = s.runs;
  out["seconds"] = s.seconds;
  out["crowd"] = s.crowd;
  out["rows_of_an_import"] = rows_of_an_import;
  out["machine"] = machine;
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
