/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hardware (`arch:`); mho_hw_open and its like are here, for only this floor knows all of
 * their sections. */
#ifndef MHO_STUDY_ARCHS_H
#define MHO_STUDY_ARCHS_H

#include "hw/sections.h"

const mhoi_arch *const *mhoi_archs(void); /* NULL-terminated */

#endif
