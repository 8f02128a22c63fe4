// SPDX-License-Identifier: Apache-2.0
// From C++: maps LeNet on the crossbars of the BCNN paper and finds its error on few synthetic digits.
#include <cstdio>
#include <mho/mho.h>

int main()
{
    mho_subject subject = {};
    subject.net = "lenet";
    subject.hw = "bcnn";
    subject.data = "synthetic";
    const char *set[] = {"output.calibration_images=20", nullptr}; // few, as the images below
    subject.set = set;
    mho_study_options options = mho_study_options_default();
    options.images = 20;
    options.trials = 2;
    options.prices = true;
    mho_result result = {};
    const mho_status status = mho_study_evaluate(&subject, &options, &result);
    for (size_t i = 0; i < result.layers; i++)
        std::printf("%-6s %2zu pairs\n", result.layer[i].name, result.layer[i].crossbar_pairs);
    if (status == MHO_OK)
        std::printf("error %.1f %%, %.2f uJ\n", 100 * result.error.spread.mean,
                    1e6 * result.cost.energy_J);
    else
        std::fprintf(stderr, "%s\n", mho_error_message());
    mho_result_free(&result);
    return mho_status_exit_code(status);
}
