/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank does: tasks of points, until there are none.  Rank 0 does the same in a thread, with a search of its own. */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "explore/ranks.h"

static mho_status do_price(mho_explore *x, explore_point *p)
{
    p->state = EXPLORE_NEW;
    return mhoi_explore_price(x, p);
}

static mho_status do_extend(mho_explore *x, explore_point *p, size_t rung, explore_work *work)
{
    mho_hw *hw = NULL;
    mho_status s = mhoi_explore_hw(x, p, &hw);
    if (!s) /* opens the trained network; its error is rank 0's business */
        s = mhoi_bench_open_model(x->bench, mhoi_explore_net(x, p), mhoi_explore_set(x, p), hw);
    mho_hw_destroy(hw);
    return s ? s : mhoi_explore_extend(x, p, rung, work);
}

static mho_status do_task(mho_explore *x, wire_task task, size_t rung, wire *in, wire *out)
{
    explore_point p = {.sum = mho_summary_none()};
    explore_work work = {0};
    p.evidence.room = x->trials;
    mhoi_wire_get_point(in, &p, x->axes);
    mho_status s = in->bad ? mho_error(MHO_EFORMAT, "a message that ends too early") : MHO_OK;
    if (!s)
        s = task == WIRE_PRICE ? do_price(x, &p) : do_extend(x, &p, rung, &work);
    mhoi_wire_put(out, &work, sizeof work);
    mhoi_wire_put_point(out, &p, x->axes);
    mhoi_explore_point_free(&p);
    return s;
}

static mho_status serve_message(mho_explore *x, wire *in, wire *out, bool *end)
{
    const wire_task task = (wire_task)mhoi_wire_get_u64(in);
    const size_t rung = mhoi_wire_get_u64(in), points = mhoi_wire_get_u64(in);
    mho_status s = MHO_OK;
    *end = task == WIRE_END || in->bad;
    mhoi_wire_clear(out);
    mhoi_wire_put_u64(out, 0); /* the status, set below */
    for (size_t i = 0; !s && !*end && i < points; i++) {
        mhoi_wire_put_u64(out, mhoi_wire_get_u64(in)); /* its number */
        s = do_task(x, task, rung, in, out);
    }
    if (s) {
        mhoi_wire_clear(out);
        mhoi_wire_put_u64(out, (uint64_t)s);
        mhoi_wire_put_text(out, mho_error_message());
    }
    return MHO_OK;
}

mho_status mhoi_serve(mho_explore *x, int socket, const char token[33])
{
    wire in = {.bytes = NULL}, out = {.bytes = NULL};
    bool end = false;
    mho_status s = MHO_OK;
    mhoi_wire_put(&out, token, 32);
    mhoi_wire_put_u64(&out, mhoi_explore_digest(x));
    bool there = mhoi_wire_send(socket, &out);
    mhoi_bench_enter(x->bench);
    while (!s && there && !end) {
        there = mhoi_wire_receive(socket, &in);
        if (there)
            s = serve_message(x, &in, &out, &end);
        if (!s && there && !end)
            there = mhoi_wire_send(socket, &out);
    }
    mhoi_bench_leave(x->bench);
    close(socket);
    mhoi_wire_free(&in);
    mhoi_wire_free(&out);
    return s; /* rank 0 went: its own message tells why */
}
