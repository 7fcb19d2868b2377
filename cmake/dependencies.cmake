# What the engine links (all from the distribution; tools/install-deps installs them).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(date REQUIRED)
find_package(PNG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_path(QRCODEGEN_INCLUDE_DIR qrcodegen.hpp PATH_SUFFIXES qrcodegen REQUIRED)
find_library(QRCODEGEN_LIBRARY qrcodegencpp REQUIRED)

add_library(ec_qrcodegen INTERFACE)
target_include_directories(ec_qrcodegen SYSTEM INTERFACE ${QRCODEGEN_INCLUDE_DIR})
target_link_libraries(ec_qrcodegen INTERFACE ${QRCODEGEN_LIBRARY})

# Headers that the public C++ headers need as well, and libraries only the engine itself calls.
set(EC_PUBLIC_LIBRARIES Boost::headers)
set(EC_LIBRARIES
  nlohmann_json::nlohmann_json date::date-tz PkgConfig::SODIUM PkgConfig::UTF8PROC PNG::PNG OpenSSL::Crypto
  Threads::Threads)
