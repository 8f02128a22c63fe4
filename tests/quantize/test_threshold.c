/* SPDX-License-Identifier: Apache-2.0 */
/* The threshold search against plain ones: the chain against inference, the sweep against the network written out for
 * every threshold, the same result with any number of threads and any memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/infer.h"
#include "mho/quantize.h"
#include "mho/run.h"
#include "quantize/threshold_search.h"
#include "slow_forward.h"

#define IMAGES ((size_t)150)

static void ok(mho_status s)
{
    if (s)
        fail_msg("%s", mho_error_message());
}

/* Every kind of layer that a chain knows: padding, stride, dilation, both poolings, normalization before and behind a
 * pooling. */
static const char many[] = "input: {shape: [2, 13, 12]}\n"
                           "layers:\n"
                           "  - conv: {out: 5, kernel: 3, pad: 1}\n"
                           "  - batchnorm\n"
                           "  - relu\n"
                           "  - maxpool: 2\n"
                           "  - conv: {out: 18, kernel: [2, 3], dilation: 2, pad: [1, 2, 0, 1]}\n"
                           "  - leaky_relu\n"
                           "  - avgpool: {kernel: 2, stride: 1}\n"
                           "  - batchnorm\n"
                           "  - conv: {out: 7, kernel: 2, stride: 2, pad: 1}\n"
                           "  - maxpool: {kernel: 2, stride: 1}\n"
                           "  - relu\n"
                           "  - fc: 21\n"
                           "  - fc: 4\n"
                           "  - softmax\n";
static const char small[] = "input: {shape: [1, 8, 8]}\n"
                            "layers:\n"
                            "  - conv: {out: 3, kernel: 3}\n"
                            "  - relu\n"
                            "  - maxpool: 2\n"
                            "  - fc: 9\n"
                            "  - relu\n"
                            "  - fc: 4\n";

static mho_net *net_of(const char *text)
{
    mho_net *net = NULL;
    ok(mho_net_read(text, "test", &net));
    ok(mhoi_net_alloc_parameters(net));
    slow_random_parameters(net, 7);
    return net;
}

static mho_images images_of(const mho_net *net, size_t count)
{
    mho_images v = {.shape = net->node[0].out, .count = count, .classes = 4};
    const size_t each = chain_elements(v.shape);
    ok(mhoi_alloc(&v.pixel, count * each, 1, "pixels"));
    ok(mhoi_alloc(&v.label, count, sizeof *v.label, "labels"));
    srand(3);
    for (size_t i = 0; i < count * each; i++)
        v.pixel[i] = (uint8_t)(rand() >> 7);
    for (size_t i = 0; i < count; i++)
        v.label[i] = (uint16_t)(rand() >> 7 & 3);
    return v;
}

static mho_threshold_options options_of(void)
{
    mho_threshold_options o;
    ok(mho_fields_preset(&mho_threshold_fields, &o, NULL));
    return o;
}

static void scores_of(const mho_net *net, const mho_images *images, float *score)
{
    mho_infer *infer = NULL;
    const size_t each = chain_elements(images->shape), count = images->count * each;
    float *x = NULL;
    ok(mhoi_alloc(&x, count, sizeof *x, "input"));
    for (size_t i = 0; i < count; i++)
        x[i] = (float)images->pixel[i] * net->input_scale;
    ok(mho_infer_create(net, images->count, &infer));
    ok(mho_infer_run(infer, images->count, x, score));
    mho_infer_destroy(infer);
    mhoi_free(&x);
}

/* --- the chain is the network ------------------------------------------------------------------------------- */

static void same_scores(const chain *c, const mho_images *images, const float *want,
                        double tolerance)
{
    chain_work w;
    float *x = NULL;
    const size_t classes = 4;
    ok(mhoi_chain_work_create(c, 0, &w));
    ok(mhoi_alloc(&x, chain_elements(images->shape), sizeof *x, "input"));
    for (size_t i = 0; i < images->count; i++) {
        mhoi_chain_load(c, images, i, x);
        mhoi_chain_run(c, 0, c->layers, 1, x, &w);
        for (size_t k = 0; k < classes; k++)
            if (!(fabs((double)w.a[k] - (double)want[i * classes + k]) <= tolerance))
                fail_msg("image %zu, class %zu: %.9g, inference has %.9g", i, k, (double)w.a[k],
                         (double)want[i * classes + k]);
    }
    mhoi_free(&x);
    mhoi_chain_work_free(&w);
}

static void the_chain_is_the_network(void **state)
{
    (void)state;
    mho_net *net = net_of(many), *logits = NULL, *copy = NULL;
    mho_images images = images_of(net, 20);
    float score[80];
    ok(mho_net_clone(net, &logits));
    logits->nodes--; /* a softmax keeps the order; a chain leaves it out */
    scores_of(logits, &images, score);
    chain c;
    ok(mhoi_chain_create(net, &c));
    assert_int_equal(c.layers, 5);
    same_scores(&c, &images, score, 1e-4);
    ok(mhoi_chain_export(&c, &copy));
    scores_of(copy, &images, score);
    same_scores(&c, &images, score, 1e-4);
    /* Re-scaled and its next layer amplified: still the same. */
    for (size_t l = 0; l + 1 < c.layers; l++) {
        float size[21];
        for (size_t k = 0; k < c.layer[l].site.c; k++)
            size[k] = 0.5f + 0.25f * (float)k;
        mhoi_chain_shrink(&c, l, size);
        mhoi_chain_amplify(&c, l + 1, size);
    }
    same_scores(&c, &images, score, 1e-3);
    mhoi_chain_free(&c);
    mho_net_destroy(copy);
    logits->nodes++;
    mho_net_destroy(logits);
    mho_net_destroy(net);
    mho_images_free(&images);
}

/* --- the sweep is the network with each threshold ------------------------------------------------------------ */

/* With bits at some layers, the network written out says what the chain says. */
static size_t right(const chain *c, const mho_images *images)
{
    mho_net *net = NULL;
    size_t wrong = 0;
    ok(mhoi_chain_export(c, &net));
    ok(mho_infer_errors(net, images, images->count, &wrong));
    mho_net_destroy(net);
    return images->count - wrong;
}

static void sweep_all_points(const char *text, size_t channel)
{
    mho_net *net = net_of(text);
    mho_images images = images_of(net, IMAGES);
    mho_threshold_options o = options_of();
    double grid[6];
    float level[6];
    uint32_t correct[6];
    search s = {.images = &images,
                .count = IMAGES,
                .options = &o,
                .grid = grid,
                .level = level,
                .points = 6};
    ok(mhoi_chain_create(net, &s.c));
    for (size_t l = 0; l + 1 < s.c.layers; l++) {
        chain_layer *layer = &s.c.layer[l];
        ok(mhoi_alloc(&layer->threshold, layer->site.c, sizeof(float), "thresholds"));
        site_range range;
        ok(mhoi_search_range(&s, l, &range));
        const float top = range.size[0];
        mhoi_search_range_free(&range);
        for (size_t k = 0; k < layer->site.c; k++)
            layer->threshold[k] = 0.2f * top;
        for (size_t j = 0; j < 6; j++)
            level[j] = (0.05f + 0.1f * (float)j) * top;
        const size_t which = channel == SIZE_MAX ? SIZE_MAX : channel % layer->site.c;
        ok(mhoi_search_sweep(&s, l, which, correct));
        for (size_t j = 0; j < 6; j++) {
            for (size_t k = 0; k < layer->site.c; k++)
                layer->threshold[k] = which == SIZE_MAX || which == k ? level[j] : 0.2f * top;
            if (right(&s.c, &images) != correct[j])
                fail_msg("layer %zu, threshold %g: %u right, want %zu", l, (double)level[j],
                         correct[j], right(&s.c, &images));
        }
        for (size_t k = 0; k < layer->site.c; k++)
            layer->threshold[k] = 0.2f * top;
        uint64_t ones = 0;
        ok(mhoi_search_keep(&s, l, &ones));
        assert_int_equal(s.base, l + 1);
        assert_true(ones > 0 && ones < IMAGES * chain_elements(layer->out));
    }
    mhoi_chain_free(&s.c);
    mhoi_free(&s.bits);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void the_sweep_is_the_network_at_each_threshold(void **state)
{
    (void)state;
    sweep_all_points(small, SIZE_MAX);
    sweep_all_points(many, SIZE_MAX);
    sweep_all_points(many, 4);
}

/* --- the search ------------------------------------------------------------------------------------------------ */

static void same_result(const mho_threshold_options *o, const mho_net *net,
                        const mho_images *images, uint64_t identity,
                        const mho_quantize_report *want)
{
    mho_net *out = NULL;
    mho_quantize_report *r = NULL;
    ok(mho_threshold_search(net, images, o, &out, &r));
    assert_true(mho_net_identity(out, true) == identity);
    assert_int_equal(r->curves, want->curves);
    for (size_t i = 0; i < r->curves; i++)
        assert_memory_equal(r->curve[i].correct, want->curve[i].correct,
                            r->curve[i].points * sizeof(uint32_t));
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
}

static void one_result_for_any_threads_and_memory(void **state)
{
    (void)state;
    mho_net *net = net_of(many), *out = NULL;
    mho_images images = images_of(net, IMAGES);
    mho_quantize_report *r = NULL;
    mho_threshold_options o = options_of();
    o.grid_step = 0.05;
    o.passes = 2;
    o.channels = true;
    ok(mho_run_set_threads(NULL, 1));
    ok(mho_threshold_search(net, &images, &o, &out, &r));
    const uint64_t identity = mho_net_identity(out, true);
    ok(mho_run_set_threads(NULL, 3));
    same_result(&o, net, &images, identity, r);
    o.memory_bytes = 0;
    same_result(&o, net, &images, identity, r);
    ok(mho_run_set_threads(NULL, 0));
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void the_first_of_equal_thresholds_is_taken(void **state)
{
    (void)state;
    mho_net *net = net_of(small), *out = NULL;
    mho_images images = images_of(net, IMAGES);
    mho_quantize_report *r = NULL;
    const mho_threshold_options o = options_of();
    ok(mho_threshold_search(net, &images, &o, &out, &r));
    assert_int_equal(r->layers, 2);
    assert_int_equal(r->curves, 2);
    for (size_t i = 0; i < r->curves; i++) {
        const mho_quantize_curve *c = &r->curve[i];
        assert_int_equal(c->points, 51);
        for (size_t j = 0; j < c->points; j++)
            assert_true(c->correct[j] < c->correct[c->best] + (j >= c->best));
    }
    /* The layers' distributions are whole. */
    for (size_t l = 0; l < r->layers; l++) {
        double sum = r->layer[l].zero;
        for (size_t b = 0; b < MHO_QUANTIZE_BINS; b++)
            sum += r->layer[l].share[b];
        assert_true(fabs(sum - 1) < 1e-9);
    }
    /* What the last curve promises the network keeps. */
    size_t wrong = 0;
    ok(mho_infer_errors(out, &images, images.count, &wrong));
    assert_int_equal(images.count - wrong, r->curve[1].correct[r->curve[1].best]);
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void refuses(const char *text, mho_status want, const char *says)
{
    mho_net *net = net_of(text), *out = NULL;
    mho_images images = images_of(net, 4);
    const mho_threshold_options o = options_of();
    assert_int_equal(mho_threshold_search(net, &images, &o, &out, NULL), want);
    assert_non_null(strstr(mho_error_message(), says));
    assert_null(out);
    mho_images_free(&images);
    mho_net_destroy(net);
}

/* A channel whose outputs are small is re-scaled by a tenth of the layer's largest. */
static void a_small_channel_is_bounded(void **state)
{
    (void)state;
    mho_net *net = net_of(small);
    mho_images images = images_of(net, IMAGES);
    mho_threshold_options o = options_of();
    o.channels = true;
    for (size_t i = 0; i < 9; i++)
        net->node[1].weight[i] *= 1e-3F;
    if (net->node[1].bias)
        net->node[1].bias[0] = 0;
    search s = {.images = &images, .count = IMAGES, .options = &o};
    site_range range;
    ok(mhoi_chain_create(net, &s.c));
    ok(mhoi_search_range(&s, 0, &range));
    assert_int_equal(range.channels, 3);
    const float most = fmaxf(range.size[1], range.size[2]);
    assert_true(range.largest[0] < 0.05F * most);
    assert_true(fabsf(range.size[0] - 0.1F * most) < 1e-6F * most);
    assert_true(range.size[1] >= range.largest[1] && range.size[2] >= range.largest[2]);
    mhoi_search_range_free(&range);
    mhoi_chain_free(&s.c);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void a_percentile_at_or_below_0_is_refused(void **state)
{
    (void)state;
    mho_net *net = net_of(small), *out = NULL;
    mho_images images = images_of(net, IMAGES);
    mho_threshold_options o = options_of();
    o.percentile = 50;
    for (size_t i = 0; i < 27; i++) /* one channel of three is above 0 */
        net->node[1].weight[i] = i < 9 ? 1 : -1;
    for (size_t k = 0; net->node[1].bias && k < 3; k++)
        net->node[1].bias[k] = 0;
    assert_int_equal(mho_threshold_search(net, &images, &o, &out, NULL), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "'conv1': 66.7 % of its outputs"));
    assert_null(out);
    o.percentile = 100;
    o.refine = 1;
    o.window = 0;
    assert_int_equal(mho_threshold_search(net, &images, &o, &out, NULL), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "window = 0"));
    o.refine = 0;
    ok(mho_threshold_search(net, &images, &o, &out, NULL));
    mho_net_destroy(out);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void what_is_no_chain_is_refused(void **state)
{
    (void)state;
    refuses("input: {shape: [1, 4, 4]}\nlayers:\n  - fc: 4\n  - sign\n  - fc: 4\n", MHO_ENOTMODELED,
            "sign1");
    refuses("input: {shape: [1, 4, 4]}\nlayers:\n  - fc: 4\n", MHO_ENOTMODELED,
            "two weighted layers");
    refuses("input: {shape: [1, 4, 4]}\nlayers:\n  - relu\n  - fc: 4\n  - fc: 4\n", MHO_ENOTMODELED,
            "relu0");
    refuses("input: {shape: [1, 4, 4]}\nlayers:\n  - conv: {out: 4, kernel: 1}\n  - conv: {out: 4, "
            "kernel: 1, "
            "groups: 2}\n  - fc: 4\n",
            MHO_ENOTMODELED, "groups");
    refuses("input: {shape: [1, 4, 4]}\nlayers:\n  - conv: {out: 1, kernel: 1}\n  - residual:\n    "
            "- conv: {out: "
            "1, kernel: 1}\n  - fc: 4\n",
            MHO_ENOTMODELED, "branches");
}

static void no_memory_is_told(void **state)
{
    (void)state;
    mho_net *net = net_of(small), *out = NULL;
    mho_images images = images_of(net, 3);
    mho_quantize_report *r = NULL;
    mho_threshold_options o = options_of();
    o.grid_step = 0.25;
    ok(mho_run_set_threads(NULL, 1));
    const uint64_t live = mhoi_alloc_live();
    size_t k = 1;
    for (; k < 1000; k++) {
        mhoi_alloc_fail_at(k);
        const mho_status s = mho_threshold_search(net, &images, &o, &out, &r);
        mhoi_alloc_fail_at(0);
        if (!s)
            break;
        assert_int_equal(s, MHO_ENOMEM);
        assert_null(out);
        assert_null(r);
        assert_true(mhoi_alloc_live() == live);
    }
    assert_true(k > 40 && k < 1000);
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
    ok(mho_run_set_threads(NULL, 0));
    mho_images_free(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_the_network),
        cmocka_unit_test(the_sweep_is_the_network_at_each_threshold),
        cmocka_unit_test(one_result_for_any_threads_and_memory),
        cmocka_unit_test(the_first_of_equal_thresholds_is_taken),
        cmocka_unit_test(a_small_channel_is_bounded),
        cmocka_unit_test(a_percentile_at_or_below_0_is_refused),
        cmocka_unit_test(what_is_no_chain_is_refused),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
