/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer_paper.h"

mho_status buffer_run_one(const char *name, const char *hw, const char *const *sets,
                          buffer_run *run)
{
    mho_net *net = NULL;
    mho_macros *macros = NULL;
    mho_schedule_options capacity;
    *run = (buffer_run){.work = NULL};
    mho_status s = mho_array_open(hw, sets, &run->options, NULL);
    if (!s)
        s = mho_net_zoo(name, &net);
    if (!s)
        s = mho_workload_create(net, run->options.all_layers, run->options.batch, &run->work);
    if (!s)
        s = mho_macros_open(run->options.macros, &macros);
    if (!s)
        s = mho_design_open(&run->options, macros, &run->design, &capacity);
    if (!s)
        s = mho_schedule_search(run->work, &capacity, &run->schedule);
    if (!s)
        mho_array_price(run->work, run->schedule, &run->options, &run->design, &run->result, NULL);
    mho_macros_destroy(macros);
    mho_net_destroy(net);
    return s;
}

void buffer_run_free(buffer_run *run)
{
    mho_schedule_destroy(run->schedule);
    mho_workload_destroy(run->work);
}
