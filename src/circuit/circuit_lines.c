/* SPDX-License-Identifier: Apache-2.0 */
/* Tridiagonal systems of single lines, eliminated like any network: nothing is subtracted. */
#include "circuit/circuit_lines.h"

#include <string.h>

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

enum { TOGETHER = 8 }; /* word lines: each waits for its last node, all of them hide the wait */

/* From the right end to the left: what node m sees to its right and through its cell is `seen`.  Word lines [n, n + count). */
static void factor_words(const lines *l, size_t n, size_t count)
{
    const circuit *c = l->c;
    const size_t M = c->M;
    const double wire = 1 / c->options->r_row_ohm;
    double seen[TOGETHER], driver[TOGETHER];
    for (size_t i = 0; i < count; i++) {
        driver[i] = mhoi_circuit_driver_S(c, n + i);
        seen[i] = c->options->both_sides ? driver[i] : 0;
    }
    for (size_t m = M; m-- > 0;)
        for (size_t i = 0; i < count; i++) {
            const size_t k = (n + i) * M + m;
            const double to_left = m > 0 ? wire : driver[i];
            seen[i] += c->g_S[k];
            const double sum = seen[i] + to_left;
            l->word_gain[k] = sum > 0 ? 1 / sum : 0;
            l->word_pass[k] = to_left * l->word_gain[k];
            seen[i] *= l->word_pass[k];
        }
}

/* From the top down, some bit lines at once. */
static void factor_bits(const lines *l)
{
    enum { PART = 64 };
    const circuit *c = l->c;
    const size_t M = c->M;
    const double wire = 1 / c->options->r_col_ohm, foot = mhoi_circuit_sense_S(c);
    for (size_t m = 0; m < M; m += PART) {
        const size_t count = M - m < PART ? M - m : PART;
        double seen[PART] = {0};
        for (size_t n = 0; n < c->N; n++) {
            const double down = n + 1 < c->N ? wire : foot, *g = c->g_S + n * M + m;
            double *restrict gain = l->bit_gain + n * M + m, *restrict pass =
                                                                 l->bit_pass + n * M + m;
            for (size_t i = 0; i < count; i++) {
                seen[i] += g[i];
                gain[i] = 1 / (seen[i] + down);
                pass[i] = down * gain[i];
                seen[i] *= pass[i];
            }
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
    for (size_t n = 0; n < c->N && c->options->r_row_ohm > 0; n += TOGETHER)
        factor_words(out, n, c->N - n < TOGETHER ? c->N - n : TOGETHER);
    if (c->options->r_col_ohm > 0)
        factor_bits(out);
    return MHO_OK;
}

void mhoi_lines_destroy(lines *l)
{
    mhoi_free(&l->word_pass);
}

/* Some columns of word lines that are worked on together.  Rows of an array are often a multiple of 4 KiB apart, where the first
 * cache holds no more than a few at once; so each is fetched once, a whole line of the cache. */
typedef double columns[TOGETHER][8];

__attribute__((always_inline)) static inline void fetch(columns to, const double *from, size_t row,
                                                        size_t count, size_t width)
{
    for (size_t i = 0; i < count; i++)
        if (width == 8)
            memcpy(to[i], from + i * row, 8 * sizeof *from);
        else
            memcpy(to[i], from + i * row, width * sizeof *from);
}

__attribute__((always_inline)) static inline void put(double *to, columns from, size_t row,
                                                      size_t count, size_t width)
{
    for (size_t i = 0; i < count; i++)
        if (width == 8)
            memcpy(to + i * row, from[i], 8 * sizeof *to);
        else
            memcpy(to + i * row, from[i], width * sizeof *to);
}

/* u = A^-1 f on word lines [n, n + count), f = flows, or the part of it that the cells bring where flows are voltages of the bit
 * lines; with what drivers send into the ends. */
__attribute__((always_inline)) static inline void solve_words(const lines *l, size_t n,
                                                              size_t count, const double *ends,
                                                              const double *flows, bool cells,
                                                              double *u)
{
    const size_t M = l->c->M, at = n * M;
    const bool both = ends && l->c->options->both_sides;
    double flow[TOGETHER], before[TOGETHER] = {0};
    columns in, g, gain, pass, out;
    for (size_t i = 0; i < count; i++)
        flow[i] = both ? ends[i] : 0;
    for (size_t m = (M + 7) / 8 * 8; m > 0;) {
        m -= 8;
        const size_t width = M - m < 8 ? M - m : 8;
        fetch(in, flows + at + m, M, count, width);
        if (cells)
            fetch(g, l->c->g_S + at + m, M, count, width);
        fetch(gain, l->word_gain + at + m, M, count, width);
        fetch(pass, l->word_pass + at + m, M, count, width);
        for (size_t j = width; j-- > 0;)
            for (size_t i = 0; i < count; i++) {
                flow[i] += cells ? g[i][j] * in[i][j] : in[i][j];
                out[i][j] = gain[i][j] * flow[i];
                flow[i] *= pass[i][j];
            }
        for (size_t i = 0; ends && m == 0 && i < count; i++)
            out[i][0] += gain[i][0] * ends[i];
        put(u + at + m, out, M, count, width);
    }
    for (size_t m = 0; m < M; m += 8) {
        const size_t width = M - m < 8 ? M - m : 8;
        fetch(out, u + at + m, M, count, width);
        fetch(pass, l->word_pass + at + m, M, count, width);
        for (size_t j = 0; j < width; j++)
            for (size_t i = 0; i < count; i++) {
                out[i][j] += pass[i][j] * before[i];
                before[i] = out[i][j];
            }
        put(u + at + m, out, M, count, width);
    }
}

/* What drivers at v send into the ends of word lines. */
static void take_ends(const circuit *c, size_t n, size_t count, const double *v, double *ends)
{
    for (size_t i = 0; i < count; i++) {
        const bool floats = c->floating && c->floating[n + i];
        ends[i] = mhoi_circuit_driver_S(c, n + i) * (floats ? 0 : v[n + i]);
    }
}

void mhoi_lines_word(const lines *l, const double *v, const double *w, double *u)
{
    const size_t N = l->c->N;
    double ends[TOGETHER];
    for (size_t n = 0; n < N; n += TOGETHER) {
        const size_t count = N - n < TOGETHER ? N - n : TOGETHER;
        take_ends(l->c, n, count, v, ends);
        if (count == TOGETHER)
            solve_words(l, n, TOGETHER, ends, w, true, u);
        else
            solve_words(l, n, count, ends, w, true, u);
    }
}

void mhoi_lines_word_source(const lines *l, const double *f, double *u)
{
    const size_t N = l->c->N;
    size_t n = 0;
    for (; n + TOGETHER <= N; n += TOGETHER)
        solve_words(l, n, TOGETHER, NULL, f, false, u);
    if (n < N)
        solve_words(l, n, N - n, NULL, f, false, u);
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
