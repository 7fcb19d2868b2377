# What `cmake --install` puts where, and the Debian packages that `cpack -G DEB` makes of it. Components:
#   runtime       libeventcore.so.0                                   package libeventcore0
#   development   headers, libeventcore.a, CMake and pkg-config files package libeventcore-dev
#   tools         the program eventcore, its man page                 package eventcore
#   python_debian the Python package, where EVENTCORE_PYTHON made it  package python3-eventcore
# Nothing installed names the build's folders, so a prefix may be moved.
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/eventcore)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(doc_dir ${CMAKE_INSTALL_DATAROOTDIR}/doc)

install(TARGETS eventcore EXPORT eventcore_shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS eventcore_static EXPORT eventcore_static
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
foreach(kind shared static)
  install(EXPORT eventcore_${kind} NAMESPACE eventcore:: FILE eventcore-${kind}-targets.cmake
    DESTINATION ${config_dir} COMPONENT development)
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/eventcoreConfig.cmake.in
  ${PROJECT_BINARY_DIR}/eventcoreConfig.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/eventcoreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/eventcoreConfig.cmake ${PROJECT_BINARY_DIR}/eventcoreConfigVersion.cmake
  DESTINATION ${config_dir} COMPONENT development)

# eventcore.pc is the shared library (with --static: what libeventcore.a needs beside it); eventcore-static.pc is
# libeventcore.a, which alone carries the C++ API.
file(RELATIVE_PATH pc_to_prefix /prefix/${pkgconfig_dir} /prefix)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
foreach(name eventcore eventcore-static)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_dir} COMPONENT development)
endforeach()

install(DIRECTORY include/eventcore DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY bindings/c/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY examples/c examples/shop DESTINATION ${doc_dir}/libeventcore-dev/examples COMPONENT development
  FILES_MATCHING PATTERN "*.c" PATTERN "*.cpp" PATTERN "*.hpp" PATTERN "CMakeLists.txt")

if(TARGET eventcore_cli)
  install(TARGETS eventcore_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  install(FILES cli/eventcore.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  install(FILES cli/eventcore.bash DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions
    RENAME eventcore COMPONENT tools)
endif()
# As Debian's Python wants it; a plain `cmake --install` and a wheel leave it out.
if(EVENTCORE_PYTHON)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/python/eventcore DESTINATION lib/python3/dist-packages
    COMPONENT python_debian EXCLUDE_FROM_ALL PATTERN "__pycache__" EXCLUDE)
endif()

# Components and their packages. Each carries the licence, and the notices of what is inside.
set(packages runtime libeventcore0 development libeventcore-dev tools eventcore
  python_debian python3-eventcore)
set(CPACK_COMPONENTS_ALL runtime development)
if(TARGET eventcore_cli)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()
if(EVENTCORE_PYTHON)
  list(APPEND CPACK_COMPONENTS_ALL python_debian)
endif()
while(packages)
  list(POP_FRONT packages component package)
  if(component IN_LIST CPACK_COMPONENTS_ALL)
    set(left_out)
    if(component STREQUAL python_debian)
      set(left_out EXCLUDE_FROM_ALL)
    endif()
    install(FILES LICENSE DESTINATION ${doc_dir}/${package} RENAME copyright COMPONENT ${component} ${left_out})
    install(FILES NOTICE DESTINATION ${doc_dir}/${package} COMPONENT ${component} ${left_out})
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  endif()
endwhile()
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME eventcore)
set(CPACK_PACKAGE_VENDOR "The eventcore authors")
set(CPACK_PACKAGE_CONTACT "The eventcore authors <eventcore@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # or each description would begin with it, before its own first line
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PYTHON_DEBIAN_PACKAGE_SECTION python)
# The static library's own libraries; a host of the shared library alone needs none of their headers.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libeventcore0 (= ${PROJECT_VERSION}), libboost-dev, \
libhowardhinnant-date-dev, libpng-dev, libqrcodegencpp-dev, libsodium-dev, libssl-dev, libutf8proc-dev")
# The zones of events are the system's.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS tzdata)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS tzdata)
set(CPACK_DEBIAN_PYTHON_DEBIAN_PACKAGE_DEPENDS "python3, tzdata")
if(EVENTCORE_PYTHON AND Python3_VERSION_MINOR)  # the module fits one minor release of Python
  math(EXPR next "${Python3_VERSION_MINOR} + 1")
  set(CPACK_DEBIAN_PYTHON_DEBIAN_PACKAGE_DEPENDS
    "python3 (>= 3.${Python3_VERSION_MINOR}), python3 (<< 3.${next}), tzdata")
endif()
set(about "libeventcore keeps organizations, events, sponsors, tickets, payments and check-ins with\n\
their rules, access policies, audit log and change feed in one encrypted file.")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "Embedded engine for event management\n${about}")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
  "Embedded engine for event management (development files)\n${about}\n\
This package holds the headers in C and C++, the static library and the files for CMake and pkg-config.")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION
  "Event management store from the command line\n${about}\n\
This package holds the program eventcore: make, fill, read, verify and follow a store.")
set(CPACK_DEBIAN_PYTHON_DEBIAN_DESCRIPTION "Embedded engine for event management (Python)\n${about}")
include(CPack)
