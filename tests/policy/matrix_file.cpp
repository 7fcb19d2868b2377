#include "policy/matrix_file.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace eventcore::test {

namespace {

std::vector<std::string> words_of(const std::string& text, char separator = ' ') {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

class MatrixReader {
 public:
  explicit MatrixReader(const std::vector<std::string>& principals) : principals_(principals) {}

  void line(const std::string& text) {
    ++number_;
    if (text.empty() || text[0] == '#') return;
    if (text.starts_with("table ")) return begin_table(text.substr(6));
    if (text.starts_with("columns ")) return begin_columns(text.substr(8));
    if (columns_ != nullptr) return column_line(text);
    if (block_ == nullptr) return problem("stands in no block");
    if (!header_read_) return header(text);
    cells(text);
  }
  Matrix matrix;

 private:
  void problem(const std::string& what) {
    matrix.problems.push_back("matrix.txt:" + std::to_string(number_) + ": " + what);
  }
  void begin_table(const std::string& name) {
    if (matrix.blocks.contains(name)) problem("the block " + name + " is there twice");
    block_ = &matrix.blocks[name];
    columns_ = nullptr;
    header_read_ = false;
  }
  void begin_columns(const std::string& name) {
    if (matrix.columns.contains(name)) problem("the columns of " + name + " are there twice");
    columns_ = &matrix.columns[name];
    block_ = nullptr;
  }
  void header(const std::string& text) {
    if (words_of(text) != principals_) problem("the principals are not the expected ones");
    header_read_ = true;
  }
  void cells(const std::string& text) {
    const std::vector<std::string> words = words_of(text);
    const std::string& operation = words[0];
    if (operation != "view" && operation != "create" && operation != "update" && operation != "delete")
      return problem("no such operation: " + operation);
    auto& row = (*block_)[operation];
    if (!row.empty()) problem("this operation is there twice");
    if (words.size() != principals_.size() + 1) problem("has not a cell for every principal");
    for (std::size_t i = 1; i < words.size() && i <= principals_.size(); ++i) {
      if (words[i].size() != 1 || std::string("+-.uecn").find(words[i][0]) == std::string::npos)
        problem("no such cell: " + words[i]);
      row[principals_[i - 1]] = words[i][0];
      ++matrix.cells;
    }
  }
  // "read a, b: sv ow" | "read only a, b: d1" | write ...
  void column_line(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return problem("has no colon");
    std::string left = text.substr(text.find_first_not_of(' '), colon - text.find_first_not_of(' '));
    const bool read = left.starts_with("read ");
    if (!read && !left.starts_with("write ")) return problem("must begin with read or write");
    left = left.substr(read ? 5 : 6);
    const bool only = left.starts_with("only ");
    if (only) left = left.substr(5);
    const std::vector<std::string> names = words_of(left, ',');
    for (const std::string& who : words_of(text.substr(colon + 1))) {
      if (who != "nobody" && std::find(principals_.begin(), principals_.end(), who) == principals_.end())
        problem("no such principal: " + who);
      for (const std::string& name : names) {
        if (only)
          (read ? columns_->read_only : columns_->write_only)[who].insert(name);
        else
          (read ? columns_->read : columns_->write)[name].insert(who);
      }
    }
  }

  const std::vector<std::string>& principals_;
  int number_ = 0;
  Matrix::Block* block_ = nullptr;
  ColumnLists* columns_ = nullptr;
  bool header_read_ = false;
};

}  // namespace

Matrix read_matrix(const std::string& path, const std::vector<std::string>& principals) {
  MatrixReader reader(principals);
  std::ifstream in(path);
  if (!in) reader.matrix.problems.push_back(path + " cannot be read");
  for (std::string text; std::getline(in, text);) reader.line(text);
  return std::move(reader.matrix);
}

}  // namespace eventcore::test
