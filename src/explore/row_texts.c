/* SPDX-License-Identifier: Apache-2.0 */
/* What a row of a store holds as JSON: settings, fields that differ, results, evidence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "explore/explore_impl.h"
#include "hw/sections.h"

/* A text that grows; a failure is remembered. */
typedef struct growing {
    char *text;
    size_t used, room;
    mho_status s;
} growing;

static bool make_room(growing *g, size_t more)
{
    char *bigger = NULL;
    if (g->used + more < g->room)
        return true;
    const size_t room = 2 * (g->room + more) + 512;
    g->s = mhoi_alloc(&bigger, room, 1, "text of a row");
    if (g->s)
        return false;
    if (g->used)
        memcpy(bigger, g->text, g->used);
    mhoi_free(&g->text);
    g->text = bigger;
    g->room = room;
    return true;
}

static void put_bytes(growing *g, const char *text, size_t n)
{
    if (g->s || !make_room(g, n + 1))
        return;
    memcpy(g->text + g->used, text, n);
    g->used += n;
    g->text[g->used] = 0;
}

static inline void put(growing *g, const char *text)
{
    put_bytes(g, text, strlen(text));
}

static void put_number(growing *g, double v)
{
    char text[32];
    if (isfinite(v))
        put_bytes(g, text, (size_t)mhoi_decimal_general(text, v, 17));
    else
        put(g, "null");
}

/* With as few digits as read back the same: a setting as people write it. */
static void put_short(growing *g, double v)
{
    char text[32];
    mhoi_decimal_shortest(text, v);
    put(g, text);
}

static void put_count(growing *g, uint64_t v)
{
    char text[20];
    size_t first = sizeof text;
    do
        text[--first] = (char)('0' + v % 10);
    while (v /= 10);
    put_bytes(g, text + first, sizeof text - first);
}

static void put_text(growing *g, const char *text)
{
    put(g, "\"");
    for (const char *p = text; *p && !g->s; p++) {
        size_t plain = 0;
        char c[8];
        while ((unsigned char)p[plain] >= 0x20 && p[plain] != '"' && p[plain] != '\\')
            plain++;
        put_bytes(g, p, plain);
        p += plain;
        if (!*p)
            break;
        if ((unsigned char)*p < 0x20)
            snprintf(c, sizeof c, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            snprintf(c, sizeof c, "\\%c", *p);
        put(g, c);
    }
    put(g, "\"");
}

static mho_status take(growing *g, char **out)
{
    *out = g->s ? NULL : g->text;
    if (g->s)
        mhoi_free(&g->text);
    return g->s;
}

/* --- texts ------------------------------------------------------------------------------------------------- */

static bool is_number(const mho_field *field)
{
    return field->kind == MHO_FIELD_UINT || field->kind == MHO_FIELD_DOUBLE;
}

/* {"output.bits": {"value": 4, "place": "sweep"}, ...} of fields that differ. */
mho_status mhoi_explore_changes(const mho_explore *x, const mho_hw *hw, char **out)
{
    growing g = {.s = MHO_OK};
    size_t n = 0;
    put(&g, "{");
    for (size_t i = 0; i < mho_hw_field_count(hw); i++) {
        const mho_field *field = mho_hw_field(hw, i);
        char value[512];
        if (!memcmp(mhoi_hw_value(hw, i), mhoi_hw_value(x->hw, i), field->size))
            continue;
        mho_hw_print(hw, i, value, sizeof value);
        put(&g, n++ ? ", " : "");
        put_text(&g, field->key);
        put(&g, ": {\"value\": ");
        char digest[20];
        const bool file = mhoi_hw_digest(hw, i, value, sizeof value, digest);
        if (is_number(field) || field->kind == MHO_FIELD_BOOL)
            put(&g, value);
        else
            put_text(&g, value);
        put(&g, ", \"place\": \"sweep\", \"source\": null, \"content\": ");
        if (file)
            put_text(&g, digest);
        put(&g, file ? "}" : "null}");
    }
    put(&g, "}");
    return take(&g, out);
}

mho_status mhoi_explore_settings_text(const mho_explore *x, const explore_point *p, char **out)
{
    growing g = {.s = MHO_OK};
    put(&g, "{");
    for (size_t a = 0; a < x->axes; a++) {
        const char *value = mhoi_study_grid_choice(x->grid, a, p->choice[a]);
        char *end = NULL;
        const double v = mhoi_decimal_read(value, &end);
        put(&g, a ? ", " : "");
        put_text(&g, mho_grid_key(x->grid, a));
        put(&g, ": ");
        if (end != value && !*end && isfinite(v))
            put_short(&g, v);
        else
            put_text(&g, value);
    }
    put(&g, "}");
    return take(&g, out);
}

static void put_parts(growing *g, const char *key, const mho_result_part *part, size_t parts,
                      bool area)
{
    put_text(g, key);
    put(g, ": {");
    for (size_t i = 0; i < parts; i++) {
        put(g, i ? ", " : "");
        put_text(g, part[i].name);
        put(g, ": ");
        put_number(g, area ? part[i].area_m2 : part[i].energy_J);
    }
    put(g, "}");
}

static void put_cost(growing *g, const char *key, const mho_result_cost *cost, bool area)
{
    put_text(g, key);
    put(g, ": {\"total\": ");
    put_number(g, area ? cost->area_m2 : cost->energy_J);
    put(g, ", ");
    put_parts(g, "by_component", cost->component, cost->components, area);
    put(g, ", ");
    put_parts(g, "by_layer", cost->layer, cost->layers, area);
    put(g, "}");
}

/* When each layer works at an image: the first cycle, the last, how many between them it is awake. */
static void put_work(growing *g, const mho_result *r)
{
    put(g, r->works ? ", \"pipeline\": {" : "");
    for (size_t i = 0; i < r->works; i++) {
        const uint64_t cycles[] = {r->work[i].first, r->work[i].last, r->work[i].awake};
        put(g, i ? ", " : "");
        put_text(g, r->work[i].name);
        for (size_t k = 0; k < 3; k++) {
            put(g, k ? ", " : ": [");
            put_count(g, cycles[k]);
        }
        put(g, "]");
    }
    put(g, r->works ? "}" : "");
}

bool mhoi_explore_tells_relative(const char *result)
{
    return result && strstr(result, ", \"relative\": true") != NULL;
}

mho_status mhoi_explore_result_text(const mho_result *r, char **out)
{
    growing g = {.s = MHO_OK};
    put(&g, "{");
    put_cost(&g, "energy_J", &r->cost, false);
    put(&g, ", ");
    put_cost(&g, "area_m2", &r->cost, true);
    if (r->layers) {
        put(&g, ", \"cycles\": {\"pipelined\": ");
        put_count(&g, r->pipelined);
        put(&g, ", \"layer_by_layer\": ");
        put_count(&g, r->layer_by_layer);
        put(&g, "}");
        put_work(&g, r);
        put(&g, ", \"interval_s\": ");
        put_number(&g, r->speed.interval_s);
        put(&g, ", \"clock_s\": ");
        put_number(&g, r->speed.clock_s);
        put(&g, ", \"bottleneck\": ");
        put_text(&g, r->speed.bottleneck);
        put(&g, ", \"relative\": ");
        put(&g, r->notes.relative ? "true" : "false");
    }
    if (*r->notes.generic) {
        put(&g, ", \"generic\": {\"technology\": ");
        put_text(&g, r->notes.generic);
        put(&g, ", \"energy_J\": ");
        put_number(&g, r->notes.generic_energy_J);
        put(&g, ", \"area_m2\": ");
        put_number(&g, r->notes.generic_area_m2);
        put(&g, "}");
    }
    put(&g, "}");
    return take(&g, out);
}

/* {"images": [100, 1000], "wrong": [[3, 4], [20, 31]]}: wrong images by block and programming. */
mho_status mhoi_explore_evidence_text(const explore_evidence *e, char **out)
{
    growing g = {.s = MHO_OK};
    put(&g, "{\"images\": [");
    for (size_t k = 0; k < e->blocks; k++) {
        put(&g, k ? ", " : "");
        put_count(&g, e->end[k]);
    }
    put(&g, "], \"wrong\": [");
    for (size_t k = 0; k < e->blocks; k++) {
        put(&g, k ? ", [" : "[");
        for (size_t t = 0; t < e->trials[k]; t++) {
            put(&g, t ? "," : "");
            put_count(&g, e->wrong[k][t]);
        }
        put(&g, "]");
    }
    put(&g, "]}");
    return take(&g, out);
}
