/* SPDX-License-Identifier: Apache-2.0 */
/* Patches of an array, eight of the same shape at a time.  A patch has ports on all four sides, wherever it is: where the
 * array ends, they are eliminated when it is joined to its neighbours. */
#include "circuit/circuit_nested.h"

size_t mhoi_patches_net(void)
{
    return PATCH_PORTS * mhoi_net_row(PATCH_PORTS) + 24; /* not at the same places of the cache */
}

static size_t cells_of(void)
{
    return (size_t)PATCH_EDGE * PATCH_EDGE * CELL_PARTS * LANES;
}

size_t mhoi_patches_work(void)
{
    return cells_of() + mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE) + mhoi_patch_scratch();
}

static void take_cells(const circuit *c, const area *p, size_t lane, double *cells)
{
    const double word = 1 / c->options->r_row_ohm, bit = 1 / c->options->r_col_ohm;
    const double sense = mhoi_circuit_sense_S(c);
    for (size_t n = p->n0; n < p->n1; n++) {
        const double driver = p->m0 ? 0 : mhoi_circuit_driver_S(c, n);
        for (size_t m = p->m0; m < p->m1; m++, cells += CELL_PARTS * LANES) {
            cells[CELL_LEFT * LANES + lane] = m ? word : driver;
            cells[CELL_BELOW * LANES + lane] = n + 1 == c->N ? sense : bit;
            cells[CELL_OWN * LANES + lane] = c->g_S[n * c->M + m];
        }
    }
}

/* The sides as the kernel has them. */
static void spread_sides(size_t rows, size_t columns, size_t *first, size_t *count)
{
    const size_t of[SIDES] = {rows, rows, columns, columns};
    for (size_t side = LEFT, at = 0; side < SIDES; at += of[side++]) {
        first[side] = at;
        count[side] = of[side];
    }
}

/* Row i of side a, from node `from` of side b on, to the networks of `count` patches, where b may come before a. */
static void take_row(const double *pairs, const patch *const *of, size_t count, int a, int b,
                     size_t i, size_t from, size_t to)
{
    for (size_t lane = 0; lane < count; lane++) {
        const source *s = &of[lane]->of;
        const bool turned = s->at[a] > s->at[b];
        const size_t step = turned ? s->ld : 1;
        double *out = of[lane]->net + (turned ? s->at[a] + i + s->at[b] * s->ld
                                              : s->at[b] + (s->at[a] + i) * s->ld);
        for (size_t k = from; k < to; k++)
            out[k * step] = pairs[(k - from) * LANES + lane];
    }
}

/* Pairs of nodes to the networks of `count` patches, whose nodes may have another order. */
static void take_pairs(const double *pairs, size_t ports, const size_t *first, const size_t *sides,
                       const patch *const *of, size_t count)
{
    for (int a = LEFT; a < SIDES; a++)
        for (size_t i = 0; i < sides[a]; i++)
            for (int b = a; b < SIDES; b++) {
                const size_t from = a == b ? i + 1 : 0;
                if (from < sides[b])
                    take_row(pairs + mhoi_pair(ports, first[a] + i, first[b] + from) * LANES, of,
                             count, a, b, i, from, sides[b]);
            }
}

static void solve_batch(const circuit *c, const patch *const *of, size_t count, double *work)
{
    const area *p = &of[0]->p;
    const size_t rows = p->n1 - p->n0, columns = p->m1 - p->m0;
    double *cells = work, *pairs = cells + cells_of();
    double *scratch = pairs + mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE);
    size_t first[SIDES], sides[SIDES];
    for (size_t lane = 0; lane < LANES; lane++) /* the last patch again where there are fewer */
        take_cells(c, &of[lane < count ? lane : count - 1]->p, lane, cells);
    mhoi_nested_best()->patch(rows, columns, cells, scratch, pairs);
    spread_sides(rows, columns, first, sides);
    take_pairs(pairs, 2 * (rows + columns), first, sides, of, count);
}

static bool same_shape(const area *a, const area *b)
{
    return a->n1 - a->n0 == b->n1 - b->n0 && a->m1 - a->m0 == b->m1 - b->m0;
}

void mhoi_patches_solve(const circuit *c, size_t count, patch *of, double *work)
{
    bool done[PATCHES] = {false};
    for (size_t i = 0; i < count; i++) {
        const patch *batch[LANES];
        size_t n = 0;
        for (size_t k = i; k < count && n < LANES && !done[i]; k++)
            if (!done[k] && same_shape(&of[i].p, &of[k].p))
                batch[n++] = &of[k];
        for (size_t k = 0; k < n; k++)
            done[batch[k] - of] = true;
        if (n > 0)
            solve_batch(c, batch, n, work);
    }
}
