// One cell of matrix.txt at a time: what a principal gets when he tries, held against what is written. Each function
// fails the running test where they differ.
// Thread: plain functions on a World.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "policy/matrix_file.hpp"
#include "policy/world.hpp"

namespace eventcore::test {

struct Case {
  const schema::TableDef& table;
  std::string variant;
  std::string principal;
  [[nodiscard]] std::string block() const;  // its name in matrix.txt
};

const Matrix& matrix();
std::string block_name(const schema::TableDef& table, const std::string& variant);
void for_each_case(const schema::TableDef& table, const std::function<void(const Case&)>& body);
void for_each_case(const std::function<void(const Case&)>& body);

// View, create, update and delete; answers how many cells that were.
std::size_t check_cells(World& world, const Case& c);
// The columns of an answer; which of the others can be asked for; which a change may name. Each answers how many
// answers or columns it looked at.
std::size_t check_read_columns(World& world, const Case& c);
std::size_t check_asked_columns(World& world, const Case& c);
std::size_t check_written_columns(World& world, const Case& c);

}  // namespace eventcore::test
