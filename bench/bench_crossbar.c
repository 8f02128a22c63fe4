/* SPDX-License-Identifier: Apache-2.0 */
/* The crossbar engine against OpenBLAS SGEMM, one thread, measured in turns.
 *
 *     bench_crossbar [--sgemm CORE] [bits] [codes] [ideal]      all three unless some are named
 *
 * A layer of R rows, C columns (pairs) and P pixels has R C P weights to multiply and add: GMAC/s counts
 * these, whatever the engine does for them.  "pair", one converter a pair, works out their sums;
 * "each", one converter per crossbar, works out the sums of both crossbars: 2 R C P.  Two ratios:
 *     weights   time of SGEMM of R x C x P over the engine's: what a layer costs
 *     sums      time of SGEMM of the sums that the engine works out (R x 2C x P for "each") over the
 *               engine's: the multiply-add rate on the same product
 * "kernel" leaves packing out and puts table building at 10,000 pixels in; "all" is everything but
 * table building.  Every row group is converted and the codes are added up; SGEMM does neither.
 * "serial": inputs of 8 bits as 8 planes of 1 bit, eight runs of the 1-bit kernel, every plane
 * converted, codes shifted and added; cutting the planes is packing, too.
 * "ideal": pairs of two conductances, whose sums are counted, beside the peak of a blocked loop of
 * AND, VPOPCNTDQ and addition, where the CPU has it; packing, converters and adder tree are in.  Two
 * operations a multiply-add.
 * Figures are medians over rounds; a round times SGEMM, then every variant (CPU time of the thread).  Either side runs
 * twice in a row, after more memory than caches hold was read: "first" is the ratio of the two first runs, which
 * find everything in memory and each page forgotten; the others are ratios of the two that follow at once.
 *
 * --sgemm chooses OpenBLAS's kernels (OPENBLAS_CORETYPE): Haswell for AVX2, SkylakeX for AVX-512, the
 * default where the CPU has AVX-512, because an OpenBLAS older than the CPU may choose too old a kernel.
 * MHO_CPU=avx2 leaves the engine's AVX-512 kernels out. */
#include <cblas.h>
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_record.h"
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
    float *a, *b, *c; /* SGEMM: [2C][R] x [R][n P] */
} scene;

static scene make_scene(mho_crossbar_shape shape, size_t n, bool ideal)
{
    const mho_window *w = &shape.window;
    scene s = {.shape = shape, .n = n, .rows = w->c * w->kh * w->kw};
    s.positions = ((w->h + w->pad_top + w->pad_bottom - w->kh) / w->stride_h + 1) *
                  ((w->w + w->pad_left + w->pad_right - w->kw) / w->stride_w + 1);
    const size_t cells = s.rows * shape.columns, pixels = n * s.positions;
    s.map = allocate(n * w->c * w->h * w->w, 1);
    s.g_plus = allocate(cells, sizeof *s.g_plus);
    s.g_minus = allocate(cells, sizeof *s.g_minus);
    s.sum = allocate(shape.columns * pixels, sizeof *s.sum);
    s.a = allocate(2 * cells, sizeof(float));
    s.b = allocate(s.rows * pixels, sizeof(float));
    s.c = allocate(2 * shape.columns * pixels, sizeof(float));
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
        s.a[i] = s.g_plus[i];
        s.a[cells + i] = s.g_minus[i];
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

/* Leaves nothing of either side in the caches. */
static void forget(void)
{
    enum { BYTES = 96 << 20, LINE = 64 };
    static uint8_t *other;
    if (!other) {
        other = allocate(BYTES, 1);
        memset(other, 1, BYTES);
    }
    for (size_t i = 0; i < BYTES; i += LINE)
        ((volatile uint8_t *)other)[i];
}

static double time_sgemm(const scene *s, size_t columns)
{
    const int m = (int)columns, n = (int)(s->n * s->positions), k = (int)s->rows;
    const double start = seconds();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, s->a, k, s->b, n, 0, s->c,
                n);
    return seconds() - start;
}

/* Row group k, and those that go with it: up to which. */
static size_t pack(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                   size_t images, size_t k, size_t pixels)
{
    size_t next = k + 1;
    if (xb->flat && !xb->dots && !xb->counting) {
        const size_t room = work->x_bytes / sizeof(uint16_t) / ((pixels + 63) / 64 * 64);
        while (next < xb->groups && xb->group_step[next + 1] - xb->group_step[k] <= room)
            ++next;
        next = mhoi_flat_groups(xb, work, images, k, next);
        mhoi_gather_flat(xb, work, map, images, k, next, work->x);
        return next;
    }
    mhoi_gather_group(xb, work, map, images, k, pixels, work->x);
    return next;
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
            for (size_t k = 0, next; k < xb->groups; k = next)
                next = pack(xb, work, s->map + i * image_bytes, images, k, m);
        }
    }
    return seconds() - start;
}

typedef struct variant {
    mho_cpu level;
    bool per_pair;
    mho_crossbar *xb;
    mho_crossbar_work *work;
    double all[ROUNDS], kernel[ROUNDS], packing[ROUNDS], program[ROUNDS];
    /* Times of SGEMM over these: of the product of the weights, and of the engine's sums. */
    double weights[ROUNDS], sums[ROUNDS], kernel_weights[ROUNDS], kernel_sums[ROUNDS];
    /* The first run of two, and both ratios of it. */
    double first[ROUNDS], first_weights[ROUNDS], first_sums[ROUNDS];
} variant;

static void open_variant(variant *v, const scene *s, mho_cpu level, bool per_pair)
{
    mho_crossbar_shape shape = s->shape;
    shape.conversion = per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR;
    v->level = level;
    v->per_pair = per_pair;
    check(mhoi_crossbar_create_level(&shape, level, &v->xb));
    check(mho_crossbar_program(v->xb, s->g_plus, s->g_minus));
    check(mho_crossbar_work_create(v->xb, &v->work));
}

static void close_variant(variant *v)
{
    mho_crossbar_work_destroy(v->work);
    mho_crossbar_destroy(v->xb);
}

static double time_program(variant *v, const scene *s)
{
    const double start = seconds();
    check(mho_crossbar_program(v->xb, s->g_plus, s->g_minus));
    return seconds() - start;
}

static double time_run(variant *v, const scene *s, const mho_converter *converter)
{
    const double start = seconds();
    mho_crossbar_run(v->xb, v->work, converter, v->per_pair, s->n, s->map, s->sum, NULL);
    return seconds() - start;
}

/* Round i, of parts that were timed. */
static void note(variant *v, const scene *s, int i, double all, double packing, double program)
{
    v->all[i] = all;
    v->packing[i] = packing / all;
    v->program[i] = program;
    v->kernel[i] = all - packing + program * (double)(s->n * s->positions) / 10000;
}

static void round_of(variant *v, const scene *s, const mho_converter *converter, int i)
{
    const double program = time_program(v, s);
    forget();
    v->first[i] = time_run(v, s, converter);
    const double all = time_run(v, s, converter);
    note(v, s, i, all, time_packing(v->xb, v->work, s), program);
}

/* Plane `bit` of the inputs. */
static void cut_plane(const uint8_t *map, size_t bytes, int bit, uint8_t *plane)
{
    for (size_t i = 0; i < bytes; ++i)
        plane[i] = (uint8_t)(map[i] >> bit & 1);
}

/* The 8 planes of s->map one after the other; v and `plane` are of the same shape with 1 bit. */
static void serial_round(variant *v, const scene *s, scene *plane, const mho_converter *converter,
                         int i)
{
    const mho_window *w = &s->shape.window;
    const size_t bytes = s->n * w->c * w->h * w->w,
                 outputs = s->shape.columns * s->n * s->positions;
    const double program = time_program(v, plane);
    double all = 0, packing = 0;
    memset(s->sum, 0, outputs * sizeof *s->sum);
    for (int bit = 0; bit < 8; ++bit) {
        double start = seconds();
        cut_plane(s->map, bytes, bit, plane->map);
        const double cut = seconds() - start;
        all += cut + time_run(v, plane, converter);
        packing += cut + time_packing(v->xb, v->work, plane);
        start = seconds();
        for (size_t j = 0; j < outputs; ++j)
            s->sum[j] += plane->sum[j] * (1 << bit);
        all += seconds() - start;
    }
    note(v, s, i, all, packing, program);
    v->first[i] = all;
}

/* SGEMM of the weights, or of both crossbars, twice in a row: time[first, again]. */
static void sgemm_round(const scene *s, size_t columns, double time[2])
{
    forget();
    time[0] = time_sgemm(s, columns);
    time[1] = time_sgemm(s, columns);
}

/* What SGEMM of the weights and of both crossbars takes beside round i. */
static void compare_with(variant *v, const double first[2], const double sgemm[2], int i)
{
    const double same = sgemm[!v->per_pair];
    v->first_weights[i] = first[0] / v->first[i];
    v->first_sums[i] = first[!v->per_pair] / v->first[i];
    v->weights[i] = sgemm[0] / v->all[i];
    v->sums[i] = same / v->all[i];
    v->kernel_weights[i] = sgemm[0] / v->kernel[i];
    v->kernel_sums[i] = same / v->kernel[i];
}

static double macs_of(const scene *s)
{
    return (double)s->rows * (double)s->shape.columns * (double)(s->n * s->positions);
}

static void print_variant(const variant *v, const scene *s, const char *how)
{
    printf(
        "    %-6s %s %s  kernel: weights x%5.2f, sums x%5.2f   all: weights x%5.2f, sums x%5.2f  "
        "%6.1f GMAC/s  first: weights x%5.2f, sums x%5.2f  packing %2.0f %%  program %5.2f ms\n",
        mho_cpu_name(v->level), how, v->per_pair ? "pair" : "each", median(v->kernel_weights),
        median(v->kernel_sums), median(v->weights), median(v->sums),
        macs_of(s) / median(v->all) * 1e-9, median(v->first_weights), median(v->first_sums),
        100 * median(v->packing), 1e3 * median(v->program));
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
    for (int per_pair = 1; per_pair >= 0; --per_pair) {
        variant v;
        double part[ROUNDS], peak[ROUNDS];
        open_variant(&v, &s, mho_cpu_level(), per_pair);
        for (int i = 0; i < ROUNDS; ++i) {
            peak[i] = count_peak();
            round_of(&v, &s, &converter, i);
            part[i] = peak[i] > 0 ? macs_of(&s) / v.all[i] / peak[i] : 0;
        }
        const double rate = macs_of(&s) / median(v.all);
        printf("ideal  %-20s %s  %6.1f GMAC/s = %5.3f TOP/s", name, per_pair ? "pair" : "each",
               rate * 1e-9, 2 * rate * 1e-12);
        if (median(peak) > 0)
            printf(", %3.0f %% of the peak %5.3f TOP/s", 100 * median(part),
                   2 * median(peak) * 1e-12);
        printf("  packing %2.0f %%  program %.2f ms\n", 100 * median(v.packing),
               1e3 * median(v.program));
        close_variant(&v);
    }
    clear_scene(&s);
}

/* Of the sums: for a pair those of the weights. */
static void record_ratios(const char *name, const variant *v)
{
    record("crossbar", name, v->per_pair ? "again, times SGEMM, pair" : "again, times SGEMM, each",
           median(v->sums), true, true);
    record("crossbar", name, v->per_pair ? "first, times SGEMM, pair" : "first, times SGEMM, each",
           median(v->first_sums), true, true);
}

/* Real conductances: every kernel the CPU has, pair and each; inputs of several bits also as planes. */
static void bench(const char *name, mho_crossbar_shape shape, size_t n, mho_converter converter)
{
    const bool codes = shape.input_bits > 1;
    mho_crossbar_shape one_bit = shape;
    one_bit.input_bits = 1;
    scene s = make_scene(shape, n, false), plane = {0};
    variant v[VARIANTS], serial[VARIANTS];
    double time[2][ROUNDS];
    size_t variants = 0;
    if (codes)
        plane = make_scene(one_bit, n, false);
    for (mho_cpu level = mho_cpu_level(); level > MHO_CPU_REF; --level)
        for (int per_pair = 1; per_pair >= 0; --per_pair, ++variants) {
            open_variant(&v[variants], &s, level, per_pair);
            if (codes)
                open_variant(&serial[variants], &plane, level, per_pair);
        }
    for (int i = 0; i < ROUNDS; ++i) {
        double first[2], sgemm[2];
        for (size_t j = 0; j < 2; ++j) {
            double twice[2];
            sgemm_round(&s, (j + 1) * shape.columns, twice);
            first[j] = twice[0];
            sgemm[j] = twice[1];
        }
        time[0][i] = sgemm[0];
        time[1][i] = sgemm[1];
        for (size_t j = 0; j < variants; ++j) {
            round_of(&v[j], &s, &converter, i);
            compare_with(&v[j], first, sgemm, i);
            if (codes) {
                serial_round(&serial[j], &s, &plane, &converter, i);
                compare_with(&serial[j], first, sgemm, i);
            }
        }
    }
    printf("%-22s sgemm %6.1f GMAC/s, of both crossbars %6.1f\n", name,
           macs_of(&s) / median(time[0]) * 1e-9, 2 * macs_of(&s) / median(time[1]) * 1e-9);
    for (size_t j = 0; j < variants; ++j) {
        print_variant(&v[j], &s, codes ? "codes " : "bits  ");
        if (v[j].level == mho_cpu_level())
            record_ratios(name, &v[j]);
        close_variant(&v[j]);
    }
    for (size_t j = 0; codes && j < variants; ++j) {
        print_variant(&serial[j], &s, "serial");
        close_variant(&serial[j]);
    }
    clear_scene(&s);
    clear_scene(&plane);
}

static mho_crossbar_shape connected(size_t rows, size_t columns, size_t crossbar_rows, size_t bits)
{
    return (mho_crossbar_shape){.window = {rows, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                                .columns = columns,
                                .crossbar_rows = crossbar_rows,
                                .input_bits = bits};
}

static mho_crossbar_shape convolution(size_t c, size_t h, size_t k, size_t pad, size_t columns,
                                      size_t bits)
{
    return (mho_crossbar_shape){.window = {c, h, h, k, k, 1, 1, 1, 1, pad, pad, pad, pad},
                                .columns = columns,
                                .crossbar_rows = 128,
                                .input_bits = bits};
}

static void run_again_with(const char *core, char **argv)
{
    setenv("OPENBLAS_CORETYPE", core, 1);
    execv("/proc/self/exe", argv);
    perror("bench_crossbar");
    exit(4);
}

static void bench_all_ideal(void)
{
    const mho_converter four_bits = {.codes = 16, .edge = 100000, .step = 8192};
    mho_crossbar_shape wide = convolution(512, 64, 1, 0, 512, 1);
    bench_ideal("512 x 512 /128", wide, 1, four_bits);
    wide.crossbar_rows = 512;
    bench_ideal("512 x 512", wide, 1, four_bits);
    bench_ideal("conv 20>50 5x5", convolution(20, 12, 5, 0, 50, 1), 64, four_bits);
    bench_ideal("conv 64>128 3x3", convolution(64, 16, 3, 1, 128, 1), 16, four_bits);
    bench_ideal("conv 512>512 3x3", convolution(512, 4, 3, 1, 512, 1), 32, four_bits);
    bench_ideal("800 x 500 /128", connected(800, 500, 128, 1), 512, four_bits);
}

static void bench_all_bits(void)
{
    const mho_converter four_bits = {.codes = 16, .edge = 100000, .step = 8192};
    const size_t rows[] = {128, 512}, columns[] = {10, 50, 128, 512};
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
}

static void bench_all_codes(void)
{
    const mho_converter eight_bits = {.codes = 256, .edge = -4000000, .step = 32768};
    bench("8 bit  128 x 128", connected(128, 128, 128, 8), 4096, eight_bits);
    bench("8 bit  512 x 128", connected(512, 128, 512, 8), 4096, eight_bits);
    bench("8 bit  conv 1>20 5x5", convolution(1, 28, 5, 0, 20, 8), 64, eight_bits);
}

int main(int argc, char **argv)
{
    const bool chosen = argc > 2 && !strcmp(argv[1], "--sgemm");
    const char *set = getenv("OPENBLAS_CORETYPE");
    if (chosen && (!set || strcmp(set, argv[2]) != 0))
        run_again_with(argv[2], argv);
    if (!set && mho_cpu_level() == MHO_CPU_AVX512)
        run_again_with("SkylakeX", argv);
    bool ideal = false, bits = false, codes = false;
    for (int i = chosen ? 3 : 1; i < argc; ++i) {
        ideal = ideal || !strcmp(argv[i], "ideal");
        bits = bits || !strcmp(argv[i], "bits");
        codes = codes || !strcmp(argv[i], "codes");
    }
    const bool every = !ideal && !bits && !codes;
    openblas_set_num_threads(1);
    check(mho_run_set_threads(NULL, 1));
    printf("SGEMM: kernels %s of %s\n", openblas_get_corename(), openblas_get_config());
    if (every || ideal)
        bench_all_ideal();
    if (every || bits)
        bench_all_bits();
    if (every || codes)
        bench_all_codes();
    return 0;
}
