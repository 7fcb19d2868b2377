# SQLCipher, compiled from its amalgamation into one object whose every global symbol carries the prefix ecsql_.
# A host may link or load an SQLite of its own: with the plain names the linker would let one of the two win, and an
# engine that runs on the host's SQLite writes its data in clear. Targets:
#   ec_sqlcipher_headers   ecsql.h and what it needs (src/store and tests of the store)
#   ec_sqlcipher           the same, plus the renamed object and libcrypto

set(EVENTCORE_SQLCIPHER_SOURCE_DIR "$ENV{EVENTCORE_SQLCIPHER_SOURCE_DIR}" CACHE PATH
    "Folder with sqlite3.c, sqlite3.h and sqlite3ext.h of SQLCipher >= 4.14.0; empty: the pinned, fetched sources")
set(sqlcipher_home ${PROJECT_SOURCE_DIR}/third_party/sqlcipher)

# Sets <result> when every file of that source in <folder> carries its pinned hash.
function(sqlcipher_matches_pins source folder result)
  set(${result} TRUE PARENT_SCOPE)
  file(STRINGS ${sqlcipher_home}/pins.txt pins REGEX "^${source}-file ")
  foreach(line IN LISTS pins)
    string(REPLACE " " ";" fields "${line}")
    list(GET fields 1 expected)
    list(GET fields 3 name)
    set(actual "absent")
    if(EXISTS ${folder}/${name})
      file(SHA256 ${folder}/${name} actual)
    endif()
    if(NOT actual STREQUAL expected)
      set(${result} FALSE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

if(EVENTCORE_SQLCIPHER_SOURCE_DIR)
  get_filename_component(sqlcipher_dir "${EVENTCORE_SQLCIPHER_SOURCE_DIR}" ABSOLUTE)
  set(sqlcipher_origin "given folder")
else()
  set(sqlcipher_dir ${sqlcipher_home}/src)
  if(NOT EXISTS ${sqlcipher_dir}/sqlite3.c)
    execute_process(COMMAND ${sqlcipher_home}/fetch.sh RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "SQLCipher is missing and could not be fetched (see the lines above).")
    endif()
  endif()
  sqlcipher_matches_pins(crate ${sqlcipher_dir} is_crate)
  sqlcipher_matches_pins(npm ${sqlcipher_dir} is_npm)
  if(NOT is_crate AND NOT is_npm)
    message(FATAL_ERROR "third_party/sqlcipher/src does not carry the pinned hashes. "
      "Remove that folder and run third_party/sqlcipher/fetch.sh.")
  endif()
  set(sqlcipher_origin "pinned")
endif()

foreach(name sqlite3.c sqlite3.h)
  if(NOT EXISTS ${sqlcipher_dir}/${name})
    message(FATAL_ERROR "no ${name} in ${sqlcipher_dir}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sqlcipher_dir}/${name})
endforeach()

# Versions, read from the sources themselves. SQLite below 3.51.3 has a WAL bug that loses commits.
file(STRINGS ${sqlcipher_dir}/sqlite3.h line REGEX "^#define SQLITE_VERSION +\"")
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" EVENTCORE_SQLITE_VERSION "${line}")
file(STRINGS ${sqlcipher_dir}/sqlite3.c line REGEX "^#define CIPHER_VERSION_NUMBER +[0-9]")
string(REGEX REPLACE ".* ([0-9.]+)[ \t]*$" "\\1" EVENTCORE_SQLCIPHER_VERSION "${line}")
if(NOT EVENTCORE_SQLCIPHER_VERSION OR EVENTCORE_SQLCIPHER_VERSION VERSION_LESS 4.14.0)
  message(FATAL_ERROR "SQLCipher >= 4.14.0 is needed, found '${EVENTCORE_SQLCIPHER_VERSION}' in ${sqlcipher_dir}")
endif()
if(EVENTCORE_SQLITE_VERSION VERSION_LESS 3.51.3)
  message(FATAL_ERROR "SQLite >= 3.51.3 is needed, found '${EVENTCORE_SQLITE_VERSION}' in ${sqlcipher_dir}")
endif()
message(STATUS "SQLCipher ${EVENTCORE_SQLCIPHER_VERSION}, SQLite ${EVENTCORE_SQLITE_VERSION} (${sqlcipher_origin})")

# What changes the public interface of sqlite3.h; ecsql.h repeats these so that every user sees the same declarations.
set(sqlcipher_interface_definitions
  SQLITE_HAS_CODEC SQLITE_ENABLE_SESSION SQLITE_ENABLE_PREUPDATE_HOOK)

add_library(ec_sqlcipher_raw OBJECT ${sqlcipher_home}/sqlite3_in_engine.c)
target_include_directories(ec_sqlcipher_raw PRIVATE ${sqlcipher_dir})
set_target_properties(ec_sqlcipher_raw PROPERTIES
  POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden INTERPROCEDURAL_OPTIMIZATION OFF C_CLANG_TIDY "")
target_compile_definitions(ec_sqlcipher_raw PRIVATE
  ${sqlcipher_interface_definitions}
  HAVE_STDINT_H=1
  HAVE_FDATASYNC=1                    # a commit syncs what was written, and the length where it grew; no time stamps
  SQLCIPHER_CRYPTO_OPENSSL
  SQLCIPHER_OMIT_LOG                  # a library never writes to stderr
  SQLITE_EXTRA_INIT=sqlcipher_extra_init
  SQLITE_EXTRA_SHUTDOWN=sqlcipher_extra_shutdown
  SQLITE_THREADSAFE=1                 # mutexes compiled in; each connection is opened with NOMUTEX
  SQLITE_TEMP_STORE=3                 # temporary data never reaches the disk, whatever a pragma says
  SQLITE_DEFAULT_MEMSTATUS=0          # nobody asks how much memory it has, and counting takes a mutex per allocation
  SQLITE_MAX_MMAP_SIZE=0
  SQLITE_DQS=0
  SQLITE_DEFAULT_FOREIGN_KEYS=1
  SQLITE_TRUSTED_SCHEMA=0
  SQLITE_OMIT_LOAD_EXTENSION
  SQLITE_OMIT_DEPRECATED
  SQLITE_OMIT_SHARED_CACHE
  SQLITE_LIKE_DOESNT_MATCH_BLOBS
  SQLITE_ENABLE_FTS5
  SQLITE_ENABLE_MATH_FUNCTIONS
  SQLITE_ENABLE_DBSTAT_VTAB
  SQLITE_ENABLE_SETLK_TIMEOUT
  NDEBUG)
# Always optimised: a debug SQLite would hide what the engine itself costs. The warnings in it are not ours to mend.
target_compile_options(ec_sqlcipher_raw PRIVATE -w -O2 -fno-lto)
if(EVENTCORE_SANITIZE MATCHES address)
  target_compile_options(ec_sqlcipher_raw PRIVATE -fsanitize=address)
elseif(EVENTCORE_SANITIZE)
  target_compile_options(ec_sqlcipher_raw PRIVATE -fsanitize=${EVENTCORE_SANITIZE})
endif()
target_link_libraries(ec_sqlcipher_raw PRIVATE OpenSSL::Crypto)

# ecsql.h: each function and variable that sqlite3.h names, mapped to its renamed twin.
set(ecsql_dir ${PROJECT_BINARY_DIR}/sqlcipher)
set(ecsql_object ${ecsql_dir}/ecsql.o)
file(READ ${sqlcipher_dir}/sqlite3.h header)
string(REGEX MATCHALL "sqlite3[a-z0-9]*_[a-z0-9_]+[ \t]*\\(" calls "${header}")
string(REGEX MATCHALL "sqlite3_[a-z]+(\\[\\])?;" variables "${header}")
set(names)
foreach(found IN LISTS calls variables)
  string(REGEX MATCH "^[a-z0-9_]+" name "${found}")
  list(APPEND names ${name})
endforeach()
list(APPEND names sqlite3_version sqlite3_temp_directory sqlite3_data_directory sqlite3_key sqlite3_key_v2
  sqlite3_rekey sqlite3_rekey_v2)
list(REMOVE_DUPLICATES names)
list(SORT names)
set(text "// Generated by CMake from sqlite3.h: the engine's own SQLCipher under its renamed symbols.\n#pragma once\n")
string(APPEND text "#if defined(SQLITE_VERSION_NUMBER)\n")
string(APPEND text "#error \"another sqlite3.h came first: a source file uses the engine's SQLite or the host's\"\n")
string(APPEND text "#endif\n")
foreach(name IN LISTS sqlcipher_interface_definitions)
  string(APPEND text "#ifndef ${name}\n#define ${name} 1\n#endif\n")
endforeach()
foreach(name IN LISTS names)
  string(APPEND text "#define ${name} ecsql_${name}\n")
endforeach()
string(APPEND text "#define EC_SQLCIPHER_VERSION \"${EVENTCORE_SQLCIPHER_VERSION}\"\n")
string(APPEND text "#include \"ecsql/sqlite3.h\"\n")
file(CONFIGURE OUTPUT ${ecsql_dir}/include/ecsql.h CONTENT "${text}" @ONLY)
configure_file(${sqlcipher_dir}/sqlite3.h ${ecsql_dir}/include/ecsql/sqlite3.h COPYONLY)

add_custom_command(
  OUTPUT ${ecsql_object}
  COMMAND ${CMAKE_COMMAND} -DINPUT=$<TARGET_OBJECTS:ec_sqlcipher_raw> -DOUTPUT=${ecsql_object}
    -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY} -P ${PROJECT_SOURCE_DIR}/cmake/rename_symbols.cmake
  DEPENDS ec_sqlcipher_raw $<TARGET_OBJECTS:ec_sqlcipher_raw> ${PROJECT_SOURCE_DIR}/cmake/rename_symbols.cmake
  COMMENT "Renaming SQLCipher's symbols to ecsql_*"
  VERBATIM)
add_custom_target(ec_sqlcipher_object DEPENDS ${ecsql_object})
set_source_files_properties(${ecsql_object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

add_library(ec_sqlcipher_headers INTERFACE)
target_include_directories(ec_sqlcipher_headers SYSTEM INTERFACE ${ecsql_dir}/include)

add_library(ec_sqlcipher INTERFACE)
add_dependencies(ec_sqlcipher ec_sqlcipher_object)
target_sources(ec_sqlcipher INTERFACE ${ecsql_object})
target_link_libraries(ec_sqlcipher INTERFACE
  ec_sqlcipher_headers OpenSSL::Crypto Threads::Threads m ${CMAKE_DL_LIBS})
