/* SPDX-License-Identifier: Apache-2.0 */
/* The crossbars of one layer: signed weights as pairs of conductances, rows split over crossbars, and a
 * converter at the foot of every column.
 *
 * For weight column c, row group k (one crossbar holds crossbar_rows of them) and input x:
 *     S+ = sum_{r in k} x[r] g_plus[c][r],   S- likewise             (integers: exact, docs/models/crossbar.md)
 *     partial = code(S+) - code(S-)    one converter per crossbar
 *             = code(S+ - S-)          one per pair
 *     sum[c]  = sum over the row groups of partial                   (adder tree)
 */
#ifndef MHO_CROSSBAR_H
#define MHO_CROSSBAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

MHO_C_BEGIN

/* A converter with 2^bits codes and equidistant decision edges, in units of the sum:
 *     code(S) = clamp(floor((S - edge) / step) + 1, 0, codes - 1)
 * so a sum on an edge takes the upper code.  codes = 0: ideal, code(S) = S. */
typedef struct mho_converter {
    int32_t codes, edge, step;
} mho_converter;

/* The sliding window that feeds the rows: row (i, y, x) of the crossbar, in this order, reads input
 * channel i at offset (y dilation_h, x dilation_w).  A padded element drives nothing (0).  A fully connected
 * layer is a 1 x 1 window over c = R channels of 1 x 1. */
typedef struct mho_window {
    size_t c, h, w;
    size_t kh, kw, stride_h, stride_w, dilation_h, dilation_w; /* strides and dilations from 1 */
    size_t pad_top, pad_left, pad_bottom, pad_right;
} mho_window;

/* Which partial sums will be asked for.  ANY (0) is always right; naming one saves look-up tables:
 * two thirds or one third of 8 (AVX2) to 13 (AVX-512) bytes a cell and table. */
typedef enum mho_conversion {
    MHO_CONVERSION_ANY,
    MHO_CONVERSION_PER_CROSSBAR,
    MHO_CONVERSION_PER_PAIR,
} mho_conversion;

typedef struct mho_crossbar_shape {
    mho_window window;    /* rows R = c kh kw; positions P = H_out W_out */
    size_t columns;       /* C weight columns (pairs) */
    size_t crossbar_rows; /* word lines of one crossbar */
    size_t input_bits;    /* 1: inputs are 0 or 1; 2..8: codes of so many bits */
    bool input_signed;    /* 2..8: two's complement codes in int8_t, else uint8_t */
    int conversion;       /* mho_conversion; asking for the other one is right, but slow */
    size_t
        turn; /* rows turn within blocks of so many (mho_crossbar_work_turn); 0: they stay. Windows of one element */
} mho_crossbar_shape;

typedef struct mho_crossbar mho_crossbar;

/* MHO_EDOMAIN: a size out of range; MHO_ENOMEM names the size. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_create(const mho_crossbar_shape *shape,
                                                      mho_crossbar **out);
MHO_API void mho_crossbar_destroy(mho_crossbar *xb);
/* g_plus, g_minus [C][R]: conductances in the integer units of mho/device.h.  Cost: a few nanoseconds
 * a cell.  MHO_EDOMAIN: a sum could leave 32 bits; the programming before it stays.  MHO_ENOMEM,
 * MHO_EINTERRUPTED: the crossbar must be programmed again before it runs. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_program(mho_crossbar *xb, const int16_t *g_plus,
                                                       const int16_t *g_minus);

/* order[R]: row r of the window's order that stands on word line l is order[l], each row once; the first crossbar has the
 * first crossbar_rows of them.  NULL: as they come.  Conductances and variances are given by the window's order all the
 * same.  Copied, kept; the crossbar must be programmed, and work created, afterwards.  Not with turns.  MHO_EDOMAIN: a row
 * that is not there, or twice. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_set_order(mho_crossbar *xb, const uint32_t *order);

/* How a real converter misses the ideal one: instead of S it converts
 *     S + round(offset + gain (S - m) + bow max(0, 1 - ((S - m) / h)^2)),
 * all but gain in units of the sum; m and h are the middle and half the width of its codes
 * (docs/models/crossbar.md eq. (7)).  A converter without codes: m = 0, no bow. */
typedef struct mho_converter_error {
    float offset, gain, bow;
} mho_converter_error;

/* error[2][row groups][C]: of the converters of S+ (of S+ - S- with one a pair), then of S-; NULL: none.
 * Copied, kept until told otherwise.  Runs with errors take a slower path.  MHO_ENOMEM: as before. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_set_errors(mho_crossbar *xb,
                                                          const mho_converter_error *error);

/* A converter whose edges are not equally spaced: code k is the number of edges that the sum reaches, and stands for
 * value[k], in units of the sum. */
typedef struct mho_codebook {
    size_t codes;         /* 2..65536 */
    const int32_t *edge;  /* [codes - 1], never falling */
    const int32_t *value; /* [codes] */
} mho_codebook;

/* Where a run's converter has codes, these take their place, and partial sums are sums and differences of values; NULL: no
 * more.  Copied, kept; such runs take a slower path.  MHO_EDOMAIN: edges that fall, too many codes; there is none then. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_set_codes(mho_crossbar *xb,
                                                         const mho_codebook *book);

/* Noise of the reads: in every read each cell conducts something else, normally distributed around its
 * conductance; variance_plus, variance_minus [C][R] in (integer units)^2, NULL: that crossbar of the pair
 * has none, both NULL: no noise.  Programming drops the noise, so it is set afterwards; work that is
 * created after it runs fastest.  Variances are rounded to multiples of 1/4096 to 1/2048 of the largest
 * sum of a pair's two (coarser where sums over thousands of rows would pass 32 bits), and what is left
 * of a cell goes to the next one of its column, so that columns keep their total; where cells have two
 * conductances and a variance for each, the unit is far finer (docs/models/crossbar.md eq. (10)).
 * MHO_EDOMAIN: a variance that is negative or not finite, or a sum that noise could carry out of 32
 * bits; the noise before it stays.  MHO_ENOMEM, MHO_EINTERRUPTED: the crossbar must be programmed again
 * before it runs. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_set_noise(mho_crossbar *xb,
                                                         const float *variance_plus,
                                                         const float *variance_minus);

/* column[C]: S- of column c is what one reference column conducts, read once for all columns that name the
 * same column: noise of S- is drawn for column[c].  NULL: every column has its own.  Copied, kept.
 * Two sums that share noise cannot be told by their difference: with noise, one converter a pair is
 * the caller's error.  MHO_EDOMAIN: column[c] >= C. */
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_set_references(mho_crossbar *xb,
                                                              const uint32_t *column);

/* Working memory of one thread, for runs of any number of images. */
typedef struct mho_crossbar_work mho_crossbar_work;
MHO_API MHO_MUST_CHECK mho_status mho_crossbar_work_create(const mho_crossbar *xb,
                                                           mho_crossbar_work **out);
MHO_API void mho_crossbar_work_destroy(mho_crossbar_work *work);

/* Runs and sums with this memory, until told otherwise: row r = i turn + b reads input channel i turn + (b + t) mod turn,
 * which is another read of the same cells; and only the first `pixels` (of all images) are worked on, 0: all.
 * Again after every programming. */
MHO_API void mho_crossbar_work_turn(const mho_crossbar *xb, mho_crossbar_work *work, size_t t,
                                    size_t pixels);

/* Row groups whose partial sums add up within 32 bits, whatever the inputs: all of them, but where columns are very long
 * and converters have no codes.  A run of more may overflow unseen.  Asks the crossbar as it is programmed now, with its
 * errors and noise. */
MHO_API size_t mho_crossbar_fitting_groups(const mho_crossbar *xb, const mho_converter *converter,
                                           bool per_pair);
/* Runs with this memory add up row groups [first, first + count) alone, until told otherwise; count 0, first 0: all. */
MHO_API void mho_crossbar_work_groups(const mho_crossbar *xb, mho_crossbar_work *work, size_t first,
                                      size_t count);

/* What the runs with this memory did: word lines driven (padding among them), sums converted (ideal converters tell
 * them, too; a shared reference column is converted once), and partial sums of row groups added. */
typedef struct mho_crossbar_counts {
    uint64_t row_drives, conversions, additions;
} mho_crossbar_counts;
MHO_API mho_crossbar_counts mho_crossbar_work_counts(const mho_crossbar_work *work);

/* Noise is drawn by the number of a pixel, of so many bits. */
enum { MHO_READING_PIXEL_BITS = 34 };

/* Which read a run is.  One draw of noise for each output of a converter depends on seed, trial, layer,
 * array, row group, column, side of the pair, image of the data set and position alone. */
typedef struct mho_reading {
    uint64_t seed;
    uint32_t trial, layer; /* layer < 2^15 */
    uint32_t array; /* number of this crossbar's read in the layer (group, bit plane ...), < 2^16 */
    uint64_t
        first; /* index of the run's first image in the whole data set; (first + n) P < 2^MHO_READING_PIXEL_BITS */
    uint64_t pixel; /* the run's first position is so many behind that image's */
} mho_reading;

/* sum[n][C][P] from the feature maps map[n][c][h][w] (one byte an element; 1-bit inputs are 0 or 1), of no more row groups
 * than mho_crossbar_fitting_groups.
 * per_pair chooses the partial sum above.  reading NULL: no read noise.  Allocates nothing.  Threads: one work each.
 * Speed: 1024 pixels (n P) are worked on at once, and tables are read once for all of them: give at
 * least n = 1024 / P images where P < 1024, in whole multiples of that; fewer than 64 pixels waste
 * lanes.  sum is written fastest where it is aligned to 64 bytes and P is a multiple of 64.
 *
 * Ends early, with sums that mean nothing, once the calling thread's run is interrupted. */
MHO_API void mho_crossbar_run(const mho_crossbar *xb, mho_crossbar_work *work,
                              const mho_converter *converter, bool per_pair, size_t n,
                              const uint8_t *map, int32_t *sum, const mho_reading *reading);

/* For calibration: calls `each` with the S+, S- and S+ - S- of every column, row group and position of
 * one image: values[count]. */
typedef void mho_crossbar_sums_fn(void *user, const int32_t *s_plus, const int32_t *s_minus,
                                  size_t count);
MHO_API void mho_crossbar_sums(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                               mho_crossbar_sums_fn *each, void *user);
/* The same of n images at once: one call of `each` may tell the sums of several images.  Far faster
 * where there are few positions.  Ends early once the calling thread's run is interrupted. */
MHO_API void mho_crossbar_sums_of(const mho_crossbar *xb, mho_crossbar_work *work, size_t n,
                                  const uint8_t *map, mho_crossbar_sums_fn *each, void *user);
/* The same beside runs with this memory, which make their sums as ever: `each` is told the sums that they convert (noise
 * among them); with per_pair the differences alone, s_minus is NULL then.  NULL: no more. */
MHO_API void mho_crossbar_work_watch(mho_crossbar_work *work, mho_crossbar_sums_fn *each,
                                     void *user);
/* ... and from now on, until told who looks, only of one position in `every`: of column c and row group k (both from 0) those
 * positions p of an image for which p + c + k is a multiple of it.  From 1. */
MHO_API void mho_crossbar_work_watch_every(mho_crossbar_work *work, size_t every);

MHO_C_END

#endif
