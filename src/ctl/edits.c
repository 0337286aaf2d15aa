/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edits.c: finding and telling what the owner changed. */

#include "ctl/edits.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/text.h"
#include "ctl/explain.h"
#include "ctl/paths.h"
#include "ctl/preview-lines.h"
#include "ctl/text.h"

/* So many of a group are named unless all are wanted. */
#define NAMES_MAX 10
#define FIELDS_MAX 4
#define PAGE_MAX 1000

void edits_clear(Edits *edits)
{
    g_clear_pointer(&edits->added, g_ptr_array_unref);
    g_clear_pointer(&edits->deleted, g_ptr_array_unref);
    g_clear_pointer(&edits->fields, value_unref);
}

bool edits_is_within(const char *path, const char *scope)
{
    size_t length = strlen(scope);

    return length == 0 || (g_str_has_prefix(path, scope) && (path[length] == '\0' || path[length] == '/'));
}

static void add_path(GPtrArray **paths, const char *path)
{
    if (!*paths)
        *paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*paths, g_strdup(path));
}

static Value *edited_fields(const Value *explanation)
{
    Value *names = value_new_list();

    VALUE_FOREACH_ITEM (field, value_map_get(explanation, "fields")) {
        if (g_str_equal(dict_text(field, "layer"), "user"))
            value_list_take(&names, value_new_string(dict_text(field, "field")));
    }
    return names;
}

void edits_add(Edits *edits, const Value *explanation)
{
    const char *path = dict_text(explanation, "path");
    g_autoptr(Value) names = NULL;

    if (dict_flag(explanation, "deleted")) {
        add_path(&edits->deleted, path);
        return;
    }
    if (!dict_flag(explanation, "in_vendor_file")) {
        add_path(&edits->added, path);
        return;
    }
    names = edited_fields(explanation);
    if (value_length(names) == 0)
        return;
    if (!edits->fields)
        edits->fields = value_new_map();
    value_map_set(&edits->fields, path, names);
}

static unsigned count(const GPtrArray *paths)
{
    return paths ? paths->len : 0;
}

bool edits_are_none(const Edits *edits)
{
    return count(edits->added) == 0 && count(edits->deleted) == 0 && value_length(edits->fields) == 0;
}

static void append_line(GString *out, const Term *term, const char *line)
{
    g_autofree char *clean = text_clean(line);
    g_autofree char *fitted = text_ellipsize(clean, preview_line_room(term, 2), term_ellipsis(term));

    g_string_append_printf(out, "  %s\n", fitted);
}

static void append_more(GString *out, size_t total, size_t shown)
{
    if (total > shown)
        g_string_append_printf(out, _("  and %zu more; --full names them\n"), total - shown);
}

static void append_paths(GString *out, const Term *term, const GPtrArray *paths, unsigned most)
{
    unsigned shown = MIN(paths->len, most);

    for (unsigned i = 0; i < shown; i++)
        append_line(out, term, paths->pdata[i]);
    append_more(out, paths->len, shown);
}

/* "/friendly_name, /area and 3 more" */
static char *fields_text(const Value *names, unsigned most)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    VALUE_FOREACH_ITEM (name, names)
        g_ptr_array_add(words, (void *) value_string(name));
    return preview_some(words, most);
}

static void append_fields(GString *out, const Term *term, const Value *fields, bool full)
{
    size_t most = full ? SIZE_MAX : NAMES_MAX, shown = 0;

    VALUE_FOREACH_ENTRY (path, names, fields) {
        g_autofree char *text = fields_text(names, full ? UINT_MAX : FIELDS_MAX);
        g_autofree char *line = g_strconcat(path, ": ", text, NULL);

        if (shown++ < most)
            append_line(out, term, line);
    }
    append_more(out, value_length(fields), MIN(value_length(fields), most));
}

static unsigned count_fields(const Value *fields)
{
    size_t n = 0;

    VALUE_FOREACH_ENTRY (path, names, fields)
        n += path ? value_length(names) : 0;
    return (unsigned) n;
}

void edits_append(GString *out, const Term *term, const Edits *edits, bool full)
{
    unsigned n_added = count(edits->added), n_deleted = count(edits->deleted);
    unsigned n_fields = count_fields(edits->fields), most = full ? UINT_MAX : NAMES_MAX;

    if (n_fields > 0) {
        g_string_append_printf(out,
                               ngettext("%u field goes back to the vendor's value:\n",
                                        "%u fields go back to the vendor's values:\n", n_fields),
                               n_fields);
        append_fields(out, term, edits->fields, full);
    }
    if (n_deleted > 0) {
        g_string_append_printf(out,
                               ngettext("%u component that was deleted comes back:\n",
                                        "%u components that were deleted come back:\n", n_deleted),
                               n_deleted);
        append_paths(out, term, edits->deleted, most);
    }
    if (n_added > 0) {
        g_string_append_printf(
            out, ngettext("%u component of your own goes:\n", "%u components of your own go:\n", n_added),
            n_added);
        append_paths(out, term, edits->added, most);
    }
}

/* Adds the paths of the components that went at some time and may still be away. */
static bool add_deleted(Ctl *ctl, GHashTable *paths, sd_bus_error *error)
{
    uint64_t before = OPTION_ABSENT;

    do {
        g_autoptr(CallOptions) options = call_options_new();
        g_autoptr(Value) page = NULL;

        call_options_u64(options, "before", before);
        call_options_u32(options, "limit", PAGE_MAX);
        page = ctl_call(ctl, error, "GetHistory", "aa{sv}t", options, "ss", ctl->args.model, "");
        if (!page)
            return false;
        VALUE_FOREACH_ITEM (entry, value_list_item(page, 0)) {
            if (!*dict_text(entry, "Field") && !*dict_text(entry, "After") && *dict_text(entry, "Path"))
                g_hash_table_add(paths, g_strdup(dict_text(entry, "Path")));
        }
        before = (uint64_t) item_number(page, 1);
    } while (before > 0);
    return true;
}

/* The paths that may carry edits, sorted: those that say so, and those that are not there. `has_scope` says
 * whether one of all is within the scope. */
static GList *candidates(Ctl *ctl, GHashTable *paths, const char *scope, bool *has_scope,
                         sd_bus_error *error)
{
    g_autoptr(Value) mappings = paths_mappings(ctl, "", error);

    if (!mappings || !add_deleted(ctl, paths, error))
        return NULL;
    VALUE_FOREACH_ITEM (mapping, mappings) {
        const char *path = item_text(mapping, 0);

        *has_scope = *has_scope || edits_is_within(path, scope);
        if (g_str_equal(item_text(mapping, 2), "user"))
            g_hash_table_add(paths, g_strdup(path));
        else
            g_hash_table_remove(paths, path);
    }
    return g_list_sort(g_hash_table_get_keys(paths), text_compare);
}

static bool explain_each(Ctl *ctl, GList *paths, const char *scope, Edits *edits, sd_bus_error *error)
{
    for (; paths; paths = paths->next) {
        g_autoptr(Value) explanation = NULL;

        if (!edits_is_within(paths->data, scope))
            continue;
        g_free(ctl->path);
        ctl->path = g_strdup(paths->data);
        explanation = explain_fetch(ctl, error);
        if (explanation)
            edits_add(edits, explanation);
        /* The owner's own, deleted for good. */
        else if (sd_bus_error_has_name(error, SERVICE_ERROR "NoSuchMapping"))
            sd_bus_error_free(error);
        else
            return false;
    }
    return true;
}

int edits_fetch(Ctl *ctl, const char *word, Edits *ret)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *scope = NULL;
    bool has_scope = false;
    g_autoptr(GList) sorted = candidates(ctl, paths, word, &has_scope, &error);
    bool ok;

    if (sd_bus_error_is_set(&error))
        return ctl_fail(ctl, &error);
    for (GList *l = sorted; l; l = l->next)
        has_scope = has_scope || edits_is_within(l->data, word);
    /* A word that is no section may be the last part of a path. */
    if (!has_scope) {
        int code = paths_resolve(ctl, word);

        if (code != EXIT_OK)
            return code;
    }
    scope = g_strdup(has_scope ? word : ctl->path);
    ok = explain_each(ctl, sorted, scope, ret, &error);
    g_free(ctl->path);
    ctl->path = g_steal_pointer(&scope);
    return ok ? EXIT_OK : ctl_fail(ctl, &error);
}
