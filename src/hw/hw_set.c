/* SPDX-License-Identifier: Apache-2.0 */
/* Assignments "key=value": to a field, to a whole section (a preset), or to what a section makes a field of. */
#include <string.h>

#include "base/fields.h"
#include "hw/hw_impl.h"

enum { TEXT_BYTES = 1024 };

/* The section that takes assignments of this kind, though it has no such field. */
static const mhoi_section *rewriter_of(const mho_hw *hw, const char *assignment)
{
    if (mhoi_hw_find(hw, assignment, strcspn(assignment, "=")) != SIZE_MAX)
        return NULL;
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++)
        if ((*s)->rewrite && !strncmp(assignment, (*s)->prefix, strlen((*s)->prefix)))
            return *s;
    return NULL;
}

mhoi_assigned mhoi_hw_assigned(const mho_hw *hw, const char *key, size_t length)
{
    if (mhoi_hw_find(hw, key, length) != SIZE_MAX)
        return MHOI_ASSIGNED_FIELD;
    if (mhoi_hw_preset(hw, key, length))
        return MHOI_ASSIGNED_PRESET;
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++) {
        const size_t n = (*s)->rewrite ? strlen((*s)->prefix) : 0;
        if (n && length > n && !strncmp(key, (*s)->prefix, n))
            return MHOI_ASSIGNED_SETTING;
    }
    return MHOI_ASSIGNED_FIELD;
}

bool mhoi_hw_gathers(const mho_hw *hw, size_t field)
{
    const char *key = hw->arch->sections[hw->section[field]]->gathers;
    return key && !strcmp(hw->field[field].key, key);
}

mho_status mhoi_hw_assign_at(mho_hw *hw, const char *assignment, const char *place)
{
    char text[TEXT_BYTES];
    mho_status s = mhoi_hw_check_moved(hw, place, assignment, strcspn(assignment, "="));
    const size_t key = strcspn(assignment, "=");
    const mhoi_section *preset = mhoi_hw_preset(hw, assignment, key);
    if (!s && preset && assignment[key])
        return mhoi_hw_read_preset(hw, preset, assignment + key + 1, NULL);
    const mhoi_section *section = s ? NULL : rewriter_of(hw, assignment);
    hw->stale = UINT32_MAX;
    if (section)
        s = section->rewrite(mhoi_hw_section(hw, section), assignment + strlen(section->prefix),
                             text, sizeof text);
    if (!s)
        s = mhoi_fields_set(&hw->table, section ? text : assignment, place, hw->options,
                            hw->origin);
    return s;
}

mho_status mhoi_hw_assign(mho_hw *hw, const char *assignment)
{
    return mhoi_hw_assign_at(hw, assignment, "command line");
}

mho_status mho_hw_set_all(mho_hw *hw, const char *const *assignments)
{
    mho_hw *changed;
    mho_status s = mho_hw_clone(hw, &changed);
    if (s)
        return s;
    for (; !s && assignments && *assignments; assignments++)
        s = mhoi_hw_assign(changed, *assignments);
    if (!s)
        s = mhoi_hw_finish(changed);
    if (!s)
        mhoi_hw_take(hw, changed);
    mho_hw_destroy(changed);
    return s;
}

mho_status mho_hw_set(mho_hw *hw, const char *assignment)
{
    return mho_hw_set_all(hw, (const char *const[]){assignment, NULL});
}
