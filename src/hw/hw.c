/* SPDX-License-Identifier: Apache-2.0 */
/* A handle: the options of all sections of an arch in one block, one table of all their fields. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "hw/hw_impl.h"
#include "mho/asset.h"

enum { ALIGN = 16, TEXT_BYTES = 512 };

static size_t place_after(size_t offset, size_t size)
{
    return (offset + size + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t offset_of(const mhoi_arch *arch, const mhoi_section *section)
{
    size_t offset = 0;
    for (const mhoi_section *const *s = arch->sections; *s && *s != section; s++)
        offset = place_after(offset, (*s)->fields->struct_size);
    return offset;
}

static size_t count_fields(const mhoi_arch *arch)
{
    size_t count = 0;
    for (const mhoi_section *const *s = arch->sections; *s; s++)
        count += (*s)->fields->count;
    return count;
}

static void fill_table(mho_hw *hw)
{
    mho_field *f = hw->field;
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++)
        for (size_t i = 0; i < (*s)->fields->count; i++, f++) {
            *f = (*s)->fields->field[i];
            f->offset += offset_of(hw->arch, *s);
            hw->section[f - hw->field] = (unsigned char)(s - hw->arch->sections);
        }
    hw->table =
        (mho_fields){"hardware", hw->field, (size_t)(f - hw->field), offset_of(hw->arch, NULL)};
}

/* With room for everything, nothing set. */
static mho_status allocate(const mhoi_arch *arch, mho_hw **out)
{
    mho_hw *hw = NULL;
    const size_t fields = count_fields(arch);
    *out = NULL;
    mho_status s = mhoi_alloc(&hw, 1, sizeof *hw, "hardware description");
    if (s)
        return s;
    hw->arch = arch;
    s = mhoi_alloc(&hw->options, offset_of(arch, NULL), 1, "hardware description");
    if (!s)
        s = mhoi_alloc(&hw->field, fields, sizeof *hw->field, "hardware description");
    if (!s)
        s = mhoi_alloc(&hw->section, fields, sizeof *hw->section, "hardware description");
    if (!s)
        s = mhoi_alloc(&hw->origin, fields, sizeof *hw->origin, "hardware description");
    if (s) {
        mho_hw_destroy(hw);
        return s;
    }
    hw->stale = UINT32_MAX;
    fill_table(hw);
    *out = hw;
    return MHO_OK;
}

mho_status mhoi_hw_create(const mhoi_arch *arch, mho_hw **out)
{
    mho_status s = allocate(arch, out);
    if (!s)
        s = mho_fields_preset(&(*out)->table, (*out)->options, (*out)->origin);
    if (s) {
        mho_hw_destroy(*out);
        *out = NULL;
    }
    return s;
}

mho_status mhoi_hw_default(const mhoi_arch *arch, mho_hw **out)
{
    mho_status s = mhoi_hw_create(arch, out);
    if (s)
        return s;
    snprintf((*out)->name, sizeof(*out)->name, "%s", arch->name);
    s = mhoi_hw_finish(*out);
    if (s) {
        mho_hw_destroy(*out);
        *out = NULL;
    }
    return s;
}

mho_status mho_hw_clone(const mho_hw *hw, mho_hw **out)
{
    mho_status s = allocate(hw->arch, out);
    if (s)
        return s;
    memcpy((*out)->name, hw->name, sizeof hw->name);
    (*out)->stale = hw->stale;
    memcpy((*out)->options, hw->options, hw->table.struct_size);
    memcpy((*out)->origin, hw->origin, hw->table.count * sizeof *hw->origin);
    return MHO_OK;
}

void mho_hw_destroy(mho_hw *hw)
{
    if (!hw)
        return;
    mhoi_free(&hw->options);
    mhoi_free(&hw->field);
    mhoi_free(&hw->origin);
    mhoi_free(&hw->section);
    mhoi_free(&hw);
}

const void *mhoi_hw_section(const mho_hw *hw, const mhoi_section *section)
{
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++)
        if (*s == section)
            return hw->options + offset_of(hw->arch, section);
    return NULL;
}

void *mhoi_hw_edit(mho_hw *hw, const mhoi_section *section)
{
    const unsigned char *options = mhoi_hw_section(hw, section);
    return options ? hw->options + (options - hw->options) : NULL;
}

bool mhoi_hw_names(const mho_hw *hw, size_t i)
{
    char text[TEXT_BYTES];
    const mho_field_kind kind = hw->field[i].kind;
    mho_hw_print(hw, i, text, sizeof text);
    return (kind == MHO_FIELD_PATH || kind == MHO_FIELD_NAMED) && *text;
}

/* Does the last message name the key? */
static bool is_told(const char *key)
{
    const size_t n = strlen(key);
    for (const char *p = mho_error_message(); (p = strstr(p, key)); p += n) {
        const char before = p == mho_error_message() ? ' ' : p[-1];
        if (strchr(" :(,", before) && (!p[n] || strchr(" =:,;)", p[n])))
            return true;
    }
    return false;
}

/* Not a default, not of a file that is built in. */
static bool is_said(const mho_origin *origin)
{
    char path[MHO_ORIGIN_TEXT];
    snprintf(path, sizeof path, "%s", origin->place);
    char *colon = strrchr(path, ':');
    if (colon)
        *colon = 0;
    return strcmp(path, "default") != 0 && !mho_asset_find(path);
}

/* Of the fields that the message names, where the user set one, the command line first. */
static const mho_origin *who_set(const mho_hw *hw)
{
    const mho_origin *found = NULL;
    for (size_t i = 0; i < hw->table.count; i++) {
        const mho_origin *origin = &hw->origin[i];
        if (!is_told(hw->field[i].key) || !is_said(origin) || !strcmp(origin->place, "sweep"))
            continue;
        if (!found || !strcmp(origin->place, "command line"))
            found = origin;
    }
    return found;
}

mho_status mhoi_hw_place_error(const mho_hw *hw, mho_status s)
{
    const mho_origin *origin = s ? who_set(hw) : NULL;
    return origin ? mho_error_prefix(s, "%s", origin->place) : s;
}

static bool begins_with_key(const char *text, const char *key)
{
    return !strncmp(text, key, strlen(key)) && text[strlen(key)] == ':';
}

/* A section did not get what it reads: the field that the message begins with, else the one that names its file, tells
 * where that was said. */
static mho_status not_read(const mho_hw *hw, uint32_t section, mho_status s, bool *placed)
{
    for (size_t i = 0; i < hw->table.count && !*placed; i++)
        if (hw->section[i] == section && begins_with_key(mho_error_message(), hw->field[i].key)) {
            *placed = true;
            s = mho_error_prefix(s, "%s", hw->origin[i].place);
        }
    for (size_t i = 0; i < hw->table.count && !*placed; i++)
        if (hw->section[i] == section && mhoi_hw_names(hw, i) &&
            strcmp(hw->origin[i].place, "sweep") != 0) {
            *placed = true;
            s = mho_error_prefix(s, "%s: %s", hw->origin[i].place, hw->field[i].key);
        }
    return s;
}

mho_status mhoi_hw_finish(mho_hw *hw)
{
    bool placed;
    return mhoi_hw_finish_placed(hw, &placed);
}

static mho_status check_sections(const mho_hw *hw)
{
    mho_status s = MHO_OK;
    for (const mhoi_section *const *p = hw->arch->sections; !s && *p; p++)
        if ((*p)->check)
            s = (*p)->check(mhoi_hw_section(hw, *p));
    return !s && hw->arch->check ? hw->arch->check(hw) : s;
}

mho_status mhoi_hw_finish_placed(mho_hw *hw, bool *placed)
{
    mho_status s = MHO_OK;
    *placed = false;
    for (uint32_t i = 0; !s && hw->arch->sections[i]; i++) {
        const mhoi_section *section = hw->arch->sections[i];
        if (section->finish && (hw->stale >> i & 1))
            s = section->finish(mhoi_hw_edit(hw, section));
        if (s)
            return not_read(hw, i, s, placed);
    }
    hw->stale = 0;
    s = check_sections(hw);
    const mho_origin *origin = s ? who_set(hw) : NULL;
    *placed = origin;
    return origin ? mho_error_prefix(s, "%s", origin->place) : s;
}

bool mhoi_hw_moved(const mho_hw *hw, const char *key, size_t length, char *now, size_t size)
{
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++)
        for (const mhoi_moved *m = (*s)->moved; m && m->from; m++) {
            const size_t n = strlen(m->from);
            if (length >= n && !strncmp(key, m->from, n)) {
                snprintf(now, size, "%s%.*s", m->to, (int)(length - n), key + n);
                return true;
            }
            if (length == n - 1 && m->from[n - 1] == '.' && !strncmp(key, m->from, length)) {
                snprintf(now, size, "%.*s", (int)strlen(m->to) - 1, m->to);
                return true;
            }
        }
    return false;
}

mho_status mhoi_hw_check_moved(const mho_hw *hw, const char *place, const char *key, size_t length)
{
    char now[MHO_ORIGIN_TEXT];
    if (!mhoi_hw_moved(hw, key, length, now, sizeof now))
        return MHO_OK;
    return mho_error(MHO_ECONFIG, "%s: %.*s is now %s", place, (int)length, key, now);
}

size_t mhoi_hw_find(const mho_hw *hw, const char *key, size_t length)
{
    for (size_t i = 0; i < hw->table.count; i++)
        if (!strncmp(hw->field[i].key, key, length) && !hw->field[i].key[length])
            return i;
    return SIZE_MAX;
}

const void *mhoi_hw_value(const mho_hw *hw, size_t field)
{
    return hw->options + hw->field[field].offset;
}

void mhoi_hw_put(mho_hw *hw, size_t field, const void *value, const char *place)
{
    mho_origin *origin = &hw->origin[field];
    unsigned char *to = hw->options + hw->field[field].offset;
    if (memcmp(to, value, hw->field[field].size) != 0) {
        memcpy(to, value, hw->field[field].size);
        hw->stale |= UINT32_C(1) << hw->section[field];
    }
    if (strcmp(origin->place, place) != 0 || *origin->source) {
        snprintf(origin->place, sizeof origin->place, "%s", place);
        origin->source[0] = 0;
    }
}

void mhoi_hw_take_values(mho_hw *hw, const mho_hw *from)
{
    hw->stale = from->stale;
    memcpy(hw->options, from->options, hw->table.struct_size);
}

void mhoi_hw_take(mho_hw *hw, const mho_hw *from)
{
    mhoi_hw_take_values(hw, from);
    memcpy(hw->origin, from->origin, hw->table.count * sizeof *hw->origin);
}

const char *mho_hw_name(const mho_hw *hw)
{
    return hw->name;
}

const char *mho_hw_arch(const mho_hw *hw)
{
    return hw->arch->name;
}

mho_status mho_hw_want(const mho_hw *hw, const char *arch)
{
    if (!strcmp(hw->arch->name, arch))
        return MHO_OK;
    return mho_error(MHO_ECONFIG, "%s has arch: %s, want arch: %s", hw->name, hw->arch->name, arch);
}

size_t mho_hw_field_count(const mho_hw *hw)
{
    return hw->table.count;
}

const mho_field *mho_hw_field(const mho_hw *hw, size_t i)
{
    return &hw->field[i];
}

const mho_origin *mho_hw_origin(const mho_hw *hw, size_t i)
{
    return &hw->origin[i];
}

int mho_hw_print(const mho_hw *hw, size_t i, char *text, size_t size)
{
    return mho_field_print(&hw->table, i, hw->options, text, size);
}

static const mho_field *find(const mho_hw *hw, const char *key)
{
    const size_t i = mhoi_hw_find(hw, key, strlen(key));
    return i == SIZE_MAX ? NULL : &hw->field[i];
}

int mho_hw_text(const mho_hw *hw, const char *key, char *text, size_t size)
{
    const mho_field *f = find(hw, key);
    return f ? mho_hw_print(hw, (size_t)(f - hw->field), text, size)
             : snprintf(text, size, "%s", "");
}

double mho_hw_number(const mho_hw *hw, const char *key)
{
    const mho_field *f = find(hw, key);
    double real = (double)NAN;
    bool flag;
    size_t whole;
    int name;
    if (!f)
        return real;
    const void *from = hw->options + f->offset;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        memcpy(&flag, from, sizeof flag);
        return flag;
    case MHO_FIELD_UINT:
        memcpy(&whole, from, sizeof whole);
        return (double)whole;
    case MHO_FIELD_DOUBLE:
        memcpy(&real, from, sizeof real);
        return real;
    case MHO_FIELD_ENUM:
        memcpy(&name, from, sizeof name);
        return name;
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        break;
    }
    return real;
}

bool mho_hw_is(const mho_hw *hw, const char *key, const char *value)
{
    char text[TEXT_BYTES];
    mho_hw_text(hw, key, text, sizeof text);
    return !strcmp(text, value);
}

size_t mho_hw_idle(const mho_hw *hw, size_t from, const char **why)
{
    for (size_t i = from; i < hw->table.count; i++) {
        const mhoi_section *section = hw->arch->sections[hw->section[i]];
        const char *key = hw->field[i].key;
        *why = section->idle ? section->idle(mhoi_hw_section(hw, section), key) : NULL;
        if (!*why && hw->arch->idle)
            *why = hw->arch->idle(hw, key);
        if (*why && is_said(&hw->origin[i]))
            return i;
    }
    *why = NULL;
    return hw->table.count;
}
