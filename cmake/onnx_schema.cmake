# C code of the ONNX schema, generated from the .proto that libonnx-dev installs.
set(MHO_ONNX_DIR ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${MHO_ONNX_DIR})
# In a package of our own, so that every symbol has our prefix: a program may have the schema from elsewhere too.
add_custom_command(
  OUTPUT ${MHO_ONNX_DIR}/onnx.pb-c.c ${MHO_ONNX_DIR}/onnx.pb-c.h
  COMMAND sed "s/^package onnx;/package mhoi_onnx;/" ${ONNX_SCHEMA_DIR}/onnx/onnx.proto > ${MHO_ONNX_DIR}/onnx.proto
  COMMAND ${PROTOC_C} --proto_path=${MHO_ONNX_DIR} --c_out=${MHO_ONNX_DIR} ${MHO_ONNX_DIR}/onnx.proto
  DEPENDS ${ONNX_SCHEMA_DIR}/onnx/onnx.proto
  VERBATIM)
add_library(mho_onnx_schema OBJECT ${MHO_ONNX_DIR}/onnx.pb-c.c)
target_include_directories(mho_onnx_schema SYSTEM PUBLIC ${MHO_ONNX_DIR})
target_link_libraries(mho_onnx_schema PUBLIC PkgConfig::PROTOBUF_C)
target_compile_options(mho_onnx_schema PRIVATE -w)
set_target_properties(mho_onnx_schema PROPERTIES POSITION_INDEPENDENT_CODE ON)
