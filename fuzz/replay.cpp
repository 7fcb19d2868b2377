// Runs a fuzz target over files, so that its corpus is an ordinary test without a fuzzer.
//   fuzz_NAME FILE...
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    // Every prefix too: a decoder that trusts a length fails on one of them.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<std::uint8_t> prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      LLVMFuzzerTestOneInput(prefix.data(), prefix.size());
    }
  }
  std::printf("%d inputs and their prefixes replayed\n", argc - 1);
  return argc > 1 ? 0 : 1;
}
