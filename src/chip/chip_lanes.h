/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over what crossbars give and take, which compilers make vectors of, as wide as the file that includes them may
 * have.  Whole numbers, or each element by the same operations in the same order: every variant has the same digits. */
#ifndef MHO_CHIP_LANES_H
#define MHO_CHIP_LANES_H

#include "chip/chip_impl.h"

/* How sums become values: z = (gain sum + offset) / unit in the scales of weights and inputs. */
typedef struct chip_to_value {
    double gain, offset, unit, x_scale;
    const double *weight_scale;
} chip_to_value;

/* What some images drive an element with, in one word: reads that drive, 2^CHIP_DRIVE_BITS sums of |x|, sums of x^2. */
enum {
    CHIP_DRIVE_BITS = 20,
    CHIP_SQUARE_BITS =
        28, /* of the sums of so many images; 16 are left for reads that drive a row */
};

/* Sums over elements: times the windows that read them, and times the conductance that they meet. */
typedef struct chip_weighed {
    uint64_t driven, drive, square;
    int64_t g_drive, g_square;
} chip_weighed;

typedef struct mhoi_chip_lanes {
    /* to[CHIP_TILE] += times x sum[CHIP_TILE]: reads, slices and turns add up in 64 bits. */
    void (*add)(const int32_t *sum, int32_t times, int64_t *to);
    /* y[channels][positions] of sums of one image. */
    void (*values)(const chip_to_value *to, const int32_t *sum, size_t channels, size_t positions,
                   float *y);
    /* Of n bytes x: both[i] += x and 2^16 where x is not 0, square[i] += x^2; for up to 255 images. */
    void (*drives)(const uint8_t *x, size_t n, uint32_t *both, uint32_t *square);
    /* The sums of n elements; false: they might not fit 64 bits. */
    bool (*weigh)(const uint64_t *word, const uint32_t *windows, const int64_t *draw, size_t n,
                  chip_weighed *out);
    /* One function of elements of a channel whose factors are a and b. */
    void (*point)(const chip_point *point, float a, float b, size_t n, float *z);
    /* z[i] = z[i] a[i] + b[i]; a NULL: 1 */
    void (*point_each)(const float *a, const float *b, size_t n, float *z);
    bool (*finite)(const float *y, size_t n);
    /* Nearest codes, as mho_quant_bytes, and then the zero is added. */
    void (*codes)(const float *y, size_t n, float scale, mho_codes codes, int32_t zero,
                  uint8_t *code);
    /* y = (code - zero) scale of bytes with a sign or without */
    void (*decode)(const uint8_t *code, size_t n, bool is_signed, int32_t zero, float scale,
                   float *y);
    void (*add_values)(const float *x, size_t n, float *y);
    /* bit = (sum >= threshold) != flip; threshold[n], or the same for all */
    void (*bits)(const int32_t *sum, size_t n, int32_t threshold, uint8_t flip, uint8_t *bit);
    void (*bits_each)(const int32_t *sum, size_t n, const int32_t *threshold, uint8_t flip,
                      uint8_t *bit);
    /* OR (or AND) of bits of 2 x 2 windows, stride 2, of rows of w elements */
    void (*pool_two)(const uint8_t *in, size_t w, size_t h_out, size_t w_out, bool all,
                     uint8_t *out);
    /* to = max(to, from) of bytes; flip 0x80: two's complement, whose order is that of the bytes then */
    void (*larger)(const uint8_t *from, size_t n, uint8_t flip, uint8_t *to);
    /* The largest of two neighbours. */
    void (*larger_pairs)(const uint8_t *in, size_t n, uint8_t flip, uint8_t *out);
} mhoi_chip_lanes;

extern const mhoi_chip_lanes mhoi_chip_lanes_ref, mhoi_chip_lanes_avx2, mhoi_chip_lanes_avx512;
const mhoi_chip_lanes *mhoi_chip_lanes_best(void); /* of this CPU */

#endif
