/* SPDX-License-Identifier: Apache-2.0 */
/* Elimination of nodes of a resistor network.
 *
 * A node k with conductances o_kj to the others is replaced by conductances o_ki o_kj / sum_l o_kl
 * between each two of its neighbours (the star-mesh transformation).  This is Cholesky factorization of
 * the nodal matrix, but the diagonal is never stored: it is summed up from the conductances when it is
 * needed.  So nothing is ever subtracted, and every conductance keeps full relative accuracy however
 * badly conditioned the nodal matrix is (docs/models/circuit.md eq. (4)).
 *
 * Large networks go in panels, by recursive halving, with matrix products of OpenBLAS on one thread. */
#include <cblas.h>
#include <math.h>

#include "base/alloc.h"
#include "circuit/circuit_impl.h"

enum {
    PANEL = 8,        /* nodes eliminated one by one */
    SMALL_INNER = 16, /* a network this small goes one by one as a whole */
    SMALL_SIZE = 96,
    LANES = 8,
};

mho_status network_create(size_t size, size_t inner, network *out)
{
    *out = (network){.size = size, .inner = inner};
    openblas_set_num_threads(1); /* so that no digit depends on threads */
    return mhoi_alloc(&out->o, size * size, sizeof *out->o, "resistor network");
}

void network_destroy(network *n)
{
    mhoi_free(&n->o);
}

/* Sum in an order that does not depend on the compiler's vector length. */
static double sum_of(const double *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += x[i + l];
    for (; i < n; i++)
        lane[i % LANES] += x[i];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Divides row k by the root of its sum; a node without connections (sum 0) stays as it is. */
static void scale_row(network *n, size_t k)
{
    double *row = n->o + k * n->size;
    const double sum = sum_of(row + k + 1, n->size - k - 1);
    const double root = sqrt(sum), factor = sum > 0 ? 1 / root : 0;
    row[k] = root;
    for (size_t j = k + 1; j < n->size; j++)
        row[j] *= factor;
}

/* Eliminates nodes [from, to) and updates the rows up to `limit`. */
static void eliminate_singly(network *n, size_t from, size_t to, size_t limit)
{
    for (size_t k = from; k < to; k++) {
        scale_row(n, k);
        const double *row = n->o + k * n->size;
        for (size_t i = k + 1; i < limit; i++) {
            const double factor = row[i];
            double *target = n->o + i * n->size;
            if (factor != 0)
                for (size_t j = i + 1; j < n->size; j++)
                    target[j] += factor * row[j];
        }
    }
}

/* Eliminates nodes [from, to), updating these rows only. */
static void eliminate_rows(network *n, size_t from, size_t to)
{
    if (to - from <= PANEL) {
        eliminate_singly(n, from, to, to);
        return;
    }
    const size_t middle = from + (to - from) / 2, size = n->size;
    const double *done = n->o + from * size + middle;
    eliminate_rows(n, from, middle);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(to - middle), (int)(size - middle),
                (int)(middle - from), 1, done, (int)size, done, (int)size, 1,
                n->o + middle * size + middle, (int)size);
    eliminate_rows(n, middle, to);
}

static bool is_small(const network *n)
{
    return n->inner <= PANEL || (n->inner <= SMALL_INNER && n->size <= SMALL_SIZE);
}

void network_eliminate(network *n)
{
    if (is_small(n)) {
        eliminate_singly(n, 0, n->inner, n->size);
        return;
    }
    const size_t rest = n->size - n->inner;
    eliminate_rows(n, 0, n->inner);
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)rest, (int)n->inner, 1, n->o + n->inner,
                (int)n->size, 1, n->o + n->inner * n->size + n->inner, (int)n->size);
}

void network_eliminate_across(network *n, size_t split)
{
    if (is_small(n)) {
        eliminate_singly(n, 0, n->inner, n->size);
        return;
    }
    eliminate_rows(n, 0, n->inner);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(split - n->inner),
                (int)(n->size - split), (int)n->inner, 1, n->o + n->inner, (int)n->size,
                n->o + split, (int)n->size, 1, n->o + n->inner * n->size + split, (int)n->size);
}
