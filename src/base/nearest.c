/* SPDX-License-Identifier: Apache-2.0 */
/* The known spelling nearest to a mistyped one: fewest insertions, deletions, replacements and swaps of
 * neighbours. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "mho/config.h"

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein distance of words up to WORD_MAX letters. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[3][WORD_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = d[i % 3], *last = d[(i + 2) % 3], *before = d[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return d[n % 3][m];
}

/* rows is the last part of crossbar.rows. */
static bool is_last_part(const char *word, const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot + 1, word) == 0;
}

/* The dashes of an option are no letters that could be mistyped. */
static const char *without_dashes(const char *word)
{
    return strncmp(word, "--", 2) == 0 ? word + 2 : word;
}

const char *mho_nearest(const char *word, const char *const *names, size_t count)
{
    word = without_dashes(word);
    size_t n = strlen(word);
    size_t best = 1 + n / 3; /* farther is not near */
    const char *found = NULL;
    if (n == 0 || n > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name = without_dashes(names[i]);
        size_t m = strlen(name);
        if (m > WORD_MAX)
            continue;
        size_t d = is_last_part(word, name) ? 1 : distance(word, n, name, m);
        if (d < n && (found ? d < best : d <= best)) {
            best = d;
            found = names[i];
        }
    }
    return found;
}

mho_status mho_error_near(mho_status s, const char *word, const char *const *names, size_t count,
                          const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)mhoi_decimal_vprint(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *near = mho_nearest(word, names, count);
    return near ? mho_error(s, "%s; did you mean %s?", text, near) : mho_error(s, "%s", text);
}
