/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep: every point is written as it comes, and the best and the Pareto front are told in the end. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_buffer.h"

enum { BLOCK = 1 << 16, KINDS = 8 };

typedef enum format { SUMMARY, CSV, JSON } format;

typedef struct sweep_run {
    const cli_args *args;
    const cli_buffer *buffer;
    mho_sweep_axes axes;
    mho_technology *library[MHO_SWEEP_LIBRARIES];
    mho_sweep *sweep;
    mho_point *block;
    mho_front front;
    mho_point best[KINDS]; /* of each kind of weight memory */
    bool has_best[KINDS];
    char kind[KINDS][24];
    size_t kinds;
    mho_figures *figures;
    uint64_t done, proven;
    double seconds;
    format format;
} sweep_run;

static bool ends_with(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0, k = strlen(end);
    return n >= k && !strcmp(text + n - k, end);
}

static format format_of(const cli_args *args)
{
    if (args->json || ends_with(args->output, ".json"))
        return JSON;
    return args->csv || ends_with(args->output, ".csv") ? CSV : SUMMARY;
}

/* --- points as text ------------------------------------------------------------------------------------ */

enum { WORDS = 4, COLUMNS = 18 + MHO_ROW_COUNT };

static const char *const columns[] = {
    "library",      "order",   "weight_kind",       "io_kind",         "index",     "level",
    "clock_Hz",     "banks",   "weight_bank_bytes", "io_bank_bytes",   "acc_depth", "time_s",
    "memory_bound", "optimal", "ddr_read_bytes",    "ddr_write_bytes", "area_m2",   "total_J"};

static const char *column_name(size_t c, char text[48])
{
    if (c < COLUMNS - MHO_ROW_COUNT)
        return columns[c];
    snprintf(text, 48, "%s_J", mho_array_row_name((mho_array_row)(c - (COLUMNS - MHO_ROW_COUNT))));
    return text;
}

static void words_of(const sweep_run *r, const mho_point *p, const char *word[WORDS])
{
    word[0] = r->axes.library[p->library];
    word[1] = r->axes.order[p->order] == MHO_ORDER_PIXEL ? "pixel" : "kernel";
    word[2] = r->axes.weight[p->weight].kind;
    word[3] = r->axes.io[p->io].kind;
}

static void numbers_of(const sweep_run *r, const mho_point *p, double number[COLUMNS - WORDS])
{
    const mho_sweep_axes *a = &r->axes;
    const mho_array_result *e = &p->result;
    const double first[] = {(double)p->index,
                            (double)a->level[p->level],
                            a->clock_Hz[p->clock],
                            (double)a->banks[p->banks],
                            (double)a->weight[p->weight].size_B,
                            (double)a->io[p->io].size_B,
                            (double)a->acc_depth[p->acc],
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
    snprintf(text, sizeof text, "%.15g", v);
    if (strtod(text, NULL) != v)
        snprintf(text, sizeof text, "%.17g", v);
    fputs(text, out);
}

static void put_point(const sweep_run *r, const mho_point *p)
{
    FILE *out = r->args->out;
    const char *word[WORDS];
    double number[COLUMNS - WORDS];
    char text[48];
    bool json = r->format == JSON;
    words_of(r, p, word);
    numbers_of(r, p, number);
    if (json)
        fputs(p->index ? ",\n  {" : "\n  {", out);
    for (size_t c = 0; c < COLUMNS; c++) {
        fputs(c ? json ? ", " : "," : "", out);
        if (json)
            fprintf(out, "\"%s\": ", column_name(c, text));
        if (c < WORDS)
            put_word(out, word[c]);
        else
            put_number(out, number[c - WORDS]);
    }
    fputs(json ? "}" : "\n", out);
}

static void put_head(const sweep_run *r)
{
    FILE *out = r->args->out;
    char text[48];
    if (r->format == JSON) {
        fputs("{\"network\": ", out);
        put_word(out, r->buffer->work->name);
        fputs(", \"sweep\": ", out);
        put_word(out, r->axes.name);
        fprintf(out, ", \"batch\": %zu, \"schedules\": %zu, \"points\": [", r->buffer->work->batch,
                mho_sweep_schedules(r->sweep));
    }
    for (size_t c = 0; r->format == CSV && c < COLUMNS; c++)
        fprintf(out, "%s%c", column_name(c, text), c + 1 < COLUMNS ? ',' : '\n');
}

static void put_foot(const sweep_run *r)
{
    FILE *out = r->args->out;
    if (r->format != JSON)
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
            r->done == mho_sweep_points(r->sweep) ? "true" : "false");
}

/* --- the sweep ----------------------------------------------------------------------------------------- */

static void keep_best(sweep_run *r, const mho_point *p)
{
    const char *kind = r->axes.weight[p->weight].kind;
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

static mho_status run_block(sweep_run *r, size_t count)
{
    double start = mho_seconds();
    mho_status s = mho_sweep_price(r->sweep, r->done, count, r->block);
    r->seconds += mho_seconds() - start;
    for (size_t i = 0; i < count && !s; i++) {
        const mho_point *p = &r->block[i];
        s = mho_front_add(&r->front, p);
        keep_best(r, p);
        s = s ? s : mho_figures_add(r->figures, p);
        r->proven += p->optimal;
        if (r->format != SUMMARY)
            put_point(r, p);
    }
    r->done += s ? 0 : count;
    return s;
}

static mho_status run_all(sweep_run *r)
{
    uint64_t all = mho_sweep_points(r->sweep);
    mho_status s = MHO_OK;
    r->block = cli_alloc(BLOCK * sizeof *r->block);
    put_head(r);
    while (r->done < all && !s)
        s = run_block(r, all - r->done < BLOCK ? (size_t)(all - r->done) : BLOCK);
    put_foot(r);
    return s;
}

static mho_status open_libraries(sweep_run *r)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i < r->axes.libraries && !s; i++) {
        s = mho_technology_open(r->axes.library[i], &r->library[i]);
        if (!s)
            s = cli_buffer_add_macros(r->args->macro, r->library[i]);
    }
    return s;
}

static mho_status open_sweep(sweep_run *r)
{
    const cli_buffer *b = r->buffer;
    mho_macro ddr;
    mho_status s = mho_sweep_axes_open(r->args->sweep[0] ? r->args->sweep[0] : "buffer-paper",
                                       &b->options, &r->axes);
    if (!s)
        s = open_libraries(r);
    if (!s)
        s = mho_technology_memory(r->library[0], "ddr", (size_t)128 << 20, false, &ddr);
    if (s)
        return s;
    s = mho_figures_create(&r->axes, (double)b->options.ddr_chips * ddr.component.leakage.value,
                           &r->figures);
    if (s)
        return s;
    double start = mho_seconds();
    s = mho_sweep_create(b->work, &b->options, &r->axes, r->library, &r->sweep);
    r->seconds = mho_seconds() - start;
    return s;
}

/* --- the summary --------------------------------------------------------------------------------------- */

static void point_cells(cli_table *t, const sweep_run *r, const mho_point *p)
{
    const mho_sweep_axes *a = &r->axes;
    char text[32];
    cli_table_si(t, p->result.total_J, "J");
    cli_table_si(t, p->result.area_m2, "m2");
    cli_table_text(t, "%s:%s", a->weight[p->weight].kind,
                   mho_bytes_text(a->weight[p->weight].size_B, text));
    cli_table_text(t, "%s:%s", a->io[p->io].kind, mho_bytes_text(a->io[p->io].size_B, text));
    cli_table_text(t, "%zu", a->banks[p->banks]);
    cli_table_text(t, "%zu", a->acc_depth[p->acc]);
    cli_table_text(t, "%s", a->order[p->order] == MHO_ORDER_PIXEL ? "pixel" : "kernel");
    cli_table_text(t, "%zu", a->level[p->level]);
    cli_table_si(t, a->clock_Hz[p->clock], "Hz");
    cli_table_si(t, p->result.time_s, "s");
    cli_table_text(t, "%s", a->library[p->library]);
}

static void print_points(const cli_args *args, const sweep_run *r, const char *title,
                         const mho_point *point, size_t count)
{
    cli_table *t = cli_table_create(title, "energy>|area>|weight bank|I/O bank|banks>|acc>|order|"
                                           "level>|clock>|time>|macros");
    for (size_t i = 0; i < count; i++)
        point_cells(t, r, &point[i]);
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_summary(const cli_args *args, const sweep_run *r)
{
    char a[32], b[32];
    uint64_t all = mho_sweep_points(r->sweep);
    fprintf(args->out, "%s, sweep %s: %s points from %zu schedules in %s\n", r->buffer->work->name,
            *r->axes.name ? r->axes.name : "without name", cli_grouped(r->done, a),
            mho_sweep_schedules(r->sweep), cli_si(r->seconds, "s", b));
    if (r->done < all)
        fprintf(args->out, "Interrupted: %s points are left.\n", cli_grouped(all - r->done, a));
    if (r->proven == r->done)
        fputs("Every schedule is proven optimal in DDR energy.\n\n", args->out);
    else
        fprintf(args->out, "The schedules of %s points are not proven optimal.\n\n",
                cli_grouped(r->done - r->proven, a));
    print_points(args, r, "Least energy with each weight memory", r->best, r->kinds);
    fputc('\n', args->out);
    print_points(args, r, "Pareto front of energy against area", r->front.point, r->front.points);
}

static mho_status write_svg(const sweep_run *r, const char *path)
{
    char title[160];
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (s)
        return s;
    snprintf(title, sizeof title, "%s, %s", r->buffer->work->name,
             *r->axes.name ? r->axes.name : "sweep");
    mho_figures_draw(r->figures, &r->front, title, mho_output_stream(output));
    return mho_output_close(output, true);
}

static void release(sweep_run *r)
{
    mho_figures_destroy(r->figures);
    mho_front_free(&r->front);
    free(r->block);
    mho_sweep_destroy(r->sweep);
    for (size_t i = 0; i < MHO_SWEEP_LIBRARIES; i++)
        mho_technology_destroy(r->library[i]);
}

mho_status cli_buffer_explore(const cli_args *args, cli_buffer *b)
{
    sweep_run r = {.args = args, .buffer = b, .format = format_of(args)};
    mho_status s = open_sweep(&r);
    if (!s)
        s = run_all(&r);
    if ((!s || s == MHO_EINTERRUPTED) && (r.format == SUMMARY || args->output)) {
        cli_args screen = *args;
        screen.csv = screen.json = false;
        screen.out = r.format == SUMMARY ? args->out : stdout;
        screen.color = cli_color(screen.out);
        print_summary(&screen, &r);
    }
    if (!s && args->svg)
        s = write_svg(&r, args->svg);
    release(&r);
    return s;
}
