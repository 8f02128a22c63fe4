/* SPDX-License-Identifier: Apache-2.0 */
/* Fig. 8: operations a second and watt, absolute, and what the printed ratios would make of the designs beside it.  An operation is
 * a multiply or an add of the network, two a MAC; circulant blocks do all of them, only their cells are fewer. */
#include "reboc_design.h"

paper_run_fn reboc_power;

typedef struct figures {
    double ops_J, images_s, watt, mm2;
} figures;

/* Pipelined, simulated; energy with the leakage of that interval. */
static mho_status measure(const reboc_network *n, figures *out)
{
    const char *const sets[] = {NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_estimate *e = NULL;
    mho_pipeline *p = NULL;
    mho_status s = reboc_open(n, sets, &net, &hw);
    if (!s)
        s = mho_estimate_create(net, hw, &e);
    if (!s)
        s = mho_pipeline_create_placed(net, e->placement, &p);
    if (!s)
        s = mho_estimate_set_interval(e, p->interval, p->interval);
    if (!s) {
        out->images_s = 1 / ((double)p->interval * e->placement->clock_s);
        out->watt = e->cost->energy_J * out->images_s;
        out->ops_J = 2 * (double)mho_net_macs(net) / e->cost->energy_J;
        out->mm2 = 1e6 * e->cost->area_m2;
    }
    mho_pipeline_destroy(p);
    mho_estimate_destroy(e);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

static void print_figures(FILE *out, const figures *f)
{
    fprintf(out, "\n  %-10s %14s %10s %12s %10s\n", "network", "images/s", "W", "GOPs/s/W", "mm2");
    for (size_t n = 0; n < REBOC_NETWORKS; n++)
        fprintf(out, "  %-10s %14.6g %10.4g %12.4g %10.4g\n", reboc_networks[n].name, f[n].images_s,
                f[n].watt, 1e-9 * f[n].ops_J, f[n].mm2);
}

mho_status reboc_power(const paper_args *args, paper_result *result)
{
    static const struct {
        const char *name;
        double ratio;
    } beside[] = {{"CirCNN FPGA", 96}, {"CirCNN ASIC", 8.86}, {"STICKER-T", 1.93}};
    figures f[REBOC_NETWORKS];
    double mean = 0;
    mho_status s = MHO_OK;
    (void)args;
    for (size_t n = 0; !s && n < REBOC_NETWORKS; n++) {
        s = measure(&reboc_networks[n], &f[n]);
        if (s)
            return s;
        mean += f[n].ops_J / REBOC_NETWORKS;
        s = paper_value(result, 1e-9 * f[n].ops_J, "%s: operations", reboc_networks[n].name);
    }
    if (!s)
        s = paper_value(result, 1e-9 * mean, "mean of the four networks: operations");
    for (size_t i = 0; !s && i < sizeof beside / sizeof *beside; i++)
        s = paper_value(result, 1e-9 * mean / beside[i].ratio, "%s, if %g times less",
                        beside[i].name, beside[i].ratio);
    if (!s)
        print_figures(result->text, f);
    return s;
}
