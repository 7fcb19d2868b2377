// schema_gen --update DIR writes what is derived from the declarations into the repository DIR;
// schema_gen --check DIR compares, writes nothing, names the stale files and exits with 1 if there are any.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "outputs.hpp"

namespace {

namespace fs = std::filesystem;
using eventcore::gen::Output;

bool holds(const fs::path& path, const std::string& text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str() == text;
}

// Unchanged files keep their time, so that nothing is compiled again for their sake.
bool update(const fs::path& path, const std::string& text) {
  if (holds(path, text)) return true;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    std::fprintf(stderr, "schema_gen: cannot write %s\n", path.c_str());
    return false;
  }
  std::printf("written: %s\n", path.c_str());
  return true;
}

bool check(const fs::path& path, const std::string& text) {
  if (holds(path, text)) return true;
  std::printf("stale: %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view mode = count == 3 ? words[1] : "";
  if (mode != "--update" && mode != "--check") {
    std::fprintf(stderr, "usage: schema_gen --update DIR | --check DIR\n");
    return 2;
  }
  bool good = true;
  for (const Output& output : eventcore::gen::all_outputs()) {
    const fs::path path = fs::path(words[2]) / output.path;
    good = (mode == "--update" ? update(path, output.text) : check(path, output.text)) && good;
  }
  if (!good && mode == "--check") std::printf("run: schema_gen --update .\n");
  return good ? 0 : 1;
}
