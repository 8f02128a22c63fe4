/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in plain C, of doubles. */
#include "circuit/nested_ref_body.h"
