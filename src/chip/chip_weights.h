/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a layer in units, in as few bytes as hold them. */
#ifndef MHO_CHIP_WEIGHTS_H
#define MHO_CHIP_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

/* Of [groups C][R]; one of the three. */
typedef struct chip_weights {
    size_t count;
    int16_t one;    /* bits: 1 stands for one, 0 for -one */
    uint64_t *bit;  /* weights of two values; a word more than they take */
    int8_t *byte;   /* -128..127 */
    int16_t *whole; /* any */
} chip_weights;

/* Takes m[count] over: it is NULL afterwards, also on failure. */
MHO_MUST_CHECK mho_status mhoi_chip_weights_take(int16_t **m, size_t count, chip_weights *out);
/* The same of bytes. */
MHO_MUST_CHECK mho_status mhoi_chip_weights_take_bytes(int8_t **m, size_t count, chip_weights *out);
/* Of w[count] that are all +1 or -1: one and -one.  *are false: they are not, and there are none. */
MHO_MUST_CHECK mho_status mhoi_chip_weights_signs(const float *w, size_t count, int16_t one,
                                                  chip_weights *out, bool *are);
void mhoi_chip_weights_free(chip_weights *weights);
/* out[n]: weights [first, first + n). */
void mhoi_chip_weights_get(const chip_weights *weights, size_t first, size_t n, int16_t *out);
/* Their sum. */
int64_t mhoi_chip_weights_sum(const chip_weights *weights, size_t first, size_t n);
static inline int16_t chip_weight(const chip_weights *weights, size_t i)
{
    int16_t m;
    mhoi_chip_weights_get(weights, i, 1, &m);
    return m;
}
/* What they are told by, and how long that is. */
const void *mhoi_chip_weights_bytes(const chip_weights *weights, size_t *size);

#endif
