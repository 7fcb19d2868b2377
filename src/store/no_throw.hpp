// no_throw: memory may run out anywhere, and what holds a turn, a lock or a connection must give it back all the same.
// Thread: a free function.
#pragma once

#include <new>

#include <eventcore/result.hpp>

namespace eventcore::store {

// What `body` (-> Status) answers, or what its exception says.
template <class Body>
Status no_throw(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Errc::out_of_memory;
  } catch (...) {
    return Errc::internal;
  }
}

}  // namespace eventcore::store
