/* SPDX-License-Identifier: Apache-2.0 */
/* Making a chip of a network that nobody needs any more. */
#ifndef MHO_CHIP_CREATE_H
#define MHO_CHIP_CREATE_H

#include "base/parallel.h"
#include "mho/chip.h"

/* mho_chip_create, which calls `taken` (NULL: it does not) once the chip has all that it wants of the network, before it has
 * cells and calibrates: the network's parameters may go then. */
typedef void mhoi_taken_fn(void *user);
MHO_MUST_CHECK mho_status mhoi_chip_create_taking(const mho_net *net,
                                                  const mho_placement *placement,
                                                  const mho_images *calibration,
                                                  mhoi_taken_fn *taken, void *user, mho_chip **out);
/* The least that such a chip takes beside what is there: made without cells, and destroyed. */
MHO_MUST_CHECK mho_status mhoi_chip_need(const mho_net *net, const mho_placement *placement,
                                         mhoi_taken_fn *taken, void *user, mhoi_need *least);

#endif
