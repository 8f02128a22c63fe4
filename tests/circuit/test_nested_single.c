/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of single precision. */
#define MHOI_SINGLE
#define CLOSE 2e-6

#include "nested_kernels.h"

int main(void)
{
    return run_kernels();
}
