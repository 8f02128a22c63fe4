/* SPDX-License-Identifier: Apache-2.0 */
/* A chip within a budget of memory: where not all of its cells fit, those of one layer are programmed at a time, and all
 * images take its step before the next layer's. */
#ifndef MHO_CHIP_STREAM_H
#define MHO_CHIP_STREAM_H

#include "base/parallel.h"
#include "chip/chip_impl.h"

/* Once the layers are known, without crossbars yet: sets chip->streamed, and makes the crossbars of all layers where they
 * fit.  MHO_ENOMEM: one layer alone does not. */
MHO_MUST_CHECK mho_status mhoi_chip_stream_choose(mho_chip *chip);
/* Before that: what the chip takes at least, a layer at a time. */
void mhoi_chip_stream_need(const mho_chip *chip, mhoi_need *least);
void mhoi_chip_stream_destroy(struct chip_stream *stream);
/* Before the next programming. */
void mhoi_chip_stream_clear(mho_chip *chip);
/* Images of an item of a step, of `wanted`, by so many threads; what is left for maps of all images in between. */
size_t mhoi_chip_stream_together(const mho_chip *chip, size_t wanted, size_t threads);
size_t mhoi_chip_stream_maps(const mho_chip *chip, size_t together, size_t threads);

/* Images [first, first + n), by which noise is numbered from `number` on; scores, label and cut may be NULL. */
typedef struct chip_flight {
    const mho_images *images;
    size_t first, n;
    uint64_t number;
    float *scores;
    uint16_t *label;
    mho_cut *cut; /* sums that are cut off; not of streamed chips */
} chip_flight;
MHO_MUST_CHECK mho_status mhoi_chip_stream_run(const mho_chip *chip, const chip_flight *flight);

#endif
