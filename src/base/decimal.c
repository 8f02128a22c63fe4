/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread takes the C locale for the time of a call.  That of the process may be any: a program with a
 * user interface has the one of its user, where 0.5 may be written 0,5. */
#include "base/decimal.h"

#include <locale.h>
#include <stdlib.h>

/* The C locale is there from the start: making it allocates nothing and cannot fail. */
static locale_t enter(locale_t *c)
{
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return uselocale(*c);
}

static void leave(locale_t before, locale_t c)
{
    uselocale(before);
    if (c)
        freelocale(c);
}

double mhoi_decimal_read(const char *text, char **end)
{
    locale_t c, before = enter(&c);
    const double v = strtod(text, end);
    leave(before, c);
    return v;
}

int mhoi_decimal_vprint(char *text, size_t size, const char *format, va_list args)
{
    locale_t c, before = enter(&c);
    const int n = vsnprintf(text, size, format, args);
    leave(before, c);
    return n;
}

int mhoi_decimal_print(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = mhoi_decimal_vprint(text, size, format, args);
    va_end(args);
    return n;
}

int mhoi_decimal_write(FILE *file, const char *format, ...)
{
    va_list args;
    locale_t c, before = enter(&c);
    va_start(args, format);
    const int n = vfprintf(file, format, args);
    va_end(args);
    leave(before, c);
    return n;
}
