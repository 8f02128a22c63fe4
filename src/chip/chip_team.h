/* SPDX-License-Identifier: Apache-2.0 */
/* Images through all steps of a programmed chip, by the run's threads. */
#ifndef MHO_CHIP_TEAM_H
#define MHO_CHIP_TEAM_H

#include "chip/chip_stream.h"

MHO_MUST_CHECK mho_status mhoi_chip_team_run(const mho_chip *chip, const chip_flight *flight);

#endif
