// A store whose files were changed: it is refused, or every row it gives is the one that was written. The first byte
// chooses the file. For database, keys and anchor the rest are edits, three bytes of place and one to be put in by
// exclusive or (0: the file ends there); for the WAL it is the whole file.
#include <eventcore/engine.hpp>

#include <array>
#include <vector>

#include "support.hpp"

namespace {

using namespace eventcore;

constexpr std::array<const char*, 3> names = {"festival.ecdb", "festival.keys", "festival.anchor"};
constexpr std::array<const char*, 3> traces = {"festival.ecdb-wal", "festival.ecdb-shm", "festival.lock"};
constexpr std::array<const char*, 4> tables = {"organizations", "events", "ticket_orders", "tickets"};
constexpr std::size_t edit_size = 4;

struct Ground {
  fuzz::Folder folder;
  std::array<Bytes, 3> files;

  Ground() {
    for (std::size_t i = 0; i < names.size(); ++i) files[i] = fuzz::file_bytes(fuzz::fixture(names[i]));
  }
  void write(const char* name, const Bytes& bytes) const {
    std::ofstream out(folder.file(name), std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    fuzz::need(out.good());
  }
  void lay_out() const {
    for (std::size_t i = 0; i < names.size(); ++i) write(names[i], files[i]);
    for (const char* trace : traces) std::filesystem::remove(folder.file(trace));
  }

  // The rows of each table, or nothing where it was refused; nullopt: the store does not open.
  std::optional<std::vector<std::string>> read(bool read_only) const {
    OpenOptions options;
    options.path = folder.file(names[0]);
    options.key = Key::raw(fuzz::fixture_key());
    options.read_only = read_only;
    auto engine = Engine::open(std::move(options));
    if (!engine) return std::nullopt;
    auto session = engine.assume_value().session(R"({"kind":"service","reason":"fuzz"})");
    if (!session) return std::nullopt;
    std::vector<std::string> rows;
    for (const char* table : tables) {
      auto found = session.assume_value().list(table, R"({"order_by":["id"],"columns":["*"]})");
      rows.push_back(found ? std::move(found).assume_value() : std::string());
    }
    return rows;
  }
};

Bytes edited(Bytes bytes, const std::uint8_t* edits, std::size_t size) {
  for (std::size_t at = 0; at + edit_size <= size; at += edit_size) {
    if (bytes.empty()) break;
    const std::size_t place =
        edits[at] | static_cast<std::size_t>(edits[at + 1]) << 8U | static_cast<std::size_t>(edits[at + 2]) << 16U;
    const std::uint8_t change = edits[at + 3];
    if (change == 0)
      bytes.resize(place % bytes.size());
    else
      bytes[place % bytes.size()] ^= change;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ground ground;
  static const std::vector<std::string> genuine = [&] {
    ground.lay_out();
    const auto rows = ground.read(true);
    fuzz::need(rows.has_value());
    for (const std::string& table : *rows) fuzz::need(!table.empty());
    return *rows;
  }();
  if (size == 0) return 0;
  ground.lay_out();
  const std::size_t which = data[0] % 4;
  const bool read_only = (data[0] & 4U) != 0;
  if (which < names.size())
    ground.write(names[which], edited(ground.files[which], data + 1, size - 1));
  else
    ground.write(traces[0], Bytes(data + 1, data + size));
  const auto rows = ground.read(read_only);
  if (!rows) return 0;
  for (std::size_t i = 0; i < genuine.size(); ++i) fuzz::need((*rows)[i].empty() || (*rows)[i] == genuine[i]);
  return 0;
}
