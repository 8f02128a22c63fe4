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

mho_json *cli_result_json(const cli_args *args)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "format", mho_json_integer(MHO_RESULT_FORMAT));
    mho_json_put(root, "command", mho_json_text(args->command));
    return root;
}

mho_status cli_print_json(const cli_args *args, mho_json *root)
{
    mho_status s = mho_json_write(root, args->out);
    mho_json_destroy(root);
    return s;
}

const char *cli_count(uint64_t value, const char *one, char text[64])
{
    (void)snprintf(text, 64, "%" PRIu64 " %.40s%s", value, one, value == 1 ? "" : "s");
    return text;
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

double cli_scale(double value, const char *unit, char prefixed[16])
{
    static const char *const prefixes[] = {"a", "f", "p", "n", "u", "m",
                                           "",  "k", "M", "G", "T", "P"};
    enum { NANO = 3, ONE = 6, LAST = 11 };
    bool square = strcmp(unit, "m2") == 0, time = strcmp(unit, "s") == 0;
    double v = fabs(value), scale = 1, step = square ? 1e6 : 1e3;
    double least = square ? 0.009995 : 0.9995; /* 0.0714 mm2, but 700 um2 */
    int p = ONE, top = square || time ? ONE : LAST, bottom = square ? NANO : 0;
    if (v > 0 && isfinite(v)) {
        for (; v * scale < least && p > bottom; p--)
            scale *= step;
        for (; v * scale >= 0.9995 * step && p < top; p++)
            scale /= step;
    }
    snprintf(prefixed, 16, "%s%s", prefixes[p], unit);
    return scale;
}

const char *cli_si(double value, const char *unit, char text[32])
{
    char prefixed[16];
    double v = value * cli_scale(value, unit, prefixed), size = fabs(v);
    if (value == 0 || !isfinite(value))
        snprintf(text, 32, "%g %s", value, unit);
    else if (size < 0.9995 || size >= 1e9) /* beyond the prefixes there are */
        snprintf(text, 32, size < 1 ? "%.3g %s" : "%.4g %s", v, prefixed);
    else
        snprintf(text, 32, "%.*f %s",
                 size < 9.9995   ? 3
                 : size < 99.995 ? 2
                 : size < 999.95 ? 1
                                 : 0,
                 v, prefixed);
    return text;
}
