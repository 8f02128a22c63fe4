/* SPDX-License-Identifier: Apache-2.0 */
/* Every published table and figure that mho reproduces. */
#include "papers.h"

extern paper_run_fn bcnn_table1, bcnn_splitting, bcnn_table2, bcnn_table4, bcnn_fig5, bcnn_pipeline;

extern paper_run_fn reboc_mapping, reboc_table1, reboc_fft, reboc_accuracy, reboc_speedup,
    reboc_reuse, reboc_energy, reboc_power, reboc_variation;

extern paper_run_fn buffer_table2, buffer_table3, buffer_table6, buffer_explore;

extern paper_run_fn silicon, silicon_accuracy;

extern paper_run_fn switched_threshold, switched_options, switched_interface, switched_structure;

#define SWITCHED "Xia et al., Switched by Input, DAC 2016, "
#define BUFFER                                                                                     \
    "Guo et al., RRAM Based Buffer Design for Energy Efficient CNN Accelerator, ISVLSI 2018, "
#define REBOC                                                                                      \
    "Wang et al., REBOC: Accelerating Block-Circulant Neural Networks in ReRAM, DATE 2020, "
#define BCNN "Tang et al., Binary Convolutional Neural Network on RRAM, ASP-DAC 2017, "

const paper papers[] = {
    {"bcnn-table1", BCNN "Table I", "error of LeNet under device variation, full and binary mode",
     "papers/bcnn/expected.csv", bcnn_table1},
    {"bcnn-splitting", BCNN "Section III-A, Eq. 5", "error of LeNet against partial-sum resolution",
     "papers/bcnn/expected.csv", bcnn_splitting},
    {"bcnn-table2", BCNN "Table II", "amounts of cells, converters and crossbars",
     "papers/bcnn/expected.csv", bcnn_table2},
    {"bcnn-table4", BCNN "Table IV", "energy and area of the 8-bit CNN and the binary CNN",
     "papers/bcnn/expected.csv", bcnn_table4},
    {"bcnn-fig5", BCNN "Fig. 5", "energy and area by element and by layer on AlexNet",
     "papers/bcnn/expected.csv", bcnn_fig5},
    {"bcnn-pipeline", BCNN "Section III-B, Figs. 3 and 4, Eqs. 6 and 7",
     "cycles of the line-buffer pipeline", "papers/bcnn/expected.csv", bcnn_pipeline},
    {"buffer-table2", BUFFER "Table 2", "operations and parameters of networks",
     "papers/buffer/expected.csv", buffer_table2},
    {"buffer-table3", BUFFER "Table 3", "accesses of kernel-first and pixel-first order",
     "papers/buffer/expected.csv", buffer_table3},
    {"buffer-table6", BUFFER "Table 6", "energy with an RRAM and an SRAM weight buffer",
     "papers/buffer/expected.csv", buffer_table6},
    {"buffer-explore", BUFFER "Sections 5.2 to 5.4, Figs. 4 and 5",
     "what the exploration of all memories claims", "papers/buffer/expected.csv", buffer_explore},
    {"reboc-mapping", REBOC "Section III-A, Figs. 4 and 5, Table II",
     "crossbars, utilization and reads of representative vectors", "papers/reboc/expected.csv",
     reboc_mapping},
    {"reboc-table1", REBOC "Table I", "intermediate storage of different accelerators",
     "papers/reboc/expected.csv", reboc_table1},
    {"reboc-reuse", REBOC "Section III-B, Figs. 6 and 7, Tables I and III",
     "input slices walked through buffers: what is fetched, what waits, what overflows",
     "papers/reboc/expected.csv", reboc_reuse},
    {"reboc-speedup", REBOC "Section III-B, Fig. 10",
     "speedup of the intra-layer pipeline over layer by layer", "papers/reboc/expected.csv",
     reboc_speedup},
    {"reboc-energy", REBOC "Section IV-D, Fig. 9",
     "energy of convolutions against layer by layer, with nothing, slices, tiles and both shared",
     "papers/reboc/expected.csv", reboc_energy},
    {"reboc-power", REBOC "Section IV-C, Fig. 8", "operations a second and watt",
     "papers/reboc/expected.csv", reboc_power},
    {"reboc-fft", REBOC "Section II", "operations by FFT and directly, by block size",
     "papers/reboc/expected.csv", reboc_fft},
    {"reboc-accuracy", REBOC "Sections II and III-A, Table II",
     "what circulant weights of few bits, and converters of few, cost on LeNet and cifarnet",
     "papers/reboc/expected.csv", reboc_accuracy},
    {"reboc-variation", "beyond REBOC, whose devices are ideal",
     "faults of circulant weights that k positions share, against weights in cells of their own",
     "papers/reboc/expected.csv", reboc_variation},
    {"silicon", "16 measured macros and architectures, papers/silicon/expected.csv",
     "energy, time and area of measured chips, nothing fitted", "papers/silicon/expected.csv",
     silicon},
    {"switched-threshold", SWITCHED "talk, Quantization Result",
     "test error of three networks with 1-bit maps by threshold search",
     "papers/switched/expected.csv", switched_threshold},
    {"switched-options", "beyond the talk: docs/models/quantize.md",
     "what each option of the threshold search wins on Caffe LeNet with ReLU",
     "papers/switched/expected.csv", switched_options},
    {"switched-interface", SWITCHED "talk, Large Overhead of Interface",
     "share of 8-bit converters in energy, peak power and area", "papers/switched/expected.csv",
     switched_interface},
    {"switched-structure", SWITCHED "abstract",
     "energy, area and accuracy of merged columns that 1-bit maps switch",
     "papers/switched/expected.csv", switched_structure},
    {"silicon-accuracy", "Wan et al., Nature 2022 (NeuRRAM)", "accuracy on MNIST beside the chip's",
     "papers/silicon/expected.csv", silicon_accuracy},
};
const size_t paper_count = sizeof papers / sizeof *papers;

bool paper_keeps_trainings(const paper *p)
{
    return p->run == reboc_accuracy;
}

bool paper_trains(const paper *p)
{
    return p->run == reboc_accuracy || p->run == switched_threshold;
}
