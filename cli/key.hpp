// Where the key comes from: a file, standard input, the environment, or a question on the terminal; never an argument.
// Thread: one thread.
#pragma once

#include "common.hpp"

namespace cli {

// The key that the options, then the environment name; else asks on the terminal, twice for a store that is made.
// An empty key when there is none of them: the engine says key_required. Throws Misuse.
eventcore::Key find_key(const Common& common, bool is_new);

// The key in one of two files. Throws Misuse unless exactly one is named.
eventcore::Key key_from_files(const std::string& key_file, const std::string& passphrase_file);

// Writes 32 random bytes as 64 hex digits into a file that must not exist, for its owner only, and down to the
// disk. Throws Misuse, and then leaves none.
void make_key_file(const std::string& path);

}  // namespace cli
