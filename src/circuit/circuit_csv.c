/* SPDX-License-Identifier: Apache-2.0 */
/* Reads conductances and voltages from CSV files; every refusal names file:line:column and the value. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/yaml.h"
#include "mho/circuit.h"

enum { WORD = 64 }; /* longest number */

typedef struct reader {
    const char *path, *at, *line_start;
    size_t line, first_line; /* first_line: of the first values */
    bool voltages;
    mho_circuit_table table;
} reader;

static size_t column_of(const reader *r, const char *place)
{
    return (size_t)(place - r->line_start) + 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_line(char c)
{
    return c == '\0' || c == '\n' || c == '\r' || c == '#';
}

static void skip_blanks(reader *r)
{
    while (is_blank(*r->at))
        r->at++;
}

static mho_status check_value(const reader *r, const char *place, const char *word, double value)
{
    if (r->voltages && fabs(value) > MHO_CIRCUIT_MAX)
        return mho_error(MHO_EDOMAIN, "%s:%zu:%zu: voltage = %s, want %g..%g", r->path, r->line,
                         column_of(r, place), word, -MHO_CIRCUIT_MAX, MHO_CIRCUIT_MAX);
    if (!r->voltages && value != 0 && !(value >= MHO_CIRCUIT_MIN && value <= MHO_CIRCUIT_MAX))
        return mho_error(MHO_EDOMAIN, "%s:%zu:%zu: conductance = %s, want 0 or %g..%g S", r->path,
                         r->line, column_of(r, place), word, MHO_CIRCUIT_MIN, MHO_CIRCUIT_MAX);
    return MHO_OK;
}

/* The field at r->at, which then stands behind it and the blanks that follow. */
static mho_status read_field(reader *r, double *value)
{
    skip_blanks(r);
    const char *place = r->at;
    char word[WORD + 1];
    size_t length = 0;
    for (; *r->at != ',' && !ends_line(*r->at) && !is_blank(*r->at); r->at++)
        if (length < WORD)
            word[length++] = *r->at >= ' ' && *r->at <= '~' ? *r->at : '?';
    word[length] = '\0';
    skip_blanks(r);
    const char *what = r->voltages ? "voltage" : "conductance";
    if (length == 0)
        return mho_error(MHO_EFORMAT, "%s:%zu:%zu: %s is missing", r->path, r->line,
                         column_of(r, place), what);
    if (r->voltages && strcmp(word, "float") == 0) {
        *value = NAN;
        return MHO_OK;
    }
    if ((*r->at != ',' && !ends_line(*r->at)) || length == WORD || !mhoi_parse_double(word, value))
        return mho_error(MHO_EFORMAT, "%s:%zu:%zu: %s = %s, want a number%s", r->path, r->line,
                         column_of(r, place), what, word, r->voltages ? " or float" : "");
    return check_value(r, place, word, *value);
}

static mho_status read_line(reader *r)
{
    mho_circuit_table *t = &r->table;
    double *row = t->value + t->rows * t->columns;
    size_t count = 0;
    for (mho_status s = MHO_OK;; r->at++) {
        const char *place = r->at;
        if (t->rows && count == t->columns)
            return mho_error(MHO_EFORMAT,
                             "%s:%zu:%zu: more than %zu values, as many as line %zu has", r->path,
                             r->line, column_of(r, place), t->columns, r->first_line);
        if (count == MHO_CIRCUIT_LINES)
            return mho_error(MHO_EDOMAIN, "%s:%zu:%zu: more than %d values", r->path, r->line,
                             column_of(r, place), MHO_CIRCUIT_LINES);
        s = read_field(r, row + count);
        if (s)
            return s;
        count++;
        if (*r->at != ',')
            break;
    }
    if (t->rows && count < t->columns)
        return mho_error(MHO_EFORMAT, "%s:%zu:%zu: %zu values, but line %zu has %zu", r->path,
                         r->line, column_of(r, r->at), count, r->first_line, t->columns);
    if (!t->rows)
        r->first_line = r->line;
    t->columns = count;
    t->rows++;
    return MHO_OK;
}

static mho_status read_lines(reader *r, const char *end)
{
    mho_status s = MHO_OK;
    for (r->line = 1; !s && r->at < end; r->line++) {
        r->line_start = r->at;
        skip_blanks(r);
        if (!ends_line(*r->at))
            s = read_line(r);
        if (!s && mhoi_interrupted())
            s = mho_error(MHO_EINTERRUPTED, "%s:%zu: interrupted", r->path, r->line);
        if (!s && *r->at == '\0' && r->at < end)
            s = mho_error(MHO_EFORMAT, "%s:%zu:%zu: a zero byte", r->path, r->line,
                          column_of(r, r->at));
        if (!s && *r->at == '\r' && r->at + 1 < end && r->at[1] != '\n')
            s = mho_error(MHO_EFORMAT, "%s:%zu:%zu: a carriage return within a line", r->path,
                          r->line, column_of(r, r->at));
        const char *next = memchr(r->at, '\n', (size_t)(end - r->at));
        r->at = next ? next + 1 : end;
    }
    if (!s && !r->table.rows)
        s = mho_error(MHO_EFORMAT, "%s: no values in it", r->path);
    return s;
}

static mho_status read_table(const char *path, bool voltages, mho_circuit_table *out)
{
    char *text;
    size_t size, most = 1;
    *out = (mho_circuit_table){0};
    mho_status s = mhoi_file_read(path, MHOI_TABLE_MAX, &text, &size);
    if (s)
        return s;
    for (size_t i = 0; i < size; i++)
        most += text[i] == ',' || (text[i] == '\n' && i > 0 && text[i - 1] != '\n');
    reader r = {.path = path, .at = text, .voltages = voltages};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r.at += 3;
    s = mhoi_alloc(&r.table.value, most, sizeof *r.table.value, "table of a CSV file");
    if (!s)
        s = read_lines(&r, text + size);
    mhoi_free(&text);
    if (s)
        mho_circuit_table_clear(&r.table);
    *out = r.table;
    return s;
}

void mho_circuit_table_clear(mho_circuit_table *table)
{
    mhoi_free(&table->value);
    *table = (mho_circuit_table){0};
}

mho_status mho_circuit_read_conductances(const char *path, mho_circuit_table *out)
{
    mho_status s = read_table(path, false, out);
    if (!s && out->rows > MHO_CIRCUIT_LINES)
        s = mho_error(MHO_EDOMAIN, "%s: %zu word lines, want at most %d", path, out->rows,
                      MHO_CIRCUIT_LINES);
    if (s)
        mho_circuit_table_clear(out);
    return s;
}

mho_status mho_circuit_read_voltages(const char *path, size_t M, mho_circuit_table *out)
{
    mho_status s = read_table(path, true, out);
    if (s)
        return s;
    if (out->columns == 1 && out->rows == M) {
        out->columns = M;
        out->rows = 1;
    }
    if (out->columns != M) {
        s = mho_error(
            MHO_EFORMAT,
            "%s: %zu lines of %zu values; the crossbar has %zu word lines: want %zu lines of "
            "one value, or lines of %zu values",
            path, out->rows, out->columns, M, M, M);
        mho_circuit_table_clear(out);
    }
    return s;
}
