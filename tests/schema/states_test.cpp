// Every pair of states of every machine, against the moves written out by hand from RULES section 8.
#include "schema/states.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "schema/tables/ai.hpp"
#include "schema/tables/marketing.hpp"
#include "schema/tables/sponsorship.hpp"
#include "schema/tables/ticketing.hpp"

namespace {

using eventcore::schema::ColumnDef;
using eventcore::schema::StateMachine;
using eventcore::schema::TableDef;

// `moves` lists "from>to" pairs.
struct Expected {
  std::string table;
  std::string column;
  std::string initial;
  std::string states;
  std::string moves;
};

const std::vector<Expected>& expected_machines() {
  static const std::vector<Expected> all = {
      {"events", "status", "planning", "planning confirmed active completed cancelled",
       "planning>confirmed planning>cancelled confirmed>active confirmed>cancelled active>completed active>cancelled"},
      {"team_assignments", "assignment_status", "assigned", "assigned active completed cancelled",
       "assigned>active active>completed assigned>cancelled active>cancelled"},
      {"event_milestones", "status", "pending", "pending in_progress completed overdue cancelled",
       "pending>in_progress in_progress>completed pending>completed pending>overdue in_progress>overdue "
       "pending>cancelled in_progress>cancelled overdue>in_progress overdue>completed overdue>cancelled "
       "completed>in_progress"},
      {"event_vendor_contracts", "contract_status", "pending", "pending signed active completed cancelled",
       "pending>signed signed>active active>completed pending>cancelled signed>cancelled active>cancelled"},
      {"sponsors", "contract_status", "pending", "pending signed active completed cancelled",
       "pending>signed signed>active active>completed pending>cancelled signed>cancelled active>cancelled"},
      {"event_risks", "status", "identified", "identified mitigated occurred resolved",
       "identified>mitigated mitigated>occurred occurred>resolved identified>occurred identified>resolved "
       "mitigated>resolved resolved>identified"},
      {"marketing_campaigns", "status", "draft", "draft scheduled active paused completed cancelled",
       "draft>scheduled scheduled>active active>paused paused>active paused>completed draft>active draft>cancelled "
       "scheduled>cancelled active>cancelled paused>cancelled"},
      {"influencer_campaigns", "campaign_status", "proposed", "proposed accepted in_progress completed cancelled",
       "proposed>accepted accepted>in_progress in_progress>completed proposed>cancelled accepted>cancelled "
       "in_progress>cancelled"},
      {"sponsor_activations", "activation_status", "planned", "planned in_progress completed cancelled",
       "planned>in_progress in_progress>completed planned>cancelled in_progress>cancelled"},
      {"sponsor_prospects", "lead_status", "new",
       "new contacted interested proposal_sent negotiating closed_won closed_lost",
       "new>contacted new>interested new>proposal_sent new>negotiating new>closed_won new>closed_lost "
       "contacted>interested contacted>proposal_sent contacted>negotiating contacted>closed_won contacted>closed_lost "
       "interested>proposal_sent interested>negotiating interested>closed_won interested>closed_lost "
       "proposal_sent>negotiating proposal_sent>closed_won proposal_sent>closed_lost "
       "negotiating>closed_won negotiating>closed_lost closed_lost>contacted"},
      {"sponsors", "payment_status", "pending", "pending partial paid overdue refunded",
       "pending>partial partial>paid pending>paid pending>overdue partial>overdue overdue>partial overdue>paid "
       "partial>refunded paid>refunded"},
      {"social_media_content", "status", "draft", "draft scheduled published failed deleted",
       "draft>scheduled scheduled>draft scheduled>published published>deleted draft>published draft>failed "
       "scheduled>failed failed>scheduled failed>published"},
      {"tickets", "status", "valid", "valid used cancelled transferred",
       "valid>used used>valid valid>cancelled valid>transferred"},
      {"workflow_executions", "execution_status", "running", "running completed failed cancelled",
       "running>completed running>failed running>cancelled"},
      {"communication_logs", "status", "queued", "queued sent delivered failed bounced",
       "queued>sent sent>delivered sent>bounced queued>failed sent>failed"},
  };
  return all;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

TEST(StatesTest, EveryMachineOfTheSpecificationExistsAndNoOther) {
  std::set<std::pair<std::string, std::string>> expected;
  for (const Expected& e : expected_machines()) expected.emplace(e.table, e.column);
  std::set<std::pair<std::string, std::string>> found;
  for (const StateMachine& m : eventcore::schema::all_state_machines)
    EXPECT_TRUE(found.emplace(std::string(m.table), std::string(m.column)).second) << m.table << '.' << m.column;
  EXPECT_EQ(found, expected);
}

TEST(StatesTest, ExactlyTheListedMovesAreAllowed) {
  for (const Expected& e : expected_machines()) {
    const StateMachine* machine = eventcore::schema::state_machine_of(e.table, e.column);
    ASSERT_NE(machine, nullptr) << e.table << '.' << e.column;
    const std::vector<std::string> moves = words(e.moves);
    EXPECT_EQ(machine->transitions.size(), moves.size()) << e.table << '.' << e.column;
    const std::vector<std::string> all_states = words(e.states);
    for (const std::string& from : all_states) {
      for (const std::string& to : all_states) {
        if (from == to) continue;
        const bool listed = std::find(moves.begin(), moves.end(), from + '>' + to) != moves.end();
        EXPECT_EQ(eventcore::schema::allows(*machine, from, to), listed)
            << e.table << '.' << e.column << ": " << from << " > " << to;
      }
    }
  }
}

TEST(StatesTest, ANewRowStartsInTheFirstState) {
  for (const Expected& e : expected_machines()) {
    const StateMachine* machine = eventcore::schema::state_machine_of(e.table, e.column);
    ASSERT_NE(machine, nullptr);
    EXPECT_EQ(machine->initial, e.initial) << e.table << '.' << e.column;
  }
}

TEST(StatesTest, WritingTheSameStateAgainIsNoMove) {
  for (const Expected& e : expected_machines())
    for (const std::string& state : words(e.states))
      EXPECT_TRUE(eventcore::schema::allows(*eventcore::schema::state_machine_of(e.table, e.column), state, state));
}

TEST(StatesTest, UnknownStatesAreNeverReached) {
  const StateMachine* machine = eventcore::schema::state_machine_of("tickets", "status");
  ASSERT_NE(machine, nullptr);
  EXPECT_FALSE(eventcore::schema::allows(*machine, "valid", "refunded"));
  EXPECT_FALSE(eventcore::schema::allows(*machine, "refunded", "valid"));
  EXPECT_FALSE(eventcore::schema::allows(*machine, "", "valid"));
}

TEST(StatesTest, ColumnsWithoutAMachineHaveNone) {
  EXPECT_EQ(eventcore::schema::state_machine_of("ticket_orders", "order_status"), nullptr);
  EXPECT_EQ(eventcore::schema::state_machine_of("ticket_orders", "payment_status"), nullptr);
  EXPECT_EQ(eventcore::schema::state_machine_of("tickets", "ticket_number"), nullptr);
  EXPECT_EQ(eventcore::schema::state_machine_of("no_such_table", "status"), nullptr);
}

TEST(StatesTest, MachinesUseExactlyTheValuesOfTheirColumn) {
  namespace tables = eventcore::schema::tables;
  const TableDef* known[] = {&tables::sponsors,
                             &tables::marketing_campaigns,
                             &tables::influencer_campaigns,
                             &tables::sponsor_activations,
                             &tables::sponsor_prospects,
                             &tables::social_media_content,
                             &tables::tickets,
                             &tables::workflow_executions};
  for (const Expected& e : expected_machines()) {
    for (const TableDef* table : known) {
      if (table->name != e.table) continue;
      const ColumnDef* column = table->find(e.column);
      ASSERT_NE(column, nullptr) << e.table << '.' << e.column;
      ASSERT_NE(column->values, nullptr) << e.table << '.' << e.column;
      std::set<std::string> values;
      for (std::string_view value : column->values->values) values.emplace(value);
      const std::vector<std::string> listed = words(e.states);
      EXPECT_EQ(values, std::set<std::string>(listed.begin(), listed.end())) << e.table << '.' << e.column;
      EXPECT_EQ(column->initial, e.initial) << e.table << '.' << e.column;
    }
  }
}

}  // namespace
