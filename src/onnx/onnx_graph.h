/* SPDX-License-Identifier: Apache-2.0 */
/* A program becoming layers: onnx_layers.c walks it, onnx_ops.c knows the operators that are layers, with a whole
 * number for an image's axis: all of it is of one image. */
#ifndef MHO_ONNX_GRAPH_H
#define MHO_ONNX_GRAPH_H

#include "onnx/onnx_impl.h"
#include "onnx/onnx_program.h"

/* An operand that depends on the input: what a layer of ours gives. */
typedef struct mhoi_value {
    bool there;
    size_t node;
    bool flat;     /* rank 2 */
    bool reshaped; /* flattened there, while the layer's shape is still c x h x w */
    bool truth;    /* the result of a comparison; a Cast makes it the layer's 0 and 1 */
    bool again;    /* mixed: another operand has the same values */
    size_t
        biased; /* mixed: the layer, + 1, whose outputs are the last axis and that an addition may give a bias */
} mhoi_value;

typedef struct mhoi_graph {
    const mhoi_program *program;
    mhoi_known_values known; /* of one image */
    mho_net *net;            /* room for all, net->nodes in use */
    size_t room;             /* nodes that the network has memory for */
    size_t spare;            /* nodes that steps of recurrent operations may take */
    mhoi_value *value;       /* [operands] */
    size_t *readers;         /* [operands]: operations and outputs that read it */
    size_t *
        lent; /* [operands]: the layer, + 1, that has the program's values as its weights; 0: none */
    const char *why; /* the operation is no layer, where that wants to be told; NULL */
    bool foreign;    /* not written by mho */
    bool mixed;      /* what is no layer becomes a general node; weights stay the program's */
    const mhoi_operation *turn; /* reads the input and only brings it into our order; NULL */
} mhoi_graph;

/* onnx_layers.c: memory for a walk of so many nodes at most; who reads what; is all that it gives known? */
MHO_MUST_CHECK mho_status mhoi_graph_make_room(mhoi_graph *g, const char *name, size_t nodes);
void mhoi_graph_free(mhoi_graph *g); /* not the network */
void mhoi_graph_count_readers(mhoi_graph *g);
bool mhoi_graph_is_known(const mhoi_graph *g, const mhoi_operation *n);

/* onnx_values.c: the constant that input i names, or MHO_ENOTMODELED. */
MHO_MUST_CHECK mho_status mhoi_graph_constant_of(const mhoi_graph *g, const mhoi_operation *n,
                                                 size_t i, const mho_array **out);
void mhoi_array_copy_scaled(const mho_array *a, double scale, float *out);
/* *out = `want` values of input i. */
MHO_MUST_CHECK mho_status mhoi_graph_vector(const mhoi_graph *g, const mhoi_operation *n, size_t i,
                                            size_t want, double scale, float **out);
/* The values of input i as weights of the last layer, without a copy, if nobody else reads them: they become the
 * layer's once all of the program has become layers. */
bool mhoi_graph_lend_weights(mhoi_graph *g, const mhoi_operation *n, size_t i);
/* The operation's output is that value. */
void mhoi_graph_give(mhoi_graph *g, const mhoi_operation *n, mhoi_value value);
/* Begins a layer that reads input 0; map: it wants [N, c, h, w]. */
MHO_MUST_CHECK mho_status mhoi_graph_begin(mhoi_graph *g, const mhoi_operation *n, mho_op op,
                                           bool map, mho_node *layer, bool *flat);

/* Turns one operation into none or more layers.  MHO_ENOTMODELED: it is none that layers have. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert(mhoi_graph *g, const mhoi_operation *n);
/* Is there a layer of that operator at all? */
bool mhoi_onnx_has_layer(const mhoi_operation *n);

/* onnx_window.c: Conv, MaxPool and AveragePool, GlobalMaxPool and GlobalAveragePool. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert_conv(mhoi_graph *g, const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_onnx_convert_pool(mhoi_graph *g, const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_onnx_convert_global_pool(mhoi_graph *g, const mhoi_operation *n);

/* Clip, QuantizeLinear and DequantizeLinear behind a layer. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert_rounding(mhoi_graph *g, const mhoi_operation *n);

/* A general node that makes real numbers of whole ones of `type`, scale (x - zero), of one scale and one zero point (NULL, or
 * no data: 0): its values are codes then, where they have 4 or 8 bits. */
void mhoi_graph_tell_codes(mhoi_graph *g, size_t node, mho_type type, const mho_array *scale,
                           const mho_array *zero);

/* The same for what the table of operators tells how to read. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert_plain(mhoi_graph *g, const mhoi_operation *n);
bool mhoi_onnx_is_plain(const char *op);

/* A program as layers, which take large weights over from it; it is of no other use then.  MHO_ENOTMODELED: it is no graph of layers; the message names all that keeps it from being one. */
MHO_MUST_CHECK mho_status mhoi_onnx_layers(mhoi_program *program, bool foreign, const char *name,
                                           mho_net **out);

/* A program as layers where there are some, and general nodes: sets program->placed, or program->unplaced. */
MHO_MUST_CHECK mho_status mhoi_onnx_place(mhoi_program *program, bool foreign, const char *name);

/* onnx_work.c: general nodes of a mixed graph. */
/* Keeps what is known of a constant for as long as the program lives. */
MHO_MUST_CHECK mho_status mhoi_graph_keep(mhoi_graph *g, size_t operand, mho_array *out);
/* A general node of output k of an operation; its inputs are operands. */
MHO_MUST_CHECK mho_status mhoi_graph_work(mhoi_graph *g, const mhoi_operation *n, size_t k,
                                          size_t *out);
/* The values of a node as an array of that shape. */
MHO_MUST_CHECK mho_status mhoi_graph_view(mhoi_graph *g, size_t node, const char *name,
                                          const mho_array *shape, size_t *out);
/* A node of an operation of our own: input 0 is what a node gives, an array `in`, further ones what others give, arrays alike;
 * the rest are constants. */
typedef struct mhoi_own_work {
    const char *op;
    const mho_array *in, *out;
    const mho_array *constant; /* [constants], kept as they are */
    size_t constants;
    const int64_t *perm; /* of Transpose, of `perms` axes (0: 4); NULL */
    size_t perms;
    int64_t axis;        /* of the others */
    const size_t *other; /* [others]: nodes */
    size_t others;
} mhoi_own_work;
MHO_MUST_CHECK mho_status mhoi_graph_own(mhoi_graph *g, size_t node, const char *name,
                                         const mhoi_own_work *work, size_t *out);
/* The values of all outputs, one after the other. */
MHO_MUST_CHECK mho_status mhoi_graph_outputs(mhoi_graph *g);
/* An array of those sizes, without data. */
mho_array mhoi_graph_array(mho_type type, size_t rank, const size_t *size);

/* onnx_product.c: matrix products with constants, one position an image or one a token; and those of quantized operators. */
MHO_MUST_CHECK mho_status mhoi_graph_product(mhoi_graph *g, const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_graph_einsum(mhoi_graph *g, const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_graph_quantized(mhoi_graph *g, const mhoi_operation *n);
bool mhoi_is_quantized_product(const mhoi_operation *n);

/* onnx_transposed.c: ConvTranspose of constant weights as a convolution that makes all phases of its stride. */
MHO_MUST_CHECK mho_status mhoi_graph_transposed(mhoi_graph *g, const mhoi_operation *n);

/* Rows [rows][depth] that a node gives times W [columns][depth], as a layer of that name: *layer it, *out its rows. */
MHO_MUST_CHECK mho_status mhoi_graph_rows(mhoi_graph *g, const char *name, const mho_array *w,
                                          size_t from, size_t rows, size_t *layer, size_t *out);
/* onnx_steps.c: LSTM, GRU and RNN of few steps, each step with layers of its own. */
bool mhoi_is_recurrent(const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_graph_recurrent(mhoi_graph *g, const mhoi_operation *n);
#define MHOI_STEP_NODES                                                                            \
    ((size_t)24) /* that a step becomes at most, and what stands before the first */
#define MHOI_STEPS_MOST ((size_t)64)

/* onnx_deep.c: Conv of three axes, its windows over two of them laid out as channels. */
bool mhoi_is_deep(const mhoi_graph *g, const mhoi_operation *n);
MHO_MUST_CHECK mho_status mhoi_graph_deep(mhoi_graph *g, const mhoi_operation *n);

/* The layer that is appended has the values of t, [in][out] unless transposed, as its weights. */
MHO_MUST_CHECK mho_status mhoi_graph_matrix(const mho_array *t, bool transposed, double scale,
                                            mho_node *node);
/* The node of an operand as a map of that shape. */
MHO_MUST_CHECK mho_status mhoi_graph_map(mhoi_graph *g, size_t operand, const size_t size[4],
                                         size_t *out);

#define MHOI_ONNX_EDGE_MAX ((int64_t)1 << 31)

/* Operand of input i; MHOI_NO_OPERAND if it is left out. */
size_t mhoi_node_input(const mhoi_operation *n, size_t i);
/* Its name; "". */
const char *mhoi_node_input_name(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* An attribute of `count` numbers low..2^31; absent: out stays. */
MHO_MUST_CHECK mho_status mhoi_node_ints(const mhoi_operation *n, const char *name, size_t count,
                                         int64_t low, size_t *out);
MHO_MUST_CHECK mho_status mhoi_node_refuse_value(const char *what, int64_t value);
/* Appends a layer called `name`, by default as its kind is; *out is its index.  MHO_ENOTMODELED: no room is left. */
MHO_MUST_CHECK mho_status mhoi_graph_add(mhoi_graph *g, const char *name, const mho_node *layer,
                                         size_t *out);
/* Appends the layer that a node gives, and its value. */
MHO_MUST_CHECK mho_status mhoi_graph_append(mhoi_graph *g, const mhoi_operation *n,
                                            const mho_node *layer, bool flat);

/* The layer's value of input i; NULL: it is none. */
const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* Its value if it depends on no input; NULL. */
const mho_array *mhoi_graph_constant(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* The layer that gives an operand, for readers that want the shape the graph tells: a pending flatten
 * becomes a layer. */
MHO_MUST_CHECK mho_status mhoi_graph_layer(mhoi_graph *g, size_t operand, size_t *out, bool *flat);

#endif
