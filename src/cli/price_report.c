/* SPDX-License-Identifier: Apache-2.0 */
/* Lines below prices: whose they are, what decides their order of magnitude, how good they are, what they leave out. */
#include <string.h>

#include "price_report.h"

static void line(const cli_args *args, const char *name, const char *text)
{
    fprintf(args->out, "  %-11s  %s\n", name, text);
}

/* The time that a driven cell conducts, where more than read.conduct decides it. */
static const char *conducts(const mho_hw *hw)
{
    if (!mho_hw_is(hw, "read.conduct", "read") || mho_hw_number(hw, "output.share") <= 1)
        return "";
    if (mho_hw_number(hw, "output.sampled") != 0)
        return ", which ends when columns are sampled";
    return mho_hw_is(hw, "output.waiting", "off") ? ", of its own column alone" : "";
}

/* The fields without a safe default that models ask for. */
static void print_modeled(const char *label, const char *of, const mho_hw *hw, const cli_args *args)
{
    char readout[32], conduct[32], supply[32], flavour[32];
    mho_hw_text(hw, "output.readout", readout, sizeof readout);
    mho_hw_text(hw, "read.conduct", conduct, sizeof conduct);
    mho_hw_text(hw, "read.supply", supply, sizeof supply);
    mho_hw_text(hw, "leakage", flavour, sizeof flavour);
    fprintf(args->out,
            "  %-11s  %sreadout %s; cells of %g to %g uS at %g V, supply %s, conduct %s%s; leakage "
            "%s\n",
            label, of, readout, 1e6 * mho_hw_number(hw, "device.g_off"),
            1e6 * mho_hw_number(hw, "device.g_on"), mho_hw_number(hw, "read.voltage"), supply,
            conduct, conducts(hw), flavour);
}

/* A table without models asks for neither voltages nor times; the one beside it does. */
static void print_read(const mho_price_notes *n, const mho_hw *hw, const cli_args *args)
{
    if (n->modeled) {
        print_modeled("decided by", "", hw, args);
        return;
    }
    fprintf(args->out, "  %-11s  cells of %g to %g uS, and the readings (cost.*) of %s\n",
            "decided by", 1e6 * mho_hw_number(hw, "device.g_off"),
            1e6 * mho_hw_number(hw, "device.g_on"), n->technology);
    char of[MHO_COST_NAME + 8];
    snprintf(of, sizeof of, "%s: ", n->generic);
    if (*n->generic)
        print_modeled("", of, hw, args);
}

/* base: the 8-bit CNN by the same table; NULL: not known. */
static void print_beside(const mho_price_notes *n, const mho_result_cost *base,
                         const cli_args *args)
{
    char energy[32], area[32];
    if (!*n->generic)
        return;
    fprintf(args->out, "  %-11s  %s: %s an image, %s", "beside it", n->generic,
            cli_si(n->generic_energy_J, "J", energy), cli_si(n->generic_area_m2, "m2", area));
    if (base && base->energy_J > 0)
        fprintf(args->out, "; 8-bit CNN %s, %s, saved %.1f and %.1f %%",
                cli_si(base->energy_J, "J", energy), cli_si(base->area_m2, "m2", area),
                100 * mho_result_saved(n->generic_energy_J, base->energy_J),
                100 * mho_result_saved(n->generic_area_m2, base->area_m2));
    fputc('\n', args->out);
}

static void print_error(const mho_price_notes *n, const cli_args *args)
{
    char leakage[32];
    if (n->error_energy > 0)
        fprintf(args->out, "  %-11s  energy within a factor of about %g, times of %g\n", "absolute",
                n->error_energy, n->error_time);
    if (n->leakage_J > 0)
        fprintf(args->out, "  %-11s  %s of the energy\n", "leakage",
                cli_si(n->leakage_J, "J", leakage));
}

void cli_print_price_notes(const mho_price_notes *n, const mho_result_cost *base, const mho_hw *hw,
                           const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    fprintf(args->out, "%sPrices: %s%s\n", m->bold, n->technology, m->end);
    if (*n->overrides)
        line(args, "overrides", n->overrides);
    if (*n->instead)
        line(args, "instead", n->instead);
    if (*n->note)
        line(args, "good for", n->note);
    print_beside(n, base, args);
    print_read(n, hw, args);
    print_error(n, args);
    if (*n->beyond)
        line(args, "beyond", n->beyond);
    if (*n->not_counted)
        line(args, "not counted", n->not_counted);
}

void cli_tell_instead(const mho_price_notes *n, const cli_args *args)
{
    if (*n->instead && !args->quiet)
        fprintf(stderr, "mho: note: %s\n", n->instead);
}
