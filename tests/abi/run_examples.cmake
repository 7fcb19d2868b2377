# cmake -DFOLDER=... -DBOX_OFFICE=... -DGATE=... -P run_examples.cmake: sells with one example, admits with the other.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${BOX_OFFICE} ${FOLDER} RESULT_VARIABLE result OUTPUT_VARIABLE output)
if(NOT result EQUAL 0 OR NOT output MATCHES "sold ticket .*report: {")
  message(FATAL_ERROR "box_office answered ${result}:\n${output}")
endif()

# Three codes, the first once more, and what is no code: forged, cut off, blank, with bytes that are no text, far too
# long, and a last line without its end.
file(READ ${FOLDER}/event.txt event)
file(READ ${FOLDER}/codes.txt codes)
string(REGEX MATCH "^[^\n]+" first "${codes}")
string(SUBSTRING "${first}" 0 100 half)
string(REPEAT "x" 5000 endless)
string(ASCII 1 27 127 noise)
string(CONCAT scans "${codes}${first}\nforged\"code\\\n${half}\n\n   \r\n${noise}\n${endless}\n"
  "${first} \r\nlast")
file(WRITE ${FOLDER}/scans.txt "${scans}")
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/scans.txt RESULT_VARIABLE result OUTPUT_VARIABLE output)
string(CONCAT wanted "1 admitted\n2 admitted\n3 admitted\n4 already_used\n5 forged\n6 forged\n9 unreadable\n"
  "10 unreadable\n11 already_used\n12 forged\nadmitted: 3\nalready_used: 2\nforged: 3\nunreadable: 2\n")
if(NOT result EQUAL 0 OR NOT output STREQUAL wanted)
  message(FATAL_ERROR "gate answered ${result}:\n${output}")
endif()

# A line with a question mark searches: by a name, by what nobody is called, by nothing.
file(WRITE ${FOLDER}/searches.txt "?gu\n?zz qq\n?\n?\"\n")
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/searches.txt RESULT_VARIABLE result OUTPUT_VARIABLE output)
set(wanted "^(1 found [^ \n]+ Gus Guest\n)+2 nobody found\n3 not searched: [^\n]+\n4 not searched: ")
if(NOT result EQUAL 0 OR NOT output MATCHES "${wanted}")
  message(FATAL_ERROR "searches were answered ${result}:\n${output}")
endif()

# Without the store, the event's public keys alone, which the gate has kept: what is genuine, what is not, what came
# twice, what is a changed character off, and that nothing of it was kept in the store.
file(RENAME ${FOLDER}/festival.ecdb ${FOLDER}/out_of_reach.ecdb)
string(REGEX MATCHALL "[^\n]+" code_list "${codes}")
list(GET code_list 1 second)
string(SUBSTRING "${second}" 0 150 changed)
string(SUBSTRING "${second}" 150 1 character)
string(SUBSTRING "${second}" 151 -1 rest)
if(character STREQUAL "A")
  string(APPEND changed "B${rest}")
else()
  string(APPEND changed "A${rest}")
endif()
string(TOLOWER "${second}" lower)
file(WRITE ${FOLDER}/offline.txt "${first}\n${changed}\n${second}\n${first}\n${lower}\n${half}\nnonsense\n?gu\n")
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/offline.txt RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE said)
string(CONCAT wanted "1 genuine\n2 forged\n3 genuine\n4 repeated\n5 forged\n6 forged\n7 forged\n"
  "8 not searched: the store is out of reach\ngenuine: 2\nforged: 4\nrepeated: 1\nundecided: 7\n")
if(NOT result EQUAL 3 OR NOT output STREQUAL wanted OR NOT said MATCHES "store_not_found.*signatures only")
  message(FATAL_ERROR "gate without its store answered ${result}:\n${output}${said}")
endif()
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token
  00000000-0000-7000-8000-000000000001 INPUT_FILE ${FOLDER}/offline.txt RESULT_VARIABLE result OUTPUT_VARIABLE output
  ERROR_VARIABLE said)
if(NOT result EQUAL 3 OR NOT output MATCHES "^1 wrong_event\n2 wrong_event\n3 wrong_event\n4 wrong_event\n5 forged\n")
  message(FATAL_ERROR "gate of another event without its store answered ${result}:\n${output}")
endif()
# The key of another event knows none of them; without any key nothing can be said.
file(RENAME ${FOLDER}/device.token.keys ${FOLDER}/kept.keys)
file(WRITE ${FOLDER}/device.token.keys
  "1 03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8\n")
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/codes.txt RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE said)
if(NOT output STREQUAL "1 forged\n2 forged\n3 forged\nforged: 3\nundecided: 3\n")
  message(FATAL_ERROR "gate with another event's key answered ${result}:\n${output}")
endif()
file(REMOVE ${FOLDER}/device.token.keys)
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token ${event}
  INPUT_FILE ${FOLDER}/codes.txt RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE said)
if(NOT result EQUAL 1 OR NOT said MATCHES "store_not_found")
  message(FATAL_ERROR "gate without store and keys answered ${result}:\n${output}${said}")
endif()
file(RENAME ${FOLDER}/out_of_reach.ecdb ${FOLDER}/festival.ecdb)

# A device of another event, a token that is none, a key that is none, too few words.
execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/festival.key ${FOLDER}/device.token
  00000000-0000-7000-8000-000000000001 INPUT_FILE ${FOLDER}/codes.txt RESULT_VARIABLE result OUTPUT_VARIABLE output)
if(NOT result EQUAL 3 OR NOT output MATCHES "1 undecided: .*undecided: 3")
  message(FATAL_ERROR "gate of another event answered ${result}:\n${output}")
endif()
foreach(case "codes.txt;device.token" "festival.key;codes.txt")
  list(GET case 0 key)
  list(GET case 1 token)
  execute_process(COMMAND ${GATE} ${FOLDER}/festival.ecdb ${FOLDER}/${key} ${FOLDER}/${token} ${event}
    INPUT_FILE ${FOLDER}/codes.txt RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE said)
  if(result EQUAL 0 OR (NOT said MATCHES "^gate: [^(]+\\([a-z_]+\\)\n$" AND NOT output MATCHES "undecided"))
    message(FATAL_ERROR "gate with ${key} and ${token} answered ${result}:\n${output}${said}")
  endif()
endforeach()
execute_process(COMMAND ${GATE} RESULT_VARIABLE result ERROR_VARIABLE said)
if(NOT result EQUAL 2 OR NOT said MATCHES "^usage: ")
  message(FATAL_ERROR "gate without arguments answered ${result}:\n${said}")
endif()
