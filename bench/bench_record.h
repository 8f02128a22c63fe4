/* SPDX-License-Identifier: Apache-2.0 */
/* What a benchmark measured, for ./dev bench --json and --compare: a line of JSON a number, added to the file that
 * MHO_BENCH_JSON names; nothing where it names none. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* ./dev bench --short: fewer images, fewer rounds, without what takes minutes. */
static inline bool is_short(void)
{
    const char *text = getenv("MHO_BENCH_SHORT");
    return text && *text;
}

/* Of how many images what follows is: numbers of other counts are not compared.  0: of none that count. */
static inline size_t *record_images(void)
{
    static size_t images;
    return &images;
}

/* any: a ratio or a size, which other machines can be compared with; else a speed of this one.  more: more is better. */
static inline void record(const char *bench, const char *name, const char *what, double value,
                          bool any, bool more)
{
    const char *path = getenv("MHO_BENCH_JSON");
    FILE *f = path && *path && isfinite(value) ? fopen(path, "a") : NULL;
    if (!f)
        return;
    fprintf(f,
            "{\"bench\": \"%s\", \"case\": \"%s\", \"what\": \"%s\", \"value\": %.6g, "
            "\"any_machine\": %s, \"better\": \"%s\"",
            bench, name, what, value, any ? "true" : "false", more ? "more" : "less");
    if (*record_images())
        fprintf(f, ", \"images\": %zu", *record_images());
    fprintf(f, "}\n");
    if (fclose(f) != 0)
        fprintf(stderr, "%s: cannot write\n", path);
}

#endif
