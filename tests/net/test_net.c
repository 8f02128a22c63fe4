/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, shapes, styles and parameters of networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/asset.h"
#include "mho/net.h"
#include "net/small_weights.h"
#include "slow_forward.h"

#define HEAD "input: {shape: [2, 8, 8]}\nlayers:\n"

static mho_net *read_ok(const char *text)
{
    mho_net *net = NULL;
    if (mho_net_read(text, "t.yaml", &net) != MHO_OK)
        fail_msg("%s", mho_error_message());
    return net;
}

static void check_shape(const mho_net *net, size_t i, size_t c, size_t h, size_t w)
{
    const mho_shape s = net->node[i].out;
    if (s.c != c || s.h != h || s.w != w)
        fail_msg("%s: %zu x %zu x %zu, want %zu x %zu x %zu", net->node[i].name, s.c, s.h, s.w, c,
                 h, w);
}

static void shapes_are_inferred(void **state)
{
    (void)state;
    mho_net *net =
        read_ok(HEAD "  - conv: {out: 4, kernel: [3, 1], stride: 2, pad: [1, 0, 0, 2], groups: 2}\n"
                     "  - maxpool: {kernel: 2, ceil: true}\n"
                     "  - {relu: , name: top}\n"
                     "  - avgpool: {kernel: 3, stride: 1, pad: same}\n"
                     "  - add: [top, pool1b]\n"
                     "  - flatten\n"
                     "  - fc: {out: 5, bias: false}\n"
                     "  - softmax\n");
    assert_string_equal(net->name, "t");
    assert_string_equal(net->node[1].name, "conv1");
    check_shape(net, 1, 4, 4, 5); /* (8 + 1 - 3) / 2 + 1, (8 + 2 - 1) / 2 + 1 */
    check_shape(net, 2, 4, 2, 3); /* 5 columns: two windows and a part of one */
    check_shape(net, 4, 4, 2, 3);
    check_shape(net, 6, 24, 1, 1);
    check_shape(net, 7, 5, 1, 1);
    assert_int_equal(mho_node_weight_count(&net->node[1]), 4 * 1 * 3 * 1);
    assert_int_equal(mho_net_parameters(net), 12 + 4 + 120);
    assert_int_equal(mho_net_macs(net), 12 * 20 + 120);
    mho_net_destroy(net);
}

static void blocks_take_arguments(void **state)
{
    (void)state;
    mho_net *net = read_ok("input: {shape: [2, 8, 8], bits: 4}\n"
                           "blocks:\n"
                           "  inner: [conv: {out: $out, kernel: $k, pad: $p}, relu]\n"
                           "  outer: [inner: {out: $c, k: 3, p: 1, times: 2}, maxpool: 2]\n"
                           "layers:\n"
                           "  - outer: {c: 3}\n"
                           "  - outer: {c: 5}\n");
    assert_int_equal(net->nodes, 1 + 2 * 5);
    check_shape(net, 5, 3, 4, 4);
    check_shape(net, 10, 5, 2, 2);
    assert_int_equal(net->input_bits, 4);
    assert_true(net->input_scale == 1.0F / 16);
    mho_net_destroy(net);
}

static void malformed_networks_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mho_status status;
        const char *message;
    } rows[] = {
        {"layers: [relu]", MHO_ECONFIG, "t.yaml:1: input"},
        {"input: {shape: [1, 2]}\nlayers: [relu]", MHO_ECONFIG, "t.yaml:1: shape"},
        {"input: {shape: [1, 0, 2]}\nlayers: [relu]", MHO_ECONFIG, "t.yaml:1: layer 'input'"},
        {"input: {shape: [1, 2, 2], bits: 40}\nlayers: [relu]", MHO_EDOMAIN,
         "bits = 40, want 1..16"},
        {"input: {shape: [1, 2, 2], scale: -1}\nlayers: [relu]", MHO_EDOMAIN, "scale = -1"},
        {"input: {shape: [1, 2, 2]}\nlayers: []", MHO_ECONFIG, "layers"},
        {"[1, 2]", MHO_ECONFIG, "t.yaml:1"},
        {HEAD "  - relu\n  - convv: {out: 1}\n", MHO_ECONFIG,
         "t.yaml:4: unknown layer 'convv'; did you mean conv?"},
        {HEAD "  - conv: {out: 1, kernal: 3}\n", MHO_ECONFIG,
         "t.yaml:3: unknown key 'kernal'; did you mean kernel?"},
        {HEAD "  - conv: {kernel: 3}\n", MHO_ECONFIG, "t.yaml:3: conv: out is missing"},
        {HEAD "  - conv: {out: 3}\n", MHO_ECONFIG, "kernel is missing"},
        {HEAD "  - conv: {out: 0, kernel: 3}\n", MHO_ECONFIG, "layer 'conv1': 0 output"},
        {HEAD "  - conv: {out: 3, kernel: 9}\n", MHO_ECONFIG,
         "t.yaml:3: layer 'conv1': kernel height 9"},
        {HEAD "  - conv: {out: 3, kernel: 0}\n", MHO_ECONFIG, "kernel height 0"},
        {HEAD "  - conv: {out: 3, kernel: 3, stride: 0}\n", MHO_ECONFIG, "stride 0"},
        {HEAD "  - conv: {out: 3, kernel: 3, groups: 2}\n", MHO_ECONFIG, "2 groups"},
        {HEAD "  - conv: {out: 3, kernel: 3, bias: maybe}\n", MHO_ECONFIG, "bias = maybe"},
        {HEAD "  - conv: {out: 3, kernel: 3, stride: 2, pad: same}\n", MHO_ECONFIG, "same"},
        {HEAD "  - conv: {out: 3, kernel: [3, 3, 3]}\n", MHO_ECONFIG, "kernel of 3"},
        {HEAD "  - conv: {out: -3, kernel: 3}\n", MHO_ECONFIG, "t.yaml:3"},
        {HEAD "  - maxpool: {kernel: 2, pad: 2}\n", MHO_ECONFIG, "padding 2"},
        {HEAD "  - fc: 10\n    name: a\n  - fc: 10\n    name: a\n", MHO_ECONFIG,
         "two layers of this name"},
        {HEAD "  - add: [input]\n", MHO_ECONFIG, "t.yaml:3: add"},
        {HEAD "  - add: [input, later]\n", MHO_ECONFIG, "no layer 'later'"},
        {HEAD "  - {fc: 3, from: x}\n", MHO_ECONFIG, "no layer 'x'"},
        {HEAD "  - fc: 3\n  - add: [fc1, input]\n", MHO_ECONFIG,
         "t.yaml:4: layer 'add1': adds 'fc1' of 3"},
        {HEAD "  - fc: 3\n  - {relu: , from: input}\n", MHO_ECONFIG,
         "layer 'fc1': no layer reads it"},
        {HEAD "  - relu: 3\n", MHO_ECONFIG, "relu takes no value"},
        {HEAD "  - {relu: , sign: }\n", MHO_ECONFIG, "second layer 'sign'"},
        {HEAD "  - fc: $x\n", MHO_ECONFIG, "t.yaml:3: $x"},
        {HEAD "  - [relu]\n", MHO_ECONFIG, "t.yaml:3"},
        {HEAD "  - leaky_relu: nan\n", MHO_ECONFIG, "t.yaml:3"},
        {HEAD "  - leaky_relu: 2\n", MHO_ECONFIG, "slope 2"},
        {HEAD "  - batchnorm: {epsilon: 1e300}\n", MHO_EDOMAIN, "t.yaml:3: epsilon = 1e+300"},
        {HEAD "  - leaky_relu: 1e300\n", MHO_EDOMAIN, "t.yaml:3: leaky_relu = 1e+300"},
        {HEAD "  - batchnorm: {epsilon: 0}\n", MHO_ECONFIG, "epsilon 0"},
        {HEAD "  - a\nblocks:\n  a: [a]\n", MHO_ECONFIG, "nested deeper"},
        {HEAD "  - a: {times: 100000}\nblocks:\n  a: [relu]\n", MHO_EDOMAIN, "times = 100000"},
        {HEAD "  - b: {times: 1000}\nblocks:\n  a: [relu]\n  b: [a: {times: 1000}]\n", MHO_EDOMAIN,
         "more than 10000 layers"},
        {HEAD "  - b: {times: 1000}\nblocks:\n  a: []\n  b: [a: {times: 1000}]\n", MHO_EDOMAIN,
         "blocks unfold to more than 1000000 entries"},
        {HEAD "  - fc: 99999999999999\n", MHO_EDOMAIN, "more than 2^40"},
        {HEAD "  - conv: {out: 1000000000, kernel: 3000, pad: 3000}\n", MHO_EDOMAIN,
         "more than 2^40"},
        {"input: {shape: [1000000, 1000000, 1000000]}\nlayers: [relu]", MHO_EDOMAIN, "2^40"},
        {"input: {shape: [1, 1, 1]\nlayers: [relu]", MHO_EFORMAT, "t.yaml:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = NULL;
        const mho_status s = mho_net_read(rows[i].text, "t.yaml", &net);
        if (s != rows[i].status || !strstr(mho_error_message(), rows[i].message))
            fail_msg("%s\n-> %s: %s, want %s: %s", rows[i].text, mho_status_name(s),
                     s ? mho_error_message() : "", mho_status_name(rows[i].status),
                     rows[i].message);
        assert_null(net);
    }
}

static void binary_lenet_is_conv_norm_pool_sign(void **state)
{
    (void)state;
    static const mho_op want[] = {MHO_OP_INPUT, MHO_OP_CONV,     MHO_OP_BATCHNORM, MHO_OP_MAXPOOL,
                                  MHO_OP_SIGN,  MHO_OP_CONV,     MHO_OP_BATCHNORM, MHO_OP_MAXPOOL,
                                  MHO_OP_SIGN,  MHO_OP_FC,       MHO_OP_BATCHNORM, MHO_OP_SIGN,
                                  MHO_OP_FC,    MHO_OP_BATCHNORM};
    mho_net *net = NULL, *binary = NULL;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_net_style(net, MHO_STYLE_BINARY, &binary), MHO_OK);
    assert_int_equal(binary->nodes, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < binary->nodes; i++) {
        assert_int_equal(binary->node[i].op, want[i]);
        const bool weighted = mho_node_is_weighted(&binary->node[i]);
        assert_int_equal(binary->node[i].alphabet,
                         weighted ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL);
        assert_false(binary->node[i].has_bias);
    }
    assert_string_equal(binary->node[3].name, "pool1");
    assert_string_equal(binary->source, net->source);
    assert_int_equal(mho_net_macs(binary), mho_net_macs(net));
    mho_net_destroy(binary);
    assert_int_equal(mho_net_style(net, MHO_STYLE_FLOAT, &binary), MHO_OK);
    assert_int_equal(binary->nodes, net->nodes);
    mho_net_destroy(binary);
    mho_net_destroy(net);
}

/* Signs are added up, the sums' signs are read behind batch normalization; each is made once.  The average before the
 * last layer goes, that layer reads the whole map. */
static void binary_branches_add_signs(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [3, 8, 8]}\n"
                               "layers:\n"
                               "  - conv: {out: 4, kernel: 3, pad: 1}\n"
                               "  - relu\n"
                               "  - residual:\n"
                               "    - conv: {out: 4, kernel: 3, pad: 1}\n"
                               "    - relu\n"
                               "    - conv: {out: 4, kernel: 3, pad: 1}\n"
                               "  - relu\n"
                               "  - residual:\n"
                               "    - conv: {out: 4, kernel: 3, pad: 1}\n"
                               "  - avgpool: {kernel: 2, stride: 2}\n"
                               "  - residual:\n"
                               "    - conv: {out: 4, kernel: 3, pad: 1}\n"
                               "  - avgpool: global\n"
                               "  - fc: 5\n";
    static const struct {
        mho_op op;
        size_t input[2];
    } want[] = {
        {MHO_OP_INPUT, {0}},
        {MHO_OP_CONV, {0}},
        {MHO_OP_BATCHNORM, {1}},
        {MHO_OP_SIGN, {2}},
        {MHO_OP_CONV, {3}},
        {MHO_OP_BATCHNORM, {4}},
        {MHO_OP_SIGN, {5}},
        {MHO_OP_CONV, {6}},
        {MHO_OP_BATCHNORM, {7}},
        {MHO_OP_SIGN, {8}},
        {MHO_OP_ADD, {9, 3}},
        {MHO_OP_BATCHNORM, {10}}, /* signs of the sum, for a layer; the sum itself goes on */
        {MHO_OP_SIGN, {11}},
        {MHO_OP_CONV, {12}},
        {MHO_OP_BATCHNORM, {13}},
        {MHO_OP_SIGN, {14}},
        {MHO_OP_ADD, {15, 10}},
        {MHO_OP_MAXPOOL, {16}},
        {MHO_OP_BATCHNORM, {17}},
        {MHO_OP_SIGN, {18}},
        {MHO_OP_CONV, {19}},
        {MHO_OP_BATCHNORM, {20}},
        {MHO_OP_SIGN, {21}},
        {MHO_OP_ADD, {22, 17}},
        {MHO_OP_BATCHNORM, {23}},
        {MHO_OP_SIGN, {24}},
        {MHO_OP_FC, {25}},
        {MHO_OP_BATCHNORM, {26}},
    };
    mho_net *net = NULL, *binary = NULL;
    assert_int_equal(mho_net_read(text, "branches.yaml", &net), MHO_OK);
    assert_int_equal(mho_net_style(net, MHO_STYLE_BINARY, &binary), MHO_OK);
    assert_int_equal(binary->nodes, sizeof want / sizeof want[0]);
    for (size_t i = 1; i < binary->nodes; i++) {
        const mho_node *node = &binary->node[i];
        if (node->op != want[i].op)
            fail_msg("node %zu: %s, want %s", i, mho_op_name(node->op), mho_op_name(want[i].op));
        for (size_t k = 0; k < node->inputs; k++)
            if (node->input[k] != want[i].input[k])
                fail_msg("node %zu reads %zu, want %zu", i, node->input[k], want[i].input[k]);
    }
    assert_int_equal(binary->node[26].in.h, 4);
    mho_net_destroy(binary);
    mho_net_destroy(net);
}

static void binary_sums_with_the_image_are_refused(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [3, 8, 8]}\n"
                               "layers:\n"
                               "  - residual:\n"
                               "    - conv: {out: 3, kernel: 3, pad: 1}\n"
                               "  - fc: 5\n";
    mho_net *net = NULL, *binary = NULL;
    assert_int_equal(mho_net_read(text, "image.yaml", &net), MHO_OK);
    assert_int_equal(mho_net_style(net, MHO_STYLE_BINARY, &binary), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "a sum with the image"));
    assert_null(binary);
    mho_net_destroy(net);
}

/* Signs before or after max pooling are the same signs. */
static void pooling_commutes_with_sign(void **state)
{
    (void)state;
    static const char *const order[] = {"  - maxpool: 2\n  - sign\n", "  - sign\n  - maxpool: 2\n"};
    double result[2][4 * 3 * 3];
    for (size_t k = 0; k < 2; k++) {
        char text[256] = HEAD "  - conv: {out: 4, kernel: 3}\n  - batchnorm\n";
        strcat(text, order[k]);
        mho_net *net = read_ok(text);
        assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
        slow_random_parameters(net, 5);
        float input[2 * 8 * 8];
        slow_random_input(net, 3, input);
        double **out = slow_forward(net, input);
        memcpy(result[k], out[net->nodes - 1], sizeof result[k]);
        slow_forward_free(net, out);
        mho_net_destroy(net);
    }
    assert_memory_equal(result[0], result[1], sizeof result[0]);
}

static void parameters_are_allocated_and_cloned(void **state)
{
    (void)state;
    mho_net *net = NULL, *copy = NULL;
    assert_int_equal(mho_net_zoo("tinyyolo", &net), MHO_OK);
    assert_false(mho_net_has_parameters(net));
    assert_int_equal(mho_net_clone(net, &copy), MHO_OK);
    assert_false(mho_net_has_parameters(copy));
    mho_net_destroy(copy);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    assert_true(mho_net_has_parameters(net));
    assert_true(net->node[2].variance[15] == 1 && net->node[2].gamma[15] == 1);
    assert_null(net->node[1].bias);
    slow_random_parameters(net, 1);
    assert_int_equal(mho_net_clone(net, &copy), MHO_OK);
    for (size_t i = 0; i < net->nodes; i++) {
        const size_t n = mho_node_weight_count(&net->node[i]);
        if (n) {
            assert_ptr_not_equal(net->node[i].weight, copy->node[i].weight);
            assert_memory_equal(net->node[i].weight, copy->node[i].weight, n * sizeof(float));
        }
    }
    mho_net_destroy(copy);
    mho_net_destroy(net);
}

static void networks_larger_than_memory_are_refused(void **state)
{
    (void)state;
    mho_net *net = read_ok("input: {shape: [1000000, 1, 1]}\nlayers: [fc: 1000000, fc: 1000000]");
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_ENOMEM);
    assert_non_null(strstr(mho_error_message(), "8000.0 GB"));
    assert_false(mho_net_has_parameters(net));
    mho_net_destroy(net);
}

static mho_status everything(void)
{
    mho_net *net = NULL, *binary = NULL, *copy = NULL;
    mho_status s = mho_net_zoo("lenet", &net);
    if (!s)
        s = mho_net_style(net, MHO_STYLE_BINARY, &binary);
    if (!s)
        s = mhoi_net_alloc_parameters(binary);
    if (!s)
        s = mho_net_clone(binary, &copy);
    mho_net_destroy(copy);
    mho_net_destroy(binary);
    mho_net_destroy(net);
    return s;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    uint64_t k = 1;
    for (; s == MHO_ENOMEM && k < 100000; k++) {
        mhoi_alloc_fail_at(k);
        s = everything();
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mhoi_alloc_fail_at(0);
    assert_int_equal(s, MHO_OK);
    assert_true(k > 20);
}

static void mutated_yaml_never_crashes(void **state)
{
    (void)state;
    const mho_asset *asset = mho_asset_find("configs/net/resnet34.yaml");
    assert_non_null(asset);
    char *text = malloc(asset->size + 1);
    uint32_t random = 12345;
    for (size_t round = 0; round < 2000; round++) {
        memcpy(text, asset->data, asset->size + 1);
        for (size_t k = 0; k < 1 + round % 3; k++) {
            random = random * 1664525U + 1013904223U;
            text[(random >> 8) % asset->size] = "0:-{}[]$x \n9"[random >> 28 & 7];
        }
        if (round % 5 == 0)
            text[random % asset->size] = 0;
        mho_net *net = NULL;
        if (mho_net_read(text, "t.yaml", &net) != MHO_OK)
            assert_null(net);
        mho_net_destroy(net);
    }
    free(text);
}

/* Weights of +-1 and codes wait in bytes; others stay. */
static void weights_wait_in_bytes(void **state)
{
    (void)state;
    mho_net *plain = NULL, *net = NULL, *same = NULL;
    mhoi_small_weights *small = NULL;
    assert_int_equal(mho_net_zoo("lenet", &plain), MHO_OK);
    assert_int_equal(mho_net_style(plain, MHO_STYLE_BINARY, &net), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    size_t layers = 0;
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *n = &net->node[i];
        const size_t count = mho_node_weight_count(n);
        for (size_t k = 0; k < count; k++)
            n->weight[k] = layers == 1 ? 0.3f * (float)(k % 200 % 255) - 30 : k % 3 ? 1.0f : -1.0f;
        if (count && layers++ == 1)
            n->alphabet = MHO_ALPHABET_REAL;
    }
    assert_int_equal(mho_net_clone(net, &same), MHO_OK);
    const uint64_t before = mhoi_alloc_bytes();
    assert_int_equal(mhoi_net_shrink(net, &small), MHO_OK);
    assert_true(before - mhoi_alloc_bytes() > 4 * mho_net_parameters(net) / 2);
    assert_int_equal(mhoi_net_expand(net, &small), MHO_OK);
    assert_null(small);
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].weight)
            assert_memory_equal(net->node[i].weight, same->node[i].weight,
                                mho_node_weight_count(&net->node[i]) * sizeof(float));
    mho_net_destroy(plain);
    mho_net_destroy(net);
    mho_net_destroy(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_are_inferred),
        cmocka_unit_test(blocks_take_arguments),
        cmocka_unit_test(malformed_networks_are_told_with_their_line),
        cmocka_unit_test(binary_lenet_is_conv_norm_pool_sign),
        cmocka_unit_test(binary_branches_add_signs),
        cmocka_unit_test(binary_sums_with_the_image_are_refused),
        cmocka_unit_test(pooling_commutes_with_sign),
        cmocka_unit_test(parameters_are_allocated_and_cloned),
        cmocka_unit_test(weights_wait_in_bytes),
        cmocka_unit_test(networks_larger_than_memory_are_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(mutated_yaml_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
