/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps as YAML: a list of values for each axis. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/named.h"
#include "base/yaml.h"
#include "cost/macro.h"
#include "mho/array.h"

mho_status mho_memory_parse(const char *text, const char *kind, mho_memory *memory)
{
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(kind);
    if (n == 0 || n >= sizeof memory->kind)
        return mho_error(MHO_ECONFIG, "memory \"%s\", want KIND:SIZE such as rram:1M", text);
    memmove(memory->kind, colon ? text : kind, n);
    memory->kind[n] = 0;
    mho_status s = mhoi_size_parse(colon ? colon + 1 : text, &memory->size_B);
    return s == MHO_OK ? MHO_OK : mho_error_prefix(s, "memory \"%s\"", text);
}

const char *mho_bytes_text(uint64_t bytes, char text[32])
{
    static const struct {
        uint64_t size;
        const char *letter;
    } units[] = {{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "K"}, {1, ""}};
    size_t u = 0;
    while (bytes % units[u].size != 0 || bytes < units[u].size)
        if (++u == 3)
            break;
    snprintf(text, 32, "%" PRIu64 "%s", bytes / units[u].size, units[u].letter);
    return text;
}

void mho_sweep_axes_single(const mho_array_options *o, mho_sweep_axes *axes)
{
    memset(axes, 0, sizeof *axes);
    axes->libraries = axes->levels = axes->orders = axes->clocks = axes->bank_counts = 1;
    axes->weights = axes->ios = axes->depths = 1;
    memcpy(axes->library[0], o->macros, sizeof axes->library[0]);
    axes->level[0] = o->level;
    axes->order[0] = o->order;
    axes->clock_Hz[0] = o->array.clock_Hz;
    axes->banks[0] = o->banks;
    axes->acc_depth[0] = o->acc_depth;
    memcpy(axes->weight[0].kind, o->weight.kind, sizeof o->weight.kind);
    axes->weight[0].size_B = o->weight.size_B;
    memcpy(axes->io[0].kind, o->io.kind, sizeof o->io.kind);
    axes->io[0].size_B = o->io.size_B;
}

/* Each axis writes value i from a text, through the field of the options that it varies. */
typedef mho_status set_fn(const char *text, const mho_array_options *base, size_t i,
                          mho_sweep_axes *axes);

/* One value by the field's own rules: bounds, kind, names. */
static mho_status by_field(const char *key, const char *text, const mho_array_options *base,
                           mho_array_options *changed)
{
    char assignment[256];
    *changed = *base;
    snprintf(assignment, sizeof assignment, "%s=%s", key, text);
    return mho_fields_set(&mho_array_fields, assignment, changed, NULL);
}

static mho_status set_library(const char *text, const mho_array_options *base, size_t i,
                              mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("macros", text, base, &o);
    if (s == MHO_OK)
        memcpy(axes->library[i], o.macros, sizeof axes->library[i]);
    return s;
}

static mho_status set_level(const char *text, const mho_array_options *base, size_t i,
                            mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("level", text, base, &o);
    axes->level[i] = o.level;
    return s;
}

static mho_status set_order(const char *text, const mho_array_options *base, size_t i,
                            mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("order", text, base, &o);
    axes->order[i] = o.order;
    return s;
}

static mho_status set_clock(const char *text, const mho_array_options *base, size_t i,
                            mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("array.clock", text, base, &o);
    axes->clock_Hz[i] = o.array.clock_Hz;
    return s;
}

static mho_status set_banks(const char *text, const mho_array_options *base, size_t i,
                            mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("banks", text, base, &o);
    axes->banks[i] = o.banks;
    return s;
}

static mho_status set_depth(const char *text, const mho_array_options *base, size_t i,
                            mho_sweep_axes *axes)
{
    mho_array_options o;
    mho_status s = by_field("acc.depth", text, base, &o);
    axes->acc_depth[i] = o.acc_depth;
    return s;
}

static mho_status set_weight(const char *text, const mho_array_options *base, size_t i,
                             mho_sweep_axes *axes)
{
    return mho_memory_parse(text, base->weight.kind, &axes->weight[i]);
}

static mho_status set_io(const char *text, const mho_array_options *base, size_t i,
                         mho_sweep_axes *axes)
{
    return mho_memory_parse(text, base->io.kind, &axes->io[i]);
}

#define AXIS(list, used)                                                                           \
    offsetof(mho_sweep_axes, used), offsetof(mho_sweep_axes, list),                                \
        sizeof(((mho_sweep_axes *)0)->list[0]),                                                    \
        sizeof(((mho_sweep_axes *)0)->list) / sizeof(((mho_sweep_axes *)0)->list[0])

static const struct axis {
    const char *key;
    set_fn *set;
    size_t used, list, size, max;
} axis_table[] = {
    {"macros", set_library, AXIS(library, libraries)},
    {"level", set_level, AXIS(level, levels)},
    {"order", set_order, AXIS(order, orders)},
    {"clock_GHz", set_clock, AXIS(clock_Hz, clocks)},
    {"banks", set_banks, AXIS(banks, bank_counts)},
    {"weight", set_weight, AXIS(weight, weights)},
    {"io", set_io, AXIS(io, ios)},
    {"acc", set_depth, AXIS(acc_depth, depths)},
};
enum { AXES = sizeof axis_table / sizeof *axis_table };

/* A list, or a single value. */
static mho_status read_axis(const struct axis *axis, const mhoi_yaml *node, const char *place,
                            const mho_array_options *base, mho_sweep_axes *axes)
{
    bool list = node->kind == MHOI_YAML_LIST;
    size_t count = list ? node->children : 1;
    if (node->kind == MHOI_YAML_MAP || count == 0 || count > axis->max)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s has %zu values, want a list of 1..%zu", place,
                         node->line, axis->key, node->kind == MHOI_YAML_MAP ? 0 : count, axis->max);
    char *values = (char *)axes + axis->list;
    memset(values, 0, axis->max * axis->size);
    for (size_t i = 0; i < count; i++) {
        const mhoi_yaml *value = list ? &node->child[i] : node;
        if (value->kind != MHOI_YAML_SCALAR)
            return mho_error(MHO_ECONFIG, "%s:%zu: %s: want a list of plain values", place,
                             value->line, axis->key);
        mho_status s = axis->set(value->text, base, i, axes);
        if (s != MHO_OK)
            return mho_error_prefix(s, "%s:%zu: %s", place, value->line, axis->key);
        for (size_t k = 0; k < i; k++)
            if (memcmp(values + k * axis->size, values + i * axis->size, axis->size) == 0)
                return mho_error(MHO_ECONFIG, "%s:%zu: %s: %s stands twice", place, value->line,
                                 axis->key, value->text);
    }
    memcpy((char *)axes + axis->used, &count, sizeof count);
    return MHO_OK;
}

static mho_status read_key(const mhoi_yaml *node, const char *place, const mho_array_options *base,
                           mho_sweep_axes *axes)
{
    const char *known[AXES + 2] = {"name", "source"};
    if (strcmp(node->key, "source") == 0)
        return MHO_OK;
    if (strcmp(node->key, "name") == 0) {
        if (node->kind != MHOI_YAML_SCALAR || strlen(node->text) >= sizeof axes->name)
            return mho_error(MHO_ECONFIG, "%s:%zu: name: want a text of less than %zu characters",
                             place, node->line, sizeof axes->name);
        strcpy(axes->name, node->text);
        return MHO_OK;
    }
    for (size_t a = 0; a < AXES; a++) {
        known[2 + a] = axis_table[a].key;
        if (strcmp(node->key, axis_table[a].key) == 0)
            return read_axis(&axis_table[a], node, place, base, axes);
    }
    return mho_error_near(MHO_ECONFIG, node->key, known, AXES + 2, "%s:%zu: unknown key %s", place,
                          node->line, node->key);
}

mho_status mho_sweep_axes_read(const char *text, const char *place, const mho_array_options *base,
                               mho_sweep_axes *axes)
{
    mho_sweep_axes_single(base, axes);
    mhoi_yaml *root;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (s != MHO_OK)
        return s;
    if (root->kind != MHOI_YAML_MAP)
        s = mho_error(MHO_ECONFIG, "%s: want axes as `io: [16K, 32K]`", place);
    for (size_t i = 0; i < root->children && s == MHO_OK; i++)
        s = read_key(&root->child[i], place, base, axes);
    mhoi_yaml_destroy(root);
    return s;
}

mho_status mho_sweep_axes_open(const char *name, const mho_array_options *base,
                               mho_sweep_axes *axes)
{
    mhoi_named named;
    mho_status s =
        mhoi_named_open((const char *const[]){"configs/sweep/", NULL}, "sweep", name, NULL, &named);
    if (s == MHO_OK)
        s = mho_sweep_axes_read(named.text, named.place, base, axes);
    mhoi_named_close(&named);
    return s;
}
