/* SPDX-License-Identifier: Apache-2.0 */
/* Names of data sets: a YAML map NAME: place in the user's folder of configurations.  Changes are made under a lock, and the
 * file is replaced as a whole, so that two programs do not lose each other's names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/yaml.h"
#include "data/data_impl.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define LINE 1400 /* bytes of a name and a place with all letters escaped, and more */

static mho_status config_folder(char path[MHOI_PATH])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/')
        return mhoi_path(path, "%s/mho", config);
    if (home && home[0])
        return mhoi_path(path, "%s/.config/mho", home);
    return mho_error(MHO_EFILE, "neither XDG_CONFIG_HOME nor HOME is set: nowhere to keep names");
}

mho_status mho_data_names_file(char path[MHO_DATA_NAMES_PATH])
{
    char folder[MHOI_PATH];
    mho_status s = config_folder(folder);
    return s == MHO_OK ? mhoi_path(path, "%s/data.yaml", folder) : s;
}
_Static_assert(MHO_DATA_NAMES_PATH == MHOI_PATH, "mho_data_names_file");

static bool is_name(const char *name)
{
    return name[0] && strlen(name) < MHO_NAME && !name[strspn(name, LETTERS)] && name[0] != '-' &&
           strcmp(name, "synthetic") != 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static mho_status entry_of(const mhoi_yaml *node, const char *file, mho_data_name *out)
{
    if (node->kind != MHOI_YAML_SCALAR || !is_name(node->key) || node->text[0] != '/' ||
        strlen(node->text) >= sizeof out->place)
        return mho_error(MHO_EFORMAT, "%s:%zu: want NAME: /absolute/place", file, node->line);
    (void)snprintf(out->name, sizeof out->name, "%s", node->key);
    (void)snprintf(out->place, sizeof out->place, "%s", node->text);
    return MHO_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const mho_data_name *)a)->name, ((const mho_data_name *)b)->name);
}

/* With room for one more. */
static mho_status parse(const char *text, const char *file, mho_data_name **list, size_t *count)
{
    mhoi_yaml *root = NULL;
    mho_status s = mhoi_yaml_parse(text, file, &root);
    if (s == MHO_OK && root->kind != MHOI_YAML_MAP)
        s = mho_error(MHO_EFORMAT, "%s: want lines of NAME: /absolute/place", file);
    if (s == MHO_OK)
        s = mhoi_alloc(list, root->children + 1, sizeof **list, "names of data sets");
    for (size_t i = 0; s == MHO_OK && i < root->children; i++)
        s = entry_of(&root->child[i], file, &(*list)[i]);
    if (s == MHO_OK) {
        *count = root->children;
        qsort(*list, *count, sizeof **list, by_name);
    } else {
        mhoi_free(list);
    }
    mhoi_yaml_destroy(root);
    return s;
}

mho_status mho_data_names(mho_data_name **list, size_t *count)
{
    char file[MHOI_PATH], *text = NULL;
    size_t size = 0;
    *list = NULL;
    *count = 0;
    mho_status s = mho_data_names_file(file);
    if (s != MHO_OK)
        return s;
    if (!mhoi_file_exists(file))
        return mhoi_alloc(list, 1, sizeof **list, "names of data sets");
    s = mhoi_file_read(file, MHOI_TEXT_MAX, &text, &size);
    if (s == MHO_OK && strlen(text) != size)
        s = mho_error(MHO_EFORMAT, "%s: not a text", file);
    if (s == MHO_OK)
        s = parse(text, file, list, count);
    mhoi_free(&text);
    return s;
}

void mho_data_names_free(mho_data_name *list)
{
    mhoi_free(&list);
}

mho_status mhoi_remembered(const char *name, char place[256])
{
    char file[MHOI_PATH];
    mho_data_name *list = NULL;
    size_t count = 0;
    place[0] = 0;
    if (!is_name(name) || mho_data_names_file(file) != MHO_OK || !mhoi_file_exists(file))
        return MHO_OK;
    mho_status s = mho_data_names(&list, &count);
    for (size_t i = 0; s == MHO_OK && i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            (void)snprintf(place, 256, "%s", list[i].place);
    mho_data_names_free(list);
    return s;
}

/* --- changing ----------------------------------------------------------------------------------------- */

static void print_line(const mho_data_name *entry, char *line)
{
    char *to = line + sprintf(line, "%s: \"", entry->name);
    for (const char *c = entry->place; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            to += sprintf(to, "\\x%02x", (unsigned)(unsigned char)*c);
            continue;
        }
        if (*c == '"' || *c == '\\')
            *to++ = '\\';
        *to++ = *c;
    }
    memcpy(to, "\"\n", 3);
}

static mho_status write_names(const char *file, const mho_data_name *list, size_t count)
{
    char *text = NULL;
    size_t used = 0;
    mho_status s = mhoi_alloc(&text, count + 1, LINE, "names of data sets");
    for (size_t i = 0; s == MHO_OK && i < count; i++) {
        print_line(&list[i], text + used);
        used += strlen(text + used);
    }
    if (s == MHO_OK)
        s = mhoi_file_write(file, text, used);
    mhoi_free(&text);
    return s;
}

/* The folder is there, and nobody else changes what is in it; close *lock. */
static mho_status begin(char file[MHOI_PATH], int *lock)
{
    char folder[MHOI_PATH];
    mho_status s = config_folder(folder);
    if (s == MHO_OK)
        s = mho_data_names_file(file);
    if (s == MHO_OK)
        s = mhoi_make_folders(folder);
    if (s != MHO_OK)
        return s;
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0 || flock(*lock, LOCK_EX) != 0) {
        s = mho_error(MHO_EFILE, "%s: cannot lock the folder: %s", folder, strerror(errno));
        if (*lock >= 0)
            (void)close(*lock);
    }
    return s;
}

/* place NULL: takes the name away. */
static mho_status change(const char *name, const char *place)
{
    char file[MHOI_PATH];
    int lock = -1;
    mho_data_name *list = NULL;
    size_t count = 0, at = 0;
    mho_status s = begin(file, &lock);
    if (s != MHO_OK)
        return s;
    s = mho_data_names(&list, &count);
    while (s == MHO_OK && at < count && strcmp(list[at].name, name) != 0)
        at++;
    if (s == MHO_OK && !place && at == count)
        s = mho_error(MHO_EUSAGE, "%s: no such name is remembered", name);
    if (s == MHO_OK && place) {
        (void)snprintf(list[at].name, sizeof list[at].name, "%s", name);
        (void)snprintf(list[at].place, sizeof list[at].place, "%s", place);
        count += at == count;
    } else if (s == MHO_OK) {
        list[at] = list[--count];
    }
    if (s == MHO_OK) {
        qsort(list, count, sizeof *list, by_name);
        s = write_names(file, list, count);
    }
    mho_data_names_free(list);
    (void)close(lock);
    return s;
}

/* Absolute paths, of files in a list one by one. */
static mho_status absolute(const char *place, char out[256])
{
    size_t used = 0;
    out[0] = 0;
    for (const char *p = place; *p;) {
        char path[MHOI_PATH];
        const size_t n = mhoi_arrays_is_list(place) ? strcspn(p, ",") : strlen(p);
        mho_status s = mhoi_path(path, "%.*s", (int)n, p);
        char *real = s == MHO_OK ? realpath(path, NULL) : NULL;
        const size_t length = real ? strlen(real) : 0;
        if (s == MHO_OK && !real)
            s = mho_error(MHO_ENODATA, "%s: %s", path, strerror(errno));
        if (s == MHO_OK && used + length + 2 > 256)
            s = mho_error(MHO_EDOMAIN, "%.60s...: a place of more than 255 bytes", place);
        if (s == MHO_OK)
            used += (size_t)snprintf(out + used, 256 - used, "%s%s", used ? "," : "", real);
        free(real);
        if (s != MHO_OK)
            return s;
        p += n + (p[n] == ',');
    }
    return MHO_OK;
}

mho_status mho_data_remember(const char *name, const char *place)
{
    char path[256];
    mho_data *data = NULL;
    if (!is_name(name))
        return mho_error(MHO_EUSAGE,
                         "'%s': want a name of letters, digits, '.', '_' and '-', at most %d, not "
                         "'synthetic'",
                         name, MHO_NAME - 1);
    mho_status s = absolute(place, path);
    if (s == MHO_OK)
        s = mho_data_open(path, false, false, &data);
    mho_data_destroy(data);
    return s == MHO_OK ? change(name, path) : s;
}

mho_status mho_data_forget(const char *name)
{
    return change(name, NULL);
}
