// After an engine is closed, the memory of the process holds no byte of a key: neither those that opened the store nor
// those that follow from them. The test reads its own memory as a dump would.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "api/engine_fixture.hpp"
#include "schema/generated/columns.hpp"
#include "store/connection.hpp"
#include "store/opening.hpp"
#include "store/sealing.hpp"

namespace eventcore {
namespace {

constexpr std::uint8_t mask = 0x5A;

// What is looked for, masked, so that looking for it does not put it into memory.
struct Needle {
  std::string name;
  Bytes masked;
};

Needle needle(std::string name, ByteView bytes) {
  Needle made{std::move(name), {}};
  for (const std::uint8_t byte : bytes) made.masked.push_back(static_cast<std::uint8_t>(byte ^ mask));
  return made;
}

// As hex digits; `ten` is 'a' or 'A'.
Needle hex_needle(const Needle& plain, char ten) {
  Needle made{plain.name + " in hex", {}};
  for (const std::uint8_t masked : plain.masked)
    for (const int shift : {4, 0}) {
      const int digit = ((masked ^ mask) >> shift) & 15;
      const int text = digit < 10 ? '0' + digit : ten + digit - 10;
      made.masked.push_back(static_cast<std::uint8_t>(text ^ mask));
    }
  return made;
}

class MemorySearch {
 public:
  MemorySearch() : memory_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {
    void* room = ::mmap(nullptr, room_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    room_ = static_cast<std::uint8_t*>(room);
  }
  ~MemorySearch() {
    ::munmap(room_, room_bytes);
    ::close(memory_);
  }
  MemorySearch(const MemorySearch&) = delete;
  MemorySearch& operator=(const MemorySearch&) = delete;

  // Names of the needles found in any writable memory but this search's own.
  std::vector<std::string> find(const std::vector<Needle>& needles) {
    std::vector<std::string> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      unsigned long begin = 0;
      unsigned long end = 0;
      char rights[5] = {};
      if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3 || rights[1] != 'w') continue;
      search(begin, end, needles, found);
    }
    return found;
  }

 private:
  static constexpr std::size_t room_bytes = std::size_t{1} << 20;
  static constexpr std::size_t overlap = 512;

  void search(unsigned long begin, unsigned long end, const std::vector<Needle>& needles,
              std::vector<std::string>& found) {
    const auto own = reinterpret_cast<unsigned long>(room_);
    for (unsigned long at = begin; at < end;) {
      if (at >= own && at < own + room_bytes) {
        at = own + room_bytes;
        continue;
      }
      std::size_t size = std::min<std::size_t>(room_bytes, end - at);
      if (at < own && at + size > own) size = own - at;
      const ssize_t got = ::pread(memory_, room_, size, static_cast<off_t>(at));
      if (got <= 0) return;
      const auto length = static_cast<std::size_t>(got);
      looked_at_ += length;
      for (const Needle& one : needles)
        if (holds(length, one.masked)) found.push_back(one.name);
      if (length <= overlap) return;
      at += at + length < end ? length - overlap : length;
    }
  }

  [[nodiscard]] bool holds(std::size_t length, const Bytes& masked) const {
    const auto first = static_cast<std::uint8_t>(masked[0] ^ mask);
    for (std::size_t i = 0; i + masked.size() <= length; ++i) {
      if (room_[i] != first) continue;
      std::size_t j = 1;
      while (j < masked.size() && (room_[i + j] ^ mask) == masked[j]) ++j;
      if (j == masked.size()) return true;
    }
    return false;
  }

  int memory_;
  std::uint8_t* room_ = nullptr;

 public:
  std::size_t looked_at_ = 0;
};

class SecretsTest : public ::testing::Test {
 protected:
  static constexpr std::size_t key_bytes = 32;

  SecretBytes random_key() {
    SecretBytes key(key_bytes);
    EXPECT_EQ(::getrandom(key.writable().data(), key.size(), 0), static_cast<ssize_t>(key.size()));
    return key;
  }
  // Letters, so that it can be a passphrase.
  SecretBytes random_words() {
    SecretBytes words = random_key();
    for (std::uint8_t& byte : words.writable()) byte = static_cast<std::uint8_t>('a' + byte % 26);
    return words;
  }
  void note(const std::string& name, ByteView bytes) {
    needles_.push_back(needle(name, bytes));
    needles_.push_back(hex_needle(needles_.back(), 'a'));
    needles_.push_back(hex_needle(needles_[needles_.size() - 2], 'A'));
  }
  // The Ed25519 seed that signs the tickets of the event which was made last.
  void note_ticket_key(const store::StoreKeys& keys, const std::string& when) {
    store::OpenOptions options;
    const auto how = connection_options(options, store::paths_of(path_), store::ConnectionOptions::Role::reader, "");
    auto connection = store::Connection::open(how, keys, random_);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection.assume_value()->harden());
    store::Reader reader(*connection.assume_value());
    store::Query query;
    query.table = &schema::tables::event_keys;
    query.organization = organization_;
    query.limit = 1;
    const auto rows = reader.list(query);
    ASSERT_TRUE(rows) << rows.error().to_json();
    ASSERT_EQ(rows.assume_value().size(), 1U);
    const auto key = reader.open_sealed_key(rows.assume_value().front(), col::event_keys::private_key.index);
    ASSERT_TRUE(key) << key.error().to_json();
    note("the seed that signs tickets " + when, key.assume_value()->view().first(key_bytes));
  }
  // The keys inside, taken from the files the way the engine does.
  void note_inner_keys(const store::KeyInput& key, const std::string& when) {
    const store::StorePaths paths = store::paths_of(path_);
    const auto slots = store::KeySlots::open(store::system_files(), paths.keys, key);
    ASSERT_TRUE(slots);
    const store::StoreKeys& keys = slots.assume_value().keys();
    note("the data key " + when, keys.data_key.view());
    note("the root key " + when, keys.root_key.view());
    note("the signing key " + when, keys.signing_key.view().first(key_bytes));
    store::OpenOptions options;
    const auto how = connection_options(options, paths, store::ConnectionOptions::Role::reader, "");
    auto connection = store::Connection::open(how, keys, random_);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection.assume_value()->harden());
    auto statement = connection.assume_value()->prepare("SELECT organization_id, wrapped FROM ec_tenant_keys");
    ASSERT_TRUE(statement);
    ASSERT_TRUE(statement.assume_value().step().assume_value());
    Uuid organization;
    std::copy_n(statement.assume_value().blob(0).begin(), 16, organization.bytes.begin());
    const auto tenant = store::unwrap_tenant_key(keys.root_key, organization, statement.assume_value().blob(1));
    ASSERT_TRUE(tenant);
    note("the tenant's key " + when, tenant.assume_value().view());
    note_ticket_key(keys, when);
  }

  test::TestFolder folder_;
  std::string path_ = folder_.path("secret.ecdb");
  SystemRandom random_;
  Uuid organization_;
  std::vector<Needle> needles_;
};

TEST_F(SecretsTest, NoKeyIsInMemoryAfterClose) {
  MemorySearch search;
  SecretBytes raw = random_key();
  SecretBytes words = random_words();
  SecretBytes renewed = random_key();
  note("the raw key", raw.view());
  note("the passphrase", words.view());
  note("the new key", renewed.view());
  {
    OpenOptions options;
    options.path = path_;
    options.key = Key::raw(raw.view());
    options.create = true;
    auto engine = Engine::open(std::move(options));
    ASSERT_TRUE(engine) << engine.error().to_json();
    auto session = engine.assume_value().session(R"({"kind":"service","reason":"test"})");
    ASSERT_TRUE(session);
    const auto call = [&](const char* command, const std::string& arguments, const Key* key) {
      CallOptions with;
      with.key = key;
      const auto done = session.assume_value().call(command, arguments, with);
      EXPECT_TRUE(done) << command << done.error().to_json();
      return done ? Json::parse(done.assume_value()) : Json();
    };
    const auto insert = [&](const char* table, const Json& row) {
      const auto done = session.assume_value().insert(table, row.dump());
      EXPECT_TRUE(done) << table << done.error().to_json();
      return done ? Json::parse(done.assume_value()).at("id").get<std::string>() : std::string();
    };
    const Json made = call("create_organization",
                           R"({"name":"A","slug":"a","owner":{"email":"a@example.org","full_name":"A"}})", nullptr);
    const std::string tenant = made.at("organization").at("id");
    organization_ = parse_uuid(tenant).assume_value();
    const std::string event = insert("events", {{"organization_id", tenant},
                                                {"name", "Night"},
                                                {"status", "confirmed"},
                                                {"start_datetime", "2126-12-01T18:30:00Z"},
                                                {"end_datetime", "2126-12-01T23:00:00Z"}});
    const std::string category = insert("ticket_categories", {{"event_id", event},
                                                              {"name", "Standing"},
                                                              {"base_price", "1.00"},
                                                              {"total_quantity", 100},
                                                              {"max_per_order", 50}});
    const Json order{{"event_id", event},
                     {"items", {{{"ticket_category_id", category}, {"quantity", 40}}}},
                     {"customer", {{"email", "bea@example.org"}, {"name", "Bea"}}},
                     {"payment", {{"method", "cash"}, {"amount", "40.00"}}}};
    const Json sold = call("place_order", order.dump(), nullptr);
    const Json scan{{"event_id", event}, {"code", sold.at("tickets").at(0).at("qr_code_data")}};
    call("check_in", scan.dump(), nullptr);
    note_inner_keys(store::KeyInput::raw(raw.view()), "before");
    const Key phrase = Key::passphrase(as_text(words.view()));
    call("add_key", "{}", &phrase);
    const Key next = Key::raw(renewed.view());
    call("backup", (R"({"path":")" + folder_.path("copy.ecdb") + "\"}").c_str(), &next);
    call("rotate_key", R"({"data_key":true})", &next);
    call("verify_store", "{}", nullptr);
    note_inner_keys(store::KeyInput::raw(renewed.view()), "after");
    EXPECT_FALSE(search.find(needles_).empty()) << "the search does not see what is there";
    ASSERT_TRUE(engine.assume_value().close());
  }
  raw = SecretBytes();
  words = SecretBytes();
  renewed = SecretBytes();
  search.looked_at_ = 0;
  EXPECT_EQ(search.find(needles_), std::vector<std::string>());
  EXPECT_GT(search.looked_at_, std::size_t{1} << 20);
}

}  // namespace
}  // namespace eventcore
