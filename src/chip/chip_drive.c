/* SPDX-License-Identifier: Apache-2.0 */
/* Cells whose current is not proportional to the voltage: a multi-bit input drives them as another code
 * would drive proportional ones; eq. (11). */
#include <math.h>

#include "chip/chip_impl.h"

void mhoi_chip_drive(mho_codes codes, double b, uint8_t table[256])
{
    const double top = codes.hi > -codes.lo ? codes.hi : -(double)codes.lo;
    for (int32_t q = codes.lo; q <= codes.hi; q++)
        table[(uint8_t)q] = (uint8_t)(int32_t)lrint(top * sinh(b * q / top) / sinh(b));
}
