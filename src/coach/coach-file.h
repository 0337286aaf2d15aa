/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* coach-file.h: a coach file as components, and back. */

#include "base/value.h"
#include "coach/coach-info.h"

typedef struct Component {
    char *path;
    Value *data; /* the public shape (device.h) */
} Component;

typedef struct CoachFile {
    GPtrArray *components; /* of Component, in the order of the file; owned */
    /* What the components do not say and an export needs to give the same data back: the order and the
     * spelling of the sections, the order and the spelling of instances, empty DGN sections and instances,
     * the order of devices that share one. A map, stored as it is. */
    Value *layout;
    CoachInfo info;
    char *version; /* file_metadata/version, else coach_info/config_version, else "sha256:" and the start of
                      the content hash */
    char *content_hash;
    unsigned n_devices;
} CoachFile;

/* 50,000 components a file. */
#define COACH_FILE_COMPONENTS_MAX 50000

Component *component_new(const char *path, Value *data);
void component_free(Component *component);
/* path → data of an array of them; both borrowed. */
GHashTable *component_table(GPtrArray *components);
void coach_file_free(CoachFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoachFile, coach_file_free)

/* Takes the data of a coach file apart (DESIGN "Coach file → components"): top-level keys that look like a
 * DGN hold instances, those hold lists of devices; all entries with one entity_id are one component. The
 * list "unbound_devices" holds devices without a binding, as they are. A section whose children are all maps
 * gives a component a child, any other section is one. Sets CONFIG_ERROR_INVALID_FILE with line and column,
 * or CONFIG_ERROR_TOO_LARGE beyond `components_max`. */
CoachFile *coach_file_new(Value *data, size_t components_max, GError **error);

/* The same from YAML text with the usual bounds. */
CoachFile *coach_file_parse(const char *text, size_t length, GError **error);

/* Puts components (effective ones too) together into the data of a coach file. With what coach_file_new()
 * gave, the result equals the data that it took. `layout` may be NULL. Devices without bindings come into
 * the list "unbound_devices". Sets CONFIG_ERROR_INVALID_DATA when a device has malformed bindings. */
Value *coach_file_expand(GPtrArray *components, Value *layout, GError **error);

/* The component called `section`, or all "<section>/…" as one map by child, a new reference; NULL when there
 * is neither. */
Value *coach_file_section(GPtrArray *components, const char *section);

/* Whether a section with this data gives a component a child: it is a map of maps and not empty. */
bool coach_file_section_is_divided(const Value *section);

/* Whether no component can have this section, since it means something else in a file: "devices",
 * "unbound_devices", a DGN, and what tells a file of edits (edits-file.h). */
bool coach_file_section_is_reserved(const char *section);

/* SHA-256 over the components, sorted by path, in canonical form: equal for two files that say the same.
 * Free with g_free(). */
char *coach_file_content_hash(GPtrArray *components);
