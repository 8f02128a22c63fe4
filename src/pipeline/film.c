/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines: two lines a layer, what its line buffer takes (row,column from 1; 0 = padding; . = nothing) and
 * whether its crossbars are awake (A) or asleep (S). */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/pipeline.h"

enum { LINE_WIDTH = 110, NAME_WIDTH = 10 };

mho_status mho_film_start(uint64_t from, uint64_t to, mho_film *film)
{
    *film = (mho_film){.from = from, .to = to};
    if (to <= from || to - from > MHO_FILM_CYCLES_MAX)
        return mho_error(MHO_EDOMAIN, "cycles %" PRIu64 " to %" PRIu64 ": want 1..%d of them", from,
                         to, MHO_FILM_CYCLES_MAX);
    return MHO_OK;
}

void mho_film_keep(void *user, uint64_t cycle, const mho_beat *beat, size_t layers)
{
    mho_film *film = user;
    if (cycle < film->from || cycle >= film->to || film->status)
        return;
    film->layers = layers;
    if (!film->beat)
        film->status = mhoi_alloc(&film->beat, (size_t)(film->to - film->from) * layers,
                                  sizeof *beat, "cycles of a trace");
    if (film->status)
        return;
    memcpy(film->beat + (size_t)(cycle - film->from) * layers, beat, layers * sizeof *beat);
    film->cycles = (size_t)(cycle - film->from) + 1;
}

void mho_film_free(mho_film *film)
{
    mhoi_free(&film->beat);
}

static const mho_beat *beat_at(const mho_film *film, size_t cycle, size_t layer)
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

static bool moves(const mho_film *film, size_t layer, size_t first, size_t last)
{
    for (size_t c = first; c < last; c++)
        if (beat_at(film, c, layer)->in != MHO_BEAT_NONE || beat_at(film, c, layer)->awake)
            return true;
    return false;
}

static int cell_width(const mho_film *film, const mho_pipeline *p)
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

static void print_layer(FILE *out, const mho_film_marks *m, const mho_film *film,
                        const mho_pipeline_layer *l, size_t layer, size_t first, size_t last,
                        int width)
{
    char text[48];
    fprintf(out, "  %-*.*s in  ", NAME_WIDTH, NAME_WIDTH, l->name);
    for (size_t c = first; c < last; c++)
        fprintf(out, "%*s", width, input_text(beat_at(film, c, layer), l, text));
    fprintf(out, "\n  %-*s     ", NAME_WIDTH, "");
    for (size_t c = first; c < last; c++) {
        bool awake = beat_at(film, c, layer)->awake;
        fprintf(out, "%*s%s%c%s", width - 1, "", awake ? m->awake : m->asleep, awake ? 'A' : 'S',
                m->end);
    }
    fputc('\n', out);
}

void mho_film_print(const mho_film *film, const mho_pipeline *p, const mho_film_marks *marks,
                    FILE *out)
{
    static const mho_film_marks none = {"", "", "", "", 0};
    marks = marks ? marks : &none;
    fprintf(out,
            "\n%sCycles %" PRIu64 " to %" PRIu64
            "%s: what each line buffer takes (row,column; 0 = padding; "
            ". = nothing), A awake, S asleep\n",
            marks->bold, film->from, film->to - 1, marks->end);
    int width = cell_width(film, p);
    const size_t line = marks->width && marks->width < LINE_WIDTH ? marks->width : LINE_WIDTH;
    const size_t taken = NAME_WIDTH + 7, room = line > taken ? line - taken : 0;
    const size_t per_line = room > (size_t)width ? room / (size_t)width : 1;
    for (size_t first = 0; first < film->cycles; first += per_line) {
        size_t last = first + per_line < film->cycles ? first + per_line : film->cycles;
        fprintf(out, "\n  %-*s  t  ", NAME_WIDTH, "");
        for (size_t c = first; c < last; c++)
            fprintf(out, "%*" PRIu64, width, film->from + c);
        fputc('\n', out);
        for (size_t i = 0; i < film->layers; i++)
            if (moves(film, i, first, last))
                print_layer(out, marks, film, &p->layer[i], i, first, last, width);
    }
    if (!film->cycles)
        fprintf(out, "  the image ends at cycle %" PRIu64 "\n", p->cycles);
}

mho_json *mho_film_json(const mho_film *film, const mho_pipeline *p)
{
    mho_json *root = mho_json_array();
    for (size_t i = 0; i < film->layers; i++) {
        mho_json *v = mho_json_object(), *input = mho_json_array();
        char awake[MHO_FILM_CYCLES_MAX + 1], text[48];
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
