/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of 8 bits and fewer: floats of few bits, and whole numbers that files pack into bytes.  In memory each has a
 * byte of its own. */
#include <math.h>
#include <string.h>

#include "base/contract.h"
#include "tensor/array.h"

/* Sign, exponent, mantissa; what the codes at the end are. */
static const struct small_float {
    mho_type type;
    int mantissa, bias;
    unsigned largest; /* code of the largest number */
    unsigned infinity, nan;
    bool unsigned_zero; /* the code of -0 is the only NaN */
} small_floats[] = {
    {MHO_TYPE_FLOAT8E4M3FN, 3, 7, 0x7e, 0x7f, 0x7f, false},
    {MHO_TYPE_FLOAT8E4M3FNUZ, 3, 8, 0x7f, 0x80, 0x80, true},
    {MHO_TYPE_FLOAT8E5M2, 2, 15, 0x7b, 0x7c, 0x7f, false},
    {MHO_TYPE_FLOAT8E5M2FNUZ, 2, 16, 0x7f, 0x80, 0x80, true},
    {MHO_TYPE_FLOAT4E2M1, 1, 1, 0x7, 0x7, 0x8, false}, /* NaN becomes -0 */
};

static const struct small_float *find(mho_type type)
{
    for (size_t k = 0; k < sizeof small_floats / sizeof *small_floats; k++)
        if (small_floats[k].type == type)
            return &small_floats[k];
    return NULL;
}

bool mhoi_type_is_small_float(mho_type type)
{
    return find(type) != NULL;
}

static unsigned sign_of(const struct small_float *f)
{
    return f->type == MHO_TYPE_FLOAT4E2M1 ? 0x8 : 0x80;
}

double mhoi_small_to_real(mho_type type, uint8_t code)
{
    const struct small_float *f = find(type);
    MHO_ASSERT(f);
    const unsigned size = code & (sign_of(f) - 1), mantissa = size & ((1U << f->mantissa) - 1);
    const int exponent = (int)(size >> f->mantissa);
    const double sign = code & sign_of(f) ? -1 : 1;
    if (f->unsigned_zero && code == f->nan)
        return NAN;
    if (size > f->largest)
        return size == f->infinity && f->infinity != f->nan ? sign * INFINITY : NAN;
    if (exponent == 0)
        return sign * ldexp((double)mantissa, 1 - f->bias - f->mantissa);
    return sign * ldexp((double)(mantissa + (1U << f->mantissa)), exponent - f->bias - f->mantissa);
}

uint8_t mhoi_small_from(mho_type type, double value, bool saturates)
{
    const struct small_float *f = find(type);
    MHO_ASSERT(f);
    const unsigned sign = signbit(value) ? sign_of(f) : 0;
    const double size = fabs(value);
    unsigned code;
    if (isnan(value)) {
        code = f->nan;
    } else {
        int exponent = 1 - f->bias;
        if (size > 0 && !isinf(size)) {
            (void)frexp(size, &exponent);
            exponent = exponent - 1 < 1 - f->bias ? 1 - f->bias : exponent - 1;
        }
        /* Steps of the exponent's mantissa; a carry goes into the exponent by itself. */
        const double steps =
            isinf(size) ? INFINITY : nearbyint(ldexp(size, f->mantissa - exponent));
        const double at = steps + ldexp((double)(exponent + f->bias - 1), f->mantissa);
        code = at <= f->largest ? (unsigned)at : saturates ? f->largest : f->infinity;
    }
    if (f->unsigned_zero && (code == 0 || code == f->nan))
        return (uint8_t)code;
    return (uint8_t)(code | sign);
}

/* Elements of a byte in a file. */
static size_t packed(mho_type type)
{
    switch (type) {
    case MHO_TYPE_INT4:
    case MHO_TYPE_UINT4:
    case MHO_TYPE_FLOAT4E2M1:
        return 2;
    case MHO_TYPE_INT2:
    case MHO_TYPE_UINT2:
        return 4;
    default:
        return 1;
    }
}

size_t mhoi_packed_bytes(mho_type type, size_t count)
{
    const size_t each = packed(type);
    return each == 1 ? count * mho_type_bytes(type) : (count + each - 1) / each;
}

bool mhoi_type_is_packed(mho_type type)
{
    return packed(type) > 1;
}

int64_t mhoi_wrap_small(mho_type type, int64_t value)
{
    const unsigned bits = 8U / (unsigned)packed(type);
    const uint64_t low = (uint64_t)value & ((UINT64_C(1) << bits) - 1);
    const bool negative = (type == MHO_TYPE_INT4 || type == MHO_TYPE_INT2) && low >> (bits - 1);
    return (int64_t)low - (negative ? INT64_C(1) << bits : 0);
}

void mhoi_unpack_bytes(const uint8_t *bytes, mho_array *out)
{
    const size_t each = packed(out->type), bits = 8 / each;
    uint8_t *data = out->data;
    for (size_t i = 0; i < out->count; i++)
        data[i] = (uint8_t)mhoi_wrap_small(out->type, bytes[i / each] >> (i % each * bits));
}
