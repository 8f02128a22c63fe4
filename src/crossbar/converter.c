/* SPDX-License-Identifier: Apache-2.0 */
/* Code k stands for the value lo + k step, in the middle of its interval; lo = edge - step / 2. */
#include "crossbar/converter.h"

#include <math.h>

#define CODES_PREPARED (1 << 16) /* edges worth checking one by one */

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t at_least_one(int64_t v)
{
    return v < 1 ? 1 : v;
}

/* Moves an edge halfway between two of them. */
static int64_t align(int64_t edge, int64_t between)
{
    return floor_div(edge, between) * between + between / 2;
}

mho_converter mhoi_converter_make(const mhoi_converter_wish *wish)
{
    const int64_t codes = (int64_t)1 << wish->bits, unit = wish->unit, last = codes - 1;
    const int64_t span = wish->hi - wish->lo;
    const bool lossless = floor_div(span + unit - 1, unit) <= last;
    const bool aligned = wish->aligned || lossless;
    int64_t step, edge;
    if (!aligned)
        step = at_least_one(floor_div(span + last - 1, last));
    else if (wish->centred)
        step = unit * at_least_one(floor_div(2 * span + unit * last, 2 * unit * last));
    else
        step = unit * at_least_one(floor_div(span + unit * last - 1, unit * last));
    edge = wish->lo + step / 2;
    if (aligned && wish->centred)
        edge = floor_div(wish->lo + wish->hi - step * (codes - 2), 2);
    if (aligned)
        edge = align(edge, wish->between);
    return (mho_converter){(int32_t)codes, (int32_t)edge, (int32_t)step};
}

int32_t mhoi_convert(const mho_converter *converter, int64_t s)
{
    if (converter->codes == 0)
        return (int32_t)s;
    const int64_t code = floor_div(s - converter->edge, converter->step) + 1;
    return (int32_t)(code < 0 ? 0 : code > converter->codes - 1 ? converter->codes - 1 : code);
}

static int64_t whole(double miss)
{
    return llrint(fmin(fmax(miss, -1e9), 1e9));
}

int64_t mhoi_converter_moved_edge(const mho_converter *converter, const mho_converter_error *error)
{
    return converter->edge - whole((double)error->offset);
}

int32_t mhoi_convert_wrong(const mho_converter *converter, const mho_converter_error *e, int64_t s)
{
    const double codes = converter->codes, step = converter->step;
    const double middle = codes > 0 ? converter->edge + 0.5 * step * (codes - 2) : 0;
    const double x = (double)s - middle;
    double miss = (double)e->offset + (double)e->gain * x;
    if (codes > 0) {
        const double t = x / (0.5 * step * codes);
        miss += (double)e->bow * fmax(0, 1 - t * t);
    }
    return mhoi_convert(converter, s + whole(miss));
}

double mhoi_converter_lo(const mho_converter *converter)
{
    return (double)converter->edge - 0.5 * converter->step;
}

double mhoi_converter_miss(const mho_converter *converter, int64_t s)
{
    return (double)(s - converter->edge) -
           ((double)mhoi_convert(converter, s) - 0.5) * converter->step;
}

/* What the kernels compute, in the same precision. */
static int32_t code_of(const mhoi_code *code, int64_t s)
{
    if (s < INT32_MIN || s > INT32_MAX)
        return s < 0 ? 0 : (int32_t)code->top;
    if (code->wide) {
        const double t = fma((double)s, code->wide_scale, code->wide_shift);
        return (int32_t)fmin(fmax(t, 0.0), (double)code->top);
    }
    const float t = fmaf((float)(int32_t)s, code->scale, code->shift);
    return (int32_t)fminf(fmaxf(t, 0.0F), code->top);
}

/* Both the code and its approximation never fall as S rises, so they agree everywhere if they agree
 * on either side of every edge.  docs/models/crossbar.md eq. (4). */
static bool is_exact(const mho_converter *converter, const mhoi_code *code)
{
    for (int32_t j = 0; j < converter->codes - 1; ++j) {
        const int64_t edge = converter->edge + (int64_t)j * converter->step;
        if (code_of(code, edge) != j + 1 || code_of(code, edge - 1) != j)
            return false;
    }
    return true;
}

bool mhoi_code_prepare(const mho_converter *converter, mhoi_code *code)
{
    *code = (mhoi_code){.ideal = converter->codes == 0};
    if (code->ideal)
        return true;
    if (converter->codes > CODES_PREPARED)
        return false;
    const double step = converter->step;
    code->wide_scale = 1.0 / step;
    code->wide_shift = (step - converter->edge + 0.5) / step;
    code->scale = (float)code->wide_scale;
    code->shift = (float)code->wide_shift;
    code->top = (float)(converter->codes - 1);
    if (is_exact(converter, code))
        return true;
    code->wide = true;
    return is_exact(converter, code);
}
