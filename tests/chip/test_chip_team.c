/* SPDX-License-Identifier: Apache-2.0 */
/* Images shared out by several threads, in stages, by columns, or in blocks, give what one thread gives, and count what it
 * counts; errors and interruptions end all threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip/chip_team.h"
#include "chip_nets.h"
#include "mho/chip.h"
#include "mho/run.h"

enum { MOST = 40, CLASSES = 10 };

/* Layers of many columns one after the other, of one position and of some, and an addition whose one side a layer before
 * them made. */
static mho_net *wide_net(dice *d, bool binary)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){3, 8, 8};
    add_conv(&b, 96, 3, 1, 1, 1, binary, true);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    add_pool_node(&b, MHO_OP_MAXPOOL, 2, 2, 0);
    const size_t before = b.nodes - 1;
    add_conv(&b, 96, 3, 1, 1, 1, binary, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    if (!binary) {
        mho_node *sum = add_node(&b, MHO_OP_ADD, "sum", b.nodes - 1);
        sum->input[1] = before;
        sum->inputs = 2;
    }
    add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 250, binary, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    add_fc(&b, 400, binary, true);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    add_fc(&b, CLASSES, binary, true);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

typedef struct answer {
    float score[MOST * CLASSES];
    uint16_t label[MOST];
    mho_counts counts;
} answer;

/* Twice: the second run finds the memory of the first.  A thread takes `block` images at once. */
static answer run(const mho_net *net, const mho_hw *hw, const mho_images *images, size_t threads,
                  size_t n, size_t block)
{
    mho_chip *chip;
    answer a;
    memset(&a, 0, sizeof a);
    must(mho_run_set_threads(NULL, threads));
    must(mho_chip_open(net, hw, images, &chip));
    must(mho_chip_program(chip, 3, 1));
    chip->block = block;
    for (int i = 0; i < 2; i++)
        must(mho_chip_run(chip, images, MOST - n, n, a.score, a.label));
    a.counts = mho_chip_counts(chip);
    mho_chip_destroy(chip);
    must(mho_run_set_threads(NULL, 0));
    return a;
}

static const char *const binary[] = {"device.variation=1", NULL};
static const char *const noisy[] = {"device.variation=1", "device.read_noise=0.1", NULL};
static const char *const exact[] = {"output.first_bits=0", "output.split_bits=0", "output.bits=0",
                                    "output.last_bits=0", NULL};
static const char *const eight[] = {NULL};
static const char *const two_reads[] = {"input.coding=two_reads", NULL};

static void test_one_and_more_threads(void **state)
{
    static const struct {
        const char *name, *const *set;
    } hardware[] = {
        {"bcnn", binary}, {"bcnn", noisy}, {"bcnn", exact}, {"cnn8", eight}, {"bcnn", two_reads}};
    static const struct {
        size_t threads, images, block;
    } ways[] = {{2, MOST, MOST},
                {3, 7, MOST},
                {2, MOST, 9} /* three times 14 */,
                {2, MOST, 4} /* blocks */,
                {1, MOST, 9},
                {3, 2, 1},
                {4, 10, 1}};
    (void)state;
    dice d = {31};
    for (size_t k = 0; k < sizeof hardware / sizeof *hardware; k++) {
        mho_net *net = wide_net(&d, hardware[k].name[0] == 'b');
        mho_images images = random_images(&d, net->node[0].out, MOST);
        const opened hw = open_hw(hardware[k].name, hardware[k].set);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            const size_t n = ways[w].images, threads = ways[w].threads;
            const answer one = run(net, hw.hw, &images, 1, n, MOST);
            const answer more = run(net, hw.hw, &images, threads, n, ways[w].block);
            for (size_t i = 0; i < n * CLASSES; i++)
                if (memcmp(&one.score[i], &more.score[i], sizeof *one.score) != 0)
                    fail_msg("hardware %zu, %zu threads: score %zu = %g, want %g", k, threads, i,
                             (double)more.score[i], (double)one.score[i]);
            assert_memory_equal(one.label, more.label, sizeof one.label);
            assert_memory_equal(&one.counts, &more.counts, sizeof one.counts);
        }
        free_images(&images);
        mho_net_destroy(net);
    }
}

/* Whichever allocation fails. */
static void test_out_of_memory(void **state)
{
    (void)state;
    dice d = {32};
    mho_net *net = wide_net(&d, true);
    mho_images images = random_images(&d, net->node[0].out, 8);
    const opened hw = open_hw("bcnn", binary);
    mho_chip *chip;
    must(mho_run_set_threads(NULL, 2));
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    uint64_t k = 1;
    uint16_t label[8];
    for (mho_status s = MHO_ENOMEM; s; k++) {
        mhoi_alloc_fail_at(k);
        s = mho_chip_run(chip, &images, 0, 8, NULL, label);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
    }
    assert_true(k > 8 || mho_cpu_level() == MHO_CPU_REF);
    mho_chip_destroy(chip);
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

static void *interrupt_later(void *microseconds)
{
    const struct timespec later = {.tv_nsec = 1000 * *(long *)microseconds};
    nanosleep(&later, NULL);
    mho_run_interrupt(NULL);
    return NULL;
}

/* At any time: all threads come to an end, and run again. */
static void test_interrupted(void **state)
{
    (void)state;
    dice d = {33};
    mho_net *net = wide_net(&d, true);
    mho_images images = random_images(&d, net->node[0].out, 8);
    const opened hw = open_hw("bcnn", binary);
    mho_chip *chip;
    uint16_t label[8];
    size_t interrupted = 0;
    must(mho_run_set_threads(NULL, 2));
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    for (long microseconds = 0; microseconds < 600; microseconds += 30) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, interrupt_later, &microseconds), 0);
        const mho_status s = mho_chip_run(chip, &images, 0, 8, NULL, label);
        assert_true(s == MHO_OK || s == MHO_EINTERRUPTED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        interrupted += s != MHO_OK;
        interrupted += mho_chip_run(chip, &images, 0, 8, NULL, label) == MHO_EINTERRUPTED;
        mho_run_resume(NULL);
        must(mho_chip_run(chip, &images, 0, 8, NULL, label));
    }
    assert_true(interrupted >= 20);
    mho_chip_destroy(chip);
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

/* A programmed chip and 8 images, half of them dark. */
typedef struct scene {
    mho_net *net;
    mho_images images;
    mho_chip *chip;
    uint16_t label[8];
} scene;

static void set_up(scene *s, uint32_t seed, bool dark_first)
{
    dice d = {seed};
    s->net = wide_net(&d, false);
    s->images = random_images(&d, s->net->node[0].out, 8);
    const opened hw = open_hw("cnn8", eight);
    must(mho_chip_open(s->net, hw.hw, &s->images, &s->chip));
    must(mho_chip_program(s->chip, 1, 0));
    const size_t half = s->images.count / 2 * 3 * 8 * 8;
    memset(s->images.pixel + (dark_first ? 0 : half), 0, half);
}

static void tear_down(scene *s)
{
    mho_chip_destroy(s->chip);
    must(mho_run_set_threads(NULL, 0));
    free_images(&s->images);
    mho_net_destroy(s->net);
}

/* The first images, while a thread that has done with the others, which are dark, waits for them. */
static void test_failing(void **state)
{
    (void)state;
    scene s;
    set_up(&s, 34, false);
    const chip_flight flight = {&s.images, 0, 8, 0, NULL, s.label, NULL};
    must(mho_run_set_threads(NULL, 2));
    s.chip->layer[0].weight_scale[0] = 1e300;
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(mhoi_chip_team_run(s.chip, &flight), MHO_EDOMAIN);
        assert_non_null(strstr(mho_error_message(), "finite"));
    }
    tear_down(&s);
}

/* Dark images fail in the second layer, the bright ones after them in the first: that of the first images is told. */
static void test_which_failure(void **state)
{
    (void)state;
    scene s;
    set_up(&s, 35, true);
    s.chip->block = 4;
    s.chip->layer[0].weight_scale[0] = s.chip->layer[1].weight_scale[0] = 1e300;
    for (size_t threads = 1; threads <= 3; threads++) {
        must(mho_run_set_threads(NULL, threads));
        assert_int_equal(mho_chip_run(s.chip, &s.images, 0, 8, NULL, s.label), MHO_EDOMAIN);
        assert_non_null(strstr(mho_error_message(), s.chip->layer[1].name));
    }
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_and_more_threads), cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_interrupted),          cmocka_unit_test(test_failing),
        cmocka_unit_test(test_which_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
