// Conferences in the Open Event format: our own festival, an older export full of holes, and whatever folders the
// environment variable EC_OPEN_EVENT_DIR leads to.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.hpp"
#include "rules/events/open_event.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"
#include "support/fixture.hpp"

namespace eventcore::test {

namespace tables = schema::tables;
namespace e = col::events;
using policy::Role;

class ImportOpenEventTest : public Fixture {
 protected:
  Json import(const std::string& folder, Json more = Json::object()) {
    Json arguments = {{"folder", folder}};
    arguments.update(more);
    auto done = call(as_service(organization_), "import_open_event", arguments);
    EXPECT_TRUE(done.has_value()) << folder << ": " << (done ? std::string() : done.error().to_json());
    return done ? std::move(done).assume_value() : Json::object();
  }
  const std::string festival_ = std::string(EC_SOURCE_DIR) + "/examples/open-event";
  const std::string older_ = std::string(EC_SOURCE_DIR) + "/tests/fixtures/open-event";
};

TEST_F(ImportOpenEventTest, AFestivalBecomesEventVenueTagsPackagesAndSponsors) {
  const Json reply = import(
      festival_, {{"venue_capacity", 2500},
                  {"categories", {{{"name", "Three evenings"}, {"base_price", "45.00"}, {"total_quantity", 2000}}}}});
  EXPECT_EQ(reply["event"]["name"], "Lantern Harbour Festival 2026");
  EXPECT_EQ(reply["event"]["status"], "confirmed");
  EXPECT_EQ(reply["event"]["event_type"], "festival");
  EXPECT_EQ(reply["event"]["start_datetime"], "2026-09-18T15:00:00Z");
  EXPECT_EQ(reply["venue"]["max_capacity"], 2500);
  EXPECT_EQ(reply["venue"]["coordinates"]["x"], "-8.6148");
  EXPECT_EQ(reply["tags"], 2);
  EXPECT_EQ(reply["sponsor_packages"], 3);
  EXPECT_EQ(reply["sponsors"], 5);
  EXPECT_EQ(reply["categories"], 1);
  const Json& kept = reply["event"]["settings"]["open_event"];
  EXPECT_EQ(kept["microlocations"].size(), 3U);
  EXPECT_EQ(kept["sessions"].size(), 4U);
  EXPECT_EQ(kept["event"]["organizer-name"], "Lantern Harbour Society");
  EXPECT_FALSE(kept["event"].contains("name"));
}

TEST_F(ImportOpenEventTest, ImportingTwiceIsRefused) {
  import(festival_);
  EC_EXPECT_REFUSED("already_exists", call(as_service(organization_), "import_open_event", {{"folder", festival_}}));
  EXPECT_EQ(count(tables::events), 1);
  EXPECT_EQ(count(tables::venues), 1);
}

TEST_F(ImportOpenEventTest, OlderExportsWithHolesAreRead) {
  const Json reply = import(older_);
  EXPECT_EQ(reply["event"]["status"], "planning");
  EXPECT_TRUE(reply["event"]["event_type"].is_null());
  EXPECT_EQ(reply["event"]["start_datetime"], "2026-06-05T17:00:00Z") << "a time without offset is the zone's";
  EXPECT_TRUE(reply["venue"]["coordinates"].is_null());
  EXPECT_EQ(reply["sponsors"], 0);
  EXPECT_EQ(reply["event"]["settings"]["open_event"]["event"]["type"], "Regatta");
}

TEST_F(ImportOpenEventTest, WhatIsMissingIsListed) {
  const auto refused = call(as_user(Role::admin), "import_open_event",
                            {{"documents", {{"event", {{"starts-at", "soon"}, {"timezone", "Nowhere"}}}}}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "invalid_argument");
  EXPECT_EQ(refused.error().detail().fields.size(), 4U) << refused.error().to_json();
  EC_EXPECT_REFUSED("not_found",
                    call(as_service(organization_), "import_open_event", {{"folder", folder_.path("none")}}));
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::manager), "import_open_event", {{"folder", festival_}}));
}

TEST_F(ImportOpenEventTest, CategoriesThatAreNoneAreNamedAndNothingIsMade) {
  const auto bad_field = [&](const Json& categories) {
    const auto refused =
        call(as_service(organization_), "import_open_event", {{"folder", festival_}, {"categories", categories}});
    if (refused) return std::string("it was allowed");
    const auto& fields = refused.error().detail().fields;
    return std::string(refused.error().name()) + " " + (fields.empty() ? "" : fields.front().field);
  };
  const Json good = {{"name", "Day"}, {"base_price", "1.00"}, {"total_quantity", 1}};
  Json elsewhere = good, unpriced = good;
  elsewhere["event_id"] = to_text(ids_->next());
  unpriced.erase("base_price");
  EXPECT_EQ(bad_field(Json::array({good, elsewhere})), "invalid_argument categories[1].event_id");
  EXPECT_EQ(bad_field(Json::array({good, unpriced})), "invalid_argument categories[1].base_price");
  EXPECT_EQ(bad_field(Json::array({1})).substr(0, 29), "invalid_argument categories[0");
  EXPECT_EQ(bad_field("all").substr(0, 27), "invalid_argument categories");
  EXPECT_EQ(count(tables::events), 0);
  EXPECT_EQ(count(tables::venues), 0);
}

TEST_F(ImportOpenEventTest, AFileThatIsNoJsonOrTooLargeIsNamed) {
  const TestFolder conference;
  const auto import_it = [&] {
    return call(as_service(organization_), "import_open_event", {{"folder", conference.folder()}});
  };
  const std::string file = conference.path("event.json");
  write_whole(file, as_bytes("{\"name\": "));
  const auto broken = import_it();
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().name(), "invalid_json");
  EXPECT_EQ(broken.error().detail().facts.front().second, "event.json");
  write_whole(file, Bytes(4 * 1024 * 1024 + 1, ' '));
  EC_EXPECT_REFUSED("request_too_large", import_it());
  EXPECT_EQ(count(tables::events), 0);
}

// Both once took time by the square of the length.
TEST_F(ImportOpenEventTest, ANameAsLongAsAFileMayBeIsCutToTheColumns) {
  std::string name;
  for (int i = 0; i < 1'000'000; ++i) name += "\xc3\xa9";
  const Json event = {
      {"name", name}, {"topic", name}, {"starts-at", "2026-06-05T10:00:00Z"}, {"ends-at", "2026-06-06T10:00:00Z"}};
  const auto read = rules::events::read_open_event({{"event", event}}, 1);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(count_characters(read.assume_value().event["name"].get<std::string>()), 200U);
  ASSERT_EQ(read.assume_value().tags.size(), 1U);
  EXPECT_EQ(count_characters(read.assume_value().tags[0]), 50U);
}

TEST_F(ImportOpenEventTest, EachOfManyTypesOfSponsorsIsOnePackage) {
  Json sponsors = Json::array();
  for (int i = 0; i < 60'000; ++i) sponsors.push_back({{"name", "S"}, {"type", "Type " + std::to_string(i % 30'000)}});
  const Json event = {{"name", "N"}, {"starts-at", "2026-06-05T10:00:00Z"}, {"ends-at", "2026-06-06T10:00:00Z"}};
  const auto read = rules::events::read_open_event({{"event", event}, {"sponsors", sponsors}}, 1);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read.assume_value().packages.size(), 30'000U);
  EXPECT_EQ(read.assume_value().sponsors[45'000].package, 15'000U);
}

TEST_F(ImportOpenEventTest, OnlyTheHostItselfNamesAFolder) {
  EC_EXPECT_REFUSED("command_denied", call(as_user(Role::owner), "import_open_event", {{"folder", festival_}}));
  EXPECT_EQ(count(tables::events), 0);
}

TEST_F(ImportOpenEventTest, EveryFolderOfTheCollectionIsRead) {
  const char* collection = std::getenv("EC_OPEN_EVENT_DIR");
  const std::string folders = collection != nullptr ? collection : std::string(EC_SOURCE_DIR) + "/examples";
  int imported = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folders)) {
    if (!std::filesystem::exists(entry.path() / "event.json")) continue;
    const Json reply = import(entry.path().string());
    EXPECT_TRUE(reply.contains("event")) << entry.path();
    ++imported;
  }
  EXPECT_GT(imported, 0);
}

}  // namespace eventcore::test
