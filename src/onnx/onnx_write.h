/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of ONNX files is made of: messages (onnx_message.c), codes (onnx_write_codes.c). */
#ifndef MHO_ONNX_WRITE_H
#define MHO_ONNX_WRITE_H

#include <onnx.pb-c.h>

#include "base/contract.h"
#include "net/graph.h"

#define MHOI_SCALE_TEXT ((size_t)16) /* characters of a scale and a blank */

typedef struct mhoi_writer {
    const mho_net *net;
    char *arena, *bytes; /* bytes: binary weights, codes */
    size_t arena_used, arena_size, bytes_used;
    MhoiOnnx__GraphProto graph;
    bool *flat;       /* node's value is [N][c], else [N][c][h][w] */
    mho_array *given; /* [nodes] sizes of their values, in a graph with general nodes; else NULL */
} mhoi_writer;

/* Memory of the arena; a text in it. */
void *mhoi_message_take(mhoi_writer *w, size_t size);
MHO_PRINTF(2, 3) char *mhoi_message_text(mhoi_writer *w, const char *format, ...);

/* An initializer of no dimensions yet, whose bytes stay the caller's; one more of them. */
MhoiOnnx__TensorProto *mhoi_message_tensor(mhoi_writer *w, char *name, int type, const void *data,
                                           size_t bytes);
void mhoi_message_dim(MhoiOnnx__TensorProto *t, size_t dim);
/* A node named as its output; its further inputs; an initializer of one dimension as one. */
MhoiOnnx__NodeProto *mhoi_message_node(mhoi_writer *w, const char *op, char *input, char *output);
void mhoi_message_input(MhoiOnnx__NodeProto *node, char *name);
void mhoi_message_vector(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *what,
                         const float *values, size_t count);
/* Attributes, six of a node at most. */
void mhoi_message_int(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t value);
void mhoi_message_float(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, float value);
void mhoi_message_ints(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                       const size_t *values);
void mhoi_message_wholes(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                         const int64_t *values);
void mhoi_message_floats(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                         const float *values);
void mhoi_message_string(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name,
                         const char *value);
void mhoi_message_metadata(mhoi_writer *w, MhoiOnnx__ModelProto *model, const char *key,
                           char *value);

/* The weights as an initializer of `dims` dimensions; binary ones as bytes, cast to float by a node
 * of its own, which comes first; coded ones as codes. */
char *mhoi_write_weight(mhoi_writer *w, const mho_node *n, size_t dims, const size_t *dim);
/* What the last node gives, rounded: Clip where codes have fewer than 8 bits, QuantizeLinear, DequantizeLinear. */
void mhoi_write_rounding(mhoi_writer *w, size_t i, char *output);
/* Blocks of the weights (which stand here expanded), their bits, and the codes of the values. */
void mhoi_write_coding(mhoi_writer *w, MhoiOnnx__ModelProto *model, const mho_node *n);

/* onnx_write_work.c: a general node.  Nodes and initializers that a node may take besides its own, and bytes of the arena. */
MHO_MUST_CHECK mho_status mhoi_write_work(mhoi_writer *w, size_t i, char *output);
/* Output k of a network that lists several: its name. */
char *mhoi_write_output(mhoi_writer *w, const mho_node *list, size_t k);
size_t mhoi_write_work_messages(const mho_node *n);
size_t mhoi_write_work_bytes(const mho_node *n);
/* The values of a node as an array of those sizes, which a Reshape gives them where they have others. */
char *mhoi_write_as(mhoi_writer *w, size_t node, const mho_array *want);
mho_array mhoi_write_map(mho_shape shape);
bool mhoi_write_same_sizes(const mho_array *a, const mho_array *b);

#endif
