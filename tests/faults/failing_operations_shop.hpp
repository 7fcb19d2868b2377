// A store that stands ready to sell and to admit, and an engine on it whose file operations a test chooses. Made once
// and copied, since most tests of faults need a fresh one for every fault.
// Thread: one test.
#pragma once

#include <gtest/gtest.h>

#include <eventcore/engine.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/engine.hpp"
#include "api/engine_fixture.hpp"
#include "base/json.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {

constexpr Micros doors_us = 1'796'148'000'000'000;  // 2026-12-01T18:00:00Z

// What a test lets the engine use; absent: the system's.
struct ShopUses {
  store::Files* files = nullptr;
  std::string vfs{};
  Bytes key = test_key;
  std::int64_t reserve_bytes = 1024 * 1024;
};

class Shop {
 public:
  static Result<Shop> open(const std::string& path, const ShopUses& uses = {}, bool create = false) {
    store::OpenOptions options = options_for(path, create);
    options.key = store::KeyInput::raw(uses.key);
    options.busy_timeout_us = 1'000'000;
    options.reserve_bytes = uses.reserve_bytes;
    EC_TRY(core,
           api::EngineCore::open(std::move(options), true,
                                 {.random = nullptr, .files = uses.files, .vfs = uses.vfs, .start_us = doors_us}));
    return Shop(core);
  }

  [[nodiscard]] api::EngineCore& core() { return *core_; }
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] store::StoreStats stats() { return core_->store().assume_value()->stats(); }
  Caller service() { return Caller(engine_.session(R"({"kind":"service","reason":"test"})").assume_value()); }
  Status close() { return core_->close(); }

  // What verify_store says, or an empty text when it finds nothing.
  std::string problems() {
    const auto report = service().call("verify_store", Json::object());
    if (!report) return report.error().to_json();
    return report.assume_value()["ok"].get<bool>() ? "" : dump(report.assume_value());
  }

 private:
  explicit Shop(const std::shared_ptr<api::EngineCore>& core) : core_(core), engine_(core) {}

  std::shared_ptr<api::EngineCore> core_;
  Engine engine_;
};

// The rows of the shop, and the calls that tests make on them.
struct ShopRows {
  std::string organization;
  std::string event;
  std::string category;
  std::vector<std::string> codes{};  // of sold tickets

  [[nodiscard]] Json sale(int places = 1, const std::string& amount = "10.00") const {
    return {{"event_id", event},
            {"items", Json::array({{{"ticket_category_id", category}, {"quantity", places}}})},
            {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}},
            {"payment", {{"method", "cash"}, {"amount", amount}}}};
  }
  [[nodiscard]] Json scan(std::size_t ticket) const { return {{"event_id", event}, {"code", codes.at(ticket)}}; }

  [[nodiscard]] std::int64_t count(Shop& shop, const std::string& table) const {
    const auto counted = shop.service().count(table, {{"organization_id", organization}});
    EXPECT_TRUE(succeeded(counted));
    return counted ? counted.assume_value() : -1;
  }
};

inline Json must(Result<Json> reply) {
  EXPECT_TRUE(succeeded(reply));
  return reply ? std::move(reply).assume_value() : Json::object();
}

// Makes the rows, and sells so many tickets.
inline ShopRows make_rows(Shop& shop, int tickets) {
  Caller service = shop.service();
  const Json made = must(service.call(
      "create_organization", {{"name", "Aurora"}, {"owner", {{"email", "o@example.org"}, {"full_name", "Olga"}}}}));
  ShopRows rows;
  rows.organization = made["organization"]["id"].get<std::string>();
  rows.event = must(service.insert("events", {{"organization_id", rows.organization},
                                              {"name", "Aurora Night"},
                                              {"status", "confirmed"},
                                              {"is_public", true},
                                              {"start_datetime", "2026-12-01T18:30:00Z"},
                                              {"end_datetime", "2026-12-01T23:00:00Z"}}))["id"];
  rows.category = must(service.insert("ticket_categories", {{"event_id", rows.event},
                                                            {"name", "Standing"},
                                                            {"base_price", "10.00"},
                                                            {"total_quantity", 100'000},
                                                            {"max_per_order", 100}}))["id"];
  for (int left = tickets; left > 0; left -= 100) {
    const int places = std::min(left, 100);
    const Json sold = must(service.call("place_order", rows.sale(places, std::to_string(places) + "0.00")));
    for (const Json& ticket : sold["tickets"]) rows.codes.push_back(ticket["qr_code_data"].get<std::string>());
  }
  return rows;
}

// A copy of the shop in a folder of its own, with nobody in it.
class ShopCopy {
 public:
  ShopCopy() {
    for (const char* name : {"shop.ecdb", "shop.keys", "shop.anchor"})
      std::filesystem::copy_file(made().folder.path(name), folder_.path(name));
  }
  [[nodiscard]] std::string path(const std::string& name = "shop.ecdb") const { return folder_.path(name); }
  [[nodiscard]] const std::string& folder() const { return folder_.folder(); }
  static const ShopRows& rows() { return made().rows; }

 private:
  static constexpr int tickets = 20;
  struct Made {
    TestFolder folder;
    ShopRows rows;
  };
  static const Made& made() {
    static const Made* const once = [] {
      auto* const fresh = new Made;
      Shop shop = Shop::open(fresh->folder.path("shop.ecdb"), {}, true).assume_value();
      fresh->rows = make_rows(shop, tickets);
      EXPECT_TRUE(shop.close());
      std::filesystem::remove(fresh->folder.path("shop.reserve"));
      std::atexit([] { std::filesystem::remove_all(made().folder.folder()); });
      return fresh;
    }();
    return *once;
  }

  TestFolder folder_;
};

}  // namespace eventcore::test
