/* SPDX-License-Identifier: Apache-2.0 */
/* Slices that windows share: the walk against the closed form on random shapes, both against Table I and Fig. 6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mho/reuse.h"
#include "mho/map.h"

static const mho_reuse all[] = {MHO_REUSE_WINDOWS, MHO_REUSE_SLICES, MHO_REUSE_TILES,
                                MHO_REUSE_BOTH};

static mho_windows square(size_t side, size_t kernel, size_t pad)
{
    const size_t out = side + 2 * pad - kernel + 1;
    return (mho_windows){side, side, pad, pad, kernel, kernel, 1, 1, out, out};
}

static mho_reuse_counts count(const mho_windows *w, mho_reuse reuse)
{
    mho_reuse_counts c;
    assert_int_equal(mho_reuse_count(w, reuse, &c), MHO_OK);
    return c;
}

static mho_reuse_counts walk(const mho_windows *w, mho_reuse reuse)
{
    mho_reuse_counts c;
    const mho_status s = mho_reuse_walk(w, reuse, 4, &c);
    if (s)
        fail_msg("%s", mho_error_message());
    return c;
}

/* Fig. 6: 5 x 5 slices under 3 x 3 windows. */
static void test_fig6(void **state)
{
    (void)state;
    static const uint64_t want[] = {81, 45, 45, 25};
    const mho_windows w = square(5, 3, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(count(&w, all[i]).fetches, want[i]);
        assert_int_equal(walk(&w, all[i]).fetches, want[i]);
    }
}

/* Table I for maps that keep their size: H r^2, H (r - 1) + r, r and 1 slices; and (r - 1) W windows whose sums wait. */
static void test_table1(void **state)
{
    (void)state;
    for (size_t r = 1; r <= 7; r += 2)
        for (size_t h = r; h < r + 9; h++) {
            const mho_windows w = square(h, r, r / 2);
            const uint64_t want[] = {h * r * r, h * (r - 1) + r, r, 1};
            for (size_t i = 0; i < 4; i++) {
                assert_int_equal(count(&w, all[i]).stored, want[i]);
                assert_int_equal(walk(&w, all[i]).stored, want[i]);
            }
            assert_int_equal(walk(&w, MHO_REUSE_BOTH).parked, (r - 1) * h);
        }
}

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static size_t between(uint64_t *seed, size_t low, size_t high)
{
    return low + (size_t)(next(seed) % (high - low + 1));
}

/* Some windows on a map: padding below the kernel, strides up to beyond it, rows and columns left over. */
static mho_windows some(uint64_t *seed)
{
    mho_windows w = {.kh = between(seed, 1, 5),
                     .kw = between(seed, 1, 5),
                     .stride_h = between(seed, 1, 6),
                     .stride_w = between(seed, 1, 6)};
    w.in_h = between(seed, w.kh, 14);
    w.in_w = between(seed, w.kw, 14);
    w.pad_top = between(seed, 0, w.kh - 1);
    w.pad_left = between(seed, 0, w.kw - 1);
    w.out_h = (w.in_h + w.pad_top + between(seed, 0, w.kh - 1) - w.kh) / w.stride_h + 1;
    w.out_w = (w.in_w + w.pad_left + between(seed, 0, w.kw - 1) - w.kw) / w.stride_w + 1;
    return w;
}

#define SAME(member)                                                                               \
    if (a.member != b.member)                                                                      \
    fail_msg(                                                                                      \
        "map %zu x %zu pad %zu, %zu kernel %zu x %zu stride %zu, %zu windows %zu x %zu, reuse "    \
        "%d: " #member " counted %llu, walked %llu",                                               \
        w.in_h, w.in_w, w.pad_top, w.pad_left, w.kh, w.kw, w.stride_h, w.stride_w, w.out_h,        \
        w.out_w, (int)all[i], (unsigned long long)a.member, (unsigned long long)b.member)

static void test_walk_agrees(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (size_t n = 0; n < 3000; n++) {
        const mho_windows w = some(&seed);
        for (size_t i = 0; i < 4; i++) {
            const mho_reuse_counts a = count(&w, all[i]), b = walk(&w, all[i]);
            SAME(fetches);
            SAME(zeros);
            SAME(loads);
            SAME(moves);
            SAME(stored);
            SAME(parked);
            SAME(parkings);
            SAME(steps);
        }
    }
}

/* r^2 Ho Wo, r Ho Wi, r Hi Wo, Hi Wi without padding at stride 1. */
static void test_formulas(void **state)
{
    (void)state;
    for (size_t r = 1; r <= 5; r++)
        for (size_t h = r; h < 12; h++)
            for (size_t v = r; v < 12; v++) {
                const mho_windows w = {h, v, 0, 0, r, r, 1, 1, h - r + 1, v - r + 1};
                assert_int_equal(count(&w, all[0]).fetches, r * r * w.out_h * w.out_w);
                assert_int_equal(count(&w, all[1]).fetches, r * w.out_h * v);
                assert_int_equal(count(&w, all[2]).fetches, r * h * w.out_w);
                assert_int_equal(count(&w, all[3]).fetches, h * v);
            }
}

static mho_placement *place(const char *share, const char *schedule)
{
    const char *const sets[] = {share, schedule, "input.first_bits=6", NULL};
    mho_net *net;
    mho_hw *hw;
    mho_placement *p;
    assert_int_equal(mho_net_zoo("tinyyolo", &net), MHO_OK);
    assert_int_equal(mho_net_set_blocks(net, "conv:32"), MHO_OK);
    assert_int_equal(mho_net_set_bits(net, "conv:6"), MHO_OK);
    assert_int_equal(mho_hw_open("reboc", sets, &hw), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return p;
}

/* What is written and read is in one buffer or another; what waits beyond PE buffers is in the global one. */
static void test_nothing_is_lost(void **state)
{
    (void)state;
    static const char *const shares[] = {"reuse.share=windows", "reuse.share=slices",
                                         "reuse.share=tiles", "reuse.share=both"};
    static const char *const schedules[] = {"timing.schedule=pipelined",
                                            "timing.schedule=layer_by_layer"};
    for (size_t i = 0; i < 8; i++) {
        mho_placement *p = place(shares[i % 4], schedules[i / 4]);
        double beyond = 0;
        for (size_t k = 0; k < p->layers; k++) {
            const mho_reuse_layer *r = &p->layer[k].reuse;
            const double want = r->fetched_bits + r->refetched_bits + r->written_bits +
                                2 * r->sum_bits + 2 * r->kept_bits;
            const double got = r->pe_read_bits + r->pe_write_bits + r->global_read_bits +
                               r->global_write_bits + r->dram_bits;
            assert_true(got > want * (1 - 1e-12) && got < want * (1 + 1e-12));
            assert_true((r->kept_bits > 0) == (i >= 4 && k > 0));
            assert_true((r->sum_bits > 0) == (i % 4 >= 2 && k < 8)); /* the last one is of 1 x 1 */
            beyond += r->global_B;
        }
        if (i < 4)
            assert_true(beyond == p->global_B);
        mho_placement_destroy(p);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    mho_reuse_counts c;
    mho_windows w = square(5, 3, 0);
    w.kw = 0;
    assert_int_equal(mho_reuse_count(&w, MHO_REUSE_BOTH, &c), MHO_EDOMAIN);
    assert_int_equal(mho_reuse_walk(&w, MHO_REUSE_BOTH, 1, &c), MHO_EDOMAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fig6),        cmocka_unit_test(test_table1),
        cmocka_unit_test(test_walk_agrees), cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_refuses),     cmocka_unit_test(test_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
