/* SPDX-License-Identifier: Apache-2.0 */
/* Under which cells conduct in a read: section `read` of a hardware description. */
#include <string.h>

#include "base/fields.h"
#include "map/map_sections.h"

#define REAL(...) MHOI_REAL(mhoi_read_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_read_options, __VA_ARGS__)

static const char *const supplies[] = {"own", "clamped", NULL};
static const char *const gates[] = {"inputs", "all", NULL};
static const char *const conducts[] = {"read", "settling", "pulse", NULL};

static const char *idle(const void *options, const char *key)
{
    const mhoi_read_options *o = options;
    if (!strcmp(key, "read.pulse") && o->conduct != MHO_CONDUCT_PULSE)
        return "read.conduct is not pulse";
    return NULL;
}

static const mho_field rows[] = {
    REAL("read.voltage", voltage_V, "0.4", 1e-3, 5, "V", 1, "across a cell that is read"),
    CHOICE(
        "read.supply", supply, "own", supplies,
        "where a cell's current comes from: a supply of the read voltage, or the logic's through a "
        "clamped bit line"),
    CHOICE(
        "read.conduct", conduct, "read", conducts,
        "how long a driven cell conducts: the whole read, until the sum is sampled, or read.pulse "
        "a unit of input"),
    CHOICE(
        "read.gates", gates, "inputs", gates,
        "word lines that a read drives: those whose input is not 0, or all, and inputs come on the "
        "other lines"),
    REAL("read.pulse", pulse_s, "10", 0, 1e9, "ns", 1e-9,
         "how long a cell conducts for one unit of input, with read.conduct pulse"),
    REAL("read.activity", activity, "0.5", 0, 1, "", 1,
         "share of ones in what drives the rows, assumed where no images were run"),
    REAL(
        "read.level", level, "0.5", 0, 1, "", 1,
        "share of cells at their highest level, the others at the lowest, assumed where no weights "
        "are known"),
};
static const mho_fields fields = {"read", rows, sizeof rows / sizeof *rows,
                                  sizeof(mhoi_read_options)};

const mhoi_section mhoi_read_section = {.name = "read", .fields = &fields, .idle = idle};
