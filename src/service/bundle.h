/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* bundle.h: the reference data that ships inside the binary, or, in development mode, a folder that is read
 * before it. */

#include <glib.h>
#include <stdbool.h>

typedef struct Bundle Bundle;

/* `development` is a folder laid out like seeds/ (coach files in coaches/, and rvc.json), or NULL. */
Bundle *bundle_new(const char *development);
void bundle_free(Bundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bundle, bundle_free)

/* The folder of the development mode; NULL outside of it. Borrowed. */
const char *bundle_development(const Bundle *bundle);

/* The ids of all bundled coach files, sorted; NULL-terminated, free with g_strfreev(). */
char **bundle_list_models(const Bundle *bundle);
/* Whether there is a coach file of this id; it may still be unreadable. */
bool bundle_has_model(const Bundle *bundle, const char *model);
/* The bytes of a coach file. Sets NO_SUCH_MODEL, or in development mode IO, TOO_LARGE. */
GBytes *bundle_get_model(const Bundle *bundle, const char *model, GError **error);

/* The names of the other resources ("rvc.json"); NULL-terminated, static. */
const char *const *bundle_list_resources(void);
/* The bytes of one of them. Sets INVALID_ARGS for a name that is none. */
GBytes *bundle_get_resource(const Bundle *bundle, const char *name, GError **error);

/* Whether the folder of the development mode has one of its own. */
bool bundle_has_own_resource(const Bundle *bundle, const char *name);

/* Whether a text can be the id of a model: letters, digits, "_", "-", "." and no leading dot, at most 128
 * bytes. */
bool model_id_is_valid(const char *id);
