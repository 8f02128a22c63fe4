/* SPDX-License-Identifier: Apache-2.0 */
/* Results as a page: one HTML file with charts and tables in it that opens from disk and asks no network
 * (docs/report.md). */
#ifndef MHO_REPORT_H
#define MHO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mho/store.h"

MHO_C_BEGIN

/* Whether this build holds the page: where npm was missing it does not. */
MHO_API bool mho_page_built(void);
/* Writes the page around size bytes of JSON: what a command prints with --json, or the points of a store as
 * docs/report.md has them.  Whatever stands in the texts of the JSON is shown as text.
 * MHO_ENOTMODELED: this build has no page; MHO_EFILE: the stream refused. */
MHO_API MHO_MUST_CHECK mho_status mho_page_write(const char *json, size_t size, FILE *out);
/* The same of all points of a store (mho/store.h), with energy and area by part of the first hundred and of those that no
 * other beats in two of error, energy and area.  Memory: about 200 bytes a point.
 * MHO_EUSAGE: there is none in it; as mho_store_open and mho_page_write. */
MHO_API MHO_MUST_CHECK mho_status mho_report_write(const char *path, FILE *out);

MHO_C_END

#endif
