/* SPDX-License-Identifier: Apache-2.0 */
/* Conductances that a crossbar with wire resistance has in effect, as integers of the device. */
#include <math.h>

#include "base/alloc.h"
#include "circuit/circuit_impl.h"

enum { TOGETHER = 8, CHUNK = 32 };

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

/* T [cells] in units above g_off, and what is behind it up to whole chunks: divisions for the vector unit. */
static void count_units(const mho_device *device, size_t cells, double *T)
{
    const double unit_S = mho_device_unit_S(device), off_S = device->g_off_S;
    for (size_t first = 0; first < cells; first += CHUNK)
        for (size_t k = 0; k < CHUNK; k++)
            T[first + k] = (T[first + k] - off_S) / unit_S;
}

/* Bit line m, of N word lines, in units. */
static mho_status round_line(const mho_device *device, size_t m, size_t N, const double *units,
                             int16_t *effective)
{
    for (size_t n = 0; n < N; n++) {
        if (!(fabs(units[n]) < INT16_MAX + 0.5))
            return mho_error(
                MHO_EDOMAIN,
                "effective conductance of word line %zu, bit line %zu = %g S: beyond %d units",
                n + 1, m + 1, units[n] * mho_device_unit_S(device) + device->g_off_S, INT16_MAX);
        effective[n] = nearest(units[n]);
    }
    return MHO_OK;
}

mho_status mhoi_circuit_effective(const mho_circuit_options *options, const mho_device *device,
                                  size_t N, size_t M, size_t stride, const int16_t *g,
                                  int16_t *effective, mhoi_circuit_memory *memory)
{
    const double unit_S = mho_device_unit_S(device);
    mho_status s = mhoi_circuit_memory_cells(memory, 2 * N * M + CHUNK);
    if (s)
        return s;
    double *g_S = memory->cell, *T_S = g_S + N * M;
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
    if (!s)
        count_units(device, N * M, T_S);
    for (size_t m = 0; !s && m < M; m++)
        s = round_line(device, m, N, T_S + m * N, effective + m * stride);
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
