/* SPDX-License-Identifier: Apache-2.0 */
/* A description as JSON. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/named.h"
#include "hw/hw_impl.h"

enum { TEXT_BYTES = 512 };

bool mhoi_hw_names_file(const mho_hw *hw, size_t i)
{
    char text[TEXT_BYTES];
    const mho_field_kind kind = hw->field[i].kind;
    if (kind != MHO_FIELD_PATH && kind != MHO_FIELD_NAMED)
        return false;
    mho_hw_print(hw, i, text, sizeof text);
    return *text && (kind == MHO_FIELD_PATH || mhoi_is_path(text));
}

uint64_t mhoi_hw_content(const mho_hw *hw, size_t i)
{
    const mhoi_section *section = hw->arch->sections[hw->section[i]];
    return section->content ? section->content(mhoi_hw_section(hw, section)) : 0;
}

/* Paths in full, so that a stored result can be read from anywhere. */
static mho_json *file_json(const char *path)
{
    char full[PATH_MAX];
    return mho_json_text(realpath(path, full) ? full : path);
}

static mho_json *value_json(const mho_hw *hw, size_t i)
{
    char text[TEXT_BYTES];
    mho_hw_print(hw, i, text, sizeof text);
    switch (hw->field[i].kind) {
    case MHO_FIELD_UINT:
        return mho_json_integer(strtoll(text, NULL, 10));
    case MHO_FIELD_DOUBLE:
        return mho_json_number(mhoi_decimal_read(text, NULL));
    case MHO_FIELD_BOOL:
        return mho_json_bool(!strcmp(text, "true"));
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        return mhoi_hw_names_file(hw, i) ? file_json(text) : mho_json_text(text);
    case MHO_FIELD_ENUM:
    case MHO_FIELD_STRING:
        break;
    }
    return mho_json_text(text);
}

static void put_text(mho_json *root, const char *key, const char *value)
{
    mho_json *entry = mho_json_object();
    mho_json_put(entry, "value", mho_json_text(value));
    mho_json_put(root, key, entry);
}

mho_json *mho_hw_json(const mho_hw *hw)
{
    mho_json *root = mho_json_object();
    put_text(root, "name", hw->name);
    put_text(root, "arch", hw->arch->name);
    for (size_t i = 0; i < hw->table.count; i++) {
        const mho_field *field = &hw->field[i];
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "value", value_json(hw, i));
        if (*field->unit)
            mho_json_put(entry, "unit", mho_json_text(field->unit));
        mho_json_put(entry, "place", mho_json_text(hw->origin[i].place));
        if (*hw->origin[i].source)
            mho_json_put(entry, "source", mho_json_text(hw->origin[i].source));
        if (mhoi_hw_names_file(hw, i)) {
            char digest[20];
            snprintf(digest, sizeof digest, "%016llx", (unsigned long long)mhoi_hw_content(hw, i));
            mho_json_put(entry, "content", mho_json_text(digest));
        }
        mho_json_put(root, field->key, entry);
    }
    return root;
}

bool mhoi_hw_digest(const mho_hw *hw, size_t i, char *path, size_t size, char digest[20])
{
    char full[PATH_MAX];
    if (!mhoi_hw_names_file(hw, i))
        return false;
    if (realpath(path, full) && strlen(full) < size)
        memcpy(path, full, strlen(full) + 1);
    snprintf(digest, 20, "%016llx", (unsigned long long)mhoi_hw_content(hw, i));
    return true;
}
