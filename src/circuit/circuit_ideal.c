/* SPDX-License-Identifier: Apache-2.0 */
/* Ideal wires: a line without resistance is one node.  A line with resistance between ideal ones is a
 * ladder, whose nodes are eliminated from one end to the other in closed form; what is left is a network
 * of the ideal lines, drivers and sense amplifiers (docs/models/circuit.md eq. (6), (7)). */
#include <string.h>

#include "base/alloc.h"
#include "circuit/circuit_impl.h"

#define OUTSIDE SIZE_MAX /* an ideal line that is not an inner node; given its number later */

/* Where the ideal lines are in the network: a line without series resistance is its own driver or sense
 * amplifier, the others are inner nodes. */
typedef struct places {
    const circuit *c;
    network net;
    size_t driver, sense; /* nodes of driver 0 and sense amplifier 0 */
    size_t word[MHO_CIRCUIT_LINES], bit[MHO_CIRCUIT_LINES]; /* of the ideal lines */
} places;

/* A ladder of `count` nodes: wire[j] leads from node j to the next one (the last to `end`), rung[j] from
 * node j to node[j] of the network.  Start joins node 0 like one more rung, if start_S > 0. */
typedef struct ladder {
    size_t count, *node;
    double *wire, *rung;
    size_t start, end;
    double start_S;
    double *pass, *gain; /* working memory */
} ladder;

static bool floats(const circuit *c, size_t n)
{
    return c->floating && c->floating[n];
}

static void connect(places *p, size_t i, size_t j, double conductance)
{
    if (i != j)
        p->net.o[i < j ? i * p->net.size + j : j * p->net.size + i] += conductance;
}

/* pass[j] = wire_j / d_j, gain[j] = 1 / d_j + pass[j]^2 gain[j + 1]. */
static void sweep(const ladder *l)
{
    double arriving = l->start_S;
    for (size_t j = 0; j < l->count; j++) {
        arriving += l->rung[j];
        const double sum = arriving + l->wire[j];
        l->gain[j] = sum > 0 ? 1 / sum : 0;
        l->pass[j] = l->wire[j] * l->gain[j];
        arriving *= l->pass[j];
    }
    for (size_t j = l->count - 1; j-- > 0;)
        l->gain[j] += l->pass[j] * l->pass[j] * l->gain[j + 1];
}

/* Conductances from one rung (or the start), at node `from`, to the rungs from `first` on and the end. */
static void spread(places *p, const ladder *l, size_t node, double rung, size_t from, size_t first)
{
    double reach = rung;
    const bool pairs = p->net.inner > 0 || node == l->start; /* else only the end matters */
    for (size_t j = from; j < l->count && reach > 0; j++) {
        if (j >= first && pairs)
            connect(p, node, l->node[j], reach * l->rung[j] * l->gain[j]);
        reach *= l->pass[j];
    }
    connect(p, node, l->end, reach);
}

static void add_ladder(places *p, const ladder *l)
{
    sweep(l);
    if (l->start_S > 0)
        spread(p, l, l->start, l->start_S, 0, 0);
    for (size_t i = 0; i < l->count; i++)
        spread(p, l, l->node[i], l->rung[i], i, i + 1);
}

static mho_status ladder_create(size_t count, ladder *l)
{
    *l = (ladder){.count = count};
    mho_status s = mhoi_alloc(&l->node, count, sizeof *l->node, "ladder");
    if (!s)
        s = mhoi_alloc(&l->wire, 4 * count, sizeof *l->wire, "ladder");
    if (s) {
        mhoi_free(&l->node);
        return s;
    }
    l->rung = l->wire + count;
    l->pass = l->rung + count;
    l->gain = l->pass + count;
    return MHO_OK;
}

static void ladder_destroy(ladder *l)
{
    mhoi_free(&l->node);
    mhoi_free(&l->wire);
}

/* Word lines are nodes, each bit line is a ladder that ends in its sense amplifier. */
static mho_status add_bit_lines(places *p)
{
    const circuit *c = p->c;
    ladder l;
    mho_status s = ladder_create(c->N, &l);
    for (size_t m = 0; !s && m < c->M; m++) {
        for (size_t n = 0; n < c->N; n++) {
            l.node[n] = p->word[n];
            l.rung[n] = c->g_S[n * c->M + m];
            l.wire[n] = n + 1 < c->N ? 1 / c->options->r_col_ohm : mhoi_circuit_sense_S(c);
        }
        l.start = l.end = p->sense + m;
        add_ladder(p, &l);
    }
    ladder_destroy(&l);
    return s;
}

/* Bit lines are nodes, each word line is a ladder that begins, and may end, in its driver. */
static mho_status add_word_lines(places *p)
{
    const circuit *c = p->c;
    ladder l;
    mho_status s = ladder_create(c->M, &l);
    for (size_t n = 0; !s && n < c->N; n++) {
        for (size_t m = 0; m < c->M; m++) {
            l.node[m] = p->bit[m];
            l.rung[m] = c->g_S[n * c->M + m];
            l.wire[m] = 1 / c->options->r_row_ohm;
        }
        l.start = l.end = p->driver + n;
        l.start_S = mhoi_circuit_driver_S(c, n);
        l.wire[c->M - 1] = c->options->both_sides ? l.start_S : 0;
        add_ladder(p, &l);
    }
    ladder_destroy(&l);
    return s;
}

static void add_cells(places *p)
{
    const circuit *c = p->c;
    for (size_t n = 0; n < c->N; n++)
        for (size_t m = 0; m < c->M; m++)
            connect(p, p->word[n], p->bit[m], c->g_S[n * c->M + m]);
}

/* Numbers the ideal lines, and joins the inner ones to their driver or sense amplifier. */
static mho_status place_lines(places *p)
{
    const circuit *c = p->c;
    const mho_circuit_options *o = c->options;
    size_t inner = 0;
    for (size_t n = 0; n < c->N && o->r_row_ohm == 0; n++)
        p->word[n] = floats(c, n) || o->r_driver_ohm > 0 ? inner++ : OUTSIDE;
    for (size_t m = 0; m < c->M && o->r_col_ohm == 0; m++)
        p->bit[m] = o->r_sense_ohm > 0 ? inner++ : OUTSIDE;
    p->driver = inner;
    p->sense = inner + c->N;
    mho_status s = mhoi_network_create(inner + c->N + c->M, inner, &p->net);
    for (size_t n = 0; !s && n < c->N && o->r_row_ohm == 0; n++)
        if (p->word[n] == OUTSIDE)
            p->word[n] = p->driver + n;
        else if (!floats(c, n))
            connect(p, p->word[n], p->driver + n, (o->both_sides ? 2 : 1) / o->r_driver_ohm);
    for (size_t m = 0; !s && m < c->M && o->r_col_ohm == 0; m++)
        if (p->bit[m] == OUTSIDE)
            p->bit[m] = p->sense + m;
        else
            connect(p, p->bit[m], p->sense + m, 1 / o->r_sense_ohm);
    return s;
}

/* The whole network, its inner nodes eliminated. */
static mho_status reduce(const circuit *c, places **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "ideal lines");
    if (s)
        return s;
    places *p = *out;
    p->c = c;
    s = place_lines(p);
    if (!s && c->options->r_col_ohm > 0)
        s = add_bit_lines(p);
    else if (!s && c->options->r_row_ohm > 0)
        s = add_word_lines(p);
    else if (!s)
        add_cells(p);
    if (!s)
        mhoi_network_eliminate_across(&p->net, p->sense);
    return s;
}

static void places_destroy(places *p)
{
    if (p)
        mhoi_network_destroy(&p->net);
    mhoi_free(&p);
}

mho_status mhoi_circuit_with_ideal_wires(const circuit *c, double *T_S)
{
    places *p;
    mho_status s = reduce(c, &p);
    for (size_t m = 0; !s && m < c->M; m++)
        for (size_t n = 0; n < c->N; n++)
            T_S[m * c->N + n] = p->net.o[(p->driver + n) * p->net.size + p->sense + m];
    places_destroy(p);
    return s;
}

mho_status mhoi_circuit_ideal_voltages(const circuit *c, const double *v, double *u, double *w)
{
    places *p;
    double *x = NULL;
    mho_status s = reduce(c, &p);
    if (!s)
        s = mhoi_alloc(&x, p->net.size, sizeof *x, "voltages of ideal lines");
    if (!s) {
        memcpy(x + p->driver, v, c->N * sizeof *x);
        mhoi_network_voltages(&p->net, x);
    }
    for (size_t n = 0; !s && n < c->N; n++)
        for (size_t m = 0; m < c->M; m++) {
            u[n * c->M + m] = c->options->r_row_ohm == 0 ? x[p->word[n]] : 0;
            w[n * c->M + m] = c->options->r_col_ohm == 0 ? x[p->bit[m]] : 0;
        }
    mhoi_free(&x);
    places_destroy(p);
    return s;
}
