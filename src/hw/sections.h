/* SPDX-License-Identifier: Apache-2.0 */
/* Access to the sections of a hardware description, for the modules that own or use them. */
#ifndef MHO_HW_SECTIONS_H
#define MHO_HW_SECTIONS_H

#include "base/section.h"
#include "mho/hw.h"

/* Sections that belong together. */
typedef struct mhoi_arch {
    const char *name;                      /* "crossbar" */
    const mhoi_section *const *sections;   /* NULL-terminated */
    mho_status (*check)(const mho_hw *hw); /* bounds across sections; NULL: none */
    /* As mhoi_section.idle, across sections. */
    const char *(*idle)(const mho_hw *hw, const char *key);
} mhoi_arch;

/* The options of a section; NULL if the description's arch has no such section. */
const void *mhoi_hw_section(const mho_hw *hw, const mhoi_section *section);
/* The same to write to, for values that keep all bounds. */
void *mhoi_hw_edit(mho_hw *hw, const mhoi_section *section);

/* For sweeps.  The number of the field of that key, SIZE_MAX if there is none. */
size_t mhoi_hw_find(const mho_hw *hw, const char *key, size_t length);
/* What an assignment to that key sets; an unknown key is taken for a field. */
typedef enum mhoi_assigned {
    MHOI_ASSIGNED_FIELD,
    MHOI_ASSIGNED_PRESET,  /* a whole section: "device" */
    MHOI_ASSIGNED_SETTING, /* what a section makes a field of: "technology.V_dd" */
} mhoi_assigned;
mhoi_assigned mhoi_hw_assigned(const mho_hw *hw, const char *key, size_t length);
/* Do settings add up in this field? */
bool mhoi_hw_gathers(const mho_hw *hw, size_t field);
/* One "key=value" within its own bounds; bounds across fields wait for mhoi_hw_finish. */
MHO_MUST_CHECK mho_status mhoi_hw_assign(mho_hw *hw, const char *assignment);
/* The same, said at that place. */
MHO_MUST_CHECK mho_status mhoi_hw_assign_at(mho_hw *hw, const char *assignment, const char *place);
const void *mhoi_hw_value(const mho_hw *hw, size_t field);
/* Bytes that mhoi_hw_value gave for the same arch. */
void mhoi_hw_put(mho_hw *hw, size_t field, const void *value, const char *place);
/* Values and origins of a clone of hw, once its changes are known to be good. */
void mhoi_hw_take(mho_hw *hw, const mho_hw *from);
/* Values alone: the origins stay as they are. */
void mhoi_hw_take_values(mho_hw *hw, const mho_hw *from);
/* Goes on with a hash over the contents of all files that the fields name. */
uint64_t mhoi_hw_contents(const mho_hw *hw, uint64_t hash);
/* mho_hw_identity as if some sections were not there: names, NULL-terminated, or NULL. */
uint64_t mhoi_hw_identity_without(const mho_hw *hw, const char *const *without);
/* The same number, sooner, of the many descriptions of one arch that differ little from one: hw, which stays as it is. */
typedef struct mhoi_hw_texts mhoi_hw_texts;
MHO_MUST_CHECK mho_status mhoi_hw_texts_create(const mho_hw *hw, mhoi_hw_texts **out);
void mhoi_hw_texts_destroy(mhoi_hw_texts *texts);
uint64_t mhoi_hw_identity_like(const mho_hw *hw, const mhoi_hw_texts *like,
                               const char *const *without);
/* Does field i, printed as path[size], name a file?  Then the path in full, and the digest of what it holds. */
bool mhoi_hw_digest(const mho_hw *hw, size_t i, char *path, size_t size, char digest[20]);
/* An error whose message names fields begins with the place where the user set one of them. */
mho_status mhoi_hw_place_error(const mho_hw *hw, mho_status s);
/* Reads files that changed sections name, then checks bounds within sections and across them. */
MHO_MUST_CHECK mho_status mhoi_hw_finish(mho_hw *hw);

/* As the functions of mho/hw.h, with the archs that there are (NULL-terminated, the first is the default). */
MHO_MUST_CHECK mho_status mhoi_hw_default(const mhoi_arch *arch, mho_hw **out);
MHO_MUST_CHECK mho_status mhoi_hw_open(const mhoi_arch *const *archs, const char *name,
                                       const char *const *sets, mho_hw **out);
MHO_MUST_CHECK mho_status mhoi_hw_read(const mhoi_arch *const *archs, const char *text,
                                       const char *place, const char *const *sets, mho_hw **out);
MHO_MUST_CHECK mho_status mhoi_arch_find(const mhoi_arch *const *archs, const char *place,
                                         const char *name, const mhoi_arch **out);

#endif
