/* SPDX-License-Identifier: Apache-2.0 */
/* Studies as calls: the same digits as the steps by hand, intervals, what is refused before anything is
 * computed, interruption, the JSON form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>

#include "base/alloc.h"
#include "mho/asset.h"
#include "base/file.h"
#include "base/parallel.h"
#include "mho/study.h"

enum { IMAGES = 60, TRIALS = 3 };

static const char *const few[] = {"output.calibration_images=20", NULL};
static const mho_subject subject = {.net = "lenet", .hw = "bcnn", .set = few, .data = "synthetic"};

static mho_study_options options_of(size_t trials)
{
    mho_study_options o = mho_study_options_default();
    o.images = IMAGES;
    o.trials = trials;
    return o;
}

static void told(const char *part)
{
    if (!strstr(mho_error_message(), part))
        fail_msg("'%s', want '%s' in it", mho_error_message(), part);
}

static void must(mho_status s)
{
    if (s)
        fail_msg("%s", mho_error_message());
}

/* What the calls below a study give. */
static void by_hand(double error[TRIALS])
{
    mho_hw *hw;
    mho_net *net;
    mho_data *data;
    mho_images calibration;
    mho_chip *chip;
    uint16_t label[IMAGES];
    must(mho_hw_open(subject.hw, subject.set, &hw));
    must(mho_model_open("lenet", MHO_STYLE_BINARY, "synthetic", &net));
    must(mho_data_open_test("synthetic", IMAGES, &data));
    must(mho_data_head(data, 20, &calibration));
    must(mho_chip_open(net, hw, &calibration, &chip));
    for (uint32_t t = 0; t < TRIALS; t++) {
        size_t wrong = 0;
        must(mho_chip_program(chip, 1, t));
        must(mho_chip_run(chip, &data->test, 0, IMAGES, NULL, label));
        for (size_t i = 0; i < IMAGES; i++)
            wrong += label[i] != data->test.label[i];
        error[t] = (double)wrong / IMAGES;
    }
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_images_free(&calibration);
    mho_data_destroy(data);
    mho_net_destroy(net);
}

static void same_digits_as_by_hand(void **state)
{
    (void)state;
    const mho_study_options o = options_of(TRIALS);
    double error[TRIALS];
    mho_result r;
    by_hand(error);
    must(mho_study_simulate(&subject, &o, &r));
    assert_int_equal(r.error.spread.trials, TRIALS);
    for (size_t t = 0; t < TRIALS; t++)
        assert_true(r.by_trial[t] == error[t]);
    assert_true(r.complete && !r.has_prices && r.options.images == IMAGES);
    assert_string_equal(r.network, "lenet");
    assert_string_equal(r.data, "synthetic");
    assert_int_equal(r.programming.cells, 861000);
    mho_result_free(&r);
    /* The same on a description given apart, and the float network where that asks for it. */
    mho_study *study;
    mho_error_estimate e;
    mho_hw *hw;
    must(mho_study_open(&subject, &o, NULL, NULL, &study));
    must(mho_hw_open("bcnn", few, &hw));
    must(mho_study_error(study, hw, TRIALS, NULL, NULL, &e));
    assert_true(fabs(e.spread.mean * 3 - error[0] - error[1] - error[2]) < 1e-12);
    must(mho_hw_set(hw, "output.calibration_images=21"));
    assert_int_equal(mho_study_error(study, hw, 1, NULL, NULL, &e), MHO_EUSAGE);
    told("the study has 20");
    mho_hw_destroy(hw);
    must(mho_hw_open("cnn8", few, &hw));
    must(mho_study_error(study, hw, 1, NULL, NULL, &e));
    assert_true(e.spread.mean < 0.2);
    mho_hw_destroy(hw);
    mho_study_destroy(study);
    must(mho_study_evaluate(&subject, &o, &r));
    for (size_t t = 0; t < TRIALS; t++)
        assert_true(r.by_trial[t] == error[t]);
    assert_true(r.has_prices && r.layers == 4 && r.pipelined == 800);
    double sum = 0;
    for (size_t i = 0; i < r.cost.components; i++)
        sum += r.cost.component[i].energy_J;
    assert_true(fabs(sum / r.cost.energy_J - 1) < 1e-12);
    mho_result_free(&r);
}

/* Wilson's interval against its closed form for no error, and as the quadratic equation it solves. */
static void intervals_of_images(void **state)
{
    (void)state;
    const double z2 = 1.959963985 * 1.959963985;
    mho_interval v = mho_images_interval(0, 100);
    assert_true(v.low == 0 && fabs(v.high - z2 / (100 + z2)) < 1e-12);
    v = mho_images_interval(1, 100);
    assert_true(v.high == 1 && fabs(v.low - 100 / (100 + z2)) < 1e-12);
    v = mho_images_interval(0.0081, 10000);
    const double end[] = {v.low, v.high};
    for (int i = 0; i < 2; i++) {
        const double d = 0.0081 - end[i];
        assert_true(fabs(d * d - z2 * end[i] * (1 - end[i]) / 10000) < 1e-15);
    }
    assert_true(v.low < 0.0081 && v.high > 0.0081);
}

static void refused_before_anything_runs(void **state)
{
    (void)state;
    static const char *const swept[] = {"device.bits=1,2", NULL};
    static const char *const set[] = {"device.bits=3", NULL};
    static const char *const unpriced[] = {"technology=buffer-22nm", NULL};
    static const struct {
        mho_subject subject;
        const char *const *axes;
        bool prices;
        size_t images;
        mho_status status;
        mho_stage stage;
        const char *part;
    } bad[] = {
        {{.net = "lenet", .hw = NULL, .set = NULL, .data = "synthetic"},
         NULL,
         false,
         0,
         MHO_EUSAGE,
         MHO_STAGE_OPEN,
         "no hardware"},
        {{.net = "lenet", .hw = "bccn", .set = NULL, .data = "synthetic"},
         NULL,
         false,
         0,
         MHO_EUSAGE,
         MHO_STAGE_OPEN,
         "bcnn"},
        {{.net = "alexnet", .hw = "bcnn", .set = NULL, .data = "synthetic"},
         NULL,
         false,
         0,
         MHO_ENOMODEL,
         MHO_STAGE_OPEN,
         "no trained binary network"},
        {{.net = "lenet", .hw = "bcnn", .set = NULL, .data = "nowhere"},
         NULL,
         false,
         0,
         MHO_ENODATA,
         MHO_STAGE_OPEN,
         "nowhere"},
        {{.net = "lenet", .hw = "bcnn", .set = NULL, .data = "synthetic"},
         NULL,
         false,
         10001,
         MHO_EUSAGE,
         MHO_STAGE_OPEN,
         "images = 10001, want 1..10000"},
        {{.net = "lenet", .hw = "bcnn", .set = unpriced, .data = "synthetic"},
         NULL,
         true,
         0,
         MHO_ENOTMODELED,
         MHO_STAGE_PRICE,
         "dac8"},
        {{.net = "lenet", .hw = "bcnn", .set = set, .data = "synthetic"},
         swept,
         false,
         0,
         MHO_ECONFIG,
         MHO_STAGE_OPEN,
         "device.bits is set (device.bits=3) and swept"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mho_study_options o = options_of(1);
        mho_study *study;
        mho_stage stage;
        o.images = bad[i].images;
        o.prices = bad[i].prices;
        const mho_status s = mho_study_open(&bad[i].subject, &o, bad[i].axes, &stage, &study);
        if (s != bad[i].status || stage != bad[i].stage || study)
            fail_msg("%zu: %s at stage %d: %s", i, mho_status_name(s), (int)stage,
                     mho_error_message());
        told(bad[i].part);
        assert_null(strstr(mho_error_message(), "`mho"));
    }
}

static bool stop(void *user, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    (void)user, (void)total, (void)unit;
    if (!strcmp(what, "crossbars") && done > 3 * IMAGES)
        mho_run_interrupt(NULL);
    return true;
}

static void interrupted_with_what_there_is(void **state)
{
    (void)state;
    const mho_study_options o = options_of(100000);
    mho_study *study;
    mho_result r;
    must(mho_study_open(&subject, &o, NULL, NULL, &study));
    mho_run_set_progress(NULL, stop, NULL);
    mho_status s = mho_study_run(study, 0, &r);
    mho_run_set_progress(NULL, NULL, NULL);
    mho_run_resume(NULL);
    assert_int_equal(s, MHO_EINTERRUPTED);
    assert_true(!r.complete && r.error.spread.trials >= 3 && r.error.spread.trials < 100000);
    assert_true(r.error.spread.mean < 0.5 && r.images_per_second > 0);
    mho_result_free(&r);
    mho_study_destroy(study);
}

/* Points of networks and fields: each is what a study of it alone finds. */
static void networks_are_axes(void **state)
{
    (void)state;
    const mho_asset *model = mho_asset_find("models/lenet-binary-mnist.onnx");
    assert_non_null(model);
    assert_int_equal(mhoi_file_write("axis.onnx", model->data, model->size), MHO_OK);
    static const char *const axes[] = {"network=lenet,axis.onnx", "data=synthetic",
                                       "device.bits=1,2", NULL};
    static const char *const nets[] = {"lenet", "axis.onnx"}, *const bits[] = {"device.bits=1",
                                                                               "device.bits=2"};
    const mho_subject all = {.hw = "bcnn", .set = few};
    const mho_study_options o = options_of(2);
    double errors[4];
    mho_study *study;
    must(mho_study_open(&all, &o, axes, NULL, &study));
    assert_int_equal(mho_study_points(study), 4);
    assert_string_equal(mho_grid_value(mho_study_grid(study), 2, 0), "axis.onnx");
    for (size_t i = 0; i < 4; i++) {
        mho_result point, alone;
        const char *const sets[] = {few[0], bits[i % 2], NULL};
        const mho_subject one = {
            .net = nets[i / 2], .hw = "bcnn", .set = sets, .data = "synthetic"};
        must(mho_study_run(study, i, &point));
        must(mho_study_simulate(&one, &o, &alone));
        assert_true(point.error.spread.mean == alone.error.spread.mean);
        assert_true(point.software_error == alone.software_error);
        assert_string_equal(point.model, alone.model);
        errors[i] = point.software_error;
        mho_result_free(&point);
        mho_result_free(&alone);
    }
    assert_true(errors[0] != errors[2]); /* else the test tells nothing */
    mho_study_destroy(study);
    assert_int_equal(mho_study_open(&subject, &o, axes, NULL, &study), MHO_ECONFIG);
    told("network is given (lenet) and swept");
    const mho_subject none = {.hw = "bcnn", .data = "synthetic"};
    assert_int_equal(mho_study_open(&none, &o, NULL, NULL, &study), MHO_EUSAGE);
    told("no network is named");
    (void)unlink("axis.onnx");
}

static void json_form(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "\"format\": 1",       "\"command\": \"x\"",    "\"network\"",  "\"hardware_error\"",
        "\"images_interval\"", "\"software_interval\"", "\"by_trial\"", "\"programming\"",
        "\"config\"",          "\"images_per_second\""};
    const mho_study_options o = options_of(1);
    mho_result r;
    char *text = NULL;
    size_t size = 0;
    must(mho_study_simulate(&subject, &o, &r));
    r.command = "x";
    mho_json *json = mho_result_json(&r);
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    must(mho_json_write(json, f));
    assert_int_equal(fclose(f), 0);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strstr(text, keys[i]))
            fail_msg("no %s in %s", keys[i], text);
    assert_null(strstr(text, "energy_J"));
    free(text);
    mho_json_destroy(json);
    mho_result_free(&r);
}

static const char *const pair[] = {"bcnn", "cnn8", NULL};

/* Columns as evaluated one by one; one that refuses the network leaves the others. */
static void several_descriptions(void **state)
{
    (void)state;
    static const char *const three[] = {"bcnn", "switched", "cnn8", NULL};
    static const char *const twice[] = {"bcnn", "cnn8", "bcnn", NULL};
    const mho_study_options o = options_of(1);
    mho_comparison *c;
    must(mho_study_compare(&subject, three, &o, &c));
    assert_int_equal(c->columns, 3);
    assert_int_equal(c->failed, 1);
    assert_int_equal(c->worst, 1);
    assert_int_equal(c->column[1].status, MHO_ENOTMODELED);
    assert_non_null(strstr(c->column[1].message, "input.bits"));
    assert_true(!c->column[1].has_result && c->comparable);
    assert_int_equal(c->column[0].crossbars, 74);
    for (size_t i = 0; i < 3; i += 2) {
        mho_subject one = subject;
        mho_result r;
        one.hw = three[i];
        must(mho_study_evaluate(&one, &o, &r));
        const mho_result *column = &c->column[i].result;
        assert_true(c->column[i].has_result);
        assert_string_equal(c->column[i].name, three[i]);
        assert_string_equal(column->model, r.model);
        assert_true(column->software_error == r.software_error);
        assert_true(column->error.spread.mean == r.error.spread.mean);
        assert_true(column->cost.energy_J == r.cost.energy_J);
        assert_true(column->speed.latency_s == r.speed.latency_s);
        mho_result_free(&r);
    }
    mho_comparison_destroy(c);
    assert_int_equal(mho_study_compare(&subject, twice, &o, &c), MHO_EUSAGE);
    assert_null(c);
    told("bcnn is named twice");
    assert_int_equal(mho_study_compare(&subject, twice + 3, &o, &c), MHO_EUSAGE);
    told("no hardware description is named");
}

static void out_of_memory(void **state)
{
    (void)state;
    mho_study_options o = options_of(1);
    o.prices = true;
    const uint64_t live = mhoi_alloc_live();
    mho_study *study;
    for (uint64_t k = 1; k < 60; k++) {
        mhoi_alloc_fail_at(k);
        const mho_status s = mho_study_open(&subject, &o, NULL, NULL, &study);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || (s == MHO_ENOMEM && !study));
        mho_study_destroy(study);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    for (uint64_t k = 1; k < 60; k++) {
        mhoi_alloc_fail_at(k);
        const mho_status s = mho_study_open_each(&subject, pair, &o, &study);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || (s == MHO_ENOMEM && !study));
        mho_study_destroy(study);
        assert_int_equal(mhoi_alloc_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_digits_as_by_hand),
        cmocka_unit_test(intervals_of_images),
        cmocka_unit_test(refused_before_anything_runs),
        cmocka_unit_test(interrupted_with_what_there_is),
        cmocka_unit_test(json_form),
        cmocka_unit_test(networks_are_axes),
        cmocka_unit_test(several_descriptions),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
