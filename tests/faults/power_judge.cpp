#include "faults/power_judge.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace eventcore::test {

namespace {

using Kind = DiskEvent::Kind;

constexpr std::string_view loss_names[] = {"nothing", "all", "sectors", "garbage"};

Failure wrong(const std::string& what) {
  return fail(Errc::internal, what);
}

std::string shown(const StoreState& state) {
  return "commit " + std::to_string(state.commits) + ", change " + std::to_string(state.store_seq);
}

bool one_of(const std::vector<StoreState>& states, const StoreState& state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

template <class T>
std::string told(const Result<T>& result) {
  return result.error().to_json();
}

}  // namespace

void Tally::add(const Tally& other) {
  cuts += other.cuts;
  in_recovery += other.in_recovery;
  acknowledged += other.acknowledged;
  completed += other.completed;
  undone += other.undone;
  for (const auto& [what, times] : other.lies) lies[what] += times;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

// ---- an honest disk ------------------------------------------------------------------------------------------------

Judge::Expected Judge::expected(std::size_t at) const {
  Expected out;
  out.acknowledged = story_.acknowledged(at);
  const auto& deeds = story_.deeds;
  out.create = story_.start.empty();
  const Deed* last = out.acknowledged > 0 ? &deeds[out.acknowledged - 1] : nullptr;
  out.states = {last != nullptr ? last->after : deeds.front().before};
  out.keys = {last != nullptr ? last->key_after : deeds.front().key_before};
  if (last != nullptr) out.rows = last->rows;
  if (out.acknowledged == deeds.size() || deeds[out.acknowledged].begun >= at) return out;
  out.in_flight = &deeds[out.acknowledged];
  out.states.push_back(out.in_flight->after);
  out.rows = out.in_flight->rows;
  if (out.in_flight->key_after != out.keys.front()) out.keys.push_back(out.in_flight->key_after);
  return out;
}

void Judge::fail_at(std::size_t at, const std::string& how, std::uint64_t seed, const std::string& what) {
  std::string in = "between deeds";
  for (const Deed& deed : story_.deeds)
    if (deed.begun < at && at < deed.ended) in = "in " + deed.name;
  tally_.failures.push_back("event " + std::to_string(at) + " of " + std::to_string(left_.size()) + ", " + in +
                            ", losing " + how + ", seed " + std::to_string(seed) + ": " + what);
}

void Judge::cut(const Platter& platter, std::size_t at, Loss loss, std::uint64_t seed) {
  std::mt19937_64 random(seed * 1'000'003 + at);
  const Image image = platter.cut(loss, random);
  const Expected expectation = expected(at);
  ++tally_.cuts;
  tally_.acknowledged += static_cast<std::int64_t>(expectation.acknowledged);
  Recovery recovery;
  const Status done = examine(image, expectation, random(), recovery);
  const std::string how(loss_names[static_cast<std::size_t>(loss)]);
  if (!done) return fail_at(at, how, seed, told(done));
  if (expectation.in_flight != nullptr) ++(recovery.found == expectation.states[0] ? tally_.undone : tally_.completed);
  if (recovery.history.size() > 1) {
    const std::size_t before = tally_.failures.size();
    cut_in_recovery(image, expectation, recovery, random());
    for (std::size_t i = before; i < tally_.failures.size(); ++i)
      tally_.failures[i] = "event " + std::to_string(at) + ", losing " + how + ", seed " + std::to_string(seed) +
                           ", and again in the recovery: " + tally_.failures[i];
  }
}

// The power goes again while the store is opened or the deed repeated.
void Judge::cut_in_recovery(const Image& image, const Expected& expectation, const Recovery& recovery,
                            std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t at = 1 + random() % recovery.history.size();
  Platter platter(image);
  for (std::size_t i = 0; i < at; ++i) platter.apply(recovery.history[i]);
  const Loss loss = random() % 2 == 0 ? Loss::all : Loss::sectors;
  const Image left = platter.cut(loss, random);
  Expected again = expectation;
  again.states = at >= recovery.done ? std::vector{recovery.repeated} : std::vector{recovery.found, recovery.repeated};
  if (at >= recovery.done) again.keys = {recovery.key};
  ++tally_.cuts;
  ++tally_.in_recovery;
  Recovery second;
  const Status done = examine(left, again, random(), second);
  if (!done) tally_.failures.push_back("event " + std::to_string(at) + " of it: " + told(done));
}

Status Judge::examine(const Image& image, const Expected& expectation, std::uint64_t seed, Recovery& recovery) {
  Disk disk(folder_, image, seed);
  Status done = examine_on(disk, expectation, seed, recovery);
  desk_.reset();  // before its disk
  recovery.history = disk.history();
  return done;
}

Status Judge::examine_on(Disk& disk, const Expected& expectation, std::uint64_t seed, Recovery& recovery) {
  EC_TRYV(open_with_any(disk, expectation, seed, recovery));
  recovery.opened = disk.history().size();
  EC_TRYV(look(expectation, seed % 4 == 0, recovery));
  EC_TRYV(ask_again(expectation));
  if (expectation.in_flight != nullptr) {
    EC_TRYV(repeat(disk, *expectation.in_flight, recovery.key, seed));
    recovery.key = expectation.in_flight->key_after;
  }
  recovery.done = disk.history().size();
  EC_TRY(repeated, desk_->state());
  recovery.repeated = repeated;
  if (!expectation.rows.empty()) {
    EC_TRY(rows, desk_->rows());
    if (rows != expectation.rows) return wrong("other rows than the model's");
  }
  for (std::size_t i = 0; i < expectation.acknowledged; ++i) EC_TRYV(look_at_copy(disk, story_.deeds[i]));
  return desk_->close();
}

Status Judge::open_with_any(Disk& disk, const Expected& expectation, std::uint64_t seed, Recovery& recovery) {
  Status why = ok();
  for (const int key : expectation.keys) {
    auto desk = Desk::open(disk, store_name, key, expectation.create, seed);
    if (desk) {
      desk_ = std::move(desk).assume_value();
      recovery.key = key;
      return ok();
    }
    if (why || why.error().code() == Errc::wrong_key) why = desk.error();
  }
  return wrong("it does not open: " + why.error().to_json());
}

// Every page is read for one cut in four: it takes as long as all the rest.
Status Judge::look(const Expected& expectation, bool pages, Recovery& recovery) {
  EC_TRY(found, desk_->state());
  recovery.found = found;
  EC_TRY(problems, desk_->verify(pages));
  if (!problems.empty()) return wrong("verify_store: " + problems);
  if (!one_of(expectation.states, found))
    return wrong("it is at " + shown(found) + " instead of " + shown(expectation.states.front()) +
                 (expectation.states.size() > 1 ? " or " + shown(expectation.states.back()) : ""));
  return ok();
}

// What was acknowledged since the last restore is answered as it was, and nothing is written.
Status Judge::ask_again(const Expected& expectation) {
  EC_TRY(before, desk_->state());
  const Deed* deed = expectation.in_flight;
  if (deed != nullptr && !deed->restored_from.empty() && before != deed->before) return ok();
  std::size_t from = expectation.acknowledged > 2 ? expectation.acknowledged - 2 : 0;
  for (std::size_t i = from; i < expectation.acknowledged; ++i)
    if (!story_.deeds[i].restored_from.empty()) from = i;  // it took back what was before
  for (std::size_t i = from; i < expectation.acknowledged; ++i) {
    for (const Order& order : story_.deeds[i].orders) {
      if (order.refused || order.idempotency_key.empty()) continue;
      const auto reply = desk_->run(order, story_.known);
      if (!reply) return wrong(order.command + " was acknowledged and is refused: " + told(reply));
      if (reply.assume_value() != order.reply) return wrong(order.command + " is answered otherwise when repeated");
    }
  }
  EC_TRY(after, desk_->state());
  return before == after ? Status(ok()) : Status(wrong("an acknowledged deed happened again"));
}

Status Judge::repeat(Disk& disk, const Deed& deed, int key, std::uint64_t seed) {
  if (!deed.restored_from.empty()) {
    EC_TRYV(desk_->close());
    desk_.reset();
    EC_TRYV(restore_copy(disk, deed, seed));
    EC_TRY(desk, Desk::open(disk, store_name, key, false, seed));
    desk_ = std::move(desk);
    return ok();
  }
  if (deed.name == "checkpoint") return desk_->checkpoint();
  if (deed.orders.size() > 1) {
    EC_TRY(replies, desk_->run_group(deed.orders, story_.known));
    for (std::size_t i = 0; i < replies.size(); ++i)
      if (replies[i].has_value() == deed.orders[i].refused) return wrong("a group's call goes otherwise when repeated");
    return ok();
  }
  for (const Order& order : deed.orders) {
    const auto reply = desk_->run(order, story_.known);
    if (reply.has_value() != order.refused) continue;
    // A whole copy may be there already.
    if (!deed.copy.empty() && reply.error().code() == Errc::store_exists && disk.image().contains(deed.copy)) continue;
    return wrong(order.command + " goes otherwise when repeated" + (reply ? "" : ": " + told(reply)));
  }
  return ok();
}

Status Judge::look_at_copy(Disk& disk, const Deed& deed) {
  if (deed.copy.empty()) return ok();
  auto copy = Desk::open(disk, deed.copy, deed.copy_key, false, 1);
  if (!copy) return wrong("the backup does not open: " + told(copy));
  EC_TRY(problems, copy.assume_value()->verify());
  if (!problems.empty()) return wrong("the backup's verify_store: " + problems);
  EC_TRY(rows, copy.assume_value()->rows());
  return rows == deed.rows ? Status(ok()) : Status(wrong("the backup holds other rows"));
}

// ---- a disk that lies ----------------------------------------------------------------------------------------------

void Judge::cut_after_lies(std::size_t at, std::size_t window, std::uint64_t seed) {
  std::mt19937_64 random(seed * 1'000'033 + at);
  Platter platter(story_.start);
  const std::size_t honest = at > window ? at - window : 0;
  for (std::size_t i = 0; i < at; ++i) {
    const bool sync = left_[i].kind == Kind::sync || left_[i].kind == Kind::sync_folder;
    if (i < honest || !sync) platter.apply(left_[i]);
  }
  const Image image = platter.cut(Loss::sectors, random);
  const std::string what = judge_lie(image, at, false, random());
  if (!what.empty()) fail_at(at, "what lying syncs of " + std::to_string(window) + " events left", seed, what);
}

void Judge::lose_wal(std::size_t at, std::size_t window, std::uint64_t seed) {
  const std::string wal = std::string(store_name) + "-wal";
  Platter all(story_.start);
  Platter honest(story_.start);
  bool exact = true;  // a database that was written meanwhile is neither the old one nor the new one without its WAL
  for (std::size_t i = 0; i < at; ++i) {
    all.apply(left_[i]);
    const bool lost = i + window >= at && left_[i].name == wal;
    if (!lost) honest.apply(left_[i]);
    if (i + window >= at && left_[i].name == store_name) exact = false;
    if (i + window >= at && left_[i].to == store_name) exact = false;
  }
  std::mt19937_64 random(seed);
  Image image = all.cut(Loss::nothing, random);
  Image without = honest.cut(Loss::nothing, random);
  if (without.contains(wal))
    image[wal] = without[wal];
  else
    image.erase(wal);
  const std::string what = judge_lie(image, at, exact, random());
  if (!what.empty()) fail_at(at, "the WAL of " + std::to_string(window) + " events", seed, what);
}

// `exact`: the anchor is whole, so that whatever is missing must be told. Empty: nothing wrong was answered.
std::string Judge::judge_lie(const Image& image, std::size_t at, bool exact, std::uint64_t seed) {
  const Expected expectation = expected(at);
  ++tally_.cuts;
  Disk disk(folder_, image, seed);
  Result<std::unique_ptr<Desk>> desk = Errc::internal;
  int key = 0;
  for (std::size_t i = 0; i < expectation.keys.size() && !desk; ++i) {
    key = expectation.keys[i];
    desk = Desk::open(disk, store_name, key, false, seed);
    if (!desk && desk.error().code() == Errc::commits_lost) break;
  }
  const bool reported = !desk && desk.error().code() == Errc::commits_lost;
  if (reported) desk = Desk::open(disk, store_name, key, false, seed, true);
  if (!desk) {
    ++tally_.lies["refused to open"];
    return exact ? "a lost WAL is no reason to refuse: " + told(desk) : "";
  }
  StoreState found;
  const auto looked = look_at_liar(*desk.assume_value(), expectation.acknowledged, at, found);
  if (!looked) return looked.error().to_json();
  ++tally_.lies[(reported ? "loss reported, " : "") + looked.assume_value()];
  if (reported) {
    const auto lost = desk.assume_value()->lost();
    if (!lost || lost->store_commit > lost->anchor_commit) return "the range of what is lost makes no sense";
    if (exact && lost->anchor_commit < expectation.states.front().commits) return "the range leaves out what is lost";
    return "";
  }
  const bool short_of = found.commits < expectation.states.front().commits;
  return exact && short_of && looked.assume_value() != "noticed by verify_store"
             ? "commits are missing and nobody says so"
             : "";
}

// The store as it was after some deed, damage that verify_store names, or a wrong answer.
Result<std::string> Judge::look_at_liar(Desk& desk, std::size_t acknowledged, std::size_t, StoreState& found) {
  const auto problems = desk.verify(true);
  const auto state = desk.state();
  if (!problems || !problems.assume_value().empty() || !state) return std::string("noticed by verify_store");
  found = state.assume_value();
  const bool accepted = desk.lost().has_value();
  const auto& deeds = story_.deeds;
  const std::size_t last = std::min(acknowledged + 1, deeds.size());
  if (acknowledged > 0 && found == deeds[acknowledged - 1].after) return std::string("everything is there");
  for (std::size_t i = 0; i < last; ++i)
    for (const StoreState& each : {deeds[i].before, deeds[i].after}) {
      // An accepted loss stands in the store's chain: one commit and one entry more.
      if (each == found) return std::string("an earlier state");
      if (accepted && each.commits + 1 == found.commits) return std::string("an earlier state");
    }
  std::string known;
  for (std::size_t i = 0; i < last; ++i) known += "; after " + deeds[i].name + " " + shown(deeds[i].after);
  return wrong("a state that never was, at " + shown(found) + ", and verify_store finds nothing" + known);
}

// ---- a whole story -------------------------------------------------------------------------------------------------

Tally cut_story(const std::string& folder, const Story& story, const CutPlan& plan, const Sabotage& sabotage) {
  if (!story.trouble.empty()) {
    Tally out;
    out.failures.push_back("before any fault: " + story.trouble);
    return out;
  }
  const History left = sabotage ? sabotage(story.history) : story.history;
  Judge judge(folder, story, left);
  Platter platter(story.start);
  std::mt19937_64 random(plan.seed);
  const auto full = [&] {
    if (plan.stop_at_failure && !judge.tally().failures.empty()) return true;
    return plan.cuts_max >= 0 && judge.tally().cuts >= plan.cuts_max;
  };
  for (std::size_t at = 0; at <= left.size() && !full(); ++at) {
    const auto syncs = [&](std::size_t i) {
      return i < left.size() && (left[i].kind == Kind::sync || left[i].kind == Kind::sync_folder);
    };
    const bool chosen = syncs(at) || (at > 0 && syncs(at - 1)) || random() % plan.between == 0;
    if (chosen && at >= plan.first_event) {
      judge.cut(platter, at, static_cast<Loss>(random() % 4), plan.seed);
      if (plan.lies && random() % 2 == 0) judge.cut_after_lies(at, 1 + random() % 60, plan.seed);
      if (plan.lies && random() % 4 == 0) judge.lose_wal(at, 1 + random() % 60, plan.seed);
    }
    if (at < left.size()) platter.apply(left[at]);
  }
  return judge.tally();
}

}  // namespace eventcore::test
