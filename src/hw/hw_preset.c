/* SPDX-License-Identifier: Apache-2.0 */
/* Presets: a section set to what one file says, "device=NAME", in place of all that was said of it before. */
#include <string.h>

#include "base/fields.h"
#include "base/named.h"
#include "base/yaml.h"
#include "hw/hw_impl.h"

const mhoi_section *mhoi_hw_preset(const mho_hw *hw, const char *key, size_t length)
{
    for (const mhoi_section *const *s = hw->arch->sections; *s; s++)
        if ((*s)->presets && strlen((*s)->name) == length && !strncmp((*s)->name, key, length))
            return *s;
    return NULL;
}

/* Values of the section, and where they come from, are the defaults again. */
static mho_status reset(mho_hw *hw, const mhoi_section *section)
{
    const size_t n = strlen(section->name);
    mho_hw *plain = NULL;
    mho_status s = mhoi_hw_create(hw->arch, &plain);
    for (size_t i = 0; !s && i < hw->table.count; i++) {
        const char *key = hw->field[i].key;
        if (strncmp(key, section->name, n) != 0 || key[n] != '.')
            continue;
        memcpy(hw->options + hw->field[i].offset, mhoi_hw_value(plain, i), hw->field[i].size);
        hw->origin[i] = plain->origin[i];
    }
    mho_hw_destroy(plain);
    return s;
}

mho_status mhoi_hw_read_preset(mho_hw *hw, const mhoi_section *section, const char *name,
                               const char *from)
{
    const char *const folders[] = {section->presets, NULL};
    mhoi_named file = {.text = NULL};
    mhoi_yaml *root = NULL;
    mho_status s = mhoi_named_open(folders, section->name, name, from, &file);
    if (s) /* a value of the description, not a misuse of the command */
        return s == MHO_EUSAGE ? mho_error(MHO_ECONFIG, "%s", mho_error_message()) : s;
    s = mhoi_yaml_parse(file.text, file.place, &root);
    if (!s)
        s = reset(hw, section);
    if (!s)
        s = mhoi_fields_read(&hw->table, root, file.place, NULL, hw->options, hw->origin);
    hw->stale = UINT32_MAX;
    mhoi_yaml_destroy(root);
    mhoi_named_close(&file);
    return s;
}
