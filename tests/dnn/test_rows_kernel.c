/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with channels side by side: every instruction set gives the digits of a plain loop in the order of the
 * taps; sums of bits are those of whole numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dnn/rows_kernel.h"
#include "mho/run.h"

static const mhoi_rows *const tables[] = {&mhoi_rows_ref, &mhoi_rows_avx2, &mhoi_rows_avx512};

/* Those that this CPU has. */
static size_t usable(void)
{
    return (size_t)mho_cpu_level() + 1;
}

static float number(void)
{
    return (float)(rand() % 2001 - 1000) / 977.0f;
}

static void plain(const mhoi_rows_shape *s, size_t n, const float *x, size_t image,
                  const float *weight, const float *bias, float *y)
{
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < s->out_h * s->out_w; p++)
            for (size_t o = 0; o < s->out_c; o++) {
                const size_t h = p / s->out_w * s->stride_h, w = p % s->out_w * s->stride_w;
                float sum = bias[o];
                for (size_t k = 0; k < s->kh * s->kw * s->c; k++) {
                    const size_t c = k % s->c, kx = k / s->c % s->kw, ky = k / s->c / s->kw;
                    const float v =
                        x[i * image +
                          ((h + ky * s->dilation_h) * s->w + w + kx * s->dilation_w) * s->c + c];
                    const float product = weight[k * s->out_c + o] * v;
                    sum = sum + product;
                }
                y[(i * s->out_h * s->out_w + p) * s->out_c + o] = sum;
            }
}

static void same_digits(void **state)
{
    (void)state;
    static const mhoi_rows_shape shapes[] = {
        {1, 9, 3, 3, 1, 1, 1, 1, 6, 6, 7},   {5, 9, 2, 3, 2, 1, 1, 2, 18, 3, 5},
        {40, 4, 2, 1, 1, 1, 2, 1, 70, 2, 4}, {600, 1, 1, 1, 1, 1, 1, 1, 150, 1, 1},
        {7, 3, 3, 3, 1, 1, 1, 1, 10, 1, 1},
    };
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const mhoi_rows_shape *s = &shapes[k];
        const size_t n = 13, taps = s->kh * s->kw * s->c, image = 9 * 9 * s->c;
        const size_t out = n * s->out_h * s->out_w * s->out_c;
        float *x = malloc(n * image * sizeof *x),
              *weight = malloc(taps * s->out_c * sizeof *weight);
        float *packed = aligned_alloc(64, (mhoi_rows_packed(s) * sizeof(float) + 63) / 64 * 64);
        float *bias = calloc(mhoi_rows_aligned(s->out_c), sizeof *bias);
        float *want = malloc(out * sizeof *want), *got = malloc((out + 64) * sizeof *got);
        for (size_t i = 0; i < n * image; i++)
            x[i] = rand() % 3 ? number() : 0;
        for (size_t i = 0; i < taps * s->out_c; i++)
            weight[i] = number();
        for (size_t i = 0; i < s->out_c; i++)
            bias[i] = number();
        mhoi_rows_pack(s, weight, packed);
        plain(s, n, x, image, weight, bias, want);
        for (size_t t = 0; t < usable(); t++) {
            for (size_t i = 0; i < out + 64; i++)
                got[i] = 12345;
            tables[t]->conv(s, n, x, image, packed, bias, got);
            for (size_t i = 0; i < out; i++)
                if (got[i] != want[i])
                    fail_msg("shape %zu, table %zu, element %zu: %.9g, want %.9g", k, t, i,
                             (double)got[i], (double)want[i]);
            for (size_t i = out; i < out + 64; i++)
                assert_true(got[i] == 12345);
        }
        void *all[] = {x, weight, packed, bias, want, got};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            free(all[i]);
    }
}

static void same_numbers(void **state)
{
    (void)state;
    enum { N = 48 };
    int32_t weight[4 * N], sum[3 * N], want[3 * N];
    const uint32_t at[][2] = {{0, N}, {N, 0}, {0, 3 * N}, {2 * N, 2 * N}, {0, N}};
    float bias[N], y[2 * N];
    for (size_t i = 0; i < 4 * N; i++)
        weight[i] = rand() % 200001 - 100000;
    for (size_t i = 0; i < N; i++)
        bias[i] = number();
    for (size_t t = 0; t < usable(); t++) {
        for (size_t i = 0; i < 3 * N; i++)
            sum[i] = want[i] = (int32_t)i;
        for (size_t k = 0; k < 5; k++)
            for (size_t i = 0; i < N; i++)
                want[at[k][0] + i] += weight[at[k][1] + i];
        tables[t]->add(N, 5, at, weight, sum);
        assert_memory_equal(sum, want, sizeof sum);
        tables[t]->scale(2, N - 3, N, sum, 0.125f, bias, y);
        for (size_t i = 0; i < 2 * (N - 3); i++)
            assert_true(y[i] ==
                        (float)sum[i / (N - 3) * N + i % (N - 3)] * 0.125f + bias[i % (N - 3)]);
    }
}

int main(void)
{
    if (mho_cpu_init())
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_digits),
                                       cmocka_unit_test(same_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
