/* SPDX-License-Identifier: Apache-2.0 */
/* A study without points of its own: its networks and images serve designs that someone else chooses. */
#include "study/bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "chip/drawn_cells.h"
#include "map/map_sections.h"
#include "hw/sections.h"
#include "mho/infer.h"
#include "study/study_impl.h"

struct mhoi_bench {
    mho_study *study; /* accuracy: models and images */
    mho_net **plain;  /* [nets] as of mho_net_open */
    const char **net_name;
    size_t nets, sets;
    uint64_t *net_id, *set_id;
    mhoi_shelf *shelf, *before;
};

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

static mho_status open_plain(mhoi_bench *b, const mhoi_bench_options *o)
{
    b->nets = count_names(o->nets);
    b->sets = o->sets[0] ? count_names(o->sets) : 1;
    mho_status s = mhoi_alloc(&b->plain, b->nets, sizeof *b->plain, "networks");
    if (!s)
        s = mhoi_alloc(&b->net_name, b->nets, sizeof *b->net_name, "networks");
    if (!s)
        s = mhoi_alloc(&b->net_id, b->nets, sizeof *b->net_id, "networks");
    if (!s)
        s = mhoi_alloc(&b->set_id, b->sets, sizeof *b->set_id, "data sets");
    for (size_t i = 0; !s && i < b->nets; i++) {
        s = mho_net_open(o->nets[i], &b->plain[i]);
        if (s)
            break;
        b->net_name[i] = mho_net_name(b->plain[i]);
        b->net_id[i] = mho_net_identity(b->plain[i], true);
    }
    return s;
}

mho_status mhoi_axis_of(const char *key, const char *const *names, char **out)
{
    size_t room = strlen(key) + 2, used;
    for (size_t i = 0; names[i]; i++)
        room += strlen(names[i]) + 1;
    mho_status s = mhoi_alloc(out, room, 1, "axis");
    if (s)
        return s;
    used = (size_t)snprintf(*out, room, "%s=", key);
    for (size_t i = 0; names[i]; i++)
        used += (size_t)snprintf(*out + used, room - used, "%s%s", i ? "," : "", names[i]);
    return MHO_OK;
}

static uint64_t hash_images(uint64_t h, const mho_images *images, size_t elements)
{
    return images->value ? mhoi_fnv1a(h, images->value, elements * sizeof *images->value)
                         : mhoi_fnv1a(h, images->pixel, elements);
}

static uint64_t image_id(const study_set *set)
{
    const mho_images *test = &set->data->test, *calibration = &set->calibration;
    const size_t image = test->shape.c * test->shape.h * test->shape.w;
    uint64_t h = mhoi_fnv1a(MHOI_HASH_START, test->label, set->images * sizeof *test->label);
    h = hash_images(h, test, set->images * image);
    return hash_images(h, calibration, calibration->count * image);
}

static mho_status open_study(mhoi_bench *b, const mhoi_bench_options *o)
{
    static const bool no_style[STUDY_STYLES] = {false};
    char *axis[3] = {NULL};
    mho_hw *any = NULL;
    mho_stage stage;
    const bool several = o->sets[0] && o->sets[1]; /* one name may hold commas */
    const mho_subject subject = {.data = several ? NULL : o->sets[0],
                                 .calibrate_on_test = o->calibrate_on_test,
                                 .calibrate_on = o->calibrate_on};
    mho_status s = mhoi_alloc(&b->study, 1, sizeof *b->study, "study");
    if (!s)
        s = mhoi_axis_of("network", o->nets, &axis[0]);
    if (!s && several)
        s = mhoi_axis_of("data", o->sets, &axis[1]);
    if (!s)
        s = mho_hw_default("crossbar", &any);
    if (!s)
        s = mho_grid_create(any, (const char *const *)axis, &b->study->grid);
    if (!s) {
        b->study->options = mho_study_options_default();
        b->study->options.seed = o->seed;
        b->study->options.images = o->images;
        s = mhoi_study_open_subjects(b->study, &subject, no_style, o->calibration, &stage);
    }
    for (size_t d = 0; !s && d < b->sets; d++)
        b->set_id[d] = image_id(&b->study->set[d]);
    mho_hw_destroy(any);
    mhoi_free(&axis[0]);
    mhoi_free(&axis[1]);
    return s;
}

mho_status mhoi_bench_open(const mhoi_bench_options *options, mhoi_bench **out)
{
    mhoi_bench *b = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&b, 1, sizeof *b, "bench");
    if (s)
        return s;
    s = mhoi_shelf_create(&b->shelf);
    if (!s)
        s = open_plain(b, options);
    if (!s && options->accuracy)
        s = open_study(b, options);
    if (s)
        mhoi_bench_destroy(b);
    else
        *out = b;
    return s;
}

void mhoi_bench_destroy(mhoi_bench *b)
{
    if (!b)
        return;
    mhoi_shelf_destroy(b->shelf);
    mho_study_destroy(b->study);
    for (size_t i = 0; b->plain && i < b->nets; i++)
        mho_net_destroy(b->plain[i]);
    mhoi_free(&b->plain);
    mhoi_free(&b->net_name);
    mhoi_free(&b->net_id);
    mhoi_free(&b->set_id);
    mhoi_free(&b);
}

void mhoi_bench_enter(mhoi_bench *bench)
{
    bench->before = mhoi_shelf_use(bench->shelf);
    if (bench->study)
        mhoi_drawn_cells_open(0);
}

void mhoi_bench_leave(mhoi_bench *bench)
{
    mhoi_shelf_use(bench->before);
}

/* Areas of an array are of what stands; its energies go by what is done.  Standing parts are priced in this order. */
static mho_status split_area(const mho_array_estimate *e, mho_result_cost *cost)
{
    static const char *const names[] = {"map buffers", "weight buffer", "accumulators", "DDR",
                                        "multipliers"};
    enum { STANDING = sizeof names / sizeof *names };
    const mho_design *d = &e->design;
    const char *const component[STANDING] = {d->io.component.name, d->weight.component.name,
                                             d->acc.component.name, d->ddr.component.name,
                                             d->mac.name};
    mho_result_part *part = NULL;
    size_t parts = cost->components, next = 0;
    mho_status s = mhoi_alloc(&part, parts + STANDING, sizeof *part, "costs");
    if (s)
        return s;
    for (size_t i = 0; i < parts; i++) {
        part[i] = cost->component[i];
        part[i].area_m2 = 0;
    }
    for (size_t i = 0; i < e->cost->entries; i++) {
        const mho_cost_entry *entry = &e->cost->entry[i];
        if (entry->area_m2 <= 0)
            continue;
        while (next < STANDING && strcmp(component[next], entry->activity->component) != 0)
            next++;
        if (next == STANDING)
            break;
        part[parts] = (mho_result_part){.area_m2 = entry->area_m2};
        snprintf(part[parts++].name, sizeof part->name, "%s", names[next++]);
    }
    mhoi_free(&cost->component);
    cost->component = part;
    cost->components = parts;
    return MHO_OK;
}

static mho_status price_array(const mho_net *net, const mho_hw *hw, mho_result *result,
                              mho_summary *sum)
{
    mho_array_estimate *e = NULL;
    mho_status s = mho_array_estimate_create(net, hw, NULL, 0, &e);
    if (s)
        return s;
    const double operations = 2 * (double)mho_net_macs(net);
    const mho_array_result *r = &e->result;
    *sum = mho_summary_none();
    sum->latency_s = r->time_s;
    sum->throughput_per_s = 1 / r->time_s;
    sum->energy_J = r->total_J;
    sum->area_m2 = r->area_m2;
    sum->power_W = r->total_J / r->time_s;
    sum->ops_per_s = operations / r->time_s;
    sum->ops_per_J = operations / r->total_J;
    sum->ops_per_s_per_m2 = sum->ops_per_s / r->area_m2;
    sum->cycles = (double)r->cycles;
    snprintf(result->notes.technology, sizeof result->notes.technology, "%s", e->tech->name);
    s = mhoi_study_copy_cost(e->cost, &result->cost);
    if (!s)
        s = split_area(e, &result->cost);
    mho_array_estimate_destroy(e);
    return s;
}

mho_status mhoi_bench_price(const mhoi_bench *bench, size_t net, const mho_hw *hw,
                            mho_result *result, mho_summary *sum)
{
    *result = (mho_result){.stage = MHO_STAGE_PRICE};
    *sum = mho_summary_none();
    if (!strcmp(mho_hw_arch(hw), "array"))
        return price_array(bench->plain[net], hw, result, sum);
    mho_status s = mhoi_study_price_alone(bench->plain[net], hw, result);
    if (!s)
        *sum = mho_summary_of(result);
    return s;
}

uint64_t mhoi_bench_identity(const mhoi_bench *bench, size_t net, size_t set, bool accuracy)
{
    uint64_t h = mhoi_fnv1a(MHOI_HASH_START, &bench->net_id[net], sizeof *bench->net_id);
    return accuracy ? mhoi_fnv1a(h, &bench->set_id[set], sizeof *bench->set_id) : h;
}

uint64_t mhoi_bench_weights(const mhoi_bench *bench, size_t net)
{
    return mho_net_parameters(bench->plain[net]);
}

const char *mhoi_bench_net_name(const mhoi_bench *bench, size_t net)
{
    return bench->net_name[net];
}

const char *mhoi_bench_set_name(const mhoi_bench *bench, size_t set)
{
    return bench->study ? bench->study->set[set].data->name : "";
}

size_t mhoi_bench_images(const mhoi_bench *bench, size_t set)
{
    return bench->study ? bench->study->set[set].images : 0;
}

static study_net *net_of(const mhoi_bench *b, size_t net, size_t set)
{
    return &b->study->net[net * b->study->sets + set];
}

mho_status mhoi_bench_open_model(mhoi_bench *bench, size_t net, size_t set, const mho_hw *hw)
{
    const mho_style style = mhoi_study_style(hw);
    const study_set *images = &bench->study->set[set];
    study_net *n = net_of(bench, net, set);
    study_model *model = &n->model[style];
    if (model->net)
        return MHO_OK;
    mho_status s = mhoi_study_open_model(bench->study, n, style, images->data->name);
    if (!s)
        s = mho_images_fit(&images->data->test, mho_net_input_shape(model->net), 0,
                           mho_net_name(model->net));
    if (!s)
        s = mhoi_study_cover_model(model, images);
    return s;
}

mho_status mhoi_bench_software(mhoi_bench *bench, size_t net, size_t set, const mho_hw *hw,
                               double *error)
{
    const mho_style style = mhoi_study_style(hw);
    const study_set *images = &bench->study->set[set];
    study_model *model = &net_of(bench, net, set)->model[style];
    size_t wrong = 0;
    mho_status s = mhoi_bench_open_model(bench, net, set, hw);
    if (!s && isnan(model->software_error)) {
        s = mho_infer_errors(model->net, &images->data->test, images->images, &wrong);
        if (!s)
            model->software_error = (double)wrong / (double)images->images;
    }
    *error = s ? (double)NAN : model->software_error;
    return s;
}

struct mhoi_bench_chip {
    mho_chip *chip;
    const study_set *set;
    uint64_t seed;
    uint16_t *label;
};

mho_status mhoi_bench_chip_create(const mhoi_bench *bench, size_t net, size_t set, const mho_hw *hw,
                                  mhoi_bench_chip **out)
{
    mhoi_bench_chip *c = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&c, 1, sizeof *c, "chip");
    if (s)
        return s;
    c->set = &bench->study->set[set];
    c->seed = bench->study->options.seed;
    s = mhoi_alloc(&c->label, c->set->images, sizeof *c->label, "labels");
    if (!s)
        s = mho_chip_open(net_of(bench, net, set)->model[mhoi_study_style(hw)].net, hw,
                          &c->set->calibration, &c->chip);
    if (s)
        mhoi_bench_chip_destroy(c);
    else
        *out = c;
    return s;
}

void mhoi_bench_chip_destroy(mhoi_bench_chip *chip)
{
    if (!chip)
        return;
    mho_chip_destroy(chip->chip);
    mhoi_free(&chip->label);
    mhoi_free(&chip);
}

mho_status mhoi_bench_program(mhoi_bench_chip *chip, size_t trial, bool *drawn)
{
    const mho_status s = mho_chip_program(chip->chip, chip->seed, (uint32_t)trial);
    *drawn = mhoi_chip_drew(chip->chip);
    return s;
}

mho_status mhoi_bench_wrong(mhoi_bench_chip *chip, size_t first, size_t n, uint32_t *wrong)
{
    const mho_images *test = &chip->set->data->test;
    mho_status s = mho_chip_run(chip->chip, test, first, n, NULL, chip->label);
    *wrong = 0;
    for (size_t i = 0; !s && i < n; i++)
        *wrong += chip->label[i] != test->label[first + i];
    return s;
}
