// Disk: a disk in memory below SQLite's file layer and the engine's side files alike, so that every write, sync, rename
// and unlink of a store stands in one history; and Platter, what of such a history survives a power cut.
//
// It promises what POSIX does and nothing more: a written byte is durable after fsync of its file, an entry of the
// folder after fsync of the folder. Until then each of them is kept or lost on its own. A rename is one step, as on
// every journaling file system. The folder itself must be there on the real disk (paths are resolved against it) and
// stays empty. Invariants: one folder, no folders below; locks and shared memory work between the connections of this
// process. Thread: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "store/files.hpp"

namespace eventcore::test {

using Image = std::map<std::string, Bytes>;  // the files of the folder, by name

// One thing that was done to the disk.
struct DiskEvent {
  enum class Kind : std::uint8_t { nothing, write, truncate, sync, create, rename, unlink, sync_folder };
  Kind kind{};
  int file = 0;             // a number for life, whatever its name; none for sync_folder
  std::string name;         // its name at that time; "" for the folder or a file without one
  std::string to;           // of rename
  std::int64_t offset = 0;  // of write; the new size of truncate
  Bytes data;               // of write
};
using History = std::vector<DiskEvent>;

class Disk {
 public:
  // The files of `image` are there and durable, numbered from 1 in the order of their names.
  Disk(std::string folder, Image image, std::uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  [[nodiscard]] std::string vfs() const;  // the name under which SQLite finds it
  [[nodiscard]] store::Files& files() const;
  [[nodiscard]] std::string path(const std::string& name) const;
  [[nodiscard]] const History& history() const;
  [[nodiscard]] Image image() const;  // as a program sees it now, durable or not

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// What a power cut does to what was not synced.
enum class Loss : std::uint8_t {
  nothing,  // the process was killed, the machine goes on
  all,      // nothing of it had reached the disk
  sectors,  // each write is kept, lost or torn at sectors of 512 bytes, in any order; each entry of the folder is kept
            // or lost
  garbage,  // the same, and a sector that was being written may hold anything
};

class Platter {
 public:
  static constexpr std::size_t sector = 512;

  explicit Platter(const Image& durable);
  void apply(const DiskEvent& event);
  [[nodiscard]] Image cut(Loss loss, std::mt19937_64& random) const;

 private:
  struct File {
    Bytes durable;
    std::vector<const DiskEvent*> pending;
  };
  static void settle(Bytes& content, const DiskEvent& event);
  static void tear(Bytes& content, const DiskEvent& event, Loss loss, std::mt19937_64& random);
  static void settle_name(std::map<std::string, int>& names, const DiskEvent& event);

  std::map<int, File> files_;
  std::map<std::string, int> names_;  // durable
  std::vector<const DiskEvent*> pending_names_;
};

// Histories as a disk or a build that does less than it says would have left them.
using Sabotage = std::function<History(const History&)>;
namespace sabotage {
History no_syncs(const History& history);         // synchronous=OFF, or a disk that lies
History wal_syncs_late(const History& history);   // synchronous=NORMAL: the WAL is synced before checkpoints only
History no_folder_syncs(const History& history);  // entries of the folder are never made durable
History no_key_syncs(const History& history);     // renames of key slots that were never written out
History no_anchor(const History& history);        // the anchor stays as it was made
}  // namespace sabotage

}  // namespace eventcore::test
