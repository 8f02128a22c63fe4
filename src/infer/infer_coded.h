/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that work on codes: whole numbers, whose sums are exact in any order, so that software says what ideal
 * crossbars say, to the digit. */
#ifndef MHO_INFER_CODED_H
#define MHO_INFER_CODED_H

#include "infer/infer_impl.h"

/* A weighted layer whose weights and input are codes. */
struct infer_coded {
    float scale; /* of a code of the input */
    mho_codes
        image; /* an image, whose values are to become these codes; hi 0: a map, or an image's own codes */
    int64_t most;   /* the largest code of the input */
    size_t parts;   /* of the rows, each with sums below 2^24; 0: weights are read where they are */
    void **packed;  /* [parts] weights of each, as codes */
    double *factor; /* [C_out] what a sum of products of codes is worth */
};

/* Is the network's weighted node of this kind? */
bool mhoi_infer_is_coded(const mho_net *net, const mho_node *node);
bool mhoi_infer_has_codes(const mho_net *net);
/* What codes are worth, without any weights. */
MHO_MUST_CHECK mho_status mhoi_infer_coded_begin(const mho_net *net, infer_step *step);
/* n values of the input map to its codes. */
void mhoi_infer_coded_input(const infer_coded *coded, const float *x, size_t n, float *code);
/* weight [C_out][...] in the order of the input's elements. */
MHO_MUST_CHECK mho_status mhoi_infer_coded_create(const mho_net *net, infer_step *step,
                                                  const float *weight);
void mhoi_infer_coded_free(infer_step *step);
/* Floats of scratch that a run takes: images at once n. */
size_t mhoi_infer_coded_floats(const mho_net *net, const infer_step *step, size_t n);
MHO_MUST_CHECK mho_status mhoi_infer_coded_run(const mho_net *net, const infer_step *step, size_t n,
                                               const float *x, float *y, float *memory,
                                               void *scratch);
/* The mean of codes, which keeps their scale: the nearest code, of two the even one. */
bool mhoi_infer_averages_codes(const mho_net *net, const mho_node *node);
void mhoi_infer_average(const mho_node *node, float scale, size_t n, const float *x, float *y);

#endif
