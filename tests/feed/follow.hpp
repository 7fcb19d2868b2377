// Follows the feed the way a careful host does: in random portions, now and then with a new session, until nothing is
// written any more and nothing comes.
// Thread: one follower each.
#pragma once

#include <eventcore/engine.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace eventcore::test {

// `writing` answers whether somebody may still write. The changes from `since` on go to `got`, and `since` moves with
// them. Answers what went wrong, or nothing.
template <class Writing>
std::string follow_feed(Engine& engine, const std::string& principal, std::uint64_t seed, const Writing& writing,
                        std::int64_t& since, std::vector<Json>& got) {
  constexpr std::int64_t wait_us = 2'000;
  std::mt19937_64 dice(seed);
  std::optional<Session> session;
  for (bool last = false;;) {
    const bool was_writing = writing();
    if (!session || dice() % 8 == 0) {
      auto opened = engine.session(principal);
      if (!opened) return opened.error().to_json();
      session.emplace(std::move(opened).assume_value());
    }
    const auto reply = session->changes(since, static_cast<std::int64_t>(1 + dice() % 9), wait_us);
    if (!reply) return reply.error().to_json();
    const Json page = parse_json(reply.assume_value()).assume_value();
    for (const Json& change : page["changes"]) got.push_back(change);
    const bool still = page["next"] == Json(since);
    since = page["next"].get<std::int64_t>();
    if (!still || was_writing) continue;
    if (last) return {};
    last = true;
  }
}

}  // namespace eventcore::test
