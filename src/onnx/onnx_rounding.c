/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear and DequantizeLinear behind a layer, perhaps with a Clip before them for fewer than 8 bits: the layer's
 * values are rounded to codes.  (Those of constants are worked out before, and are weights.) */
#include <math.h>
#include <string.h>

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

typedef struct rounding {
    double scale, low, high; /* codes */
    bool is_signed;
} rounding;

static mho_status read_quantize(const mhoi_graph *g, const mhoi_operation *n, rounding *r)
{
    const mho_array *zero = mhoi_graph_constant(g, n, 2);
    double at = 0;
    if (!scalar_of(g, n, 1, &r->scale) || !scalar_of(g, n, 2, &at) || !(r->scale > 0))
        return mho_error(MHO_ENOTMODELED, "a scale of each channel of a feature map");
    if (at != 0)
        return mho_error(MHO_ENOTMODELED, "zero point %g, want 0", at);
    if (zero && zero->type != MHO_TYPE_INT8 && zero->type != MHO_TYPE_UINT8)
        return mho_error(MHO_ENOTMODELED, "codes of %s, want int8 or uint8",
                         mho_type_name(zero->type));
    r->is_signed = zero && zero->type == MHO_TYPE_INT8;
    r->low = r->is_signed ? -128 : 0;
    r->high = r->is_signed ? 127 : 255;
    return MHO_OK;
}

static mho_status read_dequantize(const mhoi_graph *g, const mhoi_operation *n, const rounding *r)
{
    double scale = 0, at = 0;
    if (!scalar_of(g, n, 1, &scale) || !scalar_of(g, n, 2, &at) || scale != r->scale || at != 0)
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
    r->is_signed = r->low < 0;
    return MHO_OK;
}

static size_t bits_of(const rounding *r, size_t *below)
{
    *below = 0;
    for (size_t bits = 2; bits <= 8; bits++) {
        const mho_codes c = mhoi_codes_of_map(bits, r->is_signed);
        if (c.lo == r->low && c.hi == r->high)
            return bits;
        if (bits < 8 && r->is_signed && r->low > c.lo && r->high - r->low == c.hi - c.lo) {
            *below = (size_t)-r->low;
            return bits;
        }
    }
    return 0;
}

/* What the image is made of is told after its graph. */
static bool is_of_image(const mho_net *net, size_t i)
{
    while (mhoi_op_is(net->node[i].op, MHOI_OP_POOL) || net->node[i].op == MHO_OP_FLATTEN ||
           mhoi_node_moves(&net->node[i]))
        i = net->node[i].input[0];
    return net->node[i].op == MHO_OP_INPUT;
}

/* The layer's values are codes from now on; those that hand codes on have had them. */
static mho_status round_layer(mhoi_graph *g, size_t i, const rounding *r)
{
    size_t below;
    const size_t bits = bits_of(r, &below);
    mho_net *net = g->net;
    size_t from = i;
    while (net->node[from].op == MHO_OP_MAXPOOL || net->node[from].op == MHO_OP_FLATTEN)
        from = net->node[from].input[0];
    mho_node *node = &net->node[from];
    const float scale = (float)r->scale;
    if (!bits)
        return mho_error(MHO_ENOTMODELED, "codes %g..%g, want those of 2 to 8 bits", r->low,
                         r->high);
    if (mhoi_node_rounds(node) && node->value_bits == bits && node->value_below == below &&
        node->value_scale == scale)
        return MHO_OK;
    if (from != i || node->op == MHO_OP_INPUT || mhoi_node_rounds(node))
        return mho_error(MHO_ENOTMODELED, "what '%s' gives is rounded", net->node[i].name);
    if (!is_of_image(net, i) && mhoi_net_values(net, i).is_signed != r->is_signed)
        return mho_error(MHO_ENOTMODELED, "codes %g..%g of what '%s' gives, which is%s below 0",
                         r->low, r->high, node->name, r->is_signed ? " never" : "");
    node->value_bits = bits;
    node->value_below = below;
    node->value_scale = scale;
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
    size_t below;
    if (!value || value->truth || g->readers[operand] != 1)
        return mho_error(MHO_ENOTMODELED,
                         "input '%s' is no layer's output, or read elsewhere as well",
                         mhoi_node_input_name(g, n, 0));
    mho_status s = read_quantize(g, q, &r);
    if (!s)
        s = read_dequantize(g, dq, &r);
    if (!s && clips)
        s = read_clip(g, n, &r);
    if (!s && clips && g->mixed && bits_of(&r, &below) == 8)
        s = mho_error(MHO_ENOTMODELED, "bounds of its own, that codes have anyway");
    if (!s)
        s = round_layer(g, value->node, &r);
    if (!s)
        g->value[dq->output[0]] = *value;
    return s;
}
