// The hand-written peer (bare.h) in the harness.
#include <fstream>
#include <sstream>

#include "bare.h"
#include "peer.hpp"

namespace bench {

namespace {

class BareCaller final : public Caller {
 public:
  BareCaller(const bare_api& api, bare_store* store) : api_(api), store_(store) {}
  ~BareCaller() override {
    if (reader_ != nullptr) api_.close_reader(reader_);
  }

  void sell(std::size_t category) override {
    if (api_.sell(store_, static_cast<int>(category), 1, nullptr) != 1) throw Wrong("a sale was refused");
  }

  std::vector<std::string> seed(std::size_t category, int quantity) override {
    std::vector<bare_code> codes(static_cast<std::size_t>(quantity));
    if (api_.sell(store_, static_cast<int>(category), quantity, codes.data()) != 1) throw Wrong("a sale was refused");
    std::vector<std::string> texts;
    for (const bare_code& code : codes) texts.emplace_back(code);
    return texts;
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

  void set_up() override {
    std::ifstream file(schema_file_);
    std::stringstream schema;
    schema << file.rdbuf();
    store_ = api_.make(path_.c_str(), schema.str().c_str(), static_cast<int>(all_categories), places);
    if (store_ == nullptr) throw Wrong(name_ + ": the store cannot be made");
    seed_list();
  }

  Counts count() override {
    Counts counts;
    counts.orders = api_.number(store_, "SELECT count(*) FROM ticket_orders", -1);
    counts.tickets = api_.number(store_, "SELECT count(*) FROM tickets", -1);
    counts.used = api_.number(store_, "SELECT count(*) FROM tickets WHERE status = 'used'", -1);
    for (std::size_t i = 0; i < all_categories; ++i) {
      const int category = static_cast<int>(i);
      counts.rows_by_category.push_back(
          api_.number(store_, "SELECT count(*) FROM tickets WHERE ticket_category_id = ?", category));
      counts.counter_by_category.push_back(api_.number(
          store_, "SELECT total_quantity - available_quantity FROM ticket_categories WHERE id = ?", category));
    }
    return counts;
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
