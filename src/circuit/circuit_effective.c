/* SPDX-License-Identifier: Apache-2.0 */
/* Conductances that a crossbar with wire resistance has in effect, as integers of the device. */
#include <math.h>

#include "base/alloc.h"
#include "circuit/circuit_impl.h"

enum { TOGETHER = 8 };

/* As round() does, without a call. */
static int16_t nearest(double x)
{
    const int32_t whole = (int32_t)x;
    const double part = x - whole; /* exact */
    return (int16_t)(whole + (part >= 0.5) - (part <= -0.5));
}

static mho_status approximate(const circuit *c, mhoi_circuit_memory *memory, double *T_S)
{
    double *bound;
    mho_status s = mhoi_alloc(&bound, c->M, sizeof *bound, "bounds of currents");
    if (!s)
        s = mho_circuit_approximate(c->options, c->N, c->M, c->g_S, c->floating, T_S, bound);
    for (size_t m = 0; !s && m < c->M; m++) {
        double full = 0;
        for (size_t n = 0; n < c->N; n++)
            full += T_S[m * c->N + n];
        if (full > 0 && bound[m] > memory->bound * full)
            memory->bound = bound[m] / full;
    }
    mhoi_free(&bound);
    return s;
}

mho_status mhoi_circuit_effective(const mho_circuit_options *options, const mho_device *device,
                                  size_t N, size_t M, size_t stride, const int16_t *g,
                                  int16_t *effective, mhoi_circuit_memory *memory)
{
    const double unit_S = mho_device_unit_S(device);
    double *g_S, *T_S;
    mho_status s = mhoi_alloc(&g_S, 2 * N * M, sizeof *g_S, "conductances of a crossbar");
    if (s)
        return s;
    T_S = g_S + N * M;
    for (size_t first = 0; first < N;
         first += TOGETHER) /* word lines whose rows stay in the cache */
        for (size_t m = 0; m < M; m++)
            for (size_t n = first; n < N && n < first + TOGETHER; n++) {
                const double value = device->g_off_S + g[m * stride + n] * unit_S;
                /* within the rounding of an integer below 0 S is 0 S */
                g_S[n * M + m] = value < 1e-6 * unit_S && value > -0.501 * unit_S ? 0 : value;
            }
    const circuit c = {options, N, M, g_S, NULL};
    s = options->approximate ? approximate(&c, memory, T_S)
                             : mhoi_circuit_transfer(&c, memory, T_S);
    for (size_t k = 0; !s && k < N * M; k++) {
        const double exact = (T_S[k] - device->g_off_S) / unit_S;
        if (!(fabs(exact) < INT16_MAX + 0.5))
            s = mho_error(
                MHO_EDOMAIN,
                "effective conductance of word line %zu, bit line %zu = %g S: beyond %d units",
                k % N + 1, k / N + 1, T_S[k], INT16_MAX);
        else
            effective[k / N * stride + k % N] = nearest(exact);
    }
    mhoi_free(&g_S);
    return s;
}

mho_status mho_circuit_effective(const mho_circuit_options *options, const mho_device *device,
                                 size_t N, size_t M, size_t stride, const int16_t *g,
                                 int16_t *effective)
{
    mhoi_circuit_memory memory = {0};
    const mho_status s =
        mhoi_circuit_effective(options, device, N, M, stride, g, effective, &memory);
    mhoi_circuit_memory_free(&memory);
    return s;
}
