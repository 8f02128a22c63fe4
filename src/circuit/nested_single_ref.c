/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in plain C, of floats. */
#define MHOI_SINGLE

#include "circuit/nested_ref_body.h"
