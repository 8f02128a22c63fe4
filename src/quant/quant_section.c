/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the scales: section `quant` of a hardware description. */
#include "quant/quant_section.h"

#include "base/fields.h"

#define CHOICE(...) MHOI_CHOICE(mhoi_quant_options, __VA_ARGS__)

static const char *const rules[] = {"cover", "least_squares", "least_absolute", NULL};

static const char *const scales[] = {"auto", "power_of_two", "layer", "channel", NULL};

static const mho_field quant_rows[] = {
    CHOICE(
        "quant.scales", scales, "auto", scales,
        "full mode: power_of_two: one a layer by the rules below; layer, channel: any number, by "
        "post-training quantization; auto: channel for files "
        "that mho has not written, else power_of_two"),
    CHOICE("quant.weight_rule", weight_rule, "cover", rules,
           "full mode: how the power-of-two scale of a layer's weights is chosen"),
    CHOICE("quant.map_rule", map_rule, "cover", rules,
           "full mode: how the power-of-two scale of a feature map is chosen"),
};
static const mho_fields quant_fields = {"quant", quant_rows, sizeof quant_rows / sizeof *quant_rows,
                                        sizeof(mhoi_quant_options)};

const mhoi_section mhoi_quant_section = {.name = "quant", .fields = &quant_fields};
