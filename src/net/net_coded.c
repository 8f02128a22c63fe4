/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks and bits of the layers of a network, as users write them: "fc:128,conv:16", "fc:2/4,conv:4". */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "net/block.h"

#define KEY_MAX (MHO_NAME + 32)

/* Does the entry's key mean this node? */
static bool means(const char *key, const mho_node *node)
{
    return mho_node_is_weighted(node) &&
           (!strcmp(key, mho_op_name(node->op)) || !strcmp(key, node->name));
}

/* *value: the number at *at, which is moved behind it. */
static bool take_size(const char **at, size_t *value)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    const unsigned long long v = strtoull(*at, &end, 10);
    *value = v < SIZE_MAX ? (size_t)v : SIZE_MAX;
    *at = end;
    return true;
}

static mho_status bad_entry(const char *entry, const char *want)
{
    return mho_error(MHO_EUSAGE, "'%s', want %s", entry, want);
}

/* What an entry says. */
typedef struct entry_value {
    size_t block, weight, map; /* bits of weights and maps */
    bool channels;
} entry_value;

static mho_status read_block(const char *entry, const char *value, entry_value *out)
{
    if (!take_size(&value, &out->block) || out->block < 1 || out->block > MHOI_BLOCK_MAX ||
        strcmp(value, *value ? "c" : ""))
        return bad_entry(entry, "a block size of 1..65536, as conv:16, or conv:16c");
    out->channels = *value;
    return MHO_OK;
}

static void set_block(mho_net *net, mho_node *node, const entry_value *v)
{
    (void)net;
    node->block = v->block > 1 ? v->block : 0;
    node->block_channels = v->block > 1 && v->channels;
}

/* The map that ends with node i is held in codes: pools hand on those of their input, where an average is
 * rounded again.  False: it is the image. */
static bool set_value_bits(mho_net *net, size_t i, size_t bits)
{
    mho_node *node = &net->node[i];
    const bool pool = node->op == MHO_OP_MAXPOOL || node->op == MHO_OP_AVGPOOL;
    if (node->op == MHO_OP_INPUT)
        return false;
    if (pool || node->op == MHO_OP_FLATTEN) {
        if (!set_value_bits(net, node->input[0], bits))
            return false;
        if (node->op != MHO_OP_AVGPOOL)
            return true;
    }
    node->value_bits = bits > node->value_bits ? bits : node->value_bits;
    node->value_scale = 0;
    return true;
}

static mho_status read_bits(const char *entry, const char *value, entry_value *out)
{
    bool good = take_size(&value, &out->weight);
    out->map = out->weight;
    if (good && *value == '/') {
        value++;
        good = take_size(&value, &out->map);
    }
    if (!good || *value || out->weight < 2 || out->weight > 8 || out->map < 2 || out->map > 8)
        return bad_entry(entry, "bits of 2..8, as conv:4, or weights/maps, as conv:4/8");
    return MHO_OK;
}

static void set_bits(mho_net *net, mho_node *node, const entry_value *v)
{
    node->weight_bits = v->weight;
    node->has_weight_scale = false;
    mhoi_free(&node->weight_scale);
    (void)set_value_bits(net, node->input[0], v->map);
}

typedef mho_status read_fn(const char *entry, const char *value, entry_value *out);
typedef void set_fn(mho_net *net, mho_node *node, const entry_value *v);

typedef struct entry_kind {
    read_fn *read;
    set_fn *set;
} entry_kind;

static bool is_general(const char *key)
{
    return !strcmp(key, "conv") || !strcmp(key, "fc");
}

/* choice[net->nodes]: a layer's own name counts before conv and fc. */
static mho_status choose(const mho_net *net, const char *entry, const entry_kind *kind,
                         const entry_value **choice, entry_value *value, bool *named)
{
    const char *colon = strrchr(entry, ':');
    char key[KEY_MAX];
    if (!colon || colon == entry || (size_t)(colon - entry) >= sizeof key)
        return bad_entry(entry, "LAYER:NUMBER, LAYER being conv, fc or a layer's name");
    memcpy(key, entry, (size_t)(colon - entry));
    key[colon - entry] = 0;
    bool found = is_general(key);
    for (size_t i = 0; i < net->nodes; i++)
        if (means(key, &net->node[i])) {
            found = true;
            if (is_general(key) && named[i])
                continue;
            choice[i] = value;
            named[i] = !is_general(key);
        }
    return found ? kind->read(entry, colon + 1, value)
                 : mho_error(MHO_EUSAGE,
                             "'%s': network %s has no convolution and no fully connected "
                             "layer '%s'",
                             entry, net->name, key);
}

/* Does an entry between text and from have the key of this one?  Layers may have colons in their names. */
static bool is_repeated(const char *text, const char *from, const char *entry)
{
    const char *colon = strrchr(entry, ':');
    const size_t length = colon ? (size_t)(colon - entry) + 1 : 0;
    for (const char *at = text; length && at < from; at += strcspn(at, ",") + 1)
        if (!strncmp(at, entry, length) && !memchr(at + length, ':', strcspn(at + length, ",")))
            return true;
    return false;
}

static mho_status choose_all(const mho_net *net, const char *text, const entry_kind *kind,
                             const entry_value **choice, entry_value *value, bool *named)
{
    for (const char *from = text;; value++) {
        const size_t length = strcspn(from, ",");
        char entry[KEY_MAX];
        if (length >= sizeof entry)
            return mho_error(MHO_EUSAGE, "'%s', want entries LAYER:NUMBER", text);
        memcpy(entry, from, length);
        entry[length] = 0;
        if (is_repeated(text, from, entry))
            return mho_error(MHO_EUSAGE, "'%s': '%s' names the same layers twice", text, entry);
        const mho_status s = choose(net, entry, kind, choice, value, named);
        if (s || !from[length])
            return s;
        from += length + 1;
    }
}

/* Each layer is set once, whatever the order of the entries. */
static mho_status set_entries(mho_net *net, const char *text, const entry_kind *kind)
{
    size_t entries = 1;
    const entry_value **choice = NULL;
    entry_value *value = NULL;
    bool *named = NULL;
    for (const char *c = text; *c; c++)
        entries += *c == ',';
    mho_status s = mhoi_alloc(&choice, net->nodes, sizeof *choice, "blocks and bits");
    if (!s)
        s = mhoi_alloc(&value, entries, sizeof *value, "blocks and bits");
    if (!s)
        s = mhoi_alloc(&named, net->nodes, sizeof *named, "blocks and bits");
    if (!s)
        s = choose_all(net, text, kind, choice, value, named);
    for (size_t i = 0; !s && i < net->nodes; i++)
        if (choice[i])
            kind->set(net, &net->node[i], choice[i]);
    mhoi_free(&named);
    mhoi_free(&value);
    mhoi_free(&choice);
    return s;
}

/* The circulant weights nearest to those of the node. */
static mho_status project(mho_node *node)
{
    const mhoi_block b = mhoi_block_of(node);
    const size_t count = mho_node_weight_count(node);
    uint32_t *index = NULL;
    float *number = NULL;
    mho_status s = mhoi_alloc(&index, count, sizeof *index, "blocks");
    if (!s)
        s = mhoi_alloc(&number, mhoi_block_numbers(&b), sizeof *number, "blocks");
    if (!s) {
        mhoi_block_indices(&b, false, index);
        mhoi_block_project(&b, index, node->weight, number);
        for (size_t i = 0; i < count; i++)
            node->weight[i] = number[index[i]];
    }
    mhoi_free(&index);
    mhoi_free(&number);
    return s;
}

mho_status mho_net_set_blocks(mho_net *net, const char *blocks)
{
    mho_status s = set_entries(net, blocks, &(entry_kind){read_block, set_block});
    for (size_t i = 0; !s && i < net->nodes; i++)
        if (net->node[i].block > 1 && net->node[i].weight)
            s = project(&net->node[i]);
    for (size_t i = 0; !s && i < net->nodes; i++)
        s = mhoi_block_check(&net->node[i]);
    return s;
}

mho_status mho_net_check_blocks(const mho_net *net)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < net->nodes; i++)
        s = mhoi_block_check_size(&net->node[i]);
    return s;
}

mho_status mho_net_set_bits(mho_net *net, const char *bits)
{
    for (size_t i = 0; i < net->nodes; i++)
        net->node[i].weight_bits = net->node[i].value_bits = net->node[i].value_below = 0;
    return set_entries(net, bits, &(entry_kind){read_bits, set_bits});
}
