/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of nested_kernel.h, included once for each instruction set, which defines
 *
 *     TILE                             ports a side of a tile in registers (2 where few ports follow each other)
 *     TRIANGLES                        strips of a triangular solution in registers
 *     TILE_ROWS, TILE_STRIPS           of a product in registers; TILE_STRIPS at most STRIPS_MAX
 *     lanes                            LANES reals
 *     load(p), store(p, x), spread(d)  anywhere in memory; d in every lane
 *     zero(), add(a, b), scale(a, b), fused(a, b, c) = a b + c
 *     inverse_root(d)                  1 / sqrt(d), 0 where d is not above 0
 *     turn(from, to)                   of the table */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define INLINE __attribute__((always_inline)) static inline

enum { L, R, T, B };

/* A patch while it is put together. */
typedef struct part {
    size_t rows, columns, ports;
    real *pair;
} part;

/* Where a port of two joined parts comes from. */
typedef struct origin {
    const part *of;
    size_t port;
    size_t row; /* its pair with a later port j is at row + j, there; modulo the size of size_t */
    size_t run; /* so many ports, this one the first, follow each other there */
} origin;

typedef struct seam {
    size_t nodes, ports, padded; /* padded: to whole tiles */
    origin from[PATCH_PORTS];
    real *d, *x; /* [nodes][nodes], [nodes][padded], in lanes */
    real inverse[PATCH_EDGE * LANES];
} seam;

INLINE size_t first_port(const part *p, int side)
{
    return side == L ? 0 : side == R ? p->rows : side == T ? 2 * p->rows : 2 * p->rows + p->columns;
}

INLINE size_t side_ports(const part *p, int side)
{
    return side == L || side == R ? p->rows : p->columns;
}

INLINE const real *pair_of(const part *p, size_t i, size_t j)
{
    return p->pair + LANES * (i < j ? mhoi_pair(p->ports, i, j) : mhoi_pair(p->ports, j, i));
}

INLINE void trace_ports(const part half[2], bool beside, seam *m, size_t tile)
{
    const int skip[2] = {beside ? R : B, beside ? L : T};
    size_t c = 0;
    for (int side = L; side <= B; side++)
        for (int h = 0; h < 2; h++)
            for (size_t i = 0; side != skip[h] && i < side_ports(&half[h], side); i++)
                m->from[c++] =
                    (origin){&half[h], first_port(&half[h], side) + i,
                             mhoi_pair(half[h].ports, first_port(&half[h], side) + i, 0), 1};
    m->ports = c;
    m->padded = (c + tile - 1) / tile * tile;
    for (size_t i = c - 1; i-- > 0;)
        if (m->from[i].of == m->from[i + 1].of && m->from[i].port + 1 == m->from[i + 1].port)
            m->from[i].run = m->from[i + 1].run + 1;
}

/* The seam's conductances to itself and to the ports. */
static void gather(const part half[2], bool beside, seam *m)
{
    const size_t first[2] = {first_port(&half[0], beside ? R : B),
                             first_port(&half[1], beside ? L : T)};
    const size_t n = m->nodes;
    for (size_t k = 0; k < n; k++) {
        for (size_t j = k + 1; j < n; j++)
            store(m->d + (k * n + j) * LANES,
                  add(load(pair_of(&half[0], first[0] + k, first[0] + j)),
                      load(pair_of(&half[1], first[1] + k, first[1] + j))));
        real *x = m->x + k * m->padded * LANES;
        const size_t row[2] = {mhoi_pair(half[0].ports, first[0] + k, 0),
                               mhoi_pair(half[1].ports, first[1] + k, 0)};
        for (size_t c = 0; c < m->ports; c++) {
            const origin *o = &m->from[c];
            const size_t h = o->of == &half[1], node = first[h] + k;
            const size_t at = node < o->port ? row[h] + o->port : o->row + node;
            store(x + c * LANES, load(o->of->pair + LANES * at));
        }
        for (size_t c = m->ports; c < m->padded; c++)
            store(x + c * LANES, zero());
    }
}

enum { SUMS = 4 };

/* sum[i] += the ports of row i of x, in lanes. */
INLINE void add_rows(const real *x, size_t row, size_t ports, size_t rows, lanes *sum)
{
    lanes own[SUMS];
    UNROLL for (size_t i = 0; i < rows; i++) own[i] = sum[i];
    for (size_t c = 0; c < ports; c++)
        UNROLL for (size_t i = 0; i < rows; i++) own[i] =
            add(own[i], load(x + (i * row + c) * LANES));
    UNROLL for (size_t i = 0; i < rows; i++) sum[i] = own[i];
}

/* Eliminates the seam's nodes among themselves; to each, all ports together are one more. */
static void factor(seam *m)
{
    const size_t n = m->nodes;
    lanes outside[PATCH_EDGE];
    for (size_t k = 0; k < n; k++)
        outside[k] = zero();
    for (size_t k = 0; k < n; k += SUMS) { /* each waits for its last term, some together hide it */
        const real *x = m->x + k * m->padded * LANES;
        if (n - k >= SUMS)
            add_rows(x, m->padded, m->ports, SUMS, outside + k);
        else
            add_rows(x, m->padded, m->ports, n - k, outside + k);
    }
    for (size_t k = 0; k < n; k++) {
        real *row = m->d + k * n * LANES;
        lanes sum = outside[k];
        for (size_t j = k + 1; j < n; j++)
            sum = add(sum, load(row + j * LANES));
        const lanes inverse = inverse_root(sum);
        store(m->inverse + k * LANES, inverse);
        outside[k] = scale(outside[k], inverse);
        for (size_t j = k + 1; j < n; j++)
            store(row + j * LANES, scale(load(row + j * LANES), inverse));
        for (size_t i = k + 1; i < n; i++) {
            real *to = m->d + i * n * LANES;
            const lanes share = load(row + i * LANES);
            outside[i] = fused(share, outside[k], outside[i]);
            for (size_t j = i + 1; j < n; j++)
                store(to + j * LANES, fused(share, load(row + j * LANES), load(to + j * LANES)));
        }
    }
}

INLINE void solve_columns(const seam *m, size_t c, size_t tile)
{
    const size_t n = m->nodes;
    for (size_t k = 0; k < n; k++) {
        real *x = m->x + (k * m->padded + c) * LANES;
        lanes sum[2 * TILE];
        UNROLL for (size_t j = 0; j < tile; j++) sum[j] = load(x + j * LANES);
        for (size_t i = 0; i < k; i++) {
            const real *above = m->x + (i * m->padded + c) * LANES;
            const lanes share = load(m->d + (i * n + k) * LANES);
            UNROLL for (size_t j = 0; j < tile; j++) sum[j] =
                fused(share, load(above + j * LANES), sum[j]);
        }
        const lanes inverse = load(m->inverse + k * LANES);
        UNROLL for (size_t j = 0; j < tile; j++) store(x + j * LANES, scale(sum[j], inverse));
    }
}

/* Ports a .. a + tile - 1 with c .. c + TILE - 1, a <= c: what they had and what the seam adds. */
INLINE void join_ports(const seam *m, size_t a, size_t c, part *out, size_t tile)
{
    lanes sum[TILE][TILE];
    UNROLL for (size_t i = 0; i < tile; i++) UNROLL for (size_t j = 0; j < tile; j++) sum[i][j] =
        zero();
    for (size_t k = 0; k < m->nodes; k++) {
        const real *x = m->x + k * m->padded * LANES;
        lanes right[TILE];
        UNROLL for (size_t j = 0; j < tile; j++) right[j] = load(x + (c + j) * LANES);
        UNROLL for (size_t i = 0; i < tile; i++)
        {
            const lanes left = load(x + (a + i) * LANES);
            UNROLL for (size_t j = 0; j < tile; j++) sum[i][j] = fused(left, right[j], sum[i][j]);
        }
    }
    const origin *from = m->from + a, *to = m->from + c;
    size_t row[TILE];
    UNROLL for (size_t i = 0; i < tile; i++) row[i] = mhoi_pair(out->ports, a + i, 0);
    if (a < c && from->run >= tile && to->run >= tile) {
        const bool old = from->of == to->of;
        UNROLL for (size_t i = 0; i < tile; i++)
        {
            real *pair = out->pair + LANES * (row[i] + c);
            const real *had = old ? from->of->pair + LANES * (from[i].row + to->port) : NULL;
            UNROLL for (size_t j = 0; j < tile; j++)
                store(pair + j * LANES, old ? add(load(had + j * LANES), sum[i][j]) : sum[i][j]);
        }
        return;
    }
    UNROLL for (size_t i = 0; i < tile; i++) UNROLL for (size_t j = 0; j < tile; j++)
    {
        if (a + i >= c + j || c + j >= m->ports)
            continue;
        real *pair = out->pair + LANES * (row[i] + c + j);
        if (from[i].of == to[j].of)
            sum[i][j] = add(load(from[i].of->pair + LANES * (from[i].row + to[j].port)), sum[i][j]);
        store(pair, sum[i][j]);
    }
}

INLINE void join_tiled(const part half[2], bool beside, part *out, real *scratch, size_t tile)
{
    seam m; /* not cleared: it is large beside the smallest seams */
    m.nodes = beside ? half[0].rows : half[0].columns;
    trace_ports(half, beside, &m, tile);
    m.d = scratch;
    m.x = m.d + m.nodes * m.nodes * LANES;
    gather(half, beside, &m);
    factor(&m);
    size_t done = 0;
    for (; done + 2 * tile <= m.padded; done += 2 * tile) /* each column waits for its last term */
        solve_columns(&m, done, 2 * tile);
    for (; done < m.padded; done += tile)
        solve_columns(&m, done, tile);
    for (size_t a = 0; a < m.padded; a += tile)
        for (size_t c = a; c < m.padded; c += tile)
            join_ports(&m, a, c, out, tile);
}

static void join(const part half[2], bool beside, part *out, real *scratch)
{
    if (out->rows * out->columns <= 16)
        join_tiled(half, beside, out, scratch, 2);
    else
        join_tiled(half, beside, out, scratch, TILE);
}

static void one_cell(const real *cell, part *out)
{
    for (size_t i = 0; i < 6; i++)
        store(out->pair + i * LANES, zero());
    store(out->pair + mhoi_pair(4, L, R) * LANES, load(cell + CELL_LEFT * LANES));
    store(out->pair + mhoi_pair(4, T, B) * LANES, load(cell + CELL_BELOW * LANES));
    store(out->pair + mhoi_pair(4, R, T) * LANES, load(cell + CELL_OWN * LANES));
}

/* pair (i, j) of 8 ports = (i, j) or (j, i). */
INLINE void set_pair(part *out, size_t i, size_t j, lanes x)
{
    store(out->pair + LANES * (i < j ? mhoi_pair(8, i, j) : mhoi_pair(8, j, i)), x);
}

INLINE void normalize(size_t n, lanes *x)
{
    lanes sum = x[0];
    UNROLL for (size_t i = 1; i < n; i++) sum = add(sum, x[i]);
    const lanes inverse = inverse_root(sum);
    UNROLL for (size_t i = 0; i < n; i++) x[i] = scale(x[i], inverse);
}

/* Two by two cells; ports L0 L1 R0 R1 T0 T1 B0 B1.  Inner nodes are the first of each word line, u0 and u1, and the last of each bit
 * line, w0 and w1; what a node was connected to gets connected by products of `normalize`d conductances. */
static void four_cells(const real *cells, size_t width, part *out)
{
    enum { L0, L1, R0, R1, T0, T1, B0, B1 };
    const real *above = cells, *below = cells + width * CELL_PARTS * LANES;
    const real *right_above = above + CELL_PARTS * LANES, *right_below = below + CELL_PARTS * LANES;
    const size_t left = CELL_LEFT * LANES, low = CELL_BELOW * LANES, own = CELL_OWN * LANES;
    lanes u0[3] = {load(above + left), load(right_above + left), load(above + own)}; /* L0 R0 T0 */
    lanes u1[3] = {load(below + left), load(right_below + left), load(below + own)}; /* L1 R1 w0 */
    lanes w1[3] = {load(right_above + low), load(right_below + low),
                   load(right_below + own)}; /* T1 B1 R1 */
    normalize(3, u0);
    normalize(3, u1);
    normalize(3, w1);
    lanes w0[4] = {load(above + low), load(below + low), scale(u1[2], u1[0]),
                   scale(u1[2], u1[1])}; /* T0 B0 L1 R1 */
    normalize(4, w0);
    for (size_t i = 0; i < 28; i++)
        store(out->pair + i * LANES, zero());
    set_pair(out, L0, R0, scale(u0[0], u0[1]));
    set_pair(out, L0, T0, scale(u0[0], u0[2]));
    set_pair(out, R0, T0, scale(u0[1], u0[2]));
    set_pair(out, R0, T1, load(right_above + own));
    set_pair(out, T1, B1, scale(w1[0], w1[1]));
    set_pair(out, R1, T1, scale(w1[2], w1[0]));
    set_pair(out, R1, B1, scale(w1[2], w1[1]));
    set_pair(out, T0, B0, scale(w0[0], w0[1]));
    set_pair(out, L1, T0, scale(w0[2], w0[0]));
    set_pair(out, R1, T0, scale(w0[3], w0[0]));
    set_pair(out, L1, B0, scale(w0[2], w0[1]));
    set_pair(out, R1, B0, scale(w0[3], w0[1]));
    set_pair(out, L1, R1, fused(w0[2], w0[3], scale(u1[0], u1[1])));
}

/* Cells [row, row + out->rows) x [column, ...) of a patch that is `width` cells wide. */
static void solve(const real *cells, size_t width, size_t row, size_t column, part *out,
                  real *scratch)
{
    const size_t rows = out->rows, columns = out->columns;
    const real *first = cells + (row * width + column) * CELL_PARTS * LANES;
    if (rows * columns == 1) {
        one_cell(first, out);
        return;
    }
    if (rows == 2 && columns == 2) {
        four_cells(first, width, out);
        return;
    }
    const bool beside = columns >= rows;
    part half[2];
    for (size_t h = 0; h < 2; h++) {
        const size_t cut = (beside ? columns : rows) / 2;
        const size_t length = h == 0 ? cut : (beside ? columns : rows) - cut;
        half[h] = (part){beside ? rows : length, beside ? length : columns, 0, scratch};
        half[h].ports = 2 * (half[h].rows + half[h].columns);
        scratch += half[h].ports * (half[h].ports - 1) / 2 * LANES;
    }
    solve(cells, width, row, column, &half[0], scratch);
    solve(cells, width, beside ? row : row + half[0].rows,
          beside ? column + half[0].columns : column, &half[1], scratch);
    join(half, beside, out, scratch);
}

static void patch(size_t rows, size_t columns, const real *cells, real *scratch, real *pairs)
{
    part whole = {rows, columns, 2 * (rows + columns), pairs};
    solve(cells, columns, 0, 0, &whole, scratch);
}

INLINE void triangle_of(size_t strips, const real *t, const real *inverse, real *const *x)
{
    lanes row[STRIPS_MAX][LANES];
    UNROLL for (size_t s = 0; s < strips; s++) UNROLL for (size_t k = 0; k < LANES; k++) row[s][k] =
        load(x[s] + LANES * k);
    UNROLL for (size_t k = 0; k < LANES; k++)
    {
        const lanes factor = spread(inverse[k]);
        UNROLL for (size_t s = 0; s < strips; s++)
        {
            row[s][k] = scale(row[s][k], factor);
            store(x[s] + LANES * k, row[s][k]);
        }
        UNROLL for (size_t i = k + 1; i < LANES; i++)
        {
            const lanes share = spread(t[LANES * k + i]);
            UNROLL for (size_t s = 0; s < strips; s++) row[s][i] =
                fused(share, row[s][k], row[s][i]);
        }
    }
}

static void triangle(size_t strips, const real *t, const real *inverse, real *const *x)
{
    size_t s = 0;
    for (; s + TRIANGLES <= strips; s += TRIANGLES)
        triangle_of(TRIANGLES, t, inverse, x + s);
    for (; s < strips; s++)
        triangle_of(1, t, inverse, x + s);
}

static void diagonal(real *t, real *rest, real *inverse)
{
    for (size_t k = 0; k < LANES; k++) {
        real *own = t + LANES * k, sum = rest[k];
        for (size_t i = k + 1; i < LANES; i++)
            sum += own[i];
        inverse[k] = sum > 0 ? 1 / REAL_ROOT(sum) : 0;
        const lanes row = scale(load(own), spread(inverse[k]));
        store(own, row);
        store(rest, add(load(rest), scale(row, spread(rest[k] * inverse[k]))));
        for (size_t i = k + 1; i < LANES; i++)
            store(t + LANES * i, add(load(t + LANES * i), scale(spread(own[i]), row)));
    }
}

static void add_to(size_t n, const real *x, real *y) /* n: a multiple of LANES */
{
    for (size_t i = 0; i < n; i += LANES)
        store(y + i, add(load(y + i), load(x + i)));
}

enum { SUM_ROWS = 8 }; /* in registers */

static void sum(size_t strips, const real *const *x, real *sum)
{
    for (size_t first = 0; first < LANES; first += SUM_ROWS) {
        real *to = sum + LANES * first;
        lanes row[SUM_ROWS];
        UNROLL for (size_t k = 0; k < SUM_ROWS; k++) row[k] = load(to + LANES * k);
        for (size_t s = 0; s < strips; s++)
            UNROLL for (size_t k = 0; k < SUM_ROWS; k++) row[k] =
                add(row[k], load(x[s] + LANES * (first + k)));
        UNROLL for (size_t k = 0; k < SUM_ROWS; k++) store(to + LANES * k, row[k]);
    }
}

/* Rows [row, row + TILE_ROWS) of the blocks of so many strips. */
INLINE void tile_of(size_t strips, size_t row, size_t depth, const real *a, const real *const *b,
                    const real *const *had, real *const *c)
{
    lanes sum[TILE_ROWS][TILE_STRIPS];
    const real *strip[TILE_STRIPS];
    UNROLL for (size_t j = 0; j < strips; j++)
    {
        strip[j] = b[j];
        UNROLL for (size_t i = 0; i < TILE_ROWS; i++)
        {
            sum[i][j] = zero();
            __builtin_prefetch(had[j] + LANES * (row + i), 0, 3);
        }
    }
    a += row;
    for (size_t k = 0; k < depth; k++, a += LANES) {
        lanes right[TILE_STRIPS];
        UNROLL for (size_t j = 0; j < strips; j++) right[j] = load(strip[j] + LANES * k);
        UNROLL for (size_t i = 0; i < TILE_ROWS; i++)
        {
            const lanes left = spread(a[i]);
            UNROLL for (size_t j = 0; j < strips; j++) sum[i][j] = fused(left, right[j], sum[i][j]);
        }
    }
    UNROLL for (size_t j = 0; j < strips; j++) UNROLL for (size_t i = 0; i < TILE_ROWS; i++)
        store(c[j] + LANES * (row + i), add(load(had[j] + LANES * (row + i)), sum[i][j]));
}

static void tile(size_t strips, size_t depth, const real *a, const real *const *b,
                 const real *const *had, real *const *c)
{
    size_t j = 0;
    for (; j + TILE_STRIPS <= strips; j += TILE_STRIPS)
        for (size_t row = 0; row < LANES; row += TILE_ROWS)
            tile_of(TILE_STRIPS, row, depth, a, b + j, had + j, c + j);
    if (TILE_STRIPS > 2 && strips - j == 2)
        for (size_t row = 0; row < LANES; row += TILE_ROWS)
            tile_of(2, row, depth, a, b + j, had + j, c + j);
    else
        for (; j < strips; j++)
            for (size_t row = 0; row < LANES; row += TILE_ROWS)
                tile_of(1, row, depth, a, b + j, had + j, c + j);
}

const mhoi_nested_kernel MHOI_NESTED_TABLE = {patch, tile, triangle, diagonal, sum, add_to, turn};
