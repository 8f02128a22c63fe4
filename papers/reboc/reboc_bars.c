/* SPDX-License-Identifier: Apache-2.0 */
/* Fig. 10 in its four bars: the line-buffer pipeline of the placement, fetches of windows on a bus of 16 B a cycle and all, against the same accelerator
 * layer by layer, whose maps go to the global buffer and back on a bus of that kind. */
#include "reboc_design.h"

/* Of the convolutions of an image, in seconds. */
typedef struct seconds {
    double latency; /* executed */
    double in_turn; /* one after the other, maps written and read between them */
} seconds;

static void add_layers(const mho_net *net, const mho_placement *p, double bus_Bps, seconds *out)
{
    for (size_t i = 0; i < p->layers; i++) {
        const mho_placement_layer *l = &p->layer[i];
        const mho_shape map = mho_node_output_shape(mho_net_node(net, l->node));
        if (!reboc_is_conv(net, l))
            continue;
        const uint64_t waves = (l->positions + l->duplication - 1) / l->duplication;
        const double busy = (double)waves * (double)l->service * p->clock_s;
        const double bytes = (double)(map.c * map.h * map.w) * (double)l->input_bits / 8;
        out->in_turn += busy + 2 * bytes / bus_Bps;
    }
}

static mho_status measure(const reboc_network *n, const char *share, double bus_GBps, seconds *out)
{
    char bus[32];
    const char *const sets[] = {share, bus, NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_placement *map = NULL;
    mho_pipeline *p = NULL;
    *out = (seconds){0, 0};
    snprintf(bus, sizeof bus, "reuse.bus=%.9g", bus_GBps);
    mho_status s = reboc_open(n, sets, &net, &hw);
    if (!s)
        s = mho_placement_create(net, hw, &map);
    if (!s)
        s = mho_pipeline_create_placed(net, map, &p);
    for (size_t i = 0; !s && i < p->layers; i++)
        if (p->layer[i].op != MHO_OP_FC && (double)p->layer[i].last_out + 1 > out->latency)
            out->latency = (double)p->layer[i].last_out + 1;
    if (!s) {
        out->latency *= map->clock_s;
        add_layers(net, map, 1e9 * bus_GBps, out);
    }
    mho_pipeline_destroy(p);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

/* Sets of a layer that lie in one processing element, of 32 crossbars, whose bus they share. */
static double sets_on_bus(const mho_placement_layer *l)
{
    const size_t fit = 32 / (l->sides * l->crossbar_pairs);
    return (double)(fit < 1 ? 1 : fit < l->duplication ? fit : l->duplication);
}

/* The slowest layer of a design whose copies are chosen without a bus, with the fetches of windows on one. */
static mho_status slowest_on(const reboc_network *n, const char *share, double bytes, double *out)
{
    const char *const sets[] = {share, "reuse.bus=0", NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_placement *map = NULL;
    mho_status s = reboc_open(n, sets, &net, &hw);
    if (!s)
        s = mho_placement_create(net, hw, &map);
    *out = 0;
    for (size_t i = 0; !s && i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        const size_t waves = (l->positions + l->duplication - 1) / l->duplication;
        const double fetch = /* in cycles */
            sets_on_bus(l) * l->reuse.fetched_bits / 8 / (double)l->positions / bytes;
        const double all = (double)waves * ((double)l->service + fetch);
        if (reboc_is_conv(net, l) && all > *out)
            *out = all;
    }
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

/* How much longer the slowest layer takes where nothing is shared, on average. */
static mho_status gain_of(double bytes, double *mean)
{
    mho_status s = MHO_OK;
    *mean = 0;
    for (size_t n = 0; !s && n < REBOC_NETWORKS; n++) {
        double none, both;
        s = slowest_on(&reboc_networks[n], reboc_scheme_sets[0], bytes, &none);
        if (!s)
            s = slowest_on(&reboc_networks[n], reboc_scheme_sets[3], bytes, &both);
        if (!s)
            *mean += none / both / REBOC_NETWORKS;
    }
    return s;
}

/* With the bus that is assumed, and with the one that makes it what is printed. */
static mho_status put_gain(paper_result *result)
{
    double gain, low = 1, high = 64;
    mho_status s = gain_of(16, &gain);
    if (!s)
        s = paper_value(result, gain, "ISR+ITS over ILP, slowest layers, bus of 16 B a cycle");
    for (size_t i = 0; !s && i < 20; i++) {
        const double middle = (low + high) / 2;
        s = gain_of(middle, &gain);
        *(gain > 1.06 ? &low : &high) = middle;
    }
    if (!s)
        s = paper_value(result, gain, "ISR+ITS over ILP, slowest layers, bus fitted");
    return s ? s : paper_value(result, low, "bytes a cycle of the bus that fits");
}

mho_status reboc_put_bars(paper_result *result)
{
    double mean[REBOC_SCHEMES] = {0};
    mho_status s = MHO_OK;
    for (size_t n = 0; !s && n < REBOC_NETWORKS; n++) {
        double in_turn = 0;
        for (size_t i = 0; !s && i < REBOC_SCHEMES; i++) {
            seconds t;
            s = measure(&reboc_networks[n], reboc_scheme_sets[i], 19.2, &t);
            if (s)
                break;
            in_turn = i ? in_turn : t.in_turn;
            mean[i] += in_turn / t.latency / REBOC_NETWORKS;
            s = paper_value(result, in_turn / t.latency, "%s: %s, executed", reboc_networks[n].name,
                            reboc_schemes[i]);
        }
    }
    for (size_t i = 0; !s && i < REBOC_SCHEMES; i++)
        s = paper_value(result, mean[i], "mean: %s, executed", reboc_schemes[i]);
    return s ? s : put_gain(result);
}
