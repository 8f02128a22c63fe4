/* SPDX-License-Identifier: Apache-2.0 */
/* The flat loops of layers that are not matrix products, on [n][h][w][c] arrays; plain C compiled for each
 * instruction set.  Every element is computed by the same operations in the same order in all of them, so
 * the digits do not depend on the set.
 *
 * Loops over channels run over a tile: `tile` = a multiple of c elements, with each channel's
 * coefficient repeated, so that short channel counts still fill the registers. */
#ifndef MHO_DNN_LOOPS_H
#define MHO_DNN_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#include "net/graph.h"

typedef struct mhoi_loops {
    /* y = x a + b */
    void (*affine)(size_t n, size_t tile, const float *x, const float *a, const float *b, float *y);
    /* y = +1 where x > 0, else -1 */
    void (*sign)(size_t n, const float *x, float *y);
    void (*step)(size_t n, const float *x, float *y); /* 1 where x > 0, else 0 */
    /* y = x where x > 0, else slope x */
    void (*relu)(size_t n, float slope, const float *x, float *y);
    void (*add)(size_t n, const float *x, const float *z, float *y); /* y = x + z */
    /* Pools of n images by the shapes of node; the largest, or the mean, of the window inside the image.
     * which (or NULL): the position in the window of the first largest. */
    void (*maxpool)(const mho_node *node, size_t n, const float *x, float *y, int32_t *which);
    void (*avgpool)(const mho_node *node, size_t n, const float *x, float *y);

    /* --- training: gradients are d_something ------------------------------------------------------ */
    /* Adds up over the elements: sum += x, square += x x, both [tile]. */
    void (*moments)(size_t n, size_t tile, const float *x, float *sum, float *square);
    /* sum += dy, dot += dy x. */
    void (*products)(size_t n, size_t tile, const float *dy, const float *x, float *sum,
                     float *dot);
    /* dx = dy a + x b + c */
    void (*affine_back)(size_t n, size_t tile, const float *dy, const float *x, const float *a,
                        const float *b, const float *c, float *dx);
    void (*sign_back)(size_t n, const float *x, const float *dy, float *dx); /* dy where |x| <= 1 */
    void (*relu_back)(size_t n, float slope, const float *x, const float *dy, float *dx);
    void (*maxpool_back)(const mho_node *node, size_t n, const int32_t *which, const float *dy,
                         float *dx);
    void (*avgpool_back)(const mho_node *node, size_t n, const float *dy, float *dx);
    /* Adam: m, v, w from the gradient g; rate, corrections of the means and the decay are given.
     * clip > 0 keeps w within -clip..clip. */
    void (*adam)(size_t n, const float *g, float rate, float correct_v, float decay, float clip,
                 float *m, float *v, float *w);
} mhoi_loops;

extern const mhoi_loops mhoi_loops_ref, mhoi_loops_avx2, mhoi_loops_avx512;
const mhoi_loops *mhoi_loops_best(void);

/* The sign of a node: what it is of 0 is the node's. */
static inline void mhoi_loops_sign(const mhoi_loops *loops, float of_zero, size_t n, const float *x,
                                   float *y)
{
    if (of_zero == -1.0f) {
        loops->sign(n, x, y);
        return;
    }
    for (size_t i = 0; i < n; ++i)
        y[i] = x[i] > 0 ? 1.0f : x[i] == 0 ? of_zero : -1.0f;
}

/* Elements of a tile for c channels: a multiple of c, 256 or more. */
size_t mhoi_loops_tile(size_t c);

#endif
