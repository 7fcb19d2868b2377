// What each C handle stands for, and the three ways to it: give() makes one, use() finds its object, take() ends it.
// Thread: any; the objects say their own rules.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "api/engine.hpp"
#include "api/session.hpp"
#include "base/secret.hpp"
#include "eventcore.h"
#include "handles.hpp"

namespace eventcore::c {

struct Bytes {
  std::string text;
  bool secret = false;

  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    if (secret) wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  }
};

struct Error {
  Errc code = Errc::internal;
  bool transient = false;
  std::string name;
  std::string message;
  std::string json;
};

// A submitted call; PendingCore itself serves one waiter.
struct Submitted {
  std::shared_ptr<api::PendingCore> core;
  std::atomic<bool> busy{false};
};

template <class Handle>
struct ObjectOf;
template <>
struct ObjectOf<ec_engine> {
  using Type = api::EngineCore;
  static constexpr Kind kind = Kind::engine;
};
template <>
struct ObjectOf<ec_session> {
  using Type = api::SessionCore;
  static constexpr Kind kind = Kind::session;
};
template <>
struct ObjectOf<ec_pending> {
  using Type = Submitted;
  static constexpr Kind kind = Kind::pending;
};
template <>
struct ObjectOf<ec_bytes> {
  using Type = Bytes;
  static constexpr Kind kind = Kind::bytes;
};
template <>
struct ObjectOf<ec_error> {
  using Type = Error;
  static constexpr Kind kind = Kind::error;
};

template <class Handle>
using Object = typename ObjectOf<Handle>::Type;

template <class Handle>
Handle* give(std::shared_ptr<Object<Handle>> object) {
  return reinterpret_cast<Handle*>(HandleTable::of_this_process().add(ObjectOf<Handle>::kind, std::move(object)));
}

template <class Handle>
Result<std::shared_ptr<Object<Handle>>> use(const Handle* handle) {
  HandleTable& table = HandleTable::of_this_process();
  EC_TRY(object, table.find(reinterpret_cast<std::uintptr_t>(handle), ObjectOf<Handle>::kind));
  return std::static_pointer_cast<Object<Handle>>(std::move(object));
}

template <class Handle>
Result<std::shared_ptr<Object<Handle>>> take(const Handle* handle) {
  HandleTable& table = HandleTable::of_this_process();
  EC_TRY(object, table.remove(reinterpret_cast<std::uintptr_t>(handle), ObjectOf<Handle>::kind));
  return std::static_pointer_cast<Object<Handle>>(std::move(object));
}

// A handle made before the work it is for, so that lack of memory cannot follow a commit. Given back unless kept.
template <class Handle>
class Reserved {
 public:
  Reserved() : object_(std::make_shared<Object<Handle>>()), handle_(give<Handle>(object_)) {}
  ~Reserved() {
    if (handle_ != nullptr) (void)take(handle_);
  }
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;

  Object<Handle>* operator->() { return object_.get(); }
  Handle* keep() { return std::exchange(handle_, nullptr); }

 private:
  std::shared_ptr<Object<Handle>> object_;
  Handle* handle_;
};

}  // namespace eventcore::c
