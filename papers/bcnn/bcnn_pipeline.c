/* SPDX-License-Identifier: Apache-2.0 */
/* Section III-B: Eq. 6, Eq. 7 and the simulation for six networks; Figs. 3 and 4 replayed. */
#include <string.h>

#include "bcnn.h"

paper_run_fn bcnn_pipeline;

static mho_status put_network(paper_result *result, const char *name, const char *title)
{
    mho_net *net;
    mho_pipeline *p = NULL;
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_status s = mho_net_zoo(name, &net);
    if (s)
        return s;
    s = mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &p);
    if (!s)
        s = paper_value(result, (double)p->eq6, "%s: Eq. 6", title);
    if (!s)
        s = paper_value(result, (double)p->eq7, "%s: Eq. 7", title);
    if (!s)
        s = paper_value(result, (double)p->cycles, "%s: simulated, against Eq. 6", title);
    if (!s)
        s = paper_value(result, (double)p->cycles, "%s: simulated, against a second model", title);
    if (!s)
        s = paper_value(result, (double)p->stalls, "%s: stalled cycles", title);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
    return s;
}

/* --- the figures, at W = 8 ------------------------------------------------------------------------------ */

enum { W = 8 };

/* One line of a figure from its cycle T_0 on: states as "ASAA", or inputs as "0 3,1 3,2 ."; "?" is not
 * compared.  shift: cycles after the figure's T_0. */
typedef struct figure_line {
    size_t layer, shift;
    const char *states, *inputs;
} figure_line;

static const char *const figure_3 =
    "input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n"
    "  - conv: {out: 1, kernel: 3, pad: 1}\n";
/* The fourth line shows the steady state and is compared two rows later. */
static const figure_line lines_3[] = {
    {0, 0, NULL, "2,1 2,2 2,3 2,4 2,5 2,6 2,7 2,8 0 3,1 3,2"},
    {0, 0, "SAAAAAAAASA", NULL},
    {1, 0, NULL, "? 1,1 1,2 1,3 1,4 1,5 1,6 1,7 1,8 0 2,1"},
    {1, 2 * (W + 1), "?SAAAAAAAAS", NULL},
};
static const char *const figure_4 =
    "input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n"
    "  - maxpool: 2\n  - conv: {out: 1, kernel: 3, pad: 1}\n";
static const figure_line lines_4[] = {
    {0, 0, NULL, "0 3,1 3,2 3,3 3,4 3,5 3,6 3,7 3,8 0 4,1 4,2 4,3 4,4 4,5 4,6 4,7 4,8"},
    {0, 0, "ASAAAAAAAASAAAAAAA", NULL},
    {1, 0, NULL, "1,8 . 2,1 2,2 2,3 2,4 2,5 2,6 2,7 2,8 . 3,1 3,2 3,3 3,4 3,5 3,6 3,7"},
    {1, 0, "SSSASASASASSSSSSSS", NULL},
    {2, 0, NULL, ". . . 1,1 . 1,2 . 1,3 . 1,4 ? . . . . . . ."},
};

static const char *element_text(const mho_beat *beat, size_t width, char text[48])
{
    if (beat->in < 0)
        return beat->in == MHO_BEAT_PAD ? "0" : ".";
    snprintf(text, 48, "%zu,%zu", (size_t)beat->in / width + 1, (size_t)beat->in % width + 1);
    return text;
}

static void compare_line(const mho_film *film, size_t t0, const figure_line *line,
                         const mho_pipeline *p, size_t *agree, size_t *cells)
{
    const char *want = line->states ? line->states : line->inputs;
    for (size_t c = 0; *want; c++) {
        char text[48], state[2] = "S";
        const mho_beat *beat = &film->beat[(t0 + line->shift + c) * film->layers + line->layer];
        state[0] = beat->awake ? 'A' : 'S';
        const char *got =
            line->states ? state : element_text(beat, p->layer[line->layer].in.w, text);
        size_t n = line->states ? 1 : strcspn(want, " ");
        if (*want != '?') {
            ++*cells;
            *agree += strlen(got) == n && !strncmp(got, want, n);
        }
        want += n + (want[n] == ' ');
    }
}

/* t0: the cycle in which the first layer takes element (row, 1), and `before` cycles less. */
static mho_status replay(paper_result *result, const char *title, const char *text, int row,
                         size_t before, const figure_line *line, size_t lines)
{
    mho_net *net;
    mho_pipeline *p = NULL;
    mho_film film = {.from = 0, .to = 200};
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_status s = mho_net_read(text, title, &net);
    if (s)
        return s;
    s = mho_pipeline_create(net, &o, NULL, NULL, mho_film_keep, &film, &p);
    s = s ? s : film.status;
    if (!s) {
        size_t t0 = 0, agree = 0, cells = 0;
        while (film.beat[t0 * film.layers].in != (row - 1) * W)
            t0++;
        t0 -= before;
        for (size_t i = 0; i < lines; i++)
            compare_line(&film, t0, &line[i], p, &agree, &cells);
        s = paper_value(result, (double)agree, "%s: entries that agree, of %zu", title, cells);
        mho_film part = {.from = t0,
                         .to = t0 + 20,
                         .beat = film.beat + t0 * film.layers,
                         .layers = film.layers,
                         .cycles = 20};
        fprintf(result->text, "\n  %s, W = 8, T_0 = cycle %zu", title, t0);
        mho_film_print(&part, p, NULL, result->text);
    }
    mho_film_free(&film);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
    return s;
}

mho_status bcnn_pipeline(const paper_args *args, paper_result *result)
{
    static const char *const nets[][2] = {
        {"vgg11-cifar10", "VGG11-CIFAR10"}, {"lenet", "Caffe LeNet 28"},
        {"lenet5-32", "LeNet-5 32"},        {"alexnet", "AlexNet 227"},
        {"alexnet-owt", "AlexNet 224"},     {"vgg16", "VGG16 224"}};
    mho_status s = MHO_OK;
    (void)args;
    for (size_t i = 0; !s && i < sizeof nets / sizeof *nets; i++)
        s = put_network(result, nets[i][0], nets[i][1]);
    if (!s)
        s = replay(result, "Fig. 3", figure_3, 2, 0, lines_3, sizeof lines_3 / sizeof *lines_3);
    if (!s)
        s = replay(result, "Fig. 4", figure_4, 3, 1, lines_4, sizeof lines_4 / sizeof *lines_4);
    return s;
}
