/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* choices.c: options and answers to resolutions. */

#include "ctl/choices.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/json.h"
#include "ctl/bus-value.h"
#include "ctl/input.h"
#include "ctl/suggest.h"

#define VALUE_PREFIX "value:"

void choices_add(Value **resolutions, const Value *item, const char *choice)
{
    Value *row = value_new_list();

    value_list_take(&row, value_new_string(dict_text(item, "path")));
    value_list_take(&row, value_new_string(dict_text(item, "field")));
    value_list_take(&row, value_new_string(choice));
    value_list_take(resolutions, row);
}

char *choices_value(const Value *item, const char *text, GError **error)
{
    static const char *const keys[] = {"mine", "vendor", "base"};
    const Value *like = NULL;

    for (size_t i = 0; !like && i < G_N_ELEMENTS(keys); i++)
        like = value_map_get(item, keys[i]);

    g_autoptr(Value) value = input_value_like(text, like, error);
    g_autofree char *json = value ? json_format(value) : NULL;
    return json ? g_strconcat(VALUE_PREFIX, json, NULL) : NULL;
}

Answer choices_answer(const char *line)
{
    static const struct {
        const char *letter, *word;
        Answer answer;
    } rows[] = {
        {"m", "mine", ANSWER_MINE},
        {"v", "vendor", ANSWER_VENDOR},
        {"e", "edit", ANSWER_EDIT},
        {"q", "quit", ANSWER_QUIT},
    };
    g_autofree char *word = g_strstrip(g_strdup(line));

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_ascii_strcasecmp(word, rows[i].letter) == 0 || g_ascii_strcasecmp(word, rows[i].word) == 0)
            return rows[i].answer;
    }
    return ANSWER_UNCLEAR;
}

/* The different paths of items, in their order; borrowed. */
static GPtrArray *item_paths(const Value *items)
{
    GPtrArray *paths = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    VALUE_FOREACH_ITEM (item, items) {
        const char *path = dict_text(item, "path");

        if (g_hash_table_add(seen, (void *) path))
            g_ptr_array_add(paths, (void *) path);
    }
    return paths;
}

static bool refuse(GError **error, char *sentence)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, sentence);
    g_free(sentence);
    return false;
}

static bool refuse_path(const char *word, GPtrArray *paths, GError **error)
{
    g_autoptr(GPtrArray) close = suggest_close(word, paths, 1);

    if (close->len > 0)
        return refuse(error, g_strdup_printf(_("The update does not touch “%s”. Did you mean %s?"), word,
                                             (const char *) close->pdata[0]));
    return refuse(error, g_strdup_printf(_("The update does not touch “%s”."), word));
}

/* The path among those of the items that is meant; borrowed. */
static const char *find_path(const char *word, GPtrArray *paths, GError **error)
{
    g_autoptr(GPtrArray) matches = NULL;

    if (g_ptr_array_find_with_equal_func(paths, word, g_str_equal, NULL))
        return word;
    matches = input_match_path(word, paths);
    if (matches->len == 0)
        return refuse_path(word, paths, error), NULL;
    if (matches->len == 1 || g_str_has_prefix(matches->pdata[0], "devices/"))
        return matches->pdata[0];
    g_ptr_array_add(matches, NULL);

    g_autofree char *list = g_strjoinv(", ", (char **) matches->pdata);
    refuse(error, g_strdup_printf(_("“%s” can mean %s. Give the whole path."), word, list));
    return NULL;
}

/* The items at a path and field. What stands in the way is allowed, not resolved. */
static GPtrArray *items_at(const Value *items, const char *path, const char *field)
{
    GPtrArray *found = g_ptr_array_new();

    VALUE_FOREACH_ITEM (item, items) {
        if (preview_item_class(item)->kind != PREVIEW_BLOCKS && g_str_equal(dict_text(item, "path"), path) &&
            g_str_equal(dict_text(item, "field"), field))
            g_ptr_array_add(found, item);
    }
    return found;
}

/* The items of a component that need a decision. */
static GPtrArray *decisions_of(const Value *items, const char *path)
{
    GPtrArray *found = g_ptr_array_new();

    VALUE_FOREACH_ITEM (item, items) {
        if (preview_item_class(item)->kind == PREVIEW_DECIDES && g_str_equal(dict_text(item, "path"), path))
            g_ptr_array_add(found, item);
    }
    return found;
}

static GPtrArray *find_items(const Value *items, const char *path_word, const char *field_word,
                             GError **error)
{
    g_autoptr(GPtrArray) paths = item_paths(items);
    const char *path = find_path(path_word, paths, error);
    g_autofree char *field = input_field(g_str_equal(field_word, "/") ? "" : field_word);
    g_autoptr(GPtrArray) found = NULL;

    if (!path)
        return NULL;
    found = items_at(items, path, field);
    if (found->len == 0 && !*field) {
        g_ptr_array_unref(found);
        found = decisions_of(items, path);
    }
    if (found->len > 0)
        return g_steal_pointer(&found);
    refuse(error, *field ? g_strdup_printf(_("The update does not touch %s %s."), path, field)
                         : g_strdup_printf(_("Nothing at %s needs a decision. Name the FIELD."), path));
    return NULL;
}

/* One option of the command line that resolves items. */
typedef struct Wish {
    const char *option;
    unsigned words;
    const char *choice; /* NULL: the third word is the value */
} Wish;

/* NULL with the error set. */
static char *wish_choice(const Wish *wish, char **words, const GPtrArray *items, GError **error)
{
    g_autoptr(GError) why = NULL;
    char *choice;

    if (wish->choice)
        return g_strdup(wish->choice);
    if (items->len > 1) {
        refuse(error,
               g_strdup_printf(_("--%s %s needs one FIELD, not all of them."), wish->option, words[0]));
        return NULL;
    }
    choice = choices_value(items->pdata[0], words[2], &why);
    if (!choice)
        refuse(error, g_strdup_printf(_("“%s” is no value for %s (%s)."), words[2], words[1], why->message));
    return choice;
}

static bool is_resolved(const Value *resolutions, const Value *item)
{
    const Preview preview = {.resolutions = (Value *) resolutions};

    return preview_choice(&preview, item) != NULL;
}

static bool add_wish(Value **resolutions, const Wish *wish, char **words, const Value *items, GError **error)
{
    g_autoptr(GPtrArray) found = find_items(items, words[0], words[1], error);
    g_autofree char *choice = found ? wish_choice(wish, words, found, error) : NULL;

    if (!choice)
        return false;
    for (unsigned i = 0; i < found->len; i++) {
        const Value *item = found->pdata[i];

        if (is_resolved(*resolutions, item))
            return refuse(error, g_strdup_printf(_("What to do about %s %s is said twice."),
                                                 dict_text(item, "path"), dict_text(item, "field")));
        choices_add(resolutions, item, choice);
    }
    return true;
}

Value *choices_resolve(const Args *args, const Value *items, GError **error)
{
    static const Wish wishes[] = {{"keep", 2, "mine"}, {"take", 2, "vendor"}, {"set", 3, NULL}};
    GPtrArray *const lists[] = {args->keep, args->take, args->set};
    g_autoptr(Value) resolutions = value_new_list();

    for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++) {
        for (unsigned at = 0; lists[i] && at < lists[i]->len; at += wishes[i].words) {
            if (!add_wish(&resolutions, &wishes[i], (char **) lists[i]->pdata + at, items, error))
                return NULL;
        }
    }
    return value_length(resolutions) > 0 ? g_steal_pointer(&resolutions) : NULL;
}
