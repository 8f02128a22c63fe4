/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep: every point is written as it comes, into the file of -o itself, which keeps what it has on a full disk;
 * the best and the Pareto front are told in the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_buffer.h"

enum { BLOCK = 1 << 16, CHUNK = 256, KINDS = 8 };

typedef struct sweep_run {
    const cli_args *args;
    const cli_buffer *buffer;
    mho_grid *grid;
    mho_array_sweep *sweep;
    mho_array_point *block;
    mho_front front;
    mho_array_point best[KINDS]; /* of each kind of weight memory */
    bool has_best[KINDS];
    char kind[KINDS][24];
    size_t kinds;
    mho_figures *figures;
    uint64_t done, proven;
    double seconds;
    cli_format format;
    FILE *out;    /* of the points */
    bool file;    /* out is the file of -o, written in place */
    bool regular; /* and no device or pipe */
    long end;     /* of the points that count, in a regular file */
} sweep_run;

/* --- points as text ------------------------------------------------------------------------------------ */

enum { WORDS = 4, COLUMNS = 18 + MHO_ROW_COUNT };

static const char *const columns[] = {
    "technology",   "order",   "weight_kind",       "io_kind",         "index",     "level",
    "clock_Hz",     "banks",   "weight_bank_bytes", "io_bank_bytes",   "acc_depth", "time_s",
    "memory_bound", "optimal", "ddr_read_bytes",    "ddr_write_bytes", "area_m2",   "total_J"};

static const char *column_name(size_t c, char text[48])
{
    if (c < COLUMNS - MHO_ROW_COUNT)
        return columns[c];
    snprintf(text, 48, "%s_J", mho_array_row_name((mho_array_row)(c - (COLUMNS - MHO_ROW_COUNT))));
    return text;
}

static void words_of(const mho_array_choice *c, const char *word[WORDS])
{
    word[0] = c->technology;
    word[1] = c->pixel_first ? "pixel" : "kernel";
    word[2] = c->weight.kind;
    word[3] = c->io.kind;
}

static void numbers_of(const mho_array_choice *c, const mho_array_point *p,
                       double number[COLUMNS - WORDS])
{
    const mho_array_result *e = &p->result;
    const double first[] = {(double)p->index,
                            (double)c->level,
                            c->clock_Hz,
                            (double)c->banks,
                            (double)c->weight.size_B,
                            (double)c->io.size_B,
                            (double)c->acc_depth,
                            e->time_s,
                            e->memory_bound,
                            p->optimal,
                            e->ddr_read_B,
                            e->ddr_write_B,
                            e->area_m2,
                            e->total_J};
    memcpy(number, first, sizeof first);
    memcpy(number + sizeof first / sizeof *first, e->energy_J, sizeof e->energy_J);
}

/* Axes that none of the columns tells. */
static bool is_extra(const char *key)
{
    static const char *const told[] = {"technology",    "array.order",      "array.level",
                                       "array.clock",   "buffers.io",       "buffers.weight",
                                       "buffers.banks", "buffers.acc.depth"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (!strcmp(told[i], key))
            return false;
    return true;
}

/* A file name may hold anything; in a text of JSON or CSV it must not end it. */
static void put_word(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        fputc(c == '"' || c == '\\' || c < 0x20 || c >= 0x7f ? '_' : c, out);
    }
    fputc('"', out);
}

/* As many digits as it needs to read back the same. */
static void put_number(FILE *out, double v)
{
    char text[32];
    mho_number_text(v, text);
    fputs(text, out);
}

static void put_point(const sweep_run *r, const mho_array_point *p)
{
    FILE *out = r->out;
    const char *word[WORDS];
    double number[COLUMNS - WORDS];
    char text[48];
    bool json = r->format == CLI_JSON;
    mho_array_choice choice;
    mho_array_sweep_choice(r->sweep, p->index, &choice);
    words_of(&choice, word);
    numbers_of(&choice, p, number);
    if (json)
        fputs(p->index ? ",\n  {" : "\n  {", out);
    if (json) { /* as it was called at first */
        fputs("\"library\": ", out);
        put_word(out, choice.technology);
        fputs(", ", out);
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        fputs(c ? json ? ", " : "," : "", out);
        if (json)
            fprintf(out, "\"%s\": ", column_name(c, text));
        if (c < WORDS)
            put_word(out, word[c]);
        else
            put_number(out, number[c - WORDS]);
    }
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++) {
        if (!is_extra(mho_grid_key(r->grid, a)))
            continue;
        fputs(json ? ", " : ",", out);
        if (json)
            fprintf(out, "\"%s\": ", mho_grid_key(r->grid, a));
        put_word(out, mho_grid_value(r->grid, (size_t)p->index, a));
    }
    fputs(json ? "}" : "\n", out);
}

static mho_status put_head(const sweep_run *r)
{
    FILE *out = r->out;
    char text[48];
    if (r->format == CLI_JSON) {
        fprintf(out, "{\"format\": %d, \"command\": ", MHO_RESULT_FORMAT);
        put_word(out, r->args->command);
        fputs(", \"config\": ", out);
        mho_json *config = mho_hw_json(r->buffer->hw);
        mho_status s = mho_json_write(config, out);
        mho_json_destroy(config);
        if (s)
            return s;
        fputs(", \"network\": ", out);
        put_word(out, mho_net_name(r->buffer->net));
        fputs(", \"sweep\": ", out);
        put_word(out, mho_grid_name(r->grid));
        fprintf(out, ", \"batch\": %.0f, \"schedules\": %zu, \"points\": [",
                mho_hw_number(r->buffer->hw, "array.batch"), mho_array_sweep_schedules(r->sweep));
    }
    for (size_t c = 0; r->format == CLI_CSV && c < COLUMNS; c++)
        fprintf(out, "%s%s", c ? "," : "", column_name(c, text));
    for (size_t a = 0; r->format == CLI_CSV && a < mho_grid_axes(r->grid); a++)
        if (is_extra(mho_grid_key(r->grid, a)))
            fprintf(out, ",%s", mho_grid_key(r->grid, a));
    if (r->format == CLI_CSV)
        fputc('\n', out);
    return MHO_OK;
}

static void put_foot(const sweep_run *r)
{
    FILE *out = r->out;
    if (r->format != CLI_JSON)
        return;
    fputs("\n], \"front\": [", out);
    for (size_t i = 0; i < r->front.points; i++)
        fprintf(out, "%s%" PRIu64, i ? ", " : "", r->front.point[i].index);
    fputs("], \"best\": {", out);
    for (size_t k = 0; k < r->kinds; k++) {
        fputs(k ? ", " : "", out);
        put_word(out, r->kind[k]);
        fprintf(out, ": %" PRIu64, r->best[k].index);
    }
    fprintf(out, "}, \"complete\": %s}\n",
            r->done == mho_array_sweep_points(r->sweep) ? "true" : "false");
}

/* --- the sweep ----------------------------------------------------------------------------------------- */

static void keep_best(sweep_run *r, const mho_array_point *p)
{
    mho_array_choice choice;
    mho_array_sweep_choice(r->sweep, p->index, &choice);
    const char *kind = choice.weight.kind;
    size_t k = 0;
    while (k < r->kinds && strcmp(r->kind[k], kind))
        k++;
    if (k == KINDS)
        return;
    if (k == r->kinds)
        memcpy(r->kind[r->kinds++], kind, sizeof r->kind[k]);
    if (!r->has_best[k] || p->result.total_J < r->best[k].result.total_J)
        r->best[k] = *p;
    r->has_best[k] = true;
}

/* The disk is full: the file keeps the points that count, as a whole. */
static mho_status salvage(sweep_run *r, int reason)
{
    const char *path = r->args->output;
    fclose(r->out);
    r->out = r->end > 0 && !truncate(path, r->end) ? fopen(path, "r+") : NULL;
    if (r->regular && !r->out)
        unlink(path);
    if (!r->out)
        return mho_error(MHO_EFILE, "%s: cannot write: %s", path, strerror(reason));
    fseek(r->out, r->end, SEEK_SET);
    put_foot(r);
    return mho_error(MHO_EFILE, "%s: cannot write: %s; it holds %" PRIu64 " of %" PRIu64 " points",
                     path, strerror(reason), r->done, mho_array_sweep_points(r->sweep));
}

/* What has been put is on its way to the disk before it counts. */
static mho_status flush(sweep_run *r)
{
    if (!r->file)
        return MHO_OK;
    if (fflush(r->out) != 0 || ferror(r->out))
        return salvage(r, errno);
    r->end = r->regular ? ftell(r->out) : 0;
    return MHO_OK;
}

static mho_status take_chunk(sweep_run *r, const mho_array_point *point, size_t count)
{
    for (size_t i = 0; i < count && r->format != CLI_REPORT; i++)
        put_point(r, &point[i]);
    mho_status s = flush(r);
    for (size_t i = 0; i < count && !s; i++) {
        const mho_array_point *p = &point[i];
        s = mho_front_add(&r->front, p->index, p->result.area_m2, p->result.total_J);
        keep_best(r, p);
        s = s ? s : mho_figures_add(r->figures, p);
        r->proven += p->optimal;
    }
    r->done += s ? 0 : count;
    return s;
}

static mho_status run_block(sweep_run *r, size_t count)
{
    double start = mho_seconds();
    mho_status s = mho_array_sweep_price(r->sweep, r->done, count, r->block);
    r->seconds += mho_seconds() - start;
    for (size_t i = 0; i < count && !s; i += CHUNK)
        s = take_chunk(r, &r->block[i], count - i < CHUNK ? count - i : CHUNK);
    return s;
}

static mho_status run_all(sweep_run *r)
{
    uint64_t all = mho_array_sweep_points(r->sweep);
    r->block = cli_alloc(BLOCK * sizeof *r->block);
    mho_status s = put_head(r);
    if (!s)
        s = flush(r);
    while (r->done < all && !s)
        s = run_block(r, all - r->done < BLOCK ? (size_t)(all - r->done) : BLOCK);
    if (s == MHO_EFILE && r->file)
        return s;
    put_foot(r);
    const mho_status flushed = flush(r);
    return flushed ? flushed : s;
}

/* --- the file of the points ------------------------------------------------------------------------------ */

/* Results that are there are another sweep's. */
static mho_status check_file(const cli_args *args)
{
    struct stat info;
    if (cli_is_stored_sweep(args) && stat(args->output, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_size > 0)
        return mho_error(MHO_EUSAGE, "%s exists: remove it, or name another file", args->output);
    return MHO_OK;
}

static mho_status open_file(sweep_run *r)
{
    struct stat info;
    r->out = r->args->out;
    if (!cli_is_stored_sweep(r->args))
        return MHO_OK;
    r->out = fopen(r->args->output, "w");
    r->file = r->out;
    r->regular = r->out && fstat(fileno(r->out), &info) == 0 && S_ISREG(info.st_mode);
    return r->out ? MHO_OK
                  : mho_error(MHO_EFILE, "%s: cannot write: %s", r->args->output, strerror(errno));
}

static mho_status close_file(sweep_run *r, mho_status s)
{
    if (!r->file || !r->out)
        return s;
    const bool good = fsync(fileno(r->out)) == 0 || errno == EINVAL; /* a device has no disk */
    const int reason = errno;
    if ((fclose(r->out) == 0 && good) || (s && s != MHO_EINTERRUPTED))
        return s;
    return mho_error(MHO_EFILE, "%s: cannot write: %s", r->args->output,
                     strerror(good ? errno : reason));
}

/* --- opening ------------------------------------------------------------------------------------------- */

/* What an option or --set says is not swept as well. */
static mho_status check_sets(const sweep_run *r)
{
    const mho_hw *hw = r->buffer->hw;
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++)
        for (size_t i = 0; i < mho_hw_field_count(hw); i++)
            if (!strcmp(mho_hw_field(hw, i)->key, mho_grid_key(r->grid, a)) &&
                !strcmp(mho_hw_origin(hw, i)->place, "command line"))
                return mho_error(MHO_EUSAGE, "%s is set and swept: want one of the two",
                                 mho_grid_key(r->grid, a));
    return MHO_OK;
}

static mho_status open_sweep(sweep_run *r)
{
    const cli_buffer *b = r->buffer;
    const char *const *sweep = r->args->sweep;
    if (sweep[0] && sweep[1] && !strchr(sweep[0], '='))
        return mho_error(MHO_EUSAGE,
                         "--sweep %s and --sweep %s: want one file, or KEY=VALUES alone", sweep[0],
                         sweep[1]);
    mho_status s = sweep[0] && strchr(sweep[0], '=')
                       ? mho_grid_create(b->hw, sweep, &r->grid)
                       : mho_grid_open(sweep[0] ? sweep[0] : "buffer-paper", b->hw, &r->grid);
    if (!s)
        s = check_sets(r);
    if (s)
        return s;
    double start = mho_seconds();
    s = mho_array_sweep_create(b->net, b->hw, r->grid, b->macro, b->macros, &r->sweep);
    r->seconds = mho_seconds() - start;
    return s ? s : mho_figures_create(r->sweep, &r->figures);
}

/* --- the summary --------------------------------------------------------------------------------------- */

static void point_cells(cli_table *t, const sweep_run *r, const mho_array_point *p)
{
    char text[32];
    mho_array_choice c;
    mho_array_sweep_choice(r->sweep, p->index, &c);
    cli_table_si(t, p->result.total_J, "J");
    cli_table_si(t, p->result.area_m2, "m2");
    cli_table_text(t, "%s:%s", c.weight.kind, mho_bytes_text(c.weight.size_B, text));
    cli_table_text(t, "%s:%s", c.io.kind, mho_bytes_text(c.io.size_B, text));
    cli_table_text(t, "%zu", c.banks);
    cli_table_text(t, "%zu", c.acc_depth);
    cli_table_text(t, "%s", c.pixel_first ? "pixel" : "kernel");
    cli_table_text(t, "%zu", c.level);
    cli_table_si(t, c.clock_Hz, "Hz");
    cli_table_si(t, p->result.time_s, "s");
    cli_table_text(t, "%s", c.technology);
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++)
        if (is_extra(mho_grid_key(r->grid, a)))
            cli_table_text(t, "%s", mho_grid_value(r->grid, (size_t)p->index, a));
}

static void print_points(const cli_args *args, const sweep_run *r, const char *title,
                         const mho_array_point *point, size_t count)
{
    char titles[2048];
    size_t n =
        (size_t)snprintf(titles, sizeof titles,
                         "energy>|area>|weight bank|I/O bank|banks>|acc>|order|level>|clock>|"
                         "time>|technology");
    for (size_t a = 0; a < mho_grid_axes(r->grid) && n < sizeof titles; a++)
        if (is_extra(mho_grid_key(r->grid, a)))
            n += (size_t)snprintf(titles + n, sizeof titles - n, "|%s>", mho_grid_key(r->grid, a));
    cli_table *t = cli_table_create(title, titles);
    for (size_t i = 0; i < count; i++)
        point_cells(t, r, &point[i]);
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_summary(const cli_args *args, const sweep_run *r)
{
    char a[32], b[32], c[64];
    uint64_t all = mho_array_sweep_points(r->sweep);
    fprintf(args->out, "%s, sweep %s: %s point%s from %s in %s\n", mho_net_name(r->buffer->net),
            *mho_grid_name(r->grid) ? mho_grid_name(r->grid) : "without name",
            cli_grouped(r->done, a), r->done == 1 ? "" : "s",
            cli_count(mho_array_sweep_schedules(r->sweep), "schedule", c),
            cli_si(r->seconds, "s", b));
    if (r->done < all)
        fprintf(args->out, "Interrupted: %s points are left.\n", cli_grouped(all - r->done, a));
    if (r->proven == r->done)
        fputs("Every schedule is proven optimal in DDR energy.\n\n", args->out);
    else
        fprintf(args->out, "The schedules of %s points are not proven optimal.\n\n",
                cli_grouped(r->done - r->proven, a));
    print_points(args, r, "Least energy with each weight memory", r->best, r->kinds);
    fputc('\n', args->out);
    mho_array_point *front = cli_alloc((r->front.points + 1) * sizeof *front);
    mho_status s = MHO_OK;
    for (size_t i = 0; i < r->front.points && !s; i++)
        s = mho_array_sweep_price(r->sweep, r->front.point[i].index, 1, &front[i]);
    if (!s)
        print_points(args, r, "Pareto front of energy against area", front, r->front.points);
    free(front);
}

static mho_status write_svg(const sweep_run *r, const char *path)
{
    char title[160];
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (s)
        return s;
    snprintf(title, sizeof title, "%s, %s", mho_net_name(r->buffer->net),
             *mho_grid_name(r->grid) ? mho_grid_name(r->grid) : "sweep");
    mho_figures_draw(r->figures, &r->front, title, mho_output_stream(output));
    return mho_output_close(output, true);
}

static void release(sweep_run *r)
{
    mho_figures_destroy(r->figures);
    mho_front_free(&r->front);
    free(r->block);
    mho_array_sweep_destroy(r->sweep);
    mho_grid_destroy(r->grid);
}

mho_status cli_buffer_explore(const cli_args *args, cli_buffer *b)
{
    sweep_run r = {.args = args, .buffer = b, .format = cli_format_of(args)};
    mho_status s = check_file(args);
    if (!s)
        s = open_sweep(&r);
    if (!s)
        s = open_file(&r);
    if (!s)
        s = close_file(&r, run_all(&r));
    if ((!s || s == MHO_EINTERRUPTED) && (r.format == CLI_REPORT || args->output)) {
        cli_args screen = *args;
        screen.csv = screen.json = false;
        screen.out = r.format == CLI_REPORT ? args->out : stdout;
        screen.color = cli_color(screen.out);
        print_summary(&screen, &r);
    }
    if (!s && args->svg)
        s = write_svg(&r, args->svg);
    release(&r);
    return s;
}
