/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/schema.h"

#include <string.h>

/* "CqCf", in the file's header: tells our databases from others (SQLite, "PRAGMA application_id"). */
#define APPLICATION_ID 0x43714366

/* There will never be so many steps: a greater number is damage, and not a newer version's. */
#define VERSION_MAX 0xFFFF

/* A step stands for ever as it was released: never change one, append the next. Its number is its place,
 * counted from 1, and is what user_version says. */
static const char *const steps[] = {
    /* 1: the tables of the first plan (coach_mappings, coach_mapping_history, coach_import_status), with
       what they need beside them. */
    "CREATE TABLE changes ("
    "  id INTEGER PRIMARY KEY,"
    "  time INTEGER NOT NULL," /* µs since the epoch */
    "  kind TEXT NOT NULL,"
    "  coach_model TEXT NOT NULL," /* '' for changes that concern no model */
    "  reason TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  uid INTEGER NOT NULL,"
    "  pid INTEGER NOT NULL,"
    "  process TEXT NOT NULL,"
    "  entries INTEGER NOT NULL," /* components or settings concerned */
    "  content_hash TEXT,"        /* the vendor revision that an import brought */
    "  detail TEXT,"              /* JSON: what the history rows do not say, before and after of a setting */
    "  previous_hash TEXT NOT NULL," /* '' for the first */
    "  hash TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX changes_by_model ON changes (coach_model, id);"

    "CREATE TABLE vendor_revisions ("
    "  id INTEGER PRIMARY KEY,"
    "  coach_model TEXT NOT NULL,"
    "  content_hash TEXT NOT NULL,"
    "  byte_hash TEXT NOT NULL,"
    "  version TEXT NOT NULL,"
    "  origin TEXT NOT NULL CHECK (origin IN ('bundled', 'custom')),"
    "  identity TEXT NOT NULL," /* JSON of CoachInfo: year, make, model, trim, … */
    "  layout TEXT NOT NULL,"   /* JSON, see coach-file.h */
    "  UNIQUE (coach_model, content_hash)"
    ") STRICT;"
    "CREATE TABLE vendor_components ("
    "  revision_id INTEGER NOT NULL REFERENCES vendor_revisions (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  component_path TEXT NOT NULL,"
    "  data TEXT NOT NULL,"
    "  UNIQUE (revision_id, component_path)"
    ") STRICT;"

    "CREATE TABLE coach_import_status ("
    "  coach_model TEXT PRIMARY KEY,"
    "  yaml_hash TEXT NOT NULL,"
    "  imported_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    "  imported_version TEXT NOT NULL,"
    "  revision_id INTEGER NOT NULL REFERENCES vendor_revisions (id),"
    "  imported_time INTEGER NOT NULL" /* µs since the epoch */
    ");"

    "CREATE TABLE coach_mappings ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  coach_model TEXT NOT NULL,"
    "  component_path TEXT NOT NULL,"
    "  mapping_data TEXT NOT NULL,"
    "  source TEXT NOT NULL CHECK (source IN ('factory', 'import', 'user')),"
    "  source_version TEXT NOT NULL,"
    "  is_active BOOLEAN NOT NULL DEFAULT TRUE,"
    "  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    "  created_by TEXT,"
    "  modified_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    "  modified_by TEXT,"
    "  position INTEGER NOT NULL"
    ");"
    /* The plan's UNIQUE (coach_model, component_path, is_active) would allow one inactive row only. */
    "CREATE UNIQUE INDEX coach_mappings_active ON coach_mappings (coach_model, component_path) WHERE is_active;"

    "CREATE TABLE coach_mapping_history ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  mapping_id INTEGER NOT NULL,"
    "  previous_data TEXT,"
    "  change_reason TEXT,"
    "  changed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    "  changed_by TEXT,"
    "  change_id INTEGER NOT NULL REFERENCES changes (id),"
    "  kind TEXT NOT NULL,"
    "  field TEXT NOT NULL,"
    "  before TEXT,"          /* JSON of the field as readers saw it, NULL: absent */
    "  after TEXT,"           /* and as they see it now */
    "  override_before TEXT," /* JSON of the override at that field, NULL: none; what an undo brings back */
    "  override_after TEXT,"
    "  FOREIGN KEY (mapping_id) REFERENCES coach_mappings (id)"
    ");"
    "CREATE INDEX coach_mapping_history_by_change ON coach_mapping_history (change_id);"
    "CREATE INDEX coach_mapping_history_by_mapping ON coach_mapping_history (mapping_id);"
    /* For history by path, which also has to find the rows of components that were removed. */
    "CREATE INDEX coach_mappings_by_path ON coach_mappings (coach_model, component_path);"

    "CREATE TABLE overrides ("
    "  coach_model TEXT NOT NULL,"
    "  component_path TEXT NOT NULL,"
    "  field TEXT NOT NULL,"
    "  op TEXT NOT NULL CHECK (op IN ('set', 'unset')),"
    "  value TEXT,"        /* JSON, NULL for unset */
    "  vendor_value TEXT," /* JSON of what the vendor had there, NULL: absent */
    "  change_id INTEGER NOT NULL REFERENCES changes (id),"
    "  PRIMARY KEY (coach_model, component_path, field)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE interfaces (logical TEXT PRIMARY KEY, physical TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",

    /* 2: updates, undo and retention. */
    /* The vendor revisions that a change brought models from and to, by content hash; NULL: none. An import
       has its own in `changes`. */
    "CREATE TABLE change_releases ("
    "  change_id INTEGER NOT NULL REFERENCES changes (id) ON DELETE CASCADE,"
    "  coach_model TEXT NOT NULL,"
    "  base_hash TEXT,"
    "  content_hash TEXT,"
    "  PRIMARY KEY (change_id, coach_model)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE VIEW releases AS SELECT id AS change_id, coach_model, NULL AS base_hash, content_hash FROM changes "
    "  WHERE content_hash IS NOT NULL "
    "  UNION ALL SELECT change_id, coach_model, base_hash, content_hash FROM change_releases;"
    "ALTER TABLE coach_mapping_history ADD COLUMN class TEXT;"  /* of an update, see merge.h */
    "ALTER TABLE coach_mapping_history ADD COLUMN vendor TEXT;" /* JSON of the vendor's value then */
    /* An override knows its author itself, so that changes can be pruned that overrides come from. */
    "CREATE TABLE new_overrides ("
    "  coach_model TEXT NOT NULL,"
    "  component_path TEXT NOT NULL,"
    "  field TEXT NOT NULL,"
    "  op TEXT NOT NULL CHECK (op IN ('set', 'unset')),"
    "  value TEXT,"
    "  vendor_value TEXT,"
    "  change_id INTEGER NOT NULL,"
    "  time INTEGER NOT NULL," /* µs since the epoch */
    "  uid INTEGER NOT NULL,"
    "  user TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  edits TEXT," /* JSON, see override.h */
    "  PRIMARY KEY (coach_model, component_path, field)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO new_overrides SELECT o.coach_model, component_path, field, op, value, vendor_value, change_id, time, "
    "  uid, user, reason, NULL FROM overrides o JOIN changes c ON c.id = o.change_id;"
    "DROP TABLE overrides;"
    "ALTER TABLE new_overrides RENAME TO overrides;"
    /* What the owner added comes after all that any release of the file has (OWN_POSITION). */
    "UPDATE coach_mappings SET position = position + 1099511627776 WHERE NOT EXISTS ("
    "  SELECT 1 FROM vendor_components v JOIN vendor_revisions r ON r.id = v.revision_id "
    "  WHERE r.coach_model = coach_mappings.coach_model AND v.component_path = coach_mappings.component_path);",
};

bool schema_check(Database *database, GError **error)
{
    int64_t version, application, tables;

    if (!database_query_integer(database, "PRAGMA user_version", 0, &version, error) ||
        !database_query_integer(database, "PRAGMA application_id", 0, &application, error) ||
        !database_query_integer(database, "SELECT count(*) FROM sqlite_schema", 0, &tables, error))
        return false;

    if ((application != APPLICATION_ID && application != 0) || (application == 0 && tables > 0)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "%s is no database of coachiq-config",
                    database->path);
        return false;
    }
    if (version < 0 || version > VERSION_MAX || (version == 0 && tables > 0)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                    "The database is damaged: %s says that its schema is number %" G_GINT64_FORMAT,
                    database->path, version);
        return false;
    }
    if (version > (int64_t) G_N_ELEMENTS(steps)) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_NOT_SUPPORTED,
                    "%s was written by a newer version of coachiq-config (schema %" G_GINT64_FORMAT
                    ", this version knows %zu); install that "
                    "version again. Nothing was changed",
                    database->path, version, G_N_ELEMENTS(steps));
        return false;
    }
    return true;
}

/* https://www.sqlite.org/fileformat.html, 1.3 */
bool schema_owns_header(const uint8_t header[SCHEMA_HEADER_SIZE])
{
    static const char magic[] = "SQLite format 3";
    uint32_t application;

    memcpy(&application, header + 68, sizeof application);
    return memcmp(header, magic, sizeof magic) == 0 && GUINT32_FROM_BE(application) == APPLICATION_ID;
}

bool schema_is_old(const uint8_t header[SCHEMA_HEADER_SIZE])
{
    uint32_t version;

    memcpy(&version, header + 60, sizeof version);
    return schema_owns_header(header) && GUINT32_FROM_BE(version) < G_N_ELEMENTS(steps);
}

static void put_number(uint8_t *header, size_t offset, uint32_t number)
{
    number = GUINT32_TO_BE(number);
    memcpy(header + offset, &number, sizeof number);
}

void schema_make_header(uint8_t header[SCHEMA_HEADER_SIZE], uint32_t n_pages)
{
    /* Page size, format of WAL, and payload fractions, which are constants. */
    static const uint8_t constants[] = {SCHEMA_PAGE_SIZE >> 8, SCHEMA_PAGE_SIZE & 0xFF, 2, 2, 0, 64, 32, 32};

    memset(header, 0, SCHEMA_HEADER_SIZE);
    memcpy(header, "SQLite format 3", 16);
    memcpy(header + 16, constants, sizeof constants);
    put_number(header, 24, 1); /* changes; the same at 92, or the number of pages would not count */
    put_number(header, 28, n_pages);
    put_number(header, 40, 1); /* the schema cookie */
    put_number(header, 44, 4); /* the schema format */
    put_number(header, 56, 1); /* UTF-8 */
    put_number(header, 60, G_N_ELEMENTS(steps));
    put_number(header, 68, APPLICATION_ID);
    put_number(header, 92, 1);
    put_number(header, 96, SQLITE_VERSION_NUMBER);
}

bool schema_is_current(Database *database, GError **error)
{
    int64_t version;

    if (!database_query_integer(database, "PRAGMA user_version", 0, &version, error))
        return false;
    if (version == (int64_t) G_N_ELEMENTS(steps))
        return true;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_READ_ONLY,
                "%s has to be upgraded first, and cannot be written", database->path);
    return false;
}

static bool take_step(Database *database, size_t number, GError **error)
{
    g_autofree char *sql =
        g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT",
                        steps[number - 1], APPLICATION_ID, number);

    if (database_execute(database, sql, error))
        return true;
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool schema_upgrade(Database *database, GError **error)
{
    int64_t version;

    if (!database_query_integer(database, "PRAGMA user_version", 0, &version, error))
        return false;
    for (size_t number = (size_t) version + 1; number <= G_N_ELEMENTS(steps); number++)
        if (!take_step(database, number, error))
            return false;
    return true;
}

#define SCHEMA_TEXT                                                                                            \
    "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, ''), char(10)) FROM "  \
    "(SELECT * FROM sqlite_schema WHERE coalesce(sql, '') NOT IN ('CREATE TABLE sqlite_stat1(tbl,idx,stat)', " \
    "'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)') ORDER BY type, name)"

/* NULL where it cannot be read, or hides something behind the end of a text. */
static char *read_schema(sqlite3 *handle)
{
    sqlite3_stmt *statement = NULL;
    const char *text = NULL;
    char *schema = NULL;

    if (sqlite3_prepare_v2(handle, SCHEMA_TEXT, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = (const char *) sqlite3_column_text(statement, 0);
    if (text && strlen(text) == (size_t) sqlite3_column_bytes(statement, 0))
        schema = g_strdup(text);
    sqlite3_finalize(statement);
    return schema;
}

/* What the first steps make. */
static char *expected_schema(int64_t version)
{
    sqlite3 *handle = NULL;
    char *text = NULL;
    bool ok = sqlite3_open(":memory:", &handle) == SQLITE_OK;

    for (int64_t i = 0; ok && i < version; i++)
        ok = sqlite3_exec(handle, steps[i], NULL, NULL, NULL) == SQLITE_OK;
    if (ok)
        text = read_schema(handle);
    sqlite3_close(handle);
    return text;
}

static int64_t read_version(sqlite3 *handle)
{
    sqlite3_stmt *statement = NULL;
    int64_t version = 0;

    if (sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

bool schema_is_ours(sqlite3 *handle, GError **error)
{
    g_autofree char *found = read_schema(handle), *expected = NULL;
    int64_t version = read_version(handle);

    if (version > (int64_t) G_N_ELEMENTS(steps))
        return true;
    expected = expected_schema(version);
    if (found && g_strcmp0(found, expected) == 0)
        return true;
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT,
                        "it has other tables than a database of coachiq-config");
    return false;
}
