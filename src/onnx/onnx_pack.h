/* SPDX-License-Identifier: Apache-2.0 */
/* A network as the bytes of an ONNX file. */
#ifndef MHO_ONNX_PACK_H
#define MHO_ONNX_PACK_H

#include <stdint.h>

#include "mho/net.h"

/* Also of a graph of layers and general nodes (mhoi_net_is_mixed), whose file is of one image.  place: for messages.
 * The bytes are the caller's: mhoi_free. */
MHO_MUST_CHECK mho_status mhoi_onnx_pack(const mho_net *net, const char *place, uint8_t **bytes,
                                         size_t *size);

#endif
