/* SPDX-License-Identifier: Apache-2.0 */
/* Presets of devices: all that are built in read, say where each value is from, and take the place of the whole section. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "mho/asset.h"
#include "mho/device.h"
#include "mho/hw.h"
#include "own_folder.h"

static mho_hw *open_with(const char *assignment)
{
    mho_hw *hw;
    if (mho_hw_open("bcnn", (const char *const[]){assignment, NULL}, &hw))
        fail_msg("%s: %s", assignment, mho_error_message());
    return hw;
}

static const mho_origin *origin_of(const mho_hw *hw, const char *key)
{
    for (size_t i = 0; i < mho_hw_field_count(hw); ++i)
        if (!strcmp(mho_hw_field(hw, i)->key, key))
            return mho_hw_origin(hw, i);
    fail_msg("no field %s", key);
    return NULL;
}

/* A preset tells bits, range and where levels lie, and how far cells miss them, each with a source; measured levels lie in
 * the range, and its ends among them. */
static void check_preset(const char *name, const mho_hw *hw)
{
    static const char *const keys[] = {"device.bits", "device.g_on", "device.g_off",
                                       "device.levels"};
    const mho_device *d = mho_hw_device(hw);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
        const mho_origin *o = origin_of(hw, keys[i]);
        if (!strstr(o->place, name) || !*o->source)
            fail_msg("%s: %s comes from %s (%s)", name, keys[i], o->place, o->source);
    }
    const char *spread = d->table_levels ? "device.table" : "device.variation";
    assert_true(*origin_of(hw, spread)->source);
    assert_int_equal(mho_device_check(d), MHO_OK);
    for (size_t k = 0; k < d->table_levels; ++k) {
        assert_int_equal(d->table_nearest[k], k);
        assert_true(d->table_deviation_S[k] > 0);
    }
    if (d->table_levels) {
        assert_true(fabs((double)d->table_mean_S[0] - d->g_off_S) < 1e-10);
        assert_true(fabs((double)d->table_mean_S[d->table_levels - 1] - d->g_on_S) < 1e-10);
    }
}

static void built_in_presets_have_sources(void **state)
{
    (void)state;
    static const char folder[] = "configs/device/";
    size_t count, presets = 0;
    const mho_asset *asset = mho_assets(&count);
    for (size_t i = 0; i < count; ++i) {
        const char *path = asset[i].path, *end = path + strlen(path) - 5;
        char assignment[128];
        if (strncmp(path, folder, strlen(folder)) != 0 || strcmp(end, ".yaml") != 0)
            continue;
        snprintf(assignment, sizeof assignment, "device=%.*s",
                 (int)(end - path) - (int)strlen(folder), path + strlen(folder));
        mho_hw *hw = open_with(assignment);
        check_preset(path, hw);
        mho_hw_destroy(hw);
        presets++;
    }
    assert_true(presets >= 7);
}

/* From the command line, a file, and by path; what an earlier device said is gone, what comes later counts. */
static void presets_take_the_whole_section(void **state)
{
    (void)state;
    static const char text[] = "base: bcnn\ndevice: hfo2-milo\n";
    mho_hw *hw;
    const char *const two[] = {"device=neurram", "device.stuck_on=0.1", "device=rram-28nm-yao",
                               "device.variation=0.5", NULL};
    assert_int_equal(mho_hw_open("bcnn", two, &hw), MHO_OK);
    const mho_device *d = mho_hw_device(hw);
    assert_int_equal(d->table_levels, 0);
    assert_true(d->stuck_on == 0 && d->read_noise_fixed == 0 && d->variation == 0.5);
    assert_true(d->bits == 1 && fabs(d->g_on_S - 25e-6) < 1e-12 && d->levels == MHO_LEVELS_ENDS);
    assert_true(fabs(mho_hw_number(hw, "read.voltage") - 0.2) < 1e-12);
    mho_hw_destroy(hw);

    assert_int_equal(mhoi_file_write("preset.yaml", text, strlen(text)), MHO_OK);
    assert_int_equal(mho_hw_open("preset.yaml", NULL, &hw), MHO_OK);
    d = mho_hw_device(hw);
    assert_int_equal(d->table_levels, 8);
    assert_true(fabs((double)d->table_deviation_S[7] - 2.733e-6) < 1e-11);
    assert_true(mho_hw_number(hw, "crossbar.rows") == 128);
    mho_hw_destroy(hw);

    static const char own[] = "device: {bits: 2, g_on: 10, g_off: 5}\n";
    assert_int_equal(mhoi_file_write("own-device.yaml", own, strlen(own)), MHO_OK);
    hw = open_with("device=own-device.yaml");
    assert_int_equal(mho_hw_device(hw)->bits, 2);
    mho_hw_destroy(hw);
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const char text[] = "base: bcnn\ndevice: hfo2\n";
    mho_hw *hw;
    assert_int_equal(mho_hw_open("bcnn", (const char *const[]){"device=hfo2-mil", NULL}, &hw),
                     MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "no device named hfo2-mil; "));
    assert_int_equal(mhoi_file_write("preset.yaml", text, strlen(text)), MHO_OK);
    assert_int_equal(mho_hw_open("preset.yaml", NULL, &hw), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "preset.yaml:2: device: no device named hfo2"));
    assert_int_equal(mho_hw_open("vgg-rram", (const char *const[]){"device=taox", NULL}, &hw),
                     MHO_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_presets_have_sources),
        cmocka_unit_test(presets_take_the_whole_section),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
