// The versions of what is compiled in or linked. Any thread.
#pragma once

#include <string>

namespace eventcore::store {

struct Versions {
  std::string sqlcipher;
  std::string sqlite;
  std::string openssl;
  std::string libsodium;
};

Versions versions();

}  // namespace eventcore::store
