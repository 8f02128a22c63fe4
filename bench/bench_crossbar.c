/* SPDX-License-Identifier: Apache-2.0 */
/* The crossbar engine against OpenBLAS SGEMM on the same product, one thread, measured in turns.
 *
 * The product of R rows, C columns (pairs) and P pixels counts R C P multiply-adds, for SGEMM and for
 * the engine alike; the engine also converts every row group and adds the codes up.  "pair": one
 * converter a pair; "each": one per crossbar, which sums both crossbars, twice the work.
 * "Ideal": pairs of two conductances, whose sums are counted, beside the peak of a blocked loop of
 * AND, VPOPCNTDQ and addition (0 without AVX-512); packing, converters and adder tree are in.  Two
 * operations a multiply-add.
 * Ratios are medians over rounds; a round times SGEMM, then every variant (CPU time of the thread).
 *
 *     bench_crossbar [ideal]      the ideal cells alone
 *
 * An OpenBLAS that does not know the CPU may choose too old a kernel: where the CPU has AVX-512, the
 * program runs itself again with OPENBLAS_CORETYPE=SkylakeX, unless that variable is set. */
#include <cblas.h>
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crossbar/crossbar_impl.h"

enum { ROUNDS = 9, VARIANTS = 4 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *v)
{
    double sorted[ROUNDS];
    memcpy(sorted, v, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare);
    return sorted[ROUNDS / 2];
}

static void check(mho_status status)
{
    if (status == MHO_OK)
        return;
    fprintf(stderr, "%s\n", mho_error_message());
    exit(mho_status_exit_code(status));
}

static void *allocate(size_t n, size_t size)
{
    void *p = aligned_alloc(64, (n * size + 63) / 64 * 64);
    if (!p)
        exit(4);
    memset(p, 0, n * size);
    return p;
}

typedef struct scene {
    mho_crossbar_shape shape;
    size_t n, rows, positions;
    uint8_t *map;
    int16_t *g_plus, *g_minus;
    int32_t *sum;
    float *a, *b, *c; /* SGEMM: [C][R] x [R][n P] */
} scene;

static scene make_scene(mho_crossbar_shape shape, size_t n, bool ideal)
{
    const mho_window *w = &shape.window;
    scene s = {.shape = shape, .n = n, .rows = w->c * w->kh * w->kw};
    s.positions = ((w->h + w->pad_top + w->pad_bottom - w->kh) / w->stride + 1) *
                  ((w->w + w->pad_left + w->pad_right - w->kw) / w->stride + 1);
    const size_t cells = s.rows * shape.columns, pixels = n * s.positions;
    s.map = allocate(n * w->c * w->h * w->w, 1);
    s.g_plus = allocate(cells, sizeof *s.g_plus);
    s.g_minus = allocate(cells, sizeof *s.g_minus);
    s.sum = allocate(shape.columns * pixels, sizeof *s.sum);
    s.a = allocate(cells, sizeof(float));
    s.b = allocate(s.rows * pixels, sizeof(float));
    s.c = allocate(shape.columns * pixels, sizeof(float));
    for (size_t i = 0; i < n * w->c * w->h * w->w; ++i)
        s.map[i] = (uint8_t)(rand() & ((1 << shape.input_bits) - 1));
    for (size_t i = 0; i < cells; ++i) {
        const bool up = rand() % 2;
        s.g_plus[i] = (int16_t)(up ? 3072 + rand() % 1024 : rand() % 1024);
        s.g_minus[i] = (int16_t)(up ? rand() % 1024 : 3072 + rand() % 1024);
        if (ideal) {
            s.g_plus[i] = up ? 4000 : 0;
            s.g_minus[i] = up ? 0 : 4000;
        }
        s.a[i] = (float)(s.g_plus[i] - s.g_minus[i]);
    }
    for (size_t i = 0; i < s.rows * pixels; ++i)
        s.b[i] = (float)(rand() & 1);
    return s;
}

static void clear_scene(scene *s)
{
    free(s->map);
    free(s->g_plus);
    free(s->g_minus);
    free(s->sum);
    free(s->a);
    free(s->b);
    free(s->c);
}

static double time_sgemm(const scene *s)
{
    const int m = (int)s->shape.columns, n = (int)(s->n * s->positions), k = (int)s->rows;
    const double start = seconds();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, s->a, k, s->b, n, 0, s->c,
                n);
    return seconds() - start;
}

/* Everything that comes before the kernels, for the whole product. */
static double time_packing(const mho_crossbar *xb, mho_crossbar_work *work, const scene *s)
{
    const mho_window *w = &s->shape.window;
    const size_t image_bytes = w->c * w->h * w->w;
    const double start = seconds();
    for (size_t i = 0; i < s->n; i += xb->block_images) {
        const size_t images = s->n - i < xb->block_images ? s->n - i : xb->block_images;
        const size_t pixels = images * xb->positions;
        mhoi_gather_images(xb, work, s->map + i * image_bytes, images);
        for (size_t first = 0; first < pixels; first += MHOI_BLOCK) {
            const size_t m = pixels - first < MHOI_BLOCK ? pixels - first : MHOI_BLOCK;
            mhoi_gather_runs(xb, work, first, m);
            for (size_t k = 0; k < xb->groups; ++k)
                mhoi_gather_group(xb, work, s->map + i * image_bytes, images, k, m);
        }
    }
    return seconds() - start;
}

typedef struct variant {
    mho_cpu level;
    bool per_pair;
    mho_crossbar *xb;
    mho_crossbar_work *work;
    double all[ROUNDS], ratio[ROUNDS], kernel_ratio[ROUNDS], packing[ROUNDS], program[ROUNDS];
} variant;

static void open_variant(variant *v, const scene *s, mho_cpu level, bool per_pair)
{
    mho_crossbar_shape shape = s->shape;
    shape.conversion = per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR;
    v->level = level;
    v->per_pair = per_pair;
    check(mhoi_crossbar_create_level(&shape, level, &v->xb));
    check(mho_crossbar_program(v->xb, s->g_plus, s->g_minus));
    check(mho_crossbar_work_create(v->xb, s->n, &v->work));
}

static void round_of(variant *v, const scene *s, const mho_converter *converter, double sgemm,
                     int i)
{
    const double pixels = (double)(s->n * s->positions);
    double start = seconds();
    check(mho_crossbar_program(v->xb, s->g_plus, s->g_minus));
    v->program[i] = seconds() - start;
    start = seconds();
    mho_crossbar_run(v->xb, v->work, converter, v->per_pair, s->n, s->map, s->sum, NULL);
    v->all[i] = seconds() - start;
    const double packing = time_packing(v->xb, v->work, s);
    v->packing[i] = packing / v->all[i];
    v->ratio[i] = sgemm / v->all[i];
    v->kernel_ratio[i] = sgemm / (v->all[i] - packing + v->program[i] * pixels / 10000);
}

/* Multiply-adds a second of AND, population count and addition on registers: 4 words of 16 x 32 rows of
 * inputs against 4 of weights.  0 without AVX-512. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static double count_peak(void)
{
    enum { STEPS = 64, TURNS = 5000, SIDE = 4 };
    static uint32_t x[STEPS][SIDE][16] __attribute__((aligned(64))), w[STEPS][SIDE];
    if (mho_cpu_level() != MHO_CPU_AVX512)
        return 0;
    __m512i sum[SIDE][SIDE];
    uint32_t all = 0;
    memset(sum, 0, sizeof sum);
    for (size_t i = 0; i < sizeof x / sizeof(uint32_t); ++i)
        (&x[0][0][0])[i] = (uint32_t)rand();
    for (size_t i = 0; i < sizeof w / sizeof(uint32_t); ++i)
        (&w[0][0])[i] = (uint32_t)rand() | 1;
    const double start = seconds();
    for (size_t turn = 0; turn < TURNS; ++turn) {
        __asm__ volatile("" ::: "memory"); /* every turn works anew */
        for (size_t i = 0; i < STEPS; ++i)
            _Pragma("GCC unroll 4") for (size_t j = 0; j < SIDE; ++j)
                _Pragma("GCC unroll 4") for (size_t k = 0; k < SIDE; ++k)
            {
                const __m512i v =
                    _mm512_and_si512(_mm512_load_si512(x[i][k]), _mm512_set1_epi32((int)w[i][j]));
                sum[j][k] = _mm512_add_epi32(sum[j][k], _mm512_popcnt_epi32(v));
            }
    }
    const double time = seconds() - start;
    for (size_t j = 0; j < SIDE * SIDE; ++j)
        all |= (uint32_t)_mm512_reduce_add_epi32(sum[j / SIDE][j % SIDE]);
    return !all ? 0 : 512.0 * STEPS * TURNS * SIDE * SIDE / time;
}

static void bench_ideal(const char *name, mho_crossbar_shape shape, size_t n,
                        mho_converter converter)
{
    scene s = make_scene(shape, n, true);
    const double macs = (double)s.rows * (double)shape.columns * (double)(s.n * s.positions);
    for (int per_pair = 1; per_pair >= 0; --per_pair) {
        variant v;
        double part[ROUNDS], peak[ROUNDS];
        open_variant(&v, &s, mho_cpu_level(), per_pair);
        for (int i = 0; i < ROUNDS; ++i) {
            peak[i] = count_peak();
            round_of(&v, &s, &converter, 0, i);
            part[i] = peak[i] > 0 ? macs / v.all[i] / peak[i] : 0;
        }
        printf("%-22s %s  %6.1f GMAC/s, %3.0f %% of the peak %6.1f  packing %2.0f %%  program %.2f "
               "ms\n",
               name, per_pair ? "pair" : "each", macs / median(v.all) * 1e-9, 100 * median(part),
               median(peak) * 1e-9, 100 * median(v.packing), 1e3 * median(v.program));
        mho_crossbar_work_destroy(v.work);
        mho_crossbar_destroy(v.xb);
    }
    clear_scene(&s);
}

static void bench(const char *name, mho_crossbar_shape shape, size_t n, mho_converter converter)
{
    scene s = make_scene(shape, n, false);
    variant v[VARIANTS];
    double sgemm[ROUNDS];
    size_t variants = 0;
    for (mho_cpu level = mho_cpu_level(); level > MHO_CPU_REF; --level)
        for (int per_pair = 1; per_pair >= 0; --per_pair)
            open_variant(&v[variants++], &s, level, per_pair);
    for (int i = 0; i < ROUNDS; ++i) {
        sgemm[i] = time_sgemm(&s);
        for (size_t j = 0; j < variants; ++j)
            round_of(&v[j], &s, &converter, sgemm[i], i);
    }
    const double macs = (double)s.rows * (double)shape.columns * (double)(s.n * s.positions);
    printf("%-22s sgemm %6.1f GMAC/s\n", name, macs / median(sgemm) * 1e-9);
    for (size_t j = 0; j < variants; ++j) {
        printf("    %-7s %s  kernel x%5.2f  all x%5.2f  %6.1f GMAC/s  packing %2.0f %%  program "
               "%.2f ms\n",
               mho_cpu_name(v[j].level), v[j].per_pair ? "pair" : "each", median(v[j].kernel_ratio),
               median(v[j].ratio), macs / median(v[j].all) * 1e-9, 100 * median(v[j].packing),
               1e3 * median(v[j].program));
        mho_crossbar_work_destroy(v[j].work);
        mho_crossbar_destroy(v[j].xb);
    }
    clear_scene(&s);
}

static mho_crossbar_shape connected(size_t rows, size_t columns, size_t crossbar_rows, size_t bits)
{
    return (mho_crossbar_shape){.window = {rows, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                                .columns = columns,
                                .crossbar_rows = crossbar_rows,
                                .input_bits = bits};
}

static mho_crossbar_shape convolution(size_t c, size_t h, size_t k, size_t pad, size_t columns,
                                      size_t bits)
{
    return (mho_crossbar_shape){.window = {c, h, h, k, k, 1, pad, pad, pad, pad},
                                .columns = columns,
                                .crossbar_rows = 128,
                                .input_bits = bits};
}

static void run_again_with_avx512_sgemm(char **argv)
{
    if (getenv("OPENBLAS_CORETYPE") || mho_cpu_level() != MHO_CPU_AVX512)
        return;
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    execv("/proc/self/exe", argv);
}

static void bench_all_ideal(mho_converter four_bits)
{
    mho_crossbar_shape wide = convolution(512, 64, 1, 0, 512, 1);
    bench_ideal("ideal  512 x 512 /128", wide, 1, four_bits);
    wide.crossbar_rows = 512;
    bench_ideal("ideal  512 x 512", wide, 1, four_bits);
    bench_ideal("ideal  conv 20>50 5x5", convolution(20, 12, 5, 0, 50, 1), 64, four_bits);
    bench_ideal("ideal  conv 64>128 3x3", convolution(64, 16, 3, 1, 128, 1), 16, four_bits);
    bench_ideal("ideal  conv 512>512 3x3", convolution(512, 4, 3, 1, 512, 1), 32, four_bits);
    bench_ideal("ideal  800 x 500 /128", connected(800, 500, 128, 1), 512, four_bits);
}

int main(int argc, char **argv)
{
    const mho_converter four_bits = {.codes = 16, .edge = 100000, .step = 8192};
    const mho_converter eight_bits = {.codes = 256, .edge = -4000000, .step = 32768};
    const size_t rows[] = {128, 512}, columns[] = {10, 50, 128, 512};
    run_again_with_avx512_sgemm(argv);
    openblas_set_num_threads(1);
    printf("SGEMM: OpenBLAS, %s\n", openblas_get_corename());
    bench_all_ideal(four_bits);
    if (argc > 1)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        for (size_t j = 0; j < sizeof columns / sizeof *columns; ++j) {
            char name[64];
            snprintf(name, sizeof name, "1 bit  %zu x %zu", rows[i], columns[j]);
            mho_crossbar_shape shape = convolution(rows[i], 64, 1, 0, columns[j], 1);
            shape.crossbar_rows = rows[i];
            bench(name, shape, 1, four_bits);
        }
    bench("1 bit  conv 20>50 5x5", convolution(20, 12, 5, 0, 50, 1), 64, four_bits);
    bench("1 bit  conv 64>128 3x3", convolution(64, 16, 3, 1, 128, 1), 16, four_bits);
    bench("1 bit  conv 512>512 3x3", convolution(512, 4, 3, 1, 512, 1), 32, four_bits);
    bench("1 bit  500 x 10 /128", connected(500, 10, 128, 1), 512, four_bits);
    bench("1 bit  800 x 500 /128", connected(800, 500, 128, 1), 512, four_bits);
    bench("8 bit  128 x 128", connected(128, 128, 128, 8), 4096, eight_bits);
    bench("8 bit  512 x 128", connected(512, 128, 512, 8), 4096, eight_bits);
    bench("8 bit  conv 1>20 5x5", convolution(1, 28, 5, 0, 20, 8), 64, eight_bits);
    return 0;
}
