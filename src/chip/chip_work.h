/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's memory for a block of images. */
#ifndef MHO_CHIP_WORK_H
#define MHO_CHIP_WORK_H

#include "chip/chip_impl.h"

/* Memory of crossbars that a thread keeps for all layers. */
#define CHIP_BRIEF_FROM ((size_t)48 << 20)

struct chip_work {
    uint8_t **buffer;                     /* [buffers] of the images of a block */
    uint8_t **map;                        /* [maps] where they are held while they are needed */
    mho_crossbar_work **layer, **counter; /* [layers] */
    int32_t *sum, *count;                 /* of one read: [n][columns][P], [n][groups][P] */
    size_t totals;                        /* that there is room for */
    int64_t *total; /* of all reads and slices [n][channels][P]; where one is not enough */
    uint8_t
        *window; /* where inputs turn: windows of a group, and their totals [channels][pixels] */
    int64_t *turned;
    uint8_t *driven;       /* what rows are driven with, where that is not the map itself */
    float *value, *second; /* of a step, and what is added to them */
    float *scores;         /* [images][classes], its own or those of whom it works for */
    float *own;
    size_t buffers, layers;
    size_t from, to; /* layers that there is memory for, */
    bool brief; /* of crossbars only while a layer runs: all of them at once would take too much */
    size_t images, bytes;      /* of a block; of all but the crossbars' own */
    mho_crossbar_counts *told; /* [2 layers] of layer, of counter, before it was settled */
    size_t first;              /* image of the data set that map[0] begins with */
    chip_flow *flow; /* [layers]; counts: additions of slices, reads and counts, and comparisons */
    size_t bad;      /* 1 + the first step with a value that is not finite; 0: none */
};

/* Room for the sums of 64 bits that layers have as they are programmed now. */
bool mhoi_chip_work_holds_totals(const mho_chip *chip, const chip_work *work);

static inline uint16_t chip_best_class(const float *score, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        best = score[k] > score[best] ? k : best;
    return (uint16_t)best;
}

static inline size_t chip_channels(const chip_layer *layer)
{
    return layer->groups * layer->channels;
}

/* Memory of a layer's crossbars, and away with it: what it counted stays. */
MHO_MUST_CHECK mho_status mhoi_chip_work_enter(const mho_chip *chip, chip_work *work, size_t layer);
void mhoi_chip_work_leave(const mho_chip *chip, chip_work *work, size_t layer);

/* n images through steps [from, to).  sum: of step `from`, which is plain, where others have worked them out; else NULL.
 * watch: NULL, nobody looks on. */
MHO_MUST_CHECK mho_status mhoi_chip_work_go_on(const mho_chip *chip, chip_work *work, size_t from,
                                               size_t to, size_t n, const int32_t *sum,
                                               const chip_watch *watch);

/* chip_sums.c: the sums of images [first, first + n) of the block: work->sum where the layer is plain, else
 * work->total. */
void mhoi_chip_sums(const mho_chip *chip, chip_work *work, const chip_step *step, size_t first,
                    size_t n);

#endif
