/* SPDX-License-Identifier: Apache-2.0 */
/* Powers of ten are applied as one product or quotient with an exact power, so that "0.1 mS" is the same
 * double as "100 uS" wherever decimal notation allows. */
#include "base/units.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/yaml.h"

enum { NUMBER_BYTES = 64, NO_PREFIX = 99 };

static const char prefixes[] = "fpnumkMGT", bytes_text[] = "B, K, KB, KiB, M, MB, MiB, G, GB, GiB";

static int exponent_of(char prefix)
{
    static const int exponents[] = {-15, -12, -9, -6, -3, 3, 6, 9, 12};
    const char *at = prefix ? strchr(prefixes, prefix) : NULL;
    return at ? exponents[at - prefixes] : NO_PREFIX;
}

void mhoi_unit_canonical(const char *unit, char out[MHOI_UNIT_BYTES])
{
    static const char *const micro[] = {"\xc2\xb5", "\xce\xbc"}, /* the sign, the letter */
        *const ohm[] = {"Ohm", "\xce\xa9", "\xe2\x84\xa6"};      /* the letter, the sign */
    for (int i = 0; i < 2; i++)
        if (!strncmp(unit, micro[i], 2)) {
            snprintf(out, MHOI_UNIT_BYTES, "u%s", unit + 2);
            unit = NULL;
            break;
        }
    if (unit)
        snprintf(out, MHOI_UNIT_BYTES, "%s", unit);
    for (int i = 0; i < 3; i++) {
        const size_t n = strlen(out), k = strlen(ohm[i]);
        if (n >= k && !strcmp(out + n - k, ohm[i]))
            snprintf(out + n - k, MHOI_UNIT_BYTES - (n - k), "ohm");
    }
}

static const char *base_of(const char *unit, double scale)
{
    return scale != 1 && exponent_of(unit[0]) != NO_PREFIX ? unit + 1 : unit;
}

void mhoi_unit_list(const char *unit, double scale, char *text, size_t size)
{
    const char *base = base_of(unit, scale);
    size_t used = (size_t)snprintf(text, size, "%s", strcmp(unit, "B") ? unit : bytes_text);
    if (!strcmp(unit, "B") || !strcmp(unit, "%"))
        return;
    if (base != unit && used < size)
        used += (size_t)snprintf(text + used, size - used, ", %s", base);
    for (const char *p = prefixes; *p && used < size; p++)
        if (base == unit || *p != unit[0])
            used += (size_t)snprintf(text + used, size - used, ", %c%s", *p, base);
}

/* Power of ten that takes a number in `from` to one in `unit`; NO_PREFIX if it is another unit. */
static int power_between(const char *written, const char *unit, double scale)
{
    char from[MHOI_UNIT_BYTES];
    mhoi_unit_canonical(written, from);
    if (!strcmp(from, unit))
        return 0;
    const char *base = base_of(unit, scale);
    const int own = base != unit ? exponent_of(unit[0]) : 0;
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

const char *mhoi_unit_of(const char *text)
{
    char number[NUMBER_BYTES];
    const char *unit;
    double v;
    if (!strncmp(text, "0x", 2) || !split(text, number, &unit) || !mhoi_parse_double(number, &v))
        return NULL;
    const unsigned char c = (unsigned char)*unit;
    return !c || c == '%' || c >= 0x80 || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? unit
                                                                                           : NULL;
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

bool mhoi_unit_fits(const char *from, const char *unit, double scale)
{
    size_t none = 0;
    return !strcmp(unit, "B") ? parse_bytes(from, &none)
                              : *unit && power_between(from, unit, scale) != NO_PREFIX;
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
