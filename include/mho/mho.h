/* SPDX-License-Identifier: Apache-2.0 */
/* Everything public of mho. */
#ifndef MHO_H
#define MHO_H

#include "mho/api.h"
#include "mho/asset.h"
#include "mho/array.h"
#include "mho/chip.h"
#include "mho/circuit.h"
#include "mho/config.h"
#include "mho/cost.h"
#include "mho/crossbar.h"
#include "mho/data.h"
#include "mho/device.h"
#include "mho/explore.h"
#include "mho/file.h"
#include "mho/hw.h"
#include "mho/infer.h"
#include "mho/json.h"
#include "mho/map.h"
#include "mho/net.h"
#include "mho/onnx.h"
#include "mho/pipeline.h"
#include "mho/quant.h"
#include "mho/quantize.h"
#include "mho/report.h"
#include "mho/reuse.h"
#include "mho/run.h"
#include "mho/search.h"
#include "mho/status.h"
#include "mho/store.h"
#include "mho/study.h"
#include "mho/tensor.h"
#include "mho/train.h"

#endif
