/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a sweep: a line that tells the run, the titles, then a row a point; read again to go on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "base/identity.h"
#include "study/study_impl.h"

enum { LINE_BYTES = 32768, NUMBERS = 10 };

static const char titles[] = "error,ci95,images_ci95,std,min,max,programmings,software_error,"
                             "images_low,images_high";
static const char mark[] = "# sweep; ";

struct mho_rows {
    FILE *file; /* NULL where nothing is kept */
    const mho_study *study;
    char path[4096];
    char run[LINE_BYTES], line[LINE_BYTES], want[LINE_BYTES];
};

static mho_status cannot(const char *path, const char *what)
{
    return mho_error(MHO_EFILE, "%s: cannot %s: %s", path, what, strerror(errno));
}

static void print_titles(const mho_grid *sweep, char text[LINE_BYTES])
{
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(sweep) && n < LINE_BYTES; a++)
        n += (size_t)snprintf(text + n, LINE_BYTES - n, "%s,", mho_grid_key(sweep, a));
    if (n < LINE_BYTES)
        snprintf(text + n, LINE_BYTES - n, "%s\n", titles);
}

/* "3,0.25," of a point. */
static void print_values(const mho_grid *sweep, size_t point, char text[LINE_BYTES])
{
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(sweep) && n < LINE_BYTES; a++)
        n += (size_t)snprintf(text + n, LINE_BYTES - n, "%s,", mho_grid_value(sweep, point, a));
}

/* What follows the values of a point, in whatever way they are written; NULL: they are others. */
static const char *after_values(const mho_grid *sweep, size_t point, const char *line)
{
    for (size_t a = 0; a < mho_grid_axes(sweep); a++) {
        const size_t n = strcspn(line, ",");
        if (!line[n] || !mhoi_study_grid_means(sweep, point, a, line, n))
            return NULL;
        line += n + 1;
    }
    return line;
}

static mho_status read_numbers(const char *text, size_t images, mho_row *row)
{
    double v[NUMBERS];
    char *end = NULL;
    for (int i = 0; i < NUMBERS; i++) {
        v[i] = mhoi_decimal_read(text, &end);
        if (end == text || *end != (i + 1 < NUMBERS ? ',' : '\n'))
            return MHO_EFORMAT;
        text = end + 1;
    }
    if (!(v[0] >= 0 && v[0] <= 1) || !(v[6] >= 1 && v[6] <= 1e9))
        return MHO_EFORMAT;
    row->error = (mho_error_estimate){.spread = {v[0], v[3], v[4], v[5], (size_t)v[6]},
                                      .half = v[1],
                                      .images_half = v[2],
                                      .images = mho_images_interval(v[0], images)};
    row->software_error = v[7];
    return MHO_OK;
}

/* A file of something else is not ours to write into; one of another run is told apart. */
static mho_status check_head(mho_rows *r, size_t number)
{
    char difference[400] = "the swept fields differ";
    const bool ours = number == 1 && !strncmp(r->line, mark, sizeof mark - 1);
    if (!strcmp(r->line, r->want))
        return MHO_OK;
    if (number == 1 && !ours)
        return mho_error(MHO_EFORMAT, "%s:1: not the rows of a sweep", r->path);
    r->line[strcspn(r->line, "\n")] = 0;
    if (number == 1 &&
        mhoi_identity_same(r->line + sizeof mark - 1, r->run, difference, sizeof difference))
        return MHO_OK; /* remarks apart */
    return mho_error(MHO_EFORMAT, "%s:%zu: rows of another run: %s", r->path, number, difference);
}

static void print_head(const mho_rows *r, size_t number, char text[LINE_BYTES])
{
    if (number == 1)
        snprintf(text, LINE_BYTES, "%s%.*s\n", mark, LINE_BYTES - (int)sizeof mark - 1, r->run);
    else
        print_titles(r->study->grid, text);
}

/* One whole line. */
static mho_status read_line(mho_rows *r, size_t number, mho_row *row, size_t *done)
{
    const mho_grid *grid = r->study->grid;
    if (number <= 2)
        return check_head(r, number);
    const size_t point = number - 3;
    const bool more = point < mho_grid_points(grid);
    const char *numbers = more ? after_values(grid, point, r->line) : NULL;
    if (!numbers || read_numbers(numbers, mhoi_study_set_of(r->study, point)->images, &row[point]))
        return mho_error(MHO_EFORMAT, "%s:%zu: not the row of point %zu", r->path, number,
                         point + 1);
    *done = point + 1;
    return MHO_OK;
}

/* Reads what is complete, and leaves the file's end there. */
static mho_status read_rows(mho_rows *r, mho_row *row, size_t *done)
{
    long end = 0;
    for (size_t i = 1; fgets(r->line, LINE_BYTES, r->file); i++) {
        const bool whole = strchr(r->line, '\n');
        if (i <= 2)
            print_head(r, i, r->want);
        if (!whole && i > 2)
            break; /* cut off */
        if (!whole && strncmp(r->line, r->want, strlen(r->line)) == 0) {
            end = 0; /* cut off in its head: written anew */
            break;
        }
        mho_status s = read_line(r, i, row, done);
        if (s)
            return s;
        end = i == 1 ? 0 : ftell(r->file); /* without titles: likewise */
    }
    if (ferror(r->file) || end < 0 || ftruncate(fileno(r->file), end) ||
        fseek(r->file, end, SEEK_SET))
        return cannot(r->path, "read");
    return MHO_OK;
}

static mho_status flush(mho_rows *r)
{
    if (ferror(r->file) || fflush(r->file) || (fsync(fileno(r->file)) && errno != EINVAL))
        return cannot(r->path, "write");
    return MHO_OK;
}

static mho_status write_head(mho_rows *r)
{
    for (size_t i = 1; i <= 2; i++) {
        print_head(r, i, r->line);
        fputs(r->line, r->file);
    }
    return flush(r);
}

static mho_status open_file(mho_rows *r, bool resume, mho_row *row, size_t *done)
{
    struct stat info;
    const bool there = stat(r->path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
    if (there && !resume)
        return mho_error(MHO_EUSAGE, "%s exists, and is not to be gone on with", r->path);
    r->file = fopen(r->path, there ? "r+" : "w");
    if (!r->file)
        return cannot(r->path, "write");
    mho_status s = there ? read_rows(r, row, done) : MHO_OK;
    if (!s && ftell(r->file) <= 0)
        s = write_head(r);
    return s;
}

mho_status mho_rows_open(const char *path, bool resume, const mho_study *study, mho_row *row,
                         size_t *done, mho_rows **out)
{
    mho_rows *r = NULL;
    *done = 0;
    *out = NULL;
    if (!path)
        return MHO_OK;
    if (!study->grid)
        return mho_error(MHO_EDOMAIN, "%s: rows of a study that sweeps nothing", path);
    mho_status s = mhoi_alloc(&r, 1, sizeof *r, "rows of a sweep");
    if (s)
        return s;
    r->study = study;
    if ((size_t)snprintf(r->path, sizeof r->path, "%s", path) >= sizeof r->path)
        s = mho_error(MHO_EFILE, "%.60s...: the name of a file is too long", path);
    if (!s)
        s = mhoi_study_identity(study, r->run, sizeof r->run - sizeof mark - 2);
    if (!s)
        s = open_file(r, resume, row, done);
    if (s)
        mho_rows_close(r);
    else
        *out = r;
    return s;
}

mho_status mho_rows_add(mho_rows *rows, size_t point, const mho_row *row)
{
    if (!rows)
        return MHO_OK;
    const mho_error_estimate *e = &row->error;
    const double number[NUMBERS] = {
        e->spread.mean, e->half,       e->images_half,           e->spread.std,
        e->spread.min,  e->spread.max, (double)e->spread.trials, row->software_error,
        e->images.low,  e->images.high};
    print_values(rows->study->grid, point, rows->line);
    fputs(rows->line, rows->file);
    for (size_t i = 0; i < NUMBERS; i++) {
        char text[32];
        mhoi_decimal_shortest(text, number[i]);
        fprintf(rows->file, "%s%c", text, i + 1 < NUMBERS ? ',' : '\n');
    }
    return flush(rows);
}

void mho_rows_close(mho_rows *rows)
{
    if (!rows)
        return;
    if (rows->file)
        fclose(rows->file);
    mhoi_free(&rows);
}
