/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "hw/sections.h"
#include "mho/asset.h"
#include "mho/hw.h"
#include "own_folder.h"

static const mho_origin *origin_of(const mho_hw *hw, const char *key)
{
    for (size_t i = 0; i < mho_hw_field_count(hw); i++)
        if (!strcmp(mho_hw_field(hw, i)->key, key))
            return mho_hw_origin(hw, i);
    fail_msg("no field %s", key);
    return NULL;
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(mhoi_file_write(path, text, strlen(text)), MHO_OK);
}

static void assert_error(mho_status got, mho_status want, const char *part)
{
    if (got != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want %s with '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), part);
}

static void test_bcnn(void **state)
{
    (void)state;
    mho_hw *c;
    assert_int_equal(mho_hw_open("bcnn", NULL, &c), MHO_OK);
    assert_string_equal(mho_hw_name(c), "bcnn");
    assert_true(mho_hw_is(c, "device.bits", "7"));
    assert_true(mho_hw_is(c, "crossbar.rows", "128"));
    assert_true(mho_hw_is(c, "crossbar.mode", "binary"));
    assert_true(mho_hw_is(c, "input.bits", "1"));
    assert_true(mho_hw_is(c, "output.split_bits", "4"));
    assert_true(mho_hw_number(c, "device.g_on") > 99e-6 &&
                mho_hw_number(c, "device.g_on") < 101e-6);
    assert_true(mho_hw_number(c, "output.percentile") == 99.9);
    assert_true(mho_hw_is(c, "technology", "bcnn-45nm"));
    assert_non_null(strstr(origin_of(c, "device.bits")->place, "configs/device/taox.yaml:"));
    assert_string_equal(origin_of(c, "quant.map_rule")->place, "default");
    mho_hw_destroy(c);
}

/* Every field of the built-in descriptions tells its source, unless it is a default. */
static void test_sources(void **state)
{
    (void)state;
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    for (size_t a = 0; a < count; a++) {
        char name[64];
        if (sscanf(asset[a].path, "configs/hw/%63[^.]", name) != 1)
            continue;
        mho_hw *c;
        if (mho_hw_open(name, NULL, &c))
            fail_msg("%s", mho_error_message());
        for (size_t i = 0; i < mho_hw_field_count(c); i++)
            if (strcmp(mho_hw_origin(c, i)->place, "default") && !*mho_hw_origin(c, i)->source)
                fail_msg("%s: %s has no source", mho_hw_origin(c, i)->place,
                         mho_hw_field(c, i)->key);
        mho_hw_destroy(c);
    }
}

/* A base is read first; what the file says wins, --set wins over both, and each tells its place. */
static void test_base(void **state)
{
    (void)state;
    mho_hw *c;
    write_text("one.yaml", "base: cnn8\ncrossbar: {rows: 64}\n");
    write_text("two.yaml", "base: ./one.yaml\ncrossbar:\n  columns: 32\n");
    const char *sets[] = {"output.bits=5", NULL};
    assert_int_equal(mho_hw_open("two.yaml", sets, &c), MHO_OK);
    assert_string_equal(mho_hw_name(c), "two");
    assert_true(mho_hw_is(c, "crossbar.rows", "64"));
    assert_true(mho_hw_is(c, "crossbar.columns", "32"));
    assert_true(mho_hw_is(c, "crossbar.mode", "full"));
    assert_true(mho_hw_is(c, "output.bits", "5"));
    assert_true(mho_hw_is(c, "output.split_bits", "8"));
    assert_non_null(strstr(origin_of(c, "crossbar.columns")->place, "two.yaml:3"));
    assert_non_null(strstr(origin_of(c, "crossbar.rows")->place, "one.yaml:2"));
    assert_string_equal(origin_of(c, "output.bits")->place, "command line");
    mho_hw_destroy(c);
    write_text("loop.yaml", "base: ./loop.yaml\n");
    assert_error(mho_hw_open("loop.yaml", NULL, &c), MHO_ECONFIG, "does one name itself");
    write_text("orphan.yaml", "\nbase: bcn\n");
    assert_error(mho_hw_open("orphan.yaml", NULL, &c), MHO_EUSAGE, "orphan.yaml:2: base: ");
}

static void test_bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *set, *part;
    } bad[] = {
        {"crossbar.rows=0", "crossbar.rows = 0"},
        {"crossbar.row=64", "crossbar.rows"},
        {"device.g_on=-1", "device.g_on"},
        {"device.g_off=200", "g_on"},
        {"output.split_bits=40", "output.split_bits = 40"},
        {"output.range=ful", "full"},
        {"output.percentile=nan", "output.percentile"},
        {"input.bits=2", "input.bits = 2, want 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mho_hw *c;
        const char *sets[] = {bad[i].set, NULL};
        assert_error(mho_hw_open("bcnn", sets, &c), MHO_ECONFIG, bad[i].part);
    }
    mho_hw *c;
    assert_error(mho_hw_open("bcnm", NULL, &c), MHO_EUSAGE, "did you mean bcnn");
    assert_error(mho_hw_open("nowhere/x.yaml", NULL, &c), MHO_EFILE, "nowhere/x.yaml");
}

static void test_json(void **state)
{
    (void)state;
    mho_hw *c;
    assert_int_equal(mho_hw_open("bcnn", NULL, &c), MHO_OK);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    mho_json *root = mho_hw_json(c);
    assert_int_equal(mho_json_write(root, out), MHO_OK);
    fclose(out);
    mho_json_destroy(root);
    for (size_t i = 0; i < mho_hw_field_count(c); i++)
        assert_non_null(strstr(text, mho_hw_field(c, i)->key));
    assert_non_null(strstr(text, "\"least_squares\""));
    free(text);
    mho_hw_destroy(c);
}

static mho_hw *opened(const char *name, const char *const *sets)
{
    mho_hw *hw;
    if (mho_hw_open(name, sets, &hw))
        fail_msg("%s: %s", name, mho_error_message());
    return hw;
}

static void write_json(const char *path, const mho_hw *hw)
{
    FILE *out = fopen(path, "w");
    mho_json *root = mho_json_object();
    mho_json_put(root, "seed", mho_json_integer(1));
    mho_json_put(root, "config", mho_hw_json(hw));
    assert_int_equal(mho_json_write(root, out), MHO_OK);
    assert_int_equal(fclose(out), 0);
    mho_json_destroy(root);
}

static void write_table(double lowest_uS)
{
    char text[200];
    snprintf(text, sizeof text, "0, %ge-6, 1e-7\n1, 30e-6, 1e-7\n2, 60e-6, 1e-7\n3, 90e-6, 1e-7\n",
             lowest_uS);
    write_text("sub/levels.csv", text);
}

/* A stored result is the description again: same fields, same places, same identity; from any folder. */
static void test_stored_result(void **state)
{
    (void)state;
    write_table(10);
    write_text("sub/own.yaml", "base: cnn8\n"
                               "device:\n"
                               "  bits: 2\n"
                               "  table: {value: levels.csv, source: measured}\n"
                               "output: {percentile: 97.5}\n");
    const char *const sets[] = {"device.g_on=0.1 mS", "wires.r_row=0.3333333333333333", NULL};
    mho_hw *hw = opened("sub/own.yaml", sets);
    write_json("sub/result.json", hw); /* not where paths are relative to */
    assert_int_equal(chdir("sub"), 0);
    mho_hw *again = opened("result.json", NULL);
    assert_int_equal(chdir(".."), 0);
    assert_string_equal(mho_hw_name(again), "own");
    assert_true(mho_hw_identity(again) == mho_hw_identity(hw));
    assert_string_equal(origin_of(again, "output.percentile")->place, "sub/own.yaml:5");
    assert_string_equal(origin_of(again, "device.table")->source, "measured");
    assert_string_equal(origin_of(again, "wires.r_row")->place, "command line");
    assert_true(mho_hw_number(again, "wires.r_row") == mho_hw_number(hw, "wires.r_row"));
    mho_hw_destroy(again);
    write_text("upon.yaml", "base: sub/result.json\noutput: {percentile: 98}\n");
    again = opened("upon.yaml", NULL);
    assert_true(mho_hw_is(again, "output.percentile", "98"));
    assert_true(mho_hw_is(again, "device.bits", "2"));
    mho_hw_destroy(again);
    write_table(11);
    mho_hw *none;
    assert_error(mho_hw_open("sub/result.json", NULL, &none), MHO_ECONFIG, "holds something else");
    write_text("result.json", "{\"hw\": \"old\", \"config\": {\n"
                              "\"cost.buffer\": {\"value\": true, \"place\": \"default\"},\n"
                              "\"device.g_on\": {\"value\": 90, \"unit\": \"uS\"}}}\n");
    again = opened("result.json", NULL); /* before keys moved, and without arch */
    assert_true(mho_hw_is(again, "readings.buffer", "true"));
    assert_true(mho_hw_is(again, "device.g_on", "90"));
    mho_hw_destroy(again);
    write_text("result.json", "{\"config\": 3}");
    assert_error(mho_hw_open("result.json", NULL, &none), MHO_EFORMAT, "holds no hardware");
    write_text("result.json", "{\"seed\": 1}");
    assert_error(mho_hw_open("result.json", NULL, &none), MHO_EFORMAT, "holds no hardware");
    mho_hw_destroy(hw);
}

/* The identity is that of values and contents, not of names and places. */
static void test_identity(void **state)
{
    (void)state;
    write_table(10);
    write_text("sub/one.yaml", "base: cnn8\ndevice: {bits: 2, table: levels.csv}\n");
    write_text("two.yaml", "base: cnn8\ndevice: {bits: 2, table: sub/levels.csv}\n");
    mho_hw *one = opened("sub/one.yaml", NULL), *two = opened("two.yaml", NULL);
    const uint64_t identity = mho_hw_identity(one);
    assert_true(mho_hw_identity(two) == identity);
    assert_int_equal(mho_hw_set(two, "crossbar.rows=127"), MHO_OK);
    assert_true(mho_hw_identity(two) != identity);
    assert_int_equal(mho_hw_set(two, "crossbar.rows=128"), MHO_OK);
    assert_true(mho_hw_identity(two) == identity);
    mho_hw_destroy(two);
    write_table(11);
    two = opened("two.yaml", NULL);
    assert_true(mho_hw_identity(two) != identity);
    mho_hw_destroy(two);
    const mho_asset *tech = mho_asset_find("configs/tech/bcnn-45nm.yaml");
    write_text("sub/tech.yaml", tech->data);
    write_text("sub/priced.yaml", "base: bcnn\ntechnology: tech.yaml\n");
    two = opened("sub/priced.yaml", NULL);
    mho_hw *plain = opened("bcnn", NULL);
    assert_true(mho_hw_is(two, "technology", "sub/tech.yaml"));
    assert_true(mho_hw_identity(two) == mho_hw_identity(plain));
    mho_hw_destroy(plain);
    mho_hw_destroy(two);
    mho_hw_destroy(one);
    mho_hw *none;
    write_text("sub/priced.yaml", "base: bcnn\ntechnology: nowhere.yaml\n");
    assert_error(mho_hw_open("sub/priced.yaml", NULL, &none), MHO_EFILE, "sub/nowhere.yaml");
}

/* Sets are all done or none; clones are apart. */
static void test_set(void **state)
{
    (void)state;
    mho_hw *hw = opened("bcnn", NULL), *clone, *ideal;
    const uint64_t identity = mho_hw_identity(hw);
    assert_int_equal(mho_hw_clone(hw, &clone), MHO_OK);
    assert_int_equal(mho_hw_set(clone, "device.bits=3"), MHO_OK);
    assert_true(mho_hw_is(hw, "device.bits", "7"));
    assert_true(mho_hw_is(clone, "device.bits", "3"));
    assert_string_equal(origin_of(clone, "device.bits")->place, "command line");
    const char *const swapped[] = {"device.g_on=0.5", "device.g_off=0.1", NULL};
    assert_error(mho_hw_set(hw, swapped[0]), MHO_ECONFIG, "device.g_off = 1 uS, want below");
    assert_int_equal(mho_hw_set_all(hw, swapped), MHO_OK);
    const char *const half[] = {"device.g_on=100", "device.g_off=1", "crossbar.rows=0", NULL};
    assert_error(mho_hw_set_all(hw, half), MHO_ECONFIG, "crossbar.rows = 0");
    assert_true(mho_hw_is(hw, "device.g_on", "0.5"));
    assert_true(mho_hw_identity(hw) != identity);
    assert_error(mho_hw_set(hw, "cost.buffer=true"), MHO_ECONFIG,
                 "cost.buffer is now readings.buffer");
    assert_int_equal(mho_hw_clone_ideal(hw, &ideal), MHO_OK);
    assert_true(mho_hw_number(ideal, "device.variation") == 0);
    assert_true(mho_hw_number(hw, "device.variation") == 1);
    assert_true(isnan(mho_hw_number(hw, "device.bit")));
    char text[8];
    assert_int_equal(mho_hw_text(hw, "device.bit", text, sizeof text), 0);
    assert_string_equal(text, "");
    mho_hw_destroy(ideal);
    mho_hw_destroy(clone);
    mho_hw_destroy(hw);
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "bad.yaml says nothing"},
        {"# only a comment\n", "bad.yaml says nothing"},
        {"- 1\n", "bad.yaml:1: want `key: value` lines"},
        {"cost: {buffer: true}\n", "bad.yaml:1: cost is now readings"},
        {"\ncost.buffer: true\n", "bad.yaml:2: cost.buffer is now readings.buffer"},
        {"arch: crosbar\n", "bad.yaml:1: arch = crosbar, want one of crossbar"},
        {"arch: [1]\n", "bad.yaml:1: arch, want a name"},
        {"crossbar: 3\n", "bad.yaml:1: crossbar is a group of fields"},
        {"device: 3\n", "bad.yaml:1: device: no device named 3; "},
        {"base: [1]\n", "bad.yaml:1: base, want a name"},
    };
    mho_hw *hw;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text("bad.yaml", bad[i].text);
        assert_error(mho_hw_open("bad.yaml", NULL, &hw), MHO_ECONFIG, bad[i].part);
        assert_null(hw);
        assert_error(mho_hw_read(bad[i].text, "bad.yaml", NULL, &hw), MHO_ECONFIG, bad[i].part);
    }
    assert_int_equal(mho_hw_read("base: bcnn\narch: crossbar\n", "given.yaml", NULL, &hw), MHO_OK);
    assert_string_equal(mho_hw_name(hw), "given");
    assert_string_equal(mho_hw_arch(hw), "crossbar");
    assert_int_equal(mho_hw_want(hw, "crossbar"), MHO_OK);
    assert_error(mho_hw_want(hw, "array"), MHO_ECONFIG,
                 "given has arch: crossbar, want arch: array");
    mho_hw_destroy(hw);
    assert_int_equal(mho_hw_default("crossbar", &hw), MHO_OK);
    for (size_t i = 0; i < mho_hw_field_count(hw); i++)
        assert_string_equal(mho_hw_origin(hw, i)->place, "default");
    mho_hw_destroy(hw);
    assert_error(mho_hw_default("crosbar", &hw), MHO_ECONFIG, "did you mean crossbar?");
}

/* Fields that someone set and that have no effect are told, with the reason; others are not. */
static void test_idle(void **state)
{
    (void)state;
    static const struct {
        const char *set[3], *idle;
    } cases[] = {
        {{NULL}, NULL},
        {{"device.variation=0.5"}, NULL},
        {{"device.variation_sigma=0.2"}, "device.variation_sigma"},
        {{"device.variation_sigma=0.2", "device.distribution=lognormal"}, NULL},
        {{"device.variation=0.2", "device.distribution=lognormal"}, "device.variation"},
        {{"device.verify_tolerance=0.2"}, "device.verify_tolerance"},
        {{"device.verify_tolerance=0.2", "device.verify_rewrites=2"}, NULL},
        {{"device.drift_time=10 s"}, "device.drift_time"},
        {{"device.drift_time=10 s", "device.drift_nu=0.1"}, NULL},
        {{"output.percentile=99"}, "output.percentile"},
        {{"output.percentile=99", "output.range=calibrated"}, NULL},
        {{"crossbar.offset=digital"}, "crossbar.offset"},
        {{"crossbar.offset=digital", "crossbar.weights=single"}, NULL},
        {{"quant.map_rule=cover"}, "quant.map_rule"},
        {{"wires.both_sides=true"}, "wires.both_sides"},
        {{"wires.both_sides=true", "wires.r_row=1"}, NULL},
        {{"wires.approximate=true", "wires.r_row=1"}, "wires.approximate"},
        {{"wires.approximate=true", "wires.r_row=1", "wires.r_col=1"}, NULL},
        {{"wires.precision=single", "wires.r_row=1"}, "wires.precision"},
        {{"wires.precision=single", "wires.r_row=1", "wires.r_col=1"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mho_hw *hw = opened("bcnn", cases[i].set);
        const char *why;
        const size_t k = mho_hw_idle(hw, 0, &why);
        const char *key = k < mho_hw_field_count(hw) ? mho_hw_field(hw, k)->key : NULL;
        if ((key != NULL) != (cases[i].idle != NULL) || (key && strcmp(key, cases[i].idle) != 0))
            fail_msg("case %zu: %s is idle, want %s", i, key ? key : "none",
                     cases[i].idle ? cases[i].idle : "none");
        assert_true((why != NULL) == (key != NULL));
        mho_hw_destroy(hw);
    }
}

/* Damaged descriptions are refused or read, never worse. */
static void test_mutated(void **state)
{
    (void)state;
    const mho_asset *asset = mho_asset_find("configs/hw/bcnn.yaml");
    assert_non_null(asset);
    unsigned seed = 1;
    for (int k = 0; k < 200; k++) {
        char *text = malloc(asset->size + 1);
        memcpy(text, asset->data, asset->size + 1);
        seed = seed * 1103515245u + 12345u;
        size_t size = k % 2 ? asset->size : seed % asset->size;
        for (int j = 0; j < 4 && size; j++) {
            seed = seed * 1103515245u + 12345u;
            text[(seed >> 8) % size] = (char)(1 + (seed >> 3) % 126);
        }
        assert_int_equal(mhoi_file_write("mutated.yaml", text, size), MHO_OK);
        mho_hw *c;
        mho_status s = mho_hw_open("mutated.yaml", NULL, &c);
        assert_true(s == MHO_OK || *mho_error_message());
        mho_hw_destroy(c);
        free(text);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_hw *c;
    for (uint64_t k = 1;; k++) {
        mhoi_alloc_fail_at(k);
        mho_status s = mho_hw_open("bcnn", NULL, &c);
        mhoi_alloc_fail_at(0);
        if (!s)
            mho_hw_destroy(c);
        assert_int_equal(mhoi_alloc_live(), live);
        if (!s)
            break;
        assert_null(c);
        assert_int_equal(s, MHO_ENOMEM);
        assert_true(k < 100000);
    }
}

/* Of a description that differs little from one whose texts are there: the same number. */
static void test_identity_like(void **state)
{
    static const char *const changes[] = {"crossbar.rows=64",    "device.variation=0.123456789",
                                          "output.readout=sar",  "technology=generic-45nm",
                                          "technology.F=32 nm",  "device=taox",
                                          "output.split_bits=3", "read.voltage=0.25",
                                          "output.sampled=true"};
    static const char *const prices[] = {"technology", "timing", "chip", "readings", NULL};
    mho_hw *hw, *base;
    mhoi_hw_texts *texts;
    uint64_t before;
    (void)state;
    assert_int_equal(mho_hw_open("bcnn", NULL, &base), MHO_OK);
    assert_int_equal(mho_hw_clone(base, &hw), MHO_OK);
    assert_int_equal(mhoi_hw_texts_create(base, &texts), MHO_OK);
    before = mho_hw_identity(base);
    assert_int_equal(mhoi_hw_identity_like(hw, texts, NULL), before);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_int_equal(mho_hw_set(hw, changes[i]), MHO_OK);
        assert_int_not_equal(mho_hw_identity(hw), before);
        assert_int_equal(mhoi_hw_identity_like(hw, texts, NULL), mho_hw_identity(hw));
        assert_int_equal(mhoi_hw_identity_like(hw, texts, prices),
                         mhoi_hw_identity_without(hw, prices));
    }
    mhoi_hw_take_values(hw, base);
    assert_int_equal(mhoi_hw_identity_like(hw, texts, NULL), before);
    mhoi_hw_texts_destroy(texts);
    mho_hw_destroy(hw);
    mho_hw_destroy(base);
}

static int enter(void **state)
{
    return enter_own_folder(state) || mkdir("sub", 0777);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bcnn),          cmocka_unit_test(test_sources),
        cmocka_unit_test(test_base),          cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_json),          cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_stored_result),
        cmocka_unit_test(test_identity),      cmocka_unit_test(test_set),
        cmocka_unit_test(test_files),         cmocka_unit_test(test_idle),
        cmocka_unit_test(test_identity_like),
    };
    return cmocka_run_group_tests(tests, enter, leave_own_folder);
}
