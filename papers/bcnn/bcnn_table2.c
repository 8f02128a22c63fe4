/* SPDX-License-Identifier: Apache-2.0 */
/* Table II gives formulas; expected.csv holds their values for five networks, worked out apart from mho. */
#include <inttypes.h>

#include "bcnn.h"

paper_run_fn bcnn_table2;

typedef struct sums {
    double cells, cells_p, d0, d0_p, dx, dx_p, a, a_p;
} sums;

static sums sum_up(const mho_placement *map)
{
    sums s = {0};
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        double p = (double)l->positions;
        s.cells += (double)l->cells;
        s.cells_p += p * (double)l->cells;
        s.d0 += (double)l->inputs_shared;
        s.d0_p += p * (double)l->inputs_shared;
        s.dx += (double)l->inputs_copied;
        s.dx_p += p * (double)l->inputs_copied;
        s.a += (double)l->outputs;
        s.a_p += p * (double)l->outputs;
    }
    return s;
}

static mho_status put_sums(paper_result *result, const char *net, const mho_placement *map)
{
    const sums s = sum_up(map);
    const struct {
        const char *name;
        double value;
    } rows[] = {{"cells R C", s.cells},
                {"cells x P", s.cells_p},
                {"DACs D0 = R", s.d0},
                {"DACs D0 x P", s.d0_p},
                {"DACs Dx = R X_out", s.dx},
                {"DACs Dx x P", s.dx_p},
                {"ADCs A = C X_in", s.a},
                {"ADCs A x P", s.a_p},
                {"crossbar pairs", (double)map->crossbar_pairs}};
    mho_status status = MHO_OK;
    for (size_t i = 0; !status && i < sizeof rows / sizeof *rows; i++)
        status = paper_value(result, rows[i].value, "%s: %s", net, rows[i].name);
    return status;
}

static void put_layers(FILE *out, const char *net, const mho_placement *map)
{
    fprintf(out, "  %s by layer:\n  %-7s %2s %6s %6s %6s %5s %6s %11s %7s %8s %8s\n", net, "layer",
            "g", "R", "C", "P", "X_in", "X_out", "cells", "D0", "Dx", "A");
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        fprintf(out,
                "  %-7s %2zu %6zu %6zu %6zu %5zu %6zu %11" PRIu64 " %7" PRIu64 " %8" PRIu64
                " %8" PRIu64 "\n",
                l->name, l->groups, l->rows, l->columns, l->positions, l->x_in, l->x_out, l->cells,
                l->inputs_shared, l->inputs_copied, l->outputs);
    }
}

mho_status bcnn_table2(const paper_args *args, paper_result *result)
{
    static const char *const nets[] = {"alexnet-owt", "alexnet", "lenet", "lenet5-32", "lenet5"};
    mho_status s = MHO_OK;
    (void)args;
    for (size_t i = 0; !s && i < sizeof nets / sizeof *nets; i++) {
        mho_estimate *e;
        s = bcnn_price(nets[i], "bcnn", NULL, &e);
        if (s)
            break;
        s = put_sums(result, nets[i], e->placement);
        if (!i)
            put_layers(result->text, nets[i], e->placement);
        mho_estimate_destroy(e);
    }
    return s;
}
