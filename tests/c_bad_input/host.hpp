// A host on the C surface and nothing else: what it asks and what it is answered, as JSON.
// Thread: a Session serves one call at a time, as in C.
#pragma once

#include <eventcore.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace eventcore::host {

using nlohmann::json;

struct Answer {
  ec_status status = EC_OK;
  json reply;  // null where there is none
  json error;  // {} after success
};

inline json taken(ec_bytes* bytes) {
  if (bytes == nullptr) return nullptr;
  const std::string text(ec_bytes_data(bytes), ec_bytes_size(bytes));
  ec_bytes_free(bytes);
  return json::parse(text);
}

inline Answer answer(ec_status status, ec_bytes* bytes, ec_error* error) {
  Answer made{status, taken(bytes), json::parse(ec_error_json(error))};
  ec_error_free(error);
  return made;
}

inline json must(const Answer& answer) {
  if (answer.status != EC_OK) throw std::runtime_error(answer.error.dump());
  return answer.reply;
}

class Engine {
 public:
  Engine(const std::string& path, std::uint32_t flags) {
    static const unsigned char key[32] = {3, 1, 4, 1, 5};
    ec_open_options options = EC_OPEN_OPTIONS_INIT;
    options.path = path.data();
    options.path_length = path.size();
    options.key_kind = EC_OPEN_KEY_RAW;
    options.key = key;
    options.key_length = sizeof key;
    options.flags = flags;
    ec_error* error = nullptr;
    must(answer(ec_engine_open(&options, &engine_, &error), nullptr, error));
  }
  ~Engine() { ec_engine_close(engine_, nullptr); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] ec_engine* handle() const { return engine_; }
  [[nodiscard]] json stats() const {
    ec_bytes* bytes = nullptr;
    ec_error* error = nullptr;
    const ec_status status = ec_engine_stats(engine_, &bytes, &error);
    return must(answer(status, bytes, error));
  }

 private:
  ec_engine* engine_ = nullptr;
};

struct Options {
  std::string idempotency_key;
  std::int64_t if_version = 0;
};

class Session {
 public:
  Session(const Engine& engine, const json& principal) {
    const std::string text = principal.dump();
    ec_error* error = nullptr;
    const ec_status status = ec_session_open(engine.handle(), text.data(), text.size(), &session_, &error);
    must(answer(status, nullptr, error));
  }
  ~Session() { ec_session_close(session_, nullptr); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  [[nodiscard]] ec_session* handle() const { return session_; }

  [[nodiscard]] Answer call(const std::string& command, const std::string& arguments, const Options& asked = {}) const {
    return run(
        [&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
          return ec_call_with(session_, &options, command.data(), command.size(), arguments.data(), arguments.size(),
                              out, error);
        },
        asked);
  }
  [[nodiscard]] Answer call_many(const std::string& calls, const Options& asked = {}) const {
    return run(
        [&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
          return ec_call_many(session_, &options, calls.data(), calls.size(), out, error);
        },
        asked);
  }
  // Submits and waits; what is refused at once is answered likewise.
  [[nodiscard]] Answer submit(const std::string& command, const std::string& arguments) const {
    ec_pending* pending = nullptr;
    ec_bytes* bytes = nullptr;
    ec_error* error = nullptr;
    ec_status status = ec_submit(session_, nullptr, command.data(), command.size(), arguments.data(), arguments.size(),
                                 &pending, &error);
    if (status == EC_OK) status = ec_wait(pending, -1, &bytes, &error);
    ec_pending_free(pending);
    return answer(status, bytes, error);
  }
  [[nodiscard]] Answer get(const std::string& table, const std::string& id) const {
    return run([&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
      return ec_row_get(session_, &options, table.data(), table.size(), id.data(), id.size(), out, error);
    });
  }
  [[nodiscard]] Answer insert(const std::string& table, const std::string& row, const Options& asked = {}) const {
    return run(
        [&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
          return ec_row_insert(session_, &options, table.data(), table.size(), row.data(), row.size(), out, error);
        },
        asked);
  }
  [[nodiscard]] Answer insert_many(const std::string& table, const std::string& rows) const {
    return run([&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
      return ec_row_insert_many(session_, &options, table.data(), table.size(), rows.data(), rows.size(), out, error);
    });
  }
  [[nodiscard]] Answer update(const std::string& table, const std::string& id, const std::string& changes,
                              const Options& asked = {}) const {
    return run(
        [&](const ec_call_options& options, ec_bytes** out, ec_error** error) {
          return ec_row_update(session_, &options, table.data(), table.size(), id.data(), id.size(), changes.data(),
                               changes.size(), out, error);
        },
        asked);
  }
  [[nodiscard]] Answer remove(const std::string& table, const std::string& id, const Options& asked = {}) const {
    return run(
        [&](const ec_call_options& options, ec_bytes**, ec_error** error) {
          return ec_row_remove(session_, &options, table.data(), table.size(), id.data(), id.size(), error);
        },
        asked);
  }
  [[nodiscard]] Answer list(const std::string& table, const std::string& request) const {
    return run([&](const ec_call_options&, ec_bytes** out, ec_error** error) {
      return ec_rows_list(session_, table.data(), table.size(), request.data(), request.size(), out, error);
    });
  }
  [[nodiscard]] Answer count(const std::string& table, const std::string& request) const {
    std::int64_t number = 0;
    ec_error* error = nullptr;
    const ec_status status =
        ec_rows_count(session_, table.data(), table.size(), request.data(), request.size(), &number, &error);
    Answer made = answer(status, nullptr, error);
    if (status == EC_OK) made.reply = number;
    return made;
  }
  [[nodiscard]] json changes(std::int64_t since) const {
    ec_bytes* bytes = nullptr;
    ec_error* error = nullptr;
    const ec_status status = ec_changes_read(session_, since, 1000, 0, &bytes, &error);
    return must(answer(status, bytes, error));
  }

 private:
  template <class Call>
  static Answer run(Call&& call, const Options& asked = {}) {
    ec_call_options options = EC_CALL_OPTIONS_INIT;
    if (!asked.idempotency_key.empty()) options.idempotency_key = asked.idempotency_key.data();
    options.idempotency_key_length = asked.idempotency_key.size();
    options.if_version = asked.if_version;
    ec_bytes* bytes = nullptr;
    ec_error* error = nullptr;
    const ec_status status = call(options, &bytes, &error);
    return answer(status, bytes, error);
  }

  ec_session* session_ = nullptr;
};

inline json schema() {
  ec_bytes* bytes = nullptr;
  ec_error* error = nullptr;
  const ec_status status = ec_schema(&bytes, &error);
  return must(answer(status, bytes, error));
}

}  // namespace eventcore::host
