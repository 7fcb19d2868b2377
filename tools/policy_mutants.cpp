// Runs inside a copy of the tests that tools/policy_mutants.py makes. Two kinds of mutants:
//   p<n>  a term of a predicate: the script has put a switch around each of them, and here it is thrown;
//   g...  a grant, a column of a grant, a column rule or the keys' access of a table;
//   c...  a grant, the keys' group or the kind of right of a command: declarations are constants in memory, which is
//   made
//         writable, changed, tried and put back.
// For each mutant the cells of the access matrix and the comparison of the two implementations are tried until one of
// them fails. EC_MUTANTS_NAMES is a file with the names of those to try; EC_MUTANTS_ONLY names one and shows why it
// fails.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "policy/agreement.hpp"
#include "policy/cells.hpp"
#include "policy/command_rights.hpp"
#include "policy/corners.hpp"
#include "schema/commands.hpp"

namespace eventcore::policy {
extern int mutant_on;                      // of the rewritten predicates.cpp
extern const int mutant_count;             // how many switches the script has set
extern std::atomic<bool> mutants_noted[];  // which of them were met where they would make a difference
}  // namespace eventcore::policy

namespace eventcore::test {
namespace {

using schema::Access;
using schema::Columns;
using schema::Grant;
using schema::Grants;
using schema::Predicate;
using schema::TableDef;

struct Mutant {
  std::string name;
  const TableDef* table = nullptr;      // of a grant
  std::function<void(Access&)> change;  // of a grant
  int predicate = 0;
  const schema::CommandDef* command = nullptr;  // of a right
  std::function<void(schema::CommandDef&)> change_right{};
};

// What is nearly the same: a role above and below, the assignment beside.
std::vector<Predicate> neighbours(Predicate p) {
  using enum Predicate;
  static const std::vector<std::vector<Predicate>> chains = {
      {org_user, org_member, org_manager, org_admin, org_owner, service},
      {event_reader, event_staff, event_editor, box_office},
      {marketing_editor, sponsorship_editor},
      {self, member_self},
      {creator, unapproved_creator},
      {own_ticket_event, public_event, own_sponsor_event},
      {own_order, own_ticket, own_transfer, own_waitlist},
      {campaign_staff, event_staff},
      {every_user_and_key, everyone}};
  std::vector<Predicate> found;
  for (const auto& chain : chains)
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (chain[i] != p) continue;
      if (i > 0) found.push_back(chain[i - 1]);
      if (i + 1 < chain.size()) found.push_back(chain[i + 1]);
    }
  return found;
}

void drop(Grants& grants, std::size_t at) {
  if (grants.count == 1) {
    grants.list[0] = Predicate::nobody;
    return;
  }
  for (std::size_t i = at; i + 1 < grants.count; ++i) grants.list[i] = grants.list[i + 1];
  --grants.count;
}

void drop(Columns& columns, std::size_t at) {
  for (std::size_t i = at; i + 1 < columns.count; ++i) columns.names[i] = columns.names[i + 1];
  --columns.count;
}

using Pick = std::function<Grants&(Access&)>;

void mutants_of(std::vector<Mutant>& all, const TableDef& table, const std::string& side, const Grants& grants,
                const Pick& pick) {
  const std::string name = "g " + std::string(table.name) + " " + side + " ";
  const auto add = [&](const std::string& what, const std::function<void(Grants&)>& change) {
    all.push_back({name + what, &table, [pick, change](Access& access) { change(pick(access)); }, 0});
  };
  for (std::size_t i = 0; i < grants.count; ++i) {
    const Grant& grant = grants.list[i];
    const std::string held(schema::predicate_name(grant.predicate));
    // Nobody, the engine and commands refuse alike; only a create by the engine is an import's too.
    const bool rule = grant.predicate == Predicate::nobody || grant.predicate == Predicate::command ||
                      (grant.predicate == Predicate::engine && side != "create");
    if (!rule) add("without " + held, [i](Grants& g) { drop(g, i); });
    std::vector<Predicate> others = neighbours(grant.predicate);
    others.push_back(Predicate::everyone);
    for (Predicate other : others)
      if (other != grant.predicate)
        add(held + " as " + std::string(schema::predicate_name(other)),
            [i, other](Grants& g) { g.list[i].predicate = other; });
    if (grant.only.empty()) continue;
    add(held + " for all columns", [i](Grants& g) { g.list[i].only = {}; });
    for (std::size_t c = 0; c < grant.only.count; ++c)
      add(held + " without column " + std::string(grant.only.names[c]), [i, c](Grants& g) { drop(g.list[i].only, c); });
  }
}

void rule_mutants(std::vector<Mutant>& all, const TableDef& table, std::size_t at) {
  const schema::ColumnRule& rule = table.access.column_rules[at];
  if (rule.columns.empty()) return;
  const std::string name = "g " + std::string(table.name) + " rule " + std::to_string(at) + " ";
  if (rule.columns.count > 1)
    for (std::size_t c = 0; c < rule.columns.count; ++c)
      all.push_back({name + "without column " + std::string(rule.columns.names[c]), &table,
                     [at, c](Access& access) { drop(access.column_rules[at].columns, c); }, 0});
  all.push_back({name + "dropped", &table, [at](Access& access) { access.column_rules[at] = {}; }, 0});
  const std::string side = "rule " + std::to_string(at);
  mutants_of(all, table, side + " read", rule.read, [at](Access& a) -> Grants& { return a.column_rules[at].read; });
  mutants_of(all, table, side + " write", rule.write, [at](Access& a) -> Grants& { return a.column_rules[at].write; });
}

void key_mutants(std::vector<Mutant>& all, const TableDef& table) {
  using schema::KeyAccess;
  if (table.access.keys == KeyAccess::closed || table.global) {  // what group it is makes no difference
    if (!table.global)
      all.push_back({"g " + std::string(table.name) + " keys full", &table,
                     [](Access& access) { access.keys = KeyAccess::full; }, 0});
    return;
  }
  const bool written = table.access.create.has(Predicate::engine) || table.access.create.has(Predicate::command);
  const std::pair<const char*, KeyAccess> kinds[] = {
      {"full", KeyAccess::full}, {"read_only", KeyAccess::read_only}, {"closed", KeyAccess::closed}};
  for (const auto& [word, kind] : kinds)
    if (kind != table.access.keys && !(written && kind == KeyAccess::read_only))  // nobody writes it directly
      all.push_back({"g " + std::string(table.name) + " keys " + word, &table,
                     [kind = kind](Access& access) { access.keys = kind; }, 0});
  constexpr int groups = static_cast<int>(schema::Group::communication) + 1;
  const auto next = static_cast<schema::Group>((static_cast<int>(table.access.group) + 1) % groups);
  all.push_back({"g " + std::string(table.name) + " group " + std::string(schema::group_name(next)), &table,
                 [next](Access& access) { access.group = next; }, 0});
}

void command_mutants(std::vector<Mutant>& all, const schema::CommandDef& command) {
  const std::string name = "c " + std::string(command.name) + " ";
  const auto add = [&](const std::string& what, const std::function<void(schema::CommandDef&)>& change) {
    Mutant mutant{name + what, nullptr, {}, 0};
    mutant.command = &command;
    mutant.change_right = change;
    all.push_back(std::move(mutant));
  };
  for (std::size_t i = 0; i < command.allow.count; ++i) {
    const Predicate held = command.allow.list[i].predicate;
    const std::string word(schema::predicate_name(held));
    // Where nobody stands alone, dropping it would leave it there.
    if (held != Predicate::nobody) add("without " + word, [i](schema::CommandDef& c) { drop(c.allow, i); });
    std::vector<Predicate> others = neighbours(held);
    others.push_back(Predicate::everyone);
    for (Predicate other : others)
      if (other != Predicate::service && other != held)
        add(word + " as " + std::string(schema::predicate_name(other)),
            [i, other](schema::CommandDef& c) { c.allow.list[i].predicate = other; });
  }
  if (command.runs != schema::Runs::anyone)
    add("for anyone", [](schema::CommandDef& c) { c.runs = schema::Runs::anyone; });
  if (command.runs == schema::Runs::by_predicates) {
    add("for the service only", [](schema::CommandDef& c) { c.runs = schema::Runs::service_only; });
    if (command.group.empty())
      add("for keys of events", [](schema::CommandDef& c) { c.group = "events"; });
    else
      add("for no key", [](schema::CommandDef& c) { c.group = {}; });
  }
}

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> all;
  for (int i = 1; i <= policy::mutant_count; ++i) all.push_back({"p" + std::to_string(i), nullptr, {}, i});
  for (const TableDef* table : schema::all_tables) {
    const Access& access = table->access;
    mutants_of(all, *table, "view", access.view, [](Access& a) -> Grants& { return a.view; });
    mutants_of(all, *table, "create", access.create, [](Access& a) -> Grants& { return a.create; });
    mutants_of(all, *table, "update", access.update, [](Access& a) -> Grants& { return a.update; });
    mutants_of(all, *table, "delete", access.remove, [](Access& a) -> Grants& { return a.remove; });
    for (std::size_t rule = 0; rule < access.column_rules.size(); ++rule) rule_mutants(all, *table, rule);
    key_mutants(all, *table);
  }
  for (const schema::CommandDef* command : schema::all_commands) command_mutants(all, *command);
  return all;
}

// The constants of a declaration, writable from now on.
template <class Def>
Def& writable_all(const Def& def) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(&def) & ~(page - 1);
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(&def) + sizeof(Def);
  if (mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ | PROT_WRITE) != 0) std::abort();
  return const_cast<Def&>(def);
}
Access& writable(const TableDef& table) {
  return writable_all(table).access;
}

// Whether the body fails; what it says goes to `why`.
bool fails(const std::function<void()>& body, std::string& why) {
  ::testing::TestPartResultArray found;
  {
    ::testing::ScopedFakeTestPartResultReporter catching(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &found);
    try {
      body();
    } catch (const std::exception& thrown) {
      ADD_FAILURE() << thrown.what();
    }
  }
  for (int i = 0; i < found.size(); ++i)
    if (found.GetTestPartResult(i).failed()) {
      why = found.GetTestPartResult(i).message();
      return true;
    }
  return false;
}

bool killed_by_cells(const TableDef& table, std::string& why) {
  World& world = shared_world();
  bool killed = false;
  for_each_case(table, [&](const Case& c) {
    for (const auto check : {check_cells, check_read_columns, check_asked_columns, check_written_columns})
      killed = killed || fails([&] { check(world, c); }, why);
  });
  killed = killed || fails([&] { check_key_groups(world, table); }, why);
  return killed || fails([&] { check_corners(world, table); }, why);
}

// Facts are read anew here: what makes them is mutated too.
void check_all_rights() {
  CommandRights now(shared_world());
  for (const schema::CommandDef* command : schema::all_commands) now.check(*command);
}

constexpr int principals_first = 15;
constexpr int principals_at_most = 120;

// Which switches make a difference to which checks, found by running each once without a mutant. No switch can fail
// a check that it makes no difference to. EC_MUTANTS_REHEARSAL keeps it for the next process, after a crash.
class Rehearsal {
 public:
  Rehearsal() {
    const char* const path = std::getenv("EC_MUTANTS_REHEARSAL");
    if (path != nullptr && read(path)) return;
    std::string why;
    rights_ = noted_by([&] { return fails(check_all_rights, why); });
    Agreement agreement(1);
    agreement_ = noted_by([&] { return fails([&] { agreement.compare(principals_at_most); }, why); });
    for (const TableDef* table : schema::all_tables)
      tables_.emplace_back(table, noted_by([&] { return killed_by_cells(*table, why); }));
    if (path != nullptr) write(path);
  }

  [[nodiscard]] bool rights(int n) const { return rights_.contains(n); }
  [[nodiscard]] bool agreement(int n) const { return agreement_.contains(n); }
  [[nodiscard]] std::vector<const TableDef*> tables(int n) const {
    std::vector<const TableDef*> found;
    for (const auto& [table, noted] : tables_)
      if (noted.contains(n)) found.push_back(table);
    return found;
  }

 private:
  static std::set<int> noted_by(const std::function<bool()>& check) {
    for (int n = 1; n <= policy::mutant_count; ++n) policy::mutants_noted[n] = false;
    if (check()) std::abort();  // a check that fails without a mutant shows nothing
    std::set<int> noted;
    for (int n = 1; n <= policy::mutant_count; ++n)
      if (policy::mutants_noted[n]) noted.insert(n);
    return noted;
  }

  // One line of numbers for the rights, one for the agreement, one for each table.
  bool read(const char* path) {
    std::ifstream file(path);
    const auto line = [&](std::set<int>& noted) {
      std::string text;
      if (!std::getline(file, text)) return false;
      std::istringstream numbers(text);
      for (int n = 0; numbers >> n;) noted.insert(n);
      return true;
    };
    if (!line(rights_) || !line(agreement_)) return false;
    for (const TableDef* table : schema::all_tables) line(tables_.emplace_back(table, std::set<int>{}).second);
    return true;
  }
  void write(const std::string& path) const {
    const std::string part = path + "." + std::to_string(getpid());
    std::ofstream file(part);
    const auto line = [&](const std::set<int>& noted) {
      for (int n : noted) file << n << ' ';
      file << '\n';
    };
    line(rights_);
    line(agreement_);
    for (const auto& [table, noted] : tables_) line(noted);
    file.close();
    static_cast<void>(std::rename(part.c_str(), path.c_str()));
  }

  std::set<int> rights_;
  std::set<int> agreement_;
  std::vector<std::pair<const TableDef*, std::set<int>>> tables_;
};

const char* killer_of_switch(int n, Agreement& agreement, std::string& why) {
  static const Rehearsal rehearsal;
  policy::mutant_on = n;
  const auto disagrees = [&](int principals) {
    for (int i = 0; i < principals; ++i)
      if (fails([&] { agreement.compare(1); }, why)) return true;
    return false;
  };
  // The cheapest first: it kills most.
  if (rehearsal.agreement(n) && disagrees(principals_first)) return "agreement";
  if (rehearsal.rights(n) && fails(check_all_rights, why)) return "rights";
  if (rehearsal.agreement(n) && disagrees(principals_at_most - principals_first)) return "agreement";
  for (const TableDef* table : rehearsal.tables(n))
    if (killed_by_cells(*table, why)) return "matrix";
  return nullptr;
}

const char* killer_of(const Mutant& mutant, Agreement& agreement, std::string& why) {
  if (mutant.predicate != 0) return killer_of_switch(mutant.predicate, agreement, why);
  if (mutant.table != nullptr) return killed_by_cells(*mutant.table, why) ? "matrix" : nullptr;
  static CommandRights rights(shared_world());
  return fails([&] { rights.check(*mutant.command); }, why) ? "rights" : nullptr;
}

// The mutants of a file of names, in its order; all when there is none.
std::vector<Mutant> wanted_mutants() {
  std::vector<Mutant> all = all_mutants();
  const char* const only = std::getenv("EC_MUTANTS_ONLY");
  const char* const path = std::getenv("EC_MUTANTS_NAMES");
  std::set<std::string> names;
  if (only != nullptr) names.insert(only);
  if (path != nullptr) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) names.insert(line);
  }
  if (!names.empty()) std::erase_if(all, [&](const Mutant& mutant) { return !names.contains(mutant.name); });
  return all;
}

TEST(PolicyMutants, AreTried) {
  const char* only = std::getenv("EC_MUTANTS_ONLY");
  if (only != nullptr && std::string(only) == "list") {
    for (const Mutant& mutant : all_mutants()) std::printf("MUTANT %s\n", mutant.name.c_str());
    return;
  }
  static_cast<void>(shared_world());  // made before anything is changed
  Agreement agreement(1);
  for (const Mutant& mutant : wanted_mutants()) {
    std::printf("TRYING %s\n", mutant.name.c_str());
    std::fflush(stdout);
    Access before;
    if (mutant.table != nullptr) {
      before = mutant.table->access;
      mutant.change(writable(*mutant.table));
    }
    std::optional<schema::CommandDef> right;
    if (mutant.command != nullptr) {
      right = *mutant.command;
      mutant.change_right(writable_all(*mutant.command));
    }
    std::string why;
    const char* killer = killer_of(mutant, agreement, why);
    policy::mutant_on = 0;
    if (mutant.table != nullptr) writable(*mutant.table) = before;
    if (right) writable_all(*mutant.command) = *right;
    std::printf("%s %s %s\n", killer == nullptr ? "SURVIVED" : "KILLED", killer == nullptr ? "-" : killer,
                mutant.name.c_str());
    if (only != nullptr) std::printf("%s\n", why.c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace eventcore::test
