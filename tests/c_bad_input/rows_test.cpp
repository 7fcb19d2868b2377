// Every table and every call on rows, with every kind of bad input that the schema knows.
#include "c_bad_input/bad_values.hpp"
#include "c_bad_input/ground.hpp"

namespace eventcore::host {
namespace {

struct RowsTest : Ground {
  // One bad column after the other, then all of them at once: each is named, nothing else is, and nothing happens.
  template <class Send>
  void try_columns(const json& table, const json& good, const Send& send) {
    json all = good;
    std::set<std::string> all_names;
    for (const json& one : table.at("columns")) {
      const std::string name = one.at("name");
      for (const BadValue& bad : bad_values(one)) {
        json row = good;
        row[name] = bad.value;
        refused(send(row), {name}, name + " " + bad.kind);
        all[name] = bad.value;
        all_names.insert(name);
      }
    }
    all["no_such_column"] = 1;
    all_names.insert("no_such_column");
    refused(send(all), all_names, "all columns");
    json unknown = good;
    unknown["no_such_column"] = 1;
    refused(send(unknown), {"no_such_column"}, "an unknown column");
  }

  static std::set<std::string> required_columns(const json& table) {
    std::set<std::string> names;
    for (const json& one : table.at("columns"))
      if (one.at("required").get<bool>()) names.insert(one.at("name").get<std::string>());
    return names;
  }

  void refused(const Answer& answer, const std::set<std::string>& fields, const std::string& what) {
    EXPECT_EQ(answer.status, EC_E_INVALID_ARGUMENT) << what << ": " << answer.error;
    if (answer.status == EC_E_INVALID_ARGUMENT) {
      EXPECT_EQ(fields_of(answer.error), fields) << what;
    }
    expect_nothing_changed(what);
  }

  void answers(ec_status wanted, const Answer& answer, const std::string& what) {
    EXPECT_EQ(answer.status, wanted) << what << ": " << answer.error;
    expect_nothing_changed(what);
  }

  // An id of the other organization is answered as one that is nowhere.
  template <class Send>
  void same_as_absent(const std::string& foreign, const Send& send, const std::string& what) {
    const Answer theirs = send(foreign);
    const Answer nowhere = send(absent_id);
    EXPECT_NE(theirs.status, EC_OK) << what;
    ++codes_[theirs.status];
    EXPECT_EQ(without(theirs.error, foreign), without(nowhere.error, absent_id)) << what;
    expect_nothing_changed(what);
  }

  std::map<ec_status, int> codes_;  // what foreign ids were answered with

  template <class Test>
  void for_every_table(const Test& test) {
    for (const json& table : schema_.at("tables")) {
      const std::string name = table.at("name");
      SCOPED_TRACE(name);
      test(table, name);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_F(RowsTest, InsertNamesEveryBadColumnAtOnceAndWritesNothing) {
  for_every_table([&](const json& table, const std::string& name) {
    const json& good = ours_.rows.at(name);
    try_columns(table, good, [&](const json& row) { return ours_.service->insert(name, row.dump()); });
    const std::set<std::string> required = required_columns(table);
    for (const std::string& column : required) {
      json row = good;
      row.erase(column);
      refused(ours_.service->insert(name, row.dump()), {column}, column + " missing");
      row[column] = nullptr;
      refused(ours_.service->insert(name, row.dump()), {column}, column + " null");
    }
    if (!required.empty()) refused(ours_.service->insert(name, "{}"), required, "an empty row");
  });
}

TEST_F(RowsTest, InsertManyNamesThePositionAndTheColumnsAndWritesNoneOfTheRows) {
  for_every_table([&](const json& table, const std::string& name) {
    const json& good = ours_.rows.at(name);
    for (const json& one : table.at("columns")) {
      for (const BadValue& bad : bad_values(one)) {
        json row = good;
        const std::string column = one.at("name");
        row[column] = bad.value;
        const Answer answer = ours_.service->insert_many(name, json::array({good, row}).dump());
        refused(answer, {"[1]." + column}, column + " " + bad.kind);
        EXPECT_EQ(answer.error.at("detail").value("position", ""), "1") << column;
        break;  // the kinds were tried one by one; here it is the position that counts
      }
    }
    answers(EC_E_INVALID_ARGUMENT, ours_.service->insert_many(name, "[7]"), "no row");
    answers(EC_E_INVALID_ARGUMENT, ours_.service->insert_many(name, "{}"), "no list");
    answers(EC_E_INVALID_JSON, ours_.service->insert_many(name, "["), "no JSON");
    answers(EC_E_INVALID_ARGUMENT, ours_.service->insert_many(name, json(std::vector<int>(10'001, 1)).dump()),
            "10,001 rows");
  });
}

TEST_F(RowsTest, UpdateNamesEveryBadColumnAtOnceAndChangesNothing) {
  for_every_table([&](const json& table, const std::string& name) {
    const std::string id = ours_.ids.count(name) != 0 ? ours_.ids.at(name) : absent_id;
    try_columns(table, json::object(), [&](const json& row) { return ours_.service->update(name, id, row.dump()); });
    for (const json& one : table.at("columns")) {
      const std::string column = one.at("name");
      const bool fixed = one.at("immutable").get<bool>() || !one.at("writable").get<bool>();
      if (fixed || !one.at("nullable").get<bool>())
        refused(ours_.service->update(name, id, json{{column, nullptr}}.dump()), {column}, column + " null");
    }
    const Answer stale = ours_.service->update(name, id, "{}", {"", 4711});
    EXPECT_NE(stale.status, EC_OK) << name;
    expect_nothing_changed("another version");
  });
}

TEST_F(RowsTest, IdsAndRequestsThatAreNoneAreRefusedEverywhere) {
  for_every_table([&](const json&, const std::string& name) {
    const Session& session = *ours_.service;
    for (const std::string& id : {std::string(), std::string("x"), std::string(300, '0'), std::string("a\0b", 3)}) {
      refused(session.get(name, id), {"id"}, "get");
      refused(session.update(name, id, "{}"), {"id"}, "update");
      refused(session.remove(name, id), {"id"}, "remove");
    }
    for (const std::string& text :
         {std::string("{"), std::string("[]"), std::string("7"), std::string("{\"a\":\"\xff\"}"),
          std::string("{\"a\":1,\"a\":1}"), too_deep("id")}) {
      answers(EC_E_INVALID_JSON, session.insert(name, text), "insert " + text.substr(0, 20));
      answers(EC_E_INVALID_JSON, session.update(name, ours_.organization, text), "update");
      answers(EC_E_INVALID_JSON, session.list(name, text), "list");
      answers(EC_E_INVALID_JSON, session.count(name, text), "count");
    }
  });
}

TEST_F(RowsTest, ForeignIdsAnswerAsAbsentOnes) {
  for_every_table([&](const json& table, const std::string& name) {
    if (table.at("global").get<bool>() || theirs_.ids.count(name) == 0) return;  // everybody's, or nobody's
    for (const Session* session : {ours_.service.get(), ours_.user.get()}) {
      const std::string& foreign = theirs_.ids.at(name);
      same_as_absent(
          foreign, [&](const std::string& id) { return session->get(name, id); }, "get");
      same_as_absent(
          foreign, [&](const std::string& id) { return session->update(name, id, "{}"); }, "update");
      same_as_absent(
          foreign, [&](const std::string& id) { return session->remove(name, id); }, "remove");
      EXPECT_EQ(session->list(name, json{{"where", {{"id", foreign}}}}.dump()).reply.value("rows", json::array()),
                json::array());
    }
  });
  EXPECT_GT(codes_[EC_E_NOT_FOUND], 200);
}

TEST_F(RowsTest, ForeignReferencesAnswerAsAbsentOnes) {
  for_every_table([&](const json& table, const std::string& name) {
    if (ours_.ids.count(name) == 0) return;
    for (const json& one : table.at("columns")) {
      const std::string column = one.at("name");
      if (!one.contains("references") || !one.at("writable").get<bool>()) continue;
      const std::string wanted = one.at("references");
      if (wanted == "social_media_platforms" || theirs_.ids.count(wanted) == 0) continue;  // everybody's, or nobody's
      for (const Session* session : {ours_.service.get(), ours_.user.get()}) {
        same_as_absent(
            theirs_.ids.at(wanted),
            [&](const std::string& id) {
              json row = ours_.rows.at(name);
              row[column] = id;
              return session->insert(name, row.dump());
            },
            "insert " + column);
        if (one.at("immutable").get<bool>()) continue;
        same_as_absent(
            theirs_.ids.at(wanted),
            [&](const std::string& id) {
              return session->update(name, ours_.ids.at(name), json{{column, id}}.dump());
            },
            "update " + column);
      }
    }
  });
  EXPECT_GT(codes_[EC_E_REFERENCE_NOT_FOUND], 100);
}

// What is wrong with a query, whatever the table.
TEST_F(RowsTest, QueriesThatAreWrongAreRefused) {
  for_every_table([&](const json& table, const std::string& name) {
    const auto both = [&](const json& request, ec_status wanted) {
      answers(wanted, ours_.service->list(name, request.dump()), "list " + request.dump().substr(0, 60));
      answers(wanted, ours_.service->count(name, request.dump()), "count " + request.dump().substr(0, 60));
    };
    const auto list = [&](const json& request, ec_status wanted) {
      answers(wanted, ours_.service->list(name, request.dump()), "list " + request.dump().substr(0, 60));
    };
    both({{"no_such_member", 1}}, EC_E_INVALID_ARGUMENT);
    both({{"organization_id", "x"}}, EC_E_INVALID_ARGUMENT);
    both({{"where", {{"no_such_column", 1}}}}, EC_E_UNKNOWN_COLUMN);
    both({{"where", 7}}, EC_E_INVALID_FILTER);
    both({{"where", {{"or", 7}}}}, EC_E_INVALID_FILTER);
    both({{"where", {{"id", {{"no_such_operator", 1}}}}}}, EC_E_INVALID_FILTER);
    list({{"columns", {"no_such_column"}}}, EC_E_UNKNOWN_COLUMN);
    list({{"columns", "id"}}, EC_E_INVALID_ARGUMENT);
    list({{"order_by", {"no_such_column"}}}, EC_E_UNKNOWN_COLUMN);
    list({{"expand", {"no_such_column"}}}, EC_E_UNKNOWN_COLUMN);
    list({{"after", "no cursor"}}, EC_E_INVALID_CURSOR);
    for (const json& limit : {json(0), json(-1), json("1"), json(true), json(9223372036854775807)})
      list({{"limit", limit}}, EC_E_INVALID_ARGUMENT);
    for (const json& one : table.at("columns")) {
      const std::string column = one.at("name");
      const std::string type = one.at("type");
      if (type == "blob" || type == "sealed" || type == "json" || type == "point") {
        const Answer answer = ours_.service->list(name, json{{"where", {{column, 7}}}}.dump());
        EXPECT_NE(answer.status, EC_OK) << column;
        continue;
      }
      if (type == "text[]" || type == "uuid[]") continue;  // membership takes any text
      for (const BadValue& bad : bad_values(one))
        if (bad.kind == "mistyped" && !bad.value.is_structured())
          both({{"where", {{column, bad.value}}}}, EC_E_INVALID_FILTER);
    }
  });
}

TEST_F(RowsTest, AnUnknownTableIsUnknownToEveryCall) {
  const Session& session = *ours_.service;
  for (const std::string& name : {std::string(), std::string("no_such_table"), std::string("events\0", 7),
                                  std::string("\xff\xfe"), std::string("EVENTS"), std::string("ec_feed")}) {
    answers(EC_E_UNKNOWN_TABLE, session.get(name, absent_id), "get");
    answers(EC_E_UNKNOWN_TABLE, session.insert(name, "{}"), "insert");
    answers(EC_E_UNKNOWN_TABLE, session.insert_many(name, "[]"), "insert_many");
    answers(EC_E_UNKNOWN_TABLE, session.update(name, absent_id, "{}"), "update");
    answers(EC_E_UNKNOWN_TABLE, session.remove(name, absent_id), "remove");
    answers(EC_E_UNKNOWN_TABLE, session.list(name, "{}"), "list");
    answers(EC_E_UNKNOWN_TABLE, session.count(name, "{}"), "count");
  }
}

}  // namespace
}  // namespace eventcore::host
