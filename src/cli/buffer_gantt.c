/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule along the time: one line a step for the array, one below it for DDR. */
#include <string.h>

#include "cli_buffer.h"

enum { COLUMNS = 72 };

static size_t column(double t_s, double all_s)
{
    size_t c = (size_t)(COLUMNS * t_s / all_s + 0.5);
    return c < COLUMNS ? c : COLUMNS;
}

/* Blanks to column `from`, marks up to `busy`, dots up to `to`; at least one mark if there is work. */
static void put_lane(FILE *out, size_t from, size_t busy, size_t to, bool any, const char *mark)
{
    if (any && busy == from)
        busy = from + 1;
    for (size_t c = 0; c < from; c++)
        fputc(' ', out);
    for (size_t c = from; c < busy; c++)
        fputs(mark, out);
    for (size_t c = busy; c < to; c++)
        fputs("·", out);
}

static void put_name(const cli_buffer *b, const mho_step *step, char text[40])
{
    if (step->first == step->last)
        snprintf(text, 40, "%.38s", b->estimate->work->layer[step->first].name);
    else
        snprintf(text, 40, "%.18s-%.18s", b->estimate->work->layer[step->first].name,
                 b->estimate->work->layer[step->last].name);
}

void cli_buffer_gantt(const cli_args *args, const cli_buffer *b)
{
    FILE *out = args->out;
    double all_s = 0.0, at_s = 0.0;
    char text[40], end[32];
    for (size_t i = 0; i < b->estimate->schedule->steps; i++)
        all_s += b->estimate->step[i].total_s;
    fprintf(out, "\n%sSchedule in time%s: █ array works, ▒ DDR works, · waits; one column is %s\n",
            cli_marks_of(args->color)->bold, cli_marks_of(args->color)->end,
            cli_si(all_s / COLUMNS, "s", end));
    for (size_t i = 0; i < b->estimate->schedule->steps; i++) {
        const mho_step_time *t = &b->estimate->step[i];
        double array_s = t->part_s[MHO_BOUND_ARRAY], ddr_s = t->part_s[MHO_BOUND_DDR];
        size_t from = column(at_s, all_s), to = column(at_s + t->total_s, all_s);
        put_name(b, &b->estimate->schedule->step[i], text);
        fprintf(out, "  %-24s |", text);
        put_lane(out, from, column(at_s + array_s, all_s), to, true, "█");
        fprintf(out, "\n  %-24s |", "");
        put_lane(out, from, column(at_s + ddr_s, all_s), from, ddr_s > 0, "▒");
        fputc('\n', out);
        at_s += t->total_s;
    }
    fprintf(out, "  %-24s 0%*s\n", "", COLUMNS - 1, cli_si(all_s, "s", end));
}
