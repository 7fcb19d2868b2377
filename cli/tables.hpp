// Rows as people write and read them: CSV in, CSV and tables out, cells typed as the schema declares their columns.
// Thread: one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Column {
  std::string name;
  std::string type;  // "text", "integer", "json", ... as in docs/reference/tables.md
  bool is_long = false;
};

std::vector<std::string> table_names();
std::vector<Column> columns_of(const std::string& table);  // empty when there is no such table

// A cell as a JSON value of that column; what does not fit goes as text, and the engine says what is wrong with it.
std::string typed_cell(const std::vector<Column>& columns, const std::string& name, const std::string& cell);

// "name=value" as a typed member. Throws Misuse.
std::string typed_member(const std::vector<Column>& columns, const std::string& assignment);

struct InputRow {
  std::size_t line = 0;
  std::string json;
};

// Rows of a CSV text with a header line; an empty cell without quotes is left out. Throws Misuse with the line.
std::vector<InputRow> rows_of_csv(const std::string& text, const std::vector<Column>& columns);

// Rows of a JSON array, of {"rows": [...]} or of objects that follow each other. Throws Misuse.
std::vector<InputRow> rows_of_json(std::string_view text);

std::string csv_line(const std::vector<std::string>& cells);
std::vector<std::string> cells_of(std::string_view row, const std::vector<std::string>& names);

// Columns aligned, cut to a width a person can read.
std::string aligned(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows);

}  // namespace cli
