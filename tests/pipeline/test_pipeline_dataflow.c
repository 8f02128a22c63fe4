/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator against an independent judge: the earliest cycle of every element by recurrence.
 *
 * Without back-pressure an element of a layer's stream goes in at max(cycle of the one before + 1, cycle in
 * which the layer before puts it out), and a result leaves with the element that completes its window.
 * Padding is laid out here as a matrix, not as a stream with shared zeros. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/pipeline.h"
#include "net/graph.h"

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Results of a window layer: out[y][x] from in[y][x], both cycles. */
static void window_times(const mho_node *n, const long *in, long *out)
{
    const size_t kh = (n->kh - 1) * n->dilation_h + 1, kw = (n->kw - 1) * n->dilation_w + 1;
    size_t right = n->pad_right, below = n->pad_bottom;
    if ((n->out.w - 1) * n->stride_w + kw > n->pad_left + n->in.w + right)
        right = (n->out.w - 1) * n->stride_w + kw - n->pad_left - n->in.w;
    if ((n->out.h - 1) * n->stride_h + kh > n->pad_top + n->in.h + below)
        below = (n->out.h - 1) * n->stride_h + kh - n->pad_top - n->in.h;
    size_t gap = max(n->pad_left, right), rows = n->pad_top + n->in.h + below, row = gap + n->in.w;
    long *at = malloc((rows * row + gap) * sizeof *at), t = -1;
    assert_non_null(at);
    for (size_t i = 0; i < rows * row + gap; i++) {
        size_t y = i / row, x = i % row;
        bool data = y >= n->pad_top && y < n->pad_top + n->in.h && x >= gap;
        if (i >= gap)
            t++;
        if (data) {
            long there = in[(y - n->pad_top) * n->in.w + x - gap];
            t = t > there ? t : there;
        }
        at[i] = t;
    }
    for (size_t y = 0; y < n->out.h; y++)
        for (size_t x = 0; x < n->out.w; x++) {
            size_t last_row = y * n->stride_h + kh - 1;
            size_t last_column = x * n->stride_w + kw - 1 + (gap - n->pad_left);
            out[y * n->out.w + x] = at[last_row * row + last_column];
        }
    free(at);
}

static long last_of(const long *t, size_t n)
{
    long last = -1;
    for (size_t i = 0; i < n; i++)
        last = t[i] > last ? t[i] : last;
    return last;
}

static size_t area(mho_shape s)
{
    return s.h * s.w;
}

/* times[node][element] for every node; the caller frees. */
static long **judge(const mho_net *net)
{
    long **times = calloc(net->nodes, sizeof *times);
    assert_non_null(times);
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        long *t = times[i] = calloc(area(n->out), sizeof *t);
        assert_non_null(t);
        const long *in = n->inputs ? times[n->input[0]] : NULL;
        for (size_t k = 0; k < area(n->out); k++) {
            if (n->op == MHO_OP_INPUT)
                t[k] = (long)k;
            else if (n->op == MHO_OP_FC)
                t[k] = last_of(in, area(n->in)) + 1;
            else if (n->op == MHO_OP_ADD)
                t[k] = in[k] > times[n->input[1]][k] ? in[k] : times[n->input[1]][k];
            else
                t[k] = in[k % area(n->in)];
        }
        if (n->op == MHO_OP_CONV || n->op == MHO_OP_MAXPOOL || n->op == MHO_OP_AVGPOOL)
            window_times(n, in, t);
    }
    return times;
}

/* True if the run had no stalls, in which case it must agree. */
static bool compare(const mho_net *net, const char *text)
{
    mho_pipeline_options o = mho_pipeline_options_default();
    mho_pipeline *p;
    if (mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &p))
        fail_msg("%s: %s", text, mho_error_message());
    bool stall_free = p->stalls == 0;
    long **times = judge(net);
    for (size_t i = 0; stall_free && i < p->layers; i++) {
        const mho_pipeline_layer *l = &p->layer[i];
        long want = last_of(times[l->node], area(l->out));
        if (want < (long)p->cycles ? (long)l->last_out != want : i + 1 == p->layers)
            fail_msg("%s: layer %s ends at %llu, want %ld", text, l->name,
                     (unsigned long long)l->last_out, want);
    }
    for (size_t i = 0; i < net->nodes; i++)
        free(times[i]);
    free(times);
    mho_pipeline_destroy(p);
    return stall_free;
}

static uint32_t next_random(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

static int random_layer(uint32_t *random, char *text, size_t size, size_t *w, size_t *h)
{
    size_t kh = 1 + next_random(random, 5), kw = 1 + next_random(random, 5);
    size_t sh = 1 + next_random(random, 3), sw = sh, dh = 1, dw = 1, k = kh < kw ? kh : kw;
    size_t pad = next_random(random, (uint32_t)(k < 3 ? k : 3));
    bool pool = next_random(random, 3) == 0;
    if (next_random(random, 2)) {
        sw = 1 + next_random(random, 3);
        dh = 1 + next_random(random, 2);
        dw = 1 + next_random(random, 2);
    }
    const size_t high = (kh - 1) * dh + 1, wide = (kw - 1) * dw + 1;
    if (high > *h + 2 * pad || wide > *w + 2 * pad || dh > *h || dw > *w)
        return 0;
    *h = (*h + 2 * pad - high) / sh + 1;
    *w = (*w + 2 * pad - wide) / sw + 1;
    return snprintf(
        text, size,
        "  - %s: {%skernel: [%zu, %zu], stride: [%zu, %zu], dilation: [%zu, %zu], pad: %zu}\n",
        pool ? "maxpool" : "conv", pool ? "" : "out: 2, ", kh, kw, sh, sw, dh, dw, pad);
}

static void test_random_chains(void **state)
{
    (void)state;
    uint32_t random = 3;
    size_t agreed = 0, trials = 400;
    for (size_t trial = 0; trial < trials; trial++) {
        char text[1024];
        size_t h = 4 + next_random(&random, 20), w = 4 + next_random(&random, 20);
        int n = snprintf(text, sizeof text, "input: {shape: [2, %zu, %zu]}\nlayers:\n", h, w);
        int start = n;
        for (size_t i = 1 + next_random(&random, 5); i > 0; i--)
            n += random_layer(&random, text + n, sizeof text - (size_t)n, &w, &h);
        if (n == start || next_random(&random, 2))
            snprintf(text + n, sizeof text - (size_t)n, "  - fc: 3\n");
        mho_net *net;
        if (mho_net_read(text, "random.yaml", &net))
            fail_msg("%s: %s", text, mho_error_message());
        agreed += compare(net, text);
        mho_net_destroy(net);
    }
    assert_true(agreed > trials / 3);
}

static void test_branches(void **state)
{
    (void)state;
    static const char *const nets[] = {"resnet34", "resnet50", "tinyyolo", "cifarnet", "vgg11"};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        mho_net *net;
        assert_int_equal(mho_net_zoo(nets[i], &net), MHO_OK);
        assert_true(compare(net, nets[i]));
        mho_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_chains),
        cmocka_unit_test(test_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
