/* SPDX-License-Identifier: Apache-2.0 */
/* The transfer matrix by nested elimination: the array is halved again and again along its longer side, at multiples of
 * PATCH_EDGE, down to patches, and two halves are joined by eliminating the nodes of the seam.
 *
 * A cell brings the wire segment to its left and the one below it.  Ports are the left ends of word lines, their last
 * cells, the first cells of bit lines and their lower ends.  So a neighbour's port and ours are the same node
 * (docs/models/circuit.md eq. (5)).  Halves have the seam's nodes first, so that no matrix is ever turned. */
#include <math.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "circuit/nested_join_body.h"
#include "circuit/nested_patch_body.h"

typedef struct nest {
    const circuit *c;
    double scale; /* of conductances, a power of two */
    real *next;   /* of the memory, a stack */
    patch of[PATCHES];
    size_t patches, taken; /* of the area that is under way; 0: none */
} nest;

/* Order and places of the ports; `first` is the side that is eliminated next. */
static area area_of(const circuit *c, size_t n0, size_t n1, size_t m0, size_t m1, int first,
                    const int order[SIDES])
{
    area p = {.n0 = n0, .n1 = n1, .m0 = m0, .m1 = m1};
    p.count[LEFT] = n1 - n0;
    p.count[RIGHT] = m1 < c->M || c->options->both_sides ? n1 - n0 : 0;
    p.count[TOP] = n0 > 0 ? m1 - m0 : 0;
    p.count[BOTTOM] = m1 - m0;
    p.order[0] = first;
    for (int i = 0, k = 1; i < SIDES; i++)
        if (order[i] != first)
            p.order[k++] = order[i];
    for (int i = 0; i < SIDES; i++) {
        p.at[p.order[i]] = p.size;
        p.size += up(p.count[p.order[i]]);
    }
    return p;
}

static bool is_patch(const area *p)
{
    return p->n1 - p->n0 <= PATCH_EDGE && p->m1 - p->m0 <= PATCH_EDGE;
}

static size_t patches_in(const area *p)
{
    return (p->n1 - p->n0 + PATCH_EDGE - 1) / PATCH_EDGE *
           ((p->m1 - p->m0 + PATCH_EDGE - 1) / PATCH_EDGE);
}

static bool is_beside(const area *p)
{
    return p->m1 - p->m0 >= p->n1 - p->n0;
}

/* Where an area is halved.  A half whose far side is the rim of the array has no ports there, so it may be larger: fractions that
 * come near the least number of multiplications of all ways to cut (docs/models/circuit.md). */
static size_t cut_of(const circuit *c, const area *p)
{
    const bool beside = is_beside(p);
    const size_t length = beside ? p->m1 - p->m0 : p->n1 - p->n0;
    const size_t patches = (length + PATCH_EDGE - 1) / PATCH_EDGE;
    const size_t tenths = beside && p->m1 == c->M ? 4 : !beside && p->n0 == 0 ? 6 : 5;
    const size_t cut = (patches * tenths + (tenths != 5 ? 5 : 0)) / 10;
    return (cut < patches ? cut : patches - 1) * PATCH_EDGE;
}

static void halve(const circuit *c, const area *p, area half[2])
{
    const size_t cut = cut_of(c, p);
    if (is_beside(p)) {
        half[0] = area_of(c, p->n0, p->n1, p->m0, p->m0 + cut, RIGHT, p->order);
        half[1] = area_of(c, p->n0, p->n1, p->m0 + cut, p->m1, LEFT, p->order);
    } else {
        half[0] = area_of(c, p->n0, p->n0 + cut, p->m0, p->m1, BOTTOM, p->order);
        half[1] = area_of(c, p->n0 + cut, p->n1, p->m0, p->m1, TOP, p->order);
    }
}

static real *take(nest *s, size_t reals)
{
    real *memory = s->next;
    s->next += reals;
    return memory;
}

/* Where a half's sides come in the whole; the seam itself is no part of it. */
static source source_of(const area *whole, const area *half, const area *before, real *net)
{
    source s = {.net = net};
    const int shared = half->order[0];
    for (int side = LEFT; side < SIDES; side++) {
        s.at[side] = half->at[side];
        s.count[side] = side == shared ? 0 : half->count[side];
        s.to[side] = whole->at[side];
        if (before && before->order[0] != side)
            s.to[side] += up(before->count[side]);
    }
    return s;
}

/* A patch with its four sides, those without ports first. */
static void describe_patch(const circuit *c, const area *p, patch *out)
{
    const size_t rows = p->n1 - p->n0, columns = p->m1 - p->m0;
    const size_t sides[SIDES] = {rows, rows, columns, columns};
    const bool gone[SIDES] = {[TOP] = p->n0 == 0, [RIGHT] = p->m1 == c->M};
    size_t at = 0;
    out->p = *p;
    out->of = (source){0};
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < SIDES; i++) {
            const int side = p->order[i];
            if (gone[side] != (pass == 0))
                continue;
            out->of.at[side] = at;
            out->of.count[side] = gone[side] ? 0 : sides[side];
            out->of.to[side] = p->at[side];
            at += up(sides[side]);
        }
}

static void find_patches(nest *s, const area *p)
{
    area half[2];
    if (is_patch(p)) {
        patch *q = &s->of[s->patches++];
        describe_patch(s->c, p, q);
        q->of.net = take(s, patches_net());
        return;
    }
    halve(s->c, p, half);
    find_patches(s, &half[0]);
    find_patches(s, &half[1]);
}

/* A patch as it is, or with the nodes eliminated that end at the rim of the array; the drivers at the right are new. */
static real *take_patch(nest *s, const area *p)
{
    const patch *q = &s->of[s->taken++];
    const bool top = p->n0 == 0, right = p->m1 == s->c->M;
    const size_t rows = p->n1 - p->n0, columns = p->m1 - p->m0;
    real driver_S[PATCH_EDGE];
    if (!top && !right)
        return q->of.net;
    joint j = {.c = s->c, .p = p, .of = &q->of, .sources = 1};
    j.seam = (top ? up(columns) : 0) + (right ? up(rows) : 0);
    j.tie = q->of.at[RIGHT];
    if (p->count[RIGHT] && right) {
        for (size_t i = 0; i < rows; i++)
            driver_S[i] = (real)(s->scale * mhoi_circuit_driver_S(s->c, p->n0 + i));
        j.right_S = driver_S;
    }
    j.net = take(s, area_net(p));
    j.work = s->next;
    join(&j);
    return j.net;
}

/* The network of an area's ports, on the stack. */
static mho_status solve(nest *s, const area *p, real **net)
{
    const bool starts = s->patches == 0 && patches_in(p) <= PATCHES;
    area half[2];
    real *of[2];
    mho_status status = mhoi_interruption();
    real *const out = take(s, is_patch(p) ? 0 : area_net(p)), *const top = s->next;
    if (status)
        return status;
    if (starts) {
        s->taken = 0;
        find_patches(s, p);
        patches_solve(s->c, s->scale, s->patches, s->of, s->next);
    }
    if (is_patch(p)) {
        *net = take_patch(s, p);
    } else {
        halve(s->c, p, half);
        for (int h = 0; !status && h < 2; h++)
            status = solve(s, &half[h], &of[h]);
        if (status)
            return status;
        const source both[2] = {source_of(p, &half[0], NULL, of[0]),
                                source_of(p, &half[1], &half[0], of[1])};
        join(&(joint){.c = s->c,
                      .p = p,
                      .of = both,
                      .sources = 2,
                      .seam = up(half[0].count[half[0].order[0]]),
                      .net = out,
                      .work = s->next});
        *net = out;
        s->next = top;
    }
    if (starts)
        s->patches = 0;
    return MHO_OK;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static double larger_of(double a, double b)
{
    return a > b ? a : b;
}

/* Floats range from 1e-38 to 3e38.  No conductance between two nodes is much above the largest of the circuit, and sums are at most
 * a few thousand times that: it is put at about 2^HIGHEST, and 1e-68 of it can still be told. */
static double scale_of(const circuit *c)
{
    enum { HIGHEST = sizeof(real) == sizeof(float) ? 100 : 0 };
    if (!HIGHEST)
        return 1;
    double most = larger_of(1 / c->options->r_row_ohm, 1 / c->options->r_col_ohm);
    for (size_t k = 0; k < c->N * c->M; k++)
        most = larger_of(most, c->g_S[k]);
    return ldexp(1, HIGHEST - ilogb(most));
}

/* Reals that solve() leaves on the stack. */
static size_t left_by(const circuit *c, const area *p)
{
    return is_patch(p) && p->n0 > 0 && p->m1 < c->M ? 0 : area_net(p);
}

/* Reals that solve() needs on the stack; within: patches are there already. */
static size_t need_of(const circuit *c, const area *p, bool within)
{
    const bool starts = !within && patches_in(p) <= PATCHES;
    size_t most = starts ? patches_work() : 0, kept = 0;
    area half[2];
    if (is_patch(p)) {
        most = larger(most, area_net(p) + join_work(2 * PATCH_EDGE, p->size, PATCH_EDGE));
    } else {
        halve(c, p, half);
        for (int h = 0; h < 2; h++) {
            most = larger(most, kept + need_of(c, &half[h], within || starts));
            kept += left_by(c, &half[h]);
        }
        most = larger(most, kept + join_work(half[0].count[half[0].order[0]], p->size, 0));
        most += area_net(p);
    }
    return most + (starts ? patches_in(p) * patches_net() : 0);
}

static size_t need_of_shape(const circuit *c, const area *whole, mhoi_circuit_memory *memory)
{
    const bool both = c->options->both_sides;
    if (memory->N != c->N || memory->M != c->M || memory->both_sides != both ||
        memory->real != sizeof(real)) {
        mhoi_circuit_memory_drop(memory); /* what was a number may be none of another size */
        memory->need = need_of(c, whole, false);
    }
    memory->real = sizeof(real);
    memory->N = c->N;
    memory->M = c->M;
    memory->both_sides = both;
    return memory->need;
}

/* T [M][N] = what is between the drivers at the left and the sense amplifiers, then += for those at the right. */
static void take_side(const circuit *c, const area *whole, const real *net, double unscale,
                      int side, double *T_S)
{
    for (size_t m = 0; m < c->M; m++) {
        const size_t to = whole->at[BOTTOM] + m;
        const real *column = net + net_strip(to / LANES) + LANES * whole->at[side] + to % LANES;
        for (size_t n = 0; n < whole->count[side]; n++) {
            const double one = column[LANES * n] * unscale;
            T_S[m * c->N + n] = side == LEFT ? one : T_S[m * c->N + n] + one;
        }
    }
}

mho_status MHOI_OF_REAL(mhoi_circuit_nested)(const circuit *c, mhoi_circuit_memory *memory,
                                             double *T_S)
{
    static const int order[SIDES] = {TOP, RIGHT, LEFT, BOTTOM};
    const area whole = area_of(c, 0, c->N, 0, c->M, TOP, order);
    real *net = NULL;
    nest *s;
    mho_status status = mhoi_alloc(&s, 1, sizeof *s, "parts of a crossbar");
    if (!status)
        status = mhoi_circuit_memory_hold(memory, need_of_shape(c, &whole, memory) * sizeof(real));
    if (!status) {
        s->c = c;
        s->scale = scale_of(c);
        s->next = memory->at;
        status = solve(s, &whole, &net);
    }
    if (!status) {
        take_side(c, &whole, net, 1 / s->scale, LEFT, T_S);
        take_side(c, &whole, net, 1 / s->scale, RIGHT, T_S);
    }
    mhoi_free(&s);
    return status;
}
