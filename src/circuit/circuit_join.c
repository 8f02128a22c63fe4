/* SPDX-License-Identifier: Apache-2.0 */
/* Joins networks by eliminating the nodes that they share (docs/models/circuit.md eq. (4), (5)).
 *
 * With D between the nodes k of the seam and X from them to the ports, row k is divided by the root of its sum, as
 * Cholesky factorization would, and X^T X is added to what the ports had.  The sum of a row is found without X's columns one by
 * one: all ports together are to the seam as one more node.  D and X are worked on where they lie in the sources' networks. */
#include <math.h>
#include <string.h>

#include "circuit/circuit_nested.h"

enum { DEPTH = 192 }; /* rows of strips that stay in the first cache */

/* A strip of the whole: its rows of the seam come first. */
typedef struct strip {
    double *x;   /* in the network of its source */
    size_t of;   /* which one; sources: none, its ports are new */
    size_t rank; /* its number there */
} strip;

typedef struct seam {
    const mhoi_nested_kernel *kernel;
    const joint *j;
    size_t inner, outer;       /* strips of D, of X */
    double *d, *sum, *inverse; /* sum: a strip of eight parts of what all ports have together */
    strip *x;                  /* [outer] */
} seam;

static size_t strips_size(size_t strips) /* in doubles */
{
    return (strips * sizeof(strip) + sizeof(double) - 1) / sizeof(double);
}

size_t mhoi_join_work(size_t nodes, size_t ports, size_t right)
{
    const size_t rows = mhoi_up8(nodes);
    return mhoi_up8(right) * rows + 9 * rows + strips_size(mhoi_up8(ports) / 8);
}

static double *d_strip(const seam *m, size_t s)
{
    return m->d + mhoi_net_strip(s);
}

/* Where the whole's strips are; those of new ports in `work`, after which the rest of it begins. */
static double *find_strips(seam *m, double *work)
{
    const joint *j = m->j;
    for (size_t s = 0; s < m->outer; s++)
        m->x[s].of = j->sources;
    for (size_t of = 0; of < j->sources; of++)
        for (int side = LEFT; side < SIDES; side++)
            for (size_t i = 0; i < j->of[of].count[side]; i += 8) {
                const size_t rank = (j->of[of].at[side] + i) / 8;
                m->x[(j->of[of].to[side] + i) / 8] =
                    (strip){j->of[of].net + mhoi_net_strip(rank), of, rank};
            }
    for (size_t i = 0; j->right_S && i < j->p->count[RIGHT]; i++) {
        strip *s = &m->x[(j->p->at[RIGHT] + i) / 8];
        if (i % 8 == 0) {
            s->x = memset(work, 0, 64 * m->inner * sizeof *work);
            work += 64 * m->inner;
        }
        s->x[8 * (j->tie + i) + i % 8] = j->right_S[i];
    }
    return work;
}

static seam seam_of(const joint *j)
{
    seam m = {.kernel = mhoi_nested_best(), .j = j, .inner = j->seam / 8, .outer = j->p->size / 8};
    double *work = j->work;
    m.x = (strip *)(void *)work;
    work = find_strips(&m, work + strips_size(m.outer));
    m.sum = work;
    m.inverse = work + 64 * m.inner;
    m.d = j->of[0].net;
    if (j->sources > 1)
        m.kernel->add_to(mhoi_net_strip(m.inner), j->of[1].net, m.d);
    return m;
}

/* The same order of terms from every compiler: lane by lane, then the lanes. */
static double total(const double lane[8])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* z += the blocks of eight rows in strips [first, last) of D, or of X. */
static void add_blocks(const seam *m, size_t eight, bool ports, size_t first, size_t last,
                       double *z)
{
    enum { SOME = 16 };
    const double *x[SOME];
    for (size_t s = first, n; s < last; s += n) {
        n = last - s < SOME ? last - s : SOME;
        for (size_t i = 0; i < n; i++)
            x[i] = (ports ? m->x[s + i].x : d_strip(m, s + i)) + 64 * eight;
        m->kernel->sum(n, x, z);
    }
}

/* Rows 8 eight .. 8 eight + 7 among themselves; rest: their sums beyond.  What is below the diagonal is never used. */
static void factor_eight(seam *m, size_t eight, double rest[8])
{
    double(*t)[8] = (double(*)[8])(d_strip(m, eight) + 64 * eight);
    for (size_t k = 0; k < 8; k++) {
        double sum = rest[k];
        for (size_t i = k + 1; i < 8; i++)
            sum += t[k][i];
        const double inverse = sum > 0 ? 1 / sqrt(sum) : 0;
        m->inverse[8 * eight + k] = inverse;
        rest[k] *= inverse;
        for (size_t i = 0; i < 8; i++)
            t[k][i] *= inverse;
        for (size_t i = k + 1; i < 8; i++) {
            rest[i] += t[k][i] * rest[k];
            for (size_t l = 0; l < 8; l++)
                t[i][l] += t[k][i] * t[k][l];
        }
    }
}

/* What the rows above add to eight rows of strips (own: these rows' own triangle). */
static void finish_rows(const seam *m, size_t eight, size_t strips, double *const *x, bool own)
{
    const double *share = d_strip(m, eight);
    double *rows[STRIPS_MAX];
    for (size_t s = 0; s < strips; s++)
        rows[s] = x[s] + 64 * eight;
    if (own)
        m->kernel->triangle(strips, share + 64 * eight, m->inverse + 8 * eight, rows);
    else
        m->kernel->tile(strips, 8 * eight, share, (const double *const *)x,
                        (const double *const *)rows, rows);
}

/* Of strips [first, inner) and of the sums that all ports together have, which are as one strip more. */
static void finish_d(const seam *m, size_t eight, size_t first, bool own)
{
    for (size_t s = first; s <= m->inner; s += STRIPS_MAX) {
        const size_t n = m->inner + 1 - s < STRIPS_MAX ? m->inner + 1 - s : STRIPS_MAX;
        double *x[STRIPS_MAX];
        for (size_t i = 0; i < n; i++)
            x[i] = s + i < m->inner ? d_strip(m, s + i) : m->sum;
        finish_rows(m, eight, n, x, own);
    }
}

static void factor(seam *m)
{
    memset(m->sum, 0, 64 * m->inner * sizeof *m->sum);
    for (size_t eight = 0; eight < m->inner; eight++)
        add_blocks(m, eight, true, 0, m->outer, m->sum + 64 * eight);
    for (size_t eight = 0; eight < m->inner; eight++) {
        double z[64], rest[8];
        if (eight > 0)
            finish_d(m, eight, eight, false);
        memcpy(z, m->sum + 64 * eight, sizeof z);
        add_blocks(m, eight, false, eight + 1, m->inner, z);
        for (size_t k = 0; k < 8; k++)
            rest[k] = total(z + 8 * k);
        factor_eight(m, eight, rest);
        finish_d(m, eight, eight + 1, true);
    }
}

static void solve_columns(const seam *m)
{
    for (size_t s = 0; s < m->outer; s += STRIPS_MAX) {
        const size_t n = m->outer - s < STRIPS_MAX ? m->outer - s : STRIPS_MAX;
        double *x[STRIPS_MAX];
        for (size_t i = 0; i < n; i++)
            x[i] = m->x[s + i].x;
        for (size_t eight = 0; eight < m->inner; eight++) {
            if (eight > 0)
                finish_rows(m, eight, n, x, false);
            finish_rows(m, eight, n, x, true);
        }
    }
}

/* The first strip that each row of blocks needs: drivers among each other need none, nor do sense amplifiers. */
typedef struct rim {
    size_t drivers, senses; /* where sides begin that stay to the end, in strips */
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
    return (rim){r.drivers / 8, r.senses / 8};
}

static size_t first_strip(const rim *r, size_t row)
{
    return row < r->drivers ? row : row < r->senses ? r->senses : SIZE_MAX;
}

/* Block [row] of strips [first, last) of the whole = what their source had, if it is the row's too, + X^T X. */
static void update(const seam *m, size_t row, size_t first, size_t last)
{
    static const double none[64];
    const strip *a = &m->x[row];
    const double *b[STRIPS_MAX], *had[STRIPS_MAX];
    double *c[STRIPS_MAX];
    const size_t n = last - first, rows = 8 * m->inner;
    for (size_t s = 0; s < n; s++) {
        const strip *x = &m->x[first + s];
        b[s] = x->x;
        c[s] = m->j->net + mhoi_net_strip(first + s) + 64 * row;
        had[s] = x->of == a->of && x->of < m->j->sources ? x->x + 64 * a->rank : none;
    }
    for (size_t k = 0; k < rows; k += DEPTH) {
        const size_t depth = rows - k < DEPTH ? rows - k : DEPTH;
        m->kernel->tile(n, depth, a->x + 8 * k, b, had, c);
        for (size_t s = 0; s < n; s++) {
            b[s] += 8 * depth;
            had[s] = c[s];
        }
    }
}

void mhoi_join(const joint *j)
{
    seam m = seam_of(j);
    const rim r = rim_of(j);
    factor(&m);
    solve_columns(&m);
    for (size_t b = 0; b < m.outer; b += STRIPS_MAX) {
        const size_t last = b + STRIPS_MAX < m.outer ? b + STRIPS_MAX : m.outer;
        for (size_t row = 0; row < last; row++) {
            const size_t first = first_strip(&r, row);
            if (first < last)
                update(&m, row, first > b ? first : b, last);
        }
    }
}
