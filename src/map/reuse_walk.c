/* SPDX-License-Identifier: Apache-2.0 */
/* Slices on their way: PE buffer, input buffers, shift registers.  docs/models/reuse.md, "The walk".
 *
 * An input buffer a tap.  Where slices go on, those of a row of the kernel are a chain, which moves by the stride from one window
 * to the next; else each window begins with empty ones.  Where tiles are shared, a row of slices comes once and all rows of the
 * kernel take it, each for another row of windows, whose partial sums wait until their last tile has come. */
#include <string.h>

#include "base/alloc.h"
#include "map/reuse_windows.h"

enum { EMPTY = -2, ZERO = -1 };

typedef struct walk {
    const mho_windows *w;
    bool along;             /* slices go on */
    size_t turns;           /* of the registers in a step */
    int64_t *chain;         /* input buffers of a row of the kernel: numbers of slices */
    int64_t *unit;          /* windows of a row with all their slices, where nothing is shared */
    uint8_t *there;         /* [in_h in_w]: in the PE buffer */
    uint64_t arrived, held; /* slices of the map */
    uint32_t *parts;        /* [out_h out_w]: tiles that a window has taken */
    uint64_t waiting;       /* windows that want another tile */
    mho_reuse_counts *out;
} walk;

static int64_t slice_at(const mho_windows *w, size_t y, size_t x)
{
    if (y < w->pad_top || y >= w->pad_top + w->in_h || x < w->pad_left ||
        x >= w->pad_left + w->in_w)
        return ZERO;
    return (int64_t)((y - w->pad_top) * w->in_w + (x - w->pad_left));
}

static void store(walk *k, uint64_t slices)
{
    k->held += slices;
    k->out->stored = k->held > k->out->stored ? k->held : k->out->stored;
}

static bool wanted(size_t place, size_t kernel, size_t stride, size_t out)
{
    const size_t o = place / stride; /* the last window that begins before it, or an earlier one */
    return place < (out - 1) * stride + kernel && (o >= out || place - o * stride < kernel);
}

/* The map comes slice after slice, as the layer before gives it; what no window wants is not kept. */
static mho_status wait_for(walk *k, int64_t slice)
{
    for (; (int64_t)k->arrived <= slice; k->arrived++) {
        const mho_windows *w = k->w;
        const size_t y = w->pad_top + k->arrived / w->in_w, x = w->pad_left + k->arrived % w->in_w;
        if (!wanted(y, w->kh, w->stride_h, w->out_h) || !wanted(x, w->kw, w->stride_w, w->out_w))
            continue;
        k->there[k->arrived] = 1;
        store(k, 1);
    }
    if (slice >= 0 && !k->there[slice])
        return mho_error(MHO_EINTERNAL, "slice %lld is no longer there", (long long)slice);
    return MHO_OK;
}

static void drop(walk *k, size_t y, size_t x)
{
    const int64_t slice = slice_at(k->w, y, x);
    if (slice < 0 || !k->there[slice])
        return;
    k->there[slice] = 0;
    k->held--;
}

/* The input buffers of a row of the kernel, as the window at ox begins: what goes on is there already. */
static void move_on(walk *k, int64_t *chain, size_t ox)
{
    const size_t n = k->w->kw, step = k->w->stride_w;
    for (size_t j = 0; j < n; j++) {
        const bool moved = k->along && ox > 0 && j + step < n;
        chain[j] = moved ? chain[j + step] : EMPTY;
        k->out->moves += moved;
    }
}

static void fetch(walk *k, int64_t *buffer, int64_t slice)
{
    *buffer = slice;
    k->out->fetches++;
    k->out->zeros += slice == ZERO;
}

/* Registers take the slices of a row of the kernel and turn with them; they must be those of the row y at window ox. */
static mho_status load(walk *k, const int64_t *chain, size_t y, size_t ox)
{
    size_t turned = 0;
    for (size_t j = 0; j < k->w->kw; j++) {
        const int64_t want = slice_at(k->w, y, ox * k->w->stride_w + j);
        k->out->loads++;
        if (chain[j] != want)
            return mho_error(MHO_EINTERNAL,
                             "register %zu of row %zu at window %zu holds slice %lld, want %lld", j,
                             y, ox, (long long)chain[j], (long long)want);
    }
    for (size_t t = 0; t < k->turns; t++)
        turned = turned + 1 == k->turns ? 0 : turned + 1;
    return turned ? mho_error(MHO_EINTERNAL, "registers did not come round") : MHO_OK;
}

/* Nothing shared: the windows of a row stand in the PE buffer with all of their slices, each a copy. */
static void expand(walk *k, size_t oy)
{
    const mho_windows *w = k->w;
    size_t n = 0;
    for (size_t ox = 0; ox < w->out_w; ox++)
        for (size_t i = 0; i < w->kh; i++)
            for (size_t j = 0; j < w->kw; j++)
                k->unit[n++] = slice_at(w, oy * w->stride_h + i, ox * w->stride_w + j);
    store(k, n);
}

static mho_status walk_row(walk *k, size_t oy, size_t ox, size_t i)
{
    const mho_windows *w = k->w;
    int64_t *chain = k->chain + i * w->kw;
    const size_t y = oy * w->stride_h + i;
    mho_status s = MHO_OK;
    move_on(k, chain, ox);
    for (size_t j = 0; !s && j < w->kw; j++) {
        if (chain[j] != EMPTY)
            continue;
        if (k->along) {
            const int64_t slice = slice_at(w, y, ox * w->stride_w + j);
            s = wait_for(k, slice);
            fetch(k, &chain[j], slice);
        } else {
            fetch(k, &chain[j], k->unit[(ox * w->kh + i) * w->kw + j]);
            k->held--;
        }
    }
    return s ? s : load(k, chain, y, ox);
}

/* What no window to the right, and none of the rows below wants. */
static void drop_behind(walk *k, size_t oy, size_t ox)
{
    const mho_windows *w = k->w;
    const size_t from = oy * w->stride_h;
    const bool last = oy + 1 == w->out_h;
    const size_t to = last ? w->pad_top + w->in_h : from + w->stride_h;
    const size_t end = ox + 1 == w->out_w ? w->pad_left + w->in_w : (ox + 1) * w->stride_w;
    for (size_t y = from; y < to; y++)
        for (size_t x = ox * w->stride_w; x < end; x++)
            drop(k, y, x);
}

static mho_status walk_windows(walk *k)
{
    mho_status s = MHO_OK;
    for (size_t oy = 0; !s && oy < k->w->out_h; oy++) {
        if (!k->along)
            expand(k, oy);
        for (size_t ox = 0; !s && ox < k->w->out_w; ox++) {
            for (size_t i = 0; !s && i < k->w->kh; i++)
                s = walk_row(k, oy, ox, i);
            if (k->along)
                drop_behind(k, oy, ox);
            k->out->steps++;
        }
    }
    return s;
}

/* The partial sums of a window take a tile: the first begins them, the last ends them. */
static mho_status add_part(walk *k, size_t oy, size_t ox, size_t y)
{
    const mhoi_tiles_of_row t = mhoi_row_tiles(k->w, oy);
    uint32_t *parts = &k->parts[oy * k->w->out_w + ox];
    if (*parts != y - t.first)
        return mho_error(MHO_EINTERNAL, "window (%zu, %zu) has %u tiles as tile %zu comes", oy, ox,
                         *parts, y);
    k->waiting -= *parts > 0;
    ++*parts;
    if (*parts < t.end - t.first) {
        k->waiting++;
        k->out->parkings++;
    }
    return MHO_OK;
}

/* All rows of the kernel take the slices of tile y at ox; those of a window that this tile ends first. */
static mho_status share_tile(walk *k, size_t y, size_t ox)
{
    const mho_windows *w = k->w;
    mho_status s = MHO_OK;
    for (size_t i = w->kh; !s && i-- > 0;) {
        if (y < i || (y - i) % w->stride_h || (y - i) / w->stride_h >= w->out_h)
            continue;
        s = load(k, k->chain, y, ox);
        if (!s)
            s = add_part(k, (y - i) / w->stride_h, ox, y);
    }
    k->out->parked = k->waiting > k->out->parked ? k->waiting : k->out->parked;
    return s;
}

static mho_status walk_tiles(walk *k)
{
    const mho_windows *w = k->w;
    mho_status s = MHO_OK;
    for (size_t y = w->pad_top; !s && y < w->pad_top + w->in_h; y++)
        for (size_t ox = 0; !s && wanted(y, w->kh, w->stride_h, w->out_h) && ox < w->out_w; ox++) {
            size_t fetched = 0;
            move_on(k, k->chain, ox);
            for (size_t j = 0; j < w->kw; j++)
                if (k->chain[j] == EMPTY) {
                    store(k, k->along && fetched++ ? 0 : 1);
                    fetch(k, &k->chain[j], slice_at(w, y, ox * w->stride_w + j));
                }
            k->held = 0;
            s = share_tile(k, y, ox);
            k->out->steps++;
        }
    return s;
}

static mho_status finished(const walk *k)
{
    const mho_windows *w = k->w;
    for (size_t oy = 0; k->parts && oy < w->out_h; oy++) {
        const mhoi_tiles_of_row t = mhoi_row_tiles(w, oy);
        for (size_t ox = 0; ox < w->out_w; ox++)
            if (k->parts[oy * w->out_w + ox] != t.end - t.first)
                return mho_error(MHO_EINTERNAL, "window (%zu, %zu) took %u tiles of %zu", oy, ox,
                                 k->parts[oy * w->out_w + ox], t.end - t.first);
    }
    return MHO_OK;
}

mho_status mho_reuse_walk(const mho_windows *w, mho_reuse reuse, size_t turns,
                          mho_reuse_counts *out)
{
    const bool shared = reuse == MHO_REUSE_TILES || reuse == MHO_REUSE_BOTH;
    walk k = {.w = w,
              .along = reuse == MHO_REUSE_SLICES || reuse == MHO_REUSE_BOTH,
              .turns = turns ? turns : 1,
              .out = out};
    *out = (mho_reuse_counts){.fetches = 0};
    mho_status s = mhoi_windows_check(w);
    if (!s)
        s = mhoi_alloc(&k.chain, w->kh * w->kw, sizeof *k.chain, "input buffers");
    if (!s && !shared && !k.along)
        s = mhoi_alloc(&k.unit, w->out_w * w->kh * w->kw, sizeof *k.unit, "slices of windows");
    if (!s && !shared)
        s = mhoi_alloc(&k.there, w->in_h * w->in_w, sizeof *k.there, "slices of a map");
    if (!s && shared)
        s = mhoi_alloc(&k.parts, w->out_h * w->out_w, sizeof *k.parts, "tiles of windows");
    if (!s)
        s = shared ? walk_tiles(&k) : walk_windows(&k);
    if (!s)
        s = finished(&k);
    mhoi_free(&k.chain);
    mhoi_free(&k.unit);
    mhoi_free(&k.there);
    mhoi_free(&k.parts);
    return s;
}
