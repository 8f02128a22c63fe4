/* SPDX-License-Identifier: Apache-2.0 */
#include "mho/onnx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_net *net = NULL;
    const mho_status s = mho_onnx_parse(data, size, "fuzz.onnx", &net);
    if (s == MHO_OK)
        mho_net_destroy(net);
    fuzz_done(s);
    return 0;
}
