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
    double map_bytes, in_bytes; /* of its output, and of the map it reads */
    way way[COPIES];            /* g = 1, 2, 4, ... */
    size_t g, d;                /* chosen: way, sets */
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
        const mho_shape in = mho_node_input_shape(mho_net_node(d->net, l->node));
        to->in_bytes = (double)(in.c * in.h * in.w) * (double)l->input_bits / 8;
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

/* Bytes a second between crossbars and buffers: 16 a cycle of 1.2 GHz. */
#define BUS_B_PER_S 19.2e9

/* Buffers without limit: windows, and slices, as they come; and of layer by layer what is moved besides. */
typedef struct unlimited {
    double windows_u, slices_u, traffic_u, fetches_u;
    reboc_layer_times times[NODES];
} unlimited;

static mho_status run_unlimited(const design *d, unlimited *u)
{
    reboc_service service[NODES] = {{0, 0}};
    *u = (unlimited){0};
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        service[l->node] = (reboc_service){(double)l->way[l->g].window_u, l->d};
        u->traffic_u += 2 * l->map_bytes / BUS_B_PER_S / unit_s;
        u->fetches_u += l->in_bytes / BUS_B_PER_S / unit_s;
    }
    mho_status s = reboc_unlimited(d->net, service, false, &u->windows_u, u->times);
    return s ? s : reboc_unlimited(d->net, service, true, &u->slices_u, NULL);
}

/* Where the time of the executed schedule goes, from the chain of windows that its last one waited for. */
static mho_status explain(paper_result *result, const network *n, const design *d,
                          const unlimited *u)
{
    char text[160], row[96];
    size_t length = 0;
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        const double in_chain = (double)(u->times[l->node].chain * l->way[l->g].window_u);
        if (length < sizeof text)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %.3g",
                                       i ? ", " : "", l->name, 1e6 * unit_s * in_chain);
    }
    snprintf(row, sizeof row, "%s: buffers without limit", n->name);
    return paper_note(result, row,
                      "%.4g us, of which the last window waited for: %s; the slowest %.4g",
                      1e6 * unit_s * u->windows_u, text, 1e6 * unit_s * (double)d->slowest_u);
}

static mho_status put_unlimited(paper_result *result, const network *n, const design *d,
                                unlimited *u)
{
    mho_status s = run_unlimited(d, u);
    const double sum = (double)d->sum_u, traffic = sum + u->traffic_u, all = traffic + u->fetches_u;
    if (!s)
        s = paper_value(result, sum / u->windows_u, "%s: buffers without limit", n->name);
    if (!s)
        s = paper_value(result, traffic / u->windows_u,
                        "%s: buffers without limit, traffic layer by layer", n->name);
    if (!s)
        s = paper_value(result, all / u->windows_u,
                        "%s: the same, and each layer fetches its input", n->name);
    if (!s)
        s = paper_value(result, all / u->slices_u, "%s: the same, slices read as they come",
                        n->name);
    return s ? s : explain(result, n, d, u);
}

static double us(double units)
{
    return 1e6 * unit_s * units;
}

static void print_design(FILE *out, const network *n, const design *d, double seconds,
                         const unlimited *u)
{
    fprintf(out,
            "\n  %s: %llu of %d crossbars; %.4g us one after the other, %.4g us the slowest, %.4g "
            "us executed, %.4g us with buffers without limit\n"
            "  %-10s %8s %7s %6s %12s %11s %11s %11s %14s\n",
            n->name, (unsigned long long)d->crossbars, CROSSBARS, us((double)d->sum_u),
            us((double)d->slowest_u), 1e6 * seconds, us(u->windows_u), "layer", "windows", "copies",
            "sets", "window (ns)", "layer (us)", "begins (us)", "ends (us)", "in chain (us)");
    for (size_t i = 0; i < d->layers; i++) {
        const layer *l = &d->layer[i];
        const reboc_layer_times *t = &u->times[l->node];
        fprintf(out, "  %-10s %8llu %7zu %6zu %12.1f %11.4g %11.4g %11.4g %14.4g\n", l->name,
                (unsigned long long)l->positions, (size_t)1 << l->g, l->d,
                1e9 * unit_s * (double)l->way[l->g].window_u, us((double)l->time_u), us(t->first),
                us(t->last), us((double)(t->chain * l->way[l->g].window_u)));
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
    unlimited u;
    double seconds = 0;
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
        s = put_unlimited(result, n, &d, &u);
    if (!s)
        print_design(result->text, n, &d, seconds, &u);
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

static void print_legend(FILE *out)
{
    fputs("\n  begins, ends: of a layer's windows where buffers have no limit; in chain: of those "
          "windows that the "
          "last one of all waited\n  for one after the other, each for its set or for the input "
          "that came last: "
          "together the time of the schedule\n",
          out);
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
    print_legend(result->text);
    return s ? s : reboc_put_bars(result);
}
