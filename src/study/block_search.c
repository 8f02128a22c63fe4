/* SPDX-License-Identifier: Apache-2.0 */
/* Block sizes of all layers, searched for the least energy x delay: docs/models/explore.md, "Block sizes".  Every combination is
 * placed and priced, so the order is exact; accuracy is measured in that order, from the best on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "map/placement.h"
#include "mho/search.h"
#include "mho/train.h"
#include "net/graph.h"

enum { COMBINATIONS = 100000, TRAINED_ON = 10000 };

/* A size beyond the filters or the rows of a layer only pads. */
static bool fits(const mho_node *n, size_t size)
{
    const bool conv = n->op == MHO_OP_CONV;
    const size_t groups = conv ? n->groups : 1;
    const size_t rows = (conv ? n->kh * n->kw : n->in.h * n->in.w) * (n->in.c / groups);
    return size == 1 || (size <= n->out.c / groups && size <= rows);
}

static mho_status take_layers(const mho_net *net, const mho_block_options *o,
                              mho_block_search *search)
{
    double combinations = 1;
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        if (!mho_node_is_weighted(n))
            continue;
        if (search->layers == MHO_BLOCK_LAYERS)
            return mho_error(MHO_EDOMAIN,
                             "network %s: more than %d layers to search block sizes of", net->name,
                             MHO_BLOCK_LAYERS);
        mho_block_layer *l = &search->layer[search->layers++];
        memcpy(l->name, n->name, sizeof l->name);
        l->node = i;
        for (size_t k = 0; k < o->sizes; k++)
            if (fits(n, o->size[k]))
                l->size[l->sizes++] = o->size[k];
        if (!l->sizes)
            return mho_error(MHO_ECONFIG,
                             "layer %s: no block size fits its %zu filters: want 1 among the sizes",
                             l->name, n->out.c);
        combinations *= (double)l->sizes;
    }
    if (combinations > COMBINATIONS)
        return mho_error(MHO_EDOMAIN,
                         "%.6g combinations of block sizes, want at most %d: fewer sizes",
                         combinations, COMBINATIONS);
    search->designs = (size_t)combinations;
    return MHO_OK;
}

/* The last layer turns fastest. */
static void number(const mho_block_search *search, size_t index, mho_block_design *d)
{
    for (size_t i = search->layers; i-- > 0;) {
        d->block[i] = search->layer[i].size[index % search->layer[i].sizes];
        index /= search->layer[i].sizes;
    }
}

static mho_status price(const mho_net *net, const mho_hw *hw, mho_block_design *d)
{
    mho_estimate *e = NULL;
    mho_status s = mho_estimate_create(net, hw, &e);
    if (!s)
        s = mhoi_image_seconds(e->placement, e->tech, &d->interval_s);
    if (!s) {
        d->energy_J = e->cost->energy_J;
        d->crossbars = e->placement->crossbars;
        d->rewritten = e->placement->rewritten_cells > 0;
        for (size_t i = 0; i < e->placement->layers && i < MHO_BLOCK_LAYERS; i++)
            d->copies[i] = e->placement->layer[i].copies;
    }
    mho_estimate_destroy(e);
    return s;
}

static mho_status price_all(const mho_net *net, const mho_hw *hw, mho_block_search *search)
{
    mho_net *changed = NULL;
    mho_status s = mho_net_clone(net, &changed);
    for (size_t k = 0; !s && k < search->designs; k++) {
        mho_block_design *d = &search->design[k];
        d->error = (double)NAN;
        number(search, k, d);
        for (size_t i = 0; i < search->layers; i++)
            changed->node[search->layer[i].node].block = d->block[i] > 1 ? d->block[i] : 0;
        s = price(changed, hw, d);
        mhoi_progress("designs", k + 1, search->designs, "designs");
        if (!s && mhoi_interrupted())
            s = mho_error(MHO_EINTERRUPTED, "interrupted after %zu of %zu designs", k + 1,
                          search->designs);
    }
    if (changed)
        for (size_t i = 0; i < search->layers; i++) /* as it was: destroying needs no block */
            changed->node[search->layer[i].node].block = net->node[search->layer[i].node].block;
    mho_net_destroy(changed);
    return s;
}

/* By energy x delay; of equals fewer crossbars, then larger blocks first. */
static int compare(const void *a, const void *b)
{
    const mho_block_design *x = a, *y = b;
    const double p = x->energy_J * x->interval_s, q = y->energy_J * y->interval_s;
    if (p != q)
        return p < q ? -1 : 1;
    if (x->crossbars != y->crossbars)
        return x->crossbars < y->crossbars ? -1 : 1;
    return memcmp(y->block, x->block, sizeof x->block);
}

static mho_status check_sizes(const mho_block_options *o)
{
    if (!o->sizes || o->sizes > MHO_BLOCK_SIZES)
        return mho_error(MHO_ECONFIG, "%zu block sizes, want 1..%d", o->sizes, MHO_BLOCK_SIZES);
    for (size_t i = 0; i < o->sizes; i++) {
        if (!o->size[i])
            return mho_error(MHO_ECONFIG, "block size 0, want 1 or more (1: an ordinary layer)");
        for (size_t j = 0; j < i; j++)
            if (o->size[j] == o->size[i])
                return mho_error(MHO_ECONFIG, "block size %zu is there twice", o->size[i]);
    }
    return MHO_OK;
}

mho_status mho_block_search_create(const mho_net *net, const mho_hw *hw,
                                   const mho_block_options *options, mho_block_search **out)
{
    mho_block_search *search = NULL;
    *out = NULL;
    mho_status s = check_sizes(options);
    if (!s)
        s = mho_hw_want(hw, "crossbar");
    if (s)
        return s;
    if (!mho_hw_is(hw, "crossbar.circulant", "turned"))
        return mho_error(
            MHO_ECONFIG,
            "%s: crossbar.circulant = expanded, where blocks lie as ordinary weights and "
            "save nothing: want turned, as in reboc",
            mho_hw_name(hw));
    s = mhoi_alloc(&search, 1, sizeof *search, "search");
    if (!s)
        s = take_layers(net, options, search);
    if (!s)
        s = mhoi_alloc(&search->design, search->designs, sizeof *search->design, "designs");
    if (!s)
        s = price_all(net, hw, search);
    if (s) {
        mho_block_search_destroy(search);
        return s;
    }
    qsort(search->design, search->designs, sizeof *search->design, compare);
    *out = search;
    return MHO_OK;
}

void mho_block_search_destroy(mho_block_search *search)
{
    if (!search)
        return;
    mhoi_free(&search->design);
    mhoi_free(&search);
}

static void write_numbers(const mho_block_search *search, const size_t *number_of, char *text,
                          size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < search->layers && used < size; i++) {
        const int n = snprintf(text + used, size - used, "%s%s:%zu", i ? "," : "",
                               search->layer[i].name, number_of[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

void mho_block_design_text(const mho_block_search *search, const mho_block_design *d, char *text,
                           size_t size)
{
    write_numbers(search, d->block, text, size);
}

void mho_block_copies_text(const mho_block_search *search, const mho_block_design *d, char *text,
                           size_t size)
{
    write_numbers(search, d->copies, text, size);
}

/* The network in these blocks, trained on where epochs are wanted. */
static mho_status adapt(const mho_block_search *search, const mho_block_trial *t,
                        const mho_block_design *d, mho_net **out)
{
    char blocks[MHO_BLOCK_LAYERS * (MHO_NAME + 24)];
    mho_train_options options;
    mho_block_design_text(search, d, blocks, sizeof blocks);
    mho_status s = mho_net_clone(t->net, out);
    if (!s)
        s = mho_net_set_blocks(*out, blocks);
    if (s || !t->epochs)
        return s;
    s = mho_fields_preset(&mho_train_fields, &options, NULL);
    options.epochs = t->epochs;
    options.seed = (size_t)t->seed;
    options.fine_tune = true;
    options.learning_rate /= 4; /* goes on from weights that are trained */
    mho_data part = *t->data;   /* a design in seconds */
    part.train.count = part.train.count < TRAINED_ON ? part.train.count : TRAINED_ON;
    return s ? s : mho_train(*out, &part, &options, NULL, false, NULL, NULL);
}

static mho_status error_of(const mho_block_trial *t, const mho_net *net, double *error)
{
    mho_images calibration = {.count = 0};
    mho_error_estimate e;
    mho_chip *chip = NULL;
    const size_t count =
        t->images && t->images < t->data->test.count ? t->images : t->data->test.count;
    mho_status s = mho_data_head(t->data, 1000, &calibration);
    if (!s)
        s = mho_chip_open(net, t->hw, &calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &t->data->test, count, t->seed, t->trials ? t->trials : 1, 0, NULL,
                         NULL, NULL, &e);
    *error = s ? (double)NAN : e.spread.mean;
    mho_chip_destroy(chip);
    mho_images_free(&calibration);
    return s;
}

mho_status mho_block_search_within(mho_block_search *search, const mho_block_trial *t,
                                   double within, size_t *found)
{
    mho_block_design plain = {.energy_J = 0};
    mho_net *net = NULL;
    *found = SIZE_MAX;
    for (size_t i = 0; i < search->layers; i++)
        plain.block[i] = 1;
    mho_status s = adapt(search, t, &plain, &net);
    if (!s)
        s = error_of(t, net, &search->plain_error);
    mho_net_destroy(net);
    for (size_t k = 0; !s && *found == SIZE_MAX && k < search->designs; k++) {
        net = NULL;
        mhoi_progress("accuracy", k, search->designs, "designs");
        s = adapt(search, t, &search->design[k], &net);
        if (!s)
            s = error_of(t, net, &search->design[k].error);
        mho_net_destroy(net);
        if (!s && search->design[k].error <= search->plain_error + within)
            *found = k;
    }
    return s;
}

static mho_json *design_json(const mho_block_search *search, const mho_block_design *d)
{
    char text[MHO_BLOCK_LAYERS * (MHO_NAME + 24)];
    mho_json *v = mho_json_object();
    mho_block_design_text(search, d, text, sizeof text);
    mho_json_put(v, "blocks", mho_json_text(text));
    mho_block_copies_text(search, d, text, sizeof text);
    mho_json_put(v, "copies", mho_json_text(text));
    mho_json_put(v, "crossbars", mho_json_integer((int64_t)d->crossbars));
    mho_json_put(v, "rewritten", mho_json_bool(d->rewritten));
    mho_json_put(v, "energy_J", mho_json_number(d->energy_J));
    mho_json_put(v, "interval_s", mho_json_number(d->interval_s));
    mho_json_put(v, "energy_delay_Js", mho_json_number(d->energy_J * d->interval_s));
    mho_json_put(v, "error", mho_json_number(d->error));
    return v;
}

void mho_block_search_json(const mho_block_search *search, bool measured, size_t found,
                           mho_json *root)
{
    mho_json *designs = mho_json_array();
    for (size_t k = 0; k < search->designs; k++)
        mho_json_add(designs, design_json(search, &search->design[k]));
    if (measured) {
        mho_json_put(root, "plain_error", mho_json_number(search->plain_error));
        mho_json_put(root, "found", mho_json_integer(found == SIZE_MAX ? -1 : (int64_t)found));
    }
    mho_json_put(root, "designs", designs);
}
