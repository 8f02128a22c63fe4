/* SPDX-License-Identifier: Apache-2.0 */
/* How many points rank 0 hands out and takes back in a second: a message each way, over TCP, one point a message and 64. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "bench_record.h"
#include "explore/ranks.h"

enum { AXES = 8, ROUNDS = 20000 };

static void *echo(void *user)
{
    wire in = {.bytes = NULL};
    const int socket = *(int *)user;
    while (mhoi_wire_receive(socket, &in) && mhoi_wire_send(socket, &in))
        ;
    mhoi_wire_free(&in);
    close(socket);
    return NULL;
}

static int connected(int *other)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM, 0), one = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&at, &size) ||
        connect(one, (struct sockaddr *)&at, sizeof at))
        exit(1);
    *other = accept(listener, NULL, NULL);
    mhoi_rendezvous_set_up(one);
    mhoi_rendezvous_set_up(*other);
    close(listener);
    return one;
}

static void measure(int socket, size_t batch)
{
    uint32_t choice[AXES] = {0};
    explore_point p = {.choice = choice, .sum = mho_summary_none()}, back = {.choice = NULL};
    wire out = {.bytes = NULL}, in = {.bytes = NULL};
    const double start_s = mho_seconds();
    size_t messages = 0;
    for (; messages < ROUNDS / batch; messages++) {
        mhoi_wire_clear(&out);
        for (size_t i = 0; i < batch; i++)
            mhoi_wire_put_point(&out, &p, AXES);
        if (!mhoi_wire_send(socket, &out) || !mhoi_wire_receive(socket, &in))
            exit(1);
        for (size_t i = 0; i < batch; i++)
            mhoi_wire_get_point(&in, &back, AXES);
    }
    const double seconds = mho_seconds() - start_s;
    printf("batches of %2zu: %8.0f messages/s there and back, %8.0f points/s\n", batch,
           (double)messages / seconds, (double)(messages * batch) / seconds);
    record("ranks", batch == 1 ? "one point a message" : "64 points a message", "points/s",
           (double)(messages * batch) / seconds, false, true);
    mhoi_free(&back.choice);
    mhoi_wire_free(&in);
    mhoi_wire_free(&out);
}

int main(void)
{
    int other = -1;
    pthread_t thread;
    const int one = connected(&other);
    if (pthread_create(&thread, NULL, echo, &other))
        return 1;
    measure(one, 1);
    measure(one, 64);
    close(one);
    pthread_join(thread, NULL);
    return 0;
}
