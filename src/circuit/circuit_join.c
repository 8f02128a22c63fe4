/* SPDX-License-Identifier: Apache-2.0 */
/* Joins networks by eliminating the nodes that they share (docs/models/circuit.md eq. (4), (5)).
 *
 * With D between the nodes k of the seam and X from them to the ports, row k is divided by the root of its sum, as
 * Cholesky factorization would, and X^T X is added to what the ports had.  The sum of a row is found without X's columns one by
 * one: all ports together are to the seam as one more node.  Matrices are kept in strips of eight columns. */
#include <math.h>
#include <string.h>

#include "circuit/circuit_nested.h"

enum { DEPTH = 192 }; /* rows of strips that stay in the first cache */

typedef struct seam {
    const mhoi_nested_kernel *kernel;
    size_t nodes, rows, inner, outer; /* rows: nodes to whole strips; strips of D, of X */
    size_t strip;                     /* doubles from one to the next: not a multiple of much */
    double *d, *x, *sum, *inverse;
} seam;

size_t mhoi_join_work(size_t nodes, size_t ports)
{
    return (mhoi_up8(nodes) + mhoi_up8(ports)) * (mhoi_up8(nodes) + 1) + 2 * mhoi_up8(nodes);
}

static seam seam_of(const joint *j)
{
    seam m = {.kernel = mhoi_nested_best(), .nodes = j->seam, .rows = mhoi_up8(j->seam)};
    m.strip = 8 * (m.rows + 1);
    m.inner = m.rows / 8;
    m.outer = mhoi_up8(j->p->size) / 8;
    m.d = j->work;
    m.x = m.d + m.inner * m.strip;
    m.sum = m.x + m.outer * m.strip;
    m.inverse = m.sum + m.rows;
    return m;
}

static double *at(double *strips, size_t strip, size_t row, size_t column)
{
    return strips + column / 8 * strip + row * 8 + column % 8;
}

/* Columns [column, column + n) of a row of strips = from. */
static void put(double *strips, size_t strip, size_t row, size_t column, const double *from,
                size_t n)
{
    for (size_t done = 0, count; done < n; done += count) {
        const size_t left = 8 - (column + done) % 8;
        double *to = at(strips, strip, row, column + done);
        count = left < n - done ? left : n - done;
        if (count == 8)
            memcpy(to, from + done, 8 * sizeof *to);
        else
            for (size_t i = 0; i < count; i++)
                to[i] = from[done + i];
    }
}

static void gather(const joint *j, seam *m)
{
    memset(m->d, 0, m->inner * m->strip * sizeof *m->d);
    memset(at(m->x, m->strip, 0, 8 * (m->outer - 1)), 0, 8 * m->rows * sizeof *m->x);
    if (m->rows > m->nodes || j->right_S)
        memset(m->x, 0, m->outer * m->strip * sizeof *m->x);
    for (size_t k = 0; k < m->nodes; k++)
        for (size_t s = 0; s < j->sources; s++) {
            const source *of = &j->of[s];
            const double *row = of->net + k * of->ld;
            for (size_t i = k + 1; i < m->nodes; i++)
                *at(m->d, m->strip, k, i) += row[i];
            for (int side = LEFT; side < SIDES; side++)
                put(m->x, m->strip, k, of->to[side], row + of->at[side], of->count[side]);
        }
    for (size_t i = 0; j->right_S && i < j->p->count[RIGHT]; i++)
        *at(m->x, m->strip, j->tie + i, j->p->at[RIGHT] + i) = j->right_S[i];
}

/* The same order of terms from every compiler: lane by lane, then the lanes. */
static double total(const double lane[8])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static double row_sum(const double *strips, size_t strip, size_t row, size_t first, size_t last)
{
    double lane[8] = {0};
    for (size_t s = first; s < last; s++)
        for (size_t l = 0; l < 8; l++)
            lane[l] += strips[s * strip + row * 8 + l];
    return total(lane);
}

/* Rows 8 eight .. 8 eight + 7 among themselves; rest: their sums beyond. */
static void factor_eight(seam *m, size_t eight, double rest[8])
{
    double(*t)[8] = (double(*)[8])at(m->d, m->strip, 8 * eight, 8 * eight);
    double *outside = m->sum + 8 * eight;
    for (size_t k = 0; k < 8; k++) {
        double sum = outside[k] + rest[k];
        for (size_t i = k + 1; i < 8; i++)
            sum += t[k][i];
        const double inverse = sum > 0 ? 1 / sqrt(sum) : 0;
        m->inverse[8 * eight + k] = inverse;
        outside[k] *= inverse;
        rest[k] *= inverse;
        for (size_t i = k + 1; i < 8; i++)
            t[k][i] *= inverse;
        for (size_t i = k + 1; i < 8; i++) {
            outside[i] += t[k][i] * outside[k];
            rest[i] += t[k][i] * rest[k];
            for (size_t l = i + 1; l < 8; l++)
                t[i][l] += t[k][i] * t[k][l];
        }
    }
}

/* What the rows above add to rows 8 eight .. of strips [first, last), and these rows' own triangle. */
static void finish_rows(const seam *m, size_t eight, double *strips, size_t first, size_t last,
                        bool own)
{
    const size_t strip = m->strip;
    const double *share = m->d + eight * strip;
    for (size_t s = first; s < last; s += STRIPS_MAX) {
        const size_t n = last - s < STRIPS_MAX ? last - s : STRIPS_MAX;
        double *x = strips + s * strip, *rows = x + 64 * eight;
        if (own)
            m->kernel->triangle(n, share + 64 * eight, m->inverse + 8 * eight, rows, strip);
        else
            m->kernel->tile(n, 8 * eight, share, x, strip, rows, 8, strip);
    }
}

static void factor(seam *m)
{
    for (size_t k = 0; k < m->rows; k++)
        m->sum[k] = row_sum(m->x, m->strip, k, 0, m->outer);
    for (size_t eight = 0; eight < m->inner; eight++) {
        const double *share = m->d + eight * m->strip;
        double rest[8];
        if (eight > 0)
            finish_rows(m, eight, m->d, eight, m->inner, false);
        for (size_t k = 0; k < 8 * eight; k++)
            for (size_t l = 0; l < 8; l++)
                m->sum[8 * eight + l] += share[8 * k + l] * m->sum[k];
        for (size_t l = 0; l < 8; l++)
            rest[l] = row_sum(m->d, m->strip, 8 * eight + l, eight + 1, m->inner);
        factor_eight(m, eight, rest);
        finish_rows(m, eight, m->d, eight + 1, m->inner, true);
    }
}

static void solve_columns(const seam *m)
{
    for (size_t s = 0; s < m->outer; s += STRIPS_MAX) {
        const size_t last = s + STRIPS_MAX < m->outer ? s + STRIPS_MAX : m->outer;
        for (size_t eight = 0; eight < m->inner; eight++) {
            if (eight > 0)
                finish_rows(m, eight, m->x, s, last, false);
            finish_rows(m, eight, m->x, s, last, true);
        }
    }
}

/* Where sides begin that stay to the end. */
typedef struct rim {
    size_t drivers, senses;
} rim;

static rim rim_of(const joint *j)
{
    const area *p = j->p;
    rim r = {p->size, p->size};
    if (p->n1 == j->c->N)
        r.drivers = r.senses = p->at[BOTTOM];
    if (p->m1 == j->c->M && p->count[RIGHT] && p->at[RIGHT] < r.drivers)
        r.drivers = p->at[RIGHT];
    if (p->m0 == 0 && p->at[LEFT] < r.drivers)
        r.drivers = p->at[LEFT];
    return r;
}

/* The first column that row needs: drivers among each other need none, nor do sense amplifiers. */
static size_t first_column(const rim *r, size_t row)
{
    return row < r->drivers ? row : row < r->senses ? r->senses : SIZE_MAX;
}

/* Row i of source s, side `side`, as a row of the whole: of that source what it has, of the other 0. */
static void fill_row(const joint *j, size_t s, int side, size_t i, const rim *r)
{
    const area *p = j->p;
    const size_t row = j->of[s].to[side] + i, ld = mhoi_net_row(p->size);
    const size_t first =
        first_column(r, row / 8 * 8); /* eight rows are filled from the same column on */
    if (first > p->size)
        return;
    double *to = j->net + row * ld;
    const double *from = j->of[s].net + (j->of[s].at[side] + i) * j->of[s].ld;
    size_t done = first / 8 * 8;
    for (int k = 0; k < SIDES; k++) { /* from left to right */
        const int t = p->order[k];
        const size_t begin = j->of[s].to[t], end = begin + j->of[s].count[t];
        const size_t own = begin > row + 1 ? begin : row + 1;
        if (own >= end || end <= first)
            continue;
        if (own > done)
            memset(to + done, 0, (own - done) * sizeof *to);
        memcpy(to + own, from + j->of[s].at[t] + (own - begin), (end - own) * sizeof *to);
        done = end;
    }
    memset(to + done, 0, (ld - done) * sizeof *to);
}

static void fill(const joint *j, const rim *r)
{
    const size_t ld = mhoi_net_row(j->p->size);
    for (size_t row = j->p->size; row < mhoi_up8(j->p->size); row++)
        memset(j->net + row * ld, 0, ld * sizeof *j->net);
    if (j->right_S)
        for (size_t i = 0; i < j->p->count[RIGHT]; i++)
            memset(j->net + (j->p->at[RIGHT] + i) * ld, 0, ld * sizeof *j->net);
    for (size_t s = 0; s < j->sources; s++)
        for (int side = LEFT; side < SIDES; side++)
            for (size_t i = 0; i < j->of[s].count[side]; i++)
                fill_row(j, s, side, i, r);
}

/* net += X^T X, in tiles on and above the diagonal. */
static void update(const joint *j, const seam *m, const rim *r)
{
    const size_t strip = m->strip, ld = mhoi_net_row(j->p->size);
    for (size_t k = 0; k < m->nodes; k += DEPTH) {
        const size_t depth = m->nodes - k < DEPTH ? m->nodes - k : DEPTH;
        const double *x = m->x + 8 * k;
        for (size_t b = 0; b < m->outer; b += STRIPS_MAX)
            for (size_t a = 0; a < m->outer; a++) {
                const size_t column = first_column(r, 8 * a);
                const size_t last = b + STRIPS_MAX < m->outer ? b + STRIPS_MAX : m->outer;
                const size_t first = column == SIZE_MAX ? last : column / 8 > b ? column / 8 : b;
                if (first < last)
                    m->kernel->tile(last - first, depth, x + a * strip, x + first * strip, strip,
                                    j->net + 8 * a * ld + 8 * first, ld, 8);
            }
    }
}

void mhoi_join(const joint *j)
{
    seam m = seam_of(j);
    const rim r = rim_of(j);
    gather(j, &m);
    factor(&m);
    solve_columns(&m);
    fill(j, &r);
    update(j, &m, &r);
}
