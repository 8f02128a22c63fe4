/* SPDX-License-Identifier: Apache-2.0 */
/* Codings of weights and inputs by themselves: which cells hold a weight, what a column tells of it, where reference
 * columns lie, and that the reads of an input add up to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map/placement.h"

typedef struct setting {
    const char *mode, *weights, *offset, *bits, *cell_bits, *slicing, *inputs, *per_read;
} setting;

static mhoi_machine machine_of(const setting *s)
{
    char text[8][64];
    const char *sets[9] = {NULL};
    const char *const key[] = {"crossbar.mode",        "crossbar.weights",   "crossbar.offset",
                               "crossbar.weight_bits", "device.bits",        "crossbar.slicing",
                               "input.coding",         "input.bits_per_read"};
    const char *const value[] = {s->mode,      s->weights, s->offset, s->bits,
                                 s->cell_bits, s->slicing, s->inputs, s->per_read};
    for (size_t i = 0; i < 8; i++) {
        snprintf(text[i], sizeof text[i], "%s=%s", key[i], value[i]);
        sets[i] = text[i];
    }
    mho_hw *hw;
    mhoi_machine machine;
    if (mho_hw_open(strcmp(s->mode, "full") ? "bcnn" : "cnn8", sets, &hw))
        fail_msg("%s", mho_error_message());
    assert_int_equal(mhoi_machine_of(hw, &machine), MHO_OK);
    mho_hw_destroy(hw);
    return machine;
}

static mho_alphabet alphabet_of(const setting *s)
{
    return !strcmp(s->mode, "binary")    ? MHO_ALPHABET_BINARY
           : !strcmp(s->mode, "ternary") ? MHO_ALPHABET_TERNARY
                                         : MHO_ALPHABET_REAL;
}

static mhoi_cells cells_of(const mhoi_machine *m, const setting *s, size_t columns)
{
    mhoi_cells cells;
    assert_int_equal(mhoi_cells_set(m, &m->device, alphabet_of(s), 0, false, columns, &cells),
                     MHO_OK);
    return cells;
}

static int64_t conductance(const mhoi_machine *m, const mhoi_cells *k, size_t slice,
                           mhoi_cell_side side, int16_t weight)
{
    uint8_t level = 255;
    k->coding->levels(k, slice, side, &weight, 1, &level);
    assert_true(level < 1 << m->device.bits);
    int64_t g = mho_device_level(&m->device, level);
    if (side == MHOI_CELL_REFERENCE && k->middle)
        g -= mho_device_delta(&m->device);
    return g;
}

/* What the converted columns of one weight tell, for one unit of drive. */
static int64_t told(const mhoi_machine *m, const mhoi_cells *k, int16_t weight)
{
    int64_t sum = 0;
    for (size_t s = 0; s < k->slices; s++) {
        int64_t g = conductance(m, k, s, MHOI_CELL_PLUS, weight);
        if (k->coding->sides == 2)
            g -= conductance(m, k, s, MHOI_CELL_MINUS, weight);
        if (k->coding->reference)
            g -= conductance(m, k, s, MHOI_CELL_REFERENCE, weight);
        sum += g * ((int64_t)1 << (k->slice_bits * s));
    }
    return k->coding->counted ? sum - k->base : sum;
}

static const setting settings[] = {
    {"binary", "differential", "column", "0", "3", "columns", "direct", "0"},
    {"binary", "single", "column", "0", "3", "columns", "direct", "0"},
    {"binary", "single", "digital", "0", "1", "columns", "two_rows", "0"},
    {"ternary", "differential", "column", "0", "1", "columns", "two_reads", "0"},
    {"ternary", "single", "column", "0", "2", "columns", "direct", "0"},
    {"ternary", "single", "digital", "0", "4", "columns", "direct", "0"},
    {"full", "differential", "column", "0", "4", "columns", "direct", "0"},
    {"full", "differential", "column", "6", "2", "crossbars", "two_reads", "1"},
    {"full", "single", "column", "0", "5", "columns", "direct", "3"},
    {"full", "single", "column", "6", "2", "columns", "two_rows", "1"},
    {"full", "single", "digital", "7", "3", "crossbars", "two_reads", "3"},
    {"full", "single", "column", "5", "2", "crossbars", "direct", "1"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* Columns tell unit x weight, of either sign, whatever the coding. */
static void test_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTINGS; i++) {
        const mhoi_machine m = machine_of(&settings[i]);
        const mhoi_cells k = cells_of(&m, &settings[i], 10);
        assert_true(k.codes.lo < 0 && k.codes.hi > 0 && k.unit > 0);
        for (int32_t w = k.codes.lo; w <= k.codes.hi; w++) {
            const bool some = alphabet_of(&settings[i]) == MHO_ALPHABET_REAL || w == k.codes.lo ||
                              w == k.codes.hi ||
                              (w == 0 && alphabet_of(&settings[i]) == MHO_ALPHABET_TERNARY);
            if (some && told(&m, &k, (int16_t)w) * k.one != (int64_t)w * k.unit)
                fail_msg("setting %zu, weight %d: %lld, want %d x %d / %d", i, w,
                         (long long)told(&m, &k, (int16_t)w), w, k.unit, k.one);
        }
    }
}

/* Cells of B bits have 2^B levels, of which weights without many values use two: what programming is priced by. */
static void test_used_levels(void **state)
{
    (void)state;
    static const char *const cell_bits[] = {"1", "2", "3", "7"};
    static const size_t full[] = {2, 4, 8, 128};
    for (size_t i = 0; i < 4; i++) {
        setting s = settings[0];
        s.mode = "full";
        s.weights = "differential";
        s.bits = "0";
        s.cell_bits = cell_bits[i];
        const mhoi_machine m = machine_of(&s);
        assert_int_equal(cells_of(&m, &s, 10).levels, full[i]);
        s.mode = "binary";
        const mhoi_machine two = machine_of(&s);
        assert_int_equal(cells_of(&two, &s, 10).levels, 2);
    }
}

/* The table of docs/models/coding.md, by hand. */
static void test_levels(void **state)
{
    (void)state;
    static const struct {
        size_t setting, slice;
        int16_t weight;
        int plus, other; /* g-, or the reference; -1: none */
    } want[] = {
        {0, 0, 7, 7, 0},    {0, 0, -7, 0, 7},   {1, 0, 7, 7, 4},    {1, 0, -7, 0, 4},
        {2, 0, 1, 1, -1},   {2, 0, -1, 0, -1},  {3, 0, 0, 0, 0},    {3, 0, -1, 0, 1},
        {4, 0, 1, 2, 1},    {4, 0, -1, 0, 1},   {4, 0, 0, 1, 1},    {5, 0, -7, 0, -1},
        {6, 0, -13, 0, 13}, {6, 0, 13, 13, 0},  {7, 0, -27, 0, 3},  {7, 1, -27, 0, 2},
        {7, 2, -27, 0, 1},  {8, 0, -16, 0, 16}, {8, 0, 15, 31, 16}, {9, 0, -31, 1, 0},
        {9, 2, -31, 0, 2},  {9, 2, 31, 3, 2},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const setting *s = &settings[want[i].setting];
        const mhoi_machine m = machine_of(s);
        const mhoi_cells k = cells_of(&m, s, 4);
        uint8_t plus, other = 255;
        k.coding->levels(&k, want[i].slice, MHOI_CELL_PLUS, &want[i].weight, 1, &plus);
        if (k.coding->sides == 2)
            k.coding->levels(&k, want[i].slice, MHOI_CELL_MINUS, &want[i].weight, 1, &other);
        if (k.coding->reference)
            k.coding->levels(&k, want[i].slice, MHOI_CELL_REFERENCE, NULL, 1, &other);
        if (plus != want[i].plus || (want[i].other >= 0 && other != want[i].other))
            fail_msg("case %zu, weight %d: levels %d, %d, want %d, %d", i, want[i].weight, plus,
                     other, want[i].plus, want[i].other);
    }
}

/* Every slice of every weight has one column; the last column in use of a crossbar is its reference. */
static void check_columns(const mhoi_machine *m, const mhoi_cells *k)
{
    char seen[4096] = {0};
    size_t references = 0;
    for (size_t plane = 0; plane < k->planes; plane++)
        for (size_t c = 0; c < k->plane_columns; c++) {
            const mhoi_column at = mhoi_column_of(k, plane, c);
            const size_t tile = c / k->tile_columns, in_tile = c % k->tile_columns;
            const bool ends =
                c + k->together >= k->plane_columns || (c + k->together) / k->tile_columns > tile;
            assert_true(in_tile < m->crossbar.columns && at.tile == tile);
            assert_int_equal(at.is_reference, k->coding->reference && ends);
            references += at.is_reference;
            if (at.is_reference)
                continue;
            assert_true(at.weight < k->columns && at.weight / k->weights_per_tile == tile);
            assert_false(seen[at.engine]++);
            const size_t shared = mhoi_reference_of(k, at.engine);
            const size_t first = k->coding->reference ? tile * k->weights_per_tile : at.weight;
            const mhoi_column of = {.weight = first, .slice = at.slice};
            assert_int_equal(shared, k->planes > 1 ? of.slice * k->columns + of.weight
                                                   : of.weight * k->slices + of.slice);
        }
    for (size_t e = 0; e < k->converted; e++)
        assert_int_equal(seen[e], 1);
    assert_int_equal(references, k->coding->reference ? k->tiles * k->slices : 0);
}

static void test_columns(void **state)
{
    (void)state;
    static const size_t widths[] = {12, 31, 128}, columns[] = {1, 7, 40, 129};
    for (size_t i = 0; i < SETTINGS; i++)
        for (size_t w = 0; w < 3; w++)
            for (size_t c = 0; c < 4; c++) {
                mhoi_machine m = machine_of(&settings[i]);
                m.crossbar.columns = widths[w];
                const mhoi_cells k = cells_of(&m, &settings[i], columns[c]);
                check_columns(&m, &k);
            }
}

/* Reads, weighted, add up to the input: on a line that holds m, and on one that holds -m. */
static void test_reads(void **state)
{
    (void)state;
    static const mhoi_map_coding maps[] = {
        {.kind = MHOI_MAP_BITS, .bits = 1, .codes = {0, 1}},
        {.kind = MHOI_MAP_CODES, .bits = 8, .codes = {0, 255}},
        {.kind = MHOI_MAP_CODES, .bits = 4, .codes = {-8, 7}},
        {.kind = MHOI_MAP_CODES, .bits = 8, .codes = {-128, 127}}};
    for (size_t i = 0; i < SETTINGS; i++)
        for (size_t k = 0; k < 4; k++) {
            const mhoi_machine m = machine_of(&settings[i]);
            const mhoi_map_coding *map = &maps[k];
            mhoi_inputs in;
            assert_int_equal(mhoi_inputs_set(&m, map, "layer", &in), MHO_OK);
            for (int32_t code = map->codes.lo; code <= map->codes.hi; code++) {
                int64_t sum = 0;
                for (size_t r = 0; r < in.reads; r++)
                    for (size_t line = 0; line < in.lines; line++) {
                        const uint8_t byte = in.read[r].row[line].table[(uint8_t)code];
                        const int32_t drive = in.is_signed ? (int8_t)byte : byte;
                        assert_true(drive >= in.lo && drive <= in.hi);
                        sum += (int64_t)in.read[r].weight * (line ? -drive : drive);
                    }
                const bool zero_one = map->kind == MHOI_MAP_BITS && in.reads == 1 && in.lines == 1;
                const int32_t want = map->kind == MHOI_MAP_BITS && !zero_one ? 2 * code - 1 : code;
                if (sum != want)
                    fail_msg("setting %zu, map %zu, code %d: %lld", i, k, code, (long long)sum);
            }
            free(in.read);
        }
}

/* The second line of a weight holds -m: channel by channel, all taps, then all of them mirrored. */
static void test_lines(void **state)
{
    (void)state;
    const mhoi_machine m = machine_of(&settings[9]);
    const mhoi_cells k = cells_of(&m, &settings[9], 4);
    const mhoi_map_coding map = {.kind = MHOI_MAP_CODES, .bits = 4, .codes = {-8, 7}};
    mhoi_inputs in;
    assert_int_equal(mhoi_inputs_set(&m, &map, "layer", &in), MHO_OK);
    assert_int_equal(in.lines, 2);
    enum { TAPS = 3, CHANNELS = 2, LINES = 2 * TAPS * CHANNELS };
    const int16_t weight[TAPS * CHANNELS] = {1, -2, 3, -4, 5, -6};
    uint8_t got[LINES];
    mhoi_column_levels(&k, &in, TAPS, weight, (mhoi_column){.slice = 0}, false, 0, LINES, got);
    for (size_t i = 0; i < LINES; i++) {
        const size_t channel = i / (2 * TAPS), mirrored = i / TAPS % 2, tap = i % TAPS;
        const int16_t v = weight[channel * TAPS + tap], w = (int16_t)(mirrored ? -v : v);
        uint8_t want;
        k.coding->levels(&k, 0, MHOI_CELL_PLUS, &w, 1, &want);
        assert_int_equal(got[i], want);
    }
    uint8_t part[5];
    mhoi_column_levels(&k, &in, TAPS, weight, (mhoi_column){.slice = 0}, false, 4, 5, part);
    assert_memory_equal(part, got + 4, 5);
    free(in.read);
}

/* As many inputs as have a line in a row group may be on: counted one by one. */
static void test_lines_on(void **state)
{
    (void)state;
    enum { CHANNELS = 3 };
    static const size_t kernel[] = {1, 2, 3, 5};
    const mhoi_machine m = machine_of(&settings[9]);
    const mhoi_map_coding map = {.kind = MHOI_MAP_CODES, .bits = 4, .codes = {-8, 7}};
    mhoi_plan plan = {.device = m.device};
    mhoi_place place = {.cells = cells_of(&m, &settings[9], 4)};
    assert_int_equal(mhoi_inputs_set(&m, &map, "layer", &place.inputs), MHO_OK);
    const int64_t one = place.inputs.hi > -place.inputs.lo ? place.inputs.hi : -place.inputs.lo;
    const int64_t top = mho_device_level(&m.device, (size_t)mhoi_level_top(&m.device));
    for (size_t i = 0; i < 4; i++)
        for (size_t rows = 1; rows < 2 * CHANNELS * 25 + 2; rows++) {
            const size_t taps = kernel[i] * kernel[i];
            place.apart = taps;
            place.lines = 2 * CHANNELS * taps;
            place.group_rows = rows;
            int64_t most = 0;
            for (size_t first = 0; first < place.lines; first += rows) {
                bool on[CHANNELS * 25] = {false};
                int64_t count = 0;
                for (size_t r = first; r < first + rows && r < place.lines; r++)
                    on[r / (2 * taps) * taps + r % taps] = true;
                for (size_t j = 0; j < CHANNELS * taps; j++)
                    count += on[j];
                most = count > most ? count : most;
            }
            assert_int_equal(mhoi_range_full(&plan, &place).hi, most * one * top);
        }
    free(place.inputs.read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),     cmocka_unit_test(test_levels),
        cmocka_unit_test(test_used_levels), cmocka_unit_test(test_columns),
        cmocka_unit_test(test_reads),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
