// Principal: who calls. Facts: what that principal holds at this moment, read once per unit of work, so that a right
// lost is lost from the next unit of work on, also for sessions that are open.
// Thread: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eventcore/result.hpp>
#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/uuid.hpp"
#include "policy/jwt.hpp"
#include "store/reader.hpp"

namespace eventcore::policy {

enum class PrincipalKind : std::uint8_t { service, user, sponsor, customer, api_key, device, anon };

std::string_view kind_name(PrincipalKind kind);

// What a JWT said beyond who comes; every unit of work asks it again.
struct Token {
  Micros expires_at = 0;
  std::optional<Micros> not_before{};
  std::string role{};                      // user: must be the row's, where the token names one
  std::vector<std::string> permissions{};  // api_key
};

struct Principal {
  PrincipalKind kind = PrincipalKind::anon;
  Uuid id{};                           // user, sponsor, api key or device row; nil: an api_key that a JWT stands for
  std::optional<Uuid> organization{};  // the tenant the session is bound to, where it is
  std::string email{};                 // customer: folded
  std::string reason{};                // service: why, for the audit log
  std::optional<Uuid> api_key{};       // the key's row, also of a sponsor who came with one
  Digest key_hash{};                   // device, api_key: what the presented secret hashed to
  std::optional<Token> token{};        // came with a JWT
};

enum class Role : std::uint8_t { guest, member, manager, admin, owner };

enum class AssignmentRole : std::uint8_t {
  event_director,
  producer,
  marketing_manager,
  sponsorship_manager,
  operations_manager,
  technical_director,
  customer_experience_manager,
};

struct Assignment {
  Uuid event;
  AssignmentRole role = AssignmentRole::event_director;
};

// Ids of events are unique per tenant only, so an event is named with its organization.
struct TicketEvent {
  Uuid organization;
  Uuid event;
};

struct Facts {
  PrincipalKind kind = PrincipalKind::anon;
  bool valid = false;  // false: sees nothing and can do nothing
  Uuid id{};
  std::optional<Uuid> organization{};
  Role role = Role::guest;                   // user
  std::vector<Assignment> assignments{};     // user: those that count today, by event
  std::string email{};                       // customer
  std::optional<Uuid> event{};               // device: its event; sponsor: its event unless the contract is cancelled
  std::optional<Uuid> package{};             // sponsor
  std::string gate{};                        // device
  std::vector<TicketEvent> ticket_events{};  // customer: events it holds a valid or used ticket for
  std::vector<std::string> permissions{};    // api_key
  std::vector<Uuid> closed{};                // organizations being removed: nobody sees their rows (closed.hpp)

  [[nodiscard]] bool is_service() const { return kind == PrincipalKind::service; }
  [[nodiscard]] bool is_user(Role at_least) const { return kind == PrincipalKind::user && role >= at_least; }
  [[nodiscard]] bool is_closed(const Uuid& organization_id) const;
  [[nodiscard]] bool is_assigned(const Uuid& event_id) const;
  [[nodiscard]] bool is_assigned(const Uuid& event_id, AssignmentRole as) const;
  [[nodiscard]] bool is_assigned_anywhere(AssignmentRole as) const;
};

// Reads what the principal holds now. An invalid principal is not an error here: `valid` is false.
Result<Facts> load_facts(store::Reader& reader, const Principal& principal, Micros now);

// Check a device key ("ec_device_<public id>_<secret>"), an API key ("ec_live_<public id>_<secret>") and the claims of
// a verified JWT, and answer the principal they stand for; `unauthenticated` otherwise.
Result<Principal> authenticate_device(store::Reader& reader, std::string_view token);
Result<Principal> authenticate_api_key(store::Reader& reader, std::string_view token, Micros now);
Result<Principal> authenticate_claims(store::Reader& reader, const Claims& claims, Micros now);

// How a presented secret is stored and compared: a keyed hash, so that the table alone is worth nothing.
Result<Digest> key_digest(store::Reader& reader, const Uuid& organization, std::string_view secret);

}  // namespace eventcore::policy
