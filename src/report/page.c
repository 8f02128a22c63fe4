/* SPDX-License-Identifier: Apache-2.0 */
/* The page (page/, bundled into one file when the program was built) with a result's JSON put into it. */
#include <string.h>

#include "mho/asset.h"
#include "mho/report.h"

static const char place[] = "/*DATA*/";

bool mho_page_built(void)
{
    return mho_asset_find("page/report.html") != NULL;
}

/* '<' stands in JSON only within texts, where its escape is the same text: so that none of them ends the element. */
static void write_data(const char *json, size_t size, FILE *out)
{
    const char *end = json + size;
    for (const char *p; (p = memchr(json, '<', (size_t)(end - json))); json = p + 1) {
        (void)fwrite(json, 1, (size_t)(p - json), out);
        (void)fputs("\\u003c", out);
    }
    (void)fwrite(json, 1, (size_t)(end - json), out);
}

mho_status mho_page_write(const char *json, size_t size, FILE *out)
{
    const mho_asset *page = mho_asset_find("page/report.html");
    if (!page)
        return mho_error(MHO_ENOTMODELED,
                         "this build has no page: it was built without npm (`./dev page` builds "
                         "it; a wheel that is built afterwards has it, too)");
    const char *at = strstr(page->data, place);
    if (!at)
        return mho_error(MHO_EINTERNAL, "page/report.html: no place for the data");
    (void)fwrite(page->data, 1, (size_t)(at - page->data), out);
    write_data(json, size, out);
    at += sizeof place - 1;
    (void)fwrite(at, 1, page->size - (size_t)(at - page->data), out);
    return ferror(out) ? mho_error(MHO_EFILE, "cannot write the page") : MHO_OK;
}
