// A folder for stores that are damaged or killed many times over, in memory where the system has such a place: neither
// damage nor a killed process depends on what reaches the disk. And how much a run is to do.
// Thread: one test.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace eventcore::faults {

class FaultFolder {
 public:
  FaultFolder() {
    std::error_code ignored;
    const bool in_memory = std::filesystem::is_directory("/dev/shm", ignored) && ::access("/dev/shm", W_OK) == 0;
    folder_ = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    folder_ += "/eventcore-faults-XXXXXX";
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder");
  }
  ~FaultFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  FaultFolder(const FaultFolder&) = delete;
  FaultFolder& operator=(const FaultFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

// As many rounds as the environment variable asks for, else as many as fit into EC_FAULT_SECONDS, else the usual
// number.
class Budget {
 public:
  Budget(const char* rounds_variable, std::int64_t usual) : rounds_(usual) {
    if (const char* rounds = std::getenv(rounds_variable)) rounds_ = std::atoll(rounds);
    if (const char* seconds = std::getenv("EC_FAULT_SECONDS")) seconds_ = std::atof(seconds), rounds_ = INT64_MAX;
  }
  [[nodiscard]] bool allows(std::int64_t done) const {
    return done < rounds_ && (seconds_ == 0 || seconds() < seconds_);
  }
  [[nodiscard]] bool usual() const { return std::getenv("EC_FAULT_SECONDS") == nullptr; }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::int64_t rounds_;
  double seconds_ = 0;
};

}  // namespace eventcore::faults
