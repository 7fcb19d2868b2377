// The hand-written peer (bare.h) in the harness.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "bare.h"
#include "peer.hpp"

namespace bench {

namespace {

using NameOf = std::string (*)(std::int64_t);

std::vector<std::string> names_of(NameOf name_of, std::int64_t first, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = first; i < first + count; ++i) names.push_back(name_of(i));
  return names;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

class BareCaller final : public Caller {
 public:
  BareCaller(const bare_api& api, bare_store* store) : api_(api), store_(store) {}
  ~BareCaller() override {
    if (reader_ != nullptr) api_.close_reader(reader_);
  }

  void sell(std::size_t category) override {
    if (api_.sell(store_, static_cast<int>(category), 1, nullptr, nullptr) != 1) throw Wrong("a sale was refused");
  }

  std::vector<std::string> seed(std::size_t category, int quantity) override {
    std::vector<bare_code> codes(static_cast<std::size_t>(quantity));
    if (api_.sell(store_, static_cast<int>(category), quantity, nullptr, codes.data()) != 1)
      throw Wrong("a sale was refused");
    std::vector<std::string> texts;
    for (const bare_code& code : codes) texts.emplace_back(code);
    return texts;
  }

  void order_online(std::size_t category) override {
    if (api_.order_online(store_, static_cast<int>(category)) != 1) throw Wrong("an online order was refused");
  }

  void seed_visitors(std::int64_t first, int orders, int quantity) override {
    for (int i = 0; i < orders; ++i, first += quantity) {
      const std::vector<std::string> names = names_of(visitor_name, first, quantity);
      if (api_.sell(store_, static_cast<int>(crowded), quantity, pointers_to(names).data(), nullptr) != 1)
        throw Wrong("a sale was refused");
    }
  }

  Page page(const std::string& after) override {
    const char* json = nullptr;
    bare_id id = "";
    after.copy(id, sizeof id - 1);
    const int rows = api_.page(reader(), static_cast<int>(crowded), id, crowd_page, &json);
    return {rows, id};
  }

  int search(const std::string& prefix) override {
    const char* json = nullptr;
    return api_.search(reader(), prefix.c_str(), crowd_page, &json);
  }

  std::int64_t report() override { return api_.report(reader()); }

  Changes changes(std::int64_t since, std::int64_t wait_us) override {
    constexpr int at_once = 1'000;
    long long next = since;
    const int count = api_.changes(reader(), &next, at_once);
    if (count == 0 && wait_us > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {count, next};
  }

  bool check_in(const std::string& code) override {
    const int admitted = api_.check_in(store_, code.c_str());
    if (admitted < 0) throw Wrong("a check-in failed");
    return admitted == 1;
  }

  void read_event() override {
    const char* json = nullptr;
    if (api_.read_event(reader(), &json) != 1) throw Wrong("the event was not read");
  }

  int list_tickets() override {
    const char* json = nullptr;
    return api_.list_tickets(reader(), static_cast<int>(listed), list_size, &json);
  }

 private:
  bare_reader* reader() {
    if (reader_ == nullptr) reader_ = api_.reader(store_);
    if (reader_ == nullptr) throw Wrong("the store cannot be opened for reading");
    return reader_;
  }

  const bare_api& api_;
  bare_store* store_;
  bare_reader* reader_ = nullptr;
};

class BarePeer final : public ThreadedPeer {
 public:
  BarePeer(std::string name, const bare_api& api, std::string path, const std::string& schema_file)
      : name_(std::move(name)), api_(api), path_(std::move(path)), schema_file_(schema_file) {}
  ~BarePeer() override {
    dismiss();
    if (store_ != nullptr) api_.close(store_);
  }

  [[nodiscard]] std::string name() const override { return name_; }
  // Stretching a passphrase is one call of a library.
  [[nodiscard]] bool does(Work work) const override {
    return ThreadedPeer::does(work) && work != Work::open_passphrase;
  }

  void set_up() override {
    std::ifstream file(schema_file_);
    std::stringstream schema;
    schema << file.rdbuf();
    store_ = api_.make(path_.c_str(), schema.str().c_str(), static_cast<int>(all_categories) + 1, places);
    if (store_ == nullptr) throw Wrong(name_ + ": the store cannot be made");
    seed_list();
  }

  Counts count() override {
    Counts counts;
    counts.orders = api_.number(store_, "SELECT count(*) FROM ticket_orders", -1);
    counts.tickets = api_.number(store_, "SELECT count(*) FROM tickets", -1);
    counts.used = api_.number(store_, "SELECT count(*) FROM tickets WHERE status = 'used'", -1);
    for (std::size_t i = 0; i < tally.categories(); ++i) {
      const int category = static_cast<int>(i);
      counts.rows_by_category.push_back(
          api_.number(store_, "SELECT count(*) FROM tickets WHERE ticket_category_id = ?", category));
      counts.counter_by_category.push_back(api_.number(
          store_, "SELECT total_quantity - available_quantity FROM ticket_categories WHERE id = ?", category));
    }
    return counts;
  }

  double import_rows(std::int64_t first, std::int64_t rows) override {
    for (std::int64_t done = 0; done < rows; done += import_batch) {
      const std::int64_t batch = std::min<std::int64_t>(import_batch, rows - done);
      const std::vector<std::string> names = names_of(venue_name, first + done, batch);
      if (api_.import_rows(store_, pointers_to(names).data(), static_cast<int>(batch)) != 1)
        throw Wrong("an import was refused");
    }
    if (api_.number(store_, "SELECT count(*) FROM venues", -1) != first + rows)
      throw Wrong("not all rows were imported");
    return static_cast<double>(rows);
  }

  double verify_audit() override {
    const long long entries = api_.verify(store_);
    if (entries < 0) throw Wrong("the audit chain does not hold");
    return static_cast<double>(entries);
  }

  double open(bool) override {
    bare_reader* reader = api_.reader(store_);
    const char* json = nullptr;
    const bool good = reader != nullptr && api_.read_event(reader, &json) == 1;
    if (reader != nullptr) api_.close_reader(reader);
    if (!good) throw Wrong("the store cannot be opened again");
    return 1;
  }

  double back_up() override {
    const std::string to = path_ + ".copy";
    const long long bytes = api_.back_up(store_, to.c_str());
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(to + end);
    if (bytes < 0) throw Wrong("the copy is not as the store");
    return static_cast<double>(bytes) / 1e6;
  }

  void verify() override {
    if (api_.verify(store_) < 0) throw Wrong(name_ + ": the audit chain does not hold");
    if (api_.number(store_, "SELECT count(*) FROM check_ins", -1) != tally.used)
      throw Wrong(name_ + ": not as many scans as admissions");
  }

 protected:
  std::unique_ptr<Caller> caller(Person) override { return std::make_unique<BareCaller>(api_, store_); }

 private:
  std::string name_;
  const bare_api& api_;
  std::string path_;
  std::string schema_file_;
  bare_store* store_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> bare_sqlcipher(const std::string& folder, const std::string& schema_file) {
  return std::make_unique<BarePeer>("c_sqlcipher", *bare_sqlcipher_api(), folder + "/bare.db", schema_file);
}
std::unique_ptr<Peer> bare_sqlite(const std::string& folder, const std::string& schema_file) {
  return std::make_unique<BarePeer>("c_sqlite", *bare_sqlite_api(), folder + "/plain.db", schema_file);
}

}  // namespace bench
