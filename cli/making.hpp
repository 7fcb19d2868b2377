// What a verb is making: a new key file, and the store or the copy that it opens. Unless it is kept it is taken away,
// after a refusal and on an interrupt alike: nothing that was there before, and the key only when no store needs it.
// Thread: one thread, one Making at a time.
#pragma once

#include <eventcore/result.hpp>
#include <string>

namespace cli {

class Making {
 public:
  enum class What { store, copy };

  // From here on SIGINT and SIGTERM take away what was made and end the program. new_key_file is "" when there is none.
  // Throws Misuse when the key would lie where the store has a file of its own.
  Making(What what, const std::string& store, const std::string& new_key_file);
  ~Making();
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;

  void make_key();  // first, and on the disk: a store whose key is lost opens never again. Throws Misuse.

  // Makes the store's file, empty: whoever comes second finds it there. Throws Misuse.
  eventcore::Status claim();

  void keep();  // it is made: interrupts do what they did before
};

}  // namespace cli
