// Text results as ec_bytes.
// Thread: free functions without state.
#pragma once

#include <string>
#include <utility>

#include "objects.hpp"

namespace eventcore::c {

// Runs `call` (-> Result<std::string>) with the handle for its reply already made.
template <class Call>
Result<ec_bytes*> reply(Call&& call) {
  Reserved<ec_bytes> bytes;
  EC_TRY(text, call());
  bytes->text = std::move(text);
  return bytes.keep();
}

}  // namespace eventcore::c
