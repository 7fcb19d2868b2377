// What the generator writes: one function for each output, text in memory, no file touched.
// Invariants: the same declarations give the same bytes; every file ends with a newline.
#pragma once

#include <string>
#include <vector>

namespace eventcore::gen {

struct Output {
  std::string path;  // relative to the repository
  std::string text;
};

std::string columns_header();
std::string enums_header();
std::string errc_header();
std::string errc_table();
std::string c_codes_header();

std::string tables_page();
std::string commands_page();
std::string errors_page();
std::string states_page();
std::string access_page();
std::string personal_page();
std::string schema_sql();  // empty when the generator was built without the store

std::vector<Output> all_outputs();

}  // namespace eventcore::gen
