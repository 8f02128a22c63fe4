/* SPDX-License-Identifier: Apache-2.0 */
/* Fourier transforms of an axis, windows of signals, and the weights of mel bands. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

#define TURN 6.283185307179586476925286766559
#define LENGTH_MAX ((int64_t)1 << 24)
#define TERMS_MAX ((size_t)1 << 31) /* of a line: the sum is formed as it is written */

/* --- windows: 0.5 - 0.5 cos and the like */

static mho_type told_type(const mhoi_call *c)
{
    return (mho_type)mhoi_attr_int(c->op, "output_datatype", MHO_TYPE_FLOAT);
}

static mho_status window_shape(mhoi_call *c)
{
    double n = 0;
    mho_status s = mhoi_scalar(c, 0, 0, &n);
    if (!s && !mho_type_bytes(told_type(c)))
        s = mho_error(MHO_ENOTMODELED, "element type %d of ONNX", (int)told_type(c));
    if (!s && !(n >= 0 && n <= (double)LENGTH_MAX))
        s = mho_error(MHO_EFORMAT, "a window of %g", n);
    return s ? s : mhoi_out(c, 0, told_type(c), 1, (const size_t[]){(size_t)n});
}

static mho_status window_run(mhoi_call *c)
{
    static const struct {
        const char *name;
        double term[3];
    } kinds[] = {{"HannWindow", {0.5, -0.5, 0}},
                 {"HammingWindow", {25.0 / 46, 25.0 / 46 - 1, 0}},
                 {"BlackmanWindow", {0.42, -0.5, 0.08}}};
    const size_t n = c->out->count;
    const double length = (double)n - (mhoi_attr_int(c->op, "periodic", 1) ? 0 : 1);
    size_t kind = 0;
    while (strcmp(kinds[kind].name, c->op->op) != 0)
        kind++;
    for (size_t i = 0; i < n; i++) {
        const double at = length > 0 ? TURN * (double)i / length : 0;
        const double *term = kinds[kind].term;
        const double y = term[0] + term[1] * cos(at) + term[2] * cos(2 * at);
        mhoi_array_set_reals(c->out, i, 1, &y);
    }
    return MHO_OK;
}

/* --- DFT */

typedef struct transform {
    size_t axis, length, in, out, outer, inner; /* in, out: elements along the axis */
    bool inverse, onesided, complex;            /* complex: pairs are read */
    size_t pair;                                /* numbers of a result */
} transform;

static mho_status transform_of(const mhoi_call *c, transform *t)
{
    const mho_array *x = c->in[0];
    double told = 0, axis = (double)mhoi_attr_int(c->op, "axis", 1);
    *t = (transform){.inverse = mhoi_attr_int(c->op, "inverse", 0) != 0,
                     .onesided = mhoi_attr_int(c->op, "onesided", 0) != 0};
    if (x->rank < 2 || x->size[x->rank - 1] < 1 || x->size[x->rank - 1] > 2)
        return mho_error(MHO_EFORMAT, "the last axis is not 1 or 2");
    t->complex = x->size[x->rank - 1] == 2;
    mho_status s = mhoi_scalar(c, 1, 0, &told);
    if (!s && c->op->set >= 20)
        s = mhoi_scalar(c, 2, -2, &axis);
    if (!s)
        s = mhoi_axis((int64_t)axis, x->rank, &t->axis);
    if (!s && t->axis == x->rank - 1)
        s = mho_error(MHO_EFORMAT, "axis %g is that of the pairs", axis);
    if (s)
        return s;
    t->in = x->size[t->axis];
    const double length = mhoi_in(c, 1)               ? told
                          : t->inverse && t->onesided ? 2 * ((double)t->in - 1)
                                                      : (double)t->in;
    if (!(length >= 1 && length <= (double)LENGTH_MAX))
        return mho_error(MHO_EFORMAT, "a transform of %g", length);
    t->length = (size_t)length;
    t->out = t->onesided && !t->inverse ? t->length / 2 + 1 : t->length;
    if (t->in && t->out > TERMS_MAX / (t->in < t->length ? t->in : t->length))
        return mho_error(MHO_ENOTMODELED, "%zu of %zu terms each", t->out, t->in);
    t->pair = t->onesided && t->inverse ? 1 : 2;
    t->outer = mhoi_product(x->size, 0, t->axis);
    t->inner = mhoi_product(x->size, t->axis + 1, x->rank - 1);
    return MHO_OK;
}

static mho_status transform_shape(mhoi_call *c)
{
    transform t;
    size_t size[MHOI_RANK_MAX];
    const mho_array *x = c->in[0];
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = transform_of(c, &t);
    if (s)
        return s;
    memcpy(size, x->size, x->rank * sizeof *size);
    size[t.axis] = t.out;
    size[x->rank - 1] = t.pair;
    return mhoi_out(c, 0, x->type, x->rank, size);
}

/* The sum itself, n terms each: lengths of any factors, as exact as double is.  root: e^(i TURN k / n) as pairs. */
static void transform_line(const transform *t, const double *root, const double *x, double *y)
{
    const size_t n = t->length, used = t->in < n ? t->in : n;
    for (size_t k = 0; k < t->out; k++) {
        double real = 0, imaginary = 0;
        for (size_t i = 0; i < used; i++) {
            const size_t at = (size_t)((unsigned long long)i * k % n);
            const double cosine = root[2 * at],
                         sine = t->inverse ? root[2 * at + 1] : -root[2 * at + 1];
            real += x[2 * i] * cosine - x[2 * i + 1] * sine;
            imaginary += x[2 * i] * sine + x[2 * i + 1] * cosine;
        }
        const double scale = t->inverse ? 1 / (double)n : 1;
        y[2 * k] = real * scale;
        y[2 * k + 1] = imaginary * scale;
    }
}

static mho_status roots_of(size_t n, double **out)
{
    mho_status s = mhoi_alloc(out, 2 * n, sizeof **out, "DFT");
    for (size_t k = 0; !s && k < n; k++) {
        (*out)[2 * k] = cos(TURN * (double)k / (double)n);
        (*out)[2 * k + 1] = sin(TURN * (double)k / (double)n);
    }
    return s;
}

/* Reads a line as pairs, the other half of a spectrum of real numbers added where the transform wants it. */
static void load_line(const transform *t, const mho_array *x, size_t first, size_t step,
                      double *out)
{
    const size_t each = t->complex ? 2 : 1;
    for (size_t i = 0; i < t->in && i < t->length; i++) {
        out[2 * i] = mho_array_number(x, (first + i * step) * each);
        out[2 * i + 1] = t->complex ? mho_array_number(x, (first + i * step) * each + 1) : 0;
    }
    for (size_t i = t->in; t->inverse && t->onesided && i < t->length; i++) {
        const size_t mirror = t->length - i;
        out[2 * i] = mirror < t->in ? out[2 * mirror] : 0;
        out[2 * i + 1] = mirror < t->in ? -out[2 * mirror + 1] : 0;
    }
}

static mho_status transform_run(mhoi_call *c)
{
    transform t;
    double *root = NULL, *x = NULL, *y = NULL;
    mho_status s = transform_of(c, &t);
    if (!s)
        s = roots_of(t.length, &root);
    if (!s)
        s = mhoi_alloc(&x, 2 * t.length, sizeof *x, c->op->name);
    if (!s)
        s = mhoi_alloc(&y, 2 * t.length, sizeof *y, c->op->name);
    transform line = t;
    if (t.inverse && t.onesided)
        line.in = t.length; /* the mirrored half is there */
    for (size_t r = 0; !s && r < t.outer * t.inner; r++) {
        const size_t o = r / t.inner, i = r % t.inner;
        load_line(&t, c->in[0], o * t.in * t.inner + i, t.inner, x);
        transform_line(&line, root, x, y);
        for (size_t k = 0; k < t.out; k++)
            mhoi_array_set_reals(c->out, ((o * t.out + k) * t.inner + i) * t.pair, t.pair,
                                 y + 2 * k);
    }
    mhoi_free(&y);
    mhoi_free(&x);
    mhoi_free(&root);
    return s;
}

/* --- STFT: transforms of frames, each times the window */

typedef struct frames {
    size_t count, step, length, signal;
    transform each;
} frames;

static mho_status frames_of(const mhoi_call *c, frames *f)
{
    const mho_array *x = c->in[0], *window = mhoi_in(c, 2);
    double step = 0, length = window ? (double)window->count : 0;
    mho_status s = mhoi_scalar(c, 1, 0, &step);
    if (!s && mhoi_in(c, 3))
        s = mhoi_scalar(c, 3, 0, &length);
    if (s)
        return s;
    if (x->rank != 3 || x->size[2] < 1 || x->size[2] > 2 || !(step >= 1 && step < 1e9) ||
        !(length >= 1 && length <= (double)LENGTH_MAX) || (double)x->size[1] < length ||
        (window && window->count > (size_t)length))
        return mho_error(MHO_EFORMAT, "signal, step and frames do not fit");
    *f = (frames){.step = (size_t)step, .length = (size_t)length, .signal = x->size[1]};
    f->count = (f->signal - f->length) / f->step + 1;
    f->each = (transform){.length = f->length,
                          .in = f->length,
                          .onesided = mhoi_attr_int(c->op, "onesided", 1) != 0,
                          .complex = x->size[2] == 2,
                          .pair = 2};
    f->each.out = f->each.onesided ? f->length / 2 + 1 : f->length;
    return f->each.out > TERMS_MAX / f->length
               ? mho_error(MHO_ENOTMODELED, "frames of %zu", f->length)
               : MHO_OK;
}

static mho_status frames_shape(mhoi_call *c)
{
    frames f;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = frames_of(c, &f);
    return s ? s
             : mhoi_out(c, 0, c->in[0]->type, 4,
                        (const size_t[]){c->in[0]->size[0], f.count, f.each.out, 2});
}

static mho_status frames_run(mhoi_call *c)
{
    frames f;
    double *root = NULL, *x = NULL, *y = NULL;
    const mho_array *window = mhoi_in(c, 2);
    mho_status s = frames_of(c, &f);
    if (!s)
        s = roots_of(f.length, &root);
    if (!s)
        s = mhoi_alloc(&x, 2 * f.length, sizeof *x, c->op->name);
    if (!s)
        s = mhoi_alloc(&y, 2 * f.length, sizeof *y, c->op->name);
    for (size_t i = 0; !s && i < c->in[0]->size[0] * f.count; i++) {
        load_line(&f.each, c->in[0], i / f.count * f.signal + i % f.count * f.step, 1, x);
        for (size_t k = 0; window && k < 2 * f.length; k++)
            x[k] *= k / 2 < window->count ? mho_array_number(window, k / 2) : 0;
        transform_line(&f.each, root, x, y);
        mhoi_array_set_reals(c->out, i * f.each.out * 2, f.each.out * 2, y);
    }
    mhoi_free(&y);
    mhoi_free(&x);
    mhoi_free(&root);
    return s;
}

/* --- MelWeightMatrix: triangles over the bins of a spectrum, evenly spaced in mel */

static mho_status mel_numbers(const mhoi_call *c, double *v)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < 5; k++)
        s = mhoi_scalar(c, k, 0, &v[k]);
    if (!s && (!(v[0] >= 1 && v[0] <= 1e6) || !(v[1] >= 1 && v[1] <= 1e6) || !(v[2] > 0) ||
               !(v[3] >= 0 && v[4] >= v[3]) || v[4] > v[2] / 2))
        s = mho_error(MHO_EFORMAT, "bands that are not within the spectrum");
    if (!s && !mho_type_bytes(told_type(c)))
        s = mho_error(MHO_ENOTMODELED, "element type %d of ONNX", (int)told_type(c));
    return s;
}

static mho_status mel_shape(mhoi_call *c)
{
    double v[5];
    mho_status s = mel_numbers(c, v);
    return s ? s
             : mhoi_out(c, 0, told_type(c), 2,
                        (const size_t[]){(size_t)v[1] / 2 + 1, (size_t)v[0]});
}

static mho_status mel_run(mhoi_call *c)
{
    double v[5];
    mho_status s = mel_numbers(c, v);
    if (s)
        return s;
    const size_t bands = c->out->size[1], bins = c->out->size[0];
    const double low = 2595 * log10(1 + v[3] / 700), high = 2595 * log10(1 + v[4] / 700);
    for (size_t b = 0; b < bands; b++) {
        double edge[3];
        for (size_t k = 0; k < 3; k++) {
            const double mel = low + (double)(b + k) * (high - low) / (double)(bands + 2);
            edge[k] = floor((v[1] + 1) * (700 * (pow(10, mel / 2595) - 1)) / v[2]);
        }
        for (size_t i = 0; i < bins; i++) {
            const double at = (double)i;
            double y = 0;
            if (edge[0] == edge[1] ? at == edge[1] : at >= edge[0] && at <= edge[1])
                y = edge[0] == edge[1] ? 1 : (at - edge[0]) / (edge[1] - edge[0]);
            if (at >= edge[1] && at < edge[2])
                y = (edge[2] - at) / (edge[2] - edge[1]);
            mhoi_array_set_reals(c->out, i * bands + b, 1, &y);
        }
    }
    return MHO_OK;
}

#define WINDOW(name)                                                                               \
    {                                                                                              \
        name, "", 1, 1, 1, "output_datatype periodic ", window_shape, window_run                   \
    }
const mhoi_operator mhoi_ops_signal[] = {
    WINDOW("HannWindow"),
    WINDOW("HammingWindow"),
    WINDOW("BlackmanWindow"),
    {"DFT", "", 1, 3, 1, "axis inverse onesided ", transform_shape, transform_run},
    {"STFT", "", 2, 4, 1, "onesided ", frames_shape, frames_run},
    {"MelWeightMatrix", "", 5, 5, 1, "output_datatype ", mel_shape, mel_run},
    {0}};
