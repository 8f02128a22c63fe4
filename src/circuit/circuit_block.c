/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination: the array is halved again and again along its longer side; small blocks of cells
 * are eliminated as a whole, and two blocks are merged by eliminating the wires between them.
 *
 * A cell brings the wire segment to its left and the one below it.  A block's ports are the left ends of
 * its word lines, their last cells (if the array goes on to the right, or is driven there), the first
 * cells of its bit lines (if the array goes on above), and the bottom ends of its bit lines.  So a
 * neighbour's port and ours are the same node (docs/models/circuit.md eq. (5)). */

#include "circuit/circuit_impl.h"
#include "mho/run.h"

enum { LEAF = 4 }; /* most word and bit lines of a block that is eliminated as a whole */

enum { LEFT, RIGHT, TOP, BOTTOM, SIDES };

/* Cells [m0, m1) x [n0, n1) as a network; after elimination the ports follow one another side by side. */
typedef struct block {
    size_t m0, m1, n0, n1;
    size_t count[SIDES]; /* ports on each side */
    network net;
} block;

static bool driven_right(const circuit *c, const block *b)
{
    return b->n1 == c->N && c->options->both_sides;
}

static block block_of(const circuit *c, size_t m0, size_t m1, size_t n0, size_t n1)
{
    block b = {.m0 = m0, .m1 = m1, .n0 = n0, .n1 = n1};
    b.count[LEFT] = m1 - m0;
    b.count[RIGHT] = n1 < c->N || c->options->both_sides ? m1 - m0 : 0;
    b.count[TOP] = m0 > 0 ? n1 - n0 : 0;
    b.count[BOTTOM] = n1 - n0;
    return b;
}

static size_t ports(const block *b)
{
    return b->count[LEFT] + b->count[RIGHT] + b->count[TOP] + b->count[BOTTOM];
}

static size_t first_port(const block *b, int side)
{
    size_t first = b->net.inner;
    for (int s = LEFT; s < side; s++)
        first += b->count[s];
    return first;
}

static void connect(network *n, size_t i, size_t j, double conductance)
{
    n->o[i < j ? i * n->size + j : j * n->size + i] += conductance;
}

/* Nodes of cell (i, j) of a leaf: inner ones are numbered word lines first. */
typedef struct leaf {
    const circuit *c;
    block *b;
    size_t rows, columns, inner_columns, inner_rows;
} leaf;

static size_t word_node(const leaf *l, size_t i, size_t j)
{
    return j < l->inner_columns ? i * l->inner_columns + j : first_port(l->b, RIGHT) + i;
}

static size_t bit_node(const leaf *l, size_t i, size_t j)
{
    const size_t first = l->rows - l->inner_rows; /* 1 if the first cells are ports */
    if (i < first)
        return first_port(l->b, TOP) + j;
    return l->rows * l->inner_columns + (i - first) * l->columns + j;
}

static void connect_word_line(const leaf *l, size_t i)
{
    const circuit *c = l->c;
    const size_t m = l->b->m0 + i, last = l->columns - 1;
    const double wire = 1 / c->options->r_row_ohm, driver = circuit_driver_S(c, m);
    network *net = &l->b->net;
    connect(net, first_port(l->b, LEFT) + i, word_node(l, i, 0), l->b->n0 ? wire : driver);
    for (size_t j = 0; j < last; j++)
        connect(net, word_node(l, i, j), word_node(l, i, j + 1), wire);
    if (driven_right(c, l->b))
        connect(net, word_node(l, i, last), first_port(l->b, RIGHT) + i, driver);
    for (size_t j = 0; j <= last; j++)
        connect(net, word_node(l, i, j), bit_node(l, i, j), c->g_S[m * c->N + l->b->n0 + j]);
}

static void connect_bit_line(const leaf *l, size_t j)
{
    const double wire = 1 / l->c->options->r_col_ohm;
    network *net = &l->b->net;
    const size_t last = l->rows - 1;
    for (size_t i = 0; i < last; i++)
        connect(net, bit_node(l, i, j), bit_node(l, i + 1, j), wire);
    connect(net, bit_node(l, last, j), first_port(l->b, BOTTOM) + j,
            l->b->m1 == l->c->M ? circuit_sense_S(l->c) : wire);
}

static mho_status solve_leaf(const circuit *c, block *b)
{
    leaf l = {.c = c, .b = b, .rows = b->m1 - b->m0, .columns = b->n1 - b->n0};
    l.inner_columns = l.columns - (b->count[RIGHT] && !driven_right(c, b));
    l.inner_rows = l.rows - (b->count[TOP] > 0);
    const size_t inner = l.rows * l.inner_columns + l.inner_rows * l.columns;
    mho_status s = network_create(inner + ports(b), inner, &b->net);
    if (s)
        return s;
    for (size_t i = 0; i < l.rows; i++)
        connect_word_line(&l, i);
    for (size_t j = 0; j < l.columns; j++)
        connect_bit_line(&l, j);
    network_eliminate(&b->net);
    return MHO_OK;
}

/* Adds what b has between its sides s and t to the network, where these sides begin at node to_s, to_t. */
static void add_sides(network *net, const block *b, int s, int t, size_t to_s, size_t to_t)
{
    const size_t from_s = first_port(b, s), from_t = first_port(b, t);
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

static void add_block(network *net, const block *b, const size_t to[SIDES])
{
    for (int s = LEFT; s < SIDES; s++)
        for (int t = s; t < SIDES; t++)
            add_sides(net, b, s, t, to[s], to[t]);
}

/* Lays a and b, side by side or one above the other, into the network of `whole`, seam first. */
static void lay_out(block *whole, const block *a, const block *b, bool beside)
{
    size_t to_a[SIDES], to_b[SIDES];
    for (int s = LEFT; s < SIDES; s++)
        to_a[s] = to_b[s] = first_port(whole, s);
    if (beside) {
        to_a[RIGHT] = to_b[LEFT] = 0;
        to_b[TOP] += a->count[TOP];
        to_b[BOTTOM] += a->count[BOTTOM];
    } else {
        to_a[BOTTOM] = to_b[TOP] = 0;
        to_b[LEFT] += a->count[LEFT];
        to_b[RIGHT] += a->count[RIGHT];
    }
    add_block(&whole->net, a, to_a);
    add_block(&whole->net, b, to_b);
}

static mho_status solve_block(const circuit *c, block *b);

static mho_status solve_halves(const circuit *c, block *whole, block *a, block *b, bool beside)
{
    mho_status s = solve_block(c, a);
    if (!s)
        s = solve_block(c, b);
    if (!s && mho_interrupted())
        s = mho_error(MHO_EINTERRUPTED, "interrupted");
    const size_t seam = beside ? a->count[RIGHT] : a->count[BOTTOM];
    if (!s)
        s = network_create(seam + ports(whole), seam, &whole->net);
    if (!s)
        lay_out(whole, a, b, beside);
    network_destroy(&a->net);
    network_destroy(&b->net);
    return s;
}

static mho_status solve_block(const circuit *c, block *b)
{
    const size_t rows = b->m1 - b->m0, columns = b->n1 - b->n0;
    if (rows <= LEAF && columns <= LEAF)
        return solve_leaf(c, b);
    const bool beside = columns >= rows;
    const size_t m = beside ? b->m1 : b->m0 + rows / 2, n = beside ? b->n0 + columns / 2 : b->n1;
    block first = block_of(c, b->m0, m, b->n0, n);
    block second =
        beside ? block_of(c, b->m0, b->m1, n, b->n1) : block_of(c, m, b->m1, b->n0, b->n1);
    mho_status s = solve_halves(c, b, &first, &second, beside);
    if (s)
        return s;
    if (rows == c->M && columns == c->N)
        network_eliminate_across(&b->net, first_port(b, BOTTOM));
    else
        network_eliminate(&b->net);
    return MHO_OK;
}

mho_status circuit_by_blocks(const circuit *c, double *T_S)
{
    block whole = block_of(c, 0, c->M, 0, c->N);
    mho_status s = solve_block(c, &whole);
    const size_t left = first_port(&whole, LEFT), right = first_port(&whole, RIGHT);
    const size_t foot = first_port(&whole, BOTTOM), size = whole.net.size;
    for (size_t n = 0; !s && n < c->N; n++)
        for (size_t m = 0; m < c->M; m++) {
            const double *o = whole.net.o + foot + n;
            T_S[n * c->M + m] =
                o[(left + m) * size] + (whole.count[RIGHT] ? o[(right + m) * size] : 0);
        }
    network_destroy(&whole.net);
    return s;
}
