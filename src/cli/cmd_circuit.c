/* SPDX-License-Identifier: Apache-2.0 */
/* mho circuit: currents of a crossbar with wire resistance, from CSV files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct work {
    mho_circuit_options options;
    mho_circuit_table g, v;
    bool *floating;  /* of the vector under way */
    double *voltage; /* of it, 0 where it floats */
    double *T_S, *i_A;
    double *bound_A; /* of the error of i_A, with --approximate */
    double residual;
    double seconds; /* for the transfer matrices and the products */
} work;

/* Which word lines float in input vector k, and the voltages of the others.  Whether the set of floating
 * ones is another one than before. */
static bool select_vector(work *w, size_t k, bool float_zeros)
{
    const double *v = w->v.value + k * w->v.columns;
    bool changed = k == 0;
    for (size_t n = 0; n < w->v.columns; n++) {
        const bool floats = isnan(v[n]) || (float_zeros && v[n] == 0);
        changed = changed || floats != w->floating[n];
        w->floating[n] = floats;
        w->voltage[n] = floats ? 0 : v[n];
    }
    return changed;
}

static double largest(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* One vector is solved for all voltages, which tell its currents and how exact they are. */
static mho_status solve_one(work *w, const cli_args *args)
{
    const double start = mho_seconds();
    (void)select_vector(w, 0, args->float_zeros);
    const mho_status s = mho_circuit_vector(&w->options, w->g.rows, w->g.columns, w->g.value,
                                            w->floating, w->voltage, w->i_A, &w->residual);
    w->seconds = mho_seconds() - start;
    return s;
}

static mho_status solve(work *w, const cli_args *args)
{
    const size_t N = w->g.rows, M = w->g.columns;
    const double start = mho_seconds();
    double *bound_S = cli_alloc(M * sizeof *bound_S);
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < w->v.rows; k++) {
        if (select_vector(w, k, args->float_zeros))
            s = args->approximate
                    ? mho_circuit_approximate(&w->options, N, M, w->g.value, w->floating, w->T_S,
                                              bound_S)
                    : mho_circuit_transfer(&w->options, N, M, w->g.value, w->floating, w->T_S);
        if (!s)
            mho_circuit_currents(N, M, w->T_S, w->voltage, w->i_A + k * M);
        for (size_t m = 0; !s && m < M; m++)
            w->bound_A[k * M + m] = args->approximate ? bound_S[m] * largest(w->voltage, N) : 0;
        if (!s)
            continue;
        if (s == MHO_EDOMAIN && w->v.rows > 1)
            s = mho_error_prefix(s, "input vector %zu", k + 1);
    }
    w->seconds = mho_seconds() - start;
    free(bound_S);
    return s;
}

/* Voltages with the first input vector: how well they obey Kirchhoff's law. */
static mho_status find_residual(work *w, const cli_args *args)
{
    double *i_A = cli_alloc(w->g.columns * sizeof *i_A);
    (void)select_vector(w, 0, args->float_zeros);
    const mho_status s = mho_circuit_vector(&w->options, w->g.rows, w->g.columns, w->g.value,
                                            w->floating, w->voltage, i_A, &w->residual);
    free(i_A);
    return s;
}

/* The first input vector as a netlist. */
static mho_status write_spice(work *w, const cli_args *args)
{
    mho_output *output = NULL;
    (void)select_vector(w, 0, args->float_zeros);
    mho_status s = mho_output_open(args->spice, &output);
    if (s)
        return s;
    s = mho_circuit_spice(&w->options, w->g.rows, w->g.columns, w->g.value, w->floating, w->voltage,
                          mho_output_stream(output));
    return mho_output_finish(output, s);
}

static mho_json *vector(const double *x, size_t n)
{
    mho_json *array = mho_json_array();
    for (size_t i = 0; i < n; i++)
        mho_json_add(array, mho_json_number(x[i]));
    return array;
}

/* A number a bit line; with several input vectors an array of such. */
static mho_json *numbers(const work *w, const double *x)
{
    if (w->v.rows == 1)
        return vector(x, w->g.columns);
    mho_json *array = mho_json_array();
    for (size_t k = 0; k < w->v.rows; k++)
        mho_json_add(array, vector(x + k * w->g.columns, w->g.columns));
    return array;
}

static mho_status print_json(const work *w, const cli_args *args)
{
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "word_lines", mho_json_integer((int64_t)w->g.rows));
    mho_json_put(root, "bit_lines", mho_json_integer((int64_t)w->g.columns));
    mho_json_put(root, "r_row_ohm", mho_json_number(w->options.r_row_ohm));
    mho_json_put(root, "r_col_ohm", mho_json_number(w->options.r_col_ohm));
    mho_json_put(root, "r_driver_ohm", mho_json_number(w->options.r_driver_ohm));
    mho_json_put(root, "r_sense_ohm", mho_json_number(w->options.r_sense_ohm));
    mho_json_put(root, "both_sides", mho_json_bool(w->options.both_sides));
    mho_json_put(root, "currents_A", numbers(w, w->i_A));
    if (args->approximate)
        mho_json_put(root, "error_bound_A", numbers(w, w->bound_A));
    else
        mho_json_put(root, "residual", mho_json_number(w->residual));
    mho_json_put(root, "seconds", mho_json_number(w->seconds));
    return cli_print_json(args, root);
}

/* One vector: a current a line.  Several: a vector a line. */
static void print_text(const work *w, const cli_args *args)
{
    const size_t M = w->g.columns;
    for (size_t k = 0; k < w->v.rows; k++)
        for (size_t m = 0; m < M; m++)
            fprintf(args->out, "%.16e%c", w->i_A[k * M + m],
                    w->v.rows == 1 || m + 1 == M ? '\n' : ',');
    if (args->approximate && !args->quiet)
        fprintf(stderr, "mho: approximate; no current is wrong by more than %.2g A\n",
                largest(w->bound_A, w->v.rows * M));
}

static mho_status run(work *w, const cli_args *args)
{
    mho_status s = mho_circuit_read_conductances(args->conductance, &w->g);
    if (!s)
        s = mho_circuit_read_voltages(args->voltage, w->g.rows, &w->v);
    if (s)
        return s;
    w->floating = cli_alloc(w->g.rows * sizeof *w->floating);
    memset(w->floating, 0, w->g.rows * sizeof *w->floating);
    w->voltage = cli_alloc(w->g.rows * sizeof *w->voltage);
    w->T_S = cli_alloc(w->g.rows * w->g.columns * sizeof *w->T_S);
    w->i_A = cli_alloc(w->v.rows * w->g.columns * sizeof *w->i_A);
    w->bound_A = cli_alloc(w->v.rows * w->g.columns * sizeof *w->bound_A);
    const bool one = w->v.rows == 1 && !args->approximate;
    s = one ? solve_one(w, args) : solve(w, args);
    if (!s && !one && !args->approximate)
        s = find_residual(w, args);
    if (!s && args->spice)
        s = write_spice(w, args);
    if (!s && args->json)
        return print_json(w, args);
    if (!s)
        print_text(w, args);
    return s;
}

mho_status cmd_circuit(const cli_args *args)
{
    if (!args->conductance || !args->voltage)
        return mho_error(MHO_EUSAGE, "circuit needs --conductance FILE and --voltage FILE");
    work w = {.options = {.r_row_ohm = args->r_row,
                          .r_col_ohm = args->r_col,
                          .r_driver_ohm = args->r_driver,
                          .r_sense_ohm = args->r_sense,
                          .both_sides = args->both_sides}};
    mho_status s = run(&w, args);
    mho_circuit_table_clear(&w.g);
    mho_circuit_table_clear(&w.v);
    free(w.floating);
    free(w.voltage);
    free(w.T_S);
    free(w.i_A);
    free(w.bound_A);
    return s;
}
