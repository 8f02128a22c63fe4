/* SPDX-License-Identifier: Apache-2.0 */
/* What a handle holds.  Only files of this folder include this one; hw/sections.h is for the others. */
#ifndef MHO_HW_IMPL_H
#define MHO_HW_IMPL_H

#include <stdbool.h>

#include "hw/sections.h"

struct mho_hw {
    char name[32];
    const mhoi_arch *arch;
    unsigned char *options; /* of all sections, each at a multiple of 16 bytes */
    mho_field *field;       /* of all sections; offsets from `options` */
    mho_fields table;       /* of these */
    mho_origin *origin;     /* of each field */
    unsigned char *section; /* of each field: the number of its section */
    uint32_t stale;         /* bits: sections whose files are to be read */
};

/* Every field at its preset, not finished. */
MHO_MUST_CHECK mho_status mhoi_hw_create(const mhoi_arch *arch, mho_hw **out);
/* hw_preset.c: the section of that name (`length` bytes of key), if files can set all of it, else NULL; the file or
 * built-in preset `name`, named by the file `from` (NULL: the command line). */
const mhoi_section *mhoi_hw_preset(const mho_hw *hw, const char *key, size_t length);
MHO_MUST_CHECK mho_status mhoi_hw_read_preset(mho_hw *hw, const mhoi_section *section,
                                              const char *name, const char *from);
/* As mhoi_hw_finish; *placed: the message of an error begins with the place that set the value. */
MHO_MUST_CHECK mho_status mhoi_hw_finish_placed(mho_hw *hw, bool *placed);
/* Does field i hold the path of a file?  mhoi_hw_content: the digest of what its section read. */
bool mhoi_hw_names_file(const mho_hw *hw, size_t i);
bool mhoi_hw_names(const mho_hw *hw, size_t i); /* a file, or a built-in one */
uint64_t mhoi_hw_content(const mho_hw *hw, size_t i);
/* Has the key, of `length` bytes, another beginning now?  now: the key as it is. */
bool mhoi_hw_moved(const mho_hw *hw, const char *key, size_t length, char *now, size_t size);
/* MHO_ECONFIG where key, of `length` bytes, has another beginning now. */
MHO_MUST_CHECK mho_status mhoi_hw_check_moved(const mho_hw *hw, const char *place, const char *key,
                                              size_t length);

#endif
