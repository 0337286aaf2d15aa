/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-gather.c: the steps of a search: variables, databases, TOML, patches, coach files. */

#include "ctl/legacy-gather.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/json.h"
#include "ctl/legacy-coaches.h"
#include "ctl/legacy-copy.h"
#include "ctl/legacy-places.h"
#include "ctl/legacy-settings.h"
#include "ctl/legacy-sqlite.h"
#include "ctl/legacy-toml.h"

/* Of files with settings. */
#define SETTINGS_MAX (1 << 20)

/* What databases and TOML say about the patches. */
typedef struct Patches {
    char *file;     /* system_settings.user_patches_file; NULL: nothing */
    char *database; /* that said so */
    char *model;    /* that they were made for; NULL: unknown */
} Patches;

static void patches_clear(Patches *patches)
{
    g_free(patches->file);
    g_free(patches->database);
    g_free(patches->model);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Patches, patches_clear)

static void add_settings(LegacySearch *search, const char *origin, const Value *settings)
{
    char *text;

    if (value_length(settings) == 0)
        return;
    text = json_format(settings);

    g_autoptr(GBytes) data = g_bytes_new_take(text, strlen(text));
    legacy_items_add(search->items, "settings", origin, data);
}

static void set_text(Value **map, const char *key, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    value_map_take(map, key, value_new_string(valid));
}

/* `what` is the variable or key that has the text. */
static void set_interfaces(LegacySearch *search, Value **settings, const char *origin, const char *what,
                           const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    Value *interfaces = legacy_settings_interfaces(valid, &error);

    if (interfaces)
        value_map_take(settings, "interface_mappings", interfaces);
    else
        legacy_items_problem(search->items, origin, "%s: %s", what, error->message);
}

/* Variables */

/* What a shell would have put there; nobody does it here. */
static bool needs_shell(const char *value)
{
    return *value == '~' || strchr(value, '$');
}

/* Paths that no shell has been at yet are no paths. */
static void drop_unexpanded(LegacySearch *search, LegacyEnv *env, const char *origin)
{
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        if (i == LEGACY_INTERFACES || !env->values[i] || !needs_shell(env->values[i]))
            continue;
        legacy_items_problem(search->items, origin,
                             _("%s refers to something that only a shell knows; write the path out"),
                             legacy_variable_name(i));
        g_clear_pointer(&env->values[i], g_free);
    }
}

/* The first that says which coach it is. A file that is not there says nothing. */
static void set_active(LegacySearch *search, Value **settings, const LegacyEnv *env)
{
    static const struct {
        LegacyVariable variable;
        bool file;
    } chosen[] = {
        {LEGACY_COACH_FILE, true},        {LEGACY_COACH_FILE_FLAT, true},     {LEGACY_COACH_MODEL, false},
        {LEGACY_COACH_FILE_OLDEST, true}, {LEGACY_COACH_MODEL_OLDEST, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(chosen); i++) {
        const char *value = env->values[chosen[i].variable];
        g_autofree char *model = value ? legacy_settings_model(value) : NULL;
        bool there = value && chosen[i].file &&
                     legacy_coaches_add_named(search, value, legacy_variable_name(chosen[i].variable));

        if (!model || (chosen[i].file && !there) || value_map_get(*settings, "active_model"))
            continue;
        set_text(settings, "active_model", model);
        if (there) {
            g_autofree char *shown = legacy_tree_path(search->tree, value);

            set_text(settings, "active_file", shown);
        }
        if (!search->model)
            search->model = g_steal_pointer(&model);
    }
}

/* Takes what the sources before this one lack. */
static void merge_env(LegacyEnv *into, const LegacyEnv *from)
{
    for (unsigned i = 0; i < LEGACY_VARIABLES; i++) {
        if (!into->values[i])
            into->values[i] = g_strdup(from->values[i]);
    }
}

static void add_env(LegacySearch *search, const char *origin, LegacyEnv *env)
{
    g_autoptr(Value) settings = value_new_map();

    drop_unexpanded(search, env, origin);
    if (env->values[LEGACY_INTERFACES])
        set_interfaces(search, &settings, origin, legacy_variable_name(LEGACY_INTERFACES),
                       env->values[LEGACY_INTERFACES]);
    set_active(search, &settings, env);
    add_settings(search, origin, settings);
    merge_env(&search->env, env);
}

static void add_env_data(LegacySearch *search, const char *origin, GBytes *data)
{
    g_auto(LegacyEnv) env = {0};
    g_autoptr(GError) error = NULL;
    size_t length;
    const char *text = g_bytes_get_data(data, &length);

    if (!legacy_env_parse(&env, text ? text : "", length, &error))
        legacy_items_problem(search->items, origin, "%s", error->message);
    add_env(search, origin, &env);
}

/* The person named it, so it is where the person sees it, and has to be there. */
static bool add_named_env_file(LegacySearch *search, const char *path, GError **error)
{
    g_autoptr(LegacyTree) machine = legacy_tree_open(NULL, error);
    g_autofree char *shown = machine ? legacy_tree_path(machine, path) : NULL;
    g_autoptr(GBytes) data = NULL;
    struct stat st;

    if (!machine)
        return false;
    data = legacy_tree_read(machine, path, SETTINGS_MAX, &st, error);
    if (!data) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    legacy_search_first(search, &st);
    add_env_data(search, shown, data);
    return true;
}

/* The rest goes place by place. */

static void add_env_file(LegacySearch *search, const char *path, const char *who, Patches *patches)
{
    g_autoptr(GBytes) data = legacy_search_read(search, path, SETTINGS_MAX, who);

    if (data)
        add_env_data(search, path, data);
}

static void take_patches(Patches *patches, const char *database, const LegacyDatabase *found)
{
    if (found->patches_file && !patches->file) {
        patches->file = g_strdup(found->patches_file);
        patches->database = g_strdup(database);
    }
    if (found->active_model && !patches->model)
        patches->model = legacy_settings_model(found->active_model);
}

static void add_database(LegacySearch *search, const char *path, const char *who, Patches *patches)
{
    g_auto(LegacyCopy) copy = {0};
    g_auto(LegacyDatabase) database = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) settings = value_new_map();
    struct stat st;

    if (!legacy_copy_make(&copy, search->tree, path, &st, &error)) {
        legacy_search_problem(search, path, who, error);
        return;
    }
    if (!legacy_search_first(search, &st))
        return;
    if (!legacy_sqlite_read(&database, copy.file, &error)) {
        legacy_search_problem(search, path, who, error);
        return;
    }
    if (database.active_model) {
        g_autofree char *model = legacy_settings_model(database.active_model);

        if (model)
            set_text(&settings, "active_model", model);
    }
    if (database.names)
        value_map_set(&settings, "display_names", database.names);
    take_patches(patches, path, &database);
    add_settings(search, path, settings);
}

static Value *interfaces_of_table(const GPtrArray *pairs)
{
    Value *map = value_new_map();

    for (unsigned i = 0; i + 1 < pairs->len; i += 2)
        set_text(&map, pairs->pdata[i], pairs->pdata[i + 1]);
    return map;
}

static void add_toml_settings(LegacySearch *search, const char *path, const LegacyToml *toml,
                              Patches *patches)
{
    g_autoptr(Value) settings = value_new_map();

    if (toml->interfaces && toml->interfaces->len > 0)
        value_map_take(&settings, "interface_mappings", interfaces_of_table(toml->interfaces));
    if (toml->interfaces_text)
        set_interfaces(search, &settings, path, "[can] interface_mappings", toml->interfaces_text);
    if (toml->default_model) {
        g_autofree char *model = legacy_settings_model(toml->default_model);

        if (model)
            set_text(&settings, "active_model", model);
        if (!patches->model)
            patches->model = g_steal_pointer(&model);
    }
    add_settings(search, path, settings);
}

static void add_toml(LegacySearch *search, const char *path, const char *who, Patches *patches)
{
    g_autoptr(GBytes) data = legacy_search_read(search, path, SETTINGS_MAX, who);
    g_auto(LegacyToml) toml = {0};
    g_autoptr(GError) error = NULL;
    const char *text;
    size_t length;

    if (!data)
        return;
    text = g_bytes_get_data(data, &length);
    if (!legacy_toml_parse(&toml, text ? text : "", length, &error)) {
        legacy_items_problem(search->items, path, "%s", error->message);
        return;
    }
    if (toml.problem)
        legacy_items_problem(search->items, path, "%s", toml.problem);
    add_toml_settings(search, path, &toml, patches);
}

static void add_patches_data(LegacySearch *search, const char *path, GBytes *data, const Patches *patches)
{
    /* A colon would end the name of the model too early. */
    const char *model = patches->model && !strchr(patches->model, ':') ? patches->model : "";
    g_autofree char *kind = g_strconcat("patches:", model, NULL);

    legacy_items_add(search->items, kind, path, data);
}

/* The old system read one file, and no other where its database named one. */
static void add_patches(LegacySearch *search, const char *path, const char *who, Patches *patches)
{
    g_autoptr(GBytes) data = legacy_search_read(search, path, LEGACY_FILE_MAX, who);

    if (!data)
        return;
    if (patches->file) {
        legacy_items_problem(
            search->items, path,
            _("The old system did not use these patches, but those in %s; if these shall count, put them "
              "there"),
            patches->file);
        return;
    }
    add_patches_data(search, path, data, patches);
    patches->file = g_strdup(path);
}

static void add_named_patches(LegacySearch *search, const Patches *patches)
{
    g_autofree char *shown = NULL;
    g_autofree char *who = NULL;
    g_autoptr(GBytes) data = NULL;

    if (!patches->file)
        return;
    shown = legacy_search_path(search, patches->file);
    who = g_strconcat(patches->database, ", user_patches_file", NULL);
    data = legacy_search_read(search, shown, LEGACY_FILE_MAX, who);
    if (data)
        add_patches_data(search, shown, data, patches);
}

typedef void (*PlaceFunc)(LegacySearch *search, const char *path, const char *who, Patches *patches);

static void add_places(LegacySearch *search, LegacyPlaceKind kind, PlaceFunc add, Patches *patches)
{
    for (size_t i = 0; i < legacy_places_length; i++) {
        const LegacyPlace *place = &legacy_places[i];
        g_autofree char *path = NULL, *shown = NULL;

        if (place->kind != kind)
            continue;
        path = legacy_place_path(place, &search->env);
        shown = path ? legacy_search_path(search, path) : NULL;
        if (shown)
            add(search, shown, legacy_place_variable(place, &search->env), patches);
    }
}

static bool search_all(LegacySearch *search, const LegacyRequest *request, GError **error)
{
    g_auto(LegacyEnv) environment = {0};
    g_auto(Patches) patches = {0};

    if (!request->root) {
        legacy_env_read(&environment, request->environment);
        add_env(search, "environment", &environment);
    }
    if (request->env_file && !add_named_env_file(search, request->env_file, error))
        return false;
    add_places(search, PLACE_ENV_FILE, add_env_file, &patches);
    add_places(search, PLACE_DATABASE, add_database, &patches);
    add_places(search, PLACE_TOML, add_toml, &patches);
    add_named_patches(search, &patches);
    add_places(search, PLACE_PATCHES, add_patches, &patches);
    legacy_coaches_add_folders(search);
    return true;
}

bool legacy_gather(LegacyGathered *gathered, const LegacyRequest *request, GError **error)
{
    g_autoptr(LegacyTree) tree = legacy_tree_open(request->root, error);
    LegacySearch search = {.tree = tree, .confined = request->root != NULL};
    bool done;

    *gathered = (LegacyGathered){
        .items = legacy_items_new(),
        .looked = g_ptr_array_new_with_free_func(g_free),
    };
    if (!tree)
        return false;
    search.items = gathered->items;
    search.looked = gathered->looked;
    search.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    done = search_all(&search, request, error);
    legacy_search_clear(&search);
    return done;
}

void legacy_gathered_clear(LegacyGathered *gathered)
{
    g_clear_pointer(&gathered->items, legacy_items_free);
    g_clear_pointer(&gathered->looked, g_ptr_array_unref);
}
