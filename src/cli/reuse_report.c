/* SPDX-License-Identifier: Apache-2.0 */
/* What windows share of their input slices, walked through the buffers, and what of it these hold. */
#include "reuse_report.h"

#include <inttypes.h>

/* The counts are those of a closed form; so here they are checked. */
static mho_status walk(const mho_placement *map, const mho_placement_layer *l)
{
    const mho_reuse_counts *c = &l->reuse.counts;
    mho_reuse_counts got;
    mho_status s = mho_reuse_walk(&l->reuse.windows, map->reuse, l->turns, &got);
    if (!s && (got.fetches != c->fetches || got.zeros != c->zeros || got.loads != c->loads ||
               got.moves != c->moves || got.stored != c->stored || got.parked != c->parked ||
               got.parkings != c->parkings))
        s = mho_error(MHO_EINTERNAL,
                      "walked %" PRIu64 " fetches, %" PRIu64 " stored, %" PRIu64
                      " waiting; counted %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                      got.fetches, got.stored, got.parked, c->fetches, c->stored, c->parked);
    return s ? mho_error_prefix(s, "layer %s", l->name) : MHO_OK;
}

static void number(cli_table *t, const cli_args *args, uint64_t value)
{
    char text[32];
    if (args->csv)
        cli_table_text(t, "%" PRIu64, value);
    else
        cli_table_text(t, "%s", cli_grouped(value, text));
}

static void add(cli_table *t, const cli_args *args, const mho_placement_layer *l)
{
    const mho_reuse_layer *r = &l->reuse;
    cli_table_text(t, "%s", l->name);
    number(t, args, r->counts.fetches - r->counts.zeros);
    number(t, args, r->counts.moves);
    number(t, args, r->counts.loads);
    cli_table_si(t, r->slice_bits / 8, "B");
    cli_table_si(t, r->stored_B, "B");
    cli_table_si(t, r->parked_B, "B");
    cli_table_si(t, r->room_B, "B");
    cli_table_si(t, r->global_B, "B");
}

static const char *share_name(mho_reuse reuse)
{
    static const char *const name[] = {"none", "windows", "slices", "tiles", "both"};
    return name[reuse];
}

static void print_overflow(const mho_placement *map, const cli_args *args)
{
    char need[32], room[32], bits[32];
    double memory = 0;
    for (size_t i = 0; i < map->layers; i++) {
        const mho_reuse_layer *r = &map->layer[i].reuse;
        memory += r->dram_bits;
        if (r->refetched_bits > 0)
            fprintf(
                args->out,
                "  %s: input buffers want %s a crossbar; %s an image are fetched again for it\n",
                map->layer[i].name, cli_si(r->input_buffer_B, "B", need),
                cli_si(r->refetched_bits, "bit", bits));
        if (r->reloaded_bits > 0)
            fprintf(
                args->out,
                "  %s: shift registers want %s a crossbar; %s an image are loaded again for it\n",
                map->layer[i].name, cli_si(r->register_B, "B", need),
                cli_si(r->reloaded_bits, "bit", bits));
    }
    fprintf(args->out, "  global buffer: %s wait in %s", cli_si(map->global_B, "B", need),
            cli_si(map->global_room_B, "B", room));
    if (memory > 0)
        fprintf(args->out, "; what it cannot hold moves %s an image to and from memory",
                cli_si(memory, "bit", bits));
    fputc('\n', args->out);
}

mho_status cli_reuse_print(const mho_placement *map, const cli_args *args)
{
    mho_status s = MHO_OK;
    if (map->reuse == MHO_REUSE_NONE)
        return MHO_OK;
    for (size_t i = 0; !s && i < map->layers; i++)
        s = walk(map, &map->layer[i]);
    if (s)
        return s;
    fputc('\n', args->out);
    cli_table *t = cli_table_create(
        "Input slices", "layer|fetched>|moved on>|loaded>|a slice>|stored=>|sums that wait=>|"
                        "PE buffers=>|beyond=>");
    for (size_t i = 0; i < map->layers; i++)
        add(t, args, &map->layer[i]);
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (args->csv)
        return MHO_OK;
    fprintf(args->out, "  of an image, reuse.share %s; each layer walked slice by slice\n",
            share_name(map->reuse));
    print_overflow(map, args);
    return MHO_OK;
}
