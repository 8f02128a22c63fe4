/* SPDX-License-Identifier: Apache-2.0 */
/* Drawn cells on the shelf of the run: chips that differ in nothing that their cells depend on (converters, prices, noise of
 * reads) draw them, and work out what wires make of them, once a programming. */
#ifndef MHO_CHIP_DRAWN_H
#define MHO_CHIP_DRAWN_H

#include "chip/chip_impl.h"

/* One programming of one layer. */
typedef struct chip_drawn {
    struct drawn_place *place;
    struct drawn_layer *layer; /* NULL: nothing is kept */
    bool known;                /* its cells are there; else they are to be put */
    size_t at;                 /* cells that were taken or put so far */
} chip_drawn;

/* In the order of programming. */
void mhoi_chip_drawn_begin(mho_chip *chip, size_t layer, bool ideal, chip_drawn *drawn);
void mhoi_chip_drawn_take(chip_drawn *drawn, size_t n, int16_t *g);
void mhoi_chip_drawn_put(chip_drawn *drawn, size_t n, const int16_t *g);
/* count, bound: of this layer; told where its cells were known, kept where they were put. */
void mhoi_chip_drawn_end(chip_drawn *drawn, bool whole, mho_write_count *count, double *bound);

#endif
