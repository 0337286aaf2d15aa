/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* legacy-items.c: the list of what was gathered, and its packing. */

#include "ctl/legacy-items.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memfd.h"

#define KIND_PACK "pack:"

struct LegacyItems {
    GPtrArray *array; /* of LegacyItem */
    size_t size;      /* bytes of all, headers included */
    unsigned found;
};

static void item_free(gpointer data)
{
    LegacyItem *item = data;

    g_free(item->name);
    g_bytes_unref(item->data);
    g_free(item);
}

LegacyItems *legacy_items_new(void)
{
    LegacyItems *items = g_new0(LegacyItems, 1);

    items->array = g_ptr_array_new_with_free_func(item_free);
    return items;
}

void legacy_items_free(LegacyItems *items)
{
    if (!items)
        return;
    g_ptr_array_unref(items->array);
    g_free(items);
}

/* With its header, whose name may have an escape for each character. */
static size_t size_of(const char *name, GBytes *data)
{
    return 64 + 6 * strlen(name) + g_bytes_get_size(data);
}

static void append(LegacyItems *items, const char *kind, const char *origin, GBytes *data)
{
    LegacyItem *item = g_new(LegacyItem, 1);
    g_autofree char *name = g_strconcat(kind, ":", origin, NULL);

    item->name = g_utf8_make_valid(name, -1);
    item->data = g_bytes_ref(data);
    g_ptr_array_add(items->array, item);
    items->size += size_of(item->name, data);
}

/* The last place is for saying that there is more. */
static bool has_room(const LegacyItems *items, const char *origin, GBytes *data)
{
    /* Of the kind there is not much. */
    return items->array->len + 1 < LEGACY_ITEMS_MAX &&
           items->size + size_of(origin, data) + 1024 <= LEGACY_TOTAL_MAX;
}

static GBytes *reason_data(const char *reason)
{
    g_autoptr(Value) map = value_new_map();
    g_autofree char *valid = g_utf8_make_valid(reason, -1);
    char *text;

    value_map_take(&map, "reason", value_new_string(valid));
    text = json_format(map);
    return g_bytes_new_take(text, strlen(text));
}

static void append_problem(LegacyItems *items, const char *origin, const char *reason)
{
    g_autoptr(GBytes) data = reason_data(reason);

    if (has_room(items, origin, data))
        append(items, "problem", origin, data);
    else if (items->array->len < LEGACY_ITEMS_MAX && items->size <= LEGACY_TOTAL_MAX) {
        g_autoptr(GBytes) more = reason_data(_(
            "There is more than can be taken over at once, and this is where it ends; move files away that are not "
            "needed, or import them one by one with “coachiqctl import FILE”"));

        append(items, "problem", origin, more);
        /* Nothing follows. */
        items->size = LEGACY_TOTAL_MAX + 1;
    }
}

void legacy_items_add(LegacyItems *items, const char *kind, const char *origin, GBytes *data)
{
    if (!has_room(items, origin, data)) {
        append_problem(items, origin, _("All files together are too large"));
        return;
    }
    append(items, kind, origin, data);
    items->found++;
}

void legacy_items_problem(LegacyItems *items, const char *origin, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    append_problem(items, origin, reason);
}

unsigned legacy_items_length(const LegacyItems *items)
{
    return items->array->len;
}

const LegacyItem *legacy_items_at(const LegacyItems *items, unsigned index)
{
    return items->array->pdata[index];
}

unsigned legacy_items_found(const LegacyItems *items)
{
    return items->found;
}

/* Packing */

static void part_clear(gpointer data)
{
    CallFile *part = data;

    g_free(part->name);
    close(part->fd);
}

static bool add_part(GArray *parts, const char *name, const void *data, size_t length, GError **error)
{
    int fd = memfd_new_sealed("coachiq-migrate", data, length);
    CallFile *part;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(-fd),
                    _("Cannot hold the files in memory: %s."), g_strerror(-fd));
        return false;
    }
    g_array_set_size(parts, parts->len + 1);
    part = &g_array_index(parts, CallFile, parts->len - 1);
    part->name = g_strdup(name);
    part->fd = fd;
    return true;
}

static bool flush_pack(GArray *parts, GByteArray *pack, GError **error)
{
    bool done = pack->len == 0 || add_part(parts, KIND_PACK, pack->data, pack->len, error);

    g_byte_array_set_size(pack, 0);
    return done;
}

static char *item_header(const LegacyItem *item)
{
    g_autoptr(Value) map = value_new_map();
    g_autofree char *text = NULL;

    value_map_take(&map, "name", value_new_string(item->name));
    value_map_take(&map, "length", value_new_integer((int64_t) g_bytes_get_size(item->data)));
    text = json_format(map);
    return g_strconcat(text, "\n", NULL);
}

static bool pack_item(GArray *parts, GByteArray *pack, const LegacyItem *item, GError **error)
{
    g_autofree char *header = item_header(item);
    size_t size = strlen(header), length;
    const void *data = g_bytes_get_data(item->data, &length);

    if (size + length > LEGACY_FILE_MAX)
        return flush_pack(parts, pack, error) && add_part(parts, item->name, data, length, error);
    if (pack->len + size + length > LEGACY_FILE_MAX && !flush_pack(parts, pack, error))
        return false;
    g_byte_array_append(pack, (const guint8 *) header, (guint) size);
    if (length > 0)
        g_byte_array_append(pack, data, (guint) length);
    return true;
}

GArray *legacy_items_pack(const LegacyItems *items, GError **error)
{
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(CallFile));
    g_autoptr(GByteArray) pack = g_byte_array_new();

    g_array_set_clear_func(parts, part_clear);
    for (unsigned i = 0; i < items->array->len; i++) {
        if (!pack_item(parts, pack, items->array->pdata[i], error))
            return NULL;
    }
    return flush_pack(parts, pack, error) ? g_steal_pointer(&parts) : NULL;
}
