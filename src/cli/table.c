/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: cells are kept as text, once for the eye and once for CSV, and laid out when printed. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct cell {
    char *text, *bare; /* bare: for CSV, NULL if the same */
    double value;      /* of a quantity, else NaN */
} cell;

struct cli_table {
    char *title, *columns; /* columns: titles, each ended by a zero byte */
    char **title_of;       /* column c, in columns */
    size_t width;          /* number of columns */
    bool *right, *shared;
    char (*unit)[16];     /* of the column in CSV, "" if none */
    char (*prefixed)[16]; /* of a shared column, "uJ" */
    cell *cells;
    size_t count, capacity;
    bool *rule; /* before row r */
    size_t rules;
};

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(cli_alloc(n), text, n);
}

cli_table *cli_table_create(const char *title, const char *columns)
{
    cli_table *t = cli_alloc(sizeof *t);
    *t = (cli_table){.title = copy(title ? title : ""), .columns = copy(columns), .width = 1};
    for (const char *p = columns; *p; p++)
        t->width += *p == '|';
    t->title_of = cli_alloc(t->width * sizeof *t->title_of);
    t->right = cli_alloc(t->width * sizeof *t->right);
    t->shared = cli_alloc(t->width * sizeof *t->shared);
    t->unit = cli_alloc(t->width * sizeof *t->unit);
    t->prefixed = cli_alloc(t->width * sizeof *t->prefixed);
    char *p = t->columns;
    for (size_t c = 0; c < t->width; c++) {
        size_t n = strcspn(p, "|"), mark = strcspn(p, "=>|");
        t->shared[c] = mark < n && p[mark] == '=';
        t->right[c] = mark < n && p[n - 1] == '>';
        t->unit[c][0] = t->prefixed[c][0] = 0;
        memset(p + mark, 0, n - mark + (c + 1 < t->width));
        t->title_of[c] = p;
        p += n + 1;
    }
    return t;
}

/* "energy (uJ)"; the text is valid until the next call. */
static const char *column_title(const cli_table *t, size_t c)
{
    static char text[96];
    if (!*t->prefixed[c])
        return t->title_of[c];
    snprintf(text, sizeof text, "%s (%s)", t->title_of[c], t->prefixed[c]);
    return text;
}

static void add(cli_table *t, const char *text, const char *bare, double value)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 64;
        cell *cells = cli_alloc(capacity * sizeof *cells);
        if (t->count)
            memcpy(cells, t->cells, t->count * sizeof *cells);
        free(t->cells);
        t->cells = cells;
        t->capacity = capacity;
    }
    t->cells[t->count++] = (cell){copy(text), bare ? copy(bare) : NULL, value};
}

void cli_table_text(cli_table *t, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(t, text, NULL, NAN);
}

void cli_table_si(cli_table *t, double value, const char *unit)
{
    char text[32], bare[40];
    mho_number_text(value, bare);
    snprintf(t->unit[t->count % t->width], sizeof *t->unit, "%s", unit);
    add(t, cli_si(value, unit, text), bare, value);
}

void cli_table_percent(cli_table *t, double fraction, int decimals)
{
    char text[32], bare[40];
    mho_number_text(fraction, bare);
    if (isfinite(fraction))
        snprintf(text, sizeof text, "%.*f %%", decimals, 100 * fraction);
    else
        snprintf(text, sizeof text, "-");
    add(t, text, bare, NAN);
}

void cli_table_number(cli_table *t, double value)
{
    char text[32] = "";
    if (isfinite(value))
        mho_number_text(value, text);
    add(t, text, NULL, NAN);
}

void cli_table_rule(cli_table *t)
{
    size_t row = t->count / t->width;
    if (row >= t->rules) {
        size_t rules = row + 16;
        bool *rule = cli_alloc(rules * sizeof *rule);
        memset(rule, 0, rules * sizeof *rule);
        if (t->rules)
            memcpy(rule, t->rule, t->rules * sizeof *rule);
        free(t->rule);
        t->rule = rule;
        t->rules = rules;
    }
    t->rule[row] = true;
}

/* Columns on the screen: bytes that do not continue a UTF-8 character. */
static size_t screen_width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* One line; spaces are held back until text follows, so that no line ends in one. */
typedef struct line {
    FILE *out;
    size_t spaces;
} line;

static void put(line *l, const char *text)
{
    if (!*text)
        return;
    for (; l->spaces; l->spaces--)
        fputc(' ', l->out);
    fputs(text, l->out);
}

static void put_cell(line *l, const char *text, size_t width, bool right)
{
    size_t n = screen_width(text), space = width > n ? width - n : 0;
    if (right)
        l->spaces += space;
    put(l, text);
    l->spaces += (right ? 0 : space) + 2;
}

/* A table wider than the screen is printed in parts, one below the other, each with the first column. */
typedef struct part {
    size_t from, to; /* columns besides the first */
} part;

static void print_rule(const size_t *width, part p, const cli_args *args)
{
    const size_t screen = args->wide ? 0 : cli_width(args->out);
    size_t total = width[0];
    for (size_t c = p.from; c < p.to; c++)
        total += width[c] + 2;
    if (screen > 2 && total > screen - 2)
        total = screen - 2;
    fprintf(args->out, "  %s", cli_marks_of(args->color)->dim);
    while (total--)
        fputc('-', args->out);
    fprintf(args->out, "%s\n", cli_marks_of(args->color)->end);
}

static void print_row(const cli_table *t, size_t r, part p, const size_t *width, FILE *out)
{
    line l = {out, 2};
    put_cell(&l, t->cells[r * t->width].text, width[0], t->right[0]);
    for (size_t c = p.from; c < p.to; c++)
        put_cell(&l, t->cells[r * t->width + c].text, width[c], t->right[c]);
    fputc('\n', out);
}

static void print_part(const cli_table *t, part p, const size_t *width, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    line l = {args->out, 2};
    put(&l, m->dim);
    put_cell(&l, column_title(t, 0), width[0], t->right[0]);
    for (size_t c = p.from; c < p.to; c++)
        put_cell(&l, column_title(t, c), width[c], t->right[c]);
    fprintf(args->out, "%s\n", m->end);
    for (size_t r = 0; r < t->count / t->width; r++) {
        if (r < t->rules && t->rule[r])
            print_rule(width, p, args);
        print_row(t, r, p, width, args->out);
    }
}

/* As many columns from `from` on as the screen holds, one at least. */
static part part_from(const cli_table *t, size_t from, const size_t *width, size_t screen)
{
    part p = {from, from};
    size_t used = 2 + width[0];
    while (p.to < t->width && (p.to == from || !screen || used + 2 + width[p.to] <= screen))
        used += 2 + width[p.to++];
    return p;
}

static void print_text(const cli_table *t, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    size_t *width = cli_alloc(t->width * sizeof *width);
    const size_t screen = args->wide ? 0 : cli_width(args->out);
    for (size_t c = 0; c < t->width; c++)
        width[c] = screen_width(column_title(t, c));
    for (size_t i = 0; i < t->count; i++) {
        size_t n = screen_width(t->cells[i].text);
        if (n > width[i % t->width])
            width[i % t->width] = n;
    }
    if (*t->title)
        fprintf(args->out, "%s%s%s\n", m->bold, t->title, m->end);
    part p = part_from(t, 1, width, screen);
    print_part(t, p, width, args);
    while (p.to < t->width) {
        p = part_from(t, p.to, width, screen);
        fputc('\n', args->out);
        print_part(t, p, width, args);
    }
    free(width);
}

static void print_csv_cell(FILE *out, const char *text, char end)
{
    if (strpbrk(text, ",\"\n\r")) {
        fputc('"', out);
        for (; *text; text++) {
            if (*text == '"')
                fputc('"', out);
            fputc(*text, out);
        }
        fputc('"', out);
    } else {
        fputs(text, out);
    }
    fputc(end, out);
}

static void print_csv(const cli_table *t, FILE *out)
{
    for (size_t c = 0; c < t->width; c++) {
        char title[96];
        snprintf(title, sizeof title, "%s%s%s", t->title_of[c], *t->unit[c] ? "_" : "", t->unit[c]);
        for (char *p = title; *p; p++)
            if (*p == ' ')
                *p = '_';
        print_csv_cell(out, title, c + 1 == t->width ? '\n' : ',');
    }
    const cell *end = t->cells + t->count;
    for (const cell *row = t->cells; row + t->width <= end; row += t->width)
        for (size_t c = 0; c < t->width; c++)
            print_csv_cell(out, row[c].bare ? row[c].bare : row[c].text,
                           c + 1 == t->width ? '\n' : ',');
}

/* Largest magnitude among the shared columns of a unit. */
static double largest(const cli_table *t, const char *unit)
{
    double max = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t c = i % t->width;
        if (t->shared[c] && !strcmp(t->unit[c], unit) && fabs(t->cells[i].value) > max)
            max = fabs(t->cells[i].value);
    }
    return max;
}

/* Writes the quantities of shared columns anew, all with the prefix that fits the largest. */
static void share_prefixes(cli_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        size_t c = i % t->width;
        if (!t->shared[c] || isnan(t->cells[i].value))
            continue;
        char text[40];
        int decimals;
        double max = largest(t, t->unit[c]), scale = cli_scale(max, t->unit[c], t->prefixed[c]);
        max *= scale;
        decimals = max < 9.995 ? 4 : max < 99.995 ? 3 : max < 999.95 ? 2 : 1;
        if (max < 1e9)
            snprintf(text, sizeof text, "%.*f", decimals, t->cells[i].value * scale);
        else /* beyond the prefixes there are */
            snprintf(text, sizeof text, "%.4g", t->cells[i].value * scale);
        free(t->cells[i].text);
        t->cells[i].text = copy(text);
    }
}

void cli_table_print(cli_table *t, const cli_args *args)
{
    if (!args->csv)
        share_prefixes(t);
    if (args->csv)
        print_csv(t, args->out);
    else
        print_text(t, args);
}

void cli_table_destroy(cli_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        free(t->cells[i].text);
        free(t->cells[i].bare);
    }
    free(t->cells);
    free(t->rule);
    free(t->prefixed);
    free(t->unit);
    free(t->shared);
    free(t->right);
    free(t->title_of);
    free(t->columns);
    free(t->title);
    free(t);
}
