#include "json_text.hpp"

#include <nlohmann/json.hpp>

#include "talk.hpp"

namespace cli {

namespace {

constexpr std::size_t broken = std::string_view::npos;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// Behind the closing quote of the text that begins at `at`.
std::size_t skip_text(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return broken;
}

// Behind the value that begins at `at`.
std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  const std::size_t begin = at;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_text(text, at);
      if (at == broken || depth == 0) return at;
      continue;
    }
    if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth == 0) return at == begin ? broken : at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (is_space(c) || c == ',')) {
      return at == begin ? broken : at;
    }
    ++at;
  }
  return depth == 0 && at > begin ? at : broken;
}

std::optional<std::vector<std::string_view>> values_in_array(std::string_view text, std::size_t at) {
  std::vector<std::string_view> found;
  at = skip_space(text, at + 1);
  if (at < text.size() && text[at] == ']') {
    if (skip_space(text, at + 1) != text.size()) return std::nullopt;
    return found;
  }
  while (at < text.size()) {
    const std::size_t end = skip_value(text, at);
    if (end == broken) return std::nullopt;
    found.push_back(text.substr(at, end - at));
    at = skip_space(text, end);
    if (at >= text.size()) return std::nullopt;
    if (text[at] == ']') {
      if (skip_space(text, at + 1) != text.size()) return std::nullopt;
      return found;
    }
    if (text[at] != ',') return std::nullopt;
    at = skip_space(text, at + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string_view>> values_in(std::string_view text) {
  std::size_t at = skip_space(text, 0);
  if (at < text.size() && text[at] == '[') return values_in_array(text, at);
  std::vector<std::string_view> found;
  while (at < text.size()) {
    const std::size_t end = skip_value(text, at);
    if (end == broken) return std::nullopt;
    found.push_back(text.substr(at, end - at));
    at = skip_space(text, end);
  }
  return found;
}

std::optional<std::vector<Member>> members_of(std::string_view text) {
  std::vector<Member> found;
  std::size_t at = skip_space(text, 0);
  if (at >= text.size() || text[at] != '{') return std::nullopt;
  at = skip_space(text, at + 1);
  if (at < text.size() && text[at] == '}') return found;
  while (at < text.size() && text[at] == '"') {
    const std::size_t name_end = skip_text(text, at);
    if (name_end == broken) return std::nullopt;
    Member one{plain(text.substr(at, name_end - at)), {}};
    at = skip_space(text, name_end);
    if (at >= text.size() || text[at] != ':') return std::nullopt;
    at = skip_space(text, at + 1);
    const std::size_t end = skip_value(text, at);
    if (end == broken) return std::nullopt;
    one.value = text.substr(at, end - at);
    found.push_back(std::move(one));
    at = skip_space(text, end);
    if (at < text.size() && text[at] == '}') return found;
    if (at >= text.size() || text[at] != ',') return std::nullopt;
    at = skip_space(text, at + 1);
  }
  return std::nullopt;
}

std::string_view member(std::string_view object, std::string_view name) {
  const auto found = members_of(object);
  if (!found) return {};
  for (const Member& one : *found)
    if (one.name == name) return one.value;
  return {};
}

std::string plain(std::string_view value) {
  if (value.empty() || value == "null") return {};
  if (value.front() != '"') return std::string(value);
  const auto json = nlohmann::json::parse(value, nullptr, false);
  return json.is_string() ? json.get<std::string>() : std::string(value);
}

std::string as_json(std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw Misuse("not valid UTF-8: " +
                 nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  }
}

namespace {

// Writes a value piece by piece; a name is told from a text by the colon behind it.
class Layout {
 public:
  Layout(std::string_view json, bool colour) : json_(json), colour_(colour) {}

  std::string all() {
    for (std::size_t at = 0; at < json_.size();) at = piece(at);
    return std::move(out_);
  }

 private:
  void line() { out_.append("\n").append(2 * depth_, ' '); }

  void coloured(std::string_view text, const char* code) {
    if (!colour_) {
      out_.append(text);
      return;
    }
    out_.append("\033[").append(code).append("m").append(text).append("\033[0m");
  }

  std::size_t piece(std::size_t at) {
    const char c = json_[at];
    if (is_space(c)) return at + 1;
    if (c == '"') {
      const std::size_t end = std::min(skip_text(json_, at), json_.size());
      const std::size_t next = skip_space(json_, end);
      const bool name = next < json_.size() && json_[next] == ':';
      coloured(json_.substr(at, end - at), name ? "34" : "32");
      return end;
    }
    if (c == '{' || c == '[') return opened(at);
    if (c == '}' || c == ']') {
      depth_ -= depth_ > 0 ? 1 : 0;
      line();
      out_.push_back(c);
    } else if (c == ',') {
      out_.push_back(c);
      line();
    } else if (c == ':') {
      out_.append(": ");
    } else {
      out_.push_back(c);
    }
    return at + 1;
  }

  std::size_t opened(std::size_t at) {
    const std::size_t next = skip_space(json_, at + 1);
    if (next < json_.size() && (json_[next] == '}' || json_[next] == ']')) {
      out_.push_back(json_[at]);
      out_.push_back(json_[next]);
      return next + 1;
    }
    out_.push_back(json_[at]);
    ++depth_;
    line();
    return at + 1;
  }

  std::string_view json_;
  bool colour_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string laid_out(std::string_view json, bool colour) {
  return Layout(json, colour).all();
}

}  // namespace cli
