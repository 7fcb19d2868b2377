// What this build is made of, and the engine's log lines, as JSON. Any thread.
#pragma once

#include <string>

#include "api/engine.hpp"

namespace eventcore::api {

inline constexpr std::string_view release = "0.1.0";

// {"eventcore", "sqlcipher", "sqlite", "openssl", "libsodium"}
std::string version_json();

// [{"time", "level", "text"}], oldest first; pulled lines are gone.
std::string logs_json(EngineCore& engine, std::size_t lines_max);

}  // namespace eventcore::api
