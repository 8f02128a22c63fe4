/* SPDX-License-Identifier: Apache-2.0 */
/* Networks through ONNX and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/onnx.h"
#include "slow_forward.h"

static char path[64];

static mho_net *trained(const char *zoo, mho_style style)
{
    mho_net *net = NULL, *styled = NULL;
    assert_int_equal(mho_net_zoo(zoo, &net), MHO_OK);
    assert_int_equal(mho_net_style(net, style, &styled), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(styled), MHO_OK);
    slow_random_parameters(styled, 7);
    mho_net_destroy(net);
    return styled;
}

static mho_net *from_text(const char *text)
{
    mho_net *net = NULL;
    if (mho_net_read(text, "small", &net) != MHO_OK || mhoi_net_alloc_parameters(net) != MHO_OK)
        fail_msg("%s", mho_error_message());
    slow_random_parameters(net, 3);
    return net;
}

static void check_values(const char *name, const float *a, const float *b, size_t n)
{
    assert_int_equal(a != NULL, b != NULL);
    if (a && memcmp(a, b, n * sizeof(float)) != 0)
        fail_msg("%s: parameters differ", name);
}

static void check_same(const mho_net *a, const mho_net *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->nodes, b->nodes);
    assert_int_equal(a->input_bits, b->input_bits);
    assert_true(a->input_scale == b->input_scale);
    for (size_t i = 0; i < a->nodes; i++) {
        const mho_node *m = &a->node[i], *n = &b->node[i];
        check_values(m->name, m->weight, n->weight, mho_node_weight_count(m));
        check_values(m->name, m->bias, n->bias, m->out.c);
        check_values(m->name, m->gamma, n->gamma, m->out.c);
        check_values(m->name, m->beta, n->beta, m->out.c);
        check_values(m->name, m->mean, n->mean, m->out.c);
        check_values(m->name, m->variance, n->variance, m->out.c);
        assert_int_equal(m->op, n->op);
        assert_string_equal(m->name, n->name);
        assert_int_equal(m->inputs, n->inputs);
        assert_memory_equal(m->input, n->input, m->inputs * sizeof m->input[0]);
        assert_memory_equal(&m->in, &n->in, sizeof m->in);
        assert_memory_equal(&m->out, &n->out, sizeof m->out);
        assert_memory_equal(&m->pad_top, &n->pad_top, 4 * sizeof m->pad_top);
        assert_int_equal(m->kh, n->kh);
        assert_int_equal(m->kw, n->kw);
        assert_int_equal(m->ceil_mode, n->ceil_mode);
        assert_int_equal(m->alphabet, n->alphabet);
        assert_int_equal(m->block, n->block);
        assert_int_equal(m->block_channels, n->block_channels);
        assert_int_equal(m->weight_bits, n->weight_bits);
        assert_int_equal(m->value_bits, n->value_bits);
        assert_true(m->value_scale == n->value_scale);
        check_values(m->name, m->weight_scale, n->weight_scale, m->out.c);
        assert_int_equal(m->has_bias, n->has_bias);
        assert_true(m->slope == n->slope && m->epsilon == n->epsilon);
        if (m->op == MHO_OP_CONV || m->op == MHO_OP_MAXPOOL || m->op == MHO_OP_AVGPOOL)
            assert_memory_equal(&m->stride_h, &n->stride_h, 4 * sizeof m->stride_h);
        if (m->op == MHO_OP_CONV)
            assert_int_equal(m->groups, n->groups);
    }
}

static void round_trip(mho_net *net)
{
    mho_net *back = NULL;
    if (mho_onnx_write(net, path) != MHO_OK || mho_onnx_read(path, &back) != MHO_OK)
        fail_msg("%s", mho_error_message());
    check_same(net, back);
    mho_net_destroy(back);
    mho_net_destroy(net);
}

static const char small[] =
    "source: every operator\n"
    "input: {shape: [3, 9, 9], bits: 4, scale: 0.25}\n"
    "layers:\n"
    "  - conv: {out: 4, kernel: [3, 2], stride: 2, pad: [1, 0, 1, 1], bias: false}\n"
    "  - batchnorm: {epsilon: 0.001}\n"
    "  - residual:\n"
    "    - conv: {out: 6, kernel: 3, pad: 1, groups: 2}\n"
    "    - leaky_relu: 0.1\n"
    "  - conv: {out: 5, kernel: [1, 2], stride: [1, 2], dilation: [2, 3], pad: [0, 1, 1, 2]}\n"
    "  - maxpool: {kernel: 2, stride: [2, 1], dilation: [1, 2], ceil: true}\n"
    "  - sign\n"
    "  - avgpool: {kernel: 2, stride: 1, pad: same}\n"
    "  - step\n"
    "  - flatten\n"
    "  - relu\n"
    "  - fc: 7\n"
    "  - batchnorm\n"
    "  - fc: {out: 3, bias: false}\n"
    "  - softmax\n";

static void round_trips_are_exact(void **state)
{
    (void)state;
    round_trip(trained("lenet", MHO_STYLE_FLOAT));
    round_trip(trained("lenet", MHO_STYLE_BINARY));
    round_trip(trained("cifarnet", MHO_STYLE_BINARY));
    round_trip(trained("resnet34", MHO_STYLE_FLOAT));
    round_trip(from_text(small));
}

static mho_net *circulant(const char *zoo, const char *blocks, const char *bits)
{
    mho_net *net = trained(zoo, MHO_STYLE_FLOAT);
    if (mho_net_set_blocks(net, blocks) != MHO_OK || mho_net_set_bits(net, bits) != MHO_OK)
        fail_msg("%s", mho_error_message());
    return net;
}

/* A scale for the layer, or one a channel. */
static void scale_weights(mho_node *node, bool channels)
{
    node->has_weight_scale = true;
    assert_int_equal(mhoi_alloc(&node->weight_scale, node->out.c, sizeof(float), "scales"), MHO_OK);
    for (size_t c = 0; c < node->out.c; c++)
        node->weight_scale[c] = 0.1f + (channels ? 0.003f * (float)c : 0);
}

/* Blocks, bits and the codes of maps come back; blocks that the weights do not have are refused. */
static void circulant_weights_come_back(void **state)
{
    (void)state;
    mho_net *net = circulant("cifarnet", "fc:16,conv:8c,conv1:4", "fc:2/4,conv:4"), *back = NULL;
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].value_bits && i % 3)
            net->node[i].value_scale = ldexpf(i % 2 ? 1 : 0.7f, -(int)i);
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].weight_bits)
            scale_weights(&net->node[i], i % 2);
    round_trip(net);
    net = circulant("lenet5", "fc:16", "conv:4");
    net->node[net->nodes - 1].weight[3] += 1;
    assert_int_equal(mho_onnx_write(net, path), MHO_OK);
    assert_int_equal(mho_onnx_read(path, &back), MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "weight"));
    mho_net_destroy(net);
}

/* 430,500 weights of a byte, not of four. */
static void binary_files_are_small(void **state)
{
    (void)state;
    mho_net *net = trained("lenet", MHO_STYLE_BINARY);
    assert_int_equal(mho_onnx_write(net, path), MHO_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    if (info.st_size > 430500 + 16000)
        fail_msg("%lld bytes", (long long)info.st_size);
    mho_net_destroy(net);
}

static void what_cannot_be_written_is_told(void **state)
{
    (void)state;
    mho_net *net = NULL;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_onnx_write(net, path), MHO_EDOMAIN);
    mho_net_destroy(net);
    net = from_text("input: {shape: [1, 4, 4]}\nlayers: [fc: 4, conv: {out: 2, kernel: 1}]");
    assert_int_equal(mho_onnx_write(net, path), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "conv2"));
    mho_net_destroy(net);
    net = trained("lenet5", MHO_STYLE_FLOAT);
    assert_int_equal(mho_onnx_write(net, "/dev/null/x.onnx"), MHO_EFILE);
    mho_net_destroy(net);
}

static void parameters_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    mho_net *net = from_text("input: {shape: [1, 4, 4]}\nlayers: [fc: 4]"), *back = NULL;
    const float mark = 1234.56789f, none = NAN;
    char *bytes = NULL;
    size_t size, at = 0;
    net->node[1].bias[2] = NAN;
    assert_int_equal(mho_onnx_write(net, path), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "layer 'fc1': parameter 2 is nan"));
    net->node[1].bias[2] = mark;
    assert_int_equal(mho_onnx_write(net, path), MHO_OK);
    assert_int_equal(mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, &size), MHO_OK);
    while (at + sizeof mark < size && memcmp(bytes + at, &mark, sizeof mark) != 0)
        at++;
    memcpy(bytes + at, &none, sizeof none);
    assert_int_equal(mhoi_file_write(path, bytes, size), MHO_OK);
    mhoi_free(&bytes);
    assert_int_equal(mho_onnx_read(path, &back), MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "layer 'fc1': parameter 2 is nan"));
    assert_null(back);
    mho_net_destroy(net);
}

static mho_status parse(const char *bytes, size_t size)
{
    mho_net *net = NULL;
    char *exact = malloc(size ? size : 1); /* so that a sanitizer sees any read beyond */
    memcpy(exact, bytes, size);
    const mho_status s = mho_onnx_parse(exact, size, "x.onnx", &net);
    free(exact);
    assert_int_equal(s == MHO_OK, net != NULL);
    mho_net_destroy(net);
    return s;
}

static char *small_file(size_t *size)
{
    mho_net *net = from_text(small);
    char *bytes = NULL;
    assert_int_equal(mho_onnx_write(net, path), MHO_OK);
    assert_int_equal(mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, size), MHO_OK);
    mho_net_destroy(net);
    return bytes;
}

static void truncated_files_are_malformed(void **state)
{
    (void)state;
    size_t size;
    char *bytes = small_file(&size);
    const uint64_t live = mhoi_alloc_live();
    for (size_t n = 0; n < size; n++)
        if (parse(bytes, n) == MHO_OK && n + 400 < size) /* but for metadata and opset at the end */
            fail_msg("%zu of %zu bytes were taken for a model", n, size);
    assert_int_equal(parse(bytes, 0), MHO_EFORMAT);
    assert_int_equal(parse("not a model at all", 18), MHO_EFORMAT);
    assert_int_equal(mhoi_alloc_live(), live);
    mhoi_free(&bytes);
}

static void mutated_files_never_crash(void **state)
{
    (void)state;
    size_t size;
    char *bytes = small_file(&size);
    const uint64_t live = mhoi_alloc_live();
    char *copy = malloc(size);
    uint32_t random = 99;
    for (size_t round = 0; round < 6000; round++) {
        memcpy(copy, bytes, size);
        for (size_t k = 0; k < 1 + round % 4; k++) {
            random = random * 1664525U + 1013904223U;
            const size_t at = (random >> 4) % size;
            random = random * 1664525U + 1013904223U;
            copy[at] = (char)(round % 2 ? random >> 24 : (uint32_t)copy[at] ^ 1U << (random >> 29));
        }
        (void)parse(copy, size);
    }
    assert_int_equal(mhoi_alloc_live(), live);
    free(copy);
    mhoi_free(&bytes);
}

/* graph { node { attribute { g { node { ... : one more level for every five bytes or so. */
static void deep_nesting_is_refused(void **state)
{
    (void)state;
    enum { LEVELS = 20000, BYTES = LEVELS * 6 };
    static const char tags[3] = {1 << 3 | 2, 5 << 3 | 2, 6 << 3 | 2};
    char *bytes = malloc(BYTES + 16);
    size_t begin = BYTES + 16, length = 0;
    for (size_t k = 0; k < LEVELS; k++) { /* from the inside out, lengths of four bytes */
        const char tag = k + 1 == LEVELS ? 7 << 3 | 2 : tags[k % 3 == 0 ? 0 : k % 3 == 2 ? 1 : 2];
        begin -= 5;
        bytes[begin] = tag;
        for (size_t j = 0; j < 4; j++)
            bytes[begin + 1 + j] = (char)((length >> (7 * j) & 127) | (j < 3 ? 128 : 0));
        length += 5;
    }
    assert_int_equal(parse(bytes + begin, length), MHO_EFORMAT);
    free(bytes);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    mho_net *net = from_text(small);
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    uint64_t k = 1;
    for (; s == MHO_ENOMEM && k < 100000; k++) {
        mho_net *back = NULL;
        mhoi_alloc_fail_at(k);
        s = mho_onnx_write(net, path);
        if (!s)
            s = mho_onnx_read(path, &back);
        mho_net_destroy(back);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mhoi_alloc_fail_at(0);
    assert_int_equal(s, MHO_OK);
    assert_true(k > 100);
    mho_net_destroy(net);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "test_onnx_%ld.onnx", (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_are_exact),
        cmocka_unit_test(circulant_weights_come_back),
        cmocka_unit_test(binary_files_are_small),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(parameters_that_are_no_numbers_are_refused),
        cmocka_unit_test(truncated_files_are_malformed),
        cmocka_unit_test(mutated_files_never_crash),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
