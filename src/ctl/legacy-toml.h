/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* legacy-toml.h: what concerns us in the TOML files of the old system. A C function before a C++ library. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef struct LegacyToml {
    char *default_model;   /* [coach] default_model; NULL: absent */
    char *interfaces_text; /* [can] interface_mappings where it is a text; NULL: absent */
    GPtrArray *interfaces; /* where it is a table: logical, physical, logical …; NULL: absent */
    char *problem;         /* what of this has another type, a sentence; NULL: nothing */
} LegacyToml;

/* Reads TOML 1.0. Sets a G_FILE_ERROR with "line L, column C: …" and returns false for what is none. Clear
 * with legacy_toml_clear() in any case. */
bool legacy_toml_parse(LegacyToml *toml, const char *text, size_t length, GError **error);
void legacy_toml_clear(LegacyToml *toml);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LegacyToml, legacy_toml_clear)

G_END_DECLS
