/* SPDX-License-Identifier: Apache-2.0 */
/* mho simulate: the error of a trained network on crossbars, over programmings of their cells. */
#include <stdlib.h>

#include "simulate_sweep.h"

typedef struct simulation {
    mho_hw_config hw;
    mho_net *net;
    mho_data *data;
    mho_images calibration;
    size_t images;
    double software_error, ideal_error; /* ideal: the same chip with ideal devices */
    double *error;                      /* [trials] */
    mho_spread spread;                  /* of the finished programmings */
    bool interrupted;
    mho_write_count programming; /* the last one */
    double inference_s, seconds;
} simulation;

/* The network before the images: its model goes by the name of the data, which is cheap to find out. */
static mho_status open_network(const cli_args *args, simulation *sim)
{
    const bool binary = mho_hw_is_binary(&sim->hw.hw);
    mho_status s = mho_data_open(args->data, false, false, &sim->data);
    if (s)
        return s;
    s = mho_model_open(args->file[0], binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT, sim->data->name,
                       &sim->net);
    s = cli_hint_model(s, args->file[0], binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT);
    mho_data_destroy(sim->data);
    sim->data = NULL;
    return s;
}

static mho_status open_images(const cli_args *args, simulation *sim)
{
    mho_status s = mho_data_open(args->data, false, true, &sim->data);
    if (s)
        return s;
    sim->images = args->has_images ? args->images : sim->data->test.count;
    if (!sim->images || sim->images > sim->data->test.count)
        return mho_error(MHO_EUSAGE, "--images = %zu, want 1..%zu: %s has no more", sim->images,
                         sim->data->test.count, sim->data->name);
    return mho_data_head(sim->data, sim->hw.hw.output.calibration_images, &sim->calibration);
}

static mho_status open_all(const cli_args *args, simulation *sim)
{
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    mho_status s = mho_hw_open(args->hw, args->set, &sim->hw);
    if (!s)
        s = open_network(args, sim);
    return s ? s : open_images(args, sim);
}

static mho_status errors_on(simulation *sim, const mho_hw *hw, uint64_t seed, size_t trials,
                            double *error, mho_spread *spread, double *inference_s)
{
    mho_chip *chip;
    mho_status s = mho_chip_create(sim->net, hw, &sim->calibration, &chip);
    if (!s)
        s = mho_chip_errors(chip, &sim->data->test, sim->images, seed, trials, error, spread,
                            inference_s);
    if (chip)
        sim->programming = mho_chip_writes(chip);
    mho_chip_destroy(chip);
    return s;
}

static mho_status simulate(const cli_args *args, simulation *sim)
{
    const double start_s = mho_seconds();
    mho_status s = open_all(args, sim);
    if (s)
        return s;
    mho_hw ideal = sim->hw.hw;
    ideal.device = mho_device_ideal(&sim->hw.hw.device);
    mho_spread one;
    sim->error = cli_alloc(args->trials * sizeof *sim->error);
    size_t wrong = 0;
    s = mho_infer_errors(sim->net, &sim->data->test, sim->images, &wrong);
    sim->software_error = (double)wrong / (double)sim->images;
    if (!s)
        s = errors_on(sim, &ideal, args->seed, 1, NULL, &one, NULL);
    sim->ideal_error = s ? 0 : one.mean;
    if (!s)
        s = errors_on(sim, &sim->hw.hw, args->seed, args->trials, sim->error, &sim->spread,
                      &sim->inference_s);
    sim->interrupted = s == MHO_EINTERRUPTED && sim->spread.trials > 0;
    sim->seconds = mho_seconds() - start_s;
    return s;
}

static double images_per_second(const simulation *sim)
{
    return (double)(sim->images * sim->spread.trials) / sim->inference_s;
}

static mho_json *errors_json(const simulation *sim)
{
    mho_json *root = mho_json_object(), *list = mho_json_array();
    mho_json_put(root, "mean", mho_json_number(sim->spread.mean));
    mho_json_put(root, "std", mho_json_number(sim->spread.std));
    mho_json_put(root, "min", mho_json_number(sim->spread.min));
    mho_json_put(root, "max", mho_json_number(sim->spread.max));
    mho_json_put(root, "trials", mho_json_integer((int64_t)sim->spread.trials));
    for (size_t t = 0; t < sim->spread.trials; t++)
        mho_json_add(list, mho_json_number(sim->error[t]));
    mho_json_put(root, "by_trial", list);
    return root;
}

static mho_json *programming_json(const mho_write_count *p)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "cells", mho_json_integer((int64_t)p->cells));
    mho_json_put(root, "writes_per_cell", mho_json_number((double)p->writes / (double)p->cells));
    mho_json_put(root, "outside", mho_json_integer((int64_t)p->outside));
    mho_json_put(root, "stuck", mho_json_integer((int64_t)p->stuck));
    mho_json_put(root, "held", mho_json_integer((int64_t)p->held));
    return root;
}

static mho_status print_json(const cli_args *args, const simulation *sim)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "network", mho_json_text(mho_net_name(sim->net)));
    mho_json_put(root, "hw", mho_json_text(sim->hw.hw.name));
    mho_json_put(root, "data", mho_json_text(sim->data->name));
    mho_json_put(root, "data_place", mho_json_text(sim->data->place));
    mho_json_put(root, "images", mho_json_integer((int64_t)sim->images));
    mho_json_put(root, "seed", mho_json_integer((int64_t)args->seed));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_threads()));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    mho_json_put(root, "software_error", mho_json_number(sim->software_error));
    mho_json_put(root, "ideal_device_error", mho_json_number(sim->ideal_error));
    mho_json_put(root, "hardware_error", errors_json(sim));
    mho_json_put(root, "complete", mho_json_bool(!sim->interrupted));
    mho_json_put(root, "programming", programming_json(&sim->programming));
    mho_json_put(root, "images_per_second", mho_json_number(images_per_second(sim)));
    mho_json_put(root, "seconds", mho_json_number(sim->seconds));
    mho_json_put(root, "peak_bytes", mho_json_integer((int64_t)mho_peak_bytes()));
    mho_json_put(root, "config", mho_hw_json(&sim->hw));
    return cli_print_json(args, root);
}

static void print_table(const cli_args *args, const simulation *sim)
{
    char title[512];
    snprintf(title, sizeof title, "%s on %s, %s (%s), %zu images, seed %zu", mho_net_name(sim->net),
             sim->hw.hw.name, sim->data->name, sim->data->place, sim->images, args->seed);
    cli_table *t = cli_table_create(title, "error|of the images>");
    cli_table_text(t, "software");
    cli_table_percent(t, sim->software_error, 2);
    cli_table_text(t, "crossbars, ideal devices");
    cli_table_percent(t, sim->ideal_error, 2);
    cli_table_text(t, "crossbars, mean of %zu programmings", sim->spread.trials);
    cli_table_percent(t, sim->spread.mean, 3);
    cli_table_text(t, "standard deviation");
    cli_table_percent(t, sim->spread.std, 3);
    cli_table_text(t, "least");
    cli_table_percent(t, sim->spread.min, 2);
    cli_table_text(t, "most");
    cli_table_percent(t, sim->spread.max, 2);
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (sim->interrupted)
        fprintf(args->out, "  incomplete: interrupted after %zu of %zu programmings\n",
                sim->spread.trials, args->trials);
    if (!args->csv)
        fprintf(args->out, "\n%.0f images/s on crossbars, %zu threads, %s kernels\n",
                images_per_second(sim), mho_threads(), mho_cpu_name(mho_cpu_level()));
    const mho_write_count *p = &sim->programming;
    if (!args->csv && sim->hw.hw.device.verify_rewrites)
        fprintf(args->out,
                "%.3f writes a cell, %.3g %% of the cells out of tolerance after the last\n",
                (double)p->writes / (double)p->cells, 100 * (double)p->outside / (double)p->cells);
}

mho_status cmd_simulate(const cli_args *args)
{
    if (args->sweep[0])
        return simulate_sweep(args);
    if (args->ci > 0 || args->resume)
        return mho_error(MHO_EUSAGE, "--%s goes with --sweep", args->resume ? "resume" : "ci");
    simulation sim = {.images = 0};
    mho_status s = simulate(args, &sim);
    if ((!s || sim.interrupted) && args->json) {
        const mho_status printed = print_json(args, &sim);
        s = printed ? printed : s;
    } else if (!s || sim.interrupted) {
        print_table(args, &sim);
    }
    mho_images_free(&sim.calibration);
    mho_net_destroy(sim.net);
    mho_data_destroy(sim.data);
    free(sim.error);
    return s;
}
