/* SPDX-License-Identifier: Apache-2.0 */
/* First step: one RRAM cell.
 *
 * A cell of N bits has 2^N conductance levels; a programmed cell misses its level a little.  This program
 * prints the levels of a 2-bit cell, and where a thousand programmed cells of each level ended up. */
#include <stdint.h>
#include <stdio.h>

#include "mho/mho.h"

enum { CELLS = 1000 };

/* Integer units of mho/device.h -> microsiemens. */
static double in_uS(const mho_device *d, int32_t g)
{
    return 1e6 * (d->g_off_S + g * mho_device_unit_S(d));
}

int main(void)
{
    /* The built-in hardware "bcnn" with another device: what --set does on the command line. */
    const char *sets[] = {"device.bits=2", "device.variation=0.5", NULL};
    mho_hw *hw;
    if (mho_hw_open("bcnn", sets, &hw)) {
        fprintf(stderr, "%s\n", mho_error_message());
        return 1;
    }
    const mho_device *d = mho_hw_device(hw);
    printf("level   centre   lowest  highest of %d programmed cells (uS)\n", CELLS);
    for (size_t k = 0; k < (size_t)1 << d->bits; k++) {
        uint8_t level[CELLS];
        int16_t g[CELLS], low = INT16_MAX, high = INT16_MIN;
        for (size_t i = 0; i < CELLS; i++)
            level[i] = (uint8_t)k;
        mho_device_program(d, 1, 0, 0, (uint32_t)k, 0, CELLS, level, g, NULL);
        for (size_t i = 0; i < CELLS; i++) {
            low = g[i] < low ? g[i] : low;
            high = g[i] > high ? g[i] : high;
        }
        printf("%5zu  %7.2f  %7.2f  %7.2f\n", k, in_uS(d, mho_device_level(d, k)), in_uS(d, low),
               in_uS(d, high));
        /* variation 0.5: no cell is further from its centre than half of Delta g */
        int32_t far = high - mho_device_level(d, k), near = mho_device_level(d, k) - low;
        if (2 * far > mho_device_delta(d) + 2 || 2 * near > mho_device_delta(d) + 2)
            return 1;
    }
    mho_hw_destroy(hw);
    return 0;
}
