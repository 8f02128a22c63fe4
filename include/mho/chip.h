/* SPDX-License-Identifier: Apache-2.0 */
/* A network on crossbars: thresholds, converter ranges, programming, and hardware inference. */
#ifndef MHO_CHIP_H
#define MHO_CHIP_H

#include "mho/data.h"
#include "mho/device.h"
#include "mho/map.h"
#include "mho/net.h"

MHO_C_BEGIN

typedef struct mho_chip mho_chip;

/* Builds a network that was placed: merges batch normalization and sign into thresholds, quantizes, and calibrates
 * the converters on the first output.calibration_images of `calibration` (NULL allowed where nothing needs it).
 * Keeps neither net nor images; the placement may go before the chip.
 * MHO_ENOTMODELED: a graph the hardware cannot run, with the layer's name; MHO_EDOMAIN: no parameters, a
 * weight or coefficient that is not finite, a weight outside its layer's alphabet; MHO_EUSAGE: calibration images are
 * needed, the placement is of another network; MHO_ECONFIG: the images' shape; MHO_ENOMEM names the size. */
MHO_API MHO_MUST_CHECK mho_status mho_chip_create(const mho_net *net,
                                                  const mho_placement *placement,
                                                  const mho_images *calibration, mho_chip **out);
/* Places the network on a hardware description, then the same. */
MHO_API MHO_MUST_CHECK mho_status mho_chip_open(const mho_net *net, const mho_hw *hw,
                                                const mho_images *calibration, mho_chip **out);
MHO_API void mho_chip_destroy(mho_chip *chip);

/* Draws all cells of programming `trial`.  Same seed and trial, same cells. */
MHO_API MHO_MUST_CHECK mho_status mho_chip_program(mho_chip *chip, uint64_t seed, uint32_t trial);

/* Cells of the last programming whose draw left the range a conductance can take and was held at its end
 * (mho/device.h). */
MHO_API uint64_t mho_chip_held(const mho_chip *chip);
/* With wires.approximate: no current of a bit line is wrong by more than this part of the current with all inputs on, in the last
 * programming; else 0. */
MHO_API double mho_chip_wires_bound(const mho_chip *chip);
/* What the last programming took: writes, cells out of tolerance, stuck cells. */
MHO_API mho_write_count mho_chip_writes(const mho_chip *chip);

/* What the chip did, counted while it did it: the cells of the last programming, and the sums of all runs since
 * then.  A placement's counts times the images, if both are right. */
MHO_API mho_counts mho_chip_counts(const mho_chip *chip);

/* What happened in the cells of one layer in the runs since the last programming, all images together.  x is what
 * a row is driven with in a read, from 0 to 1, the largest input (of a signed one, its size); g the conductance
 * that a cell was programmed to, behind wires what it conducts in effect.  docs/models/chip.md eq. (15) to (18). */
typedef struct mho_chip_activity {
    uint64_t images;
    mho_counts counts;        /* cells: of the programming */
    uint64_t driven;          /* of counts.row_drives: with an input other than 0 */
    uint64_t cells_on_row;    /* of a row: columns of cells, both sides of pairs, references */
    double largest;           /* the code that x = 1 stands for */
    double drive, square;     /* sums over the row drives: of x, of x^2 */
    double drive_S, square_S; /* sums over the cells of these rows: of g x, of g x^2 */
} mho_chip_activity;
/* layer: as in the placement.  Exact, so the same for any threads, kernel and parts of the images; nonlinear cells
 * conduct what docs/models/chip.md eq. (11) says, so theirs are sums of g x' and g x x'. */
MHO_API mho_chip_activity mho_chip_layer_activity(const mho_chip *chip, size_t layer);

/* Runs images [first, first + n) of `images`; scores[n][classes] (may be NULL) and label[n] (may be NULL;
 * of equal scores the lowest index).  All threads are used; a block of images at a time, so memory does
 * not grow with n.  MHO_EUSAGE: the chip is not programmed; MHO_EDOMAIN: a layer's value is not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_chip_run(const mho_chip *chip, const mho_images *images,
                                               size_t first, size_t n, float *scores,
                                               uint16_t *label);

/* Sums that converters were given, and how many of them are cut off: further than half a step from what the first or the
 * last code stands for.  Neither counts pairs of 0 whose crossbars have a converter each: their difference is right
 * whatever these make of them.  Converters without codes cut nothing, and are not counted. */
typedef struct mho_cut {
    uint64_t sums, beyond;
} mho_cut;
/* The same with noise of reads as images number, number + 1, ... of a data set have it: others for every call of one who
 * reads on and on.  cut not NULL: and counts, which is somewhat slower; a chip that is programmed layer by layer is not
 * counted: 0 sums. */
MHO_API MHO_MUST_CHECK mho_status mho_chip_run_numbered(const mho_chip *chip,
                                                        const mho_images *images, size_t first,
                                                        size_t n, uint64_t number, float *scores,
                                                        uint16_t *label, mho_cut *cut);

MHO_C_END

#endif
