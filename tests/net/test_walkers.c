/* SPDX-License-Identifier: Apache-2.0 */
/* An operator that nobody knows, given to every walker over networks: each refuses it by the name of the
 * layer, and none takes it for something it knows.  Besides: who reads whom, codings, alphabets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mho/array.h"
#include "mho/chip.h"
#include "mho/infer.h"
#include "mho/map.h"
#include "mho/onnx.h"
#include "mho/pipeline.h"
#include "mho/train.h"
#include "net/op_table.h"

#define HEAD "input: {shape: [2, 6, 6]}\nlayers:\n"

static mho_net *read_net(const char *layers)
{
    char text[2048];
    mho_net *net = NULL;
    snprintf(text, sizeof text, HEAD "%s", layers);
    if (mho_net_read(text, "test", &net) || mhoi_net_alloc_parameters(net))
        fail_msg("%s", mho_error_message());
    return net;
}

/* --- walkers -------------------------------------------------------------------------------------- */

static mho_status infer(const mho_net *net)
{
    mho_infer *out = NULL;
    mho_status s = mho_infer_create(net, 1, &out);
    mho_infer_destroy(out);
    return s;
}

static mho_status train(const mho_net *net)
{
    uint8_t pixel[2 * 2 * 6 * 6] = {0};
    mho_data data = {.train = {.shape = {2, 6, 6}, .count = 2, .classes = 2}};
    typeof(*data.train.label) label[2] = {0, 1};
    data.train.pixel = pixel;
    data.train.label = label;
    mho_net *copy = NULL;
    if (mho_net_clone(net, &copy))
        fail();
    mho_train_options options;
    if (mho_fields_preset(&mho_train_fields, &options, NULL))
        fail();
    options.epochs = 1;
    mho_status s = mho_train(copy, &data, &options, NULL, false, NULL, NULL);
    mho_net_destroy(copy);
    return s;
}

static mho_status style(const mho_net *net)
{
    mho_net *out = NULL;
    mho_status s = mho_net_style(net, MHO_STYLE_BINARY, &out);
    mho_net_destroy(out);
    return s;
}

static mho_status onnx(const mho_net *net)
{
    char path[64];
    snprintf(path, sizeof path, "walkers-%ld.onnx", (long)getpid());
    mho_status s = mho_onnx_write(net, path);
    unlink(path);
    return s;
}

static mho_status place(const mho_net *net, mho_placement **out)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_open("cnn8", NULL, &hw);
    if (!s)
        s = mho_placement_create(net, hw, out);
    mho_hw_destroy(hw);
    return s;
}

static mho_status map(const mho_net *net)
{
    mho_placement *out = NULL;
    mho_status s = place(net, &out);
    mho_placement_destroy(out);
    return s;
}

static const char plain[] = "  - conv: {out: 3, kernel: 3}\n  - relu\n  - maxpool: 2\n"
                            "  - fc: 4\n  - relu\n  - fc: 2\n";

/* The placement is of the network as it was. */
static mho_status chip(const mho_net *net)
{
    uint8_t pixel[2 * 6 * 6] = {1};
    const mho_images images = {.shape = {2, 6, 6}, .count = 1, .classes = 2, .pixel = pixel};
    mho_placement *placement = NULL;
    mho_net *good = read_net(plain);
    mho_chip *out = NULL;
    if (place(good, &placement))
        fail_msg("%s", mho_error_message());
    mho_status s = mho_chip_create(net, placement, &images, &out);
    mho_chip_destroy(out);
    mho_placement_destroy(placement);
    mho_net_destroy(good);
    return s;
}

static mho_status pipelined(const mho_net *net)
{
    uint64_t cycles;
    return mho_cycles_pipelined(net, &cycles);
}

static mho_status layer_by_layer(const mho_net *net)
{
    uint64_t cycles;
    return mho_cycles_layer_by_layer(net, &cycles);
}

static mho_status pipeline(const mho_net *net)
{
    const mho_pipeline_options options = mho_pipeline_options_default();
    mho_pipeline *out = NULL;
    mho_status s = mho_pipeline_create(net, &options, NULL, NULL, NULL, NULL, &out);
    mho_pipeline_destroy(out);
    return s;
}

static mho_status array(const mho_net *net)
{
    mho_workload *out = NULL;
    mho_status s = mho_workload_create(net, true, 1, &out);
    mho_workload_destroy(out);
    return s;
}

static const struct {
    const char *name;
    mhoi_walker walker;
    mho_status (*walk)(const mho_net *net);
} walkers[] = {
    {"infer", MHOI_WALK_INFER, infer},
    {"train", MHOI_WALK_TRAIN, train},
    {"style", MHOI_WALK_STYLE, style},
    {"onnx", MHOI_WALK_ONNX, onnx},
    {"map", MHOI_WALK_MAP, map},
    {"chip", MHOI_WALK_CHIP, chip},
    {"pipelined", MHOI_WALK_CYCLES, pipelined},
    {"layers", MHOI_WALK_CYCLES, layer_by_layer},
    {"pipeline", MHOI_WALK_PIPELINE, pipeline},
    {"array", MHOI_WALK_ARRAY, array},
};
#define WALKERS (sizeof walkers / sizeof walkers[0])

static void every_walker_is_here(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (size_t k = 0; k < WALKERS; k++)
        seen |= walkers[k].walker;
    assert_int_equal(seen, MHOI_WALK_ALL);
}

/* Wherever it stands: behind a layer, where a merged or fused one would be, before and at the end. */
static void made_up_operator_is_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < WALKERS; k++) {
        mho_net *net = read_net(plain);
        mho_status s = walkers[k].walk(net);
        if (s)
            fail_msg("%s: %s", walkers[k].name, mho_error_message());
        for (size_t i = 1; i < net->nodes; i++) {
            const mho_op was = net->node[i].op;
            if (mho_node_is_weighted(&net->node[i]))
                continue; /* its parameters would not be freed */
            net->node[i].op = MHO_OP_COUNT;
            s = walkers[k].walk(net);
            if (s != MHO_ENOTMODELED)
                fail_msg("%s: %s behind '%s', want a refusal", walkers[k].name, mho_status_name(s),
                         net->node[i - 1].name);
            if (!strstr(mho_error_message(), net->node[i].name))
                fail_msg("%s: '%s' does not name the layer", walkers[k].name, mho_error_message());
            net->node[i].op = was;
        }
        mho_net_destroy(net);
    }
}

/* An operator that the table has, but not for this walker, is refused by its name. */
static void table_decides(void **state)
{
    (void)state;
    for (mho_op op = MHO_OP_INPUT; op < MHO_OP_COUNT; op++)
        for (size_t k = 0; k < WALKERS; k++) {
            if (mhoi_op_info_of(op)->walkers & (unsigned)walkers[k].walker)
                continue;
            mho_net *net = read_net(plain);
            net->node[2].op = op;
            assert_int_equal(walkers[k].walk(net), MHO_ENOTMODELED);
            if (!strstr(mho_error_message(), mho_op_name(op)))
                fail_msg("%s: '%s' does not name %s", walkers[k].name, mho_error_message(),
                         mho_op_name(op));
            mho_net_destroy(net);
        }
}

static void the_array_has_no_rule_for_dilation(void **state)
{
    (void)state;
    mho_net *net = read_net("  - {conv: {out: 2, kernel: 2, dilation: [1, 2]}, name: wide}\n");
    assert_int_equal(array(net), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "'wide'"));
    mho_net_destroy(net);
}

/* --- what a graph tells of itself ------------------------------------------------------------------ */

static void readers_and_last_uses(void **state)
{
    (void)state;
    mho_net *net = read_net("  - {conv: {out: 2, kernel: 1}, name: a}\n"
                            "  - {relu: , name: b}\n  - {add: [a, b], name: c}\n"
                            "  - {add: [c, c], name: d}\n  - {fc: 2, name: e}\n");
    mhoi_readers r;
    assert_int_equal(mhoi_readers_create(net, &r), MHO_OK);
    const size_t count[] = {1, 2, 1, 2, 1, 0}, last[] = {1, 3, 3, 4, 5, 6};
    const size_t sole[] = {1, MHOI_NO_NODE, 3, MHOI_NO_NODE, 5, MHOI_NO_NODE};
    for (size_t i = 0; i < net->nodes; i++) {
        assert_int_equal(mhoi_readers_count(&r, i), count[i]);
        assert_int_equal(r.last_use[i], last[i]);
        assert_int_equal(mhoi_readers_sole(&r, i), sole[i]);
    }
    assert_int_equal(r.reader[r.first[1]], 2);
    assert_int_equal(r.reader[r.first[1] + 1], 3);
    mhoi_readers_free(&r);
    mho_net_destroy(net);
}

static void codings(void **state)
{
    (void)state;
    static const struct {
        const char *layers;
        mhoi_values want;
    } cases[] = {
        {"  - maxpool: 2\n", {MHOI_VALUES_CODES, 8, false}},
        {"  - conv: {out: 2, kernel: 1}\n", {MHOI_VALUES_CODES, 0, true}},
        {"  - conv: {out: 2, kernel: 1}\n  - relu\n  - avgpool: 2\n",
         {MHOI_VALUES_CODES, 0, false}},
        {"  - conv: {out: 2, kernel: 1}\n  - leaky_relu\n", {MHOI_VALUES_CODES, 0, true}},
        {"  - sign\n  - maxpool: 2\n  - flatten\n", {MHOI_VALUES_PLUS_MINUS, 1, true}},
        {"  - sign\n  - avgpool: 2\n", {MHOI_VALUES_CODES, 0, true}},
        {"  - step\n  - maxpool: 2\n", {MHOI_VALUES_ZERO_ONE, 1, false}},
        {"  - step\n  - avgpool: 2\n", {MHOI_VALUES_CODES, 0, false}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        mho_net *net = read_net(cases[k].layers);
        const mhoi_values is = mhoi_net_values(net, net->nodes - 1), want = cases[k].want;
        if (is.kind != want.kind || is.bits != want.bits || is.is_signed != want.is_signed)
            fail_msg("%s: kind %d, %zu bits, signed %d", cases[k].layers, (int)is.kind, is.bits,
                     is.is_signed);
        mho_net_destroy(net);
    }
}

static void alphabets(void **state)
{
    (void)state;
    static const struct {
        float weight[4]; /* two channels of two */
        mho_alphabet want;
    } cases[] = {
        {{1, -1, -1, -1}, MHO_ALPHABET_BINARY},      {{1, 0, -1, 1}, MHO_ALPHABET_TERNARY},
        {{0, 0, 0, 0}, MHO_ALPHABET_REAL},           {{0.5f, -0.5f, 2, 2}, MHO_ALPHABET_SCALED},
        {{0.5f, -0.5f, 2, 1}, MHO_ALPHABET_REAL},    {{0.5f, -0.5f, 0, 0}, MHO_ALPHABET_REAL},
        {{0.5f, -0.5f, 1, -1}, MHO_ALPHABET_SCALED}, {{1, 0, 1, 2}, MHO_ALPHABET_REAL},
    };
    mho_net *net = NULL;
    assert_int_equal(mho_net_read("input: {shape: [2, 1, 1]}\nlayers:\n  - fc: 2\n", "test", &net),
                     MHO_OK);
    assert_int_equal(mhoi_node_find_alphabet(&net->node[1]), MHO_ALPHABET_REAL);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        memcpy(net->node[1].weight, cases[k].weight, sizeof cases[k].weight);
        if (mhoi_node_find_alphabet(&net->node[1]) != cases[k].want)
            fail_msg("case %zu: %s, want %s", k,
                     mho_alphabet_name(mhoi_node_find_alphabet(&net->node[1])),
                     mho_alphabet_name(cases[k].want));
    }
    mho_net_destroy(net);
}

static void ranks(void **state)
{
    (void)state;
    mho_net *net = read_net("  - conv: {out: 3, kernel: 3}\n  - relu\n  - flatten\n  - fc: 5\n"
                            "  - softmax\n");
    const mhoi_dims want[] = {{3, {2, 6, 6}}, {3, {3, 4, 4}}, {3, {3, 4, 4}},
                              {1, {48}},      {1, {5}},       {1, {5}}};
    for (size_t i = 0; i < net->nodes; i++)
        assert_memory_equal(&net->node[i].dims, &want[i], sizeof want[i]);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_walker_is_here),
        cmocka_unit_test(made_up_operator_is_refused),
        cmocka_unit_test(table_decides),
        cmocka_unit_test(the_array_has_no_rule_for_dilation),
        cmocka_unit_test(readers_and_last_uses),
        cmocka_unit_test(codings),
        cmocka_unit_test(alphabets),
        cmocka_unit_test(ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
