/* SPDX-License-Identifier: Apache-2.0 */
/* Voltages of all nodes, back through the elimination, and how well they obey Kirchhoff's current law.
 *
 * An eliminated node's voltage is the mean of those of its neighbours at its turn, weighted by
 * conductance (docs/models/circuit.md eq. (12)). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "circuit/circuit_block.h"
#include "circuit/circuit_gradient.h"

#define RESIDUAL_MAX 1e-10
#define RESIDUAL_SMALL 1e-14 /* of voltages that are exact to the largest */

typedef struct field {
    const circuit *c;
    const double *v; /* [N] of the drivers, 0 where there is none */
    double *u, *w;   /* [N][M] */
} field;

static void take_leaf(const field *f, const block *b, const double *x)
{
    for (size_t i = 0; i < b->n1 - b->n0; i++)
        for (size_t j = 0; j < b->m1 - b->m0; j++) {
            const size_t cell = (b->n0 + i) * f->c->M + b->m0 + j;
            f->u[cell] = x[mhoi_block_word_node(f->c, b, i, j)];
            f->w[cell] = x[mhoi_block_bit_node(f->c, b, i, j)];
        }
}

/* x: voltages of the nodes of b, those of the ports given. */
static mho_status descend(const field *f, const block *b, double *x)
{
    mhoi_network_voltages(&b->net, x);
    if (!b->half[0]) {
        take_leaf(f, b, x);
        return MHO_OK;
    }
    mho_status s = MHO_OK;
    for (int h = 0; !s && h < 2; h++) {
        const block *half = b->half[h];
        double *y;
        s = mhoi_alloc(&y, half->net.size, sizeof *y, "voltages of a block");
        for (int side = LEFT; !s && side < SIDES; side++)
            if (half->count[side])
                memcpy(y + mhoi_block_first_port(half, side), x + b->to[h][side],
                       half->count[side] * sizeof *y);
        if (!s)
            s = descend(f, half, y);
        mhoi_free(&y);
    }
    return s;
}

static mho_status by_blocks(const field *f)
{
    block whole;
    double *x;
    mho_status s = mhoi_block_solve(f->c, &whole);
    if (s)
        return s;
    s = mhoi_alloc(&x, whole.net.size, sizeof *x, "voltages of a block");
    if (!s) {
        for (int side = LEFT; side <= RIGHT; side++)
            if (whole.count[side])
                memcpy(x + mhoi_block_first_port(&whole, side), f->v, f->c->N * sizeof *x);
        s = descend(f, &whole, x);
    }
    mhoi_free(&x);
    mhoi_block_destroy(&whole);
    return s;
}

/* Lines with resistance between lines without, whose voltages are known by now. */
static mho_status with_ideal_wires(const field *f)
{
    const mho_circuit_options *o = f->c->options;
    lines l;
    mho_status s = mhoi_circuit_ideal_voltages(f->c, f->v, f->u, f->w);
    if (s || (o->r_row_ohm == 0 && o->r_col_ohm == 0))
        return s;
    s = mhoi_lines_create(f->c, &l);
    if (!s && o->r_col_ohm > 0)
        mhoi_lines_bit(&l, f->u, f->w);
    else if (!s)
        mhoi_lines_word(&l, f->v, f->w, f->u);
    mhoi_lines_destroy(&l);
    return s;
}

/* Current into a node so far, and the conductance of all that leads there. */
typedef struct balance {
    double current, conductance;
} balance;

static void add(balance *b, double conductance, double there, double here)
{
    b->current += conductance * (there - here);
    b->conductance += conductance;
}

static double error_of(const balance *b)
{
    return b->conductance > 0 ? fabs(b->current) / b->conductance : 0;
}

/* Volts by which the nodes of word line n miss the balance. */
static double word_error(const field *f, size_t n)
{
    const mho_circuit_options *o = f->c->options;
    const size_t M = f->c->M;
    const double *u = f->u + n * M, *w = f->w + n * M, *g = f->c->g_S + n * M;
    const bool driven = !f->c->floating || !f->c->floating[n];
    const double ends = o->r_row_ohm + o->r_driver_ohm;
    double worst = 0;
    balance b = {0, 0};
    if (driven && ends == 0)
        return 0; /* held by the driver */
    for (size_t m = 0; m < M; m++) {
        add(&b, g[m], w[m], u[m]);
        if (driven && m == 0)
            add(&b, 1 / ends, f->v[n], u[m]);
        if (driven && m + 1 == M && o->both_sides)
            add(&b, 1 / ends, f->v[n], u[m]);
        if (o->r_row_ohm == 0)
            continue;
        if (m > 0)
            add(&b, 1 / o->r_row_ohm, u[m - 1], u[m]);
        if (m + 1 < M)
            add(&b, 1 / o->r_row_ohm, u[m + 1], u[m]);
        worst = fmax(worst, error_of(&b));
        b = (balance){0, 0};
    }
    return fmax(worst, error_of(&b));
}

static double bit_error(const field *f, size_t m)
{
    const mho_circuit_options *o = f->c->options;
    const size_t N = f->c->N, M = f->c->M;
    const double *u = f->u + m, *w = f->w + m, *g = f->c->g_S + m;
    const double foot = o->r_col_ohm + o->r_sense_ohm;
    double worst = 0;
    balance b = {0, 0};
    if (foot == 0)
        return 0; /* held at 0 V */
    for (size_t n = 0; n < N; n++) {
        add(&b, g[n * M], u[n * M], w[n * M]);
        if (n + 1 == N)
            add(&b, 1 / foot, 0, w[n * M]);
        if (o->r_col_ohm == 0)
            continue;
        if (n > 0)
            add(&b, 1 / o->r_col_ohm, w[(n - 1) * M], w[n * M]);
        if (n + 1 < N)
            add(&b, 1 / o->r_col_ohm, w[(n + 1) * M], w[n * M]);
        worst = fmax(worst, error_of(&b));
        b = (balance){0, 0};
    }
    return fmax(worst, error_of(&b));
}

static double residual_of(const field *f)
{
    double worst = 0, largest = 0;
    for (size_t n = 0; n < f->c->N; n++) {
        worst = fmax(worst, word_error(f, n));
        largest = fmax(largest, fabs(f->v[n]));
    }
    for (size_t m = 0; m < f->c->M; m++)
        worst = fmax(worst, bit_error(f, m));
    return largest > 0 ? worst / largest : 0;
}

static mho_status check_drivers(const circuit *c, const double *v_V)
{
    for (size_t n = 0; n < c->N; n++)
        if ((!c->floating || !c->floating[n]) && !(fabs(v_V[n]) <= MHO_CIRCUIT_MAX))
            return mho_error(MHO_EDOMAIN, "voltage of word line %zu = %g V, want %g..%g", n + 1,
                             v_V[n], -MHO_CIRCUIT_MAX, MHO_CIRCUIT_MAX);
    return MHO_OK;
}

static mho_status by_elimination(const field *f, double *residual)
{
    const mho_circuit_options *o = f->c->options;
    const mho_status s = o->r_row_ohm > 0 && o->r_col_ohm > 0 ? by_blocks(f) : with_ideal_wires(f);
    if (s)
        return s;
    *residual = residual_of(f);
    if (*residual <= RESIDUAL_MAX)
        return MHO_OK;
    return mho_error(MHO_ENOCONV, "the node voltages miss Kirchhoff's law by %g, want at most %g",
                     *residual, RESIDUAL_MAX);
}

/* Voltages exact to themselves, or where that is enough for the currents, to the largest one. */
static mho_status solve(const field *f, bool currents, double *residual)
{
    const mho_circuit_options *o = f->c->options;
    bool done = false;
    if (currents && o->r_row_ohm > 0 && o->r_col_ohm > 0) {
        const mho_status s = mhoi_circuit_gradient(f->c, f->v, f->u, f->w, &done);
        if (s)
            return s;
        *residual = done ? residual_of(f) : 0;
        done = done && *residual <= RESIDUAL_SMALL;
    }
    return done ? MHO_OK : by_elimination(f, residual);
}

static mho_status voltages(const circuit *c, const double *v_V, bool currents, double *u_V,
                           double *w_V, double *residual)
{
    double *v = NULL;
    mho_status s = mhoi_circuit_check(c);
    if (!s)
        s = check_drivers(c, v_V);
    if (!s)
        s = mhoi_alloc(&v, c->N, sizeof *v, "driver voltages");
    if (s)
        return s;
    for (size_t n = 0; n < c->N; n++)
        v[n] = c->floating && c->floating[n] ? 0 : v_V[n];
    s = solve(&(field){c, v, u_V, w_V}, currents, residual);
    mhoi_free(&v);
    return s;
}

mho_status mho_circuit_voltages(const mho_circuit_options *options, size_t N, size_t M,
                                const double *g_S, const bool *floating, const double *v_V,
                                double *u_V, double *w_V, double *residual)
{
    return voltages(&(circuit){options, N, M, g_S, floating}, v_V, false, u_V, w_V, residual);
}

/* What the cells of a bit line let through is what leaves at its foot; small differences of large numbers do not
 * occur. */
static void cell_currents(size_t N, size_t M, const double *g_S, const double *u_V,
                          const double *w_V, double *i_A)
{
    memset(i_A, 0, M * sizeof *i_A);
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++)
            i_A[m] += g_S[n * M + m] * (u_V[n * M + m] - w_V[n * M + m]);
}

mho_status mho_circuit_vector(const mho_circuit_options *options, size_t N, size_t M,
                              const double *g_S, const bool *floating, const double *v_V,
                              double *i_A, double *residual)
{
    const circuit c = {options, N, M, g_S, floating};
    double *u_V;
    mho_status s = mhoi_alloc(&u_V, 2 * N * M, sizeof *u_V, "node voltages");
    if (!s)
        s = voltages(&c, v_V, true, u_V, u_V + N * M, residual);
    if (!s)
        cell_currents(N, M, g_S, u_V, u_V + N * M, i_A);
    mhoi_free(&u_V);
    return s;
}
