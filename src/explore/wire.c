/* SPDX-License-Identifier: Apache-2.0 */
#include "explore/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

void mhoi_wire_free(wire *w)
{
    mhoi_free(&w->bytes);
    *w = (wire){.bytes = NULL};
}

void mhoi_wire_clear(wire *w)
{
    w->used = w->at = 0;
    w->bad = false;
}

static bool make_room(wire *w, size_t more)
{
    unsigned char *bigger = NULL;
    if (w->used + more <= w->room)
        return true;
    const size_t room = 2 * (w->used + more) + 1024;
    if (mhoi_alloc(&bigger, room, 1, "message")) {
        w->bad = true;
        return false;
    }
    if (w->used)
        memcpy(bigger, w->bytes, w->used);
    mhoi_free(&w->bytes);
    w->bytes = bigger;
    w->room = room;
    return true;
}

void mhoi_wire_put(wire *w, const void *bytes, size_t size)
{
    if (!size || !make_room(w, size))
        return;
    memcpy(w->bytes + w->used, bytes, size);
    w->used += size;
}

void mhoi_wire_put_u64(wire *w, uint64_t v)
{
    mhoi_wire_put(w, &v, sizeof v);
}

void mhoi_wire_put_text(wire *w, const char *text)
{
    const size_t n = text ? strlen(text) : 0;
    mhoi_wire_put_u64(w, n);
    mhoi_wire_put(w, text, n);
}

void mhoi_wire_get(wire *w, void *bytes, size_t size)
{
    memset(bytes, 0, size);
    if (w->bad || size > w->used - w->at) {
        w->bad = true;
        return;
    }
    memcpy(bytes, w->bytes + w->at, size);
    w->at += size;
}

uint64_t mhoi_wire_get_u64(wire *w)
{
    uint64_t v = 0;
    mhoi_wire_get(w, &v, sizeof v);
    return v;
}

char *mhoi_wire_get_text(wire *w)
{
    char *text = NULL;
    const uint64_t n = mhoi_wire_get_u64(w);
    if (w->bad || !n || n > w->used - w->at) {
        w->bad = w->bad || n > w->used - w->at;
        return NULL;
    }
    if (mhoi_alloc(&text, n + 1, 1, "message")) {
        w->bad = true;
        return NULL;
    }
    mhoi_wire_get(w, text, n);
    return text;
}

static void put_evidence(wire *w, const explore_evidence *e)
{
    mhoi_wire_put_u64(w, e->blocks);
    for (size_t k = 0; k < e->blocks; k++) {
        mhoi_wire_put_u64(w, e->end[k]);
        mhoi_wire_put_u64(w, e->trials[k]);
        mhoi_wire_put(w, e->wrong[k], e->trials[k] * sizeof *e->wrong[k]);
    }
}

/* Room for as many programmings as the search has is made where more follow. */
static void get_evidence(wire *w, explore_evidence *e)
{
    const uint64_t blocks = mhoi_wire_get_u64(w);
    if (blocks > EXPLORE_RUNGS) {
        w->bad = true;
        return;
    }
    for (size_t k = 0; !w->bad && k < blocks; k++) {
        e->end[k] = mhoi_wire_get_u64(w);
        const uint64_t trials = mhoi_wire_get_u64(w);
        if (w->bad || trials > (w->used - w->at) / sizeof *e->wrong[k]) {
            w->bad = true;
            return;
        }
        mhoi_free(&e->wrong[k]);
        if (mhoi_alloc(&e->wrong[k], trials > e->room ? trials : e->room, sizeof *e->wrong[k],
                       "evidence")) {
            w->bad = true;
            return;
        }
        mhoi_wire_get(w, e->wrong[k], trials * sizeof *e->wrong[k]);
        e->trials[k] = trials;
        e->blocks = k + 1;
    }
}

void mhoi_wire_put_point(wire *w, const explore_point *p, size_t axes)
{
    mhoi_wire_put(w, p->choice, axes * sizeof *p->choice);
    mhoi_wire_put_u64(w, (uint64_t)p->state);
    mhoi_wire_put(w, &p->sum, sizeof p->sum);
    mhoi_wire_put(w, &p->seconds, sizeof p->seconds);
    mhoi_wire_put_text(w, p->technology);
    mhoi_wire_put_text(w, p->changes);
    mhoi_wire_put_text(w, p->result);
    mhoi_wire_put_text(w, p->message);
    put_evidence(w, &p->evidence);
}

static void replace(char **text, char *with)
{
    mhoi_free(text);
    *text = with;
}

void mhoi_wire_get_point(wire *w, explore_point *p, size_t axes)
{
    if (!p->choice && mhoi_alloc(&p->choice, axes, sizeof *p->choice, "point")) {
        w->bad = true;
        return;
    }
    mhoi_wire_get(w, p->choice, axes * sizeof *p->choice);
    p->state = (explore_state)mhoi_wire_get_u64(w);
    mhoi_wire_get(w, &p->sum, sizeof p->sum);
    mhoi_wire_get(w, &p->seconds, sizeof p->seconds);
    char *technology = mhoi_wire_get_text(w);
    snprintf(p->technology, sizeof p->technology, "%s", technology ? technology : "");
    mhoi_free(&technology);
    replace(&p->changes, mhoi_wire_get_text(w));
    replace(&p->result, mhoi_wire_get_text(w));
    replace(&p->message, mhoi_wire_get_text(w));
    p->relative = p->result ? mhoi_explore_tells_relative(p->result) : p->relative;
    get_evidence(w, &p->evidence);
}

/* more: what follows goes with it. */
static bool move(int socket, void *bytes, size_t size, bool out, bool more)
{
    unsigned char *p = bytes;
    while (size) {
        const ssize_t n = out ? send(socket, p, size, MSG_NOSIGNAL | (more ? MSG_MORE : 0))
                              : recv(socket, p, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

bool mhoi_wire_send(int socket, const wire *w)
{
    uint64_t size = w->used;
    return !w->bad && move(socket, &size, sizeof size, true, w->used > 0) &&
           move(socket, w->bytes, w->used, true, false);
}

bool mhoi_wire_receive(int socket, wire *w)
{
    uint64_t size = 0;
    mhoi_wire_clear(w);
    if (!move(socket, &size, sizeof size, false, false) || size > WIRE_MOST ||
        !make_room(w, size) || !move(socket, w->bytes, size, false, false))
        return false;
    w->used = size;
    return true;
}
