/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/legacy.h"

#include "base/json-patch.h"
#include "base/pointer.h"
#include "coach/coach-id.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/override.h"
#include "coach/path.h"

#include <string.h>

#define ENTITY_ID "entity_id"
#define INTERFACE "interface"
/* Where an entry of a device stands in a file: DGN, instance, index. */
#define ENTRY_TOKENS 3

/* Names of files */

char *legacy_model_id(const char *origin)
{
    const char *slash = strrchr(origin, '/'), *name = slash ? slash + 1 : origin,
               *ending = coach_name_ending(name);
    g_autofree char *id =
        ending && ending > name ? g_strndup(name, (gsize) (ending - name)) : g_strdup(name);

    g_strdelimit(id, " ", '_');
    return id[0] ? g_steal_pointer(&id) : NULL;
}

/* Interfaces */

/* physical → logical, of those that only one logical name stands for and that are none themselves. */
static GHashTable *invert(GHashTable *interfaces)
{
    GHashTable *inverse = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer logical, physical;

    g_hash_table_iter_init(&iter, interfaces);
    while (g_hash_table_iter_next(&iter, &logical, &physical))
        g_hash_table_insert(inverse, physical,
                            g_hash_table_contains(inverse, physical) ? (gpointer) "" : logical);
    g_hash_table_iter_init(&iter, inverse);
    while (g_hash_table_iter_next(&iter, &physical, &logical))
        if (!((const char *) logical)[0] || g_hash_table_contains(interfaces, physical))
            g_hash_table_iter_remove(&iter);
    return inverse;
}

static char *entry_key(uint32_t dgn, int instance, const char *id)
{
    char binding[BINDING_KEY_SIZE];

    binding_key_format(dgn, instance, binding);
    return g_strjoin("\n", binding, id, NULL);
}

/* entry_key() → the interface that a release has there; owns both. */
static GHashTable *interfaces_of(GPtrArray *known)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; known && i < known->len; i++) {
        const Component *component = g_ptr_array_index(known, i);
        g_autoptr(Value) keyed =
            path_is_device(component->path) ? device_to_keyed(component->data, NULL) : NULL;

        VALUE_FOREACH_ENTRY (binding, own, value_map_get(keyed, DEVICE_BINDINGS)) {
            g_autoptr(Value) flat = device_flatten(keyed, binding);
            const char *interface = value_map_get_string(flat, INTERFACE),
                       *id = value_map_get_string(flat, ENTITY_ID);

            if (interface && id)
                g_hash_table_insert(table, g_strjoin("\n", binding, id, NULL), g_strdup(interface));
        }
    }
    return table;
}

typedef struct Namer {
    GHashTable *logical; /* physical → logical */
    GHashTable *known;   /* entry_key() → interface */
    unsigned n_changed;
} Namer;

/* A new reference: the entry itself, or a changed copy. */
static Value *name_entry(Namer *namer, uint32_t dgn, int instance, Value *entry)
{
    const char *physical = value_map_get_string(entry, INTERFACE),
               *id = value_map_get_string(entry, ENTITY_ID);
    const char *logical = physical ? g_hash_table_lookup(namer->logical, physical) : NULL;
    g_autofree char *key = id ? entry_key(dgn, instance, id) : NULL;
    Value *named = value_ref(entry);

    if (!logical || !key || g_strcmp0(g_hash_table_lookup(namer->known, key), physical) == 0)
        return named;
    value_map_take(&named, INTERFACE, value_new_string(logical));
    namer->n_changed++;
    return named;
}

static Value *name_list(Namer *namer, uint32_t dgn, int instance, Value *list)
{
    Value *named = value_new_list();

    VALUE_FOREACH_ITEM (entry, list)
        value_list_take(&named, name_entry(namer, dgn, instance, entry));
    return named;
}

static Value *name_section(Namer *namer, uint32_t dgn, Value *instances)
{
    Value *named = value_new_map();

    VALUE_FOREACH_ENTRY (key, list, instances) {
        int instance;
        bool entries = instance_parse(key, &instance) && value_is_list(list);

        value_map_take(&named, key, entries ? name_list(namer, dgn, instance, list) : value_ref(list));
    }
    return named;
}

unsigned legacy_name_interfaces(Value **data, GHashTable *interfaces, GPtrArray *known)
{
    g_autoptr(GHashTable) logical = invert(interfaces), of_known = interfaces_of(known);
    Namer namer = {.logical = logical, .known = of_known};
    g_autoptr(Value) named = NULL;

    if (g_hash_table_size(logical) == 0 || !value_is_map(*data))
        return 0;
    named = value_ref(*data);
    VALUE_FOREACH_ENTRY (name, section, *data) {
        unsigned before = namer.n_changed;
        uint32_t dgn;

        if (!dgn_looks_like(name) || !dgn_parse(name, &dgn) || !value_is_map(section))
            continue;
        g_autoptr(Value) changed = name_section(&namer, dgn, section);
        if (namer.n_changed > before)
            value_map_set(&named, name, changed);
    }
    if (namer.n_changed > 0) {
        value_unref(*data);
        *data = g_steal_pointer(&named);
    }
    return namer.n_changed;
}

/* Pointers */

/* The key of a map that names the same DGN; borrowed. */
static const char *find_dgn(Value *data, const char *token)
{
    uint32_t wanted, dgn;

    if (value_map_get(data, token) || !dgn_looks_like(token) || !dgn_parse(token, &wanted))
        return token;
    VALUE_FOREACH_ENTRY (key, section, data)
        if (dgn_looks_like(key) && dgn_parse(key, &dgn) && dgn == wanted)
            return key;
    return token;
}

static const char *find_instance(Value *section, const char *token)
{
    int wanted, instance;

    if (value_map_get(section, token) || !instance_parse(token, &wanted))
        return token;
    VALUE_FOREACH_ENTRY (key, list, section)
        if (instance_parse(key, &instance) && instance == wanted)
            return key;
    return token;
}

static void replace_token(char **token, const char *text)
{
    char *copy = g_strdup(text);

    g_free(*token);
    *token = copy;
}

char *legacy_pointer_respell(Value *data, const char *pointer, GError **error)
{
    g_auto(GStrv) tokens = pointer_split(pointer, error);

    if (!tokens)
        return NULL;
    if (tokens[0]) {
        replace_token(&tokens[0], find_dgn(data, tokens[0]));
        if (tokens[1] && dgn_looks_like(tokens[0]))
            replace_token(&tokens[1], find_instance(value_map_get(data, tokens[0]), tokens[1]));
    }
    return pointer_join((const char *const *) tokens);
}

/* Places */

void legacy_place_free(LegacyPlace *place)
{
    g_free(place->path);
    g_free(place->field);
    g_free(place);
}

static void add_place(GPtrArray *places, const char *section, const char *child, const char *const *rest)
{
    LegacyPlace *place = g_new0(LegacyPlace, 1);

    place->path = path_new(section, child);
    place->field = pointer_join(rest);
    g_ptr_array_add(places, place);
}

static void add_entry(GPtrArray *places, const Value *entry, const char *const *rest)
{
    const char *id = value_map_get_string(entry, ENTITY_ID);

    if (id)
        add_place(places, PATH_DEVICES, id, rest);
}

/* All devices in an instance or a DGN. */
static void add_entries(GPtrArray *places, const Value *value)
{
    static const char *const all[] = {NULL};

    VALUE_FOREACH_ITEM (entry, value)
        add_entry(places, entry, all);
    VALUE_FOREACH_ENTRY (key, list, value)
        VALUE_FOREACH_ITEM (entry, list)
            add_entry(places, entry, all);
}

/* "-" is what was added last. */
static Value *find_item(Value *list, const char *token)
{
    const char *const tokens[] = {token, NULL};
    size_t length = value_is_list(list) ? value_length(list) : 0;

    if (g_str_equal(token, "-"))
        return length > 0 ? value_list_item(list, length - 1) : NULL;
    return json_patch_find(list, tokens);
}

static void locate_in_dgn(Value *data, const char *const *tokens, GPtrArray *places)
{
    const char *prefix[ENTRY_TOKENS + 1] = {NULL};
    guint n = 0;

    while (n < ENTRY_TOKENS - 1 && tokens[n]) {
        prefix[n] = tokens[n];
        n++;
    }
    if (n == ENTRY_TOKENS - 1 && tokens[n])
        add_entry(places, find_item(json_patch_find(data, prefix), tokens[n]), tokens + ENTRY_TOKENS);
    else
        add_entries(places, json_patch_find(data, prefix));
}

/* As coach_file_new() has it: a section whose children are all maps is divided. */
static bool is_divided(const Value *section)
{
    VALUE_FOREACH_ENTRY (key, child, section)
        if (!value_is_map(child))
            return false;
    return value_is_map(section) && value_length(section) > 0;
}

static void locate_in_section(Value *data, const char *const *tokens, GPtrArray *places)
{
    static const char *const all[] = {NULL};
    Value *section = value_map_get(data, tokens[0]);

    if (!is_divided(section))
        add_place(places, tokens[0], NULL, tokens + 1);
    else if (tokens[1])
        add_place(places, tokens[0], tokens[1], tokens + 2);
    else
        VALUE_FOREACH_ENTRY (child, value, section)
            add_place(places, tokens[0], child, all);
}

void legacy_locate(Value *data, const char *pointer, GPtrArray *places)
{
    g_auto(GStrv) tokens = pointer_split(pointer, NULL);

    if (!tokens || !tokens[0])
        return;
    if (dgn_looks_like(tokens[0]))
        locate_in_dgn(data, (const char *const *) tokens, places);
    else
        locate_in_section(data, (const char *const *) tokens, places);
}

bool legacy_place_concerns(const LegacyPlace *place, const char *path, const char *field)
{
    const char *at_binding = field_at_binding(path, field);

    if (!g_str_equal(place->path, path))
        return false;
    if (at_binding)
        field = at_binding;
    return g_str_equal(place->field, field) || field_is_inside(place->field, field) ||
           field_is_inside(field, place->field);
}
