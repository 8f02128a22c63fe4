/* SPDX-License-Identifier: Apache-2.0 */
/* Files from the network, by libcurl; nothing else in mho opens a connection. */
#include <curl/curl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/library.h"
#include "base/parallel.h"
#include "data/data_impl.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S 20L /* give up after so long below STALL_BYTES_PER_S */
#define STALL_BYTES_PER_S 256L

/* The functions of libcurl that are called; loaded when something is fetched. */
static struct {
    __typeof__(&curl_easy_init) easy_init;
    CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
    __typeof__(&curl_easy_perform) easy_perform;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_strerror) easy_strerror;
} lib;

static mho_status load(void)
{
    static const mhoi_symbol symbol[] = {
        {"curl_easy_init", &lib.easy_init},         {"curl_easy_setopt", &lib.easy_setopt},
        {"curl_easy_perform", &lib.easy_perform},   {"curl_easy_cleanup", &lib.easy_cleanup},
        {"curl_easy_strerror", &lib.easy_strerror},
    };
    return mhoi_library_open("libcurl.so.4", symbol, sizeof symbol / sizeof *symbol);
}

typedef struct transfer {
    char *bytes;
    size_t size, most;
    size_t done, total; /* of the whole job, for the progress callback */
    bool too_long;
    char reason[CURL_ERROR_SIZE]; /* in more words than the code's text, or empty */
} transfer;

static size_t receive(char *bytes, size_t unit, size_t count, void *context)
{
    transfer *t = context;
    size_t size = unit * count;
    if (size > t->most - t->size) {
        t->too_long = true;
        return 0;
    }
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    return size;
}

static int watch(void *context, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t up_now)
{
    (void)total, (void)now, (void)up, (void)up_now;
    const transfer *t = context;
    mhoi_progress("fetch", t->done + t->size, t->total, "B");
    return mhoi_interrupted();
}

static CURLcode perform(const char *url, transfer *t)
{
    CURL *curl = lib.easy_init();
    if (curl == NULL)
        return CURLE_OUT_OF_MEMORY;
    (void)lib.easy_setopt(curl, CURLOPT_URL, url);
    (void)lib.easy_setopt(curl, CURLOPT_ERRORBUFFER, t->reason);
    (void)lib.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    (void)lib.easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)lib.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    (void)lib.easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)lib.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)lib.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    (void)lib.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
    (void)lib.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_S);
    (void)lib.easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    (void)lib.easy_setopt(curl, CURLOPT_WRITEDATA, t);
    (void)lib.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)lib.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    (void)lib.easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    CURLcode code = lib.easy_perform(curl);
    lib.easy_cleanup(curl);
    return code;
}

mho_status mhoi_download(const char *url, size_t most, size_t done, size_t total, char **bytes,
                         size_t *size)
{
    *bytes = NULL;
    *size = 0;
    transfer t = {.most = most, .done = done, .total = total};
    mho_status s = load();
    if (s == MHO_OK)
        s = mhoi_alloc(&t.bytes, most, 1, "download");
    if (s != MHO_OK)
        return s;
    CURLcode code = perform(url, &t);
    if (code == CURLE_OK) {
        *bytes = t.bytes;
        *size = t.size;
        return MHO_OK;
    }
    mhoi_free(&t.bytes);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return mho_error(MHO_EINTERRUPTED, "%s: interrupted", url);
    if (t.too_long)
        return mho_error(MHO_EFILE, "%s: longer than %zu bytes, not the file wanted", url, most);
    return mho_error(MHO_EFILE, "%s: %s", url,
                     t.reason[0] != 0 ? t.reason : lib.easy_strerror(code));
}
