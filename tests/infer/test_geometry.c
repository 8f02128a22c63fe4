/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of any geometry: unequal kernels, strides, dilations and paddings of convolution and pooling, drawn at
 * random, against obvious loops; what does not fit is refused before anything runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/infer.h"
#include "slow_forward.h"

enum { TRIALS = 150, IMAGES = 17 };

static uint32_t state = 1;

static unsigned draw(unsigned n) /* 0..n - 1 */
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static int window_text(char *text, size_t size, unsigned kind)
{
    const unsigned kh = 1 + draw(4), kw = 1 + draw(4), dh = 1 + draw(3), dw = 1 + draw(3);
    const unsigned high = (kh - 1) * dh + 1, wide = (kw - 1) * dw + 1;
    const char *op[] = {"conv", "maxpool", "avgpool"};
    char own[64] = "";
    if (kind == 0)
        snprintf(own, sizeof own, "out: %u, groups: %u, ", 4 * (1 + draw(2)), 1 + draw(2));
    else if (draw(2))
        snprintf(own, sizeof own, "ceil: true, ");
    return snprintf(text, size,
                    "  - %s: {%skernel: [%u, %u], stride: [%u, %u], dilation: [%u, %u], "
                    "pad: [%u, %u, %u, %u]}\n",
                    op[kind], own, kh, kw, 1 + draw(3), 1 + draw(3), dh, dw, draw(high), draw(wide),
                    draw(high), draw(wide));
}

/* NULL: the drawn layers do not fit. */
static mho_net *random_net(char *text, size_t size)
{
    int n =
        snprintf(text, size, "input: {shape: [2, %u, %u]}\nlayers:\n", 1 + draw(12), 1 + draw(12));
    for (unsigned i = 0, layers = 1 + draw(3); i < layers; i++)
        n += window_text(text + n, size - (size_t)n, draw(3));
    mho_net *net = NULL;
    if (mho_net_read(text, "random", &net) != MHO_OK)
        return NULL;
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    slow_random_parameters(net, state);
    return net;
}

static void compare(const mho_net *net, const char *text)
{
    const mho_shape in = net->node[0].out, out = net->node[net->nodes - 1].out;
    const size_t n = in.c * in.h * in.w, m = out.c * out.h * out.w;
    float *input = calloc(IMAGES * n, sizeof *input), *is = calloc(IMAGES * m, sizeof *is);
    mho_infer *infer = NULL;
    for (unsigned i = 0; i < IMAGES; i++)
        slow_random_input(net, i, input + i * n);
    if (mho_infer_create(net, IMAGES, &infer) || mho_infer_run(infer, IMAGES, input, is))
        fail_msg("%s%s", text, mho_error_message());
    for (size_t i = 0; i < IMAGES; i += IMAGES - 1) {
        double **want = slow_forward(net, input + i * n);
        double scale = 1;
        for (size_t k = 0; k < m; k++)
            scale = fmax(scale, fabs(want[net->nodes - 1][k]));
        for (size_t k = 0; k < m; k++)
            if (!(fabs((double)is[i * m + k] - want[net->nodes - 1][k]) <= 1e-5 * scale))
                fail_msg("%simage %zu, element %zu: %g, want %g", text, i, k, (double)is[i * m + k],
                         want[net->nodes - 1][k]);
        slow_forward_free(net, want);
    }
    mho_infer_destroy(infer);
    free(input);
    free(is);
}

static void any_window(void **unused)
{
    (void)unused;
    size_t compared = 0;
    for (size_t i = 0; i < TRIALS; i++) {
        char text[1024];
        mho_net *net = random_net(text, sizeof text);
        if (!net)
            continue;
        compare(net, text);
        compared++;
        mho_net_destroy(net);
    }
    assert_true(compared >= TRIALS / 4);
}

/* What a window of a pool sees of the padding alone has no largest element. */
static void empty_windows_are_refused(void **unused)
{
    (void)unused;
    mho_net *net = NULL;
    const char *text = "input: {shape: [1, 1, 9]}\nlayers:\n"
                       "  - maxpool: {kernel: [2, 1], dilation: [3, 1], pad: [1, 0, 2, 0]}\n";
    assert_int_equal(mho_net_read(text, "test", &net), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "padding alone"));
}

static void shapes_by_hand(void **unused)
{
    (void)unused;
    mho_net *net = NULL;
    const char *text =
        "input: {shape: [1, 11, 20]}\nlayers:\n"
        "  - conv: {out: 2, kernel: [3, 5], stride: [2, 3], dilation: [4, 2], pad: [1, 0, 0, 2]}\n"
        "  - avgpool: [2, 3]\n";
    assert_int_equal(mho_net_read(text, "test", &net), MHO_OK);
    /* (11 + 1 - 9) / 2 + 1 = 2, (20 + 2 - 9) / 3 + 1 = 5; pools stride as they are large. */
    const mho_shape conv = {2, 2, 5}, pool = {2, 1, 1};
    assert_memory_equal(&net->node[1].out, &conv, sizeof conv);
    assert_memory_equal(&net->node[2].out, &pool, sizeof pool);
    mho_net_destroy(net);
    assert_int_equal(
        mho_net_read("input: {shape: [1, 7, 9]}\nlayers:\n"
                     "  - conv: {out: 1, kernel: [3, 2], dilation: [2, 3], pad: same}\n",
                     "test", &net),
        MHO_OK);
    assert_memory_equal(&net->node[1].out, &net->node[0].out, sizeof pool);
    mho_net_destroy(net);
    static const char *const bad[] = {"dilation: 0", "stride: [1, 0]", "kernel: [1, 2, 3]",
                                      "dilation: [11, 1]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "input: {shape: [1, 11, 20]}\nlayers:\n  - conv: {out: 2, %s%s}\n",
                 strncmp(bad[i], "kernel", 6) ? "kernel: 3, " : "", bad[i]);
        assert_int_equal(mho_net_read(line, "test", &net), MHO_ECONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_window),
        cmocka_unit_test(empty_windows_are_refused),
        cmocka_unit_test(shapes_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
