/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of ten are applied as one product or quotient with an exact power, so that "0.1 mS" is the same
 * double as "100 uS" wherever decimal notation allows. */
#include "base/units.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/yaml.h"

enum { NUMBER_BYTES = 64, NO_PREFIX = 99 };

static int exponent_of(char prefix)
{
    static const char prefixes[] = "fpnumkMGT";
    static const int exponents[] = {-15, -12, -9, -6, -3, 3, 6, 9, 12};
    const char *at = prefix ? strchr(prefixes, prefix) : NULL;
    return at ? exponents[at - prefixes] : NO_PREFIX;
}

/* Power of ten that takes a number in `from` to one in `unit`; NO_PREFIX if it is another unit. */
static int power_between(const char *from, const char *unit, double scale)
{
    if (!strcmp(from, unit))
        return 0;
    const bool has_prefix = scale != 1 && exponent_of(unit[0]) != NO_PREFIX;
    const char *base = has_prefix ? unit + 1 : unit;
    const int own = has_prefix ? exponent_of(unit[0]) : 0;
    if (!*base || !strcmp(base, "%"))
        return NO_PREFIX;
    if (!strcmp(from, base))
        return -own;
    if (exponent_of(from[0]) == NO_PREFIX || strcmp(from + 1, base) != 0)
        return NO_PREFIX;
    return exponent_of(from[0]) - own;
}

/* Cuts "100 uS" in two; *unit points into text. */
static bool split(const char *text, char number[NUMBER_BYTES], const char **unit)
{
    size_t n = strspn(text, "+-.0123456789");
    if ((text[n] == 'e' || text[n] == 'E') && text[n + 1] &&
        strspn(text + n + 1, "+-0123456789")) /* 1e-3, but "1 e" is no number */
        n += 1 + strspn(text + n + 1, "+-0123456789");
    if (!n || n >= NUMBER_BYTES)
        return false;
    memcpy(number, text, n);
    number[n] = 0;
    *unit = text + n + strspn(text + n, " ");
    return true;
}

bool mhoi_parse_real(const char *text, const char *unit, double scale, double *out)
{
    char number[NUMBER_BYTES];
    const char *from;
    double v;
    if (mhoi_parse_double(text, out))
        return true;
    if (!*unit || !split(text, number, &from) || !*from || !mhoi_parse_double(number, &v))
        return false;
    const int power = power_between(from, unit, scale);
    if (power == NO_PREFIX)
        return false;
    *out = power < 0 ? v / pow(10, -power) : v * pow(10, power);
    return isfinite(*out);
}

static bool parse_bytes(const char *unit, size_t *value)
{
    static const char sizes[] = "KMG";
    const char *at = *unit ? strchr(sizes, *unit) : NULL;
    if (at && unit[1] && strcmp(unit + 1, "B") != 0 && strcmp(unit + 1, "iB") != 0)
        return false;
    if (!at)
        return !strcmp(unit, "B");
    const int shift = 10 * (int)(at - sizes + 1);
    if (*value > SIZE_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

bool mhoi_parse_count(const char *text, const char *unit, size_t *out)
{
    char number[NUMBER_BYTES];
    const char *from;
    size_t v;
    if (mhoi_parse_size(text, out))
        return true;
    if (!*unit || !split(text, number, &from) || !*from || !mhoi_parse_size(number, &v))
        return false;
    if (!strcmp(unit, "B") ? !parse_bytes(from, &v) : strcmp(from, unit) != 0)
        return false;
    *out = v;
    return true;
}
