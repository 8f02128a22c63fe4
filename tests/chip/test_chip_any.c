/* SPDX-License-Identifier: Apache-2.0 */
/* Any hardware: random values of all fields at once.  Whatever is not refused gives the same digits with the
 * reference kernels on one thread as with the best kernels of this machine on three, the images in two parts.
 * Each variant runs in a process of its own, because kernels are chosen once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "mho/run.h"

#ifndef MHO_TEST_SHARE
#define MHO_TEST_SHARE 1 /* of the random cases, where a kernel is emulated */
#endif

enum { IMAGES = 19, CASES = 60 / MHO_TEST_SHARE, SCORES_MAX = IMAGES * 64 };

/* What a process tells: its status, and the scores. */
typedef struct answer {
    mho_status status;
    char message[256];
    float score[SCORES_MAX];
} answer;

static void run(const mho_net *net, const hardware *h, const mho_images *images, bool parts,
                answer *a)
{
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    const size_t classes = net->node[net->nodes - 1].out.c, first = parts ? 7 : IMAGES;
    mho_status s = mho_hw_open(h->full ? "cnn8" : "bcnn", h->set, &hw);
    if (!s)
        s = mho_chip_open(net, hw, images, &chip);
    if (!s)
        s = mho_chip_program(chip, 3, 1);
    if (!s)
        s = mho_chip_run(chip, images, 0, first, a->score, NULL);
    if (!s && parts)
        s = mho_chip_run(chip, images, first, IMAGES - first, a->score + first * classes, NULL);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    a->status = s;
    if (s)
        snprintf(a->message, sizeof a->message, "%s", mho_error_message());
}

static void write_all(int to, const void *from, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t m = write(to, (const char *)from + done, n - done);
        if (m <= 0)
            _exit(3);
        done += (size_t)m;
    }
}

static void read_all(int from, void *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t m = read(from, (char *)to + done, n - done);
        assert_true(m > 0);
        done += (size_t)m;
    }
}

/* cpu NULL: the best. */
static void run_apart(const mho_net *net, const hardware *h, const mho_images *images,
                      const char *cpu, answer *a)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (cpu)
            setenv("MHO_CPU", cpu, 1);
        must(mho_run_set_threads(NULL, cpu ? 1 : 3));
        memset(a, 0, sizeof *a);
        run(net, h, images, !cpu, a);
        write_all(ends[1], a, sizeof *a);
        _exit(0);
    }
    close(ends[1]);
    read_all(ends[0], a, sizeof *a);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_any_hardware(void **state)
{
    (void)state;
    static answer reference, best;
    size_t refused = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d = {seed * 6151 + 17};
        hardware h;
        any_hardware(&d, &h);
        if (seed % 5 == 4)
            add_level0(&h);
        mho_net *net = random_binary(&d);
        if (h.full)
            make_float(&d, net);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        run_apart(net, &h, &images, "ref", &reference);
        run_apart(net, &h, &images, NULL, &best);
        for (size_t i = 0; memcmp(&reference, &best, sizeof best) && h.set[i]; i++)
            print_error("--set %s\n", h.set[i]);
        assert_string_equal(reference.message, best.message);
        assert_int_equal(reference.status, best.status);
        if (reference.status && reference.status != MHO_ENOTMODELED &&
            reference.status != MHO_ECONFIG && reference.status != MHO_EDOMAIN)
            fail_msg("case %llu: %s", (unsigned long long)seed, reference.message);
        refused += reference.status != MHO_OK;
        if (getenv("SHOW"))
            print_message("%llu: %s\n", (unsigned long long)seed, reference.message);
        for (size_t i = 0; i < SCORES_MAX; i++)
            if (!(reference.score[i] == best.score[i])) /* nor is one NaN */
                fail_msg("case %llu, score %zu: reference %.9g, best %.9g",
                         (unsigned long long)seed, i, (double)reference.score[i],
                         (double)best.score[i]);
        free_images(&images);
        mho_net_destroy(net);
    }
    assert_true(3 * refused < 2 * CASES); /* or little is tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_hardware)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
