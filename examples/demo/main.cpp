// The first festival: a conference imported, sold, paid, checked in and reported on one encrypted store.
//   eventcore_demo FOLDER [--open-event DIR]
// Everything is written into FOLDER. Exit 0 when all happened as told and the store verifies.
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <random>

#include "clock.hpp"
#include "festival.hpp"
#include "talk.hpp"

namespace {

using demo::say;

// 32 random bytes, kept in a file that only this user can read: the gate program opens the same store with it.
std::vector<std::uint8_t> make_key(const std::string& path) {
  std::vector<std::uint8_t> key(32);
  std::random_device random;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
  std::ofstream out(path, std::ios::binary);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  out.write(reinterpret_cast<const char*>(key.data()), static_cast<std::streamsize>(key.size()));
  return key;
}

int run(const std::string& folder, const std::string& open_event, const std::string& gate_program) {
  demo::Festival festival;
  demo::read_dates(open_event, festival);
  eventcore::OpenOptions options;
  options.path = folder + "/festival.ecdb";
  options.key = eventcore::Key::raw(make_key(folder + "/festival.key"));
  options.create_new = true;
  options.test_clock = true;
  auto opened = eventcore::Engine::open(std::move(options));
  if (!opened) throw std::runtime_error("the store could not be made: " + opened.error().to_json());
  eventcore::Engine& engine = opened.assume_value();
  static_cast<void>(engine.set_clock(festival.start_us - 60 * demo::day_us));

  demo::set_up(engine, open_event, festival);
  demo::sell(engine, festival);
  demo::expire_one_order(engine, festival);
  demo::refuse_to_oversell(engine, festival);
  demo::show_isolation(engine, festival);
  const demo::Json sale = demo::sell_with_a_code(engine, festival);
  demo::hear_from_stripe(engine, festival);
  demo::serve_who_waits(engine, festival);
  demo::open_the_gate(engine, festival, folder, gate_program);
  demo::pass_on_and_search(engine, festival, sale);
  demo::report(engine, festival, folder);
  const bool proved = demo::prove(engine);
  if (const auto closed = engine.close(); !closed) throw std::runtime_error(closed.error().to_json());
  std::printf("\nAll of it lies in %s\n", folder.c_str());
  return proved ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string open_event = std::string(EC_DEMO_DATA) + "/open-event";
  if (argc != 2 && !(argc == 4 && std::strcmp(argv[2], "--open-event") == 0)) {
    std::fprintf(stderr, "usage: eventcore_demo FOLDER [--open-event DIR]\n");
    return 2;
  }
  if (argc == 4) open_event = argv[3];
  const std::string gate_program = (std::filesystem::path(argv[0]).parent_path() / "example_c_gate").string();
  try {
    return run(argv[1], open_event, gate_program);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "\nthe demo stopped: %s\n", error.what());
    return 1;
  }
}
