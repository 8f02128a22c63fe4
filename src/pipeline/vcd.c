/* SPDX-License-Identifier: Apache-2.0 */
/* Value change dump of a run, for waveform viewers. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "pipeline_impl.h"

enum { SIGNALS = 6 };
static const struct {
    const char *name;
    int bits;
} signals[SIGNALS] = {{"awake", 1}, {"shift", 1}, {"pad", 1},
                      {"valid", 1}, {"row", 16},  {"column", 16}};

typedef struct dump {
    FILE *file;
    const mho_net *net;
    const mho_node **node; /* of each layer */
    uint64_t from, to;
    double step;           /* units of time of a cycle */
    long (*last)[SIGNALS]; /* value written, -1 before the first */
} dump;

/* Identifier codes are short texts of printable characters. */
static const char *code(size_t index, char text[8])
{
    size_t n = 0;
    do {
        text[n++] = (char)('!' + index % 94);
        index /= 94;
    } while (index);
    text[n] = 0;
    return text;
}

static void write_value(FILE *file, int bits, long value, const char *id)
{
    if (bits == 1) {
        fprintf(file, "%ld%s\n", value, id);
        return;
    }
    fputc('b', file);
    for (int b = bits - 1; b >= 0; b--)
        fputc(value >> b & 1 ? '1' : '0', file);
    fprintf(file, " %s\n", id);
}

static void values_of(const mho_beat *beat, const mho_node *node, long value[SIGNALS])
{
    bool data = beat->in >= 0;
    long width = (long)node->in.w;
    value[0] = beat->awake;
    value[1] = beat->in != MHO_BEAT_NONE;
    value[2] = beat->in == MHO_BEAT_PAD;
    value[3] = beat->out != MHO_BEAT_NONE;
    value[4] = data ? beat->in / width + 1 : 0;
    value[5] = data ? beat->in % width + 1 : 0;
}

static void write_time(const dump *d, uint64_t cycle)
{
    fprintf(d->file, "#%llu\n", (unsigned long long)llround((double)cycle * d->step));
}

static void write_beat(void *user, uint64_t cycle, const mho_beat *beat, size_t layers)
{
    dump *d = user;
    if (cycle < d->from || cycle >= d->to)
        return;
    write_time(d, cycle);
    for (size_t i = 0; i < layers; i++) {
        long value[SIGNALS];
        values_of(&beat[i], d->node[i], value);
        for (size_t k = 0; k < SIGNALS; k++) {
            char id[8];
            if (value[k] == d->last[i][k])
                continue;
            d->last[i][k] = value[k];
            write_value(d->file, signals[k].bits, value[k], code(i * SIGNALS + k, id));
        }
    }
}

static void write_name(FILE *file, const char *name)
{
    for (const char *p = name; *p; p++)
        fputc(isalnum((unsigned char)*p) ? *p : '_', file);
}

/* The largest unit of a dump that a cycle is a whole number of; else the finest.  Returns the cycle in such units. */
static double write_timescale(FILE *file, double clock_s)
{
    static const char *const name[] = {"s", "ms", "us", "ns", "ps", "fs"};
    double scaled = clock_s;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++, scaled *= 1000)
        for (int ten = 100; ten >= 1; ten /= 10) {
            const double step = scaled / ten, whole = nearbyint(step);
            const bool finest = i + 1 == sizeof name / sizeof *name && ten == 1;
            if (finest || (whole >= 1 && fabs(step - whole) < 1e-9 * whole)) {
                fprintf(file, "$timescale %d %s $end\n", ten, name[i]);
                return finest ? step : whole;
            }
        }
    return scaled;
}

static void write_header(dump *d, double clock_s, size_t layers)
{
    fputs("$comment awake and line-buffer input of every layer $end\n", d->file);
    if (clock_s <= 0)
        fputs("$comment nothing tells how long a cycle takes: one is 1 ns here $end\n", d->file);
    d->step = write_timescale(d->file, clock_s > 0 ? clock_s : 1e-9);
    fputs("$scope module ", d->file);
    write_name(d->file, d->net->name);
    fputs(" $end\n", d->file);
    for (size_t i = 0; i < layers; i++) {
        fputs("$scope module ", d->file);
        write_name(d->file, d->node[i]->name);
        fputs(" $end\n", d->file);
        for (size_t k = 0; k < SIGNALS; k++) {
            char id[8];
            fprintf(d->file, "$var wire %d %s %s $end\n", signals[k].bits,
                    code(i * SIGNALS + k, id), signals[k].name);
        }
        fputs("$upscope $end\n", d->file);
    }
    fputs("$upscope $end\n$enddefinitions $end\n", d->file);
}

/* The layers of the pipeline in its order: what mhoi_pipe_create makes stages of, but the input. */
static size_t find_layers(dump *d)
{
    size_t layers = 0;
    for (size_t i = 0; i < d->net->nodes; i++)
        if (mhoi_is_layer(&d->net->node[i]))
            d->node[layers++] = &d->net->node[i];
    for (size_t i = 0; i < layers; i++)
        for (size_t k = 0; k < SIGNALS; k++)
            d->last[i][k] = -1;
    return layers;
}

mho_status mho_pipeline_vcd(const mho_net *net, const mho_pipeline_options *options,
                            const size_t *service, const size_t *copies, double clock_s,
                            uint64_t from, uint64_t to, FILE *file)
{
    mho_pipeline *p = NULL;
    dump d = {.file = file, .net = net, .from = from, .to = to};
    mho_status s = mhoi_alloc(&d.node, net->nodes, sizeof(const mho_node *), "layers of the dump");
    if (!s)
        s = mhoi_alloc(&d.last, net->nodes, sizeof *d.last, "values of the dump");
    if (!s) {
        write_header(&d, clock_s, find_layers(&d));
        s = mho_pipeline_create(net, options, service, copies, write_beat, &d, &p);
    }
    if (!s) {
        write_time(&d, to < p->cycles ? to : p->cycles);
        if (fflush(file) || ferror(file))
            s = mho_error(MHO_EFILE, "cannot write the value change dump");
    }
    mho_pipeline_destroy(p);
    mhoi_free(&d.node);
    mhoi_free(&d.last);
    return s;
}
