// What the targets share: a claim that stops the fuzzer, a folder, and one file that lives in memory.
// Thread: one.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/files.hpp"

namespace eventcore::fuzz {

inline void need(bool claim, int line = __builtin_LINE()) {
  if (claim) return;
  std::fprintf(stderr, "the claim of line %d does not hold\n", line);
  std::abort();
}
// The value of what must succeed.
template <class T>
T made(Result<T> result, int line = __builtin_LINE()) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().to_json().c_str());
  need(result.has_value(), line);
  return std::move(result).assume_value();
}

inline Bytes file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  need(in.good() || in.eof());
  return {text.begin(), text.end()};
}

// In memory where the system has such a folder; goes with everything in it.
class Folder {
 public:
  Folder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto base = std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    path_ = (base / "ec-fuzz-XXXXXX").string();
    need(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Whatever the path, this one file, for reading only.
class OneFile : public store::Files {
 public:
  explicit OneFile(Bytes bytes) : bytes_(std::move(bytes)) {}

  Result<bool> exists(const std::string&) override { return true; }
  Result<std::int64_t> size(const std::string&) override { return static_cast<std::int64_t>(bytes_.size()); }
  Result<store::FileMark> mark(const std::string& path) override {
    EC_TRY(bytes, size(path));
    return store::FileMark{1, bytes, 0};
  }
  Result<std::optional<Bytes>> read(const std::string&, std::size_t size_max) override {
    return std::optional<Bytes>(part(bytes_, 0, size_max));
  }
  Status replace(const std::string&, ByteView) override { return Errc::read_only; }
  Status remove(const std::string&) override { return Errc::read_only; }
  Status allocate(const std::string&, std::int64_t, std::int64_t) override { return Errc::read_only; }
  Status empty(const std::string&) override { return Errc::read_only; }
  Status move(const std::string&, const std::string&) override { return Errc::read_only; }
  Status sync_file(const std::string&) override { return Errc::read_only; }
  Status sync_folder_of(const std::string&) override { return Errc::read_only; }
  Result<std::unique_ptr<store::OpenFile>> open(const std::string&, bool) override {
    return std::unique_ptr<store::OpenFile>(std::make_unique<Opened>(bytes_));
  }
  Result<std::unique_ptr<store::FileLock>> lock(const std::string&, bool, std::int64_t) override {
    return std::unique_ptr<store::FileLock>(std::make_unique<Lock>());
  }
  Result<std::unique_ptr<store::FileLock>> presence(const std::string&, bool, bool, std::int64_t) override {
    return std::unique_ptr<store::FileLock>(std::make_unique<Lock>());
  }

 private:
  static Bytes part(const Bytes& bytes, std::size_t from, std::size_t size) {
    const std::size_t begin = std::min(from, bytes.size());
    const std::size_t end = begin + std::min(size, bytes.size() - begin);
    return {bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  class Opened : public store::OpenFile {
   public:
    explicit Opened(const Bytes& bytes) : bytes_(bytes) {}
    Result<Bytes> read_at(std::int64_t offset, std::size_t size) override {
      return part(bytes_, static_cast<std::size_t>(offset), size);
    }
    Status write_at(std::int64_t, ByteView) override { return Errc::read_only; }
    Status sync() override { return ok(); }

   private:
    const Bytes& bytes_;
  };
  class Lock : public store::FileLock {
   public:
    Status make_exclusive() override { return ok(); }
    Status share() override { return ok(); }
  };

  Bytes bytes_;
};

// The store that every release opens (tests/fixtures/stores/README.md): its files and its key.
inline std::string fixture(const std::string& name) {
  return std::string(EC_SOURCE_DIR) + "/tests/fixtures/stores/v1/" + name;
}
inline Bytes fixture_key() {
  Bytes key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i + 1);
  return key;
}

}  // namespace eventcore::fuzz
