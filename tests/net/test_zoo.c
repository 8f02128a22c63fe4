/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo against sizes published elsewhere; each row names its source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mho/asset.h"
#include "mho/net.h"
#include "net/graph.h"

static mho_net *zoo(const char *name)
{
    mho_net *net = NULL;
    if (mho_net_zoo(name, &net) != MHO_OK)
        fail_msg("%s: %s", name, mho_error_message());
    return net;
}

static uint64_t batchnorm_scales(const mho_net *net)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].op == MHO_OP_BATCHNORM)
            sum += 2 * net->node[i].out.c;
    return sum;
}

static void check_near(const char *name, const char *what, double got, double want,
                       double tolerance)
{
    if (got < want * (1 - tolerance) || got > want * (1 + tolerance))
        fail_msg("%s: %s = %.9g, want %.9g within %g", name, what, got, want, tolerance);
}

static void every_network_is_sound(void **state)
{
    (void)state;
    size_t count, seen = 0;
    const mho_asset *asset = mho_assets(&count);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(asset[i].path, "configs/net/", 12) != 0)
            continue;
        mho_net *net = NULL;
        if (mho_net_read(asset[i].data, asset[i].path, &net) != MHO_OK)
            fail_msg("%s", mho_error_message());
        assert_true(net->source[0] != 0);
        assert_true(mho_net_macs(net) > 0);
        mho_net_destroy(net);
        seen++;
    }
    assert_true(seen >= 13);
}

/* torchvision 0.15's model table (weights' metadata: num_params, which counts gamma and beta;
 * GFLOPS, which counts multiply-accumulates). */
static void sizes_of_torchvision(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t parameters;
        double macs;
    } rows[] = {
        {"alexnet-owt", 61100840, 0.71e9}, {"vgg11", 132863336, 7.61e9},
        {"vgg16", 138357544, 15.47e9},     {"resnet34", 21797672, 3.66e9},
        {"resnet18", 11689512, 1.81e9},    {"resnet101", 44549160, 7.80e9},
        {"resnet50", 25557032, 4.09e9},    {"resnet152", 60192808, 11.51e9},
        {"resnet20", 272474, 40.8e6}, /* akamaster/pytorch_resnet_cifar10, option B: 0.27M */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = zoo(rows[i].name);
        assert_int_equal(mho_net_parameters(net) + batchnorm_scales(net), rows[i].parameters);
        check_near(rows[i].name, "MACs", (double)mho_net_macs(net), rows[i].macs, 0.006);
        mho_net_destroy(net);
    }
}

/* Table II's amounts for the networks of the BCNN paper: weights, and weights times positions. */
static void cells_of_bcnn(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t weights, macs;
    } rows[] = {
        {"alexnet-owt", 61090496, 714188480},
        {"alexnet", 60954656, 724406816},
        {"lenet", 430500, 2293000},
        {"lenet5-32", 61470, 416520},
        {"lenet5", 44190, 281640},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = zoo(rows[i].name);
        uint64_t weights = 0;
        for (size_t k = 0; k < net->nodes; k++)
            weights += mho_node_weight_count(&net->node[k]);
        assert_int_equal(weights, rows[i].weights);
        assert_int_equal(mho_net_macs(net), rows[i].macs);
        mho_net_destroy(net);
    }
}

/* Table 2 of the RRAM buffer paper: convolutions and fully connected layers apart, GOP = 2 MAC. Its
 * ResNet-34 leaves out the three projections. */
static void sizes_of_buffer_table_2(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double conv_gop, conv_weights, fc_weights;
    } rows[] = {
        {"alexnet", 1.3316e9, 2.3327e6, 58.622e6},
        {"vgg11", 14.9709e9, 9.2177e6, 123.634e6},
        {"vgg16", 30.6933e9, 14.7105e6, 123.634e6},
        {"resnet34", 7.288e9, 21.096e6, 0.512e6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = zoo(rows[i].name);
        double gop = 0, conv = 0, fc = 0;
        for (size_t k = 0; k < net->nodes; k++) {
            const mho_node *node = &net->node[k];
            const double weights = (double)mho_node_weight_count(node);
            if (node->op == MHO_OP_FC)
                fc += weights;
            if (node->op != MHO_OP_CONV || (node->kh == 1 && strcmp(rows[i].name, "resnet34") == 0))
                continue;
            conv += weights;
            gop += 2 * (double)mho_node_macs(node);
        }
        check_near(rows[i].name, "operations", gop, rows[i].conv_gop, 1e-4);
        check_near(rows[i].name, "conv weights", conv, rows[i].conv_weights, 1e-4);
        check_near(rows[i].name, "fc weights", fc, rows[i].fc_weights, 1e-4);
        mho_net_destroy(net);
    }
}

/* darknet prints 6.97 BFLOPS (2 a MAC) for tiny-yolo-voc at 416 and its weight file has 63.5 MB: 16
 * bytes of head, then floats (biases or beta, gamma, mean, variance, weights). */
static void tinyyolo_is_darknets(void **state)
{
    (void)state;
    mho_net *net = zoo("tinyyolo");
    check_near("tinyyolo", "operations", 2 * (double)mho_net_macs(net), 6.97e9, 0.005);
    const uint64_t floats = mho_net_parameters(net) + 2 * batchnorm_scales(net);
    assert_int_equal(16 + 4 * floats, 63471556);
    const mho_node *last = &net->node[net->nodes - 1];
    assert_int_equal(last->out.c, 125);
    assert_int_equal(last->out.h, 13);
    mho_net_destroy(net);
}

/* Caffe's own sizes: 145,578 parameters of cifar10_quick. */
static void cifarnet_is_caffes(void **state)
{
    (void)state;
    mho_net *net = zoo("cifarnet");
    assert_int_equal(mho_net_parameters(net), 145578);
    mho_net_destroy(net);
}

/* Eq. 6 and 7 of the BCNN paper for its VGG11 on CIFAR-10 with three fully connected layers. */
static void vgg11_cifar10_has_the_papers_cycles(void **state)
{
    (void)state;
    mho_net *net = zoo("vgg11-cifar10");
    size_t eq6 = 0, eq7 = 0;
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        const size_t p = node->pad_top;
        if (node->op == MHO_OP_CONV) {
            const size_t frame = (node->in.w + p) * (node->in.h + 2 * p);
            eq6 += i == 1 ? frame : node->in.w + p;
            eq7 += frame;
        } else if (node->op == MHO_OP_MAXPOOL) {
            eq6 += 1;
            eq7 += node->out.w * node->out.h;
        } else if (node->op == MHO_OP_FC) {
            eq6 += 1;
            eq7 += 1;
        }
    }
    assert_int_equal(eq6, 1181);
    assert_int_equal(eq7, 2036);
    mho_net_destroy(net);
}

static void unknown_name_is_told(void **state)
{
    (void)state;
    mho_net *net = NULL;
    assert_int_equal(mho_net_zoo("lennet", &net), MHO_EUSAGE);
    assert_null(net);
    assert_non_null(strstr(mho_error_message(), "did you mean lenet?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_network_is_sound),
        cmocka_unit_test(sizes_of_torchvision),
        cmocka_unit_test(cells_of_bcnn),
        cmocka_unit_test(sizes_of_buffer_table_2),
        cmocka_unit_test(tinyyolo_is_darknets),
        cmocka_unit_test(cifarnet_is_caffes),
        cmocka_unit_test(vgg11_cifar10_has_the_papers_cycles),
        cmocka_unit_test(unknown_name_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
