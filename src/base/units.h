/* SPDX-License-Identifier: Apache-2.0 */
/* Values with units: "100 uS", "0.1 mS", "16K". */
#ifndef MHO_BASE_UNITS_H
#define MHO_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>

enum { MHOI_UNIT_BYTES = 32 };

/* A unit as it is known here: both signs of micro are u, Ohm and both signs of it are ohm.  Case is SI's. */
void mhoi_unit_canonical(const char *unit, char out[MHOI_UNIT_BYTES]);
/* The units that a field of this one takes, for messages: "uS, S, fS, ..." */
void mhoi_unit_list(const char *unit, double scale, char *text, size_t size);
/* What follows the number that text begins with: "" if it is a number alone, NULL if it begins with none. */
const char *mhoi_unit_of(const char *text);

/* text is a number, alone or with a unit: *out is the number in `unit`.  The unit may be written with another
 * SI prefix (f p n u m k M G T) where `unit` is that of a quantity; scale: SI = value x scale, which tells
 * whether `unit` itself begins with a prefix. */
bool mhoi_parse_real(const char *text, const char *unit, double scale, double *out);
/* Is `from` a unit that mhoi_parse_real (bytes and counts: mhoi_parse_count) takes for this one? */
bool mhoi_unit_fits(const char *from, const char *unit, double scale);
/* The same for whole numbers; bytes ("B") also as 16K, 1M, 2G, of 1024, with or without the B. */
bool mhoi_parse_count(const char *text, const char *unit, size_t *out);

#endif
