/* SPDX-License-Identifier: Apache-2.0 */
/* How ranks find each other: a file beside the store, readable by its owner alone, with addresses, port, and a secret.
 * All processes of a job see the same folder; what they do not need is a library of MPI. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "explore/ranks.h"

enum { PATIENCE_S = 120, ADDRESSES = 16 };

static void path_of(const char *store, char *path, size_t size)
{
    snprintf(path, size, "%s.ranks", store);
}

void mhoi_rendezvous_set_up(int socket)
{
    const int yes = 1, idle = 20, between = 10, count = 3;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes); /* a machine that went dark */
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static mho_status listen_any(int *out, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof at;
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out < 0 || bind(*out, (struct sockaddr *)&at, sizeof at) || listen(*out, 1024) ||
        getsockname(*out, (struct sockaddr *)&at, &size))
        return mho_error(MHO_EFILE, "cannot listen for other ranks: %s", strerror(errno));
    *port = ntohs(at.sin_port);
    return MHO_OK;
}

static void print_addresses(FILE *file)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all))
        return;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        char text[INET_ADDRSTRLEN];
        struct sockaddr_in at;
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&at, i->ifa_addr, sizeof at);
        if (inet_ntop(AF_INET, &at.sin_addr, text, sizeof text))
            fprintf(file, "%s\n", text);
    }
    freeifaddrs(all);
}

mho_status mhoi_rendezvous_offer(const char *store, const char *job, int *listener, char token[33])
{
    unsigned char secret[16];
    char path[4200], fresh[4300];
    uint16_t port = 0;
    mho_status s = listen_any(listener, &port);
    if (s)
        return s;
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return mho_error(MHO_EFILE, "no random numbers for the secret of the ranks");
    for (int i = 0; i < 16; i++)
        snprintf(token + 2 * i, 3, "%02x", secret[i]);
    path_of(store, path, sizeof path);
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return mho_error(MHO_EFILE, "%s: cannot write: %s", fresh, strerror(errno));
    fprintf(file, "mho-ranks 1\n%s\n%s\n%u\n", job, token, (unsigned)port);
    print_addresses(file);
    const bool failed = ferror(file) != 0;
    if (fclose(file) || failed || rename(fresh, path))
        return mho_error(MHO_EFILE, "%s: cannot write: %s", path, strerror(errno));
    return MHO_OK;
}

void mhoi_rendezvous_end(const char *store)
{
    char path[4200];
    path_of(store, path, sizeof path);
    unlink(path);
}

static bool connect_to(const char *address, uint16_t port, int *out)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval patience = {.tv_sec = 5};
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out < 0)
        return false;
    setsockopt(*out, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (inet_pton(AF_INET, address, &at.sin_addr) == 1 &&
        !connect(*out, (struct sockaddr *)&at, sizeof at)) {
        const struct timeval none = {.tv_sec = 0};
        setsockopt(*out, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
        mhoi_rendezvous_set_up(*out);
        return true;
    }
    close(*out);
    *out = -1;
    return false;
}

static bool line(FILE *file, char *text, int size)
{
    if (!fgets(text, size, file))
        return false;
    text[strcspn(text, "\n")] = 0;
    return true;
}

/* One look at the file; false: not there, of another job, or nobody answers (any more). */
static bool try_file(const char *path, const char *job, int *out, char token[33])
{
    char text[1024], secret[64], port[16];
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool found = line(file, text, sizeof text) && !strcmp(text, "mho-ranks 1") &&
                 line(file, text, sizeof text) && !strcmp(text, job) &&
                 line(file, secret, sizeof secret) && strlen(secret) == 32 &&
                 line(file, port, sizeof port);
    bool connected = false;
    while (found && !connected && line(file, text, sizeof text))
        connected = connect_to(text, (uint16_t)strtoul(port, NULL, 10), out);
    fclose(file);
    if (connected)
        memcpy(token, secret, 33);
    return connected;
}

mho_status mhoi_rendezvous_find(const char *store, const char *job, int *out, char token[33])
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    const double end_s = mho_seconds() + PATIENCE_S;
    char path[4200];
    path_of(store, path, sizeof path);
    while (mho_seconds() < end_s) {
        if (try_file(path, job, out, token))
            return MHO_OK;
        nanosleep(&pause, NULL);
    }
    return mho_error(MHO_EFILE,
                     "%s: rank 0 did not say where it is within %d s (do all ranks see this "
                     "folder?)",
                     path, PATIENCE_S);
}

mho_status mhoi_rendezvous_local(int listener, int *out)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    if (getsockname(listener, (struct sockaddr *)&at, &size) ||
        !connect_to("127.0.0.1", ntohs(at.sin_port), out))
        return mho_error(MHO_EFILE, "cannot reach this process itself: %s", strerror(errno));
    return MHO_OK;
}
