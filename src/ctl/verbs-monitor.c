/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-monitor.c: monitor: prints what the service announces, line by line, for as long as it runs. */

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "base/json.h"
#include "ctl/format.h"
#include "ctl/report.h"
#include "ctl/text.h"
#include "ctl/verbs.h"

/* The words for events have at least this width. */
#define WORD_WIDTH 10
/* How long to wait before the service's own socket is tried again. */
#define RECONNECT_USEC (1000 * 1000)

typedef struct Monitor {
    Ctl *ctl;
    sd_event *event;
    int64_t last; /* the newest change known; 0 before the first */
} Monitor;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event, sd_event_unref)

static bool subscribe(Monitor *monitor, sd_bus_error *error);
static unsigned word_width(void);

/* One announcement: its time, a word for it, a model, a text; and the same for programs. */
static void print_event(Monitor *monitor, const char *word, Style style, const char *text)
{
    const Term *term = &monitor->ctl->out;
    g_autofree char *time = format_time(g_get_real_time());
    g_autofree char *styled = term_styled(term, style, word);
    g_autofree char *clean = text_clean(text);
    unsigned used = text_width(word), width = word_width();

    ctl_print("%s%s%s  %s%*s  %s", term_on(term, STYLE_DIM), time, term_off(term, STYLE_DIM), styled,
              used < width ? (int) (width - used) : 0, "", clean);
}

static void print_event_json(const char *event, const Value *members)
{
    g_autoptr(Value) object = value_new_map();

    value_map_take(&object, "time", value_new_integer(g_get_real_time()));
    value_map_take(&object, "event", value_new_string(event));
    VALUE_FOREACH_ENTRY (name, item, members)
        value_map_set(&object, name, item);

    /* One object a line, also on a terminal: that is what a line-wise reader needs. */
    g_autofree char *line = json_format(object);
    puts(line);
}

/* Says one thing in the form asked for, and out with it: somebody waits for the line. `members` are for
 * programs. */
static void announce(Monitor *monitor, const char *event, const char *word, Style style, const char *text,
                     Value *members)
{
    if (monitor->ctl->args.json)
        print_event_json(event, members);
    else
        print_event(monitor, word, style, text);
    if (fflush(stdout) != 0)
        sd_event_exit(monitor->event, EXIT_FAILED);
}

static void announce_missed(Monitor *monitor, int64_t change)
{
    g_autoptr(Value) members = value_new_map();
    g_autofree char *text = NULL;

    if (monitor->last > 0 && change > monitor->last + 1) {
        text = g_strdup_printf(
            _("changes %" PRId64 " to %" PRId64 " were not seen; “coachiqctl changes” has them"),
            monitor->last + 1, change - 1);
        value_map_take(&members, "from", value_new_integer(monitor->last + 1));
        value_map_take(&members, "to", value_new_integer(change - 1));
        announce(monitor, "missed", _("missed"), STYLE_WARN, text, members);
    }
    monitor->last = MAX(monitor->last, change);
}

/* What names no model is about all of them. */
static bool is_wanted(const Monitor *monitor, const Value *members)
{
    const char *wanted = monitor->ctl->args.model;

    return !*wanted || !value_map_get(members, "model") || g_str_equal(wanted, dict_text(members, "model"));
}

static char *join_texts(const Value *list)
{
    GString *text = g_string_new(NULL);

    VALUE_FOREACH_ITEM (item, list)
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                               value_is_string(item) ? value_string(item) : "?");
    return g_string_free(text, FALSE);
}

static char *changed_text(G_GNUC_UNUSED const Monitor *monitor, const Value *members)
{
    g_autofree char *paths = join_texts(value_map_get(members, "paths"));

    /* Translators: a model, paths, a number */
    return g_strdup_printf(_("%s: %s (change %" PRId64 ")"), dict_text(members, "model"), paths,
                           dict_number(members, "change"));
}

static char *imported_text(G_GNUC_UNUSED const Monitor *monitor, const Value *members)
{
    /* Translators: a model, its version, a number */
    return g_strdup_printf(_("%s, version %s (change %" PRId64 ")"), dict_text(members, "model"),
                           dict_text(members, "version"), dict_number(members, "change"));
}

static char *removed_text(G_GNUC_UNUSED const Monitor *monitor, const Value *members)
{
    /* Translators: a model or a backup, a number */
    return g_strdup_printf(_("%s (change %" PRId64 ")"), dict_text(members, "model"),
                           dict_number(members, "change"));
}

static char *available_text(const Monitor *monitor, const Value *members)
{
    return g_strdup_printf("%s: %s %s %s", dict_text(members, "model"), dict_text(members, "installed"),
                           term_arrow(&monitor->ctl->out), dict_text(members, "bundled"));
}

static char *updated_text(const Monitor *monitor, const Value *members)
{
    /* Translators: a model, a version, an arrow, a version, a number */
    return g_strdup_printf(_("%s: %s %s %s (change %" PRId64 ")"), dict_text(members, "model"),
                           dict_text(members, "from"), term_arrow(&monitor->ctl->out),
                           dict_text(members, "to"), dict_number(members, "change"));
}

static char *backup_text(G_GNUC_UNUSED const Monitor *monitor, const Value *members)
{
    const char *reason = dict_text(members, "reason");

    return g_strconcat(dict_text(members, "id"), *reason ? ": " : "", reason, NULL);
}

static char *restored_text(G_GNUC_UNUSED const Monitor *monitor, const Value *members)
{
    const char *backup = dict_text(members, "backup");

    return g_strdup_printf(_("%s (change %" PRId64 ")"),
                           *backup ? backup : _("from a file, or a restore was undone"),
                           dict_number(members, "change"));
}

/* A signal of the service, and how it is told. */
typedef struct Announcement {
    const char *member;
    const char *signature;
    const char *names[4]; /* of its arguments, for programs */
    const char *event;    /* likewise */
    const char *word;     /* for people; translated; NULL: the argument "kind" says it */
    Style style;
    char *(*text)(const Monitor *monitor, const Value *members);
} Announcement;

static const Announcement announcements[] = {
    {"MappingsChanged",
     "sasst",
     {"model", "paths", "kind", "change"},
     "changed",
     NULL,
     STYLE_EDITED,
     changed_text},
    {"ModelImported",
     "sst",
     {"model", "version", "change"},
     "imported",
     N_("imported"),
     STYLE_GOOD,
     imported_text},
    {"ModelRemoved", "st", {"model", "change"}, "removed", N_("removed"), STYLE_WARN, removed_text},
    {"UpdateAvailable",
     "sss",
     {"model", "installed", "bundled"},
     "available",
     N_("available"),
     STYLE_WARN,
     available_text},
    {"UpdateApplied",
     "ssst",
     {"model", "from", "to", "change"},
     "updated",
     N_("updated"),
     STYLE_GOOD,
     updated_text},
    {"BackupCreated", "ss", {"id", "reason"}, "backup", N_("backup"), STYLE_GOOD, backup_text},
    {"Restored", "st", {"backup", "change"}, "restored", N_("restored"), STYLE_WARN, restored_text},
};

/* The widest word for an event in the language that is spoken. */
static unsigned word_width(void)
{
    static const char *const others[] = {N_("missed"), N_("property"), N_("started"), N_("stopped")};
    unsigned width = WORD_WIDTH;

    for (size_t i = 0; i < G_N_ELEMENTS(announcements); i++)
        width = MAX(width, announcements[i].word ? text_width(_(announcements[i].word)) : 0);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        width = MAX(width, text_width(_(others[i])));
    return width;
}

static const Announcement *announcement_of(sd_bus_message *message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(announcements); i++) {
        if (sd_bus_message_is_signal(message, SERVICE_INTERFACE, announcements[i].member) > 0)
            return &announcements[i];
    }
    return NULL;
}

/* The arguments of a signal by their names; NULL when it has others than this version knows. */
static Value *signal_members(const Announcement *row, sd_bus_message *message)
{
    g_autoptr(Value) arguments =
        sd_bus_message_has_signature(message, row->signature) > 0 ? bus_value_read(message) : NULL;
    Value *members = arguments ? value_new_map() : NULL;

    for (size_t i = 0; i < value_length(arguments); i++)
        value_map_set(&members, row->names[i], value_list_item(arguments, i));
    return members;
}

static int on_signal(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Monitor *monitor = data;
    const Announcement *row = announcement_of(message);
    g_autoptr(Value) members = row ? signal_members(row, message) : NULL;
    g_autofree char *text = NULL;

    (void) error;
    if (!members || !is_wanted(monitor, members))
        return 0;
    text = row->text(monitor, members);
    if (value_map_get(members, "change"))
        announce_missed(monitor, dict_number(members, "change"));
    announce(monitor, row->event, row->word ? _(row->word) : dict_text(members, "kind"), row->style, text,
             members);
    return 0;
}

/* A property in words: "Interfaces: house → can0, chassis → can1". */
static char *property_text(const Monitor *monitor, const char *name, const Value *value)
{
    const char *separator = ": ";
    GString *text = g_string_new(name);

    if (!value_is_map(value)) {
        g_autofree char *word = format_value(value);

        g_string_append_printf(text, ": %s", word);
    }
    VALUE_FOREACH_ENTRY (key, item, value) {
        g_autofree char *word = format_value(item);

        g_string_append_printf(text, "%s%s %s %s", separator, key, term_arrow(&monitor->ctl->out), word);
        separator = ", ";
    }
    return g_string_free(text, FALSE);
}

static int on_properties_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Monitor *monitor = data;
    g_autoptr(Value) arguments =
        sd_bus_message_has_signature(message, "sa{sv}as") ? bus_value_read(message) : NULL;

    (void) error;
    if (!arguments || !g_str_equal(item_text(arguments, 0), SERVICE_INTERFACE))
        return 0;
    VALUE_FOREACH_ENTRY (name, item, value_list_item(arguments, 1)) {
        g_autofree char *text = property_text(monitor, name, item);
        g_autoptr(Value) members = value_new_map();

        if (g_str_equal(name, "Revision")) {
            /* Each change has a line of its own; here only the changes that are announced by nothing else
             * count. */
            announce_missed(monitor, value_type(item) == VALUE_INTEGER ? value_integer(item) : 0);
            continue;
        }
        value_map_take(&members, "name", value_new_string(name));
        value_map_set(&members, "value", item);
        announce(monitor, "property", _("property"), STYLE_STRONG, text, members);
    }
    return 0;
}

/* After a pause in which nobody told us anything. */
static void catch_up(Monitor *monitor)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) properties = client_properties(monitor->ctl->client, &error);

    if (properties)
        announce_missed(monitor, dict_number(properties, "Revision") + 1);
    if (properties)
        monitor->last = dict_number(properties, "Revision");
}

static int on_owner_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Monitor *monitor = data;
    const char *name, *before, *after;
    g_autoptr(Value) members = value_new_map();

    (void) error;
    if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
        return 0;
    if (*after)
        announce(monitor, "started", _("started"), STYLE_DIM, _("the service is running"), members);
    else
        announce(monitor, "stopped", _("stopped"), STYLE_DIM,
                 _("the service has left; it starts again when it is needed"), members);
    return 0;
}

static int on_reconnect(sd_event_source *source, uint64_t now, void *data);

static int schedule_reconnect(Monitor *monitor)
{
    return sd_event_add_time_relative(monitor->event, NULL, CLOCK_MONOTONIC, RECONNECT_USEC, 0, on_reconnect,
                                      monitor);
}

/* The service's own socket starts the service again when somebody connects. */
static int on_reconnect(sd_event_source *source, uint64_t now, void *data)
{
    Monitor *monitor = data;
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(Value) members = value_new_map();

    (void) source;
    (void) now;
    g_clear_pointer(&monitor->ctl->client, client_close);
    if (!subscribe(monitor, &error))
        return schedule_reconnect(monitor);
    announce(monitor, "started", _("started"), STYLE_DIM, _("connected again"), members);
    catch_up(monitor);
    return 0;
}

static int on_disconnected(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Monitor *monitor = data;
    g_autoptr(Value) members = value_new_map();

    (void) message;
    (void) error;
    if (!monitor->ctl->args.socket) {
        ctl_complain(monitor->ctl, _("The bus closed the connection."));
        return sd_event_exit(monitor->event, EXIT_FAILED);
    }
    announce(monitor, "stopped", _("stopped"), STYLE_DIM,
             _("the service closed the connection; trying again"), members);
    return schedule_reconnect(monitor);
}

static int match(sd_bus *bus, const char *sender, const char *path, const char *interface,
                 const char *member, sd_bus_message_handler_t handler, Monitor *monitor)
{
    return sd_bus_match_signal(bus, NULL, sender, path, interface, member, handler, monitor);
}

static int match_all(Monitor *monitor, sd_bus *bus)
{
    const char *sender = client_destination(monitor->ctl->client);
    int r = 0;

    for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(announcements); i++)
        r = match(bus, sender, SERVICE_PATH, SERVICE_INTERFACE, announcements[i].member, on_signal, monitor);
    if (r >= 0)
        r = match(bus, sender, SERVICE_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                  on_properties_changed, monitor);
    if (r >= 0)
        r = match(bus, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
                  on_disconnected, monitor);
    if (r >= 0 && sender)
        r = sd_bus_add_match(bus, NULL,
                             "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                             "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SERVICE_NAME
                             "'",
                             on_owner_changed, monitor);
    return r;
}

/* Connects, asks for signals first and for the revision then, so that no change falls in between. */
static bool subscribe(Monitor *monitor, sd_bus_error *error)
{
    Client *client = ctl_client(monitor->ctl, error);
    int r;

    if (!client)
        return false;
    r = match_all(monitor, client_bus(client));
    if (r >= 0)
        r = sd_bus_attach_event(client_bus(client), monitor->event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        sd_bus_error_set_errno(error, r);
    return r >= 0;
}

static int prepare_event(sd_event **ret)
{
    sigset_t signals;
    int r = sd_event_default(ret);

    if (r < 0)
        return r;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -errno;
    /* Without a handler the signal ends the loop, with 0: that is how one leaves a monitor. */
    r = sd_event_add_signal(*ret, NULL, SIGINT, NULL, NULL);
    return r < 0 ? r : sd_event_add_signal(*ret, NULL, SIGTERM, NULL, NULL);
}

static void print_start(Monitor *monitor)
{
    g_autofree char *text =
        g_strdup_printf(_("Watching from revision %" PRId64 " on. Ctrl+C ends it."), monitor->last);

    if (!monitor->ctl->args.json && monitor->ctl->out.tty)
        ctl_print("%s%s%s", term_on(&monitor->ctl->out, STYLE_DIM), text,
                  term_off(&monitor->ctl->out, STYLE_DIM));
    fflush(stdout);
}

int verb_monitor(Ctl *ctl)
{
    g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
    g_autoptr(sd_event) event = NULL;
    g_autoptr(Value) properties = NULL;
    Monitor monitor = {.ctl = ctl};
    int r = prepare_event(&event);

    monitor.event = event;
    if (r < 0)
        sd_bus_error_set_errno(&error, r);
    if (r < 0 || !subscribe(&monitor, &error) || !(properties = client_properties(ctl->client, &error)))
        return ctl_fail(ctl, &error);
    monitor.last = dict_number(properties, "Revision");
    print_start(&monitor);
    r = sd_event_loop(event);
    g_clear_pointer(&ctl->client, client_close);
    return r < 0 ? EXIT_FAILED : r;
}
