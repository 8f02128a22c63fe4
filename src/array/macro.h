/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_ARRAY_MACRO_H
#define MHO_ARRAY_MACRO_H

#include <stddef.h>

#include "mho/status.h"

/* "16K", "1M", "96": bytes.  MHO_ECONFIG names the text. */
MHO_MUST_CHECK mho_status mhoi_size_parse(const char *text, size_t *bytes);

#endif
