/* SPDX-License-Identifier: Apache-2.0 */
/* Few images for several threads: layers that read more of their crossbars than so few images make of it are shared out by
 * columns, all that lies between them by images. */
#ifndef MHO_CHIP_TEAM_H
#define MHO_CHIP_TEAM_H

#include "chip/chip_stream.h"

/* Is that worth it, for so many images and threads? */
bool mhoi_chip_team_pays(const mho_chip *chip, size_t images, size_t threads);
MHO_MUST_CHECK mho_status mhoi_chip_team_run(const mho_chip *chip, const chip_flight *flight,
                                             size_t threads);

#endif
