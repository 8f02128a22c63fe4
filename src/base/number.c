/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers written in full: nothing before, nothing after. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/yaml.h"

bool mhoi_parse_double(const char *text, double *out)
{
    char *end;
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false; /* "nan", "inf", "0x10" */
    double v = mhoi_decimal_read(text, &end);
    if (*end != '\0' || !isfinite(v))
        return false;
    *out = v;
    return true;
}

bool mhoi_parse_size(const char *text, size_t *out)
{
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    unsigned long long v = strtoull(text, NULL, 10);
    if (errno || v > SIZE_MAX)
        return false;
    *out = (size_t)v;
    return true;
}
