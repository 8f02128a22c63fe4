/* SPDX-License-Identifier: Apache-2.0 */
/* The share of the interfaces, DACs and ADCs of 8 bits, in energy, peak power and area of a CNN on crossbars: "more than
 * 98 % of power is consumed by interface".  By the converters of bcnn Table III, which the talk's figure fits, and by those
 * that were published, whose energy is far smaller. */
#include <string.h>

#include "switched.h"

paper_run_fn switched_interface;

static const char *const nets[] = {"lenet5-32",     "lenet",       "cnn-12-64", "cifarnet",
                                   "vgg11-cifar10", "alexnet-owt", "vgg16"};
enum { NETS = sizeof nets / sizeof *nets, TABLES = 2 };
static const char *const tables[TABLES] = {"bcnn-45nm", "generic-45nm"};

typedef struct shares {
    double energy, peak, area; /* of the interfaces, in % */
} shares;

/* All that stands works at once: the energy of one operation of each, in the time of one. */
static void peak(const mho_cost *cost, double *interface, double *all)
{
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        const double once =
            e->activity->amount * e->component->energy[e->activity->operation].value;
        const bool is = !strcmp(e->activity->group, "DAC") || !strcmp(e->activity->group, "ADC");
        *all += once;
        *interface += is ? once : 0;
    }
}

static mho_status shares_of(const char *name, const char *table, shares *out)
{
    char technology[64];
    const char *const sets[] = {technology, NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_estimate *e = NULL;
    snprintf(technology, sizeof technology, "technology=%s", table);
    mho_status s = mho_net_open(name, &net);
    if (!s)
        s = mho_hw_open("cnn8", sets, &hw);
    if (!s)
        s = mho_estimate_create(net, hw, &e);
    if (!s) {
        double interface = 0, all = 0;
        const mho_cost *c = e->cost;
        peak(c, &interface, &all);
        out->peak = 100 * interface / all;
        out->energy = 100 *
                      (mho_cost_energy_J(c, "DAC", NULL) + mho_cost_energy_J(c, "ADC", NULL)) /
                      c->energy_J;
        out->area = 100 * (mho_cost_area_m2(c, "DAC", NULL) + mho_cost_area_m2(c, "ADC", NULL)) /
                    c->area_m2;
    }
    mho_estimate_destroy(e);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

mho_status switched_interface(const paper_args *args, paper_result *result)
{
    (void)args;
    mho_status s = MHO_OK;
    fprintf(result->text, "  Interfaces of 8 bits on 128 x 128 crossbars, in %% of all\n  %-14s",
            "");
    for (size_t t = 0; t < TABLES; t++)
        fprintf(result->text, "   %-12s: energy   peak   area", tables[t]);
    fputc('\n', result->text);
    for (size_t i = 0; !s && i < NETS; i++) {
        fprintf(result->text, "  %-14s", nets[i]);
        for (size_t t = 0; !s && t < TABLES; t++) {
            shares v = {0, 0, 0};
            s = shares_of(nets[i], tables[t], &v);
            fprintf(result->text, "   %12s  %6.2f %6.2f %6.2f", "", v.energy, v.peak, v.area);
            if (!s)
                s = paper_value(result, v.energy, "%s, %s: share of energy", nets[i], tables[t]);
            if (!s)
                s = paper_value(result, v.peak, "%s, %s: share of peak power", nets[i], tables[t]);
            if (!s && t == 0)
                s = paper_value(result, v.energy > 98, "%s: more than 98 %% of energy (1: yes)",
                                nets[i]);
        }
        fputc('\n', result->text);
    }
    return s;
}
