// What the figures were measured on.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

#include "peer.hpp"

namespace bench {

namespace {

// The value behind the first `key` of a file of "key : value" lines.
std::string value_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

// The type of the file system with the longest mount point that leads to `folder`.
std::string file_system(const std::string& folder) {
  std::ifstream mounts("/proc/mounts");
  std::string device;
  std::string point;
  std::string type;
  std::string rest;
  std::string best;
  std::string found;
  while (mounts >> device >> point >> type && std::getline(mounts, rest)) {
    const bool inside = point == "/" || folder == point || folder.compare(0, point.size() + 1, point + "/") == 0;
    if (inside && point.size() >= best.size()) best = point, found = type;
  }
  return found;
}

// Appends of a page, each with fdatasync: what one durable commit costs at least.
Json sync_latency(const std::string& folder) {
  const std::string path = folder + "/sync_probe";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) throw Wrong("cannot write in " + folder);
  const std::array<char, 4096> page{};
  std::vector<double> took;
  for (int i = 0; i < 200; ++i) {
    const auto start = Clock::now();
    if (write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || fdatasync(file) != 0)
      throw Wrong("cannot write in " + folder);
    took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  close(file);
  unlink(path.c_str());
  std::sort(took.begin(), took.end());
  const auto whole = [](double value) { return static_cast<std::int64_t>(value); };
  return {{"median_us", whole(took[100])}, {"p90_us", whole(took[180])}, {"max_us", whole(took.back())}};
}

}  // namespace

Json machine_facts(const std::string& folder) {
  utsname system{};
  uname(&system);
  std::ifstream load("/proc/loadavg");
  std::string one_minute;
  load >> one_minute;
  return {{"cpu", value_in("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"memory", value_in("/proc/meminfo", "MemTotal")},
          {"kernel", system.release},
          {"file_system", file_system(folder)},
          {"fdatasync", sync_latency(folder)},
          {"load_before", one_minute}};
}

}  // namespace bench
