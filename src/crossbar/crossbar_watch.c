/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on while sums are converted, and which of them he sees. */
#include "crossbar/crossbar_impl.h"

void mho_crossbar_work_watch(mho_crossbar_work *work, mho_crossbar_sums_fn *each, void *user)
{
    work->watch = each;
    work->watcher = user;
    work->watch_every = 1;
}

void mho_crossbar_work_watch_every(mho_crossbar_work *work, size_t every)
{
    work->watch_every = every;
}

/* Pixels of an image from position p on whose position + r is a multiple of `every`: taken out, m of them so far. */
static size_t take_some(size_t every, size_t r, size_t p, size_t n, const int32_t *sum,
                        int32_t *some, size_t m)
{
    const size_t past = (p + r) % every;
    for (size_t q = past ? every - past : 0; q < n; q += every)
        some[m++] = sum[q];
    return m;
}

static size_t take_all_images(size_t every, size_t r, size_t positions, size_t first, size_t n,
                              const int32_t *sum, int32_t *some)
{
    size_t m = 0;
    for (size_t q = 0, p = first % positions, part; q < n; q += part, p = 0) {
        part = positions - p < n - q ? positions - p : n - q;
        m = take_some(every, r, p, part, sum + q, some, m);
    }
    return m;
}

void mhoi_tell_watch(const mho_crossbar *xb, const mho_crossbar_work *work, size_t k, size_t c,
                     size_t first, size_t n, const int32_t *s_plus, const int32_t *s_minus)
{
    const size_t every = work->watch_every ? work->watch_every : 1;
    int32_t plus[MHOI_BLOCK], minus[MHOI_BLOCK];
    if (every == 1 || xb->positions == 1) {
        if ((c + k) % every == 0 || every == 1)
            work->watch(work->watcher, s_plus, s_minus, n);
        return;
    }
    const size_t m = take_all_images(every, c + k, xb->positions, first, n, s_plus, plus);
    if (s_minus)
        (void)take_all_images(every, c + k, xb->positions, first, n, s_minus, minus);
    if (m)
        work->watch(work->watcher, plus, s_minus ? minus : NULL, m);
}
