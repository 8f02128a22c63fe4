/* SPDX-License-Identifier: Apache-2.0 */
/* Fig. 10: how much faster all convolutions work at once than one after the other, on the same 512 crossbars.
 *
 * A window takes t = turns reads (t_read + columns of a crossbar / conversions a second), a layer T = ceil(P / d) t with d
 * sets of its crossbars.  Rotated copies g and sets d of each layer are those of the least max T within the budget,
 * exact (mho_balance_choose); where several cost the same crossbars, the fewest copies. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reboc_design.h"

paper_run_fn reboc_speedup;

enum { CROSSBARS = 512, COPIES = 6, LAYERS = 16, NODES = 64 };
/* Times are whole numbers of a third of a picosecond, so that equal ones are equal: a read takes 29.31 ns, and a conversion
 * 1 / 1.2 GHz. */
enum { READ_U = 87930, CONVERSION_U = 2500 };
static const double unit_s = 1e-12 / 3;

typedef struct network {
    const char *name, *blocks, *bits, *first; /* Table II; the image has the bits of convolutions */
    size_t block;
} network;

static const network networks[] = {
    {"lenet", "conv:16,fc:128", "conv:4,fc:2", "input.first_bits=4", 16},
    {"alexnet", "conv:16,fc:128", "conv:4,fc:4", "input.first_bits=4", 16},
    {"tinyyolo", "conv:32", "conv:6", "input.first_bits=6", 32},
    {"cifarnet", "conv:16,fc:128", "conv:4,fc:2", "input.first_bits=4", 16},
};

/* A convolution with g copies. */
typedef struct way {
    uint64_t window_u, crossbars;
} way;

typedef struct layer {
    size_t node;
    char name[MHO_NAME];
    uint64_t positions;
    double map_bytes; /* of its output */
    way way[COPIES];  /* g = 1, 2, 4, ... */
    size_t g, d;      /* chosen: way, sets */
    uint64_t time_u;
} layer;

typedef struct design {
    mho_net *net;
    layer layer[LAYERS];
    size_t layers, ways;
    uint64_t sum_u, slowest_u, crossbars;
} design;

static way way_of(const mho_placement_layer *l)
{
    const size_t columns = (l->columns * l->slices + l->x_out - 1) / l->x_out;
    return (way){(uint64_t)(l->turns * l->reads * (READ_U + CONVERSION_U * columns)),
                 l->crossbar_pairs};
}

static mho_status add_way(const network *n, size_t w, design *d)
{
    char copies[48];
    const char *const sets[] = {n->first, copies, "crossbar.duplication=none", "crossbar.budget=0",
                                NULL};
    mho_hw *hw = NULL;
    mho_placement *p = NULL;
    size_t k = 0;
    snprintf(copies, sizeof copies, "crossbar.copies=%zu", (size_t)1 << w);
    mho_status s = mho_hw_open("reboc", sets, &hw);
    if (!s)
        s = mho_placement_create(d->net, hw, &p);
    for (size_t i = 0; !s && i < p->layers && k < LAYERS; i++) {
        const mho_placement_layer *l = &p->layer[i];
        if (mho_node_op(mho_net_node(d->net, l->node)) != MHO_OP_CONV)
            continue;
        layer *to = &d->layer[k++];
        to->node = l->node;
        const mho_shape map = mho_node_output_shape(mho_net_node(d->net, l->node));
        to->positions = l->positions;
        to->map_bytes = (double)(map.c * map.h * map.w) * (double)l->input_bits / 8;
        to->way[w] = way_of(l);
        snprintf(to->name, sizeof to->name, "%s", l->name);
    }
    d->layers = k;
    mho_placement_destroy(p);
    mho_hw_destroy(hw);
    return s;
}

static mho_status open_design(const network *n, design *d)
{
    *d = (design){.net = NULL};
    mho_status s = mho_net_zoo(n->name, &d->net);
    if (!s)
        s = mho_net_set_blocks(d->net, n->blocks);
    if (!s)
        s = mho_net_set_bits(d->net, n->bits);
    for (size_t w = 0; !s && (size_t)1 << w <= n->block; w++) {
        s = add_way(n, w, d);
        d->ways = w + 1;
    }
    return s;
}

/* whole: a set works at whole windows; else windows are shared evenly. */
static uint64_t time_of(const layer *l, size_t w, uint64_t sets, bool whole)
{
    if (whole)
        return (l->positions + sets - 1) / sets * l->way[w].window_u;
    return (uint64_t)((double)l->positions / (double)sets * (double)l->way[w].window_u + 0.5);
}

typedef struct option {
    size_t w, sets;
} option;

/* All (g, d) of a layer that could stand alone; returns their number. */
static size_t list_options(const layer *l, size_t ways, bool whole, mho_balance_option *out,
                           option *which)
{
    size_t n = 0;
    for (size_t w = 0; w < ways; w++)
        for (uint64_t d = 1; d <= l->positions && d * l->way[w].crossbars <= CROSSBARS; d++) {
            which[n] = (option){w, (size_t)d};
            out[n++] = (mho_balance_option){time_of(l, w, d, whole), d * l->way[w].crossbars};
        }
    return n;
}

/* Of options with the crossbars of the chosen one that keep the pace, that of the fewest copies. */
static void take(design *d, size_t i, const mho_balance_layer *b, const option *which,
                 size_t choice, uint64_t pace)
{
    layer *l = &d->layer[i];
    size_t best = choice;
    for (size_t k = 0; k < b->options; k++)
        if (b->option[k].crossbars == b->option[choice].crossbars && b->option[k].time <= pace &&
            which[k].w < which[best].w)
            best = k;
    l->g = which[best].w;
    l->d = which[best].sets;
    l->time_u = b->option[best].time;
    d->sum_u += l->time_u;
    d->slowest_u = l->time_u > d->slowest_u ? l->time_u : d->slowest_u;
    d->crossbars += b->option[best].crossbars;
}

static mho_status balance(design *d, bool whole)
{
    enum { MOST = COPIES * CROSSBARS };
    mho_balance_option *options = calloc((size_t)LAYERS * MOST, sizeof *options);
    option *which = calloc((size_t)LAYERS * MOST, sizeof *which);
    mho_balance_layer layers[LAYERS];
    size_t choice[LAYERS];
    mho_balance best;
    mho_status s = options && which ? MHO_OK : mho_error(MHO_ENOMEM, "options of layers");
    d->sum_u = d->slowest_u = d->crossbars = 0;
    for (size_t i = 0; !s && i < d->layers; i++) {
        layers[i].option = options + i * MOST;
        layers[i].options =
            list_options(&d->layer[i], d->ways, whole, options + i * MOST, which + i * MOST);
    }
    if (!s)
        s = mho_balance_choose(layers, d->layers, CROSSBARS, choice, &best);
    for (size_t i = 0; !s && i < d->layers; i++)
        take(d, i, &layers[i], which + i * MOST, choice[i], best.time);
    free(options);
    free(which);
    return s;
}

/* The executed schedule: the line-buffer pipeline with these service times.  Its cycle is so short that elements, one a
 * cycle, wait for windows and not the other way round. */
static mho_status run_pipeline(const design *d, double *seconds)
{
    const mho_pipeline_options o = mho_pipeline_options_default();
    const mho_shape in = mho_net_input_shape(d->net);
    size_t service[NODES] = {0}, copies[NODES] = {0};
    const double elements = (double)(in.h * in.w);
    const double cycles =
        3 * elements > 2e5 ? 3 * elements : 2e5; /* in which the slowest layer is done */
    const double cycle_u = (double)d->slowest_u / cycles;
    mho_pipeline *p = NULL;
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        service[l->node] = (size_t)ceil((double)l->way[l->g].window_u / cycle_u);
        copies[l->node] = l->d;
    }
    mho_status s = mho_pipeline_create(d->net, &o, service, copies, NULL, NULL, &p);
    uint64_t last = 0;
    for (size_t i = 0; !s && i < p->layers; i++)
        if (p->layer[i].op != MHO_OP_FC && p->layer[i].last_out > last)
            last = p->layer[i].last_out;
    *seconds = unit_s * cycle_u * (double)(last + 1);
    mho_pipeline_destroy(p);
    return s;
}

/* Buffers without limit, and layer by layer each map is written and read back, 16 B a cycle of 1.2 GHz. */
static mho_status unlimited(const design *d, double *gain, double *with_traffic)
{
    reboc_service service[NODES] = {{0, 0}};
    double in_turn = (double)d->sum_u, latency = 0;
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        service[l->node] = (reboc_service){(double)l->way[l->g].window_u, l->d};
        in_turn += 2 * l->map_bytes / 19.2e9 / unit_s;
    }
    const mho_status s = reboc_unlimited(d->net, service, &latency);
    *gain = (double)d->sum_u / latency;
    *with_traffic = in_turn / latency;
    return s;
}

static void print_design(FILE *out, const network *n, const design *d, double seconds)
{
    fprintf(out,
            "\n  %s: %llu of %d crossbars; %.4g us one after the other, %.4g us the slowest, %.4g "
            "us executed\n  %-10s %10s %8s %8s %14s %12s\n",
            n->name, (unsigned long long)d->crossbars, CROSSBARS, 1e6 * unit_s * (double)d->sum_u,
            1e6 * unit_s * (double)d->slowest_u, 1e6 * seconds, "layer", "windows", "copies",
            "sets", "window (ns)", "layer (us)");
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        fprintf(out, "  %-10s %10llu %8zu %8zu %14.1f %12.4g\n", l->name,
                (unsigned long long)l->positions, (size_t)1 << l->g, l->d,
                1e9 * unit_s * (double)l->way[l->g].window_u, 1e6 * unit_s * (double)l->time_u);
    }
}

/* What the layers wait for before their first windows, the pace being that of the slowest one. */
static double start_u(const design *d)
{
    double start = 0;
    for (size_t i = 1; i < d->layers; i++)
        start += (double)d->layer[i - 1].time_u * reboc_start_share(d->net, d->layer[i].node);
    return start;
}

/* In units: one after the other, the slowest, start-up. */
typedef struct ideal {
    double sum, slowest, start;
} ideal;

static mho_status put_network(paper_result *result, const network *n, double *executed, ideal *out)
{
    design d;
    double seconds = 0, gain = 0, traffic = 0;
    mho_status s = open_design(n, &d);
    if (!s)
        s = balance(&d, false);
    if (!s)
        s = paper_value(result, (double)d.sum_u / (double)d.slowest_u,
                        "%s: ideal, windows shared evenly", n->name);
    if (!s)
        s = balance(&d, true);
    if (!s)
        s = paper_value(result, (double)d.sum_u / (double)d.slowest_u, "%s: ideal, whole windows",
                        n->name);
    *out = (ideal){(double)d.sum_u, (double)d.slowest_u, s ? 0 : start_u(&d)};
    if (!s)
        s = run_pipeline(&d, &seconds);
    *executed = unit_s * (double)d.sum_u / seconds;
    if (!s)
        s = paper_value(result, *executed, "%s: executed schedule", n->name);
    if (!s)
        s = unlimited(&d, &gain, &traffic);
    if (!s)
        s = paper_value(result, gain, "%s: buffers without limit", n->name);
    if (!s)
        s = paper_value(result, traffic, "%s: buffers without limit, traffic layer by layer",
                        n->name);
    if (!s)
        print_design(result->text, n, &d, seconds);
    mho_net_destroy(d.net);
    return s;
}

/* The share of the start-up that TinyYolo's printed speedup leaves, and what it makes of the mean. */
static mho_status put_fitted(paper_result *result, const ideal *d, size_t count, size_t yolo)
{
    const double share = (d[yolo].sum / 7.69 - d[yolo].slowest) / d[yolo].start;
    double mean = 0, whole = 0;
    for (size_t i = 0; i < count; i++) {
        mean += d[i].sum / (d[i].slowest + share * d[i].start) / (double)count;
        whole += d[i].sum / (d[i].slowest + d[i].start) / (double)count;
    }
    mho_status s = paper_value(result, whole, "mean: sum / (slowest + start-up)");
    if (!s)
        s = paper_value(result, d[yolo].sum / (d[yolo].slowest + share * d[yolo].start),
                        "tinyyolo, share of start-up fitted");
    if (!s)
        s = paper_value(result, share, "share of start-up that fits tinyyolo");
    return s ? s : paper_value(result, mean, "mean, share of start-up fitted to tinyyolo");
}

mho_status reboc_speedup(const paper_args *args, paper_result *result)
{
    const size_t count = sizeof networks / sizeof *networks;
    ideal d[sizeof networks / sizeof *networks];
    double sum = 0, one = 0, yolo = 0;
    mho_status s = MHO_OK;
    (void)args;
    for (size_t i = 0; !s && i < count; i++) {
        s = put_network(result, &networks[i], &one, &d[i]);
        sum += one;
        yolo = strcmp(networks[i].name, "tinyyolo") ? yolo : one;
    }
    if (!s)
        s = paper_value(result, sum / (double)count, "mean of the four networks, as printed");
    if (!s)
        s = paper_value(result, yolo, "tinyyolo, as printed");
    if (!s)
        s = put_fitted(result, d, count, 2);
    return s ? s : reboc_put_bars(result);
}
