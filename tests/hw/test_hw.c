/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/asset.h"
#include "mho/hw.h"

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

int main(void)
{
    char folder[] = "/tmp/mho-hw-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bcnn),          cmocka_unit_test(test_sources),
        cmocka_unit_test(test_base),          cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_json),          cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_out_of_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const files[] = {"one.yaml", "two.yaml", "loop.yaml", "orphan.yaml",
                                        "mutated.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(files[i]);
    return rmdir(folder) ? 1 : failed;
}
