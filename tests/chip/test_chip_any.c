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

#include "chip_nets.h"
#include "mho/run.h"

enum { IMAGES = 19, CASES = 60, SETS = 16, SET_BYTES = 64, SCORES_MAX = IMAGES * 64 };

/* A field and values to choose from. */
static const char *const choices[][8] = {
    {"device.bits", "1", "2", "3", "7", "8"},
    {"device.distribution", "uniform", "gaussian", "lognormal"},
    {"device.variation", "0", "0", "0.5", "1"},
    {"device.variation_rise", "0", "0.2"},
    {"device.verify_rewrites", "0", "0", "2"},
    {"device.stuck_on", "0", "0", "0.02"},
    {"device.stuck_off", "0", "0", "0.03"},
    {"device.off_leak", "false", "true"},
    {"device.drift_nu", "0", "0", "0.05"},
    {"device.drift_time", "1", "1e4"},
    {"device.nonlinearity", "0", "0", "0", "2"},
    {"device.read_noise", "0", "0", "0.1"},
    {"device.read_noise_fixed", "0", "0", "0.02"},
    {"device.resolution_bits", "12", "12", "10", "14"},
    {"crossbar.rows", "128", "16", "27", "4096"},
    {"crossbar.columns", "128", "12", "31"},
    {"crossbar.weights", "differential", "single"},
    {"crossbar.offset", "column", "digital"},
    {"crossbar.slicing", "columns", "crossbars"},
    {"input.coding", "direct", "two_reads", "two_rows"},
    {"input.bits_per_read", "0", "0", "1", "3"},
    {"output.first_bits", "0", "4", "8"},
    {"output.bits", "0", "1", "5"},
    {"output.split_bits", "0", "4", "8"},
    {"output.last_bits", "0", "6", "8"},
    {"output.range", "least_squares", "full", "calibrated"},
    {"output.aligned", "true", "false"},
    {"output.column_sum", "weights", "read_back"},
    {"output.per", "crossbar", "pair"},
    {"output.offset", "0", "0", "0.3"},
    {"output.gain_error", "0", "0", "0.02"},
    {"output.inl", "0", "0", "0.4"},
    {"wires.r_row", "0", "0", "0", "3"},
    {"wires.r_col", "0", "0", "0", "2"},
};
static const char *const full_choices[][8] = {
    {"crossbar.weight_bits", "0", "0", "4", "6"},
    {"input.bits", "8", "3", "4"},
};
enum {
    CHOICES = sizeof choices / sizeof *choices,
    FULL_CHOICES = sizeof full_choices / sizeof *full_choices,
};

typedef struct hardware {
    char text[CHOICES + FULL_CHOICES + 1][SET_BYTES];
    const char *set[CHOICES + FULL_CHOICES + 2];
    bool full;
} hardware;

static void choose(dice *d, const char *const *choice, hardware *h, size_t i)
{
    uint32_t values = 0;
    while (values < 7 && choice[1 + values])
        values++;
    snprintf(h->text[i], SET_BYTES, "%s=%s", choice[0], choice[1 + roll(d, values)]);
    h->set[i] = h->text[i];
}

static void any_hardware(dice *d, hardware *h)
{
    static const char *const modes[] = {"crossbar.mode=binary", "crossbar.mode=ternary",
                                        "crossbar.mode=full"};
    const uint32_t mode = roll(d, 3);
    memset(h, 0, sizeof *h);
    h->full = mode == 2;
    for (size_t i = 0; i < CHOICES; i++)
        choose(d, choices[i], h, i);
    for (size_t i = 0; h->full && i < FULL_CHOICES; i++)
        choose(d, full_choices[i], h, CHOICES + i);
    h->set[CHOICES + (h->full ? FULL_CHOICES : 0)] = modes[mode];
}

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

static void make_float(dice *d, mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        for (size_t k = 0; node->alphabet == MHO_ALPHABET_BINARY && k < mho_node_weight_count(node);
             k++)
            node->weight[k] = real(d);
        node->alphabet = MHO_ALPHABET_REAL;
    }
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
    assert_true(refused < CASES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_hardware)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
