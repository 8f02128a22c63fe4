/* SPDX-License-Identifier: Apache-2.0 */
/* Fig. 9: energy of all convolutions of an image, saved against the same accelerator layer by layer, without anything shared.
 *
 * Two readings of what that baseline keeps between layers: each map once; or each window with all of its slices (Table I,
 * PipeLayer).  Nothing is fitted; the price of DRAM that the printed mean would need stands apart. */
#include <math.h>

#include "reboc_design.h"

paper_run_fn reboc_energy;

/* Joules of the convolutions; of them those of DRAM. */
typedef struct joules {
    double all, dram;
} joules;

typedef struct bars {
    joules once, windows;         /* baselines */
    joules scheme[REBOC_SCHEMES]; /* pipelined */
    joules free_sums;             /* with both, partial sums that wait not counted */
} bars;

static mho_status measure(const reboc_network *n, const char *const *sets, joules *out)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_estimate *e = NULL;
    *out = (joules){0, 0};
    mho_status s = reboc_open(n, sets, &net, &hw);
    if (!s)
        s = mho_estimate_create(net, hw, &e);
    for (size_t i = 0; !s && i < e->placement->layers; i++) {
        const mho_placement_layer *l = &e->placement->layer[i];
        if (!reboc_is_conv(net, l))
            continue;
        out->all += mho_cost_energy_J(e->cost, NULL, l->name);
        out->dram += mho_cost_energy_J(e->cost, "DRAM", l->name);
    }
    mho_estimate_destroy(e);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

static mho_status measure_all(const reboc_network *n, bars *out)
{
    static const char *const once[] = {"reuse.share=windows", "timing.schedule=layer_by_layer",
                                       NULL};
    static const char *const windows[] = {"reuse.share=windows", "timing.schedule=layer_by_layer",
                                          "reuse.maps=windows", NULL};
    static const char *const sums[] = {"reuse.share=both", "reuse.sum_bits=0", NULL};
    mho_status s = measure(n, once, &out->once);
    if (!s)
        s = measure(n, windows, &out->windows);
    if (!s)
        s = measure(n, sums, &out->free_sums);
    for (size_t i = 0; !s && i < REBOC_SCHEMES; i++) {
        const char *const sets[] = {reboc_scheme_sets[i], NULL};
        s = measure(n, sets, &out->scheme[i]);
    }
    return s;
}

/* With DRAM so many times as dear. */
static double saved(const joules *baseline, const joules *design, double dearer)
{
    return (baseline->all + (dearer - 1) * baseline->dram) /
           (design->all + (dearer - 1) * design->dram);
}

static double mean_with(const bars *b, double dearer)
{
    double sum = 0;
    for (size_t n = 0; n < REBOC_NETWORKS; n++)
        sum += saved(&b[n].windows, &b[n].scheme[REBOC_SCHEMES - 1], dearer);
    return sum / REBOC_NETWORKS;
}

/* The factor on the price of DRAM with which the mean is as printed; NaN: none up to 1000. */
static double fit(const bars *b, double printed)
{
    double low = 0, high = 1000;
    if (mean_with(b, low) > printed || mean_with(b, high) < printed)
        return (double)NAN;
    for (size_t i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        *(mean_with(b, middle) < printed ? &low : &high) = middle;
    }
    return low;
}

static mho_status put_bars(paper_result *result, const bars *b)
{
    mho_status s = MHO_OK;
    for (size_t n = 0; n < REBOC_NETWORKS; n++)
        for (size_t i = 0; !s && i < REBOC_SCHEMES; i++)
            s = paper_value(result, saved(&b[n].once, &b[n].scheme[i], 1), "%s: %s",
                            reboc_networks[n].name, reboc_schemes[i]);
    return s;
}

static mho_status put_means(paper_result *result, const bars *b)
{
    double sums = 0;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < REBOC_SCHEMES; i++) {
        double once = 0, windows = 0;
        for (size_t n = 0; n < REBOC_NETWORKS; n++) {
            once += saved(&b[n].once, &b[n].scheme[i], 1) / REBOC_NETWORKS;
            windows += saved(&b[n].windows, &b[n].scheme[i], 1) / REBOC_NETWORKS;
        }
        s = paper_value(result, once, "mean: %s", reboc_schemes[i]);
        if (!s)
            s = paper_value(result, windows, "mean, baseline keeps windows: %s", reboc_schemes[i]);
    }
    for (size_t n = 0; n < REBOC_NETWORKS; n++)
        sums += saved(&b[n].windows, &b[n].free_sums, 1) / REBOC_NETWORKS;
    return s ? s
             : paper_value(result, sums, "mean, baseline keeps windows, partial sums not counted");
}

static void print_networks(FILE *out, const bars *b)
{
    fprintf(out, "\n  uJ of the convolutions of an image\n  %-10s %12s %14s", "network",
            "layer by layer", "keeps windows");
    for (size_t i = 0; i < REBOC_SCHEMES; i++)
        fprintf(out, " %12s", reboc_schemes[i]);
    fputc('\n', out);
    for (size_t n = 0; n < REBOC_NETWORKS; n++) {
        fprintf(out, "  %-10s %14.4g %14.4g", reboc_networks[n].name, 1e6 * b[n].once.all,
                1e6 * b[n].windows.all);
        for (size_t i = 0; i < REBOC_SCHEMES; i++)
            fprintf(out, " %12.4g", 1e6 * b[n].scheme[i].all);
        fputc('\n', out);
    }
}

mho_status reboc_energy(const paper_args *args, paper_result *result)
{
    bars b[REBOC_NETWORKS];
    mho_status s = MHO_OK;
    (void)args;
    for (size_t n = 0; !s && n < REBOC_NETWORKS; n++)
        s = measure_all(&reboc_networks[n], &b[n]);
    if (!s)
        s = put_bars(result, b);
    if (!s)
        s = put_means(result, b);
    if (s)
        return s;
    const double factor = fit(b, 2.6);
    print_networks(result->text, b);
    s = paper_value(result, isnan(factor) ? mean_with(b, 1) : mean_with(b, factor),
                    "mean, baseline keeps windows, DRAM fitted: ILP+ISR+ITS");
    return s ? s
             : paper_value(result, isnan(factor) ? 0 : 160 * factor,
                           "price of DRAM that fits, 160 assumed");
}
