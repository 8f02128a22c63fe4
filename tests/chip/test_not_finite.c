/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters, inputs and sums that leave the range of float: an error that names the layer, in software and on
 * crossbars, and never a number or an endless loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip_nets.h"
#include "mho/chip.h"
#include "mho/study.h"
#include "mho/infer.h"
#include "mho/tensor.h"

enum { IMAGES = 40, CONV = 1, BN = 2, RELU = 3, FC = 4 };

/* conv1 - bn2 - relu3 - fc4, each value small. */
static mho_net *small_net(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 6, 6};
    add_conv(&b, 4, 3, 1, 0, 1, false, true);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, MHO_OP_RELU, "relu");
    add_fc(&b, 10, false, true);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static void want(mho_status s, const char *text)
{
    if (s != MHO_EDOMAIN || !strstr(mho_error_message(), text))
        fail_msg("%s: \"%s\", want EDOMAIN and \"%s\"", mho_status_name(s),
                 s ? mho_error_message() : "", text);
}

static mho_status in_software(const mho_net *net, const mho_images *images)
{
    size_t wrong = 0;
    return mho_infer_errors(net, images, images->count, &wrong);
}

static mho_status on_crossbars(const mho_net *net, const mho_images *images)
{
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    mho_error_estimate e;
    must(mho_hw_open("cnn8", NULL, &hw));
    mho_status s = mho_chip_open(net, hw, images, &chip);
    if (!s)
        s = mho_error_of(chip, images, images->count, 1, 1, 0, NULL, NULL, NULL, &e);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    return s;
}

static void fill(float *v, size_t n, float value)
{
    for (size_t i = 0; i < n; i++)
        v[i] = i % 2 ? -value : value;
}

/* What is too large, and which layer says so in software and on crossbars. */
static void too_large(void **state)
{
    (void)state;
    static const struct {
        size_t node;
        bool gamma;
        float value;
        const char *software, *hardware;
    } cases[] = {
        {CONV, false, 3e38f, "layer ", "layer conv1: "},
        {FC, false, 3e38f, "layer fc4: ", "layer fc4: "},
        {BN, true, 3e38f, "layer ", "layer "},
        {CONV, false, INFINITY, "layer conv1: ", "layer conv1: "},
        {FC, false, NAN, "layer fc4: ", "layer fc4: "},
        {BN, true, INFINITY, "layer bn2: ", "layer bn2: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dice d = {7};
        mho_net *net = small_net(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        must(in_software(net, &images));
        must(on_crossbars(net, &images));
        mho_node *node = &net->node[cases[i].node];
        fill(cases[i].gamma ? node->gamma : node->weight,
             cases[i].gamma ? node->out.c : mho_node_weight_count(node), cases[i].value);
        const uint64_t live = mhoi_alloc_live();
        want(in_software(net, &images), cases[i].software);
        want(on_crossbars(net, &images), cases[i].hardware);
        assert_int_equal(mhoi_alloc_live(), live);
        free_images(&images);
        mho_net_destroy(net);
    }
}

/* An infinity that a sign or a ReLU would hide. */
static void hidden(void **state)
{
    (void)state;
    dice d = {8};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 6, 6};
    add_conv(&b, 4, 3, 1, 0, 1, false, false);
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_fc(&b, 10, false, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    must(in_software(net, &images));
    fill(net->node[CONV].weight, mho_node_weight_count(&net->node[CONV]), 3e38f);
    for (size_t i = 0; i < 9; i++)
        net->node[CONV].weight[i] = 3e38f;
    net->input_scale = 1;
    want(in_software(net, &images), "layer conv1: a value is not finite");
    free_images(&images);
    mho_net_destroy(net);
}

static void inputs(void **state)
{
    (void)state;
    dice d = {9};
    mho_net *net = small_net(&d);
    mho_infer *infer = NULL;
    float x[2 * 36] = {0}, y[2 * 10];
    must(mho_infer_create(net, 2, &infer));
    must(mho_infer_run(infer, 2, x, y));
    x[36 + 5] = NAN;
    want(mho_infer_run(infer, 2, x, y), "element 5 of input 1 is nan");
    x[36 + 5] = -INFINITY;
    want(mho_infer_run(infer, 2, x, y), "element 5 of input 1 is -inf");
    x[36 + 5] = 3e38f;
    x[36 + 6] = 3e38f;
    fill(net->node[CONV].weight, mho_node_weight_count(&net->node[CONV]), 3);
    mho_infer_destroy(infer);
    must(mho_infer_create(net, 2, &infer));
    want(mho_infer_run(infer, 2, x, y), "layer ");
    mho_infer_destroy(infer);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_large),
        cmocka_unit_test(hidden),
        cmocka_unit_test(inputs),
    };
    alarm(60); /* an endless loop is a failure, too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
