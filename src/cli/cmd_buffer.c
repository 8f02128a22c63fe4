/* SPDX-License-Identifier: Apache-2.0 */
/* mho buffer: schedule, time, energy and area of a MAC array with SRAM or RRAM buffers. */
#include <stdlib.h>
#include <string.h>

#include "cli_buffer.h"

/* The value of an option is a misuse, as of every other option. */
static mho_status bad_value(const char *option)
{
    static const char place[] = "command line: ";
    char reason[512];
    const bool placed = !strncmp(mho_error_message(), place, sizeof place - 1);
    snprintf(reason, sizeof reason, "%s", mho_error_message() + (placed ? sizeof place - 1 : 0));
    return mho_error(MHO_EUSAGE, "--%s: %s", option, reason);
}

/* One option as the assignment it stands for. */
static mho_status set_option(mho_hw *hw, const char *option, const char *key, const char *value)
{
    char assignment[512];
    snprintf(assignment, sizeof assignment, "%s=%.400s", key, value);
    mho_status s = mho_hw_set(hw, assignment);
    return s == MHO_ECONFIG ? bad_value(option) : s;
}

static mho_status set_size(mho_hw *hw, const char *option, const char *key, size_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", value);
    return set_option(hw, option, key, text);
}

/* "sram:16K", or "16K" of the kind it has. */
static mho_status set_memory(mho_hw *hw, const char *option, const char *key, const char *text)
{
    char value[256], now[64];
    mho_hw_text(hw, key, now, sizeof now);
    if (strchr(text, ':'))
        snprintf(value, sizeof value, "%s", text);
    else
        snprintf(value, sizeof value, "%.*s:%s", (int)strcspn(now, ":"), now, text);
    return set_option(hw, option, key, value);
}

static mho_status refuse_both(const cli_args *args)
{
    static const char *const same[][2] = {
        {"weight", "buffers.weight"}, {"io", "buffers.io"},     {"acc", "buffers.acc.depth"},
        {"order", "array.order"},     {"level", "array.level"}, {"batch", "array.batch"},
        {"layers", "array.layers"},
    };
    mho_status s = MHO_OK;
    for (size_t i = 0; i < sizeof same / sizeof *same && !s; i++)
        s = cli_refuse_both(args, same[i][0], same[i][1]);
    return s;
}

static mho_status set_options(const cli_args *args, mho_hw *hw)
{
    mho_status s = refuse_both(args);
    if (!s && args->weight)
        s = set_memory(hw, "weight", "buffers.weight", args->weight);
    if (!s && args->io)
        s = set_memory(hw, "io", "buffers.io", args->io);
    if (!s && args->has_acc)
        s = set_size(hw, "acc", "buffers.acc.depth", args->acc);
    if (!s && args->order)
        s = set_option(hw, "order", "array.order", args->order);
    if (!s && args->has_level)
        s = set_size(hw, "level", "array.level", args->level);
    if (!s && args->has_batch)
        s = set_size(hw, "batch", "array.batch", args->batch);
    if (!s && args->layers && strcmp(args->layers, "all") && strcmp(args->layers, "conv"))
        s = mho_error(MHO_EUSAGE, "--layers %s: want conv or all", args->layers);
    if (!s && args->layers)
        s = set_option(hw, "layers", "array.layers",
                       strcmp(args->layers, "all") ? "false" : "true");
    return s ? s : mho_hw_set_all(hw, args->set);
}

static mho_status read_macro(const char *word, size_t length, mho_macro *out)
{
    char path[512];
    snprintf(path, sizeof path, "%.*s", (int)length, word);
    char *colon = strrchr(path, ':');
    if (!colon || colon == path || !colon[1] || length >= sizeof path)
        return mho_error(MHO_EUSAGE, "--macro %s: want FILE:KIND such as sram.out:sram", path);
    *colon = 0;
    return mho_macro_read(path, colon + 1, out);
}

/* FILE:KIND,FILE:KIND */
static mho_status read_macros(const char *list, cli_buffer *b)
{
    mho_status s = MHO_OK;
    size_t count = 1;
    for (const char *p = list; p && *p; p++)
        count += *p == ',';
    if (!list)
        return MHO_OK;
    b->macro = cli_alloc(count * sizeof *b->macro);
    while (*list && !s) {
        size_t n = strcspn(list, ",");
        s = read_macro(list, n, &b->macro[b->macros++]);
        list += n + (list[n] == ',');
    }
    return s;
}

static mho_status prepare(const cli_args *args, cli_buffer *b)
{
    mho_status s = args->hw ? mho_hw_open(args->hw, NULL, &b->hw) : mho_hw_default("array", &b->hw);
    if (!s)
        s = mho_hw_want(b->hw, "array");
    if (!s)
        s = set_options(args, b->hw);
    if (!s)
        cli_tell_idle(b->hw, args);
    if (!s)
        s = read_macros(args->macro, b);
    return s ? s : mho_net_open(args->file[0], &b->net);
}

static mho_status run_one(const cli_args *args, cli_buffer *b)
{
    mho_status s = mho_array_estimate_create(b->net, b->hw, b->macro, b->macros, &b->estimate);
    if (s)
        return s;
    if (args->json)
        return cli_print_json(args, cli_buffer_json(args, b));
    if (args->csv) {
        cli_buffer_print_schedule(args, b);
        return MHO_OK;
    }
    cli_buffer_print(args, b);
    if (args->gantt)
        cli_buffer_gantt(args, b);
    return MHO_OK;
}

mho_status cmd_buffer(const cli_args *args)
{
    cli_buffer b = {.net = NULL};
    bool explore = args->explore || args->sweep[0] || args->svg;
    mho_status s = prepare(args, &b);
    if (!s && explore && args->explain)
        s = mho_error(MHO_EUSAGE, "--explain tells of one design, a sweep has many");
    if (!s && explore && args->gantt)
        s = mho_error(MHO_EUSAGE, "--gantt draws one schedule, a sweep has many");
    if (!s)
        s = explore ? cli_buffer_explore(args, &b) : run_one(args, &b);
    mho_array_estimate_destroy(b.estimate);
    mho_net_destroy(b.net);
    mho_hw_destroy(b.hw);
    free(b.macro);
    return s;
}
