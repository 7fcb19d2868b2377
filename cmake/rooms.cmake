# One object library per room, lowest first, made of whatever sources lie in its folder. All rooms see the same include
# folders; that a room includes only rooms below it is checked by tools/tidy.py.
set(EC_ROOMS)

function(ec_room name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_library(ec_${name} OBJECT ${sources})
  target_include_directories(ec_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/bindings/c/include)
  target_link_libraries(ec_${name} PRIVATE ec_options PUBLIC ${EC_PUBLIC_LIBRARIES} ${EC_LIBRARIES} ec_qrcodegen)
  list(APPEND EC_ROOMS ec_${name})
  set(EC_ROOMS ${EC_ROOMS} PARENT_SCOPE)
endfunction()

# Fewer rooms let one work on a lower room while a higher one is in pieces: -DEVENTCORE_ROOMS="base;schema".
set(EVENTCORE_ROOMS base schema ticket store policy audit feed work rules api c CACHE STRING "Rooms to build")
foreach(room IN LISTS EVENTCORE_ROOMS)
  if(room STREQUAL c)
    ec_room(c bindings/c/src)
  else()
    ec_room(${room} src/${room})
  endif()
endforeach()

if(TARGET ec_store)
  target_link_libraries(ec_store PRIVATE ec_sqlcipher_headers)
endif()
if(TARGET ec_c)
  target_compile_definitions(ec_c PRIVATE EC_BUILDING)
endif()
