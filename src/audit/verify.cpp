#include "audit/verify.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "audit/chain.hpp"
#include "audit/entry.hpp"
#include "base/blake2b_many.hpp"
#include "base/json.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "store/key_slots.hpp"
#include "store/scan.hpp"

namespace eventcore::audit {

namespace a = col::audit_logs;
using store::RowView;

namespace {

// Entries that are hashed side by side, unless their images are long.
constexpr std::size_t batch_entries = 64;
constexpr std::size_t batch_bytes = 512 * 1024;

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
void note_erased(const RowView& entry, std::vector<Erased>& erased) {
  if (entry.text(a::operation) != "erase" || entry.is_null(a::new_values)) return;
  auto parsed = parse_json(entry.text(a::new_values));
  if (!parsed || !parsed.assume_value().contains("erased")) return;
  for (const Json& range : parsed.assume_value()["erased"])
    if (range.is_array() && range.size() == 2 && range[0].is_number_integer() && range[1].is_number_integer())
      erased.push_back(
          {range[0].get<std::int64_t>(), std::min(range[1].get<std::int64_t>(), entry.integer(a::seq) - 1)});
}

// The one copy of a principal that the hash does not cover.
bool names_its_user(const RowView& entry) {
  if (entry.text(a::principal_kind) != "user") return entry.is_null(a::user_id);
  return std::ranges::equal(entry.bytes(a::user_id), entry.bytes(a::principal_id));
}

// What is stored where a digest should be; of another length it equals no digest.
struct StoredDigest {
  Digest digest{};
  bool complete = false;

  void take(ByteView bytes) {
    complete = bytes.size() == digest.size();
    digest = {};
    if (complete) std::ranges::copy(bytes, digest.begin());
  }
  bool operator==(const Digest& computed) const { return complete && digest == computed; }
};

// What one entry says of itself, kept until the hashes of its batch are computed.
struct Claims {
  enum class Image : std::uint8_t { stands, dropped, without_salt };

  std::int64_t seq = 0;
  StoredDigest hash;
  std::array<StoredDigest, 4> commitments;
  std::array<Image, 4> images{};
  bool user_named = false;
};

// The entries of a chain in their order. An entry's hash is computed from the stored hash of the one before, which is
// itself compared with what was computed: so a batch of them can go through the rounds side by side.
class Walk {
 public:
  Walk(ChainReport& report, const Uuid& organization, const store::Checkpoint& checkpoint)
      : report_(report), organization_(organization), checkpoint_(checkpoint) {
    claims_.reserve(batch_entries);
  }

  // Whether to go on.
  bool entry(const RowView& row) {
    Claims& claims = claims_.emplace_back();
    claims.seq = row.integer(a::seq);
    claims.user_named = names_its_user(row);
    for (std::size_t i = 0; i < 4; ++i) claims.commitments[i].take(row.bytes(image_columns[i].commitment));
    add_entry(row, claims);
    for (std::size_t i = 0; i < 4; ++i) claims.images[i] = add_image(row, image_columns[i]);
    claims.hash.take(row.bytes(a::entry_hash));
    previous_ = claims.hash.digest;
    note_erased(row, erased_);
    if (claims_.size() == batch_entries || hashes_.size() >= batch_bytes) check_batch();
    return !report_.first_bad;
  }

  void finish(const store::ChainHead& head) {
    check_batch();
    report_.head = verified_;
    if (report_.first_bad) return;
    for (std::int64_t seq : blank_) {
      const bool listed = std::any_of(erased_.begin(), erased_.end(),
                                      [&](const Erased& range) { return range.first <= seq && seq <= range.last; });
      if (!listed) return bad(seq, "an image is missing and no erasure lists it");
    }
    if (head.seq > report_.entries) return bad(report_.entries + 1, "the chain's end is missing");
    if (head.seq < report_.entries) return bad(head.seq + 1, "the entry was not written by the engine");
    if (head.hash != verified_) return bad(head.seq, "the entry was changed");
    if (head.seq > 0 && checkpoint_.seq == 0) return bad(head.seq, "the signed checkpoint is missing");
    if (checkpoint_.seq > head.seq) bad(head.seq + 1, "a signed entry is missing");
  }

 private:
  void add_entry(const RowView& row, const Claims& claims) {
    std::array<Digest, 4> commitments;
    for (std::size_t i = 0; i < 4; ++i) commitments[i] = claims.commitments[i].digest;
    add_entry_message(hashes_, previous_,
                      {.organization = ByteView(organization_.bytes),
                       .seq = claims.seq,
                       .time = row.integer(a::timestamp),
                       .principal_kind = row.text(a::principal_kind),
                       .principal_id = row.bytes(a::principal_id),
                       .table = row.text(a::table_name),
                       .row = row.bytes(a::record_id),
                       .operation = row.text(a::operation),
                       .command = row.text(a::command)},
                      commitments);
  }

  // An image that has been dropped has no message.
  Claims::Image add_image(const RowView& row, const ImageColumns& columns) {
    const ByteView salt = row.bytes(columns.salt);
    if (salt.empty()) return row.is_null(columns.image) ? Claims::Image::dropped : Claims::Image::without_salt;
    hashes_.begin(salt).add(row.text(columns.image));
    return Claims::Image::stands;
  }

  void check_batch() {
    std::span<const Digest> computed = hashes_.finish();
    for (const Claims& claims : claims_) {
      if (report_.first_bad) break;
      check(claims, computed);
    }
    claims_.clear();
  }

  // Takes what it compares off the front of `computed`: the entry's hash, then one for each image that stands.
  void check(const Claims& claims, std::span<const Digest>& computed) {
    const auto next = [&]() -> const Digest& {
      const Digest& first = computed.front();
      computed = computed.subspan(1);
      return first;
    };
    if (claims.seq != report_.entries + 1) return bad(report_.entries + 1, "the entry is missing");
    const Digest& hash = next();
    if (claims.hash != hash) return bad(claims.seq, "the entry was changed, or the one before it");
    if (!claims.user_named) return bad(claims.seq, "the user was changed");
    if (claims.seq == checkpoint_.seq && hash != checkpoint_.hash)
      return bad(claims.seq, "the entry differs from the signed one");
    for (std::size_t i = 0; i < 4; ++i) {
      if (claims.images[i] == Claims::Image::without_salt) bad(claims.seq, "an image stands without its salt");
      if (claims.images[i] == Claims::Image::dropped) blank_.insert(claims.seq);
      if (claims.images[i] != Claims::Image::stands) continue;
      if (claims.commitments[i] != next()) bad(claims.seq, "an image was changed");
    }
    verified_ = hash;
    report_.entries = claims.seq;
  }

  void bad(std::int64_t seq, std::string reason) {
    if (!report_.first_bad) report_.first_bad = FirstBad{seq, std::move(reason)};
  }

  ChainReport& report_;
  const Uuid& organization_;
  const store::Checkpoint& checkpoint_;
  Blake2bMany hashes_;
  std::vector<Claims> claims_;
  Digest previous_{};  // as stored in the entry before
  Digest verified_{};  // of the last entry that was found good
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
  Walk walk(report, organization, head.checkpoint);
  store::Query query;
  query.table = &schema::tables::audit_logs;
  query.organization = organization;
  query.order = {{a::seq.index, false}};
  EC_TRYV(store::Scan(reader).each(query, [&](const RowView& row) { return walk.entry(row); }));
  walk.finish(head);
  if (!report.first_bad && head.checkpoint.seq != 0 && !signature_holds(reader, organization, head.checkpoint))
    report.first_bad = FirstBad{head.checkpoint.seq, "the checkpoint's signature is wrong"};
  report.ok = !report.first_bad;
  return report;
}

}  // namespace eventcore::audit
