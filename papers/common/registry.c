/* SPDX-License-Identifier: Apache-2.0 */
/* Every published table and figure that mho reproduces. */
#include "papers.h"

extern paper_run_fn bcnn_table2, bcnn_table4, bcnn_fig5, bcnn_pipeline;

#define BCNN "Tang et al., Binary Convolutional Neural Network on RRAM, ASP-DAC 2017, "

const paper papers[] = {
    {"bcnn-table2", BCNN "Table II", "amounts of cells, converters and crossbars",
     "papers/bcnn/expected.csv", bcnn_table2},
    {"bcnn-table4", BCNN "Table IV", "energy and area of the 8-bit CNN and the binary CNN",
     "papers/bcnn/expected.csv", bcnn_table4},
    {"bcnn-fig5", BCNN "Fig. 5", "energy and area by element and by layer on AlexNet",
     "papers/bcnn/expected.csv", bcnn_fig5},
    {"bcnn-pipeline", BCNN "Section III-B, Figs. 3 and 4, Eqs. 6 and 7",
     "cycles of the line-buffer pipeline", "papers/bcnn/expected.csv", bcnn_pipeline},
};
const size_t paper_count = sizeof papers / sizeof *papers;
