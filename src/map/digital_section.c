/* SPDX-License-Identifier: Apache-2.0 */
/* Digital units beside the crossbars: section `digital` of a hardware description. */
#include "base/fields.h"
#include "map/digital.h"
#include "map/map_sections.h"

static mho_status check(const void *options)
{
    return mhoi_digital_check(((const mhoi_digital_options *)options)->operators);
}

static const char *const priced[] = {"general", "all", NULL};

static const mho_field rows[] = {
    MHOI_COUNT(mhoi_digital_options, "digital.bits", bits, "16", 8, 32,
               "of the values that digital units work on: softmax, normalization, products of two "
               "maps and what else no crossbar holds"),
    MHOI_COUNT(
        mhoi_digital_options, "digital.lanes", lanes, "16", 1, 65536,
        "elementary operations (a multiply-accumulate is one) that a unit does in a cycle of "
        "its clock; every such layer has a unit of its own"),
    MHOI_REAL(mhoi_digital_options, "digital.clock", clock_Hz, "1", 1e-3, 100, "GHz", 1e9,
              "of the digital units"),
    MHOI_CHOICE(mhoi_digital_options, "digital.priced", priced, "general", priced,
                "general: what is no layer of a line-buffer pipeline has a price; all: pools, "
                "additions of branches and element-wise layers, too"),
    MHOI_FIELD(mhoi_digital_options, "digital.operators", MHO_FIELD_STRING, operators, "", 0, 0, "",
               1, NULL,
               "operators that crossbars cannot hold and digital units shall do all the same, as "
               "\"ConvTranspose,LSTM\""),
};
static const mho_fields fields = {"digital", rows, sizeof rows / sizeof *rows,
                                  sizeof(mhoi_digital_options)};

const mhoi_section mhoi_digital_section = {.name = "digital", .fields = &fields, .check = check};
