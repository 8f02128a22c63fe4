/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this paper share. */
#ifndef MHO_PAPERS_SWITCHED_H
#define MHO_PAPERS_SWITCHED_H

#include "papers.h"

/* The data of the run, its first images only if so asked; read if they are MNIST.  comparable: all of it. */
typedef struct switched_data {
    mho_data *data;
    size_t train, test; /* images used */
    bool mnist, cifar, comparable;
} switched_data;

MHO_MUST_CHECK mho_status switched_open(const paper_args *args, switched_data *out);
/* MHO_EUSAGE: --images asks for more than there are to train on. */
MHO_MUST_CHECK mho_status switched_check_images(const paper_args *args, const switched_data *d);
void switched_close(switched_data *d);
/* No row is judged on other data, or on a part of them. */
void switched_judge(const switched_data *d, paper_result *result);

/* A network of the library of trained models: "models/NAME-KIND-mnist.onnx". */
MHO_MUST_CHECK mho_status switched_model(const char *name, const char *kind, mho_net **out);
/* switched_cifar.c: networks that were never meant for 1-bit maps, on CIFAR-10; figures alone, no rows. */
MHO_MUST_CHECK mho_status switched_cifar(const paper_args *args, const switched_data *d, FILE *out);
/* Error in % on the test images: in software; on a hardware description over programmings (NULL: ideal devices are
 * up to the sets). */
MHO_MUST_CHECK mho_status switched_software(const switched_data *d, const mho_net *net,
                                            double *percent);
MHO_MUST_CHECK mho_status switched_hardware(const switched_data *d, const mho_net *net,
                                            const char *hw, const char *const *sets, size_t trials,
                                            uint64_t seed, mho_spread *percent);

#endif
