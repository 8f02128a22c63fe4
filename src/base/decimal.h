/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text: the decimal sign is a point, whatever the locale of the program is that uses the library.
 * No other file of the library reads or prints a floating number by itself. */
#ifndef MHO_BASE_DECIMAL_H
#define MHO_BASE_DECIMAL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "mho/status.h"

/* strtod, snprintf, vsnprintf and fprintf of the C locale. */
double mhoi_decimal_read(const char *text, char **end);
int mhoi_decimal_print(char *text, size_t size, const char *format, ...) MHO_PRINTF(3, 4);
int mhoi_decimal_vprint(char *text, size_t size, const char *format, va_list args) MHO_PRINTF(3, 0);
/* "%.*g" of 1 to 17 digits, exactly and many times faster; returns its length. */
int mhoi_decimal_general(char text[32], double v, int digits);
/* With as few digits as read back to the same number. */
void mhoi_decimal_shortest(char text[32], double v);
int mhoi_decimal_write(FILE *file, const char *format, ...) MHO_PRINTF(2, 3);

#endif
