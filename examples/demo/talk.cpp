#include "talk.hpp"

#include <unistd.h>

#include <cstdio>

namespace demo {

void step(const std::string& title) {
  static int number = 0;
  std::printf("\n%d. %s\n", ++number, title.c_str());
  std::fflush(stdout);
}

void say(const std::string& text) {
  std::printf("   %s\n", text.c_str());
  std::fflush(stdout);
}

Progress::Progress(std::string what, long total)
    : what_(std::move(what)),
      total_(total),
      terminal_(isatty(STDOUT_FILENO) == 1),
      start_(std::chrono::steady_clock::now()) {}

void Progress::at(long done) {
  const long percent = total_ > 0 ? done * 100 / total_ : 100;
  if (!terminal_ || percent == shown_) return;
  shown_ = percent;
  std::printf("\r   %s: %ld of %ld (%ld %%)  ", what_.c_str(), done, total_, percent);
  std::fflush(stdout);
}

Progress::~Progress() {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
  if (terminal_) std::printf("\r");
  std::printf("   %s: %ld done in %.1f s%s\n", what_.c_str(), total_, took.count(), terminal_ ? "          " : "");
  std::fflush(stdout);
}

}  // namespace demo
