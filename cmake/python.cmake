# Whether the Python package is built, and with which headers. pybind11 is headers only; its own CMake functions differ
# between releases and are not used.
find_package(Python3 3.11 QUIET COMPONENTS Interpreter Development.Module)
set(pybind11_hints)
if(Python3_Interpreter_FOUND)
  execute_process(COMMAND ${Python3_EXECUTABLE} -m pybind11 --includes
    OUTPUT_VARIABLE includes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    string(REGEX MATCHALL "-I[^ ]+" pybind11_hints "${includes}")
    list(TRANSFORM pybind11_hints REPLACE "^-I" "")
  endif()
endif()
find_path(EVENTCORE_PYBIND11_INCLUDE_DIR pybind11/pybind11.h HINTS ${pybind11_hints}
  DOC "Folder that holds pybind11/pybind11.h, 2.10.3 or newer")
set(python_default OFF)
if(PROJECT_IS_TOP_LEVEL AND Python3_Development.Module_FOUND AND EVENTCORE_PYBIND11_INCLUDE_DIR
    AND NOT EVENTCORE_SANITIZE)
  set(python_default ON)
endif()
option(EVENTCORE_PYTHON "Build the Python package" ${python_default})
if(NOT EVENTCORE_PYTHON)
  if(PROJECT_IS_TOP_LEVEL)
    message(STATUS "The Python package is not built: it needs Python 3.11 or newer with its headers and pybind11, and "
      "no sanitizer")
  endif()
  return()
endif()
if(NOT Python3_Development.Module_FOUND OR NOT EVENTCORE_PYBIND11_INCLUDE_DIR)
  message(FATAL_ERROR "EVENTCORE_PYTHON needs Python 3.11 or newer with its headers (python3-dev) and pybind11 "
    "(pybind11-dev)")
endif()
add_subdirectory(bindings/python)
