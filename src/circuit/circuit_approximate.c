/* SPDX-License-Identifier: Apache-2.0 */
/* Screening: the current that crosses one cell only, and a bound on the rest.
 *
 * All conductances are positive, so T is a sum of positive terms: current that goes from a word line to a
 * bit line once, current that returns to a word line and crosses again, and so on.  The first term is a
 * product of three ladders.  The sum of all terms over the word lines is the current with 1 V at every
 * driver; alternating between word lines and bit lines from 0 V below and from 1 V above encloses it
 * (docs/models/circuit.md eq. (8) to (11)). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "circuit/circuit_lines.h"

enum { SWEEPS = 16 };
#define NARROW 1e-3 /* of what the first term lacks: closer does not make the bound smaller */

typedef struct screen {
    const circuit *c;
    lines lines;
    double *u, *low,
        *high;     /* voltages [N][M]: word lines, bit lines below and above the true ones */
    double *v;     /* [N]: 1 V */
    double *first; /* [M]: sum of the first term */
} screen;

static mho_status screen_create(const circuit *c, screen *s)
{
    const size_t cells = c->N * c->M;
    *s = (screen){.c = c};
    mho_status status = mhoi_lines_create(c, &s->lines);
    if (!status)
        status = mhoi_alloc(&s->u, 3 * cells + c->N + c->M, sizeof *s->u, "voltages of a crossbar");
    if (status)
        return status;
    s->low = s->u + cells;
    s->high = s->low + cells;
    s->v = s->high + cells;
    s->first = s->v + c->N;
    for (size_t n = 0; n < c->N; n++)
        s->v[n] = 1;
    for (size_t k = 0; k < cells; k++)
        s->high[k] = 1;
    return MHO_OK;
}

static void screen_destroy(screen *s)
{
    mhoi_lines_destroy(&s->lines);
    mhoi_free(&s->u);
}

/* T [M][N] = the first term, and its sums; u holds the word lines with all bit lines at 0 V. */
static void first_term(const screen *s, double *T_S)
{
    const circuit *c = s->c;
    for (size_t m = 0; m < c->M; m++) {
        double reach =
            1; /* part of a current into the bit line here that ends in the sense amplifier */
        for (size_t n = c->N; n-- > 0;) {
            const size_t k = n * c->M + m;
            reach *= s->lines.bit_pass[k];
            const bool floats = c->floating && c->floating[n];
            const double term = floats ? 0 : s->u[k] * c->g_S[k] * reach;
            T_S[m * c->N + n] = term;
            s->first[m] += term;
        }
    }
}

/* Whether the enclosure is narrow enough, in every column, to go no further. */
static bool narrow(const screen *s, double foot)
{
    const size_t last = (s->c->N - 1) * s->c->M;
    for (size_t m = 0; m < s->c->M; m++) {
        const double low = foot * s->low[last + m], high = foot * s->high[last + m];
        if (high - low > NARROW * fmax(low - s->first[m], DBL_EPSILON * low))
            return false;
    }
    return true;
}

static void finish(const screen *s, double foot, double *T_S, double *bound_S)
{
    const size_t N = s->c->N, M = s->c->M, last = (N - 1) * M;
    const double rounding = 16 * DBL_EPSILON * (double)(N + M);
    for (size_t m = 0; m < M; m++) {
        const double low = foot * s->low[last + m], high = foot * s->high[last + m];
        const double middle = 0.5 * low + 0.5 * high, first = s->first[m];
        const double factor = first > 0 ? middle / first : 1;
        bound_S[m] = fmax(high - first, 0) + fabs(factor - 1) * first + rounding * high;
        for (size_t n = 0; n < N; n++)
            T_S[m * N + n] *= factor;
    }
}

static mho_status approximate(const circuit *c, double *T_S, double *bound_S)
{
    screen s;
    mho_status status = screen_create(c, &s);
    const double foot = mhoi_circuit_sense_S(c);
    if (!status) {
        mhoi_lines_word(&s.lines, s.v, s.low, s.u); /* low is 0 V still */
        first_term(&s, T_S);
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            mhoi_lines_word(&s.lines, s.v, s.low, s.u);
            mhoi_lines_bit(&s.lines, s.u, s.low);
            mhoi_lines_word(&s.lines, s.v, s.high, s.u);
            mhoi_lines_bit(&s.lines, s.u, s.high);
            if (narrow(&s, foot))
                break;
        }
        finish(&s, foot, T_S, bound_S);
    }
    screen_destroy(&s);
    return status;
}

mho_status mho_circuit_approximate(const mho_circuit_options *options, size_t N, size_t M,
                                   const double *g_S, const bool *floating, double *T_S,
                                   double *bound_S)
{
    const circuit c = {options, N, M, g_S, floating};
    mho_status s = mhoi_circuit_check(&c);
    if (s)
        return s;
    if (options->r_row_ohm > 0 && options->r_col_ohm > 0)
        return approximate(&c, T_S, bound_S);
    s = mhoi_circuit_with_ideal_wires(&c, T_S);
    for (size_t m = 0; !s && m < M; m++) {
        double sum = 0;
        for (size_t n = 0; n < N; n++)
            sum += T_S[m * N + n];
        bound_S[m] = 16 * DBL_EPSILON * (double)(N + M) * sum;
    }
    return s;
}
