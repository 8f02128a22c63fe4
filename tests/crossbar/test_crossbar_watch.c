/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on sees the sums of one position in so many, by position, column and row group alone: whatever the kernel, and
 * however many images run at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

enum { ROWS = 50, GROUP = 16, COLUMNS = 37, IMAGES = 9, SIDE_MAX = 24 };

static int16_t g[2][COLUMNS * ROWS];
static uint8_t map[IMAGES * ROWS * SIDE_MAX * SIDE_MAX];
static int32_t sum[IMAGES * COLUMNS * SIDE_MAX * SIDE_MAX];

/* What was told: how many, their sum, the sum of their squares. */
typedef struct told {
    int64_t n, sum, squares;
} told;

static void add(told *t, int64_t s)
{
    t->n++;
    t->sum += s;
    t->squares += s * s;
}

static void hear(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(user, s_plus[i]);
        if (s_minus)
            add(user, s_minus[i]);
    }
}

static void add_expected(const mho_crossbar_shape *s, bool per_pair, size_t every, told *t)
{
    const size_t positions = s->window.h * s->window.w;
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            for (size_t k = 0; k * GROUP < ROWS; k++)
                for (size_t p = 0; p < positions; p++) {
                    int64_t side[2] = {0, 0};
                    for (size_t r = k * GROUP; r < (k + 1) * GROUP && r < ROWS; r++)
                        for (size_t j = 0; j < 2; j++)
                            side[j] += g[j][c * ROWS + r] * map[(i * ROWS + r) * positions + p];
                    if ((p + c + k) % every)
                        continue;
                    add(t, per_pair ? side[0] - side[1] : side[0]);
                    if (!per_pair)
                        add(t, side[1]);
                }
}

static void check(mho_cpu level, const mho_crossbar_shape *s, bool per_pair, size_t every,
                  size_t together)
{
    const mho_converter converter = {.codes = 16, .edge = 100, .step = 50};
    const size_t size = ROWS * s->window.h * s->window.w;
    mho_crossbar *xb;
    mho_crossbar_work *work;
    told got = {0, 0, 0}, want = {0, 0, 0};
    assert_int_equal(mhoi_crossbar_create_level(s, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g[0], g[1]), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_work_watch(work, hear, &got);
    mho_crossbar_work_watch_every(work, every);
    for (size_t i = 0; i < IMAGES; i += together)
        mho_crossbar_run(xb, work, &converter, per_pair,
                         IMAGES - i < together ? IMAGES - i : together, map + i * size, sum, NULL);
    add_expected(s, per_pair, every, &want);
    assert_int_equal(got.n, want.n);
    assert_int_equal(got.sum, want.sum);
    assert_int_equal(got.squares, want.squares);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

static void tells_one_position_in_so_many(void **state)
{
    static const size_t sides[] = {1, 2, 5, 24}, everies[] = {1, 3, 7, 33};
    (void)state;
    uint32_t random = 3;
    for (int round = 0; round < 32; round++) {
        const bool two = round % 3 == 0, bits = round % 2, per_pair = round / 4 % 2;
        for (size_t i = 0; i < COLUMNS * ROWS; i++) {
            random = random * 1664525u + 1013904223u;
            g[0][i] = (int16_t)(two ? (random >> 31 ? 30 : 2) : random >> 24);
            g[1][i] = (int16_t)(two ? 32 - g[0][i] : (int32_t)(random >> 16 & 255));
        }
        for (size_t i = 0; i < sizeof map; i++) {
            random = random * 1664525u + 1013904223u;
            map[i] = (uint8_t)(bits ? random >> 28 : random >> 31);
        }
        const size_t side = sides[round % 4];
        const mho_crossbar_shape shape = {
            .window = {ROWS, side, side, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
            .columns = COLUMNS,
            .crossbar_rows = GROUP,
            .input_bits = bits ? 4 : 1,
            .conversion = per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR};
        check(mho_cpu_level(), &shape, per_pair, everies[round / 8], 1 + (size_t)round % 5);
        check(MHO_CPU_REF, &shape, per_pair, everies[round / 8], IMAGES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_one_position_in_so_many)};
    assert_int_equal(mho_cpu_init(), MHO_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
