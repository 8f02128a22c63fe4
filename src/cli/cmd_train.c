/* SPDX-License-Identifier: Apache-2.0 */
/* mho train: trains a network of the zoo or of a YAML file and writes it as ONNX. */
#include <math.h>
#include <string.h>

#include "cli.h"

typedef struct watch {
    const cli_args *args;
    mho_train_epoch last;
    double seconds, cpu_seconds; /* of the epochs of this run */
    size_t epochs;
} watch;

/* A line an epoch, on stderr. */
static void each_epoch(void *user, const mho_train_epoch *e)
{
    watch *w = user;
    w->last = *e;
    if (e->seconds > 0) {
        w->seconds += e->seconds;
        w->cpu_seconds += e->cpu_seconds;
        ++w->epochs;
    }
    if (w->args->quiet)
        return;
    cli_progress_clear();
    fprintf(stderr, "epoch %*zu/%zu  train error %6.3f %%", e->epochs > 99 ? 3 : 2, e->epoch,
            e->epochs, 100 * e->train_error);
    if (isfinite(e->test_error))
        fprintf(stderr, "  test error %6.3f %%", 100 * e->test_error);
    fprintf(stderr, "  loss %.4f  rate %.6f  %.1f s\n", e->loss, e->learning_rate, e->seconds);
}

static const char *style_name(const cli_args *args)
{
    return args->style ? args->style : "binary";
}

/* Circulant networks are float ones with blocks. */
static mho_status style_of(const cli_args *args, mho_style *out)
{
    const char *name = style_name(args);
    const bool binary = strcmp(name, "binary") == 0, circulant = strcmp(name, "circulant") == 0;
    *out = binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT;
    if (!binary && !circulant && strcmp(name, "float") != 0)
        return mho_error(MHO_EUSAGE, "--style %s, want float, binary or circulant", name);
    if (circulant != (args->block != NULL))
        return mho_error(MHO_EUSAGE, circulant ? "--style circulant: name the blocks, as --block "
                                                 "fc:128,conv:16"
                                               : "--block belongs to --style circulant");
    if (binary && args->bits)
        return mho_error(MHO_EUSAGE, "--bits belongs to --style float or circulant");
    return MHO_OK;
}

static mho_status code(const cli_args *args, mho_net *net)
{
    mho_status s = args->block ? mho_net_set_blocks(net, args->block) : MHO_OK;
    if (!s && args->block)
        s = mho_net_check_blocks(net);
    return !s && args->bits ? mho_net_set_bits(net, args->bits) : s;
}

/* Numbers that tell the weights. */
static size_t stored_weights(const mho_net *net)
{
    size_t sum = 0;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        if (mho_node_is_weighted(mho_net_node(net, i)))
            sum += mho_node_stored_weights(mho_net_node(net, i));
    return sum;
}

static mho_status options_of(const cli_args *args, mho_train_options *options)
{
    mho_status s = cli_refuse_both(args, "epochs", "epochs");
    if (s == MHO_OK)
        s = cli_refuse_both(args, "seed", "seed");
    if (s == MHO_OK)
        s = mho_fields_preset(&mho_train_fields, options, NULL);
    for (size_t i = 0; s == MHO_OK && i < args->sets; i++)
        s = mho_fields_set(&mho_train_fields, args->set[i], options, NULL);
    if (args->has_epochs)
        options->epochs = args->epochs;
    if (args->has_seed)
        options->seed = args->seed;
    return s;
}

/* Layers whose blocks are filled up with zeros; empty where blocks divide all. */
static mho_json *padding_json(const mho_net *net)
{
    mho_json *all = mho_json_array();
    cli_padding p;
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_node *node = mho_net_node(net, i);
        if (!cli_padding_of(node, &p))
            continue;
        mho_json *v = mho_json_object();
        mho_json_put(v, "layer", mho_json_text(mho_node_name(node)));
        mho_json_put(v, "block", mho_json_integer((int64_t)p.block));
        mho_json_put(v, "rows", mho_json_integer((int64_t)p.rows));
        mho_json_put(v, "filters", mho_json_integer((int64_t)p.filters));
        mho_json_put(v, "padded_rows", mho_json_integer((int64_t)p.padded_rows));
        mho_json_put(v, "padded_filters", mho_json_integer((int64_t)p.padded_filters));
        mho_json_add(all, v);
    }
    return all;
}

static mho_status print_report(const cli_args *args, const mho_net *net, const mho_data *data,
                               const watch *w)
{
    const double per_epoch = w->epochs ? w->seconds / (double)w->epochs : 0;
    const double cpu_per_epoch = w->epochs ? w->cpu_seconds / (double)w->epochs : 0;
    if (args->json) {
        mho_json *root = cli_result_json(args);
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "style", mho_json_text(style_name(args)));
        if (args->block)
            mho_json_put(root, "block", mho_json_text(args->block));
        if (args->block)
            mho_json_put(root, "padding", padding_json(net));
        if (args->bits)
            mho_json_put(root, "bits", mho_json_text(args->bits));
        mho_json_put(root, "stored_weights", mho_json_integer((int64_t)stored_weights(net)));
        mho_json_put(root, "data", mho_json_text(data->name));
        mho_json_put(root, "place", mho_json_text(data->place));
        mho_json_put(root, "epochs", mho_json_integer((int64_t)w->last.epoch));
        mho_json_put(root, "train_error", mho_json_number(w->last.train_error));
        mho_json_put(root, "test_error", mho_json_number(w->last.test_error));
        mho_json_put(root, "loss", mho_json_number(w->last.loss));
        mho_json_put(root, "seconds_per_epoch", mho_json_number(per_epoch));
        mho_json_put(root, "cpu_seconds_per_epoch", mho_json_number(cpu_per_epoch));
        mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
        mho_json_put(root, "model", mho_json_text(args->output));
        return cli_print_json(args, root);
    }
    char title[400];
    snprintf(title, sizeof title, "%s on %s (%s)", mho_net_name(net), data->name, data->place);
    cli_table *table =
        cli_table_create(title, "epochs>|train error>|test error>|time an epoch>|model");
    cli_table_text(table, "%zu", w->last.epoch);
    cli_table_percent(table, w->last.train_error, 3);
    cli_table_percent(table, w->last.test_error, 3);
    cli_table_si(table, per_epoch, "s");
    cli_table_text(table, "%s", args->output);
    cli_table_print(table, args);
    cli_table_destroy(table);
    return MHO_OK;
}

/* What is finished is kept: the network as the last whole epoch left it. */
static mho_status interrupted(const cli_args *args, const mho_net *net, size_t epoch)
{
    mho_status s = mho_onnx_write(net, args->output);
    if (s != MHO_OK)
        return s;
    if (args->checkpoint)
        return mho_error(MHO_EINTERRUPTED,
                         "interrupted; %s is of epoch %zu; go on with --checkpoint %s --resume",
                         args->output, epoch, args->checkpoint);
    return mho_error(MHO_EINTERRUPTED, "interrupted; %s is of epoch %zu", args->output, epoch);
}

/* A set without test images is trained on as well. */
static mho_status open_data(const cli_args *args, mho_data **out)
{
    mho_data *found = NULL;
    mho_status s = mho_data_open(args->data, false, false, &found);
    const bool test = s == MHO_OK && found->has_test;
    mho_data_destroy(found);
    return s != MHO_OK ? s : mho_data_open(args->data, true, test, out);
}

static mho_status train(const cli_args *args, mho_net *net)
{
    mho_train_options options;
    mho_data *data = NULL;
    watch w = {.args = args};
    mho_status s = options_of(args, &options);
    if (s == MHO_OK)
        s = open_data(args, &data);
    if (s == MHO_OK && !args->quiet)
        fprintf(stderr, "training %s on %s (%s), %zu images\n", mho_net_name(net), data->name,
                data->place, data->train.count);
    if (s == MHO_OK && !args->quiet)
        cli_tell_padding(net);
    if (s == MHO_OK)
        s = mho_train(net, data, &options, args->checkpoint, args->resume, each_epoch, &w);
    if (s == MHO_EINTERRUPTED && w.last.epoch)
        s = interrupted(args, net, w.last.epoch);
    cli_progress_clear();
    if (s == MHO_OK)
        s = mho_onnx_write(net, args->output);
    if (s == MHO_OK)
        s = print_report(args, net, data, &w);
    mho_data_destroy(data);
    return s;
}

mho_status cmd_train(const cli_args *args)
{
    mho_style style = MHO_STYLE_FLOAT;
    mho_net *plain = NULL, *net = NULL;
    mho_status s = style_of(args, &style);
    if (s == MHO_OK && args->resume && !args->checkpoint)
        s = mho_error(MHO_EUSAGE, "--resume needs --checkpoint FILE");
    if (s == MHO_OK)
        s = cli_check_model_output("train", args->output);
    if (s == MHO_OK)
        s = mho_net_open(args->file[0], &plain);
    if (s == MHO_OK)
        s = mho_net_style(plain, style, &net);
    if (s == MHO_OK)
        s = code(args, net);
    if (s == MHO_OK)
        s = cli_set_input(args, net);
    if (s == MHO_OK)
        s = train(args, net);
    mho_net_destroy(plain);
    mho_net_destroy(net);
    return s;
}
