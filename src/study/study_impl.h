/* SPDX-License-Identifier: Apache-2.0 */
/* What a study holds: study.c opens it, study_run.c computes its points. */
#ifndef MHO_STUDY_IMPL_H
#define MHO_STUDY_IMPL_H

#include "base/parallel.h"
#include "base/shelf.h"
#include "mho/map.h"
#include "mho/study.h"
#include "study/bench.h"

enum { STUDY_STYLES = 2 }; /* trained networks that points may need */

typedef struct study_model {
    mho_net *net;          /* NULL: no point needs it */
    mho_net *coded;        /* the same in codes for the point under way; NULL: as it is */
    char origin[256];      /* where its parameters come from */
    double software_error; /* NaN: not yet known */
    mho_input own;         /* what its input was before its codes covered the images, if covered */
    bool covered;
    char note[MHO_INPUT_NOTE]; /* the images are other numbers, and yet those of bytes; else "" */
} study_model;

/* A network and the data that its models are trained on. */
typedef struct study_net {
    char *name;     /* as its user wrote it */
    mho_net *given; /* NULL: of that name */
    bool from_file; /* and it has parameters */
    mho_net *read;  /* from that file, until a model is made of it; NULL */
    study_model model[STUDY_STYLES];
} study_net;

/* Images to test on and to calibrate with. */
typedef struct study_set {
    mho_data *data;
    mho_images calibration;
    size_t images; /* of the test images, the first so many */
} study_set;

enum { STUDY_SETTINGS = 8 };

struct mho_study {
    mho_hw *hw;     /* without the fields of a point */
    mho_hw **other; /* [others]: of the points from 1 on, where each has its own */
    size_t others;
    bool tolerant;             /* what one point refuses is found when it runs */
    mho_grid *grid;            /* NULL: one point */
    mho_study_options options; /* as asked for */
    study_net *net;            /* [nets][sets]: for each network one for each set of images */
    study_set *set;
    size_t nets, sets;
    mhoi_shelf *shelf;                 /* for all points */
    const mho_data *given;             /* in place of what a name tells; NULL */
    char setting[STUDY_SETTINGS][256]; /* of the networks' inputs */
    size_t settings;
    bool
        once; /* it runs one point, once: a network's parameters go when its last chip has its weights */
};

/* Those of a point. */
study_net *mhoi_study_net_of(const mho_study *study, size_t point);
study_set *mhoi_study_set_of(const mho_study *study, size_t point);
/* study_open.c: networks, images; NULL-terminated names are those of the axes, else of the subject. */
MHO_MUST_CHECK mho_status mhoi_study_open_subjects(mho_study *study, const mho_subject *subject,
                                                   const bool style[STUDY_STYLES],
                                                   size_t calibration, mho_stage *stage);

/* grid.c: the axis of that key, SIZE_MAX if there is none or no grid; the number of a point's value; a value. */
size_t mhoi_study_grid_find(const mho_grid *sweep, const char *key);
size_t mhoi_study_grid_at(const mho_grid *sweep, size_t point, size_t axis);
/* Are the values names (of networks, data, files), known by what they name?  Others: as every writing of the
 * value prints, and whether text[length] is a writing of it. */
bool mhoi_study_grid_names(const mho_grid *sweep, size_t axis);
void mhoi_study_grid_print(const mho_grid *sweep, size_t axis, size_t value, char *text,
                           size_t size);
bool mhoi_study_grid_means(const mho_grid *sweep, size_t point, size_t axis, const char *text,
                           size_t length);

/* The description of a point. */
MHO_MUST_CHECK mho_status mhoi_study_hw(const mho_study *study, size_t point, mho_hw **out);
/* Opens the trained network of a style, if that has not been done. */
/* Opened once, with the settings of the study's input. */
MHO_MUST_CHECK mho_status mhoi_study_open_model(const mho_study *y, study_net *net, mho_style style,
                                                const char *data);
/* The input's codes cover numbers that are no bytes. */
MHO_MUST_CHECK mho_status mhoi_study_cover(mho_net *net, const study_set *set);
/* The same, which tells first whether the numbers look like bytes. */
MHO_MUST_CHECK mho_status mhoi_study_cover_model(study_model *model, const study_set *set);
/* A copy of the network that was given, else mho_model_open; with the same settings. */
MHO_MUST_CHECK mho_status mhoi_study_take_model(const mho_study *y, const study_net *net,
                                                mho_style style, const char *data, mho_net **out);
/* The style of the trained network that this hardware takes. */
mho_style mhoi_study_style(const mho_hw *hw);
/* Cycles, energy, area: of the network on hw, and of the 8-bit CNN on crossbars of the same size and cell,
 * priced by the same reading. */
MHO_MUST_CHECK mho_status mhoi_study_price(const mho_net *net, const mho_hw *hw,
                                           mho_result *result);
/* The same without that CNN. */
MHO_MUST_CHECK mho_status mhoi_study_price_alone(const mho_net *net, const mho_hw *hw,
                                                 mho_result *result);
mho_status mhoi_study_copy_cost(const mho_cost *from, mho_result_cost *to);
/* study_measure.c: names of the layers; what the chip did since it was programmed; its energy. */
MHO_MUST_CHECK mho_status mhoi_study_measure_start(const mho_placement *placement,
                                                   mho_result *result);
void mhoi_study_measure_add(const mho_chip *chip, mho_result *result);
MHO_MUST_CHECK mho_status mhoi_study_measure_price(const mho_net *net, mho_result *result);
/* study_quantize.c: model->coded for this hardware, if it is to have free scales. */
MHO_MUST_CHECK mho_status mhoi_study_quantize(const mho_net *net, const mho_hw *hw,
                                              const mho_images *images, study_model *model);
/* What mhoi_study_quantize takes where it makes codes, and what these take then. */
MHO_MUST_CHECK mho_status mhoi_study_quantize_need(const mho_net *net, const mho_hw *hw,
                                                   mhoi_need *need, uint64_t *coded);
/* study_memory.c: the least that quantization and chips of a network take, ideal and not; waits: as below. */
MHO_MUST_CHECK mho_status mhoi_study_need(mho_net *net, bool waits, const mho_hw *hw,
                                          mhoi_need *need);
/* MHO_ENOMEM where memory was told and is less than what a stage of the point takes: with what does for all of them, and, of few
 * points, for all points. */
MHO_MUST_CHECK mho_status mhoi_study_grant(const mho_study *study, size_t point);
/* A network whose weights wait in bytes while a chip has them. */
typedef struct study_waiting {
    mho_net *net;
    struct mhoi_small_weights *small;
    mho_status status;
} study_waiting;
void mhoi_study_let_wait(void *waiting);
MHO_MUST_CHECK mho_status mhoi_study_end_wait(study_waiting *waiting);
/* study_open.c: the 8-bit CNN of a network and its hardware with ideal devices; *net NULL: there is none. */
MHO_MUST_CHECK mho_status mhoi_study_open_base(const mho_study *y, const study_net *n,
                                               const study_set *set, const mho_hw *hw,
                                               mho_net **net, mho_hw **ideal);
/* What rows of this study depend on, as of base/identity.h. */
MHO_MUST_CHECK mho_status mhoi_study_identity(const mho_study *study, char *text, size_t size);
/* That 8-bit CNN's description. */
MHO_MUST_CHECK mho_status mhoi_study_base_hw(const mho_hw *hw, mho_hw **out);

/* As mho_grid_create; an error of a value begins with place. */
MHO_MUST_CHECK mho_status mhoi_grid_create_at(const mho_hw *hw, const char *const *axes,
                                              const char *place, mho_grid **out);
/* Of a sweep from a file; place: of the axes, "file:line" of each. */
void mhoi_grid_name(mho_grid *grid, const char *name);
void mhoi_grid_place(mho_grid *grid, size_t axis, const char *file, size_t line);
/* An error whose message begins with the key of an axis begins with that axis' place. */
mho_status mhoi_grid_place_error(const mho_grid *grid, mho_status s);

#endif
