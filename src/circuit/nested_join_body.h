/* SPDX-License-Identifier: Apache-2.0 */
/* Joins networks by eliminating the nodes that they share (docs/models/circuit.md eq. (4), (5)).
 *
 * With D between the nodes k of the seam and X from them to the ports, row k is divided by the root of its sum, as
 * Cholesky factorization would, and X^T X is added to what the ports had.  The sum of a row is found without X's columns one by
 * one: all ports together are to the seam as one more node.  D and X are worked on where they lie in the sources' networks. */
#include <string.h>

#include "circuit/nested_parts.h"

enum { DEPTH = 192 }; /* rows of strips that stay in the first cache */

/* A strip of the whole: its rows of the seam come first. */
typedef struct strip {
    real *x;     /* in the network of its source */
    size_t of;   /* which one; sources: none, its ports are new */
    size_t rank; /* its number there */
} strip;

typedef struct seam {
    const mhoi_nested_kernel *kernel;
    const joint *j;
    size_t inner, outer;     /* strips of D, of X */
    real *d, *sum, *inverse; /* sum: a strip of LANES parts of what all ports have together */
    strip *x;                /* [outer] */
} seam;

static size_t strips_size(size_t strips) /* in reals, whole vectors */
{
    return up((strips * sizeof(strip) + sizeof(real) - 1) / sizeof(real));
}

static size_t join_work(size_t nodes, size_t ports, size_t right)
{
    const size_t rows = up(nodes);
    return up(right) * rows + (LANES + 1) * rows + strips_size(up(ports) / LANES);
}

static real *d_strip(const seam *m, size_t s)
{
    return m->d + net_strip(s);
}

/* Where the whole's strips are; those of new ports in `work`, after which the rest of it begins. */
static real *find_strips(seam *m, real *work)
{
    const joint *j = m->j;
    for (size_t s = 0; s < m->outer; s++)
        m->x[s].of = j->sources;
    for (size_t of = 0; of < j->sources; of++)
        for (int side = LEFT; side < SIDES; side++)
            for (size_t i = 0; i < j->of[of].count[side]; i += LANES) {
                const size_t rank = (j->of[of].at[side] + i) / LANES;
                m->x[(j->of[of].to[side] + i) / LANES] =
                    (strip){j->of[of].net + net_strip(rank), of, rank};
            }
    for (size_t i = 0; j->right_S && i < j->p->count[RIGHT]; i++) {
        strip *s = &m->x[(j->p->at[RIGHT] + i) / LANES];
        if (i % LANES == 0) {
            s->x = memset(work, 0, BLOCK * m->inner * sizeof *work);
            work += BLOCK * m->inner;
        }
        s->x[LANES * (j->tie + i) + i % LANES] = j->right_S[i];
    }
    return work;
}

static seam seam_of(const joint *j)
{
    seam m = {.kernel = mhoi_nested_best(),
              .j = j,
              .inner = j->seam / LANES,
              .outer = j->p->size / LANES};
    real *work = j->work;
    m.x = (strip *)(void *)work;
    work = find_strips(&m, work + strips_size(m.outer));
    m.sum = work;
    m.inverse = work + BLOCK * m.inner;
    m.d = j->of[0].net;
    if (j->sources > 1)
        m.kernel->add_to(net_strip(m.inner), j->of[1].net, m.d);
    return m;
}

/* The same order of terms from every compiler: halves of the lanes, and again.  The lanes are used up. */
static real total(real lane[LANES])
{
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* z += the blocks of LANES rows in strips [first, last) of D, or of X. */
static void add_blocks(const seam *m, size_t block, bool ports, size_t first, size_t last, real *z)
{
    enum { SOME = 16 };
    const real *x[SOME];
    for (size_t s = first, n; s < last; s += n) {
        n = last - s < SOME ? last - s : SOME;
        for (size_t i = 0; i < n; i++)
            x[i] = (ports ? m->x[s + i].x : d_strip(m, s + i)) + BLOCK * block;
        m->kernel->sum(n, x, z);
    }
}

/* What the rows above add to LANES rows of strips (own: these rows' own triangle). */
static void finish_rows(const seam *m, size_t block, size_t strips, real *const *x, bool own)
{
    const real *share = d_strip(m, block);
    real *rows[STRIPS_MAX];
    for (size_t s = 0; s < strips; s++)
        rows[s] = x[s] + BLOCK * block;
    if (own)
        m->kernel->triangle(strips, share + BLOCK * block, m->inverse + LANES * block, rows);
    else
        m->kernel->tile(strips, LANES * block, share, (const real *const *)x,
                        (const real *const *)rows, rows);
}

/* Of strips [first, inner) and of the sums that all ports together have, which are as one strip more. */
static void finish_d(const seam *m, size_t block, size_t first, bool own)
{
    for (size_t s = first; s <= m->inner; s += STRIPS_MAX) {
        const size_t n = m->inner + 1 - s < STRIPS_MAX ? m->inner + 1 - s : STRIPS_MAX;
        real *x[STRIPS_MAX];
        for (size_t i = 0; i < n; i++)
            x[i] = s + i < m->inner ? d_strip(m, s + i) : m->sum;
        finish_rows(m, block, n, x, own);
    }
}

static void factor(seam *m)
{
    memset(m->sum, 0, BLOCK * m->inner * sizeof *m->sum);
    for (size_t block = 0; block < m->inner; block++)
        add_blocks(m, block, true, 0, m->outer, m->sum + BLOCK * block);
    for (size_t block = 0; block < m->inner; block++) {
        real z[BLOCK], rest[LANES];
        if (block > 0)
            finish_d(m, block, block, false);
        memcpy(z, m->sum + BLOCK * block, sizeof z);
        add_blocks(m, block, false, block + 1, m->inner, z);
        for (size_t k = 0; k < LANES; k++)
            rest[k] = total(z + LANES * k);
        m->kernel->diagonal(d_strip(m, block) + BLOCK * block, rest, m->inverse + LANES * block);
        finish_d(m, block, block + 1, true);
    }
}

static void solve_columns(const seam *m)
{
    for (size_t s = 0; s < m->outer; s += STRIPS_MAX) {
        const size_t n = m->outer - s < STRIPS_MAX ? m->outer - s : STRIPS_MAX;
        real *x[STRIPS_MAX];
        for (size_t i = 0; i < n; i++)
            x[i] = m->x[s + i].x;
        for (size_t block = 0; block < m->inner; block++) {
            if (block > 0)
                finish_rows(m, block, n, x, false);
            finish_rows(m, block, n, x, true);
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
    return (rim){r.drivers / LANES, r.senses / LANES};
}

static size_t first_strip(const rim *r, size_t row)
{
    return row < r->drivers ? row : row < r->senses ? r->senses : SIZE_MAX;
}

/* Block [row] of strips [first, last) of the whole = what their source had, if it is the row's too, + X^T X. */
static void update(const seam *m, size_t row, size_t first, size_t last)
{
    static const real none[BLOCK];
    const strip *a = &m->x[row];
    const real *b[STRIPS_MAX], *had[STRIPS_MAX];
    real *c[STRIPS_MAX];
    const size_t n = last - first, rows = LANES * m->inner;
    for (size_t s = 0; s < n; s++) {
        const strip *x = &m->x[first + s];
        b[s] = x->x;
        c[s] = m->j->net + net_strip(first + s) + BLOCK * row;
        had[s] = x->of == a->of && x->of < m->j->sources ? x->x + BLOCK * a->rank : none;
    }
    for (size_t k = 0; k < rows; k += DEPTH) {
        const size_t depth = rows - k < DEPTH ? rows - k : DEPTH;
        m->kernel->tile(n, depth, a->x + LANES * k, b, had, c);
        for (size_t s = 0; s < n; s++) {
            b[s] += LANES * depth;
            had[s] = c[s];
        }
    }
}

static void join(const joint *j)
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
