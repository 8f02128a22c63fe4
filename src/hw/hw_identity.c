/* SPDX-License-Identifier: Apache-2.0 */
/* The digest by which a description is known: of the texts of its fields, and of what files held. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "hw/hw_impl.h"

enum { TEXT_BYTES = 512 };

/* Of one description: what is hashed of each field, "key", 0, "text", 0, one behind the other. */
struct mhoi_hw_texts {
    const mho_hw *hw;
    char *text;
    size_t *at; /* [fields + 1] */
};

uint64_t mhoi_hw_contents(const mho_hw *hw, uint64_t hash)
{
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++) {
        const uint64_t content = (*s)->content ? (*s)->content(mhoi_hw_section(hw, *s)) : 0;
        hash = mhoi_fnv1a(hash, &content, sizeof content);
    }
    return hash;
}

static bool is_without(const mhoi_section *section, const char *const *without)
{
    for (; without && *without; without++)
        if (!strcmp(section->name, *without))
            return true;
    return false;
}

/* Files are known by content. */
static bool is_file(const mho_field *field)
{
    return field->kind == MHO_FIELD_PATH || field->kind == MHO_FIELD_NAMED;
}

void mhoi_hw_texts_destroy(mhoi_hw_texts *texts)
{
    if (!texts)
        return;
    mhoi_free(&texts->text);
    mhoi_free(&texts->at);
    mhoi_free(&texts);
}

static size_t text_of(const mho_hw *hw, size_t i, char text[2 * TEXT_BYTES])
{
    const size_t key = strlen(hw->field[i].key) + 1;
    memcpy(text, hw->field[i].key, key);
    mho_hw_print(hw, i, text + key, TEXT_BYTES);
    return key + strlen(text + key) + 1;
}

mho_status mhoi_hw_texts_create(const mho_hw *hw, mhoi_hw_texts **out)
{
    mhoi_hw_texts *t = NULL;
    const size_t fields = hw->table.count;
    *out = NULL;
    mho_status s = mhoi_alloc(&t, 1, sizeof *t, "texts of fields");
    if (s)
        return s;
    s = mhoi_alloc(&t->text, fields, 2 * TEXT_BYTES, "texts of fields");
    if (!s)
        s = mhoi_alloc(&t->at, fields + 1, sizeof *t->at, "texts of fields");
    if (s) {
        mhoi_hw_texts_destroy(t);
        return s;
    }
    t->hw = hw;
    for (size_t i = 0; i < fields; i++)
        t->at[i + 1] = t->at[i] + (is_file(&hw->field[i]) ? 0 : text_of(hw, i, t->text + t->at[i]));
    *out = t;
    return MHO_OK;
}

static uint64_t hash_field(const mho_hw *hw, const mhoi_hw_texts *like, size_t i, uint64_t hash)
{
    char text[2 * TEXT_BYTES];
    if (like && !memcmp(mhoi_hw_value(hw, i), mhoi_hw_value(like->hw, i), hw->field[i].size))
        return mhoi_fnv1a(hash, like->text + like->at[i], like->at[i + 1] - like->at[i]);
    return mhoi_fnv1a(hash, text, text_of(hw, i, text));
}

uint64_t mhoi_hw_identity_like(const mho_hw *hw, const mhoi_hw_texts *like,
                               const char *const *without)
{
    uint64_t hash = mhoi_fnv1a_text(MHOI_HASH_START, hw->arch->name);
    const mhoi_section *section = NULL;
    bool left_out = false;
    for (size_t i = 0; i < hw->table.count; i++) {
        if (section != hw->arch->sections[hw->section[i]]) {
            section = hw->arch->sections[hw->section[i]];
            left_out = is_without(section, without);
        }
        if (!left_out && !is_file(&hw->field[i]))
            hash = hash_field(hw, like, i, hash);
    }
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++) {
        const bool counts = (*s)->content && !is_without(*s, without);
        const uint64_t content = counts ? (*s)->content(mhoi_hw_section(hw, *s)) : 0;
        hash = mhoi_fnv1a(hash, &content, sizeof content);
    }
    return hash;
}

uint64_t mhoi_hw_identity_without(const mho_hw *hw, const char *const *without)
{
    return mhoi_hw_identity_like(hw, NULL, without);
}

uint64_t mho_hw_identity(const mho_hw *hw)
{
    return mhoi_hw_identity_without(hw, NULL);
}
