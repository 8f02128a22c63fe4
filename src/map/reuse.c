/* SPDX-License-Identifier: Apache-2.0 */
/* How often slices are fetched and what waits meanwhile, in closed form: docs/models/reuse.md eq. (1) to (6).  Along each axis,
 * taps count every use of a slice, cover every slice once. */
#include "mho/reuse.h"

#include "map/reuse_windows.h"
#include "net/graph.h"

mho_status mho_windows_of(const mho_node *n, mho_windows *out)
{
    *out = (mho_windows){.in_h = 1, .in_w = 1, .kh = 1, .kw = 1, .stride_h = 1, .stride_w = 1};
    out->out_h = out->out_w = 1;
    if (n->op != MHO_OP_CONV)
        return MHO_OK;
    if (n->dilation_h > 1 || n->dilation_w > 1)
        return mho_error(
            MHO_ENOTMODELED,
            "reuse.share with a kernel of dilation %zu x %zu: want none, or no dilation",
            n->dilation_h, n->dilation_w);
    *out = (mho_windows){.in_h = n->in.h,
                         .in_w = n->in.w,
                         .pad_top = n->pad_top,
                         .pad_left = n->pad_left,
                         .kh = n->kh,
                         .kw = n->kw,
                         .stride_h = n->stride_h,
                         .stride_w = n->stride_w,
                         .out_h = n->out.h,
                         .out_w = n->out.w};
    return MHO_OK;
}

mho_status mhoi_windows_check(const mho_windows *w)
{
    const size_t size[] = {w->in_h,     w->in_w,     w->kh,    w->kw,
                           w->stride_h, w->stride_w, w->out_h, w->out_w};
    const size_t most = (size_t)1 << 24;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        if (!size[i] || size[i] > most)
            return mho_error(MHO_EDOMAIN, "a size of windows is %zu, want 1..%zu", size[i], most);
    if (w->pad_top > most || w->pad_left > most)
        return mho_error(MHO_EDOMAIN, "padding of %zu x %zu, want at most %zu", w->pad_top,
                         w->pad_left, most);
    return MHO_OK;
}

mhoi_axis mhoi_axis_h(const mho_windows *w)
{
    return (mhoi_axis){w->in_h, w->pad_top, w->kh, w->stride_h, w->out_h};
}

mhoi_axis mhoi_axis_w(const mho_windows *w)
{
    return (mhoi_axis){w->in_w, w->pad_left, w->kw, w->stride_w, w->out_w};
}

/* All of an axis, and what lies on the map. */
typedef struct uses {
    uint64_t taps, real_taps, cover, real_cover;
} uses;

static size_t clip(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uses uses_of(const mhoi_axis *a)
{
    uses u = {.taps = (uint64_t)a->out * a->kernel};
    size_t end = 0; /* behind the last one covered */
    for (size_t o = 0; o < a->out; o++) {
        const size_t from = o * a->stride, to = from + a->kernel;
        const size_t fresh = from > end ? from : end;
        u.real_taps += clip(to, a->pad, a->pad + a->in) - clip(from, a->pad, a->pad + a->in);
        u.cover += to - fresh;
        u.real_cover += clip(to, a->pad, a->pad + a->in) - clip(fresh, a->pad, a->pad + a->in);
        end = to;
    }
    return u;
}

/* Places of the map in from..to that some window wants: where the stride is beyond the kernel, not all. */
static uint64_t wanted(const mhoi_axis *a, size_t from, size_t to)
{
    const size_t reach = (a->out - 1) * a->stride + a->kernel;
    const size_t end = clip(to < reach ? to : reach, a->pad, a->pad + a->in),
                 begin = clip(from, a->pad, a->pad + a->in);
    uint64_t count = 0;
    if (end <= begin)
        return 0;
    if (a->stride <= a->kernel)
        return end - begin;
    for (size_t o = begin / a->stride; o < a->out && o * a->stride < end; o++)
        count += clip(o * a->stride + a->kernel, begin, end) - clip(o * a->stride, begin, end);
    return count;
}

/* Slices of the map that have come and are still wanted, as window (oy, ox) begins: those of a line buffer. */
static uint64_t held_at(const mho_windows *w, const mhoi_axis *along, size_t oy, size_t ox)
{
    const size_t top = oy * w->stride_h, left = ox * w->stride_w, rows = w->pad_top + w->in_h;
    const size_t last = clip(top + w->kh, w->pad_top, rows); /* behind the last row of the window */
    uint64_t held = 0;
    for (size_t y = clip(top, w->pad_top, rows); y < last; y++) {
        const bool again = oy + 1 < w->out_h && y >= top + w->stride_h; /* by the rows below */
        const size_t end = y + 1 < last ? SIZE_MAX : left + w->kw;
        held += wanted(along, again ? 0 : left, end);
    }
    return held;
}

/* held_at is linear in ox between these. */
static uint64_t most_held(const mho_windows *w)
{
    const size_t edge = w->pad_left / w->stride_w,
                 reach = w->pad_left + w->in_w > w->kw ? w->pad_left + w->in_w - w->kw : 0;
    const size_t at[] = {0,
                         edge,
                         edge + 1,
                         reach / w->stride_w,
                         reach / w->stride_w + 1,
                         (w->pad_left + w->in_w) / w->stride_w,
                         w->out_w - 1};
    const mhoi_axis along = mhoi_axis_w(w);
    uint64_t most = 0;
    for (size_t oy = 0; oy < w->out_h; oy++)
        for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
            const uint64_t held = at[i] < w->out_w ? held_at(w, &along, oy, at[i]) : 0;
            most = held > most ? held : most;
        }
    return most;
}

mhoi_tiles_of_row mhoi_row_tiles(const mho_windows *w, size_t oy)
{
    const size_t from = oy * w->stride_h, top = w->pad_top, bottom = w->pad_top + w->in_h;
    const size_t first = clip(from, top, bottom), end = clip(from + w->kh, top, bottom);
    return (mhoi_tiles_of_row){first, end};
}

/* Rows of windows that have taken a tile and want another one. */
static void count_parked(const mho_windows *w, mho_reuse_counts *out)
{
    for (size_t oy = 0; oy < w->out_h; oy++) {
        const mhoi_tiles_of_row t = mhoi_row_tiles(w, oy);
        uint64_t rows = 0; /* behind the first tile of this one */
        if (t.end <= t.first + 1)
            continue;
        out->parkings += (uint64_t)(t.end - t.first - 1) * w->out_w;
        for (size_t k = 0; k <= oy && (oy - k) * w->stride_h + w->kh > t.first; k++) {
            const mhoi_tiles_of_row other = mhoi_row_tiles(w, oy - k);
            rows += other.end > t.first + 1;
        }
        for (size_t k = oy + 1; k < w->out_h && k * w->stride_h <= t.first; k++)
            rows += mhoi_row_tiles(w, k).end > t.first + 1;
        out->parked = rows * w->out_w > out->parked ? rows * w->out_w : out->parked;
    }
}

mho_status mho_reuse_count(const mho_windows *w, mho_reuse reuse, mho_reuse_counts *out)
{
    *out = (mho_reuse_counts){.fetches = 0};
    const mho_status s = mhoi_windows_check(w);
    if (s)
        return s;
    const mhoi_axis axis_h = mhoi_axis_h(w), axis_w = mhoi_axis_w(w);
    const uses h = uses_of(&axis_h), v = uses_of(&axis_w);
    const bool along = reuse == MHO_REUSE_SLICES || reuse == MHO_REUSE_BOTH;
    const bool shared = reuse == MHO_REUSE_TILES || reuse == MHO_REUSE_BOTH;
    const uint64_t rows = shared ? h.real_cover : h.taps; /* rows of zeros are no tiles */
    out->fetches = rows * (along ? v.cover : v.taps);
    out->zeros =
        out->fetches - (shared ? h.real_cover : h.real_taps) * (along ? v.real_cover : v.real_taps);
    out->moves = along ? rows * (v.taps - v.cover) : 0;
    out->loads = (shared ? h.real_taps : h.taps) * v.taps;
    out->steps = (shared ? h.real_cover : w->out_h) * (uint64_t)w->out_w;
    out->stored = shared  ? (along ? 1 : w->kw)
                  : along ? most_held(w)
                          : (uint64_t)w->out_w * w->kh * w->kw;
    if (shared)
        count_parked(w, out);
    return MHO_OK;
}
