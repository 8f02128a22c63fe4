/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of runs that waits for the next run. */
#ifndef MHO_CHIP_IDLE_H
#define MHO_CHIP_IDLE_H

#include "chip/chip_impl.h"

MHO_MUST_CHECK mho_status mhoi_chip_idle_create(struct chip_idle **out);
void mhoi_chip_idle_destroy(struct chip_idle *idle);
/* The chip was programmed anew: what does for it is kept.  Nothing runs meanwhile. */
void mhoi_chip_idle_programmed(const mho_chip *chip);
/* For so many images: what was given, or new. */
MHO_MUST_CHECK mho_status mhoi_chip_idle_take(const mho_chip *chip, size_t images, chip_work **out);
/* Once what it counted was told; NULL is fine. */
void mhoi_chip_idle_give(const mho_chip *chip, chip_work *work);
/* The same of memory for maps, of at least so many bytes. */
MHO_MUST_CHECK mho_status mhoi_chip_idle_take_maps(const mho_chip *chip, size_t bytes, void **out,
                                                   size_t *has);
void mhoi_chip_idle_give_maps(const mho_chip *chip, void *maps, size_t bytes);

#endif
