/* SPDX-License-Identifier: Apache-2.0 */
/* How a MAC-array accelerator is described, and the parts of one design. */
#include "array/array_sections.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "cost/macro.h"
#include "cost/cost_price.h"

#define ARRAY_COUNT(...) MHOI_COUNT(mhoi_array_options, __VA_ARGS__)
#define BUFFERS_COUNT(...) MHOI_COUNT(mhoi_buffers_options, __VA_ARGS__)

static const char *const io_reads[] = {"paper", "once", "physical", NULL};
static const char *const orders[] = {"kernel", "pixel", NULL};
static const char *const groups[] = {"depth", "half", NULL};

static const mho_field array_rows[] = {
    ARRAY_COUNT("array.p", p, "8", 1, 1024, "pixels worked on at once"),
    ARRAY_COUNT("array.m", m, "8", 1, 1024, "input channels of one inner product"),
    ARRAY_COUNT("array.n", n, "8", 1, 1024, "output channels at once"),
    MHOI_REAL(mhoi_array_options, "array.clock", clock_Hz, "1", 1e-6, 100, "GHz", 1e9,
              "clock of the array"),
    MHOI_CHOICE(mhoi_array_options, "array.order", order, "pixel", orders,
                "kernel first or pixel first"),
    ARRAY_COUNT("array.level", level, "3", 1, 3,
                "schedule: 1 single layer, 2 fused, 3 fixed weights"),
    MHOI_YES_NO(mhoi_array_options, "array.layers", all_layers, "false",
                "true: fully connected layers too"),
    MHOI_FIELD(mhoi_array_options, "array.batch", MHO_FIELD_UINT, batch, "1", 1, 65536, "images", 1,
               NULL, "images that share each load of the weights"),
    MHOI_YES_NO(mhoi_array_options, "array.halo", halo, "false",
                "pieces of a map read their overlap again"),
    MHOI_YES_NO(mhoi_array_options, "array.first_image", first_image, "false",
                "load the fixed weights too (not steady state)"),
};
static const mho_fields array_fields = {
    "MAC array", array_rows, sizeof array_rows / sizeof *array_rows, sizeof(mhoi_array_options)};

static const mho_field buffers_rows[] = {
    MHOI_FIELD(mhoi_buffers_options, "buffers.io", MHO_FIELD_STRING, io_text, "sram:128K", 0, 0, "",
               1, NULL, "one bank of the input and of the output buffer, KIND:SIZE"),
    MHOI_FIELD(mhoi_buffers_options, "buffers.weight", MHO_FIELD_STRING, weight_text, "rram:1M", 0,
               0, "", 1, NULL, "one bank of the weight buffer, KIND:SIZE"),
    BUFFERS_COUNT("buffers.banks", banks, "8", 1, 1024, "banks of each buffer"),
    MHOI_FIELD(mhoi_buffers_options, "buffers.acc.depth", MHO_FIELD_UINT, acc_depth, "128", 0,
               65536, "words", 1, NULL, "accumulation buffer of a PE; 0 = one register"),
    MHOI_CHOICE(mhoi_buffers_options, "buffers.acc.groups", acc_groups, "depth", groups,
                "pixel groups worked on at once: depth, or depth / 2 (the text's 2n)"),
    BUFFERS_COUNT("buffers.ddr_chips", ddr_chips, "2", 1, 64, "DDR chips"),
    MHOI_CHOICE(mhoi_buffers_options, "buffers.io_read", io_read, "paper", io_reads,
                "account of I/O buffer reads"),
    MHOI_REAL(mhoi_buffers_options, "buffers.io_read_factor", io_read_factor, "0.1", 0, 1e6, "", 1,
              "of mode paper: fitted to Table 6, unexplained"),
    MHOI_YES_NO(mhoi_buffers_options, "buffers.double_buffer", double_buffer, "false",
                "half of each buffer is for the next tile"),
    MHOI_YES_NO(mhoi_buffers_options, "buffers.interpolate", interpolate, "false",
                "allow memories between the sizes of the technology"),
};
static const mho_fields buffers_fields = {"buffers", buffers_rows,
                                          sizeof buffers_rows / sizeof *buffers_rows,
                                          sizeof(mhoi_buffers_options)};

static const mhoi_moved array_moved[] = {{"order", "array.order"},
                                         {"level", "array.level"},
                                         {"layers", "array.layers"},
                                         {"batch", "array.batch"},
                                         {"halo", "array.halo"},
                                         {"first_image", "array.first_image"},
                                         {NULL, NULL}};
static const mhoi_moved buffers_moved[] = {{"io.kind", "buffers.io"},
                                           {"io.size", "buffers.io"},
                                           {"io.", "buffers.io."},
                                           {"weight.kind", "buffers.weight"},
                                           {"weight.size", "buffers.weight"},
                                           {"weight.", "buffers.weight."},
                                           {"banks", "buffers.banks"},
                                           {"acc.", "buffers.acc."},
                                           {"ddr.chips", "buffers.ddr_chips"},
                                           {"io_read", "buffers.io_read"},
                                           {"double_buffer", "buffers.double_buffer"},
                                           {"interpolate", "buffers.interpolate"},
                                           {NULL, NULL}};

mho_status mho_memory_parse(const char *text, const char *kind, mho_memory *memory)
{
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : kind ? strlen(kind) : 0;
    if (n == 0 || n >= sizeof memory->kind)
        return mho_error(MHO_ECONFIG, "memory \"%s\", want KIND:SIZE such as rram:1M", text);
    memmove(memory->kind, colon ? text : kind, n);
    memset(memory->kind + n, 0, sizeof memory->kind - n);
    mho_status s = mhoi_size_parse(colon ? colon + 1 : text, &memory->size_B);
    return s == MHO_OK ? MHO_OK : mho_error_prefix(s, "memory \"%s\"", text);
}

const char *mho_bytes_text(uint64_t bytes, char text[32])
{
    static const struct {
        uint64_t size;
        const char *letter;
    } units[] = {{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "K"}, {1, ""}};
    size_t u = 0;
    while (bytes % units[u].size != 0 || bytes < units[u].size)
        if (++u == 3)
            break;
    snprintf(text, 32, "%" PRIu64 "%s", bytes / units[u].size, units[u].letter);
    return text;
}

static mho_status read_memories(void *options)
{
    mhoi_buffers_options *o = options;
    mho_status s = mho_memory_parse(o->io_text, NULL, &o->io);
    if (s)
        return mho_error_prefix(s, "buffers.io");
    s = mho_memory_parse(o->weight_text, NULL, &o->weight);
    return s ? mho_error_prefix(s, "buffers.weight") : MHO_OK;
}

static const char *idle_buffers(const void *options, const char *key)
{
    const mhoi_buffers_options *o = options;
    if (!strcmp(key, "buffers.io_read_factor") && o->io_read != MHO_IO_READ_PAPER)
        return o->io_read == MHO_IO_READ_ONCE ? "buffers.io_read is once"
                                              : "buffers.io_read is physical";
    if (!strcmp(key, "buffers.acc.groups") && o->acc_depth == 0)
        return "buffers.acc.depth is 0: one register";
    return NULL;
}

const mhoi_section mhoi_array_section = {
    .name = "array", .fields = &array_fields, .moved = array_moved};
const mhoi_section mhoi_buffers_section = {.name = "buffers",
                                           .fields = &buffers_fields,
                                           .moved = buffers_moved,
                                           .finish = read_memories,
                                           .idle = idle_buffers};

mho_status mhoi_array_hw_of(const mho_hw *hw, mhoi_array_hw *out)
{
    mho_status s = mho_hw_want(hw, "array");
    if (s)
        return s;
    memset(out, 0, sizeof *out);
    const mhoi_technology_options *tech = mhoi_hw_section(hw, &mhoi_memories_section);
    out->array = *(const mhoi_array_options *)mhoi_hw_section(hw, &mhoi_array_section);
    out->buffers = *(const mhoi_buffers_options *)mhoi_hw_section(hw, &mhoi_buffers_section);
    out->prices = *(const mho_prices *)mhoi_hw_section(hw, &mhoi_prices_section);
    memcpy(out->technology, tech->name, sizeof out->technology);
    return MHO_OK;
}

/* --- parts -------------------------------------------------------------------------------------------- */

mho_status mhoi_array_technology(const mhoi_array_hw *hw, const mho_macro *extra, size_t extras,
                                 mho_technology **out)
{
    mho_status s = mho_technology_open(hw->technology, out);
    for (size_t i = 0; !s && i < extras; i++)
        s = mho_technology_add_memory(*out, &extra[i]);
    if (!s)
        s = mho_technology_set_prices(*out, &hw->prices);
    if (s) {
        mho_technology_destroy(*out);
        *out = NULL;
    }
    return s;
}

static mho_status find_mac(const mho_technology *tech, mho_component *mac)
{
    const mho_component *found = mho_technology_find(tech, "mac");
    if (!found)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no price for 'mac'", tech->name);
    *mac = *found;
    return MHO_OK;
}

mho_status mhoi_design_open(const mhoi_array_hw *hw, mho_technology *tech, mho_design *design)
{
    const mhoi_buffers_options *o = &hw->buffers;
    memset(design, 0, sizeof *design);
    mho_status s =
        mho_technology_memory(tech, o->io.kind, o->io.size_B, o->interpolate, &design->io);
    if (s)
        return mho_error_prefix(s, "buffers.io");
    s = mho_technology_memory(tech, o->weight.kind, o->weight.size_B, o->interpolate,
                              &design->weight);
    if (s)
        return mho_error_prefix(s, "buffers.weight");
    if (o->acc_depth > 0)
        s = mho_technology_memory(tech, "accumulator", 4 * o->acc_depth, o->interpolate,
                                  &design->acc);
    if (s)
        return mho_error_prefix(s, "buffers.acc.depth");
    s = mho_technology_memory(tech, "ddr", (size_t)128 << 20, false, &design->ddr);
    return s ? s : find_mac(tech, &design->mac);
}

mho_schedule_options mhoi_capacity_of(const mhoi_array_hw *hw, const mho_component *ddr)
{
    const mhoi_price byte = mhoi_price_of(ddr);
    const mhoi_buffers_options *o = &hw->buffers;
    size_t part = o->double_buffer ? 2 : 1;
    return (mho_schedule_options){
        .io_B = (uint64_t)o->io.size_B * o->banks / part,
        .weight_B = (uint64_t)o->weight.size_B * o->banks / part,
        .level = (int)hw->array.level,
        .e_rd_J = byte.energy_J[MHO_OPERATION_READ],
        .e_wr_J = byte.energy_J[MHO_OPERATION_WRITE],
        .halo = hw->array.halo,
    };
}
