/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/tensor_impl.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_tensor tensor;
    const mho_status s = mhoi_tensor_npy((const char *)data, size, "fuzz.npy", &tensor);
    mho_tensor_free(&tensor);
    fuzz_done(s);
    return 0;
}
