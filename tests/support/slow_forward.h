/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of inference: one image, obvious loops, sums in double. */
#ifndef MHO_TESTS_SLOW_FORWARD_H
#define MHO_TESTS_SLOW_FORWARD_H

#include "net/graph.h"

/* out[i] = what node i gives, [c][h][w]; free with slow_forward_free.  Batch normalization is
 * computed in float as mho/infer.h defines it, so the signs after it are those of the library; all
 * else in double. */
double **slow_forward(const mho_net *net, const float *input);
void slow_forward_free(const mho_net *net, double **out);

/* Fills every parameter with something of a trained network's size, the same for the same seed;
 * binary weights get +1 and -1.  The network must have been allocated its parameters. */
void slow_random_parameters(mho_net *net, unsigned seed);
/* Input elements: codes of net->input_bits bits x net->input_scale. */
void slow_random_input(const mho_net *net, unsigned seed, float *input);

#endif
