/* SPDX-License-Identifier: Apache-2.0 */
/* Block sizes of circulant layers, searched for the least energy x delay on a hardware description. */
#ifndef MHO_SEARCH_H
#define MHO_SEARCH_H

#include "mho/chip.h"
#include "mho/study.h"

MHO_C_BEGIN

#define MHO_BLOCK_LAYERS 32
#define MHO_BLOCK_SIZES 16

typedef struct mho_block_options {
    size_t size[MHO_BLOCK_SIZES], sizes; /* of blocks; 1: an ordinary layer */
} mho_block_options;

typedef struct mho_block_layer {
    char name[MHO_NAME];
    size_t node;
    size_t size[MHO_BLOCK_SIZES], sizes; /* that fit it */
} mho_block_layer;

/* The delay is the time from one image to the next, estimated (docs/models/timing.md eq. (3)), with copies and sets of layers as the
 * description has them chosen. */
typedef struct mho_block_design {
    size_t block[MHO_BLOCK_LAYERS];
    size_t
        copies[MHO_BLOCK_LAYERS]; /* rotated ones of a representative vector, as placed; 1: none */
    double energy_J, interval_s;
    uint64_t crossbars;
    bool rewritten; /* more than there are: layers take turns */
    double error;   /* on hardware; NaN: not measured */
} mho_block_design;

typedef struct mho_block_search {
    mho_block_layer layer[MHO_BLOCK_LAYERS];
    size_t layers;
    mho_block_design *design; /* all combinations, the least energy x delay first */
    size_t designs;
    double plain_error; /* without blocks; once mho_block_search_within measured it */
} mho_block_search;

/* Places and prices every combination.  MHO_EDOMAIN: more than 100,000 of them, or layers than MHO_BLOCK_LAYERS;
 * MHO_ECONFIG: crossbar.circulant is not turned, a size is 0 or there twice. */
MHO_API MHO_MUST_CHECK mho_status mho_block_search_create(const mho_net *net, const mho_hw *hw,
                                                          const mho_block_options *options,
                                                          mho_block_search **out);
MHO_API void mho_block_search_destroy(mho_block_search *search);
/* "conv1:1,conv2:16", as mho_net_set_blocks takes it. */
MHO_API void mho_block_design_text(const mho_block_search *search, const mho_block_design *design,
                                   char *text, size_t size);

/* Likewise its copies, "conv1:1,conv2:4". */
MHO_API void mho_block_copies_text(const mho_block_search *search, const mho_block_design *design,
                                   char *text, size_t size);

/* `designs`, a list; measured: `plain_error` and `found` of mho_block_search_within besides. */
MHO_API void mho_block_search_json(const mho_block_search *search, bool measured, size_t found,
                                   mho_json *root);

/* How accuracy is measured: the network in the blocks nearest to its weights, trained on for `epochs` of the first 10,000
 * training images (0: not), on hardware. */
typedef struct mho_block_trial {
    const mho_net *net; /* trained */
    const mho_hw *hw;
    const mho_data *data;
    size_t images, trials, epochs; /* images 0: all */
    uint64_t seed;
} mho_block_trial;
/* Measures designs, the best first, until one has at most `within` (a share) more errors than the network without blocks, treated
 * likewise; *found: its number, SIZE_MAX if there is none. */
MHO_API MHO_MUST_CHECK mho_status mho_block_search_within(mho_block_search *search,
                                                          const mho_block_trial *trial,
                                                          double within, size_t *found);

MHO_C_END

#endif
