/* SPDX-License-Identifier: Apache-2.0 */
/* Random arrays with wires, for tests of circuits; behind cmocka.h. */
#ifndef MHO_TEST_WIRED_ARRAY_H
#define MHO_TEST_WIRED_ARRAY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "mho/circuit.h"

static uint64_t random_state = 20240607;

static inline double draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) * 0x1p-53;
}

static inline size_t draw_below(size_t m)
{
    return (size_t)(draw() * (double)m);
}

typedef struct problem {
    mho_circuit_options options;
    size_t N, M;
    double *g, *v, *T, *i;
    bool *floating;
} problem;

static inline problem make(size_t N, size_t M, mho_circuit_options options)
{
    problem p = {.options = options, .N = N, .M = M};
    p.g = malloc(N * M * sizeof *p.g);
    p.T = malloc(N * M * sizeof *p.T);
    p.v = malloc(N * sizeof *p.v);
    p.i = malloc(M * sizeof *p.i);
    p.floating = calloc(N, sizeof *p.floating);
    for (size_t k = 0; k < N * M; k++)
        p.g[k] = draw() < 0.1 ? 0 : 1e-6 * pow(100, draw());
    for (size_t n = 0; n < N; n++)
        p.v[n] = 2 * draw() - 1;
    return p;
}

static inline void float_some(problem *p, double share)
{
    for (size_t n = 0; n < p->N; n++) {
        p->floating[n] = draw() < share;
        p->g[n * p->M] += 1e-7; /* none is isolated */
    }
}

static inline void clear(problem *p)
{
    free(p->g);
    free(p->T);
    free(p->v);
    free(p->i);
    free(p->floating);
}

static inline void must(mho_status s)
{
    if (s)
        print_error("%s: %s\n", mho_status_name(s), mho_error_message());
    assert_int_equal(s, MHO_OK);
}

static inline void solve(problem *p)
{
    must(mho_circuit_transfer(&p->options, p->N, p->M, p->g, p->floating, p->T));
    mho_circuit_currents(p->N, p->M, p->T, p->v, p->i);
}

#endif
