/* SPDX-License-Identifier: Apache-2.0 */
/* Cells that chips share: whatever the hardware, the same scores, writes and bounds as of chips that draw their own; drawn once
 * for converters of all kinds, and anew for other cells, seeds and programmings; whatever the memory for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "base/alloc.h"
#include "base/shelf.h"
#include "chip/drawn_cells.h"

enum { IMAGES = 5, CASES = 11, SCORES_MAX = IMAGES * 64 };

typedef struct answer {
    mho_status status;
    float score[SCORES_MAX];
    mho_write_count writes;
    double bound;
} answer;

/* Kinds of one hardware: 0 as it is, 1 other converters, 2 other cells. */
static void set_kind(const hardware *h, size_t kind, hardware *out)
{
    *out = *h;
    for (size_t i = 0; kind == 1 && out->set[i]; i++)
        if (!strncmp(out->set[i], "output.split_bits=", 18) ||
            !strncmp(out->set[i], "output.last_bits=", 17))
            out->set[i] = out->set[i][7] == 's' ? "output.split_bits=6" : "output.last_bits=5";
    if (kind == 2) {
        force(out, "device.variation=0.7");
        force(out, "device.stuck_on=0.01");
    }
}

/* *drew: programmings (of two) whose cells were drawn. */
static void run(const mho_net *net, const hardware *h, const mho_images *images, uint32_t trial,
                answer *a, bool *drew)
{
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    memset(a, 0, sizeof *a);
    mho_status s = mho_hw_open(h->full ? "cnn8" : "bcnn", h->set, &hw);
    if (!s)
        s = mho_chip_open(net, hw, images, &chip);
    if (!s)
        s = mho_chip_program(chip, 3, trial);
    if (!s)
        s = mho_chip_run(chip, images, 0, IMAGES, a->score, NULL);
    a->status = s;
    if (!s) {
        a->writes = mho_chip_writes(chip);
        a->bound = mho_chip_wires_bound(chip);
        *drew = mhoi_chip_drew(chip);
    }
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
}

static void want_same(uint64_t seed, size_t step, const hardware *h, const answer *want,
                      const answer *got)
{
    bool same = want->status == got->status && !(want->bound < got->bound) &&
                !(want->bound > got->bound) &&
                !memcmp(&want->writes, &got->writes, sizeof got->writes);
    for (size_t i = 0; i < SCORES_MAX; i++)
        same = same && want->score[i] == got->score[i];
    for (size_t i = 0; !same && h->set[i]; i++)
        print_error("--set %s\n", h->set[i]);
    if (!same)
        fail_msg("case %llu, step %zu: other scores, writes or bounds with shared cells",
                 (unsigned long long)seed, step);
}

/* Of hardware that is not refused: kinds and programmings in this order; which of them are of cells that are there. */
static const struct {
    size_t kind;
    uint32_t trial;
    bool known;
} steps[] = {{0, 1, false}, {1, 1, true}, {0, 2, false}, {2, 1, false},
             {0, 1, true},  {1, 2, true}, {2, 1, true}};
enum { STEPS = sizeof steps / sizeof *steps };

/* Screening of wires has a bound. */
static void make_approximate(hardware *h)
{
    size_t n = 0;
    while (h->set[n])
        n++;
    h->set[n] = "wires.approximate=true";
    force(h, "wires.r_row=2");
    force(h, "device.nonlinearity=0");
    force(h, "device.read_noise_fixed=0");
}

static void try_case(uint64_t seed, size_t budget, size_t *known, size_t *refused)
{
    static answer want[STEPS], got;
    dice d = {seed * 7919 + 5};
    hardware h, kind;
    mhoi_shelf *shelf = NULL;
    bool drew = false;
    any_hardware(&d, &h);
    if (seed % 5 == 4)
        add_level0(&h);
    else if (seed % 5 == 2)
        make_approximate(&h);
    mho_net *net = random_binary(&d);
    if (h.full)
        make_float(&d, net);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    for (size_t i = 0; i < STEPS; i++) {
        set_kind(&h, steps[i].kind, &kind);
        run(net, &kind, &images, steps[i].trial, &want[i], &drew);
        assert_true(want[i].status || drew);
    }
    must(mhoi_shelf_create(&shelf));
    mhoi_shelf *before = mhoi_shelf_use(shelf);
    mhoi_drawn_cells_open(budget);
    for (size_t i = 0; i < STEPS; i++) {
        set_kind(&h, steps[i].kind, &kind);
        run(net, &kind, &images, steps[i].trial, &got, &drew);
        want_same(seed, i, &kind, &want[i], &got);
        *refused += got.status != MHO_OK;
        if (got.status)
            continue;
        if (!drew && !steps[i].known)
            fail_msg("case %llu, step %zu: cells of another chip", (unsigned long long)seed, i);
        *known += !drew;
    }
    for (size_t i = 0; i < net->nodes; i++) /* and another network of that shape */
        if (net->node[i].weight)
            net->node[i].weight[0] *= -1;
    run(net, &h, &images, 1, &got, &drew);
    if (!got.status && !drew)
        fail_msg("case %llu: cells of another network", (unsigned long long)seed);
    mhoi_shelf_use(before);
    mhoi_shelf_destroy(shelf);
    free_images(&images);
    mho_net_destroy(net);
}

static void test_any_hardware(void **state)
{
    size_t known = 0, refused = 0;
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed++)
        try_case(seed, 0, &known, &refused);
    const size_t ran = STEPS * CASES - refused;
    if (ran < STEPS * CASES / 4 || 2 * known < ran)
        fail_msg("%zu of %zu programmings found their cells, want half of them", known, ran);
}

/* Memory for a layer or a few: nothing but the time is another, and nothing is left. */
static void test_little_memory(void **state)
{
    size_t known = 0, few = 0, all = 0, refused = 0;
    const uint64_t live = mhoi_alloc_live();
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed += 2) {
        try_case(seed, 0, &all, &refused);
        try_case(seed, (size_t)4000 << seed % 7, &few, &refused);
        try_case(seed, 1, &known, &refused);
    }
    if (!few || few >= all)
        fail_msg("%zu programmings found their cells in little memory, %zu in much", few, all);
    assert_int_equal(known, 0);
    assert_int_equal(mhoi_alloc_live(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_hardware),
                                       cmocka_unit_test(test_little_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
