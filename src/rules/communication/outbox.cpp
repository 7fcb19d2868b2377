#include "rules/communication/outbox.hpp"

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::communication {

Status queue_email(work::UnitOfWork& uow, const Uuid& organization, const OutgoingMessage& message) {
  namespace c = col::communication_logs;
  if (message.recipient.empty()) return ok();
  Json metadata = message.facts.is_object() ? message.facts : Json::object();
  metadata["kind"] = message.kind;
  const Changes row{
      {c::organization_id.index, organization}, {c::communication_type.index, "email"},
      {c::recipient.index, message.recipient},  {c::subject.index, message.subject},
      {c::content.index, message.content},      {c::status.index, "queued"},
      {c::metadata.index, dump(metadata)},
  };
  EC_TRYV(uow.insert(schema::tables::communication_logs, row, work::As::engine));
  return ok();
}

}  // namespace eventcore::rules::communication
