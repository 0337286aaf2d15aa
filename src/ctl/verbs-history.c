/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-history.c: changes, history, verify. */

#include <glib/gi18n.h>
#include <inttypes.h>

#include "ctl/changes.h"
#include "ctl/format.h"
#include "ctl/outline.h"
#include "ctl/paths.h"
#include "ctl/report.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#define LINES_DEFAULT 50
/* The service gives at most so many in one answer. */
#define PAGE_MAX 1000

/* One page: dictionaries, newest first, and where the next begins. */
typedef Value *(*FetchPage)(Ctl *ctl, uint64_t before, uint64_t limit, sd_bus_error *error);

static Value *fetch_changes(Ctl *ctl, uint64_t before, uint64_t limit, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();

    call_options_u64(options, "before", before);
    call_options_u32(options, "limit", limit);
    call_options_text(options, "model", *ctl->args.model ? ctl->args.model : NULL);
    call_options_text(options, "kind", ctl->args.kind);
    return ctl_call(ctl, error, "ListChanges", "aa{sv}t", options, "");
}

static Value *fetch_history(Ctl *ctl, uint64_t before, uint64_t limit, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();

    call_options_u64(options, "before", before);
    call_options_u32(options, "limit", limit);
    return ctl_call(ctl, error, "GetHistory", "aa{sv}t", options, "ss", ctl->args.model,
                    ctl->path ? ctl->path : "");
}

/* As many as --lines says, over as many pages as that takes. `*ret_more` is where the rest begins, 0 when
 * there is none. */
static Value *fetch_lines(Ctl *ctl, FetchPage fetch, uint64_t *ret_more, sd_bus_error *error)
{
    uint64_t lines = ctl->args.lines != ARGS_ABSENT ? ctl->args.lines : LINES_DEFAULT;
    uint64_t before = ctl->args.before;
    g_autoptr(Value) entries = value_new_list();

    *ret_more = 0;
    while (value_length(entries) < lines) {
        uint64_t limit = MIN(lines - value_length(entries), PAGE_MAX);
        g_autoptr(Value) page = fetch(ctl, before, limit, error);

        if (!page)
            return NULL;
        VALUE_FOREACH_ITEM (entry, value_list_item(page, 0))
            value_list_append(&entries, entry);
        *ret_more = (uint64_t) item_number(page, 1);
        if (*ret_more == 0)
            break;
        before = *ret_more;
    }
    return g_steal_pointer(&entries);
}

static void print_more(const Ctl *ctl, uint64_t more)
{
    g_autofree char *text =
        g_strdup_printf(_("There are older ones: --before=%" PRIu64 " or a larger --lines."), more);

    if (more > 0 && ctl->out.tty)
        ctl_print("%s%s%s", term_on(&ctl->out, STYLE_DIM), text, term_off(&ctl->out, STYLE_DIM));
}

int verb_changes(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    uint64_t more;
    g_autoptr(Value) changes = fetch_lines(ctl, fetch_changes, &more, &error);

    if (!changes)
        return ctl_fail(ctl, &error);
    if (ctl->args.json)
        return report_json(ctl, changes);
    changes_print(&ctl->out, changes);
    print_more(ctl, more);
    return EXIT_OK;
}

/* Before, After and Vendor come as JSON text; people and programs want what is in it. */
static Value *unpack_entry(const Value *entry)
{
    static const char *const texts[] = {"Before", "After", "Vendor"};
    Value *unpacked = value_new_map();

    VALUE_FOREACH_ENTRY (name, item, entry)
        value_map_set(&unpacked, name, item);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        Value *value = format_parse(dict_text(entry, texts[i]));

        if (value)
            value_map_take(&unpacked, texts[i], value);
        else
            value_map_remove(&unpacked, texts[i]);
    }
    return unpacked;
}

static const TableColumn history_columns[] = {
    {N_("CHANGE"), TABLE_RIGHT},
    {N_("TIME"), TABLE_LEFT},
    {N_("USER"), TABLE_LEFT},
    {N_("KIND"), TABLE_LEFT},
    {N_("CLASS"), TABLE_HIDE_EMPTY},
    {N_("PATH"), TABLE_SHRINK},
    {N_("FIELD"), TABLE_SHRINK},
    {N_("BEFORE"), TABLE_SHRINK},
    {N_("AFTER"), TABLE_SHRINK},
    {N_("REASON"), TABLE_SHRINK | TABLE_HIDE_EMPTY},
    {0},
};

/* Whole components would fill the screen and say little. */
static char *entry_value(const Value *entry, const char *key)
{
    const Value *value = value_map_get(entry, key);

    if (!value)
        return g_strdup("");
    return *dict_text(entry, "Field") || !value_is_map(value) ? outline_scalar(value) : g_strdup("{…}");
}

static void add_entry(Table *table, const Value *entry)
{
    g_autofree char *time = format_time(dict_number(entry, "Time"));
    g_autofree char *before = entry_value(entry, "Before");
    g_autofree char *after = entry_value(entry, "After");

    table_add_format(table, "%" G_GINT64_FORMAT, dict_number(entry, "Change"));
    table_add(table, time, STYLE_PLAIN);
    table_add(table, dict_text(entry, "User"), STYLE_PLAIN);
    table_add(table, dict_text(entry, "Kind"), STYLE_PLAIN);
    table_add(table, dict_text(entry, "Class"), STYLE_PLAIN);
    table_add(table, dict_text(entry, "Path"), STYLE_PLAIN);
    table_add(table, dict_text(entry, "Field"), STYLE_PLAIN);
    table_add(table, before, STYLE_DIM);
    table_add(table, after, STYLE_PLAIN);
    table_add(table, dict_text(entry, "Reason"), STYLE_PLAIN);
}

static int print_history(Ctl *ctl, const Value *entries, uint64_t more)
{
    g_autoptr(Table) table = table_new(history_columns);

    if (ctl->args.json)
        return report_json(ctl, entries);
    VALUE_FOREACH_ITEM (entry, entries)
        add_entry(table, entry);
    table_print(table, &ctl->out, stdout);
    print_more(ctl, more);
    return EXIT_OK;
}

int verb_history(Ctl *ctl)
{
    const char *word = ctl_argument(ctl, 0);
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    uint64_t more;
    int code = word ? paths_resolve(ctl, word) : EXIT_OK;

    if (code != EXIT_OK)
        return code;

    g_autoptr(Value) entries = fetch_lines(ctl, fetch_history, &more, &error);
    if (!entries)
        return ctl_fail(ctl, &error);

    g_autoptr(Value) unpacked = value_new_list();
    VALUE_FOREACH_ITEM (entry, entries)
        value_list_take(&unpacked, unpack_entry(entry));
    return print_history(ctl, unpacked, more);
}

/* The service has one text: what is wrong, or with an intact history what there is to know about it. */
static Value *verify_object(const Value *reply)
{
    Value *object = value_new_map();
    bool intact = value_boolean(value_list_item(reply, 0));

    value_map_set(&object, "intact", value_list_item(reply, 0));
    value_map_set(&object, "checked", value_list_item(reply, 1));
    value_map_take(&object, "problem", value_new_string(intact ? "" : item_text(reply, 2)));
    if (intact && *item_text(reply, 2))
        value_map_set(&object, "note", value_list_item(reply, 2));
    return object;
}

static void print_intact(gint64 checked, const char *note)
{
    g_autofree char *clean = text_clean(note);

    ctl_print(ngettext("The history is intact: %" PRId64 " change checked.",
                       "The history is intact: %" PRId64 " changes checked.", (gulong) checked),
              checked);
    if (*clean)
        ctl_print("  %s", clean);
}

int verb_verify(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) reply = ctl_call(ctl, &error, "VerifyHistory", "bts", NULL, "");
    bool intact;

    if (!reply)
        return ctl_fail(ctl, &error);
    intact = value_boolean(value_list_item(reply, 0));
    if (ctl->args.json) {
        g_autoptr(Value) object = verify_object(reply);

        report_json(ctl, object);
    } else if (intact) {
        print_intact(item_number(reply, 1), item_text(reply, 2));
    } else {
        ctl_complain(ctl, _("The history was tampered with: %s"), item_text(reply, 2));
    }
    return intact ? EXIT_OK : EXIT_FAILED;
}
