# cmake -DCOMPILER=... -DSOURCE=x.cpp -DINCLUDE_DIRS=a;b -P run.cmake
# The first line of SOURCE is `// expect: <text>`: the compiler must refuse the file and say <text> while doing so.
file(STRINGS ${SOURCE} first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE} does not begin with `// expect: <text>`")
endif()
set(expected "${CMAKE_MATCH_1}")
list(TRANSFORM INCLUDE_DIRS PREPEND "-I")
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${INCLUDE_DIRS} ${SOURCE}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} was accepted; expected: ${expected}")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "${SOURCE} was refused, but not with \"${expected}\":\n${output}")
endif()
