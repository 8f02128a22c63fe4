/* SPDX-License-Identifier: Apache-2.0 */
/* Measured levels of a cell from CSV: level, mean, deviation (docs/models/device.md). */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/yaml.h"
#include "device/device_impl.h"
#include "mho/asset.h"

enum { FIELD_BYTES = 64, COLUMNS = 3 };

/* Cuts `line` into trimmed texts; false if there are not three short ones. */
static bool split(const char *line, size_t length, char field[COLUMNS][FIELD_BYTES])
{
    const char *end = line + length;
    for (int c = 0; c < COLUMNS; ++c) {
        const char *comma = memchr(line, ',', (size_t)(end - line));
        const char *stop = comma ? comma : end;
        if ((comma == NULL) != (c == COLUMNS - 1))
            return false;
        while (line < stop && isspace((unsigned char)*line))
            ++line;
        size_t n = (size_t)(stop - line);
        while (n && isspace((unsigned char)line[n - 1]))
            --n;
        if (!n || n >= FIELD_BYTES || memchr(line, 0, n))
            return false;
        memcpy(field[c], line, n);
        field[c][n] = 0;
        line = stop + 1;
    }
    return true;
}

static mho_status read_line(mho_device *d, size_t line, char field[COLUMNS][FIELD_BYTES],
                            bool seen[256])
{
    const size_t levels = (size_t)1 << d->bits;
    const double most = d->g_off_S + MHO_CONDUCTANCE_RATIO * (d->g_on_S - d->g_off_S);
    size_t k;
    double mean, deviation;
    if (!mhoi_parse_size(field[0], &k) || !mhoi_parse_double(field[1], &mean) ||
        !mhoi_parse_double(field[2], &deviation))
        return mho_error(MHO_EFORMAT, "%s:%zu: %s, %s, %s: want a level and two numbers", d->table,
                         line, field[0], field[1], field[2]);
    if (k >= levels)
        return mho_error(MHO_EDOMAIN, "%s:%zu: level %zu, want 0..%zu: device.bits = %zu", d->table,
                         line, k, levels - 1, d->bits);
    if (seen[k])
        return mho_error(MHO_EDOMAIN, "%s:%zu: level %zu for the second time", d->table, line, k);
    if (mean < 0 || mean > most)
        return mho_error(MHO_EDOMAIN, "%s:%zu: mean %g S, want 0..%g S", d->table, line, mean,
                         most);
    if (deviation < 0 || deviation > most)
        return mho_error(MHO_EDOMAIN, "%s:%zu: deviation %g S, want 0..%g S", d->table, line,
                         deviation, most);
    seen[k] = true;
    d->table_mean_S[k] = (float)mean;
    d->table_deviation_S[k] = (float)deviation;
    ++d->table_levels;
    return MHO_OK;
}

static mho_status read_lines(mho_device *d, const char *text, size_t size)
{
    bool seen[256] = {false}, title = true; /* a title may come */
    mho_status s = MHO_OK;
    const char *end = text + size;
    for (size_t line = 1; !s && text < end; ++line) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline ? newline + 1 : end;
        size_t n = (size_t)((newline ? newline : end) - text);
        const char *comment = memchr(text, '#', n);
        char field[COLUMNS][FIELD_BYTES];
        if (comment)
            n = (size_t)(comment - text);
        while (n && isspace((unsigned char)text[n - 1]))
            --n;
        if (n && !(title && n > 5 && !strncmp(text, "level", 5)))
            s = split(text, n, field)
                    ? read_line(d, line, field, seen)
                    : mho_error(MHO_EFORMAT, "%s:%zu: want `level, mean, deviation`", d->table,
                                line);
        title = title && !n;
        text = next;
    }
    for (size_t k = 0; !s && k < (size_t)1 << d->bits; ++k)
        if (!seen[k])
            s = mho_error(MHO_EDOMAIN, "%s: level %zu is missing: device.bits = %zu wants 0..%zu",
                          d->table, k, d->bits, ((size_t)1 << d->bits) - 1);
    return s;
}

/* Level k of equally spaced ones is that of the nearest mean, of two the lower one. */
static mho_status find_nearest(mho_device *d)
{
    const size_t top = d->table_levels - 1;
    const mhoi_means m = mhoi_device_means(d);
    if (!(m.high_S > m.low_S))
        return mho_error(MHO_EDOMAIN, "%s: all levels have the mean %g S, want different ones",
                         d->table, m.low_S);
    for (size_t k = 0; k <= top; ++k) {
        const double want = m.low_S + (m.high_S - m.low_S) * (double)k / (double)top;
        size_t best = 0;
        for (size_t i = 1; i <= top; ++i)
            if (fabs((double)d->table_mean_S[i] - want) <
                fabs((double)d->table_mean_S[best] - want))
                best = i;
        d->table_nearest[k] = (uint8_t)best;
    }
    return MHO_OK;
}

mho_status mho_device_read_table(mho_device *d)
{
    char *text = NULL;
    size_t size = 0;
    d->table_levels = 0;
    if (!d->table[0])
        return MHO_OK;
    if (d->bits < 1 || d->bits > 8)
        return mho_device_check(d);
    const mho_asset *built_in = mho_asset_find(d->table);
    mho_status s = MHO_OK;
    if (built_in)
        s = read_lines(d, built_in->data, built_in->size);
    else if (!(s = mhoi_file_read(d->table, MHOI_TEXT_MAX, &text, &size)))
        s = read_lines(d, text, size);
    if (!s)
        s = find_nearest(d);
    mhoi_free(&text);
    if (s)
        d->table_levels = 0;
    return s;
}
