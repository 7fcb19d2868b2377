// A small store caught in the middle of its life, and what it answers: its files as they lay there while it was open,
// with commits that are in the WAL alone; files it had earlier; the files of another store; and a list of questions
// with the answer to each after every commit of the WAL. Thread: one.
#pragma once

#include <cstdint>
#include <eventcore/engine.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace eventcore::faults {

inline constexpr std::size_t page_size = 4096;

// The endings of a store's files after the common part of their names.
inline constexpr std::string_view database = ".ecdb", wal = ".ecdb-wal", shm = ".ecdb-shm", keys = ".keys",
                                  anchor = ".anchor", lock = ".lock";
inline constexpr std::string_view endings[] = {database, wal, shm, keys, anchor, lock};

using Files = std::map<std::string_view, Bytes>;  // by ending

Files read_files(const std::string& base);

enum class Asker : std::uint8_t { service, owner, customer, anon, device };

struct Question {
  std::string text;  // for reports
  Asker asker;
  bool writes;  // when asked for the first time
  std::function<Result<std::string>(Session&)> ask;
};

class DamageStore {
 public:
  // Makes everything below `folder`. Throws std::runtime_error when a sound store refuses.
  explicit DamageStore(const std::string& folder);

  [[nodiscard]] const Files& files() const { return files_; }
  [[nodiscard]] const Files& other() const { return other_; }                   // of another store, under the same key
  [[nodiscard]] const std::vector<Files>& earlier() const { return earlier_; }  // of this one, oldest first
  [[nodiscard]] const std::vector<Question>& questions() const { return questions_; }
  // To each question, after that many commits; only for commits from first_commit() to last_commit().
  [[nodiscard]] const std::vector<std::string>& answers(std::int64_t commit) const { return answers_.at(commit); }
  [[nodiscard]] std::int64_t first_commit() const { return answers_.begin()->first; }  // in the database file
  [[nodiscard]] std::int64_t last_commit() const { return answers_.rbegin()->first; }

  // Opens files of this store that lie somewhere else. What was opened for reading changes no file but the WAL's index.
  enum class How : std::uint8_t { reading, writing, accepting_loss };
  static Result<Engine> open(const std::string& base, How how);
  // As whom the question is for.
  [[nodiscard]] Result<std::string> ask(Engine& engine, const Question& question) const;

 private:
  void fill(Engine& engine);
  void sell_more(Engine& engine, int round);
  void commit_to_wal(Engine& engine);
  void list_questions();
  void ask_everything_once(const std::string& base);
  void record(Engine& engine);
  void keep_earlier(const std::string& base);

  Files files_;
  Files other_;
  std::vector<Files> earlier_;
  std::vector<Question> questions_;
  std::map<std::int64_t, std::vector<std::string>> answers_;
  std::string organization_, owner_, event_, category_, venue_, order_, ticket_, device_token_;
  std::vector<std::string> tickets_;
};

}  // namespace eventcore::faults
