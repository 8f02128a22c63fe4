/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps.  DDR traffic depends on the capacities and the level alone, buffer traffic besides on the loop
 * order and the depth: both are counted once for each combination, and a point is priced from its counts
 * in a few dozen operations (docs/models/array.md, section "Sweeps"). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "array/price.h"

typedef struct task { /* a schedule to compute */
    uint64_t io_B, weight_B;
    size_t level;
    mho_schedule *schedule;
    bool optimal;
    size_t first_step, steps; /* of the counts' rows */
} task;

struct mho_sweep {
    mho_sweep_axes axes;
    mho_array_options options;
    mhoi_bank *io, *weight, *acc, *ddr; /* [libraries][axis] */
    mhoi_bank mac;
    double e_rd_J, e_wr_J; /* of a DDR byte in the first library: what schedules weigh it with */
    task *task;
    size_t tasks;
    uint32_t *task_of;      /* [levels][banks][weights][ios] */
    mhoi_counts *counts;    /* [tasks][orders][depths] */
    mhoi_step_count *steps; /* [tasks][orders][depths][steps of the task] */
    uint64_t points;
};

/* Looks up one memory of one library by the rules of mho_design_open. */
static mho_status find_memories(mho_sweep *s, size_t lib, mho_technology *tech)
{
    const mho_sweep_axes *a = &s->axes;
    mho_array_options o = s->options;
    mho_design design;
    mho_schedule_options capacity;
    mho_status status = MHO_OK;
    size_t most = a->ios > a->weights ? a->ios : a->weights;
    most = most > a->depths ? most : a->depths;
    for (size_t i = 0; i < most && status == MHO_OK; i++) {
        size_t io = i % a->ios, weight = i % a->weights, depth = i % a->depths;
        memcpy(o.io.kind, a->io[io].kind, sizeof o.io.kind);
        o.io.size_B = a->io[io].size_B;
        memcpy(o.weight.kind, a->weight[weight].kind, sizeof o.weight.kind);
        o.weight.size_B = a->weight[weight].size_B;
        o.acc_depth = a->acc_depth[depth];
        status = mho_design_open(&o, tech, &design, &capacity);
        if (status != MHO_OK)
            return mho_error_prefix(status, "%s", a->library[lib]);
        s->io[lib * a->ios + io] = mhoi_bank_of(&design, MHOI_IO);
        s->weight[lib * a->weights + weight] = mhoi_bank_of(&design, MHOI_WEIGHT);
        s->acc[lib * a->depths + depth] = mhoi_bank_of(&design, MHOI_ACC);
        s->ddr[lib] = mhoi_bank_of(&design, MHOI_DDR);
        s->mac = mhoi_bank_of(&design, MHOI_MAC);
        s->e_rd_J = capacity.e_rd_J;
        s->e_wr_J = capacity.e_wr_J;
    }
    return status;
}

static size_t combination(const mho_sweep_axes *a, size_t level, size_t banks, size_t weight,
                          size_t io)
{
    return ((level * a->bank_counts + banks) * a->weights + weight) * a->ios + io;
}

static uint32_t find_task(mho_sweep *s, uint64_t io_B, uint64_t weight_B, size_t level)
{
    for (size_t t = 0; t < s->tasks; t++)
        if (s->task[t].io_B == io_B && s->task[t].weight_B == weight_B && s->task[t].level == level)
            return (uint32_t)t;
    s->task[s->tasks] = (task){.io_B = io_B, .weight_B = weight_B, .level = level};
    return (uint32_t)s->tasks++;
}

/* Different combinations of capacities and level. */
static mho_status find_tasks(mho_sweep *s)
{
    const mho_sweep_axes *a = &s->axes;
    size_t all = a->levels * a->bank_counts * a->weights * a->ios;
    uint64_t part = s->options.double_buffer ? 2 : 1;
    mho_status status = mhoi_alloc(&s->task, all, sizeof *s->task, "sweep schedules");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->task_of, all, sizeof *s->task_of, "sweep schedules");
    for (size_t l = 0; l < a->levels && status == MHO_OK; l++)
        for (size_t b = 0; b < a->bank_counts; b++)
            for (size_t w = 0; w < a->weights; w++)
                for (size_t i = 0; i < a->ios; i++)
                    s->task_of[combination(a, l, b, w, i)] =
                        find_task(s, (uint64_t)a->io[i].size_B * a->banks[b] / part,
                                  (uint64_t)a->weight[w].size_B * a->banks[b] / part, a->level[l]);
    return status;
}

typedef struct searching {
    mho_sweep *sweep;
    const mho_workload *work;
} searching;

static mho_status search_one(void *context, size_t item, size_t thread)
{
    (void)thread;
    const searching *c = context;
    task *t = &c->sweep->task[item];
    const mho_schedule_options capacity = {.io_B = t->io_B,
                                           .weight_B = t->weight_B,
                                           .level = (int)t->level,
                                           .e_rd_J = c->sweep->e_rd_J,
                                           .e_wr_J = c->sweep->e_wr_J,
                                           .halo = c->sweep->options.halo};
    mho_status s = mho_schedule_search(c->work, &capacity, &t->schedule);
    mhoi_progress("schedules", item, c->sweep->tasks, "schedules");
    return s;
}

static mho_status fill_counts(mho_sweep *s, const mho_workload *work)
{
    const mho_sweep_axes *a = &s->axes;
    size_t variants = a->orders * a->depths, rows = 0;
    for (size_t t = 0; t < s->tasks; t++) {
        s->task[t].first_step = rows;
        s->task[t].steps = s->task[t].schedule->steps;
        s->task[t].optimal = s->task[t].schedule->optimal;
        rows += variants * s->task[t].steps;
    }
    mho_status status = mhoi_alloc(&s->counts, s->tasks * variants, sizeof *s->counts, "counts");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->steps, rows, sizeof *s->steps, "counts of steps");
    for (size_t t = 0; t < s->tasks && status == MHO_OK; t++)
        for (size_t v = 0; v < variants; v++) {
            mho_array_options o = s->options;
            o.order = a->order[v / a->depths];
            o.acc_depth = a->acc_depth[v % a->depths];
            mhoi_counts_fill(work, s->task[t].schedule, &o, &s->counts[t * variants + v]);
            mhoi_step_count *row = s->steps + s->task[t].first_step + v * s->task[t].steps;
            for (size_t i = 0; i < s->task[t].steps; i++)
                mhoi_step_count_fill(work, &s->task[t].schedule->step[i], &o, &row[i]);
        }
    return status;
}

static mho_status create(mho_sweep *s, const mho_workload *work, mho_technology *const *tech)
{
    const mho_sweep_axes *a = &s->axes;
    size_t libs = a->libraries;
    mho_status status = mhoi_alloc(&s->io, libs * a->ios, sizeof *s->io, "memories");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->weight, libs * a->weights, sizeof *s->weight, "memories");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->acc, libs * a->depths, sizeof *s->acc, "memories");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->ddr, libs, sizeof *s->ddr, "memories");
    for (size_t lib = 0; lib < libs && status == MHO_OK; lib++) {
        mho_technology *own;
        status = mho_technology_clone(tech[lib], &own);
        if (status == MHO_OK)
            status = find_memories(s, lib, own);
        mho_technology_destroy(own);
    }
    if (status == MHO_OK)
        status = find_tasks(s);
    searching c = {s, work};
    if (status == MHO_OK)
        status = mhoi_parallel(s->tasks, search_one, &c);
    if (status == MHO_OK)
        status = fill_counts(s, work);
    for (size_t t = 0; t < s->tasks; t++) {
        mho_schedule_destroy(s->task[t].schedule);
        s->task[t].schedule = NULL;
    }
    return status;
}

mho_status mho_sweep_create(const mho_workload *work, const mho_array_options *options,
                            const mho_sweep_axes *axes, mho_technology *const *tech,
                            mho_sweep **out)
{
    *out = NULL;
    mho_sweep *sweep;
    mho_status status = mhoi_alloc(&sweep, 1, sizeof *sweep, "sweep");
    if (status != MHO_OK)
        return status;
    sweep->axes = *axes;
    sweep->options = *options;
    sweep->points = (uint64_t)axes->libraries * axes->levels * axes->orders * axes->clocks *
                    axes->bank_counts * axes->weights * axes->ios * axes->depths;
    status = create(sweep, work, tech);
    if (status != MHO_OK)
        mho_sweep_destroy(sweep);
    else
        *out = sweep;
    return status;
}

void mho_sweep_destroy(mho_sweep *sweep)
{
    if (!sweep)
        return;
    mhoi_free(&sweep->io);
    mhoi_free(&sweep->weight);
    mhoi_free(&sweep->acc);
    mhoi_free(&sweep->ddr);
    mhoi_free(&sweep->task);
    mhoi_free(&sweep->task_of);
    mhoi_free(&sweep->counts);
    mhoi_free(&sweep->steps);
    mhoi_free(&sweep);
}

uint64_t mho_sweep_points(const mho_sweep *sweep)
{
    return sweep->points;
}

size_t mho_sweep_schedules(const mho_sweep *sweep)
{
    return sweep->tasks;
}

static uint32_t digit(uint64_t *rest, size_t base)
{
    uint32_t d = (uint32_t)(*rest % base);
    *rest /= base;
    return d;
}

static void decode(const mho_sweep_axes *a, uint64_t index, mho_point *p)
{
    p->index = index;
    p->acc = digit(&index, a->depths);
    p->io = digit(&index, a->ios);
    p->weight = digit(&index, a->weights);
    p->banks = digit(&index, a->bank_counts);
    p->clock = digit(&index, a->clocks);
    p->order = digit(&index, a->orders);
    p->level = digit(&index, a->levels);
    p->library = (uint32_t)index;
}

/* options: a copy of the sweep's, whose banks and clock are the point's from here on. */
static void price_point(const mho_sweep *s, mho_array_options *o, mho_point *p)
{
    const mho_sweep_axes *a = &s->axes;
    const task *t = &s->task[s->task_of[combination(a, p->level, p->banks, p->weight, p->io)]];
    size_t variants = a->orders * a->depths, v = p->order * a->depths + p->acc;
    const mhoi_counts *counts = &s->counts[(size_t)(t - s->task) * variants + v];
    const mhoi_step_count *step = s->steps + t->first_step + v * t->steps;
    mhoi_machine machine = {
        .bank = {[MHOI_IO] = &s->io[p->library * a->ios + p->io],
                 [MHOI_WEIGHT] = &s->weight[p->library * a->weights + p->weight],
                 [MHOI_ACC] = &s->acc[p->library * a->depths + p->acc],
                 [MHOI_DDR] = &s->ddr[p->library],
                 [MHOI_MAC] = &s->mac}};
    mho_array_result *r = &p->result;
    o->banks = a->banks[p->banks];
    o->array.clock_Hz = a->clock_Hz[p->clock];
    o->acc_depth = a->acc_depth[p->acc];
    mhoi_machine_fill(o, &machine);
    r->time_s = 0.0;
    r->memory_bound = false;
    for (size_t i = 0; i < t->steps; i++) {
        double time_s = mhoi_step_time_s(&step[i], &machine);
        r->time_s += time_s;
        r->memory_bound |= time_s > step[i].work[MHO_BOUND_ARRAY] * machine.unit_s[MHO_BOUND_ARRAY];
    }
    mhoi_result_fill(counts, &machine, r);
    mhoi_energies_fill(counts, &machine, r);
    p->optimal = t->optimal;
}

enum { BLOCK = 2048 }; /* points a thread takes at a time */

typedef struct pricing {
    const mho_sweep *sweep;
    uint64_t first;
    size_t count;
    mho_point *point;
} pricing;

static mho_status price_block(void *context, size_t item, size_t thread)
{
    (void)thread;
    const pricing *c = context;
    mho_array_options o = c->sweep->options;
    size_t end = (item + 1) * BLOCK < c->count ? (item + 1) * BLOCK : c->count;
    for (size_t i = item * BLOCK; i < end; i++) {
        decode(&c->sweep->axes, c->first + i, &c->point[i]);
        price_point(c->sweep, &o, &c->point[i]);
    }
    for (size_t i = item * BLOCK; i < end; i++)
        if (!isfinite(c->point[i].result.total_J + c->point[i].result.area_m2))
            return mho_error(MHO_EDOMAIN, "design %llu: its energy or area is not finite",
                             (unsigned long long)c->point[i].index);
    mhoi_progress("designs", c->first + end, c->sweep->points, "designs");
    return MHO_OK;
}

mho_status mho_sweep_price(const mho_sweep *sweep, uint64_t first, size_t count, mho_point *point)
{
    if (first > sweep->points || count > sweep->points - first)
        return mho_error(MHO_EDOMAIN, "points %llu..%llu of %llu", (unsigned long long)first,
                         (unsigned long long)(first + count), (unsigned long long)sweep->points);
    pricing c = {sweep, first, count, point};
    return mhoi_parallel((count + BLOCK - 1) / BLOCK, price_block, &c);
}

static bool beats(const mho_point *a, const mho_point *b)
{
    return a->result.area_m2 <= b->result.area_m2 && a->result.total_J <= b->result.total_J;
}

/* Area rises and energy falls along the front: the points that a new one may meet lie together. */
mho_status mho_front_add(mho_front *front, const mho_point *point)
{
    size_t low = 0, high = front->points;
    while (low < high) { /* first point of larger area */
        size_t mid = low + (high - low) / 2;
        if (front->point[mid].result.area_m2 <= point->result.area_m2)
            low = mid + 1;
        else
            high = mid;
    }
    if (low > 0 && beats(&front->point[low - 1], point))
        return MHO_OK;
    size_t from = low, to = low;
    while (from > 0 && beats(point, &front->point[from - 1]))
        from--;
    while (to < front->points && beats(point, &front->point[to]))
        to++;
    if (from == to && front->points == front->room) {
        size_t room = front->room ? 2 * front->room : 64;
        mho_point *more;
        mho_status status = mhoi_alloc(&more, room, sizeof *more, "Pareto front");
        if (status != MHO_OK)
            return status;
        if (front->points)
            memcpy(more, front->point, front->points * sizeof *more);
        mhoi_free(&front->point);
        front->point = more;
        front->room = room;
    }
    memmove(&front->point[from + 1], &front->point[to],
            (front->points - to) * sizeof *front->point);
    front->point[from] = *point;
    front->points = front->points - (to - from) + 1;
    return MHO_OK;
}

void mho_front_free(mho_front *front)
{
    mhoi_free(&front->point);
    *front = (mho_front){0};
}
