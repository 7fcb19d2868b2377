#include "faults/damages.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace eventcore::faults {
namespace {

// The WAL's layout: https://www.sqlite.org/walformat.html
constexpr std::size_t wal_header = 32, frame_header = 24, frame_size = frame_header + page_size;
constexpr std::size_t page_at = 0, checksum_at = 16, header_checksum_at = 24;

using Checksum = std::pair<std::uint32_t, std::uint32_t>;

std::size_t below(Dice& dice, std::size_t end) {
  return static_cast<std::size_t>(dice() % end);
}

ByteView part(const Bytes& bytes, std::size_t at, std::size_t size) {
  return ByteView(bytes).subspan(at, size);
}

Patch copied(const Bytes& from, std::size_t from_at, std::size_t to_at, std::size_t size) {
  const ByteView bytes = part(from, from_at, size);
  return {to_at, Bytes(bytes.begin(), bytes.end())};
}

std::size_t frames_in(const Bytes& log) {
  return (log.size() - wal_header) / frame_size;
}

std::size_t frame_at(std::size_t frame) {
  return wal_header + frame * frame_size;
}

std::uint32_t number(ByteView bytes, bool big_endian) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out |= std::uint32_t{bytes[i]} << (8 * (big_endian ? 3 - i : i));
  return out;
}

void put_number(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (3 - i)));
}

Checksum summed(Checksum sum, ByteView bytes, bool big_endian) {
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    sum.first += number(bytes.subspan(i), big_endian) + sum.second;
    sum.second += number(bytes.subspan(i + 4), big_endian) + sum.first;
  }
  return sum;
}

// Every frame's checksum made to follow from the one before.
void make_checksums_fit(Bytes& log) {
  const bool big_endian = (log[3] & 1) != 0;
  Checksum sum{number(part(log, header_checksum_at, 4), true), number(part(log, header_checksum_at + 4, 4), true)};
  for (std::size_t frame = 0; frame < frames_in(log); ++frame) {
    const std::size_t at = frame_at(frame);
    sum = summed(sum, part(log, at, 8), big_endian);
    sum = summed(sum, part(log, at + frame_header, page_size), big_endian);
    put_number(log, at + checksum_at, sum.first);
    put_number(log, at + checksum_at + 4, sum.second);
  }
}

void drop_frame(Bytes& log, std::size_t frame) {
  const auto begin = log.begin() + static_cast<std::ptrdiff_t>(frame_at(frame));
  log.erase(begin, begin + static_cast<std::ptrdiff_t>(frame_size));
}

// Zeroed or exchanged units of one file: pages of the database, frames of the WAL, sectors of anything.
struct Units {
  std::size_t first = 0, size = 0, count = 0;
  [[nodiscard]] std::size_t at(std::size_t i) const { return first + i * size; }
};

Units units_of(std::string_view file, const Bytes& bytes) {
  if (file == database) return {0, page_size, bytes.size() / page_size};
  if (file == wal) return {wal_header, frame_size, frames_in(bytes)};
  const std::size_t size = std::min<std::size_t>(512, std::max<std::size_t>(bytes.size() / 2, 1));
  return {0, size, bytes.size() / size};
}

Damage flipped(std::string_view file, const Bytes& bytes, Dice& dice) {
  const std::size_t at = below(dice, bytes.size());
  const auto bit = static_cast<std::uint8_t>(1U << below(dice, 8));
  return {"bit flipped", file, {{at, {static_cast<std::uint8_t>(bytes[at] ^ bit)}}}};
}

Damage zeroed(std::string_view file, const Bytes& bytes, Dice& dice) {
  const Units units = units_of(file, bytes);
  return {"page zeroed", file, {{units.at(below(dice, units.count)), Bytes(units.size, 0)}}};
}

Damage swapped(std::string_view file, const Bytes& bytes, Dice& dice) {
  const Units units = units_of(file, bytes);
  const std::size_t one = units.at(below(dice, units.count)), two = units.at(below(dice, units.count));
  return {"pages swapped", file, {copied(bytes, one, two, units.size), copied(bytes, two, one, units.size)}};
}

Damage cut(std::string_view file, const Bytes& bytes, Dice& dice) {
  return {"file cut",
          file,
          {},
          Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(below(dice, bytes.size())))};
}

Damage foreign(const DamageStore& store, std::string_view file) {
  return {std::string(another_store), file, {}, store.other().at(file)};
}

Damage torn_frames(const DamageStore& store, Dice& dice) {
  Bytes log = store.files().at(wal);
  const std::size_t frame = below(dice, frames_in(log));
  if (dice() % 2 == 0) {
    drop_frame(log, frame);
    return {"frame dropped", wal, {}, std::move(log)};
  }
  const Patch again = copied(log, frame_at(frame), 0, frame_size);
  log.insert(log.begin() + static_cast<std::ptrdiff_t>(frame_at(frame)), again.bytes.begin(), again.bytes.end());
  return {"frame repeated", wal, {}, std::move(log)};
}

// Every frame that ever held a page, of any time of the store.
std::vector<Bytes> contents_of(const DamageStore& store, std::uint32_t page) {
  std::vector<Bytes> found;
  const auto keep = [&](ByteView bytes) {
    Bytes content(bytes.begin(), bytes.end());
    if (std::ranges::find(found, content) == found.end()) found.push_back(std::move(content));
  };
  for (const Files& files : store.earlier()) {
    const Bytes& pages = files.at(database);
    if (std::size_t{page} * page_size <= pages.size()) keep(part(pages, (page - 1) * page_size, page_size));
    if (!files.contains(wal)) continue;
    const Bytes& log = files.at(wal);
    for (std::size_t frame = 0; frame < frames_in(log); ++frame)
      if (number(part(log, frame_at(frame) + page_at, 4), true) == page)
        keep(part(log, frame_at(frame) + frame_header, page_size));
  }
  return found;
}

// The more there is to hit, the more often; the small files often enough.
std::string_view file_to_hit(Dice& dice) {
  const std::size_t lot = below(dice, 64);
  if (lot < 32) return database;
  if (lot < 50) return wal;
  if (lot < 55) return keys;
  if (lot < 61) return anchor;
  return lot < 63 ? shm : lock;
}

}  // namespace

Damage accident(const DamageStore& store, Dice& dice) {
  const std::string_view file = file_to_hit(dice);
  const Bytes& bytes = store.files().at(file);
  if (bytes.empty()) return {"file gone", file, {}, {}, true};
  switch (below(dice, 32)) {
    case 0:
    case 1:
    case 2: return zeroed(file, bytes, dice);
    case 3:
    case 4:
    case 5: return swapped(file, bytes, dice);
    case 6: return cut(file, bytes, dice);
    case 7: return {"file gone", file, {}, {}, true};
    case 8: return store.other().contains(file) ? foreign(store, file) : cut(file, bytes, dice);
    case 9:
    case 10: return torn_frames(store, dice);
    default: return flipped(file, bytes, dice);
  }
}

std::vector<Damage> replayed_pages(const DamageStore& store) {
  std::vector<Damage> all;
  const Bytes& now = store.files().at(database);
  for (std::size_t page = 1; page * page_size <= now.size(); ++page)
    for (const Bytes& content : contents_of(store, static_cast<std::uint32_t>(page)))
      if (!std::ranges::equal(content, part(now, (page - 1) * page_size, page_size)))
        all.push_back({"page replayed", database, {{(page - 1) * page_size, content}}});
  return all;
}

std::vector<Damage> forged_wals(const DamageStore& store) {
  std::vector<Damage> all;
  const Bytes& log = store.files().at(wal);
  for (std::size_t frame = 0; frame < frames_in(log); ++frame) {
    Bytes without = log;
    drop_frame(without, frame);
    make_checksums_fit(without);
    all.push_back({"frame dropped, checksums made to fit", wal, {}, std::move(without)});
    const std::uint32_t page = number(part(log, frame_at(frame) + page_at, 4), true);
    const std::vector<Bytes> contents = contents_of(store, page);
    if (contents.empty()) continue;
    Bytes older = log;
    std::ranges::copy(contents.back(), older.begin() + static_cast<std::ptrdiff_t>(frame_at(frame) + frame_header));
    make_checksums_fit(older);
    all.push_back({"older page in the WAL, checksums made to fit", wal, {}, std::move(older)});
  }
  return all;
}

std::vector<Damage> mixed_times(const DamageStore& store) {
  std::vector<Damage> all;
  for (const Files& files : store.earlier())
    for (const std::string_view file : {database, wal})
      if (files.contains(file) && files.at(file) != store.files().at(file))
        all.push_back({file == wal ? "older WAL" : "older database", file, {}, files.at(file)});
  return all;
}

}  // namespace eventcore::faults
