/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination: the array is halved again and again along its longer side; small blocks of cells
 * are eliminated as a whole, and two blocks are merged by eliminating the nodes of the seam.
 *
 * A cell brings the wire segment to its left and the one below it.  A block's ports are the left ends of
 * its word lines, their last cells (if the array goes on to the right, or is driven there), the first
 * cells of its bit lines (if the array goes on above), and the bottom ends of its bit lines.  So a
 * neighbour's port and ours are the same node (docs/models/circuit.md eq. (5)). */
#include "circuit/circuit_block.h"

#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

enum { LEAF = 4 }; /* most word and bit lines of a block that is eliminated as a whole */

static bool driven_right(const circuit *c, const block *b)
{
    return b->m1 == c->M && c->options->both_sides;
}

static block block_of(const circuit *c, size_t n0, size_t n1, size_t m0, size_t m1)
{
    block b = {.n0 = n0, .n1 = n1, .m0 = m0, .m1 = m1};
    b.count[LEFT] = n1 - n0;
    b.count[RIGHT] = m1 < c->M || c->options->both_sides ? n1 - n0 : 0;
    b.count[TOP] = n0 > 0 ? m1 - m0 : 0;
    b.count[BOTTOM] = m1 - m0;
    return b;
}

static size_t ports(const block *b)
{
    return b->count[LEFT] + b->count[RIGHT] + b->count[TOP] + b->count[BOTTOM];
}

size_t mhoi_block_first_port(const block *b, int side)
{
    size_t first = b->net.inner;
    for (int s = LEFT; s < side; s++)
        first += b->count[s];
    return first;
}

bool mhoi_block_is_leaf(const block *b)
{
    return b->n1 - b->n0 <= LEAF && b->m1 - b->m0 <= LEAF;
}

static void connect(network *net, size_t i, size_t j, double conductance)
{
    net->o[i < j ? i * net->size + j : j * net->size + i] += conductance;
}

/* Word lines have an inner node at every cell, but not at the last one if that is the port. */
static size_t inner_columns(const circuit *c, const block *leaf)
{
    return leaf->m1 - leaf->m0 - (leaf->count[RIGHT] && !driven_right(c, leaf));
}

size_t mhoi_block_word_node(const circuit *c, const block *leaf, size_t i, size_t j)
{
    const size_t inner = inner_columns(c, leaf);
    return j < inner ? i * inner + j : mhoi_block_first_port(leaf, RIGHT) + i;
}

size_t mhoi_block_bit_node(const circuit *c, const block *leaf, size_t i, size_t j)
{
    const size_t port = leaf->count[TOP] > 0; /* the first cells are ports */
    if (i < port)
        return mhoi_block_first_port(leaf, TOP) + j;
    return (leaf->n1 - leaf->n0) * inner_columns(c, leaf) + (i - port) * (leaf->m1 - leaf->m0) + j;
}

static void connect_word_line(const circuit *c, block *leaf, size_t i)
{
    const size_t n = leaf->n0 + i, last = leaf->m1 - leaf->m0 - 1;
    const double wire = 1 / c->options->r_row_ohm, driver = mhoi_circuit_driver_S(c, n);
    network *net = &leaf->net;
    connect(net, mhoi_block_first_port(leaf, LEFT) + i, mhoi_block_word_node(c, leaf, i, 0),
            leaf->m0 ? wire : driver);
    for (size_t j = 0; j < last; j++)
        connect(net, mhoi_block_word_node(c, leaf, i, j), mhoi_block_word_node(c, leaf, i, j + 1),
                wire);
    if (driven_right(c, leaf))
        connect(net, mhoi_block_word_node(c, leaf, i, last), mhoi_block_first_port(leaf, RIGHT) + i,
                driver);
    for (size_t j = 0; j <= last; j++)
        connect(net, mhoi_block_word_node(c, leaf, i, j), mhoi_block_bit_node(c, leaf, i, j),
                c->g_S[n * c->M + leaf->m0 + j]);
}

static void connect_bit_line(const circuit *c, block *leaf, size_t j)
{
    const double wire = 1 / c->options->r_col_ohm;
    const size_t last = leaf->n1 - leaf->n0 - 1;
    network *net = &leaf->net;
    for (size_t i = 0; i < last; i++)
        connect(net, mhoi_block_bit_node(c, leaf, i, j), mhoi_block_bit_node(c, leaf, i + 1, j),
                wire);
    connect(net, mhoi_block_bit_node(c, leaf, last, j), mhoi_block_first_port(leaf, BOTTOM) + j,
            leaf->n1 == c->N ? mhoi_circuit_sense_S(c) : wire);
}

static mho_status solve_leaf(const circuit *c, block *b)
{
    const size_t rows = b->n1 - b->n0, columns = b->m1 - b->m0;
    const size_t inner = rows * inner_columns(c, b) + (rows - (b->count[TOP] > 0)) * columns;
    mho_status s = mhoi_network_create(inner + ports(b), inner, &b->net);
    if (s)
        return s;
    for (size_t i = 0; i < rows; i++)
        connect_word_line(c, b, i);
    for (size_t j = 0; j < columns; j++)
        connect_bit_line(c, b, j);
    mhoi_network_eliminate(&b->net);
    return MHO_OK;
}

/* Adds what b has between its sides s and t to the network, where these sides begin at node to_s, to_t. */
static void add_sides(network *net, const block *b, int s, int t, size_t to_s, size_t to_t)
{
    const size_t from_s = mhoi_block_first_port(b, s), from_t = mhoi_block_first_port(b, t);
    for (size_t i = 0; i < b->count[s]; i++) {
        const double *source = b->net.o + (from_s + i) * b->net.size + from_t;
        double *row = net->o + (to_s + i) * net->size + to_t;
        if (to_s <= to_t)
            for (size_t j = s == t ? i + 1 : 0; j < b->count[t]; j++)
                row[j] += source[j];
        else
            for (size_t j = 0; j < b->count[t]; j++)
                net->o[(to_t + j) * net->size + to_s + i] += source[j];
    }
}

/* Lays the halves, side by side or one above the other, into the network of `whole`, seam first. */
static void lay_out(block *whole, bool beside)
{
    const block *first = whole->half[0];
    size_t *to_first = whole->to[0], *to_second = whole->to[1];
    for (int s = LEFT; s < SIDES; s++)
        to_first[s] = to_second[s] = mhoi_block_first_port(whole, s);
    to_first[beside ? RIGHT : BOTTOM] = to_second[beside ? LEFT : TOP] = 0;
    const int along = beside ? TOP : LEFT, across = beside ? BOTTOM : RIGHT;
    to_second[along] += first->count[along];
    to_second[across] += first->count[across];
    for (int h = 0; h < 2; h++)
        for (int s = LEFT; s < SIDES; s++)
            for (int t = s; t < SIDES; t++)
                add_sides(&whole->net, whole->half[h], s, t, whole->to[h][s], whole->to[h][t]);
}

/* Gives back all but the rows of the eliminated nodes. */
static mho_status shrink(block *b)
{
    double *rows;
    const size_t count = b->net.inner * b->net.size;
    mho_status s = mhoi_alloc(&rows, count, sizeof *rows, "eliminated rows");
    if (!s && count)
        memcpy(rows, b->net.o, count * sizeof *rows);
    mhoi_free(&b->net.o);
    b->net.o = rows;
    return s;
}

static void drop_halves(block *b)
{
    for (int h = 0; h < 2; h++) {
        if (b->half[h])
            mhoi_block_destroy(b->half[h]);
        mhoi_free(&b->half[h]);
    }
}

void mhoi_block_destroy(block *b)
{
    drop_halves(b);
    mhoi_network_destroy(&b->net);
}

static mho_status solve(const circuit *c, block *b);

static mho_status solve_half(const circuit *c, block half, block **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "block of a crossbar");
    if (s)
        return s;
    **out = half;
    return solve(c, *out);
}

static mho_status merge(const circuit *c, block *b)
{
    const size_t rows = b->n1 - b->n0, columns = b->m1 - b->m0;
    const bool beside = columns >= rows;
    const size_t n = beside ? b->n0 : b->n0 + rows / 2, m = beside ? b->m0 + columns / 2 : b->m0;
    mho_status s = solve_half(
        c, beside ? block_of(c, b->n0, b->n1, b->m0, m) : block_of(c, b->n0, n, b->m0, b->m1),
        &b->half[0]);
    if (!s)
        s = solve_half(c, block_of(c, n, b->n1, m, b->m1), &b->half[1]);
    if (!s)
        s = mhoi_interruption();
    const size_t seam = beside ? rows : columns;
    if (!s)
        s = mhoi_network_create(seam + ports(b), seam, &b->net);
    if (!s)
        lay_out(b, beside);
    for (int h = 0; !s && h < 2; h++)
        s = shrink(b->half[h]);
    if (s)
        drop_halves(b);
    return s;
}

static mho_status solve(const circuit *c, block *b)
{
    if (mhoi_block_is_leaf(b))
        return solve_leaf(c, b);
    mho_status s = merge(c, b);
    if (s)
        return s;
    if (b->n1 - b->n0 == c->N && b->m1 - b->m0 == c->M)
        mhoi_network_eliminate_across(&b->net, mhoi_block_first_port(b, BOTTOM));
    else
        mhoi_network_eliminate(&b->net);
    return MHO_OK;
}

mho_status mhoi_block_solve(const circuit *c, block *whole)
{
    *whole = block_of(c, 0, c->N, 0, c->M);
    mho_status s = solve(c, whole);
    if (s)
        mhoi_block_destroy(whole);
    return s;
}
