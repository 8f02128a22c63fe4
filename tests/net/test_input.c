/* SPDX-License-Identifier: Apache-2.0 */
/* How images become the input of a network: settings as text, x, codes, metadata, layouts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/load.h"
#include "mho/onnx.h"
#include "net/graph.h"

static void ok(mho_status s)
{
    if (s != MHO_OK)
        fail_msg("%s: %s", mho_status_name(s), mho_error_message());
}

static mho_input input_of(const char *const *settings)
{
    mho_input in = {.scale = 1.0F / 256, .bits = 8};
    for (size_t i = 0; settings[i]; i++)
        ok(mho_input_set(&in, settings[i]));
    return in;
}
#define INPUT(...) input_of((const char *const[]){__VA_ARGS__, NULL})

static void reads_settings(void **state)
{
    (void)state;
    char text[MHO_INPUT_TEXT];
    mho_input in = INPUT("scale=1/255", "mean=0.5,0.25,1", "std=0.5");
    assert_int_equal(in.channels, 3);
    assert_true(fabsf(mho_input_value(&in, 1, 255) - 1.5f) < 1e-6f);
    assert_true(mho_input_value(&in, 2, 0) == -2);
    assert_string_equal(mho_input_text(&in, text), "x = (pixel / 255 - mean 0.5,0.25,1) / std 0.5");
    in = INPUT("std=2,4", "scale=3", "mean=6");
    assert_true(mho_input_value(&in, 0, 4) == 3 && mho_input_value(&in, 1, 4) == 1.5f);
    in = INPUT("range=-1:1");
    assert_true(fabsf(mho_input_value(&in, 0, 0) + 1) < 1e-6f);
    assert_true(fabsf(mho_input_value(&in, 0, 255) - 1) < 1e-6f);
    in = INPUT("scale=1/256", "layout=NHWC");
    assert_string_equal(mho_input_text(&in, text), "x = pixel / 256, NHWC");
    assert_true(in.stated && mho_input_value(&in, 0, 128) == 0.5f);
    static const char *const wrong[] = {"scale=0",      "scale=-1",   "scale=1/0", "scale=x",
                                        "scale",        "mean=",      "mean=1,",   "std=0",
                                        "std=1,-1",     "layout=CWH", "range=1:1", "range=2",
                                        "scales=1/255", "mean=1;2",   "mean=nan",  "scale=1/255x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (mho_input_set(&in, wrong[i]) != MHO_EUSAGE)
            fail_msg("%s was taken", wrong[i]);
    in = INPUT("mean=1,2,3");
    assert_int_equal(mho_input_set(&in, "std=1,2"), MHO_EUSAGE); /* of three channels */
}

static mho_net *open_net(void)
{
    static const char yaml[] = "input: {shape: [2, 2, 3], range: [-1, 1]}\n"
                               "layers:\n  - fc: 3\n";
    mho_net *net;
    ok(mho_net_read(yaml, "input.yaml", &net));
    ok(mhoi_net_alloc_parameters(net));
    for (size_t i = 0; i < 36; i++)
        net->node[1].weight[i] = (float)i;
    return net;
}

static void stays_in_files(void **state)
{
    (void)state;
    char path[64];
    mho_input in, back;
    mho_net *net = open_net(), *again;
    const uint64_t plain = mho_net_identity(net, true);
    mho_net_get_input(net, &in);
    assert_true(in.stated && in.channels == 1 && in.mean[0] == 1);
    in = INPUT("scale=1/255", "mean=0.125,0.1", "std=0.2,0.7", "layout=NHWC");
    in.values = false;
    in.low = -3;
    in.high = 2.5f;
    ok(mho_net_set_input(net, &in));
    assert_true(mho_net_identity(net, true) != plain);
    snprintf(path, sizeof path, "test_input_%d.onnx", (int)getpid());
    ok(mho_onnx_write(net, path));
    ok(mho_onnx_read(path, &again));
    unlink(path);
    mho_net_get_input(again, &back);
    assert_true(back.scale == in.scale && back.channels == 2 && back.layout == MHO_LAYOUT_NHWC);
    assert_memory_equal(back.mean, in.mean, 2 * sizeof(float));
    assert_memory_equal(back.deviation, in.deviation, 2 * sizeof(float));
    assert_true(back.low == -3 && back.high == 2.5f && back.stated && !back.values);
    assert_true(mho_net_identity(again, true) == mho_net_identity(net, true));
    in.deviation[1] = 0;
    assert_int_equal(mho_net_set_input(net, &in), MHO_EDOMAIN);
    mho_net_destroy(again);
    mho_net_destroy(net);
}

/* Codes of drivers: the image's own where x is a multiple of them; of both signs where x is. */
static void has_codes(void **state)
{
    (void)state;
    mho_net *net = open_net();
    mho_input in = INPUT("scale=1/255", "std=0.5");
    ok(mho_net_set_input(net, &in));
    mhoi_input_codes c = mhoi_net_input_codes(net);
    assert_true(c.own && !c.is_signed && fabsf(c.largest - 2) < 1e-6f);
    in = INPUT("scale=1/255", "mean=0.25", "std=0.5");
    ok(mho_net_set_input(net, &in));
    c = mhoi_net_input_codes(net);
    assert_true(!c.own && c.is_signed && fabsf(c.largest - 1.5f) < 1e-6f);
    in = INPUT("scale=1/255", "std=0.5,0.25");
    ok(mho_net_set_input(net, &in));
    c = mhoi_net_input_codes(net);
    assert_true(!c.own && !c.is_signed && fabsf(c.largest - 4) < 1e-6f);
    mho_net_destroy(net);
}

/* A vector takes the elements of a 2 x 2 x 3 image in the order of its layout, each with the mean of its channel. */
static void orders_elements(void **state)
{
    (void)state;
    uint8_t pixel[24];
    float x[24], turned[24];
    mhoi_loader l;
    for (size_t i = 0; i < 24; i++)
        pixel[i] = (uint8_t)i;
    const mho_images images = {.shape = {2, 2, 3}, .count = 2, .pixel = pixel},
                     wide = {.shape = {2, 6, 2}, .count = 1, .pixel = pixel};
    mho_input in = INPUT("scale=1", "mean=0,100");
    ok(mhoi_loader_open(&images, (mho_shape){12, 1, 1}, &in, NULL, &l));
    mhoi_loader_read(&l, 0, 2, true, x);
    for (size_t i = 0; i < 24; i++)
        assert_true(x[i] == (float)i - (i / 6 % 2 ? 100 : 0));
    in.layout = MHO_LAYOUT_NHWC;
    ok(mhoi_loader_open(&images, (mho_shape){12, 1, 1}, &in, NULL, &l));
    mhoi_loader_read(&l, 0, 2, false, turned);
    for (size_t i = 0; i < 24; i++) /* place p * 2 + c holds element c * 6 + p */
        assert_true(turned[i] == x[i / 12 * 12 + i % 2 * 6 + i % 12 / 2]);
    ok(mhoi_loader_open(&wide, (mho_shape){6, 2, 2}, &in, NULL, &l)); /* [h][w][c] declared */
    mhoi_loader_read(&l, 0, 1, false, x);
    for (size_t i = 0; i < 24; i++)
        assert_true(x[i] == (float)(i % 2 * 12 + i / 2) - (i % 2 ? 100 : 0));
    ok(mhoi_loader_open(&images, (mho_shape){2, 2, 3}, &in, NULL, &l)); /* the image's own shape */
    mhoi_loader_read(&l, 0, 2, true, x);
    assert_memory_equal(x, turned, sizeof x); /* channels last by the reader's wish */
    assert_int_equal(mhoi_loader_open(&images, (mho_shape){3, 2, 2}, &in, "n", &l), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "images of 2 x 2 x 3, network n wants 3 x 2 x 2");
    const mho_shape maps = {8, 3, 8}; /* sizes that are as those of [h][w][c] by chance */
    const mho_images chance = {.shape = maps, .count = 1, .pixel = pixel};
    assert_int_equal(mhoi_loader_open(&chance, (mho_shape){3, 8, 8}, &in, "n", &l), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "images of 8 x 3 x 8, network n wants 3 x 8 x 8");
    assert_int_equal(mho_images_fit(&chance, (mho_shape){3, 8, 8}, 0, NULL), MHO_EDOMAIN);
    in = INPUT("mean=1,2,3");
    assert_int_equal(mhoi_loader_open(&images, (mho_shape){12, 1, 1}, &in, NULL, &l), MHO_EDOMAIN);
}

/* Numbers that are no bytes are x itself; what is made of them instead is told. */
static void tells_what_is_made(void **state)
{
    (void)state;
    char note[MHO_INPUT_NOTE];
    float value[12] = {-1, 2};
    const mho_images images = {.shape = {2, 2, 3}, .count = 1, .value = value};
    mho_net *net = open_net();
    mho_input in = INPUT("scale=1/255", "mean=0.5");
    in.values = false;
    ok(mho_net_set_input(net, &in));
    assert_false(mho_images_note(net, &images, 1, note));
    assert_string_equal(note, "");
    in.values = in.values_kept = true;
    ok(mho_net_set_input(net, &in));
    assert_true(mho_images_note(net, &images, 1, note));
    assert_non_null(strstr(note, "x = (value / 255 - mean 0.5) / std 1, as its file says"));
    in = INPUT("mean=0.5");
    ok(mho_net_set_input(net, &in));
    assert_true(mho_images_note(net, &images, 1, note));
    assert_non_null(strstr(note, "x = (value x 1 - mean 0.5) / std 1, as it was told"));
    assert_false(mho_input_note(net, value, 12, note)); /* arrays as they are */
    in = INPUT("layout=NHWC");
    ok(mho_net_set_input(net, &in));
    assert_false(mho_images_note(net, &images, 1, note));
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_settings),     cmocka_unit_test(stays_in_files),
        cmocka_unit_test(has_codes),          cmocka_unit_test(orders_elements),
        cmocka_unit_test(tells_what_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
