// How cost grows with a store: one event that sells and sells, looked at in passing at 10,000, 100,000, 1,000,000 ...
// tickets. One caller, the engine's C++ API, everything on. Each figure is the median of calls that are all checked.
//
//   bench_scale FOLDER [--json FILE] [--tickets N]...
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "fair.hpp"

namespace eventcore::bench {
namespace {

constexpr std::int64_t day = 86'400'000'000;
constexpr int orders_in_a_group = 8;
constexpr int page_size = 50;
constexpr int far_page = 1'000;
constexpr int calls = 200;  // of what takes about a millisecond
constexpr int few = 5;      // of what takes long
constexpr std::int64_t changes_read = 50'000;

// The median of so many calls, in seconds.
double median_of(int times, const std::function<void()>& work) {
  std::vector<double> taken;
  for (int i = 0; i < times; ++i) taken.push_back(seconds_of(work));
  std::nth_element(taken.begin(), taken.begin() + times / 2, taken.end());
  return taken[static_cast<std::size_t>(times / 2)];
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

class Growing : private Fair {
 public:
  explicit Growing(const std::string& folder) : Fair(folder + "/scale.ecdb"), folder_(folder) {
    seller_.emplace(as_owner());
  }

  // Orders of 50 named visitors, a group of them to a commit, until there are `tickets`.
  double grow_to(std::int64_t tickets) {
    return seconds_of([&] {
      while (sold_ < tickets) {
        std::vector<Pending> pending;
        for (int i = 0; i < orders_in_a_group && sold_ < tickets; ++i, sold_ += order_size)
          pending.push_back(taken(seller_->submit("place_order", order().dump())));
        for (Pending& one : pending) keep_a_code(Json::parse(taken(std::move(*one.wait(-1)))));
      }
    });
  }

  Json look() {
    settle();
    Json figures;
    figures["tickets"] = sold_;
    figures["store_mb"] = megabytes(path_);
    reopen(figures);
    Session owner = as_owner();
    const int scans = std::min(calls, static_cast<int>(codes_.size()));
    figures["check_in_us"] = 1e6 * median_of(scans, [&] { check_in_one(owner); });
    figures["sell_us"] = 1e6 * median_of(calls, [&] { sell_one(owner); });
    figures["read_event_us"] = 1e6 * median_of(calls, [&] { taken(owner.get("events", event_)); });
    figures["count_event_ms"] = 1e3 * median_of(few, [&] {
                                  taken(owner.count("tickets", Json{{"where", {{"event_id", event_}}}}.dump()));
                                });
    lists(owner, figures);
    searches(owner, figures);
    figures["event_report_ms"] = 1e3 * median_of(few, [&] { report(owner); });
    figures["sales_curve_ms"] = 1e3 * median_of(few, [&] {
                                  call(owner, "sales_curve", {{"event_id", event_}, {"step", "hour"}});
                                });
    quotes(owner, figures);
    feed(figures);
    audit(owner, figures);
    figures["resident_mb"] = resident_mb();
    backup(figures);
    return figures;
  }

 private:
  // What growing left to be written is not a call's cost, nor is the first look at a file that the system forgot.
  void settle() {
    ::sync();
    std::ifstream file(path_, std::ios::binary);
    std::vector<char> some(1 << 20);
    while (file.read(some.data(), static_cast<std::streamsize>(some.size()))) {
    }
  }

  void reopen(Json& figures) {
    figures["open_ms"] = 1e3 * median_of(few, [&] {
                           seller_.reset();
                           engine_.reset();
                           open(false);
                         });
    seller_.emplace(as_owner());
    figures["resident_at_open_mb"] = resident_mb();
  }

  // One code of an order, among all that came so far: tickets to check in lie all over the store.
  void keep_a_code(const Json& reply) {
    constexpr std::size_t kept_max = 4'000;
    std::string code = reply["tickets"][random_() % order_size]["qr_code_data"];
    ++orders_;
    if (codes_.size() < kept_max) {
      codes_.push_back(std::move(code));
    } else if (const std::size_t at = random_() % orders_; at < kept_max) {
      codes_[at] = std::move(code);
    }
  }

  void check_in_one(Session& session) {
    if (codes_.empty()) throw Wrong("no code is left");
    std::swap(codes_[random_() % codes_.size()], codes_.back());
    check_in(session, codes_.back());
    codes_.pop_back();
  }

  void sell_one(Session& session) {
    static_cast<void>(sell(session));
    ++sold_;
  }

  void lists(Session& session, Json& figures) {
    const auto page = [&](const Json& after, int limit, const Json& columns) {
      Json request = {{"where", {{"event_id", event_}}}, {"limit", limit}};
      if (!after.is_null()) request["after"] = after;
      if (!columns.is_null()) request["columns"] = columns;
      return Json::parse(taken(session.list("tickets", request.dump())));
    };
    figures["first_page_us"] = 1e6 * median_of(calls, [&] {
                                 if (page(nullptr, page_size, nullptr)["rows"].size() != page_size)
                                   throw Wrong("the page is not full");
                               });
    if (sold_ < std::int64_t{page_size} * far_page) return;
    Json cursor;
    for (int rows = 0; rows < page_size * (far_page - 1); rows += 950)
      cursor = page(cursor, std::min(950, page_size * (far_page - 1) - rows), {"id"})["cursor"];
    figures["page_1000_us"] = 1e6 * median_of(calls, [&] {
                                if (page(cursor, page_size, nullptr)["rows"].size() != page_size)
                                  throw Wrong("the page is not full");
                              });
  }

  void searches(Session& session, Json& figures) {
    const std::pair<const char*, const char*> all[] = {
        {"search_one_letter_ms", "a"}, {"search_family_ms", "family12"}, {"search_two_words_ms", "mul family10"}};
    for (const auto& [name, text] : all)
      // By name, for clang 14 lets no lambda see what a binding names.
      figures[name] = 1e3 * median_of(few, [&, query = text] {
                        const Json found = call(session, "search_attendees", {{"event_id", event_}, {"query", query}});
                        if (found["tickets"].empty()) throw Wrong(std::string("nobody was found by ") + query);
                      });
  }

  void report(Session& session) {
    const Json told = call(session, "event_report", {{"event_id", event_}});
    if (told["tickets"].dump().find(std::to_string(sold_)) == std::string::npos)
      throw Wrong("the report does not know " + std::to_string(sold_) + " tickets: " + told["tickets"].dump());
  }

  // A price that depends on what the last day sold: all that there is, and, two days later, nothing of it.
  void quotes(Session& session, Json& figures) {
    const std::string rule = make(session, "dynamic_pricing_rules",
                                  {{"ticket_category_id", categories_[0]},
                                   {"rule_name", "Rush"},
                                   {"rule_type", "demand_based"},
                                   {"conditions", {{"sold_last_day", {{"min", 1}}}}},
                                   {"price_adjustment_type", "fixed_amount"},
                                   {"adjustment_value", "1"}});
    const auto quote = [&](const char* price) {
      const Json told = call(session, "quote_price", {{"ticket_category_id", categories_[0]}});
      if (told["final_price"] != price) throw Wrong("another price: " + told.dump());
    };
    figures["quote_of_busy_day_us"] = 1e6 * median_of(calls, [&] { quote("11.00"); });
    if (!engine_->set_clock(opening_time + 2 * day)) throw Wrong("the clock cannot be set");
    figures["quote_of_quiet_day_us"] = 1e6 * median_of(calls, [&] { quote("10.00"); });
    if (!engine_->set_clock(opening_time)) throw Wrong("the clock cannot be set");
    if (!session.remove("dynamic_pricing_rules", rule)) throw Wrong("the rule cannot be removed");
  }

  void feed(Json& figures) {
    Session owner = as_owner();
    std::int64_t since = 0;
    std::int64_t read = 0;
    const double taken_s = seconds_of([&] {
      while (read < changes_read) {
        const Json page = Json::parse(taken(owner.changes(since, 1'000, 0)));
        if (page["changes"].empty()) break;
        read += static_cast<std::int64_t>(page["changes"].size());
        since = page["next"].get<std::int64_t>();
      }
    });
    figures["feed_per_s"] = static_cast<double>(read) / taken_s;
  }

  std::int64_t verify(Session& session) {
    const Json told = call(session, "verify_audit", {{"organization_id", organization_}});
    if (told["ok"] != true) throw Wrong("the audit chain: " + told.dump());
    return told["entries"];
  }

  // By one caller, in time and in processor time, and by two at once. Each walks the whole chain.
  void audit(Session& session, Json& figures) {
    double entries = 0;
    const std::clock_t from = std::clock();
    const double taken_s = seconds_of([&] { entries = static_cast<double>(verify(session)); });
    const double processor_s = static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC;
    figures["audit_entries"] = entries;
    figures["audit_entries_per_s"] = entries / taken_s;
    figures["audit_entries_per_processor_s"] = entries / processor_s;
    Session another = this->session({{"kind", "service"}, {"reason", "benchmark"}});
    const double both_s = seconds_of([&] {
      auto second = std::async(std::launch::async, [&] { return verify(another); });
      verify(session);
      second.get();
    });
    figures["audit_entries_per_s_two_callers"] = 2 * entries / both_s;
  }

  void backup(Json& figures) {
    Session service = session({{"kind", "service"}, {"reason", "benchmark"}});
    const std::string to = folder_ + "/copy.ecdb";
    const Key key = Key::raw(std::array<std::uint8_t, 32>{5});
    eventcore::CallOptions options;
    options.key = &key;
    const double taken_s = seconds_of([&] { taken(service.call("backup", Json{{"path", to}}.dump(), options)); });
    figures["backup_mb_per_s"] = megabytes(to) / taken_s;
    for (const char* end : {".ecdb", ".keys", ".anchor", ".lock"})
      std::filesystem::remove(std::filesystem::path(to).replace_extension(end));
  }

  std::string folder_;
  std::optional<Session> seller_;
  std::vector<std::string> codes_;
  std::size_t orders_ = 0;
  std::int64_t sold_ = 0;
};

struct Aim {
  const char* what;
  const char* figure;
  double bound;
  bool at_most;
  bool as_ratio;  // to the smallest store's
};

constexpr Aim aims[] = {{"check-in at the largest : at the smallest", "check_in_us", 1.5, true, true},
                        {"report, ms", "event_report_ms", 50, true, false},
                        {"audit entries verified a second", "audit_entries_per_s", 500'000, false, false},
                        {"resident, MB", "resident_mb", 150, true, false},
                        {"open with a raw key, ms", "open_ms", 20, true, false}};

double ratio(const Json& figures, const Json& smallest) {
  return smallest.get<double>() > 0 ? figures.get<double>() / smallest.get<double>() : 0;
}

// Each figure of the smallest store, and how many times as much it is in the others.
void print_growth(const Json& all) {
  std::printf("\n%-22s %14s", "", (std::to_string(all[0]["tickets"].get<std::int64_t>())).c_str());
  for (std::size_t i = 1; i < all.size(); ++i)
    std::printf(" %12s", std::to_string(all[i]["tickets"].get<std::int64_t>()).c_str());
  std::printf("\n");
  for (const auto& [name, value] : all.back().items()) {
    const Json smallest = all[0].value(name, Json());
    if (!smallest.is_number()) continue;  // such as a page that a small store has not
    std::printf("%-22s %14.1f", name.c_str(), smallest.get<double>());
    for (std::size_t i = 1; i < all.size(); ++i) std::printf(" %11.2fx", ratio(all[i][name], smallest));
    std::printf("\n");
  }
}

void print_aims(const Json& all) {
  std::printf("\nAims, at %lld tickets:\n", static_cast<long long>(all.back()["tickets"].get<std::int64_t>()));
  for (const Aim& aim : aims) {
    const Json& figure = all.back()[aim.figure];
    const double value = aim.as_ratio ? ratio(figure, all[0][aim.figure]) : figure.get<double>();
    std::printf("%-44s %s %10.1f %12.1f  %s\n", aim.what, aim.at_most ? "<=" : ">=", aim.bound, value,
                (aim.at_most ? value <= aim.bound : value >= aim.bound) ? "reached" : "NOT reached");
  }
}

void run(const std::string& folder, std::vector<std::int64_t> sizes, const std::string& json_path) {
  if (sizes.empty()) sizes = {10'000, 100'000, 1'000'000};
  Growing store(folder);
  Json all = Json::array();
  std::int64_t before = 0;
  for (const std::int64_t size : sizes) {
    const double seconds = store.grow_to(size);
    Json figures = store.look();
    figures["grown_per_s"] = static_cast<double>(size - before) / seconds;
    before = size;
    std::printf("%s\n", figures.dump(1).c_str());
    std::fflush(stdout);
    all.push_back(std::move(figures));
  }
  print_growth(all);
  print_aims(all);
  if (!json_path.empty()) std::ofstream(json_path) << all.dump(1) << "\n";
}

}  // namespace
}  // namespace eventcore::bench

int main(int argc, char** argv) {
  std::string json_path;
  std::vector<std::int64_t> sizes;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--json") json_path = argv[i + 1];
    if (option == "--tickets") sizes.push_back(std::atoll(argv[i + 1]));
  }
  if (argc < 2 || argc % 2 != 0)
    return std::fputs("usage: bench_scale FOLDER [--json FILE] [--tickets N]...\n", stderr), 2;
  try {
    eventcore::bench::run(argv[1], sizes, json_path);
    return 0;
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "%s\n", wrong.what());
    return 1;
  }
}
