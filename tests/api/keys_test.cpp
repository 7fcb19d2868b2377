// The commands about keys and copies through sessions: who may run them, what the store's chain says of them, what a
// repeat does, and that a store goes on where it stood.
#include <filesystem>

#include "api/engine_fixture.hpp"

namespace eventcore {
namespace {

using test::succeeded;

class KeysTest : public test::EngineTest {
 protected:
  static Key raw(std::uint8_t n) { return Key::raw(Bytes(32, n)); }
  static CallOptions with(const Key& key, std::string_view idempotency_key = {}) {
    CallOptions options;
    options.idempotency_key = idempotency_key;
    options.key = &key;
    return options;
  }
  Result<Json> run(const std::string& command, const Json& arguments, const Key& key,
                   std::string_view idempotency_key = {}) {
    return service().call(command, arguments, with(key, idempotency_key));
  }
  Json keys() { return accepted(service().call("list_keys", Json::object()))["keys"]; }
  Result<Engine> open_at(const std::string& name, Key key, bool read_only = false) {
    OpenOptions options;
    options.path = folder_.path(name);
    options.key = std::move(key);
    options.read_only = read_only;
    return Engine::open(std::move(options));
  }
  static test::Caller caller_of(Engine& engine) {
    return test::Caller(engine.session(R"({"kind":"service","reason":"test"})").assume_value());
  }
  // Entries of the store's own chain with that operation, and what they say.
  static std::vector<Json> acts(Engine& engine, const std::string& operation) {
    const Json page = accepted(caller_of(engine).list("audit_logs", {{"where", {{"operation", operation}}},
                                                                     {"order_by", Json::array({"seq"})},
                                                                     {"columns", Json::array({"new_values", "seq"})}}));
    std::vector<Json> out;
    for (const Json& row : page.at("rows")) {
      out.push_back(row.at("new_values"));
      EXPECT_EQ(out.back().erase("$reason"), 1U) << "a service says why";
    }
    return out;
  }
};

TEST_F(KeysTest, KeysAreListedByWhatTheyAreAndNeverByWhatTheyHold) {
  const Key second = Key::passphrase("words that nobody shall read");
  const Json added = accepted(run("add_key", {{"name", "office safe"}}, second));
  EXPECT_EQ(added, (Json{{"slot", 2}}));
  const Json all = keys();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["kind"], "raw");
  EXPECT_TRUE(all[0]["opened"].get<bool>());
  EXPECT_EQ(all[1]["kind"], "passphrase");
  EXPECT_EQ(all[1]["name"], "office safe");
  EXPECT_EQ(all[1]["created_at"], "2026-09-21T14:13:20Z");
  EXPECT_FALSE(all[1]["opened"].get<bool>());
  EXPECT_EQ(dump(all).find("nobody"), std::string::npos);
  EXPECT_EQ(engine_->logs(1'000).find("nobody"), std::string::npos);
  EXPECT_EQ(dump(acts(*engine_, "add_key").at(0)), R"({"kind":"passphrase","name":"office safe","slot":2})");
  EXPECT_TRUE(open_at("test.ecdb", Key::passphrase("words that nobody shall read")));
  accepted(service().call("remove_key", {{"slot", 2}}));
  EC_EXPECT_REFUSED("wrong_key", open_at("test.ecdb", Key::passphrase("words that nobody shall read")));
  EC_EXPECT_REFUSED("not_found", service().call("remove_key", {{"slot", 2}}));
  EC_EXPECT_REFUSED("invalid_argument", service().call("remove_key", {{"slot", 1}}));
  EXPECT_EQ(dump(acts(*engine_, "remove_key").at(0)), R"({"slot":2})");
}

TEST_F(KeysTest, OnlyTheServiceOfTheWholeStoreRunsThem) {
  const Key key = raw(9);
  const Json path = {{"path", folder_.path("copy.ecdb")}};
  for (const auto& [command, arguments] : std::vector<std::pair<std::string, Json>>{{"list_keys", Json::object()},
                                                                                    {"add_key", Json::object()},
                                                                                    {"remove_key", {{"slot", 1}}},
                                                                                    {"rotate_key", Json::object()},
                                                                                    {"backup", path},
                                                                                    {"restore", path}}) {
    CallOptions options;
    if (command != "list_keys" && command != "remove_key") options.key = &key;
    EC_EXPECT_REFUSED("command_denied", owner().call(command, arguments, options)) << command;
    EC_EXPECT_REFUSED("command_denied", anon().call(command, arguments, options)) << command;
    EC_EXPECT_REFUSED("command_denied", service_of(organization_).call(command, arguments, options)) << command;
    EC_EXPECT_REFUSED("unknown_command", service().call_many(Json::array({Json::array({command, arguments})})));
  }
  EXPECT_EQ(keys().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("copy.ecdb")));
}

TEST_F(KeysTest, AKeyIsAskedForWhereItBelongsAndRefusedElsewhere) {
  const Key key = raw(9);
  EC_EXPECT_REFUSED("key_required", service().call("add_key", Json::object()));
  EC_EXPECT_REFUSED("key_required", service().call("backup", {{"path", folder_.path("copy.ecdb")}}));
  EC_EXPECT_REFUSED("invalid_argument", run("list_keys", Json::object(), key));
  EC_EXPECT_REFUSED("invalid_argument", run("remove_key", {{"slot", 1}}, key));
  EC_EXPECT_REFUSED("invalid_argument", run("verify_store", Json::object(), key));
  EC_EXPECT_REFUSED("invalid_argument", service().call_many(Json::array(), with(key)));
  EC_EXPECT_REFUSED("invalid_key", run("add_key", Json::object(), Key::raw(Bytes(31, 1))));
  EC_EXPECT_REFUSED("invalid_argument", run("rotate_key", {{"data_key", true}, {"slot", 1}}, key));
  auto session = service();
  ASSERT_TRUE(session.session().begin());
  EC_EXPECT_REFUSED("transaction_open", session.call("add_key", Json::object(), with(key)));
  ASSERT_TRUE(session.session().rollback());
}

TEST_F(KeysTest, ARepeatUnderItsKeyChangesNothingMore) {
  const Key key = raw(9);
  const Json first = accepted(run("add_key", Json::object(), key, "add-key-1-0123456789"));
  EXPECT_EQ(accepted(run("add_key", Json::object(), key, "add-key-1-0123456789")), first);
  EXPECT_EQ(keys().size(), 2U);
  const Json rotated = accepted(run("rotate_key", {{"data_key", true}}, key, "renew-1-0123456789"));
  EXPECT_EQ(accepted(run("rotate_key", {{"data_key", true}}, key, "renew-1-0123456789")), rotated);
  EXPECT_EQ(acts(*engine_, "rotate_key").size(), 1U);
  EC_EXPECT_REFUSED("idempotency_mismatch",
                    run("rotate_key", {{"data_key", true}, {"name", "x"}}, key, "renew-1-0123456789"));
}

TEST_F(KeysTest, ARecoveryCodeStandsInTheChainAndItsTextDoesNot) {
  const std::string code = engine_->add_recovery_code().assume_value();
  ASSERT_EQ(acts(*engine_, "add_key").size(), 1U);
  EXPECT_EQ(dump(acts(*engine_, "add_key").at(0)), R"({"kind":"recovery_code","slot":2})");
  EXPECT_TRUE(open_at("test.ecdb", Key::recovery_code(code)));
}

TEST_F(KeysTest, RotatingExchangesTheKeyThatOpenedTheStore) {
  const Key second = raw(9);
  accepted(run("rotate_key", {{"name", "new"}}, second));
  EXPECT_EQ(keys().size(), 1U);
  EXPECT_EQ(keys()[0]["name"], "new");
  EXPECT_TRUE(keys()[0]["opened"].get<bool>());
  EXPECT_EQ(dump(acts(*engine_, "rotate_key").at(0)), R"({"kind":"raw","name":"new","removed":1,"slot":2})");
  const Key third = raw(10);
  accepted(run("rotate_key", Json::object(), third));
  EC_EXPECT_REFUSED("wrong_key", open_at("test.ecdb", raw(9)));
  EXPECT_TRUE(open_at("test.ecdb", raw(10)));
}

TEST_F(KeysTest, UnderANewDataKeyTheStoreGoesOnWithItsHistory) {
  const std::string event = new_event();
  const std::string category = new_category(event, 10);
  auto session = owner();
  accepted(session.call("place_order", order_of(event, category, 2)));
  const Json audit = accepted(service().call("verify_audit", {{"organization_id", organization_}}));
  const Key key = raw(9);
  EXPECT_EQ(accepted(run("rotate_key", {{"data_key", true}}, key)), (Json{{"slot", 1}, {"data_key", true}}));
  EXPECT_EQ(acts(*engine_, "rotate_key").size(), 1U);
  const Json after = accepted(service().call("verify_audit", {{"organization_id", organization_}}));
  EXPECT_EQ(after["head"], audit["head"]);
  EXPECT_EQ(after["checkpoint"]["public_key"], audit["checkpoint"]["public_key"]);
  accepted(session.call("place_order", order_of(event, category, 1)));
  const Json report = accepted(service().call("verify_store", Json::object()));
  EXPECT_TRUE(report["ok"].get<bool>()) << dump(report);
}

TEST_F(KeysTest, ABackupIsAWholeStore) {
  const std::string event = new_event();
  const std::string category = new_category(event, 10);
  accepted(owner().call("place_order", order_of(event, category, 2)));
  const Key key = raw(9);
  const Json report = accepted(run("backup", {{"path", folder_.path("copy.ecdb")}}, key));
  EXPECT_GT(report["bytes"].get<std::int64_t>(), 100'000);
  EXPECT_GT(report["rows"].get<std::int64_t>(), 5);
  EXPECT_EQ(report["head"].get<std::string>().size(), 64U);
  EC_EXPECT_REFUSED("store_exists", run("backup", {{"path", folder_.path("copy.ecdb")}}, key));
  auto copy = open_at("copy.ecdb", raw(9));
  ASSERT_TRUE(succeeded(copy));
  auto reader = caller_of(copy.assume_value());
  EXPECT_EQ(reader.count("ticket_orders").assume_value(), service().count("ticket_orders").assume_value());
  const Json checked = accepted(reader.call("verify_store", Json::object()));
  EXPECT_TRUE(checked["ok"].get<bool>()) << dump(checked);
  EXPECT_EQ(accepted(reader.call("list_keys", Json::object()))["keys"].size(), 1U);
}

TEST_F(KeysTest, ARestoreStandsInTheChainWithTheHeadThatWasLost) {
  const Key key = raw(9);
  accepted(run("backup", {{"path", folder_.path("copy.ecdb")}}, key));
  accepted(run("add_key", {{"name", "lost"}}, raw(11)));  // stands in the chain that goes, and in the slots that stay
  const std::string lost_event = new_event();
  const Json before = accepted(service().call("verify_audit", {{"organization_id", to_text(Uuid{})}}));
  ASSERT_TRUE(engine_->close());
  auto backup = open_at("copy.ecdb", raw(9), true);
  ASSERT_TRUE(succeeded(backup));
  const Key own = Key::raw(test::test_key);
  const Json reply =
      accepted(caller_of(backup.assume_value())
                   .call("restore", {{"path", folder_.path("test.ecdb")}, {"replace", true}}, with(own)));
  EXPECT_EQ(reply["lost"]["chain"]["head"], before["head"]);
  open();
  EC_EXPECT_REFUSED("not_found", service().get("events", lost_event));
  const auto said = acts(*engine_, "restore");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0]["lost"], reply["lost"]);
  EXPECT_EQ(keys().size(), 2U) << "the store keeps its own keys";
  EXPECT_EQ(keys()[1]["name"], "lost");
  const Json report = accepted(service().call("verify_store", Json::object()));
  EXPECT_TRUE(report["ok"].get<bool>()) << dump(report);
}

TEST_F(KeysTest, ABrokenChainIsNotBackedUp) {
  verify_at_end_ = false;
  new_event();
  ASSERT_TRUE(core_->store().assume_value()->write([&](store::Writer& writer) -> Status {
    EC_TRY(organization, parse_uuid(organization_));
    EC_TRY(head, writer.chain_head(organization));
    head.hash[0] ^= 1U;
    return writer.set_chain_head(organization, head);
  }));
  const Key key = raw(9);
  EC_EXPECT_REFUSED("store_corrupt", run("backup", {{"path", folder_.path("copy.ecdb")}}, key));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("copy.ecdb")));
}

}  // namespace
}  // namespace eventcore
