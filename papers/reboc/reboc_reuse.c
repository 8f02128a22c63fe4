/* SPDX-License-Identifier: Apache-2.0 */
/* Figs. 6 and 7, Tables I and III: slices walked through input buffers and shift registers, and what the buffers cannot hold
 * of TinyYolo, within 512 crossbars. */
#include <string.h>

#include "papers.h"

paper_run_fn reboc_reuse;

enum { SCHEMES = 4 };

static const mho_reuse schemes[SCHEMES] = {MHO_REUSE_WINDOWS, MHO_REUSE_SLICES, MHO_REUSE_TILES,
                                           MHO_REUSE_BOTH};
static const char *const scheme_names[SCHEMES] = {"ILP", "ILP+ISR", "ILP+ITS", "ILP+ISR+ITS"};
static const char *const scheme_sets[SCHEMES] = {"reuse.share=windows", "reuse.share=slices",
                                                 "reuse.share=tiles", "reuse.share=both"};

static mho_status put_fig6(paper_result *result)
{
    static const char *const names[SCHEMES] = {"none shared", "ISR", "ITS", "ISR+ITS"};
    const mho_windows w = {5, 5, 0, 0, 3, 3, 1, 1, 3, 3};
    mho_reuse_counts c[SCHEMES];
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < SCHEMES; i++) {
        s = mho_reuse_walk(&w, schemes[i], 1, &c[i]);
        if (!s)
            s = paper_value(result, (double)c[i].fetches, "Fig. 6: slices fetched, %s", names[i]);
    }
    return s ? s
             : paper_value(result, 128 * (double)(c[0].fetches - c[3].fetches),
                           "Fig. 6: redundant elements");
}

static mho_status put_table1(paper_result *result)
{
    const mho_windows w = {13, 13, 1, 1, 3, 3, 1, 1, 13, 13};
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < SCHEMES; i++) {
        mho_reuse_counts c;
        s = mho_reuse_walk(&w, schemes[i], 1, &c);
        if (!s)
            s = paper_value(result, 384 * (double)c.stored, "13 x 13 x 384, r = 3: %s",
                            scheme_names[i]);
    }
    return s;
}

static mho_status place(const char *net_name, const char *const *sets, mho_placement **out)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_status s = mho_net_open(net_name, &net);
    if (!s)
        s = mho_hw_open("reboc", sets, &hw);
    if (!s)
        s = mho_placement_create(net, hw, out);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

/* Full rows at 8 bits: the last layer but one of an 8-bit LeNet. */
static mho_status put_sizes(paper_result *result)
{
    const char *const sets[] = {scheme_sets[3], "input.bits=8", "crossbar.duplication=none",
                                "crossbar.copies=1", NULL};
    mho_placement *p = NULL;
    mho_status s = place("lenet?block=fc:128", sets, &p);
    if (!s)
        s = paper_value(result, p->layer[2].reuse.input_buffer_B,
                        "input buffer of 128 rows at 8 bits");
    if (!s)
        s = paper_value(result, p->layer[2].reuse.register_B,
                        "shift register of 128 rows at 8 bits");
    mho_placement_destroy(p);
    return s;
}

static void print_layers(FILE *out, const mho_placement *p, const char *scheme)
{
    fprintf(out, "\n  tinyyolo, %s: kB that wait\n  %-8s %12s %14s %12s %12s\n", scheme, "layer",
            "slices", "partial sums", "PE buffers", "beyond");
    for (size_t i = 0; i < p->layers; i++) {
        const mho_reuse_layer *r = &p->layer[i].reuse;
        fprintf(out, "  %-8s %12.3f %14.3f %12.3f %12.3f\n", p->layer[i].name, r->stored_B / 1e3,
                r->parked_B / 1e3, r->room_B / 1e3, r->global_B / 1e3);
    }
}

static mho_status put_tinyyolo(paper_result *result)
{
    double parked = 0, beyond[SCHEMES], memory[SCHEMES] = {0};
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < SCHEMES; i++) {
        const char *const sets[] = {scheme_sets[i], "input.first_bits=6", NULL};
        mho_placement *p = NULL;
        s = place("tinyyolo?block=conv:32&bits=conv:6", sets, &p);
        for (size_t k = 0; !s && k < p->layers; k++) {
            parked += i == SCHEMES - 1 ? p->layer[k].reuse.parked_B : 0;
            memory[i] += p->layer[k].reuse.dram_bits;
        }
        if (!s) {
            beyond[i] = p->global_B;
            print_layers(result->text, p, scheme_names[i]);
        }
        mho_placement_destroy(p);
    }
    if (!s)
        s = paper_value(result, parked / 1e3, "tinyyolo: partial sums that wait with ITS");
    for (size_t i = 0; !s && i < SCHEMES; i++)
        s = paper_value(result, beyond[i] / 1e3, "tinyyolo: beyond PE buffers, %s",
                        scheme_names[i]);
    for (size_t i = 0; !s && i < SCHEMES; i++)
        s = paper_value(result, memory[i] / 1e6, "tinyyolo: to and from memory, %s",
                        scheme_names[i]);
    return s;
}

mho_status reboc_reuse(const paper_args *args, paper_result *result)
{
    (void)args;
    mho_status s = put_fig6(result);
    if (!s)
        s = put_table1(result);
    if (!s)
        s = put_sizes(result);
    return s ? s : put_tinyyolo(result);
}
