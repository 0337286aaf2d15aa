/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* merge.h: previews of updates from the service, merged as the command line wants it. */

#include "ctl/ctl.h"
#include "ctl/preview.h"

/* EXIT_OK when --policy and --allow make sense, else the code to exit with, all said. */
int merge_check_options(Ctl *ctl);
/* Takes the argument MODEL for --model. Likewise. */
int merge_take_model(Ctl *ctl);

/* Fills in what CheckForUpdates says of a model. */
bool merge_check(Ctl *ctl, const char *model, Preview *preview, sd_bus_error *error);
/* The same of the model that is meant, the active one by its id. */
bool merge_begin(Ctl *ctl, Preview *preview, sd_bus_error *error);

/* The options that PreviewUpdate and ApplyUpdate share, without the resolutions. */
void merge_add_options(CallOptions *options, const Preview *preview, const Args *args);
/* All pages of a preview, made with its resolutions. Fetched once more, it must be of the same
 * configuration, else CLIENT_ERROR_STALE. */
bool merge_fetch(Ctl *ctl, Preview *preview, sd_bus_error *error);
/* A preview with what --take, --keep and --set say. EXIT_OK or the code to exit with, all said. */
int merge_preview(Ctl *ctl, Preview *preview);
