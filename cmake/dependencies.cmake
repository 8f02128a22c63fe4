# Third-party libraries, as Debian 12 names them; each is used in one or two files of src/.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(LIBMD REQUIRED IMPORTED_TARGET libmd)
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(RANDOM123_INCLUDE Random123/philox.h REQUIRED)
find_path(ONNX_SCHEMA_DIR onnx/onnx.proto PATHS /usr/include REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)

add_library(mho_dependencies INTERFACE)
target_link_libraries(mho_dependencies INTERFACE OpenMP::OpenMP_C ZLIB::ZLIB CURL::libcurl
  PkgConfig::YAML PkgConfig::PROTOBUF_C PkgConfig::LIBMD ${DNNL_LIBRARY} m)
target_include_directories(mho_dependencies SYSTEM INTERFACE ${RANDOM123_INCLUDE})

# What a program that links libmho.a has to name besides.
set(MHO_STATIC_LIBRARIES dnnl yaml protobuf-c curl md z gomp m)
