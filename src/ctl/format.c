/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* format.c: times, sizes and values for people. */

#include "ctl/format.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "ctl/bus-value.h"

#define USEC_PER_SEC 1000000

static char *format_local(int64_t usec, const char *format)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(usec / USEC_PER_SEC);

    return usec > 0 && time ? g_date_time_format(time, format) : g_strdup("");
}

char *format_time(int64_t usec)
{
    return format_local(usec, "%Y-%m-%d %H:%M:%S");
}

static char *format_ago(int64_t seconds)
{
    if (seconds < 60)
        return g_strdup(_("just now"));
    if (seconds < 3600)
        return g_strdup_printf(ngettext("%d minute ago", "%d minutes ago", (gulong) (seconds / 60)),
                               (int) (seconds / 60));
    if (seconds < 86400)
        return g_strdup_printf(ngettext("%d hour ago", "%d hours ago", (gulong) (seconds / 3600)),
                               (int) (seconds / 3600));
    return g_strdup_printf(ngettext("%d day ago", "%d days ago", (gulong) (seconds / 86400)),
                           (int) (seconds / 86400));
}

char *format_time_ago(int64_t usec)
{
    g_autofree char *time = format_local(usec, "%a %Y-%m-%d %H:%M:%S %Z");
    int64_t seconds = (g_get_real_time() - usec) / USEC_PER_SEC;

    /* A clock that was set back is no reason to speak of the future. */
    if (!*time || seconds < 0)
        return g_steal_pointer(&time);

    g_autofree char *ago = format_ago(seconds);
    return g_strconcat(time, "; ", ago, NULL);
}

char *format_size(int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double) bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024)
        return g_strdup_printf("%" G_GINT64_FORMAT " B", bytes);
    while (size >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
        size /= 1024;
        unit++;
    }
    return g_strdup_printf("%.1f %s", size, units[unit]);
}

char *format_dgn(uint32_t dgn)
{
    return g_strdup_printf("%05X", dgn);
}

char *format_value(const Value *value)
{
    return value_is_string(value) ? g_strdup(value_string(value)) : json_format(value);
}

Value *format_parse(const char *json)
{
    Value *value;

    if (!*json)
        return NULL;
    value = json_parse(json, -1, &json_limits_stored, NULL);
    return value ? value : value_new_null();
}

char *format_place(const Value *item)
{
    const char *path = dict_text(item, "path");
    const char *field = dict_text(item, "field");

    return g_strconcat(path, *path && *field ? " " : "", field, NULL);
}
