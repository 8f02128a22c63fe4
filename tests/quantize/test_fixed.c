/* SPDX-License-Identifier: Apache-2.0 */
/* Post-training quantization: histograms against the numbers themselves, rules of scales against searches over them, networks
 * whose function must not change, biases, thread counts, misuse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/infer.h"
#include "mho/run.h"
#include "quant/codes.h"
#include "quantize/fixed_impl.h"

static uint64_t state = 1;

static uint32_t roll(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

static float real(void) /* -1..1 */
{
    return (float)((int)roll(20001) - 10000) / 10000.0f;
}

static void must(mho_status s)
{
    if (s)
        fail_msg("%s: %s", mho_status_name(s), mho_error_message());
}

/* --- histograms */

enum { NUMBERS = 5000 };

/* Bell-shaped, with a few far outside. */
static void some_numbers(float *v)
{
    for (size_t i = 0; i < NUMBERS; i++)
        v[i] = 0.3f * (real() + real() + real());
    v[17] = 4.9f;
    v[1801] = -3.1f;
}

static void order_and_blocks_do_not_matter(void **unused)
{
    (void)unused;
    static float v[NUMBERS];
    histogram a, b;
    some_numbers(v);
    must(mhoi_histogram_create(&a));
    must(mhoi_histogram_create(&b));
    mhoi_histogram_add(&a, v, NUMBERS);
    for (size_t i = NUMBERS; i-- > 0;)
        mhoi_histogram_add(&b, &v[i], 1);
    assert_int_equal(a.exponent, b.exponent);
    assert_int_equal(a.exponent, 3 - 12); /* 4.9 < 8 = 4096 bins */
    assert_memory_equal(a.bin, b.bin, 2 * HISTOGRAM_BINS * sizeof *a.bin);
    assert_true(a.largest == 4.9f && a.smallest == -3.1f && a.count == NUMBERS);
    mhoi_histogram_free(&a);
    mhoi_histogram_free(&b);
}

static double squared_error(const float *v, size_t n, float scale, mho_codes codes)
{
    return mho_quant_error(v, n, scale, codes, MHO_RULE_LEAST_SQUARES);
}

static void rules_against_the_numbers(void **unused)
{
    (void)unused;
    static float v[NUMBERS];
    const mho_codes codes = mhoi_codes_of_weights(6);
    histogram h;
    some_numbers(v);
    must(mhoi_histogram_create(&h));
    mhoi_histogram_add(&h, v, NUMBERS);
    scale_wish wish = {.codes = codes, .rule = MHO_RANGE_RULE_MAX, .percentile = 99};
    assert_true(fabsf(mhoi_histogram_scale(&h, &wish) * 31 - 4.9f) < 1e-6f);
    wish.rule = MHO_RANGE_RULE_MSE;
    const float found = mhoi_histogram_scale(&h, &wish);
    double least = INFINITY;
    for (int k = 1; k <= 400; k++)
        least = fmin(least, squared_error(v, NUMBERS, 4.9f / 31 * (float)k / 400, codes));
    assert_true(squared_error(v, NUMBERS, found, codes) < 1.02 * least);
    assert_true(found < 0.9f * 4.9f / 31); /* it gives the outliers up */
    wish.rule = MHO_RANGE_RULE_PERCENTILE;
    const float end = mhoi_histogram_scale(&h, &wish) * 31;
    size_t held = 0;
    for (size_t i = 0; i < NUMBERS; i++)
        held += fabsf(v[i]) <= end;
    assert_true(held >= NUMBERS * 99 / 100 && held <= NUMBERS * 993 / 1000);
    wish.rule = MHO_RANGE_RULE_KL;
    const float divergent = mhoi_histogram_scale(&h, &wish) * 31;
    assert_true(divergent > 0.5f && divergent < 4.9f);
    wish.power_of_two = true;
    for (wish.rule = 0; wish.rule <= MHO_RANGE_RULE_KL; wish.rule++) {
        int exponent;
        assert_true(frexpf(mhoi_histogram_scale(&h, &wish), &exponent) == 0.5f);
    }
    mhoi_histogram_clear(&h);
    mhoi_histogram_add(&h, (const float[]){0, 0, 0}, 3);
    assert_true(mhoi_histogram_scale(&h, &wish) == 0);
    mhoi_histogram_free(&h);
}

/* By hand: 3 codes a side of 1: 0.4 is off by 0.4, 3.2 by 0.2, 5 by 2 and held at the end, as is -5. */
static void loss_by_hand(void **unused)
{
    (void)unused;
    histogram h;
    must(mhoi_histogram_create(&h));
    mhoi_histogram_add(&h, (const float[]){0.4f, 3.2f, -5, 5}, 4);
    const quantization_loss loss = mhoi_histogram_loss(&h, 1, (mho_codes){-3, 3});
    assert_int_equal(loss.clipped, 2);
    assert_true(fabs(loss.noise - (0.16 + 0.04 + 8)) < 0.01);
    assert_true(fabs(loss.signal - (0.16 + 10.24 + 50)) < 0.05);
    mhoi_histogram_free(&h);
}

/* --- networks */

static const char mobile[] = "input: {shape: [3, 8, 8]}\n"
                             "layers:\n"
                             "  - conv: {out: 8, kernel: 3, pad: 1}\n"
                             "  - batchnorm\n"
                             "  - relu\n"
                             "  - conv: {out: 8, kernel: 3, pad: 1, groups: 8, bias: false}\n"
                             "  - batchnorm\n"
                             "  - maxpool: 2\n"
                             "  - relu\n"
                             "  - conv: {out: 16, kernel: 1}\n"
                             "  - leaky_relu: 0.1\n"
                             "  - avgpool: 4\n"
                             "  - flatten\n"
                             "  - fc: 5\n";

static mho_net *net_of(const char *text)
{
    mho_net *net = NULL;
    must(mho_net_read(text, "test", &net));
    must(mhoi_net_alloc_parameters(net));
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *n = &net->node[i];
        const size_t each = mho_node_weight_count(n) / (n->out.c ? n->out.c : 1);
        for (size_t k = 0; k < mho_node_weight_count(n); k++)
            n->weight[k] = real() * (n->groups > 1 ? expf(3 * sinf((float)(k / each))) : 1);
        for (size_t k = 0; n->bias && k < n->out.c; k++)
            n->bias[k] = real();
        for (size_t k = 0; n->gamma && k < n->out.c; k++) {
            n->gamma[k] = 0.5f + fabsf(real());
            n->beta[k] = real();
            n->mean[k] = real();
            n->variance[k] = 1 + fabsf(real());
        }
    }
    return net;
}

enum { IMAGES = 70 };

static mho_images images_of(mho_shape shape)
{
    mho_images images = {.shape = shape, .count = IMAGES, .classes = 5};
    const size_t n = IMAGES * shape.c * shape.h * shape.w;
    images.pixel = malloc(n);
    images.label = calloc(IMAGES, sizeof *images.label);
    for (size_t i = 0; i < n; i++)
        images.pixel[i] = (uint8_t)roll(256);
    return images;
}

static void free_images(mho_images *images)
{
    free(images->pixel);
    free(images->label);
}

static float *scores_of(const mho_net *net, const mho_images *images)
{
    const size_t each = images->shape.c * images->shape.h * images->shape.w;
    const size_t classes = net->node[net->nodes - 1].out.c;
    float *x = malloc(IMAGES * each * sizeof *x), *y = malloc(IMAGES * classes * sizeof *y);
    mho_infer *infer = NULL;
    for (size_t k = 0; k < IMAGES * each; k++)
        x[k] = (float)images->pixel[k] * net->input_scale;
    must(mho_infer_create(net, IMAGES, &infer));
    must(mho_infer_run(infer, IMAGES, x, y));
    mho_infer_destroy(infer);
    free(x);
    return y;
}

static double distance(const float *a, const float *b, size_t n)
{
    double miss = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        miss += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        all += (double)a[i] * (double)a[i];
    }
    return sqrt(miss / all);
}

/* Folding, the order of ReLU and pool and equalization change no value; equalization evens ranges out. */
static void preparation_changes_no_value(void **unused)
{
    (void)unused;
    mho_net *net = net_of(mobile), *plain = NULL;
    mho_images images = images_of(net->node[0].out);
    must(mhoi_fixed_prepare(net, &plain));
    assert_int_equal(plain->nodes, net->nodes - 2);
    for (size_t i = 1; i < plain->nodes; i++) {
        assert_true(plain->node[i].op != MHO_OP_BATCHNORM);
        if (plain->node[i].op == MHO_OP_MAXPOOL)
            assert_int_equal(plain->node[plain->node[i].input[0]].op, MHO_OP_RELU);
    }
    float *a = scores_of(net, &images), *b = scores_of(plain, &images);
    assert_true(distance(a, b, IMAGES * 5) < 1e-5);
    must(mhoi_fixed_equalize(plain));
    float *c = scores_of(plain, &images);
    assert_true(distance(a, c, IMAGES * 5) < 1e-5);
    const mho_node *depthwise = &plain->node[3];
    float least = INFINITY, most = 0;
    assert_int_equal(depthwise->groups, 8);
    for (size_t k = 0; k < 8; k++) {
        float size = 0;
        for (size_t t = 0; t < 9; t++)
            size = fmaxf(size, fabsf(depthwise->weight[9 * k + t]));
        least = fminf(least, size);
        most = fmaxf(most, size);
    }
    assert_true(most < 8 * least); /* 400 before */
    free(a);
    free(b);
    free(c);
    free_images(&images);
    mho_net_destroy(plain);
    mho_net_destroy(net);
}

static mho_fixed_options presets(void)
{
    mho_fixed_options o;
    must(mho_fields_preset(&mho_fixed_fields, &o, NULL));
    return o;
}

/* Distance of the scores of the quantized network from those of the plain one. */
static double loss_of(const mho_net *net, const mho_images *images, const mho_fixed_options *o)
{
    mho_net *fixed = NULL;
    mho_quantize_report *report = NULL;
    must(mho_fixed_quantize(net, images, o, &fixed, &report));
    assert_int_equal(report->codings, 4 + 3);
    float *a = scores_of(net, images), *b = scores_of(fixed, images);
    const double d = distance(a, b, IMAGES * 5);
    if (fabs(report->output_snr_dB + 20 * log10(d)) > 0.1) /* calibrated and compared on all */
        fail_msg("told %g dB, is %g", report->output_snr_dB, -20 * log10(d));
    free(a);
    free(b);
    mho_net_destroy(fixed);
    mho_quantize_report_destroy(report);
    return d;
}

static void finer_codes_are_nearer(void **unused)
{
    (void)unused;
    mho_net *net = net_of(mobile);
    mho_images images = images_of(net->node[0].out);
    mho_fixed_options o = presets();
    const double eight = loss_of(net, &images, &o);
    o.bits = 5;
    const double five = loss_of(net, &images, &o);
    o.maps_bits = 8;
    const double five_eight = loss_of(net, &images, &o);
    assert_true(eight < 0.02 && five > 3 * eight && five_eight < five);
    free_images(&images);
    mho_net_destroy(net);
}

/* What is chosen has no more noise than any that it is chosen from. */
static void the_best_is_taken(void **unused)
{
    (void)unused;
    mho_net *net = net_of("input: {shape: [3, 8, 8]}\nlayers:\n  - conv: {out: 8, kernel: 3}\n"
                          "  - leaky_relu: 0.1\n  - conv: {out: 9, kernel: 3}\n  - relu\n"
                          "  - flatten\n  - fc: 5\n");
    mho_images images = images_of(net->node[0].out);
    mho_fixed_options o = presets();
    mho_quantize_report *best = NULL, *one = NULL;
    mho_net *fixed = NULL;
    size_t equal = 0;
    o.bits = 4;
    must(mho_fixed_quantize(net, &images, &o, &fixed, &one));
    mho_net_destroy(fixed);
    o.search = false;
    must(mho_fixed_quantize(net, &images, &o, &fixed, &best));
    mho_net_destroy(fixed);
    assert_true(one->output_snr_dB > best->output_snr_dB + 0.2); /* map by map */
    mho_quantize_report_destroy(one);
    for (int k = 0; k < 6; k++) {
        o.equalize = k % 2 ? MHO_EQUALIZE_ALL : MHO_EQUALIZE_NONE;
        o.maps_rule = MHO_RANGE_RULE_PERCENTILE + k / 2;
        must(mho_fixed_quantize(net, &images, &o, &fixed, &one));
        assert_true(one->output_snr_dB <= best->output_snr_dB);
        equal += one->output_snr_dB == best->output_snr_dB;
        mho_quantize_report_destroy(one);
        mho_net_destroy(fixed);
    }
    assert_true(equal >= 1 && equal < 6);
    mho_quantize_report_destroy(best);
    free_images(&images);
    mho_net_destroy(net);
}

/* Behind leaky ReLU nearly all values are above 0, and so are nearly all codes. */
static void codes_go_where_values_are(void **unused)
{
    (void)unused;
    mho_net *net = net_of("input: {shape: [3, 8, 8]}\nlayers:\n  - conv: {out: 8, kernel: 3}\n"
                          "  - leaky_relu: 0.01\n  - flatten\n  - fc: 5\n");
    mho_images images = images_of(net->node[0].out);
    mho_fixed_options o = presets();
    mho_net *even = NULL, *uneven = NULL;
    mho_quantize_report *a = NULL, *b = NULL;
    o.maps_bits = 4;
    o.maps_rule = MHO_RANGE_RULE_MSE;
    must(mho_fixed_quantize(net, &images, &o, &uneven, &a));
    o.offsets = false;
    must(mho_fixed_quantize(net, &images, &o, &even, &b));
    assert_int_equal(even->node[2].value_below, 0);
    assert_int_equal(uneven->node[2].value_below, 1);
    assert_true(uneven->node[2].value_scale < 0.7f * even->node[2].value_scale);
    assert_true(a->output_snr_dB > b->output_snr_dB + 3);
    assert_true(mho_net_identity(even, false) != mho_net_identity(uneven, false));
    mho_quantize_report_destroy(a);
    mho_quantize_report_destroy(b);
    mho_net_destroy(even);
    mho_net_destroy(uneven);
    free_images(&images);
    mho_net_destroy(net);
}

/* Weights that were codes, of a file from elsewhere, are those codes again. */
static void codes_keep_their_scales(void **unused)
{
    (void)unused;
    mho_net *net = net_of("input: {shape: [3, 8, 8]}\nlayers:\n  - conv: {out: 8, kernel: 3}\n"
                          "  - relu\n  - flatten\n  - fc: 5\n");
    mho_images images = images_of(net->node[0].out);
    mho_fixed_options o = presets();
    mho_net *fixed = NULL;
    float was[8];
    for (size_t c = 0; c < 8; c++) {
        was[c] = 0.01f * (1 + fabsf(real()));
        for (size_t k = 0; k < 27; k++)
            net->node[1].weight[c * 27 + k] = (float)((int)roll(255) - 127) * was[c];
        net->node[1].weight[c * 27] = was[c]; /* one code, so that the scale is the only one */
    }
    o.equalize = MHO_EQUALIZE_NONE;
    must(mho_fixed_quantize(net, &images, &o, &fixed, NULL));
    assert_memory_equal(fixed->node[1].weight, net->node[1].weight, 8 * 27 * sizeof(float));
    assert_memory_equal(fixed->node[1].weight_scale, was, sizeof was);
    mho_net_destroy(fixed);
    free_images(&images);
    mho_net_destroy(net);
}

/* A depthwise layer whose channels differ by 400 in size, which the next layer makes up for: one scale for all of
 * them loses the small ones, unless they are equalized or have a scale each. */
static void depthwise_layers_are_equalized(void **unused)
{
    (void)unused;
    mho_net *net =
        net_of("input: {shape: [3, 8, 8]}\nlayers:\n"
               "  - conv: {out: 8, kernel: 3, pad: 1}\n  - relu\n"
               "  - conv: {out: 8, kernel: 3, pad: 1, groups: 8, bias: false}\n  - relu\n"
               "  - conv: {out: 16, kernel: 1}\n  - leaky_relu: 0.1\n"
               "  - avgpool: 4\n  - flatten\n  - fc: 5\n");
    mho_images images = images_of(net->node[0].out);
    for (size_t o = 0; o < 16; o++)
        for (size_t k = 0; k < 8; k++)
            net->node[5].weight[8 * o + k] /= expf(3 * sinf((float)k));
    mho_fixed_options o = presets();
    o.maps_bits = 8;
    o.weights_bits = 6;
    o.scales = MHO_SCALES_LAYER;
    o.equalize = MHO_EQUALIZE_NONE;
    const double layer = loss_of(net, &images, &o);
    o.equalize = MHO_EQUALIZE_DEPTHWISE;
    const double equalized = loss_of(net, &images, &o);
    assert_true(equalized < 0.3 * layer);
    free_images(&images);
    mho_net_destroy(net);
}

/* Weights that all round down: without correction every sum is low, with it the mean is right. */
static void biases_take_the_shift(void **unused)
{
    (void)unused;
    mho_net *net = net_of("input: {shape: [40, 1, 1]}\nlayers:\n  - fc: 5\n"), *fixed = NULL;
    mho_images images = images_of(net->node[0].out);
    mho_fixed_options o = presets();
    for (size_t k = 0; k < 200; k++)
        net->node[1].weight[k] = k % 40 ? 0.34f : 1;
    o.bits = 3; /* codes of 1/3 */
    o.weights_rule = MHO_RANGE_RULE_MAX;
    float *want = scores_of(net, &images);
    double shift[2] = {0, 0};
    for (int corrected = 0; corrected < 2; corrected++) {
        o.bias_correction = corrected;
        must(mho_fixed_quantize(net, &images, &o, &fixed, NULL));
        float *got = scores_of(fixed, &images);
        for (size_t i = 0; i < 5 * IMAGES; i++)
            shift[corrected] += ((double)got[i] - (double)want[i]) / (5 * IMAGES);
        free(got);
        mho_net_destroy(fixed);
    }
    assert_true(shift[0] < -0.1 && fabs(shift[1]) < 1e-4);
    free(want);
    free_images(&images);
    mho_net_destroy(net);
}

static void threads_do_not_matter(void **unused)
{
    (void)unused;
    mho_net *net = net_of(mobile), *one = NULL, *many = NULL;
    mho_images images = images_of(net->node[0].out);
    const mho_fixed_options o = presets();
    mho_run *run = NULL;
    must(mho_run_create(&run));
    mho_run *before = mho_run_bind(run);
    must(mho_run_set_threads(run, 1));
    must(mho_fixed_quantize(net, &images, &o, &one, NULL));
    must(mho_run_set_threads(run, 3));
    must(mho_fixed_quantize(net, &images, &o, &many, NULL));
    mho_run_bind(before);
    mho_run_destroy(run);
    assert_true(mho_net_identity(one, true) == mho_net_identity(many, true));
    assert_true(mho_net_identity(one, true) != mho_net_identity(net, true));
    mho_net_destroy(one);
    mho_net_destroy(many);
    free_images(&images);
    mho_net_destroy(net);
}

static void wants_status(const mho_net *net, const mho_images *images, mho_status want,
                         const char *says)
{
    const mho_fixed_options o = presets();
    mho_net *out = NULL;
    assert_int_equal(mho_fixed_quantize(net, images, &o, &out, NULL), want);
    assert_null(out);
    if (!strstr(mho_error_message(), says))
        fail_msg("'%s' lacks '%s'", mho_error_message(), says);
}

static void misuse(void **unused)
{
    (void)unused;
    mho_net *net = net_of(mobile), *bare = NULL;
    mho_images images = images_of(net->node[0].out);
    mho_images none = images;
    none.count = 0;
    wants_status(net, &none, MHO_ENODATA, "training images");
    mho_images other = images;
    other.shape.h = 4;
    wants_status(net, &other, MHO_EDOMAIN, "4");
    must(mho_net_read(mobile, "test", &bare));
    wants_status(bare, &images, MHO_EDOMAIN, "no weights");
    mho_net_destroy(bare);
    bare = net_of("input: {shape: [3, 8, 8]}\nlayers:\n  - relu\n  - flatten\n");
    wants_status(bare, &images, MHO_EDOMAIN, "nothing to quantize");
    mho_net_destroy(bare);
    bare = net_of(
        "input: {shape: [3, 8, 8]}\nlayers:\n  - conv: {out: 4, kernel: 3}\n  - sign\n  - fc: 5\n");
    wants_status(bare, &images, MHO_ENOTMODELED, "1 bit");
    mho_net_destroy(bare);
    mho_fixed_options o = presets();
    assert_int_equal(mho_fields_set(&mho_fixed_fields, "bits=33", &o, NULL), MHO_ECONFIG);
    assert_int_equal(mho_fields_set(&mho_fixed_fields, "percentile=120", &o, NULL), MHO_ECONFIG);
    assert_int_equal(mho_fields_set(&mho_fixed_fields, "maps_rule=mean", &o, NULL), MHO_ECONFIG);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_blocks_do_not_matter),
        cmocka_unit_test(rules_against_the_numbers),
        cmocka_unit_test(loss_by_hand),
        cmocka_unit_test(preparation_changes_no_value),
        cmocka_unit_test(finer_codes_are_nearer),
        cmocka_unit_test(the_best_is_taken),
        cmocka_unit_test(codes_keep_their_scales),
        cmocka_unit_test(codes_go_where_values_are),
        cmocka_unit_test(depthwise_layers_are_equalized),
        cmocka_unit_test(biases_take_the_shift),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
