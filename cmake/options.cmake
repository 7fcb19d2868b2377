# How our own sources are compiled. ec_options is linked by every target we write, never by what we only take over.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
  endif()
  # Assertions stay in a release: an engine that sells tickets would rather stop than go on wrong.
  foreach(language C CXX)
    foreach(kind RELEASE RELWITHDEBINFO)
      string(REGEX REPLACE " *-DNDEBUG" "" CMAKE_${language}_FLAGS_${kind} "${CMAKE_${language}_FLAGS_${kind}}")
      string(REPLACE "-O3" "-O2" CMAKE_${language}_FLAGS_${kind} "${CMAKE_${language}_FLAGS_${kind}}")
    endforeach()
    if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
      find_program(EVENTCORE_CCACHE ccache)
      if(EVENTCORE_CCACHE)
        set(CMAKE_${language}_COMPILER_LAUNCHER ${EVENTCORE_CCACHE})
      endif()
    endif()
  endforeach()
endif()

add_library(ec_options INTERFACE)
target_compile_options(ec_options INTERFACE -Wall -Wextra -Wpedantic
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
  # g++ 12 sees uninitialised members in moved-from variants at -O2 that are not there.
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
if(EVENTCORE_WERROR)
  target_compile_options(ec_options INTERFACE -Werror)
endif()
if(EVENTCORE_SANITIZE)
  target_compile_options(ec_options INTERFACE
    -fsanitize=${EVENTCORE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # g++ 12 no longer takes addresses for constants under these, which the consteval checks of the schema need.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-sanitize=null,nonnull-attribute,returns-nonnull-attribute>)
  target_link_options(ec_options INTERFACE -fsanitize=${EVENTCORE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # The engine's library needs the parts of the sanitizers for C++, which clang links into no program in C by itself.
    target_link_options(ec_options INTERFACE $<$<LINK_LANGUAGE:C>:-fsanitize-link-c++-runtime>)
    target_link_libraries(ec_options INTERFACE $<$<LINK_LANGUAGE:C>:stdc++>)
  endif()
else()
  target_compile_options(ec_options INTERFACE
    -fstack-protector-strong "$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()
if(EVENTCORE_COVERAGE)
  # clang counts the branches of the source; gcov would count the way out of every call that may throw as well.
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "EVENTCORE_COVERAGE needs clang: use the preset coverage")
  endif()
  target_compile_options(ec_options INTERFACE -fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic)
  target_link_options(ec_options INTERFACE -fprofile-instr-generate)
endif()
