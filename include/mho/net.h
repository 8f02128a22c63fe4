/* SPDX-License-Identifier: Apache-2.0 */
/* A network: a graph of layers with their shapes and, once trained, their parameters.
 *
 * Nodes are in topological order: node i reads nodes of a lower index only.  Node 0 is the input.
 * One image at a time: shapes are [c][h][w] (fully connected outputs are [c][1][1]). */
#ifndef MHO_NET_H
#define MHO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef enum mho_op {
    MHO_OP_INPUT,
    MHO_OP_CONV,      /* weight [C_out][C_in / groups][kh][kw] */
    MHO_OP_FC,        /* weight [C_out][C_in h w] */
    MHO_OP_MAXPOOL,   /* padding never wins */
    MHO_OP_AVGPOOL,   /* padding is not counted */
    MHO_OP_BATCHNORM, /* y = gamma (x - mean) / sqrt(variance + epsilon) + beta */
    MHO_OP_SIGN,      /* +1 if x > 0, else -1 (bcnn Eq. 2) */
    MHO_OP_STEP,      /* 1 if x > 0, else 0 */
    MHO_OP_RELU,
    MHO_OP_LEAKY_RELU,
    MHO_OP_ADD,
    MHO_OP_FLATTEN,
    MHO_OP_SOFTMAX,
    MHO_OP_GENERAL, /* a tensor operator of its own name, in software alone */
    MHO_OP_COUNT
} mho_op;

typedef struct mho_shape {
    size_t c, h, w;
} mho_shape;

/* What the weights of a layer may be. */
typedef enum mho_alphabet {
    MHO_ALPHABET_REAL,
    MHO_ALPHABET_TERNARY, /* -1, 0, +1 */
    MHO_ALPHABET_BINARY,  /* -1, +1 */
    MHO_ALPHABET_SCALED,  /* -alpha, +alpha, with one alpha > 0 an output channel */
    MHO_ALPHABET_COUNT
} mho_alphabet;

MHO_API const char *mho_alphabet_name(mho_alphabet alphabet); /* "binary" */

#define MHO_NAME 48
#define MHO_SOURCE 160

typedef struct mho_net mho_net;
typedef struct mho_node mho_node; /* a layer; lives as long as its network */

MHO_API const char *mho_op_name(mho_op op);

/* How a network of the zoo is turned into one to train and map. */
typedef enum mho_style {
    MHO_STYLE_FLOAT, /* as written */
    MHO_STYLE_BINARY, /* every convolution and fully connected layer binary, each but the last followed
                         by batch normalization, its pooling, and sign; the last by batch normalization.
                         (Max pooling before sign equals OR pooling after it, exactly.) */
} mho_style;

/* Zoo name ("lenet") or YAML text (docs/models/net.md). Shapes are inferred; no parameters.
 * MHO_EUSAGE: unknown zoo name (and the nearest); MHO_ECONFIG with place:line: unknown key or layer, shapes
 * that do not fit; MHO_EDOMAIN: sizes beyond 2^40 elements a layer. */
MHO_API MHO_MUST_CHECK mho_status mho_net_zoo(const char *name, mho_net **out);
MHO_API MHO_MUST_CHECK mho_status mho_net_read(const char *text, const char *place, mho_net **out);
/* The result has no parameters in binary style, copies of net's in float style.
 * MHO_ENOTMODELED: the binary style of a network that is no chain. */
MHO_API MHO_MUST_CHECK mho_status mho_net_style(const mho_net *net, mho_style style, mho_net **out);
MHO_API MHO_MUST_CHECK mho_status mho_net_clone(const mho_net *net, mho_net **out);
MHO_API void mho_net_destroy(mho_net *net);

/* A matrix as a network of one fully connected layer, y = W x, for one who wants crossbars of it: weight [columns][rows]; an
 * element of x is an unsigned code of input_bits (1..8) times scale.
 * MHO_EDOMAIN: a weight that is not finite, or another bound. */
MHO_API MHO_MUST_CHECK mho_status mho_net_of_matrix(size_t rows, size_t columns,
                                                    const float *weight, size_t input_bits,
                                                    float scale, mho_net **out);

/* Block-circulant weights: docs/models/net.md, "Blocks".  blocks: "fc:128,conv:16": KEY:K; KEY: conv, fc or a layer's name,
 * which counts before conv and fc; K: the block size, 1: an ordinary layer; Kc: with the
 * channels of every tap padded to a multiple of K, else all rows of a filter together.  Weights that there are
 * become the nearest circulant ones (the mean along the diagonals).  MHO_EUSAGE names the entry. */
MHO_API MHO_MUST_CHECK mho_status mho_net_set_blocks(mho_net *net, const char *blocks);
/* MHO_EUSAGE names a layer whose blocks are more than twice its rows and filters: padding for the most part. */
MHO_API MHO_MUST_CHECK mho_status mho_net_check_blocks(const mho_net *net);
/* Weights and maps of few bits: "fc:2/4,conv:4": KEY:W/X, or KEY:B for W = X = B; W (2..8): bits of the
 * layer's weights, X (2..8): of the feature map it reads, but for the image, which keeps its own.  Training
 * finds the scales; until then values are not rounded. */
MHO_API MHO_MUST_CHECK mho_status mho_net_set_bits(mho_net *net, const char *bits);

MHO_API const char *mho_net_name(const mho_net *net);
/* Paper or file the network follows, and what differs; "" if unknown. */
MHO_API const char *mho_net_source(const mho_net *net);
/* What the reader of its file took for granted, in words; "" if nothing. */
MHO_API const char *mho_net_assumed(const mho_net *net);
/* The order of the elements where a network reads a vector, or its file declares [n][h][w][c]. */
typedef enum mho_layout { MHO_LAYOUT_NCHW, MHO_LAYOUT_NHWC } mho_layout;

/* How the elements e of an image become the input of a network: x = (e scale - mean) / deviation, by channel of the image.
 * e: 0..255 of bytes.  Images of other numbers are x itself, unless values is set. */
#define MHO_INPUT_CHANNELS 64
typedef struct mho_input {
    float scale;
    size_t bits; /* of the codes e, and of those that a crossbar's drivers get */
    size_t
        channels; /* of mean and deviation: 0: none (0 and 1), 1: the same for all, else each its own */
    float mean[MHO_INPUT_CHANNELS], deviation[MHO_INPUT_CHANNELS];
    mho_layout layout;
    float low, high; /* of x that drivers' codes cover; both 0: what the codes e give */
    bool values; /* numbers that are no bytes are e as well, with a scale of 1 unless scale_set */
    bool
        values_kept; /* values is what its file says: it was trained on, or calibrated with, such numbers */
    bool scale_set, range_set; /* by mho_input_set */
    bool stated;               /* by the file or by mho_input_set; else the scale 2^-8 is assumed */
} mho_input;

MHO_API void mho_net_get_input(const mho_net *net, mho_input *out);
/* MHO_EDOMAIN: a scale or deviation that is not above 0, a mean that is not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_net_set_input(mho_net *net, const mho_input *input);
/* One setting as text: "scale=1/255", "mean=0.485,0.456,0.406", "std=0.229,0.224,0.225", "layout=NHWC" (NCHW, flat: as NCHW),
 * "range=-1:1" (what 0 and the largest code become, in place of scale; mean and std count after it).  MHO_EUSAGE. */
MHO_API MHO_MUST_CHECK mho_status mho_input_set(mho_input *input, const char *setting);
/* "x = (e / 255 - mean 0.5) / std 0.5, NCHW" to `text` of MHO_INPUT_TEXT characters; returns it. */
#define MHO_INPUT_TEXT 400
MHO_API const char *mho_input_text(const mho_input *input, char *text);
/* x of an element of an image's channel. */
MHO_API float mho_input_value(const mho_input *input, size_t channel, float e);

/* Of images of bytes: scale and bits of mho_input. */
MHO_API float mho_net_input_scale(const mho_net *net);
MHO_API size_t mho_net_input_bits(const mho_net *net);
MHO_API mho_shape mho_net_input_shape(const mho_net *net);
MHO_API mho_shape mho_net_output_shape(const mho_net *net);
MHO_API bool mho_net_has_parameters(const mho_net *net);
MHO_API uint64_t mho_net_macs(const mho_net *net);
MHO_API uint64_t
mho_net_parameters(const mho_net *net); /* weights and biases, batch normalization apart; of
                                            general operators the numbers that they hold */
/* The same number for the same network: every attribute of every node and, if wanted, every parameter; the
 * network's name and source do not count. */
MHO_API uint64_t mho_net_identity(const mho_net *net, bool parameters);

/* A network of general tensor operators, from a file that is no graph of layers: software runs it
 * (mho_infer_arrays, and the other calls where it has one input of images and one output of classes); all else refuses
 * it by name.  Its nodes tell its operators. */
MHO_API bool mho_net_is_general(const mho_net *net);
MHO_API size_t mho_net_inputs(const mho_net *net); /* arrays it reads and gives; layers: 1 */
MHO_API size_t mho_net_outputs(const mho_net *net);

/* Layers of sign that are 0 of 0, as in ONNX, where sums of 0 may occur (no batch normalization stands before them): a
 * crossbar, which compares, gives -1 there. */
MHO_API size_t mho_net_zero_signs(const mho_net *net);

/* The graph that hardware works by, which placements, chips and pipelines are of: the network itself; of one of general
 * operators its layers and what stands between them.  NULL: it has none. */
MHO_API const mho_net *mho_net_placed(const mho_net *net);

MHO_API size_t mho_net_nodes(const mho_net *net); /* the last one is the output */
MHO_API const mho_node *mho_net_node(const mho_net *net, size_t i);

MHO_API const char *mho_node_name(const mho_node *node);
MHO_API mho_op mho_node_op(const mho_node *node);
MHO_API const char *mho_node_op_name(const mho_node *node); /* also of a general one: "Transpose" */
MHO_API size_t mho_node_inputs(const mho_node *node);       /* nodes it reads */
MHO_API size_t mho_node_input(const mho_node *node, size_t k); /* the index of one of them */
MHO_API mho_shape mho_node_input_shape(const mho_node *node);  /* of the first node it reads */
MHO_API mho_shape mho_node_output_shape(const mho_node *node);

/* Convolution and pooling; all zero for other nodes. */
typedef struct mho_geometry {
    size_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups; /* convolution */
} mho_geometry;

MHO_API mho_geometry mho_node_geometry(const mho_node *node);
MHO_API bool mho_node_is_weighted(const mho_node *node);      /* conv or fc */
MHO_API mho_alphabet mho_node_alphabet(const mho_node *node); /* REAL for other nodes */
MHO_API size_t mho_node_weight_count(const mho_node *node);   /* weights without bias */
MHO_API size_t mho_node_block(const mho_node *node); /* of circulant weights; 1: ordinary */
/* Numbers that tell the weights: less than mho_node_weight_count where they are circulant. */
MHO_API size_t mho_node_stored_weights(const mho_node *node);
MHO_API size_t mho_node_weight_bits(const mho_node *node); /* sign included; 0: real numbers */
MHO_API size_t mho_node_value_bits(const mho_node *node);  /* of the codes of its output; 0: real */
/* What a code is worth: of the weights of an output channel (0: one power of two a layer, which follows from the weights),
 * of the values (0: not found yet, or real). */
MHO_API float mho_node_weight_scale(const mho_node *node, size_t channel);
MHO_API float mho_node_value_scale(const mho_node *node);
MHO_API size_t mho_node_bias_count(const mho_node *node);
MHO_API uint64_t mho_node_macs(const mho_node *node); /* multiply-accumulates an image */

MHO_C_END

#endif
