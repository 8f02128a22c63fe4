# libmho.a and libmho.so.1 from the same objects. The program, tests and examples take the first: it has all that
# is shared between modules.
set(MHO_LIBRARY_OBJECTS $<TARGET_OBJECTS:mho_objects> $<TARGET_OBJECTS:mho_onnx_schema>)
set(MHO_LIBRARY_INCLUDES $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)

add_library(mho STATIC ${MHO_LIBRARY_OBJECTS})
set_target_properties(mho PROPERTIES EXPORT_NAME mho_static)
target_include_directories(mho PUBLIC ${MHO_LIBRARY_INCLUDES})
target_link_libraries(mho PRIVATE $<BUILD_INTERFACE:mho_dependencies>
                      INTERFACE "$<INSTALL_INTERFACE:${MHO_STATIC_LIBRARIES}>")

add_library(mho_shared SHARED ${MHO_LIBRARY_OBJECTS})
set_target_properties(mho_shared PROPERTIES OUTPUT_NAME mho EXPORT_NAME mho VERSION 1 SOVERSION 1
                      LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libmho.map)
target_include_directories(mho_shared PUBLIC ${MHO_LIBRARY_INCLUDES})
target_link_libraries(mho_shared PRIVATE mho_dependencies)
# Its threads wait in it for the next loop: it stays where it is after dlclose.
target_link_options(mho_shared PRIVATE -Wl,-z,nodelete -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libmho.map
                    -Wl,-z,text -Wl,--as-needed)
if(NOT MHO_SANITIZE)
  target_link_options(mho_shared PRIVATE -Wl,--no-undefined)
endif()
