/* SPDX-License-Identifier: Apache-2.0 */
/* General tensor operators one by one, against values worked out by hand; that shapes and arithmetic refuse what does
 * not fit; and the conversions between types. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "ops/ops.h"

#define MOST 4

typedef struct trial {
    mhoi_operation op;
    mhoi_attr attr[MOST];
    mho_array in[MOST], out[MOST];
    const mho_array *at[MOST];
    size_t input[MOST], output[MOST];
    mhoi_call call;
} trial;

static trial begin(const char *name, int64_t set)
{
    return (trial){.op = {.name = "node", .op = name, .domain = "", .set = set}};
}

static void add(trial *t, mho_type type, size_t rank, const size_t *size, const double *value)
{
    mho_array *a = &t->in[t->op.inputs++];
    assert_int_equal(mhoi_array_shape(type, rank, size, a), MHO_OK);
    assert_int_equal(mhoi_array_alloc(a, "test"), MHO_OK);
    mhoi_array_set_reals(a, 0, a->count, value);
}

static void set_int(trial *t, const char *name, int64_t value)
{
    t->attr[t->op.attrs++] = (mhoi_attr){.name = name, .kind = MHOI_ATTR_INT, .whole = value};
}

static mho_status run(trial *t)
{
    for (size_t k = 0; k < MOST; k++) {
        t->at[k] = &t->in[k];
        t->input[k] = t->output[k] = k;
    }
    t->op.attr = t->attr;
    t->op.input = t->input;
    t->op.output = t->output;
    t->op.outputs = t->op.outputs ? t->op.outputs : 1;
    t->op.row = mhoi_operator_find("", t->op.op);
    assert_non_null(t->op.row);
    t->call = (mhoi_call){
        .op = &t->op, .inputs = t->op.inputs, .outputs = t->op.outputs, .in = t->at, .out = t->out};
    mho_status s = mhoi_operation_check(&t->op);
    return s ? s : mhoi_call_run(&t->call);
}

static void end(trial *t)
{
    for (size_t k = 0; k < MOST; k++) {
        mho_array_free(&t->in[k]);
        mho_array_free(&t->out[k]);
    }
}

/* Output 0 has this text of type and shape, and these values. */
static void want(trial *t, const char *shape, size_t count, const double *value)
{
    char text[MHO_ARRAY_TEXT];
    if (run(t) != MHO_OK)
        fail_msg("%s: %s", t->op.op, mho_error_message());
    assert_string_equal(mho_array_text(&t->out[0], text), shape);
    assert_int_equal(t->out[0].count, count);
    for (size_t i = 0; i < count; i++) {
        const double got = mho_array_number(&t->out[0], i);
        if (!(fabs(got - value[i]) <= 1e-6 * fmax(1, fabs(value[i]))))
            fail_msg("%s: element %zu is %.9g, want %.9g", t->op.op, i, got, value[i]);
    }
    end(t);
}

#define SIZES(...)                                                                                 \
    (const size_t[])                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define VALUES(...)                                                                                \
    (const double[])                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void elements_and_their_repetition(void **state)
{
    (void)state;
    trial t = begin("Add", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 1), VALUES(1, 2));
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(3), VALUES(10, 20, 30));
    want(&t, "float 2 x 3", 6, VALUES(11, 21, 31, 12, 22, 32));
    t = begin("Add", 6); /* the second begins at axis 0 of the first */
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 3), VALUES(0, 0, 0, 0, 0, 0));
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(2), VALUES(1, 2));
    set_int(&t, "broadcast", 1);
    set_int(&t, "axis", 0);
    want(&t, "float 2 x 3", 6, VALUES(1, 1, 1, 2, 2, 2));
    t = begin("Div", 13); /* whole numbers: towards zero */
    add(&t, MHO_TYPE_INT32, 1, SIZES(3), VALUES(-7, 7, 5));
    add(&t, MHO_TYPE_INT32, 1, SIZES(3), VALUES(2, -2, 0));
    want(&t, "int32 3", 3, VALUES(-3, -3, 0));
    t = begin("Mod", 13); /* with the sign of the divisor */
    add(&t, MHO_TYPE_INT64, 1, SIZES(3), VALUES(-7, 7, -6));
    add(&t, MHO_TYPE_INT64, 1, SIZES(3), VALUES(3, -3, 3));
    want(&t, "int64 3", 3, VALUES(2, -2, 0));
    t = begin("Sign", 13);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(3), VALUES(-2, 0, 3));
    want(&t, "float 3", 3, VALUES(-1, 0, 1));
    t = begin("HardSigmoid", 6);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(3), VALUES(-9, 1, 9));
    want(&t, "float 3", 3, VALUES(0, 0.7, 1));
    t = begin("Add", 13);
    add(&t, MHO_TYPE_UINT8, 1, SIZES(1), VALUES(200));
    add(&t, MHO_TYPE_UINT8, 1, SIZES(1), VALUES(100));
    want(&t, "uint8 1", 1, VALUES(44));
}

static void softmax_by_set(void **state)
{
    (void)state;
    const double e = exp(1.0);
    trial t = begin("Softmax", 13); /* the last axis, here of size 1 */
    add(&t, MHO_TYPE_FLOAT, 3, SIZES(1, 2, 1), VALUES(0, 1));
    want(&t, "float 1 x 2 x 1", 2, VALUES(1, 1));
    t = begin("Softmax", 12); /* all axes from 1 on */
    add(&t, MHO_TYPE_FLOAT, 3, SIZES(1, 2, 1), VALUES(0, 1));
    want(&t, "float 1 x 2 x 1", 2, VALUES(1 / (1 + e), e / (1 + e)));
}

static void elements_moved(void **state)
{
    (void)state;
    trial t = begin("Slice", 13); /* backwards, to the very first */
    add(&t, MHO_TYPE_INT64, 1, SIZES(4), VALUES(1, 2, 3, 4));
    add(&t, MHO_TYPE_INT64, 1, SIZES(1), VALUES(-1));
    add(&t, MHO_TYPE_INT64, 1, SIZES(1), VALUES(-9));
    add(&t, MHO_TYPE_INT64, 1, SIZES(1), VALUES(0));
    t.op.inputs = 3;
    want(&t, "int64 0", 0, NULL); /* without steps */
    t = begin("Transpose", 13);
    add(&t, MHO_TYPE_INT8, 2, SIZES(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    want(&t, "int8 3 x 2", 6, VALUES(1, 4, 2, 5, 3, 6));
    t = begin("Gather", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 2), VALUES(1, 2, 3, 4));
    add(&t, MHO_TYPE_INT64, 1, SIZES(3), VALUES(-1, 0, 1));
    set_int(&t, "axis", 1);
    want(&t, "float 2 x 3", 6, VALUES(2, 1, 2, 4, 3, 4));
    t = begin("Concat", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 1), VALUES(1, 2));
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 2), VALUES(3, 4, 5, 6));
    set_int(&t, "axis", -1);
    want(&t, "float 2 x 3", 6, VALUES(1, 3, 4, 2, 5, 6));
    t = begin("DepthToSpace", 13);
    add(&t, MHO_TYPE_FLOAT, 4, SIZES(1, 4, 1, 1), VALUES(1, 2, 3, 4));
    set_int(&t, "blocksize", 2);
    want(&t, "float 1 x 1 x 2 x 2", 4, VALUES(1, 2, 3, 4));
    t = begin("Reshape", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    add(&t, MHO_TYPE_INT64, 1, SIZES(3), VALUES(0, -1, 1));
    want(&t, "float 2 x 3 x 1", 6, VALUES(1, 2, 3, 4, 5, 6));
}

static void sums(void **state)
{
    (void)state;
    trial t = begin("MatMul", 13);
    add(&t, MHO_TYPE_FLOAT, 3, SIZES(2, 1, 2), VALUES(1, 2, 3, 4));
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(2), VALUES(10, 1));
    want(&t, "float 2 x 1", 2, VALUES(12, 34));
    t = begin("Gemm", 13); /* a third operand of one number a row */
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 1), VALUES(1, 2));
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(1, 2), VALUES(3, 4));
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 1), VALUES(10, 20));
    want(&t, "float 2 x 2", 4, VALUES(13, 14, 26, 28));
    t = begin("Conv", 13); /* one axis */
    add(&t, MHO_TYPE_FLOAT, 3, SIZES(1, 1, 4), VALUES(1, 2, 3, 4));
    add(&t, MHO_TYPE_FLOAT, 3, SIZES(1, 1, 2), VALUES(1, -1));
    want(&t, "float 1 x 1 x 3", 3, VALUES(-1, -1, -1));
    t = begin("ReduceMean", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 2), VALUES(1, 2, 3, 6));
    set_int(&t, "keepdims", 0);
    want(&t, "float of no dimension", 1, VALUES(3));
    t = begin("ArgMax", 13);
    add(&t, MHO_TYPE_FLOAT, 2, SIZES(2, 2), VALUES(1, 1, 0, 5));
    set_int(&t, "axis", 1);
    want(&t, "int64 2 x 1", 2, VALUES(0, 1));
    t = begin("QuantizeLinear", 13); /* halves to even; ends held */
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(4), VALUES(1, 3, -1000, 1000));
    add(&t, MHO_TYPE_FLOAT, 0, NULL, VALUES(2));
    add(&t, MHO_TYPE_INT8, 0, NULL, VALUES(1));
    want(&t, "int8 4", 4, VALUES(1, 3, -128, 127));
}

static void what_does_not_fit(void **state)
{
    (void)state;
    trial t = begin("Add", 13);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(2), VALUES(1, 2));
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(3), VALUES(1, 2, 3));
    assert_int_equal(run(&t), MHO_EFORMAT);
    assert_string_equal(mho_error_message(),
                        "node 'node' (Add of float 2, float 3): float 2 does not fit float 3");
    end(&t);
    t = begin("Add", 13);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(1), VALUES(1));
    add(&t, MHO_TYPE_INT32, 1, SIZES(1), VALUES(1));
    assert_int_equal(run(&t), MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "float and int32, want one type"));
    end(&t);
    t = begin("Gather", 13);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(2), VALUES(1, 2));
    add(&t, MHO_TYPE_INT64, 1, SIZES(1), VALUES(2));
    assert_int_equal(run(&t), MHO_EDOMAIN);
    assert_null(t.out[0].data);
    end(&t);
    t = begin("Softmax", 13);
    add(&t, MHO_TYPE_FLOAT, 1, SIZES(1), VALUES(1));
    set_int(&t, "axes", 0);
    assert_int_equal(run(&t), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "unknown attribute 'axes'"));
    end(&t);
}

static void halves(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const float value = mhoi_half_to_float((uint16_t)bits);
        const uint16_t back = mhoi_half_from((double)value);
        if (isnan(value) ? !isnan(mhoi_half_to_float(back)) : back != bits)
            fail_msg("half %#x is %g and comes back as %#x", bits, (double)value, back);
    }
    assert_int_equal(mhoi_half_from(2049), 0x6800);     /* halfway: to even */
    assert_int_equal(mhoi_half_from(65519.9), 0x7bff);  /* the largest */
    assert_int_equal(mhoi_half_from(65520), 0x7c00);    /* infinity */
    assert_int_equal(mhoi_half_from(ldexp(1, -25)), 0); /* halfway to the smallest */
    assert_int_equal(mhoi_half_from(ldexp(1.1, -25)), 1);
}

/* Every row has a name of its own, what it needs, and attributes that each end with a space. */
static void rows(void **state)
{
    (void)state;
    size_t n = 0;
    for (const mhoi_operator *row; (row = mhoi_operator_at(n)); n++) {
        assert_non_null(row->shape);
        assert_non_null(row->run);
        const size_t length = strlen(row->attributes);
        if (mhoi_operator_find(row->domain, row->name) != row ||
            row->inputs_min > row->inputs_max || (length && row->attributes[length - 1] != ' '))
            fail_msg("%s: twice in the table, or a wrong row", row->name);
    }
    assert_in_range(n, 150, 1000);
}

/* Every allocation of a convolution may fail; nothing is lost then. */
static void no_memory(void **state)
{
    (void)state;
    for (uint64_t k = 1; k < 100; k++) {
        const uint64_t live = mhoi_alloc_live();
        trial t = begin("Conv", 13);
        add(&t, MHO_TYPE_DOUBLE, 3, SIZES(1, 1, 4), VALUES(1, 2, 3, 4));
        add(&t, MHO_TYPE_DOUBLE, 3, SIZES(1, 1, 2), VALUES(1, -1));
        mhoi_alloc_fail_at(k);
        const mho_status s = run(&t);
        mhoi_alloc_fail_at(0);
        end(&t);
        assert_int_equal(mhoi_alloc_live(), live);
        if (s == MHO_OK)
            return;
        assert_int_equal(s, MHO_ENOMEM);
    }
    fail_msg("never enough memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_and_their_repetition),
        cmocka_unit_test(softmax_by_set),
        cmocka_unit_test(elements_moved),
        cmocka_unit_test(sums),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(halves),
        cmocka_unit_test(rows),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
