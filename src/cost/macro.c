/* SPDX-License-Identifier: Apache-2.0 */
/* Memory macros: YAML with the unit in each key, look-up, interpolation when asked. */
#include "cost/macro.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "mho/config.h"

mho_status mhoi_size_parse(const char *text, size_t *bytes)
{
    char *end = NULL;
    double v = mhoi_decimal_read(text, &end);
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

void mhoi_size_print(size_t bytes, char *text, size_t size)
{
    const char *unit = bytes % 1048576 == 0 ? "M" : bytes % 1024 == 0 ? "K" : "";
    size_t n = *unit == 'M' ? bytes >> 20 : *unit == 'K' ? bytes >> 10 : bytes;
    (void)snprintf(text, size, "%zu%s", n, unit);
}

/* key, member, factor to SI; unit of a price, NULL of a bandwidth */
static const struct number {
    const char *key;
    size_t offset;
    double scale;
    const char *unit;
} numbers[] = {
    {"rd_GBps", offsetof(mho_macro, rd_Bps), 1e9, NULL},
    {"wr_GBps", offsetof(mho_macro, wr_Bps), 1e9, NULL},
    {"e_rd_pJ", offsetof(mho_macro, component.energy[MHO_OPERATION_READ]), 1e-12, "pJ"},
    {"e_wr_pJ", offsetof(mho_macro, component.energy[MHO_OPERATION_WRITE]), 1e-12, "pJ"},
    {"leakage_mW", offsetof(mho_macro, component.leakage), 1e-3, "mW"},
    {"area_um2", offsetof(mho_macro, component.area), 1e-12, "um2"},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* The value itself: of a price the first member of its quantity. */
static double get_number(const mho_macro *macro, const struct number *number)
{
    double v;
    memcpy(&v, (const char *)macro + number->offset, sizeof v);
    return v;
}

static mho_quantity *price_of(mho_macro *macro, const struct number *number)
{
    return (mho_quantity *)((char *)macro + number->offset);
}

static void set_number(mho_macro *macro, const struct number *number, double si)
{
    memcpy((char *)macro + number->offset, &si, sizeof si);
}

void mhoi_macro_quantity(double si, const char *formula, const char *source, mho_quantity *out)
{
    *out = (mho_quantity){.value = si, .counted = true};
    (void)snprintf(out->formula, sizeof out->formula, "%s", formula);
    (void)snprintf(out->source, sizeof out->source, "%s", source);
}

void mhoi_macro_name(mho_macro *macro)
{
    char size[24];
    mhoi_size_print(macro->size_B, size, sizeof size);
    (void)snprintf(macro->component.name, sizeof macro->component.name, "%s_%s", macro->kind, size);
}

static mho_status read_number(const mhoi_yaml *entry, const char *place,
                              const struct number *number, const char *source, mho_macro *macro)
{
    const mhoi_yaml *node = mhoi_yaml_get(entry, number->key);
    if (!node)
        return mho_error(MHO_ECONFIG, "%s:%zu: macro without %s", place, entry->line, number->key);
    double v;
    mho_status s = mhoi_yaml_double(node, place, &v);
    if (s != MHO_OK)
        return s;
    if (!(v >= 0.0 && isfinite(v * number->scale)))
        return mho_error(MHO_ECONFIG, "%s:%zu: %s = %s, want a number >= 0", place, node->line,
                         number->key, node->text);
    char formula[64];
    (void)snprintf(formula, sizeof formula, "%.40s %s", node->text,
                   number->unit ? number->unit : "");
    if (number->unit)
        mhoi_macro_quantity(v * number->scale, formula, source, price_of(macro, number));
    else
        set_number(macro, number, v * number->scale);
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
    return mhoi_yaml_only(entry, known, NUMBERS + 4, place);
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
    char size[32], source[MHO_COST_SOURCE];
    mho_status s = check_keys(entry, place);
    if (s == MHO_OK)
        s = read_text(entry, place, "kind", macro->kind, sizeof macro->kind);
    if (s == MHO_OK)
        s = read_text(entry, place, "source", source, sizeof source);
    if (s == MHO_OK)
        s = read_text(entry, place, "size", size, sizeof size);
    if (s == MHO_OK && (s = mhoi_size_parse(size, &macro->size_B)) != MHO_OK)
        return mho_error_prefix(s, "%s:%zu", place, entry->line);
    for (size_t i = 0; i < NUMBERS && s == MHO_OK; i++)
        s = read_number(entry, place, &numbers[i], source, macro);
    if (s == MHO_OK)
        mhoi_macro_name(macro);
    return s == MHO_OK ? read_width(entry, place, &macro->width_B) : s;
}

static int compare(const void *a, const void *b)
{
    const mho_macro *x = a, *y = b;
    int kind = strcmp(x->kind, y->kind);
    return kind ? kind : (x->size_B > y->size_B) - (x->size_B < y->size_B);
}

mho_status mhoi_macros_read(const mhoi_yaml *list, const char *place, mho_technology *tech)
{
    if (list->kind != MHOI_YAML_LIST || list->children == 0)
        return mho_error(MHO_ECONFIG, "%s:%zu: macros, want a list of memories", place, list->line);
    mho_status s = mhoi_alloc(&tech->macro, list->children, sizeof *tech->macro, "macros");
    for (size_t i = 0; i < list->children && s == MHO_OK; i++) {
        s = read_macro(&list->child[i], place, &tech->macro[i]);
        tech->macros = i + 1;
    }
    if (s != MHO_OK)
        return s;
    qsort(tech->macro, tech->macros, sizeof *tech->macro, compare);
    for (size_t i = 1; i < tech->macros; i++)
        if (compare(&tech->macro[i - 1], &tech->macro[i]) == 0)
            return mho_error(MHO_ECONFIG, "%s: macro %s of %zu bytes twice", place,
                             tech->macro[i].kind, tech->macro[i].size_B);
    return MHO_OK;
}

mho_status mho_technology_add_memory(mho_technology *tech, const mho_macro *macro)
{
    mho_macro named = *macro;
    mhoi_macro_name(&named);
    for (size_t i = 0; i < tech->macros; i++)
        if (compare(&tech->macro[i], macro) == 0) {
            tech->macro[i] = named;
            return MHO_OK;
        }
    mho_macro *more;
    mho_status s = mhoi_alloc(&more, tech->macros + 1, sizeof *more, "macros");
    if (s != MHO_OK)
        return s;
    if (tech->macros)
        memcpy(more, tech->macro, tech->macros * sizeof *more);
    more[tech->macros] = named;
    mhoi_free(&tech->macro);
    tech->macro = more;
    tech->macros++;
    qsort(more, tech->macros, sizeof *more, compare);
    return MHO_OK;
}

static mho_status not_found(const mho_technology *tech, const char *kind, size_t size_B)
{
    char sizes[512] = "", text[24];
    size_t used = 0;
    for (size_t i = 0; i < tech->macros && used < sizeof sizes - 32; i++) {
        mhoi_size_print(tech->macro[i].size_B, text, sizeof text);
        if (strcmp(tech->macro[i].kind, kind) == 0)
            used += (size_t)snprintf(sizes + used, sizeof sizes - used, " %s", text);
    }
    if (used == 0)
        return mho_error(MHO_ECONFIG, "no memory of kind \"%s\" in technology '%s'", kind,
                         tech->name);
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
    out->interpolated = true;
    for (size_t i = 0; i < NUMBERS; i++) {
        char formula[128], source[MHO_COST_SOURCE];
        double a = get_number(low, &numbers[i]), b = get_number(high, &numbers[i]);
        double v = between(t, a, b);
        set_number(out, &numbers[i], v);
        if (!numbers[i].unit)
            continue;
        const mho_quantity *l = price_of(out, &numbers[i]);
        (void)mhoi_decimal_print(formula, sizeof formula, "between %g and %g %s",
                                 a / numbers[i].scale, b / numbers[i].scale, numbers[i].unit);
        (void)snprintf(source, sizeof source, "interpolated between %zu and %zu bytes (%.80s)",
                       low->size_B, high->size_B, l->source);
        mhoi_macro_quantity(v, formula, source, price_of(out, &numbers[i]));
    }
    mhoi_macro_name(out);
}

mho_status mho_technology_memory(mho_technology *tech, const char *kind, size_t size_B,
                                 bool interpolate, mho_macro *out)
{
    const mho_macro *low = NULL;
    for (size_t i = 0; i < tech->macros; i++) {
        const mho_macro *macro = &tech->macro[i];
        if (strcmp(macro->kind, kind) != 0)
            continue;
        if (macro->size_B == size_B && (interpolate || !macro->interpolated)) {
            *out = *macro;
            return MHO_OK;
        }
        if (macro->interpolated)
            continue;
        if (interpolate && low && low->size_B < size_B && size_B < macro->size_B &&
            low->width_B == macro->width_B) {
            interpolate_macro(low, macro, size_B, out);
            return mho_technology_add_memory(tech, out);
        }
        low = macro;
    }
    return not_found(tech, kind, size_B);
}

static void set_price(double value_J, const char *key, mho_quantity *out)
{
    char formula[48], source[MHO_COST_SOURCE];
    (void)mhoi_decimal_print(formula, sizeof formula, "%g pJ", value_J / 1e-12);
    if (out->counted)
        (void)snprintf(source, sizeof source, "%s, in place of %.40s (%.100s)", key, out->formula,
                       out->source);
    else
        (void)snprintf(source, sizeof source, "%s", key);
    if (!out->counted || out->value != value_J)
        mhoi_macro_quantity(value_J, formula, source, out);
}

mho_status mho_technology_set_prices(mho_technology *tech, const mho_prices *prices)
{
    mho_component mac = {.name = "mac", .area = {.formula = "none"}};
    for (size_t i = 0; i < tech->macros; i++) {
        mho_macro *m = &tech->macro[i];
        if (strcmp(m->kind, "ddr") != 0)
            continue;
        set_price(prices->ddr_read_J, "prices.ddr_read", &m->component.energy[MHO_OPERATION_READ]);
        set_price(prices->ddr_write_J, "prices.ddr_write",
                  &m->component.energy[MHO_OPERATION_WRITE]);
    }
    set_price(prices->mac_J, "prices.mac", &mac.energy[MHO_OPERATION_USE]);
    return mho_technology_add(tech, &mac);
}
