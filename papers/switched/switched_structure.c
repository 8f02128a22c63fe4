/* SPDX-License-Identifier: Apache-2.0 */
/* The structure: 1-bit maps select rows, a weight's cells meet in one column, one comparison a column.  Its energy, area and
 * accuracy beside those of the 8-bit CNN on crossbars, whose network it came from; what devices, wires and splits cost. */
#include <math.h>
#include <string.h>

#include "switched.h"

paper_run_fn switched_structure;

enum { NETS = 2, CASES = 17, QUICK = 2000, QUICK_TRIALS = 3 };
static const char *const nets[NETS] = {"cnn-12-64", "lenet5"};

/* Cells at g_off and g_on, which differences take out of sums: it is noise by the conductance that tells their ratio. */
#define ENDS "device.levels=ends", "device.read_noise=0.05"
#define VOTES "crossbar.rows=128", "output.split=vote"
/* row: of expected.csv, that tells the error. */
static const struct {
    const char *what, *set[6], *row;
} cases[CASES] = {
    {"as described: 7-bit cells, variation 1", {NULL}, NULL},
    {"no variation", {"device.variation=0", NULL}, NULL},
    {"read noise of 5 % a cell", {"device.read_noise=0.05", NULL}, NULL},
    {"on/off ratio 100, read noise of 5 %", {ENDS, "device.g_off=1", NULL}, NULL},
    {"on/off ratio 10, read noise of 5 %", {ENDS, "device.g_off=10", NULL}, NULL},
    {"on/off ratio 2, read noise of 5 %", {ENDS, "device.g_off=50", NULL}, NULL},
    {"wires of 1 Ohm a cell", {"wires.r_row=1", "wires.r_col=1", NULL}, NULL},
    {"4-bit cells, four a weight", {"device.bits=4", "device.resolution_bits=10", NULL}, NULL},
    {"5-bit weights on 4-bit cells", {"device.bits=4", "crossbar.weight_bits=5", NULL}, NULL},
    {"3-bit partial sums", {"output.split_bits=3", NULL}, NULL},
    {"1,024 word lines", {"crossbar.rows=1024", NULL}, NULL},
    {"128 word lines, 4-bit partial sums", {"crossbar.rows=128", NULL}, "4-bit sums"},
    {"128 word lines, votes", {VOTES, NULL}, "votes, rows in their order"},
    {"votes, rows dealt out at random",
     {VOTES, "output.deal=random", NULL},
     "votes, rows at random"},
    {"votes, rows sorted and dealt to and fro",
     {VOTES, "output.deal=snake", NULL},
     "votes, rows to and fro"},
    {"votes, rows exchanged for equal means",
     {VOTES, "output.deal=exchange", NULL},
     "votes, rows exchanged"},
    {"votes, rows to and fro, wires of 1 Ohm",
     {VOTES, "output.deal=snake", "wires.r_row=1", "wires.r_col=1", NULL},
     NULL},
};

/* --- prices -------------------------------------------------------------------------------------------------- */

static mho_status price(const mho_net *net, const char *name, mho_estimate **out)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_open(name, NULL, &hw);
    if (!s)
        s = mho_estimate_create(net, hw, out);
    mho_hw_destroy(hw);
    return s;
}

static double saved(double own, double base)
{
    return 100 * mho_result_saved(own, base);
}

static void print_prices(FILE *out, const char *name, const mho_cost *own, const mho_cost *base)
{
    fprintf(out, "\n  %s: %-10s %12s %12s %12s %12s   energy (nJ) and area (um2) of an image\n",
            name, "component", "switched", "8-bit CNN", "switched", "8-bit CNN");
    static const char *const groups[] = {"DAC", "ADC", "cells", "SUB", NULL};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        fprintf(out, "  %*s  %-10s %12.1f %12.1f %12.1f %12.1f\n", (int)strlen(name), "",
                groups[i] ? groups[i] : "all", 1e9 * mho_cost_energy_J(own, groups[i], NULL),
                1e9 * mho_cost_energy_J(base, groups[i], NULL),
                1e12 * mho_cost_area_m2(own, groups[i], NULL),
                1e12 * mho_cost_area_m2(base, groups[i], NULL));
}

static mho_status prices(paper_result *result, const char *name, const mho_net *bits,
                         const mho_net *plain)
{
    mho_estimate *own = NULL, *base = NULL;
    mho_status s = price(bits, "switched", &own);
    if (!s)
        s = price(plain, "cnn8", &base);
    if (!s) {
        const mho_cost *a = own->cost, *b = base->cost, *ga = own->generic, *gb = base->generic;
        print_prices(result->text, name, a, b);
        if (ga && gb)
            fprintf(result->text,
                    "  %*s  by published converters (generic-45nm): %.1f of %.1f nJ, %.0f of %.0f "
                    "um2\n",
                    (int)strlen(name), "", 1e9 * ga->energy_J, 1e9 * gb->energy_J,
                    1e12 * ga->area_m2, 1e12 * gb->area_m2);
        const double area = saved(a->area_m2, b->area_m2);
        const double apart = saved(a->energy_J - mho_cost_energy_J(a, "DAC", NULL),
                                   b->energy_J - mho_cost_energy_J(b, "DAC", "conv1"));
        s = paper_value(result, saved(a->energy_J, b->energy_J), "%s: energy saved", name);
        if (!s)
            s = paper_value(result, apart, "%s: energy saved, the picture's DACs apart", name);
        if (!s)
            s = paper_value(result, area, "%s: area saved", name);
        if (!s)
            s = paper_value(result, area > 80, "%s: more than 80 %% of area saved (1: yes)", name);
        if (!s)
            s = paper_value(
                result, apart > 95,
                "%s: more than 95 %% of energy saved, the picture's DACs apart (1: yes)", name);
    }
    mho_estimate_destroy(own);
    mho_estimate_destroy(base);
    return s;
}

/* --- accuracy -------------------------------------------------------------------------------------------------- */

static mho_status errors(const paper_args *args, const switched_data *d, paper_result *result,
                         const char *name, const mho_net *bits, const mho_net *plain)
{
    double software = 0, before = 0;
    mho_spread own = {.mean = 0}, eight = {.mean = 0};
    mho_status s = switched_software(d, bits, &software);
    if (!s)
        s = switched_software(d, plain, &before);
    if (!s)
        s = switched_hardware(d, bits, "switched", NULL, args->trials, args->seed, &own);
    if (!s)
        s = switched_hardware(d, plain, "cnn8", NULL, args->trials > 2 ? 2 : args->trials,
                              args->seed, &eight);
    if (s)
        return s;
    fprintf(result->text,
            "\n  %s: float %.2f %%, on the 8-bit CNN's crossbars %.2f %%; 1-bit maps %.2f %%, "
            "switched %.2f +- %.2f %%\n",
            name, before, eight.mean, software, own.mean, own.std);
    s = paper_value(result, own.mean, "%s: error, switched", name);
    return s ? s
             : paper_value(result, own.mean - software < 0.5,
                           "%s: switched within 0.5 points of software (1: yes)", name);
}

/* What votes lose against partial sums, and what equal means of their parts win back. */
static mho_status put_votes(paper_result *result, const char *name, bool known,
                            const double error[CASES])
{
    const double unknown = (double)NAN;
    double sums = 0, in_order = 0, to_and_fro = 0;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < CASES; i++) {
        if (!cases[i].row)
            continue;
        s = paper_value(result, known ? error[i] : unknown, "%s, 128 lines: %s", name,
                        cases[i].row);
        sums = strstr(cases[i].row, "sums") ? error[i] : sums;
        in_order = strstr(cases[i].row, "order") ? error[i] : in_order;
        to_and_fro = strstr(cases[i].row, "fro") ? error[i] : to_and_fro;
    }
    if (!s)
        s = paper_value(result, known ? to_and_fro < in_order : unknown,
                        "%s: votes of equal means lose less than in order (1: yes)", name);
    return s ? s
             : paper_value(result, known ? to_and_fro - sums < 0.5 : unknown,
                           "%s: votes of equal means within 0.5 points of 4-bit sums (1: yes)",
                           name);
}

static mho_status sensitivities(const paper_args *args, const switched_data *d,
                                paper_result *result, const char *name, const mho_net *bits)
{
    switched_data few = *d;
    double percent[CASES] = {0};
    mho_status s = MHO_OK;
    const size_t trials = args->trials < QUICK_TRIALS ? args->trials : QUICK_TRIALS;
    few.test = few.test < QUICK ? few.test : QUICK;
    if (d->mnist)
        fprintf(result->text,
                "  %s on %zu test images (at most %d), %zu programming%s (at most %d)%s\n", name,
                few.test, QUICK, trials, trials == 1 ? "" : "s", QUICK_TRIALS,
                trials < QUICK_TRIALS ? "; the tolerances are meant for 3" : "");
    for (size_t i = 0; !s && d->mnist && i < CASES; i++) {
        mho_spread error = {.mean = 0};
        s = switched_hardware(&few, bits, "switched", cases[i].set, trials, args->seed, &error);
        percent[i] = error.mean;
        if (!s)
            fprintf(result->text, "    %-40s %6.2f +- %.2f %%\n", cases[i].what, error.mean,
                    error.std);
    }
    return s ? s : put_votes(result, name, d->mnist, percent);
}

static mho_status run_net(const paper_args *args, const switched_data *d, paper_result *result,
                          const char *name)
{
    mho_net *bits = NULL, *plain = NULL;
    mho_status s = switched_model(name, "onebit", &bits);
    if (!s)
        s = switched_model(name, "float", &plain);
    if (!s)
        s = prices(result, name, bits, plain);
    if (!s && d->mnist)
        s = errors(args, d, result, name, bits, plain);
    else if (!s) {
        s = paper_value(result, (double)NAN, "%s: error, switched", name);
        if (!s)
            s = paper_value(result, (double)NAN,
                            "%s: switched within 0.5 points of software (1: yes)", name);
    }
    if (!s)
        s = sensitivities(args, d, result, name, bits);
    mho_net_destroy(bits);
    mho_net_destroy(plain);
    return s;
}

mho_status switched_structure(const paper_args *args, paper_result *result)
{
    switched_data d;
    mho_status s = switched_open(args, &d);
    if (!s)
        switched_judge(&d, result);
    for (size_t i = 0; !s && i < NETS; i++)
        s = run_net(args, &d, result, nets[i]);
    switched_close(&d);
    return s;
}
