/* SPDX-License-Identifier: Apache-2.0 */
/* Sums with output channels side by side: convolutions whose digits are the same on every CPU.
 *
 * Weights are packed [block of 64 channels][tap][channel], taps in the order kernel row, kernel column, input
 * channel, the last block filled up with zeros to a multiple of 16: the same for every instruction set.  Maps
 * are [h][w][c]. */
#ifndef MHO_DNN_ROWS_H
#define MHO_DNN_ROWS_H

#include <stddef.h>
#include <stdint.h>

enum { MHOI_ROWS_BLOCK = 64, MHOI_ROWS_ALIGN = 16 };

/* A convolution without padding; a fully connected layer has a kernel as large as its input. */
typedef struct mhoi_rows_shape {
    size_t c, w;   /* of the input, borders included */
    size_t kh, kw; /* of the kernel */
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t out_c, out_h, out_w;
} mhoi_rows_shape;

typedef struct mhoi_rows {
    /* y[n][out_h][out_w][out_c] = bias[out_c] + sum over the taps, one after the other, of x (n images, `image`
     * floats apart) times weight. */
    void (*conv)(const mhoi_rows_shape *shape, size_t n, const float *x, size_t image,
                 const float *packed, const float *bias, float *y);
    /* For each of `taps` pairs (of at): sum[pair 0 + k] += weight[pair 1 + k], k < n, a multiple of 16.  Whole
     * numbers: in any order. */
    void (*add)(size_t n, size_t taps, const uint32_t (*at)[2], const int32_t *weight,
                int32_t *sum);
    /* y[pixels][c] = sum[pixels][stride] unit + bias[c] */
    void (*scale)(size_t pixels, size_t c, size_t stride, const int32_t *sum, float unit,
                  const float *bias, float *y);
} mhoi_rows;

extern const mhoi_rows mhoi_rows_ref, mhoi_rows_avx2, mhoi_rows_avx512;
const mhoi_rows *mhoi_rows_best(void);

/* c rounded up to the alignment. */
static inline size_t mhoi_rows_aligned(size_t c)
{
    return (c + MHOI_ROWS_ALIGN - 1) / MHOI_ROWS_ALIGN * MHOI_ROWS_ALIGN;
}
/* Floats of the packed weights. */
size_t mhoi_rows_packed(const mhoi_rows_shape *shape);
/* weight [taps][out_c] to packed. */
void mhoi_rows_pack(const mhoi_rows_shape *shape, const float *weight, float *packed);

#endif
