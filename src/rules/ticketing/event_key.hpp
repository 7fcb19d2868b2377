// The Ed25519 key of an event that signs its ticket codes; made when first needed, its private half sealed.
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <memory>
#include <optional>

#include "base/secret.hpp"
#include "ticket/code.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::ticketing {

struct SigningKey {
  std::uint16_t key_id = 0;
  std::shared_ptr<const SecretBytes> secret;
};

// The newest key that is not retired; a new one when there is none.
Result<SigningKey> signing_key(work::UnitOfWork& uow, const Record& event);

// Retires the keys that sign now and makes a new one.
struct Rotation {
  Record made;
  std::optional<std::int64_t> retired;  // the number of the key that signed until now
};
Result<Rotation> rotate_key(work::UnitOfWork& uow, const Record& event);

// The public half of one of the event's keys, retired or not; nothing when the event has no such key.
Result<std::optional<ticket::PublicKey>> public_key(work::Reading& reading, const Record& event, std::uint16_t key_id);

}  // namespace eventcore::rules::ticketing
