#include "faults/power_story.hpp"

#include <algorithm>
#include <utility>

#include "base/codes.hpp"
#include "base/hash.hpp"
#include "schema/all.hpp"
#include "support/test_store.hpp"

namespace eventcore::test {

namespace {

constexpr int key_of_copies = 100;
constexpr std::string_view counted_tables[] = {"ticket_orders", "tickets", "order_payments", "check_ins"};

Key key_of(int number) {
  return Key::raw(Bytes(32, static_cast<std::uint8_t>(number)));
}

CallOptions options_of(const Order& order, const Key* key) {
  CallOptions options;
  options.idempotency_key = order.idempotency_key;
  options.key = order.key != 0 ? key : nullptr;
  return options;
}

}  // namespace

std::size_t Story::acknowledged(std::size_t events) const {
  return static_cast<std::size_t>(
      std::count_if(deeds.begin(), deeds.end(), [&](const Deed& deed) { return deed.ended <= events; }));
}

// ---- the desk ------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Desk>> Desk::open(Disk& disk, std::string_view name, int key, bool create, std::uint64_t seed,
                                         bool accept_loss) {
  auto desk = std::make_unique<Desk>();
  desk->random_ = std::make_unique<SeededRandom>(seed);
  store::OpenOptions options;
  options.path = disk.path(std::string(name));
  options.key = store::KeyInput::raw(Bytes(32, static_cast<std::uint8_t>(key)));
  options.create = create;
  options.accept_loss = accept_loss;
  options.reserve_bytes = 0;    // its length is all it says, and too much to keep in memory
  options.busy_timeout_us = 0;  // alone on its disk: what would wait would wait for ever
  EC_TRY(core, api::EngineCore::open(
                   std::move(options), true,
                   {.random = desk->random_.get(), .files = &disk.files(), .vfs = disk.vfs(), .start_us = story_time}));
  desk->core_ = std::move(core);
  desk->engine_ = std::make_unique<Engine>(desk->core_);
  return desk;
}

Result<StoreState> Desk::state() {
  EC_TRY(store, core_->store());
  StoreState out;
  EC_TRYV(store->read([&](store::Reader& reader) -> Status {
    EC_TRY(seq, reader.store_seq());
    out.store_seq = seq;
    store::Query every;
    every.table = &schema::tables::organizations;
    EC_TRY(tenants, reader.list(every));
    std::vector<Uuid> chains = {Uuid{}};
    for (const Record& tenant : tenants) chains.push_back(tenant.id());
    for (const Uuid& chain : chains) {
      EC_TRY(head, reader.chain_head(chain));
      out.heads += std::to_string(head.seq) + ":" + hex(head.hash) + " ";
    }
    return ok();
  }));
  out.commits = store->commit_count();
  return out;
}

Result<RowCounts> Desk::rows() {
  EC_TRY(session, engine_->session(R"({"kind":"service","reason":"count"})"));
  RowCounts out;
  for (const std::string_view table : counted_tables) {
    EC_TRY(count, session.count(table, "{}"));
    out[std::string(table)] = count;
  }
  return out;
}

Result<std::string> Desk::verify(bool pages) {
  EC_TRY(session, engine_->session(R"({"kind":"service","reason":"verify"})"));
  EC_TRY(text, session.call("verify_store", pages ? "{}" : R"({"pages":false})"));
  EC_TRY(report, parse_json(text));
  return report.value("ok", false) ? std::string() : text;
}

Result<Session> Desk::session(const Order& order, const Knowledge& known) {
  Json principal = {{"kind", "service"}, {"reason", "box office"}};
  if (!order.whole_store) principal["organization_id"] = known.organization;
  return engine_->session(dump(principal));
}

Result<std::string> Desk::run(const Order& order, const Knowledge& known) {
  EC_TRY(session, session(order, known));
  const Key key = key_of(order.key);
  if (order.command == "call_many") return session.call_many(dump(order.arguments), options_of(order, &key));
  if (order.command.starts_with("insert ")) {
    RecordOptions options;
    options.idempotency_key = order.idempotency_key;
    return session.insert(order.command.substr(7), dump(order.arguments), options);
  }
  return session.call(order.command, dump(order.arguments), options_of(order, &key));
}

Result<std::vector<Result<std::string>>> Desk::run_group(const std::vector<Order>& orders, const Knowledge& known) {
  std::vector<Session> sessions;
  std::vector<Pending> pending;
  for (const Order& order : orders) {
    EC_TRY(session, session(order, known));
    EC_TRY(queued, session.submit(order.command, dump(order.arguments), options_of(order, nullptr)));
    sessions.push_back(std::move(session));
    pending.push_back(std::move(queued));
  }
  std::vector<Result<std::string>> replies;
  for (Pending& each : pending) replies.push_back(*each.wait(-1));
  return replies;
}

Status Desk::checkpoint() {
  EC_TRY(store, core_->store());
  return store->checkpoint();
}

Status Desk::close() {
  return core_->close();
}

std::optional<store::LostRange> Desk::lost() const {
  const auto store = core_->store();
  return store ? store.assume_value()->lost() : std::nullopt;
}

Status restore_copy(Disk& disk, const Deed& deed, std::uint64_t seed) {
  EC_TRY(copy, Desk::open(disk, deed.restored_from, key_of_copies, false, seed));
  Order order;
  order.command = "restore";
  order.arguments = {{"path", disk.path(std::string(store_name))}, {"replace", true}};
  order.key = deed.key_before;
  order.whole_store = true;
  EC_TRYV(copy->run(order, {}));
  return copy->close();
}

// ---- telling -------------------------------------------------------------------------------------------------------

namespace {

class Teller {
 public:
  Teller(const std::string& folder, const Beginning& beginning, std::uint64_t seed)
      : disk_(folder, beginning.image, seed), seed_(seed), random_(seed) {
    story_.start = beginning.image;
    story_.known = beginning.known;
    for (const std::string_view table : counted_tables) story_.known.rows.try_emplace(std::string(table), 0);
  }

  Story run(const std::vector<std::string_view>& names) {
    trouble(reopen());
    for (const std::string_view name : names)
      if (story_.trouble.empty()) tell(name);
    desk_.reset();  // what its end writes belongs to no deed
    story_.history = disk_.history();
    return std::move(story_);
  }

 private:
  void trouble(const Status& done) {
    if (!done && story_.trouble.empty()) story_.trouble = done.error().to_json();
  }

  Status reopen() {
    if (desk_ != nullptr) EC_TRYV(desk_->close());
    desk_.reset();
    EC_TRY(desk, Desk::open(disk_, store_name, story_.known.key, true, ++seed_));
    desk_ = std::move(desk);
    return ok();
  }

  void tell(std::string_view name) {
    Deed deed;
    deed.name = std::string(name);
    deed.key_before = story_.known.key;
    const auto before = desk_->state();
    if (!before) return trouble(before.error());
    deed.before = before.assume_value();
    deed.begun = disk_.history().size();
    const Status done = act(name, deed);
    deed.ended = disk_.history().size();
    deed.key_after = story_.known.key;
    if (!done) return trouble(done);
    trouble(look(deed));
    story_.deeds.push_back(std::move(deed));
  }

  // The rows are those of a model that knows nothing of the engine.
  Status look(Deed& deed) {
    EC_TRY(after, desk_->state());
    deed.after = after;
    deed.rows = story_.known.rows;
    EC_TRY(rows, desk_->rows());
    if (rows == story_.known.rows) return ok();
    std::string all = deed.name + " left other rows than it should:";
    for (const auto& [table, count] : rows) all += " " + table + " " + std::to_string(count);
    return fail(Errc::internal, all);
  }

  Status act(std::string_view name, Deed& deed) {
    if (name == "organization") return make_organization(deed);
    if (name == "event") return make_event(deed);
    if (name == "category") return make_category(deed);
    if (name == "checkpoint") return desk_->checkpoint();
    if (name == "reopen") return reopen();
    if (name == "group") return group(deed);
    if (name == "backup") return backup(deed);
    if (name == "rotate" || name == "new_data_key") return change_key(deed, name == "new_data_key");
    if (name == "refuse") return refuse(deed);
    if (name == "restore" && !copies_.empty()) return restore(deed);
    if (name == "check_in" && !story_.known.fresh.empty()) return check_in(deed);
    if (name == "refund" && !story_.known.fresh.empty()) return refund(deed);
    return sell(deed);
  }

  Order order(std::string command, Json arguments) {
    const int number = ++story_.known.numbered;
    Order out;
    out.command = std::move(command);
    out.arguments = std::move(arguments);
    out.idempotency_key = "story-" + std::to_string(1'000'000'000 + number);
    return out;
  }

  Result<Json> run(Deed& deed, Order order) {
    auto reply = desk_->run(order, story_.known);
    if (!reply && !order.refused) return reply.error();
    if (reply && order.refused) return fail(Errc::internal, order.command + " was not refused");
    if (reply) order.reply = reply.assume_value();
    deed.orders.push_back(std::move(order));
    if (!reply) return Json();
    return parse_json(deed.orders.back().reply);
  }

  Json sale(int places) const {
    return {{"event_id", story_.known.event},
            {"items", Json::array({{{"ticket_category_id", story_.known.category}, {"quantity", places}}})},
            {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}},
            {"payment", {{"method", "cash"}, {"amount", std::to_string(places * 25) + ".00"}}}};
  }

  Status count_sale(const std::string& reply) {
    EC_TRY(sold, parse_json(reply));
    for (const Json& ticket : sold.at("tickets"))
      story_.known.fresh.emplace_back(ticket.at("id").get<std::string>(), ticket.at("qr_code_data").get<std::string>());
    RowCounts& rows = story_.known.rows;
    ++rows["ticket_orders"];
    ++rows["order_payments"];
    rows["tickets"] += static_cast<std::int64_t>(sold.at("tickets").size());
    return ok();
  }

  Status sell(Deed& deed) {
    EC_TRYV(run(deed, order("place_order", sale(1 + static_cast<int>(random_() % 3)))));
    return count_sale(deed.orders.back().reply);
  }

  // Three sales and one that is refused, in one commit.
  Status group(Deed& deed) {
    for (int i = 0; i < 3; ++i) deed.orders.push_back(order("place_order", sale(1 + i)));
    deed.orders.insert(deed.orders.begin() + 1, too_many());
    EC_TRY(replies, desk_->run_group(deed.orders, story_.known));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].has_value() == deed.orders[i].refused)
        return fail(Errc::internal, "a group's call went otherwise");
      if (!replies[i]) continue;
      deed.orders[i].reply = replies[i].assume_value();
      EC_TRYV(count_sale(deed.orders[i].reply));
    }
    return ok();
  }

  // The places are there, the money is not the price: refused after the order was looked at.
  Order too_many() {
    Json wrong = sale(2);
    wrong["payment"]["amount"] = "1.00";
    Order out = order("place_order", wrong);
    out.refused = true;
    return out;
  }

  // One call writes, the next is refused: nothing of either stays.
  Status refuse(Deed& deed) {
    Order both =
        order("call_many",
              Json::array({Json::array({"place_order", sale(1)}), Json::array({"place_order", too_many().arguments})}));
    both.refused = true;
    EC_TRYV(run(deed, std::move(both)));
    return ok();
  }

  std::pair<std::string, std::string> take_ticket() {
    auto& fresh = story_.known.fresh;
    const auto at = fresh.begin() + static_cast<std::ptrdiff_t>(random_() % fresh.size());
    auto ticket = *at;
    fresh.erase(at);
    return ticket;
  }

  Status check_in(Deed& deed) {
    const auto [id, code] = take_ticket();
    EC_TRY(reply, run(deed, order("check_in", {{"event_id", story_.known.event}, {"code", code}})));
    if (reply.at("outcome") != "admitted")
      return fail(Errc::internal, "a fresh ticket was not admitted: " + dump(reply));
    ++story_.known.rows["check_ins"];
    return ok();
  }

  Status refund(Deed& deed) {
    const auto [id, code] = take_ticket();
    EC_TRY(reply, run(deed, order("refund_tickets", {{"ticket_ids", Json::array({id})}})));
    if (!reply.at("refund").is_null()) ++story_.known.rows["order_payments"];
    return ok();
  }

  Status change_key(Deed& deed, bool data_key) {
    Order change = order("rotate_key", data_key ? Json{{"data_key", true}} : Json::object());
    change.key = story_.known.key + 1;
    change.whole_store = true;
    EC_TRYV(run(deed, std::move(change)));
    ++story_.known.key;
    return ok();
  }

  Status backup(Deed& deed) {
    deed.copy = "copy-" + std::to_string(story_.known.numbered) + ".ecdb";
    Order copy = order("backup", {{"path", disk_.path(deed.copy)}});
    copy.idempotency_key.clear();  // what is there already refuses a second one
    copy.key = deed.copy_key = key_of_copies;
    copy.whole_store = true;
    EC_TRYV(run(deed, std::move(copy)));
    copies_.push_back({deed.copy, story_.known});
    return ok();
  }

  // The rows are those of the copy again; the keys and the numbers given to calls go on.
  Status restore(Deed& deed) {
    const auto& [copy, known] = copies_[random_() % copies_.size()];
    deed.restored_from = copy;
    EC_TRYV(desk_->close());
    desk_.reset();
    EC_TRYV(restore_copy(disk_, deed, ++seed_));
    story_.known.fresh = known.fresh;
    story_.known.rows = known.rows;
    return reopen();
  }

  // What a host needs before its first sale. The store itself is made by opening it, before the first deed.
  Status make_organization(Deed& deed) {
    Order organization = order("create_organization", {{"name", "House of Events"},
                                                       {"slug", "house"},
                                                       {"owner", {{"email", "o@example.org"}, {"full_name", "Olga"}}}});
    organization.whole_store = true;
    EC_TRY(made, run(deed, std::move(organization)));
    story_.known.organization = made.at("organization").at("id").get<std::string>();
    return ok();
  }

  Status make_event(Deed& deed) {
    EC_TRY(event, run(deed, order("insert events", {{"name", "Winter Concert"},
                                                    {"start_datetime", "2026-09-21T15:00:00Z"},
                                                    {"end_datetime", "2026-09-21T23:00:00Z"},
                                                    {"status", "confirmed"}})));
    story_.known.event = event.at("id").get<std::string>();
    return ok();
  }

  Status make_category(Deed& deed) {
    EC_TRY(category, run(deed, order("insert ticket_categories", {{"event_id", story_.known.event},
                                                                  {"name", "Standing"},
                                                                  {"base_price", "25.00"},
                                                                  {"total_quantity", 1'000}})));
    story_.known.category = category.at("id").get<std::string>();
    return ok();
  }

  Disk disk_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Desk> desk_;
  std::vector<std::pair<std::string, Knowledge>> copies_;
  Story story_;
};

}  // namespace

Story tell(const std::string& folder, const Beginning& beginning, const std::vector<std::string_view>& names,
           std::uint64_t seed) {
  return Teller(folder, beginning, seed).run(names);
}

Beginning beginning(const std::string& folder, std::uint64_t seed, Story* how) {
  Story made = tell(folder, {}, {"organization", "event", "category", "reopen"}, seed);
  Platter platter(made.start);
  for (const DiskEvent& event : made.history) platter.apply(event);
  std::mt19937_64 unused;
  Beginning out{platter.cut(Loss::nothing, unused), made.known};
  if (how != nullptr) *how = std::move(made);
  return out;
}

}  // namespace eventcore::test
