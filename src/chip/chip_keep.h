/* SPDX-License-Identifier: Apache-2.0 */
/* Feature maps of many images, kept from the step that makes them to the last that reads them, so that all images can
 * take one step after the other.  In memory up to a budget, then in files without a name. */
#ifndef MHO_CHIP_KEEP_H
#define MHO_CHIP_KEEP_H

#include "chip/chip_impl.h"

typedef struct chip_keep chip_keep;

/* Of images [first, first + count) of `images`, here numbered from 0, whose pixels are read from there; at most `together` are asked for at once, by so many
 * threads.  budget: bytes of maps in memory. */
MHO_MUST_CHECK mho_status mhoi_chip_keep_create(const mho_chip *chip, const mho_images *images,
                                                size_t first, size_t count, size_t together,
                                                size_t threads, size_t budget, chip_keep **out);
void mhoi_chip_keep_destroy(chip_keep *keep);
/* Before a step: room for what it makes.  After it: what nobody reads any more is forgotten. */
MHO_MUST_CHECK mho_status mhoi_chip_keep_begin(chip_keep *keep, size_t step);
void mhoi_chip_keep_end(chip_keep *keep, size_t step);

/* A step's maps of images [first, first + n), for one thread at a time: inputs as they are kept (in2, out NULL where there is
 * none), and room for the output, which store keeps. */
typedef struct chip_kept {
    const uint8_t *in, *in2, *from[MHOI_NODE_INPUTS];
    uint8_t *out;
} chip_kept;
MHO_MUST_CHECK mho_status mhoi_chip_keep_get(chip_keep *keep, size_t step, size_t first, size_t n,
                                             size_t thread, chip_kept *kept);
MHO_MUST_CHECK mho_status mhoi_chip_keep_store(chip_keep *keep, size_t step, size_t first, size_t n,
                                               size_t thread, const chip_kept *kept);
/* The map of an image that is kept, until the next call of thread 0. */
MHO_MUST_CHECK mho_status mhoi_chip_keep_map(chip_keep *keep, size_t map, size_t image,
                                             const uint8_t **out);

#endif
