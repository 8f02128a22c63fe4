/* SPDX-License-Identifier: Apache-2.0 */
/* Networks as ONNX files of standard operators, so that they mean the same elsewhere.  Circulant weights are written
 * expanded, and their blocks stand in the metadata.  Weights and values of few bits are QuantizeLinear and
 * DequantizeLinear; both that and the metadata tell them, and what is read back is the same to the bit. */
#ifndef MHO_ONNX_H
#define MHO_ONNX_H

#include "mho/net.h"

MHO_C_BEGIN

/* Writes net with its parameters.  Binary weights are stored as int8 and cast, so the file is small.
 * The input is [batch][c][h][w] float, pixel x input_scale.  Written to a temporary file, then renamed. */
MHO_API MHO_MUST_CHECK mho_status mho_onnx_write(const mho_net *net, const char *path);
/* MHO_EFORMAT: not ONNX, truncated, shapes that do not fit; MHO_ENOTMODELED: an operator or attribute
 * mho does not know (named). */
MHO_API MHO_MUST_CHECK mho_status mho_onnx_read(const char *path, mho_net **out);
/* The same with sizes that the file leaves open: "input=1x3x224x224" of an input, or "height=224" of a size by the name
 * that the file gives it; several with commas between them.  Axis 0 left open is that of the images.
 * MHO_EUSAGE: no such name, or the file says otherwise. */
MHO_API MHO_MUST_CHECK mho_status mho_onnx_read_sized(const char *path, const char *sizes,
                                                      mho_net **out);
MHO_API MHO_MUST_CHECK mho_status mho_onnx_parse(const void *bytes, size_t size, const char *place,
                                                 mho_net **out);

MHO_C_END

#endif
