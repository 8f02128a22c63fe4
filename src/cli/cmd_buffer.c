/* SPDX-License-Identifier: Apache-2.0 */
/* mho buffer: schedule, time, energy and area of a MAC array with SRAM or RRAM buffers. */
#include <stdlib.h>
#include <string.h>

#include "cli_buffer.h"

/* One option as the assignment it stands for. */
static mho_status set_option(cli_buffer *b, const char *option, const char *key, const char *value)
{
    char assignment[256];
    snprintf(assignment, sizeof assignment, "%s=%s", key, value);
    mho_status s = mho_fields_set(&mho_array_fields, assignment, &b->options, b->origin);
    return s ? mho_error_prefix(s, "--%s", option) : MHO_OK;
}

static mho_status set_size(cli_buffer *b, const char *option, const char *key, size_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", value);
    return set_option(b, option, key, text);
}

static mho_status set_memory(cli_buffer *b, const char *option, const char *text, const char *kind)
{
    mho_memory memory;
    char key[32];
    mho_status s = mho_memory_parse(text, kind, &memory);
    if (s)
        return mho_error_prefix(s, "--%s", option);
    snprintf(key, sizeof key, "%s.kind", option);
    s = set_option(b, option, key, memory.kind);
    snprintf(key, sizeof key, "%s.size", option);
    return s ? s : set_size(b, option, key, memory.size_B);
}

static mho_status read_options(const cli_args *args, cli_buffer *b)
{
    mho_status s = mho_array_open(args->hw, NULL, &b->options, b->origin);
    if (!s && args->weight)
        s = set_memory(b, "weight", args->weight, b->options.weight.kind);
    if (!s && args->io)
        s = set_memory(b, "io", args->io, b->options.io.kind);
    if (!s && args->has_acc)
        s = set_size(b, "acc", "acc.depth", args->acc);
    if (!s && args->order)
        s = set_option(b, "order", "order", args->order);
    if (!s && args->has_level)
        s = set_size(b, "level", "level", args->level);
    if (!s && args->has_batch)
        s = set_size(b, "batch", "batch", args->batch);
    if (!s && args->layers && strcmp(args->layers, "all") && strcmp(args->layers, "conv"))
        s = mho_error(MHO_EUSAGE, "--layers %s: want conv or all", args->layers);
    if (!s && args->layers)
        s = set_option(b, "layers", "layers", strcmp(args->layers, "all") ? "false" : "true");
    for (const char *const *set = args->set; !s && *set; set++)
        s = mho_fields_set(&mho_array_fields, *set, &b->options, b->origin);
    return s;
}

mho_status cli_buffer_add_macros(const char *list, mho_technology *macros)
{
    mho_status s = MHO_OK;
    while (list && *list && !s) {
        char word[512];
        size_t n = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, list);
        list += n + (list[n] == ',');
        char *colon = strrchr(word, ':');
        if (!colon || colon == word || !colon[1] || n >= sizeof word)
            return mho_error(MHO_EUSAGE, "--macro %s: want FILE:KIND such as sram.out:sram", word);
        *colon = 0;
        mho_macro macro;
        s = mho_macro_read(word, colon + 1, &macro);
        if (!s)
            s = mho_technology_add_memory(macros, &macro);
    }
    return s;
}

static mho_status prepare(const cli_args *args, cli_buffer *b)
{
    mho_status s = read_options(args, b);
    if (!s)
        s = mho_technology_open(b->options.macros, &b->macros);
    if (!s)
        s = cli_buffer_add_macros(args->macro, b->macros);
    return s ? s : mho_net_open(args->file[0], &b->net);
}

static mho_status run_one(const cli_args *args, cli_buffer *b)
{
    mho_status s = mho_array_estimate_create(b->net, &b->options, b->macros, &b->estimate);
    if (s)
        return s;
    b->work = b->estimate->work;
    if (args->json)
        return cli_print_json(args, cli_buffer_json(b));
    if (args->csv) {
        cli_buffer_print_schedule(args, b);
        return MHO_OK;
    }
    cli_buffer_print(args, b);
    if (args->gantt)
        cli_buffer_gantt(args, b);
    return MHO_OK;
}

static mho_status run_sweep(const cli_args *args, cli_buffer *b)
{
    if (args->gantt)
        return mho_error(MHO_EUSAGE, "--gantt draws one schedule, a sweep has many");
    mho_status s = mho_workload_create(b->net, b->options.all_layers, b->options.batch, &b->own);
    b->work = b->own;
    return s ? s : cli_buffer_explore(args, b);
}

mho_status cmd_buffer(const cli_args *args)
{
    cli_buffer b = {.net = NULL};
    bool explore = args->explore || args->sweep[0] || args->svg;
    mho_status s = prepare(args, &b);
    if (!s)
        s = explore ? run_sweep(args, &b) : run_one(args, &b);
    mho_array_estimate_destroy(b.estimate);
    mho_workload_destroy(b.own);
    mho_net_destroy(b.net);
    mho_technology_destroy(b.macros);
    return s;
}
