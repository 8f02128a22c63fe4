/* SPDX-License-Identifier: Apache-2.0 */
/* Tridiagonal systems of single lines, eliminated like any network: nothing is subtracted. */
#include "circuit/circuit_lines.h"

#include "base/alloc.h"

double mhoi_circuit_driver_S(const circuit *c, size_t n)
{
    if (c->floating && c->floating[n])
        return 0;
    return 1 / (c->options->r_row_ohm + c->options->r_driver_ohm);
}

double mhoi_circuit_sense_S(const circuit *c)
{
    return 1 / (c->options->r_col_ohm + c->options->r_sense_ohm);
}

/* From the right end to the left: what node m sees to its right and through its cell is `seen`. */
static void factor_word(const lines *l, size_t n)
{
    const circuit *c = l->c;
    const size_t M = c->M;
    const double wire = 1 / c->options->r_row_ohm, driver = mhoi_circuit_driver_S(c, n);
    double seen = c->options->both_sides ? driver : 0;
    for (size_t m = M; m-- > 0;) {
        const double to_left = m > 0 ? wire : driver;
        seen += c->g_S[n * M + m];
        const double sum = seen + to_left;
        l->word_gain[n * M + m] = sum > 0 ? 1 / sum : 0;
        l->word_pass[n * M + m] = to_left * l->word_gain[n * M + m];
        seen *= l->word_pass[n * M + m];
    }
}

/* From the top down, all bit lines at once; `seen` is kept in the gain of the row above. */
static void factor_bits(const lines *l)
{
    const circuit *c = l->c;
    const size_t M = c->M;
    const double wire = 1 / c->options->r_col_ohm, foot = mhoi_circuit_sense_S(c);
    for (size_t m = 0; m < M; m++) {
        double seen = 0;
        for (size_t n = 0; n < c->N; n++) {
            const double down = n + 1 < c->N ? wire : foot;
            seen += c->g_S[n * M + m];
            l->bit_gain[n * M + m] = 1 / (seen + down);
            l->bit_pass[n * M + m] = down * l->bit_gain[n * M + m];
            seen *= l->bit_pass[n * M + m];
        }
    }
}

mho_status mhoi_lines_create(const circuit *c, lines *out)
{
    const size_t cells = c->N * c->M;
    *out = (lines){.c = c};
    mho_status s =
        mhoi_alloc(&out->word_pass, 4 * cells, sizeof *out->word_pass, "lines of a crossbar");
    if (s)
        return s;
    out->word_gain = out->word_pass + cells;
    out->bit_pass = out->word_gain + cells;
    out->bit_gain = out->bit_pass + cells;
    for (size_t n = 0; n < c->N && c->options->r_row_ohm > 0; n++)
        factor_word(out, n);
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
    const size_t M = c->M;
    for (size_t n = 0; n < c->N; n++) {
        const double *g = c->g_S + n * M, *pass = l->word_pass + n * M,
                     *gain = l->word_gain + n * M;
        const double ends =
            mhoi_circuit_driver_S(c, n) * (c->floating && c->floating[n] ? 0 : v[n]);
        double flow = c->options->both_sides ? ends : 0;
        for (size_t m = M; m-- > 0;) {
            flow += g[m] * w[n * M + m];
            u[n * M + m] = gain[m] * (m ? flow : flow + ends);
            flow *= pass[m];
        }
        for (size_t m = 1; m < M; m++)
            u[n * M + m] += pass[m] * u[n * M + m - 1];
    }
}

void mhoi_lines_bit(const lines *l, const double *u, double *w)
{
    const circuit *c = l->c;
    const size_t N = c->N, M = c->M;
    for (size_t n = 0; n < N; n++) /* what flows into each node: injected, and from above */
        for (size_t m = 0; m < M; m++) {
            const size_t k = n * M + m;
            w[k] = c->g_S[k] * u[k] + (n ? l->bit_pass[k - M] * w[k - M] : 0);
        }
    for (size_t k = (N - 1) * M; k < N * M; k++)
        w[k] *= l->bit_gain[k];
    for (size_t k = (N - 1) * M; k-- > 0;)
        w[k] = l->bit_gain[k] * w[k] + l->bit_pass[k] * w[k + M];
}
