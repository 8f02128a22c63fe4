/* SPDX-License-Identifier: Apache-2.0 */
/* mho pipeline: cycles of an image by the line-buffer simulation, beside bcnn Eq. 6 and Eq. 7, with the
 * reason of each difference; timelines and waveforms of any stretch of cycles. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "times_report.h"

typedef struct run {
    mho_net *file;      /* as it was read, */
    const mho_net *net; /* and its graph on hardware */
    mho_hw *hw;
    mho_pipeline_options options;
    size_t *service, *copies; /* of each node */
    mho_film film;            /* to = 0: none */
    mho_pipeline *result;
    mho_placement *placement; /* NULL: --service tells all, or nothing is placed */
} run;

static mho_status bad_service(const run *r, const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; i < mho_net_nodes(r->net) && n < 64; i++)
        if (mho_node_is_weighted(mho_net_node(r->net, i)))
            names[n++] = mho_node_name(mho_net_node(r->net, i));
    char layer[64];
    snprintf(layer, sizeof layer, "%.*s", (int)strcspn(word, "="), word);
    return mho_error_near(MHO_EUSAGE, layer, names, n,
                          "--service %s: want N or LAYER=N of a conv or fc layer", word);
}

/* "4" for all layers, or "conv2=4". */
static mho_status service_word(run *r, const char *word)
{
    const char *digits = strchr(word, '=');
    size_t length = digits ? (size_t)(digits - word) : 0;
    char *end;
    digits = digits ? digits + 1 : word;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || errno || value < 1 || value > 1000000)
        return mho_error(MHO_EUSAGE, "--service %s: want a whole number 1..1000000 or LAYER=N",
                         word);
    if (!length) {
        for (size_t i = 0; i < mho_net_nodes(r->net); i++)
            if (mho_node_is_weighted(mho_net_node(r->net, i)))
                r->service[i] = value;
        return MHO_OK;
    }
    for (size_t i = 0; i < mho_net_nodes(r->net); i++) {
        const mho_node *n = mho_net_node(r->net, i);
        const char *name = mho_node_name(n);
        if (mho_node_is_weighted(n) && strlen(name) == length && !strncmp(name, word, length)) {
            r->service[i] = value;
            return MHO_OK;
        }
    }
    return bad_service(r, word);
}

static bool is_mapped(const run *r)
{
    bool weighted = false;
    for (size_t i = 0; i < mho_net_nodes(r->net); i++)
        weighted = weighted || mho_node_is_weighted(mho_net_node(r->net, i));
    return weighted && !strcmp(mho_hw_arch(r->hw), "crossbar");
}

/* As long as the hardware's reads take, where --service does not tell. */
static mho_status default_service(run *r)
{
    if (!is_mapped(r))
        return MHO_OK;
    mho_status s = mho_placement_create(r->net, r->hw, &r->placement);
    if (!s)
        mho_placement_service(r->placement, r->service);
    if (!s)
        mho_placement_copies(r->placement, r->copies);
    return s;
}

static mho_status read_service(run *r, const char *text)
{
    r->service = cli_alloc(mho_net_nodes(r->net) * sizeof *r->service);
    r->copies = cli_alloc(mho_net_nodes(r->net) * sizeof *r->copies);
    memset(r->service, 0, mho_net_nodes(r->net) * sizeof *r->service);
    memset(r->copies, 0, mho_net_nodes(r->net) * sizeof *r->copies);
    mho_status s = default_service(r);
    for (const char *p = text; p && !s;) {
        char word[128];
        size_t n = strcspn(p, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        s = service_word(r, word);
        p = p[n] ? p + n + 1 : NULL;
    }
    return s;
}

static const char *kind_text(const mho_pipeline_layer *l, const mho_net *net, char text[48])
{
    const mho_geometry g = mho_node_geometry(mho_net_node(net, l->node));
    if (l->op == MHO_OP_FC || l->op == MHO_OP_ADD)
        return mho_op_name(l->op);
    const int n =
        snprintf(text, 48, "%s %zu x %zu / %zu", mho_op_name(l->op), g.kh, g.kw, g.stride_h);
    if (g.stride_w != g.stride_h && n < 48)
        snprintf(text + n, 48 - (size_t)n, ",%zu", g.stride_w);
    return text;
}

static void print_layers(const cli_args *args, const run *r)
{
    cli_table *t =
        cli_table_create("Layers", "layer|kind|input|awake>|of the time>|first at>|last result>|"
                                   "registers>|x channels>|whole map>|kept>");
    char text[48], a[32];
    for (size_t i = 0; i < r->result->layers; i++) {
        const mho_pipeline_layer *l = &r->result->layer[i];
        cli_table_text(t, "%s", l->name);
        cli_table_text(t, "%s", kind_text(l, r->net, text));
        cli_table_text(t, "%zu x %zu", l->in.h, l->in.w);
        cli_table_text(t, "%" PRIu64, l->awake);
        cli_table_percent(t, (double)l->awake / (double)r->result->cycles, 1);
        cli_table_text(t, "%" PRIu64, l->first_awake);
        cli_table_text(t, "%" PRIu64, l->last_out);
        cli_table_text(t, "%zu", l->registers);
        if (args->csv)
            cli_table_text(t, "%zu", l->registers * l->channels);
        else
            cli_table_text(t, "%s", cli_grouped(l->registers * l->channels, a));
        cli_table_text(t, "%zu", l->feature_map);
        cli_table_percent(t, (double)l->registers / (double)l->feature_map, 1);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_buffers(const cli_args *args, const mho_pipeline *p)
{
    uint64_t registers = 0, maps = 0;
    char a[32], b[32];
    for (size_t i = 0; i < p->layers; i++) {
        registers += (uint64_t)p->layer[i].registers * p->layer[i].channels;
        maps += (uint64_t)p->layer[i].feature_map * p->layer[i].channels;
    }
    fprintf(args->out, "\nBuffers hold %s elements, whole feature maps would take %s: %.1f %%\n",
            cli_grouped(registers, a), cli_grouped(maps, b),
            100 * (double)registers / (double)maps);
}

/* Behind other layers; a negative latency is that of windows that end before the map does. */
static const char *pool_reason(const mho_pipeline_layer *l)
{
    if ((int64_t)l->latency < 0)
        return "its last window ends before its input does (stride)";
    return l->latency ? "closes its last window with padding"
                      : "combinational: ends in the cycle of its last datum";
}

static void conv_reason(const mho_pipeline_layer *l, const mho_geometry *g, bool first,
                        char text[160])
{
    const size_t p = g->pad_left > g->pad_right ? g->pad_left : g->pad_right;
    if (first || (int64_t)l->latency < 0)
        snprintf(text, 160, "its last window ends before its input does (stride)");
    else if (l->latency == p * (l->in.w + p) + p)
        snprintf(text, 160,
                 p ? "after its last datum: p (W + p) zeros below and p at the end, p = %zu"
                   : "no zeros after its last datum: ends with it",
                 p);
    else
        snprintf(text, 160, "stride or kernel: other zeros than a kept size needs");
}

/* Why a layer's share of the cycles is not what Eq. 6 counts.  head: it reads the image; first: no convolution came
 * before. */
static void reason(const mho_pipeline_layer *l, const mho_geometry *g, bool head, bool first,
                   bool plain, char text[160])
{
    const bool pool = l->op == MHO_OP_MAXPOOL || l->op == MHO_OP_AVGPOOL;
    if (!l->critical)
        snprintf(text, 160, "works beside the path that sets the time");
    else if (!plain)
        snprintf(text, 160, "service time, registers, or waiting for others");
    else if (l->awake < (uint64_t)l->out.h * l->out.w)
        snprintf(text, 160, "the image is done before it is: a later layer leaves results unread");
    else if (head && l->op != MHO_OP_CONV)
        snprintf(text, 160, "takes in the whole image; Eq. 6 counts one cycle");
    else if (first && !head && l->op == MHO_OP_CONV)
        snprintf(text, 160, "Eq. 6 counts all elements of its input, which come while others work");
    else if (pool)
        snprintf(text, 160, "%s", pool_reason(l));
    else
        conv_reason(l, g, first, text);
}

static void print_differences(const cli_args *args, const run *r)
{
    const mho_pipeline *p = r->result;
    bool plain = !r->options.registered_pool && r->options.service == 1 && !p->stalls;
    bool first = true;
    cli_table *t = cli_table_create("Where simulation and Eq. 6 differ",
                                    "layer|simulated>|Eq. 6>|difference>|because");
    for (size_t i = 0; i < mho_net_nodes(r->net); i++)
        plain = plain && !(r->service[i] > 1);
    for (size_t i = 0; i < p->layers; i++) {
        const mho_pipeline_layer *l = &p->layer[i];
        char text[160];
        if (l->latency != l->eq6) {
            const mho_geometry g = mho_node_geometry(mho_net_node(r->net, l->node));
            reason(l, &g, i == 0, first, plain, text);
            cli_table_text(t, "%s", l->name);
            cli_table_text(t, "%" PRId64, (int64_t)l->latency);
            cli_table_text(t, "%" PRIu64, l->eq6);
            cli_table_text(t, "%+" PRId64, (int64_t)(l->latency - l->eq6));
            cli_table_text(t, "%s", text);
        }
        first = first && l->op != MHO_OP_CONV;
    }
    cli_table_rule(t);
    cli_table_text(t, "image");
    cli_table_text(t, "%" PRIu64, p->cycles);
    cli_table_text(t, "%" PRIu64, p->eq6);
    cli_table_text(t, "%+" PRId64, (int64_t)(p->cycles - p->eq6));
    cli_table_text(t, "%s", "");
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_stalls(const cli_args *args, const mho_pipeline *p)
{
    char a[32];
    if (!p->stalls) {
        fprintf(args->out, "Stall-free: no layer ever waits for another to take its result.\n");
        return;
    }
    fprintf(args->out, "In %s cycles some layer had to wait, for the sake of",
            cli_grouped(p->stalls, a));
    for (size_t i = 0, n = 0; i < p->layers; i++)
        if (p->layer[i].blocked)
            fprintf(args->out, "%s %s (%" PRIu64 ")", n++ ? "," : "", p->layer[i].name,
                    p->layer[i].blocked);
    fputs(".\n", args->out);
}

/* A cycle; 0: nothing tells it. */
static double clock_s(const run *r)
{
    return r->placement ? r->placement->clock_s : 0;
}

/* Where layers take turns. */
static void print_in_turn(const cli_args *args, const run *r, const mho_pipeline_speed *v)
{
    char a[32], b[32];
    fprintf(args->out, "%s: layer by layer, %s cycles", mho_net_name(r->net),
            cli_grouped(v->cycles, a));
    if (v->rewrite_s > 0)
        fprintf(args->out, " and %s of writing crossbars anew", cli_si(v->rewrite_s, "s", a));
    fputs(" an image", args->out);
    if (v->latency_s > 0)
        fprintf(args->out, ": %s at %s a cycle, %.4g images/s", cli_si(v->latency_s, "s", a),
                cli_si(clock_s(r), "s", b), v->throughput_per_s);
    fprintf(
        args->out,
        "\n  what follows is the pipeline that this hardware is not: %s cycles an image, one every "
        "%s, if all layers stood and worked at once",
        cli_grouped(r->result->cycles, a), cli_grouped(r->result->interval, b));
}

static void print_speed(const cli_args *args, const run *r)
{
    const mho_pipeline *p = r->result;
    const mho_pipeline_speed v = mho_pipeline_speed_of(p, r->placement);
    char a[32], b[32];
    if (v.layer_by_layer) {
        print_in_turn(args, r, &v);
        return;
    }
    fprintf(args->out, "%s: %s cycles an image", mho_net_name(r->net), cli_grouped(p->cycles, a));
    if (clock_s(r) > 0)
        fprintf(args->out, ", %s at %s a cycle", cli_si(v.latency_s, "s", a),
                cli_si(clock_s(r), "s", b));
    fprintf(args->out, "\n  several in a row: one every %s cycles", cli_grouped(p->interval, a));
    if (v.link)
        fprintf(args->out, ", but the busiest link between tiles takes %s an image",
                cli_si(v.interval_s, "s", a));
}

static void print_text(const cli_args *args, const run *r)
{
    const mho_pipeline *p = r->result;
    char a[32];
    print_speed(args, r);
    fprintf(args->out, "\n  bcnn Eq. 6, pipelined       %10s\n", cli_grouped(p->eq6, a));
    fprintf(args->out, "  bcnn Eq. 7, layer by layer  %10s", cli_grouped(p->eq7, a));
    if (p->service > 1)
        fprintf(args->out, "\n  with service times of up to %zu cycles, layer by layer %s",
                p->service, cli_grouped(p->layer_by_layer, a));
    fprintf(args->out, "  (%.2f x the simulated pipeline)\n",
            (double)p->layer_by_layer / (double)p->cycles);
    print_stalls(args, p);
    fputs("Every window was compared with the feature map in every awake cycle.\n\n", args->out);
    print_layers(args, r);
    print_buffers(args, p);
    fputc('\n', args->out);
    if (r->placement && !args->service)
        cli_times_print(r->placement, args);
    fputc('\n', args->out);
    print_differences(args, r);
}

static mho_status print_json(const cli_args *args, const run *r)
{
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "network", mho_json_text(mho_net_name(r->net)));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(r->hw)));
    mho_pipeline_json(r->result, r->placement, root);
    if (r->placement && !args->service)
        mho_placement_rewriting_json(r->placement, root);
    if (r->film.to)
        mho_json_put(root, "trace", mho_film_json(&r->film, r->result));
    mho_json_put(root, "config", mho_hw_json(r->hw));
    return cli_print_json(args, root);
}

static mho_status write_vcd(const run *r, const char *path)
{
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (s)
        return s;
    uint64_t to = r->film.to ? r->film.to : UINT64_MAX;
    s = mho_pipeline_vcd(r->net, &r->options, r->service, r->copies, clock_s(r), r->film.from, to,
                         mho_output_stream(output));
    return mho_output_finish(output, s);
}

/* --trace FROM:TO */
static mho_status read_range(const char *text, mho_film *film)
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
    if (to - from > MHO_FILM_CYCLES_MAX)
        return mho_error(MHO_EUSAGE,
                         "--trace %s: %llu cycles, want at most %d (--vcd takes any number)", text,
                         to - from, MHO_FILM_CYCLES_MAX);
    return mho_film_start(from, to, film);
}

static void print_film(const cli_args *args, const run *r)
{
    const cli_marks *m = cli_marks_of(args->color);
    mho_film_print(
        &r->film, r->result,
        &(mho_film_marks){m->bold, m->good, m->dim, m->end, args->wide ? 0 : cli_width(args->out)},
        args->out);
}

static mho_status prepare(const cli_args *args, run *r)
{
    r->options = mho_pipeline_options_default();
    r->options.registered_pool = args->registered_pool;
    mho_status s = mho_hw_open(args->hw ? args->hw : "bcnn", args->set, &r->hw);
    if (!s)
        s = mho_hw_want(r->hw, "crossbar");
    if (!s)
        cli_tell_idle(r->hw, args);
    if (!s)
        cli_tell_blocks(r->hw, args);
    if (!s)
        s = mho_net_open(args->file[0], &r->file);
    if (!s) /* one that hardware cannot work by is refused by the pipeline */
        r->net = mho_net_placed(r->file) ? mho_net_placed(r->file) : r->file;
    if (!s)
        s = read_service(r, args->service);
    if (!s && args->trace)
        s = read_range(args->trace, &r->film);
    return s;
}

mho_status cmd_pipeline(const cli_args *args)
{
    run r = {0};
    mho_status s = prepare(args, &r);
    if (!s)
        s = mho_pipeline_create(r.net, &r.options, r.service, r.copies,
                                r.film.to ? mho_film_keep : NULL, &r.film, &r.result);
    s = s ? s : r.film.status;
    if (!s && !args->quiet && (args->vcd || r.film.to) && r.placement &&
        r.placement->layer_by_layer)
        fputs(
            "mho: note: the cycles drawn are those of the pipeline with all layers there, not what "
            "this hardware does, layer by layer\n",
            stderr);
    if (!s && args->vcd)
        s = write_vcd(&r, args->vcd);
    if (!s && args->json)
        s = print_json(args, &r);
    else if (!s && args->csv)
        print_layers(args, &r);
    else if (!s)
        print_text(args, &r);
    if (!s && !args->json && !args->csv && r.film.to)
        print_film(args, &r);
    mho_pipeline_destroy(r.result);
    mho_placement_destroy(r.placement);
    free(r.copies);
    mho_hw_destroy(r.hw);
    mho_film_free(&r.film);
    free(r.service);
    mho_net_destroy(r.file);
    return s;
}
