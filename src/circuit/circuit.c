/* SPDX-License-Identifier: Apache-2.0 */
/* Checks what the caller gave and chooses how to solve it. */
#include <math.h>
#include <string.h>

#include "circuit/circuit_impl.h"

mho_circuit_options mho_circuit_options_default(void)
{
    return (mho_circuit_options){0};
}

static bool in_bounds(double value)
{
    return value == 0 || (value >= MHO_CIRCUIT_MIN && value <= MHO_CIRCUIT_MAX);
}

static mho_status check_options(const mho_circuit_options *o)
{
    const struct {
        const char *name;
        double value;
    } part[] = {{"r_row", o->r_row_ohm},
                {"r_col", o->r_col_ohm},
                {"r_driver", o->r_driver_ohm},
                {"r_sense", o->r_sense_ohm}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (!in_bounds(part[i].value))
            return mho_error(MHO_EDOMAIN, "%s = %g ohm, want 0 or %g..%g", part[i].name,
                             part[i].value, MHO_CIRCUIT_MIN, MHO_CIRCUIT_MAX);
    return MHO_OK;
}

static mho_status check_word_line(const circuit *c, size_t n)
{
    const double *g = c->g_S + n * c->M;
    bool connected = false;
    for (size_t m = 0; m < c->M; m++) {
        if (!in_bounds(g[m]))
            return mho_error(MHO_EDOMAIN,
                             "conductance of word line %zu, bit line %zu = %g S, want 0 or %g..%g",
                             n + 1, m + 1, g[m], MHO_CIRCUIT_MIN, MHO_CIRCUIT_MAX);
        connected = connected || g[m] > 0;
    }
    if (c->floating && c->floating[n] && !connected)
        return mho_error(MHO_EDOMAIN,
                         "word line %zu floats and all its conductances are 0: it has no voltage",
                         n + 1);
    return MHO_OK;
}

mho_status mhoi_circuit_check(const circuit *c)
{
    if (c->N < 1 || c->N > MHO_CIRCUIT_LINES || c->M < 1 || c->M > MHO_CIRCUIT_LINES)
        return mho_error(MHO_EDOMAIN,
                         "a crossbar of %zu x %zu cells, want 1..%d word and bit lines", c->N, c->M,
                         MHO_CIRCUIT_LINES);
    mho_status s = check_options(c->options);
    for (size_t n = 0; !s && n < c->N; n++)
        s = check_word_line(c, n);
    return s;
}

/* Sixteen patches at a time do not pay where there are few. */
static bool takes_single(const circuit *c)
{
    return c->options->precision == MHO_CIRCUIT_SINGLE && c->N * c->M >= 64 * 64;
}

mho_status mhoi_circuit_transfer(const circuit *c, mhoi_circuit_memory *memory, double *T_S)
{
    mho_status s = mhoi_circuit_check(c);
    if (s)
        return s;
    if (c->options->r_row_ohm > 0 && c->options->r_col_ohm > 0)
        return takes_single(c) ? mhoi_circuit_nested_single(c, memory, T_S)
                               : mhoi_circuit_nested_double(c, memory, T_S);
    return mhoi_circuit_with_ideal_wires(c, T_S);
}

mho_status mho_circuit_transfer(const mho_circuit_options *options, size_t N, size_t M,
                                const double *g_S, const bool *floating, double *T_S)
{
    mhoi_circuit_memory memory = {0};
    const mho_status s =
        mhoi_circuit_transfer(&(circuit){options, N, M, g_S, floating}, &memory, T_S);
    mhoi_circuit_memory_free(&memory);
    return s;
}

void mho_circuit_currents(size_t N, size_t M, const double *T_S, const double *v_V, double *i_A)
{
    for (size_t m = 0; m < M; m++) {
        double sum = 0;
        for (size_t n = 0; n < N; n++)
            sum += T_S[m * N + n] * v_V[n];
        i_A[m] = sum;
    }
}
