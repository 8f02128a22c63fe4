/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the MAC-array accelerator, and the memories of one design point. */
#include <string.h>

#include "base/alloc.h"
#include "base/named.h"
#include "cost/price.h"
#include "mho/array.h"

static const char *const io_read_names[] = {"paper", "once", "physical", NULL};
static const char *const order_names[] = {"kernel", "pixel", NULL};
static const char *const acc_groups_names[] = {"depth", "half", NULL};

#define AT(member) offsetof(mho_array_options, member), sizeof(((mho_array_options *)0)->member)

static const mho_field fields[] = {
    {"array.p", MHO_FIELD_UINT, AT(array.p), "8", 1, 1024, "", 1, NULL, "pixels worked on at once"},
    {"array.m", MHO_FIELD_UINT, AT(array.m), "8", 1, 1024, "", 1, NULL,
     "input channels of one inner product"},
    {"array.n", MHO_FIELD_UINT, AT(array.n), "8", 1, 1024, "", 1, NULL, "output channels at once"},
    {"array.clock", MHO_FIELD_DOUBLE, AT(array.clock_Hz), "1", 1e-6, 100, "GHz", 1e9, NULL,
     "clock of the array"},
    {"io.kind", MHO_FIELD_STRING, AT(io.kind), "sram", 0, 0, "", 1, NULL,
     "memory of the input and the output buffer"},
    {"io.size", MHO_FIELD_UINT, AT(io.size_B), "131072", 1, 1e12, "B", 1, NULL,
     "one bank of an I/O buffer"},
    {"weight.kind", MHO_FIELD_STRING, AT(weight.kind), "rram", 0, 0, "", 1, NULL,
     "memory of the weight buffer"},
    {"weight.size", MHO_FIELD_UINT, AT(weight.size_B), "1048576", 1, 1e12, "B", 1, NULL,
     "one bank of the weight buffer"},
    {"banks", MHO_FIELD_UINT, AT(banks), "8", 1, 1024, "", 1, NULL, "banks of each buffer"},
    {"acc.depth", MHO_FIELD_UINT, AT(acc_depth), "128", 0, 65536, "words", 1, NULL,
     "accumulation buffer of a PE; 0 = one register"},
    {"acc.groups", MHO_FIELD_ENUM, AT(acc_groups), "depth", 0, 0, "", 1, acc_groups_names,
     "pixel groups worked on at once: depth, or depth / 2 (the text's 2n)"},
    {"order", MHO_FIELD_ENUM, AT(order), "pixel", 0, 0, "", 1, order_names,
     "kernel first or pixel first"},
    {"level", MHO_FIELD_UINT, AT(level), "3", 1, 3, "", 1, NULL,
     "schedule: 1 single layer, 2 fused, 3 fixed weights"},
    {"layers", MHO_FIELD_BOOL, AT(all_layers), "false", 0, 0, "", 1, NULL,
     "true: fully connected layers too"},
    {"batch", MHO_FIELD_UINT, AT(batch), "1", 1, 65536, "images", 1, NULL,
     "images that share each load of the weights"},
    {"ddr.chips", MHO_FIELD_UINT, AT(ddr_chips), "2", 1, 64, "", 1, NULL, "DDR chips"},
    {"ddr.e_rd", MHO_FIELD_DOUBLE, AT(prices.ddr_read_J), "100", 0, 1e6, "pJ/B", 1e-12, NULL,
     "read; 100 is fitted to Table 6, Table 4 prints 80.3"},
    {"ddr.e_wr", MHO_FIELD_DOUBLE, AT(prices.ddr_write_J), "82.719", 0, 1e6, "pJ/B", 1e-12, NULL,
     "write; Table 4"},
    {"e_mac", MHO_FIELD_DOUBLE, AT(prices.mac_J), "0.07021", 0, 1e6, "pJ", 1e-12, NULL,
     "useful multiply-accumulate; fitted to Table 6"},
    {"io_read", MHO_FIELD_ENUM, AT(io_read), "paper", 0, 0, "", 1, io_read_names,
     "account of I/O buffer reads"},
    {"io_read_factor", MHO_FIELD_DOUBLE, AT(io_read_factor), "0.1", 0, 1e6, "", 1, NULL,
     "of mode paper: fitted to Table 6, unexplained"},
    {"double_buffer", MHO_FIELD_BOOL, AT(double_buffer), "false", 0, 0, "", 1, NULL,
     "half of each buffer is for the next tile"},
    {"halo", MHO_FIELD_BOOL, AT(halo), "false", 0, 0, "", 1, NULL,
     "pieces of a map read their overlap again"},
    {"first_image", MHO_FIELD_BOOL, AT(first_image), "false", 0, 0, "", 1, NULL,
     "load the fixed weights too (not steady state)"},
    {"interpolate", MHO_FIELD_BOOL, AT(interpolate), "false", 0, 0, "", 1, NULL,
     "allow macros between the sizes of the library"},
    {"macros", MHO_FIELD_STRING, AT(macros), "buffer-22nm", 0, 0, "", 1, NULL,
     "library of memory macros"},
};

const mho_fields mho_array_fields = {"buffer accelerator", fields, sizeof fields / sizeof *fields,
                                     sizeof(mho_array_options)};

mho_status mho_array_open(const char *name, const char *const *sets, mho_array_options *options,
                          mho_origin *origin)
{
    static const char *const skip[] = {"name", NULL};
    memset(options, 0, sizeof *options);
    mho_status s = mho_fields_preset(&mho_array_fields, options, origin);
    mhoi_named named = {.own = NULL};
    if (s == MHO_OK && name)
        s = mhoi_named_open((const char *const[]){"configs/buffer/", NULL}, "buffer accelerator",
                            name, NULL, &named);
    if (s == MHO_OK && name)
        s = mho_fields_read(&mho_array_fields, named.text, named.place, skip, options, origin);
    for (; s == MHO_OK && sets && *sets; sets++)
        s = mho_fields_set(&mho_array_fields, *sets, options, origin);
    mhoi_named_close(&named);
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

mho_status mho_design_open(const mho_array_options *o, mho_technology *tech, mho_design *design,
                           mho_schedule_options *capacity)
{
    memset(design, 0, sizeof *design);
    mho_status s = mho_technology_set_prices(tech, &o->prices);
    if (s != MHO_OK)
        return s;
    s = mho_technology_memory(tech, o->io.kind, o->io.size_B, o->interpolate, &design->io);
    if (s != MHO_OK)
        return mho_error_prefix(s, "io");
    s = mho_technology_memory(tech, o->weight.kind, o->weight.size_B, o->interpolate,
                              &design->weight);
    if (s != MHO_OK)
        return mho_error_prefix(s, "weight");
    if (o->acc_depth > 0)
        s = mho_technology_memory(tech, "accumulator", 4 * o->acc_depth, o->interpolate,
                                  &design->acc);
    if (s != MHO_OK)
        return mho_error_prefix(s, "acc.depth");
    s = mho_technology_memory(tech, "ddr", (size_t)128 << 20, false, &design->ddr);
    if (s == MHO_OK)
        s = find_mac(tech, &design->mac);
    if (s != MHO_OK)
        return s;
    const mhoi_price ddr = mhoi_price_of(&design->ddr.component);
    size_t part = o->double_buffer ? 2 : 1;
    *capacity = (mho_schedule_options){
        .io_B = (uint64_t)o->io.size_B * o->banks / part,
        .weight_B = (uint64_t)o->weight.size_B * o->banks / part,
        .level = (int)o->level,
        .e_rd_J = ddr.energy_J[MHO_OPERATION_READ],
        .e_wr_J = ddr.energy_J[MHO_OPERATION_WRITE],
        .halo = o->halo,
    };
    return MHO_OK;
}
