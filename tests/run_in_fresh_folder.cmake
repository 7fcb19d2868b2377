# cmake -DFOLDER=... -DPROGRAM=... -P run_in_fresh_folder.cmake: runs PROGRAM with an empty FOLDER as its argument.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${FOLDER} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} answered ${result}")
endif()
