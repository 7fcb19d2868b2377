// The outbox: messages that a rule owes somebody, queued in the unit of work that made them due. A carrier claims them
// later; a unit that is rolled back has queued nothing.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <string>

#include "base/json.hpp"
#include "base/uuid.hpp"
#include "work/unit_of_work.hpp"

namespace eventcore::rules::communication {

struct OutgoingMessage {
  std::string kind;       // what it is about, such as order_confirmation; kept in metadata.kind
  std::string recipient;  // an e-mail address; nobody is written to when it is empty
  std::string subject;
  std::string content;          // plain text
  Json facts = Json::object();  // ids a template or a carrier may need, kept in metadata beside the kind
};

Status queue_email(work::UnitOfWork& uow, const Uuid& organization, const OutgoingMessage& message);

}  // namespace eventcore::rules::communication
