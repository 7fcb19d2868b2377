// Reads matrix.txt: the cells and the column lists of the access contract. Whatever does not parse is a problem, told
// with its line; nothing is skipped.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace eventcore::test {

struct ColumnLists {
  // column -> the principals who may; "nobody" stands for none of them
  std::map<std::string, std::set<std::string>> read;
  std::map<std::string, std::set<std::string>> write;
  // principal -> all that he may
  std::map<std::string, std::set<std::string>> read_only;
  std::map<std::string, std::set<std::string>> write_only;
};

struct Matrix {
  using Block = std::map<std::string, std::map<std::string, char>>;  // operation -> principal -> cell
  std::map<std::string, Block> blocks;                               // "table" or "table variant"
  std::map<std::string, ColumnLists> columns;                        // the same names
  std::vector<std::string> problems;
  std::size_t cells = 0;
};

Matrix read_matrix(const std::string& path, const std::vector<std::string>& principals);

}  // namespace eventcore::test
