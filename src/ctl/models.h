/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* models.h: models as ListModels gives them. */

#include "ctl/ctl.h"

/* The one for coaches that nobody knows: standard messages of RV-C. */
#define MODEL_GENERIC "coach_mapping.default"

/* All that are known; NULL on error. */
Value *models_list(Ctl *ctl, sd_bus_error *error);
/* The one with this id, and the active one; NULL when there is none. Borrowed. */
const Value *models_find(const Value *models, const char *id);
const Value *models_active(const Value *models);

/* "2021 Entegra Aspire 44R"; "" where the file says nothing. Free with g_free(). */
char *models_title(const Value *model);
