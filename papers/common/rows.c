/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of expected.csv, the values that a run gives them, and the judgement. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "papers.h"

enum { COLUMNS = 9, CELL = 512 };
enum { ID, NAME, PRINTED, UNIT, TOLERANCE, STATUS, NOTE, VARIANT, KNOWN };

/* One line into cells, with "quoted, text"; returns the start of the next line. */
static const char *split_line(const char *line, char cell[COLUMNS][CELL])
{
    size_t c = 0, n = 0;
    bool quoted = false;
    memset(cell, 0, COLUMNS * CELL);
    for (; *line && (quoted || *line != '\n'); line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ',' && !quoted && c + 1 < COLUMNS)
            c++, n = 0;
        else if (n + 1 < CELL && *line != '\r')
            cell[c][n++] = *line;
    }
    return *line ? line + 1 : line;
}

static double number(const char *text)
{
    return *text ? strtod(text, NULL) : (double)NAN;
}

static mho_status fill_row(const paper *p, char cell[COLUMNS][CELL], paper_row *row)
{
    const bool factor = cell[TOLERANCE][0] == 'x';
    const bool reference = !strncmp(cell[PRINTED], "ref:", 4);
    *row = (paper_row){.printed = number(cell[PRINTED] + (reference ? 4 : 0)),
                       .reference = reference,
                       .factor = factor,
                       .tolerance = number(cell[TOLERANCE] + factor) - factor,
                       .known = number(cell[KNOWN])};
    snprintf(row->name, sizeof row->name, "%.95s", cell[NAME]);
    snprintf(row->unit, sizeof row->unit, "%.15s", cell[UNIT]);
    snprintf(row->note, sizeof row->note, "%.399s", cell[NOTE]);
    snprintf(row->variant, sizeof row->variant, "%.31s", cell[VARIANT]);
    if (!strcmp(cell[STATUS], "fitted"))
        row->status = PAPER_FITTED;
    else if (!strcmp(cell[STATUS], "not-reproducible"))
        row->status = PAPER_NOT_REPRODUCIBLE;
    else if (*cell[STATUS] || isnan(row->tolerance) || isnan(row->printed))
        return mho_error(MHO_EINTERNAL, "%s: row '%s' has neither a tolerance nor a known status",
                         p->expected, row->name);
    if (row->status == PAPER_NOT_REPRODUCIBLE && !row->note[0])
        return mho_error(MHO_EINTERNAL, "%s: row '%s' gives no reason", p->expected, row->name);
    return MHO_OK;
}

static mho_status read_rows(const paper *p, paper_result *result)
{
    const mho_asset *asset = mho_asset_find(p->expected);
    if (!asset)
        return mho_error(MHO_EINTERNAL, "%s is not part of the program", p->expected);
    size_t lines = 0;
    for (const char *c = asset->data; *c; c++)
        lines += *c == '\n';
    result->row = calloc(lines + 1, sizeof *result->row);
    if (!result->row)
        return mho_error(MHO_ENOMEM, "%s: out of memory", p->expected);
    for (const char *line = asset->data; *line;) {
        static char cell[COLUMNS][CELL];
        line = split_line(line, cell);
        if (strcmp(cell[ID], p->id) != 0)
            continue;
        mho_status s = fill_row(p, cell, &result->row[result->rows++]);
        if (s)
            return s;
    }
    return MHO_OK;
}

static paper_row *find_row(const paper_result *result, const char *name)
{
    for (size_t i = 0; i < result->rows; i++)
        if (!strcmp(result->row[i].name, name))
            return &result->row[i];
    return NULL;
}

mho_status paper_value(paper_result *result, double value, const char *format, ...)
{
    char name[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    paper_row *row = find_row(result, name);
    if (!row)
        return mho_error(MHO_EINTERNAL, "no row '%s' is expected", name);
    row->value = value;
    row->has_value = true;
    return MHO_OK;
}

mho_status paper_note(paper_result *result, const char *name, const char *format, ...)
{
    char text[200], old[sizeof result->row->note];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    paper_row *row = find_row(result, name);
    if (!row)
        return mho_error(MHO_EINTERNAL, "no row '%s' is expected", name);
    memcpy(old, row->note, sizeof old);
    snprintf(row->note, sizeof row->note, "%s%s%.190s", text, *old ? "; " : "", old);
    return MHO_OK;
}

void paper_incomparable(paper_result *result, const char *reason)
{
    for (size_t i = 0; i < result->rows; i++) {
        result->row[i].status = PAPER_NOT_REPRODUCIBLE;
        snprintf(result->row[i].note, sizeof result->row[i].note, "%s", reason);
    }
}

bool paper_row_absolute(const paper_row *row)
{
    return row->printed == 0 || !strcmp(row->unit, "points");
}

/* A row of points whose allowance, the statistical error of both sides, reaches from what is printed to 0:
 * no effect at all would do as well. */
static void call_noise(paper_row *row)
{
    char old[sizeof row->note];
    if (strcmp(row->unit, "points") != 0 || row->printed == 0 ||
        fabs(row->printed) > row->tolerance + 1e-12)
        return;
    memcpy(old, row->note, sizeof old);
    row->status = PAPER_NOT_REPRODUCIBLE;
    row->within_noise = true;
    snprintf(row->note, sizeof row->note,
             "within noise: no difference at all would do as well%s%.340s", *old ? "; " : "", old);
}

static bool is_within(const paper_row *row)
{
    const double least = row->factor ? 1 / (1 + row->tolerance) - 1 : -row->tolerance;
    return row->deviation >= least - 1e-12 && row->deviation <= row->tolerance + 1e-12;
}

bool paper_row_outside(const paper_row *row)
{
    return !isnan(row->tolerance) && !is_within(row);
}

bool paper_row_changed(const paper_row *row)
{
    return !isnan(row->known) && fabs(row->value / row->printed / row->known - 1) > 0.01;
}

static mho_status judge(const paper *p, paper_result *result)
{
    for (size_t i = 0; i < result->rows; i++) {
        paper_row *row = &result->row[i];
        if (!row->has_value)
            return mho_error(MHO_EINTERNAL, "%s: row '%s' of %s got no value", p->id, row->name,
                             p->expected);
        row->deviation = row->value - row->printed;
        if (!paper_row_absolute(row))
            row->deviation /= fabs(row->printed);
        if (row->status != PAPER_HOLDS)
            continue;
        if (!is_within(row))
            row->status = PAPER_MISSES;
        else
            call_noise(row);
    }
    return MHO_OK;
}

mho_status paper_reproduce(const paper *p, const paper_args *args, paper_result *result)
{
    mho_status s = read_rows(p, result);
    if (!s)
        s = p->run(args, result);
    return s ? s : judge(p, result);
}

const char *paper_status_name(paper_status s)
{
    static const char *const names[] = {"holds", "misses", "fitted", "not-reproducible"};
    return names[s];
}

size_t paper_misses(const paper_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i < result->rows; i++)
        n += result->row[i].status == PAPER_MISSES;
    return n;
}
