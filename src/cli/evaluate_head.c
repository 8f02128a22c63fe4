/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the report of `mho evaluate`: the result in a line or two, and what ran on what. */
#include <math.h>
#include <string.h>

#include "study_report.h"

const char *cli_range(mho_interval v, char text[48])
{
    snprintf(text, 48, "%.2f..%.2f %%", 100 * v.low, 100 * v.high);
    return text;
}

bool cli_is_base(const mho_result *e)
{
    return !strcmp(mho_hw_name(e->hw), e->base_hw) && e->cost.energy_J == e->base.energy_J &&
           e->cost.area_m2 == e->base.area_m2;
}

/* Tables without models have readings of a paper in place of a number. */
const char *cli_assumed(const mho_result *e, char text[48])
{
    if (e->notes.modeled)
        snprintf(text, 48, "at assumed activity %g", mho_hw_number(e->hw, "read.activity"));
    else
        snprintf(text, 48, "at assumed activity");
    return text;
}

static uint64_t latency_cycles(const mho_result *e)
{
    return e->in_turn ? e->layer_by_layer : e->pipelined;
}

static void print_headline(const mho_result *e, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    char energy[32], area[32], cycles[32], images[48], half[32] = "", time[48] = "", assumed[48];
    if (cli_has_interval(&e->error))
        snprintf(half, sizeof half, " +- %.2f", 100 * e->error.half);
    if (isfinite(e->speed.latency_s)) {
        memcpy(time, " = ", 4);
        cli_si(e->speed.latency_s, "s", time + 3);
    }
    fprintf(args->out,
            "%s%s on %s: %.2f %% error%s (software %.2f %%; other images, 95 %%: %s), %s an "
            "image %s, %s, %s cycles%s%s\n",
            m->bold, e->network, mho_hw_name(e->hw), 100 * e->error.spread.mean, half,
            100 * e->software_error, cli_range(e->error.images, images),
            cli_si(e->cost.energy_J, "J", energy), cli_assumed(e, assumed),
            cli_si(e->cost.area_m2, "m2", area), cli_grouped(latency_cycles(e), cycles), time,
            m->end);
}

/* The energy of another table, which is the one for absolute figures. */
static void print_generic(const mho_result *e, FILE *out)
{
    char energy[32], area[32], measured[32];
    fprintf(out, ": %s has %s", e->notes.generic, cli_si(e->generic.energy_J, "J", energy));
    if (e->has_measured)
        fprintf(out, " (measured %s)", cli_si(e->measured_generic_J, "J", measured));
    fprintf(out, ", %s", cli_si(e->generic.area_m2, "m2", area));
}

/* What the figures above are not good for, where it cannot be missed. */
static void print_marks(const mho_result *e, FILE *out)
{
    char energy[32];
    if (e->has_measured)
        fprintf(out, "  measured %s an image%s", cli_si(e->measured.energy_J, "J", energy),
                e->notes.relative ? "; " : "");
    if (e->notes.relative)
        fprintf(out, "%sprices of %s, for relative comparison only", e->has_measured ? "" : "  ",
                e->notes.technology);
    if (e->notes.relative && *e->notes.generic)
        print_generic(e, out);
    fputs(e->has_measured || e->notes.relative ? "\n\n" : "\n", out);
}

/* Measured levels take the place of all that is told of the distribution. */
static void print_variation(const mho_hw *hw, FILE *out)
{
    char table[512], kind[32];
    const bool lognormal = mho_hw_is(hw, "device.distribution", "lognormal");
    const double size =
        mho_hw_number(hw, lognormal ? "device.variation_sigma" : "device.variation");
    const double rise = mho_hw_number(hw, "device.variation_rise");
    mho_hw_text(hw, "device.table", table, sizeof table);
    mho_hw_text(hw, "device.distribution", kind, sizeof kind);
    if (*table)
        fprintf(out, "levels of %s", table);
    else if (size > 0 || rise != 0)
        fprintf(out, "%s variation %g", strcmp(kind, "gaussian") ? kind : "Gaussian", size);
    else
        fputs("no variation", out);
    if (!*table && rise != 0)
        fprintf(out, " (%+g at the highest level)", rise);
}

static bool is_any(const mho_hw *hw, const char *const *key)
{
    bool any = false;
    for (; *key; key++)
        any = any || mho_hw_number(hw, *key) != 0;
    return any;
}

bool cli_has_wires(const mho_hw *hw)
{
    static const char *const keys[] = {"wires.r_row", "wires.r_col", "wires.r_driver",
                                       "wires.r_sense", NULL};
    return is_any(hw, keys);
}

static void print_wires(const mho_hw *hw, FILE *out)
{
    fprintf(out, "            wires: %g ohm a cell along rows, %g along columns",
            mho_hw_number(hw, "wires.r_row"), mho_hw_number(hw, "wires.r_col"));
    if (mho_hw_number(hw, "wires.r_driver") > 0)
        fprintf(out, ", drivers %g ohm", mho_hw_number(hw, "wires.r_driver"));
    if (mho_hw_number(hw, "wires.r_sense") > 0)
        fprintf(out, ", sense amplifiers %g ohm", mho_hw_number(hw, "wires.r_sense"));
    fprintf(out, "%s%s\n", mho_hw_number(hw, "wires.both_sides") > 0 ? ", driven at both ends" : "",
            mho_hw_number(hw, "wires.approximate") > 0 ? "; currents approximate"
            : mho_hw_number(hw, "wires.precision") > 0 ? "; solved in single precision"
                                                       : "");
}

/* What the devices are besides varied, a line each where it is set. */
static void print_effects(const mho_hw *hw, FILE *out)
{
    static const char *const noise[] = {"device.read_noise", "device.read_noise_fixed", NULL};
    static const char *const stuck[] = {"device.stuck_on", "device.stuck_off", NULL};
    static const char *const drift[] = {"device.drift_nu", "device.drift_nu_spread", NULL};
    if (cli_has_wires(hw))
        print_wires(hw, out);
    if (is_any(hw, noise))
        fprintf(out, "            read noise: %g of a cell's conductance, %g of the range\n",
                mho_hw_number(hw, noise[0]), mho_hw_number(hw, noise[1]));
    if (is_any(hw, stuck))
        fprintf(out, "            stuck cells: %g %% on, %g %% off\n",
                100 * mho_hw_number(hw, stuck[0]), 100 * mho_hw_number(hw, stuck[1]));
    if (is_any(hw, drift))
        fprintf(out, "            drift: exponent %g, deviation %g, from %g s to %g s\n",
                mho_hw_number(hw, drift[0]), mho_hw_number(hw, drift[1]),
                mho_hw_number(hw, "device.drift_start"), mho_hw_number(hw, "device.drift_time"));
}

/* What the placement gives a layer, which need not be what a field of the description says. */
typedef void tell_fn(const mho_result_layer *l, char text[48]);

static void inputs_of(const mho_result_layer *l, char text[48])
{
    snprintf(text, 48, "%zu bit", l->input_bits);
}

static void outputs_of(const mho_result_layer *l, char text[48])
{
    const char *split = l->row_groups > 1 ? " (split rows)" : "";
    if (l->sense)
        snprintf(text, 48, "1-bit sense amplifier");
    else if (l->output_bits)
        snprintf(text, 48, "%zu bit%s", l->output_bits, split);
    else
        snprintf(text, 48, "ideal%s", split);
}

static bool is_alike(const mho_result *e, size_t i, size_t k, tell_fn *tell)
{
    char one[48], other[48];
    tell(&e->layer[i], one);
    tell(&e->layer[k], other);
    return !strcmp(one, other);
}

static void print_layers(const mho_result *e, size_t first, tell_fn *tell, FILE *out)
{
    size_t last = first, count = 0;
    for (size_t k = first; k < e->layers; k++)
        if (is_alike(e, first, k, tell)) {
            last = k;
            count++;
        }
    if (count == e->layers)
        return;
    if (count == 1)
        fprintf(out, "%s ", e->layer[first].name);
    else if (count == last - first + 1)
        fprintf(out, "%s to %s ", e->layer[first].name, e->layer[last].name);
    else
        fprintf(out, "%zu layers from %s on ", count, e->layer[first].name);
}

/* Layers that have the same together, in the order of their first: "outputs: conv1 8 bit, conv2 to fc4 4 bit". */
static void print_each(const mho_result *e, const char *what, tell_fn *tell, FILE *out)
{
    fprintf(out, "%s: ", what);
    for (size_t i = 0; i < e->layers; i++) {
        char text[48];
        size_t before = 0;
        while (before < i && !is_alike(e, before, i, tell))
            before++;
        if (before < i)
            continue;
        fputs(i ? ", " : "", out);
        print_layers(e, i, tell, out);
        tell(&e->layer[i], text);
        fputs(text, out);
    }
}

static void print_setting(const mho_result *e, const cli_args *args)
{
    FILE *out = args->out;
    const mho_hw *hw = e->hw;
    char weights[32], macs[32], images[32];
    fprintf(out, "  network   %zu weighted layers, %s weights, %s MACs; %s\n", e->layers,
            cli_grouped(e->weights, weights), cli_grouped(e->macs, macs), e->model);
    fprintf(out, "  data      %s: %s test images, %s\n", e->data,
            cli_grouped(e->options.images, images), e->data_place);
    fprintf(out, "  hardware  %g x %g crossbars of %g-bit %s cells, %s weights, ",
            mho_hw_number(hw, "crossbar.rows"), mho_hw_number(hw, "crossbar.columns"),
            mho_hw_number(hw, "device.bits"),
            mho_hw_is(hw, "crossbar.cell", "1t1r") ? "1T1R" : "0T1R",
            mho_hw_is(hw, "crossbar.mode", "binary") ? "binary" : "multi-bit");
    print_variation(hw, out);
    fputs("\n            ", out);
    print_each(e, "inputs", inputs_of, out);
    fputs("; ", out);
    print_each(e, "outputs", outputs_of, out);
    fputc('\n', out);
    print_effects(hw, out);
    if (cli_is_base(e))
        fputs("            this is the 8-bit CNN that other hardware is compared with\n", out);
    fputc('\n', out);
}

void cli_evaluate_print_head(const mho_result *e, const cli_args *args)
{
    print_headline(e, args);
    print_marks(e, args->out);
    print_setting(e, args);
}
