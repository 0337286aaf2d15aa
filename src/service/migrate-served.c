/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the old system served of a coach: its file, with the patches and the names that an owner gave. */
#include "service/migrate-private.h"

#include "base/text.h"
#include "coach/path.h"

#define FRIENDLY_NAME "/friendly_name"

static void add_difference_items(LegacyJudge *judge, GHashTable *edits)
{
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(edits), text_compare);

    for (GList *l = paths; l; l = l->next) {
        GPtrArray *list = g_hash_table_lookup(edits, l->data);

        for (guint i = 0; i < list->len; i++) {
            const Override *edit = g_ptr_array_index(list, i);
            MigrationItem *item = migration_report_add(judge->migration->report, "edit", judge->file->origin,
                                                       judge->coach->id);
            LegacyPlace *place = g_new0(LegacyPlace, 1);

            *place = (LegacyPlace){.path = g_strdup(l->data), .field = g_strdup(edit->field)};
            migration_item_set_place(item, l->data, edit->field);
            migration_item_set_value(item, edit->value);
            item->places = g_ptr_array_new_with_free_func((GDestroyNotify) legacy_place_free);
            g_ptr_array_add(item->places, place);
        }
    }
}

static CoachFile *read_named(const LegacyJudge *judge, Value *data, unsigned *ret_n, GError **error)
{
    g_autoptr(Value) named = value_ref(data);

    *ret_n = legacy_name_interfaces(&named, judge->migration->interfaces,
                                    judge->base.custom ? NULL : judge->base.components);
    return coach_file_new(named, COACH_FILE_COMPONENTS_MAX, error);
}

/* The owner's differences from the release, before patches and names. */
bool legacy_list_own_edits(LegacyJudge *judge, GError **error)
{
    g_autoptr(GHashTable) edits = NULL;
    g_autoptr(CoachFile) file = NULL;

    if (!judge->file || judge->base.exact || judge->base.custom)
        return true;
    file = read_named(judge, judge->file->data, &judge->base.n_named, error);
    edits = file ? coach_difference(judge->base.components, file->components, error) : NULL;
    if (!edits)
        return false;
    add_difference_items(judge, edits);
    return true;
}

static Component *find_component(GPtrArray *components, const char *path)
{
    for (guint i = 0; i < components->len; i++) {
        Component *component = g_ptr_array_index(components, i);
        if (g_str_equal(component->path, path))
            return component;
    }
    return NULL;
}

static bool give_name(Component *device, Value *name, GError **error)
{
    g_autoptr(GPtrArray) none = override_list_new(), edits = NULL;
    Value *named;

    edits = override_record(device->path, device->data, none, FRIENDLY_NAME, name, error);
    if (!edits)
        return false;
    named = override_apply(device->path, device->data, edits);
    value_unref(device->data);
    device->data = named;
    return true;
}

static void take_name(LegacyJudge *judge, const LegacyName *name)
{
    g_autofree char *path = path_new(PATH_DEVICES, name->id);
    Component *device = find_component(judge->wanted, path);
    g_autoptr(GError) error = NULL;
    LegacyPlace *place;
    const char *type;

    migration_item_set_place(name->item, path, FRIENDLY_NAME);
    if (!device) {
        migration_item_judge(name->item, MIGRATION_REFUSED,
                             "The coach has no such device; give the name to one that it has");
        return;
    }
    if (!give_name(device, name->value, &error)) {
        migration_item_judge(name->item, MIGRATION_REFUSED, "%s", error->message);
        return;
    }
    type = value_map_get_string(device->data, "device_type");
    if (type && name->type[0] && !g_str_equal(type, name->type))
        migration_item_judge(name->item, MIGRATION_TAKEN, "It is a %s here, not a %s", type, name->type);
    place = g_new0(LegacyPlace, 1);
    *place = (LegacyPlace){.path = g_steal_pointer(&path), .field = g_strdup(FRIENDLY_NAME)};
    name->item->places = g_ptr_array_new_with_free_func((GDestroyNotify) legacy_place_free);
    g_ptr_array_add(name->item->places, place);
}

static GPtrArray *copy_components(GPtrArray *components)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        g_ptr_array_add(copy, component_new(component->path, component->data));
    }
    return copy;
}

/* Where the coach has no file here, patches are of what the service has. */
static Value *legacy_data(const LegacyJudge *judge, GError **error)
{
    g_autoptr(CoachFile) file = NULL;

    if (judge->file)
        return value_ref(judge->file->data);
    if (judge->base.file)
        return coach_file_expand(judge->base.file->components, judge->base.file->layout, error);
    if (!store_load_vendor_file(judge->migration->service->store, judge->base.to->id, &file, error))
        return NULL;
    return coach_file_expand(file->components, file->layout, error);
}

bool legacy_find_wanted(LegacyJudge *judge, GError **error)
{
    g_autoptr(Value) data = legacy_data(judge, error);
    g_autoptr(CoachFile) file = NULL;
    unsigned ignored;

    if (!data)
        return false;
    legacy_patch(judge->coach, &data);
    /* Without a file and patches nothing of it may change by being written out and read again. */
    if (!judge->file && judge->coach->patches->len == 0) {
        judge->wanted = copy_components(judge->base.components);
    } else {
        file = read_named(judge, data, &ignored, error);
        if (!file)
            return false;
        judge->wanted = g_ptr_array_ref(file->components);
    }
    for (guint i = 0; i < judge->coach->names->len; i++)
        take_name(judge, g_ptr_array_index(judge->coach->names, i));
    return true;
}
