// What the demo says on the terminal: steps, facts and a progress line for long steps.
#pragma once

#include <chrono>
#include <string>

namespace demo {

// A numbered heading for the next thing that happens.
void step(const std::string& title);

// One fact, indented under its step.
void say(const std::string& text);

// A single line that is redrawn while a long step runs (only on a terminal; otherwise printed once at the end).
class Progress {
 public:
  Progress(std::string what, long total);
  ~Progress();
  void at(long done);

 private:
  std::string what_;
  long total_;
  long shown_ = -1;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace demo
