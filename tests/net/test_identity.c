/* SPDX-License-Identifier: Apache-2.0 */
/* Every attribute and every parameter is part of a network's identity; names of the whole are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/graph.h"

static const char text[] = "input: {shape: [2, 8, 8]}\n"
                           "layers:\n"
                           "  - conv: {out: 4, kernel: 3, pad: 1}\n"
                           "  - batchnorm\n"
                           "  - relu\n"
                           "  - maxpool: 2\n"
                           "  - fc: 10\n";

static mho_net *make(void)
{
    mho_net *net;
    assert_int_equal(mho_net_read(text, "test", &net), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    return net;
}

#define CHANGE(member)                                                                             \
    do {                                                                                           \
        net->member++;                                                                             \
        if (mho_net_identity(net, false) == shape)                                                 \
            fail_msg("%s is not part of the identity", #member);                                   \
        net->member--;                                                                             \
    } while (0)

#define FLIP(member)                                                                               \
    do {                                                                                           \
        net->member = !net->member;                                                                \
        if (mho_net_identity(net, false) == shape)                                                 \
            fail_msg("%s is not part of the identity", #member);                                   \
        net->member = !net->member;                                                                \
    } while (0)

static void every_attribute(void **state)
{
    (void)state;
    mho_net *net = make();
    const uint64_t shape = mho_net_identity(net, false);
    CHANGE(input_scale);
    CHANGE(input_bits);
    CHANGE(node[1].op);
    CHANGE(node[1].name[0]);
    CHANGE(node[1].input[0]);
    CHANGE(node[1].in.c);
    CHANGE(node[1].in.h);
    CHANGE(node[1].in.w);
    CHANGE(node[1].out.c);
    CHANGE(node[1].out.h);
    CHANGE(node[1].out.w);
    CHANGE(node[1].weight_bits);
    CHANGE(node[1].value_bits);
    net->node[1].block++; /* 1 is as good as 0 */
    assert_true(mho_net_identity(net, false) == shape);
    CHANGE(node[1].block);
    net->node[1].block--;
    CHANGE(node[1].kh);
    CHANGE(node[1].kw);
    CHANGE(node[1].stride_h);
    CHANGE(node[1].stride_w);
    CHANGE(node[1].dilation_h);
    CHANGE(node[1].dilation_w);
    CHANGE(node[1].pad_top);
    CHANGE(node[1].pad_left);
    CHANGE(node[1].pad_bottom);
    CHANGE(node[1].pad_right);
    CHANGE(node[1].groups);
    CHANGE(node[1].slope);
    CHANGE(node[1].epsilon);
    FLIP(node[1].ceil_mode);
    CHANGE(node[1].alphabet);
    CHANGE(node[1].dims.rank);
    CHANGE(node[1].dims.size[0]);
    FLIP(node[1].has_bias);
    assert_int_equal(mho_net_identity(net, false), shape);
    net->name[0]++;
    net->source[0]++;
    assert_int_equal(mho_net_identity(net, false), shape);
    mho_net_destroy(net);
}

static void every_parameter(void **state)
{
    (void)state;
    mho_net *net = make();
    const uint64_t shape = mho_net_identity(net, false), whole = mho_net_identity(net, true);
    mho_node *conv = NULL, *norm = NULL;
    for (size_t i = 0; i < net->nodes; i++) {
        conv = net->node[i].op == MHO_OP_CONV ? &net->node[i] : conv;
        norm = net->node[i].op == MHO_OP_BATCHNORM ? &net->node[i] : norm;
    }
    float *const first[] = {conv->weight, conv->bias, norm->gamma,
                            norm->beta,   norm->mean, norm->variance};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        if (!first[i])
            continue;
        const float before = *first[i];
        *first[i] = before + 1;
        if (mho_net_identity(net, true) == whole)
            fail_msg("parameter %zu is not part of the identity", i);
        assert_int_equal(mho_net_identity(net, false), shape);
        *first[i] = before;
    }
    assert_int_equal(mho_net_identity(net, true), whole);
    /* No bias is not a bias of zeros. */
    float *bias = conv->bias;
    assert_non_null(bias);
    conv->bias = NULL;
    assert_true(mho_net_identity(net, true) != whole);
    conv->bias = bias;
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_attribute),
                                       cmocka_unit_test(every_parameter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
