/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic digits: a skeleton of pen strokes is shaken, bent, slanted, fitted into a 20 x 20 box,
 * centred by its mass and drawn with a soft pen.  docs/models/data.md eq. (1) to (9).
 *
 * Only + - * / and sqrtf are used and each image draws from a stream of its own, so every pixel is
 * the same on every CPU and with any number of threads. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "data/digit_glyphs.h"
#include "mho/data.h"

#define SIDE 28
#define BOX_PX 20.0f
#define DRAWS 192    /* uniform draws of one image */
#define NODES 5      /* the bending field has NODES x NODES control values */
#define SPAN_STEPS 6 /* chords a curve between two skeleton points is cut into */
#define PATH_POINTS (MHOI_GLYPH_POINTS * SPAN_STEPS)
#define BLOCK 64         /* images one thread makes at a time */
#define RNG_LAYER 0xd191 /* keeps these streams apart from those of devices and training */
#define RNG_LAYER_NOISE 0xd192

typedef struct draws {
    float u[DRAWS];
    size_t next;
} draws;

typedef struct style {
    float shake, bend;         /* of skeleton points and of the plane; fractions of the height */
    float slant, turn, aspect; /* shear, tan(angle / 2), width factor */
    float radius_px, soft_px;  /* pen */
    float size, dx_px, dy_px;  /* of the box, and off the centre */
    float ink, grain;          /* brightness, and how much of it varies from pixel to pixel */
} style;

typedef struct path_point {
    float x, y;
    float radius; /* relative while the path is shaped, pixels when it is drawn */
    bool up;      /* last of its stroke */
} path_point;

typedef struct path {
    path_point point[PATH_POINTS];
    size_t points;
} path;

typedef struct field {
    float node[NODES][NODES][3]; /* dx, dy, change of pen radius */
} field;

static float draw_uniform(draws *d, float low, float high)
{
    return low + (high - low) * d->u[d->next++];
}

/* A bell of mean 0, deviation 1 and range -3..3: the sum of three uniform draws. */
static float draw_bell(draws *d)
{
    float sum = d->u[d->next] + d->u[d->next + 1] + d->u[d->next + 2];
    d->next += 3;
    return 2.0f * sum - 3.0f;
}

/* eq. (1): most hands are calm, few are wild */
static style draw_style(draws *d)
{
    float calm = draw_uniform(d, 0.0f, 1.0f);
    float wild = 0.7f + 0.5f * calm + 0.95f * calm * calm * calm * calm * calm * calm;
    style s;
    s.shake = 0.03f * wild;
    s.bend = 0.155f * wild;
    s.slant = 0.12f + 0.2f * draw_bell(d);
    s.turn = 0.045f * draw_bell(d);
    s.aspect = 1.2f + 0.17f * draw_bell(d);
    s.radius_px = 1.3f + 0.26f * draw_bell(d);
    s.soft_px = draw_uniform(d, 1.0f, 1.7f);
    s.size = draw_uniform(d, 0.92f, 1.0f);
    s.dx_px = draw_uniform(d, -0.7f, 0.7f);
    s.dy_px = draw_uniform(d, -0.7f, 0.7f);
    s.ink = draw_uniform(d, 0.95f, 1.25f);
    s.grain = draw_uniform(d, 0.0f, 0.15f);
    return s;
}

/* eq. (2): skeleton points, each moved a little */
static size_t shake_glyph(const mhoi_glyph *glyph, float shake, draws *d,
                          path_point out[MHOI_GLYPH_POINTS])
{
    size_t n = 0;
    for (; n < MHOI_GLYPH_POINTS && glyph->point[n].pen != 0; n++) {
        out[n].x = 0.01f * (float)glyph->point[n].x + shake * draw_uniform(d, -1.73f, 1.73f);
        out[n].y = 0.01f * (float)glyph->point[n].y + shake * draw_uniform(d, -1.73f, 1.73f);
        out[n].radius = 1.0f;
        out[n].up = glyph->point[n].pen == MHOI_PEN_UP;
    }
    return n;
}

static float hermite(float p0, float p1, float m0, float m1, float t)
{
    float t2 = t * t, t3 = t2 * t;
    return (2.0f * t3 - 3.0f * t2 + 1.0f) * p0 + (t3 - 2.0f * t2 + t) * m0 +
           (3.0f * t2 - 2.0f * t3) * p1 + (t3 - t2) * m1;
}

/* eq. (3): Catmull-Rom curves through the points; at corners and ends the tangent is the chord's */
static void trace_glyph(const mhoi_glyph *glyph, const path_point *k, size_t n, path *out)
{
    out->points = 0;
    bool starts = true;
    for (size_t i = 0; i + 1 < n; i++) {
        if (k[i].up) {
            out->point[out->points++] = k[i];
            starts = true;
            continue;
        }
        bool smooth0 = !starts && glyph->point[i].pen == MHOI_PEN_SMOOTH;
        bool smooth1 = glyph->point[i + 1].pen == MHOI_PEN_SMOOTH && i + 2 < n;
        size_t a = smooth0 ? i - 1 : i, b = smooth1 ? i + 2 : i + 1;
        float w0 = smooth0 ? 0.5f : 1.0f, w1 = smooth1 ? 0.5f : 1.0f;
        for (size_t s = 0; s < SPAN_STEPS; s++) {
            float t = (float)s / SPAN_STEPS;
            path_point p = {.radius = 1.0f};
            p.x =
                hermite(k[i].x, k[i + 1].x, w0 * (k[i + 1].x - k[a].x), w1 * (k[b].x - k[i].x), t);
            p.y =
                hermite(k[i].y, k[i + 1].y, w0 * (k[i + 1].y - k[a].y), w1 * (k[b].y - k[i].y), t);
            out->point[out->points++] = p;
        }
        starts = false;
    }
    out->point[out->points++] = k[n - 1];
}

static void draw_field(draws *d, field *f)
{
    for (size_t r = 0; r < NODES; r++)
        for (size_t c = 0; c < NODES; c++)
            for (size_t i = 0; i < 3; i++)
                f->node[r][c][i] = draw_uniform(d, -1.73f, 1.73f);
}

/* Cell and cubic B-spline weights of coordinate x in -0.6..0.6; beyond, the edge's. */
static size_t spline_weights(float x, float w[4])
{
    float position = (x + 0.6f) / 1.2f * (NODES - 3);
    position = fminf(fmaxf(position, 0.0f), NODES - 3);
    size_t cell = position < NODES - 3 ? (size_t)position : NODES - 4;
    float t = position - (float)cell, s = 1.0f - t;
    w[0] = s * s * s / 6.0f;
    w[1] = (3.0f * t * t * t - 6.0f * t * t + 4.0f) / 6.0f;
    w[2] = (3.0f * s * s * s - 6.0f * s * s + 4.0f) / 6.0f;
    w[3] = t * t * t / 6.0f;
    return cell;
}

/* eq. (4): elastic distortion and varying pressure, both smooth over the plane */
static void bend_path(path *p, const field *f, float bend)
{
    for (size_t i = 0; i < p->points; i++) {
        path_point *q = &p->point[i];
        float wx[4], wy[4], sum[3] = {0};
        size_t cx = spline_weights(q->x, wx), cy = spline_weights(q->y, wy);
        for (size_t r = 0; r < 4; r++)
            for (size_t c = 0; c < 4; c++)
                for (size_t m = 0; m < 3; m++)
                    sum[m] += wy[r] * wx[c] * f->node[cy + r][cx + c][m];
        q->x += bend * sum[0];
        q->y += bend * sum[1];
        q->radius = 1.0f + 0.3f * sum[2];
    }
}

/* eq. (5): width, slant, and a rotation made of three shears */
static void turn_path(path *p, const style *s)
{
    float t = s->turn, sine = 2.0f * t / (1.0f + t * t);
    for (size_t i = 0; i < p->points; i++) {
        path_point *q = &p->point[i];
        q->x = s->aspect * q->x - s->slant * q->y;
        q->x -= t * q->y;
        q->y += sine * q->x;
        q->x -= t * q->y;
    }
}

/* eq. (6): the larger side of the inked box becomes BOX_PX x size */
static void fit_path(path *p, const style *s)
{
    float left = p->point[0].x, right = left, top = p->point[0].y, bottom = top;
    for (size_t i = 1; i < p->points; i++) {
        left = fminf(left, p->point[i].x);
        right = fmaxf(right, p->point[i].x);
        top = fminf(top, p->point[i].y);
        bottom = fmaxf(bottom, p->point[i].y);
    }
    float scale = (BOX_PX * s->size - 2.0f * s->radius_px) / fmaxf(right - left, bottom - top);
    for (size_t i = 0; i < p->points; i++) {
        p->point[i].x *= scale;
        p->point[i].y *= scale;
        p->point[i].radius *= s->radius_px;
    }
}

/* eq. (7): the centre of mass of the ink goes to the centre of the image */
static void centre_path(path *p, const style *s)
{
    float mass = 0.0f, mx = 0.0f, my = 0.0f;
    for (size_t i = 0; i + 1 < p->points; i++) {
        const path_point *a = &p->point[i], *b = a + 1;
        if (a->up)
            continue;
        float dx = b->x - a->x, dy = b->y - a->y;
        float m = sqrtf(dx * dx + dy * dy) * (a->radius + b->radius);
        mass += m;
        mx += m * 0.5f * (a->x + b->x);
        my += m * 0.5f * (a->y + b->y);
    }
    float x = 0.5f * (SIDE - 1) + s->dx_px - mx / mass,
          y = 0.5f * (SIDE - 1) + s->dy_px - my / mass;
    for (size_t i = 0; i < p->points; i++) {
        p->point[i].x += x;
        p->point[i].y += y;
    }
}

/* First and last pixel whose centre lies in low..high, cut to the image. */
static void pixel_range(float low, float high, int *first, int *last)
{
    *first = low <= 0.0f ? 0 : (int)fminf(low, SIDE - 1) + 1;
    *last = high >= SIDE - 1 ? SIDE - 1 : (int)fmaxf(high, -1.0f);
    if (high < 0.0f)
        *last = -1;
}

/* eq. (8): coverage by the pen running from a to b, the darkest stroke wins */
static void ink_segment(const path_point *a, const path_point *b, float soft_px,
                        float ink[SIDE][SIDE])
{
    float dx = b->x - a->x, dy = b->y - a->y, length2 = dx * dx + dy * dy;
    float per_length2 = length2 > 0.0f ? 1.0f / length2 : 0.0f, per_soft = 1.0f / soft_px;
    float reach = fmaxf(a->radius, b->radius) + 0.5f * soft_px;
    int x0, x1, y0, y1;
    pixel_range(fminf(a->x, b->x) - reach, fmaxf(a->x, b->x) + reach, &x0, &x1);
    pixel_range(fminf(a->y, b->y) - reach, fmaxf(a->y, b->y) + reach, &y0, &y1);
    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            float px = (float)x - a->x, py = (float)y - a->y;
            float t = fminf(fmaxf((px * dx + py * dy) * per_length2, 0.0f), 1.0f);
            px -= t * dx;
            py -= t * dy;
            float radius = a->radius + t * (b->radius - a->radius);
            float cover = 0.5f + (radius - sqrtf(px * px + py * py)) * per_soft;
            ink[y][x] = fmaxf(ink[y][x], cover);
        }
    }
}

/* eq. (9): grey values */
static void develop(const float *ink, const style *s, const uint32_t *noise, uint8_t *pixel)
{
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        float grain = (float)(noise[i / 4] >> (8 * (i % 4)) & 0xff) * (1.0f / 255.0f);
        float value = fminf(ink[i], 1.0f) * s->ink * (1.0f - s->grain * grain);
        pixel[i] = (uint8_t)(255.0f * fminf(value, 1.0f) + 0.5f);
    }
}

static uint16_t render(uint64_t seed, uint64_t index, uint8_t *pixel)
{
    draws d = {.next = 0};
    mhoi_stream stream = {seed, (uint32_t)(index >> 32), RNG_LAYER, (uint32_t)index};
    mhoi_rng_uniform(&stream, 0, DRAWS, d.u);
    size_t label = (size_t)(10.0f * d.u[d.next++]);
    const mhoi_digit *digit = &mhoi_digits[label];
    size_t habit = (size_t)((float)digit->habits * d.u[d.next++]);
    style s = draw_style(&d);

    path_point skeleton[MHOI_GLYPH_POINTS];
    path p;
    field f;
    draw_field(&d, &f);
    size_t points = shake_glyph(&digit->habit[habit], s.shake, &d, skeleton);
    trace_glyph(&digit->habit[habit], skeleton, points, &p);
    bend_path(&p, &f, s.bend);
    turn_path(&p, &s);
    fit_path(&p, &s);
    centre_path(&p, &s);

    float ink[SIDE][SIDE] = {{0}};
    for (size_t i = 0; i + 1 < p.points; i++)
        if (!p.point[i].up)
            ink_segment(&p.point[i], &p.point[i + 1], s.soft_px, ink);
    uint32_t noise[SIDE * SIDE / 4];
    stream.layer = RNG_LAYER_NOISE;
    mhoi_rng_u32(&stream, 0, SIDE * SIDE / 4, noise);
    develop(&ink[0][0], &s, noise, pixel);
    return (uint16_t)label;
}

typedef struct job {
    uint64_t seed, first;
    mho_images *images;
} job;

static mho_status render_block(void *context, size_t block, size_t thread)
{
    (void)thread;
    const job *j = context;
    mho_images *images = j->images;
    size_t end = (block + 1) * BLOCK < images->count ? (block + 1) * BLOCK : images->count;
    for (size_t i = block * BLOCK; i < end; i++)
        images->label[i] = render(j->seed, j->first + i, images->pixel + i * SIDE * SIDE);
    return MHO_OK;
}

mho_status mho_digits_generate(uint64_t seed, uint64_t first, size_t count, mho_images *out)
{
    memset(out, 0, sizeof *out);
    mho_images images = {.shape = {1, SIDE, SIDE}, .count = count, .classes = 10};
    job j = {seed, first, &images};
    mho_status s = mhoi_alloc(&images.pixel, count, SIDE * SIDE, "synthetic digits");
    if (s == MHO_OK)
        s = mhoi_alloc(&images.label, count, sizeof *images.label, "labels of synthetic digits");
    if (s == MHO_OK)
        s = mhoi_parallel((count + BLOCK - 1) / BLOCK, render_block, &j);
    if (s != MHO_OK) {
        mho_images_free(&images);
        return s;
    }
    *out = images;
    return MHO_OK;
}
