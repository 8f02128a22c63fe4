/* SPDX-License-Identifier: Apache-2.0 */
/* What operators are to digital units: how many elementary operations a node is, and how its values flow. */
#ifndef MHO_MAP_DIGITAL_H
#define MHO_MAP_DIGITAL_H

#include "net/graph.h"
#include "net/program.h"

typedef enum mhoi_flow {
    MHOI_FLOW_ELEMENT,  /* element for element, in the order of its inputs */
    MHOI_FLOW_POSITION, /* a position of its output is made of that position of its inputs */
    MHOI_FLOW_WHOLE,    /* begins when its inputs are complete */
} mhoi_flow;

/* Elementary operations of a node for one image. */
typedef struct mhoi_elementary {
    double macs, adds, multiplies;
    double functions; /* of one argument, by a table and a line between its points */
    double divisions;
} mhoi_elementary;

/* Is it done by digital units of its own?  Crossbars, views and the list of outputs are not. */
bool mhoi_is_digital(const mho_node *node);
mhoi_flow mhoi_flow_of(const mho_node *node);
/* MHO_ENOTMODELED: an operator that digital units do not know; also: names that are put there explicitly ("LSTM,Conv").
 * The message names the operator. */
MHO_MUST_CHECK mho_status mhoi_elementary_of(const mho_node *node, const char *also,
                                             mhoi_elementary *out);
/* MHO_EUSAGE: `also` names an operator that no digital unit could do. */
MHO_MUST_CHECK mho_status mhoi_digital_check(const char *also);

#endif
