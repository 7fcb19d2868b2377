# cmake -DFOLDER=... -DBOX_OFFICE=... -DGATE=... -P run_examples.cmake: sells with one example, admits with the other.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${BOX_OFFICE} ${FOLDER} RESULT_VARIABLE result OUTPUT_VARIABLE output)
if(NOT result EQUAL 0 OR NOT output MATCHES "sold ticket .*report: {")
  message(FATAL_ERROR "box_office answered ${result}:\n${output}")
endif()

# Three codes, the first once more, and a forged one.
file(READ ${FOLDER}/event.txt event)
file(READ ${FOLDER}/codes.txt codes)
string(REGEX MATCH "^[^\n]+" first "${codes}")
file(WRITE ${FOLDER}/scans.txt "${codes}${first}\nforged\"code\\\n")
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/scans.txt RESULT_VARIABLE result OUTPUT_VARIABLE output)
set(wanted "1 admitted\n2 admitted\n3 admitted\n4 already_used\n5 forged\nadmitted: 3\nalready_used: 1\nforged: 1\n")
if(NOT result EQUAL 0 OR NOT output STREQUAL wanted)
  message(FATAL_ERROR "gate answered ${result}:\n${output}")
endif()
