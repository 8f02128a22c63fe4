/* SPDX-License-Identifier: Apache-2.0 */
/* How the ten digits are written: pen strokes, several habits for each digit. */
#ifndef MHO_DATA_DIGIT_GLYPHS_H
#define MHO_DATA_DIGIT_GLYPHS_H

#include <stddef.h>
#include <stdint.h>

typedef enum mhoi_pen {
    MHOI_PEN_SMOOTH = '~', /* the curve runs through */
    MHOI_PEN_CORNER = 'v', /* the curve breaks here */
    MHOI_PEN_UP = '.',     /* the stroke ends here */
} mhoi_pen;

/* A point the pen passes: hundredths of the digit's height, x right, y down, the centre is 0, 0. */
typedef struct mhoi_glyph_point {
    int8_t x, y;
    char pen; /* mhoi_pen */
} mhoi_glyph_point;

#define MHOI_GLYPH_POINTS 16
#define MHOI_GLYPH_HABITS 5

/* Unused points are zero; every stroke has at least two points and ends with MHOI_PEN_UP. */
typedef struct mhoi_glyph {
    mhoi_glyph_point point[MHOI_GLYPH_POINTS];
} mhoi_glyph;

typedef struct mhoi_digit {
    size_t habits;
    mhoi_glyph habit[MHOI_GLYPH_HABITS];
} mhoi_digit;

extern const mhoi_digit mhoi_digits[10];

#endif
