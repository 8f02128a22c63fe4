/* SPDX-License-Identifier: Apache-2.0 */
/* Large tensors are left in the file until they are wanted: the same numbers from a file and from memory, and nothing of
 * them in the messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "onnx/onnx_thin.h"
#include "slow_forward.h"

static char path[64];

/* The model of a large layer, as a file and as its bytes. */
static char *large_file(size_t *size)
{
    mho_net *net = NULL;
    char *bytes = NULL;
    if (mho_net_read("input: {shape: [512, 1, 1]}\nlayers: [fc: 2048, relu, fc: 3]\n", "large",
                     &net) ||
        mhoi_net_alloc_parameters(net))
        fail_msg("%s", mho_error_message());
    slow_random_parameters(net, 5);
    assert_int_equal(mho_onnx_write(net, path), MHO_OK);
    assert_int_equal(mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, size), MHO_OK);
    mho_net_destroy(net);
    return bytes;
}

static void messages_hold_no_large_tensors(void **state)
{
    (void)state;
    size_t size;
    char *bytes = large_file(&size);
    mhoi_onnx_source source = {.fd = -1};
    MhoiOnnx__ModelProto *model = NULL;
    mhoi_free(&bytes);
    const uint64_t before = mhoi_alloc_bytes();
    assert_int_equal(mhoi_onnx_open_file(path, &source, &model), MHO_OK);
    const uint64_t taken = mhoi_alloc_bytes() - before;
    if (taken > size / 50)
        fail_msg("%llu bytes for the messages of a file of %zu", (unsigned long long)taken, size);
    assert_true(source.ranges >= 2);
    mhoi_onnx_free(model);
    mhoi_onnx_close(&source);
    assert_int_equal(mhoi_alloc_bytes(), before);
}

static void check_weights(const mho_net *a, const mho_net *b)
{
    for (size_t i = 0; i < a->nodes; i++) {
        const size_t n = mho_node_weight_count(&a->node[i]);
        if (n)
            assert_memory_equal(a->node[i].weight, b->node[i].weight, n * sizeof(float));
    }
}

/* A field of that number in a file means nothing: here it says that the bias is the first large tensor. */
static char *with_forged_field(const char *bytes, size_t size, size_t *out_size)
{
    MhoiOnnx__ModelProto *model = NULL;
    assert_int_equal(mhoi_onnx_unpack(bytes, size, "x", &model), MHO_OK);
    static uint8_t zero[1];
    ProtobufCMessageUnknownField forged = {500000, PROTOBUF_C_WIRE_TYPE_VARINT, 1, zero};
    for (size_t i = 0; i < model->graph->n_initializer; i++) {
        ProtobufCMessage *m = &model->graph->initializer[i]->base;
        m->n_unknown_fields = 1;
        m->unknown_fields = &forged;
    }
    *out_size = mhoi_onnx__model_proto__get_packed_size(model);
    char *out = malloc(*out_size);
    (void)mhoi_onnx__model_proto__pack(model, (uint8_t *)out);
    for (size_t i = 0; i < model->graph->n_initializer; i++) {
        model->graph->initializer[i]->base.n_unknown_fields = 0;
        model->graph->initializer[i]->base.unknown_fields = NULL;
    }
    mhoi_onnx_free(model);
    return out;
}

static void file_and_memory_give_the_same(void **state)
{
    (void)state;
    size_t size, forged_size;
    char *bytes = large_file(&size), *forged = with_forged_field(bytes, size, &forged_size);
    mho_net *file = NULL, *memory = NULL, *other = NULL;
    if (mho_onnx_read(path, &file) || mho_onnx_parse(bytes, size, "x", &memory) ||
        mho_onnx_parse(forged, forged_size, "x", &other))
        fail_msg("%s", mho_error_message());
    check_weights(file, memory);
    check_weights(file, other);
    mho_net_destroy(file);
    mho_net_destroy(memory);
    mho_net_destroy(other);
    free(forged);
    mhoi_free(&bytes);
}

/* Cut off anywhere in a large tensor; with lengths that tell more than there is. */
static void damaged_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    char *bytes = large_file(&size);
    const uint64_t live = mhoi_alloc_live();
    for (size_t n = 0; n < size; n += size / 37) {
        char *exact = malloc(n ? n : 1);
        mho_net *net = NULL;
        memcpy(exact, bytes, n);
        assert_int_equal(mho_onnx_parse(exact, n, "x", &net), MHO_EFORMAT);
        assert_int_equal(mhoi_file_write(path, exact, n), MHO_OK);
        assert_int_equal(mho_onnx_read(path, &net), MHO_EFORMAT);
        free(exact);
    }
    assert_int_equal(mhoi_alloc_live(), live);
    mhoi_free(&bytes);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/mho_thin_%d.onnx", (int)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_hold_no_large_tensors),
        cmocka_unit_test(file_and_memory_give_the_same),
        cmocka_unit_test(damaged_files_are_refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
