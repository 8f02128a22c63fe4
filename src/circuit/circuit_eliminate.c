/* SPDX-License-Identifier: Apache-2.0 */
/* Elimination of nodes of a resistor network.
 *
 * A node k with conductances o_kj to the others is replaced by conductances o_ki o_kj / sum_l o_kl
 * between each two of its neighbours (the star-mesh transformation).  This is Cholesky factorization of
 * the nodal matrix, but the diagonal is never stored: it is summed up from the conductances when it is
 * needed.  So nothing is ever subtracted, and every conductance keeps full relative accuracy however
 * badly conditioned the nodal matrix is (docs/models/circuit.md eq. (4)).
 *
 * Large networks go in panels, by recursive halving, with matrix products (product.h). */
#include <math.h>

#include "base/alloc.h"
#include "circuit/circuit_impl.h"
#include "circuit/product.h"

enum {
    PANEL = 8,        /* nodes eliminated one by one */
    SMALL_INNER = 16, /* a network this small goes one by one as a whole */
    SMALL_SIZE = 96,
    LANES = 8,
};

static bool is_small(const network *net)
{
    return net->inner <= PANEL || (net->inner <= SMALL_INNER && net->size <= SMALL_SIZE);
}

mho_status mhoi_network_create(size_t size, size_t inner, network *out)
{
    *out = (network){.size = size, .inner = inner};
    mho_status s = mhoi_alloc(&out->o, size * size, sizeof *out->o, "resistor network");
    if (!s && !is_small(out))
        s = mhoi_alloc(&out->scratch, mhoi_product_scratch(size, size, inner), sizeof *out->scratch,
                       "resistor network");
    return s;
}

void mhoi_network_destroy(network *net)
{
    mhoi_free(&net->o);
    mhoi_free(&net->scratch);
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
static void scale_row(network *net, size_t k)
{
    double *row = net->o + k * net->size;
    const double sum = sum_of(row + k + 1, net->size - k - 1);
    const double root = sqrt(sum), factor = sum > 0 ? 1 / root : 0;
    row[k] = root;
    for (size_t j = k + 1; j < net->size; j++)
        row[j] *= factor;
}

/* Eliminates nodes [from, to) and updates the rows up to `limit`. */
static void eliminate_singly(network *net, size_t from, size_t to, size_t limit)
{
    const mhoi_product_kernel *kernel = mhoi_product_best();
    for (size_t k = from; k < to; k++) {
        scale_row(net, k);
        const double *row = net->o + k * net->size;
        for (size_t i = k + 1; i < limit; i++) {
            const size_t next = i + 1;
            if (row[i] != 0)
                kernel->add_scaled(net->size - next, row[i], row + next,
                                   net->o + i * net->size + next);
        }
    }
}

typedef struct range {
    size_t from, to;
} range;

/* What the elimination of nodes [from, to) adds to the conductances between `rows` and `columns`. */
static void update(network *net, size_t from, size_t to, range rows, range columns)
{
    const double *done = net->o + from * net->size;
    mhoi_product_add(&(mhoi_product){.m = rows.to - rows.from,
                                     .n = columns.to - columns.from,
                                     .depth = to - from,
                                     .ld = net->size,
                                     .a = done + rows.from,
                                     .b = done + columns.from,
                                     .c = net->o + rows.from * net->size + columns.from,
                                     .upper = rows.from == columns.from},
                     net->scratch);
}

/* Eliminates nodes [from, to), updating these rows only. */
static void eliminate_rows(network *net, size_t from, size_t to)
{
    if (to - from <= PANEL) {
        eliminate_singly(net, from, to, to);
        return;
    }
    const size_t middle = from + (to - from) / 2, size = net->size;
    eliminate_rows(net, from, middle);
    update(net, from, middle, (range){middle, to}, (range){middle, size});
    eliminate_rows(net, middle, to);
}

void mhoi_network_eliminate(network *net)
{
    if (is_small(net)) {
        eliminate_singly(net, 0, net->inner, net->size);
        return;
    }
    eliminate_rows(net, 0, net->inner);
    update(net, 0, net->inner, (range){net->inner, net->size}, (range){net->inner, net->size});
    mhoi_free(&net->scratch);
}

void mhoi_network_eliminate_across(network *net, size_t split)
{
    if (is_small(net)) {
        eliminate_singly(net, 0, net->inner, net->size);
        return;
    }
    eliminate_rows(net, 0, net->inner);
    update(net, 0, net->inner, (range){net->inner, split}, (range){split, net->size});
    mhoi_free(&net->scratch);
}

void mhoi_network_voltages(const network *net, double *x)
{
    for (size_t k = net->inner; k-- > 0;) {
        const double *row =
            net->o + k * net->size; /* divided by the root, which is on the diagonal */
        double sum = 0;
        for (size_t j = k + 1; j < net->size; j++)
            sum += row[j] * x[j];
        x[k] = row[k] > 0 ? sum / row[k] : 0;
    }
}
