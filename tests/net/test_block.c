/* SPDX-License-Identifier: Apache-2.0 */
/* Block-circulant weights: the expansion against its definition and against FFTs, projection, what users write. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fftw3.h>

#include "net/block.h"

static uint64_t state_of_draws = 1;

static double draw(void)
{
    state_of_draws = state_of_draws * 6364136223846793005u + 1442695040888963407u;
    return (double)(state_of_draws >> 40) / (1 << 23) - 1;
}

static size_t draw_size(size_t lowest, size_t highest)
{
    return lowest + (size_t)((draw() + 1) / 2 * (double)(highest - lowest + 1));
}

static mho_node random_node(void)
{
    mho_node n = {.op = draw() < 0 ? MHO_OP_CONV : MHO_OP_FC, .groups = 1};
    n.groups = n.op == MHO_OP_CONV ? draw_size(1, 2) : 1;
    n.in = (mho_shape){n.groups * draw_size(1, 12), draw_size(1, 4), draw_size(1, 4)};
    n.out.c = n.groups * draw_size(1, 20);
    n.kh = draw_size(1, 3);
    n.kw = draw_size(1, 3);
    n.block = draw_size(2, 17);
    n.block_channels = draw() < 0;
    return n;
}

/* Row of the padded matrix for element (channel, tap) of a filter, in words of the definition. */
static size_t row_of(const mho_node *n, size_t channel, size_t tap)
{
    const size_t channels = n->in.c / n->groups;
    const size_t padded = (channels + n->block - 1) / n->block * n->block;
    return tap * (n->block_channels ? padded : channels) + channel;
}

static void weights_are_those_of_the_definition(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        const mho_node n = random_node();
        const mhoi_block b = mhoi_block_of(&n);
        const size_t channels = n.in.c / n.groups, filters = n.out.c / n.groups, k = n.block;
        const size_t taps = n.op == MHO_OP_CONV ? n.kh * n.kw : n.in.h * n.in.w;
        const size_t count = n.out.c * channels * taps;
        uint32_t *index = malloc(2 * count * sizeof *index);
        mhoi_block_indices(&b, false, index);
        mhoi_block_indices(&b, true, index + count);
        for (size_t o = 0; o < n.out.c; o++)
            for (size_t c = 0; c < channels; c++)
                for (size_t t = 0; t < taps; t++) {
                    const size_t row = row_of(&n, c, t), a = o % filters % k;
                    const size_t block = (o / filters * b.q + o % filters / k) * b.p + row / k;
                    const size_t want = block * k + (row % k + k - a) % k;
                    assert_int_equal(index[(o * channels + c) * taps + t], want);
                    assert_int_equal(index[count + (o * taps + t) * channels + c], want);
                    assert_true(want < mhoi_block_numbers(&b));
                }
        free(index);
    }
}

/* y = IFFT(conj(FFT(w)) FFT(x)), w the first row of a block. */
static void fft_product(size_t k, const double *w, const double *x, double *y)
{
    double complex *a = fftw_malloc(k * sizeof *a), *b = fftw_malloc(k * sizeof *b);
    fftw_plan forward = fftw_plan_dft_1d((int)k, a, a, FFTW_FORWARD, FFTW_ESTIMATE);
    fftw_plan back = fftw_plan_dft_1d((int)k, b, b, FFTW_BACKWARD, FFTW_ESTIMATE);
    for (size_t i = 0; i < k; i++) {
        a[i] = w[i];
        b[i] = x[i];
    }
    fftw_execute_dft(forward, a, a);
    fftw_execute_dft(forward, b, b);
    for (size_t i = 0; i < k; i++)
        b[i] *= conj(a[i]);
    fftw_execute(back);
    for (size_t i = 0; i < k; i++)
        y[i] = creal(b[i]) / (double)k;
    fftw_destroy_plan(forward);
    fftw_destroy_plan(back);
    fftw_free(a);
    fftw_free(b);
}

/* A fully connected layer of p x q blocks: the expanded product is that of the FFTs. */
static void products_are_those_of_ffts(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 4, 7, 16, 128};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t k = sizes[s], p = 3, q = 2;
        const mho_node n = {.op = MHO_OP_FC, .in = {p * k, 1, 1}, .out = {q * k, 1, 1}, .block = k};
        const mhoi_block b = mhoi_block_of(&n);
        uint32_t *index = malloc(p * k * q * k * sizeof *index);
        double *w = malloc(p * q * k * sizeof *w), *x = malloc(p * k * sizeof *x);
        double *y = calloc(k, sizeof *y), *want = malloc(q * k * sizeof *want);
        assert_int_equal(mhoi_block_numbers(&b), p * q * k);
        mhoi_block_indices(&b, false, index);
        for (size_t i = 0; i < p * q * k; i++)
            w[i] = draw();
        for (size_t i = 0; i < p * k; i++)
            x[i] = draw();
        for (size_t j = 0; j < q; j++)
            for (size_t a = 0; a < k; a++)
                want[j * k + a] = 0;
        for (size_t j = 0; j < q; j++)
            for (size_t i = 0; i < p; i++) {
                fft_product(k, w + (j * p + i) * k, x + i * k, y);
                for (size_t a = 0; a < k; a++)
                    want[j * k + a] += y[a];
            }
        for (size_t o = 0; o < q * k; o++) {
            double sum = 0;
            for (size_t r = 0; r < p * k; r++)
                sum += w[index[o * p * k + r]] * x[r];
            if (!(fabs(sum - want[o]) < 1e-12 * (double)(p * k)))
                fail_msg("k = %zu: output %zu is %.15g, by FFT %.15g", k, o, sum, want[o]);
        }
        free(index);
        free(w);
        free(x);
        free(y);
        free(want);
    }
}

/* The mean along each diagonal: circulant weights stay, and no other circulant weights are nearer. */
static void projections_are_means(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        const mho_node n = random_node();
        const mhoi_block b = mhoi_block_of(&n);
        const size_t count = mho_node_weight_count(&n), numbers = mhoi_block_numbers(&b);
        uint32_t *index = malloc(count * sizeof *index);
        float *w = malloc(count * sizeof *w), *mean = malloc(numbers * sizeof *mean);
        double *sum = calloc(2 * numbers, sizeof *sum);
        mhoi_block_indices(&b, false, index);
        for (size_t i = 0; i < count; i++)
            w[i] = (float)draw();
        for (size_t i = 0; i < count; i++) {
            sum[2 * index[i]] += (double)w[i];
            sum[2 * index[i] + 1] += 1;
        }
        mhoi_block_project(&b, index, w, mean);
        for (size_t i = 0; i < numbers; i++) {
            const double want = sum[2 * i + 1] > 0 ? sum[2 * i] / sum[2 * i + 1] : 0;
            if (!(fabs((double)mean[i] - want) < 1e-5))
                fail_msg("number %zu: %g, want %g", i, (double)mean[i], want);
        }
        free(index);
        free(w);
        free(mean);
        free(sum);
    }
}

static mho_net *lenet(void)
{
    mho_net *net = NULL;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    return net;
}

static const mho_node *layer(const mho_net *net, const char *name)
{
    for (size_t i = 0; i < net->nodes; i++)
        if (!strcmp(net->node[i].name, name))
            return &net->node[i];
    fail_msg("no layer %s", name);
    return NULL;
}

static void users_name_blocks_and_bits(void **state)
{
    (void)state;
    mho_net *net = lenet();
    assert_int_equal(mho_net_set_blocks(net, "fc:128,conv:16,conv2:8c"), MHO_OK);
    assert_int_equal(mho_node_block(layer(net, "conv1")), 16);
    assert_int_equal(mho_node_block(layer(net, "conv2")), 8);
    assert_true(layer(net, "conv2")->block_channels && !layer(net, "conv1")->block_channels);
    assert_int_equal(mho_node_block(layer(net, "fc3")), 128);
    /* 25 rows padded to 32; 20 channels of each tap to 24; 800 and 500 rows to 896 and 512 */
    assert_int_equal(mho_node_stored_weights(layer(net, "conv1")), 2 * 2 * 16);
    assert_int_equal(mho_node_stored_weights(layer(net, "conv2")), 25 * 3 * 7 * 8);
    assert_int_equal(mho_node_stored_weights(layer(net, "fc3")), 7 * 4 * 128);
    assert_int_equal(mho_node_stored_weights(layer(net, "fc4")), 4 * 1 * 128);
    assert_int_equal(mho_net_set_blocks(net, "conv2:1"), MHO_OK);
    assert_int_equal(mho_node_block(layer(net, "conv2")), 1);
    assert_int_equal(mho_node_stored_weights(layer(net, "conv2")), 25 * 20 * 50);
    assert_int_equal(mho_net_set_bits(net, "fc:2/4,conv:4"), MHO_OK);
    assert_int_equal(mho_node_weight_bits(layer(net, "conv1")), 4);
    assert_int_equal(mho_node_weight_bits(layer(net, "fc4")), 2);
    /* conv2 reads conv1 through a pool, fc3 reads conv2, fc4 reads relu3; the image keeps its bits */
    assert_int_equal(mho_node_value_bits(layer(net, "conv1")), 4);
    assert_int_equal(mho_node_value_bits(layer(net, "conv2")), 4);
    assert_int_equal(mho_node_value_bits(layer(net, "relu3")), 4);
    assert_int_equal(mho_node_value_bits(layer(net, "pool1")), 0);
    assert_int_equal(mho_node_value_bits(&net->node[0]), 0);
    /* a layer's own entry counts, wherever it stands */
    assert_int_equal(mho_net_set_blocks(net, "conv2:8c,conv:16"), MHO_OK);
    assert_int_equal(mho_node_block(layer(net, "conv2")), 8);
    assert_true(layer(net, "conv2")->block_channels);
    assert_int_equal(mho_node_block(layer(net, "conv1")), 16);
    assert_int_equal(mho_net_set_bits(net, "fc4:2/3,fc:4/8"), MHO_OK);
    assert_int_equal(mho_node_weight_bits(layer(net, "fc4")), 2);
    assert_int_equal(mho_node_value_bits(layer(net, "relu3")), 3);
    assert_int_equal(mho_node_value_bits(layer(net, "conv2")), 8);
    assert_int_equal(mho_net_set_bits(net, "fc4:2/3,fc3:4,fc:99"), MHO_EUSAGE);
    mho_net_destroy(net);
}

static void bad_entries_are_named(void **state)
{
    (void)state;
    static const char *const blocks[] = {
        "",        "conv",    ":16",      "conv:",
        "conv:0",  "conv:-1", "conv:16x", "conv:99999999999999999999",
        "conv9:4", "conv:4,", "conv:16cc"};
    static const char *const bits[] = {"conv:1",   "conv:9",     "conv:4/", "conv:4/1",
                                       "conv:4/9", "conv:4/4/4", "pool1:4"};
    mho_net *net = lenet();
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (mho_net_set_blocks(net, blocks[i]) != MHO_EUSAGE)
            fail_msg("'%s' is taken for blocks", blocks[i]);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (mho_net_set_bits(net, bits[i]) != MHO_EUSAGE)
            fail_msg("'%s' is taken for bits", bits[i]);
    mho_net_destroy(net);
}

static void given_weights_become_circulant(void **state)
{
    (void)state;
    mho_net *net = lenet();
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    for (size_t i = 0; i < net->nodes; i++)
        for (size_t k = 0; k < mho_node_weight_count(&net->node[i]); k++)
            net->node[i].weight[k] = (float)draw();
    assert_int_equal(mho_net_set_blocks(net, "fc:128,conv:16"), MHO_OK);
    for (size_t i = 0; i < net->nodes; i++)
        assert_int_equal(mhoi_block_check(&net->node[i]), MHO_OK);
    mho_node *conv2 = (mho_node *)layer(net, "conv2");
    conv2->weight[77] += 1;
    assert_int_equal(mhoi_block_check(conv2), MHO_EDOMAIN);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_definition),
        cmocka_unit_test(products_are_those_of_ffts),
        cmocka_unit_test(projections_are_means),
        cmocka_unit_test(users_name_blocks_and_bits),
        cmocka_unit_test(bad_entries_are_named),
        cmocka_unit_test(given_weights_become_circulant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
