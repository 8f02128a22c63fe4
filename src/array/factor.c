/* SPDX-License-Identifier: Apache-2.0 */
#include "array/factor.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

enum { AXES_MAX = 32 };

/* What is made once for all points that agree in the axes it depends on. */
typedef enum object { WORK, TECH, IO, WEIGHT, ACC, DDR, MAC, SCHEDULE, COUNTS, OBJECTS } object;
#define OF(o) (1u << (o))
#define PARTS_OF_TECH (OF(TECH) | OF(IO) | OF(WEIGHT) | OF(ACC) | OF(DDR) | OF(MAC) | OF(SCHEDULE))

#define AT(member) offsetof(mhoi_array_hw, member), sizeof(((mhoi_array_hw *)0)->member)

/* Fields, where they are, and what depends on them besides the rates of a point.  COUNTS: by itself, not
 * by way of the schedule. */
static const struct field {
    const char *key;
    size_t offset, size;
    unsigned objects;
} fields[] = {
    {"array.p", AT(array.p), OF(COUNTS)},
    {"array.m", AT(array.m), OF(COUNTS)},
    {"array.n", AT(array.n), OF(COUNTS)},
    {"array.clock", AT(array.clock_Hz), 0},
    {"array.order", AT(array.order), OF(COUNTS)},
    {"array.level", AT(array.level), OF(SCHEDULE)},
    {"array.layers", AT(array.all_layers), OF(WORK) | OF(SCHEDULE)},
    {"array.batch", AT(array.batch), OF(WORK) | OF(SCHEDULE)},
    {"array.halo", AT(array.halo), OF(SCHEDULE)},
    {"array.first_image", AT(array.first_image), OF(COUNTS)},
    {"buffers.io", AT(buffers.io), OF(IO) | OF(SCHEDULE)},
    {"buffers.weight", AT(buffers.weight), OF(WEIGHT) | OF(SCHEDULE)},
    {"buffers.banks", AT(buffers.banks), OF(SCHEDULE)},
    {"buffers.acc.depth", AT(buffers.acc_depth), OF(ACC) | OF(COUNTS)},
    {"buffers.acc.groups", AT(buffers.acc_groups), OF(COUNTS)},
    {"buffers.ddr_chips", AT(buffers.ddr_chips), 0},
    {"buffers.io_read", AT(buffers.io_read), OF(COUNTS)},
    {"buffers.io_read_factor", AT(buffers.io_read_factor), OF(COUNTS)},
    {"buffers.double_buffer", AT(buffers.double_buffer), OF(SCHEDULE)},
    {"buffers.interpolate", AT(buffers.interpolate), OF(IO) | OF(WEIGHT) | OF(ACC)},
    {"prices.ddr_read", AT(prices.ddr_read_J), PARTS_OF_TECH},
    {"prices.ddr_write", AT(prices.ddr_write_J), PARTS_OF_TECH},
    {"prices.mac", AT(prices.mac_J), PARTS_OF_TECH},
    {"technology", AT(technology), PARTS_OF_TECH},
};
enum { FIELDS = sizeof fields / sizeof *fields };

typedef struct axis {
    const struct field *field;
    unsigned char *bytes; /* [values][field->size] */
    size_t values;
    size_t
        stride[OBJECTS]; /* how far a step on this axis goes in each object's table; 0: nowhere */
} axis;

typedef struct task { /* a schedule to compute */
    const mho_workload *work;
    mho_schedule_options capacity;
    mho_schedule *schedule;
    bool optimal;
    size_t first_step, steps; /* of the counts' rows */
} task;

struct mhoi_factor {
    mhoi_array_hw base;
    axis axis[AXES_MAX];
    size_t axes;
    uint64_t points;
    size_t count[OBJECTS]; /* entries of each table */
    const mho_net *net;    /* while it is made */
    mho_workload **work;
    mho_technology **tech;
    mhoi_bank *part[MHOI_PARTS];
    uint32_t *task_of; /* [count[SCHEDULE]] */
    task *task;
    size_t tasks;
    mhoi_counts *counts;    /* [tasks][count[COUNTS]] */
    mhoi_step_count *steps; /* [tasks][count[COUNTS]][steps of the task] */
};

static mho_status find_field(const char *key, const struct field **out)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (!strcmp(fields[i].key, key)) {
            *out = &fields[i];
            return MHO_OK;
        }
    return mho_error(MHO_ENOTMODELED, "a sweep over %s is not modelled", key);
}

static mho_status add_axis(mhoi_factor *f, const mhoi_axis *from)
{
    axis *a = &f->axis[f->axes];
    mho_status s = find_field(from->key, &a->field);
    if (!s)
        s = mhoi_alloc(&a->bytes, from->values, a->field->size, "values of a sweep");
    if (s)
        return s;
    f->axes++;
    a->values = from->values;
    for (size_t v = 0; v < a->values; v++)
        memcpy(a->bytes + v * a->field->size, (const char *)&from->value[v] + a->field->offset,
               a->field->size);
    if (f->points > UINT64_MAX / a->values)
        return mho_error(MHO_EDOMAIN, "a sweep of more than 2^64 points");
    f->points *= a->values;
    return MHO_OK;
}

static void patch(const axis *a, size_t value, mhoi_array_hw *hw)
{
    memcpy((char *)hw + a->field->offset, a->bytes + value * a->field->size, a->field->size);
}

/* Strides of every object over the axes it depends on. */
static mho_status lay_out(mhoi_factor *f)
{
    for (int o = 0; o < OBJECTS; o++) {
        size_t count = 1;
        for (size_t a = f->axes; a-- > 0;) {
            if (!(f->axis[a].field->objects & OF(o)))
                continue;
            f->axis[a].stride[o] = count;
            if (count > UINT32_MAX / f->axis[a].values)
                return mho_error(MHO_ENOTMODELED,
                                 "a sweep whose axes up to %s make more than 2^32 schedules or "
                                 "memories",
                                 f->axis[a].field->key);
            count *= f->axis[a].values;
        }
        f->count[o] = count;
    }
    return MHO_OK;
}

/* Entry i of object o: its description, all other axes at their first value, and its entry of another
 * object that depends on fewer axes. */
static size_t entry_hw(const mhoi_factor *f, object o, size_t i, object other, mhoi_array_hw *hw)
{
    size_t at = 0;
    *hw = f->base;
    for (size_t a = 0; a < f->axes; a++) {
        const axis *x = &f->axis[a];
        if (!x->stride[o])
            continue;
        const size_t value = i / x->stride[o] % x->values;
        patch(x, value, hw);
        at += value * x->stride[other];
    }
    return at;
}

static mho_status make_works(mhoi_factor *f)
{
    mho_status s = mhoi_alloc(&f->work, f->count[WORK], sizeof *f->work, "workloads");
    for (size_t i = 0; !s && i < f->count[WORK]; i++) {
        mhoi_array_hw hw;
        entry_hw(f, WORK, i, WORK, &hw);
        s = mho_workload_create(f->net, hw.array.all_layers, hw.array.batch, &f->work[i]);
    }
    return s;
}

static mho_status make_technologies(mhoi_factor *f, const mho_macro *extra, size_t extras)
{
    mho_status s = mhoi_alloc(&f->tech, f->count[TECH], sizeof *f->tech, "technologies");
    for (size_t i = 0; !s && i < f->count[TECH]; i++) {
        mhoi_array_hw hw;
        entry_hw(f, TECH, i, TECH, &hw);
        s = mhoi_array_technology(&hw, extra, extras, &f->tech[i]);
    }
    return s;
}

static mho_status make_parts(mhoi_factor *f)
{
    static const object of[MHOI_PARTS] = {IO, WEIGHT, ACC, DDR, MAC};
    for (int part = 0; part < MHOI_PARTS; part++) {
        const object o = of[part];
        mho_status s = mhoi_alloc(&f->part[part], f->count[o], sizeof *f->part[part], "memories");
        for (size_t i = 0; !s && i < f->count[o]; i++) {
            mhoi_array_hw hw;
            mho_design design;
            mho_technology *tech = f->tech[entry_hw(f, o, i, TECH, &hw)];
            s = mhoi_design_open(&hw, tech, &design);
            if (!s)
                f->part[part][i] = mhoi_bank_of(&design, (mhoi_part)part);
            else if (f->count[TECH] > 1)
                s = mho_error_prefix(s, "%s", hw.technology);
        }
        if (s)
            return s;
    }
    return MHO_OK;
}

static bool same_search(const task *t, const mho_workload *work, const mho_schedule_options *c)
{
    const mho_schedule_options *o = &t->capacity;
    return t->work == work && o->io_B == c->io_B && o->weight_B == c->weight_B &&
           o->level == c->level && o->e_rd_J == c->e_rd_J && o->e_wr_J == c->e_wr_J &&
           o->halo == c->halo;
}

/* Different combinations of capacities, weights and level: few, so that they are compared one by one. */
static mho_status make_tasks(mhoi_factor *f)
{
    const size_t all = f->count[SCHEDULE];
    mho_status s = mhoi_alloc(&f->task, all, sizeof *f->task, "sweep schedules");
    if (!s)
        s = mhoi_alloc(&f->task_of, all, sizeof *f->task_of, "sweep schedules");
    for (size_t i = 0; !s && i < all; i++) {
        mhoi_array_hw hw;
        const mho_workload *work = f->work[entry_hw(f, SCHEDULE, i, WORK, &hw)];
        const mho_technology *tech = f->tech[entry_hw(f, SCHEDULE, i, TECH, &hw)];
        const mho_component *ddr = mho_technology_find(tech, "ddr_128M");
        if (!ddr)
            return mho_error(MHO_ENOTMODELED, "technology '%s' has no DDR of 128M", tech->name);
        const mho_schedule_options capacity = mhoi_capacity_of(&hw, ddr);
        size_t t = 0;
        while (t < f->tasks && !same_search(&f->task[t], work, &capacity))
            t++;
        if (t == f->tasks)
            f->task[f->tasks++] = (task){.work = work, .capacity = capacity};
        f->task_of[i] = (uint32_t)t;
        s = mhoi_interruption();
    }
    return s;
}

static mho_status search_one(void *context, size_t item, size_t thread)
{
    (void)thread;
    mhoi_factor *f = context;
    task *t = &f->task[item];
    mho_status s = mho_schedule_search(t->work, &t->capacity, &t->schedule);
    mhoi_progress("schedules", item, f->tasks, "schedules");
    return s;
}

static mho_status make_counts(mhoi_factor *f)
{
    size_t variants = f->count[COUNTS], rows = 0;
    for (size_t t = 0; t < f->tasks; t++) {
        f->task[t].first_step = rows;
        f->task[t].steps = f->task[t].schedule->steps;
        f->task[t].optimal = f->task[t].schedule->optimal;
        rows += variants * f->task[t].steps;
    }
    mho_status s = mhoi_alloc(&f->counts, f->tasks * variants, sizeof *f->counts, "counts");
    if (!s)
        s = mhoi_alloc(&f->steps, rows, sizeof *f->steps, "counts of steps");
    for (size_t t = 0; t < f->tasks && !s; t++)
        for (size_t v = 0; v < variants && !s; v++) {
            mhoi_array_hw hw;
            entry_hw(f, COUNTS, v, COUNTS, &hw);
            const task *at = &f->task[t];
            mhoi_counts_fill(at->work, at->schedule, &hw, &f->counts[t * variants + v]);
            mhoi_step_count *row = f->steps + at->first_step + v * at->steps;
            for (size_t i = 0; i < at->steps; i++)
                mhoi_step_count_fill(at->work, &at->schedule->step[i], &hw, &row[i]);
            s = mhoi_interruption();
        }
    return s;
}

static mho_status make(mhoi_factor *f, const mhoi_axis *from, size_t axes, const mho_macro *extra,
                       size_t extras)
{
    if (axes > AXES_MAX)
        return mho_error(MHO_EDOMAIN, "a sweep of %zu axes, want at most %d", axes, AXES_MAX);
    mho_status s = MHO_OK;
    for (size_t a = 0; a < axes && !s; a++)
        s = add_axis(f, &from[a]);
    if (!s)
        s = lay_out(f);
    if (!s)
        s = make_works(f);
    if (!s)
        s = make_technologies(f, extra, extras);
    if (!s)
        s = make_parts(f);
    if (!s)
        s = make_tasks(f);
    if (!s)
        s = mhoi_parallel(f->tasks, search_one, f);
    if (!s)
        s = make_counts(f);
    for (size_t t = 0; t < f->tasks; t++) {
        mho_schedule_destroy(f->task[t].schedule);
        f->task[t].schedule = NULL;
    }
    return s;
}

mho_status mhoi_factor_create(const mho_net *net, const mhoi_array_hw *base, const mhoi_axis *from,
                              size_t axes, const mho_macro *extra, size_t extras, mhoi_factor **out)
{
    *out = NULL;
    mhoi_factor *f;
    mho_status s = mhoi_alloc(&f, 1, sizeof *f, "sweep");
    if (s)
        return s;
    f->base = *base;
    f->points = 1;
    f->net = net;
    s = make(f, from, axes, extra, extras);
    f->net = NULL;
    if (s)
        mhoi_factor_destroy(f);
    else
        *out = f;
    return s;
}

void mhoi_factor_destroy(mhoi_factor *f)
{
    if (!f)
        return;
    for (size_t a = 0; a < f->axes; a++)
        mhoi_free(&f->axis[a].bytes);
    for (size_t i = 0; f->work && i < f->count[WORK]; i++)
        mho_workload_destroy(f->work[i]);
    for (size_t i = 0; f->tech && i < f->count[TECH]; i++)
        mho_technology_destroy(f->tech[i]);
    for (int part = 0; part < MHOI_PARTS; part++)
        mhoi_free(&f->part[part]);
    mhoi_free(&f->work);
    mhoi_free(&f->tech);
    mhoi_free(&f->task_of);
    mhoi_free(&f->task);
    mhoi_free(&f->counts);
    mhoi_free(&f->steps);
    mhoi_free(&f);
}

uint64_t mhoi_factor_points(const mhoi_factor *f)
{
    return f->points;
}

size_t mhoi_factor_schedules(const mhoi_factor *f)
{
    return f->tasks;
}

/* --- points ------------------------------------------------------------------------------------------- */

/* A point on its way through the sweep: its value on every axis, its entry of every object. */
typedef struct cursor {
    mhoi_array_hw hw;
    size_t value[AXES_MAX], at[OBJECTS];
} cursor;

static void start(const mhoi_factor *f, uint64_t index, cursor *c)
{
    c->hw = f->base;
    memset(c->at, 0, sizeof c->at);
    for (size_t a = f->axes; a-- > 0;) {
        const axis *x = &f->axis[a];
        c->value[a] = (size_t)(index % x->values);
        index /= x->values;
        patch(x, c->value[a], &c->hw);
        for (int o = 0; o < OBJECTS; o++)
            c->at[o] += c->value[a] * x->stride[o];
    }
}

/* To the next point: mostly a step on the last axis. */
static void advance(const mhoi_factor *f, cursor *c)
{
    for (size_t a = f->axes; a-- > 0;) {
        const axis *x = &f->axis[a];
        const bool wrap = c->value[a] + 1 == x->values;
        const size_t steps = wrap ? c->value[a] : 1;
        c->value[a] = wrap ? 0 : c->value[a] + 1;
        patch(x, c->value[a], &c->hw);
        for (int o = 0; o < OBJECTS; o++)
            c->at[o] += wrap ? (size_t)0 - steps * x->stride[o] : x->stride[o];
        if (!wrap)
            return;
    }
}

void mhoi_factor_hw(const mhoi_factor *f, uint64_t index, mhoi_array_hw *out, double *ddr_standby_W)
{
    cursor c;
    start(f, index, &c);
    *out = c.hw;
    *ddr_standby_W = mhoi_price_standby_J(&f->part[MHOI_DDR][c.at[DDR]].price,
                                          (double)c.hw.buffers.ddr_chips, 1.0);
}

static void price_point(const mhoi_factor *f, const cursor *c, mho_array_point *p)
{
    const uint32_t index = f->task_of[c->at[SCHEDULE]];
    const task *t = &f->task[index];
    const mhoi_counts *counts = &f->counts[index * f->count[COUNTS] + c->at[COUNTS]];
    const mhoi_step_count *step = f->steps + t->first_step + c->at[COUNTS] * t->steps;
    mhoi_array_machine machine = {.bank = {[MHOI_IO] = &f->part[MHOI_IO][c->at[IO]],
                                           [MHOI_WEIGHT] = &f->part[MHOI_WEIGHT][c->at[WEIGHT]],
                                           [MHOI_ACC] = &f->part[MHOI_ACC][c->at[ACC]],
                                           [MHOI_DDR] = &f->part[MHOI_DDR][c->at[DDR]],
                                           [MHOI_MAC] = &f->part[MHOI_MAC][c->at[MAC]]}};
    mho_array_result *r = &p->result;
    mhoi_array_machine_fill(&c->hw, &machine);
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
    const mhoi_factor *factor;
    uint64_t first;
    size_t count;
    mho_array_point *point;
} pricing;

static mho_status price_block(void *context, size_t item, size_t thread)
{
    (void)thread;
    const pricing *p = context;
    const size_t begin = item * BLOCK;
    const size_t end = begin + BLOCK < p->count ? begin + BLOCK : p->count;
    cursor c;
    start(p->factor, p->first + begin, &c);
    for (size_t i = begin; i < end; i++) {
        mho_array_point *point = &p->point[i];
        point->index = p->first + i;
        price_point(p->factor, &c, point);
        if (!isfinite(point->result.total_J + point->result.area_m2))
            return mho_error(MHO_EDOMAIN, "design %llu: its energy or area is not finite",
                             (unsigned long long)point->index);
        advance(p->factor, &c);
    }
    mhoi_progress("designs", p->first + end, p->factor->points, "designs");
    return MHO_OK;
}

mho_status mhoi_factor_price(const mhoi_factor *f, uint64_t first, size_t count,
                             mho_array_point *point)
{
    if (first > f->points || count > f->points - first)
        return mho_error(MHO_EDOMAIN, "points %llu..%llu of %llu", (unsigned long long)first,
                         (unsigned long long)(first + count), (unsigned long long)f->points);
    pricing p = {f, first, count, point};
    return mhoi_parallel((count + BLOCK - 1) / BLOCK, price_block, &p);
}
