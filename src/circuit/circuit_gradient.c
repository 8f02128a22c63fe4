/* SPDX-License-Identifier: Apache-2.0 */
/* Voltages for one input vector by conjugate gradients.
 *
 * With A for the word lines and B for the bit lines, each with its cells' other ends at 0 V, and G for the cells, (1) and (2) are
 * A u - G w = d and B w = G u.  Without the bit lines, (A - G B^-1 G) u = d, symmetric and positive; with A as preconditioner its
 * eigenvalues are 1 less the part of a word line's current that comes back, far from 0 unless wires are as bad as cells.  A and B
 * are single lines (circuit_lines.c), so a step costs a few passes over the array (docs/models/circuit.md eq. (13)). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "circuit/circuit_gradient.h"

#define CONVERGED 1e-30 /* of the drivers' energy: voltages to EXACT of the largest */
#define EXACT 1e-13
#define WANTED 1e-10 /* relative error of currents */

enum {
    STEPS_MIN = 40
}; /* elimination takes as long as some steps, the more the larger the array */

typedef struct descent {
    const circuit *c;
    lines l;
    size_t cells;
    double *u, *w;              /* the caller's */
    double *r, *p, *Ap, *z, *q; /* residual, direction, A p, A^-1 r; G B^-1 G p */
} descent;

static double dot(const double *x, const double *y, size_t n)
{
    double lane[8] = {0}, sum = 0;
    size_t k = 0;
    for (; k + 8 <= n; k += 8)
        for (size_t i = 0; i < 8; i++)
            lane[i] += x[k + i] * y[k + i];
    for (; k < n; k++)
        sum += x[k] * y[k];
    for (size_t i = 0; i < 8; i++)
        sum += lane[i];
    return sum;
}

/* q = G B^-1 G u: what comes back from the bit lines. */
static void come_back(const descent *s, const double *u, double *q)
{
    mhoi_lines_bit(&s->l, u, q);
    for (size_t k = 0; k < s->cells; k++)
        q[k] *= s->c->g_S[k];
}

/* One step along p, whose A p - q is put in q's place.  The energy of what is left. */
static double step(descent *s, double energy)
{
    double *const q = s->q;
    for (size_t k = 0; k < s->cells; k++)
        q[k] = s->Ap[k] - q[k];
    const double curvature = dot(s->p, q, s->cells), a = curvature > 0 ? energy / curvature : 0;
    for (size_t k = 0; k < s->cells; k++) {
        s->u[k] += a * s->p[k];
        s->r[k] -= a * q[k];
    }
    mhoi_lines_word_source(&s->l, s->r, s->z);
    return dot(s->r, s->z, s->cells);
}

/* p = z + b p, and with it A p = r + b A p. */
static void turn(descent *s, double b)
{
    for (size_t k = 0; k < s->cells; k++) {
        s->p[k] = s->z[k] + b * s->p[k];
        s->Ap[k] = s->r[k] + b * s->Ap[k];
    }
}

/* What the drivers would supply with all bit lines at 0 V. */
static double supply(const descent *s, const double *v)
{
    const size_t M = s->c->M;
    double sum = 0;
    for (size_t n = 0; n < s->c->N; n++) {
        const double *u = s->u + n * M;
        const double both = s->c->options->both_sides ? u[M - 1] : 0;
        sum += mhoi_circuit_driver_S(s->c, n) * v[n] * (u[0] + both);
    }
    return sum;
}

static mho_status descend(descent *s, const double *v, bool *converged)
{
    const size_t edge = s->c->N < s->c->M ? s->c->N : s->c->M;
    const size_t steps = edge > STEPS_MIN ? edge : STEPS_MIN;
    memset(s->w, 0, s->cells * sizeof *s->w);
    mhoi_lines_word(&s->l, v, s->w, s->u); /* the start: bit lines at 0 V */
    come_back(s, s->u, s->r);
    mhoi_lines_word_source(&s->l, s->r, s->z);
    const double enough = CONVERGED * supply(s, v);
    double energy = dot(s->r, s->z, s->cells), before = energy;
    memset(s->p, 0, 2 * s->cells * sizeof *s->p);
    for (size_t k = 0; k < steps && energy > enough; k++) {
        const mho_status status = mhoi_interruption();
        if (status)
            return status;
        turn(s, energy / before); /* p is 0 the first time */
        come_back(s, s->p, s->q);
        before = energy;
        energy = step(s, energy);
    }
    *converged = energy <= enough;
    mhoi_lines_bit(&s->l, s->u, s->w);
    return MHO_OK;
}

/* Currents are sums of g (u - w), exact to EXACT of the largest voltage: whether that is little in every bit line. */
static bool exact_enough(const circuit *c, const double *v, const double *u, const double *w,
                         double *sums)
{
    double most = 0;
    memset(sums, 0, 2 * c->M * sizeof *sums);
    for (size_t n = 0; n < c->N; n++) {
        most = fmax(most, fabs(v[n]));
        for (size_t m = 0; m < c->M; m++) {
            const size_t k = n * c->M + m;
            sums[m] += c->g_S[k];
            sums[c->M + m] += c->g_S[k] * fabs(u[k] - w[k]);
        }
    }
    for (size_t m = 0; m < c->M; m++)
        if (!(EXACT * most * sums[m] <= WANTED * sums[c->M + m]) && most * sums[m] > 0)
            return false;
    return true;
}

mho_status mhoi_circuit_gradient(const circuit *c, const double *v, double *u, double *w,
                                 bool *converged)
{
    descent s = {.c = c, .cells = c->N * c->M, .u = u, .w = w};
    double *memory = NULL;
    *converged = false;
    mho_status status = mhoi_lines_create(c, &s.l);
    if (!status)
        status =
            mhoi_alloc(&memory, 5 * s.cells + 2 * c->M, sizeof *memory, "voltages of a crossbar");
    if (!status) {
        s.p = memory;
        s.Ap = s.p + s.cells;
        s.r = s.Ap + s.cells;
        s.z = s.r + s.cells;
        s.q = s.z + s.cells;
        status = descend(&s, v, converged);
    }
    if (!status && *converged)
        *converged = exact_enough(c, v, u, w, s.q + s.cells);
    mhoi_free(&memory);
    mhoi_lines_destroy(&s.l);
    return status;
}
