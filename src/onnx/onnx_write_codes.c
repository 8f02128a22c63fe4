/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of few bits, rounded maps and their metadata: DequantizeLinear, QuantizeLinear, Clip. */
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "net/op_table.h"
#include "onnx/onnx_impl.h"
#include "onnx/onnx_write.h"
#include "quant/codes.h"

/* Weights of few bits as int8 codes: code x scale is the weight, to the bit.  Scales of the channels, or one power of two. */
static bool code_weights(const mho_node *n, const float *scale, bool by_channel, char *code)
{
    const size_t count = mho_node_weight_count(n), each = count / n->out.c;
    for (size_t k = 0; k < count; k++) {
        const float s = scale[by_channel ? k / each : 0], c = nearbyintf(n->weight[k] / s);
        if (!(fabsf(c) <= 127) || c * s != n->weight[k])
            return false;
        code[k] = (char)(int)c;
    }
    return true;
}

/* The power of two that all are whole multiples of, with codes of weight_bits; 0: there is none. */
static float power_of_weights(const mho_node *n, char *code)
{
    const float most = ldexpf(1, (int)n->weight_bits - 1) - 1;
    float largest = 0;
    int exponent;
    for (size_t k = 0; k < mho_node_weight_count(n); k++)
        largest = fmaxf(largest, fabsf(n->weight[k]));
    (void)frexpf(largest / most, &exponent);
    for (int e = exponent - 1; largest > 0 && e <= exponent + 8; e++) {
        const float scale = ldexpf(1, e);
        if (largest / scale <= most && code_weights(n, &scale, false, code))
            return scale;
    }
    return 0;
}

/* DequantizeLinear of int8 codes, if the weights are such. */
static MhoiOnnx__TensorProto *add_coded_weight(mhoi_writer *w, const mho_node *n, char *name)
{
    const size_t count = mho_node_weight_count(n);
    char *bytes = w->bytes + w->bytes_used;
    const float *scale = n->weight_scale;
    bool coded = n->weight_bits && scale && code_weights(n, scale, true, bytes);
    if (n->weight_bits && !scale) {
        float *power = mhoi_message_take(w, sizeof *power);
        *power = power_of_weights(n, bytes);
        scale = power;
        coded = *power > 0;
    }
    if (!coded)
        return NULL;
    char *codes = mhoi_message_text(w, "%s.weight_codes", n->name),
         *of = mhoi_message_text(w, "%s.weight_scale", n->name);
    w->bytes_used += count;
    MhoiOnnx__NodeProto *node = mhoi_message_node(w, "DequantizeLinear", codes, name);
    MhoiOnnx__TensorProto *t =
        mhoi_message_tensor(w, of, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, scale,
                            (n->weight_scale ? n->out.c : 1) * sizeof(float));
    if (n->weight_scale) {
        mhoi_message_dim(t, n->out.c);
        mhoi_message_int(w, node, "axis", 0);
    }
    mhoi_message_input(node, of);
    return mhoi_message_tensor(w, codes, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8, bytes, count);
}

/* The weights as an initializer of `dims` dimensions; binary ones as bytes, cast to float by a node
 * of its own, which comes first; coded ones as codes. */
char *mhoi_write_weight(mhoi_writer *w, const mho_node *n, size_t dims, const size_t *dim)
{
    const size_t count = mho_node_weight_count(n);
    char *name = mhoi_message_text(w, "%s.weight", n->name);
    MhoiOnnx__TensorProto *t;
    if (n->alphabet == MHO_ALPHABET_BINARY) {
        char *small = mhoi_message_text(w, "%s.weight_int8", n->name),
             *bytes = w->bytes + w->bytes_used;
        for (size_t k = 0; k < count; k++)
            bytes[k] = n->weight[k] > 0 ? 1 : -1;
        w->bytes_used += count;
        t = mhoi_message_tensor(w, small, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8, bytes, count);
        MhoiOnnx__NodeProto *cast = mhoi_message_node(w, "Cast", small, name);
        mhoi_message_int(w, cast, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    } else if ((t = add_coded_weight(w, n, name)) == NULL) {
        t = mhoi_message_tensor(w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, n->weight,
                                count * sizeof(float));
    }
    for (size_t k = 0; k < dims; k++)
        mhoi_message_dim(t, dim[k]);
    return name;
}

/* What the last node gives, rounded: Clip where codes have fewer than 8 bits, QuantizeLinear, DequantizeLinear. */
void mhoi_write_rounding(mhoi_writer *w, size_t i, char *output)
{
    const mho_node *n = &w->net->node[i];
    const bool is_signed = mhoi_net_values(w->net, i).is_signed;
    const mho_codes codes = mhoi_codes_of_values(n->value_bits, is_signed, n->value_below);
    char *real = mhoi_message_text(w, "%s.real", output),
         *code = mhoi_message_text(w, "%s.codes", output);
    char *scale = mhoi_message_text(w, "%s.scale", output),
         *zero = mhoi_message_text(w, "%s.zero_point", output);
    float *bound = mhoi_message_take(w, 2 * sizeof *bound);
    MhoiOnnx__NodeProto *last = w->graph.node[w->graph.n_node - 1];
    for (size_t k = 0; k < last->n_output; k++)
        last->output[k] = last->output[k] == output ? real : last->output[k];
    (void)mhoi_message_tensor(w, scale, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &n->value_scale,
                              sizeof n->value_scale);
    const bool shifted = n->value_bits == 8 && n->value_below, below = codes.lo < 0 && !shifted;
    (void)mhoi_message_tensor(w, zero,
                              below ? MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8
                                    : MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__UINT8,
                              memset(mhoi_message_take(w, 1), shifted ? (int)n->value_below : 0, 1),
                              1);
    if (n->value_bits < 8) {
        char *within = mhoi_message_text(w, "%s.within", output),
             *low = mhoi_message_text(w, "%s.low", output),
             *high = mhoi_message_text(w, "%s.high", output);
        bound[0] = (float)codes.lo * n->value_scale;
        bound[1] = (float)codes.hi * n->value_scale;
        (void)mhoi_message_tensor(w, low, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &bound[0],
                                  sizeof *bound);
        (void)mhoi_message_tensor(w, high, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &bound[1],
                                  sizeof *bound);
        MhoiOnnx__NodeProto *clip = mhoi_message_node(w, "Clip", real, within);
        mhoi_message_input(clip, low);
        mhoi_message_input(clip, high);
        real = within;
    }
    MhoiOnnx__NodeProto *q = mhoi_message_node(w, "QuantizeLinear", real, code);
    mhoi_message_input(q, scale);
    mhoi_message_input(q, zero);
    MhoiOnnx__NodeProto *dq = mhoi_message_node(w, "DequantizeLinear", code, output);
    mhoi_message_input(dq, scale);
    mhoi_message_input(dq, zero);
    dq->name = mhoi_message_text(w, "%s.rounded", output);
}

/* "8:-5": 8 bits, a code is worth 2^-5; "8*0.0123": so much; "6*0.0123,4": 4 of the codes are below 0. */
static char *codes_text(mhoi_writer *w, const mho_node *n)
{
    int exponent;
    if (n->value_below)
        return mhoi_message_text(w, "%zu*%.9g,%zu", n->value_bits, (double)n->value_scale,
                                 n->value_below);
    if (frexpf(n->value_scale, &exponent) == 0.5f)
        return mhoi_message_text(w, "%zu:%d", n->value_bits, exponent - 1);
    return mhoi_message_text(w, "%zu*%.9g", n->value_bits, (double)n->value_scale);
}

/* "0.0123 0.045 ...": one a channel, or one for all. */
static char *scales_text(mhoi_writer *w, const mho_node *n)
{
    size_t count = 1, used = 0;
    for (size_t k = 1; k < n->out.c; k++)
        count = n->weight_scale[k] == n->weight_scale[0] ? count : n->out.c;
    char *all = mhoi_message_take(w, count * MHOI_SCALE_TEXT + 1);
    for (size_t k = 0; k < count; k++)
        used += (size_t)mhoi_decimal_print(all + used, MHOI_SCALE_TEXT + 1, "%s%.9g", k ? " " : "",
                                           (double)n->weight_scale[k]);
    return all;
}

/* Blocks of the weights (which stand here expanded), their bits, and the codes of the values. */
void mhoi_write_coding(mhoi_writer *w, MhoiOnnx__ModelProto *model, const mho_node *n)
{
    if (n->block > 1)
        mhoi_message_metadata(
            w, model, mhoi_message_text(w, MHOI_ONNX_BLOCK "%s", n->name),
            mhoi_message_text(w, "%zu%s", n->block, n->block_channels ? "c" : ""));
    if (n->weight_bits)
        mhoi_message_metadata(w, model, mhoi_message_text(w, MHOI_ONNX_WEIGHT_BITS "%s", n->name),
                              mhoi_message_text(w, "%zu", n->weight_bits));
    if (n->weight_scale)
        mhoi_message_metadata(w, model, mhoi_message_text(w, MHOI_ONNX_WEIGHT_SCALE "%s", n->name),
                              scales_text(w, n));
    if (n->op == MHO_OP_SIGN && n->sign_zero != -1)
        mhoi_message_metadata(w, model, mhoi_message_text(w, MHOI_ONNX_SIGN_ZERO "%s", n->name),
                              mhoi_message_text(w, "%d", (int)n->sign_zero));
    if (mhoi_node_rounds(n))
        mhoi_message_metadata(w, model, mhoi_message_text(w, MHOI_ONNX_CODES "%s", n->name),
                              codes_text(w, n));
    else if (n->value_bits)
        mhoi_message_metadata(w, model, mhoi_message_text(w, MHOI_ONNX_CODES "%s", n->name),
                              mhoi_message_text(w, "%zu", n->value_bits));
}
