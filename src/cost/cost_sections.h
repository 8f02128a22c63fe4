/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of a hardware description that prices depend on. */
#ifndef MHO_COST_SECTIONS_H
#define MHO_COST_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/section.h"
#include "mho/cost.h"

typedef enum mho_sharing { MHO_INPUT_SHARED, MHO_INPUT_COPIED } mho_sharing;
typedef enum mho_adc4_area { MHO_ADC4_COMPARATORS, MHO_ADC4_PRINTED } mho_adc4_area;
typedef enum mho_subtract { MHO_SUBTRACT_OUTPUT, MHO_SUBTRACT_PARTIAL } mho_subtract;
typedef enum mho_classifier { MHO_CLASSIFIER_LIKE_OTHERS, MHO_CLASSIFIER_LAST_BITS } mho_classifier;
typedef enum mho_footnote_c { MHO_FOOTNOTE_C_MW, MHO_FOOTNOTE_C_W } mho_footnote_c;

/* Readings of bcnn Table IV; docs/models/cost.md. */
typedef struct mhoi_readings_options {
    int input_sharing; /* mho_sharing: column groups share the DACs (D0), or each has its own (Dx) */
    size_t converters_per_weight_column; /* 2: one per crossbar of the pair; 1 */
    size_t conducting_cells_per_weight;  /* 1: one device of the pair counts for energy; 2 */
    int adc4_area;   /* mho_adc4_area: 15 comparators of 72 T, or the printed 72 T */
    int subtractors; /* mho_subtract: one a layer output, or one a partial sum */
    int classifier;  /* mho_classifier: converters like the others', or of output.last_bits */
    int footnote_c;  /* mho_footnote_c: digital power of Table III in mW as printed, or read as W */
    bool buffer;     /* count the feature-map buffer */
} mhoi_readings_options;

typedef enum mho_leakage { MHO_LEAKAGE_HP, MHO_LEAKAGE_LSTP } mho_leakage;

typedef struct mhoi_technology_options {
    char name[256];      /* built in, or a path */
    int leakage;         /* mho_leakage: flavour of transistors */
    char overrides[512]; /* "adc8.energy = 1 pJ; F = 32 nm": set on top of the table */
    uint64_t content;    /* digest of the table's texts */
    bool models;         /* the table has component models, */
    bool fallback;       /* or one to fall back to */
} mhoi_technology_options;

extern const mhoi_section mhoi_readings_section, mhoi_technology_section;
/* Of the MAC array: the technology with memories for default; prices (mho_prices) in place of its own. */
extern const mhoi_section mhoi_memories_section, mhoi_prices_section;

#endif
