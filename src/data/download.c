/* SPDX-License-Identifier: Apache-2.0 */
/* Files from the network, by libcurl; nothing else in mho opens a connection. */
#include <curl/curl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "data/data_impl.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S 20L /* give up after so long below STALL_BYTES_PER_S */
#define STALL_BYTES_PER_S 256L

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
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return CURLE_OUT_OF_MEMORY;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->reason);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

mho_status mhoi_download(const char *url, size_t most, size_t done, size_t total, char **bytes,
                         size_t *size)
{
    *bytes = NULL;
    *size = 0;
    transfer t = {.most = most, .done = done, .total = total};
    mho_status s = mhoi_alloc(&t.bytes, most, 1, "download");
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
                     t.reason[0] != 0 ? t.reason : curl_easy_strerror(code));
}
