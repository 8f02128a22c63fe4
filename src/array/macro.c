/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of memory macros: YAML with the unit in each key, look-up, interpolation when asked. */
#include "array/macro.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/yaml.h"
#include "array/named.h"
#include "mho/array.h"

mho_status mhoi_size_parse(const char *text, size_t *bytes)
{
    char *end = NULL;
    double v = strtod(text, &end);
    double scale = *end == 'K'   ? 1024.0
                   : *end == 'M' ? 1048576.0
                   : *end == 'G' ? 1073741824.0
                                 : 1.0;
    if (scale > 1.0)
        end++;
    double b = v * scale;
    if (end == text || *end != 0 || !(b >= 1.0 && b <= 1e15) || b != floor(b))
        return mho_error(MHO_ECONFIG, "size \"%s\", want a number of bytes such as 16K or 1M",
                         text);
    *bytes = (size_t)b;
    return MHO_OK;
}

/* key, member, factor to SI */
static const struct number {
    const char *key;
    size_t offset;
    double scale;
} numbers[] = {
    {"rd_GBps", offsetof(mho_macro, rd_Bps), 1e9},
    {"wr_GBps", offsetof(mho_macro, wr_Bps), 1e9},
    {"e_rd_pJ", offsetof(mho_macro, e_rd_J), 1e-12},
    {"e_wr_pJ", offsetof(mho_macro, e_wr_J), 1e-12},
    {"leakage_mW", offsetof(mho_macro, leakage_W), 1e-3},
    {"area_um2", offsetof(mho_macro, area_m2), 1e-12},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static mho_status read_number(const mhoi_yaml *entry, const char *place,
                              const struct number *number, mho_macro *macro)
{
    const mhoi_yaml *node = mhoi_yaml_get(entry, number->key);
    if (!node)
        return mho_error(MHO_ECONFIG, "%s:%zu: macro without %s", place, entry->line, number->key);
    double v;
    mho_status s = mhoi_yaml_double(node, place, &v);
    if (s != MHO_OK)
        return s;
    if (!(v >= 0.0) || isinf(v))
        return mho_error(MHO_ECONFIG, "%s:%zu: %s = %s, want a number >= 0", place, node->line,
                         number->key, node->text);
    double si = v * number->scale;
    memcpy((char *)macro + number->offset, &si, sizeof si);
    return MHO_OK;
}

static mho_status read_text(const mhoi_yaml *entry, const char *place, const char *key, char *text,
                            size_t size)
{
    const mhoi_yaml *node = mhoi_yaml_get(entry, key);
    if (!node || node->kind != MHOI_YAML_SCALAR || node->text[0] == 0)
        return mho_error(MHO_ECONFIG, "%s:%zu: macro without %s", place, entry->line, key);
    if (strlen(node->text) >= size)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s is longer than %zu characters", place, node->line,
                         key, size - 1);
    strcpy(text, node->text);
    return MHO_OK;
}

static mho_status check_keys(const mhoi_yaml *entry, const char *place)
{
    const char *known[NUMBERS + 4] = {"kind", "size", "width_B", "source"};
    for (size_t i = 0; i < NUMBERS; i++)
        known[4 + i] = numbers[i].key;
    for (size_t i = 0; i < entry->children; i++) {
        const mhoi_yaml *child = &entry->child[i];
        bool found = false;
        for (size_t k = 0; k < NUMBERS + 4; k++)
            found |= strcmp(child->key, known[k]) == 0;
        if (!found) {
            return mho_error_near(MHO_ECONFIG, child->key, known, NUMBERS + 4,
                                  "%s:%zu: unknown key %s", place, child->line, child->key);
        }
    }
    return MHO_OK;
}

static mho_status read_width(const mhoi_yaml *entry, const char *place, size_t *width_B)
{
    const mhoi_yaml *width = mhoi_yaml_get(entry, "width_B");
    if (!width)
        return mho_error(MHO_ECONFIG, "%s:%zu: macro without width_B", place, entry->line);
    mho_status s = mhoi_yaml_size(width, place, width_B);
    if (s == MHO_OK && (*width_B == 0 || *width_B > 4096))
        s = mho_error(MHO_ECONFIG, "%s:%zu: width_B = %zu, want 1..4096", place, width->line,
                      *width_B);
    return s;
}

static mho_status read_macro(const mhoi_yaml *entry, const char *place, mho_macro *macro)
{
    memset(macro, 0, sizeof *macro);
    if (entry->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: want a macro as {kind: ..., size: ..., ...}", place,
                         entry->line);
    char size[32];
    mho_status s = check_keys(entry, place);
    if (s == MHO_OK)
        s = read_text(entry, place, "kind", macro->kind, sizeof macro->kind);
    if (s == MHO_OK)
        s = read_text(entry, place, "source", macro->source, sizeof macro->source);
    if (s == MHO_OK)
        s = read_text(entry, place, "size", size, sizeof size);
    if (s == MHO_OK && (s = mhoi_size_parse(size, &macro->size_B)) != MHO_OK)
        return mho_error_prefix(s, "%s:%zu", place, entry->line);
    for (size_t i = 0; i < NUMBERS && s == MHO_OK; i++)
        s = read_number(entry, place, &numbers[i], macro);
    return s == MHO_OK ? read_width(entry, place, &macro->width_B) : s;
}

static int compare(const void *a, const void *b)
{
    const mho_macro *x = a, *y = b;
    int kind = strcmp(x->kind, y->kind);
    return kind ? kind : (x->size_B > y->size_B) - (x->size_B < y->size_B);
}

static mho_status read_list(const mhoi_yaml *root, const char *place, mho_macros *macros)
{
    const mhoi_yaml *list = mhoi_yaml_get(root, "macros");
    if (!list || list->kind != MHOI_YAML_LIST || list->children == 0)
        return mho_error(MHO_ECONFIG, "%s: no list \"macros\"", place);
    mho_status s = mhoi_alloc(&macros->macro, list->children, sizeof *macros->macro, "macros");
    for (size_t i = 0; i < list->children && s == MHO_OK; i++) {
        s = read_macro(&list->child[i], place, &macros->macro[i]);
        macros->macros = i + 1;
    }
    if (s != MHO_OK)
        return s;
    qsort(macros->macro, macros->macros, sizeof *macros->macro, compare);
    for (size_t i = 1; i < macros->macros; i++)
        if (compare(&macros->macro[i - 1], &macros->macro[i]) == 0)
            return mho_error(MHO_ECONFIG, "%s: macro %s of %zu bytes twice", place,
                             macros->macro[i].kind, macros->macro[i].size_B);
    return MHO_OK;
}

mho_status mho_macros_open(const char *name, mho_macros **out)
{
    *out = NULL;
    mhoi_named named;
    mhoi_yaml *root = NULL;
    mho_macros *macros = NULL;
    mho_status s = mhoi_named_open("configs/tech/", "macro library", name, &named);
    if (s == MHO_OK)
        s = mhoi_yaml_parse(named.text, named.place, &root);
    if (s == MHO_OK)
        s = mhoi_alloc(&macros, 1, sizeof *macros, "macros");
    if (s == MHO_OK)
        s = read_list(root, named.place, macros);
    mhoi_yaml_destroy(root);
    mhoi_free(&named.own);
    if (s != MHO_OK)
        mho_macros_destroy(macros);
    else
        *out = macros;
    return s;
}

void mho_macros_destroy(mho_macros *macros)
{
    if (!macros)
        return;
    mhoi_free(&macros->macro);
    mhoi_free(&macros);
}

mho_status mho_macros_add(mho_macros *macros, const mho_macro *macro)
{
    for (size_t i = 0; i < macros->macros; i++)
        if (compare(&macros->macro[i], macro) == 0) {
            macros->macro[i] = *macro;
            return MHO_OK;
        }
    mho_macro *more;
    mho_status s = mhoi_alloc(&more, macros->macros + 1, sizeof *more, "macros");
    if (s != MHO_OK)
        return s;
    memcpy(more, macros->macro, macros->macros * sizeof *more);
    more[macros->macros] = *macro;
    mhoi_free(&macros->macro);
    macros->macro = more;
    macros->macros++;
    qsort(more, macros->macros, sizeof *more, compare);
    return MHO_OK;
}

static mho_status not_found(const mho_macros *macros, const char *kind, size_t size_B)
{
    char sizes[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < macros->macros && used < sizeof sizes - 32; i++) {
        size_t b = macros->macro[i].size_B;
        const char *unit = b % 1048576 == 0 ? "M" : b % 1024 == 0 ? "K" : "";
        if (strcmp(macros->macro[i].kind, kind) == 0)
            used += (size_t)snprintf(sizes + used, sizeof sizes - used, " %zu%s",
                                     *unit == 'M'   ? b >> 20
                                     : *unit == 'K' ? b >> 10
                                                    : b,
                                     unit);
    }
    if (used == 0)
        return mho_error(MHO_ECONFIG, "no memory of kind \"%s\" in the macro library", kind);
    return mho_error(MHO_ECONFIG, "no %s macro of %zu bytes; there are%s (or set interpolate=true)",
                     kind, size_B, sizes);
}

/* Geometric in the size: a value v ~ size^a between its two neighbours; zero stays zero. */
static double between(double t, double low, double high)
{
    return low > 0.0 && high > 0.0 ? low * pow(high / low, t) : low + t * (high - low);
}

static void interpolate_macro(const mho_macro *low, const mho_macro *high, size_t size_B,
                              mho_macro *out)
{
    double t =
        log((double)size_B / (double)low->size_B) / log((double)high->size_B / (double)low->size_B);
    *out = *low;
    out->size_B = size_B;
    for (size_t i = 0; i < NUMBERS; i++) {
        double a, b, v;
        memcpy(&a, (const char *)low + numbers[i].offset, sizeof a);
        memcpy(&b, (const char *)high + numbers[i].offset, sizeof b);
        v = between(t, a, b);
        memcpy((char *)out + numbers[i].offset, &v, sizeof v);
    }
    out->interpolated = true;
    snprintf(out->source, sizeof out->source, "interpolated between %zu and %zu bytes (%.80s)",
             low->size_B, high->size_B, low->source);
}

mho_status mho_macros_find(const mho_macros *macros, const char *kind, size_t size_B,
                           bool interpolate, mho_macro *out)
{
    const mho_macro *low = NULL;
    for (size_t i = 0; i < macros->macros; i++) {
        const mho_macro *macro = &macros->macro[i];
        if (strcmp(macro->kind, kind) != 0)
            continue;
        if (macro->size_B == size_B) {
            *out = *macro;
            return MHO_OK;
        }
        if (interpolate && low && low->size_B < size_B && size_B < macro->size_B &&
            low->width_B == macro->width_B) {
            interpolate_macro(low, macro, size_B, out);
            return MHO_OK;
        }
        low = macro;
    }
    return not_found(macros, kind, size_B);
}
