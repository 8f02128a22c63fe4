/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, colors and JSON as the program prints them. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

void *cli_alloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p) {
        fputs("mho: error: out of memory\n", stderr);
        exit(mho_status_exit_code(MHO_ENOMEM));
    }
    return p;
}

bool cli_color(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

const cli_marks *cli_marks_of(bool color)
{
    static const cli_marks none = {"", "", "", "", ""};
    static const cli_marks marks = {"\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"};
    return color ? &marks : &none;
}

mho_status cli_print_json(const cli_args *args, mho_json *root)
{
    mho_status s = mho_json_write(root, args->out);
    mho_json_destroy(root);
    return s;
}

const char *cli_grouped(uint64_t value, char text[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    size_t k = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            text[k++] = ',';
        text[k++] = digits[i];
    }
    text[k] = 0;
    return text;
}

static const char *const prefixes[] = {"a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T", "P"};
enum { PREFIX_ONE = 6, PREFIX_LAST = 11 };

const char *cli_si(double value, const char *unit, char text[32])
{
    bool square = strcmp(unit, "m2") == 0;
    double step = square ? 1e6 : 1e3, v = fabs(value);
    int p = PREFIX_ONE;
    if (v == 0 || !isfinite(v)) {
        snprintf(text, 32, "%g %s", value, unit);
        return text;
    }
    if (strcmp(unit, "s") == 0 && v >= 1) { /* no kiloseconds */
        snprintf(text, 32, v < 100 ? "%.3g s" : "%.0f s", value);
        return text;
    }
    while (v >= 0.9995 * step && p < PREFIX_LAST && !(square && p >= PREFIX_ONE)) {
        v /= step;
        p++;
    }
    while (v < 0.9995 && p > (square ? 3 : 0)) {
        v *= step;
        p--;
    }
    int decimals = v < 9.995 ? 3 : v < 99.95 ? 2 : v < 999.5 ? 1 : 0;
    snprintf(text, 32, "%s%.*f %s%s", value < 0 ? "-" : "", decimals, v, prefixes[p], unit);
    return text;
}
