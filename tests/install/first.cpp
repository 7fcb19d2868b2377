// The C++ API from an installed prefix: first FOLDER makes a store in it and says who owns it.
#include <array>
#include <eventcore/engine.hpp>
#include <iostream>

eventcore::Result<std::string> first(const std::string& folder) {
  const std::array<std::uint8_t, 32> key{};
  eventcore::OpenOptions options;
  options.path = folder + "/first.ecdb";
  options.key = eventcore::Key::raw(key);
  options.create_new = true;
  EC_TRY(engine, eventcore::Engine::open(std::move(options)));
  EC_TRY(session, engine.session(R"({"kind": "service", "reason": "installed"})"));
  EC_TRY(made, session.call("create_organization",
                            R"({"name": "A", "owner": {"email": "ada@aurora.example", "full_name": "Ada"}})"));
  EC_TRYV(engine.close());
  return made;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto made = first(argv[1]);
  if (!made) std::cerr << made.error().message() << '\n';
  if (made) std::cout << made.assume_value() << '\n';
  return made ? 0 : 1;
}
