/* SPDX-License-Identifier: Apache-2.0 */
/* mho reproduce: published values, or those of a reference, beside mho's, with the deviation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "papers.h"

typedef struct report {
    const paper *paper;
    paper_result result;
    char *text, *svg; /* what the run wrote */
    size_t text_size, svg_size;
    double seconds;
} report;

static mho_status find_paper(const char *id, size_t *index)
{
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; i < paper_count; i++) {
        if (!strcmp(papers[i].id, id)) {
            *index = i;
            return MHO_OK;
        }
        if (n < 64)
            names[n++] = papers[i].id;
    }
    if (mho_nearest(id, names, n))
        return mho_error_near(MHO_EUSAGE, id, names, n, "no published table or figure %s", id);
    return mho_error(MHO_EUSAGE,
                     "no published table or figure %s; `mho reproduce --list` names them", id);
}

static mho_json *number_or_null(double v)
{
    return mho_json_number(v); /* not a number becomes null */
}

static mho_json *row_json(const paper_row *row)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(row->name));
    mho_json_put(v, "printed", number_or_null(row->reference ? (double)NAN : row->printed));
    mho_json_put(v, "reference", number_or_null(row->reference ? row->printed : (double)NAN));
    mho_json_put(v, "mho", number_or_null(row->value));
    mho_json_put(v, "unit", mho_json_text(row->unit));
    mho_json_put(v, "deviation", number_or_null(row->deviation));
    mho_json_put(v, "tolerance", number_or_null(row->tolerance));
    mho_json_put(v, "status", mho_json_text(paper_status_name(row->status)));
    mho_json_put(v, "note", mho_json_text(row->note));
    mho_json_put(v, "variant", mho_json_text(row->variant));
    return v;
}

/* Takes over what was trained. */
static mho_json *put_report(mho_json *v, report *r)
{
    mho_json *rows = mho_json_array();
    for (size_t i = 0; i < r->result.rows; i++)
        mho_json_add(rows, row_json(&r->result.row[i]));
    mho_json_put(v, "id", mho_json_text(r->paper->id));
    mho_json_put(v, "source", mho_json_text(r->paper->source));
    mho_json_put(v, "rows", rows);
    if (r->result.trained)
        mho_json_put(v, "trained", r->result.trained);
    r->result.trained = NULL;
    mho_json_put(v, "seconds", mho_json_number(r->seconds));
    return v;
}

static void number_cell(cli_table *t, double v)
{
    if (isnan(v))
        cli_table_text(t, "-");
    else if (fabs(v) >= 1e5 && v == floor(v))
        cli_table_text(t, "%.0f", v);
    else
        cli_table_text(t, "%.6g", v);
}

static const char *mark(const paper_row *row)
{
    static const char *const marks[] = {"ok", "MISSES", "fitted", "not reproducible"};
    if (row->status == PAPER_NOT_REPRODUCIBLE && paper_row_changed(row))
        return "not reproducible, and CHANGED";
    if (row->status == PAPER_NOT_REPRODUCIBLE && isnan(row->printed))
        return "not printed";
    return row->within_noise ? "within noise" : marks[row->status];
}

/* One notation in the column: rows that nothing judges are told as factors where factors judge others. */
static bool has_factors(const report *r)
{
    bool any = false;
    for (size_t i = 0; i < r->result.rows; i++)
        any = any || r->result.row[i].factor;
    return any;
}

/* Has any row a number that is printed, or one that is not? */
static bool has_numbers(const report *r, bool reference)
{
    bool any = false;
    for (size_t i = 0; i < r->result.rows; i++)
        any = any || (r->result.row[i].reference == reference && !isnan(r->result.row[i].printed));
    return any;
}

static void print_rows(const cli_args *args, const report *r)
{
    const bool references = args->csv || has_numbers(r, true);
    const bool printed = args->csv || !references || has_numbers(r, false);
    char columns[128];
    snprintf(columns, sizeof columns, "%s|%s%smho>|unit|deviation>|%s", args->csv ? "id|row" : "",
             printed ? "printed>|" : "", references ? "reference>|" : "",
             args->csv ? "tolerance>|status|note" : "allowed>|");
    cli_table *t = cli_table_create("", columns);
    const bool factors = has_factors(r);
    for (size_t i = 0; i < r->result.rows; i++) {
        const paper_row *row = &r->result.row[i];
        if (args->csv)
            cli_table_text(t, "%s", r->paper->id);
        cli_table_text(t, "%s", row->name);
        if (printed)
            number_cell(t, row->reference ? (double)NAN : row->printed);
        if (references)
            number_cell(t, row->reference ? row->printed : (double)NAN);
        number_cell(t, row->value);
        cli_table_text(t, "%s", row->unit);
        if (isnan(row->deviation))
            cli_table_text(t, "-");
        else if (args->csv)
            cli_table_text(t, "%.6g", row->deviation);
        else if (!strcmp(row->unit, "points"))
            cli_table_text(t, "%+.2f", row->deviation);
        else if (row->factor || (factors && isnan(row->tolerance)))
            cli_table_text(t, "x %.3f", 1 + row->deviation);
        else
            cli_table_text(t, "%+.2f %%", 100 * row->deviation + 0.0);
        if (isnan(row->tolerance))
            cli_table_text(t, "-");
        else if (!args->csv && !strcmp(row->unit, "points"))
            cli_table_text(t, "%.2f", row->tolerance);
        else if (!args->csv && row->factor)
            cli_table_text(t, "x %.3g", 1 + row->tolerance);
        else if (args->csv || row->tolerance > 0)
            cli_table_text(t, args->csv ? "%.6g" : "%.3g %%",
                           (args->csv ? 1 : 100) * row->tolerance);
        else
            cli_table_text(t, "exact");
        cli_table_text(t, "%s", args->csv ? paper_status_name(row->status) : mark(row));
        if (args->csv)
            cli_table_text(t, "%s", row->note);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

/* Notes below the table: each once, with the rows it belongs to counted. */
static void print_notes(const cli_args *args, const report *r)
{
    for (size_t i = 0; i < r->result.rows; i++) {
        const paper_row *row = &r->result.row[i];
        size_t same = 0;
        bool seen = !row->note[0];
        for (size_t k = 0; k < r->result.rows; k++) {
            bool equal = !strcmp(r->result.row[k].note, row->note);
            seen = seen || (equal && k < i);
            same += equal;
        }
        if (seen)
            continue;
        if (same > 1)
            fprintf(args->out, "  %s and %zu more: %s\n", row->name, same - 1, row->note);
        else
            fprintf(args->out, "  %s: %s\n", row->name, row->note);
    }
}

/* Those with the status, by the reading of the paper that judges them where rows name one:
 * " (2 uniform variation, 1 Gaussian variation)". */
static void print_variants(const cli_args *args, const report *r, paper_status status)
{
    const paper_row *row = r->result.row;
    size_t groups = 0;
    for (size_t i = 0; i < r->result.rows; i++) {
        size_t same = 0;
        bool seen = !row[i].variant[0] || row[i].status != status;
        for (size_t k = 0; k < r->result.rows && !seen; k++) {
            const bool equal = row[k].status == status && !strcmp(row[k].variant, row[i].variant);
            seen = equal && k < i;
            same += equal;
        }
        if (!seen)
            fprintf(args->out, "%s%zu %s", groups++ ? ", " : " (", same, row[i].variant);
    }
    fputs(groups ? ")" : "", args->out);
}

/* Rows that are not reproducible and lie outside this factor (0: have none to lie outside of). */
static size_t outside(const report *r, double factor)
{
    size_t n = 0;
    for (size_t i = 0; i < r->result.rows; i++) {
        const paper_row *row = &r->result.row[i];
        if (row->status == PAPER_NOT_REPRODUCIBLE)
            n += factor > 0 ? row->factor && 1 + row->tolerance == factor && paper_row_outside(row)
                            : isnan(row->tolerance) != 0;
    }
    return n;
}

/* " (10 outside x 3, 7 outside x 2, 15 without a judge)", where factors judge. */
static void print_outside(const cli_args *args, const report *r)
{
    const paper_row *row = r->result.row;
    if (!has_factors(r))
        return;
    fputs(" (", args->out);
    for (size_t i = 0; i < r->result.rows; i++) {
        bool seen = row[i].status != PAPER_NOT_REPRODUCIBLE || !row[i].factor;
        for (size_t k = 0; k < i && !seen; k++)
            seen = row[k].status == PAPER_NOT_REPRODUCIBLE && row[k].tolerance == row[i].tolerance;
        if (!seen)
            fprintf(args->out, "%zu outside x %.3g, ", outside(r, 1 + row[i].tolerance),
                    1 + row[i].tolerance);
    }
    fprintf(args->out, "%zu without a judge)", outside(r, 0));
}

static void print_summary(const cli_args *args, const report *r)
{
    static const char *const names[] = {"hold", "miss", "fitted", "not reproducible"};
    size_t count[4] = {0}, noise = 0;
    const cli_marks *m = cli_marks_of(args->color);
    for (size_t i = 0; i < r->result.rows; i++) {
        count[r->result.row[i].status]++;
        noise += r->result.row[i].within_noise;
    }
    for (size_t s = PAPER_HOLDS; s <= PAPER_NOT_REPRODUCIBLE; s++) {
        const bool colored = s == PAPER_MISSES || (s == PAPER_HOLDS && !count[PAPER_MISSES]);
        if (s != PAPER_HOLDS && !count[s])
            continue;
        fprintf(args->out, "%s%s%zu %s%s", s == PAPER_HOLDS ? "  " : ", ",
                !colored            ? ""
                : s == PAPER_MISSES ? m->bad
                                    : m->good,
                count[s], names[s], colored ? m->end : "");
        print_variants(args, r, (paper_status)s);
        if (s == PAPER_NOT_REPRODUCIBLE)
            print_outside(args, r);
        if (s == PAPER_NOT_REPRODUCIBLE && noise)
            fprintf(args->out, ", %zu of them within noise", noise);
    }
    fprintf(args->out, "; %.2f s\n", r->seconds);
}

static void print_text(const cli_args *args, const report *r)
{
    const cli_marks *m = cli_marks_of(args->color);
    fprintf(args->out, "%s%s%s: %s\n  %s\n\n", m->bold, r->paper->id, m->end, r->paper->title,
            r->paper->source);
    print_rows(args, r);
    fputc('\n', args->out);
    print_notes(args, r);
    if (r->text_size) {
        fputc('\n', args->out);
        fputs(r->text, args->out);
        fputc('\n', args->out);
    }
    print_summary(args, r);
}

static mho_status list(const cli_args *args)
{
    mho_json *root = args->json ? mho_json_array() : NULL;
    cli_table *t = cli_table_create("", "id|what|source");
    for (size_t i = 0; i < paper_count; i++) {
        cli_table_text(t, "%s", papers[i].id);
        cli_table_text(t, "%s", papers[i].title);
        cli_table_text(t, "%s", papers[i].source);
        if (!root)
            continue;
        mho_json *v = mho_json_object();
        mho_json_put(v, "id", mho_json_text(papers[i].id));
        mho_json_put(v, "title", mho_json_text(papers[i].title));
        mho_json_put(v, "source", mho_json_text(papers[i].source));
        mho_json_add(root, v);
    }
    if (!root)
        cli_table_print(t, args);
    cli_table_destroy(t);
    return root ? cli_print_json(args, root) : MHO_OK;
}

static mho_status run_one(const cli_args *args, const paper *p, report *r)
{
    *r = (report){.paper = p};
    r->result.text = open_memstream(&r->text, &r->text_size);
    r->result.svg = open_memstream(&r->svg, &r->svg_size);
    if (!r->result.text || !r->result.svg)
        return mho_error(MHO_ENOMEM, "out of memory");
    const paper_args how = {.data = args->data,
                            .set = args->set,
                            .seed = args->seed,
                            .trials = args->trials,
                            .images = args->images,
                            .epochs = args->has_epochs ? args->epochs : 0,
                            .checkpoint = args->checkpoint,
                            .resume = args->resume};
    double start = mho_seconds();
    mho_status s = paper_reproduce(p, &how, &r->result);
    r->seconds = mho_seconds() - start;
    fclose(r->result.text);
    fclose(r->result.svg);
    return s ? mho_error_prefix(s, "%s", p->id) : MHO_OK;
}

static void free_report(report *r)
{
    free(r->result.row);
    mho_json_destroy(r->result.trained);
    free(r->text);
    free(r->svg);
}

static mho_status write_svg(const report *r, const char *path)
{
    if (!r->svg_size)
        return mho_error(MHO_EUSAGE, "%s draws no figure to write into %s", r->paper->id, path);
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (s)
        return s;
    fwrite(r->svg, 1, r->svg_size, mho_output_stream(output));
    return mho_output_close(output, true);
}

static bool is_svg(const char *path)
{
    size_t n = path ? strlen(path) : 0;
    return n > 4 && !strcmp(path + n - 4, ".svg");
}

static mho_status chosen(const cli_args *args, size_t *index, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < args->files; i++) {
        if (!strcmp(args->file[i], "all")) {
            for (*count = 0; *count < paper_count; (*count)++)
                index[*count] = *count;
            return MHO_OK;
        }
        mho_status s = find_paper(args->file[i], &index[*count]);
        if (s)
            return s;
        ++*count;
    }
    return *count ? MHO_OK
                  : mho_error(MHO_EUSAGE,
                              "reproduce: which table or figure? `mho reproduce --list` names "
                              "them, `all` runs them");
}

static mho_status run_all(const cli_args *args, const size_t *index, size_t count)
{
    mho_json *many = args->json && count > 1 ? mho_json_array() : NULL;
    size_t misses = 0;
    mho_status s = MHO_OK;
    for (size_t i = 0; i < count && !s; i++) {
        report r;
        s = run_one(args, &papers[index[i]], &r);
        if (!s && is_svg(args->output))
            s = write_svg(&r, args->output);
        if (!s && many)
            mho_json_add(many, put_report(mho_json_object(), &r));
        else if (!s && args->json)
            s = cli_print_json(args, put_report(cli_result_json(args), &r));
        else if (!s && args->csv)
            print_rows(args, &r);
        else if (!s) {
            fputs(i ? "\n" : "", args->out);
            print_text(args, &r);
        }
        misses += s ? 0 : paper_misses(&r.result);
        free_report(&r);
    }
    if (many && !s)
        s = cli_print_json(args, many);
    else
        mho_json_destroy(many);
    if (!s && misses)
        s = mho_error(MHO_ECHECK, "%zu %s outside the tolerance", misses,
                      misses == 1 ? "row is" : "rows are");
    return s;
}

/* Trainings are kept where there are any, one study a folder. */
static mho_status check_checkpoint(const cli_args *args, const size_t *index, size_t count)
{
    if (args->resume && !args->checkpoint)
        return mho_error(MHO_EUSAGE, "--resume needs --checkpoint FOLDER");
    if (!args->checkpoint)
        return MHO_OK;
    if (count != 1 || !paper_keeps_trainings(&papers[index[0]]))
        return mho_error(MHO_EUSAGE, "--checkpoint: %s keeps no trainings; reboc-accuracy does",
                         count == 1 ? papers[index[0]].id : "a list");
    return args->has_epochs ? MHO_OK
                            : mho_error(MHO_EUSAGE, "--checkpoint keeps trainings: --epochs N "
                                                    "asks for them");
}

static mho_status check_epochs(const cli_args *args, const size_t *index, size_t count)
{
    bool any = !args->has_epochs;
    for (size_t i = 0; i < count; i++)
        any = any || paper_trains(&papers[index[i]]);
    return any ? MHO_OK
               : mho_error(MHO_EUSAGE,
                           "--epochs: %s trains nothing; reboc-accuracy does, and "
                           "switched-threshold on CIFAR-10",
                           count == 1 ? papers[index[0]].id : "the list");
}

static mho_status run_chosen(const cli_args *args)
{
    size_t index[CLI_FILES_MAX] = {0}, count = 0;
    if (args->list)
        return list(args);
    mho_status s = chosen(args, index, &count);
    if (!s && is_svg(args->output) && count > 1)
        s = mho_error(MHO_EUSAGE, "-o %s: one figure at a time", args->output);
    if (!s)
        s = check_checkpoint(args, index, count);
    if (!s)
        s = check_epochs(args, index, count);
    return s ? s : run_all(args, index, count);
}

mho_status cmd_reproduce(const cli_args *args)
{
    if (!args->output || (is_svg(args->output) && !args->list))
        return run_chosen(args);
    cli_args to_file = *args;
    mho_output *output = NULL;
    mho_status s = mho_output_open(args->output, &output);
    if (s)
        return s;
    to_file.out = mho_output_stream(output);
    to_file.color = false;
    s = run_chosen(&to_file);
    if (s != MHO_ECHECK)
        return mho_output_finish(output, s);
    const mho_status closed = mho_output_close(output, true);
    return closed ? closed : s;
}
