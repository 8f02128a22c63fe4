/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what a user names: zoo, files by their ending, the library of trained models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mho/search.h"
#include "mho/study.h"

static void told(const char *part)
{
    if (!strstr(mho_error_message(), part))
        fail_msg("'%s', want '%s' in it", mho_error_message(), part);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void networks(void **state)
{
    (void)state;
    mho_net *net;
    assert_int_equal(mho_net_open("lenet", &net), MHO_OK);
    mho_net_destroy(net);
    assert_int_equal(mho_net_open("lenet-binary-mnist", &net), MHO_OK);
    assert_true(mho_net_has_parameters(net));
    mho_net_destroy(net);
    write_file("open_net.yaml", "input: {shape: [1, 4, 4]}\nlayers:\n  - fc: 10\n");
    assert_int_equal(mho_net_open("open_net.yaml", &net), MHO_OK);
    mho_net_destroy(net);
    assert_int_equal(mho_net_open("lennet", &net), MHO_EUSAGE);
    assert_null(net);
    told("lenet");
    write_file("open_net.txt", "x");
    assert_int_equal(mho_net_open("open_net.txt", &net), MHO_EUSAGE);
    told("want .yaml, .yml or .onnx");
    assert_int_equal(mho_net_open("nowhere.yaml", &net), MHO_EFILE);
    assert_int_equal(mho_net_open("nowhere.onnx", &net), MHO_EFILE);
    remove("open_net.yaml");
    remove("open_net.txt");
}

static void trained_models(void **state)
{
    (void)state;
    mho_net *net;
    assert_int_equal(mho_model_open("lenet", MHO_STYLE_BINARY, "mnist", &net), MHO_OK);
    assert_true(mho_net_has_parameters(net));
    mho_net_destroy(net);
    const char *file = MHO_SOURCE_DIR "/models/lenet-binary-mnist.onnx";
    assert_int_equal(mho_model_open(file, MHO_STYLE_FLOAT, "other", &net), MHO_OK);
    assert_true(mho_net_has_parameters(net));
    mho_net_destroy(net);
    assert_int_equal(mho_model_open("vgg16", MHO_STYLE_FLOAT, "mnist", &net), MHO_ENOMODEL);
    assert_null(net);
    told("vgg16: no trained float network for mnist data is built in");
    assert_null(strstr(mho_error_message(), "there is one"));
    assert_int_equal(mho_model_open("lenet", MHO_STYLE_FLOAT, "idx", &net), MHO_ENOMODEL);
    told("lenet: no trained float network for idx data is built in (there is one for mnist, "
         "synthetic)");
    assert_null(strstr(mho_error_message(), "mho "));
}

/* Sizes that a search of blocks does not take, refused before anything is placed. */
static void block_sizes(void **state)
{
    (void)state;
    static const struct {
        mho_block_options sizes;
        const char *told;
    } wrong[] = {{{{0}, 0}, "0 block sizes"},
                 {{{1, 0, 16}, 3}, "block size 0"},
                 {{{1, 16, 4, 16}, 4}, "block size 16 is there twice"}};
    mho_net *net;
    mho_hw *hw;
    assert_int_equal(mho_net_open("lenet", &net), MHO_OK);
    assert_int_equal(mho_hw_open("reboc", NULL, &hw), MHO_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mho_block_search *search;
        assert_int_equal(mho_block_search_create(net, hw, &wrong[i].sizes, &search), MHO_ECONFIG);
        assert_null(search);
        told(wrong[i].told);
    }
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(networks), cmocka_unit_test(trained_models),
                                       cmocka_unit_test(block_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
