// Who may run which command, held against the access contract: each declared command, each principal of the matrix and
// rows of every kind that commands are about.
// Thread: belongs to one test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/principal.hpp"
#include "policy/statement.hpp"
#include "policy/world.hpp"

namespace eventcore::test {

class CommandRights {
 public:
  explicit CommandRights(World& world);

  // Fails the running test where the engine lets somebody run it whom the contract does not name; and for the commands
  // whose probes are exact, where it refuses somebody who is named. Answers how many questions that were.
  std::size_t check(const schema::CommandDef& command);

 private:
  struct Asker {
    std::string name;
    statement::Who who;
    policy::Facts facts;
  };
  struct About {
    const schema::TableDef* table;
    std::string organization;
    std::string id;
  };
  void read_image();
  statement::Who who_is(const std::string& name) const;
  void gather_subjects(const Tenant& tenant);

  World& world_;
  statement::Image image_;
  std::vector<Asker> askers_;
  std::vector<About> subjects_;
};

}  // namespace eventcore::test
