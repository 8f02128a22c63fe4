/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in single precision. */
#define MHOI_SINGLE

#include "circuit/nested_tree_body.h"
