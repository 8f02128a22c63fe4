/* SPDX-License-Identifier: Apache-2.0 */
/* Training as a whole: it learns; threads, a break and a checkpoint change no digit; refused memory, damaged
 * checkpoints and wrong options are told; batch normalization before a sign never gives exactly 0. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"
#include "mho/infer.h"
#include "mho/run.h"
#include "quant/codes.h"
#include "train/train_impl.h"

#define CHECKPOINT "test_train.checkpoint"

static const char small_net[] = "source: \"test\"\n"
                                "input: {shape: [1, 28, 28], bits: 8, scale: 0.00390625}\n"
                                "layers:\n"
                                "  - conv: {out: 6, kernel: 5, stride: 2}\n"
                                "  - maxpool: 2\n"
                                "  - fc: 32\n"
                                "  - relu\n"
                                "  - fc: 10\n";

static mho_net *net_of(mho_style style)
{
    mho_net *plain = NULL, *net = NULL;
    if (mho_net_read(small_net, "test", &plain) != MHO_OK ||
        mho_net_style(plain, style, &net) != MHO_OK)
        fail_msg("%s", mho_error_message());
    mho_net_destroy(plain);
    return net;
}

static mho_data digits(size_t train, size_t test)
{
    mho_data data = {.name = "synthetic"};
    assert_int_equal(mho_digits_generate(1, 0, train, &data.train), MHO_OK);
    assert_int_equal(mho_digits_generate(1, train, test, &data.test), MHO_OK);
    return data;
}

static void free_digits(mho_data *data)
{
    mho_images_free(&data->train);
    mho_images_free(&data->test);
}

static mho_train_options options_of(size_t epochs)
{
    mho_train_options o;
    assert_int_equal(mho_fields_preset(&mho_train_fields, &o, NULL), MHO_OK);
    o.epochs = epochs;
    o.batch = 48;
    o.learning_rate = 0.01;
    return o;
}

static void same_parameters(const mho_net *a, const mho_net *b)
{
    for (size_t i = 0; i < a->nodes; ++i) {
        const mho_node *x = &a->node[i], *y = &b->node[i];
        if (mho_node_is_weighted(x))
            assert_memory_equal(x->weight, y->weight, mho_node_weight_count(x) * sizeof(float));
        if (x->op == MHO_OP_BATCHNORM) {
            assert_memory_equal(x->gamma, y->gamma, x->out.c * sizeof(float));
            assert_memory_equal(x->beta, y->beta, x->out.c * sizeof(float));
            assert_memory_equal(x->mean, y->mean, x->out.c * sizeof(float));
            assert_memory_equal(x->variance, y->variance, x->out.c * sizeof(float));
        }
    }
}

static void last_epoch(void *user, const mho_train_epoch *e)
{
    *(mho_train_epoch *)user = *e;
}

static void it_learns(void **state)
{
    (void)state;
    mho_data data = digits(2400, 400);
    for (int style = MHO_STYLE_FLOAT; style <= MHO_STYLE_BINARY; ++style) {
        mho_net *net = net_of((mho_style)style);
        mho_train_epoch last = {0};
        const mho_train_options o = options_of(4);
        assert_int_equal(mho_train(net, &data, &o, NULL, false, last_epoch, &last), MHO_OK);
        assert_int_equal(last.epoch, 4);
        if (!(last.test_error < 0.4 && last.train_error < 0.4))
            fail_msg("style %d: test error %g, train error %g", style, last.test_error,
                     last.train_error);
        size_t wrong = 0;
        assert_int_equal(mho_infer_errors(net, &data.test, 400, &wrong), MHO_OK);
        assert_true(fabs((double)wrong / 400 - last.test_error) < 1e-12);
        mho_net_destroy(net);
    }
    free_digits(&data);
}

/* Circulant weights of few bits are codes in blocks, and software rounds the maps as training did. */
static mho_net *coded_net(void)
{
    mho_net *net = net_of(MHO_STYLE_FLOAT);
    if (mho_net_set_blocks(net, "fc:16,conv:4") != MHO_OK ||
        mho_net_set_bits(net, "conv:4/5,fc:3/4") != MHO_OK)
        fail_msg("%s", mho_error_message());
    return net;
}

static void check_codes(const float *v, size_t n, int exponent, mho_codes codes)
{
    for (size_t i = 0; i < n; ++i) {
        const double code = ldexp((double)v[i], -exponent);
        if (code != nearbyint(code) || code < codes.lo || code > codes.hi)
            fail_msg("%g is no code x 2^%d", (double)v[i], exponent);
    }
}

static int weight_exponent(const mho_node *n)
{
    float largest = 0;
    for (size_t i = 0; i < mho_node_weight_count(n); ++i)
        largest = fmaxf(largest, fabsf(n->weight[i]));
    return mho_quant_cover(-largest, largest, mhoi_codes_of_weights(n->weight_bits));
}

static void few_bits_are_learnt(void **state)
{
    (void)state;
    mho_data data = digits(2400, 400);
    mho_net *net = coded_net();
    mho_train_epoch last = {0};
    const mho_train_options o = options_of(6);
    float *value[8] = {NULL};
    mho_infer *infer = NULL;
    assert_int_equal(mho_train(net, &data, &o, NULL, false, last_epoch, &last), MHO_OK);
    if (!(last.test_error < 0.5))
        fail_msg("test error %g", last.test_error);
    for (size_t i = 0; i < net->nodes; ++i) {
        const mho_node *n = &net->node[i];
        value[i] = calloc(train_elements(n->out), sizeof **value);
        assert_int_equal(mhoi_block_check(n), MHO_OK);
        if (n->weight_bits)
            check_codes(n->weight, mho_node_weight_count(n), weight_exponent(n),
                        mhoi_codes_of_weights(n->weight_bits));
    }
    float input[28 * 28];
    for (size_t i = 0; i < 28 * 28; ++i)
        input[i] = (float)data.test.pixel[i] / 256;
    assert_int_equal(mho_infer_create(net, 1, &infer), MHO_OK);
    assert_int_equal(mho_infer_run_nodes(infer, 1, input, value), MHO_OK);
    for (size_t i = 0; i < net->nodes; ++i) {
        const mho_node *n = &net->node[i];
        assert_int_equal(n->value_bits > 0, n->op == MHO_OP_CONV || n->op == MHO_OP_RELU);
        if (n->value_bits)
            check_codes(value[i], train_elements(n->out), ilogbf(n->value_scale),
                        mhoi_codes_of_map(n->value_bits, n->op == MHO_OP_CONV));
        free(value[i]);
    }
    mho_infer_destroy(infer);
    mho_net_destroy(net);
    free_digits(&data);
}

/* The last epoch rounds, whatever the share of those before. */
static void one_epoch_ends_with_codes(void **state)
{
    (void)state;
    mho_data data = digits(96, 10);
    mho_train_options o = options_of(1);
    o.float_share = 1;
    mho_net *net = coded_net();
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_OK);
    for (size_t i = 0; i < net->nodes; ++i)
        if (mho_node_is_weighted(&net->node[i]))
            check_codes(net->node[i].weight, mho_node_weight_count(&net->node[i]),
                        weight_exponent(&net->node[i]),
                        mhoi_codes_of_weights(net->node[i].weight_bits));
    mho_net_destroy(net);
    free_digits(&data);
}

/* With the learning rate at 0, going on from a network's parameters leaves them, rounded. */
static void fine_tuning_starts_from_what_is_there(void **state)
{
    (void)state;
    mho_data data = digits(96, 10);
    mho_train_options o = options_of(1);
    mho_net *net = net_of(MHO_STYLE_FLOAT), *tuned = NULL;
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_OK);
    assert_int_equal(mho_net_clone(net, &tuned), MHO_OK);
    assert_int_equal(mho_net_set_bits(tuned, "conv:8,fc:8"), MHO_OK);
    o.fine_tune = true;
    o.float_share = o.learning_rate = o.learning_rate_end = 0;
    assert_int_equal(mho_train(tuned, &data, &o, NULL, false, NULL, NULL), MHO_OK);
    for (size_t i = 0; i < net->nodes; ++i) {
        const mho_node *a = &net->node[i], *b = &tuned->node[i];
        const double step = a->weight ? ldexp(1, weight_exponent(b)) : 0;
        for (size_t k = 0; k < mho_node_weight_count(a); ++k)
            if (fabs((double)a->weight[k] - (double)b->weight[k]) > 3 * step)
                fail_msg("weight %zu was %g, is %g", k, (double)a->weight[k], (double)b->weight[k]);
        if (a->bias)
            assert_memory_equal(a->bias, b->bias, a->out.c * sizeof *a->bias);
    }
    mho_net_destroy(net);
    net = net_of(MHO_STYLE_FLOAT);
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_EUSAGE);
    mho_net_destroy(net);
    mho_net_destroy(tuned);
    free_digits(&data);
}

typedef struct rates {
    double of[8];
    size_t count;
} rates;

static void note_rate(void *user, const mho_train_epoch *e)
{
    rates *r = user;
    r->of[r->count++] = e->learning_rate;
}

/* Half a cosine over all steps: the rate of an epoch's last step, and that the parameters feel its end. */
static void the_rate_falls(void **state)
{
    (void)state;
    mho_data data = digits(480, 10);
    mho_train_options o = options_of(3);
    mho_net *net[2];
    rates told = {.count = 0};
    o.learning_rate_end = 0.002;
    for (size_t k = 0; k < 2; ++k) {
        net[k] = net_of(MHO_STYLE_FLOAT);
        assert_int_equal(mho_train(net[k], &data, &o, NULL, false, k ? NULL : note_rate, &told),
                         MHO_OK);
        o.learning_rate_end = o.learning_rate;
    }
    assert_int_equal(told.count, 3);
    const double pi = acos(-1);
    for (size_t e = 0; e < 3; ++e) { /* ten steps an epoch: 9, 19 and 29 of 0..29 */
        const double want = 0.002 + 0.008 * (1 + cos(pi * (double)(10 * e + 9) / 29)) / 2;
        if (!(fabs(told.of[e] - want) < 1e-12))
            fail_msg("epoch %zu: rate %.15g, want %.15g", e + 1, told.of[e], want);
    }
    for (size_t i = 0; i < net[0]->nodes; ++i)
        if (mho_node_is_weighted(&net[0]->node[i]))
            assert_memory_not_equal(net[0]->node[i].weight, net[1]->node[i].weight,
                                    mho_node_weight_count(&net[0]->node[i]) * sizeof(float));
    mho_net_destroy(net[0]);
    mho_net_destroy(net[1]);
    free_digits(&data);
}

static void threads_change_no_digit(void **state)
{
    (void)state;
    mho_data data = digits(480, 10);
    const mho_train_options o = options_of(2);
    for (int style = MHO_STYLE_FLOAT; style <= MHO_STYLE_BINARY; ++style) {
        mho_net *net[2];
        for (size_t k = 0; k < 2; ++k) {
            net[k] = net_of((mho_style)style);
            assert_int_equal(mho_run_set_threads(NULL, k ? 3 : 1), MHO_OK);
            assert_int_equal(mho_train(net[k], &data, &o, NULL, false, NULL, NULL), MHO_OK);
        }
        same_parameters(net[0], net[1]);
        mho_net_destroy(net[0]);
        mho_net_destroy(net[1]);
    }
    free_digits(&data);
}

static void interrupt_at_two(void *user, const mho_train_epoch *e)
{
    (void)user;
    if (e->epoch == 2)
        mho_run_interrupt(NULL);
}

static void a_break(mho_net *whole, mho_net *broken, mho_net *resumed)
{
    mho_data data = digits(480, 10);
    const mho_train_options o = options_of(4);
    mho_train_epoch last = {0};
    assert_int_equal(mho_train(whole, &data, &o, NULL, false, NULL, NULL), MHO_OK);
    assert_int_equal(mho_train(broken, &data, &o, CHECKPOINT, false, interrupt_at_two, NULL),
                     MHO_EINTERRUPTED);
    mho_run_resume(NULL);
    assert_int_equal(mho_train(resumed, &data, &o, CHECKPOINT, true, last_epoch, &last), MHO_OK);
    assert_int_equal(last.epoch, 4);
    same_parameters(whole, resumed);
    /* Once done, resuming gives the same again. */
    assert_int_equal(mho_train(broken, &data, &o, CHECKPOINT, true, last_epoch, &last), MHO_OK);
    same_parameters(whole, broken);
    mho_net_destroy(whole);
    mho_net_destroy(broken);
    mho_net_destroy(resumed);
    free_digits(&data);
}

static void a_break_changes_no_digit(void **state)
{
    (void)state;
    a_break(net_of(MHO_STYLE_BINARY), net_of(MHO_STYLE_BINARY), net_of(MHO_STYLE_BINARY));
    a_break(coded_net(), coded_net(), coded_net());
}

static void damaged_checkpoints_are_refused(void **state)
{
    (void)state;
    mho_data data = digits(96, 10);
    mho_train_options o = options_of(1);
    mho_net *net = net_of(MHO_STYLE_BINARY);
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, false, NULL, NULL), MHO_OK);
    assert_int_equal(mhoi_file_read(CHECKPOINT, MHOI_MODEL_MAX, &bytes, &size), MHO_OK);
    for (size_t cut = 0; cut < size; cut += size / 7 + 1) {
        assert_int_equal(mhoi_file_write(CHECKPOINT, bytes, cut), MHO_OK);
        assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, true, NULL, NULL), MHO_EFORMAT);
    }
    for (size_t at = 120; at < size; at += size / 11) {
        bytes[at] ^= 4;
        assert_int_equal(mhoi_file_write(CHECKPOINT, bytes, size), MHO_OK);
        assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, true, NULL, NULL), MHO_EFORMAT);
        bytes[at] ^= 4;
    }
    assert_int_equal(mhoi_file_write(CHECKPOINT, bytes, size), MHO_OK);
    o.seed = 2;
    assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, true, NULL, NULL), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "seed is 1 there, 2 here"));
    o.seed = 1;
    const float scale = net->input_scale;
    net->input_scale = 1;
    assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, true, NULL, NULL), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "of another training: network differs"));
    net->input_scale = scale;
    data.train.pixel[5] ^= 1;
    assert_int_equal(mho_train(net, &data, &o, CHECKPOINT, true, NULL, NULL), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "of another training: data differs"));
    mhoi_free(&bytes);
    mho_net_destroy(net);
    free_digits(&data);
    (void)unlink(CHECKPOINT);
}

static void refused_memory_leaves_nothing(void **state)
{
    (void)state;
    mho_data data = digits(48, 10);
    const mho_train_options o = options_of(1);
    mho_net *net = net_of(MHO_STYLE_BINARY);
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_OK);
    const uint64_t live = mhoi_alloc_live();
    for (uint64_t k = 1;; ++k) {
        trainer *t = NULL;
        mhoi_alloc_fail_at(k);
        const mho_status s = mhoi_train_create(net, &data.train, &o, &t);
        mhoi_alloc_fail_at(0);
        if (s == MHO_OK) {
            mhoi_train_destroy(t);
            assert_true(k > 20);
            break;
        }
        assert_int_equal(s, MHO_ENOMEM);
        assert_null(t);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_int_equal(mhoi_alloc_live(), live);
    mho_net_destroy(net);
    free_digits(&data);
}

/* A mirror shows images that are the same on both sides as they are, and others not. */
static void a_mirror_turns_left_and_right(void **state)
{
    (void)state;
    mho_data data = digits(96, 10);
    const size_t w = data.train.shape.w, rows = data.train.count * data.train.shape.h;
    mho_train_options plain = options_of(2), mirror = plain;
    plain.shift = mirror.shift = 0;
    mirror.mirror = true;
    for (size_t same = 0; same < 2; ++same) {
        mho_net *a = net_of(MHO_STYLE_BINARY), *b = net_of(MHO_STYLE_BINARY);
        assert_int_equal(mho_train(a, &data, &plain, NULL, false, NULL, NULL), MHO_OK);
        assert_int_equal(mho_train(b, &data, &mirror, NULL, false, NULL, NULL), MHO_OK);
        if (same)
            same_parameters(a, b);
        else
            assert_int_not_equal(mho_net_identity(a, true), mho_net_identity(b, true));
        for (size_t r = 0; r < rows; ++r)
            for (size_t x = 0; x < w / 2; ++x)
                data.train.pixel[r * w + w - 1 - x] = data.train.pixel[r * w + x];
        mho_net_destroy(a);
        mho_net_destroy(b);
    }
    free_digits(&data);
}

/* Behind a step that lets no gradient through nothing is learned before it, and otherwise it is. */
static void gradients_go_through_the_window_of_steps(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [1, 28, 28]}\n"
                               "layers:\n"
                               "  - conv: {out: 3, kernel: 5, stride: 4}\n"
                               "  - step\n"
                               "  - fc: 10\n";
    mho_data data = digits(96, 10);
    for (size_t k = 0; k < 3; ++k) {
        static const double window[] = {0, 0.25, 1};
        mho_train_options o = options_of(2);
        mho_net *net = NULL, *before = NULL;
        assert_int_equal(mho_net_read(text, "step.yaml", &net), MHO_OK);
        o.epochs = 1;
        o.step_window = 1;
        assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_OK);
        assert_int_equal(mho_net_clone(net, &before), MHO_OK);
        o.fine_tune = true;
        o.weight_decay = 0;
        o.step_window = window[k];
        assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_OK);
        const size_t n = mho_node_weight_count(&net->node[1]) * sizeof(float);
        const bool same = memcmp(net->node[1].weight, before->node[1].weight, n) == 0;
        assert_int_equal(same, window[k] == 0);
        mho_net_destroy(net);
        mho_net_destroy(before);
    }
    free_digits(&data);
}

/* Sums of signs are whole numbers: batch normalization of them gives no 0 either. */
static void no_sum_of_signs_gives_zero(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [1, 8, 8]}\n"
                               "layers:\n"
                               "  - conv: {out: 3, kernel: 3, pad: 1}\n"
                               "  - residual:\n"
                               "    - conv: {out: 3, kernel: 3, pad: 1}\n"
                               "  - fc: 2\n";
    mho_net *plain = NULL, *net = NULL;
    assert_int_equal(mho_net_read(text, "sum.yaml", &plain), MHO_OK);
    assert_int_equal(mho_net_style(plain, MHO_STYLE_BINARY, &net), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    size_t at = 0;
    for (size_t i = 1; i < net->nodes; ++i)
        if (net->node[i].op == MHO_OP_BATCHNORM &&
            net->node[net->node[i].input[0]].op == MHO_OP_ADD)
            at = i;
    mho_node *bn = &net->node[at];
    assert_int_equal(bn->op, MHO_OP_BATCHNORM);
    for (size_t k = 0; k < bn->out.c; ++k) {
        bn->gamma[k] = k == 1 ? -1 : 0.5f;
        bn->mean[k] = (float)k * 2 - 2;
    }
    mhoi_train_avoid_zero(net);
    for (size_t k = 0; k < bn->out.c; ++k) {
        float a, b;
        mho_batchnorm_coefficients(bn, k, &a, &b);
        for (int sum = -2; sum <= 2; sum += 2) {
            const float y = (float)sum * a + b, was = ((float)sum - bn->mean[k]) * bn->gamma[k];
            assert_true(y != 0.0f);
            assert_int_equal(y > 0.0f, was > 0.0f);
        }
    }
    mho_net_destroy(plain);
    mho_net_destroy(net);
}

/* Batch normalizations made to hit 0 at some sum: no sum gives 0 afterwards and no sign has changed. */
static void no_sum_gives_zero(void **state)
{
    (void)state;
    mho_net *net = net_of(MHO_STYLE_BINARY);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    mho_node *bn = &net->node[2];
    assert_int_equal(bn->op, MHO_OP_BATCHNORM);
    const double step = 1.0 / 256;
    static const float gammas[6] = {1, -0.5f, 0.01f, 0, 3e-5f, -70};
    size_t zeros = 0;
    for (size_t k = 0; k < bn->out.c; ++k) {
        bn->gamma[k] = gammas[k];
        bn->mean[k] = (float)((double)(k * 3) * step);
        bn->variance[k] = k == 4 ? 0 : 0.25f;
    }
    mho_net *after = NULL;
    assert_int_equal(mho_net_clone(net, &after), MHO_OK);
    mhoi_train_avoid_zero(after);
    for (size_t k = 0; k < bn->out.c; ++k) {
        float a, b, a2, b2;
        mho_batchnorm_coefficients(bn, k, &a, &b);
        mho_batchnorm_coefficients(&after->node[2], k, &a2, &b2);
        for (int j = -25 * 255; j <= 25 * 255; ++j) {
            const float x = (float)(j * step), before = x * a, now = x * a2;
            zeros += before + b == 0.0f;
            assert_true(now + b2 != 0.0f);
            assert_int_equal(now + b2 > 0.0f, before + b > 0.0f);
        }
    }
    assert_true(zeros >= 5); /* the case was there */
    mho_net_destroy(after);
    mho_net_destroy(net);
}

static void misfits_are_told(void **state)
{
    (void)state;
    mho_data data = digits(48, 10);
    mho_train_options o = options_of(1);
    mho_net *net = net_of(MHO_STYLE_BINARY);
    o.shift = 40;
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_EDOMAIN);
    o = options_of(1);
    data.train.classes = 11;
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_EDOMAIN);
    data.train.classes = 10;
    assert_int_equal(mho_train(net, &data, &o, NULL, true, NULL, NULL), MHO_EUSAGE);
    o.learning_rate = 10;
    o.label_smoothing = 0;
    data.train.shape.h = 27;
    assert_int_equal(mho_train(net, &data, &o, NULL, false, NULL, NULL), MHO_EDOMAIN);
    data.train.shape.h = 28;
    mho_net_destroy(net);
    free_digits(&data);
}

int main(void)
{
    if (mho_cpu_init() != MHO_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns),
        cmocka_unit_test(the_rate_falls),
        cmocka_unit_test(threads_change_no_digit),
        cmocka_unit_test(few_bits_are_learnt),
        cmocka_unit_test(one_epoch_ends_with_codes),
        cmocka_unit_test(fine_tuning_starts_from_what_is_there),
        cmocka_unit_test(a_break_changes_no_digit),
        cmocka_unit_test(damaged_checkpoints_are_refused),
        cmocka_unit_test(refused_memory_leaves_nothing),
        cmocka_unit_test(no_sum_gives_zero),
        cmocka_unit_test(no_sum_of_signs_gives_zero),
        cmocka_unit_test(gradients_go_through_the_window_of_steps),
        cmocka_unit_test(a_mirror_turns_left_and_right),
        cmocka_unit_test(misfits_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
