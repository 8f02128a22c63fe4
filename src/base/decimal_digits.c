/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal digits in whole numbers: v = m 2^q, and m 5^k 2^(q + k) = v 10^k fits into 192 bits for all numbers of common
 * size, so that it is rounded as printf rounds it, to nearest, to even between two.  Others go to printf. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/decimal.h"

enum { DIGITS_MAX = 17, FIVES_MAX = 27, MANTISSA = 52, BIAS = 1075 };

__extension__ typedef unsigned __int128 wide;

static uint64_t power(uint64_t base, int exponent)
{
    uint64_t p = 1;
    for (; exponent; exponent >>= 1, base *= base)
        p *= exponent & 1 ? base : 1;
    return p;
}

static uint64_t shift_rounded(wide value, int shift, bool more)
{
    const wide half = (wide)1 << (shift - 1), rest = value & ((half << 1) - 1);
    const uint64_t down = (uint64_t)(value >> shift);
    return down + (rest > half || (rest == half && (more || (down & 1))));
}

/* m 2^q 10^k, rounded; below 2^60, 0 <= k <= 2 FIVES_MAX. */
static uint64_t scaled(uint64_t m, int q, int k)
{
    const int first = k < FIVES_MAX ? k : FIVES_MAX, shift = -(q + k);
    const wide product = (wide)m * power(5, first);
    const uint64_t fives = power(5, k - first);
    const wide low = (wide)(uint64_t)product * fives;
    const wide high = (wide)(uint64_t)(product >> 64) * fives + (low >> 64);
    if (shift <= 0)
        return (uint64_t)low << -shift;
    return shift > 64 ? shift_rounded(high, shift - 64, (uint64_t)low != 0)
                      : shift_rounded(high << 64 | (uint64_t)low, shift, false);
}

/* The first digits of v > 0 as a whole number, and the exponent of the first of them; 0: not of common size. */
static uint64_t leading(double v, int digits, int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    const int power_of_2 = (int)(bits >> MANTISSA) - BIAS;
    const uint64_t m = (bits & ((UINT64_C(1) << MANTISSA) - 1)) | UINT64_C(1) << MANTISSA;
    /* Of the power of two below v: this one, or one less. */
    *exponent = (int)floor((power_of_2 + MANTISSA) * 0.30102999566398120);
    for (int k = digits - 1 - *exponent; k >= 0 && k <= 2 * FIVES_MAX; k--, ++*exponent) {
        const uint64_t found = scaled(m, power_of_2, k);
        if (found < power(10, digits))
            return found;
    }
    return 0;
}

static int put_exponent(char *text, int exponent)
{
    int n = 0;
    text[n++] = 'e';
    text[n++] = exponent < 0 ? '-' : '+';
    const int size = exponent < 0 ? -exponent : exponent; /* two digits: of common size */
    text[n++] = (char)('0' + size / 10);
    text[n++] = (char)('0' + size % 10);
    return n;
}

/* Digits with a point behind the first `whole` of them (0 or less: zeros before them). */
static int put_point(char *text, const char *digit, int digits, int whole)
{
    int n = 0;
    if (whole <= 0) {
        text[0] = '0';
        text[1] = '.';
        for (n = 2; whole < 0; whole++)
            text[n++] = '0';
        memcpy(text + n, digit, (size_t)digits);
        return n + digits;
    }
    for (; n < whole; n++)
        text[n] = n < digits ? digit[n] : '0';
    if (digits <= whole)
        return n;
    text[n] = '.';
    memcpy(text + n + 1, digit + whole, (size_t)(digits - whole));
    return digits + 1;
}

int mhoi_decimal_general(char text[32], double v, int digits)
{
    char digit[DIGITS_MAX] = {0};
    int exponent = 0, used = digits, n = 0;
    uint64_t number = isfinite(v) ? leading(fabs(v), digits, &exponent) : 0;
    if (!number)
        return mhoi_decimal_print(text, 32, "%.*g", digits, v);
    for (int i = digits; i-- > 0; number /= 10)
        digit[i] = (char)('0' + number % 10);
    while (digit[used - 1] == '0')
        used--;
    if (v < 0)
        text[n++] = '-';
    const bool fixed = exponent >= -4 && exponent < digits;
    n += put_point(text + n, digit, used, fixed ? exponent + 1 : 1);
    if (!fixed)
        n += put_exponent(text + n, exponent);
    text[n] = 0;
    return n;
}

void mhoi_decimal_shortest(char text[32], double v)
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)mhoi_decimal_general(text, v, digits);
        const double back = mhoi_decimal_read(text, NULL);
        if (!(back < v || back > v))
            return;
    }
}
