// Power cuts for as long as one likes: stories of random deeds, or with --sequences every sequence of calls up to that
// length. An interrupt ends it after the story it is in. Prints what was done; exit code 1: something was lost, doubled
// or wrong, and what repeats it.
//   power_cuts --cuts 50000 --seed 7        power_cuts --seconds 600        power_cuts --sequences 3
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "faults/power_judge.hpp"
#include "support/test_store.hpp"

using namespace eventcore::test;  // NOLINT(google-build-using-namespace): a program of one file

namespace {

volatile std::sig_atomic_t interrupted = 0;

struct Options {
  std::int64_t cuts = -1;
  std::int64_t seconds = -1;
  std::uint64_t seed = 1;
  std::size_t sequences = 0;
  bool stop = false;  // at the first failure
};

std::int64_t number(const char* text) {
  return std::strtoll(text, nullptr, 10);
}

bool read(int count, char** words, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    const char* value = words[i + 1];
    if (name == "--cuts") {
      options.cuts = number(value);
    } else if (name == "--seconds") {
      options.seconds = number(value);
    } else if (name == "--seed") {
      options.seed = static_cast<std::uint64_t>(number(value));
    } else if (name == "--stop") {
      options.stop = number(value) != 0;
    } else if (name == "--sequences") {
      options.sequences = static_cast<std::size_t>(number(value));
    } else {
      return false;
    }
  }
  return count % 2 == 1;
}

class Campaign {
 public:
  explicit Campaign(const Options& options) : options_(options), began_(std::chrono::steady_clock::now()) {}

  int run() {
    Story creation;
    const Beginning begin = beginning(folder_.folder(), options_.seed, &creation);
    if (options_.sequences > 0) {
      sequences(begin, {});
    } else {
      cut(creation, {.seed = options_.seed, .between = 4, .cuts_max = left()}, "the making of a store");
      for (std::uint64_t seed = options_.seed; !over(); ++seed)
        cut(tell(folder_.folder(), begin, random_deeds(seed), seed),
            {.seed = seed, .between = 6, .cuts_max = left(), .lies = true}, "story " + std::to_string(seed));
    }
    report();
    return total_.failures.empty() && total_.cuts > 0 ? 0 : 1;
  }

 private:
  static std::vector<std::string_view> random_deeds(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string_view> names;
    while (names.size() < 14) {
      // What writes the whole store anew is rarer, so that most cuts meet sales and scans.
      const std::string_view name = deed_names[random() % std::size(deed_names)];
      if ((name == "new_data_key" || name == "backup" || name == "restore") && random() % 4 != 0) continue;
      names.push_back(name);
    }
    return names;
  }

  // Every sequence that begins with `first`; the cuts lie in its last deed, those before were cut with a shorter one.
  void sequences(const Beginning& begin, const std::vector<std::string_view>& first) {
    for (const std::string_view name : deed_names) {
      if (over()) return;
      std::vector<std::string_view> names = first;
      names.push_back(name);
      const Story story = tell(folder_.folder(), begin, names, options_.seed);
      const std::size_t from = story.deeds.size() == names.size() ? story.deeds.back().begun : 0;
      const std::size_t events = story.history.size() - from;
      std::string all;
      for (const std::string_view each : names) all += (all.empty() ? "" : ", ") + std::string(each);
      cut(story, {.seed = options_.seed, .first_event = from, .between = 1 + events / 64, .cuts_max = left()}, all);
      if (names.size() < options_.sequences) sequences(begin, names);
    }
  }

  void cut(const Story& story, const CutPlan& plan, const std::string& name) {
    ++stories_;
    CutPlan bounded = plan;
    bounded.stop_at_failure = options_.stop;
    Tally tally = cut_story(folder_.folder(), story, bounded);
    for (std::string& failure : tally.failures) {
      failure.insert(0, name + ": ");
      std::printf("FAILED %s\n", failure.c_str());
    }
    total_.add(tally);
    std::fflush(stdout);
  }

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  [[nodiscard]] std::int64_t left() const { return options_.cuts < 0 ? -1 : options_.cuts - total_.cuts; }
  [[nodiscard]] bool over() const {
    return interrupted != 0 || (options_.stop && !total_.failures.empty()) || left() == 0 ||
           (options_.cuts >= 0 && left() < 0) ||
           (options_.seconds >= 0 && seconds() >= static_cast<double>(options_.seconds));
  }

  void report() const {
    std::printf("%lld power cuts in %lld stories, %lld of them in a recovery; %.0f s, %.0f a second\n",
                static_cast<long long>(total_.cuts), static_cast<long long>(stories_),
                static_cast<long long>(total_.in_recovery), seconds(), static_cast<double>(total_.cuts) / seconds());
    std::printf("%lld acknowledged deeds were there; of those cut short %lld were there whole, %lld not at all\n",
                static_cast<long long>(total_.acknowledged), static_cast<long long>(total_.completed),
                static_cast<long long>(total_.undone));
    for (const auto& [what, times] : total_.lies)
      std::printf("after syncs that lied: %lld times %s\n", static_cast<long long>(times), what.c_str());
    std::printf("%zu failures\n", total_.failures.size());
  }

  Options options_;
  std::chrono::steady_clock::time_point began_;
  TestFolder folder_;
  Tally total_;
  std::int64_t stories_ = 0;
};

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!read(count, words, options) || (options.cuts < 0 && options.seconds < 0 && options.sequences == 0)) {
    std::fputs("usage: power_cuts --cuts N | --seconds S | --sequences LENGTH [--seed X]\n", stderr);
    return 2;
  }
  for (const int each : {SIGINT, SIGTERM}) std::signal(each, [](int) { interrupted = 1; });
  return Campaign(options).run();
}
