/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of training against central differences of a plain forward pass in double precision.
 *
 * The straight-through estimator is the derivative of a function too: of one that jumps like sign at the
 * point in question and runs on like the hard tanh.  The reference takes sign(x0) + clip(x) - clip(x0), x0
 * being the value at that point, sign(w0) + w - w0 for binary weights, and keeps the maxima of pools where
 * they were.  Rounding goes the same way: round(x0) + clip(x) - clip(x0), clip to the ends of the codes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/run.h"
#include "train/train_impl.h"

#define IMAGES 18 /* two chunks */
#define CLASSES 3
#define STEP 1e-5

/* --- small networks -------------------------------------------------------------------------------- */

static mho_net *net_of(size_t nodes, mho_shape in)
{
    mho_net *net = NULL;
    assert_int_equal(mhoi_net_create("test", nodes, &net), MHO_OK);
    net->nodes = 1;
    net->node[0].op = MHO_OP_INPUT;
    net->node[0].out = in;
    snprintf(net->node[0].name, MHO_NAME, "input");
    return net;
}

/* Appends a node that reads the one before. */
static mho_node *append(mho_net *net, mho_op op)
{
    const size_t i = net->nodes++;
    mho_node *node = &net->node[i];
    node->op = op;
    node->inputs = 1;
    node->input[0] = i - 1;
    mhoi_node_set_window(node, 1, 1);
    node->epsilon = 1e-5f;
    snprintf(node->name, MHO_NAME, "node%zu", i);
    return node;
}

static mho_node *conv(mho_net *net, size_t out, size_t k, size_t stride, size_t pad, bool binary)
{
    mho_node *node = append(net, MHO_OP_CONV);
    node->out.c = out;
    node->kh = node->kw = k;
    node->stride_h = node->stride_w = stride;
    node->pad_top = node->pad_left = node->pad_bottom = node->pad_right = pad;
    node->alphabet = binary ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL;
    node->has_bias = !binary;
    return node;
}

static mho_node *fc(mho_net *net, size_t out, bool binary)
{
    mho_node *node = append(net, MHO_OP_FC);
    node->out.c = out;
    node->alphabet = binary ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL;
    node->has_bias = !binary;
    return node;
}

static mho_node *pool(mho_net *net, mho_op op, size_t k, size_t stride)
{
    mho_node *node = append(net, op);
    node->kh = node->kw = k;
    node->stride_h = node->stride_w = stride;
    return node;
}

static mho_net *finish(mho_net *net)
{
    if (mhoi_net_infer_shapes(net, "test") != MHO_OK)
        fail_msg("%s", mho_error_message());
    return net;
}

static mho_net *chain_net(void)
{
    mho_net *net = net_of(16, (mho_shape){2, 9, 8});
    mho_node *first = conv(net, 4, 3, 1, 1, false);
    first->dilation_h = first->pad_bottom = 2;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    mho_node *max = pool(net, MHO_OP_MAXPOOL, 3, 2);
    max->ceil_mode = true;
    max->stride_w = max->pad_left = 1;
    max->dilation_h = 2;
    mho_node *grouped = conv(net, 6, 2, 1, 0, false);
    grouped->groups = 2;
    grouped->pad_left = 1;
    grouped->kw = 3;
    grouped->stride_w = grouped->dilation_w = 2;
    append(net, MHO_OP_LEAKY_RELU)->slope = 0.1f;
    mho_node *average = pool(net, MHO_OP_AVGPOOL, 2, 2);
    average->ceil_mode = true;
    average->stride_w = average->dilation_w = average->pad_right = 1;
    average->dilation_w = 2;
    append(net, MHO_OP_FLATTEN);
    fc(net, 7, false);
    append(net, MHO_OP_RELU);
    fc(net, CLASSES, false);
    append(net, MHO_OP_SOFTMAX);
    return finish(net);
}

static mho_net *residual_net(void)
{
    mho_net *net = net_of(16, (mho_shape){1, 6, 6});
    conv(net, 4, 3, 1, 1, false);
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    conv(net, 4, 3, 1, 1, false);
    append(net, MHO_OP_BATCHNORM);
    mho_node *add = append(net, MHO_OP_ADD);
    add->inputs = 2;
    add->input[1] = 3;
    append(net, MHO_OP_RELU);
    fc(net, CLASSES, false);
    return finish(net);
}

static mho_net *binary_net(void)
{
    mho_net *net = net_of(16, (mho_shape){1, 10, 10});
    conv(net, 6, 3, 1, 0, true);
    append(net, MHO_OP_BATCHNORM);
    pool(net, MHO_OP_MAXPOOL, 2, 2);
    append(net, MHO_OP_SIGN);
    conv(net, 5, 3, 1, 0, true);
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_STEP);
    fc(net, 8, true);
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_SIGN);
    fc(net, CLASSES, true);
    append(net, MHO_OP_BATCHNORM);
    return finish(net);
}

static mho_net *circulant_net(const char *bits)
{
    mho_net *net = net_of(16, (mho_shape){2, 9, 8});
    conv(net, 7, 3, 1, 1, false);
    pool(net, MHO_OP_MAXPOOL, 2, 2);
    mho_node *grouped = conv(net, 6, 2, 1, 0, false);
    grouped->groups = 1;
    append(net, MHO_OP_RELU);
    pool(net, MHO_OP_AVGPOOL, 2, 1);
    fc(net, 9, false);
    append(net, MHO_OP_LEAKY_RELU)->slope = 0.1f;
    fc(net, CLASSES, false);
    finish(net);
    if (mho_net_set_blocks(net, "conv:4,node3:3c,fc:5") != MHO_OK ||
        (bits && mho_net_set_bits(net, bits) != MHO_OK))
        fail_msg("%s", mho_error_message());
    return net;
}

/* --- the reference --------------------------------------------------------------------------------- */

typedef struct reference {
    const trainer *t;
    double *w;
    double *value[16]; /* [image][h][w][c], as in training */
    double *base[16];  /* values at the point in question */
    double *plain[16]; /* the same before they are rounded */
    int *which[16];    /* maxima there */
    bool at_base;
} reference;

static double clip(double x)
{
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

/* Straight through a rounding that is one at x0, and within the codes. */
static double ref_round(double x, double x0, int exponent, mho_codes codes)
{
    const double s = ldexp(1, exponent), low = s * (codes.lo - 0.5), high = s * (codes.hi + 0.5);
    const double code = fmin(fmax(nearbyint(x0 / s), codes.lo), codes.hi);
    return code * s + fmin(fmax(x, low), high) - fmin(fmax(x0, low), high);
}

static double weight_of(const reference *r, const train_layer *l, size_t j)
{
    if (l->index)
        j = l->index[j];
    const double w = r->w[l->weight + j], w0 = (double)r->t->w[l->weight + j];
    if (r->t->rounding && l->weight_codes.hi) {
        const double s = ldexp(1, (int)l->exponent[0]), most = l->weight_codes.hi;
        return s * fmin(fmax(nearbyint(w0 / s), -most), most) + w - w0;
    }
    return l->node->alphabet == MHO_ALPHABET_BINARY ? (w0 > 0 ? 1 : -1) + w - w0 : w;
}

static size_t at(mho_shape s, size_t image, size_t h, size_t w, size_t c)
{
    return ((image * s.h + h) * s.w + w) * s.c + c;
}

static void ref_conv(const reference *r, const train_layer *l, const double *x, double *y)
{
    const mho_node *n = l->node;
    const size_t per_in = n->in.c / n->groups, per_out = n->out.c / n->groups;
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t o = 0; o < n->out.c; ++o)
            for (size_t oh = 0; oh < n->out.h; ++oh)
                for (size_t ow = 0; ow < n->out.w; ++ow) {
                    double sum = n->has_bias ? r->w[l->bias + o] : 0;
                    for (size_t c = 0; c < per_in; ++c)
                        for (size_t a = 0; a < n->kh; ++a)
                            for (size_t b = 0; b < n->kw; ++b) {
                                const size_t h = oh * n->stride_h + a * n->dilation_h - n->pad_top;
                                const size_t w = ow * n->stride_w + b * n->dilation_w - n->pad_left;
                                if (h < n->in.h && w < n->in.w)
                                    sum += weight_of(r, l,
                                                     ((o * per_in + c) * n->kh + a) * n->kw + b) *
                                           x[at(n->in, i, h, w, o / per_out * per_in + c)];
                            }
                    y[at(n->out, i, oh, ow, o)] = sum;
                }
}

static void ref_fc(const reference *r, const train_layer *l, const double *x, double *y)
{
    const size_t c = l->node->out.c, inputs = mho_node_weight_count(l->node) / c;
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t o = 0; o < c; ++o) {
            double sum = l->node->has_bias ? r->w[l->bias + o] : 0;
            for (size_t j = 0; j < inputs; ++j)
                sum += weight_of(r, l, o * inputs + j) * x[i * inputs + j];
            y[i * c + o] = sum;
        }
}

static void ref_pool(reference *r, size_t index, const mho_node *n, const double *x, double *y)
{
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t c = 0; c < n->out.c; ++c)
            for (size_t oh = 0; oh < n->out.h; ++oh)
                for (size_t ow = 0; ow < n->out.w; ++ow) {
                    double best = -HUGE_VAL, sum = 0;
                    int count = 0, chosen = 0;
                    const size_t to = at(n->out, i, oh, ow, c);
                    for (size_t a = 0; a < n->kh; ++a)
                        for (size_t b = 0; b < n->kw; ++b) {
                            const size_t h = oh * n->stride_h + a * n->dilation_h - n->pad_top;
                            const size_t w = ow * n->stride_w + b * n->dilation_w - n->pad_left;
                            if (h >= n->in.h || w >= n->in.w)
                                continue;
                            const double v = x[at(n->in, i, h, w, c)];
                            sum += v;
                            if (r->at_base ? v > best : count == r->which[index][to]) {
                                best = v;
                                chosen = count;
                            }
                            ++count;
                        }
                    if (r->at_base)
                        r->which[index][to] = chosen;
                    y[to] = n->op == MHO_OP_MAXPOOL ? best : sum / count;
                }
}

static void ref_batchnorm(const reference *r, const train_layer *l, const double *x, double *y)
{
    const size_t c = l->node->out.c, count = IMAGES * l->node->out.h * l->node->out.w;
    for (size_t k = 0; k < c; ++k) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < count; ++i)
            mean += x[i * c + k] / (double)count;
        for (size_t i = 0; i < count; ++i)
            variance += (x[i * c + k] - mean) * (x[i * c + k] - mean) / (double)count;
        for (size_t i = 0; i < count; ++i)
            y[i * c + k] = (x[i * c + k] - mean) / sqrt(variance + (double)l->node->epsilon) *
                               r->w[l->gamma + k] +
                           r->w[l->beta + k];
    }
}

static double ref_pointwise(const reference *r, const mho_node *n, double x, double x0)
{
    switch (n->op) {
    case MHO_OP_SIGN:
        return r->at_base ? (x > 0 ? 1 : -1) : (x0 > 0 ? 1 : -1) + clip(x) - clip(x0);
    case MHO_OP_STEP:
        return r->at_base ? x > 0 : (x0 > 0) + clip(x) - clip(x0);
    case MHO_OP_RELU:
        return x > 0 ? x : 0;
    case MHO_OP_LEAKY_RELU:
        return x > 0 ? x : (double)n->slope * x;
    default:
        return x;
    }
}

static void ref_layer(reference *r, size_t index)
{
    const train_layer *l = &r->t->layer[index];
    const mho_node *n = l->node;
    const double *x = r->value[n->input[0]], *x0 = r->base[n->input[0]];
    double *y = r->value[index];
    const size_t count = IMAGES * train_elements(n->out);
    if (n->op == MHO_OP_CONV)
        ref_conv(r, l, x, y);
    else if (n->op == MHO_OP_FC)
        ref_fc(r, l, x, y);
    else if (n->op == MHO_OP_MAXPOOL || n->op == MHO_OP_AVGPOOL)
        ref_pool(r, index, n, x, y);
    else if (n->op == MHO_OP_BATCHNORM)
        ref_batchnorm(r, l, x, y);
    else if (n->op == MHO_OP_FLATTEN)
        for (size_t i = 0; i < IMAGES; ++i)
            for (size_t c = 0; c < n->in.c; ++c)
                for (size_t p = 0; p < n->in.h * n->in.w; ++p)
                    y[i * n->out.c + c * n->in.h * n->in.w + p] =
                        x[(i * n->in.h * n->in.w + p) * n->in.c + c];
    else
        for (size_t i = 0; i < count; ++i)
            y[i] = ref_pointwise(r, n, x[i], x0[i]) +
                   (n->op == MHO_OP_ADD ? r->value[n->input[1]][i] : 0);
    for (size_t i = 0; r->t->rounding && l->value_bits && i < count; ++i) {
        if (r->at_base)
            r->plain[index][i] = y[i];
        y[i] = ref_round(y[i], r->plain[index][i], (int)l->exponent[1], l->codes);
    }
}

static double ref_loss(reference *r)
{
    const trainer *t = r->t;
    double loss = 0;
    for (size_t i = 1; i <= t->last; ++i)
        ref_layer(r, i);
    for (size_t i = 0; i < IMAGES; ++i) {
        const double *x = r->value[t->last] + i * CLASSES;
        double sum = 0;
        for (size_t k = 0; k < CLASSES; ++k)
            sum += exp(x[k]);
        for (size_t k = 0; k < CLASSES; ++k) {
            const double smooth = t->options.label_smoothing;
            const double want = smooth / CLASSES + (k == t->images->label[i] ? 1 - smooth : 0);
            loss -= want * (x[k] - log(sum)) / IMAGES;
        }
    }
    return loss;
}

static void reference_create(const trainer *t, reference *r)
{
    *r = (reference){.t = t, .at_base = true};
    r->w = calloc(t->parameters, sizeof *r->w);
    for (size_t i = 0; i < t->parameters; ++i)
        r->w[i] = (double)t->w[i];
    for (size_t i = 0; i <= t->last; ++i) {
        const size_t count = IMAGES * train_elements(t->net->node[i].out);
        r->value[i] = calloc(count, sizeof(double));
        r->base[i] = calloc(count, sizeof(double));
        r->plain[i] = calloc(count, sizeof(double));
        r->which[i] = calloc(count, sizeof(int));
    }
    for (size_t i = 0; i < IMAGES * train_elements(t->images->shape); ++i)
        r->value[0][i] = (double)t->layer[0].value[i];
}

static void reference_free(reference *r)
{
    free(r->w);
    for (size_t i = 0; i < 16; ++i) {
        free(r->value[i]);
        free(r->base[i]);
        free(r->plain[i]);
        free(r->which[i]);
    }
}

/* --- the comparison -------------------------------------------------------------------------------- */

static void make_images(mho_shape shape, mho_images *images)
{
    uint32_t draw = 12345;
    *images = (mho_images){.shape = shape, .count = IMAGES, .classes = CLASSES};
    images->pixel = malloc(IMAGES * train_elements(shape));
    images->label = malloc(IMAGES * sizeof *images->label);
    for (size_t i = 0; i < IMAGES * train_elements(shape); ++i)
        images->pixel[i] = (uint8_t)((draw = draw * 1664525u + 1013904223u) >> 24);
    for (size_t i = 0; i < IMAGES; ++i)
        images->label[i] = (uint8_t)((draw = draw * 1664525u + 1013904223u) >> 16) % CLASSES;
}

static void check_segment(const trainer *t, reference *r, const train_segment *s)
{
    double scale = 1e-2;
    for (size_t i = s->first; i < s->first + s->count; ++i)
        scale = fmax(scale, fabs((double)t->g[i]));
    for (size_t i = s->first; i < s->first + s->count; ++i) {
        const double w = r->w[i];
        r->w[i] = w + STEP;
        const double up = ref_loss(r);
        r->w[i] = w - STEP;
        const double down = ref_loss(r), want = (up - down) / (2 * STEP);
        r->w[i] = w;
        if (fabs(want - (double)t->g[i]) > 1e-4 * scale)
            fail_msg("parameter %zu: gradient %.8g, differences say %.8g", i, (double)t->g[i],
                     want);
    }
}

static void check(mho_net *net, size_t threads)
{
    mho_images images;
    trainer *t = NULL;
    reference r;
    mho_train_options options;
    assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
    assert_int_equal(mho_fields_preset(&mho_train_fields, &options, NULL), MHO_OK);
    options.batch = IMAGES;
    make_images(net->node[0].out, &images);
    if (mhoi_train_create(net, &images, &options, &t) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_int_equal(t->chunks, 2);
    for (size_t i = 0; i < IMAGES; ++i)
        t->order[i] = (uint32_t)i;
    for (size_t k = 0; k < t->segments; ++k) /* neither gamma nor bias at their even values */
        for (size_t i = 0; !t->segment[k].latent && i < t->segment[k].count; ++i)
            t->w[t->segment[k].first + i] += 0.01f * (float)(i % 7) + 0.02f;
    assert_int_equal(mhoi_train_prepare(t), MHO_OK);
    if (mhoi_train_rounds_from(t) != SIZE_MAX)
        assert_int_equal(mhoi_train_start_rounding(t), MHO_OK);
    assert_int_equal(mhoi_train_forward(t), MHO_OK);
    assert_int_equal(mhoi_train_backward(t), MHO_OK);
    assert_int_equal(mhoi_train_gather(t), MHO_OK);
    reference_create(t, &r);
    const double loss = ref_loss(&r);
    r.at_base = false;
    for (size_t i = 0; i <= t->last; ++i)
        memcpy(r.base[i], r.value[i], IMAGES * train_elements(net->node[i].out) * sizeof(double));
    if (fabs(loss * IMAGES - (t->loss[0] + t->loss[1])) > 1e-4)
        fail_msg("loss %.9g, reference %.9g", (t->loss[0] + t->loss[1]) / IMAGES, loss);
    for (size_t k = 0; k < t->segments; ++k)
        check_segment(t, &r, &t->segment[k]);
    reference_free(&r);
    mhoi_train_destroy(t);
    free(images.pixel);
    free(images.label);
    mho_net_destroy(net);
}

static void gradients_of_a_chain(void **state)
{
    (void)state;
    check(chain_net(), 1);
}

static void gradients_with_an_addition(void **state)
{
    (void)state;
    check(residual_net(), 2);
}

static void gradients_of_a_binary_network(void **state)
{
    (void)state;
    check(binary_net(), 2);
}

static void gradients_of_circulant_weights(void **state)
{
    (void)state;
    check(circulant_net(NULL), 2);
}

static void gradients_through_rounding(void **state)
{
    (void)state;
    check(circulant_net("conv:4/3,fc:3/2"), 1);
}

int main(void)
{
    if (mho_cpu_init() != MHO_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_a_chain),
        cmocka_unit_test(gradients_with_an_addition),
        cmocka_unit_test(gradients_of_a_binary_network),
        cmocka_unit_test(gradients_of_circulant_weights),
        cmocka_unit_test(gradients_through_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
