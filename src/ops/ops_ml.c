/* SPDX-License-Identifier: Apache-2.0 */
/* Classical models of the domain ai.onnx.ml, as far as they are of numbers: scaled features and linear models.
 * Labels are whole numbers; beside those that are texts the scores alone can be had. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ml.h"

mho_status mhoi_ml_rows(const mhoi_call *c, size_t *rows, size_t *features)
{
    const mho_array *x = c->in[0];
    if (x->rank < 1 || x->rank > 2)
        return mho_error(MHO_EFORMAT, "input 0 has %zu dimensions, want 1 or 2", x->rank);
    *rows = x->rank == 2 ? x->size[0] : 1;
    *features = x->size[x->rank - 1];
    return MHO_OK;
}

size_t mhoi_ml_floats(const mhoi_operation *op, const char *name, const float **out)
{
    const mhoi_attr *a = mhoi_attr_find(op, name);
    *out = a && a->kind == MHOI_ATTR_FLOATS ? a->floats : NULL;
    return *out ? a->count : 0;
}

/* --- features */

static mho_status floats_shape(mhoi_call *c)
{
    size_t rows = 0, features = 0;
    mho_status s = mhoi_ml_rows(c, &rows, &features);
    return s ? s : mhoi_out_like(c, 0, MHO_TYPE_FLOAT, c->in[0]);
}

static mho_status scaler_run(mhoi_call *c)
{
    const float *offset, *scale;
    size_t rows = 0, features = 0;
    mho_status s = mhoi_ml_rows(c, &rows, &features);
    const size_t offsets = mhoi_ml_floats(c->op, "offset", &offset),
                 scales = mhoi_ml_floats(c->op, "scale", &scale);
    if (!s && ((offsets != features && offsets != 1) || (scales != features && scales != 1)))
        s = mho_error(MHO_EFORMAT, "%zu offsets and %zu scales of %zu features", offsets, scales,
                      features);
    float *y = c->out[0].data;
    for (size_t i = 0; !s && i < rows * features; i++) {
        const size_t k = i % features;
        y[i] = ((float)mho_array_number(c->in[0], i) - offset[offsets == 1 ? 0 : k]) *
               scale[scales == 1 ? 0 : k];
    }
    return s;
}

static mho_status normalizer_run(mhoi_call *c)
{
    const char *norm = mhoi_attr_text(c->op, "norm", "MAX");
    size_t rows = 0, features = 0;
    mho_status s = mhoi_ml_rows(c, &rows, &features);
    if (strcmp(norm, "MAX") != 0 && strcmp(norm, "L1") != 0 && strcmp(norm, "L2") != 0)
        return mho_error(MHO_ENOTMODELED, "norm '%s'", norm);
    float *y = c->out[0].data;
    for (size_t r = 0; !s && r < rows; r++) {
        double sum = norm[0] == 'M' ? -INFINITY : 0;
        for (size_t k = 0; k < features; k++) {
            const double x = mho_array_number(c->in[0], r * features + k);
            sum = norm[0] == 'M' ? fmax(sum, x) : norm[1] == '1' ? sum + fabs(x) : sum + x * x;
        }
        sum = norm[0] == 'L' && norm[1] == '2' ? sqrt(sum) : sum;
        for (size_t k = 0; k < features; k++) {
            const double x = mho_array_number(c->in[0], r * features + k);
            y[r * features + k] = (float)(sum != 0 ? x / sum : x);
        }
    }
    return s;
}

static mho_status binarizer_run(mhoi_call *c)
{
    const double threshold = (double)mhoi_attr_float(c->op, "threshold", 0);
    for (size_t i = 0; i < c->out[0].count; i++)
        ((float *)c->out[0].data)[i] = mho_array_number(c->in[0], i) > threshold;
    return MHO_OK;
}

/* --- scores */

mho_status mhoi_ml_post(const mhoi_operation *op, mhoi_post *out)
{
    static const char *const names[] = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"};
    const char *name = mhoi_attr_text(op, "post_transform", "NONE");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) {
            *out = (mhoi_post)k;
            return MHO_OK;
        }
    return mho_error(MHO_ENOTMODELED, "post_transform '%s'", name);
}

double mhoi_ml_logistic(double x)
{
    return 1 / (1 + exp(-x));
}

void mhoi_ml_transform(mhoi_post p, size_t n, double *score)
{
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, score[k]);
    for (size_t k = 0; k < n && p != POST_NONE; k++) {
        const bool zero = p == POST_SOFTMAX_ZERO && score[k] == 0;
        score[k] = p == POST_LOGISTIC ? mhoi_ml_logistic(score[k])
                   : zero             ? 0
                                      : exp(score[k] - most);
        sum += score[k];
    }
    for (size_t k = 0; k < n && p > POST_LOGISTIC; k++)
        score[k] /= sum;
}

mhoi_labels mhoi_ml_labels(const mhoi_operation *op)
{
    static const char *const whole[] = {"classlabels_ints", "classlabels_int64s"};
    mhoi_labels l = {.whole = NULL};
    for (size_t k = 0; k < 2 && !l.count; k++)
        l.count = mhoi_attr_ints(op, whole[k], &l.whole);
    const mhoi_attr *texts = mhoi_attr_find(op, "classlabels_strings");
    if (!l.count && texts && texts->text) {
        l.texts = true;
        l.count = texts->count;
    }
    return l;
}

mho_status mhoi_ml_shape(mhoi_call *c, size_t rows, size_t classes)
{
    const mhoi_labels l = mhoi_ml_labels(c->op);
    if (l.count && l.count != classes)
        return mho_error(MHO_EFORMAT, "%zu labels for %zu classes", l.count, classes);
    mho_status s = l.texts ? MHO_OK : mhoi_out(c, 0, MHO_TYPE_INT64, 1, &rows);
    return s ? s : mhoi_out(c, 1, MHO_TYPE_FLOAT, 2, (const size_t[]){rows, classes});
}

void mhoi_ml_give(mhoi_call *c, size_t row, const mhoi_labels *l, size_t chosen, size_t n,
                  const double *score)
{
    if (c->out[0].data)
        ((int64_t *)c->out[0].data)[row] =
            l->whole && chosen < l->count ? l->whole[chosen] : (int64_t)chosen;
    for (size_t k = 0; c->outputs > 1 && c->out[1].data && k < n; k++)
        ((float *)c->out[1].data)[row * n + k] = (float)score[k];
}

size_t mhoi_ml_largest(size_t n, const double *score)
{
    size_t at = 0;
    for (size_t k = 1; k < n; k++)
        at = score[k] > score[at] ? k : at;
    return at;
}

/* --- linear */

typedef struct linear {
    const float *weight, *bias;
    size_t rows, features, targets, biases;
    mhoi_post post;
} linear;

static mho_status linear_of(const mhoi_call *c, linear *l)
{
    *l = (linear){0};
    mho_status s = mhoi_ml_rows(c, &l->rows, &l->features);
    const size_t weights = mhoi_ml_floats(c->op, "coefficients", &l->weight);
    l->biases = mhoi_ml_floats(c->op, "intercepts", &l->bias);
    l->targets = l->features ? weights / l->features : 0;
    if (!s)
        s = mhoi_ml_post(c->op, &l->post);
    if (!s && (!l->targets || l->targets * l->features != weights ||
               (l->biases && l->biases != l->targets)))
        s = mho_error(MHO_EFORMAT, "%zu coefficients and %zu intercepts for %zu features", weights,
                      l->biases, l->features);
    return s;
}

static void linear_row(const mhoi_call *c, const linear *l, size_t row, double *score)
{
    for (size_t t = 0; t < l->targets; t++) {
        score[t] = l->biases ? (double)l->bias[t] : 0;
        for (size_t k = 0; k < l->features; k++)
            score[t] += (double)l->weight[t * l->features + k] *
                        mho_array_number(c->in[0], row * l->features + k);
    }
}

static mho_status regressor_shape(mhoi_call *c)
{
    linear l;
    mho_status s = linear_of(c, &l);
    if (!s && mhoi_attr_int(c->op, "targets", 1) != (int64_t)l.targets)
        s = mho_error(MHO_EFORMAT, "targets = %lld, coefficients of %zu",
                      (long long)mhoi_attr_int(c->op, "targets", 1), l.targets);
    return s ? s : mhoi_out(c, 0, MHO_TYPE_FLOAT, 2, (const size_t[]){l.rows, l.targets});
}

static mho_status regressor_run(mhoi_call *c)
{
    linear l;
    double *score = NULL;
    mho_status s = linear_of(c, &l);
    if (!s)
        s = mhoi_alloc(&score, l.targets, sizeof *score, c->op->name);
    for (size_t r = 0; !s && r < l.rows; r++) {
        linear_row(c, &l, r, score);
        mhoi_ml_transform(l.post, l.targets, score);
        for (size_t t = 0; t < l.targets; t++)
            ((float *)c->out[0].data)[r * l.targets + t] = (float)score[t];
    }
    mhoi_free(&score);
    return s;
}

/* A model of one score tells two classes apart: that of the second, and what is left. */
static mho_status classifier_shape(mhoi_call *c)
{
    linear l;
    mho_status s = linear_of(c, &l);
    const mhoi_labels names = mhoi_ml_labels(c->op);
    const size_t classes = l.targets == 1 && names.count == 2 ? 2 : l.targets;
    return s ? s : mhoi_ml_shape(c, l.rows, classes);
}

static mho_status classifier_run(mhoi_call *c)
{
    linear l;
    double *score = NULL;
    mho_status s = linear_of(c, &l);
    const mhoi_labels names = mhoi_ml_labels(c->op);
    const bool two = l.targets == 1 && names.count == 2;
    if (!s)
        s = mhoi_alloc(&score, l.targets + 1, sizeof *score, c->op->name);
    for (size_t r = 0; !s && r < l.rows; r++) {
        linear_row(c, &l, r, score);
        const size_t chosen = l.targets == 1 ? score[0] > 0 : mhoi_ml_largest(l.targets, score);
        if (two) {
            score[1] = l.post == POST_LOGISTIC ? mhoi_ml_logistic(score[0]) : score[0];
            score[0] = 1 - score[1];
        } else {
            mhoi_ml_transform(l.post, l.targets, score);
        }
        mhoi_ml_give(c, r, &names, chosen, two ? 2 : l.targets, score);
    }
    mhoi_free(&score);
    return s;
}

const mhoi_operator mhoi_ops_ml[] = {
    {"Scaler", MHOI_ML, 1, 1, 1, "offset scale ", floats_shape, scaler_run},
    {"Normalizer", MHOI_ML, 1, 1, 1, "norm ", floats_shape, normalizer_run},
    {"Binarizer", MHOI_ML, 1, 1, 1, "threshold ", floats_shape, binarizer_run},
    {"LinearRegressor", MHOI_ML, 1, 1, 1, "coefficients intercepts post_transform targets ",
     regressor_shape, regressor_run},
    {"LinearClassifier", MHOI_ML, 1, 1, 2, MHOI_ML_LABELS "coefficients intercepts multi_class ",
     classifier_shape, classifier_run},
    {0}};
