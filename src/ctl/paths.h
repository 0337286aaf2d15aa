/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* paths.h: finding the component that a person means. */

#include "ctl/ctl.h"

/* The components of the model whose path begins with `prefix`, as GetMappings gives them: a list of lists
 * (path, data, source, revision). NULL on error. */
Value *paths_mappings(Ctl *ctl, const char *prefix, sd_bus_error *error);
/* Their paths alone; frees its texts. NULL on error. */
GPtrArray *paths_list(Ctl *ctl, const char *prefix, sd_bus_error *error);

/* Sets ctl->path to the component meant by `word`. A path with a slash, and one that exists as written, is
 * taken as it is; a word without one is devices/<word> where that exists, else the only component whose last
 * part it is. When nothing of the kind exists it is still taken for a device (it may have been deleted), and
 * the service has the last word. Returns 0, or the code to exit with, all said, when the word can mean
 * several components or the service cannot be asked. */
int paths_resolve(Ctl *ctl, const char *word);
