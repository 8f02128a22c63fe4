/* SPDX-License-Identifier: Apache-2.0 */
/* Patches of an array, LANES of the same shape at a time.  A patch has ports on all four sides, wherever it is: where the
 * array ends, they are eliminated when it is joined to its neighbours. */
#include <string.h>

#include "circuit/nested_parts.h"

static size_t patches_net(void)
{
    return net_strip(PATCH_PORTS / LANES) + 3 * LANES; /* not at the same places of the cache */
}

static size_t cells_of(void)
{
    return (size_t)PATCH_EDGE * PATCH_EDGE * CELL_PARTS * LANES;
}

size_t patches_work(void)
{
    return cells_of() + mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE) + mhoi_patch_scratch();
}

static void take_cells(const circuit *c, double scale, const area *p, size_t lane, real *cells)
{
    const double word = scale / c->options->r_row_ohm, bit = scale / c->options->r_col_ohm;
    const double sense = scale * mhoi_circuit_sense_S(c);
    for (size_t n = p->n0; n < p->n1; n++) {
        const double driver = p->m0 ? 0 : scale * mhoi_circuit_driver_S(c, n);
        for (size_t m = p->m0; m < p->m1; m++, cells += CELL_PARTS * LANES) {
            cells[CELL_LEFT * LANES + lane] = (real)(m ? word : driver);
            cells[CELL_BELOW * LANES + lane] = (real)(n + 1 == c->N ? sense : bit);
            cells[CELL_OWN * LANES + lane] = (real)(scale * c->g_S[n * c->M + m]);
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

typedef struct laced {
    const mhoi_nested_kernel *kernel;
    const real *pairs; /* in lanes */
    size_t ports, first[SIDES], sides[SIDES];
    const patch *const *of;
    size_t count;
} laced;

/* Rows of pairs of LANES ports of a side with LANES of another, from lanes to the blocks of the patches. */
static void unlace(const laced *l, int a, size_t i, int b, size_t k, real *const block[LANES])
{
    static const real none[LANES];
    const size_t row = l->first[a] + i, column = l->first[b] + k;
    for (size_t r = 0; r < LANES && i + r < l->sides[a]; r++) {
        real *to[LANES];
        const real *from[LANES];
        for (size_t j = 0; j < LANES; j++)
            from[j] = k + j >= l->sides[b] || column + j <= row + r
                          ? none
                          : l->pairs + mhoi_pair(l->ports, row + r, column + j) * LANES;
        for (size_t lane = 0; lane < LANES; lane++)
            to[lane] = block[lane] + LANES * r;
        l->kernel->turn(from, to);
    }
}

static void turn_block(const mhoi_nested_kernel *kernel, const real *from, real *to)
{
    const real *row[LANES];
    real *column[LANES];
    for (size_t r = 0; r < LANES; r++) {
        row[r] = from + LANES * r;
        column[r] = to + LANES * r;
    }
    kernel->turn(row, column);
}

/* LANES ports of side a and LANES of side b, which may come before a in a patch. */
static void take_block(const laced *l, int a, size_t i, int b, size_t k)
{
    real spare[LANES][BLOCK], *block[LANES];
    if (i + LANES > l->sides[a])
        memset(spare, 0, sizeof spare);
    for (size_t lane = 0; lane < LANES; lane++) {
        const source *s = &l->of[lane < l->count ? lane : 0]->of;
        const size_t row = s->at[a] + i, column = s->at[b] + k;
        block[lane] =
            lane < l->count && row <= column ? net_block(s->net, row, column) : spare[lane];
    }
    unlace(l, a, i, b, k, block);
    for (size_t lane = 0; lane < l->count; lane++) {
        const source *s = &l->of[lane]->of;
        if (block[lane] == spare[lane])
            turn_block(l->kernel, spare[lane], net_block(s->net, s->at[b] + k, s->at[a] + i));
    }
}

static void take_pairs(const laced *l)
{
    for (int a = LEFT; a < SIDES; a++)
        for (int b = a; b < SIDES; b++)
            for (size_t i = 0; i < l->sides[a]; i += LANES)
                for (size_t k = a == b ? i : 0; k < l->sides[b]; k += LANES)
                    take_block(l, a, i, b, k);
}

static void solve_batch(const circuit *c, double scale, const patch *const *of, size_t count,
                        real *work)
{
    const area *p = &of[0]->p;
    const size_t rows = p->n1 - p->n0, columns = p->m1 - p->m0;
    real *cells = work, *pairs = cells + cells_of();
    real *scratch = pairs + mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE);
    const size_t ports = 2 * (rows + columns);
    laced l = {
        .kernel = mhoi_nested_best(), .pairs = pairs, .ports = ports, .of = of, .count = count};
    for (size_t lane = 0; lane < LANES; lane++) /* the last patch again where there are fewer */
        take_cells(c, scale, &of[lane < count ? lane : count - 1]->p, lane, cells);
    l.kernel->patch(rows, columns, cells, scratch, pairs);
    spread_sides(rows, columns, l.first, l.sides);
    for (size_t k = 0; k < count && (rows % LANES || columns % LANES);
         k++) /* ports that do not exist */
        memset(of[k]->of.net, 0, patches_net() * sizeof(real));
    take_pairs(&l);
}

static bool same_shape(const area *a, const area *b)
{
    return a->n1 - a->n0 == b->n1 - b->n0 && a->m1 - a->m0 == b->m1 - b->m0;
}

static void patches_solve(const circuit *c, double scale, size_t count, patch *of, real *work)
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
            solve_batch(c, scale, batch, n, work);
    }
}
