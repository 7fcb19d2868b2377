// The audit chain recomputed from the stored rows by other code: canonical form, commitments and entry hashes are
// written here anew from the published description, on libsodium alone.
#include <sodium.h>

#include <algorithm>
#include <set>

#include "audit/chain.hpp"
#include "audit/verify.hpp"
#include "policy/principal.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {
namespace {

namespace a = col::audit_logs;
namespace tables = schema::tables;
using policy::Role;
using Bytes32 = std::array<std::uint8_t, 32>;

// canonical(): every field a 4-byte big-endian length and its bytes, null as the length FFFFFFFF.
class Fields {
 public:
  void raw(const std::uint8_t* data, std::size_t size) {
    const auto length = static_cast<std::uint32_t>(size);
    for (unsigned shift : {24U, 16U, 8U, 0U}) bytes_.push_back(static_cast<std::uint8_t>(length >> shift));
    bytes_.insert(bytes_.end(), data, data + size);
  }
  void null() { bytes_.insert(bytes_.end(), 4, 0xFF); }
  void text(const std::string& s) { raw(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); }
  void number(std::int64_t value) {
    std::uint8_t big[8];
    const auto bits = static_cast<std::uint64_t>(value);
    for (unsigned i = 0; i < 8; ++i) big[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
    raw(big, 8);
  }
  void uuid(const Value& value) {
    if (value.is_null())
      null();
    else
      raw(value.uuid().bytes.data(), 16);
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

Bytes32 commit(const Value& image, const Bytes& salt) {
  const std::string text = image.is_null() ? "" : image.text();
  Bytes32 out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     salt.empty() ? nullptr : salt.data(), salt.size());
  return out;
}

Bytes32 hash_of(const Bytes32& previous, const Record& entry, const std::array<Bytes32, 4>& c) {
  Fields fields;
  fields.raw(entry[a::organization_id].uuid().bytes.data(), 16);
  fields.number(entry[a::seq].integer());
  fields.number(entry[a::timestamp].integer());
  fields.text(entry[a::principal_kind].text());
  fields.uuid(entry[a::principal_id]);
  fields.text(entry[a::table_name].text());
  fields.uuid(entry[a::record_id]);
  fields.text(entry[a::operation].text());
  fields.text(entry[a::command].text());
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, 32);
  const std::string tag = "ec-audit-v1";
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(tag.data()), tag.size());
  crypto_generichash_update(&state, previous.data(), previous.size());
  crypto_generichash_update(&state, fields.bytes().data(), fields.bytes().size());
  for (const Bytes32& part : c) crypto_generichash_update(&state, part.data(), part.size());
  Bytes32 out{};
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

std::array<Bytes32, 4> commitments_of(const Record& entry) {
  return {
      commit(entry[a::old_personal], entry[a::salt1].bytes()), commit(entry[a::old_values], entry[a::salt2].bytes()),
      commit(entry[a::new_personal], entry[a::salt3].bytes()), commit(entry[a::new_values], entry[a::salt4].bytes())};
}

Bytes as_stored(const Bytes32& digest) {
  return {digest.begin(), digest.end()};
}

class AuditTest : public Fixture {
 protected:
  std::vector<Record> entries() {
    std::vector<Record> rows;
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      store::Query query;
      query.table = &tables::audit_logs;
      query.organization = organization_;
      query.order = {{a::seq.index, false}};
      EC_TRY(found, reader.list(query));
      rows = std::move(found);
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return rows;
  }
  Record last() { return entries().back(); }

  // Every entry against the published description; answers how many there are.
  std::size_t expect_chain_as_described() {
    const std::vector<Record> all = entries();
    Bytes32 previous{};
    std::int64_t seq = 0;
    for (const Record& entry : all) {
      EXPECT_EQ(entry[a::seq].integer(), ++seq);
      const std::array<Bytes32, 4> c = commitments_of(entry);
      const Column columns[4] = {a::c1, a::c2, a::c3, a::c4};
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(entry[columns[i]].bytes(), as_stored(c[i])) << seq << " c" << i + 1;
      previous = hash_of(previous, entry, c);
      EXPECT_EQ(entry[a::entry_hash].bytes(), as_stored(previous)) << seq;
    }
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(head, reader.chain_head(organization_));
      EXPECT_EQ(head.seq, seq);
      EXPECT_TRUE(std::equal(head.hash.begin(), head.hash.end(), previous.begin()));
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return all.size();
  }

  static Json image(const Record& entry, Column column) {
    if (entry[column].is_null()) return nullptr;
    return parse_json(entry[column].text()).assume_value();
  }

  store::Checkpoint checkpoint() {
    store::Checkpoint last_signed;
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(head, reader.chain_head(organization_));
      last_signed = head.checkpoint;
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return last_signed;
  }

  audit::ChainReport verify() {
    audit::ChainReport report;
    const Status read = store_->read([&](store::Reader& reader) -> Status {
      EC_TRY(found, audit::verify_chain(reader, organization_));
      report = std::move(found);
      return ok();
    });
    EXPECT_TRUE(read.has_value());
    return report;
  }
};

TEST_F(AuditTest, EveryKindOfPrincipalAndEveryOperationChainsAsDescribed) {
  const Uuid event = add_event({{"is_public", true}});
  const Uuid category = add_category(event, 20);
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}});
  const Principal admin = as_user(Role::admin);
  EC_EXPECT_OK(update(admin, tables::venues, venue, {{"name", "Big hall"}}));
  EC_EXPECT_OK(remove(admin, tables::venues, venue));
  const Json order = {{"event_id", to_text(event)},
                      {"items", {{{"ticket_category_id", to_text(category)}, {"quantity", 1}}}},
                      {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}}};
  EC_EXPECT_OK(call(as_customer("bea@example.org"), "place_order", order));
  EC_EXPECT_OK(call(as_anon(), "place_order", order));
  const auto device = call(admin, "register_device", {{"event_id", to_text(event)}, {"name", "Gate"}});
  ASSERT_TRUE(succeeded(device));
  Principal gate;
  const Status found = store_->read([&](store::Reader& reader) -> Status {
    EC_TRY(principal, policy::authenticate_device(reader, device.assume_value()["token"].get<std::string>()));
    gate = principal;
    return ok();
  });
  ASSERT_TRUE(found.has_value());
  EC_EXPECT_OK(call(gate, "check_in", {{"event_id", to_text(event)}, {"ticket_number", "TKT-UNKNOWN"}}));

  EXPECT_GT(expect_chain_as_described(), 10U);
  std::map<std::string, int> kinds;
  std::map<std::string, int> operations;
  for (const Record& entry : entries()) {
    ++kinds[entry[a::principal_kind].text()];
    ++operations[entry[a::operation].text()];
  }
  for (const char* kind : {"service", "user", "customer", "anon", "device"}) EXPECT_GT(kinds[kind], 0) << kind;
  EXPECT_EQ(operations.size(), 3U);
}

TEST_F(AuditTest, ImagesAreSortedMinifiedAndSplitByWhatIsPersonal) {
  as_user(Role::member);
  const Record entry = last();
  for (Column column : {a::new_personal, a::new_values}) {
    const std::string& text = entry[column].text();
    EXPECT_EQ(nlohmann::json::parse(text).dump(), text);
  }
  const Json personal = image(entry, a::new_personal);
  const Json other = image(entry, a::new_values);
  EXPECT_TRUE(personal.contains("email"));
  EXPECT_TRUE(personal.contains("full_name"));
  EXPECT_FALSE(other.contains("email"));
  EXPECT_TRUE(other.contains("role"));
  EXPECT_EQ(entry[a::new_values].text().find("example.org"), std::string::npos);
  EXPECT_TRUE(entry[a::old_personal].is_null());
  EXPECT_TRUE(entry[a::old_values].is_null());
}

TEST_F(AuditTest, AnUpdateKeepsChangedColumnsOnly) {
  const Uuid venue = add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}});
  clock_.advance(1'000'000);
  EC_EXPECT_OK(update(as_user_row(owner_), tables::venues, venue, {{"name", "Big hall"}, {"max_capacity", 5}}));
  const Record entry = last();
  const Json before = image(entry, a::old_values);
  const Json after = image(entry, a::new_values);
  EXPECT_EQ(before["name"], "Hall");
  EXPECT_EQ(after["name"], "Big hall");
  EXPECT_FALSE(after.contains("max_capacity"));
  EXPECT_FALSE(after.contains("address"));
  EXPECT_EQ(after["version"], 2);
}

TEST_F(AuditTest, ACustomersAddressIsInThePersonalPartOnly) {
  const Uuid event = add_event({{"is_public", true}});
  const Uuid category = add_category(event, 20);
  const std::size_t before = entries().size();
  EC_EXPECT_OK(call(as_customer("cleo@example.org"), "place_order",
                    {{"event_id", to_text(event)},
                     {"items", {{{"ticket_category_id", to_text(category)}, {"quantity", 1}}}},
                     {"customer", {{"email", "cleo@example.org"}, {"name", "Cleo"}}}}));
  const std::vector<Record> all = entries();
  ASSERT_GT(all.size(), before);
  for (std::size_t i = before; i < all.size(); ++i) {
    EXPECT_NE(all[i][a::new_personal].text().find("cleo@example.org"), std::string::npos) << i;
    EXPECT_TRUE(all[i][a::principal_id].is_null());
    for (Column column : {a::old_values, a::new_values}) {
      EXPECT_EQ(all[i][column].text().find("cleo"), std::string::npos) << i;
    }
  }
}

TEST_F(AuditTest, NoImageHoldsASealedValue) {
  const Uuid platform = add(tables::social_media_platforms, {{"platform_name", "youtube"}});
  add(tables::social_media_accounts, {{"platform_id", to_text(platform)},
                                      {"account_handle", "@house"},
                                      {"api_credentials", {{"token", "very-secret-token"}}}});
  for (const Record& entry : entries()) {
    for (Column column : {a::old_values, a::new_values, a::old_personal, a::new_personal}) {
      EXPECT_EQ(entry[column].text().find("very-secret-token"), std::string::npos);
      EXPECT_EQ(entry[column].text().find("api_credentials"), std::string::npos);
    }
  }
}

TEST_F(AuditTest, EverySaltIsItsOwn) {
  add_event();
  std::set<Bytes> salts;
  std::size_t count = 0;
  for (const Record& entry : entries())
    for (Column column : {a::salt1, a::salt2, a::salt3, a::salt4}) {
      EXPECT_EQ(entry[column].bytes().size(), 16U);
      salts.insert(entry[column].bytes());
      ++count;
    }
  EXPECT_EQ(salts.size(), count);
}

TEST_F(AuditTest, ARefusedWriteLeavesNoEntry) {
  const std::size_t before = entries().size();
  EC_EXPECT_REFUSED("policy_denied", insert(as_user(Role::member), tables::venues,
                                            {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}}));
  EXPECT_EQ(entries().size(), before + 1);  // the member himself
}

// Somebody with the store's key and no scruples.
class TamperedAuditTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    for (int i = 0; i < 6; ++i)
      add(tables::venues, {{"name", "Hall " + std::to_string(i)}, {"address", "1 Road"}, {"max_capacity", 5}});
    ASSERT_TRUE(verify().ok);
    count_ = static_cast<std::int64_t>(entries().size());
    organizations_.clear();  // the end of the test does not look at this chain
  }
  void raw(const std::function<Status(store::Writer&)>& act) {
    const Status done = store_->write([&](store::Writer& writer) {
      writer.arm(true);
      return act(writer);
    });
    ASSERT_TRUE(done.has_value()) << done.error().to_json();
  }
  Record entry(std::int64_t seq) { return entries()[static_cast<std::size_t>(seq - 1)]; }
  void edit(std::int64_t seq, const Changes& changes) {
    const Uuid id = entry(seq).id();
    raw([&](store::Writer& writer) { return writer.update(tables::audit_logs, organization_, id, changes); });
  }
  void expect_broken_at(std::int64_t seq) {
    const audit::ChainReport report = verify();
    EXPECT_FALSE(report.ok);
    ASSERT_TRUE(report.first_bad.has_value());
    EXPECT_EQ(report.first_bad->seq, seq) << report.first_bad->reason;
  }
  // Hashes every entry from `seq` on anew, and the head.
  void rechain(std::int64_t from) {
    const std::vector<Record> all = entries();
    Bytes32 previous{};
    raw([&](store::Writer& writer) -> Status {
      for (const Record& row : all) {
        std::array<Bytes32, 4> c{};
        const Column columns[4] = {a::c1, a::c2, a::c3, a::c4};
        for (std::size_t i = 0; i < 4; ++i) std::copy_n(row[columns[i]].bytes().begin(), 32, c[i].begin());
        previous = hash_of(previous, row, c);
        if (row[a::seq].integer() < from) continue;
        EC_TRYV(writer.update(tables::audit_logs, organization_, row.id(),
                              {{a::entry_hash.index, Value(as_stored(previous))}}));
      }
      EC_TRY(head, writer.chain_head(organization_));
      head.seq = static_cast<std::int64_t>(all.size());
      std::copy(previous.begin(), previous.end(), head.hash.begin());
      return writer.set_chain_head(organization_, head);
    });
  }

  std::int64_t count_ = 0;
};

TEST_F(TamperedAuditTest, AnyEditedFieldIsNoticed) {
  struct Edit {
    Column column;
    Value value;
  };
  const Edit edits[] = {{a::timestamp, Value(std::int64_t{1})},
                        {a::table_name, Value("users")},
                        {a::operation, Value("delete")},
                        {a::record_id, Value(organization_)},
                        {a::record_id, Value()},
                        {a::principal_kind, Value("anon")},
                        {a::principal_id, Value(organization_)},
                        {a::command, Value("another")},
                        {a::user_id, Value(owner_)},
                        {a::new_values, Value("{\"name\":\"Castle\"}")},
                        {a::new_values, Value()},
                        {a::old_values, Value("{}")},
                        {a::old_personal, Value("{}")},
                        {a::c4, Value(Bytes(32, 1))},
                        {a::salt4, Value(Bytes(16, 1))},
                        {a::entry_hash, Value(Bytes(32, 1))}};
  for (const Edit& e : edits) {
    SCOPED_TRACE(tables::audit_logs.columns[e.column.index].name);
    const Value before = entry(4)[e.column];
    edit(4, {{e.column.index, e.value}});
    expect_broken_at(4);
    edit(4, {{e.column.index, before}});
    ASSERT_TRUE(verify().ok);
  }
}

// Entries are verified many at a time; no place among them is better hidden than another.
TEST_F(TamperedAuditTest, AnEditAnywhereInALongChainIsNoticedAtItsPlace) {
  for (int i = 0; i < 140; ++i) add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}});
  organizations_.clear();
  const std::vector<Record> all = entries();
  for (const std::int64_t seq : {1, 2, 63, 64, 65, 66, 127, 128, 129, static_cast<int>(all.size())}) {
    const Record& row = all[static_cast<std::size_t>(seq - 1)];
    edit(seq, {{a::timestamp.index, Value(std::int64_t{1})}});
    expect_broken_at(seq);
    edit(seq, {{a::timestamp.index, row[a::timestamp]}, {a::salt2.index, Value(Bytes(16, 1))}});
    expect_broken_at(seq);
    edit(seq, {{a::salt2.index, row[a::salt2]}});
    ASSERT_TRUE(verify().ok);
  }
}

TEST_F(TamperedAuditTest, AnEntryWithAFittingHashOfItsOwnBreaksTheNextOne) {
  for (int i = 0; i < 70; ++i) add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}});
  organizations_.clear();
  for (const std::int64_t seq : {4, 63, 64, 65}) {
    const Record before = entry(seq);
    edit(seq, {{a::command.index, Value("another")}});
    Bytes32 previous{};
    std::copy_n(entry(seq - 1)[a::entry_hash].bytes().begin(), 32, previous.begin());
    const Bytes32 hash = hash_of(previous, entry(seq), commitments_of(before));
    edit(seq, {{a::entry_hash.index, Value(as_stored(hash))}});
    expect_broken_at(seq + 1);
    edit(seq, {{a::command.index, before[a::command]}, {a::entry_hash.index, before[a::entry_hash]}});
    ASSERT_TRUE(verify().ok);
  }
}

TEST_F(TamperedAuditTest, ADroppedEntryInTheMiddleIsNoticed) {
  raw([&](store::Writer& writer) { return writer.erase(tables::audit_logs, organization_, entry(4).id()); });
  expect_broken_at(4);
}

TEST_F(TamperedAuditTest, ADroppedEndIsNoticed) {
  const std::vector<Record> all = entries();
  raw([&](store::Writer& writer) -> Status {
    EC_TRYV(writer.erase(tables::audit_logs, organization_, all[all.size() - 1].id()));
    return writer.erase(tables::audit_logs, organization_, all[all.size() - 2].id());
  });
  expect_broken_at(count_ - 1);
}

TEST_F(TamperedAuditTest, ADroppedChainIsNoticed) {
  const std::vector<Record> all = entries();
  raw([&](store::Writer& writer) -> Status {
    for (const Record& row : all) EC_TRYV(writer.erase(tables::audit_logs, organization_, row.id()));
    return ok();
  });
  expect_broken_at(1);
}

TEST_F(TamperedAuditTest, ReorderedEntriesAreNoticed) {
  const Uuid third = entry(3).id();
  const Uuid fourth = entry(4).id();
  const auto number = [&](store::Writer& writer, const Uuid& id, std::int64_t seq) {
    return writer.update(tables::audit_logs, organization_, id, {{a::seq.index, Value(seq)}});
  };
  raw([&](store::Writer& writer) -> Status {
    EC_TRYV(number(writer, third, 1'000));
    EC_TRYV(number(writer, fourth, 3));
    return number(writer, third, 4);
  });
  expect_broken_at(3);
}

TEST_F(TamperedAuditTest, AForeignEntryAtTheEndIsNoticed) {
  Record forged = entry(count_);
  forged.set(a::id, ids_->next());
  forged.set(a::seq, count_ + 1);
  Bytes32 previous{};
  std::copy_n(entry(count_)[a::entry_hash].bytes().begin(), 32, previous.begin());
  forged.set(a::entry_hash, as_stored(hash_of(previous, forged, commitments_of(forged))));
  raw([&](store::Writer& writer) { return writer.insert(forged); });
  expect_broken_at(count_ + 1);
}

TEST_F(TamperedAuditTest, AnImageChangedAndRechainedWithoutItsSaltIsNoticed) {
  const Value lie("{\"name\":\"Castle\"}");
  edit(4, {{a::new_values.index, lie}, {a::c4.index, Value(as_stored(commit(lie, {})))}});
  rechain(4);
  expect_broken_at(4);
}

TEST_F(TamperedAuditTest, AHeadThatWasNotMovedIsNoticed) {
  const Value lie("{\"name\":\"Castle\"}");
  const Bytes32 c4 = commit(lie, entry(count_)[a::salt4].bytes());
  edit(count_, {{a::new_values.index, lie}, {a::c4.index, Value(as_stored(c4))}});
  const Record row = entry(count_);
  Bytes32 previous{};
  std::copy_n(entry(count_ - 1)[a::entry_hash].bytes().begin(), 32, previous.begin());
  edit(count_, {{a::entry_hash.index, Value(as_stored(hash_of(previous, row, commitments_of(row))))}});
  expect_broken_at(count_);
}

TEST_F(TamperedAuditTest, ABlankedImageWithoutAnEraseEntryIsNoticed) {
  edit(4, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  expect_broken_at(4);
}

TEST_F(TamperedAuditTest, ABlankedImageIsFineOnceALaterEntryListsIt) {
  edit(4, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  organizations_.clear();
  EC_EXPECT_OK(run(as_service(), "erase_subject", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(unit.record_act(organization_, "erase", R"({"erased":[[4,4]]})"));
    return Json();
  }));
  EXPECT_TRUE(verify().ok);
  edit(5, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  expect_broken_at(5);
}

TEST_F(TamperedAuditTest, AnEraseEntryExcusesNothingThatComesAfterIt) {
  EC_EXPECT_OK(run(as_service(), "erase_subject", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(unit.record_act(organization_, "erase", R"({"erased":[[1,1000]]})"));
    return Json();
  }));
  add(tables::venues, {{"name", "Later"}, {"address", "1 Road"}, {"max_capacity", 5}});
  EXPECT_TRUE(verify().ok);
  edit(count_ + 2, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  expect_broken_at(count_ + 2);
}

TEST_F(TamperedAuditTest, AnEraseEntryThatNamesNoRangeExcusesNothing) {
  edit(4, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  for (const char* values : {R"({"erased":[4,[4],[4,"4"],["4",4],[4,4,4],{"first":4}]})", R"({"erased":"4"})",
                             R"({"gone":[[4,4]]})", "{}", "[[4,4]]"}) {
    EC_EXPECT_OK(run(as_service(), "erase_subject", [&](work::UnitOfWork& unit) -> Result<Json> {
      EC_TRYV(unit.record_act(organization_, "erase", values));
      return Json();
    }));
    expect_broken_at(4);
  }
}

TEST_F(TamperedAuditTest, ADigestOfAnotherLengthEqualsNone) {
  for (const Column column : {a::c1, a::c4, a::entry_hash}) {
    const Value whole = entry(4)[column];
    for (const std::size_t size : {0U, 31U, 33U}) {
      Bytes cut = whole.bytes();
      cut.resize(size);
      edit(4, {{column.index, Value(cut)}});
      expect_broken_at(4);
    }
    edit(4, {{column.index, whole}});
    EXPECT_TRUE(verify().ok);
  }
}

TEST_F(TamperedAuditTest, AnErasedEntryTakesNoNewImage) {
  EC_EXPECT_OK(run(as_service(), "erase_subject", [&](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(unit.record_act(organization_, "erase", R"({"erased":[[4,4]]})"));
    return Json();
  }));
  edit(4, {{a::new_personal.index, Value()}, {a::salt3.index, Value()}});
  ASSERT_TRUE(verify().ok);
  edit(4, {{a::new_personal.index, Value("{\"email\":\"somebody@else.example\"}")}});
  expect_broken_at(4);
}

TEST_F(TamperedAuditTest, AChainWrittenAnewWithTheDataKeyDiffersFromItsSignedCheckpoint) {
  clock_.advance(2'000'000);
  const Uuid venue = add(tables::venues, {{"name", "Signed"}, {"address", "1 Road"}, {"max_capacity", 5}});
  (void)venue;
  organizations_.clear();
  ASSERT_EQ(checkpoint().seq, count_ + 1);
  edit(4, {{a::timestamp.index, Value(std::int64_t{1})}});
  rechain(4);
  expect_broken_at(count_ + 1);
}

TEST_F(TamperedAuditTest, AChainCutBeforeItsSignedCheckpointIsNoticed) {
  clock_.advance(2'000'000);
  add(tables::venues, {{"name", "Signed"}, {"address", "1 Road"}, {"max_capacity", 5}});
  organizations_.clear();
  ASSERT_EQ(checkpoint().seq, count_ + 1);
  const Uuid last = entry(count_ + 1).id();
  raw([&](store::Writer& writer) { return writer.erase(tables::audit_logs, organization_, last); });
  rechain(1);  // the head fits what is left
  expect_broken_at(count_ + 1);
}

TEST_F(TamperedAuditTest, ACheckpointWithAnotherSignatureIsNoticed) {
  store::Checkpoint forged = checkpoint();
  forged.signature[10] ^= 1;
  raw([&](store::Writer& writer) { return writer.set_checkpoint(organization_, forged); });
  expect_broken_at(forged.seq);
  forged = checkpoint();
  forged.signature[10] ^= 1;
  forged.time += 1;
  raw([&](store::Writer& writer) { return writer.set_checkpoint(organization_, forged); });
  expect_broken_at(forged.seq);
}

TEST_F(TamperedAuditTest, AChainWithoutItsCheckpointIsNoticed) {
  raw([&](store::Writer& writer) { return writer.set_checkpoint(organization_, store::Checkpoint{}); });
  expect_broken_at(count_);
}

TEST_F(AuditTest, ACheckpointIsSignedWithTheFirstEntryAndAtMostOnceASecond) {
  const auto new_venue = [&] { add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}}); };
  const std::int64_t first = checkpoint().seq;
  EXPECT_GE(first, 1);
  const auto entries_now = [&] { return static_cast<std::int64_t>(entries().size()); };
  clock_.advance(1'000'000);
  new_venue();
  const store::Checkpoint second = checkpoint();
  EXPECT_EQ(second.seq, entries_now());
  EXPECT_EQ(second.time, clock_.now_us());
  clock_.advance(999'999);
  new_venue();
  EXPECT_EQ(checkpoint().seq, second.seq);
  clock_.advance(1);
  new_venue();
  EXPECT_EQ(checkpoint().seq, entries_now());
  EXPECT_TRUE(verify().ok);
}

TEST_F(AuditTest, AClockSetBackDoesNotStopTheSigning) {
  clock_.advance(-3'600'000'000);
  add(tables::venues, {{"name", "Hall"}, {"address", "1 Road"}, {"max_capacity", 5}});
  EXPECT_EQ(checkpoint().seq, static_cast<std::int64_t>(entries().size()));
  EXPECT_TRUE(verify().ok);
}

}  // namespace
}  // namespace eventcore::test
