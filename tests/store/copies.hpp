// What the tests of key changes and copies share: a small store with a number in it, and processes that die on demand.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/side_files.hpp"
#include "support/test_store.hpp"

namespace eventcore::store {

// Kills the process before its n-th system call on a side file.
class KillingCalls final : public SystemCalls {
 public:
  explicit KillingCalls(int at) : left_(at) {}
  int open(const char* path, int flags, mode_t mode) override { return step(), SystemCalls::open(path, flags, mode); }
  int close(int file) override { return step(), SystemCalls::close(file); }
  ssize_t pread(int file, void* data, std::size_t size, off_t offset) override {
    return step(), SystemCalls::pread(file, data, size, offset);
  }
  ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) override {
    return step(), SystemCalls::pwrite(file, data, size, offset);
  }
  int fsync(int file) override { return step(), SystemCalls::fsync(file); }
  int fdatasync(int file) override { return step(), SystemCalls::fdatasync(file); }
  int rename(const char* from, const char* to) override { return step(), SystemCalls::rename(from, to); }
  int unlink(const char* path) override { return step(), SystemCalls::unlink(path); }
  void begin() { armed_ = true; }

 private:
  void step() {
    if (armed_ && left_-- == 0) ::kill(::getpid(), SIGKILL);
  }
  bool armed_ = false;
  int left_;
};

class CopiesFixture : public ::testing::Test {
 protected:
  static KeyInput raw(std::uint8_t n) { return KeyInput::raw(Bytes(32, n)); }
  static OpenOptions with(const std::string& path, std::uint8_t key, bool create = false) {
    OpenOptions options;
    options.path = path;
    options.key = raw(key);
    options.create = create;
    options.busy_timeout_us = 2'000'000;
    return options;
  }
  Result<std::unique_ptr<Store>> open(const std::string& path, std::uint8_t key, bool create = false) {
    return Store::open(with(path, key, create), around_.environment());
  }
  std::unique_ptr<Store> opened(const std::string& path, std::uint8_t key, bool create = false) {
    auto store = open(path, key, create);
    EXPECT_TRUE(store) << path << ": " << store.error().message();
    return store ? std::move(store).assume_value() : nullptr;
  }
  static Status set_total(Store& store, int total) {
    return store.write([total](Writer& writer) { return writer.set_meta("total", std::to_string(total)); });
  }
  static int total(Store& store) {
    int found = -1;
    EXPECT_TRUE(store.read([&](Reader& reader) -> Status {
      EC_TRY(text, reader.meta("total"));
      found = std::stoi(text.value_or("-1"));
      return ok();
    }));
    return found;
  }
  // What the tenant's key, which follows from no other, makes of a text.
  Digest digest(Store& store) {
    Digest found{};
    EXPECT_TRUE(store.read([&](Reader& reader) -> Status {
      EC_TRY(made, reader.keyed_digest(tenant_, "test", "ada@example.org"));
      found = made;
      return ok();
    }));
    return found;
  }
  // Runs `body` in a child that dies before its n-th system call; answers whether it died.
  static bool killed_at(int n, const std::function<void(KillingCalls&, Files&)>& body) {
    const pid_t child = fork();
    if (child == 0) {
      KillingCalls calls(n);
      static SystemClock clock;
      static SystemRandom random;
      const auto files =
          make_files({calls, clock, random, [](std::int64_t wait) { ::usleep(static_cast<useconds_t>(wait)); }});
      body(calls, *files);
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    return WIFSIGNALED(status);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.folder()))
      out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }
  // What nobody is to find once a change is over.
  [[nodiscard]] bool anything_waits() const {
    const auto all = names();
    return std::any_of(all.begin(), all.end(), [](const std::string& name) {
      return name.ends_with(".next") || name.find(".next-") != std::string::npos;
    });
  }
  // Every fifth operation, or every one where EC_KEY_FAULTS asks for all.
  static int fault_step() {
    const char* const asked = std::getenv("EC_KEY_FAULTS");
    return asked != nullptr && std::string_view(asked) == "all" ? 1 : 5;
  }
  static CopyOrder order(const std::string& path, const KeyInput& key) { return {path, key, "{}", false, {}, {}}; }

  test::TestFolder folder_;
  test::Surroundings around_;
  std::string path_ = folder_.path("shop.ecdb");
  std::string copy_ = folder_.path("copy.ecdb");
  Uuid tenant_ = around_.ids.next();
};

}  // namespace eventcore::store
