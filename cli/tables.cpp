#include "tables.hpp"

#include <algorithm>
#include <cstdint>
#include <eventcore/engine.hpp>
#include <nlohmann/json.hpp>

#include "json_text.hpp"
#include "talk.hpp"

namespace cli {

namespace {

const nlohmann::ordered_json& schema() {
  static const auto json = nlohmann::ordered_json::parse(eventcore::schema_json());
  return json;
}

constexpr std::size_t cell_width_max = 40;

}  // namespace

std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const auto& table : schema()["tables"]) names.push_back(table["name"]);
  return names;
}

std::vector<Column> columns_of(const std::string& table_name) {
  std::vector<Column> columns;
  for (const auto& table : schema()["tables"]) {
    if (table["name"] != table_name) continue;
    for (const auto& column : table["columns"]) columns.push_back({column["name"], column["type"], column["long"]});
  }
  return columns;
}

std::string typed_cell(const std::vector<Column>& columns, const std::string& name, const std::string& cell) {
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& one) { return one.name == name; });
  const std::string type = column == columns.end() ? "text" : column->type;
  const bool digits = !cell.empty() && cell.find_first_not_of("0123456789", cell[0] == '-' ? 1 : 0) == cell.npos &&
                      cell != "-" && cell.size() < 20;
  if (type == "integer" && digits && nlohmann::json::accept(cell)) return cell;
  if (type == "boolean" && (cell == "true" || cell == "false")) return cell;
  const bool structured = type == "json" || type == "point" || type.find("[]") != std::string::npos;
  if (structured && nlohmann::json::accept(cell)) return cell;
  return as_json(cell);
}

std::string typed_member(const std::vector<Column>& columns, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) throw Misuse("`" + assignment + "` is not COLUMN=VALUE");
  const std::string name = assignment.substr(0, equals);
  return as_json(name) + ":" + typed_cell(columns, name, assignment.substr(equals + 1));
}

namespace {

struct Cell {
  std::string text;
  bool in_quotes = false;
};

// One record at a time, as RFC 4180 has it; a quoted cell may hold line ends.
class CsvReader {
 public:
  explicit CsvReader(const std::string& text) : text_(text) {
    if (text_.rfind("\xEF\xBB\xBF", 0) == 0) at_ = 3;
  }

  [[nodiscard]] std::size_t line() const { return record_line_; }

  bool next(std::vector<Cell>& cells) {
    cells.clear();
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) step();
    if (at_ >= text_.size()) return false;
    record_line_ = line_;
    for (;;) {
      cells.push_back(cell());
      if (at_ >= text_.size()) return true;
      const char c = text_[at_];
      if (c == '\r' || c == '\n') return true;
      if (c != ',') throw Misuse("line " + std::to_string(line_) + ": a comma must follow a quoted cell");
      step();
      if (at_ >= text_.size()) {
        cells.emplace_back();
        return true;
      }
    }
  }

 private:
  void step() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }

  Cell cell() {
    Cell found;
    if (at_ < text_.size() && text_[at_] == '"') {
      found.in_quotes = true;
      const std::size_t begun = line_;
      step();
      for (;;) {
        if (at_ >= text_.size()) throw Misuse("line " + std::to_string(begun) + ": a quote is not closed");
        if (text_[at_] == '"') {
          step();
          if (at_ >= text_.size() || text_[at_] != '"') return found;
        }
        found.text.push_back(text_[at_]);
        step();
      }
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r') {
      found.text.push_back(text_[at_]);
      step();
    }
    return found;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace

std::vector<InputRow> rows_of_csv(const std::string& text, const std::vector<Column>& columns) {
  CsvReader reader(text);
  std::vector<Cell> header;
  if (!reader.next(header)) throw Misuse("the CSV has no header line");
  std::vector<InputRow> rows;
  std::vector<Cell> cells;
  while (reader.next(cells)) {
    if (cells.size() != header.size())
      throw Misuse("line " + std::to_string(reader.line()) + ": " + std::to_string(cells.size()) + " cells, but the " +
                   "header has " + std::to_string(header.size()));
    std::string json = "{";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].text.empty() && !cells[i].in_quotes) continue;
      if (json.size() > 1) json += ",";
      json += as_json(header[i].text) + ":" + typed_cell(columns, header[i].text, cells[i].text);
    }
    rows.push_back({reader.line(), json + "}"});
  }
  return rows;
}

std::vector<InputRow> rows_of_json(std::string_view text) {
  auto values = values_in(text);
  if (values && values->size() == 1 && !member((*values)[0], "rows").empty()) {
    text = member((*values)[0], "rows");
    values = values_in(text);
  }
  if (!values) throw Misuse("the rows must be a JSON array of objects, or an object on each line");
  std::vector<InputRow> rows;
  const char* counted = text.data();
  std::size_t line = 1;
  for (const std::string_view value : *values) {
    line += static_cast<std::size_t>(std::count(counted, value.data(), '\n'));
    counted = value.data();
    rows.push_back({line, std::string(value)});
  }
  return rows;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line.push_back(',');
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += cells[i];
      continue;
    }
    line.push_back('"');
    for (const char c : cells[i]) line.append(c == '"' ? 2 : 1, c);
    line.push_back('"');
  }
  return line + "\r\n";
}

std::vector<std::string> cells_of(std::string_view row, const std::vector<std::string>& names) {
  std::vector<std::string> cells(names.size());
  const auto members = members_of(row);
  if (!members) return cells;
  for (const Member& one : *members) {
    const auto at = std::find(names.begin(), names.end(), one.name);
    if (at != names.end()) cells[static_cast<std::size_t>(at - names.begin())] = plain(one.value);
  }
  return cells;
}

namespace {

// What a terminal shows in one column each, near enough: UTF-8 without its continuation bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (width_of(text) <= cell_width_max) return text;
  std::size_t width = 0;
  std::size_t at = 0;
  for (; at < text.size() && width < cell_width_max; ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) ++width;
  return text.substr(0, at - 1) + "…";
}

}  // namespace

std::string aligned(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines{names};
  for (const auto& row : rows) {
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(cut(cell));
  }
  std::vector<std::size_t> widths(names.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < names.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
      text += line[i] + std::string(widths[i] - width_of(line[i]) + 2, ' ');
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace cli
