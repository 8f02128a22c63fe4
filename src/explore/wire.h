/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the processes of a search: a length, then whole numbers, doubles, texts and points, of one machine's
 * kind, as all of them run the same program. */
#ifndef MHO_EXPLORE_WIRE_H
#define MHO_EXPLORE_WIRE_H

#include "explore/explore_impl.h"

enum { WIRE_MOST = 64 << 20 };

typedef enum wire_task { WIRE_END, WIRE_PRICE, WIRE_EXTEND } wire_task;

typedef struct wire {
    unsigned char *bytes;
    size_t used, room, at;
    bool bad; /* read beyond its end, or out of memory */
} wire;

void mhoi_wire_free(wire *w);
void mhoi_wire_clear(wire *w);
void mhoi_wire_put(wire *w, const void *bytes, size_t size);
void mhoi_wire_put_u64(wire *w, uint64_t v);
void mhoi_wire_put_text(wire *w, const char *text);
void mhoi_wire_get(wire *w, void *bytes, size_t size);
uint64_t mhoi_wire_get_u64(wire *w);
/* To be freed with mhoi_free; NULL of an empty one. */
char *mhoi_wire_get_text(wire *w);

/* What a task needs of a point, and what it made of it. */
void mhoi_wire_put_point(wire *w, const explore_point *p, size_t axes);
void mhoi_wire_get_point(wire *w, explore_point *p, size_t axes);

/* Whole messages; false: the other end is gone. */
bool mhoi_wire_send(int socket, const wire *w);
bool mhoi_wire_receive(int socket, wire *w);

#endif
