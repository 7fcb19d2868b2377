// The C surface as a hostile or broken host calls it: the bytes choose functions, handles (living, closed, of another
// kind, made up), texts (good ones, and the bytes themselves) and numbers. Whatever comes, outputs are empty after a
// failure, errors read, and no handle stays behind.
#include <eventcore.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "support.hpp"

namespace {

using eventcore::fuzz::need;

// Made once, so that a run is made of calls.
struct Ground {
  eventcore::fuzz::Folder folder;
  ec_engine* engine = nullptr;
  std::int64_t handles = 0;

  Ground() {
    static const unsigned char key[32] = {7};
    const std::string path = folder.file("calls.ecdb");
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path.data();
    options.path_length = path.size();
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = EC_OPEN_CREATE_NEW | EC_OPEN_TEST_CLOCK;
    need(ec_engine_open(&options, &engine, nullptr) == EC_OK);
    handles = ec_handles_live();
  }
  ~Ground() { ec_engine_close(engine, nullptr); }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
};

constexpr std::string_view texts[] = {
    "",
    "{}",
    "[]",
    "{\"kind\":\"service\",\"reason\":\"fuzz\"}",
    "{\"kind\":\"anon\"}",
    "events",
    "venues",
    "organizations",
    "social_media_platforms",
    "check_in",
    "create_organization",
    "quote_price",
    "00000000-0000-7000-8000-000000000001",
    "{\"platform_name\":\"youtube\"}",
    "[{\"platform_name\":\"tiktok\"},{}]",
    "{\"where\":{\"platform_name\":\"youtube\"},\"limit\":2}",
    "{\"where\":{\"or\":[{\"id\":{\"gt\":1}}]}}",
    "{\"name\":\"A\",\"owner\":{\"email\":\"a@example.org\",\"full_name\":\"A\"}}",
    "[[\"create_organization\",{}],[\"check_in\",{}]]",
    "a-key-of-sixteen-characters",
};
constexpr std::int64_t numbers[] = {0, 1, -1, 2, 100, INT64_MIN, INT64_MAX, 1'000'000};

class Run {
 public:
  Run(const Ground& ground, const std::uint8_t* bytes, std::size_t size)
      : ground_(ground), bytes_(bytes), size_(size) {}
  ~Run() {
    ec_session_close(session_, nullptr);
    for (ec_pending* pending : pendings_) ec_pending_free(pending);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void all() {
    for (int calls = 0; at_ < size_ && calls < 64; ++calls) one();
  }

 private:
  std::uint8_t byte() { return at_ < size_ ? bytes_[at_++] : std::uint8_t{0}; }

  // A text of the table, or some of the input's own bytes.
  std::string_view text() {
    const std::uint8_t which = byte();
    if (which < std::size(texts)) return texts[which];
    const std::size_t length = std::min<std::size_t>(which - std::size(texts), size_ - at_);
    const std::string_view own(reinterpret_cast<const char*>(bytes_) + at_, length);
    at_ += length;
    return own;
  }

  std::int64_t number() { return numbers[byte() % std::size(numbers)]; }

  // Mostly the right handle; else one that is closed, of another kind, or made of the input.
  template <class Handle>
  Handle* handle(Handle* right) {
    const std::uint8_t which = byte();
    if (which < 200) return right;
    if (which < 210) return reinterpret_cast<Handle*>(ground_.engine);
    if (which < 220) return reinterpret_cast<Handle*>(session_);
    if (which < 230) return reinterpret_cast<Handle*>(closed_);
    if (which < 240) return nullptr;
    return reinterpret_cast<Handle*>(static_cast<std::uintptr_t>(byte()) << (which % 8 * 8) | byte());
  }

  const ec_call_options* options() {
    const std::uint8_t which = byte();
    given_ = Given{};
    if (which < 128) return nullptr;
    if ((which & 1) != 0) {
      const std::string_view key = text();
      given_.options.idempotency_key = key.data();
      given_.options.idempotency_key_length = key.size();
    }
    if ((which & 2) != 0) given_.options.if_version = number();
    if ((which & 4) != 0) given_.options.timeout_us = number();
    if ((which & 8) != 0) given_.options.struct_size = byte();
    if ((which & 16) != 0) given_.later[0] = byte();
    return &given_.options;
  }

  // What a call answered: the error reads as JSON, the output is there only after success.
  void settle(ec_status status, ec_bytes* out, ec_error* error) {
    need((status == EC_OK) == (error == nullptr));
    need(ec_error_code(error) == status);
    need(status == EC_OK || out == nullptr);
    need(eventcore::parse_json(ec_error_json(error)).has_value());
    if (out != nullptr) need(eventcore::parse_json({ec_bytes_data(out), ec_bytes_size(out)}).has_value());
    ec_bytes_free(out);
    ec_error_free(error);
    closed_ = out;
  }

  template <class Call>
  void with_bytes(Call&& call) {
    ec_bytes* out = nullptr;
    ec_error* error = nullptr;
    const ec_status status = call(&out, &error);
    settle(status, out, error);
  }
  template <class Call>
  void plain(Call&& call) {
    ec_error* error = nullptr;
    const ec_status status = call(&error);
    settle(status, nullptr, error);
  }

  void open_session() {
    ec_error* error = nullptr;
    ec_session* fresh = nullptr;
    const std::string_view principal = text();
    const ec_status status =
        ec_session_open(handle(ground_.engine), principal.data(), principal.size(), &fresh, &error);
    need((status == EC_OK) == (fresh != nullptr));
    settle(status, nullptr, error);
    if (fresh == nullptr) return;
    ec_session_close(session_, nullptr);  // one at a time: a second would wait for the first one's transaction
    session_ = fresh;
  }

  void submit() {
    ec_error* error = nullptr;
    ec_pending* pending = nullptr;
    const ec_call_options* asked = options();
    const std::string_view command = text();
    const std::string_view arguments = text();
    const ec_status status = ec_submit(handle(session_), asked, command.data(), command.size(), arguments.data(),
                                       arguments.size(), &pending, &error);
    need((status == EC_OK) == (pending != nullptr));
    settle(status, nullptr, error);
    if (pending != nullptr) pendings_.push_back(pending);
  }

  void rows(int which) {
    const ec_call_options* asked = options();
    const std::string_view table = text();
    const std::string_view first = text();
    const std::string_view second = text();
    ec_session* session = handle(session_);
    const auto call = [&](ec_bytes** out, ec_error** error) {
      if (which == 0)
        return ec_row_get(session, asked, table.data(), table.size(), first.data(), first.size(), out, error);
      if (which == 1)
        return ec_row_insert(session, asked, table.data(), table.size(), first.data(), first.size(), out, error);
      if (which == 2)
        return ec_row_insert_many(session, asked, table.data(), table.size(), first.data(), first.size(), out, error);
      if (which == 3)
        return ec_row_update(session, asked, table.data(), table.size(), first.data(), first.size(), second.data(),
                             second.size(), out, error);
      if (which == 4)
        return ec_row_remove(session, asked, table.data(), table.size(), first.data(), first.size(), error);
      if (which == 5) return ec_rows_list(session, table.data(), table.size(), first.data(), first.size(), out, error);
      std::int64_t count = 0;
      return ec_rows_count(session, table.data(), table.size(), first.data(), first.size(), &count, error);
    };
    with_bytes(call);
  }

  void calls(bool many) {
    const ec_call_options* asked = options();
    const std::string_view command = text();
    const std::string_view arguments = text();
    ec_session* session = handle(session_);
    with_bytes([&](ec_bytes** out, ec_error** error) {
      if (many) return ec_call_many(session, asked, arguments.data(), arguments.size(), out, error);
      return ec_call_with(session, asked, command.data(), command.size(), arguments.data(), arguments.size(), out,
                          error);
    });
  }

  void engine_calls(int which) {
    ec_engine* engine = handle(ground_.engine);
    const std::int64_t given = number();
    with_bytes([&](ec_bytes** out, ec_error** error) {
      std::int64_t now = 0;
      if (which == 0) return ec_engine_stats(engine, out, error);
      if (which == 1) return ec_engine_logs(engine, given, out, error);
      return ec_engine_clock_now(engine, &now, error);
    });
  }

  // Getters and frees with anything at all.
  void quiet() {
    const void* any = handle<void>(closed_);
    need(ec_bytes_data(static_cast<const ec_bytes*>(any)) == nullptr);
    need(ec_bytes_size(static_cast<const ec_bytes*>(any)) == 0);
    need(ec_error_name(static_cast<const ec_error*>(any)) != nullptr);
    ec_bytes_free(static_cast<ec_bytes*>(const_cast<void*>(any)));
    ec_error_free(static_cast<ec_error*>(const_cast<void*>(any)));
  }

  void one() {
    const int which = byte() % 20;
    if (which < 7) return rows(which);
    if (which < 9) return calls(which == 8);
    if (which < 12) return engine_calls(which - 9);
    switch (which) {
      case 12: return open_session();
      case 13: return submit();
      case 14: return plain([&](ec_error** error) { return ec_transaction_begin(handle(session_), error); });
      case 15: return plain([&](ec_error** error) { return ec_transaction_commit(handle(session_), error); });
      case 16: return plain([&](ec_error** error) { return ec_transaction_rollback(handle(session_), error); });
      case 17: {
        ec_pending* pending = handle(pendings_.empty() ? nullptr : pendings_.back());
        return with_bytes([&](ec_bytes** out, ec_error** error) { return ec_wait(pending, 0, out, error); });
      }
      case 18: {
        const std::int64_t since = number();
        return with_bytes([&](ec_bytes** out, ec_error** error) {
          return ec_changes_read(handle(session_), since, number(), 0, out, error);
        });
      }
      default: return quiet();
    }
  }

  // With room for what the options of a later release would hold: whoever states a size has that many bytes.
  struct Given {
    ec_call_options options = EC_CALL_OPTIONS_INIT;
    unsigned char later[256] = {};
  };

  const Ground& ground_;
  const std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t at_ = 0;
  ec_session* session_ = nullptr;
  Given given_;
  std::vector<ec_pending*> pendings_;
  void* closed_ = nullptr;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Ground ground;
  Run(ground, bytes, size).all();
  need(ec_handles_live() == ground.handles);
  return 0;
}
