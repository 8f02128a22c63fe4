/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of one kind trained alike (epochs, rates, images, seed), the uncompressed one among them: what blocks cost by their size,
 * and bits by their number.  A network of few bits goes on from the one of real numbers in the same blocks. */
#include "reboc_sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BITS = 5, BLOCKS_MAX = 5 };
static const char *const bits_tried[BITS] = {"fc:8,conv:8", "fc:6,conv:6", "fc:4,conv:4",
                                             "fc:2/4,conv:4", "fc:2,conv:2"};

/* One channel fills no block: LeNet's conv1 is an ordinary layer.  NULL: uncompressed.  Bits of the first and the last,
 * which is Table II's. */
typedef struct kind {
    const char *network;
    const char *block[BLOCKS_MAX];
    size_t blocks, shift;
    double rate;
    bool mirror;
} kind;

static const kind of_lenet = {"lenet",
                              {NULL, "fc:4,conv:4c,conv1:1", "fc:16,conv:16c,conv1:1",
                               "fc:64,conv:16c,conv1:1", "fc:128,conv:16c,conv1:1"},
                              5,
                              1,
                              0.004,
                              false};
static const kind of_cifarnet = {
    "cifarnet", {NULL, "fc:4,conv:4c", "fc:16,conv:8c", "fc:128,conv:16c"}, 4, 3, 0.002, true};

typedef struct sweep {
    const paper_args *args;
    const kind *kind;
    mho_data *data;
    size_t images, done, all, bits_epochs;
    bool *wrong[2 + BITS]; /* by test images: now, uncompressed, uncompressed of few bits */
    mho_json *points;
} sweep;

static bool has_bits(const kind *k, size_t block)
{
    return block == 0 || block + 1 == k->blocks;
}

/* "FOLDER/cifarnet-fc128.conv16c-fc2_4.conv4.ck" */
static mho_status place_of(const sweep *w, const char *block, const char *bits, char path[1024])
{
    char name[256];
    size_t n = 0;
    snprintf(name, sizeof name, "%s-%s-%s", w->kind->network, block ? block : "none",
             bits ? bits : "real");
    for (const char *c = name; *c; c++)
        if (*c != ':')
            name[n++] = *c == ',' ? '.' : *c == '/' ? '_' : *c;
    name[n] = 0;
    const int size = snprintf(path, 1024, "%s/%s.ck", w->args->checkpoint, name);
    return size < 1024
               ? MHO_OK
               : mho_error(MHO_EUSAGE, "%.40s...: the path is too long", w->args->checkpoint);
}

/* What differs between stages: the rates, and where weights begin. */
static mho_status options_of(const sweep *w, const char *bits, mho_train_options *o)
{
    const mho_status s = mho_fields_preset(&mho_train_fields, o, NULL);
    o->epochs = bits ? w->bits_epochs : w->args->epochs;
    o->learning_rate = bits ? w->kind->rate / 2 : w->kind->rate;
    o->weight_decay = 0;
    o->label_smoothing = 0.02;
    o->shift = w->kind->shift;
    o->mirror = w->kind->mirror;
    o->seed = w->args->seed;
    o->fine_tune = bits != NULL;
    o->float_share = bits ? 0 : o->float_share;
    return s;
}

static void keep_error(void *user, const mho_train_epoch *e)
{
    *(double *)user = e->train_error;
}

static mho_status train(const sweep *w, const char *block, const char *bits, mho_net *net,
                        double *train_error)
{
    char path[1024] = "";
    mho_train_options o;
    mho_data data = *w->data;
    data.test.count = 0; /* looked at once, at the end */
    mho_status s = options_of(w, bits, &o);
    if (!s && w->args->checkpoint)
        s = place_of(w, block, bits, path);
    const bool there = *path && access(path, F_OK) == 0;
    if (!s && there && !w->args->resume)
        return mho_error(MHO_EUSAGE, "%s exists: --resume goes on with it, or remove it", path);
    return s ? s : mho_train(net, &data, &o, *path ? path : NULL, there, keep_error, train_error);
}

static mho_status make(const char *block, const char *bits, const mho_net *from, mho_net **out)
{
    mho_status s = mho_net_style(from, MHO_STYLE_FLOAT, out);
    if (!s && block)
        s = mho_net_set_blocks(*out, block);
    if (!s && bits)
        s = mho_net_set_bits(*out, bits);
    return s;
}

static size_t numbers(const mho_net *net)
{
    size_t sum = 0;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        if (mho_node_is_weighted(mho_net_node(net, i)))
            sum += mho_node_stored_weights(mho_net_node(net, i));
    return sum;
}

/* d = (worse - better) / n of images that one network alone has wrong, +- 1.96 deviations of a sum of independent images. */
static void put_change(mho_json *v, const char *key, const bool *now, const bool *before, size_t n)
{
    double worse = 0, better = 0;
    for (size_t i = 0; i < n; i++) {
        worse += now[i] && !before[i];
        better += before[i] && !now[i];
    }
    const double images = (double)n, d = (worse - better) / images;
    const double spread = 1.96 * sqrt((worse + better) / images - d * d) / sqrt(images);
    char name[64];
    mho_json_put(v, key, mho_json_number(d));
    snprintf(name, sizeof name, "%s_within", key);
    mho_json_put(v, name, mho_json_number(spread));
}

static void put_point(sweep *w, const char *block, const char *bits, size_t stored,
                      double train_error, size_t wrong, const bool *same_bits)
{
    mho_json *v = mho_json_object();
    const double error = (double)wrong / (double)w->images;
    const mho_interval i = mho_images_interval(error, w->images);
    mho_json_put(v, "block", mho_json_text(block));
    mho_json_put(v, "bits", mho_json_text(bits));
    mho_json_put(v, "stored_weights", mho_json_integer((int64_t)stored));
    mho_json_put(v, "train_error", mho_json_number(train_error));
    mho_json_put(v, "error", mho_json_number(error));
    mho_json_put(v, "error_low", mho_json_number(i.low));
    mho_json_put(v, "error_high", mho_json_number(i.high));
    if (block || bits)
        put_change(v, "change", w->wrong[0], w->wrong[1], w->images);
    if (same_bits)
        put_change(v, "change_at_bits", w->wrong[0], same_bits, w->images);
    mho_json_add(w->points, v);
}

/* One network from its parameters, or from none; *out NULL: it is not wanted further. */
static mho_status one(sweep *w, const char *block, size_t bits, const mho_net *from, mho_net **out)
{
    const char *text = bits ? bits_tried[bits - 1] : NULL;
    mho_net *net = NULL;
    double train_error = (double)NAN;
    size_t wrong = 0;
    mho_run_set_part(NULL, "training", w->done++, w->all);
    mho_status s = make(block, text, from, &net);
    if (!s)
        s = train(w, block, text, net, &train_error);
    if (!s)
        s = mho_infer_wrong(net, &w->data->test, w->images, w->wrong[0], &wrong);
    if (!s && !block)
        memcpy(w->wrong[1 + bits], w->wrong[0], w->images * sizeof *w->wrong[0]);
    if (!s)
        put_point(w, block, text, numbers(net), train_error, wrong,
                  block && bits ? w->wrong[1 + bits] : NULL);
    if (out && !s) {
        *out = net;
        return MHO_OK;
    }
    mho_net_destroy(net);
    return s;
}

static mho_status of_block(sweep *w, size_t block, const mho_net *zoo)
{
    const char *text = w->kind->block[block];
    mho_net *real = NULL;
    mho_status s = one(w, text, 0, zoo, &real);
    for (size_t b = 1; !s && has_bits(w->kind, block) && b <= BITS; b++)
        s = one(w, text, b, real, NULL);
    mho_net_destroy(real);
    return s;
}

static mho_json *describe(const sweep *w)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "network", mho_json_text(w->kind->network));
    mho_json_put(v, "data", mho_json_text(w->data->name));
    mho_json_put(v, "train_images", mho_json_integer((int64_t)w->data->train.count));
    mho_json_put(v, "images", mho_json_integer((int64_t)w->images));
    mho_json_put(v, "epochs", mho_json_integer((int64_t)w->args->epochs));
    mho_json_put(v, "bits_epochs", mho_json_integer((int64_t)w->bits_epochs));
    mho_json_put(v, "seed", mho_json_unsigned(w->args->seed));
    return v;
}

/* FOLDER/trained-NETWORK.json: what is kept of a long run. */
static mho_status write_results(const sweep *w, const mho_json *v)
{
    char path[1100];
    mho_output *output = NULL;
    if (!w->args->checkpoint)
        return MHO_OK;
    snprintf(path, sizeof path, "%.1000s/trained-%s.json", w->args->checkpoint, w->kind->network);
    mho_status s = mho_output_open(path, &output);
    if (s)
        return s;
    s = mho_json_write(v, mho_output_stream(output));
    return mho_output_finish(output, s);
}

static mho_status open_sweep(sweep *w)
{
    const char *folder = w->args->checkpoint;
    mho_status s = mho_data_open(w->args->data, true, true, &w->data);
    if (s)
        return s;
    w->images = w->data->test.count;
    if (w->args->images && w->args->images < w->images)
        w->images = w->args->images;
    for (size_t b = 0; b < w->kind->blocks; b++)
        w->all += has_bits(w->kind, b) ? 1 + BITS : 1;
    for (size_t i = 0; i < 2 + BITS; i++)
        if (!(w->wrong[i] = calloc(w->images + 1, sizeof *w->wrong[i])))
            return mho_error(MHO_ENOMEM, "out of memory");
    if (folder && mkdir(folder, 0777) && errno != EEXIST)
        return mho_error(MHO_EFILE, "%s: %s", folder, strerror(errno));
    return MHO_OK;
}

mho_status reboc_sweep(const paper_args *args, bool cifar, mho_json **out)
{
    sweep w = {.args = args,
               .kind = cifar ? &of_cifarnet : &of_lenet,
               .bits_epochs = (args->epochs + 3) / 4,
               .points = mho_json_array()};
    mho_net *zoo = NULL;
    *out = NULL;
    mho_status s = open_sweep(&w);
    if (!s)
        s = mho_net_zoo(w.kind->network, &zoo);
    for (size_t b = 0; !s && b < w.kind->blocks; b++)
        s = of_block(&w, b, zoo);
    mho_run_set_part(NULL, "", 0, 0);
    if (!s) {
        *out = describe(&w);
        mho_json_put(*out, "points", w.points);
        w.points = NULL;
        s = write_results(&w, *out);
    }
    if (s == MHO_EINTERRUPTED && args->checkpoint)
        s = mho_error(s, "interrupted; the same command with --resume goes on");
    for (size_t i = 0; i < 2 + BITS; i++)
        free(w.wrong[i]);
    mho_json_destroy(w.points);
    mho_net_destroy(zoo);
    mho_data_destroy(w.data);
    return s;
}
