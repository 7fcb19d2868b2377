# cmake -DFOLDER= -DPROGRAM= -DARGUMENTS= -DEXPECTED= -DRESULT= -P run.cmake: PROGRAM FOLDER ARGUMENTS must end with
# RESULT and say what EXPECTED matches.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${FOLDER} ${ARGUMENTS} RESULT_VARIABLE result OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(NOT result EQUAL RESULT OR NOT output MATCHES "${EXPECTED}")
  message(FATAL_ERROR "${PROGRAM} answered ${result}:\n${output}")
endif()
file(REMOVE_RECURSE ${FOLDER})
