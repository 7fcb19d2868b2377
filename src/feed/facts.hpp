// The policy facts of a row as stored with its change, and back: a row and its event rebuilt from them, on which the
// predicates decide whether a subscriber may learn of the change.
// Thread: plain functions; RecalledFacts belongs to one decision.
#pragma once

#include <optional>
#include <string>

#include <eventcore/result.hpp>
#include "policy/predicates.hpp"
#include "store/reader.hpp"

namespace eventcore::feed {

// JSON of the columns predicates look at, and is_public and status of the row's event. `digest` turns folded e-mail
// text into a keyed digest, since the feed holds no address.
Result<std::string> facts_of(const Record& row, store::Reader& reader, policy::Related& related);

// A row with only the policy columns set, and its event and conversation, as they were when the change was written.
class RecalledFacts final : public policy::Related {
 public:
  static Result<std::optional<RecalledFacts>> parse(const schema::TableDef& table, const Uuid& organization,
                                                    const Uuid& id, const std::string& facts);
  RecalledFacts(Record row, std::optional<Record> event, std::optional<Record> conversation)
      : row_(std::move(row)), event_(std::move(event)), conversation_(std::move(conversation)) {}
  RecalledFacts(RecalledFacts&& other) noexcept
      : row_(std::move(other.row_)), event_(std::move(other.event_)), conversation_(std::move(other.conversation_)) {}

  [[nodiscard]] const Record& record() const { return row_; }
  Result<const Record*> row(const schema::TableDef& table, const Uuid& organization, const Uuid& id) override;
  Result<bool> any_event_at(const Record& venue, const Expr& condition) override;

 private:
  Record row_;
  std::optional<Record> event_;
  std::optional<Record> conversation_;
};

}  // namespace eventcore::feed
