/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in double precision. */
#include "circuit/nested_tree_body.h"
