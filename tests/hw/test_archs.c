/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of made-up archs: sections lie apart, are found by arch, finished when they change, checked
 * across; bases of another arch are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "base/file.h"
#include "hw/sections.h"
#include "own_folder.h"

typedef struct wheel {
    char tread[5]; /* an odd size: the next section is aligned all the same */
    bool spiked;
} wheel;
typedef struct engine {
    double power_W;
    char map[64];
    size_t finished; /* how often */
} engine;

static const mho_field wheel_rows[] = {
    MHOI_FIELD(wheel, "wheel.tread", MHO_FIELD_STRING, tread, "flat", 0, 0, "", 1, NULL, ""),
    MHOI_YES_NO(wheel, "wheel.spiked", spiked, "false", ""),
};
static const mho_fields wheel_fields = {"wheel", wheel_rows, 2, sizeof(wheel)};
static const mho_field engine_rows[] = {
    MHOI_REAL(engine, "engine.power", power_W, "2", 0, 100, "kW", 1e3, ""),
    MHOI_FIELD(engine, "map", MHO_FIELD_PATH, map, "", 0, 0, "", 1, NULL, ""),
};
static const mho_fields engine_fields = {"engine", engine_rows, 2, sizeof(engine)};
static const mhoi_moved engine_moved[] = {{"motor.", "engine."}, {NULL, NULL}};

static mho_status engine_finish(void *options)
{
    engine *e = options;
    e->finished++;
    return *e->map && !mhoi_file_exists(e->map) ? mho_error(MHO_EFILE, "no map %s", e->map)
                                                : MHO_OK;
}

static mho_status engine_check(const void *options)
{
    const engine *e = options;
    return e->power_W == 13e3 ? mho_error(MHO_ECONFIG, "unlucky") : MHO_OK;
}

static const mhoi_section wheel_section = {.name = "wheel", .fields = &wheel_fields};
static const mhoi_section engine_section = {.name = "engine",
                                            .fields = &engine_fields,
                                            .moved = engine_moved,
                                            .finish = engine_finish,
                                            .check = engine_check};
static const mhoi_section other_section = {.name = "other", .fields = &wheel_fields};

static mho_status car_check(const mho_hw *hw)
{
    const wheel *w = mhoi_hw_section(hw, &wheel_section);
    const engine *e = mhoi_hw_section(hw, &engine_section);
    return w->spiked && e->power_W > 50e3 ? mho_error(MHO_ECONFIG, "tears the road") : MHO_OK;
}

static const mhoi_section *const car_sections[] = {&wheel_section, &engine_section, NULL};
static const mhoi_section *const cart_sections[] = {&wheel_section, NULL};
static const mhoi_arch car = {.name = "car", .sections = car_sections, .check = car_check};
static const mhoi_arch cart = {.name = "cart", .sections = cart_sections};
static const mhoi_arch *const archs[] = {&car, &cart, NULL};

static mho_status read_text(const char *text, const char *const *sets, mho_hw **out)
{
    return mhoi_hw_read(archs, text, "one.yaml", sets, out);
}

static void refused(const char *text, const char *set, mho_status want, const char *part)
{
    const char *const sets[] = {set, NULL};
    mho_hw *hw;
    const mho_status got = read_text(text, sets, &hw);
    assert_null(hw);
    if (got != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want %s with '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), part);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(mhoi_file_write(path, text, strlen(text)), MHO_OK);
}

static void sections_lie_apart(void **state)
{
    (void)state;
    const char *const sets[] = {"wheel.tread=deep", "engine.power=3000 W", NULL};
    mho_hw *hw;
    assert_int_equal(read_text("wheel: {spiked: true}\n", sets, &hw), MHO_OK);
    assert_string_equal(mho_hw_arch(hw), "car");
    assert_int_equal(mho_hw_field_count(hw), 4);
    assert_string_equal(mho_hw_field(hw, 2)->key, "engine.power");
    const wheel *w = mhoi_hw_section(hw, &wheel_section);
    const engine *e = mhoi_hw_section(hw, &engine_section);
    assert_string_equal(w->tread, "deep");
    assert_true(w->spiked);
    assert_true(e->power_W == 3000);
    assert_true((size_t)e % _Alignof(engine) == 0);
    assert_ptr_equal(mhoi_hw_edit(hw, &engine_section), e);
    assert_null(mhoi_hw_section(hw, &other_section));
    assert_null(mhoi_hw_edit(hw, &other_section));
    mho_hw_destroy(hw);
    assert_int_equal(read_text("arch: cart\n", NULL, &hw), MHO_OK);
    assert_int_equal(mho_hw_field_count(hw), 2);
    assert_null(mhoi_hw_section(hw, &engine_section));
    mho_hw_destroy(hw);
    refused("arch: cart\n", "engine.power=1", MHO_ECONFIG, "unknown key engine.power of hardware");
    refused("arch: carr\n", NULL, MHO_ECONFIG,
            "one.yaml:1: arch = carr, want one of car, cart; did you mean car?");
}

/* The arch is that of the file or of its base; where both name one, it is the same. */
static void arch_of_the_base(void **state)
{
    (void)state;
    write_text("cart.yaml", "arch: cart\nwheel: {tread: deep}\n");
    write_text("wheel.yaml", "wheel: {tread: wide}\n");
    mho_hw *hw;
    assert_int_equal(read_text("base: ./cart.yaml\n", NULL, &hw), MHO_OK);
    assert_string_equal(mho_hw_arch(hw), "cart");
    assert_int_equal(mho_hw_want(hw, "cart"), MHO_OK);
    assert_int_equal(mho_hw_want(hw, "car"), MHO_ECONFIG);
    assert_string_equal(mho_error_message(), "one has arch: cart, want arch: car");
    mho_hw_destroy(hw);
    assert_int_equal(read_text("base: ./wheel.yaml\narch: cart\n", NULL, &hw), MHO_OK);
    assert_true(mho_hw_is(hw, "wheel.tread", "wide"));
    mho_hw_destroy(hw);
    refused("arch: car\nbase: ./cart.yaml\n", NULL, MHO_ECONFIG,
            "one.yaml:1: arch = car, but its base ./cart.yaml:1 has arch: cart");
}

/* Files are read again when a field of their section changed, and only then. */
static void finished_when_changed(void **state)
{
    (void)state;
    mho_hw *hw, *clone;
    write_text("map", "here");
    assert_int_equal(read_text("map: map\n", NULL, &hw), MHO_OK);
    const engine *e = mhoi_hw_section(hw, &engine_section);
    assert_int_equal(e->finished, 1);
    const size_t spiked = mhoi_hw_find(hw, "wheel.spiked", 12), map = mhoi_hw_find(hw, "map", 3);
    assert_int_equal(mhoi_hw_find(hw, "wheel", 5), SIZE_MAX);
    const bool yes = true;
    char path[64] = "nowhere";
    mhoi_hw_put(hw, spiked, &yes, "sweep");
    assert_int_equal(mhoi_hw_finish(hw), MHO_OK);
    assert_int_equal(e->finished, 1);
    assert_string_equal(mho_hw_origin(hw, spiked)->place, "sweep");
    mhoi_hw_put(hw, map, path, "sweep");
    assert_int_equal(mhoi_hw_finish(hw), MHO_EFILE);
    assert_int_equal(mhoi_hw_finish(hw), MHO_EFILE); /* until it is there */
    strcpy(path, "map");
    mhoi_hw_put(hw, map, path, "sweep");
    assert_int_equal(mhoi_hw_finish(hw), MHO_OK);
    const size_t finished = e->finished;
    mhoi_hw_put(hw, map, path, "sweep"); /* the same again */
    assert_int_equal(mhoi_hw_finish(hw), MHO_OK);
    assert_int_equal(e->finished, finished);
    assert_int_equal(mho_hw_clone(hw, &clone), MHO_OK);
    assert_int_equal(mhoi_hw_finish(clone), MHO_OK);
    assert_int_equal(((const engine *)mhoi_hw_section(clone, &engine_section))->finished, finished);
    mho_hw_destroy(clone);
    mho_hw_destroy(hw);
}

static void checks(void **state)
{
    (void)state;
    refused("wheel: {spiked: false}\n", "engine.power=13", MHO_ECONFIG, "one.yaml: unlucky");
    refused("wheel: {spiked: true}\n", "engine.power=51", MHO_ECONFIG, "one.yaml: tears the road");
    refused("motor: {power: 1}\n", NULL, MHO_ECONFIG, "one.yaml:1: motor is now engine");
    refused("wheel: {spiked: true}\n", "motor.power=1", MHO_ECONFIG,
            "command line: motor.power is now engine.power");
    refused("map: nowhere\n", NULL, MHO_EFILE, "no map nowhere");
}

static void out_of_memory(void **state)
{
    (void)state;
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    for (uint64_t k = 1; s; k++) {
        mho_hw *hw, *clone = NULL;
        assert_true(k < 1000);
        mhoi_alloc_fail_at(k);
        s = read_text("base: ./cart.yaml\n", NULL, &hw);
        if (!s)
            s = mho_hw_set(hw, "wheel.tread=wide");
        if (!s)
            s = mho_hw_clone(hw, &clone);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mho_hw_destroy(clone);
        mho_hw_destroy(hw);
        assert_int_equal(mhoi_alloc_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_lie_apart),    cmocka_unit_test(arch_of_the_base),
        cmocka_unit_test(finished_when_changed), cmocka_unit_test(checks),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
