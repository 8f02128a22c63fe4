/* SPDX-License-Identifier: Apache-2.0 */
/* Which outputs a field moves, and in which direction; all others stay.  A row: a hardware, what is set besides, the field
 * with its new value, and the outputs that move: NAME+ rises, NAME- falls, NAME~ changes.  Outputs are those of `measure`;
 * E: is the energy of a group without leakage, A: its area.  A new output is a line of `measure`, a new field a row. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"

enum { SETS_MAX = 24, TEXT_MAX = 512 };

/* --- outputs ------------------------------------------------------------------------------------------ */

static double group_energy(const mho_estimate *e, const char *group)
{
    double sum = 0;
    for (size_t i = 0; i < e->cost->entries; i++)
        if (!strcmp(e->cost->entry[i].activity->group, group))
            sum += e->cost->entry[i].energy_J - e->cost->entry[i].leakage_J;
    return sum;
}

static double group_area(const mho_estimate *e, const char *group)
{
    return mho_cost_area_m2(e->cost, group, NULL);
}

static double leakage(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->cost->leakage_J;
}

static double clock_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->placement->clock_s;
}

static double interval_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return (double)e->placement->interval;
}

static double link_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->placement->tiles.busiest_link_s;
}

static double wait_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->placement->tiles.wait_s;
}

static double rewrite_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->placement->rewrite_s;
}

static double pairs_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return (double)e->placement->crossbar_pairs;
}

static double write_of(const mho_estimate *e, const char *group)
{
    (void)group;
    return e->programming.energy_J;
}

static const struct measure {
    const char *name;
    double (*value)(const mho_estimate *e, const char *group);
    const char *group;
} measure[] = {
    {"E:DAC", group_energy, "DAC"},
    {"E:word", group_energy, "word lines"},
    {"E:cells", group_energy, "cells"},
    {"E:bit", group_energy, "bit lines"},
    {"E:ADC", group_energy, "ADC"},
    {"E:hold", group_energy, "hold"},
    {"E:SUB", group_energy, "SUB"},
    {"E:add", group_energy, "shift-add"},
    {"E:count", group_energy, "count"},
    {"E:threshold", group_energy, "threshold"},
    {"E:registers", group_energy, "registers"},
    {"E:buffer", group_energy, "buffer"},
    {"A:DAC", group_area, "DAC"},
    {"A:word", group_area, "word lines"},
    {"A:cells", group_area, "cells"},
    {"A:ADC", group_area, "ADC"},
    {"A:hold", group_area, "hold"},
    {"A:SUB", group_area, "SUB"},
    {"A:add", group_area, "shift-add"},
    {"A:count", group_area, "count"},
    {"A:threshold", group_area, "threshold"},
    {"A:registers", group_area, "registers"},
    {"A:buffer", group_area, "buffer"},
    {"E:net", group_energy, "interconnect"},
    {"A:net", group_area, "interconnect"},
    {"E:tile", group_energy, "tile buffers"},
    {"A:tile", group_area, "tile buffers"},
    {"E:DRAM", group_energy, "DRAM"},
    {"E:rewriting", group_energy, "rewriting"},
    {"leakage", leakage, ""},
    {"clock", clock_of, ""},
    {"interval", interval_of, ""},
    {"link", link_of, ""},
    {"wait", wait_of, ""},
    {"rewrite", rewrite_of, ""},
    {"crossbars", pairs_of, ""},
    {"write", write_of, ""},
};
enum { MEASURES = sizeof measure / sizeof *measure };

/* --- fields ------------------------------------------------------------------------------------------- */

#define PAPER "technology=bcnn-45nm"
#define TILES "chip.tile_crossbars=8"
#define SLICED "crossbar.weight_bits=8 device.bits=2"

static const struct row {
    const char *hw, *given, *field, *moves;
} rows[] = {
#include "fields_move.inc"
};
enum { ROWS = sizeof rows / sizeof *rows };

/* --- the check ---------------------------------------------------------------------------------------- */

static void split(char *text, const char **sets, size_t *n)
{
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert_true(*n + 1 < SETS_MAX);
        sets[(*n)++] = word;
    }
}

static void evaluate(const struct row *row, const char *field, double value[MEASURES])
{
    char given[TEXT_MAX], own[TEXT_MAX];
    const char *sets[SETS_MAX] = {"technology=generic-45nm", "device.bits=4"};
    size_t n = 2;
    mho_net *net;
    mho_hw *hw;
    mho_estimate *e;
    snprintf(given, sizeof given, "%s", row->given);
    split(given, sets, &n);
    snprintf(own, sizeof own, "%s", field);
    split(own, sets, &n);
    sets[n] = NULL;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    if (mho_hw_open(row->hw, sets, &hw) || mho_estimate_create(net, hw, &e))
        fail_msg("%s %s %s: %s", row->hw, row->given, field, mho_error_message());
    for (size_t i = 0; i < MEASURES; i++)
        value[i] = measure[i].value(e, measure[i].group);
    mho_estimate_destroy(e);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

/* '=' stays, '+' rises, '-' falls */
static char move(double before, double after)
{
    if (fabs(after - before) <= 1e-9 * fmax(fabs(before), fabs(after)))
        return '=';
    return after > before ? '+' : '-';
}

/* What the row says of an output; '=': nothing. */
static char wanted(const char *moves, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = moves; (at = strstr(at, name)); at += n)
        if ((at == moves || at[-1] == ' ') && at[n] && strchr("+-~", at[n]))
            return at[n];
    return '=';
}

static void check(const struct row *row)
{
    double before[MEASURES], after[MEASURES];
    char is[TEXT_MAX] = "";
    bool good = true;
    evaluate(row, "", before);
    evaluate(row, row->field, after);
    for (size_t i = 0; i < MEASURES; i++) {
        const char m = move(before[i], after[i]), want = wanted(row->moves, measure[i].name);
        good = good && (m == want || (want == '~' && m != '='));
        if (m != '=')
            snprintf(is + strlen(is), sizeof is - strlen(is), " %s%c", measure[i].name, m);
    }
    if (!good)
        fail_msg("%s %s: %s moves%s; want %s", row->hw, row->given, row->field, is, row->moves);
}

static void test_fields_move(void **state)
{
    (void)state;
    const char *seen[ROWS];
    size_t fields = 0;
    for (size_t i = 0; i < ROWS; i++) {
        size_t k = 0;
        const size_t length = strcspn(rows[i].field, "=");
        check(&rows[i]);
        while (k < fields && (strncmp(seen[k], rows[i].field, length + 1) != 0))
            k++;
        if (k == fields)
            seen[fields++] = rows[i].field;
    }
    if (fields < 40)
        fail_msg("%zu fields, want 40 or more", fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields_move)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
