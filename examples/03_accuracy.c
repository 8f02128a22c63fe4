/* SPDX-License-Identifier: Apache-2.0 */
/* Fourth step: what device variation costs in accuracy.
 *
 * Takes the trained binary LeNet that comes with mho, programs its crossbars several times with cells of
 * 7, 3 and 1 bit, and prints the test error on synthetic digits. */
#include <stdio.h>

#include "mho/mho.h"

enum { IMAGES = 200, CALIBRATION = 200, PROGRAMMINGS = 2 };

static mho_status show(const mho_net *net, const mho_images *train, const mho_images *test,
                       const char *bits)
{
    const char *sets[] = {bits, "output.calibration_images=200", NULL};
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    mho_error_estimate e;
    mho_status s = mho_hw_open("bcnn", sets, &hw);
    if (!s)
        s = mho_chip_open(net, hw, train, &chip);
    if (!s)
        s = mho_error_of(chip, test, IMAGES, 1, PROGRAMMINGS, 0, NULL, NULL, NULL, &e);
    if (!s)
        printf("%s: error %.2f %% +- %.2f over %zu programmings\n", bits, 100 * e.spread.mean,
               100 * e.spread.std, e.spread.trials);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    return s;
}

int main(void)
{
    const char *const bits[] = {"device.bits=7", "device.bits=3", "device.bits=1"};
    mho_images train = {0}, test = {0};
    mho_net *net = NULL;
    const mho_asset *model = mho_asset_find("models/lenet-binary-synthetic.onnx");
    if (!model) /* digits of another hand: a higher error */
        model = mho_asset_find("models/lenet-binary-mnist.onnx");
    if (!model) {
        fprintf(stderr, "this mho was built without models\n");
        return 1;
    }
    mho_status s = mho_onnx_parse(model->data, model->size, model->path, &net);
    if (!s)
        s = mho_digits_generate(MHO_DIGITS_SEED, 0, CALIBRATION, &train);
    if (!s)
        s = mho_digits_generate(MHO_DIGITS_SEED, MHO_DIGITS_TRAIN, IMAGES, &test);
    for (size_t i = 0; i < 3 && !s; i++)
        s = show(net, &train, &test, bits[i]);
    if (s)
        fprintf(stderr, "%s\n", mho_error_message());
    mho_images_free(&test);
    mho_images_free(&train);
    mho_net_destroy(net);
    return mho_status_exit_code(s);
}
