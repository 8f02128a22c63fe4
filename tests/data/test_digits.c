/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic digits: reproducible, in the shape of MNIST, and telling digits apart is possible but not
 * trivial. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "data/digit_glyphs.h"
#include "mho/data.h"
#include "mho/run.h"

#define SIZE (28 * 28)
#define CHECKSUM UINT64_C(0xe4b3d3cbb74b4a26)

static mho_images generate(uint64_t seed, uint64_t first, size_t count)
{
    mho_images images;
    assert_int_equal(mho_digits_generate(seed, first, count, &images), MHO_OK);
    assert_int_equal(images.count, count);
    assert_int_equal(images.classes, 10);
    assert_int_equal(images.shape.c, 1);
    assert_int_equal(images.shape.h, 28);
    assert_int_equal(images.shape.w, 28);
    return images;
}

static void expect_near(double got, double want, double within)
{
    if (!(got >= want - within && got <= want + within))
        fail_msg("got %g, want %g +- %g", got, want, within);
}

static uint64_t checksum(const mho_images *images)
{
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < images->count * SIZE; i++)
        sum = (sum ^ images->pixel[i]) * 1099511628211u;
    for (size_t i = 0; i < images->count; i++)
        sum = (sum ^ images->label[i]) * 1099511628211u;
    return sum;
}

static void keeps_its_pixels(void **state)
{
    (void)state;
    mho_images images = generate(MHO_DIGITS_SEED, MHO_DIGITS_TRAIN, 1000);
    if (checksum(&images) != CHECKSUM)
        fail_msg("checksum 0x%016" PRIx64 ", want 0x%016" PRIx64, checksum(&images), CHECKSUM);
    mho_images_free(&images);
}

static void does_not_depend_on_threads_or_batch(void **state)
{
    (void)state;
    size_t threads = mho_run_threads(NULL);
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    mho_images one = generate(5, 100, 300);
    assert_int_equal(mho_run_set_threads(NULL, 7), MHO_OK);
    mho_images seven = generate(5, 100, 300), tail = generate(5, 250, 150);
    assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
    assert_memory_equal(one.pixel, seven.pixel, 300 * SIZE);
    assert_memory_equal(one.label, seven.label, 300 * sizeof *one.label);
    assert_memory_equal(one.pixel + 150 * SIZE, tail.pixel, 150 * SIZE);
    mho_images other = generate(6, 100, 300);
    assert_memory_not_equal(one.pixel, other.pixel, 300 * SIZE);
    mho_images_free(&one);
    mho_images_free(&seven);
    mho_images_free(&tail);
    mho_images_free(&other);
}

/* As MNIST: about a tenth each, 33.8 mean grey, 19 % of the pixels inked, centred, margins empty. */
static void resembles_handwriting(void **state)
{
    (void)state;
    size_t count = 2000, of_label[10] = {0}, inked = 0;
    double sum = 0, sum_x = 0, sum_y = 0, border = 0;
    mho_images images = generate(1, 0, count);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(images.label[i], 0, 9);
        of_label[images.label[i]]++;
        size_t peak = 0;
        for (size_t y = 0; y < 28; y++)
            for (size_t x = 0; x < 28; x++) {
                uint8_t v = images.pixel[i * SIZE + y * 28 + x];
                sum += v;
                sum_x += v * (double)x;
                sum_y += v * (double)y;
                inked += v > 0;
                border += y == 0 || x == 0 || y == 27 || x == 27 ? v : 0;
                peak = v > peak ? v : peak;
            }
        assert_in_range(peak, 150, 255);
    }
    for (size_t d = 0; d < 10; d++)
        assert_in_range(of_label[d], count / 10 - 60, count / 10 + 60);
    expect_near(sum / (double)(count * SIZE), 33.8, 2.0);
    expect_near((double)inked / (double)(count * SIZE), 0.19, 0.015);
    expect_near(sum_x / sum, 13.5, 0.1);
    expect_near(sum_y / sum, 13.5, 0.1);
    assert_true(border / sum < 1e-3);
    mho_images_free(&images);
}

static unsigned distance(const uint8_t *a, const uint8_t *b)
{
    unsigned sum = 0;
    for (size_t i = 0; i < SIZE; i++)
        sum += (unsigned)((a[i] - b[i]) * (a[i] - b[i]));
    return sum;
}

/* The nearest of 2,000 digits has the right label about as often as in MNIST (there: 85 to 92 %). */
static void is_neither_trivial_nor_noise(void **state)
{
    (void)state;
    mho_images known = generate(1, 0, 2000), asked = generate(1, MHO_DIGITS_TRAIN, 300);
    size_t right = 0;
    for (size_t i = 0; i < asked.count; i++) {
        size_t nearest = 0;
        unsigned best = UINT32_MAX;
        for (size_t k = 0; k < known.count; k++) {
            unsigned d = distance(asked.pixel + i * SIZE, known.pixel + k * SIZE);
            if (d < best) {
                best = d;
                nearest = k;
            }
        }
        right += known.label[nearest] == asked.label[i];
    }
    assert_in_range(right, 246, 285);
    mho_images_free(&known);
    mho_images_free(&asked);
}

static void glyphs_are_well_formed(void **state)
{
    (void)state;
    for (size_t d = 0; d < 10; d++) {
        assert_in_range(mhoi_digits[d].habits, 1, MHOI_GLYPH_HABITS);
        for (size_t h = 0; h < mhoi_digits[d].habits; h++) {
            const mhoi_glyph_point *p = mhoi_digits[d].habit[h].point;
            size_t n = 0, length = 0;
            for (; n < MHOI_GLYPH_POINTS && p[n].pen != 0; n++) {
                assert_true(p[n].pen == MHOI_PEN_SMOOTH || p[n].pen == MHOI_PEN_CORNER ||
                            p[n].pen == MHOI_PEN_UP);
                assert_true(abs(p[n].x) <= 50 && abs(p[n].y) <= 50);
                length++;
                if (p[n].pen == MHOI_PEN_UP) {
                    assert_true(length >= 2);
                    length = 0;
                }
            }
            assert_true(n >= 2 && length == 0);
        }
    }
}

static void handles_none(void **state)
{
    (void)state;
    mho_images images = generate(1, 0, 0);
    mho_images_free(&images);
    mho_images_free(NULL);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    for (size_t k = 1; s != MHO_OK; k++) {
        mho_images images;
        assert_in_range(k, 1, 20);
        mhoi_alloc_fail_at(k);
        s = mho_digits_generate(1, 0, 100, &images);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || (s == MHO_ENOMEM && images.pixel == NULL));
        mho_images_free(&images);
        assert_int_equal(mhoi_alloc_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_pixels),
        cmocka_unit_test(does_not_depend_on_threads_or_batch),
        cmocka_unit_test(resembles_handwriting),
        cmocka_unit_test(is_neither_trivial_nor_noise),
        cmocka_unit_test(glyphs_are_well_formed),
        cmocka_unit_test(handles_none),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
