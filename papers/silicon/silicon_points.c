/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "silicon_points.h"

#define BITS(n) "input.first_bits=" #n
/* NeuRRAM: the sign takes no pulse; two phases convert their bits one after the other. */
#define NEURRAM(in, magnitude, phase, out)                                                         \
    {                                                                                              \
        .name = "NeuRRAM, " #in "-bit inputs", .hw = "wan2022",                                    \
        .sets = {"input.first_bits=" #magnitude, "output.last_bits=" #out,                         \
                 "input.bits_per_read=" #phase},                                                   \
        .factor = 2, .input_bits = magnitude                                                       \
    }
#define NEURRAM_ONE_PHASE(in, magnitude, out)                                                      \
    {                                                                                              \
        .name = "NeuRRAM, " #in "-bit inputs, one phase", .hw = "wan2022",                         \
        .sets = {"input.first_bits=" #magnitude, "output.last_bits=" #out}, .factor = 2,           \
        .input_bits = magnitude                                                                    \
    }

const silicon_point silicon_points[] = {
    {"xue2021, 1-bit inputs", "xue2021", {BITS(1)}, 2, 1, false, false},
    {"xue2021, 4-bit inputs", "xue2021", {BITS(4)}, 8, 4, false, false},
    {"xue2021, 8-bit inputs", "xue2021", {BITS(8)}, 16, 8, false, false},
    {"li2021", "li2021", {0}, 2, 1, false, true},
    {"yoon2021", "yoon2021", {0}, 2, 1, false, true},
    {"liu2020", "liu2020", {0}, 3, 1, false, false},
    {"xue2020, 1-bit inputs, 2-bit weights", "xue2020", {BITS(1)}, 4, 1, false, false},
    {"xue2020, 2-bit inputs, 4-bit weights",
     "xue2020",
     {BITS(2), "crossbar.weight_bits=4", "output.share=8"},
     16,
     2,
     false,
     false},
    {"xue2020, 4-bit inputs, 4-bit weights",
     "xue2020",
     {BITS(4), "crossbar.weight_bits=4", "output.share=8"},
     32,
     4,
     false,
     false},
    {"xue2019, 1-bit inputs", "xue2019", {BITS(1)}, 6, 1, false, false},
    {"xue2019, 2-bit inputs", "xue2019", {BITS(2)}, 12, 2, false, false},
    {"yin2020", "yin2020", {0}, 2, 1, true, false},
    {"mochida2018, 180 nm",
     "mochida2018",
     {"technology=generic-130nm", "technology.F=180 nm", "technology.V_dd=1.8 V"},
     16,
     1,
     false,
     false},
    {"mochida2018, 40 nm", "mochida2018", {0}, 16, 1, false, false},
    {"hung2022", "hung2022", {0}, 2, 1, false, false},
    {"spetalnick2022", "spetalnick2022", {0}, 2, 1, false, true},
    {"correll2022", "correll2022", {0}, 64, 8, false, false},
    {"spetalnick2023", "spetalnick2023", {0}, 2, 1, false, false},
    {"chang2023", "chang2023", {0}, 4, 1, false, false},
    NEURRAM(1, 1, 0, 3),
    NEURRAM(2, 1, 0, 4),
    NEURRAM(3, 2, 0, 5),
    NEURRAM(4, 3, 0, 6),
    NEURRAM_ONE_PHASE(5, 4, 7),
    NEURRAM_ONE_PHASE(6, 5, 8),
    NEURRAM(5, 4, 2, 7),
    NEURRAM(6, 5, 3, 8),
    NEURRAM(7, 6, 3, 9),
    NEURRAM(8, 7, 4, 10),
    {"yao 28 nm", "yao2020", {0}, 2, 4, false, false},
    {"ISAAC IMA", "isaac", {0}, 2, 8, false, false},
};
const size_t silicon_point_count = sizeof silicon_points / sizeof *silicon_points;

/* Weights that the columns of a crossbar hold beside those of their references. */
static size_t weight_columns(const mho_hw *hw)
{
    const size_t columns = (size_t)mho_hw_number(hw, "crossbar.columns");
    const size_t weight = (size_t)mho_hw_number(hw, "crossbar.weight_bits");
    const size_t cell = (size_t)mho_hw_number(hw, "device.bits");
    const size_t slices = weight ? (weight + cell - 1) / cell : 1;
    const bool reference =
        mho_hw_is(hw, "crossbar.weights", "single") && mho_hw_is(hw, "crossbar.offset", "column");
    return columns / slices - reference;
}

static mho_status make_net(const silicon_point *point, const mho_hw *hw, mho_net **out)
{
    char text[256];
    const size_t rows = (size_t)mho_hw_number(hw, "crossbar.rows");
    const bool pairs = mho_hw_is(hw, "input.coding", "two_rows");
    snprintf(text, sizeof text, "input: {shape: [%zu, 1, 1], bits: %zu}\nlayers:\n%s  - fc: %zu\n",
             pairs && point->sign ? rows / 2 : rows, point->input_bits,
             point->sign ? "  - sign\n" : "", weight_columns(hw));
    return mho_net_read(text, "macro.yaml", out);
}

/* Bit-serial inputs: a read is one of them, and a multiply-accumulate of the source has as many as the description's
 * weights have bits. */
static double reads_of(const silicon_point *point, const mho_placement_layer *l)
{
    return strcmp(point->hw, "isaac") ? 1 : 16 / (double)l->reads;
}

static void fill(const silicon_point *point, silicon_prediction *out)
{
    const mho_cost *cost = out->estimate->cost;
    const mho_placement_layer *l = &out->estimate->placement->layer[0];
    out->macs = (double)l->cells;
    const bool registers = !strcmp(point->hw, "isaac"); /* its buffer is a part of it */
    out->energy_J = cost->energy_J - (registers ? 0 : mho_cost_energy_J(cost, "buffer", NULL));
    out->ops_per_J = (double)point->factor * out->macs / (out->energy_J * reads_of(point, l));
    out->read_s = l->window_s / (double)(l->passes * l->columns_per_converter);
    out->area_m2 = cost->area_m2 - mho_cost_area_m2(cost, "buffer", NULL);
    out->cells = (double)l->counts.cells;
}

mho_status silicon_predict(const silicon_point *point, silicon_prediction *out)
{
    mho_hw *hw = NULL;
    mho_net *net = NULL;
    *out = (silicon_prediction){.estimate = NULL};
    mho_status s = mho_hw_open(point->hw, point->sets, &hw);
    if (!s)
        s = make_net(point, hw, &net);
    if (!s)
        s = mho_estimate_create(net, hw, &out->estimate);
    if (!s)
        fill(point, out);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
    return s ? mho_error_prefix(s, "%s", point->name) : MHO_OK;
}
