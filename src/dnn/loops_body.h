/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of loops.h; included once for each instruction set, with MHOI_LOOPS naming the table. */
#include <math.h>

#include "dnn/loops.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void affine(size_t n, size_t tile, const float *x, const float *a, const float *b, float *y)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t end = smaller(tile, n - i);
        for (size_t j = 0; j < end; ++j)
            y[i + j] = x[i + j] * a[j] + b[j];
    }
}

static void sign(size_t n, const float *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; ++i)
        y[i] = x[i] > 0.0f ? 1.0f : -1.0f;
}

static void step(size_t n, const float *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; ++i)
        y[i] = x[i] > 0.0f ? 1.0f : 0.0f;
}

static void relu(size_t n, float slope, const float *x, float *y)
{
    for (size_t i = 0; i < n; ++i)
        y[i] = x[i] > 0.0f ? x[i] : slope * x[i];
}

static void add(size_t n, const float *x, const float *z, float *y)
{
    for (size_t i = 0; i < n; ++i)
        y[i] = x[i] + z[i];
}

/* The taps of a pooling window that lie inside the image, from its output pixel. */
typedef struct window {
    size_t top, bottom, left, right; /* input rows top..bottom - 1, columns left..right - 1 */
    size_t down, along;              /* distances between rows and columns */
} window;

/* The first tap inside, of those `step` apart from first - pad on. */
static size_t enter(size_t first, size_t pad, size_t step)
{
    return first < pad ? (pad - first + step - 1) / step * step - (pad - first) : first - pad;
}

/* Behind the last tap inside. */
static size_t leave(size_t first, size_t pad, size_t span, size_t size)
{
    return smaller(first + span - smaller(first + span, pad), size);
}

static window window_of(const mho_node *p, size_t oh, size_t ow)
{
    const size_t h = oh * p->stride_h, w = ow * p->stride_w;
    return (window){
        .top = enter(h, p->pad_top, p->dilation_h),
        .bottom = leave(h, p->pad_top, (p->kh - 1) * p->dilation_h + 1, p->in.h),
        .left = enter(w, p->pad_left, p->dilation_w),
        .right = leave(w, p->pad_left, (p->kw - 1) * p->dilation_w + 1, p->in.w),
        .down = p->dilation_h,
        .along = p->dilation_w,
    };
}

/* The commonest window, 2 x 2. */
static void maxpool_pixel_4(size_t width, size_t c, const float *restrict x, float *restrict y)
{
    const float *below = x + width * c;
    for (size_t k = 0; k < c; ++k) {
        const float left = x[k] < below[k] ? below[k] : x[k];
        const float right = x[c + k] < below[c + k] ? below[c + k] : x[c + k];
        y[k] = left < right ? right : left;
    }
}

/* One output pixel of all channels; taps are counted inside the image, row by row. */
static void maxpool_pixel(const window *q, size_t width, size_t c, const float *restrict x,
                          float *restrict y)
{
    const float *first = x + (q->top * width + q->left) * c;
    if (q->bottom - q->top == 2 && q->right - q->left == 2 && q->down == 1 && q->along == 1) {
        maxpool_pixel_4(width, c, first, y);
        return;
    }
    for (size_t k = 0; k < c; ++k)
        y[k] = first[k];
    for (size_t h = q->top; h < q->bottom; h += q->down)
        for (size_t w = q->left; w < q->right; w += q->along) {
            const float *in = x + (h * width + w) * c;
            for (size_t k = 0; k < c; ++k)
                y[k] = in[k] > y[k] ? in[k] : y[k];
        }
}

static void maxpool_pixel_which(const window *q, size_t width, size_t c, const float *restrict x,
                                float *restrict y, int32_t *restrict which)
{
    const float *first = x + (q->top * width + q->left) * c;
    for (size_t k = 0; k < c; ++k) {
        y[k] = first[k];
        which[k] = 0;
    }
    int32_t tap = 0;
    for (size_t h = q->top; h < q->bottom; h += q->down)
        for (size_t w = q->left; w < q->right; w += q->along, ++tap) {
            const float *in = x + (h * width + w) * c;
            for (size_t k = 0; k < c; ++k) {
                which[k] = in[k] > y[k] ? tap : which[k];
                y[k] = in[k] > y[k] ? in[k] : y[k];
            }
        }
}

static void maxpool(const mho_node *p, size_t n, const float *x, float *y, int32_t *which)
{
    const size_t c = p->in.c, in = c * p->in.h * p->in.w, out = c * p->out.h * p->out.w;
    for (size_t i = 0; i < n; ++i)
        for (size_t oh = 0; oh < p->out.h; ++oh)
            for (size_t ow = 0; ow < p->out.w; ++ow) {
                const window q = window_of(p, oh, ow);
                const size_t at = i * out + (oh * p->out.w + ow) * c;
                if (which)
                    maxpool_pixel_which(&q, p->in.w, c, x + i * in, y + at, which + at);
                else
                    maxpool_pixel(&q, p->in.w, c, x + i * in, y + at);
            }
}

static void maxpool_back_pixel(const window *q, size_t width, size_t c,
                               const int32_t *restrict which, const float *restrict dy,
                               float *restrict dx)
{
    int32_t tap = 0;
    for (size_t h = q->top; h < q->bottom; h += q->down)
        for (size_t w = q->left; w < q->right; w += q->along, ++tap) {
            float *out = dx + (h * width + w) * c;
            for (size_t k = 0; k < c; ++k)
                out[k] += which[k] == tap ? dy[k] : 0.0f;
        }
}

static void zero(size_t n, float *x)
{
    for (size_t i = 0; i < n; ++i)
        x[i] = 0.0f;
}

static void maxpool_back(const mho_node *p, size_t n, const int32_t *which, const float *dy,
                         float *dx)
{
    const size_t c = p->in.c, in = c * p->in.h * p->in.w, out = c * p->out.h * p->out.w;
    for (size_t i = 0; i < n; ++i) {
        zero(in, dx + i * in);
        for (size_t oh = 0; oh < p->out.h; ++oh)
            for (size_t ow = 0; ow < p->out.w; ++ow) {
                const window q = window_of(p, oh, ow);
                const size_t at = i * out + (oh * p->out.w + ow) * c;
                maxpool_back_pixel(&q, p->in.w, c, which + at, dy + at, dx + i * in);
            }
    }
}

static float area(const window *q)
{
    const size_t rows = (q->bottom - q->top + q->down - 1) / q->down;
    const size_t columns = (q->right - q->left + q->along - 1) / q->along;
    return (float)(rows * columns);
}

static void avgpool(const mho_node *p, size_t n, const float *x, float *y)
{
    const size_t c = p->in.c, in = c * p->in.h * p->in.w, out = c * p->out.h * p->out.w;
    for (size_t i = 0; i < n; ++i)
        for (size_t oh = 0; oh < p->out.h; ++oh)
            for (size_t ow = 0; ow < p->out.w; ++ow) {
                const window q = window_of(p, oh, ow);
                float *restrict to = y + i * out + (oh * p->out.w + ow) * c;
                zero(c, to);
                for (size_t h = q.top; h < q.bottom; h += q.down)
                    for (size_t w = q.left; w < q.right; w += q.along)
                        add(c, to, x + i * in + (h * p->in.w + w) * c, to);
                for (size_t k = 0; k < c; ++k)
                    to[k] /= area(&q);
            }
}

static void avgpool_back(const mho_node *p, size_t n, const float *dy, float *dx)
{
    const size_t c = p->in.c, in = c * p->in.h * p->in.w, out = c * p->out.h * p->out.w;
    for (size_t i = 0; i < n; ++i) {
        zero(in, dx + i * in);
        for (size_t oh = 0; oh < p->out.h; ++oh)
            for (size_t ow = 0; ow < p->out.w; ++ow) {
                const window q = window_of(p, oh, ow);
                const float *from = dy + i * out + (oh * p->out.w + ow) * c, count = area(&q);
                for (size_t h = q.top; h < q.bottom; h += q.down)
                    for (size_t w = q.left; w < q.right; w += q.along) {
                        float *restrict to = dx + i * in + (h * p->in.w + w) * c;
                        for (size_t k = 0; k < c; ++k)
                            to[k] += from[k] / count;
                    }
            }
    }
}

static void moments(size_t n, size_t tile, const float *restrict x, float *restrict sum,
                    float *restrict square)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t end = smaller(tile, n - i);
        for (size_t j = 0; j < end; ++j) {
            sum[j] += x[i + j];
            square[j] += x[i + j] * x[i + j];
        }
    }
}

static void products(size_t n, size_t tile, const float *restrict dy, const float *restrict x,
                     float *restrict sum, float *restrict dot)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t end = smaller(tile, n - i);
        for (size_t j = 0; j < end; ++j) {
            sum[j] += dy[i + j];
            dot[j] += dy[i + j] * x[i + j];
        }
    }
}

static void affine_back(size_t n, size_t tile, const float *restrict dy, const float *restrict x,
                        const float *restrict a, const float *restrict b, const float *restrict c,
                        float *restrict dx)
{
    for (size_t i = 0; i < n; i += tile) {
        const size_t end = smaller(tile, n - i);
        for (size_t j = 0; j < end; ++j)
            dx[i + j] = dy[i + j] * a[j] + x[i + j] * b[j] + c[j];
    }
}

static void sign_back(size_t n, const float *restrict x, const float *restrict dy,
                      float *restrict dx)
{
    for (size_t i = 0; i < n; ++i)
        dx[i] = fabsf(x[i]) <= 1.0f ? dy[i] : 0.0f;
}

static void relu_back(size_t n, float slope, const float *restrict x, const float *restrict dy,
                      float *restrict dx)
{
    for (size_t i = 0; i < n; ++i)
        dx[i] = x[i] > 0.0f ? dy[i] : slope * dy[i];
}

static void adam(size_t n, const float *restrict g, float rate, float correct_v, float decay,
                 float clip, float *restrict m, float *restrict v, float *restrict w)
{
    const float low = clip > 0.0f ? -clip : -HUGE_VALF, high = clip > 0.0f ? clip : HUGE_VALF;
    for (size_t i = 0; i < n; ++i) {
        m[i] += 0.1f * (g[i] - m[i]);
        v[i] += 0.001f * (g[i] * g[i] - v[i]);
        float next = w[i] - decay * w[i] - rate * m[i] / (sqrtf(v[i] * correct_v) + 1e-8f);
        next = next > low ? next : low;
        w[i] = next < high ? next : high;
    }
}

const mhoi_loops MHOI_LOOPS = {
    .affine = affine,
    .sign = sign,
    .step = step,
    .relu = relu,
    .add = add,
    .maxpool = maxpool,
    .avgpool = avgpool,
    .moments = moments,
    .products = products,
    .affine_back = affine_back,
    .sign_back = sign_back,
    .relu_back = relu_back,
    .maxpool_back = maxpool_back,
    .avgpool_back = avgpool_back,
    .adam = adam,
};
