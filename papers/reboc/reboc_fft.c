/* SPDX-License-Identifier: Apache-2.0 */
/* Section II: "for block sizes below 32 the FFT increases the work".  Real additions and multiplications of a circulant product by
 * FFTs and directly, in three readings: a block by itself; transforms shared by the blocks of a layer; and operations
 * weighted by the bits that they take.
 *
 * A complex multiplication is 4 multiplications and 2 additions.  A radix-2 FFT of k points has (k / 2) log2 k
 * butterflies of one complex multiplication and two complex additions; the weights are transformed beforehand. */
#include <string.h>

#include "papers.h"

paper_run_fn reboc_fft;

enum { SIZES = 7, BLOCKS = 16, FFT_BITS = 16, DIRECT_BITS = 4 };

typedef struct work {
    double multiplications, additions;
} work;

typedef enum reading { ISOLATED, SHARED, WEIGHTED, READINGS } reading;

static const char *const reading_names[READINGS] = {"isolated block", "transforms shared",
                                                    "weighted by bits"};

static work plus(work a, work b, double times)
{
    return (work){a.multiplications + times * b.multiplications, a.additions + times * b.additions};
}

static work transform(size_t k, size_t log2_k)
{
    const double butterflies = (double)k / 2 * (double)log2_k;
    return (work){4 * butterflies, 6 * butterflies};
}

/* transforms: those that a block pays for; gathered: its product is added to those of the blocks beside it. */
static work by_fft(size_t k, size_t log2_k, double transforms, bool gathered)
{
    const work product = {4 * (double)k, 2 * (double)k}, sum = {0, 2 * (double)k};
    const work all = plus((work){0, 0}, transform(k, log2_k), transforms);
    return plus(plus(all, product, 1), sum, gathered ? 1 : 0);
}

static work direct(size_t k, bool gathered)
{
    const double square = (double)k * (double)k;
    return (work){square, square - (gathered ? 0 : (double)k)};
}

static double total(work w, double bits)
{
    return bits > 0 ? w.multiplications * bits * bits + w.additions * bits
                    : w.multiplications + w.additions;
}

/* Work by FFT over direct work. */
static double ratio(reading of, size_t k, size_t log2_k)
{
    switch (of) {
    case SHARED: /* of a layer of BLOCKS x BLOCKS */
        return total(by_fft(k, log2_k, 2.0 / BLOCKS, true), 0) / total(direct(k, true), 0);
    case WEIGHTED:
        return total(by_fft(k, log2_k, 2, false), FFT_BITS) / total(direct(k, false), DIRECT_BITS);
    default:
        return total(by_fft(k, log2_k, 2, false), 0) / total(direct(k, false), 0);
    }
}

mho_status reboc_fft(const paper_args *args, paper_result *result)
{
    mho_status s = MHO_OK;
    (void)args;
    fprintf(result->text,
            "  Work by FFT over direct work; layers of %d x %d blocks, %d-bit FFT, %d-bit direct\n "
            " %-20s",
            BLOCKS, BLOCKS, FFT_BITS, DIRECT_BITS, "block size k");
    for (size_t i = 0; i < SIZES; i++)
        fprintf(result->text, " %7zu", (size_t)4 << i);
    for (reading of = ISOLATED; of < READINGS; of++) {
        size_t wins = 0;
        fprintf(result->text, "\n  %-20s", reading_names[of]);
        for (size_t i = 0; !s && i < SIZES; i++) {
            const size_t k = (size_t)4 << i;
            const double value = ratio(of, k, i + 2);
            fprintf(result->text, " %7.2f", value);
            wins = !wins && value < 1 ? k : wins;
            if (of == ISOLATED)
                s = paper_value(result, value, "%s, k = %zu: FFT / direct", reading_names[of], k);
        }
        if (!s)
            s = paper_value(result, (double)wins, "%s: smallest block size where the FFT wins",
                            reading_names[of]);
    }
    fputc('\n', result->text);
    return s;
}
