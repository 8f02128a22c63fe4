/* SPDX-License-Identifier: Apache-2.0 */
/* Cells that chips of one study share; docs/explore.md, "Nothing twice". */
#ifndef MHO_CHIP_DRAWN_CELLS_H
#define MHO_CHIP_DRAWN_CELLS_H

#include "mho/chip.h"

/* Puts a place for them on the run's shelf, if it has none: of so many bytes; 0: an eighth of the memory that is
 * left, 512 MB at most. */
void mhoi_drawn_cells_open(size_t budget);
/* Were cells drawn at the last programming, or were all of them there? */
bool mhoi_chip_drew(const mho_chip *chip);

#endif
