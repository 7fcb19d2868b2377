#include "store/versions.hpp"

#include <ecsql.h>
#include <openssl/crypto.h>
#include <sodium.h>

namespace eventcore::store {

Versions versions() {
  return {EC_SQLCIPHER_VERSION, sqlite3_libversion(), OpenSSL_version(OPENSSL_VERSION), sodium_version_string()};
}

}  // namespace eventcore::store
