/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that make up a technology table: a file, its bases, and what is set on top of it. */
#ifndef MHO_COST_TECHNOLOGY_CHAIN_H
#define MHO_COST_TECHNOLOGY_CHAIN_H

#include "base/named.h"
#include "base/yaml.h"
#include "cost/cost_sections.h"

enum { MHOI_CHAIN_FILES = 8, MHOI_CHAIN_SETS = 24 };

typedef struct mhoi_chain_source {
    mhoi_named file;
    mhoi_yaml *root;
    bool set; /* one assignment: of what the table has */
} mhoi_chain_source;

/* 0 where transistors leak as high-performance ones, 1 for low standby power; for the formulas of a table. */
#define MHOI_LEAKAGE_CONSTANT "lstp"

/* From the lowest base up. */
typedef struct mhoi_chain {
    mhoi_chain_source source[MHOI_CHAIN_FILES + MHOI_CHAIN_SETS];
    size_t length;
} mhoi_chain;

/* In any case to be closed. */
MHO_MUST_CHECK mho_status mhoi_chain_open(const char *name, mhoi_chain *out);
MHO_MUST_CHECK mho_status mhoi_chain_text(const char *text, const char *place, mhoi_chain *out);
/* "NAME = VALUE UNIT", "COMPONENT.QUANTITY = VALUE UNIT" on top. */
MHO_MUST_CHECK mho_status mhoi_chain_set(mhoi_chain *chain, const char *assignment);
/* Does a table of the chain tell a constant of that name? */
bool mhoi_chain_has(const mhoi_chain *chain, const char *constant);
/* Does one of them tell component models, or a fallback? */
bool mhoi_chain_has_models(const mhoi_chain *chain);
bool mhoi_chain_has_fallback(const mhoi_chain *chain);
void mhoi_chain_close(mhoi_chain *chain);
/* Of all files. */
uint64_t mhoi_chain_digest(const mhoi_chain *chain);

/* technology_read.c */
MHO_MUST_CHECK mho_status mhoi_chain_read(const mhoi_chain *chain, mho_technology **out);

/* The table that a description names, with what it sets. */
MHO_MUST_CHECK mho_status mhoi_technology_load(const mhoi_technology_options *options,
                                               mho_technology **out);

#endif
