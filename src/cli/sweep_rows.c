/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a sweep: appended row by row, read again to go on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simulate_sweep.h"

enum { LINE_BYTES = 8192, NUMBERS = 8 };

static const char titles[] = "error,ci95,images_ci95,std,min,max,programmings,software_error";

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

/* "3,0.25," of a point; returns its length. */
static size_t print_values(const mho_grid *sweep, size_t point, char text[LINE_BYTES])
{
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(sweep) && n < LINE_BYTES; a++)
        n += (size_t)snprintf(text + n, LINE_BYTES - n, "%s,", mho_grid_value(sweep, point, a));
    return n;
}

static mho_status read_numbers(const char *text, sweep_row *row)
{
    double v[NUMBERS];
    char *end = NULL;
    for (int i = 0; i < NUMBERS; i++) {
        v[i] = strtod(text, &end);
        if (end == text || *end != (i + 1 < NUMBERS ? ',' : '\n'))
            return MHO_EFORMAT;
        text = end + 1;
    }
    row->error = (mho_error_estimate){
        .spread = {v[0], v[3], v[4], v[5], (size_t)v[6]}, .half = v[1], .images_half = v[2]};
    row->software_error = v[7];
    return v[6] >= 1 && v[6] <= 1e9 ? MHO_OK : MHO_EFORMAT;
}

/* Reads what is complete, and leaves the file's end there. */
static mho_status read_rows(const char *path, FILE *file, const char *run, const mho_grid *sweep,
                            sweep_row *row, size_t *done)
{
    static char line[LINE_BYTES], want[LINE_BYTES];
    long end = 0;
    for (size_t i = 1; fgets(line, sizeof line, file); i++) {
        if (i == 1)
            snprintf(want, sizeof want, "# %s\n", run);
        else if (i == 2)
            print_titles(sweep, want);
        const bool whole = strchr(line, '\n');
        if (!whole && i > 2)
            break; /* cut off */
        if (i <= 2 && !whole && strncmp(line, want, strlen(line)) == 0) {
            end = 0; /* cut off in its head: written anew */
            break;
        }
        if (i <= 2 && strcmp(line, want) != 0)
            return mho_error(MHO_EFORMAT,
                             "%s:%zu: rows of another run (network, data, hardware, sweep, seed, "
                             "trials or ci differ)",
                             path, i);
        if (i > 2) {
            const size_t point = i - 3;
            const bool more = point < mho_grid_points(sweep);
            const size_t n = more ? print_values(sweep, point, want) : 0;
            if (!more || strncmp(line, want, n) != 0 || read_numbers(line + n, &row[point]))
                return mho_error(MHO_EFORMAT, "%s:%zu: not the row of point %zu", path, i,
                                 point + 1);
            *done = point + 1;
        }
        end = ftell(file);
    }
    if (ferror(file) || end < 0 || ftruncate(fileno(file), end) || fseek(file, end, SEEK_SET))
        return cannot(path, "read");
    return MHO_OK;
}

static mho_status flush(sweep_rows *rows)
{
    if (ferror(rows->file) || fflush(rows->file) || (fsync(fileno(rows->file)) && errno != EINVAL))
        return cannot(rows->path, "write");
    return MHO_OK;
}

mho_status sweep_rows_open(const char *path, bool resume, const char *run, const mho_grid *sweep,
                           sweep_row *row, size_t *done, sweep_rows *out)
{
    char line[LINE_BYTES];
    struct stat info;
    *out = (sweep_rows){.path = path};
    *done = 0;
    if (!path)
        return MHO_OK;
    const bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
    if (there && !resume)
        return mho_error(MHO_EUSAGE, "%s exists: --resume goes on with it, or remove it", path);
    out->file = fopen(path, there ? "r+" : "w");
    if (!out->file)
        return cannot(path, "write");
    mho_status s = there ? read_rows(path, out->file, run, sweep, row, done) : MHO_OK;
    if (!s && ftell(out->file) <= 0) {
        print_titles(sweep, line);
        fprintf(out->file, "# %s\n%s", run, line);
        s = flush(out);
    }
    if (s)
        sweep_rows_close(out);
    return s;
}

mho_status sweep_rows_add(sweep_rows *rows, const mho_grid *sweep, size_t point,
                          const sweep_row *row)
{
    char line[LINE_BYTES];
    const mho_error_estimate *e = &row->error;
    if (!rows->file)
        return MHO_OK;
    print_values(sweep, point, line);
    fprintf(rows->file, "%s%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%zu,%.17g\n", line, e->spread.mean,
            e->half, e->images_half, e->spread.std, e->spread.min, e->spread.max, e->spread.trials,
            row->software_error);
    return flush(rows);
}

void sweep_rows_close(sweep_rows *rows)
{
    if (rows->file)
        fclose(rows->file);
    rows->file = NULL;
}
