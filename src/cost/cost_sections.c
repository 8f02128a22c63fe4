/* SPDX-License-Identifier: Apache-2.0 */
/* What prices depend on: sections `readings` and `technology` of a hardware description. */
#include "cost/cost_sections.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "base/shelf.h"
#include "cost/technology_chain.h"

#define COUNT(...) MHOI_COUNT(mhoi_readings_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_readings_options, __VA_ARGS__)
#define YES_NO(...) MHOI_YES_NO(mhoi_readings_options, __VA_ARGS__)

static const char *const sharings[] = {"shared", "copied", NULL};
static const char *const adc4_areas[] = {"comparators", "printed", NULL};
static const char *const subtracts[] = {"output", "partial", NULL};
static const char *const classifiers[] = {"like_others", "last_bits", NULL};
static const char *const footnotes_c[] = {"mw", "w", NULL};

static const mhoi_moved moved[] = {{"cost.", "readings."}, {NULL, NULL}};

static const mho_field readings_rows[] = {
    CHOICE("readings.input_sharing", input_sharing, "shared", sharings,
           "column groups share the input converters, or each has its own"),
    COUNT("readings.converters_per_weight_column", converters_per_weight_column, "2", 1, 2,
          "output converters of a pair of columns"),
    COUNT("readings.conducting_cells_per_weight", conducting_cells_per_weight, "1", 1, 2,
          "cells of a pair that take energy"),
    CHOICE("readings.adc4_area", adc4_area, "comparators", adc4_areas,
           "area of a 4-bit converter: 15 comparators, or as printed"),
    CHOICE("readings.subtractors", subtractors, "output", subtracts,
           "one subtractor a layer output, or one a partial sum"),
    CHOICE("readings.classifier", classifier, "like_others", classifiers,
           "output converters of the classifier: as in the other layers, or of output.last_bits"),
    CHOICE("readings.footnote_c", footnote_c, "mw", footnotes_c,
           "digital power of bcnn Table III: mW as printed, or read as W"),
    YES_NO("readings.buffer", buffer, "false", "count the feature-map buffer"),
};
static const mho_fields readings_fields = {"readings", readings_rows,
                                           sizeof readings_rows / sizeof *readings_rows,
                                           sizeof(mhoi_readings_options)};

const mhoi_section mhoi_readings_section = {
    .name = "readings", .fields = &readings_fields, .moved = moved};

static const char *const leakages[] = {"hp", "lstp", NULL};

static const mho_field technology_rows[] = {
    MHOI_FIELD(mhoi_technology_options, "technology", MHO_FIELD_NAMED, name, "bcnn-45nm", 0, 0, "",
               1, NULL, "table of component costs: configs/tech/NAME.yaml, or a path"),
    MHOI_CHOICE(mhoi_technology_options, "leakage", leakage, "hp", leakages,
                "transistors of high performance, or of low standby power"),
    MHOI_FIELD(
        mhoi_technology_options, "overrides", MHO_FIELD_STRING, overrides, "", 0, 0, "", 1, NULL,
        "constants and prices in place of the technology's, \"F = 32 nm; dac8.energy = 1 pJ\"; "
        "also as technology.dac8.energy=1pJ"),
};
static const mho_fields technology_fields = {"technology", technology_rows,
                                             sizeof technology_rows / sizeof *technology_rows,
                                             sizeof(mhoi_technology_options)};

/* The assignments of a text, one after the other; each ends at a semicolon. */
static mho_status set_overrides(const char *text, mhoi_chain *chain)
{
    mho_status s = MHO_OK;
    while (!s && *text) {
        char one[sizeof((mhoi_technology_options *)0)->overrides];
        const size_t n = strcspn(text, ";");
        snprintf(one, sizeof one, "%.*s", (int)n, text);
        if (one[strspn(one, " ")])
            s = mhoi_chain_set(chain, one + strspn(one, " "));
        text += n + (text[n] == ';');
    }
    return s;
}

static mho_status open_chain(const mhoi_technology_options *o, mhoi_chain *chain)
{
    mho_status s = mhoi_chain_open(o->name, chain);
    if (!s && o->leakage == MHO_LEAKAGE_LSTP && mhoi_chain_has(chain, MHOI_LEAKAGE_CONSTANT))
        s = mhoi_chain_set(chain, MHOI_LEAKAGE_CONSTANT " = 1");
    return s ? s : set_overrides(o->overrides, chain);
}

enum { KEPT_TECHNOLOGIES = 64, KEPT_DIGESTS = 4096 };

/* What a run keeps of options: all that tells the table but what is in its file. */
typedef struct technology_key {
    char name[sizeof((mhoi_technology_options *)0)->name];
    char overrides[sizeof((mhoi_technology_options *)0)->overrides];
    int leakage;
} technology_key;

static technology_key key_of(const mhoi_technology_options *o)
{
    technology_key key;
    memset(&key, 0, sizeof key); /* compared byte by byte */
    snprintf(key.name, sizeof key.name, "%s", o->name);
    snprintf(key.overrides, sizeof key.overrides, "%s", o->overrides);
    key.leakage = o->leakage;
    return key;
}

static void free_kept(void *object)
{
    mho_technology *tech = object;
    tech->kept = false;
    mho_technology_destroy(tech);
}

static mho_status load(const mhoi_technology_options *options, mho_technology **out)
{
    mhoi_chain chain;
    mho_status s = open_chain(options, &chain);
    if (!s)
        s = mhoi_chain_read(&chain, out);
    mhoi_chain_close(&chain);
    return s;
}

mho_status mhoi_technology_load(const mhoi_technology_options *options, mho_technology **out)
{
    const technology_key key = key_of(options);
    const void *found = mhoi_shelf_find("technology", &key, sizeof key);
    *out = NULL;
    if (found) {
        memcpy(out, &found, sizeof *out);
        return MHO_OK;
    }
    mho_status s = load(options, out);
    if (!s) {
        (*out)->kept = true;
        if (!mhoi_shelf_keep("technology", KEPT_TECHNOLOGIES, &key, sizeof key, *out, free_kept))
            (*out)->kept = false;
    }
    return s;
}

/* What is wrong with the settings, and not with the table: the table alone can be read. */
static mho_status blame_overrides(const mhoi_technology_options *o, mho_status s)
{
    char why[1024];
    mhoi_technology_options alone = *o;
    mho_technology *tech = NULL;
    snprintf(why, sizeof why, "%s", mho_error_message());
    *alone.overrides = 0;
    const mho_status bare = *o->overrides ? mhoi_technology_load(&alone, &tech) : s;
    mho_technology_destroy(tech);
    return bare ? mho_error(s, "%s", why) : mho_error(s, "overrides: %s", why);
}

/* What reading a table tells of it. */
typedef struct technology_digest {
    uint64_t content;
    bool models, fallback;
} technology_digest;

static void free_digest(void *digest)
{
    mhoi_free(&digest);
}

static void keep_digest(const technology_key *key, const mhoi_technology_options *o)
{
    technology_digest *digest = NULL;
    if (mhoi_alloc(&digest, 1, sizeof *digest, "digest of a technology"))
        return;
    *digest = (technology_digest){o->content, o->models, o->fallback};
    if (!mhoi_shelf_keep("technology digest", KEPT_DIGESTS, key, sizeof *key, digest, free_digest))
        mhoi_free(&digest);
}

/* A table is read when it is needed; what is set on top of it, at once. */
static mho_status read_technology(void *options)
{
    mhoi_technology_options *o = options;
    const technology_key key = key_of(o);
    const technology_digest *known = mhoi_shelf_find("technology digest", &key, sizeof key);
    if (known) {
        o->content = known->content;
        o->models = known->models;
        o->fallback = known->fallback;
        return MHO_OK;
    }
    mhoi_chain chain;
    mho_technology *tech = NULL;
    mho_status s = open_chain(o, &chain);
    if (!s) {
        o->content = mhoi_chain_digest(&chain);
        o->models = mhoi_chain_has_models(&chain);
        o->fallback = mhoi_chain_has_fallback(&chain);
    }
    if (!s && *o->overrides)
        s = mhoi_chain_read(&chain, &tech);
    mho_technology_destroy(tech);
    mhoi_chain_close(&chain);
    if (!s)
        keep_digest(&key, o);
    return s ? blame_overrides(o, s) : MHO_OK;
}

static uint64_t technology_content(const void *options)
{
    return ((const mhoi_technology_options *)options)->content;
}

/* "technology.F=32 nm" adds "F = 32 nm" to the overrides. */
static mho_status technology_rewrite(const void *options, const char *assignment, char *out,
                                     size_t size)
{
    const mhoi_technology_options *o = options;
    const int n = snprintf(out, size, "overrides=%s%s%s", o->overrides, *o->overrides ? "; " : "",
                           assignment);
    return n > 0 && (size_t)n < size
               ? MHO_OK
               : mho_error(MHO_ECONFIG, "technology.%s: more settings than there is room for",
                           assignment);
}

const mhoi_section mhoi_technology_section = {.name = "technology",
                                              .fields = &technology_fields,
                                              .finish = read_technology,
                                              .content = technology_content,
                                              .prefix = "technology.",
                                              .gathers = "overrides",
                                              .rewrite = technology_rewrite};

static const mhoi_moved memories_moved[] = {{"macros", "technology"}, {NULL, NULL}};

static const mho_field memories_rows[] = {
    MHOI_FIELD(mhoi_technology_options, "technology", MHO_FIELD_NAMED, name, "buffer-22nm", 0, 0,
               "", 1, NULL, "table of memory macros: configs/tech/NAME.yaml, or a path"),
};
static const mho_fields memories_fields = {"technology", memories_rows, 1,
                                           sizeof(mhoi_technology_options)};

const mhoi_section mhoi_memories_section = {.name = "technology",
                                            .fields = &memories_fields,
                                            .moved = memories_moved,
                                            .finish = read_technology,
                                            .content = technology_content};

static const mhoi_moved prices_moved[] = {{"ddr.e_rd", "prices.ddr_read"},
                                          {"ddr.e_wr", "prices.ddr_write"},
                                          {"e_mac", "prices.mac"},
                                          {"ddr.", "prices."},
                                          {NULL, NULL}};

static const mho_field prices_rows[] = {
    MHOI_REAL(mho_prices, "prices.ddr_read", ddr_read_J, "100", 0, 1e6, "pJ/B", 1e-12,
              "DDR; 100 is fitted to Table 6 of buffer, whose Table 4 prints 80.3"),
    MHOI_REAL(mho_prices, "prices.ddr_write", ddr_write_J, "82.719", 0, 1e6, "pJ/B", 1e-12,
              "DDR; Table 4 of buffer"),
    MHOI_REAL(mho_prices, "prices.mac", mac_J, "0.07021", 0, 1e6, "pJ", 1e-12,
              "a useful multiply-accumulate; fitted to Table 6 of buffer"),
};
static const mho_fields prices_fields = {
    "prices", prices_rows, sizeof prices_rows / sizeof *prices_rows, sizeof(mho_prices)};

const mhoi_section mhoi_prices_section = {
    .name = "prices", .fields = &prices_fields, .moved = prices_moved};
