/* SPDX-License-Identifier: Apache-2.0 */
/* The six networks of the reference, the closed form, and the figures of bcnn, cycle by cycle. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "pipeline/pipeline_impl.h"

static mho_net *read_net(const char *text)
{
    mho_net *net;
    if (mho_net_read(text, "test.yaml", &net))
        fail_msg("%s", mho_error_message());
    return net;
}

static mho_pipeline *simulate(const mho_net *net, bool registered_pool, size_t service)
{
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_pipeline *p;
    o.registered_pool = registered_pool;
    o.service = service;
    if (mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &p))
        fail_msg("%s", mho_error_message());
    return p;
}

static void test_six_networks(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        uint64_t eq6, eq7, simulated, registered;
    } want[] = {
        {"vgg11-cifar10", 1181, 2036, 1183, 1188},   {"lenet", 800, 1090, 786, 788},
        {"lenet5-32", 1043, 1444, 1027, 1029},       {"alexnet", 51606, 53995, 51637, 51640},
        {"alexnet-owt", 51605, 53994, 51409, 51412}, {"vgg16", 51612, 157424, 51619, 51624},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        mho_net *net;
        assert_int_equal(mho_net_zoo(want[i].net, &net), MHO_OK);
        mho_pipeline *p = simulate(net, false, 1), *r = simulate(net, true, 1);
        assert_int_equal(p->cycles, want[i].simulated);
        assert_int_equal(p->eq6, want[i].eq6);
        assert_int_equal(p->eq7, want[i].eq7);
        assert_int_equal(r->cycles, want[i].registered);
        assert_int_equal(p->stalls, 0);
        uint64_t latency = 0;
        for (size_t k = 0; k < p->layers; k++) {
            latency += p->layer[k].latency;
            assert_int_equal(p->layer[k].awake, p->layer[k].out.h * p->layer[k].out.w);
        }
        assert_int_equal(latency, p->cycles);
        mho_pipeline_destroy(p);
        mho_pipeline_destroy(r);
        mho_net_destroy(net);
    }
}

/* Chains of "same" convolutions of stride 1, 2 x 2 pools and fully connected layers: rule 7.  It holds
 * while no layer has more padding than the one before: more than that one's sleep cycles would stall it. */
static void test_closed_form(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (size_t trial = 0; trial < 60; trial++) {
        char text[1024];
        random = random * 1664525u + 1013904223u;
        size_t h = 16 + (random >> 8) % 17, w = 16 + (random >> 16) % 17;
        size_t layers = 1 + (random >> 24) % 5, pools = 0, p = 3;
        int n = snprintf(text, sizeof text, "input: {shape: [1, %zu, %zu]}\nlayers:\n", h, w);
        uint64_t cycles = 0;
        for (size_t i = 0; i < layers; i++) {
            random = random * 1664525u + 1013904223u;
            p = 1 + (random >> 20) % p;
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "  - conv: {out: 1, kernel: %zu, pad: %zu}\n", 2 * p + 1, p);
            cycles += i ? p * (w + p) + p : (w + p) * (h + 2 * p);
            if ((random >> 12) % 2 && h % 2 == 0 && w % 2 == 0 && w > 6 && h > 6) {
                n += snprintf(text + n, sizeof text - (size_t)n, "  - maxpool: 2\n");
                h /= 2, w /= 2, pools++;
            }
        }
        snprintf(text + n, sizeof text - (size_t)n, "  - fc: 3\n  - fc: 2\n");
        mho_net *net = read_net(text);
        mho_pipeline *plain = simulate(net, false, 1), *registered = simulate(net, true, 1);
        uint64_t want = cycles + 2;
        if (plain->cycles != want || registered->cycles != want + pools || plain->stalls)
            fail_msg("%s: %llu and %llu cycles, want %llu and %llu", text,
                     (unsigned long long)plain->cycles, (unsigned long long)registered->cycles,
                     (unsigned long long)want, (unsigned long long)(want + pools));
        mho_pipeline_destroy(plain);
        mho_pipeline_destroy(registered);
        mho_net_destroy(net);
    }
}

/* --- the figures: what each layer does in each cycle of a run, kept whole ------------------------------ */

enum { CYCLES = 400, LAYERS = 4 };
static mho_beat film[CYCLES][LAYERS];

static void keep(void *user, uint64_t cycle, const mho_beat *beat, size_t layers)
{
    (void)user;
    assert_true(layers <= LAYERS);
    if (cycle < CYCLES)
        memcpy(film[cycle], beat, layers * sizeof *beat);
}

static void run_film(const mho_net *net)
{
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_pipeline *p;
    memset(film, 0, sizeof film);
    assert_int_equal(mho_pipeline_create(net, &o, NULL, NULL, keep, NULL, &p), MHO_OK);
    mho_pipeline_destroy(p);
}

/* The cycle in which a layer takes x_(y,x), 1-based, of a map of width W = 8. */
enum { W = 8 };
static size_t cycle_of(size_t layer, int y, int x)
{
    for (size_t t = 0; t < CYCLES; t++)
        if (film[t][layer].in == (y - 1) * W + x - 1)
            return t;
    fail_msg("layer %zu never takes x_%d,%d", layer, y, x);
    return 0;
}

static void expect_in(size_t t, size_t layer, int32_t want)
{
    if (film[t][layer].in != want)
        fail_msg("cycle %zu, layer %zu: took %d, want %d", t, layer, film[t][layer].in, want);
}

static void expect_state(size_t first, size_t layer, const char *want)
{
    for (size_t i = 0; want[i]; i++)
        if (film[first + i][layer].awake != (want[i] == 'A'))
            fail_msg("cycle %zu (T_%zu), layer %zu: want %s at %zu", first + i, i, layer, want, i);
}

/* Fig. 3 with its columns T_W .. T_W+3 read as T_W-1 .. T_W+2; its last row shows the steady state, so it
 * is looked at one row later than the first three. */
static void test_figure_3(void **state)
{
    (void)state;
    mho_net *net =
        read_net("input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n"
                 "  - conv: {out: 1, kernel: 3, pad: 1}\n");
    run_film(net);
    size_t t0 = cycle_of(0, 2, 1);
    for (size_t i = 0; i < W; i++)
        expect_in(t0 + i, 0, (int32_t)(W + i));
    expect_in(t0 + W, 0, MHO_BEAT_PAD);
    expect_in(t0 + W + 1, 0, 2 * W);
    expect_in(t0 + W + 2, 0, 2 * W + 1);
    expect_state(t0, 0, "SAAAAAAAASA");
    expect_in(t0, 1,
              MHO_BEAT_NONE); /* the zeros before x_1,1 went in while the first layer filled */
    for (size_t i = 1; i <= W; i++)
        expect_in(t0 + i, 1, (int32_t)(i - 1));
    expect_in(t0 + W + 1, 1, MHO_BEAT_PAD);
    expect_in(t0 + W + 2, 1, W);
    expect_state(t0, 1, "SSSSSSSSSSS");
    size_t t1 = cycle_of(0, 4, 1); /* steady: T_0 is T_W+1 of the row before */
    expect_in(t1, 1, MHO_BEAT_PAD);
    expect_state(t1 + 1, 1, "SAAAAAAAAS");
    mho_net_destroy(net);
}

/* Fig. 4; the pooling circuit sleeps at T_0, too, since its window there is not aligned. */
static void test_figure_4(void **state)
{
    (void)state;
    mho_net *net =
        read_net("input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n"
                 "  - maxpool: 2\n  - conv: {out: 1, kernel: 3, pad: 1}\n");
    run_film(net);
    size_t t1 = cycle_of(0, 3, 1), t0 = t1 - 1;
    expect_in(t0, 0, MHO_BEAT_PAD);
    for (size_t i = 1; i <= W; i++)
        expect_in(t0 + i, 0, (int32_t)(2 * W + i - 1));
    expect_in(t0 + W + 1, 0, MHO_BEAT_PAD);
    for (size_t i = 0; i < W; i++)
        expect_in(t0 + W + 2 + i, 0, (int32_t)(3 * W + i));
    expect_state(t0, 0, "ASAAAAAAAASAAAAAAA");
    expect_in(t0, 1, W - 1);
    expect_in(t0 + 1, 1, MHO_BEAT_NONE);
    for (size_t i = 0; i < W; i++)
        expect_in(t0 + 2 + i, 1, (int32_t)(W + i));
    expect_in(t0 + W + 2, 1, MHO_BEAT_NONE);
    for (size_t i = 0; i + 1 < W; i++)
        expect_in(t0 + W + 3 + i, 1, (int32_t)(2 * W + i));
    expect_state(t0, 1, "SSSASASASASSSSSSSS");
    for (size_t i = 0; i <= 2 * W + 1; i++) {
        bool takes = i >= 3 && i <= W + 1 && i % 2 == 1;
        expect_in(t0 + i, 2,
                  takes        ? (int32_t)(i - 3) / 2
                  : i == W + 2 ? MHO_BEAT_PAD
                               : MHO_BEAT_NONE);
    }
    mho_net_destroy(net);
}

static void test_stream(void **state)
{
    (void)state;
    mho_net *net =
        read_net("input: {shape: [3, 9, 11]}\nlayers:\n  - conv: {out: 1, kernel: 5, pad: 2}\n"
                 "  - conv: {out: 1, kernel: 3, pad: 1}\n  - maxpool: {kernel: 3, stride: 2}\n"
                 "  - fc: 2\n");
    mho_pipeline *p = simulate(net, false, 1);
    assert_int_equal(p->layer[0].shifts, (11 + 2) * (9 + 4));
    assert_int_equal(p->layer[1].shifts, (11 + 1) * (9 + 2));
    assert_int_equal(p->layer[0].pads, (11 + 2) * (9 + 4) - 9 * 11);
    assert_int_equal(p->layer[0].registers, 4 * (11 + 2) + 5);
    assert_int_equal(p->layer[1].registers, 2 * (11 + 1) + 3);
    assert_int_equal(p->layer[2].registers, 2 * 11 + 3);
    assert_int_equal(p->layer[3].registers, 4 * 5);
    assert_int_equal(p->layer[0].feature_map, 99);
    assert_int_equal(p->layer[0].channels, 3);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
}

/* A 1 x 1 convolution never sleeps, so the next layer's padding stops it: (W + p)(H + 2p) cycles. */
static void test_stall(void **state)
{
    (void)state;
    mho_net *net = read_net("input: {shape: [1, 6, 7]}\nlayers:\n  - conv: {out: 1, kernel: 1}\n"
                            "  - conv: {out: 1, kernel: 3, pad: 1}\n");
    mho_pipeline *p = simulate(net, false, 1);
    assert_int_equal(p->cycles, (7 + 1) * (6 + 2));
    assert_int_equal(p->stalls, (7 + 1) + (6 - 1));
    assert_int_equal(p->layer[1].blocked, p->stalls);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
}

static void test_service(void **state)
{
    (void)state;
    mho_net *net = read_net("input: {shape: [1, 4, 4]}\nlayers:\n  - conv: {out: 1, kernel: 1}\n"
                            "  - conv: {out: 1, kernel: 1}\n  - fc: 1\n");
    mho_pipeline *p = simulate(net, false, 3);
    assert_int_equal(p->cycles, 16 * 3 + 2 + 3); /* conv1, conv2 two cycles behind, fc */
    assert_int_equal(p->layer[0].awake, 48);
    assert_int_equal(p->layer[2].awake, 3);
    assert_int_equal(p->stalls, 0);
    mho_pipeline_destroy(p);
    const size_t service[] = {0, 1, 5, 2};
    mho_pipeline_options o = mho_pipeline_options_default();
    assert_int_equal(mho_pipeline_create(net, &o, service, NULL, NULL, NULL, &p), MHO_OK);
    assert_int_equal(p->cycles, 16 * 5 + 2);
    assert_true(p->stalls > 0);
    assert_int_equal(p->layer[1].blocked, p->stalls);
    mho_pipeline_destroy(p);
    o.service = 0;
    assert_int_equal(mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &p), MHO_EDOMAIN);
    assert_null(p);
    mho_net_destroy(net);
}

/* The check of the windows must be able to fail. */
static void test_window_check(void **state)
{
    (void)state;
    mho_net *net =
        read_net("input: {shape: [1, 4, 4]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n");
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_pipeline_layer layer[2];
    mhoi_pipe pipe;
    bool moved;
    assert_int_equal(mhoi_pipe_create(net, &o, &(mhoi_pace){NULL, NULL}, 1, layer, &pipe), MHO_OK);
    mhoi_stream_state *s = &pipe.stage[1].s;
    uint64_t cycle = 0;
    while (s->index + 1 < s->next_window)
        assert_int_equal(mhoi_pipe_step(&pipe, cycle++, &moved), MHO_OK);
    s->line[s->head] = 9; /* the element just shifted in changes on the way */
    mho_status status = MHO_OK;
    while (!status && cycle < 100)
        status = mhoi_pipe_step(&pipe, cycle++, &moved);
    assert_int_equal(status, MHO_EINTERNAL);
    assert_non_null(strstr(mho_error_message(), "holds element 9"));
    mhoi_pipe_free(&pipe);
    mho_net_destroy(net);
}

static void count_awake(void *user, uint64_t cycle, const mho_beat *beat, size_t layers)
{
    uint64_t *count = user;
    assert_int_equal(layers, 2);
    assert_int_equal(cycle, count[2]++);
    count[0] += beat[0].awake;
    count[1] += beat[1].awake;
}

/* Cycles that are passed over count as if they had been run: a window of 1 x 1 is n cycles, of which the next one begins with the
 * last; of two layers the slower one blocks the other. */
static void test_long_service(void **state)
{
    (void)state;
    mho_net *net = read_net("input: {shape: [1, 4, 4]}\nlayers:\n  - conv: {out: 1, kernel: 1}\n"
                            "  - conv: {out: 1, kernel: 1}\n");
    const mho_pipeline_options o = mho_pipeline_options_default();
    const size_t service[] = {0, 1000, 30000};
    uint64_t count[3] = {0};
    mho_pipeline *p;
    assert_int_equal(mho_net_nodes(net), 3);
    assert_int_equal(mho_pipeline_create(net, &o, service, NULL, count_awake, count, &p), MHO_OK);
    assert_int_equal(p->cycles, 999 + 16 * 30000);
    assert_int_equal(p->interval, 16 * 30000);
    assert_int_equal(p->layer[0].awake, 16 * 1000);
    assert_int_equal(p->layer[1].awake, 16 * 30000);
    assert_true(p->layer[1].blocked > 14 * 28000);
    assert_int_equal(p->stalls, p->layer[1].blocked);
    assert_int_equal(count[0], p->layer[0].awake);
    assert_int_equal(count[1], p->layer[1].awake);
    assert_int_equal(count[2], p->cycles);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
}

static void test_memory(void **state)
{
    (void)state;
    mho_net *net;
    mho_pipeline *p;
    mho_pipeline_options o = mho_pipeline_options_default();
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    uint64_t live = mhoi_alloc_live(), k = 0;
    mho_status s;
    do {
        mhoi_alloc_fail_at(++k);
        s = mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &p);
        if (s) {
            assert_int_equal(s, MHO_ENOMEM);
            assert_null(p);
            assert_int_equal(mhoi_alloc_live(), live);
        }
    } while (s);
    mhoi_alloc_fail_at(0);
    assert_true(k > 8);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
}

/* A value change dump read back, a cycle being `step` of its units: as many cycles awake as the simulation says. */
static void check_vcd(double clock_s, const char *timescale, double step)
{
    mho_net *net =
        read_net("input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 1, kernel: 3, pad: 1}\n"
                 "  - maxpool: 2\n  - fc: 2\n");
    mho_pipeline *p = simulate(net, false, 1);
    mho_pipeline_options o = mho_pipeline_options_default();
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_int_equal(mho_pipeline_vcd(net, &o, NULL, NULL, clock_s, 0, UINT64_MAX, file), MHO_OK);
    assert_int_equal(fclose(file), 0);
    if (!strstr(text, timescale))
        fail_msg("a cycle of %g s: want %s", clock_s, timescale);
    const char ids[] = {'!', '!' + 6, '!' + 12}; /* "awake" of the three layers */
    uint64_t awake[3] = {0}, now = 0;
    bool high[3] = {false};
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] == '#') {
            const double units = (double)strtoull(line + 1, NULL, 10);
            uint64_t then = (uint64_t)llround(units / step);
            assert_int_equal(units, llround((double)then * step));
            for (size_t i = 0; i < 3; i++)
                awake[i] += high[i] ? then - now : 0;
            now = then;
        }
        for (size_t i = 0; i < 3; i++)
            if ((line[0] == '0' || line[0] == '1') && line[1] == ids[i] && !line[2])
                high[i] = line[0] == '1';
    }
    assert_int_equal(now, p->cycles);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(awake[i], p->layer[i].awake);
    free(text);
    mho_pipeline_destroy(p);
    mho_net_destroy(net);
}

static void test_vcd(void **state)
{
    (void)state;
    check_vcd(10e-9, "$timescale 10 ns $end", 1);
    check_vcd(50e-9, "$timescale 10 ns $end", 5);
    check_vcd(2e-6, "$timescale 1 us $end", 2);
    check_vcd(1 / 1.2e9, "$timescale 1 fs $end", 1e6 / 1.2);
    check_vcd(0, "one is 1 ns here $end\n$timescale 1 ns $end", 1);
}

/* Four images, cycle by cycle, to the end: what is known earlier must not differ. */
static uint64_t slow_interval(const mho_net *net, const size_t *service, const size_t *copies)
{
    enum { IMAGES = 4 };
    const mho_pipeline_options o = mho_pipeline_options_default();
    const mhoi_pace pace = {service, copies};
    mho_pipeline_layer *layer = calloc(net->nodes, sizeof *layer);
    uint64_t done[IMAGES], cycle = 0;
    mhoi_pipe pipe;
    assert_int_equal(mhoi_pipe_create(net, &o, &pace, IMAGES, layer, &pipe), MHO_OK);
    const mhoi_stage *final = &pipe.stage[pipe.final];
    for (size_t image = 0; image < IMAGES; cycle++) {
        bool moved;
        assert_int_equal(mhoi_pipe_step(&pipe, cycle, &moved), MHO_OK);
        assert_true(moved);
        if (final->results_done == (image + 1) * final->results)
            done[image++] = cycle + 1;
    }
    mhoi_pipe_free(&pipe);
    free(layer);
    return done[IMAGES - 1] - done[IMAGES - 2];
}

static void test_interval(void **state)
{
    enum { NODES_MAX = 64, TRIALS = 60 };
    static const char *const nets[] = {
        "name: t\ninput: {shape: [2, 9, 9]}\nlayers:\n  - conv: {out: 2, kernel: 3, pad: 1}\n  - "
        "maxpool: {kernel: 2, "
        "stride: 2}\n  - conv: {out: 2, kernel: 3}\n  - flatten\n  - fc: {out: 3}\n",
        "name: t\ninput: {shape: [2, 7, 7]}\nlayers:\n  - {conv: {out: 2, kernel: 1}, name: a}\n  "
        "- conv: {out: 2, "
        "kernel: 3, pad: 1}\n  - {conv: {out: 2, kernel: 3, pad: 1}, name: b}\n  - add: [a, b]\n  "
        "- flatten\n  - "
        "fc: {out: 2}\n  - fc: {out: 2}\n",
    };
    const mho_pipeline_options o = mho_pipeline_options_default();
    uint32_t random = 7;
    (void)state;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        mho_net *net = read_net(nets[trial % 2]);
        size_t service[NODES_MAX] = {0}, copies[NODES_MAX] = {0};
        mho_pipeline *p;
        assert_true(net->nodes <= NODES_MAX);
        for (size_t i = 0; i < net->nodes; i++) {
            random = random * 1664525u + 1013904223u;
            service[i] = trial % 3 ? random >> 8 & 31 : 1;
            copies[i] = random >> 16 & 3;
        }
        assert_int_equal(mho_pipeline_create(net, &o, service, copies, NULL, NULL, &p), MHO_OK);
        assert_int_equal(p->interval, slow_interval(net, service, copies));
        mho_pipeline_destroy(p);
        mho_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six_networks), cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_figure_3),     cmocka_unit_test(test_figure_4),
        cmocka_unit_test(test_stream),       cmocka_unit_test(test_stall),
        cmocka_unit_test(test_service),      cmocka_unit_test(test_window_check),
        cmocka_unit_test(test_long_service), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_vcd),          cmocka_unit_test(test_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
