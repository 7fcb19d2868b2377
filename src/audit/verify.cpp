#include "audit/verify.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "audit/chain.hpp"
#include "base/json.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "store/key_slots.hpp"

namespace eventcore::audit {

namespace a = col::audit_logs;

namespace {

constexpr std::int64_t page = 1'000;

std::string_view image_text(const Value& value) {
  return value.is_null() ? std::string_view{} : value.text();
}

struct ImageColumns {
  Column image;
  Column salt;
  Column commitment;
};
constexpr ImageColumns image_columns[4] = {{a::old_personal, a::salt1, a::c1},
                                           {a::old_values, a::salt2, a::c2},
                                           {a::new_personal, a::salt3, a::c3},
                                           {a::new_values, a::salt4, a::c4}};

// What an erase entry declared gone; it speaks of earlier entries only.
struct Erased {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// {"erased": [[first, last], ...]}
void note_erased(const Record& entry, std::vector<Erased>& erased) {
  if (entry[a::operation].text() != "erase" || entry[a::new_values].is_null()) return;
  auto parsed = parse_json(entry[a::new_values].text());
  if (!parsed || !parsed.assume_value().contains("erased")) return;
  for (const Json& range : parsed.assume_value()["erased"])
    if (range.is_array() && range.size() == 2 && range[0].is_number_integer() && range[1].is_number_integer())
      erased.push_back(
          {range[0].get<std::int64_t>(), std::min(range[1].get<std::int64_t>(), entry[a::seq].integer() - 1)});
}

// The one copy of a principal that the hash does not cover.
bool names_its_user(const Record& entry) {
  if (entry[a::principal_kind].text() != "user") return entry[a::user_id].is_null();
  return entry[a::user_id] == entry[a::principal_id];
}

class Walk {
 public:
  Walk(ChainReport& report, const store::Checkpoint& checkpoint) : report_(report), checkpoint_(checkpoint) {}

  void entry(const Record& row) {
    if (report_.first_bad) return;
    const std::int64_t seq = row[a::seq].integer();
    if (seq != report_.entries + 1) return bad(report_.entries + 1, "the entry is missing");
    const Digest expected = recompute(previous_, row);
    const Bytes& stored = row[a::entry_hash].bytes();
    if (!std::equal(stored.begin(), stored.end(), expected.begin(), expected.end()))
      return bad(seq, "the entry was changed, or the one before it");
    if (!names_its_user(row)) return bad(seq, "the user was changed");
    if (seq == checkpoint_.seq && expected != checkpoint_.hash)
      return bad(seq, "the entry differs from the signed one");
    check_images(row, seq);
    note_erased(row, erased_);
    previous_ = expected;
    report_.entries = seq;
  }

  void finish(const store::ChainHead& head) {
    report_.head = previous_;
    if (report_.first_bad) return;
    for (std::int64_t seq : blank_) {
      const bool listed = std::any_of(erased_.begin(), erased_.end(),
                                      [&](const Erased& range) { return range.first <= seq && seq <= range.last; });
      if (!listed) return bad(seq, "an image is missing and no erasure lists it");
    }
    if (head.seq > report_.entries) return bad(report_.entries + 1, "the chain's end is missing");
    if (head.seq < report_.entries) return bad(head.seq + 1, "the entry was not written by the engine");
    if (head.hash != previous_) return bad(head.seq, "the entry was changed");
    if (head.seq > 0 && checkpoint_.seq == 0) return bad(head.seq, "the signed checkpoint is missing");
    if (checkpoint_.seq > head.seq) bad(head.seq + 1, "a signed entry is missing");
  }

 private:
  void check_images(const Record& row, std::int64_t seq) {
    for (const ImageColumns& columns : image_columns) {
      const Value& salt = row[columns.salt];
      if (salt.is_null() || salt.bytes().empty()) {
        if (!row[columns.image].is_null()) return bad(seq, "an image stands without its salt");
        blank_.insert(seq);
        continue;
      }
      const Digest c = commitment(image_text(row[columns.image]), salt.bytes());
      const Bytes& stored = row[columns.commitment].bytes();
      if (!std::equal(stored.begin(), stored.end(), c.begin(), c.end())) return bad(seq, "an image was changed");
    }
  }
  void bad(std::int64_t seq, std::string reason) { report_.first_bad = FirstBad{seq, std::move(reason)}; }

  ChainReport& report_;
  const store::Checkpoint& checkpoint_;
  Digest previous_{};
  std::vector<Erased> erased_;
  std::set<std::int64_t> blank_;
};

bool signature_holds(const store::Reader& reader, const Uuid& organization, const store::Checkpoint& checkpoint) {
  const Bytes message = checkpoint_message(organization, checkpoint.seq, checkpoint.time, checkpoint.hash);
  return store::verify_signature(reader.signing_public_key(), message, checkpoint.signature);
}

}  // namespace

Result<ChainReport> verify_chain(store::Reader& reader, const Uuid& organization) {
  EC_TRY(head, reader.chain_head(organization));
  ChainReport report;
  Walk walk(report, head.checkpoint);
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.limit = page;
  query.order = {{a::seq.index, false}};
  for (;;) {
    EC_TRY(rows, reader.list(query));
    for (const Record& row : rows) walk.entry(row);
    if (report.first_bad || rows.size() < static_cast<std::size_t>(page)) break;
    query.after = {rows.back()[a::seq], Value(rows.back().id())};
  }
  walk.finish(head);
  if (!report.first_bad && head.checkpoint.seq != 0 && !signature_holds(reader, organization, head.checkpoint))
    report.first_bad = FirstBad{head.checkpoint.seq, "the checkpoint's signature is wrong"};
  report.ok = !report.first_bad;
  return report;
}

}  // namespace eventcore::audit
