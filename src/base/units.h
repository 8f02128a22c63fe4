/* SPDX-License-Identifier: Apache-2.0 */
/* Values with units: "100 uS", "0.1 mS", "16K". */
#ifndef MHO_BASE_UNITS_H
#define MHO_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>

/* text is a number, alone or with a unit: *out is the number in `unit`.  The unit may be written with another
 * SI prefix (f p n u m k M G T) where `unit` is that of a quantity; scale: SI = value x scale, which tells
 * whether `unit` itself begins with a prefix. */
bool mhoi_parse_real(const char *text, const char *unit, double scale, double *out);
/* The same for whole numbers; bytes ("B") also as 16K, 1M, 2G, of 1024, with or without the B. */
bool mhoi_parse_count(const char *text, const char *unit, size_t *out);

#endif
