/* SPDX-License-Identifier: Apache-2.0 */
/* Too little memory for all layers at once: on any hardware the digits, counts and activities are those of a chip that has
 * them all, in any number of threads; what one layer needs is told where it is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_impl.h"

enum { IMAGES = 19, CASES = 30, SCORES_MAX = IMAGES * 64, LAYERS_MAX = 16 };

typedef struct answer {
    mho_status status;
    float score[SCORES_MAX];
    uint16_t label[IMAGES];
    mho_counts counts;
    mho_write_count writes;
    mho_chip_activity activity[LAYERS_MAX];
} answer;

/* With the least memory that does: less than all layers take. */
static mho_status open_streamed(const mho_net *net, const mho_hw *hw, const mho_images *images,
                                mho_chip **chip)
{
    mho_status s = MHO_ENOMEM;
    for (uint64_t room = 65536; s == MHO_ENOMEM && room < UINT64_C(1) << 40; room += room / 8) {
        mho_run_set_memory(NULL, MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes() + room);
        s = mho_chip_open(net, hw, images, chip);
    }
    return s;
}

static void run(const mho_net *net, const hardware *h, const mho_images *images, bool streamed,
                answer *a)
{
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    memset(a, 0, sizeof *a);
    mho_status s = mho_hw_open(h->full ? "cnn8" : "bcnn", h->set, &hw);
    if (!s)
        s = streamed ? open_streamed(net, hw, images, &chip)
                     : mho_chip_open(net, hw, images, &chip);
    if (!s && chip->streamed != streamed)
        fail_msg("%s", streamed ? "all layers at once" : "layer by layer");
    if (!s) /* another trial is forgotten */
        s = mho_chip_program(chip, 3, 0);
    if (!s)
        s = mho_chip_run(chip, images, 0, 2, a->score, NULL);
    if (!s)
        s = mho_chip_program(chip, 3, 1);
    if (!s)
        s = mho_chip_run(chip, images, 0, 7, a->score, a->label);
    if (!s)
        s = mho_chip_run(chip, images, 7, IMAGES - 7, a->score + 7 * chip->classes, a->label + 7);
    if (!s) {
        a->counts = mho_chip_counts(chip);
        a->writes = mho_chip_writes(chip);
        for (size_t l = 0; l < chip->layers; l++)
            a->activity[l] = mho_chip_layer_activity(chip, l);
    }
    mho_run_set_memory(NULL, 0);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    a->status = s;
}

static void compare(const hardware *h, uint64_t seed, const answer *want, const answer *got)
{
    for (size_t i = 0; memcmp(want, got, sizeof *want) && h->set[i]; i++)
        print_error("--set %s\n", h->set[i]);
    assert_int_equal(got->status, want->status);
    for (size_t i = 0; i < SCORES_MAX; i++)
        if (!(want->score[i] == got->score[i]))
            fail_msg("case %llu, score %zu: %.9g, want %.9g", (unsigned long long)seed, i,
                     (double)got->score[i], (double)want->score[i]);
    assert_memory_equal(got->label, want->label, sizeof want->label);
    assert_memory_equal(&got->counts, &want->counts, sizeof want->counts);
    assert_memory_equal(&got->writes, &want->writes, sizeof want->writes);
    assert_memory_equal(got->activity, want->activity, sizeof want->activity);
}

static void test_any_hardware(void **state)
{
    static answer all, streamed;
    size_t refused = 0;
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d = {seed * 977 + 5};
        hardware h;
        any_hardware(&d, &h);
        if (seed % 5 == 4)
            add_level0(&h);
        mho_net *net = random_binary(&d);
        if (h.full)
            make_float(&d, net);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        must(mho_run_set_threads(NULL, 1));
        run(net, &h, &images, false, &all);
        refused += all.status != MHO_OK;
        for (size_t threads = 1; !all.status && threads <= 3; threads += 2) {
            must(mho_run_set_threads(NULL, threads));
            run(net, &h, &images, true, &streamed);
            compare(&h, seed, &all, &streamed);
        }
        must(mho_run_set_threads(NULL, 0));
        free_images(&images);
        mho_net_destroy(net);
    }
    assert_true(3 * refused < 2 * CASES);
}

static void test_too_little(void **state)
{
    static const char *const words[] = {"layer ", " alone (cells ", " takes ", "want ",
                                        "M of memory"};
    dice d = {5};
    mho_hw *hw;
    mho_chip *chip;
    (void)state;
    mho_net *net = random_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    must(mho_hw_open("bcnn", NULL, &hw));
    const uint64_t live = mhoi_alloc_live();
    mho_run_set_memory(NULL, 1);
    assert_int_equal(mho_chip_open(net, hw, &images, &chip), MHO_ENOMEM);
    mho_run_set_memory(NULL, 0);
    assert_null(chip);
    assert_int_equal(mhoi_alloc_live(), live);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_non_null(strstr(mho_error_message(), words[i]));
    mho_hw_destroy(hw);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_hardware),
                                       cmocka_unit_test(test_too_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
