/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of two or more elements, each repeated to the common shape: one formula each. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

#define CHUNK ((size_t)512)

static int64_t divide(int64_t x, int64_t y)
{
    return y == 0 ? 0 : y == -1 ? (int64_t) - (uint64_t)x : x / y;
}

/* The remainder has the sign of y, as in Python. */
static int64_t modulo(int64_t x, int64_t y)
{
    const int64_t r = y == 0 || y == -1 ? 0 : x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static int64_t remainder_of(int64_t x, int64_t y)
{
    return y == 0 || y == -1 ? 0 : x % y;
}

static double modulo_real(double x, double y)
{
    const double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static int64_t power(int64_t x, int64_t y)
{
    uint64_t result = 1, base = (uint64_t)x;
    if (y < 0)
        return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
    for (; y; y >>= 1, base *= base)
        result *= y & 1 ? base : 1;
    return (int64_t)result;
}

static int64_t shift(int64_t x, int64_t y, bool left)
{
    if (y < 0 || y > 63)
        return 0;
    return left ? (int64_t)((uint64_t)x << y) : (int64_t)((uint64_t)x >> y);
}

#define BOTH(X)                                                                                    \
    X(Add, x + y, (int64_t)((uint64_t)x + (uint64_t)y))                                            \
    X(Sub, x - y, (int64_t)((uint64_t)x - (uint64_t)y))                                            \
    X(Mul, x *y, (int64_t)((uint64_t)x * (uint64_t)y))                                             \
    X(Div, x / y, divide(x, y))                                                                    \
    X(Pow, pow(x, y), power(x, y))                                                                 \
    X(Min, x < y || isnan(x) ? x : y, x < y ? x : y)                                               \
    X(Max, x > y || isnan(x) ? x : y, x > y ? x : y)                                               \
    X(Mod, modulo_real(x, y), modulo(x, y))                                                        \
    X(FMod, fmod(x, y), remainder_of(x, y))                                                        \
    X(PRelu, x < 0 ? x * y : x, x < 0 ? x * y : x)                                                 \
    X(Equal, x == y, x == y)                                                                       \
    X(Greater, x > y, x > y)                                                                       \
    X(Less, x < y, x < y)                                                                          \
    X(GreaterOrEqual, x >= y, x >= y)                                                              \
    X(LessOrEqual, x <= y, x <= y)                                                                 \
    X(And, x != 0 && y != 0, x && y)                                                               \
    X(Or, x != 0 || y != 0, x || y)                                                                \
    X(Xor, (x != 0) != (y != 0), !x != !y)                                                         \
    X(BitwiseAnd, 0, x &y)                                                                         \
    X(BitwiseOr, 0, x | y)                                                                         \
    X(BitwiseXor, 0, x ^ y)                                                                        \
    X(ShiftLeft, 0, shift(x, y, true))                                                             \
    X(ShiftRight, 0, shift(x, y, false))

#define LOOPS(name, real, whole)                                                                   \
    static void real_##name(size_t n, const double *a, const double *b, double *out)               \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const double x = a[i], y = b[i];                                                       \
            (void)x, (void)y;                                                                      \
            out[i] = (double)(real);                                                               \
        }                                                                                          \
    }                                                                                              \
    static void whole_##name(size_t n, const int64_t *a, const int64_t *b, int64_t *out)           \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const int64_t x = a[i], y = b[i];                                                      \
            out[i] = (int64_t)(whole);                                                             \
        }                                                                                          \
    }
BOTH(LOOPS)

typedef struct formula {
    const char *name;
    void (*real)(size_t n, const double *a, const double *b, double *out);
    void (*whole)(size_t n, const int64_t *a, const int64_t *b, int64_t *out);
} formula;

#define ROW(name, ...) {#name, real_##name, whole_##name},
static const formula formulas[] = {BOTH(ROW)};

static const formula *formula_of(const char *name)
{
    for (size_t k = 0; k < sizeof formulas / sizeof *formulas; k++)
        if (strcmp(formulas[k].name, name) == 0)
            return &formulas[k];
    return NULL;
}

/* n numbers from element `at` on, one apart or the same one. */
static void load_reals(const mho_array *a, size_t at, size_t stride, size_t n, double *out)
{
    mhoi_array_reals(a, at, stride ? n : 1, out);
    for (size_t i = 1; !stride && i < n; i++)
        out[i] = out[0];
}

static void load_wholes(const mho_array *a, size_t at, size_t stride, size_t n, int64_t *out)
{
    mhoi_array_wholes(a, at, stride ? n : 1, out);
    for (size_t i = 1; !stride && i < n; i++)
        out[i] = out[0];
}

typedef struct pair {
    const mho_array *a, *b;
    size_t rank, size[MHOI_RANK_MAX], stride_a[MHOI_RANK_MAX], stride_b[MHOI_RANK_MAX];
} pair;

/* Neighbouring dimensions that both walk through in one go become one. */
static pair collapse(const mho_array *a, const mho_array *b, const mho_array *out)
{
    pair p = {.a = a, .b = b};
    size_t sa[MHOI_RANK_MAX], sb[MHOI_RANK_MAX];
    mhoi_broadcast_strides(a, out->rank, sa);
    mhoi_broadcast_strides(b, out->rank, sb);
    for (size_t k = 0; k < out->rank; k++) {
        if (out->size[k] == 1)
            continue;
        const size_t last = p.rank ? p.rank - 1 : 0;
        if (p.rank && p.stride_a[last] == sa[k] * out->size[k] &&
            p.stride_b[last] == sb[k] * out->size[k]) {
            p.size[last] *= out->size[k];
        } else {
            p.size[p.rank++] = out->size[k];
        }
        p.stride_a[p.rank - 1] = sa[k];
        p.stride_b[p.rank - 1] = sb[k];
    }
    if (!p.rank)
        p.size[p.rank++] = 1;
    return p;
}

static void run_row(const formula *f, const pair *p, size_t at_a, size_t at_b, size_t at,
                    mho_array *out)
{
    const size_t last = p->rank - 1, n = p->size[last];
    const size_t sa = p->stride_a[last], sb = p->stride_b[last];
    const bool real = mhoi_type_kind(p->a->type) == MHOI_KIND_REAL;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        if (real) {
            double x[CHUNK], y[CHUNK];
            load_reals(p->a, at_a + i * sa, sa, m, x);
            load_reals(p->b, at_b + i * sb, sb, m, y);
            f->real(m, x, y, x);
            mhoi_array_set_reals(out, at + i, m, x);
        } else {
            int64_t x[CHUNK], y[CHUNK];
            load_wholes(p->a, at_a + i * sa, sa, m, x);
            load_wholes(p->b, at_b + i * sb, sb, m, y);
            f->whole(m, x, y, x);
            mhoi_array_set_wholes(out, at + i, m, x);
        }
    }
}

static void combine(const formula *f, const mho_array *a, const mho_array *b, mho_array *out)
{
    if (!out->count)
        return;
    const pair p = collapse(a, b, out);
    size_t index[MHOI_RANK_MAX] = {0}, at = 0;
    const size_t outer = p.rank - 1;
    do {
        run_row(f, &p, mhoi_offset(outer, index, p.stride_a), mhoi_offset(outer, index, p.stride_b),
                at, out);
        at += p.size[outer];
    } while (mhoi_next(outer, p.size, index));
}

/* Before set 7 the second operand begins at `axis` of the first. */
static mho_status align(const mhoi_call *c, mho_array *b)
{
    *b = *c->in[1];
    const bool by_channel = strcmp(c->op->op, "PRelu") == 0 && b->rank == 1 && b->count > 1;
    if (c->op->set < 7 && by_channel)
        while (1 + b->rank < c->in[0]->rank && b->rank < MHOI_RANK_MAX)
            b->size[b->rank++] = 1;
    if (c->op->set >= 7 || !mhoi_attr_int(c->op, "broadcast", 0))
        return MHO_OK;
    const size_t rank = c->in[0]->rank;
    const int64_t axis = mhoi_attr_int(c->op, "axis", (int64_t)rank - (int64_t)b->rank);
    if (axis < 0 || (size_t)axis + b->rank > rank)
        return mho_error(MHO_EFORMAT, "broadcast to axis %lld", (long long)axis);
    for (size_t k = (size_t)axis + b->rank; k < rank; k++)
        b->size[b->rank++] = 1;
    return MHO_OK;
}

static mho_status common(mhoi_call *c, mho_type type)
{
    mho_array b;
    size_t rank, size[MHOI_RANK_MAX];
    mho_status s = align(c, &b);
    if (!s)
        s = mhoi_broadcast(c->in[0], &b, &rank, size);
    return s ? s : mhoi_out(c, 0, type, rank, size);
}

static mho_status two_shape(mhoi_call *c)
{
    mho_status s = mhoi_same_type(c, 0, 1);
    return s ? s : common(c, c->in[0]->type);
}

static mho_status truth_shape(mhoi_call *c)
{
    mho_status s = mhoi_same_type(c, 0, 1);
    return s ? s : common(c, MHO_TYPE_BOOL);
}

static mho_status logic_shape(mhoi_call *c)
{
    if (c->in[0]->type != MHO_TYPE_BOOL)
        return mho_error(MHO_EFORMAT, "input 0 is %s, want bool", mho_type_name(c->in[0]->type));
    return truth_shape(c);
}

static mho_status whole_shape(mhoi_call *c)
{
    if (mhoi_type_kind(c->in[0]->type) != MHOI_KIND_WHOLE)
        return mho_error(MHO_EFORMAT, "input 0 is %s, want whole numbers",
                         mho_type_name(c->in[0]->type));
    return two_shape(c);
}

static mho_status run_as(mhoi_call *c, const char *name)
{
    mho_array b;
    mho_status s = align(c, &b);
    if (!s)
        combine(formula_of(name), c->in[0], &b, c->out);
    return s;
}

static mho_status two_run(mhoi_call *c)
{
    return run_as(c, c->op->op);
}

static mho_status mod_run(mhoi_call *c)
{
    const bool fmod_form = mhoi_attr_int(c->op, "fmod", 0) != 0;
    return run_as(c, fmod_form ? "FMod" : "Mod");
}

static mho_status shift_run(mhoi_call *c)
{
    const bool left = strcmp(mhoi_attr_text(c->op, "direction", ""), "LEFT") == 0;
    return run_as(c, left ? "ShiftLeft" : "ShiftRight");
}

/* The exponent may be of another type. */
static mho_status pow_shape(mhoi_call *c)
{
    return common(c, c->in[0]->type);
}

static mho_status pow_run(mhoi_call *c)
{
    const bool whole = mhoi_type_kind(c->in[0]->type) == MHOI_KIND_WHOLE;
    mho_array y, x, result;
    if (c->in[0]->type == c->in[1]->type || (!whole && c->in[1]->type != MHO_TYPE_NONE &&
                                             mhoi_type_kind(c->in[1]->type) == MHOI_KIND_REAL))
        return two_run(c);
    /* Both as double: exact for any whole number that a network has. */
    mho_status s = mhoi_array_convert(c->in[1], MHO_TYPE_DOUBLE, &y);
    if (s)
        return s;
    s = mhoi_array_convert(c->in[0], MHO_TYPE_DOUBLE, &x);
    result = *c->out;
    result.type = MHO_TYPE_DOUBLE;
    result.data = NULL;
    if (!s)
        s = mhoi_array_alloc(&result, "Pow");
    if (!s) {
        combine(formula_of("Pow"), &x, &y, &result);
        mhoi_array_set_reals(c->out, 0, result.count, result.data);
    }
    mho_array_free(&result);
    mho_array_free(&x);
    mho_array_free(&y);
    return s;
}

/* PRelu: the slopes are repeated to x, and to no more. */
static mho_status prelu_shape(mhoi_call *c)
{
    mho_status s = two_shape(c);
    if (!s && !mhoi_array_same_shape(c->in[0], c->out))
        s = mho_error(MHO_EFORMAT, "slopes of more elements than there are");
    return s;
}

/* --- any number of operands */

static mho_status many_shape(mhoi_call *c)
{
    mho_array all = *c->in[0];
    mho_status s = MHO_OK;
    for (size_t k = 1; !s && k < c->inputs; k++) {
        s = c->in[k] ? mhoi_same_type(c, 0, k) : mho_error(MHO_EFORMAT, "input %zu is missing", k);
        if (!s)
            s = mhoi_broadcast(&all, c->in[k], &all.rank, all.size);
    }
    return s ? s : mhoi_out(c, 0, all.type, all.rank, all.size);
}

static mho_status real_many_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : many_shape(c);
}

/* The inputs are combined one after the other; `sum` in double where they are reals. */
static mho_status many_run_as(mhoi_call *c, const char *name, double divide_by)
{
    const bool real = mhoi_type_kind(c->in[0]->type) == MHOI_KIND_REAL;
    mho_array sum = *c->out;
    sum.type = real ? MHO_TYPE_DOUBLE : c->in[0]->type;
    sum.data = NULL;
    mho_status s = mhoi_array_alloc(&sum, name);
    for (size_t k = 0; !s && k < c->inputs; k++) {
        mho_array next;
        s = mhoi_array_convert(c->in[k], sum.type, &next);
        if (!s)
            combine(formula_of(k ? name : "Add"), &sum, &next, &sum); /* the first to zeros */
        mho_array_free(&next);
    }
    for (size_t i = 0; !s && divide_by != 1 && i < sum.count; i++)
        ((double *)sum.data)[i] /= divide_by;
    if (!s && real)
        mhoi_array_set_reals(c->out, 0, sum.count, sum.data);
    else if (!s && sum.count)
        memcpy(c->out->data, sum.data, sum.count * mho_type_bytes(sum.type));
    mho_array_free(&sum);
    return s;
}

static mho_status many_run(mhoi_call *c)
{
    const char *op = c->op->op;
    return many_run_as(c, strcmp(op, "Sum") == 0 || strcmp(op, "Mean") == 0 ? "Add" : op,
                       strcmp(op, "Mean") == 0 ? (double)c->inputs : 1);
}

/* --- a choice between two */

static mho_status where_shape(mhoi_call *c)
{
    size_t rank, size[MHOI_RANK_MAX];
    if (c->in[0]->type != MHO_TYPE_BOOL)
        return mho_error(MHO_EFORMAT, "input 0 is %s, want bool", mho_type_name(c->in[0]->type));
    mho_array both;
    mho_status s = mhoi_same_type(c, 1, 2);
    if (!s)
        s = mhoi_broadcast(c->in[1], c->in[2], &rank, size);
    if (!s)
        s = mhoi_array_shape(c->in[1]->type, rank, size, &both);
    if (!s)
        s = mhoi_broadcast(c->in[0], &both, &rank, size);
    return s ? s : mhoi_out(c, 0, c->in[1]->type, rank, size);
}

static mho_status where_run(mhoi_call *c)
{
    size_t stride[3][MHOI_RANK_MAX], index[MHOI_RANK_MAX] = {0}, at = 0;
    const size_t rank = c->out->rank, bytes = mho_type_bytes(c->out->type);
    for (size_t k = 0; k < 3; k++)
        mhoi_broadcast_strides(c->in[k], rank, stride[k]);
    if (c->out->count == 0)
        return MHO_OK;
    do {
        const bool yes = ((const uint8_t *)c->in[0]->data)[mhoi_offset(rank, index, stride[0])];
        const size_t k = yes ? 1 : 2;
        memcpy((char *)c->out->data + bytes * at++,
               (const char *)c->in[k]->data + bytes * mhoi_offset(rank, index, stride[k]), bytes);
    } while (mhoi_next(rank, c->out->size, index));
    return MHO_OK;
}

#define OLD "broadcast axis consumed_inputs "
const mhoi_operator mhoi_ops_binary[] = {
    {"Add", "", 2, 2, 1, OLD, two_shape, two_run},
    {"Sub", "", 2, 2, 1, OLD, two_shape, two_run},
    {"Mul", "", 2, 2, 1, OLD, two_shape, two_run},
    {"Div", "", 2, 2, 1, OLD, two_shape, two_run},
    {"Pow", "", 2, 2, 1, OLD, pow_shape, pow_run},
    {"Mod", "", 2, 2, 1, "fmod ", two_shape, mod_run},
    {"PRelu", "", 2, 2, 1, "consumed_inputs ", prelu_shape, two_run},
    {"Equal", "", 2, 2, 1, OLD, truth_shape, two_run},
    {"Greater", "", 2, 2, 1, OLD, truth_shape, two_run},
    {"Less", "", 2, 2, 1, OLD, truth_shape, two_run},
    {"GreaterOrEqual", "", 2, 2, 1, OLD, truth_shape, two_run},
    {"LessOrEqual", "", 2, 2, 1, OLD, truth_shape, two_run},
    {"And", "", 2, 2, 1, OLD, logic_shape, two_run},
    {"Or", "", 2, 2, 1, OLD, logic_shape, two_run},
    {"Xor", "", 2, 2, 1, OLD, logic_shape, two_run},
    {"BitwiseAnd", "", 2, 2, 1, "", whole_shape, two_run},
    {"BitwiseOr", "", 2, 2, 1, "", whole_shape, two_run},
    {"BitwiseXor", "", 2, 2, 1, "", whole_shape, two_run},
    {"BitShift", "", 2, 2, 1, "direction ", whole_shape, shift_run},
    {"Sum", "", 1, MHOI_OP_MANY, 1, "consumed_inputs ", real_many_shape, many_run},
    {"Mean", "", 1, MHOI_OP_MANY, 1, "consumed_inputs ", real_many_shape, many_run},
    {"Max", "", 1, MHOI_OP_MANY, 1, "consumed_inputs ", many_shape, many_run},
    {"Min", "", 1, MHOI_OP_MANY, 1, "consumed_inputs ", many_shape, many_run},
    {"Where", "", 3, 3, 1, "", where_shape, where_run},
    {0}};
