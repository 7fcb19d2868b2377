// A store in a fresh folder, and rows to put into it, for tests of src/store and of what lies above it.
// Thread: TestFolder and TestStore belong to one test; the rows are plain values.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/uuid.hpp"
#include "store/store.hpp"

namespace eventcore::test {

// Removed with everything in it at the end of the test.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

Bytes read_whole(const std::string& path);
void write_whole(const std::string& path, ByteView bytes);

// The surroundings of a store: a clock that stands, repeatable randomness, a log.
struct Surroundings {
  TestClock clock{1'790'000'000'000'000};
  SystemRandom random;
  Log log{clock};
  UuidSource ids{clock, random};
  store::Environment environment(const std::string& vfs = "") {
    return {clock, random, store::system_files(), log, vfs};
  }
};

extern const Bytes test_key;
store::OpenOptions options_for(const std::string& path, bool create = true);

// Rows with every required column filled.
Record organization_row(const Uuid& id, const std::string& slug);
Record venue_row(const Uuid& organization, const Uuid& id, const std::string& name);
// An armed insert.
Status put(store::Writer& writer, const Record& row);
// The organization and its tenant key.
Status put_organization(store::Store& store, const Uuid& id, const std::string& slug);

}  // namespace eventcore::test
