/* SPDX-License-Identifier: Apache-2.0 */
/* Rows dealt out to crossbars: exact deals against all permutations, the others against them and each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chip/chip_deal.h"

enum { ROWS_MAX = 120, COLUMNS_MAX = 6, BRUTE = 7 };

static float mean[ROWS_MAX * COLUMNS_MAX];
static uint32_t state_of_random = 5;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state_of_random * below) >> 32);
}

static mhoi_deal random_rows(size_t rows)
{
    const size_t columns = 1 + draw(COLUMNS_MAX);
    for (size_t i = 0; i < rows * columns; i++)
        mean[i] = (float)draw(2001) / 100 - 10;
    return (mhoi_deal){rows, columns, 1 + draw((uint32_t)rows - 1), mean};
}

/* Eq. (13) as it is written, from the order alone. */
static double miss(const mhoi_deal *d, const uint32_t *order)
{
    double sum = 0;
    for (size_t c = 0; c < d->columns; c++) {
        double whole = 0;
        for (size_t r = 0; r < d->rows; r++)
            whole += (double)mean[r * d->columns + c];
        for (size_t first = 0; first < d->rows; first += d->part) {
            const size_t end = first + d->part < d->rows ? first + d->part : d->rows;
            double part = 0;
            for (size_t l = first; l < end; l++)
                part += (double)mean[order[l] * d->columns + c];
            part -= whole * (double)(end - first) / (double)d->rows;
            sum += part * part;
        }
    }
    return sum;
}

static double least_of_all(const mhoi_deal *d, uint32_t *order, size_t from)
{
    if (from == d->rows)
        return miss(d, order);
    double least = -1;
    for (size_t i = from; i < d->rows; i++) {
        const uint32_t held = order[from];
        order[from] = order[i];
        order[i] = held;
        const double now = least_of_all(d, order, from + 1);
        least = least < 0 || now < least ? now : least;
        order[i] = order[from];
        order[from] = held;
    }
    return least;
}

/* Every row once; the miss that it tells is that of the equation. */
static double dealt(const mhoi_deal *d, mho_deal how)
{
    uint32_t order[ROWS_MAX];
    uint8_t seen[ROWS_MAX] = {0};
    assert_int_equal(mhoi_deal_rows(d, how, 3, order), MHO_OK);
    for (size_t l = 0; l < d->rows; l++) {
        assert_true(order[l] < d->rows && !seen[order[l]]);
        seen[order[l]] = 1;
    }
    const double want = miss(d, order), got = mhoi_deal_miss(d, order);
    if (!(got <= want + 1e-6 * (1 + want) && got >= want - 1e-6 * (1 + want)))
        fail_msg("miss %g, want %g", got, want);
    return want;
}

static void exact_is_the_least_of_all(void **state)
{
    (void)state;
    size_t near = 0;
    for (size_t i = 0; i < 60; i++) {
        const mhoi_deal d = random_rows(2 + draw(BRUTE - 1));
        uint32_t order[ROWS_MAX];
        for (uint32_t l = 0; l < d.rows; l++)
            order[l] = l;
        const double want = least_of_all(&d, order, 0), got = dealt(&d, MHO_DEAL_EXACT);
        if (!(got <= want + 1e-6 * (1 + want)))
            fail_msg("case %zu: %zu rows in parts of %zu, %zu columns: %g, want %g", i, d.rows,
                     d.part, d.columns, got, want);
        for (int how = MHO_DEAL_NONE; how < MHO_DEAL_EXACT; how++)
            assert_true(dealt(&d, (mho_deal)how) >= want - 1e-6 * (1 + want));
        near += dealt(&d, MHO_DEAL_EXCHANGE) <= 2 * want + 1e-6;
    }
    assert_true(near >= 40); /* exchanges come near to it */
}

static void exchanges_bring_parts_together(void **state)
{
    (void)state;
    double sum[MHO_DEAL_EXACT] = {0};
    for (size_t i = 0; i < 20; i++) {
        mhoi_deal d = random_rows(30 + draw(ROWS_MAX - 30));
        d.columns = 1 + i % 2 * (d.columns - 1);
        if (d.columns == 1)
            assert_true(dealt(&d, MHO_DEAL_SNAKE) < dealt(&d, MHO_DEAL_RANDOM));
        for (int how = MHO_DEAL_NONE; how < MHO_DEAL_EXACT; how++)
            sum[how] += dealt(&d, (mho_deal)how);
        assert_true(dealt(&d, MHO_DEAL_EXCHANGE) <= dealt(&d, MHO_DEAL_SNAKE) * (1 + 1e-9));
    }
    if (!(sum[MHO_DEAL_EXCHANGE] < 0.1 * sum[MHO_DEAL_RANDOM] &&
          sum[MHO_DEAL_SNAKE] < 2 * sum[MHO_DEAL_RANDOM]))
        fail_msg("misses: random %g, snake %g, exchange %g", sum[MHO_DEAL_RANDOM],
                 sum[MHO_DEAL_SNAKE], sum[MHO_DEAL_EXCHANGE]);
}

static void too_many_rows_for_all_deals_are_refused(void **state)
{
    (void)state;
    uint32_t order[ROWS_MAX];
    mhoi_deal d = random_rows(MHOI_DEAL_EXACT_ROWS + 1);
    assert_int_equal(mhoi_deal_rows(&d, MHO_DEAL_EXACT, 0, order), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "of 17 rows, want at most 16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_the_least_of_all),
        cmocka_unit_test(exchanges_bring_parts_together),
        cmocka_unit_test(too_many_rows_for_all_deals_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
