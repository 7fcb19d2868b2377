#include "faults/disk.hpp"

#include <ecsql.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace eventcore::test {

namespace {

using Kind = DiskEvent::Kind;

constexpr int shared_locks = SQLITE_SHM_NLOCK;

struct DiskFile;

// A file, whatever its name; it lives as long as a name or an open handle refers to it.
struct Node {
  int number = 0;
  std::string name;  // empty once it is unlinked
  Bytes content;
  // SQLite's locks on a database.
  int readers = 0;
  const DiskFile* reserved = nullptr;
  const DiskFile* pending = nullptr;
  // SQLite's shared memory for a WAL.
  std::vector<std::unique_ptr<Bytes>> regions;
  int mapped = 0;
  std::array<int, shared_locks> shared_by{};
  std::array<const DiskFile*, shared_locks> exclusive_by{};
  // Open file description locks, by byte.
  struct ByteLock {
    int holder;
    bool exclusive;
  };
  std::multimap<off_t, ByteLock> byte_locks;
};
using NodePtr = std::shared_ptr<Node>;

void put_at(Bytes& content, std::int64_t offset, ByteView data) {
  const auto begin = static_cast<std::size_t>(offset);
  if (content.size() < begin + data.size()) content.resize(begin + data.size());
  std::copy(data.begin(), data.end(), content.begin() + offset);
}

// What SQLite holds for one open file.
struct DiskFile {
  sqlite3_file base;
  Disk::Impl* disk;
  NodePtr node;
  int level;  // of its lock
  bool sync_folder;
  bool mapped;
  std::uint32_t shared_mask;
  std::uint32_t exclusive_mask;
};

DiskFile& ours(sqlite3_file* file) {
  return *reinterpret_cast<DiskFile*>(file);
}

}  // namespace

class Disk::Impl final : public store::SystemCalls {
 public:
  Impl(std::string folder, Image image, std::uint64_t seed);
  ~Impl() override;

  // ---- the operations, each with its place in the history ----

  NodePtr find(const std::string& name) {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : found->second;
  }
  NodePtr create(const std::string& name) {
    auto node = std::make_shared<Node>();
    node->number = ++last_number_;
    node->name = name;
    names_[name] = node;
    note(Kind::create, *node);
    return node;
  }
  void write(Node& node, std::int64_t offset, ByteView data) {
    put_at(node.content, offset, data);
    DiskEvent& event = note(Kind::write, node);
    event.offset = offset;
    event.data.assign(data.begin(), data.end());
  }
  void truncate(Node& node, std::int64_t size) {
    node.content.resize(static_cast<std::size_t>(size));
    note(Kind::truncate, node).offset = size;
  }
  void sync(const Node& node) { note(Kind::sync, node); }
  void sync_folder() { history_.push_back({Kind::sync_folder, 0, "", "", 0, {}}); }
  bool unlink_name(const std::string& name) {
    const NodePtr node = find(name);
    if (node == nullptr) return false;
    note(Kind::unlink, *node);
    node->name.clear();
    names_.erase(name);
    return true;
  }

  // The name of what lies in the folder; nullopt: it lies elsewhere.
  [[nodiscard]] std::optional<std::string> name_of(std::string_view path) const {
    if (!path.starts_with(folder_ + "/")) return std::nullopt;
    return std::string(path.substr(folder_.size() + 1));
  }

  // ---- the engine's side files ----

  int open(const char* path, int flags, mode_t mode) override;
  int close(int file) override;
  ssize_t pread(int file, void* data, std::size_t size, off_t offset) override;
  ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) override;
  int fsync(int file) override;
  int fdatasync(int file) override { return fsync(file); }
  int rename(const char* from, const char* to) override;
  int unlink(const char* path) override;
  int allocate(int file, off_t size) override { return truncate(file, size); }
  int truncate(int file, off_t size) override;
  int lstat(const char* path, struct stat* found) override;
  int fstat(int file, struct stat* found) override;
  int set_lock(int file, struct flock* range) override;

  std::string folder_;
  std::string vfs_name_;
  std::map<std::string, NodePtr> names_;
  History history_;
  SeededRandom random_;
  SystemClock clock_;
  std::unique_ptr<store::Files> files_;

 private:
  DiskEvent& note(Kind kind, const Node& node) {
    history_.push_back({kind, node.number, node.name, "", 0, {}});
    return history_.back();
  }
  Node* opened(int file) {
    const auto found = opened_.find(file);
    if (found == opened_.end()) errno = EBADF;
    return found == opened_.end() ? nullptr : found->second.get();
  }
  static int refuse(int error) {
    errno = error;
    return -1;
  }

  int last_number_ = 0;
  int last_handle_ = 0;
  std::map<int, NodePtr> opened_;  // null: the folder itself
  sqlite3_vfs vfs_{};
};

// ---- side files ----------------------------------------------------------------------------------------------------

int Disk::Impl::open(const char* path, int flags, mode_t) {
  if (path == folder_ && (flags & O_DIRECTORY) != 0) {
    opened_[++last_handle_] = nullptr;
    return last_handle_;
  }
  const auto name = name_of(path);
  if (!name) return refuse(ENOENT);
  NodePtr node = find(*name);
  if (node != nullptr && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return refuse(EEXIST);
  if (node == nullptr && (flags & O_CREAT) == 0) return refuse(ENOENT);
  if (node == nullptr) node = create(*name);
  opened_[++last_handle_] = std::move(node);
  return last_handle_;
}

int Disk::Impl::close(int file) {
  const auto found = opened_.find(file);
  if (found == opened_.end()) return refuse(EBADF);
  if (found->second != nullptr)
    std::erase_if(found->second->byte_locks, [&](const auto& each) { return each.second.holder == file; });
  opened_.erase(found);
  return 0;
}

ssize_t Disk::Impl::pread(int file, void* data, std::size_t size, off_t offset) {
  const Node* node = opened(file);
  if (node == nullptr) return -1;
  const auto begin = std::min(static_cast<std::size_t>(offset), node->content.size());
  const std::size_t count = std::min(size, node->content.size() - begin);
  if (count > 0) std::memcpy(data, node->content.data() + begin, count);
  return static_cast<ssize_t>(count);
}

ssize_t Disk::Impl::pwrite(int file, const void* data, std::size_t size, off_t offset) {
  Node* node = opened(file);
  if (node == nullptr) return -1;
  write(*node, offset, ByteView(static_cast<const std::uint8_t*>(data), size));
  return static_cast<ssize_t>(size);
}

int Disk::Impl::fsync(int file) {
  const auto found = opened_.find(file);
  if (found == opened_.end()) return refuse(EBADF);
  if (found->second == nullptr)
    sync_folder();
  else
    sync(*found->second);
  return 0;
}

int Disk::Impl::rename(const char* from, const char* to) {
  const auto old_name = name_of(from);
  const auto new_name = name_of(to);
  const NodePtr node = old_name ? find(*old_name) : nullptr;
  if (node == nullptr || !new_name) return refuse(ENOENT);
  if (const NodePtr replaced = find(*new_name)) replaced->name.clear();
  note(Kind::rename, *node).to = *new_name;
  names_.erase(*old_name);
  names_[*new_name] = node;
  node->name = *new_name;
  return 0;
}

int Disk::Impl::unlink(const char* path) {
  const auto name = name_of(path);
  return name && unlink_name(*name) ? 0 : refuse(ENOENT);
}

int Disk::Impl::truncate(int file, off_t size) {
  Node* node = opened(file);
  if (node == nullptr) return -1;
  truncate(*node, size);
  return 0;
}

int Disk::Impl::lstat(const char* path, struct stat* found) {
  const auto name = name_of(path);
  const NodePtr node = name ? find(*name) : nullptr;
  if (node == nullptr) return refuse(ENOENT);
  *found = {};
  found->st_mode = S_IFREG | 0600;
  found->st_size = static_cast<off_t>(node->content.size());
  return 0;
}

int Disk::Impl::fstat(int file, struct stat* found) {
  const Node* node = opened(file);
  if (node == nullptr) return -1;
  *found = {};
  found->st_mode = S_IFREG | 0600;
  found->st_size = static_cast<off_t>(node->content.size());
  return 0;
}

int Disk::Impl::set_lock(int file, struct flock* range) {
  Node* node = opened(file);
  if (node == nullptr) return -1;
  const auto [begin, end] = node->byte_locks.equal_range(range->l_start);
  const bool exclusive = range->l_type == F_WRLCK;
  if (range->l_type != F_UNLCK) {
    for (auto each = begin; each != end; ++each)
      if (each->second.holder != file && (exclusive || each->second.exclusive)) return refuse(EAGAIN);
  }
  for (auto each = begin; each != end;) each = each->second.holder == file ? node->byte_locks.erase(each) : ++each;
  if (range->l_type != F_UNLCK) node->byte_locks.emplace(range->l_start, Node::ByteLock{file, exclusive});
  return 0;
}

// ---- SQLite's files ------------------------------------------------------------------------------------------------

namespace {

int unlock_file(sqlite3_file* file, int level) {
  DiskFile& self = ours(file);
  Node& node = *self.node;
  if (self.level <= level) return SQLITE_OK;
  if (node.pending == &self) node.pending = nullptr;
  if (node.reserved == &self) node.reserved = nullptr;
  if (level == SQLITE_LOCK_NONE && self.level >= SQLITE_LOCK_SHARED) --node.readers;
  self.level = level;
  return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int level) {
  DiskFile& self = ours(file);
  Node& node = *self.node;
  if (self.level >= level) return SQLITE_OK;
  if (node.pending != nullptr && node.pending != &self) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_SHARED) {
    ++node.readers;
    self.level = level;
    return SQLITE_OK;
  }
  if (node.reserved != nullptr && node.reserved != &self) return SQLITE_BUSY;
  node.reserved = &self;
  self.level = std::max(self.level, SQLITE_LOCK_RESERVED);
  if (level == SQLITE_LOCK_RESERVED) return SQLITE_OK;
  node.pending = &self;
  self.level = SQLITE_LOCK_PENDING;
  if (node.readers > 1) return SQLITE_BUSY;
  self.level = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

int check_lock(sqlite3_file* file, int* locked) {
  *locked = ours(file).node->reserved != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  const Bytes& content = ours(file).node->content;
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t begin = std::min(static_cast<std::size_t>(offset), content.size());
  const std::size_t count = std::min(wanted, content.size() - begin);
  if (count > 0) std::memcpy(data, content.data() + begin, count);
  if (count == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(data) + count, 0, wanted - count);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  DiskFile& self = ours(file);
  self.disk->write(*self.node, offset,
                   ByteView(static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)));
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  DiskFile& self = ours(file);
  self.disk->truncate(*self.node, size);
  return SQLITE_OK;
}

// As SQLite's own layer does: the first sync of a new WAL or journal syncs the folder too.
int sync_file(sqlite3_file* file, int) {
  DiskFile& self = ours(file);
  self.disk->sync(*self.node);
  if (std::exchange(self.sync_folder, false)) self.disk->sync_folder();
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(ours(file).node->content.size());
  return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return static_cast<int>(Platter::sector);
}

// What SQLite assumes of every disk unless told otherwise: bytes that a write does not cover stay.
int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  DiskFile& self = ours(file);
  Node& node = *self.node;
  if (!std::exchange(self.mapped, true)) ++node.mapped;
  const auto index = static_cast<std::size_t>(region);
  *out = nullptr;
  if (index >= node.regions.size() && extend == 0) return SQLITE_OK;
  while (node.regions.size() <= index)
    node.regions.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(size), std::uint8_t{0}));
  *out = node.regions[index]->data();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  DiskFile& self = ours(file);
  Node& node = *self.node;
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const auto each = [&](const auto& body) {
    for (int i = offset; i < offset + count; ++i) body(static_cast<std::size_t>(i), 1U << i);
  };
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    each([&](std::size_t i, std::uint32_t bit) {
      if ((self.exclusive_mask & bit) != 0) node.exclusive_by[i] = nullptr;
      if ((self.shared_mask & bit) != 0) --node.shared_by[i];
      self.exclusive_mask &= ~bit;
      self.shared_mask &= ~bit;
    });
    return SQLITE_OK;
  }
  bool busy = false;
  each([&](std::size_t i, std::uint32_t bit) {
    const int others = node.shared_by[i] - ((self.shared_mask & bit) != 0 ? 1 : 0);
    busy |= node.exclusive_by[i] != nullptr && node.exclusive_by[i] != &self;
    busy |= exclusive && others > 0;
  });
  if (busy) return SQLITE_BUSY;
  each([&](std::size_t i, std::uint32_t bit) {
    if (exclusive) {
      node.exclusive_by[i] = &self;
      self.exclusive_mask |= bit;
    } else if ((self.shared_mask & bit) == 0) {
      ++node.shared_by[i];
      self.shared_mask |= bit;
    }
  });
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

// Gone with its last user: SQLite's own layer empties the file when the next one comes.
int unmap_shared(sqlite3_file* file, int) {
  DiskFile& self = ours(file);
  lock_shared(file, 0, shared_locks, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
  if (std::exchange(self.mapped, false) && --self.node->mapped == 0) self.node->regions.clear();
  return SQLITE_OK;
}

int close_file(sqlite3_file* file) {
  unmap_shared(file, 0);
  unlock_file(file, SQLITE_LOCK_NONE);
  ours(file).node.~shared_ptr();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods{
    2,           close_file,  read_file,    write_file, truncate_file, sync_file,       file_size,
    lock_file,   unlock_file, check_lock,   control,    sector_size,   characteristics, map_shared,
    lock_shared, barrier,     unmap_shared, nullptr,    nullptr,
};

Disk::Impl& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<Disk::Impl*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  Disk::Impl& disk = disk_of(vfs);
  file->pMethods = nullptr;
  const auto name = path == nullptr ? std::nullopt : disk.name_of(path);
  if (!name) return SQLITE_CANTOPEN;
  NodePtr node = disk.find(*name);
  if (node == nullptr && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  if (node == nullptr) node = disk.create(*name);
  const bool journal = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  auto* self = new (file) DiskFile{};
  self->base.pMethods = &methods;
  self->disk = &disk;
  self->node = std::move(node);
  self->sync_folder = journal && (flags & SQLITE_OPEN_CREATE) != 0;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  Disk::Impl& disk = disk_of(vfs);
  const auto name = disk.name_of(path);
  if (!name || !disk.unlink_name(*name)) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_folder != 0) disk.sync_folder();
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  Disk::Impl& disk = disk_of(vfs);
  const auto name = disk.name_of(path);
  const NodePtr node = name ? disk.find(*name) : nullptr;
  *out = node != nullptr && (flags != SQLITE_ACCESS_EXISTS || !node->content.empty()) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  if (std::strlen(path) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::strcpy(out, path);
  return SQLITE_OK;
}

int random_bytes(sqlite3_vfs* vfs, int size, char* out) {
  disk_of(vfs).random_.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
  return size;
}

}  // namespace

Disk::Impl::Impl(std::string folder, Image image, std::uint64_t seed) : folder_(std::move(folder)), random_(seed) {
  static std::atomic<int> disks = 0;
  sqlite3_initialize();
  vfs_name_ = "disk-" + std::to_string(++disks);
  for (auto& [name, content] : image) {
    auto node = std::make_shared<Node>();
    node->number = ++last_number_;
    node->name = name;
    node->content = std::move(content);
    names_[name] = std::move(node);
  }
  files_ = store::make_files({*this, clock_, random_, [](std::int64_t) {}});
  vfs_ = *sqlite3_vfs_find(nullptr);  // time and the like as ever
  vfs_.pNext = nullptr;
  vfs_.zName = vfs_name_.c_str();
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(DiskFile));
  vfs_.xOpen = open_file;
  vfs_.xDelete = delete_file;
  vfs_.xAccess = access_file;
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = random_bytes;
  sqlite3_vfs_register(&vfs_, 0);
}

Disk::Impl::~Impl() {
  sqlite3_vfs_unregister(&vfs_);
}

Disk::Disk(std::string folder, Image image, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(image), seed)) {}
Disk::~Disk() = default;
std::string Disk::vfs() const {
  return impl_->vfs_name_;
}
store::Files& Disk::files() const {
  return *impl_->files_;
}
std::string Disk::path(const std::string& name) const {
  return impl_->folder_ + "/" + name;
}
const History& Disk::history() const {
  return impl_->history_;
}

Image Disk::image() const {
  Image out;
  for (const auto& [name, node] : impl_->names_) out[name] = node->content;
  return out;
}

// ---- what a power cut leaves ---------------------------------------------------------------------------------------

Platter::Platter(const Image& durable) {
  int number = 0;
  for (const auto& [name, content] : durable) {
    files_[++number].durable = content;
    names_[name] = number;
  }
}

void Platter::settle(Bytes& content, const DiskEvent& event) {
  if (event.kind == Kind::truncate)
    content.resize(static_cast<std::size_t>(event.offset));
  else
    put_at(content, event.offset, event.data);
}

void Platter::settle_name(std::map<std::string, int>& names, const DiskEvent& event) {
  if (event.kind == Kind::create) {
    names[event.name] = event.file;
    return;
  }
  // Another file may have the name by now, when an entry in between was lost.
  const auto old = names.find(event.name);
  if (old != names.end() && old->second == event.file) names.erase(old);
  if (event.kind == Kind::rename) names[event.to] = event.file;
}

void Platter::apply(const DiskEvent& event) {
  switch (event.kind) {
    case Kind::nothing: break;
    case Kind::write:
    case Kind::truncate: files_[event.file].pending.push_back(&event); break;
    case Kind::sync: {
      File& file = files_[event.file];
      for (const DiskEvent* each : file.pending) settle(file.durable, *each);
      file.pending.clear();
      break;
    }
    case Kind::create:
    case Kind::rename:
    case Kind::unlink: pending_names_.push_back(&event); break;
    case Kind::sync_folder:
      for (const DiskEvent* each : pending_names_) settle_name(names_, *each);
      pending_names_.clear();
      break;
  }
}

// Sector by sector of the disk: the write begins and ends where it likes.
void Platter::tear(Bytes& content, const DiskEvent& event, Loss loss, std::mt19937_64& random) {
  const auto begin = static_cast<std::size_t>(event.offset);
  const std::size_t end = begin + event.data.size();
  for (std::size_t at = begin; at < end;) {
    const std::size_t next = std::min(end, (at / sector + 1) * sector);
    const auto fate = random() % (loss == Loss::garbage ? 3 : 2);
    Bytes part(event.data.begin() + static_cast<std::ptrdiff_t>(at - begin),
               event.data.begin() + static_cast<std::ptrdiff_t>(next - begin));
    if (fate == 2)
      for (std::uint8_t& byte : part) byte = static_cast<std::uint8_t>(random());
    if (fate != 0) put_at(content, static_cast<std::int64_t>(at), part);
    at = next;
  }
}

Image Platter::cut(Loss loss, std::mt19937_64& random) const {
  std::map<std::string, int> names = names_;
  for (const DiskEvent* event : pending_names_)
    if (loss == Loss::nothing || (loss != Loss::all && random() % 2 == 0)) settle_name(names, *event);
  Image image;
  for (const auto& [name, number] : names) {
    Bytes& content = image[name];
    const auto found = files_.find(number);
    if (found == files_.end()) continue;  // made and never written
    content = found->second.durable;
    for (const DiskEvent* event : found->second.pending) {
      const auto fate = loss == Loss::nothing ? 0 : loss == Loss::all ? 1 : random() % 3;
      if (fate == 0) settle(content, *event);
      if (fate == 2 && event->kind == Kind::write) tear(content, *event, loss, random);
    }
  }
  return image;
}

// ---- sabotage ------------------------------------------------------------------------------------------------------

namespace sabotage {

namespace {

bool is_wal(const DiskEvent& event) {
  return event.name.ends_with("-wal");
}

History without(const History& history, const std::function<bool(const DiskEvent&)>& left_out) {
  History out;
  for (const DiskEvent& event : history) {
    out.push_back(event);
    // An operation that does nothing keeps the places of all others.
    if (left_out(event)) out.back() = {};
  }
  return out;
}

}  // namespace

History no_syncs(const History& history) {
  return without(history, [](const DiskEvent& e) { return e.kind == Kind::sync || e.kind == Kind::sync_folder; });
}

History wal_syncs_late(const History& history) {
  History out = history;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].kind != Kind::sync || !is_wal(out[i])) continue;
    const auto next = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(i), out.end(), [](const DiskEvent& e) {
      return e.kind == Kind::write && (is_wal(e) || e.name.ends_with(".ecdb"));
    });
    if (next == out.end() || is_wal(*next)) out[i] = {};
  }
  return out;
}

History no_folder_syncs(const History& history) {
  return without(history, [](const DiskEvent& e) { return e.kind == Kind::sync_folder; });
}

History no_key_syncs(const History& history) {
  return without(history,
                 [](const DiskEvent& e) { return e.kind == Kind::sync && e.name.find(".keys") != std::string::npos; });
}

History no_anchor(const History& history) {
  return without(history, [](const DiskEvent& e) {
    return e.kind == Kind::write && e.name.ends_with(".anchor") && e.data.size() < Platter::sector;
  });
}

}  // namespace sabotage

}  // namespace eventcore::test
