/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets as folders of pictures, the class by the folder's name: train/CLASS/FILE and test/CLASS/FILE (or val/, valid/,
 * validation/), or CLASS/FILE alone, which are test images.
 *
 * Classes are those of both parts together.  Names that are all whole numbers are the labels themselves; else the labels
 * count the names in the order of their bytes.  Images are taken in turn of each class, in the order of their files'
 * names, so that the first ones are of all classes. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"
#include "data/data_impl.h"
#include "picture/picture.h"

#define FILE_MAX ((size_t)256 << 20) /* bytes of a picture's file */
#define NAME_BYTES 256
#define NAMES_MAX ((size_t)1 << 24)

typedef struct names {
    char (*name)[NAME_BYTES];
    size_t count, room;
} names;

typedef bool keep_fn(const char *folder, const char *name);

static void names_free(names *n)
{
    mhoi_free(&n->name);
    *n = (names){0};
}

static mho_status names_add(names *n, const char *name, const char *folder)
{
    if (strlen(name) >= NAME_BYTES || n->count == NAMES_MAX)
        return mho_error(MHO_EDOMAIN, "%s: more than %zu files, or a name above %d bytes", folder,
                         NAMES_MAX, NAME_BYTES - 1);
    mho_status s = mhoi_grow(&n->name, &n->room, n->count, sizeof *n->name, "names of files");
    if (s)
        return s;
    memcpy(n->name[n->count++], name, strlen(name) + 1);
    return MHO_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_number(const void *a, const void *b)
{
    const unsigned long x = strtoul(a, NULL, 10), y = strtoul(b, NULL, 10);
    return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

/* Those in the folder that are kept, sorted. */
static mho_status list_folder(const char *folder, keep_fn *keep, names *out)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    mho_status s = MHO_OK;
    if (!dir)
        return mho_error(MHO_EFILE, "%s: cannot read the folder", folder);
    while (s == MHO_OK && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && keep(folder, entry->d_name))
            s = names_add(out, entry->d_name, folder);
    (void)closedir(dir);
    if (s == MHO_OK && out->count > 1)
        qsort(out->name, out->count, sizeof *out->name, by_bytes);
    return s;
}

static bool is_picture(const char *folder, const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".pnm", ".bmp"};
    const char *dot = strrchr(name, '.');
    bool is = false;
    (void)folder;
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        is = is || strcasecmp(dot, endings[i]) == 0;
    return is;
}

static bool is_folder(const char *path)
{
    struct stat state;
    return stat(path, &state) == 0 && S_ISDIR(state.st_mode);
}

/* A folder with a picture in it. */
static bool is_class(const char *folder, const char *name)
{
    char path[MHOI_PATH];
    if (mhoi_path(path, "%s/%s", folder, name) != MHO_OK || !is_folder(path))
        return false;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool is = false;
    while (dir && !is && (entry = readdir(dir)))
        is = entry->d_name[0] != '.' && is_picture(path, entry->d_name);
    if (dir)
        (void)closedir(dir);
    return is;
}

static bool has_class(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool has = false;
    while (dir && !has && (entry = readdir(dir)))
        has = entry->d_name[0] != '.' && is_class(folder, entry->d_name);
    if (dir)
        (void)closedir(dir);
    return has;
}

/* The folder of the part's classes; empty: there is none. */
static mho_status part_folder(const char *folder, bool train, char path[MHOI_PATH])
{
    static const char *const parts[] = {"test", "val", "valid", "validation", "train"};
    bool split = false;
    for (size_t i = 0; i < 5; i++) {
        mho_status s = mhoi_path(path, "%s/%s", folder, parts[i]);
        if (s != MHO_OK)
            return s;
        split = split || (is_folder(path) && has_class(path));
        if (train == (i == 4) && has_class(path))
            return MHO_OK;
    }
    path[0] = 0;
    return split || train || !has_class(folder) ? MHO_OK : mhoi_path(path, "%s", folder);
}

size_t mhoi_pictures_present(const char *folder, bool train)
{
    char path[MHOI_PATH];
    return part_folder(folder, train, path) == MHO_OK && path[0];
}

/* --- classes ------------------------------------------------------------------------------------------ */

static bool are_numbers(const names *n)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->name[i][strspn(n->name[i], "0123456789")] || strlen(n->name[i]) > 9)
            return false;
    return n->count > 0;
}

/* Those of both parts, each once, in order. */
static mho_status list_classes(const char *folder, names *out)
{
    char path[MHOI_PATH];
    mho_status s = MHO_OK;
    for (int train = 0; s == MHO_OK && train < 2; train++) {
        s = part_folder(folder, train, path);
        if (s == MHO_OK && path[0])
            s = list_folder(path, is_class, out);
    }
    if (s != MHO_OK || !out->count)
        return s;
    qsort(out->name, out->count, sizeof *out->name, are_numbers(out) ? by_number : by_bytes);
    size_t n = 1;
    for (size_t i = 1; i < out->count; i++)
        if (strcmp(out->name[i], out->name[n - 1]) != 0)
            memmove(out->name[n++], out->name[i], NAME_BYTES);
    out->count = n;
    return MHO_OK;
}

static mho_status label_of(const names *classes, size_t k, const char *folder, uint16_t *label)
{
    const size_t value = are_numbers(classes) ? strtoul(classes->name[k], NULL, 10) : k;
    if (value >= MHO_CLASSES_MAX)
        return mho_error(MHO_EFORMAT, "%s/%s: label %zu, want 0..%d", folder, classes->name[k],
                         value, MHO_CLASSES_MAX - 1);
    *label = (uint16_t)value;
    return MHO_OK;
}

/* --- reading ------------------------------------------------------------------------------------------ */

typedef struct listing {
    names classes, *files; /* [classes.count] files of each */
    uint16_t *label;       /* [classes.count] */
    size_t total;
} listing;

static void listing_free(listing *l)
{
    for (size_t k = 0; l->files && k < l->classes.count; k++)
        names_free(&l->files[k]);
    mhoi_free(&l->files);
    mhoi_free(&l->label);
    names_free(&l->classes);
}

static mho_status list_files(const char *folder, const char *part, listing *l)
{
    char path[MHOI_PATH];
    mho_status s = list_classes(folder, &l->classes);
    if (s == MHO_OK)
        s = mhoi_alloc(&l->files, l->classes.count, sizeof *l->files, "names of files");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->label, l->classes.count, sizeof *l->label, "labels");
    for (size_t k = 0; s == MHO_OK && k < l->classes.count; k++) {
        s = label_of(&l->classes, k, part, &l->label[k]);
        if (s == MHO_OK)
            s = mhoi_path(path, "%s/%s", part, l->classes.name[k]);
        if (s == MHO_OK && is_folder(path))
            s = list_folder(path, is_picture, &l->files[k]);
        l->total += l->files[k].count;
    }
    return s;
}

static mho_status same_sides(const char *path, const mhoi_picture *p, const mho_images *out)
{
    const mho_shape want = out->shape;
    if (p->c == want.c && p->h == want.h && p->w == want.w)
        return MHO_OK;
    return mho_error(
        MHO_EFORMAT,
        "%s: %zu x %zu x %zu, the first picture is %zu x %zu x %zu: want all of one size", path,
        p->c, p->h, p->w, want.c, want.h, want.w);
}

/* The first one tells the sides of all. */
static mho_status put(const char *path, const mhoi_picture *p, size_t i, size_t count,
                      mho_images *out)
{
    const size_t plane = p->h * p->w;
    mho_status s = MHO_OK;
    if (i == 0) {
        out->shape = (mho_shape){p->c, p->h, p->w};
        s = mhoi_alloc(&out->pixel, count, p->c * plane, "pictures");
    }
    if (s == MHO_OK)
        s = same_sides(path, p, out);
    if (s != MHO_OK)
        return s;
    uint8_t *to = out->pixel + i * p->c * plane;
    for (size_t k = 0; k < p->c; k++)
        for (size_t at = 0; at < plane; at++)
            to[k * plane + at] = p->sample[at * p->c + k];
    return MHO_OK;
}

static mho_status read_one(const char *path, size_t i, size_t count, mho_images *out)
{
    char *bytes = NULL;
    size_t size = 0;
    mhoi_picture picture = {0};
    mho_status s = mhoi_file_read(path, FILE_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_picture_parse(path, bytes, size, &picture);
    if (s == MHO_OK)
        s = put(path, &picture, i, count, out);
    mhoi_free(&picture.sample);
    mhoi_free(&bytes);
    return s;
}

static mho_status read_files(const char *part, const listing *l, size_t count, mho_images *out)
{
    char path[MHOI_PATH];
    mho_status s = mhoi_alloc(&out->label, count, sizeof *out->label, "labels");
    size_t i = 0;
    for (size_t turn = 0; s == MHO_OK && i < count; turn++)
        for (size_t k = 0; s == MHO_OK && i < count && k < l->classes.count; k++) {
            if (turn >= l->files[k].count)
                continue;
            s = mhoi_path(path, "%s/%s/%s", part, l->classes.name[k], l->files[k].name[turn]);
            if (s == MHO_OK)
                s = read_one(path, i, count, out);
            out->label[i++] = l->label[k];
            mhoi_progress("pictures", i, count, "images");
            if (s == MHO_OK && mhoi_interrupted())
                s = mho_error(MHO_EINTERRUPTED, "%s: interrupted", part);
        }
    return s;
}

mho_status mhoi_pictures_read(const char *folder, bool train, size_t most, mho_images *out)
{
    char part[MHOI_PATH];
    listing l = {.total = 0};
    *out = (mho_images){.count = 0};
    mho_status s = part_folder(folder, train, part);
    if (s == MHO_OK && !part[0])
        s = mho_error(MHO_ENODATA, "%s: no %s/CLASS/FILE.png (nor .jpg, .pgm, .ppm)", folder,
                      train ? "train" : "test");
    if (s == MHO_OK)
        s = list_files(folder, part, &l);
    if (s == MHO_OK) {
        out->count = l.total < most ? l.total : most;
        out->classes = (size_t)l.label[l.classes.count - 1] + 1;
        s = read_files(part, &l, out->count, out);
    }
    listing_free(&l);
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
