/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/coach-file.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/yaml.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/edits-file.h"
#include "coach/path.h"
#include "coach/refuse.h"

#include <string.h>

/* Members of the layout. */
#define LAYOUT_ORDER "order" /* the top-level keys as they are spelt */
#define LAYOUT_BARE                                                                                         \
    "bare" /* DGN sections and instances without a device, with the value that stands there */
#define LAYOUT_LISTS "lists" /* where several devices share a binding, their ids in order */
#define LAYOUT_INSTANCES                                                                                    \
    "instances" /* bindings whose instance is spelt its own way (0x19), with that spelling */
#define LAYOUT_SEQUENCE                                                                                     \
    "sequence" /* DGN sections whose instances do not stand in the order of their numbers, "default" last,  \
                  with the order in which they do */

#define ENTITY_ID "entity_id"
/* The section of the devices without a binding. */
#define SECTION_UNBOUND "unbound_devices"
#define VERSION_HASH_DIGITS 12
/* Entries of one device that are compared one by one. */
#define FEW_ENTRIES 8

/* A device whose entries are being gathered; its component is already in its place in the file. */
typedef struct Gathered {
    Component *component;
    GArray *entries;
    GHashTable *places; /* set of where the entries are, made when there are many */
    Value *typed;       /* the first entry that says its device_type; borrowed */
} Gathered;

typedef struct Reader {
    CoachFile *file;
    GHashTable *paths;   /* set of the paths seen; borrowed from the components */
    GHashTable *devices; /* entity_id (borrowed from the data) → Gathered */
    GPtrArray *gathered; /* the same in file order; owned */
    size_t components_max;
} Reader;

Component *component_new(const char *path, Value *data)
{
    Component *component = g_new0(Component, 1);

    component->path = g_strdup(path);
    component->data = data ? value_ref(data) : NULL;
    return component;
}

void component_free(Component *component)
{
    if (!component)
        return;
    g_free(component->path);
    g_clear_pointer(&component->data, value_unref);
    g_free(component);
}

GHashTable *component_table(GPtrArray *components)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < components->len; i++) {
        Component *component = g_ptr_array_index(components, i);
        g_hash_table_insert(table, component->path, component->data);
    }
    return table;
}

void coach_file_free(CoachFile *file)
{
    if (!file)
        return;
    g_clear_pointer(&file->components, g_ptr_array_unref);
    g_clear_pointer(&file->layout, value_unref);
    coach_info_clear(&file->info);
    g_free(file->version);
    g_free(file->content_hash);
    g_free(file);
}

static void gathered_free(Gathered *gathered)
{
    g_array_unref(gathered->entries);
    g_clear_pointer(&gathered->places, g_hash_table_unref);
    g_free(gathered);
}

static void reader_clear(Reader *reader)
{
    g_clear_pointer(&reader->file, coach_file_free);
    g_clear_pointer(&reader->paths, g_hash_table_unref);
    g_clear_pointer(&reader->devices, g_hash_table_unref);
    g_clear_pointer(&reader->gathered, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static Component *add_component(Reader *reader, const char *section, const char *child, Value *data,
                                const Value *at, GError **error)
{
    g_autofree char *path = path_new(section, child);

    if (!path_split(path, NULL, NULL, NULL)) {
        g_autofree char *quoted = json_quote(path);
        refuse(error, at,
               "%s cannot be the name of a component: it is empty, longer than %d bytes or has control "
               "characters; choose another name",
               quoted, PATH_LENGTH_MAX);
        return NULL;
    }
    if (reader->file->components->len >= reader->components_max) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_TOO_LARGE,
                    "line %u, column %u: more than %zu components; a coach has some hundreds",
                    value_line(at), value_column(at), reader->components_max);
        return NULL;
    }

    Component *component = component_new(path, data);
    g_ptr_array_add(reader->file->components, component);
    if (!g_hash_table_add(reader->paths, component->path)) {
        refuse(error, at, "two components are called \"%s\"; rename or remove one of them", path);
        return NULL;
    }
    return component;
}

static void layout_set(Reader *reader, const char *member, const char *key, Value *value)
{
    g_autoptr(Value) map = NULL;
    Value *old = value_map_get(reader->file->layout, member);

    map = old ? value_ref(old) : value_new_map();
    value_map_remove(&reader->file->layout,
                     member); /* so that `map` is ours alone and is not copied at each entry */
    value_map_set(&map, key, value);
    value_map_set(&reader->file->layout, member, map);
}

static gpointer place_key(uint32_t dgn, int instance)
{
    return GUINT_TO_POINTER((dgn << 9) | (guint) (instance + 1));
}

/* Remembers the place for the next call; a few are compared one by one. */
static bool place_is_taken(Gathered *gathered, uint32_t dgn, int instance)
{
    if (gathered->places)
        return !g_hash_table_add(gathered->places, place_key(dgn, instance));

    for (guint i = 0; i < gathered->entries->len; i++) {
        const DeviceEntry *other = &g_array_index(gathered->entries, DeviceEntry, i);
        if (other->dgn == dgn && other->instance == instance)
            return true;
    }
    if (gathered->entries->len < FEW_ENTRIES)
        return false;
    gathered->places = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < gathered->entries->len; i++) {
        const DeviceEntry *other = &g_array_index(gathered->entries, DeviceEntry, i);
        g_hash_table_add(gathered->places, place_key(other->dgn, other->instance));
    }
    g_hash_table_add(gathered->places, place_key(dgn, instance));
    return false;
}

static bool check_entry_id(Value *entry, GError **error)
{
    Value *id = value_map_get(entry, ENTITY_ID);

    if (!value_is_map(entry))
        return refuse(error, entry, "a device is a map of fields (\"- " ENTITY_ID ": …\"), this is %s",
                      type_with_article(entry));
    if (!id)
        return refuse(error, entry,
                      "a device needs an \"" ENTITY_ID
                      "\"; give it one that no other device has, like \"" ENTITY_ID ": bedroom_light\"");
    if (!value_is_string(id))
        return refuse(error, id, "\"" ENTITY_ID "\" is a text, this is %s; put it in quotes",
                      type_with_article(id));
    if (!value_string(id)[0])
        return refuse(error, id, "\"" ENTITY_ID "\" is a text that is not empty");
    return true;
}

static bool read_entry(Reader *reader, uint32_t dgn, int instance, Value *entry, GError **error)
{
    Value *id = value_map_get(entry, ENTITY_ID);
    Gathered *gathered;

    if (!check_entry_id(entry, error))
        return false;

    gathered = g_hash_table_lookup(reader->devices, value_string(id));
    if (!gathered) {
        Component *component = add_component(reader, PATH_DEVICES, value_string(id), NULL, entry, error);
        if (!component)
            return false;
        gathered = g_new0(Gathered, 1);
        gathered->component = component;
        gathered->entries = g_array_new(false, false, sizeof(DeviceEntry));
        g_ptr_array_add(reader->gathered, gathered);
        g_hash_table_insert(reader->devices, (char *) value_string(id), gathered);
        reader->file->n_devices++;
    }

    if (place_is_taken(gathered, dgn, instance)) {
        char key[BINDING_KEY_SIZE];

        binding_key_format(dgn, instance, key);
        return refuse(
            error, entry,
            "device \"%s\" has a second entry at %s; join the two, or give one another \"" ENTITY_ID "\"",
            value_string(id), key);
    }
    if (value_map_get(entry, "device_type")) {
        if (!gathered->typed)
            gathered->typed = entry;
        if (!value_equal(value_map_get(gathered->typed, "device_type"), value_map_get(entry, "device_type")))
            return refuse(
                error, entry,
                "device \"%s\" has another \"device_type\" here than at line %u; make them the same, or "
                "give one another \"" ENTITY_ID "\"",
                value_string(id), value_line(gathered->typed));
    }

    DeviceEntry new_entry = {.dgn = dgn, .instance = instance, .data = entry};
    g_array_append_val(gathered->entries, new_entry);
    return true;
}

static bool read_instance(Reader *reader, const char *dgn_key, uint32_t dgn, const char *key, Value *list,
                          GError **error)
{
    g_autoptr(Value) ids = NULL;
    char text[BINDING_KEY_SIZE];
    int instance;

    if (!instance_parse(key, &instance)) {
        g_autofree char *quoted = json_quote(key);
        return refuse(
            error, list,
            "instance %s of DGN %s: an instance is a number from 0 to 255 without leading zeros, or \"default\"",
            quoted, dgn_key);
    }
    if (!value_is_list(list))
        return refuse(error, list,
                      "instance %s of DGN %s holds a list of devices (\"- " ENTITY_ID ": …\"), this is %s",
                      key, dgn_key, type_with_article(list));

    binding_key_format(dgn, instance, text);
    if (!g_str_equal(strchr(text, ':') + 1, key)) {
        g_autoptr(Value) spelling = value_new_string(key);
        layout_set(reader, LAYOUT_INSTANCES, text, spelling);
    }
    if (value_length(list) == 0) {
        g_autoptr(Value) instances = NULL;
        Value *old = value_map_get(value_map_get(reader->file->layout, LAYOUT_BARE), dgn_key);

        instances = old ? value_ref(old) : value_new_map();
        value_map_set(&instances, key, list);
        layout_set(reader, LAYOUT_BARE, dgn_key, instances);
        return true;
    }

    VALUE_FOREACH_ITEM (entry, list)
        if (!read_entry(reader, dgn, instance, entry, error))
            return false;

    if (value_length(list) == 1)
        return true;

    ids = value_new_list();
    VALUE_FOREACH_ITEM (entry, list)
        value_list_append(&ids, value_map_get(entry, ENTITY_ID));
    layout_set(reader, LAYOUT_LISTS, text, ids);
    return true;
}

/* Instances by number, "default" behind them. */
static int instance_rank(const char *key)
{
    int instance;

    return instance_parse(key, &instance) && instance != INSTANCE_DEFAULT ? instance : INSTANCE_MAX + 1;
}

static void note_sequence(Reader *reader, const char *dgn_key, Value *instances)
{
    g_autoptr(Value) keys = value_new_list();
    bool ascending = true;
    int last = -1;

    VALUE_FOREACH_ENTRY (key, list, instances) {
        int rank = instance_rank(key);

        ascending = ascending && rank > last;
        last = rank;
        value_list_take(&keys, value_new_string(key));
    }
    if (!ascending)
        layout_set(reader, LAYOUT_SEQUENCE, dgn_key, keys);
}

static bool read_dgn(Reader *reader, const char *key, Value *instances, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    uint32_t dgn;

    if (!dgn_parse(key, &dgn))
        return refuse(error, instances, "DGN %s is beyond 17 bits: the largest is 1FFFF; check its digits",
                      key);

    if (value_type(instances) == VALUE_NULL || (value_is_map(instances) && value_length(instances) == 0)) {
        layout_set(reader, LAYOUT_BARE, key, instances);
        return true;
    }
    if (!value_is_map(instances))
        return refuse(error, instances,
                      "DGN %s holds a map of instances (\"25:\", and below it \"- " ENTITY_ID
                      ": …\"), this is %s",
                      key, type_with_article(instances));

    VALUE_FOREACH_ENTRY (instance_key, list, instances) {
        int instance;

        if (instance_parse(instance_key, &instance) &&
            !g_hash_table_add(seen, GINT_TO_POINTER(instance + 1)))
            return refuse(error, list,
                          "instance %d of DGN %s stands there twice; join the two lists of devices",
                          instance, key);
        if (!read_instance(reader, key, dgn, instance_key, list, error))
            return false;
    }
    note_sequence(reader, key, instances);
    return true;
}

static bool read_unbound_device(Reader *reader, Value *entry, GError **error)
{
    Value *bindings = value_map_get(entry, DEVICE_BINDINGS);

    if (!check_entry_id(entry, error))
        return false;
    if (bindings && (!value_is_list(bindings) || value_length(bindings) > 0))
        return refuse(error, bindings,
                      "a device of \"" SECTION_UNBOUND
                      "\" has no bindings; one that has some stands under its "
                      "DGN and instance");
    reader->file->n_devices++;
    return add_component(reader, PATH_DEVICES, value_map_get_string(entry, ENTITY_ID), entry, entry,
                         error) != NULL;
}

/* Devices that nothing on the bus is bound to. */
static bool read_unbound(Reader *reader, Value *list, GError **error)
{
    if (value_type(list) != VALUE_NULL && !value_is_list(list))
        return refuse(error, list,
                      "\"" SECTION_UNBOUND "\" holds a list of devices (\"- " ENTITY_ID ": …\"), this is %s",
                      type_with_article(list));
    if (value_length(list) == 0)
        layout_set(reader, LAYOUT_BARE, SECTION_UNBOUND, list);
    VALUE_FOREACH_ITEM (entry, list)
        if (!read_unbound_device(reader, entry, error))
            return false;
    return true;
}

bool coach_file_section_is_divided(const Value *section)
{
    if (!value_is_map(section) || value_length(section) == 0)
        return false;
    VALUE_FOREACH_ENTRY (key, child, section)
        if (!value_is_map(child))
            return false;
    return true;
}

static bool read_section(Reader *reader, const char *name, Value *section, GError **error)
{
    if (g_str_equal(name, PATH_DEVICES))
        return refuse(error, section,
                      "a section may not be called \"" PATH_DEVICES "\": devices stand under their DGN and "
                      "instance, those without one in \"" SECTION_UNBOUND "\"");
    if (g_str_equal(name, EDITS_FILE_SECTION))
        return refuse(error, section,
                      "\"" EDITS_FILE_SECTION
                      "\" is the mark of a file with an owner's edits, and no section of a "
                      "coach file; rename it");
    if (g_str_equal(name, SECTION_UNBOUND))
        return read_unbound(reader, section, error);

    if (!coach_file_section_is_divided(section))
        return add_component(reader, name, NULL, section, section, error) != NULL;

    VALUE_FOREACH_ENTRY (key, child, section)
        if (!add_component(reader, name, key, child, child, error))
            return false;
    return true;
}

static bool finish_devices(Reader *reader, GError **error)
{
    for (guint i = 0; i < reader->gathered->len; i++) {
        Gathered *gathered = g_ptr_array_index(reader->gathered, i);
        DeviceEntry *entries = &g_array_index(gathered->entries, DeviceEntry, 0);
        g_autoptr(GError) local = NULL;

        gathered->component->data = device_from_entries(entries, gathered->entries->len, &local);
        if (!gathered->component->data)
            return refuse(error, entries[0].data, "%s: %s", gathered->component->path, local->message);
    }
    return true;
}

static char *dup_scalar(const Value *map, const char *key)
{
    Value *value = value_map_get(map, key);

    if (!value || value_is_list(value) || value_is_map(value) || value_type(value) == VALUE_NULL)
        return NULL;
    return value_is_string(value) ? g_strdup(value_string(value)) : json_format(value);
}

static void read_identity(CoachFile *file, Value *data)
{
    /* Older files call the section `_coach_info`. */
    Value *info = value_map_get(data, "coach_info");
    if (!value_is_map(info))
        info = value_map_get(data, "_coach_info");

    coach_info_read(&file->info, info);
    file->content_hash = coach_file_content_hash(file->components);

    file->version = dup_scalar(value_map_get(data, "file_metadata"), "version");
    if (!file->version)
        file->version = dup_scalar(info, "config_version");
    if (!file->version)
        file->version = g_strdup_printf("sha256:%.*s", VERSION_HASH_DIGITS, file->content_hash);
}

CoachFile *coach_file_new(Value *data, size_t components_max, GError **error)
{
    g_auto(Reader) reader = {
        .file = g_new0(CoachFile, 1),
        .paths = g_hash_table_new(g_str_hash, g_str_equal),
        .devices = g_hash_table_new(g_str_hash, g_str_equal),
        .gathered = g_ptr_array_new_with_free_func((GDestroyNotify) gathered_free),
        .components_max = components_max,
    };
    g_autoptr(GHashTable) dgns = g_hash_table_new(NULL, NULL);
    g_autoptr(Value) order = value_new_list();

    reader.file->components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);
    reader.file->layout = value_new_map();

    if (value_type(data) == VALUE_NULL) {
        refuse(error, data, "the file has no data; a coach file is a map of sections");
        return NULL;
    }
    if (!value_is_map(data)) {
        refuse(error, data, "a coach file is a map of sections (\"coach_info:\", \"1FEDA:\" …), this is %s",
               type_with_article(data));
        return NULL;
    }

    VALUE_FOREACH_ENTRY (name, section, data) {
        uint32_t dgn;

        value_list_take(&order, value_new_string(name));
        if (!dgn_looks_like(name)) {
            if (!read_section(&reader, name, section, error))
                return NULL;
            continue;
        }
        if (dgn_parse(name, &dgn) && !g_hash_table_add(dgns, GUINT_TO_POINTER(dgn + 1))) {
            refuse(error, section, "DGN %05X has a second section, \"%s\"; join the two", dgn, name);
            return NULL;
        }
        if (!read_dgn(&reader, name, section, error))
            return NULL;
    }
    value_map_set(&reader.file->layout, LAYOUT_ORDER, order);

    if (!finish_devices(&reader, error))
        return NULL;
    read_identity(reader.file, data);
    return g_steal_pointer(&reader.file);
}

CoachFile *coach_file_parse(const char *text, size_t length, GError **error)
{
    g_autoptr(Value) data = yaml_parse(text, length, &yaml_limits_default, error);

    return data ? coach_file_new(data, COACH_FILE_COMPONENTS_MAX, error) : NULL;
}

bool coach_file_section_is_reserved(const char *section)
{
    return g_str_equal(section, PATH_DEVICES) || g_str_equal(section, SECTION_UNBOUND) ||
           g_str_equal(section, EDITS_FILE_SECTION) || dgn_looks_like(section);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    const Component *const *left = a, *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

Value *coach_file_section(GPtrArray *components, const char *section)
{
    g_autofree char *name = path_new(section, NULL);
    g_autoptr(Value) children = value_new_map();

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);
        size_t length = strlen(name);
        g_autofree char *child = NULL;

        if (g_str_equal(component->path, name))
            return value_ref(component->data);
        if (strncmp(component->path, name, length) == 0 && component->path[length] == '/' &&
            path_split(component->path, NULL, &child, NULL))
            value_map_set(&children, child, component->data);
    }
    return value_length(children) > 0 ? g_steal_pointer(&children) : NULL;
}

char *coach_file_content_hash(GPtrArray *components)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(components, NULL, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    HashRecord *record = hash_record_new();

    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_paths);
    for (guint i = 0; i < sorted->len; i++) {
        const Component *component = g_ptr_array_index(sorted, i);
        /* By name, for the order of bindings is that of the sections of the file. */
        g_autoptr(Value) keyed =
            path_is_device(component->path) ? device_to_keyed(component->data, NULL) : NULL;

        g_string_truncate(text, 0);
        json_append_canonical(text, keyed ? keyed : component->data);
        hash_record_text(record, component->path);
        hash_record_text(record, text->str);
    }
    return hash_record_finish(record);
}

/* Expanding */

/* The entries of one instance while the file is put together. */
typedef struct Slot {
    char *instance;
    Value *list;
} Slot;

static void slot_free(Slot *slot)
{
    g_free(slot->instance);
    value_unref(slot->list);
    g_free(slot);
}

/* DGN → array of Slot. */
typedef GHashTable Slots;

static Slot *slots_get(Slots *slots, uint32_t dgn, const char *instance)
{
    GPtrArray *of_dgn = g_hash_table_lookup(slots, GUINT_TO_POINTER(dgn));

    if (!of_dgn) {
        of_dgn = g_ptr_array_new_with_free_func((GDestroyNotify) slot_free);
        g_hash_table_insert(slots, GUINT_TO_POINTER(dgn), of_dgn);
    }
    for (guint i = 0; i < of_dgn->len; i++) {
        Slot *slot = g_ptr_array_index(of_dgn, i);
        if (g_str_equal(slot->instance, instance))
            return slot;
    }

    Slot *slot = g_new0(Slot, 1);
    slot->instance = g_strdup(instance);
    slot->list = value_new_list();
    g_ptr_array_add(of_dgn, slot);
    return slot;
}

static bool expand_device(Slots *slots, Value *device, GError **error)
{
    g_autoptr(Value) keyed = device_to_keyed(device, error);

    if (!keyed)
        return false;
    VALUE_FOREACH_ENTRY (key, fields, value_map_get(keyed, DEVICE_BINDINGS)) {
        uint32_t dgn;
        int instance;

        if (!binding_key_parse(key, &dgn, &instance))
            continue;
        Slot *slot = slots_get(slots, dgn, strchr(key, ':') + 1);
        value_list_take(&slot->list, device_flatten(keyed, key));
    }
    return true;
}

/* Puts devices that share a binding back into the order of the file; those the file did not have there come
 * after. */
static Value *order_list(Value *list, Value *ids)
{
    g_autoptr(GHashTable) by_id = NULL;
    Value *ordered;

    if (!ids || value_length(list) < 2)
        return value_ref(list);

    by_id = g_hash_table_new(g_str_hash, g_str_equal);
    VALUE_FOREACH_ITEM (entry, list) {
        const char *id = value_map_get_string(entry, ENTITY_ID);
        if (id)
            g_hash_table_insert(by_id, (char *) id, entry);
    }

    ordered = value_new_list();
    VALUE_FOREACH_ITEM (id, ids) {
        Value *entry = value_is_string(id) ? g_hash_table_lookup(by_id, value_string(id)) : NULL;
        if (!entry)
            continue;
        value_list_append(&ordered, entry);
        g_hash_table_remove(by_id, value_string(id));
    }
    VALUE_FOREACH_ITEM (entry, list) {
        const char *id = value_map_get_string(entry, ENTITY_ID);
        if (!id || g_hash_table_contains(by_id, id))
            value_list_append(&ordered, entry);
    }
    return ordered;
}

static int compare_ranks(gconstpointer a, gconstpointer b)
{
    return instance_rank(a) - instance_rank(b);
}

/* Puts the instances into the order of the file, those that it does not have behind them by number. Takes
 * them over. */
static Value *order_instances(Value *instances, Value *sequence)
{
    g_autoptr(Value) all = instances;
    g_autoptr(GList) rest = NULL;
    Value *ordered = value_new_map();

    VALUE_FOREACH_ITEM (name, sequence) {
        Value *list = value_is_string(name) ? value_map_get(all, value_string(name)) : NULL;
        if (list)
            value_map_set(&ordered, value_string(name), list);
    }
    VALUE_FOREACH_ENTRY (key, list, all)
        if (!value_map_get(ordered, key))
            rest = g_list_prepend(rest, (char *) key);
    rest = g_list_sort(rest, compare_ranks);
    for (GList *l = rest; l; l = l->next)
        value_map_set(&ordered, l->data, value_map_get(all, l->data));
    return ordered;
}

/* `name` is how the layout spells the DGN, NULL where it does not know it. */
static Value *expand_dgn(GPtrArray *of_dgn, uint32_t dgn, const char *name, Value *layout)
{
    Value *lists = value_map_get(layout, LAYOUT_LISTS), *spellings = value_map_get(layout, LAYOUT_INSTANCES);
    Value *bare = name ? value_map_get(value_map_get(layout, LAYOUT_BARE), name) : NULL;
    Value *instances = value_is_map(bare) ? value_ref(bare) : value_new_map();

    for (guint i = 0; of_dgn && i < of_dgn->len; i++) {
        Slot *slot = g_ptr_array_index(of_dgn, i);
        g_autofree char *key = g_strdup_printf("%05X:%s", dgn, slot->instance);
        const char *spelling = value_map_get_string(spellings, key);

        value_map_take(&instances, spelling ? spelling : slot->instance,
                       order_list(slot->list, value_map_get(lists, key)));
    }
    return order_instances(instances,
                           name ? value_map_get(value_map_get(layout, LAYOUT_SEQUENCE), name) : NULL);
}

static void expand_section(Value **file, const char *path, Value *data)
{
    g_autofree char *section = NULL, *child = NULL;

    if (!path_split(path, &section, &child, NULL))
        return;
    if (!child) {
        value_map_set(file, section, data);
        return;
    }

    Value *old = value_map_get(*file, section);
    g_autoptr(Value) children = value_is_map(old) ? value_ref(old) : value_new_map();
    value_map_remove(file, section); /* so that `children` is ours alone and is not copied for each */
    value_map_set(&children, child, data);
    value_map_set(file, section, children);
}

/* Moves the sections that the layout knows into its order; the others follow. Takes over `file`. */
static Value *order_sections(Value *file, Value *order)
{
    Value *ordered = value_new_map();

    VALUE_FOREACH_ITEM (name, order) {
        Value *section = value_is_string(name) ? value_map_get(file, value_string(name)) : NULL;
        if (section)
            value_map_set(&ordered, value_string(name), section);
    }
    VALUE_FOREACH_ENTRY (name, section, file)
        if (!value_map_get(ordered, name))
            value_map_set(&ordered, name, section);
    value_unref(file);
    return ordered;
}

static bool expand_unbound(Value **list, const Component *component, GError **error)
{
    if (!value_is_map(component->data)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA, "%s is no map of fields",
                    component->path);
        return false;
    }
    value_list_append(list, component->data);
    return true;
}

static bool has_bindings(const Component *component)
{
    Value *bindings = value_map_get(component->data, DEVICE_BINDINGS);

    return bindings && (!value_is_list(bindings) || value_length(bindings) > 0);
}

/* The section of the devices without a binding, or what stands there without any. */
static bool finish_unbound(Value **file, Value *unbound, Value *layout, GError **error)
{
    Value *bare = value_map_get(value_map_get(layout, LAYOUT_BARE), SECTION_UNBOUND);

    if (value_length(unbound) == 0 && !bare)
        return true;
    if (value_map_get(*file, SECTION_UNBOUND)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA,
                            "\"" SECTION_UNBOUND "\" is the section of devices and no component");
        return false;
    }
    value_map_set(file, SECTION_UNBOUND, value_length(unbound) > 0 ? unbound : bare);
    return true;
}

static void expand_known_dgns(Value **file, Slots *slots, Value *layout)
{
    Value *bare = value_map_get(layout, LAYOUT_BARE);

    VALUE_FOREACH_ITEM (name, value_map_get(layout, LAYOUT_ORDER)) {
        uint32_t dgn;

        if (!value_is_string(name) || !dgn_looks_like(value_string(name)) ||
            !dgn_parse(value_string(name), &dgn))
            continue;
        GPtrArray *of_dgn = g_hash_table_lookup(slots, GUINT_TO_POINTER(dgn));
        Value *empty = value_map_get(bare, value_string(name));
        if (!of_dgn && empty)
            value_map_set(file, value_string(name), empty);
        else if (of_dgn)
            value_map_take(file, value_string(name), expand_dgn(of_dgn, dgn, value_string(name), layout));
        g_hash_table_remove(slots, GUINT_TO_POINTER(dgn));
    }
}

static int compare_dgns(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? -1 : 1;
}

Value *coach_file_expand(GPtrArray *components, Value *layout, GError **error)
{
    g_autoptr(GHashTable) slots =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    g_autoptr(Value) file = value_new_map(), unbound = value_new_list();

    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);

        if (!path_is_device(component->path))
            expand_section(&file, component->path, component->data);
        else if (!(has_bindings(component) ? expand_device(slots, component->data, error)
                                           : expand_unbound(&unbound, component, error)))
            return NULL;
    }

    expand_known_dgns(&file, slots, layout);
    g_autoptr(GList) others = g_list_sort(g_hash_table_get_keys(slots), compare_dgns);
    for (GList *l = others; l; l = l->next) {
        uint32_t dgn = GPOINTER_TO_UINT(l->data);
        g_autofree char *name = g_strdup_printf("%05X", dgn);

        value_map_take(&file, name, expand_dgn(g_hash_table_lookup(slots, l->data), dgn, NULL, NULL));
    }
    if (!finish_unbound(&file, unbound, layout, error))
        return NULL;
    return order_sections(g_steal_pointer(&file), value_map_get(layout, LAYOUT_ORDER));
}
