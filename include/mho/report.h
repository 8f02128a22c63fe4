/* SPDX-License-Identifier: Apache-2.0 */
/* Results as a page: one HTML file with charts and tables in it that opens from disk and asks no network
 * (docs/report.md). */
#ifndef MHO_REPORT_H
#define MHO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mho/status.h"

MHO_C_BEGIN

/* Whether this build holds the page: where npm was missing it does not. */
MHO_API bool mho_page_built(void);
/* Writes the page around size bytes of JSON: what a command prints with --json, or the points of a store as
 * docs/report.md has them.  Whatever stands in the texts of the JSON is shown as text.
 * MHO_ENOTMODELED: this build has no page; MHO_EFILE: the stream refused. */
MHO_API MHO_MUST_CHECK mho_status mho_page_write(const char *json, size_t size, FILE *out);

MHO_C_END

#endif
