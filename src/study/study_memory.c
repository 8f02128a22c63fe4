/* SPDX-License-Identifier: Apache-2.0 */
/* What a point takes at least, all of its stages at once and before the first: a refusal tells what does for all of them. */
#include "chip/chip_create.h"
#include "infer/nodes.h"
#include "net/graph.h"
#include "net/small_weights.h"
#include "quantize/need.h"
#include "study/study_impl.h"

enum { POINTS_MOST = 16 };        /* that are looked at where one is refused */
#define SLACK ((uint64_t)1 << 20) /* results and texts on the way */

void mhoi_study_let_wait(void *user)
{
    study_waiting *w = user;
    w->status = mhoi_net_shrink(w->net, &w->small);
}

mho_status mhoi_study_end_wait(study_waiting *w)
{
    const mho_status back = mhoi_net_expand(w->net, &w->small);
    return w->status ? w->status : back;
}

static mho_status chip_need(mho_net *net, bool waits, const mho_hw *hw, mhoi_need *need)
{
    mho_placement *placement = NULL;
    study_waiting w = {.net = net};
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mhoi_chip_need(net, placement, waits ? mhoi_study_let_wait : NULL, &w, need);
    const mho_status back = mhoi_study_end_wait(&w);
    mho_placement_destroy(placement);
    return s ? s : back;
}

mho_status mhoi_study_need(mho_net *net, bool waits, const mho_hw *hw, mhoi_need *need)
{
    mho_hw *ideal = NULL;
    mhoi_need chip = {.bytes = 0};
    uint64_t coded = 0; /* a copy in codes */
    mho_status s = mhoi_study_quantize_need(net, hw, need, &coded);
    if (!s)
        s = mho_hw_clone_ideal(hw, &ideal);
    if (!s)
        s = chip_need(net, waits, ideal, &chip);
    if (!s)
        s = chip_need(net, waits, hw, &chip);
    mho_hw_destroy(ideal);
    chip.taken += coded;
    mhoi_memory_more(need, &chip);
    return s;
}

static mho_status base_need(const mho_study *y, const study_net *n, const study_set *set,
                            const mho_hw *hw, mhoi_need *need)
{
    mho_net *net = NULL;
    mho_hw *ideal = NULL;
    mho_status s = mhoi_study_open_base(y, n, set, hw, &net, &ideal);
    if (!s && net)
        s = chip_need(net, false, ideal, need);
    mho_hw_destroy(ideal);
    mho_net_destroy(net);
    return s;
}

static mho_status point_need(const mho_study *y, size_t point, mhoi_need *need)
{
    mho_hw *hw = NULL;
    study_net *n = mhoi_study_net_of(y, point);
    const study_set *set = mhoi_study_set_of(y, point);
    mho_status s = mhoi_study_hw(y, point, &hw);
    study_model *model = s ? NULL : &n->model[mhoi_study_style(hw)];
    if (!s)
        s = mhoi_study_open_model(y, n, mhoi_study_style(hw), set->data->name);
    if (!s)
        s = mhoi_study_cover_model(model, set);
    if (!s)
        mhoi_infer_need(model->net, set->images, need);
    if (!s)
        s = mhoi_study_need(model->net, y->once, hw, need);
    if (!s && y->options.prices && y->options.baseline)
        s = base_need(y, n, set, hw, need);
    mho_hw_destroy(hw);
    return s;
}

mho_status mhoi_study_grant(const mho_study *y, size_t point)
{
    mhoi_need own = {.bytes = 0}, all;
    if (!mhoi_memory_told())
        return MHO_OK;
    mho_status s = point_need(y, point, &own);
    if (s)
        return s == MHO_EINTERRUPTED || s == MHO_ENOMEM ? s : MHO_OK; /* its stage tells better */
    all = own;
    own.taken += SLACK;
    if (!mhoi_memory_grant(&own, NULL))
        return MHO_OK;
    const size_t points = mho_study_points(y);
    for (size_t i = 0; i < points && points <= POINTS_MOST; i++)
        if (i != point && point_need(y, i, &all))
            break; /* what it is, that point tells */
    all.taken += SLACK;
    return mhoi_memory_grant(&own, &all);
}
