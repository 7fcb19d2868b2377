#include "rules/events/open_event.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "base/time.hpp"
#include "schema/tables/events.hpp"

namespace eventcore::rules::events {

namespace {

constexpr std::array<const char*, 5> document_names = {"event", "sponsors", "microlocations", "tracks", "sessions"};
constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;

// An object of an export, read by its dashed key names; remembers what was used, so that the rest can be kept.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  const Json* take(std::initializer_list<std::string_view> names) {
    for (std::string_view name : names)
      for (const auto& [key, value] : object_.items()) {
        std::string dashed = key;
        std::replace(dashed.begin(), dashed.end(), '_', '-');
        if (dashed != name) continue;
        used_.push_back(key);
        if (!value.is_null()) return &value;
      }
    return nullptr;
  }
  // Trimmed; empty for what is absent or no text.
  std::string text(std::initializer_list<std::string_view> names) {
    const Json* value = take(names);
    return value != nullptr && value->is_string() ? trim(value->get_ref<const std::string&>()) : std::string();
  }
  // The value stays with what is kept verbatim.
  void keep_last() { used_.pop_back(); }

  [[nodiscard]] Json rest() const {
    Json rest = Json::object();
    for (const auto& [key, value] : object_.items())
      if (std::find(used_.begin(), used_.end(), key) == used_.end()) rest[key] = value;
    return rest;
  }

 private:
  const Json& object_;
  std::vector<std::string> used_;
};

std::string lower_underscored(const std::string& text) {
  std::string word = fold(text);
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return word;
}

// In one pass: a name of an export may be as long as its file.
std::string cut(const std::string& text, std::size_t characters) {
  const auto starts_character = [&](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  std::size_t seen = 0;
  const auto end =
      std::find_if(text.begin(), text.end(), [&](char c) { return starts_character(c) && ++seen > characters; });
  return trim(std::string_view(text).substr(0, static_cast<std::size_t>(end - text.begin())));
}

// Times with an offset are what they say; others are local to the event.
std::optional<std::string> time_of(const std::string& text, const std::string& zone) {
  if (const auto exact = parse_rfc3339(text)) return format_rfc3339(exact.assume_value());
  if (const auto local = parse_time_in_zone(text, zone)) return format_rfc3339(local.assume_value());
  return std::nullopt;
}

class Import {
 public:
  Import(const Json& documents, std::int64_t venue_capacity) : documents_(documents), capacity_(venue_capacity) {}

  Result<OpenEvent> run() {
    const Json event = document("event", Json::value_t::object);
    Fields fields(event);
    names_and_times(fields);
    venue(fields);
    kind(fields);
    for (const std::string& tag : {fields.text({"topic"}), fields.text({"sub-topic"})}) {
      const std::string name = cut(tag, schema::name_length_max / 4);
      if (!name.empty() && std::find(out_.tags.begin(), out_.tags.end(), name) == out_.tags.end())
        out_.tags.push_back(name);
    }
    kept_ = Json{{"event", fields.rest()}};
    sponsors();
    for (const char* name : {"microlocations", "tracks", "sessions"})
      if (Json list = document(name, Json::value_t::array); !list.empty()) kept_[name] = std::move(list);
    out_.event["settings"] = Json{{"open_event", std::move(kept_)}};
    if (!detail_.fields.empty()) return Failure(Errc::invalid_argument, std::move(detail_));
    return std::move(out_);
  }

 private:
  // Anything but the expected type counts as empty: exports write null, {} and [] alike for "nothing".
  Json document(const char* name, Json::value_t type) const {
    const auto found = documents_.find(name);
    if (found != documents_.end() && found->type() == type) return *found;
    return Json(type);
  }

  void bad(std::string field, std::string reason) {
    detail_.fields.push_back({"documents." + std::move(field), std::move(reason)});
  }

  void names_and_times(Fields& fields) {
    const std::string name = cut(fields.text({"name"}), schema::name_length_max);
    if (name.empty()) bad("event.name", "is required");
    out_.event["name"] = name;
    if (const std::string text = fields.text({"description"}); !text.empty())
      out_.event["description"] = cut(text, schema::free_text_length_max);
    std::string zone = fields.text({"timezone"});
    if (zone.empty()) zone = "UTC";
    if (!zone_exists(zone)) {
      bad("event.timezone", "is not an IANA time zone");
      zone = "UTC";
    }
    out_.event["timezone"] = zone;
    put_time(fields.text({"starts-at", "start-time"}), zone, "starts-at", "start_datetime");
    put_time(fields.text({"ends-at", "end-time"}), zone, "ends-at", "end_datetime");
  }

  void put_time(const std::string& text, const std::string& zone, const char* field, const char* column) {
    const auto time = time_of(text, zone);
    if (!time) return bad(std::string("event.") + field, text.empty() ? "is required" : "is not a time");
    out_.event[column] = *time;
  }

  void venue(Fields& fields) {
    const std::string place = fields.text({"location-name"});
    const Json* x = fields.take({"longitude"});
    const Json* y = fields.take({"latitude"});
    if (place.empty()) return;
    Json row = {{"name", cut(place, schema::name_length_max)}, {"address", place}, {"max_capacity", capacity_}};
    const auto is_coordinate = [](const Json* value) {
      return value != nullptr && (is_number(*value) || (value->is_string() && !value->get<std::string>().empty()));
    };
    if (is_coordinate(x) && is_coordinate(y)) row["coordinates"] = {{"x", *x}, {"y", *y}};
    out_.venue = std::move(row);
  }

  void kind(Fields& fields) {
    if (const std::string type = lower_underscored(fields.text({"type"})); !type.empty()) {
      const auto& known = schema::enums::event_type_values;
      if (std::find(std::begin(known), std::end(known), type) != std::end(known))
        out_.event["event_type"] = type;
      else
        fields.keep_last();
    }
    const bool published = lower_underscored(fields.text({"state"})) == "published";
    out_.event["status"] = published ? "confirmed" : "planning";
    const std::string privacy = lower_underscored(fields.text({"privacy"}));
    out_.event["is_public"] = privacy.empty() || privacy == "public";
  }

  std::size_t package_of(const std::string& type) {
    const auto [known, is_new] = packages_.emplace(type, out_.packages.size());
    if (!is_new) return known->second;
    out_.packages.push_back({{"package_name", type},
                             {"package_tier", "custom"},
                             {"price", "0"},
                             {"max_sponsors", nullptr},
                             {"benefits", Json::object()}});
    return known->second;
  }

  void sponsors() {
    Json kept = Json::array();
    for (const Json& element : document("sponsors", Json::value_t::array)) {
      if (!element.is_object()) continue;
      Fields fields(element);
      const std::string name = cut(fields.text({"name"}), schema::name_length_max);
      if (name.empty()) continue;
      std::string type = cut(fields.text({"type", "sponsor-type"}), schema::name_length_max);
      if (type.empty()) type = "Sponsor";
      OpenEvent::Sponsor sponsor;
      sponsor.row = {{"company_name", name}, {"contract_value", "0"}};
      if (const std::string logo = fields.text({"logo-url", "logo"}); !logo.empty()) sponsor.row["logo_url"] = logo;
      if (const std::string url = fields.text({"url"}); !url.empty()) sponsor.row["website_url"] = url;
      sponsor.package = package_of(type);
      out_.sponsors.push_back(std::move(sponsor));
      Json rest = fields.rest();
      rest["name"] = name;
      kept.push_back(std::move(rest));
    }
    if (!kept.empty()) kept_["sponsors"] = std::move(kept);
  }

  const Json& documents_;
  std::int64_t capacity_;
  OpenEvent out_;
  Json kept_;
  std::map<std::string, std::size_t> packages_;  // type -> place in out_.packages
  FailureDetail detail_;
};

}  // namespace

Result<Json> open_event_documents(store::Files& files, const std::string& folder) {
  Json documents = Json::object();
  for (const char* name : document_names) {
    const std::string file = std::string(name) + ".json";
    EC_TRY(content, files.read(folder + "/" + file, file_bytes_max + 1));
    if (!content) continue;
    if (content->size() > file_bytes_max) return fail_fact(Errc::request_too_large, "file", file);
    const std::string text = trim(as_text(*content));
    if (text.empty()) continue;
    auto parsed = parse_json(text);
    if (!parsed) return fail_fact(Errc::invalid_json, "file", file);
    if (!parsed.assume_value().is_null()) documents[name] = std::move(parsed).assume_value();
  }
  if (!documents.contains("event")) return fail_fact(Errc::not_found, "file", "event.json");
  return documents;
}

Result<OpenEvent> read_open_event(const Json& documents, std::int64_t venue_capacity) {
  return Import(documents, venue_capacity).run();
}

}  // namespace eventcore::rules::events
