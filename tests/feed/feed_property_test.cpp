// The feed under concurrent writers and subscribers in several processes, held against a model: the audited sequence
// replayed row by row, with each subscriber's rights written out here once more.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "api/engine_fixture.hpp"
#include "base/bytes.hpp"
#include "feed/follow.hpp"
#include "feed/random_writes.hpp"

namespace eventcore::test {
namespace {

// What a subscriber holds now.
struct Rights {
  std::string user{};
  int role = -1;  // users: guest 0, member 1, manager 2, owner 4
  std::set<std::string> assigned{};
  std::string sponsor{};
  std::string device_event{};
  std::string sponsor_event{};
  bool key = false;  // of events
  bool all = false;  // service
};

bool is(const Json& row, const char* column, const std::string& id) {
  return !id.empty() && row.contains(column) && row[column] == Json(id);
}

const std::set<std::string> modelled = {"events",
                                        "event_milestones",
                                        "event_tags",
                                        "ticket_categories",
                                        "vendors",
                                        "users",
                                        "team_assignments",
                                        "sponsors",
                                        "sponsor_activations",
                                        "ticket_orders",
                                        "ticket_order_items",
                                        "order_payments",
                                        "tickets"};

bool sees(const Rights& r, const std::string& table, const Json& row, const Json& event) {
  if (row.is_null()) return false;
  if (r.all) return true;
  const std::string status = event.is_object() ? event.value("status", "") : "";
  const bool shown =
      event.is_object() && event.value("is_public", false) && (status == "confirmed" || status == "active");
  const std::string event_id = event.is_object() ? event["id"].get<std::string>() : "";
  const bool works_on = r.role >= 2 || (r.role >= 0 && r.assigned.contains(event_id));
  const bool person = r.role >= 1;
  const bool sponsored = !event_id.empty() && event_id == r.sponsor_event;
  const bool at_gate = !event_id.empty() && event_id == r.device_event;
  const bool public_here = shown && r.device_event.empty();
  if (table == "events" || table == "event_tags") return works_on || public_here || sponsored || at_gate || r.key;
  if (table == "event_milestones") return works_on || (person && is(row, "assigned_to", r.user)) || r.key;
  if (table == "ticket_categories") return works_on || at_gate || (public_here && row.value("is_active", false));
  if (table == "vendors") return person || r.key;
  if (table == "sponsors") return person || is(row, "id", r.sponsor);
  if (table == "tickets") return (works_on && person) || at_gate;
  if (table == "ticket_orders" || table == "ticket_order_items" || table == "order_payments") return works_on && person;
  if (table == "users") return person || is(row, "id", r.user);
  if (table == "team_assignments") return works_on || is(row, "user_id", r.user);
  return (works_on && person) || (person && is(row, "responsible_person", r.user)) || is(row, "sponsor_id", r.sponsor);
}

struct Delivered {
  std::int64_t seq;
  std::string table, id, operation;
  friend bool operator==(const Delivered&, const Delivered&) = default;
  friend void PrintTo(const Delivered& d, std::ostream* out) {
    *out << d.seq << " " << d.table << " " << d.id << " " << d.operation;
  }
};

class FeedPropertyTest : public EngineTest {
 protected:
  struct Subscriber {
    std::string name;
    Json principal;
    Rights rights{};
    bool elsewhere = false;  // in a process of its own
    std::int64_t since = 0;
    std::vector<Delivered> got{};
  };

  void take(Subscriber& s, const std::vector<Json>& changes) {
    for (const Json& c : changes) s.got.push_back({c["seq"], c["table"], c["id"], c["operation"]});
  }
  void follow(Subscriber& s, std::uint64_t seed, const std::atomic<bool>& writing) {
    std::vector<Json> changes;
    const auto still_writing = [&] { return writing.load(); };
    EXPECT_EQ(follow_feed(*engine_, dump(s.principal), seed, still_writing, s.since, changes), "") << s.name;
    take(s, changes);
  }

  pid_t start(const std::string& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::string(EC_TEST_PROGRAMS) + "/" + program);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    return child;
  }
  static void expect_done(pid_t child, const std::string& what) {
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child) << what;
    EXPECT_EQ(status, 0) << what;
  }
  pid_t write_in_another_process(std::uint64_t seed, int writes) {
    return start("feed_writer", {folder_.path("test.ecdb"), hex(test_key), dump(ground_), std::to_string(seed),
                                 std::to_string(writes)});
  }
  pid_t follow_in_another_process(const Subscriber& s, std::uint64_t seed, const std::string& stop) {
    return start("feed_follower", {folder_.path("test.ecdb"), hex(test_key), dump(s.principal), std::to_string(s.since),
                                   std::to_string(seed), stop, stop + "." + s.name});
  }
  void take_from_another_process(Subscriber& s, pid_t child, const std::string& stop) {
    expect_done(child, s.name);
    const Bytes told = read_whole(stop + "." + s.name);
    const auto page = parse_json(std::string(told.begin(), told.end()));
    ASSERT_TRUE(page) << s.name;
    s.since = page.assume_value()["next"].get<std::int64_t>();
    take(s, page.assume_value()["changes"].get<std::vector<Json>>());
  }

  // Writers and subscribers at once; the rights stay what they are.
  void run(std::uint64_t seed, int writes) {
    std::atomic<bool> writing{true};
    std::vector<std::thread> threads;
    const std::string stop = other_files_.path("stop" + std::to_string(seed));
    std::map<Subscriber*, pid_t> elsewhere;
    for (std::size_t i = 0; i < subscribers_.size(); ++i)
      if (subscribers_[i].elsewhere)
        elsewhere[&subscribers_[i]] = follow_in_another_process(subscribers_[i], seed + 100 + i, stop);
    const pid_t child = write_in_another_process(seed, writes);
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([this, i, seed, writes] {
        RandomWrites random(service_session(), ground_, seed + 10 + static_cast<std::uint64_t>(i));
        for (int left = writes; left > 0;)
          if (random.one()) --left;
      });
    std::vector<std::thread> followers;
    for (std::size_t i = 0; i < subscribers_.size(); ++i)
      if (!subscribers_[i].elsewhere)
        followers.emplace_back([this, i, seed, &writing] { follow(subscribers_[i], seed + 100 + i, writing); });
    for (std::thread& thread : threads) thread.join();
    expect_done(child, "feed_writer");
    writing = false;
    write_whole(stop, {});
    for (std::thread& thread : followers) thread.join();
    for (const auto& [s, process] : elsewhere) take_from_another_process(*s, process, stop);
  }
  Session service_session() {
    auto opened = engine_->session(R"({"kind":"service","reason":"feed"})");
    EXPECT_TRUE(opened);
    return std::move(opened).assume_value();
  }

  struct Entry {
    std::string table, id, operation;
    Json before, after, event_before, event_after;
  };
  // The tenant's audited writes in their order, each with the row and its event as they were.
  std::vector<Entry> replay() {
    std::vector<Entry> entries;
    std::map<std::pair<std::string, std::string>, Json> rows;
    Caller all = service_of(organization_);
    Json request = {{"order_by", {"seq"}}, {"columns", {"*"}}, {"limit", 1'000}};
    for (;;) {
      const Json page = accepted(all.list("audit_logs", request));
      for (const Json& row : page["rows"]) entries.push_back(replayed(row, rows));
      if (!page["cursor"].is_string()) return entries;
      request["after"] = page["cursor"];
    }
  }
  static Entry replayed(const Json& log, std::map<std::pair<std::string, std::string>, Json>& rows) {
    Entry entry{log["table_name"], log["record_id"], log["operation"], {}, {}, {}, {}};
    Json& row = rows[{entry.table, entry.id}];
    const auto event_of = [&](const Json& of) -> Json {
      if (of.is_null()) return nullptr;
      if (entry.table == "events") return of;
      if (!of.contains("event_id") || !of["event_id"].is_string()) return nullptr;
      const auto found = rows.find({"events", of["event_id"].get<std::string>()});
      return found == rows.end() ? Json(nullptr) : found->second;
    };
    entry.before = row;
    entry.event_before = event_of(row);
    if (entry.operation == "delete") {
      row = nullptr;
    } else {
      if (row.is_null()) row = {{"id", entry.id}};
      for (const char* image : {"new_values", "new_personal"})
        if (log.contains(image) && log[image].is_object()) row.update(log[image]);
    }
    entry.after = row;
    entry.event_after = event_of(row);
    return entry;
  }

  // What each subscriber got since `from` is what the model says, for the rights it has.
  void compare(const std::vector<Entry>& entries, std::size_t from) {
    for (Subscriber& s : subscribers_) {
      std::vector<Delivered> expected;
      for (std::size_t i = from; i < entries.size(); ++i) {
        const Entry& e = entries[i];
        if (!modelled.contains(e.table)) continue;
        const bool before = sees(s.rights, e.table, e.before, e.event_before);
        const bool after = sees(s.rights, e.table, e.after, e.event_after);
        if (!before && !after) continue;
        const bool left = !after && e.operation != "delete";
        expected.push_back({static_cast<std::int64_t>(i + 1), e.table, e.id, left ? "left" : e.operation});
      }
      std::erase_if(s.got, [](const Delivered& d) { return !modelled.contains(d.table); });
      EXPECT_EQ(expected.size(), s.got.size()) << s.name;
      for (std::size_t i = 0; i < std::min(expected.size(), s.got.size()); ++i) {
        if (expected[i] == s.got[i]) continue;
        ADD_FAILURE() << s.name << ": expected " << ::testing::PrintToString(expected[i]) << ", got "
                      << ::testing::PrintToString(s.got[i]) << " row "
                      << dump(entries[static_cast<std::size_t>(expected[i].seq - 1)].after);
        break;
      }
      delivered_ += s.got.size();
      for (const Delivered& d : s.got) {
        left_ += d.operation == "left" ? 1 : 0;
        ++by_table_[d.table];
      }
      s.got.clear();
    }
  }

  void prepare() {
    const std::string open_event = new_event({{"is_public", true}});
    closed_event_ = new_event({{"is_public", false}});
    user_ = {new_user("member"), new_user("member"), new_user("guest")};
    const auto sponsor = [&](const std::string& event) {
      return id(accepted(
          owner().insert("sponsors", {{"event_id", event}, {"company_name", "Sponsor"}, {"contract_value", "1.00"}})));
    };
    const std::string mine = sponsor(closed_event_);
    ground_ = {{"organization", organization_},
               {"events", {open_event, closed_event_}},
               {"users", user_},
               {"sponsors", {mine, sponsor(open_event)}},
               {"categories", {new_category(open_event, 1'000), new_category(closed_event_, 1'000)}}};
    assign(closed_event_, user_[0], "technical_director");
    const auto token = [&](const std::string& command, Json arguments) {
      arguments["name"] = "feed";
      return accepted(owner().call(command, arguments))["token"];
    };
    const Json device = token("register_device", {{"event_id", closed_event_}});
    const Json key = token("create_api_key", {{"permissions", {"events:read"}}});
    const auto user = [](const std::string& who) { return Json{{"kind", "user"}, {"id", who}}; };
    const Json service = {{"kind", "service"}, {"reason", "feed"}, {"organization_id", organization_}};
    subscribers_ = {{"service", service, {.all = true}},
                    {"owner", user(owner_), {.user = owner_, .role = 4}},
                    {"assigned member", user(user_[0]), {.user = user_[0], .role = 1, .assigned = {closed_event_}}},
                    {"member", user(user_[1]), {.user = user_[1], .role = 1}},
                    {"guest", user(user_[2]), {.user = user_[2], .role = 0}},
                    {"sponsor", {{"kind", "sponsor"}, {"id", mine}}, {.sponsor = mine, .sponsor_event = closed_event_}},
                    {"device", {{"kind", "device"}, {"token", device}}, {.device_event = closed_event_}},
                    {"key", {{"kind", "api_key"}, {"token", key}}, {.key = true}}};
    // Four of them follow once more, each in a process of its own.
    for (const std::size_t i : {2U, 4U, 5U, 6U}) {
      Subscriber other = subscribers_[i];
      other.name += " elsewhere";
      other.elsewhere = true;
      subscribers_.push_back(std::move(other));
    }
  }

  // Between two runs: the member joins the team, the guest becomes a member, the one assigned leaves.
  void change_rights() {
    assign(closed_event_, user_[1], "producer");
    EC_EXPECT_OK(owner().update("users", user_[2], {{"role", "member"}}));
    const Json mine = accepted(owner().list("team_assignments", {{"where", {{"user_id", user_[0]}}}}));
    EC_EXPECT_OK(owner().remove("team_assignments", mine["rows"][0]["id"]));
    for (Subscriber& s : subscribers_) {
      if (s.rights.user == user_[1]) s.rights.assigned = {closed_event_};
      if (s.rights.user == user_[2]) s.rights.role = 1;
      if (s.rights.user == user_[0]) s.rights.assigned.clear();
    }
  }

  TestFolder other_files_;
  Json ground_;
  std::string closed_event_;
  std::vector<std::string> user_;
  std::vector<Subscriber> subscribers_;
  std::size_t delivered_ = 0;
  std::size_t left_ = 0;
  std::map<std::string, std::size_t> by_table_;
};

TEST_F(FeedPropertyTest, EachSubscriberGetsWhatTheAuditedSequenceSaysUnderConcurrentWriters) {
  EC_TRACE_SEED();
  prepare();
  const std::uint64_t seed = testing::seed();
  std::size_t from = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    run(seed + static_cast<std::uint64_t>(epoch) * 1'000, 40);
    const std::vector<Entry> entries = replay();
    // The feed is the audited sequence: one change an entry, in its order, numbered from 1 without a gap.
    Caller all = service_of(organization_);
    auto since = static_cast<std::int64_t>(from);
    for (Json page = accepted(all.changes(since)); !page["changes"].empty(); page = accepted(all.changes(since)))
      for (const Json& change : page["changes"]) {
        EXPECT_EQ(change["seq"].get<std::int64_t>(), ++since);
        ASSERT_LE(static_cast<std::size_t>(since), entries.size());
        EXPECT_EQ(change["id"], entries[static_cast<std::size_t>(since - 1)].id);
      }
    EXPECT_EQ(since, static_cast<std::int64_t>(entries.size()));
    compare(entries, from);
    from = entries.size();
    if (epoch == 0) change_rights();
  }
  std::printf("feed: %zu writes, %zu changes delivered to %zu subscribers, %zu of them left\n", from, delivered_,
              subscribers_.size(), left_);
  EXPECT_GT(left_, 0U);
  for (const std::string& table : modelled)
    if (table != "users" && table != "team_assignments") {
      EXPECT_GT(by_table_[table], 0U) << table << " was never delivered";
    }
}

}  // namespace
}  // namespace eventcore::test
