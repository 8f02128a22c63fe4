/* SPDX-License-Identifier: Apache-2.0 */
/* Table 3: accesses of a K x K convolution of one input and one output channel, K = 3, p = 8, n = 16 groups
 * of pixels, from the counts that price a layer of one array pass (m input and n output channels). */
#include "papers.h"

paper_run_fn buffer_table3;

enum { P = 8, CHANNELS = 8 };

/* Eight channels to eight: one pass of the array; a row is one group of pixels. */
static const char one_pass[] = "name: one-pass\n"
                               "input: {shape: [8, 16, 8]}\n"
                               "layers:\n"
                               "  - conv: {out: 8, kernel: 3, pad: 1, bias: false}\n";

typedef struct accesses {
    double in, weight, out_read, out_write;
} accesses;

static mho_status count(mho_order order, accesses *a)
{
    mho_net *net;
    mho_workload *work = NULL;
    mho_hw *hw = NULL;
    mho_traffic t;
    const bool pixel = order == MHO_ORDER_PIXEL; /* the register of kernel first costs nothing */
    const char *const kernel_first[] = {"array.order=kernel", "buffers.acc.depth=0", NULL};
    const char *const pixel_first[] = {"array.order=pixel", "buffers.acc.depth=16", NULL};
    mho_status s = mho_net_read(one_pass, "one-pass", &net);
    if (s)
        return s;
    s = mho_hw_default("array", &hw);
    if (!s)
        s = mho_hw_set_all(hw, pixel ? pixel_first : kernel_first);
    if (!s)
        s = mho_workload_create(net, false, 1, &work);
    if (!s)
        s = mho_array_traffic(work, hw, &t);
    if (!s) {
        a->in = (double)t.io_read_B[MHO_IO_READ_PHYSICAL] / CHANNELS;
        a->weight = (double)t.weight_read_B / (CHANNELS * CHANNELS);
        a->out_read = pixel ? (double)t.cycles * P : 0;
        a->out_write = pixel ? (double)t.cycles * P : (double)work->tensor[1].bytes / CHANNELS;
    }
    mho_workload_destroy(work);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

mho_status buffer_table3(const paper_args *args, paper_result *result)
{
    accesses kernel, pixel;
    (void)args;
    mho_status s = count(MHO_ORDER_KERNEL, &kernel);
    if (!s)
        s = count(MHO_ORDER_PIXEL, &pixel);
    if (s)
        return s;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"kernel first: input map, n (p + K - 1)^2", kernel.in},
        {"kernel first: input map, n K (p + K - 1)", kernel.in},
        {"pixel first: input map, n p K^2", pixel.in},
        {"kernel first: weights, n K^2", kernel.weight},
        {"pixel first: weights, K^2", pixel.weight},
        {"kernel first: output read, 0", kernel.out_read},
        {"pixel first: output read, n p (K^2 - 1)", pixel.out_read},
        {"kernel first: output written, n p", kernel.out_write},
        {"pixel first: output written, n p K^2", pixel.out_write},
        {"kernel first needs less of the input map", kernel.in < pixel.in},
    };
    for (size_t i = 0; !s && i < sizeof rows / sizeof *rows; i++)
        s = paper_value(result, rows[i].value, "%s", rows[i].name);
    return s;
}
