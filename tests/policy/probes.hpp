// Random questions put to the engine and, beside it, to the statement of the access contract. Each probe draws a
// principal, a row and an operation; every write is taken back.
// Thread: belongs to one test.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/probe_world.hpp"

namespace eventcore::test {

// What a call came to, as far as access is concerned: `done` stands for refusals by rules too, which come after it.
enum class Got { done, denied, column, engine, missing, reference, unauthenticated, tenant, ambiguous, shape, other };
const char* word(Got got);
inline constexpr const char* planted_secret = "hush";  // in every sealed column of the world
Got got_of(const Failure& failure);

struct Answer {
  Got got = Got::done;
  bool rule = false;  // done, as far as access goes, but refused by a rule
  std::string text;   // the reply or the failure
};

Answer answer_of(const Result<std::string>& result);

class Probes {
 public:
  Probes(ProbeWorld& world, Dice& dice) : world_(world), dice_(dice) {}

  void run(std::uint64_t count);
  void print() const;

  struct Disagreement {
    std::uint64_t count = 0;
    std::string first;
  };
  [[nodiscard]] const std::map<std::string, Disagreement>& disagreements() const { return disagreements_; }
  [[nodiscard]] std::uint64_t probes() const;

 private:
  // A row as it was drawn; null stands for an id that no row has.
  struct Picked {
    const Player* player = nullptr;
    const statement::Who* who = nullptr;
    const schema::TableDef* table = nullptr;
    const Tenant* tenant = nullptr;
    std::string id;
    std::string given;  // the argument organization_id, if any
  };
  // The visible rows of a table as the statement has them, with what is readable of each.
  struct Seen {
    const Json* row = nullptr;
    statement::Grant grant;
    std::string text;  // the readable columns
  };
  struct Visible {
    std::int64_t version = -1;
    std::vector<Seen> rows;
  };
  struct Condition {
    Json where;
    std::string column;
    bool (*holds)(const Json& value, const Json& operand) = nullptr;
    Json operand;
  };
  // A command about a row, as it was drawn.
  struct CommandProbe {
    std::string name;
    std::string more;
    std::string table;  // of the row it is about
    std::string id;
    Json arguments;
    std::vector<std::pair<std::string, std::string>> others;  // rows that the arguments name besides: table, id
  };

  Picked pick();
  Picked pick(const schema::TableDef& table);
  const Player& any_player();
  std::string any_id(const Tenant& tenant, std::string_view table);
  Json any_value(const Tenant& tenant, const schema::ColumnDef& column, const Json& now);

  void count(const char* kind, const Picked& picked, const char* outcome);
  void disagree(const char* kind, const Picked& picked, const std::string& expected, const std::string& got,
                const std::string& detail);
  void expect(const char* kind, const Picked& picked, std::initializer_list<Got> expected, const Answer& answer,
              const std::string& detail = "");

  // The visible rows that an id means to the principal of a drawing, as the statement sees it.
  [[nodiscard]] std::vector<const Json*> hits(const Picked& picked) const;
  [[nodiscard]] bool needs_tenant(const Picked& picked) const;
  const std::vector<Seen>& visible(const Player& player, const schema::TableDef& table);
  std::vector<const Seen*> expected_rows(const Picked& picked, const Condition* condition);
  std::string readable_text(const schema::TableDef& table, const Json& row, const statement::Grant* grant) const;
  void compare_row(const char* kind, const Picked& picked, const Json& expected, const Json& got);
  void compare_rows(const char* kind, const Picked& picked, const std::vector<const Seen*>& expected,
                    const std::vector<Json>& got, const std::string& request);
  bool may_refuse_column(const Picked& picked, const std::string& column);
  Json list_request(const Picked& picked) const;
  Condition any_condition(const Picked& picked);

  void probe_get();
  void probe_list();
  void probe_filter();
  void probe_count();
  void probe_pages();
  void probe_expand();
  void probe_feed();
  void probe_insert();
  void probe_update(bool many);
  void probe_delete();
  void probe_replay();
  void probe_command();
  void probe_explain();
  void probe_who_can();
  void probe_order_replay();
  void probe_store_command();

  Answer tried(const Player& player, const std::function<Result<std::string>()>& body);
  void like_absent(const char* kind, const Picked& picked, const std::string& id, const Answer& answer,
                   const std::function<Result<std::string>(const std::string&)>& again);
  bool references_visible(const Picked& picked, const std::string& organization, const Json& given) const;
  Got expected_insert(const Picked& picked, const Json& row);
  Got expected_update(const Picked& picked, const Json& row, const Json& change);
  CommandProbe any_command(const Tenant& tenant, const Player& player);
  CommandProbe sale_command(const Tenant& tenant, const Player& player);
  CommandProbe counter_command(const Tenant& tenant);
  CommandProbe ticket_command(const Tenant& tenant);
  CommandProbe office_command(const Tenant& tenant, const Player& player);
  CommandProbe secret_command(const Tenant& tenant, const Player& player);
  std::string any_or_absent(const Tenant& tenant, std::string_view table);
  std::string value_at(const Tenant& tenant, const char* table, const std::string& id, const char* column) const;
  void check_reply(const CommandProbe& probe, const Picked& picked, const Answer& answer);

  ProbeWorld& world_;
  Dice& dice_;
  std::map<std::string, std::uint64_t> kinds_;
  std::map<std::string, Disagreement> disagreements_;
  std::set<std::string> cells_;
  std::map<std::string, Visible> visible_;
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> bad_;
  std::uint64_t columns_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t absent_alike_ = 0;
  std::uint64_t keys_ = 0;
};

}  // namespace eventcore::test
