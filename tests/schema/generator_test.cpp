// The generator as a program: what it writes is what is committed, and one changed byte is noticed.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace eventcore {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status = -1;
  std::string text;
};

Outcome generate(const std::string& mode, const fs::path& folder) {
  const std::string command =
      std::string("'") + EC_TEST_PROGRAMS + "/schema_gen' " + mode + " '" + folder.string() + "' 2>&1";
  Outcome outcome;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) outcome.text.append(part.data(), size);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class GeneratorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "schema_gen_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> list;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_))
      if (entry.is_regular_file()) list.push_back(entry.path());
    return list;
  }
  fs::path folder_;
};

TEST_F(GeneratorTest, TheCommittedFilesAreFresh) {
  const Outcome outcome = generate("--check", EC_SOURCE_DIR);
  EXPECT_EQ(outcome.status, 0) << outcome.text;
}

TEST_F(GeneratorTest, WhatItWritesPassesItsOwnCheckAndMatchesTheRepository) {
  ASSERT_EQ(generate("--update", folder_).status, 0);
  EXPECT_EQ(generate("--check", folder_).status, 0);
  EXPECT_GE(files().size(), 11U);
  for (const fs::path& file : files())
    EXPECT_EQ(content(file), content(fs::path(EC_SOURCE_DIR) / fs::relative(file, folder_))) << file;
}

TEST_F(GeneratorTest, OneChangedByteInAnyFileIsNamedAndLeftAlone) {
  ASSERT_EQ(generate("--update", folder_).status, 0);
  for (const fs::path& file : files()) {
    const std::string good = content(file);
    std::string changed = good;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << changed;
    const Outcome outcome = generate("--check", folder_);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.text.find("stale: " + file.string()), std::string::npos) << outcome.text;
    EXPECT_EQ(content(file), changed);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << good;
  }
  EXPECT_EQ(generate("--check", folder_).status, 0);
}

TEST_F(GeneratorTest, AMissingFileIsStaleAndIsNotWritten) {
  EXPECT_EQ(generate("--check", folder_).status, 1);
  EXPECT_TRUE(files().empty());
}

TEST_F(GeneratorTest, AnUnknownModeIsRefused) {
  EXPECT_EQ(generate("--look", folder_).status, 2);
}

}  // namespace
}  // namespace eventcore
