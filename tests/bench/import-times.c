/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times one import of a coach file, by the service or bare: an empty loop over libyaml's events and one
 * transaction that inserts rows. Prints one line of JSON: the time in µs and the peak of the memory in KiB.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <yaml.h>

#include "measure.h"
#include "service/service.h"

static void report(int64_t ns)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("{\"us\": %.1f, \"kib\": %ld}\n", (double) ns / 1000, usage.ru_maxrss);
}

static void import(const char *state, const char *folder, const char *model)
{
    const Actor root = {.user = (char *) "root", .process = (char *) "import-times"};
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;
    Service *service = service_new(state, folder);
    int64_t change, start;

    /* The empty tables are no part of an import. */
    if (!service_open(service, &error))
        die(state, error->message);
    start = clock_ns();
    plan = service_plan_import(service, model, "", &(WriteOptions){0}, &error);
    if (!plan || !service_commit(service, plan, &root, &change, &error))
        die(model, error->message);
    report(clock_ns() - start);
    service_free(service);
}

/* Bare */

static void execute(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(database));
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(database));
    return statement;
}

/* The rows of a table that a finished import left, with the statement that inserts them. */
typedef struct Rows {
    sqlite3_stmt *insert;
    GPtrArray *values; /* sqlite3_value, n_columns a row */
    guint n_columns;
} Rows;

static void read_rows(sqlite3 *from, sqlite3 *to, const char *table, const char *columns, Rows *rows)
{
    g_autofree char *select = g_strdup_printf("SELECT %s FROM %s ORDER BY rowid", columns, table);
    g_autoptr(GString) insert = g_string_new(NULL);
    sqlite3_stmt *statement = prepare(from, select);

    *rows = (Rows){.values = g_ptr_array_new(), .n_columns = (guint) sqlite3_column_count(statement)};
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (guint i = 0; i < rows->n_columns; i++)
            g_ptr_array_add(rows->values, sqlite3_value_dup(sqlite3_column_value(statement, (int) i)));
    sqlite3_finalize(statement);

    g_string_printf(insert, "INSERT INTO %s (%s) VALUES (?", table, columns);
    for (guint i = 1; i < rows->n_columns; i++)
        g_string_append(insert, ", ?");
    g_string_append_c(insert, ')');
    rows->insert = prepare(to, insert->str);
}

static void insert_rows(sqlite3 *to, const Rows *rows)
{
    for (guint i = 0; i < rows->values->len; i += rows->n_columns) {
        for (guint column = 0; column < rows->n_columns; column++)
            sqlite3_bind_value(rows->insert, (int) column + 1, g_ptr_array_index(rows->values, i + column));
        if (sqlite3_step(rows->insert) != SQLITE_DONE)
            die("insert", sqlite3_errmsg(to));
        sqlite3_reset(rows->insert);
    }
}

static void read_events(const char *text, size_t length)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool done = false;

    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *) text, length);
    while (!done) {
        if (!yaml_parser_parse(&parser, &event))
            die("YAML", parser.problem);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

/* The same tables with the same indexes. */
static void copy_schema(sqlite3 *from, sqlite3 *to)
{
    sqlite3_stmt *statement = prepare(
        from,
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid");

    while (sqlite3_step(statement) == SQLITE_ROW)
        execute(to, (const char *) sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

/* `thin`: each text once, in one table without any index, instead of the rows of the import. */
static void run_bare(const char *path, const char *file, const char *finished, bool thin)
{
    sqlite3 *from = NULL, *to = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;
    Rows vendor, effective;
    int64_t start;

    if (sqlite3_open_v2(finished, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_open(path, &to) != SQLITE_OK)
        die(path, "cannot be opened");
    execute(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (thin)
        execute(to, "CREATE TABLE vendor_components (component_path TEXT, data TEXT)");
    else
        copy_schema(from, to);
    read_rows(from, to, "vendor_components",
              thin ? "component_path, data" : "revision_id, position, component_path, data", &vendor);
    if (!thin)
        read_rows(
            from, to, "coach_mappings",
            "coach_model, component_path, mapping_data, source, source_version, created_by, modified_by, "
            "position",
            &effective);

    start = clock_ns();
    if (!g_file_get_contents(file, &text, &length, &error))
        die(file, error->message);
    read_events(text, length);
    execute(to, "BEGIN IMMEDIATE");
    insert_rows(to, &vendor);
    if (!thin)
        insert_rows(to, &effective);
    execute(to, "COMMIT");
    report(clock_ns() - start);
}

/* import-times service STATE FOLDER MODEL | import-times bare|thin DATABASE FILE FINISHED-DATABASE */
int main(int argc, char **argv)
{
    if (argc != 5)
        die(argv[0], "service STATE FOLDER MODEL | bare|thin DATABASE FILE FINISHED-DATABASE");
    if (strcmp(argv[1], "service") == 0)
        import(argv[2], argv[3], argv[4]);
    else
        run_bare(argv[2], argv[3], argv[4], strcmp(argv[1], "thin") == 0);
    return EXIT_SUCCESS;
}
