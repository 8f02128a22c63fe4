/* SPDX-License-Identifier: Apache-2.0 */
/* Read noise: every kernel against the reference, digit by digit; the reference against a simulation that
 * draws every cell in every read; that no two outputs share a draw; that nothing but the reading decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

#ifdef MHO_TEST_SHARE /* an emulated kernel: equal to the reference, it has the reference's distribution */
enum { DISTRIBUTIONS = 0, IMAGES = 40 };
#else
enum { DISTRIBUTIONS = 1, IMAGES = 90 };
#endif

static uint64_t random_state = 20250101;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(((random_state >> 32) * below) >> 32);
}

static double uniform(void)
{
    return (draw(UINT32_MAX) + 0.5) / UINT32_MAX;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979323846 * uniform());
}

typedef enum kind { ANY_CELLS, TWO_CELLS, TWO_CELLS_ANY_NOISE } kind;

typedef struct problem {
    mho_crossbar_shape shape;
    mho_converter converter;
    bool per_pair, errors;
    size_t n, cells, outputs, groups;
    int16_t *g_plus, *g_minus;
    float *v_plus, *v_minus;
    mho_converter_error *error;
    uint8_t *map;
    int32_t *sum;
} problem;

static void *checked(size_t count, size_t size)
{
    void *p = calloc(count, size);
    assert_non_null(p);
    return p;
}

static void fill_cells(problem *p, kind of)
{
    for (size_t i = 0; i < p->cells; ++i) {
        const bool high = draw(2);
        p->g_plus[i] = (int16_t)(of == ANY_CELLS ? (int32_t)draw(6000) - 500 : high ? 3000 : 900);
        p->g_minus[i] = (int16_t)(of == ANY_CELLS ? (int32_t)draw(6000) - 500 : high ? 900 : 3000);
        p->v_plus[i] = (float)draw(90000) * 0.37F;
        p->v_minus[i] = (float)draw(50000) * 0.11F;
        if (of == TWO_CELLS) {
            p->v_plus[i] = high ? 32100.5F : 7.25F;
            p->v_minus[i] = high ? 7.25F : 32100.5F;
        }
    }
}

static void create(problem *p, kind of)
{
    const mho_window *w = &p->shape.window;
    const size_t rows = w->c * w->kh * w->kw;
    const size_t h = (w->h + w->pad_top + w->pad_bottom - w->kh) / w->stride_h + 1;
    const size_t width = (w->w + w->pad_left + w->pad_right - w->kw) / w->stride_w + 1;
    const size_t inputs = p->n * w->c * w->h * w->w;
    p->cells = rows * p->shape.columns;
    p->outputs = p->n * p->shape.columns * h * width;
    p->groups = (rows + p->shape.crossbar_rows - 1) / p->shape.crossbar_rows;
    p->g_plus = checked(p->cells, sizeof *p->g_plus);
    p->g_minus = checked(p->cells, sizeof *p->g_minus);
    p->v_plus = checked(p->cells, sizeof *p->v_plus);
    p->v_minus = checked(p->cells, sizeof *p->v_minus);
    p->error = checked(2 * p->groups * p->shape.columns, sizeof *p->error);
    p->map = checked(inputs, 1);
    p->sum = checked(p->outputs, sizeof *p->sum);
    fill_cells(p, of);
    const int32_t top = 1 << (p->shape.input_bits - 1);
    p->converter.edge *= p->converter.codes ? top : 1;
    p->converter.step *= p->converter.codes ? top : 1;
    for (size_t i = 0; i < 2 * p->groups * p->shape.columns; ++i)
        p->error[i] = (mho_converter_error){(float)draw(2000) - 1000, 0.01F, 300};
    for (size_t i = 0; i < inputs; ++i)
        p->map[i] = (uint8_t)(draw(1U << p->shape.input_bits) -
                              (p->shape.input_signed ? 1U << (p->shape.input_bits - 1) : 0));
}

static void clear(problem *p)
{
    free(p->g_plus);
    free(p->g_minus);
    free(p->v_plus);
    free(p->v_minus);
    free(p->error);
    free(p->map);
    free(p->sum);
}

static mho_crossbar *program(const problem *p, mho_cpu level)
{
    mho_crossbar *xb;
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p->g_plus, p->g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_set_errors(xb, p->errors ? p->error : NULL), MHO_OK);
    assert_int_equal(mho_crossbar_set_noise(xb, p->v_plus, p->v_minus), MHO_OK);
    return xb;
}

/* Images [from, to) of the problem. */
static void read_part(const problem *p, const mho_crossbar *xb, mho_reading reading, size_t from,
                      size_t to, int32_t *sum)
{
    const mho_window *w = &p->shape.window;
    mho_crossbar_work *work;
    reading.first += from;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, &p->converter, p->per_pair, to - from,
                     p->map + from * w->c * w->h * w->w, sum + from * (p->outputs / p->n),
                     &reading);
    mho_crossbar_work_destroy(work);
}

static void read_all(const problem *p, mho_cpu level, mho_reading reading, int32_t *sum)
{
    mho_crossbar *xb = program(p, level);
    read_part(p, xb, reading, 0, p->n, sum);
    mho_crossbar_destroy(xb);
}

static const mho_window windows[] = {
    {37, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},   /* fully connected */
    {2, 12, 12, 5, 5, 1, 1, 1, 1, 0, 0, 0, 0},  /* positions in whole tiles */
    {3, 9, 10, 3, 3, 2, 2, 1, 1, 1, 1, 0, 1},   /* padded, strided */
    {1, 30, 13, 1, 13, 1, 1, 1, 1, 0, 0, 0, 0}, /* two chunks of kernel columns */
};
static const struct {
    size_t bits;
    bool is_signed;
    kind of;
} inputs[] = {{1, false, ANY_CELLS}, {1, false, TWO_CELLS}, {1, false, TWO_CELLS_ANY_NOISE},
              {8, false, ANY_CELLS}, {8, true, ANY_CELLS},  {4, false, TWO_CELLS},
              {3, true, ANY_CELLS},  {5, false, ANY_CELLS}};
static const mho_converter converters[] = {
    {16, -2000, 900}, {0, 0, 1}, {2, 100, 1}, {70000, -1500000, 45}};

/* Converters that single precision does right, ideal ones, those with errors, and too many codes. */
static void kernels_equal_the_reference(void **state)
{
    (void)state;
    const size_t kinds = sizeof inputs / sizeof *inputs, all = 4 * kinds * 4 * 2;
    for (size_t i = 0; i < all; ++i) {
        problem p = {.shape = {.window = windows[i % 4],
                               .columns = 1 + draw(9),
                               .crossbar_rows = 5 + draw(60),
                               .input_bits = inputs[i / 4 % kinds].bits,
                               .input_signed = inputs[i / 4 % kinds].is_signed},
                     .converter = converters[i / 4 / kinds % 4],
                     .per_pair = i / 16 / kinds,
                     .errors = i % 3 == 0,
                     .n = 1 + draw(IMAGES)};
        const int named = p.per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR;
        p.shape.conversion = draw(2) ? named : MHO_CONVERSION_ANY;
        create(&p, inputs[i / 4 % kinds].of);
        const mho_reading reading = {draw(1000), draw(1000), draw(1000), draw(1000), draw(1000), 0};
        int32_t *want = checked(p.outputs, sizeof *want);
        read_all(&p, MHO_CPU_REF, reading, want);
        for (mho_cpu level = MHO_CPU_AVX2; level <= mho_cpu_level(); ++level) {
            read_all(&p, level, reading, p.sum);
            for (size_t j = 0; j < p.outputs; ++j)
                if (p.sum[j] != want[j])
                    fail_msg("problem %zu, %s: output %zu of %zu = %d, want %d", i,
                             mho_cpu_name(level), j, p.outputs, p.sum[j], want[j]);
        }
        free(want);
        clear(&p);
    }
}

/* One output read n times: one image, again and again. */
static void repeat(problem *p, size_t rows, size_t bits, mho_converter converter, bool per_pair)
{
    *p = (problem){.shape = {.window = {rows, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                             .columns = 1,
                             .crossbar_rows = rows,
                             .input_bits = bits},
                   .converter = converter,
                   .per_pair = per_pair,
                   .n = 20000};
    create(p, ANY_CELLS);
    for (size_t i = rows; i < p->n * rows; ++i)
        p->map[i] = p->map[i - rows];
}

static double code_of(const mho_converter *v, double s)
{
    if (!v->codes)
        return floor(s + 0.5);
    return fmin(fmax(floor((s - v->edge) / v->step) + 1, 0), v->codes - 1);
}

/* One read, every cell drawn; the definition. */
static double read_cells(const problem *p)
{
    double plus = 0, minus = 0;
    for (size_t r = 0; r < p->cells; ++r) {
        plus += p->map[r] * (p->g_plus[r] + sqrt((double)p->v_plus[r]) * normal());
        minus += p->map[r] * (p->g_minus[r] + sqrt((double)p->v_minus[r]) * normal());
    }
    return p->per_pair ? code_of(&p->converter, plus - minus)
                       : code_of(&p->converter, plus) - code_of(&p->converter, minus);
}

static double exact_sum(const problem *p, double *variance)
{
    double s = 0;
    *variance = 0;
    for (size_t r = 0; r < p->cells; ++r) {
        s += p->map[r] * (p->g_plus[r] - p->g_minus[r]);
        *variance += (double)p->map[r] * p->map[r] * (double)(p->v_plus[r] + p->v_minus[r]);
    }
    return s;
}

/* Ideal converters: mean within 4 standard errors, variance within 5 (0.05 of it), and the largest distance from the normal
 * distribution (Kolmogorov-Smirnov) below 1.95 / sqrt(n), passed by chance once in 1000. */
static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void sums_are_normal(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; ++i) {
        problem p;
        double variance, mean = 0, square = 0, distance = 0;
        repeat(&p, 20 + 31 * i, i % 3 ? 8 : 1, (mho_converter){0, 0, 1}, i % 2);
        const double s = exact_sum(&p, &variance), n = (double)p.n;
        read_all(&p, mho_cpu_level(), (mho_reading){.seed = i}, p.sum);
        for (size_t j = 0; j < p.n; ++j) {
            mean += (p.sum[j] - s) / n;
            square += (p.sum[j] - s) * (p.sum[j] - s) / n;
        }
        qsort(p.sum, p.n, sizeof *p.sum, by_value);
        for (size_t j = 0; j < p.n; ++j) {
            const double want = 0.5 * erfc((s - p.sum[j]) / sqrt(2 * variance));
            distance = fmax(distance, fabs(want - ((double)j + 0.5) / n));
        }
        if (fabs(mean) > 4 * sqrt(variance / n) || fabs(square / variance - 1) > 5 * sqrt(2 / n) ||
            distance > 1.95 / sqrt(n))
            fail_msg("case %zu: mean %g of deviation %g, variance %g of %g, distance %g", i, mean,
                     sqrt(variance), square, variance, distance);
        clear(&p);
    }
}

/* 16 codes over two deviations on either side: chi-square of two samples, 15 or (single-ended, up to 31
 * differences) 30 degrees of freedom; both bounds are passed by chance once in 10,000. */
static void codes_are_those_of_drawn_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; ++i) {
        problem p;
        double variance, chi = 0;
        size_t mine[32] = {0}, cells[32] = {0};
        repeat(&p, 20 + 11 * i, i % 3 ? 8 : 1, (mho_converter){0, 0, 1}, i % 2);
        const double s = exact_sum(&p, &variance);
        p.converter = (mho_converter){16, (int32_t)(s - 1.9 * sqrt(variance)),
                                      (int32_t)(0.26 * sqrt(variance)) + 1};
        if (!p.per_pair) { /* S+ in the middle of the codes, S- below them or among them */
            double half = 0;
            for (size_t r = 0; r < p.cells; ++r)
                half += p.map[r] * p.g_plus[r];
            p.converter.edge = (int32_t)(half - 1.9 * sqrt(variance));
        }
        read_all(&p, mho_cpu_level(), (mho_reading){.seed = i}, p.sum);
        for (size_t j = 0; j < p.n; ++j) {
            ++mine[p.sum[j] + 16];
            ++cells[(int)read_cells(&p) + 16];
        }
        size_t used = 0;
        for (size_t b = 0; b < 32; ++b) {
            const double a = (double)mine[b], c = (double)cells[b];
            used += a + c > 0;
            chi += a + c > 0 ? (a - c) * (a - c) / (a + c) : 0;
        }
        if (used < 5 || chi > (used <= 16 ? 44.3 : 70))
            fail_msg("case %zu: chi-square %g over %zu codes", i, chi, used);
        clear(&p);
    }
}

static double correlation(const int32_t *a, const int32_t *b, size_t n, size_t step)
{
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; ++i) {
        ma += a[i * step] / (double)n;
        mb += b[i * step] / (double)n;
    }
    for (size_t i = 0; i < n; ++i) {
        const double x = a[i * step] - ma, y = b[i * step] - mb;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return ab / sqrt(aa * bb);
}

/* One row of one cell, of 1 x 8 positions and 4 columns: neighbours in position, column and image; then
 * other readings.  |correlation| below 4 / sqrt(n), passed by chance once in 16,000. */
static void outputs_are_independent(void **state)
{
    (void)state;
    problem p = {.shape = {.window = {2, 1, 8, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                           .columns = 4,
                           .crossbar_rows = 1,
                           .input_bits = 1},
                 .converter = {0, 0, 1},
                 .n = 10001};
    create(&p, ANY_CELLS);
    memset(p.map, 1, p.n * 16);
    int32_t *other = checked(p.outputs, sizeof *other);
    const mho_reading reading = {7, 8, 9, 10, 11, 0};
    const size_t n = p.n - 1;
    const double bound = 4 / sqrt((double)n);
    for (int pair = 0; pair < 2; ++pair) {
        p.per_pair = pair;
        read_all(&p, mho_cpu_level(), reading, p.sum);
        assert_true(fabs(correlation(p.sum, p.sum + 1, n, 32)) < bound);
        assert_true(fabs(correlation(p.sum, p.sum + 8, n, 32)) < bound);
        assert_true(fabs(correlation(p.sum, p.sum + 32, n, 32)) < bound);
        for (int change = 0; change < 4; ++change) {
            mho_reading r = reading;
            r.seed += change == 0;
            r.trial += change == 1;
            r.layer += change == 2;
            r.array += change == 3;
            read_all(&p, mho_cpu_level(), r, other);
            assert_true(fabs(correlation(p.sum, other, n, 32)) < bound);
        }
    }
    free(other);
    clear(&p);
}

/* Equal variances on both sides and in both row groups: the variances of four draws add up, which they would not
 * if two of them were one. */
static void sides_and_groups_are_independent(void **state)
{
    (void)state;
    problem p;
    double variance, square = 0;
    repeat(&p, 2, 1, (mho_converter){0, 0, 1}, false);
    p.shape.crossbar_rows = 1;
    memset(p.map, 1, 2 * p.n);
    for (size_t i = 0; i < 2; ++i)
        p.v_plus[i] = p.v_minus[i] = 40000;
    const double s = exact_sum(&p, &variance), n = (double)p.n;
    read_all(&p, mho_cpu_level(), (mho_reading){.seed = 3}, p.sum);
    for (size_t j = 0; j < p.n; ++j)
        square += (p.sum[j] - s) * (p.sum[j] - s) / n;
    assert_true(fabs(square / variance - 1) < 5 * sqrt(2 / n));
    clear(&p);
}

/* Variances far below the unit, which a large one elsewhere sets, still add up along a column. */
static void small_variances_keep_their_total(void **state)
{
    (void)state;
    enum { TALL = 400 };
    problem p = {.shape = {.window = {TALL, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                           .columns = 2,
                           .crossbar_rows = TALL,
                           .input_bits = 1},
                 .converter = {0, 0, 1},
                 .per_pair = true,
                 .n = 20000};
    create(&p, ANY_CELLS);
    memset(p.map, 1, p.n * TALL);
    memset(p.v_plus, 0, p.cells * sizeof *p.v_plus);
    memset(p.v_minus, 0, p.cells * sizeof *p.v_minus);
    p.v_plus[0] = 4000000;
    double s = 0, variance = 0, square = 0;
    for (size_t i = TALL; i < 2 * TALL; ++i) {
        p.v_plus[i] = 300;
        s += p.g_plus[i] - p.g_minus[i];
        variance += 300;
    }
    read_all(&p, mho_cpu_level(), (mho_reading){.seed = 6}, p.sum);
    for (size_t j = 0; j < p.n; ++j)
        square += (p.sum[2 * j + 1] - s) * (p.sum[2 * j + 1] - s) / (double)p.n;
    assert_true(fabs(square / variance - 1) < 5 * sqrt(2 / (double)p.n));
    clear(&p);
}

/* Any split of the images gives the same digits. */
static void only_the_reading_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; ++i) {
        problem p = {.shape = {.window = windows[i % 4],
                               .columns = 5,
                               .crossbar_rows = 16,
                               .input_bits = i / 4 ? 8 : 1},
                     .converter = {16, -2000, 900},
                     .n = 300};
        create(&p, ANY_CELLS);
        int32_t *parts = checked(p.outputs, sizeof *parts);
        const mho_reading reading = {.seed = 5, .first = 123};
        mho_crossbar *xb = program(&p, mho_cpu_level());
        read_part(&p, xb, reading, 0, p.n, p.sum);
        for (size_t from = 0, to; from < p.n; from = to) {
            to = from + 1 + draw(90);
            to = to < p.n ? to : p.n;
            read_part(&p, xb, reading, from, to, parts);
        }
        assert_memory_equal(parts, p.sum, p.outputs * sizeof *parts);
        mho_crossbar_destroy(xb);
        free(parts);
        clear(&p);
    }
}

static void expect_quiet(const problem *p, mho_crossbar *xb, const mho_reading *reading,
                         const int32_t *want)
{
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, &p->converter, p->per_pair, p->n, p->map, p->sum, reading);
    mho_crossbar_work_destroy(work);
    assert_memory_equal(p->sum, want, p->outputs * sizeof *want);
}

/* No reading, variances of 0, noise taken back and a new programming: all as if there were none. */
static void no_noise_is_no_noise(void **state)
{
    (void)state;
    const mho_reading reading = {.seed = 1};
    for (size_t i = 0; i < 6; ++i) {
        problem p = {.shape = {.window = windows[1],
                               .columns = 3,
                               .crossbar_rows = 20,
                               .input_bits = i / 3 ? 8 : 1},
                     .converter = {16, -2000, 900},
                     .n = 20};
        create(&p, (kind)(i % 3));
        mho_crossbar *xb = program(&p, mho_cpu_level());
        int32_t *want = checked(p.outputs, sizeof *want), *noisy = p.sum;
        mho_crossbar_work *work;
        read_part(&p, xb, reading, 0, p.n, noisy);
        assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
        mho_crossbar_run(xb, work, &p.converter, false, p.n, p.map, want, NULL);
        assert_memory_not_equal(noisy, want, p.outputs * sizeof *want);
        mho_crossbar_work_destroy(work);
        assert_int_equal(mho_crossbar_set_noise(xb, NULL, NULL), MHO_OK);
        expect_quiet(&p, xb, &reading, want);
        float *zero = checked(p.cells, sizeof *zero);
        assert_int_equal(mho_crossbar_set_noise(xb, zero, zero), MHO_OK);
        expect_quiet(&p, xb, &reading, want);
        assert_int_equal(mho_crossbar_set_noise(xb, p.v_plus, p.v_minus), MHO_OK);
        assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
        expect_quiet(&p, xb, &reading, want);
        mho_crossbar_destroy(xb);
        free(zero);
        free(want);
        clear(&p);
    }
}

/* Work that was created before the noise still gives the right answer. */
static void older_work_is_right(void **state)
{
    (void)state;
    problem p = {
        .shape = {.window = windows[1], .columns = 3, .crossbar_rows = 20, .input_bits = 8},
        .n = 20};
    create(&p, ANY_CELLS);
    const mho_reading reading = {.seed = 2};
    int32_t *want = checked(p.outputs, sizeof *want);
    read_all(&p, MHO_CPU_REF, reading, want);
    mho_crossbar *xb = program(&p, mho_cpu_level());
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_set_noise(xb, NULL, NULL), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    assert_int_equal(mho_crossbar_set_noise(xb, p.v_plus, p.v_minus), MHO_OK);
    mho_crossbar_run(xb, work, &p.converter, false, p.n, p.map, p.sum, &reading);
    assert_memory_equal(p.sum, want, p.outputs * sizeof *want);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
    free(want);
    clear(&p);
}

static void wrong_variances_are_refused(void **state)
{
    (void)state;
    const float wrong[] = {-1e-9F, NAN, INFINITY, 1e18F};
    problem p = {
        .shape = {.window = windows[0], .columns = 3, .crossbar_rows = 20, .input_bits = 8},
        .n = 9};
    create(&p, ANY_CELLS);
    int32_t *want = checked(p.outputs, sizeof *want);
    mho_crossbar *xb = program(&p, mho_cpu_level());
    read_part(&p, xb, (mho_reading){.seed = 4}, 0, p.n, want);
    for (size_t i = 0; i < 8; ++i) {
        float *v = i % 2 ? p.v_plus : p.v_minus;
        const float right = v[7];
        v[7] = wrong[i / 2];
        assert_int_equal(mho_crossbar_set_noise(xb, p.v_plus, p.v_minus), MHO_EDOMAIN);
        if (i < 6)
            assert_non_null(
                strstr(mho_error_message(), i % 2 ? "variance_plus[7]" : "variance_minus[7]"));
        v[7] = right;
        read_part(&p, xb, (mho_reading){.seed = 4}, 0, p.n, p.sum);
        assert_memory_equal(p.sum, want, p.outputs * sizeof *want);
    }
    mho_crossbar_destroy(xb);
    free(want);
    clear(&p);
}

static void failed_allocations_leak_nothing(void **state)
{
    (void)state;
    const uint64_t live = mhoi_alloc_live();
    for (size_t i = 0; i < 6; ++i) {
        problem p = {.shape = {.window = windows[2],
                               .columns = 3,
                               .crossbar_rows = 20,
                               .input_bits = i / 3 ? 8 : 1},
                     .n = 5};
        create(&p, (kind)(i % 3));
        mho_status s = MHO_ENOMEM;
        for (uint64_t k = 1; s == MHO_ENOMEM; ++k) {
            mho_crossbar *xb;
            mho_crossbar_work *work = NULL;
            assert_int_equal(mhoi_crossbar_create_level(&p.shape, mho_cpu_level(), &xb), MHO_OK);
            assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
            mhoi_alloc_fail_at(k);
            s = mho_crossbar_set_noise(xb, p.v_plus, p.v_minus);
            if (!s)
                s = mho_crossbar_work_create(xb, &work);
            mhoi_alloc_fail_at(0);
            assert_true(s == MHO_OK || s == MHO_ENOMEM);
            mho_crossbar_work_destroy(work);
            mho_crossbar_destroy(xb);
            assert_int_equal(mhoi_alloc_live(), live);
        }
        clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest digits[] = {
        cmocka_unit_test(kernels_equal_the_reference),
        cmocka_unit_test(only_the_reading_decides),
        cmocka_unit_test(no_noise_is_no_noise),
        cmocka_unit_test(older_work_is_right),
        cmocka_unit_test(wrong_variances_are_refused),
        cmocka_unit_test(failed_allocations_leak_nothing),
    };
    const struct CMUnitTest distributions[] = {
        cmocka_unit_test(sums_are_normal),
        cmocka_unit_test(codes_are_those_of_drawn_cells),
        cmocka_unit_test(outputs_are_independent),
        cmocka_unit_test(sides_and_groups_are_independent),
        cmocka_unit_test(small_variances_keep_their_total),
    };
    int failed = cmocka_run_group_tests(digits, NULL, NULL);
    if (DISTRIBUTIONS)
        failed += cmocka_run_group_tests(distributions, NULL, NULL);
    return failed;
}
