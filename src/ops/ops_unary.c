/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of one element: one formula each, in double, rounded to the type.  Whole types have formulas of their own
 * where the operator has a meaning for them. */
#include <math.h>
#include <string.h>

#include "ops/ops_impl.h"

#define CHUNK ((size_t)512)

/* What formulas are given besides x: attributes, or limits that are inputs. */
typedef struct extra {
    double a, b;
} extra;

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double clamp(double x, double low, double high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double sign_of(double x)
{
    return isnan(x) ? x : (double)((x > 0) - (x < 0));
}

/* Name, default of alpha and beta (their names in `attributes`), formula of x, e.a, e.b. */
#define REALS(X)                                                                                   \
    X(Abs, fabs(x))                                                                                \
    X(Neg, -x)                                                                                     \
    X(Sign, sign_of(x))                                                                            \
    X(Floor, floor(x))                                                                             \
    X(Ceil, ceil(x))                                                                               \
    X(Round, nearbyint(x))                                                                         \
    X(Sqrt, sqrt(x))                                                                               \
    X(Reciprocal, 1 / x)                                                                           \
    X(Exp, exp(x))                                                                                 \
    X(Log, log(x))                                                                                 \
    X(Sin, sin(x))                                                                                 \
    X(Cos, cos(x))                                                                                 \
    X(Tan, tan(x))                                                                                 \
    X(Asin, asin(x))                                                                               \
    X(Acos, acos(x))                                                                               \
    X(Atan, atan(x))                                                                               \
    X(Sinh, sinh(x))                                                                               \
    X(Cosh, cosh(x))                                                                               \
    X(Tanh, tanh(x))                                                                               \
    X(Asinh, asinh(x))                                                                             \
    X(Acosh, acosh(x))                                                                             \
    X(Atanh, atanh(x))                                                                             \
    X(Erf, erf(x))                                                                                 \
    X(Relu, x > 0 ? x : isnan(x) ? x : 0)                                                          \
    X(Sigmoid, sigmoid(x))                                                                         \
    X(Softplus, softplus(x))                                                                       \
    X(Softsign, x / (1 + fabs(x)))                                                                 \
    X(LeakyRelu, x < 0 ? e.a * x : x)                                                              \
    X(ThresholdedRelu, x > e.a ? x : 0)                                                            \
    X(Elu, x < 0 ? e.a * expm1(x) : x)                                                             \
    X(Celu, (x > 0 ? x : 0) + (x < 0 ? e.a * expm1(x / e.a) : 0))                                  \
    X(Selu, e.b *(x > 0 ? x : e.a * expm1(x)))                                                     \
    X(HardSigmoid, clamp(e.a *x + e.b, 0, 1))                                                      \
    X(HardSwish, x *clamp(x / 6 + 0.5, 0, 1))                                                      \
    X(Mish, x *tanh(softplus(x)))                                                                  \
    X(Swish, x *sigmoid(e.a *x))                                                                   \
    X(Shrink, x<-e.a ? x + e.b : x> e.a ? x - e.b : 0)                                             \
    X(GeluErf, 0.5 * x * (1 + erf(x * M_SQRT1_2)))                                                 \
    X(GeluTanh, 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x))))         \
    X(Clip, clamp(x, e.a, e.b))

#define WHOLES(X)                                                                                  \
    X(Abs, x < 0 ? (int64_t) - (uint64_t)x : x)                                                    \
    X(Neg, (int64_t) - (uint64_t)x)                                                                \
    X(Sign, (x > 0) - (x < 0))                                                                     \
    X(Relu, x > 0 ? x : 0)                                                                         \
    X(BitwiseNot, ~x)                                                                              \
    X(Not, !x)

#define REAL_LOOP(name, formula)                                                                   \
    static void real_##name(size_t n, double *v, extra e)                                          \
    {                                                                                              \
        (void)e;                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            const double x = v[i];                                                                 \
            v[i] = formula;                                                                        \
        }                                                                                          \
    }
REALS(REAL_LOOP)

#define WHOLE_LOOP(name, formula)                                                                  \
    static void whole_##name(size_t n, int64_t *v)                                                 \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const int64_t x = v[i];                                                                \
            v[i] = formula;                                                                        \
        }                                                                                          \
    }
WHOLES(WHOLE_LOOP)

typedef struct formula {
    const char *name;
    void (*real)(size_t n, double *v, extra e);
    void (*whole)(size_t n, int64_t *v);
    float alpha, beta; /* where the attribute is not told */
} formula;

static const formula formulas[] = {
#define REAL_ROW(name, ...) {#name, real_##name, NULL, 0, 0},
    REALS(REAL_ROW)};
static const formula whole_formulas[] = {
#define WHOLE_ROW(name, ...) {#name, NULL, whole_##name, 0, 0},
    WHOLES(WHOLE_ROW)};

/* Attributes of formulas that have some. */
static const struct parameters {
    const char *name, *a, *b;
    float a_absent, b_absent;
} parameters[] = {
    {"LeakyRelu", "alpha", NULL, 0.01F, 0},
    {"ThresholdedRelu", "alpha", NULL, 1, 0},
    {"Elu", "alpha", NULL, 1, 0},
    {"Celu", "alpha", NULL, 1, 0},
    {"Selu", "alpha", "gamma", 1.67326319217681884765625F, 1.05070102214813232421875F},
    {"HardSigmoid", "alpha", "beta", 0.2F, 0.5F},
    {"Swish", "alpha", NULL, 1, 0},
    {"Shrink", "lambd", "bias", 0.5F, 0},
};

static void apply(mhoi_call *c, const formula *f, extra e)
{
    const mho_array *in = c->in[0];
    for (size_t i = 0; i < in->count; i += CHUNK) {
        const size_t n = in->count - i < CHUNK ? in->count - i : CHUNK;
        double reals[CHUNK];
        int64_t wholes[CHUNK];
        if (f->real) {
            mhoi_array_reals(in, i, n, reals);
            f->real(n, reals, e);
            mhoi_array_set_reals(c->out, i, n, reals);
        } else {
            mhoi_array_wholes(in, i, n, wholes);
            f->whole(n, wholes);
            mhoi_array_set_wholes(c->out, i, n, wholes);
        }
    }
}

static const formula *find(const formula *list, size_t count, const char *name)
{
    for (size_t k = 0; k < count; k++)
        if (strcmp(list[k].name, name) == 0)
            return &list[k];
    return NULL;
}

static const formula *formula_of(const char *name, mhoi_kind kind)
{
    return kind == MHOI_KIND_REAL
               ? find(formulas, sizeof formulas / sizeof *formulas, name)
               : find(whole_formulas, sizeof whole_formulas / sizeof *whole_formulas, name);
}

static extra extra_of(const mhoi_operation *op)
{
    extra e = {0, 0};
    for (size_t k = 0; k < sizeof parameters / sizeof *parameters; k++) {
        const struct parameters *p = &parameters[k];
        if (strcmp(p->name, op->row->name) != 0)
            continue;
        e.a = (double)mhoi_attr_float(op, p->a, p->a_absent);
        e.b = p->b ? (double)mhoi_attr_float(op, p->b, p->b_absent) : 0;
    }
    return e;
}

static mho_status element_shape(mhoi_call *c)
{
    const mho_array *in = c->in[0];
    if (!formula_of(c->op->op, mhoi_type_kind(in->type)) ||
        (strcmp(c->op->op, "Not") == 0 && in->type != MHO_TYPE_BOOL))
        return mho_error(MHO_ENOTMODELED, "%s of %s", c->op->op, mho_type_name(in->type));
    return mhoi_same_shape(c);
}

static mho_status element_run(mhoi_call *c)
{
    apply(c, formula_of(c->op->op, mhoi_type_kind(c->in[0]->type)), extra_of(c->op));
    return MHO_OK;
}

static mho_status real_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : mhoi_same_shape(c);
}

static mho_status gelu_run(mhoi_call *c)
{
    const char *kind = mhoi_attr_text(c->op, "approximate", "none");
    const bool tanh_form = strcmp(kind, "tanh") == 0;
    if (!tanh_form && strcmp(kind, "none") != 0)
        return mho_error(MHO_ENOTMODELED, "approximate = %s", kind);
    apply(c, formula_of(tanh_form ? "GeluTanh" : "GeluErf", MHOI_KIND_REAL), (extra){0, 0});
    return MHO_OK;
}

/* The limits are attributes before set 11, inputs from then on. */
static mho_status clip_run(mhoi_call *c)
{
    const mho_array *in = c->in[0];
    extra e = {-INFINITY, INFINITY};
    mho_status s = mhoi_scalar(c, 1, (double)mhoi_attr_float(c->op, "min", -INFINITY), &e.a);
    if (!s)
        s = mhoi_scalar(c, 2, (double)mhoi_attr_float(c->op, "max", INFINITY), &e.b);
    if (s)
        return s;
    if (mhoi_type_kind(in->type) == MHOI_KIND_REAL) {
        apply(c, formula_of("Clip", MHOI_KIND_REAL), e);
        return MHO_OK;
    }
    int64_t low, high;
    mhoi_type_range(in->type, &low, &high);
    low = mhoi_in(c, 1) ? mhoi_array_whole(c->in[1], 0) : low;
    high = mhoi_in(c, 2) ? mhoi_array_whole(c->in[2], 0) : high;
    for (size_t i = 0; i < in->count; i++) {
        int64_t x = mhoi_array_whole(in, i);
        x = x < low ? low : x;
        x = x > high ? high : x;
        mhoi_array_set_wholes(c->out, i, 1, &x);
    }
    return MHO_OK;
}

static mho_status truth_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : mhoi_out_like(c, 0, MHO_TYPE_BOOL, c->in[0]);
}

static mho_status is_nan_run(mhoi_call *c)
{
    for (size_t i = 0; i < c->in[0]->count; i++)
        if (isnan(mho_array_number(c->in[0], i)))
            ((uint8_t *)c->out->data)[i] = 1;
    return MHO_OK;
}

static mho_status is_inf_run(mhoi_call *c)
{
    const bool below = mhoi_attr_int(c->op, "detect_negative", 1) != 0;
    const bool above = mhoi_attr_int(c->op, "detect_positive", 1) != 0;
    for (size_t i = 0; i < c->in[0]->count; i++) {
        const double x = mho_array_number(c->in[0], i);
        ((uint8_t *)c->out->data)[i] = isinf(x) && (x > 0 ? above : below);
    }
    return MHO_OK;
}

static mho_status bipolar_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : mhoi_same_shape(c);
}

/* QONNX: +scale where x >= 0, else -scale. */
static mho_status bipolar_run(mhoi_call *c)
{
    double scale;
    mho_status s = mhoi_scalar(c, 1, 1, &scale);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double y = mho_array_number(c->in[0], i) >= 0 ? scale : -scale;
        mhoi_array_set_reals(c->out, i, 1, &y);
    }
    return s;
}

#define ELEMENT(name, attributes)                                                                  \
    {                                                                                              \
#name, "", 1, 1, 1, attributes, element_shape, element_run                                 \
    }
const mhoi_operator mhoi_ops_unary[] = {
    ELEMENT(Abs, "consumed_inputs "),
    ELEMENT(Neg, "consumed_inputs "),
    ELEMENT(Sign, ""),
    ELEMENT(Floor, "consumed_inputs "),
    ELEMENT(Ceil, "consumed_inputs "),
    ELEMENT(Round, ""),
    ELEMENT(Sqrt, "consumed_inputs "),
    ELEMENT(Reciprocal, "consumed_inputs "),
    ELEMENT(Exp, "consumed_inputs "),
    ELEMENT(Log, "consumed_inputs "),
    ELEMENT(Sin, ""),
    ELEMENT(Cos, ""),
    ELEMENT(Tan, ""),
    ELEMENT(Asin, ""),
    ELEMENT(Acos, ""),
    ELEMENT(Atan, ""),
    ELEMENT(Sinh, ""),
    ELEMENT(Cosh, ""),
    ELEMENT(Tanh, "consumed_inputs "),
    ELEMENT(Asinh, ""),
    ELEMENT(Acosh, ""),
    ELEMENT(Atanh, ""),
    ELEMENT(Erf, ""),
    ELEMENT(Relu, "consumed_inputs "),
    ELEMENT(Sigmoid, "consumed_inputs "),
    ELEMENT(Softplus, ""),
    ELEMENT(Softsign, ""),
    ELEMENT(LeakyRelu, "alpha consumed_inputs "),
    ELEMENT(ThresholdedRelu, "alpha "),
    ELEMENT(Elu, "alpha consumed_inputs "),
    ELEMENT(Celu, "alpha "),
    ELEMENT(Selu, "alpha gamma consumed_inputs "),
    ELEMENT(HardSigmoid, "alpha beta consumed_inputs "),
    ELEMENT(HardSwish, ""),
    ELEMENT(Mish, ""),
    ELEMENT(Swish, "alpha "),
    ELEMENT(Shrink, "lambd bias "),
    ELEMENT(BitwiseNot, ""),
    ELEMENT(Not, ""),
    {"Gelu", "", 1, 1, 1, "approximate ", real_shape, gelu_run},
    {"Gelu", "com.microsoft", 1, 1, 1, "", real_shape, gelu_run},
    {"Clip", "", 1, 3, 1, "min max consumed_inputs ", mhoi_same_shape, clip_run},
    {"IsNaN", "", 1, 1, 1, "", truth_shape, is_nan_run},
    {"IsInf", "", 1, 1, 1, "detect_negative detect_positive ", truth_shape, is_inf_run},
    {"BipolarQuant", "qonnx.custom_op.general", 2, 2, 1, "", bipolar_shape, bipolar_run},
    {"BipolarQuant", "onnx.brevitas", 2, 2, 1, "", bipolar_shape, bipolar_run},
    {"BipolarQuant", "finn.custom_op.general", 2, 2, 1, "", bipolar_shape, bipolar_run},
    {0}};
