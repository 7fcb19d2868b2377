// Results as handles.
#include "guard.hpp"
#include "objects.hpp"

using namespace eventcore::c;

const char* ec_bytes_data(const ec_bytes* bytes) noexcept {
  return quietly<const char*>(nullptr, [&]() -> const char* {
    const auto found = use(bytes);
    return found ? found.assume_value()->text.c_str() : nullptr;
  });
}

size_t ec_bytes_size(const ec_bytes* bytes) noexcept {
  return quietly<size_t>(0, [&]() -> size_t {
    const auto found = use(bytes);
    return found ? found.assume_value()->text.size() : 0;
  });
}

void ec_bytes_free(ec_bytes* bytes) noexcept {
  return static_cast<void>(quietly(false, [&] { return take(bytes).has_value(); }));
}
