/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of a runtime's own domain that are standard ones between codes: what is read is dequantized, what is given
 * is quantized. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

#define DOMAIN "com.microsoft"

/* Two operands: a, scale, zero, b, scale, zero, scale and zero of y; one: x, scale, zero, scale and zero of y. */
static const struct coded {
    const char *name, *standard;
    size_t operands;
} coded[] = {{"QLinearAdd", "Add", 2},
             {"QLinearMul", "Mul", 2},
             {"QLinearAveragePool", "AveragePool", 1},
             {"QLinearGlobalAveragePool", "GlobalAveragePool", 1},
             {"QLinearSigmoid", "Sigmoid", 1},
             {"QLinearLeakyRelu", "LeakyRelu", 1},
             {"QLinearSoftmax", "Softmax", 1}};

static const struct coded *coded_of(const mhoi_operation *op)
{
    size_t k = 0;
    while (strcmp(coded[k].name, op->op) != 0)
        k++;
    return &coded[k];
}

static const mhoi_operator *standard_row(const char *name)
{
    const mhoi_operator *const lists[] = {mhoi_ops_binary, mhoi_ops_unary, mhoi_ops_pool,
                                          mhoi_ops_norm};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (const mhoi_operator *row = lists[k]; row->name; row++)
            if (strcmp(row->name, name) == 0 && !row->domain[0])
                return row;
    return NULL;
}

/* The standard operation that it is, on operands of floats. */
typedef struct inner {
    mhoi_operation op;
    mho_array in[2], out;
    const mho_array *at[2];
    size_t output;
    mhoi_call call;
} inner;

static mho_status begin(mhoi_call *c, inner *i)
{
    const struct coded *k = coded_of(c->op);
    if (mhoi_attr_int(c->op, "channels_last", 0))
        return mho_error(MHO_ENOTMODELED, "channels_last = 1");
    *i = (inner){.op = *c->op};
    i->op.op = k->standard;
    i->op.domain = "";
    i->op.set = mhoi_attr_int(c->op, "opset", 13);
    i->op.row = standard_row(k->standard);
    i->op.output = &i->output;
    for (size_t n = 0; n < k->operands; n++) {
        const mho_array *x = c->in[3 * n], *scale = c->in[3 * n + 1], *zero = mhoi_in(c, 3 * n + 2);
        if (!x || !scale || scale->count != 1 || (zero && zero->count != 1))
            return mho_error(MHO_ENOTMODELED, "scales of slices");
        i->in[n] = *x;
        i->in[n].type = MHO_TYPE_FLOAT;
        i->in[n].data = NULL;
        i->at[n] = &i->in[n];
    }
    i->call =
        (mhoi_call){.op = &i->op, .inputs = k->operands, .outputs = 1, .in = i->at, .out = &i->out};
    return i->op.row ? i->op.row->shape(&i->call)
                     : mho_error(MHO_EINTERNAL, "no operator %s", k->standard);
}

static mho_status coded_shape(mhoi_call *c)
{
    inner i;
    mho_status s = begin(c, &i);
    return s ? s : mhoi_out_like(c, 0, c->in[0]->type, &i.out);
}

static mho_status dequantize(const mhoi_call *c, size_t n, mho_array *out)
{
    const mho_array *x = c->in[3 * n], *zero = mhoi_in(c, 3 * n + 2);
    const double scale = mho_array_number(c->in[3 * n + 1], 0);
    const double z = zero ? mho_array_number(zero, 0) : 0;
    mho_status s = mhoi_array_alloc(out, c->op->name);
    for (size_t i = 0; !s && i < x->count; i++)
        ((float *)out->data)[i] = (float)((mho_array_number(x, i) - z) * scale);
    return s;
}

static mho_status coded_run(mhoi_call *c)
{
    inner i;
    const size_t operands = coded_of(c->op)->operands;
    double scale = 1, zero = 0;
    mho_status s = begin(c, &i);
    if (s)
        return s;
    s = mhoi_scalar(c, 3 * operands, 1, &scale);
    if (!s)
        s = mhoi_scalar(c, 3 * operands + 1, 0, &zero);
    for (size_t n = 0; !s && n < operands; n++)
        s = dequantize(c, n, &i.in[n]);
    if (!s)
        s = mhoi_array_alloc(&i.out, c->op->name);
    if (!s)
        s = i.op.row->run(&i.call);
    int64_t low, high;
    mhoi_type_range(c->out->type, &low, &high);
    for (size_t k = 0; !s && k < c->out->count; k++) {
        double q = nearbyint((double)((const float *)i.out.data)[k] / scale) + zero;
        q = q < (double)low ? (double)low : q > (double)high ? (double)high : q;
        mhoi_array_set_reals(c->out, k, 1, &q);
    }
    mho_array_free(&i.out);
    for (size_t n = 0; n < operands; n++)
        mho_array_free(&i.in[n]);
    return s;
}

#define POOL                                                                                       \
    "kernel_shape strides dilations pads auto_pad ceil_mode count_include_pad channels_last "
const mhoi_operator mhoi_ops_vendor[] = {
    {"QLinearAdd", DOMAIN, 7, 8, 1, "", coded_shape, coded_run},
    {"QLinearMul", DOMAIN, 7, 8, 1, "", coded_shape, coded_run},
    {"QLinearAveragePool", DOMAIN, 4, 5, 1, POOL, coded_shape, coded_run},
    {"QLinearGlobalAveragePool", DOMAIN, 4, 5, 1, "channels_last ", coded_shape, coded_run},
    {"QLinearSigmoid", DOMAIN, 4, 5, 1, "", coded_shape, coded_run},
    {"QLinearLeakyRelu", DOMAIN, 4, 5, 1, "alpha ", coded_shape, coded_run},
    {"QLinearSoftmax", DOMAIN, 4, 5, 1, "axis opset ", coded_shape, coded_run},
    {0}};
