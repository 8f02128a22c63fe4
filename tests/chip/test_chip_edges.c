/* SPDX-License-Identifier: Apache-2.0 */
/* Edges of converters from calibration: values are the means of their sums, edges of least error lie halfway between
 * them, the error is no larger than that of equal steps; and where equal steps lose nothing, nothing changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "crossbar/converter.h"
#include "crossbar/crossbar_impl.h"
#include "mho/infer.h"

enum { INPUTS = 60, IMAGES = 40, SUMS_MAX = 200000 };

static mho_net *two_layers(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){INPUTS, 1, 1};
    add_fc(&b, INPUTS, true, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_fc(&b, 10, true, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

typedef struct sums {
    int32_t *s;
    size_t n;
} sums;

static void keep(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    sums *all = user;
    for (size_t i = 0; i < n; i++) {
        assert_true(all->n + 2 <= SUMS_MAX);
        all->s[all->n++] = s_plus[i];
        all->s[all->n++] = s_minus[i];
    }
}

/* Sums of the first layer, of the ideal cells that calibration saw. */
static mho_chip *chip_of(const mho_net *net, const mho_images *images, const char *edges, sums *all)
{
    const char *const sets[] = {edges,
                                "crossbar.rows=20",
                                "device.variation=0",
                                "output.first_bits=3",
                                "output.aligned=false",
                                NULL};
    const opened hw = open_hw("bcnn", sets);
    mho_chip *chip;
    mho_crossbar_work *work;
    must(mho_chip_open(net, hw.hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    all->n = 0;
    must(mho_crossbar_work_create(chip->layer[0].xb[0], &work));
    for (size_t i = 0; i < images->count; i++)
        mho_crossbar_sums(chip->layer[0].xb[0], work, images->pixel + i * INPUTS, keep, all);
    mho_crossbar_work_destroy(work);
    return chip;
}

static double error_of(const mho_chip *chip, const sums *all)
{
    const chip_layer *layer = &chip->layer[0];
    double error = 0;
    for (size_t i = 0; i < all->n; i++) {
        const double miss = layer->tabled
                                ? all->s[i] - mhoi_codes_value(layer->xb[0], NULL, all->s[i])
                                : mhoi_converter_miss(&layer->converter, all->s[i]);
        error += miss * miss;
    }
    return error;
}

/* near: half the width of the bins that calibration counts sums in, and rounding. */
static void check_means(const mho_crossbar *xb, const sums *all, double near, bool halfway)
{
    for (size_t k = 0; k < xb->codes; k++) {
        double mean = 0, n = 0;
        for (size_t i = 0; i < all->n; i++)
            if ((!k || all->s[i] >= xb->code_edge[k - 1]) &&
                (k + 1 == xb->codes || all->s[i] < xb->code_edge[k])) {
                mean += all->s[i];
                n++;
            }
        if (n > 0 && fabs(mean / n - xb->code_value[k]) > near)
            fail_msg("value %zu = %d, mean %.9g of %g sums", k, xb->code_value[k], mean / n, n);
        if (halfway && k + 1 < xb->codes &&
            fabs(0.5 * (xb->code_value[k] + xb->code_value[k + 1]) - xb->code_edge[k]) > near)
            fail_msg("edge %zu = %d between %d and %d", k, xb->code_edge[k], xb->code_value[k],
                     xb->code_value[k + 1]);
    }
}

static void edges_lie_where_the_sums_are(void **state)
{
    (void)state;
    dice d = {3};
    mho_net *net = two_layers(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    sums all = {.s = calloc(SUMS_MAX, sizeof(int32_t))};
    mho_chip *uniform = chip_of(net, &images, "output.edges=uniform", &all);
    const double equal = error_of(uniform, &all);
    mho_chip *lloyd = chip_of(net, &images, "output.edges=lloyd", &all);
    const double least = error_of(lloyd, &all);
    mho_chip *quantile = chip_of(net, &images, "output.edges=quantile", &all);
    const mho_crossbar *xb = quantile->layer[0].xb[0];
    /* 20 rows of 8-bit pixels: sums up to 20 x 255 x 4096 in 65,536 bins of 319 */
    assert_true(!uniform->layer[0].tabled && lloyd->layer[0].tabled && quantile->layer[0].tabled);
    assert_int_equal(xb->codes, 8);
    check_means(lloyd->layer[0].xb[0], &all, 330, true);
    check_means(xb, &all, 330, false);
    assert_true(least < 0.999 * equal);
    for (size_t k = 0; k < xb->codes; k++) {
        size_t n = 0;
        for (size_t i = 0; i < all.n; i++)
            n += (!k || all.s[i] >= xb->code_edge[k - 1]) &&
                 (k + 1 == xb->codes || all.s[i] < xb->code_edge[k]);
        assert_true(fabs((double)n * 8 / (double)all.n - 1) < 0.05);
    }
    mho_chip_destroy(uniform);
    mho_chip_destroy(lloyd);
    mho_chip_destroy(quantile);
    free(all.s);
    free_images(&images);
    mho_net_destroy(net);
}

/* A code for every sum: exact with any choice of edges; and with a full range, which wants images then. */
static void enough_codes_stay_exact(void **state)
{
    (void)state;
    static const char *const edges[] = {"output.edges=lloyd", "output.edges=quantile"};
    dice d = {8};
    mho_net *net = two_layers(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const size_t classes = 10;
    float *input = pixels_as_input(net, &images), *want = calloc(IMAGES * classes, sizeof *want),
          *got = calloc(IMAGES * classes, sizeof *got);
    mho_infer *infer;
    must(mho_infer_create(net, IMAGES, &infer));
    must(mho_infer_run(infer, IMAGES, input, want));
    mho_infer_destroy(infer);
    for (size_t e = 0; e < 2; e++) {
        const char *const sets[] = {edges[e],
                                    "crossbar.rows=20",
                                    "device.variation=0",
                                    "output.first_bits=16",
                                    "output.split_bits=16",
                                    "output.range=full",
                                    NULL};
        const opened hw = open_hw("bcnn", sets);
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
        assert_false(chip->layer[0].tabled);
        assert_memory_equal(got, want, IMAGES * classes * sizeof *want);
        mho_chip_destroy(chip);
    }
    free(input);
    free(want);
    free(got);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_lie_where_the_sums_are),
        cmocka_unit_test(enough_codes_stay_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
