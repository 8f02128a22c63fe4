/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of training. */
#include <stddef.h>

#include "mho/train.h"

#define AT(member) offsetof(mho_train_options, member), sizeof(((mho_train_options *)0)->member)
static const mho_field fields[] = {
    {"epochs", MHO_FIELD_UINT, AT(epochs), "40", 1, 100000, "", 1, NULL,
     "passes over the training images"},
    {"batch", MHO_FIELD_UINT, AT(batch), "100", 1, 65536, "", 1, NULL,
     "images a step; fastest with a divisor of 10 to 16"},
    {"learning_rate", MHO_FIELD_DOUBLE, AT(learning_rate), "0.002", 0, 10, "", 1, NULL,
     "of Adam, at the start"},
    {"learning_rate_end", MHO_FIELD_DOUBLE, AT(learning_rate_end), "1e-5", 0, 10, "", 1, NULL,
     "at the end, half a cosine later"},
    {"latent_rate", MHO_FIELD_DOUBLE, AT(latent_rate), "5", 0, 1000, "", 1, NULL,
     "learning rate of the latent weights of binary layers, relative"},
    {"weight_decay", MHO_FIELD_DOUBLE, AT(weight_decay), "0.01", 0, 10, "", 1, NULL,
     "of float weights, a step and learning rate"},
    {"label_smoothing", MHO_FIELD_DOUBLE, AT(label_smoothing), "0.05", 0, 0.9, "", 1, NULL,
     "share of the wanted output that is spread over all classes"},
    {"shift", MHO_FIELD_UINT, AT(shift), "2", 0, 100, "px", 1, NULL,
     "training images are shifted at random by up to so much; sides of 1 stay"},
    {"mirror", MHO_FIELD_BOOL, AT(mirror), "false", 0, 1, "", 1, NULL,
     "half of the training images, by chance, are mirrored: left is right"},
    {"seed", MHO_FIELD_UINT, AT(seed), "1", 0, 9e15, "", 1, NULL,
     "of initial weights, order of the images, shifts"},
    {"step_window", MHO_FIELD_DOUBLE, AT(step_window), "1", 0, 1e6, "", 1, NULL,
     "gradients go through a step (not a sign: 1) where its input is within so much of 0"},
    {"float_share", MHO_FIELD_DOUBLE, AT(float_share), "0.5", 0, 1, "", 1, NULL,
     "share of the epochs before weights and maps of few bits are rounded; the last one rounds"},
    {"fine_tune", MHO_FIELD_BOOL, AT(fine_tune), "false", 0, 1, "", 1, NULL,
     "start from the parameters of the network that is given"},
    {"frozen", MHO_FIELD_UINT, AT(frozen), "0", 0, 10000, "", 1, NULL,
     "first so many weighted layers that keep their parameters (with fine_tune)"},
};
#undef AT

const mho_fields mho_train_fields = {"training", fields, sizeof fields / sizeof *fields,
                                     sizeof(mho_train_options)};
