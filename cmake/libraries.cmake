# The two libraries: libeventcore.so exports the C ABI and nothing else; libeventcore.a carries the C++ API as well.
# Both contain the renamed SQLCipher.
set(EC_OBJECTS)
foreach(room IN LISTS EC_ROOMS)
  list(APPEND EC_OBJECTS $<TARGET_OBJECTS:${room}>)
endforeach()
set(EC_EXPORTS ${PROJECT_SOURCE_DIR}/bindings/c/eventcore.map)

add_library(eventcore SHARED ${EC_OBJECTS})
add_library(eventcore_static STATIC ${EC_OBJECTS} ${ecsql_object})
add_library(eventcore::eventcore ALIAS eventcore)
add_library(eventcore::static ALIAS eventcore_static)

target_link_libraries(eventcore PRIVATE
  ec_options ec_sqlcipher ec_qrcodegen ${EC_PUBLIC_LIBRARIES} ${EC_LIBRARIES} m ${CMAKE_DL_LIBS})
target_link_options(eventcore PRIVATE
  LINKER:--version-script=${EC_EXPORTS} LINKER:-Bsymbolic LINKER:--exclude-libs,ALL
  LINKER:-z,relro LINKER:-z,now)
if(NOT EVENTCORE_SANITIZE)
  target_link_options(eventcore PRIVATE LINKER:-z,defs)
endif()
set_target_properties(eventcore PROPERTIES
  LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${EC_EXPORTS})
target_include_directories(eventcore INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/bindings/c/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

add_dependencies(eventcore_static ec_sqlcipher_object)
set(EC_STATIC_LIBRARIES ${EC_LIBRARIES})
list(REMOVE_ITEM EC_STATIC_LIBRARIES nlohmann_json::nlohmann_json)
target_link_libraries(eventcore_static
  PUBLIC ${EC_PUBLIC_LIBRARIES}
  # Installed, it names qrcodegencpp as the linker finds it, and no headers that only the engine itself compiles.
  PRIVATE ${EC_STATIC_LIBRARIES} $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>
    $<BUILD_INTERFACE:${QRCODEGEN_LIBRARY}> $<INSTALL_INTERFACE:qrcodegencpp> m ${CMAKE_DL_LIBS})
set_target_properties(eventcore_static PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME eventcore EXPORT_NAME static)
target_include_directories(eventcore_static INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/bindings/c/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(eventcore_static INTERFACE cxx_std_20)
