/* SPDX-License-Identifier: Apache-2.0 */
/* mho search: block sizes of every layer for the least energy x delay, under a bound on accuracy. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { SHOWN = 10 };

static mho_status read_sizes(const char *text, mho_block_options *out)
{
    out->sizes = 0;
    for (const char *at = text; *at;) {
        char *end;
        errno = 0;
        const unsigned long long size = strtoull(at, &end, 10);
        bool twice = false;
        for (size_t i = 0; i < out->sizes; i++)
            twice = twice || out->size[i] == size;
        if (end == at || errno || *at == '-' || size < 1 || size > 65536 || twice ||
            (*end && *end != ',') || (*end && !end[1]) || out->sizes == MHO_BLOCK_SIZES)
            return mho_error(MHO_EUSAGE,
                             "--sizes %s, want up to %d different block sizes of 1..65536, as "
                             "1,16,128",
                             text, MHO_BLOCK_SIZES);
        out->size[out->sizes++] = (size_t)size;
        at = *end ? end + 1 : end;
    }
    return out->sizes ? MHO_OK : mho_error(MHO_EUSAGE, "--sizes is empty, want sizes as 1,16,128");
}

static void add_design(cli_table *t, const mho_block_search *search, const mho_block_design *d,
                       bool errors)
{
    char blocks[MHO_BLOCK_LAYERS * (MHO_NAME + 24)];
    mho_block_design_text(search, d, blocks, sizeof blocks);
    cli_table_text(t, "%s", blocks);
    for (size_t i = 0, used = 0; i < search->layers && used < sizeof blocks; i++)
        used += (size_t)snprintf(blocks + used, sizeof blocks - used, "%s%zu", i ? "," : "",
                                 d->copies[i]);
    cli_table_text(t, "%s", blocks);
    cli_table_text(t, "%" PRIu64 "%s", d->crossbars, d->rewritten ? " rewritten" : "");
    cli_table_si(t, d->energy_J, "J");
    cli_table_si(t, d->interval_s, "s");
    cli_table_si(t, d->energy_J * d->interval_s, "Js");
    if (errors && isnan(d->error))
        cli_table_text(t, "-");
    else if (errors)
        cli_table_percent(t, d->error, 2);
}

static size_t plain_of(const mho_block_search *search)
{
    for (size_t k = 0; k < search->designs; k++) {
        size_t plain = 0;
        for (size_t i = 0; i < search->layers; i++)
            plain += search->design[k].block[i] == 1;
        if (plain == search->layers)
            return k;
    }
    return SIZE_MAX;
}

static void print_plain(const cli_args *args, const mho_block_design *d)
{
    char energy[32], interval[32], product[32];
    fprintf(args->out, "  without blocks: %s, %s, %s on %" PRIu64 " crossbars%s\n",
            cli_si(d->energy_J, "J", energy), cli_si(d->interval_s, "s", interval),
            cli_si(d->energy_J * d->interval_s, "Js", product), d->crossbars,
            d->rewritten ? ", rewritten in every image" : "");
}

static void print_text(const cli_args *args, const mho_block_search *search, size_t found)
{
    const bool errors = args->has_within;
    const size_t plain = plain_of(search);
    size_t shown = found != SIZE_MAX && found >= SHOWN ? found + 1 : SHOWN;
    cli_table *t = cli_table_create("Block sizes, the least energy x delay first",
                                    errors ? "blocks|copies g|crossbars>|energy>|image every>|"
                                             "energy x delay>|error>"
                                           : "blocks|copies g|crossbars>|energy>|image every>|"
                                             "energy x delay>");
    shown = args->csv || shown > search->designs ? search->designs : shown;
    for (size_t k = 0; k < shown; k++)
        add_design(t, search, &search->design[k], errors);
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (args->csv)
        return;
    fprintf(args->out,
            "  %zu combinations, all placed and priced; intervals are estimates in whole rounds of "
            "copies, "
            "which mho pipeline simulates\n",
            search->designs);
    if (plain != SIZE_MAX)
        print_plain(args, &search->design[plain]);
    if (!errors)
        return;
    fprintf(args->out, "  without blocks %.2f %% error", 100 * search->plain_error);
    if (found == SIZE_MAX)
        fprintf(args->out, "; no design is within %g points of it\n", args->within);
    else
        fprintf(args->out,
                "; the first within %g points is number %zu: all before it were measured\n",
                args->within, found + 1);
}

static mho_status print_json(const cli_args *args, const mho_block_search *search, size_t found)
{
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "network", mho_json_text(args->file[0]));
    mho_json_put(root, "hw", mho_json_text(args->hw ? args->hw : "reboc"));
    mho_block_search_json(search, args->has_within, found, root);
    return cli_print_json(args, root);
}

/* Of --within: measured on images, the best first. */
static mho_status measure(const cli_args *args, const mho_hw *hw, mho_block_search *search,
                          size_t *found)
{
    mho_data *data = NULL;
    mho_net *trained = NULL;
    mho_status s = mho_data_open(args->data, true, true, &data);
    if (!s)
        s = mho_model_open(args->file[0], MHO_STYLE_FLOAT, data->name, &trained);
    if (s == MHO_ENOMODEL)
        s = cli_hint_model(s, args->file[0]);
    const mho_block_trial trial = {.net = trained,
                                   .hw = hw,
                                   .data = data,
                                   .images = args->has_images ? args->images : 1000,
                                   .trials = args->has_trials ? args->trials : 1,
                                   .epochs = args->has_epochs ? args->epochs : 0,
                                   .seed = args->seed};
    if (!s)
        s = mho_block_search_within(search, &trial, args->within / 100, found);
    cli_progress_clear();
    mho_net_destroy(trained);
    mho_data_destroy(data);
    return s;
}

mho_status cmd_search(const cli_args *args)
{
    mho_block_options options;
    mho_block_search *search = NULL;
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    size_t found = SIZE_MAX;
    mho_status s = read_sizes(args->sizes ? args->sizes : "1,8,16,32,64,128", &options);
    if (!s && !args->has_within && (args->data || args->has_epochs || args->has_images))
        s = mho_error(MHO_EUSAGE, "--data, --images and --epochs measure accuracy: want --within");
    if (!s && args->has_within && !(args->within >= 0 && args->within <= 100))
        s = mho_error(MHO_EUSAGE, "--within %g, want 0..100 points of error", args->within);
    if (!s)
        s = mho_hw_open(args->hw ? args->hw : "reboc", args->set, &hw);
    if (!s)
        cli_tell_idle(hw, args);
    if (!s)
        s = mho_net_open(args->file[0], &net);
    if (!s)
        s = mho_block_search_create(net, hw, &options, &search);
    cli_progress_clear();
    if (!s && args->has_within)
        s = measure(args, hw, search, &found);
    if (!s && args->json)
        s = print_json(args, search, found);
    else if (!s)
        print_text(args, search, found);
    mho_block_search_destroy(search);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}
