/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes and memory of the engine. */
#include "mho/crossbar.h"

#include "base/alloc.h"
#include "base/contract.h"
#include "base/x86.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

#define SIZE_LIMIT ((size_t)1 << 24) /* of a dimension: products of two stay far from overflow */

static mho_status check_size(const char *name, size_t value, size_t min)
{
    if (value < min || value > SIZE_LIMIT)
        return mho_error(MHO_EDOMAIN, "crossbar: %s = %zu, want %zu..%zu", name, value, min,
                         SIZE_LIMIT);
    return MHO_OK;
}

static mho_status check_shape(const mho_crossbar_shape *s)
{
    const mho_window *w = &s->window;
    const struct {
        const char *name;
        size_t value, min;
    } size[] = {{"c", w->c, 1},
                {"h", w->h, 1},
                {"w", w->w, 1},
                {"kh", w->kh, 1},
                {"kw", w->kw, 1},
                {"stride_h", w->stride_h, 1},
                {"stride_w", w->stride_w, 1},
                {"dilation_h", w->dilation_h, 1},
                {"dilation_w", w->dilation_w, 1},
                {"pad_top", w->pad_top, 0},
                {"pad_left", w->pad_left, 0},
                {"pad_bottom", w->pad_bottom, 0},
                {"pad_right", w->pad_right, 0},
                {"columns", s->columns, 1},
                {"crossbar_rows", s->crossbar_rows, 1}};
    for (size_t i = 0; i < sizeof size / sizeof *size; ++i)
        if (check_size(size[i].name, size[i].value, size[i].min) != MHO_OK)
            return MHO_EDOMAIN;
    const size_t h = w->h + w->pad_top + w->pad_bottom, width = w->w + w->pad_left + w->pad_right;
    if (mhoi_span_h(w) > h || mhoi_span_w(w) > width)
        return mho_error(MHO_EDOMAIN, "crossbar: a window of %zu x %zu does not fit %zu x %zu",
                         mhoi_span_h(w), mhoi_span_w(w), h, width);
    if (s->turn && (w->kh * w->kw > 1 || w->stride_h * w->stride_w > 1 || h != w->h ||
                    width != w->w || w->c % s->turn))
        return mho_error(MHO_EDOMAIN,
                         "crossbar: turn = %zu, want a divisor of c = %zu, and windows of one "
                         "element",
                         s->turn, w->c);
    if (s->input_bits < 1 || s->input_bits > 8)
        return mho_error(MHO_EDOMAIN, "crossbar: input_bits = %zu, want 1..8", s->input_bits);
    size_t cells = w->c, map = w->c;
    if (__builtin_mul_overflow(cells, w->kh * w->kw, &cells) ||
        __builtin_mul_overflow(map, h + w->kh, &map) ||
        __builtin_mul_overflow(map, 2 * (width + w->stride_w + 8), &map) || map > UINT32_MAX / 2 ||
        cells > SIZE_LIMIT)
        return mho_error(MHO_ENOMEM,
                         "crossbar: a map of %zu x %zu x %zu under a window of %zu x %zu", w->c,
                         w->h, w->w, w->kh, w->kw);
    return MHO_OK;
}

void mhoi_crossbar_geometry(mho_crossbar *xb)
{
    const mho_window *w = &xb->shape.window;
    const size_t h = w->h + w->pad_top + w->pad_bottom, width = w->w + w->pad_left + w->pad_right;
    xb->rows = w->c * w->kh * w->kw;
    xb->w_out = (width - mhoi_span_w(w)) / w->stride_w + 1;
    xb->positions = xb->w_out * ((h - mhoi_span_h(w)) / w->stride_h + 1);
    xb->groups = (xb->rows + xb->shape.crossbar_rows - 1) / xb->shape.crossbar_rows;
    xb->plane_w = (width + w->stride_w - 1) / w->stride_w;
    xb->plane_row = xb->plane_w * w->stride_w;
    xb->plane_bytes = w->c * h * xb->plane_row;
    xb->chunks = xb->shape.input_bits == 1 ? (w->kw + 7) / 8 : 1;
    xb->direct = xb->positions % MHOI_TILE == 0;
    xb->flat = !xb->shape.turn && h == w->h && width == w->w && w->kh == w->h && w->kw == w->w;
    xb->in_place = xb->direct && !xb->flat && w->kh == 1 && w->kw == 1 && w->stride_h == 1 &&
                   w->stride_w == 1 && h == w->h && width == w->w;
    xb->block_images = xb->positions < MHOI_BLOCK ? MHOI_BLOCK / xb->positions : 1;
}

static mho_status allocate(mho_crossbar *xb)
{
    const size_t cells = xb->rows * xb->shape.columns;
    const size_t slack = MHOI_BUNDLE_ROWS; /* a short bundle may be read as if it were whole */
    mho_status status = mhoi_alloc(&xb->g_plus, cells + slack, sizeof *xb->g_plus, "conductances");
    if (status == MHO_OK)
        status = mhoi_alloc(&xb->g_minus, cells + slack, sizeof *xb->g_minus, "conductances");
    if (status == MHO_OK)
        status = mhoi_alloc(&xb->bundle, xb->rows, sizeof *xb->bundle, "bundles");
    if (status == MHO_OK)
        status = mhoi_alloc(&xb->segment, xb->rows, sizeof *xb->segment, "segments");
    if (status == MHO_OK)
        status =
            mhoi_alloc(&xb->group_bundle, xb->groups + 1, sizeof *xb->group_bundle, "row groups");
    if (status == MHO_OK)
        status = mhoi_alloc(&xb->group_step, xb->groups + 1, sizeof *xb->group_step, "row groups");
    return status;
}

const mhoi_kernels *mhoi_crossbar_kernels(mho_cpu level)
{
#if MHOI_X86
    return level == MHO_CPU_AVX512 ? &mhoi_kernels_avx512
           : level == MHO_CPU_AVX2 ? &mhoi_kernels_avx2
                                   : NULL;
#else
    (void)level;
    return NULL;
#endif
}

mho_status mhoi_crossbar_create_level(const mho_crossbar_shape *shape, mho_cpu level,
                                      mho_crossbar **out)
{
    *out = NULL;
    mho_crossbar *xb = NULL;
    mho_status status = check_shape(shape);
    if (status == MHO_OK)
        status = mhoi_alloc(&xb, 1, sizeof *xb, "crossbar");
    if (status != MHO_OK)
        return status;
    xb->shape = *shape;
    xb->kernels = mhoi_crossbar_kernels(level);
    mhoi_crossbar_geometry(xb);
    status = allocate(xb);
    if (status != MHO_OK)
        goto fail;
    *out = xb;
    return MHO_OK;
fail:
    mho_crossbar_destroy(xb);
    return status;
}

mho_status mho_crossbar_create(const mho_crossbar_shape *shape, mho_crossbar **out)
{
    return mhoi_crossbar_create_level(shape, mho_cpu_level(), out);
}

void mho_crossbar_destroy(mho_crossbar *xb)
{
    if (!xb)
        return;
    mhoi_free(&xb->g_plus);
    mhoi_free(&xb->g_minus);
    mhoi_free(&xb->bundle);
    mhoi_free(&xb->segment);
    mhoi_free(&xb->group_bundle);
    mhoi_free(&xb->group_step);
    mhoi_free(&xb->error);
    mhoi_codes_free(xb);
    mhoi_free(&xb->reference);
    mhoi_free(&xb->order);
    mhoi_free(&xb->variance[0]);
    mhoi_free(&xb->variance[1]);
    for (int side = 0; side < MHOI_SIDES; ++side) {
        mhoi_free(&xb->table[side]);
        mhoi_free(&xb->bias[side]);
    }
    mhoi_free(&xb);
}

static mho_status allocate_reference(const mho_crossbar *xb, mho_crossbar_work *work)
{
    mho_status status =
        mhoi_alloc(&work->ref_x, xb->rows * MHOI_REF_BLOCK, sizeof *work->ref_x, "crossbar inputs");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->ref_s, 7 * MHOI_REF_BLOCK, sizeof *work->ref_s, "crossbar sums");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->ref_normal, 2 * MHOI_REF_BLOCK, sizeof *work->ref_normal,
                            "read noise");
    return status;
}

static mho_status allocate_noise(const mho_crossbar *xb, size_t bundles, mho_crossbar_work *work)
{
    const size_t pairs = (bundles + 1) / 2 * MHOI_BLOCK;
    mho_status status = mhoi_alloc(&work->variance, 2 * MHOI_RAW * MHOI_PITCH,
                                   sizeof *work->variance, "read noise");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->normal, MHOI_BLOCK, sizeof *work->normal, "read noise");
    if (status == MHO_OK && xb->shape.input_bits > 1)
        status = mhoi_alloc(&work->square, 2 * pairs, sizeof *work->square, "squares of inputs");
    return status;
}

static mho_status allocate_work(const mho_crossbar *xb, mho_crossbar_work *work)
{
    /* Bundles may turn out as small as one row. */
    const size_t bundles = xb->rows < xb->shape.crossbar_rows ? xb->rows : xb->shape.crossbar_rows;
    const bool copied = !xb->flat && !xb->in_place;
    const size_t plane = !copied ? 0 : xb->plane_bytes + xb->plane_row + 2 * MHOI_SLACK;
    const size_t images = copied ? xb->block_images : 0;
    const size_t words = bundles / 32 + 2; /* of a flat map: at least two rows of bytes, too */
    const size_t bytes = words * (MHOI_BLOCK + MHOI_SLACK) * sizeof(uint32_t);
    work->bits_room = bytes / sizeof(uint32_t);
    mho_status status = mhoi_alloc(&work->plane, plane, 1, "padded image");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->window,
                            images * xb->chunks * xb->plane_bytes + xb->plane_row + 2 * MHOI_SLACK,
                            1, "windows");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->bytes, bytes, 1, "bundle indices");
    work->x_bytes = (bundles + 1) * MHOI_BLOCK * sizeof(uint16_t);
    if (status == MHO_OK)
        status = mhoi_alloc(&work->x, work->x_bytes, 1, "kernel inputs");
    if (status == MHO_OK && (!xb->direct || mhoi_may_gather_sums(xb)))
        status = mhoi_alloc(&work->sum, xb->shape.columns * MHOI_PITCH, sizeof *work->sum, "sums");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->raw, MHOI_RAW * MHOI_PITCH, sizeof *work->raw, "sums");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->count, 2 * MHOI_BLOCK, sizeof *work->count, "counts");
    if (status == MHO_OK)
        status = mhoi_alloc(&work->run, MHOI_BLOCK, sizeof *work->run, "runs");
    if (status == MHO_OK && xb->order && xb->flat)
        status = mhoi_alloc(&work->dealt, xb->block_images * xb->rows, 1, "maps of a layer");
    if (status == MHO_OK && xb->shape.turn)
        status = mhoi_alloc(&work->segment, xb->rows, sizeof *work->segment, "turned rows");
    if (status == MHO_OK && xb->noisy)
        status = allocate_noise(xb, bundles, work);
    return status;
}

mho_status mho_crossbar_work_create(const mho_crossbar *xb, mho_crossbar_work **out)
{
    *out = NULL;
    mho_crossbar_work *work = NULL;
    mho_status status = mhoi_alloc(&work, 1, sizeof *work, "crossbar work");
    if (status != MHO_OK)
        return status;
    status = allocate_reference(xb, work);
    if (status == MHO_OK && xb->kernels)
        status = allocate_work(xb, work);
    if (status != MHO_OK)
        goto fail;
    if (xb->shape.turn)
        mho_crossbar_work_turn(xb, work, 0, 0);
    *out = work;
    return MHO_OK;
fail:
    mho_crossbar_work_destroy(work);
    return status;
}

bool mhoi_crossbar_work_fits(const mho_crossbar *xb, const mho_crossbar_work *work)
{
    return !xb->kernels || !xb->noisy || work->variance != NULL;
}

/* The segments of rows of one element, each with the offset of the row that stands in its place. */
void mho_crossbar_work_turn(const mho_crossbar *xb, mho_crossbar_work *work, size_t t,
                            size_t pixels)
{
    MHO_ASSERT(xb->shape.turn && t < xb->shape.turn);
    work->turn = t;
    work->limit = pixels;
    if (!xb->kernels || !xb->group_bundle[xb->groups])
        return;
    const size_t row_bytes = xb->shape.window.h * xb->plane_row, k = xb->shape.turn;
    for (size_t block = 0; block < xb->rows; block += k) /* one segment a row, in order */
        for (size_t b = 0; b < k; ++b) {
            const size_t from = block + (b + t < k ? b + t : b + t - k);
            work->segment[block + b] = xb->segment[block + b];
            work->segment[block + b].offset = (uint32_t)(from * row_bytes);
        }
}

mho_crossbar_counts mho_crossbar_work_counts(const mho_crossbar_work *work)
{
    return work->counts;
}

void mho_crossbar_work_destroy(mho_crossbar_work *work)
{
    if (!work)
        return;
    mhoi_free(&work->plane);
    mhoi_free(&work->dealt);
    mhoi_free(&work->window);
    mhoi_free(&work->bytes);
    mhoi_free(&work->x);
    mhoi_free(&work->sum);
    mhoi_free(&work->raw);
    mhoi_free(&work->count);
    mhoi_free(&work->run);
    mhoi_free(&work->segment);
    mhoi_free(&work->variance);
    mhoi_free(&work->normal);
    mhoi_free(&work->square);
    mhoi_free(&work->ref_normal);
    mhoi_free(&work->ref_x);
    mhoi_free(&work->ref_s);
    mhoi_free(&work);
}
