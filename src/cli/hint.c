/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a refusal: the library tells what is wrong, the program which of its commands helps. */
#include "cli.h"

mho_status cli_hint_model(mho_status s, const char *net, mho_style style)
{
    if (s != MHO_ENOMODEL)
        return s;
    return mho_error(s,
                     "%s; train one (`mho train %s --style %s --data DIR -o model.onnx`) and name "
                     "the file; `mho map` and `mho cost` need none",
                     mho_error_message(), net, style == MHO_STYLE_BINARY ? "binary" : "float");
}
