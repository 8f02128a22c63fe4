/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines: two lines a layer, what its line buffer takes (row,column from 1; 0 = padding; . = nothing) and
 * whether its crossbars are awake (A) or asleep (S). */
#include "cli_film.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CYCLES_MAX = 5000, LINE_WIDTH = 110, NAME_WIDTH = 10 };

mho_status cli_film_range(cli_film *film, const char *text)
{
    char *end;
    unsigned long long from = strtoull(text, &end, 10), to = 0;
    bool good = *text >= '0' && *text <= '9' && *end == ':' && end[1] >= '0' && end[1] <= '9';
    if (good) {
        to = strtoull(end + 1, &end, 10);
        good = !*end && to > from;
    }
    if (!good)
        return mho_error(MHO_EUSAGE, "--trace %s: want FROM:TO, cycles from 0, as 0:80", text);
    if (to - from > CYCLES_MAX)
        return mho_error(MHO_EUSAGE,
                         "--trace %s: %llu cycles, want at most %d (--vcd takes any number)", text,
                         to - from, CYCLES_MAX);
    film->from = from;
    film->to = to;
    return MHO_OK;
}

void cli_film_keep(void *user, uint64_t cycle, const mho_beat *beat, size_t layers)
{
    cli_film *film = user;
    if (cycle < film->from || cycle >= film->to)
        return;
    film->layers = layers;
    if (!film->beat)
        film->beat = cli_alloc((size_t)(film->to - film->from) * layers * sizeof *beat);
    memcpy(film->beat + (size_t)(cycle - film->from) * layers, beat, layers * sizeof *beat);
    film->cycles = (size_t)(cycle - film->from) + 1;
}

void cli_film_free(cli_film *film)
{
    free(film->beat);
    film->beat = NULL;
}

static const mho_beat *beat_at(const cli_film *film, size_t cycle, size_t layer)
{
    return &film->beat[cycle * film->layers + layer];
}

static const char *input_text(const mho_beat *beat, const mho_pipeline_layer *l, char text[48])
{
    if (beat->in == MHO_BEAT_NONE)
        return ".";
    if (beat->in == MHO_BEAT_PAD)
        return "0";
    snprintf(text, 48, "%zu,%zu", (size_t)beat->in / l->in.w + 1, (size_t)beat->in % l->in.w + 1);
    return text;
}

static bool moves(const cli_film *film, size_t layer, size_t first, size_t last)
{
    for (size_t c = first; c < last; c++)
        if (beat_at(film, c, layer)->in != MHO_BEAT_NONE || beat_at(film, c, layer)->awake)
            return true;
    return false;
}

static int cell_width(const cli_film *film, const mho_pipeline *p)
{
    int width = snprintf(NULL, 0, "%" PRIu64, film->to);
    for (size_t c = 0; c < film->cycles; c++)
        for (size_t i = 0; i < film->layers; i++) {
            char text[48];
            int n = (int)strlen(input_text(beat_at(film, c, i), &p->layer[i], text));
            width = n > width ? n : width;
        }
    return width + 1;
}

static void print_layer(const cli_args *args, const cli_film *film, const mho_pipeline_layer *l,
                        size_t layer, size_t first, size_t last, int width)
{
    const cli_marks *m = cli_marks_of(args->color);
    char text[48];
    fprintf(args->out, "  %-*.*s in  ", NAME_WIDTH, NAME_WIDTH, l->name);
    for (size_t c = first; c < last; c++)
        fprintf(args->out, "%*s", width, input_text(beat_at(film, c, layer), l, text));
    fprintf(args->out, "\n  %-*s     ", NAME_WIDTH, "");
    for (size_t c = first; c < last; c++) {
        bool awake = beat_at(film, c, layer)->awake;
        fprintf(args->out, "%*s%s%c%s", width - 1, "", awake ? m->good : m->dim, awake ? 'A' : 'S',
                m->end);
    }
    fputc('\n', args->out);
}

void cli_film_print(const cli_args *args, const cli_film *film, const mho_pipeline *p)
{
    fprintf(args->out,
            "\n%sCycles %" PRIu64 " to %" PRIu64
            "%s: what each line buffer takes (row,column; 0 = padding; "
            ". = nothing), A awake, S asleep\n",
            cli_marks_of(args->color)->bold, film->from, film->to - 1,
            cli_marks_of(args->color)->end);
    int width = cell_width(film, p);
    size_t per_line = (LINE_WIDTH - NAME_WIDTH - 7) / (size_t)width;
    for (size_t first = 0; first < film->cycles; first += per_line) {
        size_t last = first + per_line < film->cycles ? first + per_line : film->cycles;
        fprintf(args->out, "\n  %-*s  t  ", NAME_WIDTH, "");
        for (size_t c = first; c < last; c++)
            fprintf(args->out, "%*" PRIu64, width, film->from + c);
        fputc('\n', args->out);
        for (size_t i = 0; i < film->layers; i++)
            if (moves(film, i, first, last))
                print_layer(args, film, &p->layer[i], i, first, last, width);
    }
    if (!film->cycles)
        fprintf(args->out, "  the image ends at cycle %" PRIu64 "\n", p->cycles);
}

mho_json *cli_film_json(const cli_film *film, const mho_pipeline *p)
{
    mho_json *root = mho_json_array();
    for (size_t i = 0; i < film->layers; i++) {
        mho_json *v = mho_json_object(), *input = mho_json_array();
        char awake[CYCLES_MAX + 1], text[48];
        for (size_t c = 0; c < film->cycles; c++) {
            mho_json_add(input, mho_json_text(input_text(beat_at(film, c, i), &p->layer[i], text)));
            awake[c] = beat_at(film, c, i)->awake ? 'A' : 'S';
        }
        awake[film->cycles] = 0;
        mho_json_put(v, "name", mho_json_text(p->layer[i].name));
        mho_json_put(v, "from", mho_json_integer((int64_t)film->from));
        mho_json_put(v, "state", mho_json_text(awake));
        mho_json_put(v, "input", input);
        mho_json_add(root, v);
    }
    return root;
}
