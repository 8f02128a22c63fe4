/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of arrays as numbers of one kind, and back. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "tensor/array.h"

float mhoi_half_to_float(uint16_t half)
{
    const unsigned exponent = (half >> 10) & 31, mantissa = half & 1023;
    const float sign = half >> 15 ? -1.0F : 1.0F;
    if (exponent == 31)
        return mantissa ? NAN : sign * INFINITY;
    if (exponent == 0)
        return sign * ldexpf((float)mantissa, -24);
    return sign * ldexpf((float)(mantissa + 1024), (int)exponent - 25);
}

/* Rounds to the nearest, to even between two. */
uint16_t mhoi_half_from(double value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double size = fabs(value);
    if (isnan(value))
        return (uint16_t)(sign | 0x7e00);
    if (size == 0)
        return sign;
    if (size >= 65520.0)
        return (uint16_t)(sign | 0x7c00);
    int exponent = 0;
    (void)frexp(size, &exponent); /* size = f 2^exponent, f in 0.5..1 */
    const int step = exponent - 11 < -24 ? -24 : exponent - 11;
    const unsigned steps = (unsigned)nearbyint(ldexp(size, -step));
    /* steps up to 2048: the carry goes into the exponent by itself. */
    return (uint16_t)(sign | ((unsigned)(step + 24) * 1024 + steps));
}

static float brain_to_float(uint16_t brain)
{
    const uint32_t bits = (uint32_t)brain << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t brain_from(double value)
{
    const float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    if (isnan(value))
        return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* type of mho, of C */
#define PLAIN_TYPES(X)                                                                             \
    X(FLOAT, float)                                                                                \
    X(DOUBLE, double)                                                                              \
    X(INT8, int8_t)                                                                                \
    X(UINT8, uint8_t)                                                                              \
    X(INT16, int16_t)                                                                              \
    X(UINT16, uint16_t)                                                                            \
    X(INT32, int32_t)                                                                              \
    X(UINT32, uint32_t)                                                                            \
    X(INT64, int64_t)                                                                              \
    X(UINT64, uint64_t)                                                                            \
    X(BOOL, uint8_t)                                                                               \
    X(INT4, int8_t)                                                                                \
    X(UINT4, uint8_t)                                                                              \
    X(INT2, int8_t)                                                                                \
    X(UINT2, uint8_t)

#define LOAD(name, ctype)                                                                          \
    case MHO_TYPE_##name: {                                                                        \
        const ctype *x = (const ctype *)array->data + first;                                       \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = (__typeof__(*out))x[i];                                                       \
        break;                                                                                     \
    }

void mhoi_array_reals(const mho_array *array, size_t first, size_t n, double *out)
{
    if (n == 0) /* an empty array has no data */
        return;
    switch (array->type) {
        PLAIN_TYPES(LOAD)
    case MHO_TYPE_FLOAT16:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)mhoi_half_to_float(((const uint16_t *)array->data)[first + i]);
        break;
    case MHO_TYPE_BFLOAT16:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)brain_to_float(((const uint16_t *)array->data)[first + i]);
        break;
    case MHO_TYPE_FLOAT8E4M3FN:
    case MHO_TYPE_FLOAT8E4M3FNUZ:
    case MHO_TYPE_FLOAT8E5M2:
    case MHO_TYPE_FLOAT8E5M2FNUZ:
    case MHO_TYPE_FLOAT4E2M1:
        for (size_t i = 0; i < n; i++)
            out[i] = mhoi_small_to_real(array->type, ((const uint8_t *)array->data)[first + i]);
        break;
    case MHO_TYPE_NONE:
        break;
    }
}

/* As far as int64 goes; NaN is 0. */
static int64_t saturate(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

#define LOAD_WHOLE(name, ctype)                                                                    \
    case MHO_TYPE_##name: {                                                                        \
        const ctype *x = (const ctype *)array->data + first;                                       \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = (int64_t)x[i];                                                                \
        return;                                                                                    \
    }

void mhoi_array_wholes(const mho_array *array, size_t first, size_t n, int64_t *out)
{
    if (n == 0) /* an empty array has no data */
        return;
    switch (array->type) {
        LOAD_WHOLE(INT8, int8_t)
        LOAD_WHOLE(UINT8, uint8_t)
        LOAD_WHOLE(INT16, int16_t)
        LOAD_WHOLE(UINT16, uint16_t)
        LOAD_WHOLE(INT32, int32_t)
        LOAD_WHOLE(UINT32, uint32_t)
        LOAD_WHOLE(INT64, int64_t)
        LOAD_WHOLE(UINT64, uint64_t)
        LOAD_WHOLE(BOOL, uint8_t)
        LOAD_WHOLE(INT4, int8_t)
        LOAD_WHOLE(UINT4, uint8_t)
        LOAD_WHOLE(INT2, int8_t)
        LOAD_WHOLE(UINT2, uint8_t)
    default:
        break;
    }
    for (size_t i = 0; i < n; i++) {
        double value = 0;
        mhoi_array_reals(array, first + i, 1, &value);
        out[i] = saturate(value);
    }
}

double mho_array_number(const mho_array *array, size_t i)
{
    double value = 0;
    mhoi_array_reals(array, i, 1, &value);
    return value;
}

int64_t mhoi_array_whole(const mho_array *array, size_t i)
{
    int64_t value = 0;
    mhoi_array_wholes(array, i, 1, &value);
    return value;
}

void mhoi_array_set_reals(mho_array *array, size_t first, size_t n, const double *value)
{
    int64_t low, high;
    mhoi_type_range(array->type, &low, &high);
    switch (array->type) {
    case MHO_TYPE_FLOAT:
        for (size_t i = 0; i < n; i++)
            ((float *)array->data)[first + i] = (float)value[i];
        return;
    case MHO_TYPE_DOUBLE:
        if (n)
            memcpy((double *)array->data + first, value, n * sizeof *value);
        return;
    case MHO_TYPE_FLOAT16:
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)array->data)[first + i] = mhoi_half_from(value[i]);
        return;
    case MHO_TYPE_BFLOAT16:
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)array->data)[first + i] = brain_from(value[i]);
        return;
    case MHO_TYPE_BOOL:
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)array->data)[first + i] = value[i] != 0;
        return;
    default:
        break;
    }
    if (mhoi_type_is_small_float(array->type)) {
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)array->data)[first + i] = mhoi_small_from(array->type, value[i], true);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t whole = saturate(value[i]);
        whole = whole < low ? low : whole > high ? high : whole;
        mhoi_array_set_wholes(array, first + i, 1, &whole);
    }
}

#define STORE(name, ctype)                                                                         \
    case MHO_TYPE_##name: {                                                                        \
        ctype *x = (ctype *)array->data + first;                                                   \
        for (size_t i = 0; i < n; i++)                                                             \
            x[i] = (ctype)value[i];                                                                \
        break;                                                                                     \
    }

void mhoi_array_set_wholes(mho_array *array, size_t first, size_t n, const int64_t *value)
{
    if (n == 0) /* an empty array has no data */
        return;
    switch (array->type) {
        STORE(FLOAT, float)
        STORE(DOUBLE, double)
        STORE(INT8, int8_t)
        STORE(UINT8, uint8_t)
        STORE(INT16, int16_t)
        STORE(UINT16, uint16_t)
        STORE(INT32, int32_t)
        STORE(UINT32, uint32_t)
        STORE(INT64, int64_t)
        STORE(UINT64, uint64_t)
    case MHO_TYPE_BOOL:
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)array->data)[first + i] = value[i] != 0;
        break;
    case MHO_TYPE_FLOAT16:
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)array->data)[first + i] = mhoi_half_from((double)value[i]);
        break;
    case MHO_TYPE_BFLOAT16:
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)array->data)[first + i] = brain_from((double)value[i]);
        break;
    case MHO_TYPE_FLOAT8E4M3FN:
    case MHO_TYPE_FLOAT8E4M3FNUZ:
    case MHO_TYPE_FLOAT8E5M2:
    case MHO_TYPE_FLOAT8E5M2FNUZ:
    case MHO_TYPE_FLOAT4E2M1:
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)array->data)[first + i] =
                mhoi_small_from(array->type, (double)value[i], true);
        break;
    case MHO_TYPE_INT4:
    case MHO_TYPE_UINT4:
    case MHO_TYPE_INT2:
    case MHO_TYPE_UINT2:
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)array->data)[first + i] = (uint8_t)mhoi_wrap_small(array->type, value[i]);
        break;
    case MHO_TYPE_NONE:
        break;
    }
}

#define CHUNK ((size_t)512)

mho_status mhoi_array_convert(const mho_array *from, mho_type type, mho_array *out)
{
    *out = *from;
    out->type = type;
    out->data = NULL;
    mho_status s = mhoi_array_alloc(out, "array");
    if (s)
        return s;
    const bool real = mhoi_type_kind(from->type) == MHOI_KIND_REAL ||
                      (from->type == MHO_TYPE_UINT64 && mhoi_type_kind(type) == MHOI_KIND_REAL);
    for (size_t i = 0; i < from->count; i += CHUNK) {
        const size_t n = from->count - i < CHUNK ? from->count - i : CHUNK;
        double reals[CHUNK];
        int64_t wholes[CHUNK];
        if (real) {
            mhoi_array_reals(from, i, n, reals);
            mhoi_array_set_reals(out, i, n, reals);
        } else {
            mhoi_array_wholes(from, i, n, wholes);
            mhoi_array_set_wholes(out, i, n, wholes);
        }
    }
    return MHO_OK;
}
