# cmake -DFOLDER=... -DPROGRAM=... -DEXPECTED=... -P run_program.cmake: a program of a page, run in an empty folder,
# answers 0 and prints what the page says (an empty EXPECTED: anything).
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE result OUTPUT_VARIABLE output)
file(READ ${EXPECTED} expected)
if(NOT result EQUAL 0 OR (expected AND NOT output STREQUAL expected))
  message(FATAL_ERROR "${PROGRAM} answered ${result} and printed:\n${output}\nwanted:\n${expected}")
endif()
