/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and its kin, and normalizations: each works on rows, elements that lie `step` apart. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* --- rows along an axis */

typedef void row_fn(size_t n, double *row);

/* Applies `one` to all rows of the axes first..last-1, which are taken as one. */
static mho_status each_row(mhoi_call *c, size_t first, size_t last, row_fn *one)
{
    const mho_array *x = c->in[0];
    const size_t n = mhoi_product(x->size, first, last);
    const size_t inner = mhoi_product(x->size, last, x->rank);
    double *row = NULL;
    mho_status s = mhoi_alloc(&row, n, sizeof *row, c->op->name);
    for (size_t r = 0; !s && n && r < x->count / n; r++) {
        const size_t at = r / inner * inner * n + r % inner;
        if (inner == 1)
            mhoi_array_reals(x, at, n, row);
        for (size_t i = 0; inner > 1 && i < n; i++)
            row[i] = mho_array_number(x, at + i * inner);
        one(n, row);
        if (inner == 1)
            mhoi_array_set_reals(c->out, at, n, row);
        for (size_t i = 0; inner > 1 && i < n; i++)
            mhoi_array_set_reals(c->out, at + i * inner, 1, &row[i]);
    }
    mhoi_free(&row);
    return s;
}

static double largest(size_t n, const double *row)
{
    double top = row[0];
    for (size_t i = 1; i < n; i++)
        top = row[i] > top ? row[i] : top;
    return top;
}

static void softmax_row(size_t n, double *row)
{
    const double top = largest(n, row);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row[i] = exp(row[i] - top);
    for (size_t i = 0; i < n; i++)
        row[i] /= sum;
}

static void log_softmax_row(size_t n, double *row)
{
    const double top = largest(n, row);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp(row[i] - top);
    for (size_t i = 0; i < n; i++)
        row[i] -= top + log(sum);
}

static void hardmax_row(size_t n, double *row)
{
    const double top = largest(n, row);
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        const bool first = !found && row[i] == top;
        found = found || first;
        row[i] = first;
    }
}

static mho_status softmax_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : mhoi_same_shape(c);
}

/* Before set 13 the axes from `axis` on are one, and the default is 1; since then it is the one axis, by default the
 * last. */
static mho_status softmax_run(mhoi_call *c)
{
    row_fn *one = c->op->op[0] == 'S'   ? softmax_row
                  : c->op->op[0] == 'L' ? log_softmax_row
                                        : hardmax_row;
    const bool old = c->op->set < 13;
    const size_t rank = c->in[0]->rank;
    size_t axis = 0;
    if (!rank)
        return mho_error(MHO_EFORMAT, "of a number");
    mho_status s =
        mhoi_axis(mhoi_attr_int(c->op, "axis", old ? (rank > 1 ? 1 : 0) : -1), rank, &axis);
    return s ? s : each_row(c, axis, old ? rank : axis + 1, one);
}

/* --- normalizations: y = (x - mean) / sqrt(variance + epsilon), then scaled and shifted */

static double epsilon_of(const mhoi_call *c)
{
    return (double)mhoi_attr_float(c->op, "epsilon", 1e-5F);
}

typedef struct moments {
    double mean, factor; /* factor: 1 / sqrt(variance + epsilon) */
} moments;

static moments moments_of(size_t n, const double *x, double epsilon, bool about_zero)
{
    double sum = 0, square = 0;
    for (size_t i = 0; !about_zero && i < n; i++)
        sum += x[i];
    const double mean = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    return (moments){mean, 1 / sqrt(square / (double)n + epsilon)};
}

/* Reads x, which has `rows` of n; scale and shift are at element `at(row, i)` of theirs. */
static mho_status normalize(mhoi_call *c, size_t rows, bool about_zero, const mho_array *scale,
                            const mho_array *shift, size_t channels, size_t run)
{
    const mho_array *x = c->in[0];
    const size_t n = rows ? x->count / rows : 0;
    double *row = NULL;
    mho_status s = mhoi_alloc(&row, n, sizeof *row, c->op->name);
    for (size_t r = 0; !s && r < rows; r++) {
        mhoi_array_reals(x, r * n, n, row);
        const moments m = moments_of(n, row, epsilon_of(c), about_zero);
        for (size_t i = 0; i < n; i++) {
            const size_t k = (r * n + i) / run % channels;
            const double a = scale ? mho_array_number(scale, scale->count == 1 ? 0 : k) : 1;
            const double b = shift ? mho_array_number(shift, shift->count == 1 ? 0 : k) : 0;
            row[i] = (row[i] - m.mean) * m.factor * a + b;
        }
        mhoi_array_set_reals(c->out, r * n, n, row);
        if (mhoi_wanted(c, 1))
            mhoi_array_set_reals(&c->out[1], r, 1, &m.mean);
        if (mhoi_wanted(c, 2))
            mhoi_array_set_reals(&c->out[2], r, 1, &m.factor);
    }
    mhoi_free(&row);
    return s;
}

static mho_status layer_axis(const mhoi_call *c, size_t *axis)
{
    return mhoi_axis(mhoi_attr_int(c->op, "axis", -1), c->in[0]->rank, axis);
}

static mho_status layer_shape(mhoi_call *c)
{
    size_t axis = 0, size[MHOI_RANK_MAX];
    const mho_array *x = c->in[0], *scale = c->in[1], *shift = mhoi_in(c, 2);
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = layer_axis(c, &axis);
    if (!s)
        s = mhoi_same_shape(c);
    if (s)
        return s;
    const size_t n = mhoi_product(x->size, axis, x->rank);
    if ((scale->count != n && scale->count != 1) ||
        (shift && shift->count != n && shift->count != 1))
        return mho_error(MHO_ENOTMODELED, "scale of %zu values, want %zu", scale->count, n);
    for (size_t k = 0; k < x->rank; k++)
        size[k] = k < axis ? x->size[k] : 1;
    s = mhoi_out(c, 1, MHO_TYPE_FLOAT, x->rank, size);
    return s ? s : mhoi_out(c, 2, MHO_TYPE_FLOAT, x->rank, size);
}

static mho_status layer_run(mhoi_call *c)
{
    size_t axis = 0;
    const mho_array *x = c->in[0];
    const bool rms = strcmp(c->op->op, "LayerNormalization") != 0;
    mho_status s = layer_axis(c, &axis);
    const size_t n = s ? 1 : mhoi_product(x->size, axis, x->rank);
    return s || !n ? s : normalize(c, x->count / n, rms, c->in[1], mhoi_in(c, 2), n, 1);
}

static mho_status channel_shape(mhoi_call *c)
{
    mho_status s = mhoi_want_real(c, 0);
    if (!s && c->in[0]->rank < 2)
        s = mho_error(MHO_EFORMAT, "%zu dimensions, want 2 or more", c->in[0]->rank);
    for (size_t k = 1; !s && k < c->inputs; k++)
        if (!c->in[k] || c->in[k]->rank != 1)
            s = mho_error(MHO_EFORMAT, "input %zu is no vector", k);
    return s ? s : mhoi_same_shape(c);
}

static mho_status want_channels(const mhoi_call *c, size_t channels)
{
    for (size_t k = 1; k < c->inputs; k++)
        if (c->in[k]->count != channels)
            return mho_error(MHO_EFORMAT, "input %zu has %zu values, want %zu", k, c->in[k]->count,
                             channels);
    return MHO_OK;
}

static mho_status instance_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t area = mhoi_product(x->size, 2, x->rank);
    mho_status s = want_channels(c, x->size[1]);
    return s || !x->count
               ? s
               : normalize(c, x->count / area, false, c->in[1], c->in[2], x->size[1], area);
}

/* Scale and shift are of groups before set 21, of channels from then on. */
static mho_status group_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const int64_t groups = mhoi_attr_int(c->op, "num_groups", 0);
    if (groups < 1 || x->size[1] % (size_t)groups)
        return mho_error(MHO_EFORMAT, "%lld groups of %zu channels", (long long)groups, x->size[1]);
    const bool by_group = c->op->set < 21;
    const size_t area = mhoi_product(x->size, 2, x->rank);
    const size_t each = x->size[1] / (size_t)groups * area;
    mho_status s = want_channels(c, by_group ? (size_t)groups : x->size[1]);
    return s || !x->count
               ? s
               : normalize(c, x->count / each, false, c->in[1], c->in[2],
                           by_group ? (size_t)groups : x->size[1], by_group ? each : area);
}

static mho_status batch_shape(mhoi_call *c)
{
    const bool training = mhoi_attr_int(c->op, "training_mode", 0) != 0 || c->outputs > 1;
    if (training)
        return mho_error(MHO_ENOTMODELED, "batch normalization as in training");
    if (!mhoi_attr_int(c->op, "spatial", 1))
        return mho_error(MHO_ENOTMODELED, "spatial = 0");
    mho_status s = mhoi_want_real(c, 0);
    const size_t channels = c->in[0]->rank > 1 ? c->in[0]->size[1] : 1;
    for (size_t k = 1; !s && k < c->inputs; k++)
        if (!c->in[k] || c->in[k]->count != channels)
            s = mho_error(MHO_EFORMAT, "input %zu is not of %zu channels", k, channels);
    return s ? s : mhoi_same_shape(c);
}

static mho_status batch_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t channels = x->rank > 1 ? x->size[1] : 1;
    const size_t area = x->rank > 2 ? mhoi_product(x->size, 2, x->rank) : 1;
    double *row = NULL;
    mho_status s = mhoi_alloc(&row, area, sizeof *row, c->op->name);
    for (size_t m = 0; !s && area && m < x->count / area; m++) {
        const size_t k = m % channels;
        const double a =
            mho_array_number(c->in[1], k) / sqrt(mho_array_number(c->in[4], k) + epsilon_of(c));
        const double b = mho_array_number(c->in[2], k) - mho_array_number(c->in[3], k) * a;
        mhoi_array_reals(x, m * area, area, row);
        for (size_t i = 0; i < area; i++)
            row[i] = row[i] * a + b;
        mhoi_array_set_reals(c->out, m * area, area, row);
    }
    mhoi_free(&row);
    return s;
}

/* Over neighbouring channels: y = x / (bias + alpha / size sum x^2)^beta. */
static mho_status lrn_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const int64_t size = mhoi_attr_int(c->op, "size", 0);
    const double alpha = (double)mhoi_attr_float(c->op, "alpha", 1e-4F);
    const double beta = (double)mhoi_attr_float(c->op, "beta", 0.75F);
    const double bias = (double)mhoi_attr_float(c->op, "bias", 1);
    if (size < 1 || x->rank < 2 || size > 1 << 20)
        return mho_error(MHO_EFORMAT, "size %lld over %zu dimensions", (long long)size, x->rank);
    const size_t channels = x->size[1], area = mhoi_product(x->size, 2, x->rank);
    const size_t below = (size_t)(size - 1) / 2, above = (size_t)size / 2;
    double *v = NULL;
    mho_status s = mhoi_doubles(x, &v);
    for (size_t i = 0; !s && i < x->count; i++) {
        const size_t k = i / area % channels, from = k > below ? below : k;
        const size_t to = k + above < channels ? above : channels - 1 - k;
        double sum = 0;
        for (size_t j = i - from * area; j <= i + to * area; j += area)
            sum += v[j] * v[j];
        const double y = v[i] / pow(bias + alpha / (double)size * sum, beta);
        mhoi_array_set_reals(c->out, i, 1, &y);
    }
    mhoi_free(&v);
    return s;
}

static void l1_row(size_t n, double *row)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(row[i]);
    for (size_t i = 0; i < n; i++)
        row[i] = sum != 0 ? row[i] / sum : 0;
}

static void l2_row(size_t n, double *row)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row[i] * row[i];
    sum = sqrt(sum);
    for (size_t i = 0; i < n; i++)
        row[i] = sum != 0 ? row[i] / sum : 0;
}

static mho_status lp_run(mhoi_call *c)
{
    const int64_t p = mhoi_attr_int(c->op, "p", 2);
    size_t axis = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", -1), c->in[0]->rank, &axis);
    if (!s && p != 1 && p != 2)
        s = mho_error(MHO_ENOTMODELED, "p = %lld", (long long)p);
    return s ? s : each_row(c, axis, axis + 1, p == 1 ? l1_row : l2_row);
}

/* Over several axes: y = (x - mean) / (deviation + 1e-9). */
static mho_status variance_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const int64_t *ints = (const int64_t[]){0, 2, 3};
    const bool told = mhoi_attr_find(c->op, "axes") != NULL;
    const size_t count = told ? mhoi_attr_ints(c->op, "axes", &ints) : 3;
    size_t stride[MHOI_RANK_MAX], groups = 1, n = 0;
    double *v = NULL, *sum = NULL;
    unsigned set = 0;
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < count; k++) {
        size_t axis = 0;
        s = mhoi_axis(ints[k], x->rank, &axis);
        set |= 1U << axis;
    }
    for (size_t k = x->rank; k-- > 0;) {
        stride[k] = set >> k & 1 ? 0 : groups;
        groups *= set >> k & 1 ? 1 : x->size[k];
    }
    if (!s)
        s = mhoi_doubles(x, &v);
    if (!s)
        s = mhoi_alloc(&sum, 2 * groups, sizeof *sum, c->op->name);
    n = groups ? x->count / groups : 0;
    for (size_t pass = 0; !s && pass < 3; pass++) {
        size_t index[MHOI_RANK_MAX] = {0};
        for (size_t i = 0; i < x->count; i++) {
            const size_t g = mhoi_offset(x->rank, index, stride);
            const double mean = sum[g] / (double)n;
            if (pass == 0)
                sum[g] += v[i];
            else if (pass == 1)
                sum[groups + g] += (v[i] - mean) * (v[i] - mean);
            else
                v[i] = (v[i] - mean) / (sqrt(sum[groups + g] / (double)n) + 1e-9);
            (void)mhoi_next(x->rank, x->size, index);
        }
    }
    if (!s)
        mhoi_put_doubles(c, 0, v);
    mhoi_free(&sum);
    mhoi_free(&v);
    return s;
}

#define NORM "epsilon "
const mhoi_operator mhoi_ops_norm[] = {
    {"Softmax", "", 1, 1, 1, "axis ", softmax_shape, softmax_run},
    {"LogSoftmax", "", 1, 1, 1, "axis ", softmax_shape, softmax_run},
    {"Hardmax", "", 1, 1, 1, "axis ", softmax_shape, softmax_run},
    {"BatchNormalization", "", 5, 5, 5,
     NORM "momentum training_mode spatial is_test consumed_inputs ", batch_shape, batch_run},
    {"InstanceNormalization", "", 3, 3, 1, NORM "consumed_inputs ", channel_shape, instance_run},
    {"GroupNormalization", "", 3, 3, 1, NORM "num_groups stash_type ", channel_shape, group_run},
    {"LayerNormalization", "", 2, 3, 3, NORM "axis stash_type ", layer_shape, layer_run},
    {"RMSNormalization", "", 2, 2, 1, NORM "axis stash_type ", layer_shape, layer_run},
    {"SimplifiedLayerNormalization", "", 2, 2, 1, NORM "axis stash_type ", layer_shape, layer_run},
    {"MeanVarianceNormalization", "", 1, 1, 1, "axes ", softmax_shape, variance_run},
    {"LRN", "", 1, 1, 1, "alpha beta bias size ", softmax_shape, lrn_run},
    {"LpNormalization", "", 1, 1, 1, "axis p ", softmax_shape, lp_run},
    {0}};
