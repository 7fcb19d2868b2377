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

enum class Person { owner, member, manager, service, assigned };  // assigned: a member with very many assignments
enum class Work { sell_hot, sell_100, check_in, read_event, list_tickets, list_service, list_assigned };
inline constexpr Work all_works[] = {Work::sell_hot,     Work::sell_100,     Work::check_in,     Work::read_event,
                                     Work::list_tickets, Work::list_service, Work::list_assigned};
constexpr bool is_list(Work work) {
  return work >= Work::list_tickets;
}
const char* name_of(Work work);
const char* title_of(Work work);
Person person_of(Work work);  // who does it
std::optional<Work> work_of(const std::string& name);

inline constexpr std::size_t categories = 100;         // of sell_100, beside the hot one
inline constexpr std::size_t hot = categories;         // index of the hot category
inline constexpr std::size_t listed = categories + 1;  // index of the category whose tickets are listed
inline constexpr std::size_t all_categories = categories + 2;
inline constexpr int listed_tickets = 500;
inline constexpr int list_size = 50;
inline constexpr int assignments = 200;    // of Person::assigned
inline constexpr int places = 10'000'000;  // of each category
inline constexpr int seed_order_max = 50;

struct Outcome {
  std::int64_t calls = 0;
  double seconds = 0;
  double cpu_seconds = 0;  // of the process that calls; 0 where the work is done elsewhere
  [[nodiscard]] double cpu_us() const { return calls > 0 ? cpu_seconds * 1e6 / static_cast<double>(calls) : 0; }
  [[nodiscard]] double rate() const { return seconds > 0 ? static_cast<double>(calls) / seconds : 0; }
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
};

class Peer {
 public:
  virtual ~Peer() = default;
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] virtual std::string name() const = 0;
  // Who asks for a list matters to the engine alone.
  [[nodiscard]] virtual bool does(Work work) const { return !is_list(work) || work == Work::list_tickets; }
  virtual void set_up() = 0;
  // Makes sure that at least `tickets` unused tickets are there to be checked in.
  virtual void seed(std::int64_t tickets) = 0;
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
  virtual std::vector<std::string> seed(std::size_t category, int quantity) = 0;  // the codes of the tickets
  virtual bool check_in(const std::string& code) = 0;                             // admitted?
  virtual void read_event() = 0;
  virtual int list_tickets() = 0;  // how many came
};

// Runs the callers of a peer in threads of this process.
class ThreadedPeer : public Peer {
 public:
  void seed(std::int64_t tickets) override;
  Outcome run(Work work, int callers, double seconds) override;
  void scan_again(int codes_max) override;

  virtual std::unique_ptr<Caller> caller(Person person) = 0;

 protected:
  void seed_list();
  [[nodiscard]] virtual bool works_here() const { return true; }  // no server does the work
  void dismiss();                                                 // lets all callers go, before what they stand on goes

 private:
  Caller& hired(Person person, std::size_t index);
  std::vector<std::unique_ptr<Caller>> hired_[5];  // by person
  std::vector<std::string> codes_;                 // in the order in which visitors come
  std::size_t next_code_ = 0;
};

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
