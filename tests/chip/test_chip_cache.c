/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations in files: a chip that finds one is as the one that made it, and a file that is not as it was written is made anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cache.h"
#include "base/identity.h"
#include "chip_nets.h"
#include "mho/run.h"
#include "mho/study.h"

enum { IMAGES = 24, SIDE = 8, CLASSES = 12, SCORES = IMAGES * CLASSES, NAME_MOST = 256 };

static char folder[256];

/* Added to a seed: that network, a weight of its last layer negated, which is large enough to be read in lanes. */
enum { NEGATED = 1000 };

static mho_net *network(uint64_t number)
{
    const uint64_t seed = number % NEGATED;
    builder b = {.nodes = 0};
    dice d = {seed};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){2, SIDE, SIDE};
    add_conv(&b, 6, 3, 1, 1, 1, false, true);
    add_plain(&b, MHO_OP_RELU, "relu");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, CLASSES, false, true);
    mho_net *net = finish(&b);
    randomize(&d, net);
    float *weight = net->node[net->nodes - 1].weight;
    for (size_t i = 0; number >= NEGATED && i < number / NEGATED; i++)
        weight[101 * i] = -weight[101 * i];
    return net;
}

/* Scores of a chip that is calibrated with what the folder holds. */
static void scores_with(const char *set, uint64_t seed, float *scores)
{
    const char *const sets[] = {"crossbar.rows=16", set, NULL};
    dice d = {3};
    mho_images images = random_images(&d, (mho_shape){2, SIDE, SIDE}, IMAGES);
    images.classes = 0; /* ranges go by sums alone */
    mho_net *net = network(seed);
    mho_hw *hw;
    mho_chip *chip;
    must(mho_hw_open("cnn8", sets, &hw));
    must(mho_chip_open(net, hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, scores, NULL));
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    mho_images_free(&images);
}

/* In place of the library's own: another number is another code. */
static char identity[] = "code 0";

const char *mhoi_build_identity(void)
{
    return identity;
}

/* Files of the cache in the folder; the last one's path. */
static size_t files(char path[NAME_MOST + 256])
{
    DIR *dir = opendir(folder);
    size_t n = 0;
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (strncmp(e->d_name, MHOI_CACHE_PREFIX, strlen(MHOI_CACHE_PREFIX)) != 0)
            continue;
        snprintf(path, NAME_MOST + 256, "%s/%.200s", folder, e->d_name);
        n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

static void empty_folder(void)
{
    char path[NAME_MOST + 256];
    while (files(path))
        assert_int_equal(unlink(path), 0);
}

static size_t read_file(const char *path, char *bytes, size_t most)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(bytes, 1, most, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int with_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/mho-cache-%ld/a/b", (long)getpid());
    must(mho_run_set_cache(NULL, folder));
    return 0;
}

static int without_folder(void **state)
{
    (void)state;
    empty_folder();
    for (int i = 0; i < 3; i++) {
        (void)rmdir(folder);
        *strrchr(folder, '/') = 0;
    }
    must(mho_run_set_cache(NULL, NULL));
    return 0;
}

/* Marks the file as old; a program that makes it anew makes another, one that reads it touches it. */
static struct stat age(const char *path)
{
    const struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
    struct stat info;
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(stat(path, &info), 0);
    return info;
}

static void test_found(void **state)
{
    (void)state;
    static const char *const set[] = {"output.range=least_squares", "output.range=calibrated"};
    float want[SCORES], made[SCORES], found[SCORES];
    char path[NAME_MOST + 256];
    struct stat info;
    for (size_t k = 0; k < 2; k++) {
        must(mho_run_set_cache(NULL, NULL));
        scores_with(set[k], 11, want);
        must(mho_run_set_cache(NULL, folder));
        scores_with(set[k], 11, made);
        assert_int_equal(files(path), 1); /* the same sums */
        const struct stat before = age(path);
        scores_with(set[k], 11, found);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_ino, before.st_ino);
        assert_true(info.st_mtim.tv_sec > before.st_mtim.tv_sec);
        assert_int_equal(info.st_mode & 0777, 0600);
        assert_memory_equal(made, want, sizeof want);
        assert_memory_equal(found, want, sizeof want);
    }
    scores_with("device.variation=0.5", 11, made);
    assert_int_equal(files(path), 1); /* cells are ideal meanwhile */
    scores_with("output.calibration_images=20", 11, made);
    assert_int_equal(files(path), 2);
    scores_with("crossbar.columns=8", 12, made);
    assert_int_equal(files(path), 3);
    for (size_t i = 1; i < 10; i++) {
        scores_with("crossbar.columns=8", i * NEGATED + 12, made);
        assert_int_equal(files(path), 3 + i);
    }
    assert_string_equal(mho_run_cache_note(NULL), "");
}

/* The file is what it was before, and the note names it. */
static void expect_anew(const char *path, const char *good, size_t size, const float *want)
{
    static char bytes[1 << 20];
    float scores[SCORES];
    must(mho_run_set_cache(NULL, folder)); /* forgets the last note */
    scores_with("crossbar.columns=8", 11, scores);
    assert_memory_equal(scores, want, sizeof scores);
    assert_non_null(strstr(mho_run_cache_note(NULL), path));
    assert_int_equal(read_file(path, bytes, sizeof bytes), size);
    assert_memory_equal(bytes, good, size);
}

static void test_damaged(void **state)
{
    (void)state;
    static char good[1 << 20], bad[1 << 20];
    float want[SCORES];
    char path[NAME_MOST + 256];
    empty_folder();
    scores_with("crossbar.columns=8", 11, want);
    assert_int_equal(files(path), 1);
    const size_t size = read_file(path, good, sizeof good);
    assert_true(size > 200 && size < sizeof good);
    const size_t lengths[] = {0, 1, 8, 100, size / 2, size - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_file(path, good, lengths[i]);
        expect_anew(path, good, size, want);
    }
    for (size_t at = 0; at < size; at += size / 11) {
        memcpy(bad, good, size);
        bad[at] ^= 1;
        write_file(path, bad, size);
        expect_anew(path, good, size, want);
    }
    memcpy(bad, good, size); /* whole, but of another version */
    bad[16]++;
    const uint64_t hash = mhoi_hash(MHOI_HASH_START, bad, size - sizeof hash);
    memcpy(bad + size - sizeof hash, &hash, sizeof hash);
    write_file(path, bad, size);
    expect_anew(path, good, size, want);
    assert_int_equal(unlink(path), 0); /* nothing that waits for somebody who writes */
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_anew(path, good, size, want);
}

static void test_bounded(void **state)
{
    (void)state;
    char path[NAME_MOST + 256], other[300], last[300];
    struct stat info;
    float scores[SCORES];
    empty_folder();
    scores_with("crossbar.columns=8", 11, scores);
    snprintf(other, sizeof other, "%s/notes.txt", folder);
    write_file(other, "mine", 4);
    (void)age(other);
    for (size_t i = 0; i < MHOI_CACHE_FILES; i++) {
        snprintf(last, sizeof last, "%s/" MHOI_CACHE_PREFIX "%04zu", folder, i);
        write_file(last, "x", 1);
        const struct timespec used[2] = {{0, UTIME_OMIT}, {1000000000 + (time_t)i, 0}};
        assert_int_equal(utimensat(AT_FDCWD, last, used, 0), 0);
    }
    scores_with("crossbar.columns=8", 12, scores);
    assert_int_equal(files(path), MHOI_CACHE_FILES / 4 * 3);
    assert_int_equal(stat(last, &info), 0); /* the newest stay */
    snprintf(last, sizeof last, "%s/" MHOI_CACHE_PREFIX "0000", folder);
    assert_int_equal(stat(last, &info), -1);
    assert_int_equal(unlink(other), 0); /* it is not ours */
}

/* What other code made is not found, and not taken for damaged. */
static void test_code(void **state)
{
    (void)state;
    char path[NAME_MOST + 256];
    float want[SCORES], scores[SCORES];
    empty_folder();
    must(mho_run_set_cache(NULL, folder));
    scores_with("crossbar.columns=8", 11, want);
    assert_int_equal(files(path), 1);
    identity[5]++;
    scores_with("crossbar.columns=8", 11, scores);
    assert_int_equal(files(path), 2);
    assert_memory_equal(scores, want, sizeof want);
    identity[5]--;
    scores_with("crossbar.columns=8", 11, scores);
    assert_int_equal(files(path), 2);
    assert_string_equal(mho_run_cache_note(NULL), "");
}

/* No more than so many bytes together either: files of holes count as what they would hold. */
static void test_bounded_bytes(void **state)
{
    (void)state;
    enum { LARGE = 5 };
    char path[NAME_MOST + 256], large[LARGE][300];
    struct stat info;
    float scores[SCORES];
    empty_folder();
    for (size_t i = 0; i < LARGE; i++) {
        snprintf(large[i], sizeof large[i], "%s/" MHOI_CACHE_PREFIX "%04zu", folder, i);
        write_file(large[i], "x", 1);
        assert_int_equal(truncate(large[i], MHOI_CACHE_BYTES / 4), 0);
        const struct timespec used[2] = {{0, UTIME_OMIT}, {1000000000 + (time_t)i, 0}};
        assert_int_equal(utimensat(AT_FDCWD, large[i], used, 0), 0);
    }
    scores_with("crossbar.columns=8", 12, scores); /* itself some bytes: two of the five stay */
    assert_int_equal(files(path), 3);
    for (size_t i = 0; i < LARGE; i++)
        assert_int_equal(stat(large[i], &info), i < LARGE - 2 ? -1 : 0);
}

/* Block-circulant layers whose inputs turn; a field that enters makes another file, one that does not finds the first. */
static void test_circulant(void **state)
{
    (void)state;
    enum { OUT = 10 };
    static const char *const sets[][2] = {
        {"output.range=calibrated", "device.variation=0"},
        {"output.range=calibrated", "device.variation=0.2"},
        {"output.range=calibrated", "crossbar.rows=64"},
        {"output.range=calibrated", "crossbar.copies=2"},
        {"output.range=calibrated", "crossbar.circulant=expanded"},
        {"output.range=calibrated", "device.g_off=2uS"},
        {"output.range=calibrated", "input.bits_per_read=2"}};
    static const size_t count[] = {1, 1, 2, 3, 4, 5, 6};
    char path[NAME_MOST + 256];
    float scores[3][IMAGES * OUT];
    mho_images images = {0};
    mho_net *net = NULL;
    empty_folder();
    must(mho_net_open("lenet-circulant-mnist", &net));
    must(mho_digits_generate(MHO_DIGITS_SEED, MHO_DIGITS_TRAIN, IMAGES, &images));
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        for (size_t i = 0; i < 3; i++) { /* without, made, found */
            const char *const set[] = {sets[k][0], sets[k][1], "output.calibration_images=8", NULL};
            mho_hw *hw = NULL;
            mho_chip *chip = NULL;
            must(mho_run_set_cache(NULL, i ? folder : NULL));
            must(mho_hw_open("reboc", set, &hw));
            must(mho_chip_open(net, hw, &images, &chip));
            must(mho_chip_program(chip, 1, 0));
            must(mho_chip_run(chip, &images, 0, 4, scores[i], NULL));
            mho_chip_destroy(chip);
            mho_hw_destroy(hw);
        }
        assert_memory_equal(scores[1], scores[0], 4 * OUT * sizeof(float));
        assert_memory_equal(scores[2], scores[0], 4 * OUT * sizeof(float));
        assert_int_equal(files(path), count[k]);
    }
    mho_net_destroy(net);
    mho_images_free(&images);
}

/* What is wrong with a folder is told, and trying leaves nothing. */
static void test_check(void **state)
{
    (void)state;
    char file[300], inside[320], deep[300];
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(inside, sizeof inside, "%s/in", file);
    snprintf(deep, sizeof deep, "%s//new/er", folder);
    write_file(file, "x", 1);
    const char *const bad[] = {inside, file, "/proc/mho"};
    for (size_t i = 0; i < 3; i++) {
        must(mho_run_set_cache(NULL, bad[i]));
        assert_int_equal(mho_run_check_cache(NULL), MHO_EFILE);
        assert_non_null(strstr(mho_error_message(), bad[i]));
    }
    const char *const good[] = {NULL, folder, deep};
    for (size_t i = 0; i < 3; i++) {
        must(mho_run_set_cache(NULL, good[i]));
        must(mho_run_check_cache(NULL));
    }
    *strrchr(deep, '/') = 0;
    assert_int_equal(access(deep, F_OK), -1);
    assert_int_equal(access(folder, F_OK), 0);
    assert_int_equal(unlink(file), 0);
    must(mho_run_set_cache(NULL, folder));
}

/* Where nothing can be kept, nothing is, and that is no error. */
static void test_no_place(void **state)
{
    (void)state;
    float want[SCORES], scores[SCORES];
    char file[300], inside[320];
    must(mho_run_set_cache(NULL, NULL));
    scores_with("crossbar.columns=8", 11, want);
    snprintf(file, sizeof file, "%s/file", folder);
    write_file(file, "x", 1);
    snprintf(inside, sizeof inside, "%s/in", file);
    const char *const places[] = {inside, file, "/proc/mho"};
    for (size_t i = 0; i < 3; i++) {
        must(mho_run_set_cache(NULL, places[i]));
        scores_with("crossbar.columns=8", 11, scores);
        assert_memory_equal(scores, want, sizeof want);
    }
    assert_int_equal(unlink(file), 0);
    must(mho_run_set_cache(NULL, folder));
}

/* Programs that start at once. */
static void test_several(void **state)
{
    (void)state;
    enum { PROGRAMS = 4 };
    float want[SCORES], scores[SCORES];
    char path[NAME_MOST + 256];
    pid_t child[PROGRAMS];
    int status;
    empty_folder();
    must(mho_run_set_threads(NULL, 1));
    must(mho_run_set_cache(NULL, NULL));
    scores_with("crossbar.columns=8", 11, want);
    must(mho_run_set_cache(NULL, folder));
    for (size_t i = 0; i < PROGRAMS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            for (size_t k = 0; k < 5; k++) {
                (void)unlink(files(path) ? path : "");
                scores_with("crossbar.columns=8", 11, scores);
                if (memcmp(scores, want, sizeof want) != 0 || *mho_run_cache_note(NULL))
                    _exit(1);
            }
            _exit(0);
        }
    }
    for (size_t i = 0; i < PROGRAMS; i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(files(path), 1); /* and no half files */
}

static void test_folder(void **state)
{
    (void)state;
    char path[MHO_CACHE_PATH], long_one[2 * MHO_CACHE_PATH];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[0] = '/';
    long_one[sizeof long_one - 1] = 0;
    const struct {
        const char *own, *cache, *home, *want;
    } cases[] = {{"/own", "/xdg", "/home", "/own"},
                 {NULL, "/xdg", "/home", "/xdg/mho"},
                 {"", "", "/home", "/home/.cache/mho"},
                 {NULL, "relative", "/home", "/home/.cache/mho"},
                 {"off", "/xdg", "/home", ""},
                 {"OFF", "/xdg", "/home", ""},
                 {"own", "/xdg", "/home", NULL},
                 {"0", "/xdg", "/home", NULL},
                 {" ", "/xdg", "/home", NULL},
                 {NULL, NULL, NULL, ""},
                 {long_one, NULL, NULL, ""},
                 {NULL, NULL, long_one, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const name[] = {"MHO_CACHE", "XDG_CACHE_HOME", "HOME"};
        const char *const value[] = {cases[i].own, cases[i].cache, cases[i].home};
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(value[k] ? setenv(name[k], value[k], 1) : unsetenv(name[k]), 0);
        assert_int_equal(mho_cache_folder(path), cases[i].want ? MHO_OK : MHO_ECONFIG);
        assert_string_equal(path, cases[i].want ? cases[i].want : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several), /* before there are threads */
        cmocka_unit_test(test_found),   cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_bounded_bytes),
        cmocka_unit_test(test_code),    cmocka_unit_test(test_circulant),
        cmocka_unit_test(test_check),   cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, with_folder, without_folder);
}
