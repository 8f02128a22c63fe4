/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that converters cut off are counted: against sums over the programmed cells, written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "crossbar/crossbar_impl.h"
#include "mho/run.h"

enum { ROWS = 200, COLUMNS = 30, IMAGES = 70 };

static mho_net *matrix(dice *d, bool positive)
{
    float w[COLUMNS * ROWS];
    mho_net *net;
    for (size_t i = 0; i < COLUMNS * ROWS; i++)
        w[i] = ((float)roll(d, positive ? 127 : 255) - (positive ? 0 : 127)) / 128;
    must(mho_net_of_matrix(ROWS, COLUMNS, w, 8, 1.0f / 255, &net));
    return net;
}

/* Vectors from dark ones to bright ones, the last of nothing. */
static mho_images vectors(dice *d)
{
    mho_images images = random_images(d, (mho_shape){ROWS, 1, 1}, IMAGES);
    for (size_t i = 0; i < IMAGES * ROWS; i++)
        images.pixel[i] = (uint8_t)(images.pixel[i] * (IMAGES - 1 - i / ROWS) / (IMAGES - 1));
    return images;
}

static bool is_cut(const mho_converter *c, int64_t s)
{
    const double first = c->edge - 0.5 * c->step, last = first + (c->codes - 1) * (double)c->step;
    const double half = 0.5 * c->step;
    return (double)s < first - half || (double)s >= last + half;
}

static mho_cut counted(const mho_chip *chip, const mho_images *images)
{
    const chip_layer *layer = &chip->layer[0];
    const mho_crossbar *xb = layer->xb[0];
    mho_cut cut = {0};
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            for (size_t first = 0; first < ROWS; first += xb->shape.crossbar_rows) {
                int64_t s[2] = {0};
                for (size_t r = first; r < ROWS && r < first + xb->shape.crossbar_rows; r++) {
                    s[0] += images->pixel[i * ROWS + r] * xb->g_plus[c * ROWS + r];
                    s[1] += images->pixel[i * ROWS + r] * xb->g_minus[c * ROWS + r];
                }
                if (layer->place->per_pair)
                    s[0] -= s[1];
                if (!layer->place->per_pair && !s[0] && !s[1])
                    continue;
                for (size_t side = 0; side < (layer->place->per_pair ? 1 : 2); side++) {
                    cut.sums++;
                    cut.beyond += is_cut(&layer->converter, s[side]);
                }
            }
    return cut;
}

/* The second row group of the last vectors but one is not driven; without negative weights its sums lie far above. */
static void check(const char *const *set, bool positive, bool some)
{
    dice d = {7};
    float plain[IMAGES * COLUMNS], scores[IMAGES * COLUMNS];
    uint16_t plain_label[IMAGES], label[IMAGES];
    mho_net *net = matrix(&d, positive);
    mho_images calibration = random_images(&d, (mho_shape){ROWS, 1, 1}, IMAGES);
    mho_images images = vectors(&d);
    mho_chip *chip;
    mho_cut cut;
    for (size_t i = IMAGES - 9; i < IMAGES; i++)
        memset(images.pixel + i * ROWS + 128, 0, ROWS - 128);
    must(mho_chip_open(net, open_hw("cnn8", set).hw, &calibration, &chip));
    must(mho_chip_program(chip, 3, 1));
    must(mho_chip_run_numbered(chip, &images, 0, IMAGES, 5, plain, plain_label, NULL));
    must(mho_chip_run_numbered(chip, &images, 0, IMAGES, 5, scores, label, &cut));
    assert_memory_equal(scores, plain, sizeof plain);
    assert_memory_equal(label, plain_label, sizeof label);
    const mho_cut want = counted(chip, &images);
    assert_int_equal(cut.sums, want.sums);
    assert_int_equal(cut.beyond, want.beyond);
    assert_int_equal(cut.beyond > 0, some);
    mho_chip_destroy(chip);
    free_images(&images);
    free_images(&calibration);
    mho_net_destroy(net);
}

#define FEW "output.calibration_images=70"

static void sums_beyond_a_range_are_counted(void **state)
{
    (void)state;
    check((const char *const[]){FEW, NULL}, false, true);
    check((const char *const[]){FEW, "output.per=pair", "output.last_bits=4", "output.first_bits=4",
                                NULL},
          false, true);
    check((const char *const[]){FEW, "output.per=pair", NULL}, true, true);
    check((const char *const[]){FEW, "output.range=full", NULL}, false, false);
}

static void converters_without_codes_cut_nothing(void **state)
{
    (void)state;
    dice d = {7};
    mho_net *net = matrix(&d, false);
    mho_images images = vectors(&d);
    mho_chip *chip;
    mho_cut cut = {1, 1};
    const char *const set[] = {FEW, "output.first_bits=0", "output.last_bits=0", NULL};
    must(mho_chip_open(net, open_hw("cnn8", set).hw, &images, &chip));
    must(mho_chip_program(chip, 3, 1));
    must(mho_chip_run_numbered(chip, &images, 0, IMAGES, 0, NULL, NULL, &cut));
    assert_int_equal(cut.sums, 0);
    assert_int_equal(cut.beyond, 0);
    mho_chip_destroy(chip);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    must(mho_cpu_init());
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_beyond_a_range_are_counted),
                                       cmocka_unit_test(converters_without_codes_cut_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
