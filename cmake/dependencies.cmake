# Third-party libraries, as Debian 12 names them; each is used in one or two files of src/.
# oneDNN and libcurl are loaded when they are needed (src/base/library.h): only their headers are used here.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_path(CURL_INCLUDE curl/curl.h REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(LIBMD REQUIRED IMPORTED_TARGET libmd)
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
find_path(RANDOM123_INCLUDE Random123/philox.h REQUIRED)
find_path(ONNX_SCHEMA_DIR onnx/onnx.proto PATHS /usr/include REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)

add_library(mho_dependencies INTERFACE)
target_link_libraries(mho_dependencies INTERFACE OpenMP::OpenMP_C ZLIB::ZLIB ${CMAKE_DL_LIBS}
  PkgConfig::YAML PkgConfig::PROTOBUF_C PkgConfig::LIBMD PkgConfig::SQLITE m)
target_include_directories(mho_dependencies SYSTEM INTERFACE ${RANDOM123_INCLUDE} ${CURL_INCLUDE} ${DNNL_INCLUDE})

# Pictures as data: without one of the libraries its files are refused.
pkg_check_modules(PNG IMPORTED_TARGET libpng)
pkg_check_modules(JPEG IMPORTED_TARGET libjpeg)
set(MHO_PICTURE_LIBRARIES)
foreach(library IN ITEMS PNG JPEG)
  if(${library}_FOUND)
    target_link_libraries(mho_dependencies INTERFACE PkgConfig::${library})
    target_compile_definitions(mho_dependencies INTERFACE MHO_${library})
    list(APPEND MHO_PICTURE_LIBRARIES ${${library}_LIBRARIES})
  else()
    message(STATUS "No lib${library}: built without pictures of that kind as data (Debian: libpng-dev, libjpeg-dev)")
  endif()
endforeach()

# What a program that links libmho.a has to name besides.
set(MHO_STATIC_LIBRARIES yaml protobuf-c md sqlite3 ${MHO_PICTURE_LIBRARIES} z gomp dl m)
