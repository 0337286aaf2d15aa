/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "coach/validate-dgn.h"

#include "base/pointer.h"
#include "coach/device.h"
#include "coach/path.h"

#include <string.h>

/* What is looked at and where the problems go. */
typedef struct Check {
    const DgnTable *table;
    GPtrArray *problems;
    Value *dgn_pairs;   /* of the coach file; NULL: none, or they are not to be looked at */
    GHashTable *paired; /* the commands that they have */
    bool pairs;
} Check;

static const char *text_of(const Check *check, uint32_t text)
{
    return dgn_table_text(check->table, text);
}

/* "1FEDA DC_DIMMER_STATUS_3", or the number alone. */
static char *name_of(const Check *check, uint32_t dgn)
{
    const DgnRow *row = dgn_table_find(check->table, dgn);

    return row ? g_strdup_printf("%05X %s", dgn, text_of(check, row->name)) : g_strdup_printf("%05X", dgn);
}

/* How a fact is known, for people. */
static char *reason_of(const Check *check, DgnBasis basis, uint32_t sources)
{
    const char *names = text_of(check, sources);

    switch (basis) {
    case DGN_BASIS_NAME:
        return g_strdup("rvc.json: by their names");
    case DGN_BASIS_FAMILY:
        return g_strdup("rvc.json: a judgement, as messages of one device");
    case DGN_BASIS_VALUES:
        return g_strdup_printf("rvc.json: values of %s", names);
    case DGN_BASIS_WIDTH:
        return g_strdup_printf("rvc.json: all that its bits can say, by %s", names);
    case DGN_BASIS_USUAL:
        return g_strdup_printf("rvc.json: as %s state of other messages", names);
    default:
        return g_strdup_printf("rvc.json: %s", names[0] ? names : "no source named");
    }
}

static void add_unknown(const Check *check, const char *path, const char *field, uint32_t dgn)
{
    problem_add(check->problems, PROBLEM_WARNING, path, field,
                "DGN %05X is not in rvc.json: none of its sources knows it", dgn);
}

/* Instances */

static bool is_usual(const DgnRow *row, int instance)
{
    for (unsigned i = 0; i < row->n_ranges; i++)
        if (instance >= row->ranges[i][0] && instance <= row->ranges[i][1])
            return true;
    return row->n_ranges == 0;
}

/* "0 to 3 and 16 to 19" */
static char *ranges_text(const DgnRow *row)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < row->n_ranges; i++) {
        const char *between = i == 0 ? "" : i + 1 == row->n_ranges ? " and " : ", ";

        g_string_append_printf(text, "%s%u", between, row->ranges[i][0]);
        if (row->ranges[i][1] > row->ranges[i][0])
            g_string_append_printf(text, " to %u", row->ranges[i][1]);
    }
    return g_string_free(text, false);
}

static void check_instance(const Check *check, const DgnRow *row, const char *path, const char *field,
                           int instance)
{
    const char *name = text_of(check, row->name);

    if (instance == INSTANCE_DEFAULT)
        return;
    if (row->instanced == DGN_INSTANCED_NO) {
        g_autofree char *reason = reason_of(check, DGN_BASIS_STATED, row->layout_sources);

        problem_add(check->problems, PROBLEM_WARNING, path, field,
                    "%05X %s says no instance, so none of its frames is of instance %d; \"default\" is the "
                    "place for it (%s)",
                    row->dgn, name, instance, reason);
        return;
    }
    if (is_usual(row, instance))
        return;
    g_autofree char *ranges = ranges_text(row),
                    *reason = reason_of(check, (DgnBasis) row->instance_basis, row->instance_sources);
    problem_add(check->problems, PROBLEM_WARNING, path, field,
                "instance %d of %05X %s %s; usual are %s (%s)", instance, row->dgn, name,
                instance == row->all ? "means all of them" : "is unusual", ranges, reason);
}

/* Pairs */

/* The commands whose status the coach file itself says: then that counts, and is checked with the rest of
 * the model. */
static GHashTable *paired_commands(const Value *dgn_pairs)
{
    GHashTable *paired = g_hash_table_new(NULL, NULL);

    VALUE_FOREACH_ENTRY (key, status, dgn_pairs) {
        uint32_t dgn;

        if (dgn_parse(key, &dgn))
            g_hash_table_add(paired, GUINT_TO_POINTER(dgn));
    }
    return paired;
}

/* The rows that a device is bound at. */
static GHashTable *bound_rows(const Check *check, const Value *bindings)
{
    GHashTable *rows = g_hash_table_new(NULL, NULL);

    VALUE_FOREACH_ENTRY (key, fields, bindings) {
        uint32_t dgn;
        int instance;

        if (binding_key_parse(key, &dgn, &instance))
            g_hash_table_add(rows, (gpointer) dgn_table_find(check->table, dgn));
    }
    return rows;
}

/* Whether a binding says where its effect shows, or the device says so for all. */
static bool says_status(const Value *keyed, const Value *fields)
{
    const Value *own = value_map_get(fields, "status_dgn");
    const Value *says = own ? own : value_map_get(keyed, "status_dgn");
    uint32_t dgn;

    return value_is_string(says) && dgn_parse(value_string(says), &dgn);
}

static void check_status(const Check *check, const DgnRow *row, const char *path, const char *field,
                         GHashTable *bound)
{
    const DgnRow *status = row->pair == DGN_NONE ? NULL : dgn_table_find(check->table, row->pair);

    if (row->direction != DGN_COMMAND || !status || g_hash_table_contains(bound, status) ||
        g_hash_table_contains(check->paired, GUINT_TO_POINTER(row->dgn)))
        return;
    g_autofree char *reason = reason_of(check, (DgnBasis) row->pair_basis, row->pair_sources);
    problem_add(
        check->problems, PROBLEM_WARNING, path, field,
        "commanded by %05X %s, but nothing tells its state: no binding at %05X %s and no status_dgn (%s)",
        row->dgn, text_of(check, row->name), status->dgn, text_of(check, status->name), reason);
}

/* A pair that the coach file states, of two known DGNs. */
static void check_stated_pair(const Check *check, const char *field, const DgnRow *command, uint32_t status)
{
    if (command->direction == DGN_STATUS || command->direction == DGN_REQUEST) {
        g_autofree char *reason = reason_of(check, DGN_BASIS_STATED, command->layout_sources);

        problem_add(check->problems, PROBLEM_WARNING, "dgn_pairs", field,
                    "%05X %s is a %s and no command (%s)", command->dgn, text_of(check, command->name),
                    dgn_direction_to_string((DgnDirection) command->direction), reason);
    } else if (command->pair != DGN_NONE && command->pair != status) {
        g_autofree char *mine = name_of(check, command->pair), *theirs = name_of(check, status),
                        *reason = reason_of(check, (DgnBasis) command->pair_basis, command->pair_sources);

        problem_add(check->problems, PROBLEM_WARNING, "dgn_pairs", field,
                    "the status of %05X %s is %s, and not %s (%s)", command->dgn,
                    text_of(check, command->name), mine, theirs, reason);
    }
}

static void check_stated_pairs(const Check *check)
{
    VALUE_FOREACH_ENTRY (key, value, check->dgn_pairs) {
        g_autoptr(GString) field = g_string_new(NULL);
        uint32_t dgn, status;

        pointer_append(field, key);
        /* What is no DGN at all is said with the rest of the model. */
        if (!dgn_parse(key, &dgn) || !value_is_string(value) || !dgn_parse(value_string(value), &status))
            continue;

        const DgnRow *command = dgn_table_find(check->table, dgn);
        if (!command)
            add_unknown(check, "dgn_pairs", field->str, dgn);
        else if (!dgn_table_find(check->table, status))
            add_unknown(check, "dgn_pairs", field->str, status);
        else
            check_stated_pair(check, field->str, command, status);
    }
}

static void check_device(const Check *check, const Component *component)
{
    g_autoptr(Value) keyed = device_to_keyed(component->data, NULL);
    const Value *bindings = value_map_get(keyed, DEVICE_BINDINGS);
    g_autoptr(GHashTable) bound = bound_rows(check, bindings);

    VALUE_FOREACH_ENTRY (key, fields, bindings) {
        g_autofree char *field = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);
        uint32_t dgn;
        int instance;

        if (!binding_key_parse(key, &dgn, &instance))
            continue;
        const DgnRow *row = dgn_table_find(check->table, dgn);
        if (!row) {
            add_unknown(check, component->path, field, dgn);
            continue;
        }
        check_instance(check, row, component->path, field, instance);
        if (check->pairs && !says_status(keyed, fields))
            check_status(check, row, component->path, field, bound);
    }
}

void validate_dgns(const DgnTable *table, const Rules *rules, GPtrArray *components, GPtrArray *problems)
{
    g_autoptr(GHashTable) paired = NULL;
    Check check = {.table = table, .problems = problems, .pairs = rules_check_dgn_pairs(rules)};

    for (guint i = 0; check.pairs && i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);

        if (g_str_equal(component->path, "dgn_pairs"))
            check.dgn_pairs = component->data;
    }
    paired = paired_commands(check.dgn_pairs);
    check.paired = paired;
    for (guint i = 0; i < components->len; i++) {
        const Component *component = g_ptr_array_index(components, i);

        if (path_is_device(component->path))
            check_device(&check, component);
    }
    check_stated_pairs(&check);
}
