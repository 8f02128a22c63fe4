/* SPDX-License-Identifier: Apache-2.0 */
/* Tridiagonal systems of single lines, eliminated like any network: nothing is subtracted. */
#include "circuit/circuit_lines.h"

#include "base/alloc.h"

/* From the right end to the left: what node n sees to its right and through its cell is `seen`. */
static void factor_word(const lines *l, size_t m)
{
    const circuit *c = l->c;
    const size_t N = c->N;
    const double wire = 1 / c->options->r_row_ohm, driver = mhoi_circuit_driver_S(c, m);
    double seen = c->options->both_sides ? driver : 0;
    for (size_t n = N; n-- > 0;) {
        const double to_left = n > 0 ? wire : driver;
        seen += c->g_S[m * N + n];
        const double sum = seen + to_left;
        l->word_gain[m * N + n] = sum > 0 ? 1 / sum : 0;
        l->word_pass[m * N + n] = to_left * l->word_gain[m * N + n];
        seen *= l->word_pass[m * N + n];
    }
}

/* From the top down, all bit lines at once; `seen` is kept in the gain of the row above. */
static void factor_bits(const lines *l)
{
    const circuit *c = l->c;
    const size_t N = c->N;
    const double wire = 1 / c->options->r_col_ohm, foot = mhoi_circuit_sense_S(c);
    for (size_t n = 0; n < N; n++) {
        double seen = 0;
        for (size_t m = 0; m < c->M; m++) {
            const double down = m + 1 < c->M ? wire : foot;
            seen += c->g_S[m * N + n];
            l->bit_gain[m * N + n] = 1 / (seen + down);
            l->bit_pass[m * N + n] = down * l->bit_gain[m * N + n];
            seen *= l->bit_pass[m * N + n];
        }
    }
}

mho_status mhoi_lines_create(const circuit *c, lines *out)
{
    const size_t cells = c->M * c->N;
    *out = (lines){.c = c};
    mho_status s =
        mhoi_alloc(&out->word_pass, 4 * cells, sizeof *out->word_pass, "lines of a crossbar");
    if (s)
        return s;
    out->word_gain = out->word_pass + cells;
    out->bit_pass = out->word_gain + cells;
    out->bit_gain = out->bit_pass + cells;
    for (size_t m = 0; m < c->M && c->options->r_row_ohm > 0; m++)
        factor_word(out, m);
    if (c->options->r_col_ohm > 0)
        factor_bits(out);
    return MHO_OK;
}

void mhoi_lines_destroy(lines *l)
{
    mhoi_free(&l->word_pass);
}

void mhoi_lines_word(const lines *l, const double *v, const double *w, double *u)
{
    const circuit *c = l->c;
    const size_t N = c->N;
    for (size_t m = 0; m < c->M; m++) {
        const double *g = c->g_S + m * N, *pass = l->word_pass + m * N,
                     *gain = l->word_gain + m * N;
        const double ends =
            mhoi_circuit_driver_S(c, m) * (c->floating && c->floating[m] ? 0 : v[m]);
        double flow = c->options->both_sides ? ends : 0;
        for (size_t n = N; n-- > 0;) {
            flow += g[n] * w[m * N + n];
            u[m * N + n] = gain[n] * (n ? flow : flow + ends);
            flow *= pass[n];
        }
        for (size_t n = 1; n < N; n++)
            u[m * N + n] += pass[n] * u[m * N + n - 1];
    }
}

void mhoi_lines_bit(const lines *l, const double *u, double *w)
{
    const circuit *c = l->c;
    const size_t M = c->M, N = c->N;
    for (size_t m = 0; m < M; m++) /* what flows into each node: injected, and from above */
        for (size_t n = 0; n < N; n++) {
            const size_t k = m * N + n;
            w[k] = c->g_S[k] * u[k] + (m ? l->bit_pass[k - N] * w[k - N] : 0);
        }
    for (size_t k = (M - 1) * N; k < M * N; k++)
        w[k] *= l->bit_gain[k];
    for (size_t k = (M - 1) * N; k-- > 0;)
        w[k] = l->bit_gain[k] * w[k] + l->bit_pass[k] * w[k + N];
}
