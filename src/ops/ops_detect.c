/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of detection networks: the boxes that are kept, and values between the elements of a map. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* --- NonMaxSuppression: the best boxes of a class, less those that overlap a better one */

typedef struct candidate {
    double score;
    size_t box;
} candidate;

typedef struct suppression {
    size_t batch, classes, boxes;
    int64_t most;
    double overlap, least;
    bool has_least, centered;
    double *corner; /* [batch][boxes][4]: low and high of both axes */
    double *score;
    candidate *sorted; /* [boxes] */
    size_t *kept;      /* [boxes] */
    int64_t *list;     /* [found][3] */
    size_t found, room;
} suppression;

static int by_score(const void *a, const void *b)
{
    const candidate *p = a, *q = b;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return p->box > q->box ? 1 : p->box < q->box ? -1 : 0;
}

static void find_corners(const double *box, bool centered, double *corner)
{
    for (size_t k = 0; k < 2; k++) {
        const double a = centered ? box[k] - box[k + 2] / 2 : box[k],
                     b = centered ? box[k] + box[k + 2] / 2 : box[k + 2];
        corner[2 * k] = centered || a < b ? a : b;
        corner[2 * k + 1] = centered || a < b ? b : a;
    }
}

static bool overlaps(const double *a, const double *b, double most)
{
    double common = 1, area_a = 1, area_b = 1;
    for (size_t k = 0; k < 4; k += 2) {
        const double low = fmax(a[k], b[k]), high = fmin(a[k + 1], b[k + 1]);
        if (!(high > low))
            return false;
        common *= high - low;
        area_a *= a[k + 1] - a[k];
        area_b *= b[k + 1] - b[k];
    }
    return area_a > 0 && area_b > 0 && common / (area_a + area_b - common) > most;
}

static mho_status keep(suppression *n, size_t batch, size_t class, size_t box)
{
    mho_status s =
        mhoi_grow(&n->list, &n->room, n->found, 3 * sizeof *n->list, "NonMaxSuppression");
    if (s)
        return s;
    const int64_t row[3] = {(int64_t)batch, (int64_t) class, (int64_t)box};
    memcpy(n->list + 3 * n->found++, row, sizeof row);
    return MHO_OK;
}

static mho_status suppress(suppression *n, size_t batch, size_t class)
{
    const double *score = n->score + (batch * n->classes + class) * n->boxes;
    const double *corner = n->corner + batch * n->boxes * 4;
    size_t count = 0, kept = 0;
    mho_status s = MHO_OK;
    for (size_t i = 0; i < n->boxes; i++)
        if (n->has_least ? score[i] > n->least : !isnan(score[i]))
            n->sorted[count++] = (candidate){score[i], i};
    if (count)
        qsort(n->sorted, count, sizeof *n->sorted, by_score);
    for (size_t i = 0; !s && i < count && (int64_t)kept < n->most; i++) {
        const size_t box = n->sorted[i].box;
        bool free = true;
        for (size_t k = 0; free && k < kept; k++)
            free = !overlaps(corner + 4 * box, corner + 4 * n->kept[k], n->overlap);
        if (!free)
            continue;
        n->kept[kept++] = box;
        s = keep(n, batch, class, box);
    }
    return s;
}

static void suppression_free(suppression *n)
{
    mhoi_free(&n->corner);
    mhoi_free(&n->score);
    mhoi_free(&n->sorted);
    mhoi_free(&n->kept);
    mhoi_free(&n->list);
}

static mho_status suppression_of(const mhoi_call *c, suppression *n)
{
    const mho_array *boxes = c->in[0], *scores = c->in[1];
    double most = 0;
    *n = (suppression){.centered = mhoi_attr_int(c->op, "center_point_box", 0) != 0};
    if (boxes->rank != 3 || scores->rank != 3 || boxes->size[2] != 4 ||
        boxes->size[0] != scores->size[0] || boxes->size[1] != scores->size[2])
        return mho_error(MHO_EFORMAT, "boxes and scores do not fit");
    mho_status s = mhoi_scalar(c, 2, 0, &most);
    if (!s)
        s = mhoi_scalar(c, 3, 0, &n->overlap);
    if (!s)
        s = mhoi_scalar(c, 4, 0, &n->least);
    for (size_t k = 0; !s && k < 2; k++)
        s = mhoi_need_known(c, k);
    n->most = most > 0x1p62 ? INT64_MAX : most > 0 ? (int64_t)most : 0;
    n->has_least = mhoi_in(c, 4) != NULL;
    n->batch = scores->size[0];
    n->classes = scores->size[1];
    n->boxes = scores->size[2];
    return s;
}

/* All that are kept, in n->list. */
static mho_status find_kept(const mhoi_call *c, suppression *n)
{
    double *box = NULL;
    mho_status s = suppression_of(c, n);
    if (!s)
        s = mhoi_doubles(c->in[0], &box);
    if (!s)
        s = mhoi_doubles(c->in[1], &n->score);
    if (!s)
        s = mhoi_alloc(&n->corner, n->batch * n->boxes * 4, sizeof *n->corner, c->op->name);
    if (!s)
        s = mhoi_alloc(&n->sorted, n->boxes, sizeof *n->sorted, c->op->name);
    if (!s)
        s = mhoi_alloc(&n->kept, n->boxes, sizeof *n->kept, c->op->name);
    for (size_t i = 0; !s && i < n->batch * n->boxes; i++)
        find_corners(box + 4 * i, n->centered, n->corner + 4 * i);
    for (size_t b = 0; !s && b < n->batch; b++)
        for (size_t k = 0; !s && k < n->classes; k++)
            s = suppress(n, b, k);
    mhoi_free(&box);
    return s;
}

static mho_status suppression_shape(mhoi_call *c)
{
    suppression n;
    mho_status s = find_kept(c, &n);
    if (!s)
        s = mhoi_out(c, 0, MHO_TYPE_INT64, 2, (const size_t[]){n.found, 3});
    suppression_free(&n);
    return s;
}

static mho_status suppression_run(mhoi_call *c)
{
    suppression n;
    mho_status s = find_kept(c, &n);
    if (!s && n.found)
        memcpy(c->out->data, n.list, 3 * n.found * sizeof *n.list);
    suppression_free(&n);
    return s;
}

/* --- RoiAlign: the mean, or the largest, of values at points inside the bins of a region */

#define POINTS_MAX 4096.0 /* a bin's points along an axis: regions are of images */

typedef struct regions {
    size_t count, channels, in[2], out[2];
    double scale, offset;
    int64_t ratio;
    bool largest;
} regions;

static mho_status regions_of(const mhoi_call *c, regions *r)
{
    const mho_array *x = c->in[0], *rois = c->in[1];
    const char *mode = mhoi_attr_text(c->op, "mode", "avg");
    const char *half = mhoi_attr_text(c->op, "coordinate_transformation_mode",
                                      c->op->set < 16 ? "output_half_pixel" : "half_pixel");
    const int64_t h = mhoi_attr_int(c->op, "output_height", 1),
                  w = mhoi_attr_int(c->op, "output_width", 1);
    *r = (regions){.count = c->in[2]->count,
                   .scale = (double)mhoi_attr_float(c->op, "spatial_scale", 1),
                   .offset = strcmp(half, "half_pixel") == 0 ? 0.5 : 0,
                   .ratio = mhoi_attr_int(c->op, "sampling_ratio", 0),
                   .largest = strcmp(mode, "max") == 0};
    if (x->rank != 4 || rois->rank != 2 || rois->size[1] != 4 || rois->size[0] != r->count ||
        h < 1 || w < 1 || h > 1 << 20 || w > 1 << 20 || r->ratio < 0 ||
        r->ratio > (int64_t)POINTS_MAX || !x->size[2] || !x->size[3])
        return mho_error(MHO_EFORMAT, "maps and regions do not fit");
    if (strcmp(mode, "avg") != 0 && !r->largest)
        return mho_error(MHO_ENOTMODELED, "mode = %s", mode);
    r->channels = x->size[1];
    r->in[0] = x->size[2];
    r->in[1] = x->size[3];
    r->out[0] = (size_t)h;
    r->out[1] = (size_t)w;
    return MHO_OK;
}

static mho_status regions_shape(mhoi_call *c)
{
    regions r;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = regions_of(c, &r);
    return s ? s
             : mhoi_out(c, 0, c->in[0]->type, 4,
                        (const size_t[]){r.count, r.channels, r.out[0], r.out[1]});
}

/* The two elements that a place lies between along an axis, and how much of the second; false: outside. */
static bool between(double at, size_t n, size_t *low, size_t *high, double *part)
{
    if (!(at >= -1 && at <= (double)n))
        return false;
    at = at < 0 ? 0 : at;
    *low = (size_t)at;
    if (*low >= n - 1) {
        *low = *high = n - 1;
        *part = 0;
        return true;
    }
    *high = *low + 1;
    *part = at - (double)*low;
    return true;
}

typedef struct bin {
    double start[2], size[2];
    size_t points[2];
} bin;

/* Mean or largest over the points of one bin of a channel. */
static double pool_bin(const regions *r, const bin *b, const double *x, const size_t *at)
{
    double sum = 0, most = 0;
    bool any = false;
    for (size_t i = 0; i < b->points[0] * b->points[1]; i++) {
        const size_t point[2] = {i / b->points[1], i % b->points[1]};
        size_t low[2] = {0, 0}, high[2] = {0, 0};
        double part[2] = {0, 0}, value[4] = {0};
        bool inside = true;
        for (size_t k = 0; k < 2; k++) {
            const double place =
                b->start[k] +
                b->size[k] * ((double)at[k] + ((double)point[k] + 0.5) / (double)b->points[k]);
            inside = between(place, r->in[k], &low[k], &high[k], &part[k]) && inside;
        }
        for (size_t k = 0; inside && k < 4; k++)
            value[k] = x[(k / 2 ? high[0] : low[0]) * r->in[1] + (k % 2 ? high[1] : low[1])] *
                       (k / 2 ? part[0] : 1 - part[0]) * (k % 2 ? part[1] : 1 - part[1]);
        for (size_t k = 0; k < 4; k++) {
            sum += value[k];
            most = any && most > value[k] ? most : value[k];
            any = true;
        }
    }
    const size_t count = b->points[0] * b->points[1];
    return r->largest ? most : count ? sum / (double)count : 0;
}

static mho_status bin_of(const regions *r, const mho_array *rois, size_t i, bin *b)
{
    for (size_t k = 0; k < 2; k++) { /* regions tell width first */
        const double low = mho_array_number(rois, 4 * i + 1 - k) * r->scale - r->offset;
        double span = mho_array_number(rois, 4 * i + 3 - k) * r->scale - r->offset - low;
        if (r->offset == 0)
            span = fmax(span, 1);
        b->start[k] = low;
        b->size[k] = span / (double)r->out[k];
        const double points = r->ratio ? (double)r->ratio : ceil(b->size[k]);
        if (!(fabs(low) < 1e9 && points <= POINTS_MAX))
            return mho_error(MHO_EDOMAIN, "region %zu is too large", i);
        b->points[k] = points > 0 ? (size_t)points : 0;
    }
    return MHO_OK;
}

static mho_status regions_run(mhoi_call *c)
{
    regions r;
    double *x = NULL;
    mho_status s = regions_of(c, &r);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    const size_t area = s ? 0 : r.in[0] * r.in[1], bins = s ? 0 : r.out[0] * r.out[1];
    for (size_t i = 0; !s && i < r.count; i++) {
        bin b;
        const int64_t image = mhoi_array_whole(c->in[2], i);
        s = bin_of(&r, c->in[1], i, &b);
        if (!s && (image < 0 || image >= (int64_t)c->in[0]->size[0]))
            s = mho_error(MHO_EFORMAT, "image %lld of %zu", (long long)image, c->in[0]->size[0]);
        for (size_t k = 0; !s && k < r.channels * bins; k++) {
            const size_t at[2] = {k % bins / r.out[1], k % r.out[1]};
            const double y =
                pool_bin(&r, &b, x + ((size_t)image * r.channels + k / bins) * area, at);
            mhoi_array_set_reals(c->out, i * r.channels * bins + k, 1, &y);
        }
    }
    mhoi_free(&x);
    return s;
}

/* --- GridSample: values of a map at given places, -1..1 along every axis */

typedef enum filling { ZEROS, BORDER, REFLECTION } filling;

typedef struct grid {
    size_t space, in[MHOI_RANK_MAX], maps, places, batch;
    size_t taps; /* along an axis: 1 nearest, 2 linear, 4 cubic */
    filling filling;
    bool corners;
} grid;

static mho_status grid_of(const mhoi_call *c, grid *g)
{
    const mho_array *x = c->in[0], *places = c->in[1];
    const char *mode = mhoi_attr_text(c->op, "mode", c->op->set < 20 ? "bilinear" : "linear");
    const char *padding = mhoi_attr_text(c->op, "padding_mode", "zeros");
    *g = (grid){.taps = mode[0] == 'n'                   ? 1
                        : strstr(mode, "cubic") != NULL  ? 4
                        : strstr(mode, "linear") != NULL ? 2
                                                         : 0,
                .filling = padding[0] == 'b'   ? BORDER
                           : padding[0] == 'r' ? REFLECTION
                                               : ZEROS,
                .corners = mhoi_attr_int(c->op, "align_corners", 0) != 0};
    if (!g->taps || !strchr("bzr", padding[0]))
        return mho_error(MHO_ENOTMODELED, "mode = %s, padding_mode = %s", mode, padding);
    if (x->rank < 3 || places->rank != x->rank || places->size[0] != x->size[0] ||
        places->size[x->rank - 1] != x->rank - 2 || x->rank - 2 > 3)
        return mho_error(MHO_EFORMAT, "maps and places do not fit");
    g->space = x->rank - 2;
    memcpy(g->in, x->size + 2, g->space * sizeof *g->in);
    g->batch = x->size[0];
    g->maps = x->size[1];
    g->places = mhoi_product(places->size, 1, places->rank - 1);
    return MHO_OK;
}

static mho_status grid_shape(mhoi_call *c)
{
    grid g;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = grid_of(c, &g);
    if (s)
        return s;
    size_t size[MHOI_RANK_MAX] = {g.batch, g.maps};
    memcpy(size + 2, c->in[1]->size + 1, g.space * sizeof *size);
    return mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

/* Element i of n along an axis by the filling; SIZE_MAX: nothing is there. */
static size_t fill(const grid *g, double i, size_t n)
{
    const double last = (double)n - 1;
    if (g->filling == ZEROS)
        return i >= 0 && i <= last ? (size_t)i : SIZE_MAX;
    if (g->filling == REFLECTION) {
        const double low = g->corners ? 0 : -0.5, span = g->corners ? last : (double)n;
        if (!(span > 0))
            return 0;
        double over = fmod(fabs(i - low), 2 * span);
        over = over > span ? 2 * span - over : over;
        i = trunc(over + low);
    }
    return (size_t)(i < 0 ? 0 : i > last ? last : i);
}

typedef struct axis_taps {
    size_t at[4];
    double weight[4];
} axis_taps;

static double cubic(double d)
{
    const double a = -0.75;
    d = fabs(d);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

static void find_taps(const grid *g, double place, size_t n, axis_taps *t)
{
    const double at =
        g->corners ? (place + 1) / 2 * ((double)n - 1) : ((place + 1) * (double)n - 1) / 2;
    if (!(fabs(at) < 1e15)) { /* NaN too: nothing is there, or the first */
        for (size_t k = 0; k < g->taps; k++)
            *t = (axis_taps){.at = {g->filling == ZEROS ? SIZE_MAX : 0}, .weight = {1}};
        return;
    }
    const double first = g->taps == 1 ? nearbyint(at) : floor(at) - (g->taps == 4 ? 1 : 0);
    for (size_t k = 0; k < g->taps; k++) {
        const double i = first + (double)k;
        t->at[k] = fill(g, i, n);
        t->weight[k] = g->taps == 1 ? 1 : g->taps == 2 ? 1 - fabs(at - i) : cubic(at - i);
    }
}

static double sample(const grid *g, const axis_taps *t, const double *x)
{
    size_t k[3] = {0};
    const size_t size[3] = {g->taps, g->taps, g->taps};
    double sum = 0;
    do {
        size_t at = 0;
        double weight = 1;
        for (size_t a = 0; a < g->space; a++) {
            const size_t i = t[a].at[k[a]];
            weight = i == SIZE_MAX ? 0 : weight * t[a].weight[k[a]];
            at = at * g->in[a] + (i == SIZE_MAX ? 0 : i);
        }
        if (weight != 0)
            sum += weight * x[at];
    } while (mhoi_next(g->space, size, k));
    return sum;
}

static mho_status grid_run(mhoi_call *c)
{
    grid g;
    axis_taps t[3] = {{{0}, {0}}};
    double *x = NULL;
    mho_status s = grid_of(c, &g);
    if (!s && c->out->count)
        s = mhoi_doubles(c->in[0], &x);
    const size_t area = s ? 0 : mhoi_product(g.in, 0, g.space);
    for (size_t i = 0; !s && area && c->out->count && i < g.batch * g.places; i++) {
        for (size_t a = 0; a < g.space; a++) /* the last axis comes first */
            find_taps(&g, mho_array_number(c->in[1], i * g.space + g.space - 1 - a), g.in[a],
                      &t[a]);
        for (size_t m = 0; m < g.maps; m++) {
            const size_t map = i / g.places * g.maps + m;
            const double y = sample(&g, t, x + map * area);
            mhoi_array_set_reals(c->out, map * g.places + i % g.places, 1, &y);
        }
    }
    mhoi_free(&x);
    return s;
}

/* --- AffineGrid: the places that an affine map takes an even grid to */

static mho_status affine_sizes(const mhoi_call *c, int64_t *size, size_t *space)
{
    size_t count = 0;
    const mho_array *theta = c->in[0];
    mho_status s = mhoi_numbers(c, 1, NULL, 5, size, &count);
    *space = count == 4 ? 2 : 3;
    for (size_t k = 0; !s && k < count; k++)
        if (size[k] < 1)
            return mho_error(MHO_EFORMAT, "size %lld", (long long)size[k]);
    if (!s &&
        ((count != 4 && count != 5) || theta->rank != 3 || theta->size[0] != (size_t)size[0] ||
         theta->size[1] != *space || theta->size[2] != *space + 1))
        s = mho_error(MHO_EFORMAT, "matrices and sizes do not fit");
    return s;
}

static mho_status affine_shape(mhoi_call *c)
{
    int64_t told[5] = {0};
    size_t space, size[MHOI_RANK_MAX];
    mho_status s = affine_sizes(c, told, &space);
    if (s)
        return s;
    size[0] = (size_t)told[0];
    for (size_t k = 0; k < space; k++)
        size[1 + k] = (size_t)told[2 + k];
    size[1 + space] = space;
    return mhoi_out(c, 0, c->in[0]->type, space + 2, size);
}

static mho_status affine_run(mhoi_call *c)
{
    int64_t told[5] = {0};
    size_t space, at[4] = {0};
    mho_status s = affine_sizes(c, told, &space);
    const bool corners = mhoi_attr_int(c->op, "align_corners", 0) != 0;
    for (size_t i = 0; !s && i < c->out->count / space; i++) {
        double place[3] = {0};
        for (size_t k = 0; k < space; k++) {
            const double n = (double)c->out->size[1 + k], j = (double)at[1 + k];
            place[space - 1 - k] = !corners ? (2 * j + 1) / n - 1
                                   : n > 1  ? 2 * j / (n - 1) - 1
                                            : -1;
        }
        for (size_t k = 0; k < space; k++) {
            const size_t row = (at[0] * space + k) * (space + 1);
            double sum = mho_array_number(c->in[0], row + space);
            for (size_t j = 0; j < space; j++)
                sum += mho_array_number(c->in[0], row + j) * place[j];
            mhoi_array_set_reals(c->out, i * space + k, 1, &sum);
        }
        (void)mhoi_next(space + 1, c->out->size, at);
    }
    return s;
}

const mhoi_operator mhoi_ops_detect[] = {
    {"NonMaxSuppression", "", 2, 5, 1, "center_point_box ", suppression_shape, suppression_run},
    {"RoiAlign", "", 3, 3, 1,
     "coordinate_transformation_mode mode output_height output_width sampling_ratio "
     "spatial_scale ",
     regions_shape, regions_run},
    {"GridSample", "", 2, 2, 1, "align_corners mode padding_mode ", grid_shape, grid_run},
    {"AffineGrid", "", 2, 2, 1, "align_corners ", affine_shape, affine_run},
    {0}};
