# cmake -DINPUT=a.o -DOUTPUT=b.o -DNM=nm -DOBJCOPY=objcopy -P rename_symbols.cmake
# Gives every global symbol that INPUT defines the prefix ecsql_. Symbols the compiler adds for sanitizers keep theirs.
execute_process(COMMAND ${NM} --defined-only --extern-only --format=posix ${INPUT}
  OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" lines "${listing}")
set(map "")
set(count 0)
foreach(line IN LISTS lines)
  string(REGEX MATCH "^[^ ]+" name "${line}")
  if(name AND NOT name MATCHES "^(__|asan\\.|tsan\\.)")
    string(APPEND map "${name} ecsql_${name}\n")
    math(EXPR count "${count} + 1")
  endif()
endforeach()
if(count LESS 200)
  message(FATAL_ERROR "only ${count} global symbols in ${INPUT}: was it built with link-time optimisation?")
endif()
file(WRITE ${OUTPUT}.map "${map}")
execute_process(COMMAND ${OBJCOPY} --redefine-syms=${OUTPUT}.map ${INPUT} ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
