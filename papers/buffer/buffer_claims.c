/* SPDX-License-Identifier: Apache-2.0 */
/* What Sections 5.2 to 5.4 claim of the exploration, and its figures 4 and 5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "papers.h"

paper_run_fn buffer_explore;

enum { KIB = 1024 };

typedef struct exploration {
    mho_array_sweep *sweep;
    mho_array_point *point;
    mho_array_choice *choice; /* of each point */
    size_t points;
    mho_front front;
    mho_figures *figures;
} exploration;

static mho_status price_all(exploration *e)
{
    e->points = (size_t)mho_array_sweep_points(e->sweep);
    e->point = malloc(e->points * sizeof *e->point);
    e->choice = malloc(e->points * sizeof *e->choice);
    if (!e->point || !e->choice)
        return mho_error(MHO_ENOMEM, "out of memory for %zu points", e->points);
    mho_status s = mho_array_sweep_price(e->sweep, 0, e->points, e->point);
    for (size_t i = 0; i < e->points && !s; i++) {
        const mho_array_result *r = &e->point[i].result;
        mho_array_sweep_choice(e->sweep, i, &e->choice[i]);
        s = mho_figures_add(e->figures, &e->point[i]);
        if (!s)
            s = mho_front_add(&e->front, i, r->area_m2, r->total_J);
    }
    return s;
}

static mho_status explore(exploration *e)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_grid *grid = NULL;
    mho_status s = mho_hw_default("array", &hw);
    if (!s)
        s = mho_grid_open("buffer-paper", hw, &grid);
    if (!s)
        s = mho_net_zoo("vgg11", &net);
    if (!s)
        s = mho_array_sweep_create(net, hw, grid, NULL, 0, &e->sweep);
    if (!s)
        s = mho_figures_create(e->sweep, &e->figures);
    if (!s)
        s = price_all(e);
    mho_grid_destroy(grid);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

static const mho_array_choice *choice_of(const exploration *e, const mho_array_point *p)
{
    return &e->choice[p->index];
}

static size_t weight_K(const exploration *e, const mho_array_point *p)
{
    return choice_of(e, p)->weight.size_B / KIB;
}

static size_t io_K(const exploration *e, const mho_array_point *p)
{
    return choice_of(e, p)->io.size_B / KIB;
}

static bool is_rram(const exploration *e, const mho_array_point *p)
{
    return !strcmp(choice_of(e, p)->weight.kind, "rram");
}

static bool is_pixel(const exploration *e, const mho_array_point *p)
{
    return choice_of(e, p)->pixel_first;
}

/* The point of RRAM with these axes. */
static const mho_array_point *rram(const exploration *e, size_t weight, size_t io, size_t depth,
                                   bool pixel, size_t level)
{
    for (size_t i = 0; i < e->points; i++) {
        const mho_array_point *p = &e->point[i];
        if (is_rram(e, p) && weight_K(e, p) == weight && io_K(e, p) == io &&
            choice_of(e, p)->acc_depth == depth && is_pixel(e, p) == pixel &&
            choice_of(e, p)->level == level)
            return p;
    }
    return NULL;
}

/* depth: of the accumulation buffer, SIZE_MAX for any. */
static const mho_array_point *best(const exploration *e, bool of_rram, size_t depth)
{
    const mho_array_point *least = NULL;
    for (size_t i = 0; i < e->points; i++) {
        const mho_array_point *p = &e->point[i];
        if (is_rram(e, p) != of_rram || (depth != SIZE_MAX && choice_of(e, p)->acc_depth != depth))
            continue;
        if (!least || p->result.total_J < least->result.total_J)
            least = p;
    }
    return least;
}

static double ddr_J(const mho_array_point *p)
{
    return p->result.energy_J[MHO_ROW_READ_DDR] + p->result.energy_J[MHO_ROW_WRITE_DDR];
}

static double on_chip_J(const mho_array_point *p)
{
    const double *e = p->result.energy_J;
    return e[MHO_ROW_READ_IOBUF] + e[MHO_ROW_WRITE_IOBUF] + e[MHO_ROW_READ_WEIGHT] +
           e[MHO_ROW_WRITE_WEIGHT] + e[MHO_ROW_ACCUMULATE];
}

/* Percent saved in the total by level 3 against level 1, the most over RRAM sizes and I/O buffers. */
static double most_by_schedule(const exploration *e, bool pixel, size_t depth)
{
    double most = 0;
    for (size_t i = 0; i < e->points; i++) {
        const mho_array_point *p = &e->point[i];
        if (!is_rram(e, p) || is_pixel(e, p) != pixel || choice_of(e, p)->acc_depth != depth ||
            choice_of(e, p)->level != 3)
            continue;
        const mho_array_point *one = rram(e, weight_K(e, p), io_K(e, p), depth, pixel, 1);
        most = fmax(most, 100 * (1 - p->result.total_J / one->result.total_J));
    }
    return most;
}

static mho_status put_ddr(paper_result *result, const exploration *e)
{
    double least = 100, most = 0;
    mho_status s = MHO_OK;
    for (size_t w = 128; w <= 2048 && !s; w *= 2) {
        const mho_array_point *level[4] = {NULL};
        for (size_t l = 1; l <= 3 && !s; l++) {
            level[l] = rram(e, w, 16, 0, false, l);
            s = paper_value(result, 1e6 * ddr_J(level[l]), "DDR energy, RRAM %zu MB, level %zu",
                            w / 128, l);
        }
        double saved = 100 * (1 - ddr_J(level[3]) / ddr_J(level[1]));
        least = fmin(least, saved);
        most = fmax(most, saved);
    }
    if (!s)
        s = paper_value(result, least, "DDR energy saved by schedules, least");
    return s ? s : paper_value(result, most, "DDR energy saved by schedules, most");
}

static mho_status put_totals(paper_result *result, const exploration *e)
{
    const mho_array_point *with_rram = best(e, true, SIZE_MAX),
                          *with_sram = best(e, false, SIZE_MAX);
    const mho_array_point *register_only = best(e, true, 0);
    double beyond = 0, bound = 0, designs = 0;
    for (size_t i = 0; i < e->points; i++) {
        const mho_array_point *p = &e->point[i];
        bound += p->result.memory_bound;
        if (!is_rram(e, p) || is_pixel(e, p) || choice_of(e, p)->acc_depth != 0 ||
            choice_of(e, p)->level != 3)
            continue;
        designs++;
        beyond += p->result.total_J > 8e-3;
    }
    double order = 100 * (1 - rram(e, 128, 16, 16, true, 3)->result.total_J /
                                  rram(e, 128, 16, 0, false, 3)->result.total_J);
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"least energy with RRAM", 1e6 * with_rram->result.total_J},
        {"least energy with SRAM", 1e6 * with_sram->result.total_J},
        {"saved by RRAM, best against best",
         100 * (1 - with_rram->result.total_J / with_sram->result.total_J)},
        {"on-chip energy of the best RRAM design with a register", 1e6 * on_chip_J(register_only)},
        {"on-chip energy saved by the accumulation buffer",
         100 * (1 - on_chip_J(best(e, true, 128)) / on_chip_J(register_only))},
        {"kernel-first RRAM designs beyond 8000 uJ: some", beyond > 0 && beyond < designs},
        {"kernel-first RRAM designs beyond 8000 uJ of 25", beyond},
        {"saved by loop order on the smallest RRAM design: 1/3 or more", order >= 100.0 / 3},
        {"saved by loop order on the smallest RRAM design", order},
        {"designs that wait for a memory", bound},
        {"saved by schedules in the total, most, one register", most_by_schedule(e, false, 0)},
        {"saved by schedules in the total, most, 128 words", most_by_schedule(e, true, 128)},
    };
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof rows / sizeof *rows; i++)
        s = paper_value(result, rows[i].value, "%s", rows[i].name);
    return s;
}

mho_status buffer_explore(const paper_args *args, paper_result *result)
{
    exploration e = {.points = 0};
    (void)args;
    mho_status s = explore(&e);
    if (!s)
        s = put_totals(result, &e);
    if (!s)
        s = put_ddr(result, &e);
    if (!s) {
        mho_figures_draw(e.figures, &e.front, "Figures 4 and 5: VGG-11 convolutions, all designs",
                         result->svg);
        fprintf(result->text,
                "  %zu designs; `mho buffer vgg11 --explore -o points.csv` lists them.\n",
                e.points);
    }
    mho_figures_destroy(e.figures);
    mho_front_free(&e.front);
    mho_array_sweep_destroy(e.sweep);
    free(e.point);
    free(e.choice);
    return s;
}
