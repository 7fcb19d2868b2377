// A peer is one way of doing the work that is measured: the engine through one of its languages, a database server, or
// SQL written by hand. Every peer has a store of its own with the same content: one organization, one event on sale
// with a hot category and a hundred others, a category of 500 tickets for lists, an owner, a manager and a member.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

// Something is not as it must be: the run stops and tells it.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Person { owner, member, manager, service, assigned, online };  // assigned: with very many assignments
enum class Work {
  sell_hot,
  sell_100,
  order_online,
  check_in,
  sell_and_scan,
  read_event,
  list_tickets,
  list_service,
  list_assigned,
  first_page,
  page_1000,
  search,
  report,
  import_rows,
  feed_live,
  feed_catch_up,
  verify_audit,
  open_raw,
  open_passphrase,
  backup
};
inline constexpr std::size_t works = static_cast<std::size_t>(Work::backup) + 1;

// What a workload asks of a store: calls alone; calls on a store with a crowd; something done to the whole store.
enum class Scope { calls, crowd, whole };

// A workload is described here once; peers implement what it calls.
struct WorkDef {
  Work work;
  const char* name;
  const char* title;  // with what is counted, where that is not calls
  Person person;      // who does it
  Scope scope;
  std::vector<int> callers;
  bool engine_only = false;  // it matters to the engine alone, who asks
};
const WorkDef& def_of(Work work);
inline const char* name_of(Work work) {
  return def_of(work).name;
}
inline const char* title_of(Work work) {
  return def_of(work).title;
}
const WorkDef* work_of(const std::string& name);
std::string all_work_names();

inline constexpr std::size_t categories = 100;         // of sell_100, beside the hot one
inline constexpr std::size_t hot = categories;         // index of the hot category
inline constexpr std::size_t listed = categories + 1;  // index of the category whose tickets are listed
inline constexpr std::size_t all_categories = categories + 2;
inline constexpr std::size_t crowded = all_categories;  // index of the category of the crowd, at an event of its own
inline constexpr int listed_tickets = 500;
inline constexpr int list_size = 50;
inline constexpr int assignments = 200;    // of Person::assigned
inline constexpr int places = 10'000'000;  // of each category
inline constexpr int seed_order_max = 50;
inline constexpr int crowd_page = 20;
inline constexpr int far_page = 1'000;
inline constexpr int changes_of_a_sale = 7;  // a row of the feed each, the engine's and the hand-written program's

// The crowd: visitor `index` has a name of his own, of two words, by which he is found.
std::string visitor_name(std::int64_t index);
// A row of the import: name and address of a venue that is not in yet.
std::string venue_name(std::int64_t index);
inline constexpr const char* venue_address = "1 Long Street, Longtown";
inline constexpr int venue_capacity = 500;
inline constexpr int import_batch = 500;  // rows of a transaction

struct Outcome {
  double calls = 0;  // or what the workload counts: rows, changes, entries, megabytes
  double seconds = 0;
  double cpu_seconds = 0;   // of the process that calls; 0 where the work is done elsewhere
  double second_calls = 0;  // of sell_and_scan, whose `calls` are sales: the scans
  [[nodiscard]] double cpu_us() const { return calls > 0 ? cpu_seconds * 1e6 / (calls + second_calls) : 0; }
  [[nodiscard]] double rate() const { return seconds > 0 ? calls / seconds : 0; }
  [[nodiscard]] double second_rate() const { return seconds > 0 ? second_calls / seconds : 0; }
};

// What a peer's store holds, counted in the store itself.
struct Counts {
  std::int64_t orders = 0;
  std::int64_t tickets = 0;
  std::int64_t used = 0;                          // tickets that were admitted
  std::vector<std::int64_t> rows_by_category;     // tickets there are
  std::vector<std::int64_t> counter_by_category;  // places gone by the counter
};

// What the harness knows it has done.
struct Tally {
  std::int64_t orders = 0;
  std::int64_t tickets = 0;
  std::int64_t used = 0;
  std::int64_t crowd = 0;   // of the tickets
  std::int64_t venues = 0;  // imported
  void add(const Outcome& outcome, Work work);
  [[nodiscard]] std::size_t categories() const { return crowd > 0 ? all_categories + 1 : all_categories; }
};

class Peer {
 public:
  virtual ~Peer() = default;
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual bool does(Work work) const { return !def_of(work).engine_only; }
  virtual void set_up() = 0;
  // Makes sure that at least `tickets` unused tickets are there to be checked in.
  virtual void seed(std::int64_t tickets) = 0;
  // Makes sure that the crowd is there, an event of its own with so many named visitors.
  virtual void seed_crowd(std::int64_t) {}
  virtual Outcome run(Work work, int callers, double seconds) = 0;
  virtual Counts count() = 0;
  // Scans codes that were admitted before: none may be admitted again.
  virtual void scan_again(int codes_max) = 0;
  // What the peer can say about its store beyond the counts; throws Wrong.
  virtual void verify() {}

  Tally tally;
};

// What one thread of a peer within this process does. Each answers by throwing Wrong when it is refused.
class Caller {
 public:
  virtual ~Caller() = default;
  Caller() = default;
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  virtual void sell(std::size_t category) = 0;  // one ticket
  // As many callers would at once, whose orders one commit makes durable.
  virtual void sell_together(std::size_t category, int orders) {
    for (int i = 0; i < orders; ++i) sell(category);
  }
  // One ticket online: ordered by a visitor, told to be in payment, paid.
  virtual void order_online(std::size_t category) = 0;
  virtual std::vector<std::string> seed(std::size_t category, int quantity) = 0;  // the codes of the tickets
  // Orders of as many visitors each, whose names follow each other; tickets of the crowd's category.
  virtual void seed_visitors(std::int64_t first, int orders, int quantity) = 0;
  virtual bool check_in(const std::string& code) = 0;  // admitted?
  virtual void read_event() = 0;
  virtual int list_tickets() = 0;  // how many came

  struct Page {
    int rows = 0;
    std::string next;
  };
  virtual Page page(const std::string& after) = 0;    // of the crowd's tickets; after nothing: the first
  virtual int search(const std::string& prefix) = 0;  // how many of the crowd were found, at most crowd_page
  virtual std::int64_t report() = 0;                  // the crowd's event: how many tickets it has sold

  struct Changes {
    std::int64_t count = 0;
    std::int64_t next = 0;
  };
  virtual Changes changes(std::int64_t, std::int64_t /*wait_us*/) { throw Wrong("there is no feed"); }
};

// Runs the callers of a peer in threads of this process.
class ThreadedPeer : public Peer {
 public:
  void seed(std::int64_t tickets) override;
  void seed_crowd(std::int64_t visitors) override;
  Outcome run(Work work, int callers, double seconds) override;
  void scan_again(int codes_max) override;

  virtual std::unique_ptr<Caller> caller(Person person) = 0;

  // What is done to a whole store, by those who can; how much of it was done.
  virtual double import_rows(std::int64_t /*first*/, std::int64_t /*rows*/) { throw Wrong("no import"); }
  virtual double verify_audit() { throw Wrong("no audit chain"); }
  virtual double open(bool /*passphrase*/) { throw Wrong("nothing to open"); }
  virtual double back_up() { throw Wrong("no backup"); }  // megabytes

 protected:
  void seed_list();
  virtual void make_crowd() {}                                    // the event and its category
  [[nodiscard]] virtual bool works_here() const { return true; }  // no server does the work
  void dismiss();                                                 // lets all callers go, before what they stand on goes

 private:
  friend class Shift;
  Caller& hired(Person person, std::size_t index);
  std::vector<std::unique_ptr<Caller>> hired_[6];  // by person
  std::vector<std::string> codes_;                 // in the order in which visitors come
  std::size_t next_code_ = 0;
  std::string before_far_page_;  // a cursor
};

// So many rows are imported at once.
extern std::int64_t rows_of_an_import;

// The peers there are. `folder` is the peer's own.
std::unique_ptr<ThreadedPeer> engine_in_cpp(const std::string& folder);
std::unique_ptr<Peer> engine_in_c(const std::string& folder);
std::unique_ptr<Peer> engine_in_python(const std::string& folder, const std::string& script);
std::unique_ptr<Peer> bare_sqlcipher(const std::string& folder, const std::string& schema_file);
std::unique_ptr<Peer> bare_sqlite(const std::string& folder, const std::string& schema_file);
std::unique_ptr<Peer> postgresql(const std::string& connection, const std::string& schema_file);

// Facts of the machine, with the latency of fdatasync in `folder`.
Json machine_facts(const std::string& folder);

}  // namespace bench
