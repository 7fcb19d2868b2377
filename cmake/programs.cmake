# The schema generator, the examples and the demo: each built as soon as its folder holds sources.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/schema_gen/*.cpp)
if(sources AND TARGET ec_base AND TARGET ec_schema)
  add_executable(schema_gen ${sources})
  target_link_libraries(schema_gen PRIVATE ec_options ec_base ec_schema)
  # docs/reference/schema.sql is printed by the store's own DDL, which needs nothing else of that room.
  if(EXISTS ${PROJECT_SOURCE_DIR}/src/store/ddl.cpp)
    target_sources(schema_gen PRIVATE ${PROJECT_SOURCE_DIR}/src/store/ddl.cpp)
    target_compile_definitions(schema_gen PRIVATE EC_SCHEMA_GEN_WITH_STORE)
  endif()
endif()

# Programs of the C ABI use the shared library, programs of the C++ API the static one.
function(ec_program name library)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ec_options ${library})
endfunction()

if(NOT EVENTCORE_EXAMPLES)
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/c/*.c)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  ec_program(example_c_${name} eventcore ${source})
endforeach()
if(TARGET example_c_gate)  # it verifies signatures itself while the store is out of reach
  target_link_libraries(example_c_gate PRIVATE PkgConfig::SODIUM)
endif()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/c/tutorial/*.c)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  ec_program(tutorial_c_${name} eventcore ${source})
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/cpp/*.cpp)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  ec_program(example_cpp_${name} eventcore_static ${source})
endforeach()

if(EXISTS ${PROJECT_SOURCE_DIR}/examples/shop/shop.cpp)
  ec_program(example_shop eventcore_static ${PROJECT_SOURCE_DIR}/examples/shop/shop.cpp)
  target_link_libraries(example_shop PRIVATE nlohmann_json::nlohmann_json Threads::Threads)
endif()

# examples/demo: NAME_main.c or NAME_main.cpp is a program NAME of its own beside eventcore_demo, the rest is the demo.
file(GLOB sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/examples/demo/*.cpp ${PROJECT_SOURCE_DIR}/examples/demo/*.c)
set(helpers ${sources})
list(FILTER sources EXCLUDE REGEX "_main\\.c(pp)?$")
list(FILTER helpers INCLUDE REGEX "_main\\.c(pp)?$")
if(sources)
  ec_program(eventcore_demo eventcore_static ${sources})
  target_link_libraries(eventcore_demo PRIVATE nlohmann_json::nlohmann_json Threads::Threads OpenSSL::Crypto)
  add_dependencies(eventcore_demo example_c_gate)
  target_compile_definitions(eventcore_demo PRIVATE EC_DEMO_DATA="${PROJECT_SOURCE_DIR}/examples")
  foreach(source IN LISTS helpers)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_main$" "" name ${name})
    if(source MATCHES "\\.c$")
      ec_program(${name} eventcore ${source})
    else()
      ec_program(${name} eventcore_static ${source})
    endif()
    add_dependencies(eventcore_demo ${name})
  endforeach()
endif()

add_subdirectory(${PROJECT_SOURCE_DIR}/benchmarks)
