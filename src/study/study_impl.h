/* SPDX-License-Identifier: Apache-2.0 */
/* What a study holds: study.c opens it, run.c computes its points. */
#ifndef MHO_STUDY_IMPL_H
#define MHO_STUDY_IMPL_H

#include "mho/map.h"
#include "mho/study.h"

enum { STUDY_STYLES = 2 }; /* trained networks that points may need */

typedef struct study_model {
    mho_net *net;          /* NULL: no point needs it */
    char origin[256];      /* where its parameters come from */
    double software_error; /* NaN: not yet known */
} study_model;

struct mho_study {
    char *name;                /* of the network, as its user wrote it */
    bool from_file;            /* and it has parameters */
    mho_hw *hw;                /* without the fields of a point */
    mho_grid *grid;            /* NULL: one point */
    mho_study_options options; /* images: how many */
    study_model model[STUDY_STYLES];
    mho_data *data;
    mho_images calibration;
};

/* The description of a point. */
MHO_MUST_CHECK mho_status study_hw(const mho_study *study, size_t point, mho_hw **out);
/* The style of the trained network that this hardware takes. */
mho_style study_style(const mho_hw *hw);
/* Cycles, energy, area: of the network on hw, and of the 8-bit CNN on crossbars of the same size and cell,
 * priced by the same reading. */
MHO_MUST_CHECK mho_status study_price(const mho_net *net, const mho_hw *hw, mho_result *result);
/* What rows of this study depend on, as of base/identity.h. */
MHO_MUST_CHECK mho_status study_identity(const mho_study *study, char *text, size_t size);
/* That 8-bit CNN's description. */
MHO_MUST_CHECK mho_status study_base_hw(const mho_hw *hw, mho_hw **out);

#endif
