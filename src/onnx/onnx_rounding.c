/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear and DequantizeLinear behind a layer, perhaps with a Clip before them for fewer than 8 bits: the layer's
 * values are rounded to codes.  (Those of constants are worked out before, and are weights.) */
#include <math.h>
#include <string.h>

#include "net/net_impl.h"
#include "net/op_table.h"
#include "onnx/onnx_graph.h"
#include "quant/codes.h"

/* The operation that reads an operand, if it is the only one and of that kind; NULL. */
static const mhoi_operation *reader_of(const mhoi_graph *g, size_t operand, const char *op)
{
    for (size_t i = 0; g->readers[operand] == 1 && i < g->program->operations; i++) {
        const mhoi_operation *n = &g->program->operation[i];
        if (n->inputs && n->input[0] == operand && n->outputs == 1 && !n->domain[0] &&
            strcmp(n->op, op) == 0)
            return n;
    }
    return NULL;
}

/* A number that is the same for all; absent: as it is. */
static bool scalar_of(const mhoi_graph *g, const mhoi_operation *n, size_t i, double *out)
{
    const mho_array *a = mhoi_graph_constant(g, n, i);
    if (mhoi_node_input(n, i) == MHOI_NO_OPERAND)
        return true;
    if (!a || a->count != 1)
        return false;
    *out = mho_array_number(a, 0);
    return true;
}

#define SCALE_LEAST 1e-30 /* so that it and its inverse are normal floats */
#define SCALE_MOST 1e30

typedef struct rounding {
    double scale, zero, low, high; /* codes, less the zero point */
} rounding;

/* The codes of a type; false: it is none of 4 or 8 bits. */
static bool extent_of(mho_type type, rounding *r)
{
    switch (type) {
    case MHO_TYPE_INT8:
        *r = (rounding){.low = -128, .high = 127};
        return true;
    case MHO_TYPE_UINT8:
        *r = (rounding){.low = 0, .high = 255};
        return true;
    case MHO_TYPE_INT4:
        *r = (rounding){.low = -8, .high = 7};
        return true;
    case MHO_TYPE_UINT4:
        *r = (rounding){.low = 0, .high = 15};
        return true;
    default:
        return false;
    }
}

/* Bits of the codes, of which so many are below 0 (0: two's complement, or none); 0: no codes that maps have.  What is never
 * below 0 has no use for codes there. */
static size_t bits_of(const rounding *r, bool has_sign, size_t *below)
{
    for (int part = has_sign; part < 2; part++) {
        const double low = part ? r->low : 0;
        for (size_t bits = 2; bits <= 8; bits++) {
            const mho_codes c = mhoi_codes_of_map(bits, has_sign);
            if (r->high - low != c.hi - c.lo || low > 0)
                continue;
            *below = low == c.lo || low == 0 ? 0 : (size_t)-low;
            return bits;
        }
    }
    return 0;
}

void mhoi_graph_tell_codes(mhoi_graph *g, size_t node, mho_type type, const mho_array *scale,
                           const mho_array *zero)
{
    rounding r;
    const double s = scale && scale->data && scale->count == 1 ? mho_array_number(scale, 0) : 0;
    if (!extent_of(type, &r) || !(s >= SCALE_LEAST && s <= SCALE_MOST) ||
        (zero && zero->data && zero->count != 1))
        return;
    const double at = zero && zero->data ? mho_array_number(zero, 0) : 0;
    size_t below = 0;
    const bool has_sign = r.low < at;
    r.low -= at;
    r.high -= at;
    g->net->node[node].value_bits = bits_of(&r, has_sign, &below);
    g->net->node[node].value_below = below;
    g->net->node[node].value_scale = (float)s;
}

static mho_status read_quantize(const mhoi_graph *g, const mhoi_operation *n, rounding *r)
{
    const mho_array *zero = mhoi_graph_constant(g, n, 2);
    double scale = 0, at = 0;
    if (!extent_of(zero ? zero->type : MHO_TYPE_UINT8, r))
        return mho_error(MHO_ENOTMODELED, "codes of %s, want int8 or uint8",
                         mho_type_name(zero->type));
    if (!scalar_of(g, n, 1, &scale) || !scalar_of(g, n, 2, &at) || !(scale > 0))
        return mho_error(MHO_ENOTMODELED, "a scale of each channel of a feature map");
    *r = (rounding){scale, at, r->low - at, r->high - at};
    return MHO_OK;
}

static mho_status read_dequantize(const mhoi_graph *g, const mhoi_operation *n, const rounding *r)
{
    double scale = 0, at = 0;
    if (!scalar_of(g, n, 1, &scale) || !scalar_of(g, n, 2, &at) || scale != r->scale ||
        at != r->zero)
        return mho_error(MHO_ENOTMODELED, "another scale or zero point than of the codes");
    return MHO_OK;
}

/* Bounds that are codes. */
static mho_status read_clip(const mhoi_graph *g, const mhoi_operation *n, rounding *r)
{
    double low = -INFINITY, high = INFINITY;
    if (n->set < 11 || !scalar_of(g, n, 1, &low) || !scalar_of(g, n, 2, &high))
        return mho_error(MHO_ENOTMODELED, "bounds that are not told");
    low = nearbyint(low / r->scale);
    high = nearbyint(high / r->scale);
    r->low = low > r->low ? low : r->low;
    r->high = high < r->high ? high : r->high;
    return MHO_OK;
}

static mho_status add_relu(mhoi_graph *g, size_t *node)
{
    mho_node relu = mhoi_node_initial(MHO_OP_RELU);
    relu.inputs = 1;
    relu.input[0] = *node;
    return mhoi_graph_add(g, "", &relu, node);
}

/* What the image is made of is told after its graph. */
static bool is_of_image(const mho_net *net, size_t i)
{
    while (mhoi_op_is(net->node[i].op, MHOI_OP_POOL) || net->node[i].op == MHO_OP_FLATTEN ||
           mhoi_node_moves(&net->node[i]))
        i = net->node[i].input[0];
    return net->node[i].op == MHO_OP_INPUT;
}

static bool has_codes(const mho_node *node, size_t bits, size_t below, float scale)
{
    return mhoi_node_rounds(node) && node->value_bits == bits && node->value_below == below &&
           node->value_scale == scale;
}

/* The layer's values are codes from now on; those that hand codes on have had them.  Codes without a sign cut off what is
 * below 0, as a ReLU does. */
static mho_status round_layer(mhoi_graph *g, size_t *i, const rounding *r)
{
    mho_net *net = g->net;
    size_t from = *i, below = 0;
    while (net->node[from].op == MHO_OP_MAXPOOL || net->node[from].op == MHO_OP_FLATTEN)
        from = net->node[from].input[0];
    const bool image = is_of_image(net, *i);
    const bool has_sign = image ? r->low < 0 : mhoi_net_values(net, *i).is_signed;
    const size_t bits = bits_of(r, has_sign, &below);
    const float scale = (float)r->scale;
    if (!bits)
        return mho_error(MHO_ENOTMODELED, "codes %g..%g, want those of 2 to 8 bits", r->low,
                         r->high);
    if (has_codes(&net->node[from], bits, below, scale))
        return MHO_OK;
    if (from != *i || net->node[from].op == MHO_OP_INPUT || mhoi_node_rounds(&net->node[from]))
        return mho_error(MHO_ENOTMODELED, "what '%s' gives is rounded", net->node[*i].name);
    if (has_sign && r->low == 0) {
        mho_status s = add_relu(g, i);
        if (s)
            return s;
    }
    net->node[*i].value_bits = bits;
    net->node[*i].value_below = below;
    net->node[*i].value_scale = scale;
    return MHO_OK;
}

mho_status mhoi_onnx_convert_rounding(mhoi_graph *g, const mhoi_operation *n)
{
    const bool clips = strcmp(n->op, "Clip") == 0;
    const mhoi_operation *q = clips ? reader_of(g, n->output[0], "QuantizeLinear") : n;
    const mhoi_operation *dq = q ? reader_of(g, q->output[0], "DequantizeLinear") : NULL;
    if (strcmp(n->op, "DequantizeLinear") == 0 && g->value[n->output[0]].there)
        return MHO_OK; /* with what stands before it */
    if (!dq || strcmp(q->op, "QuantizeLinear") != 0)
        return mho_error(MHO_ENOTMODELED,
                         "no QuantizeLinear with a DequantizeLinear behind a layer");
    if (g->value[dq->output[0]].there)
        return MHO_OK;
    const size_t operand = mhoi_node_input(n, 0);
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    rounding r = {.scale = 0};
    size_t below, node = value ? value->node : 0;
    if (!value || value->truth || g->readers[operand] != 1)
        return mho_error(MHO_ENOTMODELED,
                         "input '%s' is no layer's output, or read elsewhere as well",
                         mhoi_node_input_name(g, n, 0));
    mho_status s = read_quantize(g, q, &r);
    if (!s)
        s = read_dequantize(g, dq, &r);
    if (!s && clips)
        s = read_clip(g, n, &r);
    if (!s && clips && g->mixed && bits_of(&r, r.low < 0, &below) == 8)
        s = mho_error(MHO_ENOTMODELED, "bounds of its own, that codes have anyway");
    if (!s)
        s = round_layer(g, &node, &r);
    if (!s) {
        g->value[dq->output[0]] = *value;
        g->value[dq->output[0]].node = node;
        g->value[dq->output[0]].biased = 0;
    }
    return s;
}
