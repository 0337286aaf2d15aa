/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-merge.c: what becomes of overrides when the vendor's data change: an example of each class, block,
 * policy and choice, and the laws of merge.h on random coaches with random edits. */

#include "coach/merge.h"

#include <string.h>

#include "base/pointer.h"
#include "base/yaml.h"
#include "coach/device.h"
#include "coach/path.h"
#include "support.h"

/* Examples: coaches as YAML maps from path to component, edits and resolutions as lines, what comes of it as
 * text in which ' stands for " and - for nothing. */

static Value *parse_yaml(const char *text)
{
    g_autoptr(GError) error = NULL;
    Value *value = yaml_parse(text, strlen(text), &yaml_limits_default, &error);

    check_no_error(error);
    return value;
}

static GPtrArray *coach_of(const char *yaml)
{
    g_autoptr(Value) map = parse_yaml(yaml);
    GPtrArray *components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    VALUE_FOREACH_ENTRY (path, data, map)
        g_ptr_array_add(components, component_new(path, data));
    return components;
}

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
}

/* The overrides of a path; an empty list where there are none. */
static GPtrArray *table_get(GHashTable *table, const char *path)
{
    GPtrArray *list = g_hash_table_lookup(table, path);

    return list ? g_ptr_array_ref(list) : override_list_new();
}

/* One edit, "set PATH FIELD VALUE", "unset PATH FIELD", "put PATH VALUE" or "delete PATH". */
static void edit_line(GHashTable *overrides, GPtrArray *coach, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", g_str_has_prefix(line, "put ") ? 3 : 4);
    const char *op = words[0], *path = words[1];
    g_autoptr(GPtrArray) before = table_get(overrides, path);
    g_autoptr(Value) value = NULL;
    g_autoptr(GError) error = NULL;
    Value *vendor = find_data(coach, path);
    GPtrArray *after;

    if (g_str_equal(op, "put")) {
        value = parse_yaml(words[2]);
        after = override_record_component(path, vendor, before, value, &error);
    } else {
        value = g_str_equal(op, "set") ? parse_yaml(words[3]) : NULL;
        after = override_record(path, vendor, before, words[2] ? words[2] : "", value, &error);
    }
    check_no_error(error);
    g_hash_table_insert(overrides, g_strdup(path), after);
}

static void edit_lines(GHashTable *overrides, GPtrArray *coach, const char *lines)
{
    g_auto(GStrv) split = g_strsplit(lines, "\n", -1);

    for (char **line = split; *line; line++)
        if (**line)
            edit_line(overrides, coach, *line);
}

/* Resolutions, "PATH FIELD CHOICE"; a FIELD "-" is the whole component. */
static GPtrArray *resolutions_of(const char *lines)
{
    g_auto(GStrv) split = g_strsplit(lines ? lines : "", "\n", -1);
    GPtrArray *resolutions = g_ptr_array_new_with_free_func((GDestroyNotify) merge_resolution_free);

    for (char **line = split; *line && **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);
        g_autoptr(GError) error = NULL;
        MergeResolution *resolution =
            merge_resolution_new(words[0], g_str_equal(words[1], "-") ? "" : words[1], words[2], &error);

        check_no_error(error);
        g_ptr_array_add(resolutions, resolution);
    }
    return resolutions;
}

static void append_value(GString *text, const char *before, const Value *value)
{
    g_autofree char *json = value ? json_format(value) : g_strdup("-");

    g_string_append_printf(text, "%s%s", before, g_strdelimit(json, "\"", '\''));
}

/* The verdict, then a line an item: "CLASS PATH+FIELD: BASE | MINE | VENDOR => RESULT"; those that a
 * resolution decided end in " (resolved)". */
static char *describe_items(const Merge *merge)
{
    GString *text = g_string_new(merge_verdict_to_string(merge->verdict));

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);

        g_string_append_printf(text, "\n%s %s%s", merge_class_to_string(item->class), item->path,
                               item->field);
        append_value(text, ": ", item->base);
        append_value(text, " | ", item->mine);
        append_value(text, " | ", item->vendor);
        append_value(text, " => ", item->result);
        if (item->resolved)
            g_string_append(text, " (resolved)");
    }
    return g_string_free(text, false);
}

static int compare_overrides(gconstpointer a, gconstpointer b)
{
    const Override *const *left = a, *const *right = b;

    return strcmp((*left)->field, (*right)->field);
}

static void append_overrides(GString *text, const char *path, GPtrArray *overrides)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(overrides, NULL, NULL);

    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_overrides);
    for (guint i = 0; i < sorted->len; i++) {
        const Override *override = g_ptr_array_index(sorted, i);

        g_string_append_printf(text, "%s%s%s %s", text->len > 0 ? "\n" : "", path, override->field,
                               override_op_to_string(override->op));
        append_value(text, " ", override->value);
        append_value(text, " < ", override->vendor);
    }
}

/* All overrides that the plan leaves, a line each: "PATH+FIELD OP VALUE < VENDOR". */
static char *describe_overrides(const Merge *merge)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);
        append_overrides(text, component->path, component->after);
    }
    return g_string_free(text, false);
}

/* What holds of any plan */

static void check_counts(const Merge *merge, const MergeInput *input)
{
    unsigned counts[MERGE_CLASSES] = {0};
    MergeVerdict verdict = MERGE_CLEAN;

    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        MergeAllow lifted_by = merge_class_lifted_by(item->class);

        counts[item->class]++;
        if (lifted_by && !(input->allow & lifted_by))
            verdict = MERGE_BLOCKED;
        if (merge_class_is_flagged(item->class) && !item->resolved && verdict == MERGE_CLEAN)
            verdict = MERGE_REVIEW;
    }
    for (guint i = 0; i < MERGE_CLASSES; i++)
        check(counts[i] == merge->counts[i]);
    check(merge->verdict == verdict);
}

static bool is_pressing(const MergeItem *item)
{
    return merge_class_is_flagged(item->class) || merge_class_lifted_by(item->class) != 0;
}

/* What presses first, then by path and field; never two of a class for one field, but where a device meets
 * several others. */
static void check_order(const Merge *merge)
{
    for (guint i = 1; i < merge->items->len; i++) {
        const MergeItem *one = g_ptr_array_index(merge->items, i - 1),
                        *two = g_ptr_array_index(merge->items, i);
        int order = (int) is_pressing(two) - (int) is_pressing(one);

        order = order != 0 ? order : strcmp(one->path, two->path);
        order = order != 0 ? order : strcmp(one->field, two->field);
        check(order < 0 ||
              (order == 0 && (one->class != two->class || one->class == MERGE_BINDING_COLLISION)));
    }
    for (guint i = 1; i < merge->components->len; i++)
        check(strcmp(((const MergedComponent *) g_ptr_array_index(merge->components, i - 1))->path,
                     ((const MergedComponent *) g_ptr_array_index(merge->components, i))->path) < 0);
}

/* The component that comes of the plan: a new reference, NULL where there is none. */
static Value *outcome(const Merge *merge, const MergeInput *input, const char *path)
{
    const MergedComponent *component = merge_find_component(merge, path);
    Value *incoming = find_data(input->incoming, path);

    if (component)
        return override_apply(path, incoming, component->after);
    return incoming ? value_ref(incoming) : NULL;
}

/* Whether its result is no value. */
static bool has_sentence(const MergeItem *item)
{
    return item->class == MERGE_RENAMED || merge_class_lifted_by(item->class) != 0;
}

/* What a component has at the field of an item: as the bindings see it where an override is at stake, else
 * as it is stored, so that it can be compared with what the vendor changed. */
static Value *value_at(const MergeItem *item, Value *component)
{
    return item->class == MERGE_VENDOR ? component_get_field(item->path, component, item->field)
                                       : component_view_field(item->path, component, item->field);
}

/* What an item says of the result is what comes of it, and of the vendor's what the vendor has. */
static void check_results(const Merge *merge, const MergeInput *input)
{
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        g_autoptr(Value) whole = NULL, at = NULL, vendor = NULL;

        if (has_sentence(item)) {
            check(value_is_string(item->result));
            continue;
        }
        whole = outcome(merge, input, item->path);
        at = value_at(item, whole);
        assert_equal(at, item->result);
        vendor = value_at(item, find_data(input->incoming, item->path));
        assert_equal(vendor, item->vendor);
    }
    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);
        g_autoptr(Value) whole = outcome(merge, input, component->path);

        assert_equal(whole, component->result);
    }
}

/* What a component has at a field, "" being the whole of it. */
static Value *stored_at(const char *path, Value *component, const char *field)
{
    if (field[0] || !component)
        return component_get_field(path, component, field);
    return value_ref(component);
}

/* Overrides never lie within each other, and know what the vendor has there now. */
static void check_overrides(const Merge *merge, const MergeInput *input)
{
    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);
        Value *incoming = find_data(input->incoming, component->path);

        for (guint j = 0; j < component->after->len; j++) {
            const Override *override = g_ptr_array_index(component->after, j);
            g_autoptr(Value) vendor = stored_at(component->path, incoming, override->field);

            check((override->op == OVERRIDE_SET) == (override->value != NULL));
            if (override->field[0] || incoming)
                assert_equal(override->vendor, vendor);
            check(incoming || !override->field[0]);
            for (guint k = 0; k < component->after->len; k++) {
                const Override *other = g_ptr_array_index(component->after, k);
                check(k == j || (!g_str_equal(other->field, override->field) &&
                                 !field_is_inside(other->field, override->field)));
            }
        }
    }
}

/* Plans, and checks what holds of any plan. */
static Merge *plan(const MergeInput *input)
{
    g_autoptr(GError) error = NULL;
    Merge *merge = merge_plan(input, &error);

    check_no_error(error);
    check_counts(merge, input);
    check_order(merge);
    check_results(merge, input);
    check_overrides(merge, input);
    return merge;
}

/* One merge, from texts */

typedef struct Case {
    const char *base, *edits, *incoming;
    const char *items;     /* as describe_items() */
    const char *overrides; /* as describe_overrides(); NULL: not looked at */
    MergePolicy policy;
    unsigned allow;
    const char *resolutions;
} Case;

static void assert_case(unsigned number, const Case *row)
{
    g_autoptr(GPtrArray) base = coach_of(row->base), incoming = coach_of(row->incoming),
                         resolutions = resolutions_of(row->resolutions);
    g_autoptr(GHashTable) overrides = table_new();
    g_autoptr(Merge) merge = NULL;
    g_autofree char *items = NULL, *left = NULL;
    const MergeInput input = {.base = base,
                              .incoming = incoming,
                              .overrides = overrides,
                              .policy = row->policy,
                              .allow = row->allow,
                              .resolutions = resolutions};

    story_begin();
    story_text("row %u: from %swith %s\nto %s", number, row->base, row->edits, row->incoming);
    edit_lines(overrides, base, row->edits);
    merge = plan(&input);
    items = describe_items(merge);
    left = describe_overrides(merge);
    story_text("gives %s\nand %s", items, left);
    if (!g_str_equal(items, row->items))
        story_text("not %s", row->items);
    check(g_str_equal(items, row->items));
    if (row->overrides && !g_str_equal(left, row->overrides))
        story_text("not %s", row->overrides);
    check(!row->overrides || g_str_equal(left, row->overrides));
    story_begin();
}

static void assert_cases(const Case *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_case(i, &rows[i]);
}

#define ASSERT_CASES(rows) assert_cases((rows), G_N_ELEMENTS(rows))

/* Fields */

#define X "areas/x: "

static void test_fields(void)
{
    static const Case rows[] = {
        /* vendor: changed, added, dropped. */
        {X "{f: 1}", "", X "{f: 1}", "clean", "", 0, 0, NULL},
        {X "{f: 1}", "", X "{f: 2}", "clean\nvendor areas/x/f: 1 | - | 2 => 2", "", 0, 0, NULL},
        {X "{f: 1}", "", X "{f: 1, g: 2}", "clean\nvendor areas/x/g: - | - | 2 => 2", "", 0, 0, NULL},
        {X "{f: 1, g: 2}", "", X "{f: 1}", "clean\nvendor areas/x/g: 2 | - | - => -", "", 0, 0, NULL},
        {X "{m: {a: 1, b: 1}}", "", X "{m: {a: 1, b: 2}}", "clean\nvendor areas/x/m/b: 1 | - | 2 => 2", "",
         0, 0, NULL},
        /* kept, beside what the vendor changed, and where he changed nothing at all. */
        {X "{f: 1, g: 1}", "set areas/x /f 5", X "{f: 1, g: 2}",
         "clean\nkept areas/x/f: 1 | 5 | 1 => 5\nvendor areas/x/g: 1 | - | 2 => 2", "areas/x/f set 5 < 1", 0,
         0, NULL},
        {X "{f: 1}", "set areas/x /f 5", X "{f: 1}", "clean\nkept areas/x/f: 1 | 5 | 1 => 5",
         "areas/x/f set 5 < 1", 0, 0, NULL},
        {X "{f: 1}", "unset areas/x /f", X "{f: 1}", "clean\nkept areas/x/f: 1 | - | 1 => -",
         "areas/x/f unset - < 1", 0, 0, NULL},
        {X "{f: 1}", "set areas/x /g 5", X "{f: 1}", "clean\nkept areas/x/g: - | 5 | - => 5",
         "areas/x/g set 5 < -", 0, 0, NULL},
        /* converged; what the vendor has now is remembered. */
        {X "{f: 1}", "set areas/x /f 2", X "{f: 2}", "clean\nconverged areas/x/f: 1 | 2 | 2 => 2",
         "areas/x/f set 2 < 2", 0, 0, NULL},
        {X "{f: 1}", "unset areas/x /f", X "{}", "clean\nconverged areas/x/f: 1 | - | - => -",
         "areas/x/f unset - < -", 0, 0, NULL},
        {X "{}", "set areas/x /f 2", X "{f: 2}", "clean\nconverged areas/x/f: - | 2 | 2 => 2",
         "areas/x/f set 2 < 2", 0, 0, NULL},
        /* conflict: all differ, both added, and the owner's that was the vendor's. */
        {X "{f: 1}", "set areas/x /f 5", X "{f: 2}", "review\nconflict areas/x/f: 1 | 5 | 2 => 5",
         "areas/x/f set 5 < 2", 0, 0, NULL},
        {X "{}", "set areas/x /f 5", X "{f: 2}", "review\nconflict areas/x/f: - | 5 | 2 => 5",
         "areas/x/f set 5 < 2", 0, 0, NULL},
        {X "{f: 1}", "set areas/x /f 1", X "{f: 2}", "review\nconflict areas/x/f: 1 | 1 | 2 => 1",
         "areas/x/f set 1 < 2", 0, 0, NULL},
        /* orphaned and unset-changed. */
        {X "{f: 1, g: 1}", "set areas/x /f 5", X "{g: 1}", "review\norphaned areas/x/f: 1 | 5 | - => 5",
         "areas/x/f set 5 < -", 0, 0, NULL},
        {X "{f: 1}", "set areas/x /f 1", X "{}", "review\norphaned areas/x/f: 1 | 1 | - => 1",
         "areas/x/f set 1 < -", 0, 0, NULL},
        {X "{f: 1}", "unset areas/x /f", X "{f: 2}", "review\nunset-changed areas/x/f: 1 | - | 2 => -",
         "areas/x/f unset - < 2", 0, 0, NULL},
        /* An override around what the vendor changed, and inside it. */
        {X "{m: {a: 1, b: 1}}", "set areas/x /m {a: 5}", X "{m: {a: 1, b: 2}}",
         "review\nconflict areas/x/m: {'a':1,'b':1} | {'a':5} | {'a':1,'b':2} => {'a':5}",
         "areas/x/m set {'a':5} < {'a':1,'b':2}", 0, 0, NULL},
        {X "{m: {a: 1, b: 1}}", "set areas/x /m/a 5", X "{m: {a: 1, b: 2}}",
         "clean\nkept areas/x/m/a: 1 | 5 | 1 => 5\nvendor areas/x/m/b: 1 | - | 2 => 2",
         "areas/x/m/a set 5 < 1", 0, 0, NULL},
        {X "{m: {a: 1}}", "set areas/x /m/a 5", X "{m: 3}",
         "review\nconflict areas/x/m: {'a':1} | {'a':5} | 3 => {'a':5}", NULL, 0, 0, NULL},
        /* A section that is one component. */
        {"info: {f: 1}", "set info /f 5", "info: {f: 2}", "review\nconflict info/f: 1 | 5 | 2 => 5",
         "info/f set 5 < 2", 0, 0, NULL},
        /* A list is atomic. */
        {X "{l: [1]}", "set areas/x /l [1, 2]", X "{l: [1, 3]}",
         "review\nconflict areas/x/l: [1] | [1,2] | [1,3] => [1,2]", NULL, 0, 0, NULL},
    };

    ASSERT_CASES(rows);
}

/* Absent is not null, and 2021 is not "2021". */
static void test_absent_and_types(void)
{
    static const Case rows[] = {
        {X "{}", "", X "{f: null}", "clean\nvendor areas/x/f: - | - | null => null", NULL, 0, 0, NULL},
        {X "{f: null}", "", X "{}", "clean\nvendor areas/x/f: null | - | - => -", NULL, 0, 0, NULL},
        {X "{f: null}", "unset areas/x /f", X "{f: null}", "clean\nkept areas/x/f: null | - | null => -",
         NULL, 0, 0, NULL},
        {X "{f: 1}", "unset areas/x /f", X "{f: null}", "review\nunset-changed areas/x/f: 1 | - | null => -",
         NULL, 0, 0, NULL},
        {X "{f: 1}", "set areas/x /f null", X "{}", "review\norphaned areas/x/f: 1 | null | - => null", NULL,
         0, 0, NULL},
        {X "{f: 1}", "set areas/x /f null", X "{f: null}",
         "clean\nconverged areas/x/f: 1 | null | null => null", NULL, 0, 0, NULL},
        {X "{}", "set areas/x /f null", X "{f: 1}", "review\nconflict areas/x/f: - | null | 1 => null", NULL,
         0, 0, NULL},
        {X "{f: 2021}", "", X "{f: '2021'}", "clean\nvendor areas/x/f: 2021 | - | '2021' => '2021'", NULL, 0,
         0, NULL},
        {X "{f: 2021}", "set areas/x /f '2021'", X "{f: '2021'}",
         "clean\nconverged areas/x/f: 2021 | '2021' | '2021' => '2021'", NULL, 0, 0, NULL},
        {X "{f: 2021}", "set areas/x /f 2021", X "{f: '2021'}",
         "review\nconflict areas/x/f: 2021 | 2021 | '2021' => 2021", NULL, 0, 0, NULL},
        {X "{f: 1}", "", X "{f: 1.0}", "clean\nvendor areas/x/f: 1 | - | 1.0 => 1.0", NULL, 0, 0, NULL},
    };

    ASSERT_CASES(rows);
}

/* Components */

static void test_components(void)
{
    static const Case rows[] = {
        {"{}", "", X "{f: 1}", "clean\nadded areas/x: - | - | {'f':1} => {'f':1}", "", 0, 0, NULL},
        {X "{f: 1}", "", "{}", "clean\nremoved areas/x: {'f':1} | - | - => -", "", 0, 0, NULL},
        /* The owner's own stays, also where the vendor comes with one. */
        {"{}", "put areas/x {f: 5}", "{}", "clean\nkept areas/x: - | {'f':5} | - => {'f':5}",
         "areas/x set {'f':5} < -", 0, 0, NULL},
        {"{}", "put areas/x {f: 5}", X "{f: 2}",
         "review\nconflict areas/x: - | {'f':5} | {'f':2} => {'f':5}", "areas/x set {'f':5} < {'f':2}", 0, 0,
         NULL},
        {"{}", "put areas/x {f: 2}", X "{f: 2}",
         "clean\nconverged areas/x: - | {'f':2} | {'f':2} => {'f':2}", "areas/x set {'f':2} < {'f':2}", 0, 0,
         NULL},
        /* removed-edited: becomes the owner's own, and remembers what the vendor had. */
        {X "{f: 1, g: 1}", "set areas/x /f 5", "{}",
         "review\nremoved-edited areas/x: {'f':1,'g':1} | {'f':5,'g':1} | - => {'f':5,'g':1}",
         "areas/x set {'f':5,'g':1} < {'f':1,'g':1}", 0, 0, NULL},
        {X "{f: 1}", "unset areas/x /f", "{}", "review\nremoved-edited areas/x: {'f':1} | {} | - => {}",
         "areas/x set {} < {'f':1}", 0, 0, NULL},
        {X "1", "put areas/x 5", "{}", "review\nremoved-edited areas/x: 1 | 5 | - => 5", "areas/x set 5 < 1",
         0, 0, NULL},
        /* Deleted by the owner. */
        {X "{f: 1}", "delete areas/x", X "{f: 1}", "clean\ndeleted-kept areas/x: {'f':1} | - | {'f':1} => -",
         "areas/x unset - < {'f':1}", 0, 0, NULL},
        {X "{f: 1}", "delete areas/x", X "{f: 2}",
         "review\ndeleted-changed areas/x: {'f':1} | - | {'f':2} => -", "areas/x unset - < {'f':2}", 0, 0,
         NULL},
        {X "{f: 1}", "delete areas/x", "{}", "clean\nconverged areas/x: {'f':1} | - | - => -",
         "areas/x unset - < {'f':1}", 0, 0, NULL},
        /* Replaced as a whole, because it is no map. */
        {X "1", "put areas/x 5", X "1", "clean\nkept areas/x: 1 | 5 | 1 => 5", NULL, 0, 0, NULL},
        {X "1", "put areas/x 5", X "2", "review\nconflict areas/x: 1 | 5 | 2 => 5", NULL, 0, 0, NULL},
        /* It has no fields any more. */
        {X "{f: 1}", "set areas/x /f 5", X "2", "review\nconflict areas/x: {'f':1} | {'f':5} | 2 => {'f':5}",
         "areas/x set {'f':5} < 2", 0, 0, NULL},
        {X "1", "put areas/x 2", X "2", "clean\nconverged areas/x: 1 | 2 | 2 => 2", NULL, 0, 0, NULL},
    };

    ASSERT_CASES(rows);
}

/* Devices */

#define DEVICE(fields, bindings) "devices/d: {entity_id: d, " fields "bindings: [" bindings "]}\n"
#define AT(dgn, instance, own) "{dgn: " dgn ", instance: " #instance own "}"
#define A1(own) AT("1FEDA", 1, own)
#define A2(own) AT("1FEDA", 2, own)
#define A3(own) AT("1FEDA", 3, own)
#define B1(own) AT("1FEDB", 1, own)

static void test_bindings(void)
{
    static const Case rows[] = {
        {DEVICE("", A1(", s: 1") ", " B1("")), "", DEVICE("", A1(", s: 2") ", " B1("")),
         "clean\nvendor devices/d/bindings/1FEDA:1/s: 1 | - | 2 => 2", "", 0, 0, NULL},
        {DEVICE("", A1("")), "", DEVICE("", A1("") ", " B1(", s: 1")),
         "clean\nvendor devices/d/bindings/1FEDB:1: - | - | {'s':1} => {'s':1}", "", 0, 0, NULL},
        /* Another order is no change. */
        {DEVICE("", A1("") ", " B1("")), "", DEVICE("", B1("") ", " A1("")), "clean", "", 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A1(", s: 1") ", " B1(", s: 2")),
         "clean\nkept devices/d/bindings/1FEDA:1/s: 1 | 5 | 1 => 5\n"
         "vendor devices/d/bindings/1FEDB:1/s: - | - | 2 => 2",
         "devices/d/bindings/1FEDA:1/s set 5 < 1", 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A1(", s: 2") ", " B1("")),
         "review\nconflict devices/d/bindings/1FEDA:1/s: 1 | 5 | 2 => 5",
         "devices/d/bindings/1FEDA:1/s set 5 < 2", 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A1(", s: 5") ", " B1("")),
         "clean\nconverged devices/d/bindings/1FEDA:1/s: 1 | 5 | 5 => 5", NULL, 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A1("") ", " B1("")), "review\norphaned devices/d/bindings/1FEDA:1/s: 1 | 5 | - => 5",
         NULL, 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "unset devices/d /bindings/1FEDA:1/s",
         DEVICE("", A1(", s: 2") ", " B1("")),
         "review\nunset-changed devices/d/bindings/1FEDA:1/s: 1 | - | 2 => -", NULL, 0, 0, NULL},
        /* What holds at the binding counts, wherever it is stored: the vendor moves it to the device. */
        {DEVICE("", A1(", s: 1") ", " B1(", s: 2")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("s: 1, ", A1("") ", " B1("")),
         "clean\nkept devices/d/bindings/1FEDA:1/s: 1 | 5 | 1 => 5\n"
         "vendor devices/d/bindings/1FEDB:1/s: 2 | - | - => -\nvendor devices/d/s: - | - | 1 => 1",
         "devices/d/bindings/1FEDA:1/s set 5 < -", 0, 0, NULL},
        /* A whole binding of the owner's, and one that he took away. */
        {DEVICE("", A1("")), "set devices/d /bindings/1FEDB:1 {s: 5}", DEVICE("", A1("") ", " B1(", s: 1")),
         "review\nconflict devices/d/bindings/1FEDB:1: - | {'s':5} | {'s':1} => {'s':5}", NULL, 0, 0, NULL},
        {DEVICE("", A1("") ", " B1("")), "unset devices/d /bindings/1FEDB:1",
         DEVICE("", A1("") ", " B1(", s: 1")),
         "review\nunset-changed devices/d/bindings/1FEDB:1: {} | - | {'s':1} => -", NULL, 0, 0, NULL},
        {DEVICE("", A1("") ", " B1("")), "unset devices/d /bindings/1FEDB:1", DEVICE("", A1("")),
         "clean\nconverged devices/d/bindings/1FEDB:1: {} | - | - => -", NULL, 0, 0, NULL},
        {DEVICE("", A1("") ", " B1("")), "set devices/d /bindings/1FEDB:1 {s: 5}", DEVICE("", A1("")),
         "review\norphaned devices/d/bindings/1FEDB:1: {} | {'s':5} | - => {'s':5}", NULL, 0, 0, NULL},
        /* At the device, while the vendor divides the field among the bindings. */
        {DEVICE("f: 1, ", A1("") ", " B1("")), "set devices/d /f 5",
         DEVICE("", A1(", f: 1") ", " B1(", f: 2")),
         "review\nconflict devices/d/f: 1 | 5 | {'1FEDA:1':1,'1FEDB:1':2} => 5", "devices/d/f set 5 < -", 0,
         0, NULL},
        {DEVICE("", A1(", f: 1") ", " B1(", f: 2")), "set devices/d /f 5",
         DEVICE("f: 5, ", A1("") ", " B1("")),
         "clean\nconverged devices/d/f: {'1FEDA:1':1,'1FEDB:1':2} | 5 | 5 => 5", "devices/d/f set 5 < 5", 0,
         0, NULL},
        /* The same at each binding is the same as at the device. */
        {DEVICE("f: 1, ", A1("") ", " B1("")), "set devices/d /f 5",
         DEVICE("", A1(", f: 1") ", " B1(", f: 1")), "clean\nkept devices/d/f: 1 | 5 | 1 => 5", NULL, 0, 0,
         NULL},
    };

    ASSERT_CASES(rows);
}

/* A binding that moved takes the owner's edits along, where it is plain which one it is. */
static void test_moved_bindings(void)
{
    static const Case rows[] = {
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A2(", s: 1") ", " B1("")),
         "clean\nrenamed devices/d/bindings/1FEDA:2: '1FEDA:1' | - | - => '1FEDA:2'\n"
         "kept devices/d/bindings/1FEDA:2/s: 1 | 5 | 1 => 5",
         "devices/d/bindings/1FEDA:2/s set 5 < 1", 0, 0, NULL},
        {DEVICE("", A1(", s: 1, t: 1") ", " B1("")),
         "set devices/d /bindings/1FEDA:1/s 5\nunset devices/d /bindings/1FEDA:1/t",
         DEVICE("", A2(", s: 2, t: 1") ", " B1("")),
         "review\nconflict devices/d/bindings/1FEDA:2/s: 1 | 5 | 2 => 5\n"
         "renamed devices/d/bindings/1FEDA:2: '1FEDA:1' | - | - => '1FEDA:2'\n"
         "kept devices/d/bindings/1FEDA:2/t: 1 | - | 1 => -",
         "devices/d/bindings/1FEDA:2/s set 5 < 2\ndevices/d/bindings/1FEDA:2/t unset - < 1", 0, 0, NULL},
        /* One of two, to two, gone altogether, another DGN: nobody can tell. */
        {DEVICE("", A1(", s: 1") ", " A2("")), "set devices/d /bindings/1FEDA:1/s 5", DEVICE("", A3("")),
         "review\norphaned devices/d/bindings/1FEDA:1/s: 1 | 5 | - => -\n"
         "vendor devices/d/bindings/1FEDA:1: {'s':1} | - | - => -\n"
         "vendor devices/d/bindings/1FEDA:2: {} | - | - => -\n"
         "vendor devices/d/bindings/1FEDA:3: - | - | {} => {}",
         "devices/d/bindings/1FEDA:1/s set 5 < -", 0, 0, NULL},
        {DEVICE("", A1(", s: 1") ", " B1("")), "set devices/d /bindings/1FEDA:1/s 5",
         DEVICE("", A2(", s: 1") ", " A3(", s: 1") ", " B1("")),
         "review\norphaned devices/d/bindings/1FEDA:1/s: 1 | 5 | - => -\n"
         "vendor devices/d/bindings/1FEDA:1: {'s':1} | - | - => -\n"
         "vendor devices/d/bindings/1FEDA:2: - | - | {'s':1} => {'s':1}\n"
         "vendor devices/d/bindings/1FEDA:3: - | - | {'s':1} => {'s':1}",
         NULL, 0, 0, NULL},
        {DEVICE("", A1(", s: 1")), "set devices/d /bindings/1FEDA:1/s 5", DEVICE("", B1(", s: 1")),
         "review\norphaned devices/d/bindings/1FEDA:1/s: 1 | 5 | - => -\n"
         "vendor devices/d/bindings/1FEDA:1: {'s':1} | - | - => -\n"
         "vendor devices/d/bindings/1FEDB:1: - | - | {'s':1} => {'s':1}",
         NULL, 0, 0, NULL},
        /* What is about the binding itself stays where it is. */
        {DEVICE("", A1("") ", " B1("")), "set devices/d /bindings/1FEDA:1 {s: 5}",
         DEVICE("", A2("") ", " B1("")),
         "review\norphaned devices/d/bindings/1FEDA:1: {} | {'s':5} | - => {'s':5}\n"
         "vendor devices/d/bindings/1FEDA:2: - | - | {} => {}",
         NULL, 0, 0, NULL},
    };

    ASSERT_CASES(rows);
}

#define CAPABLE(list) DEVICE("capabilities: " list ", ", A1("") ", " B1(""))

static void test_sets(void)
{
    static const Case rows[] = {
        /* The owner adds, the owner removes, the vendor removes, both do the same. */
        {CAPABLE("[a, b]"), "set devices/d /capabilities [a, b, c]", CAPABLE("[a, b, d]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | ['a','b','c'] | ['a','b','d'] => "
         "['a','b','d','c']",
         "devices/d/capabilities set ['a','b','d','c'] < ['a','b','d']", 0, 0, NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [b]", CAPABLE("[a, b, d]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | ['b'] | ['a','b','d'] => ['b','d']", NULL, 0, 0,
         NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [a, b, c]", CAPABLE("[b]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | ['a','b','c'] | ['b'] => ['b','c']", NULL, 0, 0,
         NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [b]", CAPABLE("[b, d]"),
         "clean\nconverged devices/d/capabilities: ['a','b'] | ['b'] | ['b','d'] => ['b','d']", NULL, 0, 0,
         NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [a, b, c]", CAPABLE("[a, b, c]"),
         "clean\nconverged devices/d/capabilities: ['a','b'] | ['a','b','c'] | ['a','b','c'] => "
         "['a','b','c']",
         NULL, 0, 0, NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities []", CAPABLE("[a, b, d]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | [] | ['a','b','d'] => ['d']", NULL, 0, 0, NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [b, a, c]", CAPABLE("[a, b]"),
         "clean\nkept devices/d/capabilities: ['a','b'] | ['b','a','c'] | ['a','b'] => ['b','a','c']", NULL,
         0, 0, NULL},
        /* Both brought one. */
        {DEVICE("", A1("")), "set devices/d /groups [a]", DEVICE("groups: [b], ", A1("")),
         "clean\nmerged devices/d/groups: - | ['a'] | ['b'] => ['b','a']", NULL, 0, 0, NULL},
        /* The vendor drops it, or it is no list any more; the owner took it away. */
        {CAPABLE("[a, b]"), "set devices/d /capabilities [a, b, c]", DEVICE("", A1("") ", " B1("")),
         "review\norphaned devices/d/capabilities: ['a','b'] | ['a','b','c'] | - => ['a','b','c']", NULL, 0,
         0, NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [a, b, c]", CAPABLE("7"),
         "review\nconflict devices/d/capabilities: ['a','b'] | ['a','b','c'] | 7 => ['a','b','c']", NULL, 0,
         0, NULL},
        {CAPABLE("[a, b]"), "set devices/d /capabilities 7", CAPABLE("[a]"),
         "review\nconflict devices/d/capabilities: ['a','b'] | 7 | ['a'] => 7", NULL, 0, 0, NULL},
        {CAPABLE("[a, b]"), "unset devices/d /capabilities", CAPABLE("[a]"),
         "review\nunset-changed devices/d/capabilities: ['a','b'] | - | ['a'] => -", NULL, 0, 0, NULL},
        /* At a binding. */
        {DEVICE("", A1(", groups: [a, b]") ", " B1("")), "set devices/d /bindings/1FEDA:1/groups [b, c]",
         DEVICE("", A1(", groups: [a, b, d]") ", " B1("")),
         "clean\nmerged devices/d/bindings/1FEDA:1/groups: ['a','b'] | ['b','c'] | ['a','b','d'] => "
         "['b','d','c']",
         NULL, 0, 0, NULL},
        /* Chosen as it is, it is not merged. */
        {CAPABLE("[a, b]"), "set devices/d /capabilities [b]", CAPABLE("[a, b, d]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | ['b'] | ['a','b','d'] => ['b'] (resolved)",
         "devices/d/capabilities set ['b'] < ['a','b','d']", 0, 0, "devices/d /capabilities mine"},
        {CAPABLE("[a, b]"), "set devices/d /capabilities [b]", CAPABLE("[a, b, d]"),
         "clean\nmerged devices/d/capabilities: ['a','b'] | ['b'] | ['a','b','d'] => ['a','b','d'] "
         "(resolved)",
         "", 0, 0, "devices/d /capabilities vendor"},
    };

    ASSERT_CASES(rows);
}

/* Renames */

#define SHORT(id, more) "devices/" id ": {entity_id: " id more "}\n"

static void test_renames(void)
{
    static const Case rows[] = {
        {"areas/old: {f: 1, g: 1}", "set areas/old /f 5", "areas/new: {f: 1, g: 2, renamed_from: old}",
         "clean\nrenamed areas/new: 'areas/old' | - | - => 'areas/new'\n"
         "kept areas/new/f: 1 | 5 | 1 => 5\nvendor areas/new/g: 1 | - | 2 => 2\n"
         "vendor areas/new/renamed_from: - | - | 'old' => 'old'",
         "areas/new/f set 5 < 1", 0, 0, NULL},
        {SHORT("d", ", f: 1"), "set devices/d /f 5", SHORT("e", ", f: 2, renamed_from: [c, d]"),
         "review\nconflict devices/e/f: 1 | 5 | 2 => 5\n"
         "renamed devices/e: 'devices/d' | - | - => 'devices/e'\n"
         "vendor devices/e/entity_id: 'd' | - | 'e' => 'e'\n"
         "vendor devices/e/renamed_from: - | - | ['c','d'] => ['c','d']",
         "devices/e/f set 5 < 2", 0, 0, NULL},
        {SHORT("d", ""), "", SHORT("e", ", renamed_from: d"),
         "clean\nrenamed devices/e: 'devices/d' | - | - => 'devices/e'\n"
         "vendor devices/e/entity_id: 'd' | - | 'e' => 'e'\n"
         "vendor devices/e/renamed_from: - | - | 'd' => 'd'",
         "", 0, 0, NULL},
        /* The old name is still there, or the new one was there before: nothing was renamed. */
        {SHORT("d", ""), "set devices/d /f 5", SHORT("d", "") SHORT("e", ", renamed_from: d"),
         "clean\nkept devices/d/f: - | 5 | - => 5\n"
         "added devices/e: - | - | {'entity_id':'e','renamed_from':'d'} => "
         "{'entity_id':'e','renamed_from':'d'}",
         "devices/d/f set 5 < -", 0, 0, NULL},
        {SHORT("d", "") SHORT("e", ""), "", SHORT("e", ", renamed_from: d"),
         "clean\ndevice-loss : 2 | - | 1 => '1 of 2 devices would go; the new file may be truncated'\n"
         "removed devices/d: {'entity_id':'d'} | - | - => -\n"
         "vendor devices/e/renamed_from: - | - | 'd' => 'd'",
         "", 0, MERGE_ALLOW_DEVICE_LOSS, NULL},
        /* From another section nobody comes. */
        {"areas/d: {f: 1}", "", SHORT("e", ", renamed_from: d"),
         "clean\nremoved areas/d: {'f':1} | - | - => -\n"
         "added devices/e: - | - | {'entity_id':'e','renamed_from':'d'} => "
         "{'entity_id':'e','renamed_from':'d'}",
         "", 0, 0, NULL},
        /* Two successors: one of them, the other is new. */
        {"areas/old: {f: 1}", "set areas/old /f 5",
         "areas/b: {f: 1, renamed_from: old}\nareas/a: {f: 1, renamed_from: old}",
         "clean\nrenamed areas/a: 'areas/old' | - | - => 'areas/a'\n"
         "kept areas/a/f: 1 | 5 | 1 => 5\n"
         "vendor areas/a/renamed_from: - | - | 'old' => 'old'\n"
         "added areas/b: - | - | {'f':1,'renamed_from':'old'} => {'f':1,'renamed_from':'old'}",
         "areas/a/f set 5 < 1", 0, 0, NULL},
        /* Deleted by the owner: by its new name too, and the new name alone is no change. */
        {SHORT("d", ", f: 1"), "delete devices/d", SHORT("e", ", f: 1, renamed_from: d"),
         "clean\ndeleted-kept devices/e: {'entity_id':'d','f':1} | - | "
         "{'entity_id':'e','f':1,'renamed_from':'d'} => -\n"
         "renamed devices/e: 'devices/d' | - | - => 'devices/e'",
         "devices/e unset - < {'entity_id':'e','f':1,'renamed_from':'d'}", 0, 0, NULL},
        {SHORT("d", ", f: 1"), "delete devices/d", SHORT("e", ", f: 2, renamed_from: d"),
         "review\ndeleted-changed devices/e: {'entity_id':'d','f':1} | - | "
         "{'entity_id':'e','f':2,'renamed_from':'d'} => -\n"
         "renamed devices/e: 'devices/d' | - | - => 'devices/e'",
         NULL, 0, 0, NULL},
        /* The owner has one of that name: nothing is renamed, and somebody has to look. */
        {"areas/d: {f: 1}", "set areas/d /f 5\nput areas/e {g: 7}", "areas/e: {f: 1, renamed_from: d}",
         "blocked\nremoved-edited areas/d: {'f':1} | {'f':5} | - => {'f':5}\n"
         "conflict areas/e: - | {'g':7} | {'f':1,'renamed_from':'d'} => {'g':7}\n"
         "id-collision areas/e: 'areas/d' | {'g':7} | {'f':1,'renamed_from':'d'} => "
         "'areas/d is renamed to areas/e, which you have a component of your own of'",
         NULL, 0, MERGE_ALLOW_DEVICE_LOSS | MERGE_ALLOW_MISSING_FIELDS, NULL},
        {"areas/d: {f: 1}", "put areas/e {g: 7}", "areas/e: {f: 1, renamed_from: d}",
         "review\nconflict areas/e: - | {'g':7} | {'f':1,'renamed_from':'d'} => {'g':7}\n"
         "id-collision areas/e: 'areas/d' | {'g':7} | {'f':1,'renamed_from':'d'} => "
         "'areas/d is renamed to areas/e, which you have a component of your own of'\n"
         "removed areas/d: {'f':1} | - | - => -",
         NULL, 0, MERGE_ALLOW_COLLISIONS, NULL},
    };

    ASSERT_CASES(rows);
}

/* Several releases, one after the other */

/* The state of a model over its releases. */
typedef struct History {
    GPtrArray *coach;
    GHashTable *overrides;
} History;

static void history_clear(History *history)
{
    g_clear_pointer(&history->coach, g_ptr_array_unref);
    g_clear_pointer(&history->overrides, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(History, history_clear)

/* The overrides after a merge. */
static GHashTable *overrides_after(const Merge *merge)
{
    GHashTable *table = table_new();

    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);

        if (component->after->len > 0)
            g_hash_table_insert(table, g_strdup(component->path), g_ptr_array_ref(component->after));
    }
    return table;
}

/* Brings a release; what the plan said. */
static char *release(History *history, const char *yaml)
{
    g_autoptr(GPtrArray) incoming = coach_of(yaml);
    const MergeInput input = {.base = history->coach, .incoming = incoming, .overrides = history->overrides};
    g_autoptr(Merge) merge = plan(&input);
    GHashTable *after = overrides_after(merge);

    history_clear(history);
    history->coach = g_steal_pointer(&incoming);
    history->overrides = after;
    return describe_items(merge);
}

/* Steps: releases and edits in turns, "" for no edits; then what the last release's plan says and what it
 * leaves. */
typedef struct Chain {
    const char *steps[8];
    const char *items, *overrides;
} Chain;

static void assert_chain(unsigned number, const Chain *chain)
{
    g_auto(History) history = {.coach = coach_of(chain->steps[0]), .overrides = table_new()};
    g_autofree char *items = g_strdup("");
    g_autoptr(GString) left = g_string_new(NULL);
    g_autoptr(GList) paths = NULL;

    story_begin();
    story_text("row %u: %s", number, chain->steps[0]);
    for (guint i = 1; i < G_N_ELEMENTS(chain->steps) && chain->steps[i]; i++) {
        story_text("%s %s", i % 2 ? "edit" : "release", chain->steps[i]);
        if (i % 2) {
            edit_lines(history.overrides, history.coach, chain->steps[i]);
            continue;
        }
        g_free(items);
        items = release(&history, chain->steps[i]);
        story_text("gives %s", items);
    }
    paths = g_list_sort(g_hash_table_get_keys(history.overrides), (GCompareFunc) strcmp);
    for (GList *l = paths; l; l = l->next)
        append_overrides(left, l->data, g_hash_table_lookup(history.overrides, l->data));
    story_text("and %s", left->str);
    check(g_str_equal(items, chain->items));
    check(!chain->overrides || g_str_equal(left->str, chain->overrides));
    story_begin();
}

static void assert_chains(const Chain *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_chain(i, &rows[i]);
}

/* The vendor goes to another value and back, and the owner edits before, between, to either of the two. */
static void test_there_and_back(void)
{
#define A X "{f: a}"
#define B X "{f: b}"
    static const Chain rows[] = {
        {{A, "", B, "", A}, "clean\nvendor areas/x/f: 'b' | - | 'a' => 'a'", ""},
        {{A, "set areas/x /f m", B, "", A},
         "review\nconflict areas/x/f: 'b' | 'm' | 'a' => 'm'",
         "areas/x/f set 'm' < 'a'"},
        {{A, "set areas/x /f b", B, "", A},
         "review\nconflict areas/x/f: 'b' | 'b' | 'a' => 'b'",
         "areas/x/f set 'b' < 'a'"},
        {{A, "set areas/x /f a", B, "", A},
         "clean\nconverged areas/x/f: 'b' | 'a' | 'a' => 'a'",
         "areas/x/f set 'a' < 'a'"},
        {{A, "", B, "set areas/x /f m", A},
         "review\nconflict areas/x/f: 'b' | 'm' | 'a' => 'm'",
         "areas/x/f set 'm' < 'a'"},
        {{A, "", B, "set areas/x /f a", A},
         "clean\nconverged areas/x/f: 'b' | 'a' | 'a' => 'a'",
         "areas/x/f set 'a' < 'a'"},
        {{A, "", B, "set areas/x /f b", A},
         "review\nconflict areas/x/f: 'b' | 'b' | 'a' => 'b'",
         "areas/x/f set 'b' < 'a'"},
        {{A, "unset areas/x /f", B, "", A},
         "review\nunset-changed areas/x/f: 'b' | - | 'a' => -",
         "areas/x/f unset - < 'a'"},
        {{A, "delete areas/x", B, "", A},
         "review\ndeleted-changed areas/x: {'f':'b'} | - | {'f':'a'} => -",
         "areas/x unset - < {'f':'a'}"},
        {{A, "", B, "", A, "set areas/x /f m"},
         "clean\nvendor areas/x/f: 'b' | - | 'a' => 'a'",
         "areas/x/f set 'm' < 'a'"},
        /* The name of a component too: its edits come along, there and back. */
        {{SHORT("a", ", f: 1"), "set devices/a /f 5", SHORT("b", ", f: 1, renamed_from: a"), "",
          SHORT("a", ", f: 1, renamed_from: b")},
         "clean\nrenamed devices/a: 'devices/b' | - | - => 'devices/a'\n"
         "vendor devices/a/entity_id: 'b' | - | 'a' => 'a'\n"
         "kept devices/a/f: 1 | 5 | 1 => 5\n"
         "vendor devices/a/renamed_from: 'a' | - | 'b' => 'b'",
         "devices/a/f set 5 < 1"},
        {{SHORT("a", ", f: 1"), "", SHORT("b", ", f: 1, renamed_from: a"), "set devices/b /f 5",
          SHORT("a", ", f: 2, renamed_from: [a, b]")},
         "review\nconflict devices/a/f: 1 | 5 | 2 => 5\n"
         "renamed devices/a: 'devices/b' | - | - => 'devices/a'\n"
         "vendor devices/a/entity_id: 'b' | - | 'a' => 'a'\n"
         "vendor devices/a/renamed_from: 'a' | - | ['a','b'] => ['a','b']",
         "devices/a/f set 5 < 2"},
    };
#undef A
#undef B

    assert_chains(rows, G_N_ELEMENTS(rows));
}

/* A component that the vendor drops and brings back finds the owner's edits again, as edits. */
static void test_dropped_and_back(void)
{
    static const Chain rows[] = {
        {{X "{f: 1, g: 1}", "set areas/x /f 5", "{}", "", X "{f: 1, g: 1}"},
         "clean\nkept areas/x/f: 1 | 5 | 1 => 5",
         "areas/x/f set 5 < 1"},
        {{X "{f: 1, g: 1}", "set areas/x /f 5", "{}", "", X "{f: 2, g: 2}"},
         "review\nconflict areas/x/f: 1 | 5 | 2 => 5\nvendor areas/x/g: 1 | - | 2 => 2",
         "areas/x/f set 5 < 2"},
        /* With what the owner did meanwhile. */
        {{X "{f: 1, g: 1}", "set areas/x /f 5", "{}", "set areas/x /g 7", X "{f: 1, g: 2}"},
         "review\nconflict areas/x/g: 1 | 7 | 2 => 7\nkept areas/x/f: 1 | 5 | 1 => 5",
         "areas/x/f set 5 < 1\nareas/x/g set 7 < 2"},
        /* And over a release that does not have it either. */
        {{"areas/x: {f: 1, g: 1}", "set areas/x /f 5", "{}", "", "areas/y: {}"},
         "clean\nkept areas/x: - | {'f':5,'g':1} | - => {'f':5,'g':1}\nadded areas/y: - | - | {} => {}",
         "areas/x set {'f':5,'g':1} < {'f':1,'g':1}"},
        /* Deleted stays deleted. */
        {{X "{f: 1}", "delete areas/x", "{}", "", X "{f: 2}"},
         "review\ndeleted-changed areas/x: - | - | {'f':2} => -",
         "areas/x unset - < {'f':2}"},
        /* An edit that says the same as the vendor is an edit. */
        {{X "5", "put areas/x 6", X "6", "", "{}", "", X "5"},
         "review\nconflict areas/x: - | 6 | 5 => 6",
         "areas/x set 6 < 5"},
        {{X "{f: 1}", "set areas/x /f 1", "{}", "", X "{f: 1}"},
         "clean\nkept areas/x/f: 1 | 1 | 1 => 1",
         "areas/x/f set 1 < 1"},
        /* Without an edit there is nothing to find. */
        {{X "{f: 1}", "", "{}", "", X "{f: 1}"}, "clean\nadded areas/x: - | - | {'f':1} => {'f':1}", ""},
    };

    assert_chains(rows, G_N_ELEMENTS(rows));
}

/* Blocks */

#define RULES "validation_rules/entity_validation: {required_fields: [f]}\n"
#define OWN "put devices/o {entity_id: o, bindings: [{dgn: 1FEDA, instance: 1}]}"
#define OTHER "devices/n: {entity_id: n, bindings: [{dgn: 1FEDA, instance: 1}]}\n"
#define OTHER_JSON "{'entity_id':'n','bindings':[{'dgn':'1FEDA','instance':1}]}"
#define OWN_JSON "{'entity_id':'o','bindings':[{'dgn':'1FEDA','instance':1}]}"

static void test_blocks(void)
{
#define RULES_ADDED                                                                                         \
    "\nadded validation_rules/entity_validation: - | - | {'required_fields':['f']} => "                     \
    "{'required_fields':['f']}"
#define MISSING                                                                                             \
    "\nmissing-field devices/d/f: - | - | 1 => 'devices/d would lack /f, which the new file requires'"      \
    "\nkept devices/d/f: 1 | - | 1 => -" RULES_ADDED
#define COLLISION                                                                                           \
    "\nbinding-collision devices/o/bindings/1FEDA:1: - | 'devices/o' | 'devices/n' => "                     \
    "'devices/o and devices/n would both be at 1FEDA:1'"
    static const Case rows[] = {
        {DEVICE("f: 1, ", A1("")), "unset devices/d /f", DEVICE("f: 1, ", A1("")) RULES, "blocked" MISSING,
         NULL, 0, MERGE_ALLOW_COLLISIONS | MERGE_ALLOW_DEVICE_LOSS, NULL},
        {DEVICE("f: 1, ", A1("")), "unset devices/d /f", DEVICE("f: 1, ", A1("")) RULES, "clean" MISSING,
         NULL, 0, MERGE_ALLOW_MISSING_FIELDS, NULL},
        /* So does a resolution that puts it back. */
        {DEVICE("f: 1, ", A1("")), "unset devices/d /f", DEVICE("f: 1, ", A1("")) RULES,
         "clean\nkept devices/d/f: 1 | - | 1 => 1 (resolved)" RULES_ADDED, "", 0, 0, "devices/d /f vendor"},
        /* What the vendor lacks himself is no fault of the owner's. */
        {DEVICE("", A1("")), "set devices/d /g 5", DEVICE("", A1("")) RULES,
         "clean\nkept devices/d/g: - | 5 | - => 5" RULES_ADDED, NULL, 0, 0, NULL},
        /* A device of the owner's where the vendor comes with another. */
        {"{}", OWN, OTHER,
         "blocked" COLLISION "\nadded devices/n: - | - | " OTHER_JSON " => " OTHER_JSON
         "\nkept devices/o: - | " OWN_JSON " | - => " OWN_JSON,
         NULL, 0, MERGE_ALLOW_MISSING_FIELDS | MERGE_ALLOW_DEVICE_LOSS, NULL},
        {"{}", OWN, OTHER,
         "clean" COLLISION "\nadded devices/n: - | - | " OTHER_JSON " => " OTHER_JSON
         "\nkept devices/o: - | " OWN_JSON " | - => " OWN_JSON,
         NULL, 0, MERGE_ALLOW_COLLISIONS, NULL},
        /* A binding that the owner gave a device of the vendor's. */
        {DEVICE("", B1("")), "set devices/d /bindings/1FEDA:1 {}", DEVICE("", B1("")) OTHER,
         "blocked\nbinding-collision devices/d/bindings/1FEDA:1: - | 'devices/d' | 'devices/n' => "
         "'devices/d and devices/n would both be at 1FEDA:1'"
         "\nkept devices/d/bindings/1FEDA:1: - | {} | - => {}"
         "\nadded devices/n: - | - | " OTHER_JSON " => " OTHER_JSON,
         NULL, 0, 0, NULL},
        /* A section that the owner has components in becomes one of the vendor's, or the other way round. */
        {"{}", "put areas/x {g: 5}", "areas: {f: 1}",
         "blocked\nsection-collision areas/x: - | {'g':5} | - => 'areas/x has no place: \\'areas\\' would be "
         "one component and divided at once; take the vendor's side for it'"
         "\nadded areas: - | - | {'f':1} => {'f':1}\nkept areas/x: - | {'g':5} | - => {'g':5}",
         NULL, 0, MERGE_ALLOW_ALL, NULL},
        {"{}", "put areas/x {g: 5}", "areas: {f: 1}",
         "clean\nadded areas: - | - | {'f':1} => {'f':1}\nkept areas/x: - | {'g':5} | - => - (resolved)", "",
         0, 0, "areas/x - vendor"},
        /* They share it already, or the vendor's own do: that is nobody's fault now. */
        {OTHER, OWN, OTHER "areas/x: {}",
         "clean\nadded areas/x: - | - | {} => {}\nkept devices/o: - | " OWN_JSON " | - => " OWN_JSON, NULL,
         0, 0, NULL},
        {DEVICE("", A1("")), "set devices/d /f 5", DEVICE("", A1("")) OTHER,
         "clean\nkept devices/d/f: - | 5 | - => 5\nadded devices/n: - | - | " OTHER_JSON " => " OTHER_JSON,
         NULL, 0, 0, NULL},
    };
#undef RULES_ADDED
#undef MISSING
#undef COLLISION

    ASSERT_CASES(rows);
}

/* `n` devices, named by number. */
static GPtrArray *devices(unsigned first, unsigned n)
{
    GPtrArray *components = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

    for (unsigned i = first; i < first + n; i++) {
        g_autofree char *path = g_strdup_printf("devices/d%u", i);
        g_autoptr(Value) data = value_new_map();

        g_ptr_array_add(components, component_new(path, data));
    }
    return components;
}

static void test_device_loss(void)
{
    static const struct {
        unsigned before, after;
        bool blocked;
    } rows[] = {{4, 4, false},     {4, 3, false}, {4, 2, true},  {3, 2, true},
                {8, 6, false},     {8, 5, true},  {5, 4, false}, {1000, 750, false},
                {1000, 749, true}, {1, 0, true},  {0, 0, false}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) base = devices(0, rows[i].before), incoming = devices(0, rows[i].after);
        g_autoptr(GHashTable) overrides = table_new();
        MergeInput input = {.base = base, .incoming = incoming, .overrides = overrides};
        g_autoptr(Merge) merge = NULL, lifted = NULL;

        /* New ones make up for none. */
        if (i % 2) {
            g_autoptr(Value) data = value_new_map();
            g_ptr_array_add(incoming, component_new("devices/new", data));
        }
        merge = plan(&input);
        g_assert_cmpuint(merge->counts[MERGE_DEVICE_LOSS], ==, rows[i].blocked);
        g_assert_cmpint(merge->verdict, ==, rows[i].blocked ? MERGE_BLOCKED : MERGE_CLEAN);
        input.allow = MERGE_ALLOW_DEVICE_LOSS;
        lifted = plan(&input);
        g_assert_cmpint(lifted->verdict, ==, MERGE_CLEAN);
        if (rows[i].blocked) {
            const MergeItem *item = g_ptr_array_index(merge->items, 0);
            g_assert_cmpstr(item->path, ==, "");
            g_assert_cmpint(value_integer(item->base), ==, rows[i].before);
            g_assert_cmpint(value_integer(item->vendor), ==, rows[i].after);
        }
    }
}

/* Policies and choices */

static void test_policies(void)
{
#define ALL "areas/d: {f: 1}\nareas/e: {f: 1}\n" X "{c: 1, k: 1, o: 1, u: 1}"
#define ALL_EDITS                                                                                           \
    "set areas/x /c 5\nset areas/x /k 5\nset areas/x /o 5\nunset areas/x /u\ndelete areas/d\nset areas/e /f 5"
#define ALL_NEW "areas/d: {f: 2}\n" X "{c: 2, k: 1, u: 2}"
#define MINE                                                                                                \
    "review\ndeleted-changed areas/d: {'f':1} | - | {'f':2} => -\n"                                         \
    "removed-edited areas/e: {'f':1} | {'f':5} | - => {'f':5}\n"                                            \
    "conflict areas/x/c: 1 | 5 | 2 => 5\norphaned areas/x/o: 1 | 5 | - => 5\n"                              \
    "unset-changed areas/x/u: 1 | - | 2 => -\nkept areas/x/k: 1 | 5 | 1 => 5"
#define MINE_LEFT                                                                                           \
    "areas/d unset - < {'f':2}\nareas/e set {'f':5} < {'f':1}\nareas/x/c set 5 < 2\nareas/x/k set 5 < 1\n"  \
    "areas/x/o set 5 < -\nareas/x/u unset - < 2"
    static const Case rows[] = {
        {ALL, ALL_EDITS, ALL_NEW, MINE, MINE_LEFT, MERGE_KEEP_MINE, 0, NULL},
        {ALL, ALL_EDITS, ALL_NEW, MINE, MINE_LEFT, MERGE_MANUAL, 0, NULL},
        /* What waits for no decision stays the owner's. */
        {ALL, ALL_EDITS, ALL_NEW,
         "review\ndeleted-changed areas/d: {'f':1} | - | {'f':2} => {'f':2}\n"
         "removed-edited areas/e: {'f':1} | {'f':5} | - => -\n"
         "conflict areas/x/c: 1 | 5 | 2 => 2\norphaned areas/x/o: 1 | 5 | - => -\n"
         "unset-changed areas/x/u: 1 | - | 2 => 2\nkept areas/x/k: 1 | 5 | 1 => 5",
         "areas/x/k set 5 < 1", MERGE_TAKE_VENDOR, 0, NULL},
        /* A resolution goes before the policy. */
        {X "{a: 1, b: 1}", "set areas/x /a 5\nset areas/x /b 5", X "{a: 2, b: 2}",
         "review\nconflict areas/x/a: 1 | 5 | 2 => 5 (resolved)\nconflict areas/x/b: 1 | 5 | 2 => 2",
         "areas/x/a set 5 < 2", MERGE_TAKE_VENDOR, 0, "areas/x /a mine"},
    };
#undef ALL
#undef ALL_EDITS
#undef ALL_NEW
#undef MINE
#undef MINE_LEFT

    ASSERT_CASES(rows);
}

static void test_choices(void)
{
    static const Case rows[] = {
        {X "{f: 1}", "set areas/x /f 5", X "{f: 2}", "clean\nconflict areas/x/f: 1 | 5 | 2 => 5 (resolved)",
         "areas/x/f set 5 < 2", 0, 0, "areas/x /f mine"},
        {X "{f: 1}", "set areas/x /f 5", X "{f: 2}", "clean\nconflict areas/x/f: 1 | 5 | 2 => 2 (resolved)",
         "", 0, 0, "areas/x /f vendor"},
        {X "{f: 1}", "set areas/x /f 5", X "{f: 2}", "clean\nconflict areas/x/f: 1 | 5 | 2 => 7 (resolved)",
         "areas/x/f set 7 < 2", 0, 0, "areas/x /f value:7"},
        {X "{f: 1}", "set areas/x /f 5", X "{}", "clean\norphaned areas/x/f: 1 | 5 | - => - (resolved)", "",
         0, 0, "areas/x /f vendor"},
        {X "{f: 1}", "set areas/x /f 5", X "{}", "clean\norphaned areas/x/f: 1 | 5 | - => 7 (resolved)",
         "areas/x/f set 7 < -", 0, 0, "areas/x /f value:7"},
        {X "{f: 1}", "unset areas/x /f", X "{f: 2}",
         "clean\nunset-changed areas/x/f: 1 | - | 2 => - (resolved)", "areas/x/f unset - < 2", 0, 0,
         "areas/x /f mine"},
        {X "{f: 1}", "unset areas/x /f", X "{f: 2}",
         "clean\nunset-changed areas/x/f: 1 | - | 2 => null (resolved)", "areas/x/f set null < 2", 0, 0,
         "areas/x /f value:null"},
        /* What waits for nobody. */
        {X "{f: 1}", "set areas/x /f 5", X "{f: 1}", "clean\nkept areas/x/f: 1 | 5 | 1 => 1 (resolved)", "",
         0, 0, "areas/x /f vendor"},
        {X "{f: 1}", "set areas/x /f 2", X "{f: 2}", "clean\nconverged areas/x/f: 1 | 2 | 2 => 2 (resolved)",
         "", 0, 0, "areas/x /f vendor"},
        {X "{f: 1}", "set areas/x /f 2", X "{f: 2}", "clean\nconverged areas/x/f: 1 | 2 | 2 => 7 (resolved)",
         "areas/x/f set 7 < 2", 0, 0, "areas/x /f value:7"},
        /* What the owner did not touch: "mine" keeps what was. */
        {X "{f: 1}", "", X "{f: 2}", "clean\nvendor areas/x/f: 1 | - | 2 => 1 (resolved)",
         "areas/x/f set 1 < 2", 0, 0, "areas/x /f mine"},
        {X "{f: 1}", "", X "{f: 2}", "clean\nvendor areas/x/f: 1 | - | 2 => 2 (resolved)", "", 0, 0,
         "areas/x /f vendor"},
        {X "{f: 1}", "", X "{f: 2}", "clean\nvendor areas/x/f: 1 | - | 2 => 7 (resolved)",
         "areas/x/f set 7 < 2", 0, 0, "areas/x /f value:7"},
        {X "{}", "", X "{f: 2}", "clean\nvendor areas/x/f: - | - | 2 => - (resolved)",
         "areas/x/f unset - < 2", 0, 0, "areas/x /f mine"},
        {X "{f: 1}", "", X "{}", "clean\nvendor areas/x/f: 1 | - | - => 1 (resolved)", "areas/x/f set 1 < -",
         0, 0, "areas/x /f mine"},
        {DEVICE("", A1("") ", " B1("")), "", DEVICE("", A1("")),
         "clean\nvendor devices/d/bindings/1FEDB:1: {} | - | - => {} (resolved)",
         "devices/d/bindings/1FEDB:1 set {} < -", 0, 0, "devices/d /bindings/1FEDB:1 mine"},
        {DEVICE("", A1("")), "", DEVICE("", A1("") ", " B1("")),
         "clean\nvendor devices/d/bindings/1FEDB:1: - | - | {} => - (resolved)",
         "devices/d/bindings/1FEDB:1 unset - < {}", 0, 0, "devices/d /bindings/1FEDB:1 mine"},
        /* Whole components. */
        {"{}", "", X "{f: 1}", "clean\nadded areas/x: - | - | {'f':1} => - (resolved)",
         "areas/x unset - < {'f':1}", 0, 0, "areas/x - mine"},
        {"{}", "", X "{f: 1}", "clean\nadded areas/x: - | - | {'f':1} => {'f':1} (resolved)", "", 0, 0,
         "areas/x - vendor"},
        {"{}", "", X "{f: 1}", "clean\nadded areas/x: - | - | {'f':1} => {'f':7} (resolved)",
         "areas/x/f set 7 < 1", 0, 0, "areas/x - value:{\"f\":7}"},
        {X "{f: 1}", "", "{}", "clean\nremoved areas/x: {'f':1} | - | - => {'f':1} (resolved)",
         "areas/x set {'f':1} < {'f':1}", 0, 0, "areas/x - mine"},
        {X "{f: 1}", "", "{}", "clean\nremoved areas/x: {'f':1} | - | - => - (resolved)", "", 0, 0,
         "areas/x - vendor"},
        {X "{f: 1}", "", "{}", "clean\nremoved areas/x: {'f':1} | - | - => {'f':7} (resolved)",
         "areas/x set {'f':7} < -", 0, 0, "areas/x - value:{\"f\":7}"},
        {X "{f: 1}", "set areas/x /f 5", "{}",
         "clean\nremoved-edited areas/x: {'f':1} | {'f':5} | - => {'f':5} (resolved)",
         "areas/x set {'f':5} < {'f':1}", 0, 0, "areas/x - mine"},
        {X "{f: 1}", "set areas/x /f 5", "{}",
         "clean\nremoved-edited areas/x: {'f':1} | {'f':5} | - => - (resolved)", "", 0, 0,
         "areas/x - vendor"},
        {X "{f: 1}", "set areas/x /f 5", "{}",
         "clean\nremoved-edited areas/x: {'f':1} | {'f':5} | - => {'f':7} (resolved)", NULL, 0, 0,
         "areas/x - value:{\"f\":7}"},
        {X "{f: 1}", "delete areas/x", X "{f: 2}",
         "clean\ndeleted-changed areas/x: {'f':1} | - | {'f':2} => - (resolved)",
         "areas/x unset - < {'f':2}", 0, 0, "areas/x - mine"},
        {X "{f: 1}", "delete areas/x", X "{f: 2}",
         "clean\ndeleted-changed areas/x: {'f':1} | - | {'f':2} => {'f':2} (resolved)", "", 0, 0,
         "areas/x - vendor"},
        {X "{f: 1}", "delete areas/x", X "{f: 2}",
         "clean\ndeleted-changed areas/x: {'f':1} | - | {'f':2} => {'f':7} (resolved)",
         "areas/x/f set 7 < 2", 0, 0, "areas/x - value:{\"f\":7}"},
        {X "{f: 1}", "delete areas/x", X "{f: 1}",
         "clean\ndeleted-kept areas/x: {'f':1} | - | {'f':1} => {'f':1} (resolved)", "", 0, 0,
         "areas/x - vendor"},
        {"{}", "put areas/x {f: 5}", X "{f: 2}",
         "clean\nconflict areas/x: - | {'f':5} | {'f':2} => {'f':2} (resolved)", "", 0, 0,
         "areas/x - vendor"},
    };

    ASSERT_CASES(rows);
}

#define STRICT                                                                                              \
    "file_metadata: {immutable_fields: [i]}\n"                                                              \
    "validation_rules/entity_validation: {supported_device_types: [light, lock]}\n"
#define STRICT_DEVICE(id, more)                                                                             \
    "devices/" id ": {entity_id: " id ", device_type: light" more                                           \
    ", bindings: [{dgn: 1FEDA, instance: 1}]}\n"

static void test_refused_choices(void)
{
    static const struct {
        const char *edits, *resolutions;
        ConfigError code;
    } rows[] = {
        /* What is no item, and what is there twice. */
        {"", "devices/d /none mine", CONFIG_ERROR_INVALID_ARGS},
        {"", "areas/none - mine", CONFIG_ERROR_INVALID_ARGS},
        {"", "devices/d - mine", CONFIG_ERROR_INVALID_ARGS},
        {"", "devices/d /f mine\ndevices/d /f vendor", CONFIG_ERROR_INVALID_ARGS},
        {"set devices/d /f 5", "devices/d /f vendor\ndevices/d /f vendor", CONFIG_ERROR_INVALID_ARGS},
        /* What the new file does not allow. */
        {"", "devices/d /device_type value:\"toaster\"", CONFIG_ERROR_INVALID_DATA},
        {"", "devices/d /i mine", CONFIG_ERROR_IMMUTABLE},
        {"", "devices/d /i value:7", CONFIG_ERROR_IMMUTABLE},
        {"set devices/d /f 5", "devices/d /i value:7", CONFIG_ERROR_IMMUTABLE},
        {"", "devices/d /entity_id value:\"e\"", CONFIG_ERROR_INVALID_ARGS},
        {"", "devices/g - value:{\"entity_id\":\"x\"}", CONFIG_ERROR_IMMUTABLE},
        {"", "devices/g - value:{\"entity_id\":\"g\",\"bindings\":7}", CONFIG_ERROR_INVALID_DATA},
        {"", "devices/g - value:7", CONFIG_ERROR_INVALID_DATA},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) base = coach_of(STRICT_DEVICE("d", ", f: 1, i: 1") STRICT),
                             incoming = coach_of("devices/d: {entity_id: d, device_type: lock, f: 2, i: 2, "
                                                 "bindings: [{dgn: 1FEDA, instance: 1}]}\n"
                                                 "devices/g: {entity_id: g}\n" STRICT),
                             resolutions = resolutions_of(rows[i].resolutions);
        g_autoptr(GHashTable) overrides = table_new();
        g_autoptr(GError) error = NULL;
        const MergeInput input = {
            .base = base, .incoming = incoming, .overrides = overrides, .resolutions = resolutions};

        g_test_message("%s", rows[i].resolutions);
        edit_lines(overrides, base, rows[i].edits);
        g_assert_null(merge_plan(&input, &error));
        g_assert_error(error, CONFIG_ERROR, (int) rows[i].code);
    }
}

static void test_resolution_texts(void)
{
    static const struct {
        const char *path, *field, *choice;
        ConfigError code;
    } rows[] = {
        {"areas/x", "/f", "theirs", CONFIG_ERROR_INVALID_ARGS},
        {"areas/x", "/f", "", CONFIG_ERROR_INVALID_ARGS},
        {"areas/x", "/f", "mine ", CONFIG_ERROR_INVALID_ARGS},
        {"areas/x", "/f", "value", CONFIG_ERROR_INVALID_ARGS},
        {"areas/x", "/f", "value:", CONFIG_ERROR_INVALID_DATA},
        {"areas/x", "/f", "value:{", CONFIG_ERROR_INVALID_DATA},
        {"areas/x", "f", "mine", CONFIG_ERROR_INVALID_ARGS},
        {"areas/x/y", "/f", "mine", CONFIG_ERROR_INVALID_ARGS},
        {"", "", "mine", CONFIG_ERROR_INVALID_ARGS},
    };
    MergeResolution *resolution;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(merge_resolution_new(rows[i].path, rows[i].field, rows[i].choice, &error));
        g_assert_error(error, CONFIG_ERROR, (int) rows[i].code);
    }
    /* Fields are found in any spelling of a binding. */
    resolution = merge_resolution_new("devices/d", "/bindings/1feda:0x19/f", "value:null", NULL);
    g_assert_cmpstr(resolution->field, ==, "/bindings/1FEDA:25/f");
    assert_json(resolution->value, "null");
    merge_resolution_free(resolution);
}

static void test_names(void)
{
    MergePolicy policy;

    for (guint i = 0; i < MERGE_POLICIES; i++) {
        g_assert_true(merge_policy_from_string(merge_policy_to_string((MergePolicy) i), &policy));
        g_assert_cmpuint(policy, ==, i);
    }
    g_assert_false(merge_policy_from_string("", &policy));
    for (guint i = 0; i < MERGE_CLASSES; i++) {
        g_assert_nonnull(merge_class_to_string((MergeClass) i));
        g_assert_false(merge_class_is_flagged((MergeClass) i) && merge_class_lifted_by((MergeClass) i));
        for (guint j = 0; j < i; j++)
            g_assert_cmpstr(merge_class_to_string((MergeClass) i), !=,
                            merge_class_to_string((MergeClass) j));
    }
}

/* Laws, on random coaches with random edits */

/* A value that an owner may set at a field: any, or what the next release has there. */
static Value *random_wish(const char *path, const char *field, GPtrArray *incoming)
{
    Value *next = one_in(3) ? find_data(incoming, path) : NULL;
    Value *wish = next ? component_view_field(path, next, field) : NULL;

    return wish ? wish : random_value(2);
}

/* A set with an element more or less, where the component has one at this field. */
static Value *random_set(const char *path, Value *component, const char *field)
{
    g_autoptr(Value) old = component_get_field(path, component, field), element = NULL;
    Value *list;

    if (!value_is_list(old))
        return NULL;
    list = value_new_list();
    VALUE_FOREACH_ITEM (item, old)
        if (!one_in(4))
            value_list_append(&list, item);
    element = value_new_string(one_in(2) ? "own" : "d");
    if (one_in(2))
        value_list_append(&list, element);
    return list;
}

static GPtrArray *record_one(const char *path, Value *vendor, GPtrArray *list, GPtrArray *incoming)
{
    g_autoptr(Value) effective = override_apply(path, vendor, list), value = NULL;
    g_autofree char *field = NULL;

    if (!effective || one_in(12)) {
        g_autoptr(Value) random = neighbour(path, effective ? effective : vendor);
        Component *component = path_is_device(path) && !value_is_map(random) ? NULL : fitting(path, random);
        GPtrArray *next =
            component ? override_record_component(path, vendor, list, component->data, NULL) : NULL;

        if (component)
            component_free(component);
        return next;
    }
    if (one_in(15))
        return override_record(path, vendor, list, "", NULL, NULL);
    field = random_field(path, effective);
    /* Its name is not a thing that an owner edits. */
    if (g_str_has_suffix(field, "/entity_id"))
        return NULL;
    if (!one_in(4))
        value = random_set(path, effective, field);
    if (!value && !one_in(4))
        value = random_wish(path, field, incoming);
    return override_record(path, vendor, list, field, value, NULL);
}

/* Edits of a coach: in some of its components a few, and some of the owner's own. */
static GHashTable *random_overrides(GPtrArray *coach, GPtrArray *incoming)
{
    GHashTable *overrides = table_new();
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (guint i = 0; i < coach->len; i++)
        if (!one_in(3))
            g_ptr_array_add(paths, ((const Component *) g_ptr_array_index(coach, i))->path);
    if (one_in(2))
        g_ptr_array_add(paths, (char *) one_of(fresh_paths));
    if (one_in(8))
        g_ptr_array_add(paths, (char *) (one_in(2) ? "devices/renamed_1" : "areas/renamed_1"));
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);

        for (unsigned j = 1 + below(4); j > 0; j--) {
            g_autoptr(GPtrArray) list = table_get(overrides, path);
            GPtrArray *next = record_one(path, find_data(coach, path), list, incoming);

            if (next && next->len > 0)
                g_hash_table_insert(overrides, g_strdup(path), next);
            else if (next) {
                g_hash_table_remove(overrides, path);
                g_ptr_array_unref(next);
            }
        }
    }
    return overrides;
}

static void tell_coach(const char *what, GPtrArray *coach)
{
    for (guint i = 0; i < coach->len; i++) {
        const Component *component = g_ptr_array_index(coach, i);
        g_autofree char *name = g_strdup_printf("%s %s", what, component->path);

        story(name, component->data);
    }
}

static void tell_overrides(const char *what, GHashTable *overrides)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(overrides), (GCompareFunc) strcmp);

    for (GList *l = paths; l; l = l->next)
        append_overrides(text, l->data, g_hash_table_lookup(overrides, l->data));
    story_text("%s: %s", what, text->str);
}

/* A random case */
typedef struct Scene {
    GPtrArray *base, *incoming;
    GHashTable *overrides;
    MergeInput input;
} Scene;

static void scene_clear(Scene *scene)
{
    g_ptr_array_unref(scene->base);
    g_ptr_array_unref(scene->incoming);
    g_hash_table_unref(scene->overrides);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static Scene random_scene(void)
{
    Scene scene = {.base = random_coach()};

    scene.incoming = next_release(scene.base);
    scene.overrides = random_overrides(scene.base, scene.incoming);
    scene.input = (MergeInput){.base = scene.base,
                               .incoming = scene.incoming,
                               .overrides = scene.overrides,
                               .allow = MERGE_ALLOW_ALL};
    tell_coach("base", scene.base);
    tell_coach("incoming", scene.incoming);
    tell_overrides("overrides", scene.overrides);
    return scene;
}

static Merge *plan_scene(const Scene *scene)
{
    Merge *merge = plan(&scene->input);
    g_autofree char *items = describe_items(merge), *left = describe_overrides(merge);

    story_text("plan: %s\nleaves: %s", items, left);
    return merge;
}

static void check_lists_equal(GPtrArray *a, GPtrArray *b)
{
    check(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const Override *override = g_ptr_array_index(a, i), *other = override_list_find(b, override->field);
        check(other && override_equal(override, other));
    }
}

static void check_tables_equal(GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer path, list;

    check(g_hash_table_size(a) == g_hash_table_size(b));
    g_hash_table_iter_init(&iter, a);
    while (g_hash_table_iter_next(&iter, &path, &list)) {
        check(g_hash_table_contains(b, path));
        check_lists_equal(list, g_hash_table_lookup(b, path));
    }
}

static unsigned n_of_class[MERGE_CLASSES];

static void count_classes(const Merge *merge)
{
    for (guint i = 0; i < MERGE_CLASSES; i++)
        n_of_class[i] += merge->counts[i];
}

/* Law: merge(V, U, V) = U, to the byte, and nobody has to decide. */
static void same_release(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) merge = NULL;
    g_autoptr(GHashTable) after = NULL;
    GHashTableIter iter;
    gpointer path, list;

    scene.input.incoming = scene.base;
    merge = plan_scene(&scene);
    after = overrides_after(merge);
    check(merge->verdict == MERGE_CLEAN);
    for (guint i = 0; i < merge->items->len; i++) {
        MergeClass class = ((const MergeItem *) g_ptr_array_index(merge->items, i))->class;
        check(class == MERGE_KEPT || class == MERGE_DELETED_KEPT);
    }
    check_tables_equal(scene.overrides, after);
    g_hash_table_iter_init(&iter, scene.overrides);
    while (g_hash_table_iter_next(&iter, &path, &list)) {
        g_autoptr(Value) before = override_apply(path, find_data(scene.base, path), list),
                         result = outcome(merge, &scene.input, path);
        g_autofree char *one = json_format(before), *two = json_format(result);

        check(g_str_equal(one, two));
    }
}

static void test_same_release(void)
{
    repeat(1500, same_release);
}

/* Law: merge(V, no overrides, N) = N. */
static void no_overrides(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) merge = NULL;

    g_hash_table_remove_all(scene.overrides);
    merge = plan_scene(&scene);
    check(merge->components->len == 0 && merge->verdict == MERGE_CLEAN);
    for (guint i = 0; i < scene.incoming->len; i++) {
        const Component *component = g_ptr_array_index(scene.incoming, i);
        g_autoptr(Value) result = outcome(merge, &scene.input, component->path);
        g_autofree char *one = json_format(component->data), *two = json_format(result);

        check(g_str_equal(one, two));
    }
    /* The items are all that differs. */
    for (guint i = 0; i < merge->items->len; i++) {
        const MergeItem *item = g_ptr_array_index(merge->items, i);
        check(item->class == MERGE_VENDOR || item->class == MERGE_ADDED || item->class == MERGE_REMOVED ||
              item->class == MERGE_RENAMED || item->class == MERGE_DEVICE_LOSS);
        check(item->class != MERGE_VENDOR || !value_equal(item->base, item->result));
    }
}

static void test_no_overrides(void)
{
    repeat(1500, no_overrides);
}

/* Where a component of base goes: its new name, else its own. */
static const char *new_name(GHashTable *renames, const char *path)
{
    GHashTableIter iter;
    gpointer to, from;

    g_hash_table_iter_init(&iter, renames);
    while (g_hash_table_iter_next(&iter, &to, &from))
        if (g_str_equal(from, path))
            return to;
    return path;
}

static bool is_set_field(const char *field)
{
    return g_str_has_suffix(field, "/capabilities") || g_str_has_suffix(field, "/groups");
}

static bool list_has(Value *list, Value *wanted)
{
    VALUE_FOREACH_ITEM (item, list)
        if (value_equal(item, wanted))
            return true;
    return false;
}

/* What the owner added is in the set, what he took out of it is not. */
static void check_set_kept(Value *base, Value *mine, Value *after)
{
    VALUE_FOREACH_ITEM (item, mine)
        check(list_has(base, item) || list_has(after, item));
    VALUE_FOREACH_ITEM (item, base)
        check(list_has(mine, item) || !list_has(after, item));
}

/* A field under the name that its binding has now. */
static char *moved_field(const char *path, Value *base, Value *incoming, const char *field)
{
    g_autoptr(Value) old = component_to_keyed(path, base), new = component_to_keyed(path, incoming);
    Value *was = value_map_get(old, DEVICE_BINDINGS), *is = value_map_get(new, DEVICE_BINDINGS);
    g_auto(GStrv) tokens = pointer_split(field, NULL);
    const char *to = NULL;

    if (!path_is_device(path) || !tokens[1] || !g_str_equal(tokens[0], DEVICE_BINDINGS) ||
        value_map_get(is, tokens[1]))
        return NULL;
    VALUE_FOREACH_ENTRY (key, own, is)
        if (!value_map_get(was, key) && strncmp(key, tokens[1], strcspn(key, ":") + 1) == 0)
            to = key;
    if (!to)
        return NULL;
    g_free(tokens[1]);
    tokens[1] = g_strdup(to);
    return pointer_join((const char *const *) tokens);
}

/* The override is still there, at its place or where its binding went. */
static void check_override_kept(const char *path, Value *base, Value *incoming, const Override *mine,
                                GPtrArray *after)
{
    g_autofree char *moved = moved_field(path, base, incoming, mine->field);
    const Override *now = override_list_find(after, mine->field);
    bool set = is_set_field(mine->field) && value_is_list(mine->value);

    if (!now && moved)
        now = override_list_find(after, moved);
    check(now && now->op == mine->op);
    if (set && value_is_list(now->value)) {
        g_autoptr(Value) was = component_view_field(path, base, mine->field);
        check_set_kept(was, mine->value, now->value);
    } else {
        assert_equal(now->value, mine->value);
    }
}

/* The result has what the owner wants, but at bindings that are no more. */
static void check_wish_granted(const char *path, Value *result, const Override *now)
{
    g_autoptr(Value) at = stored_at(path, result, now->field), keyed = NULL;
    g_auto(GStrv) tokens = pointer_split(now->field, NULL);

    keyed = result ? component_to_keyed(path, result) : NULL;
    if (path_is_device(path) && tokens[0] && g_str_equal(tokens[0], DEVICE_BINDINGS) && tokens[1] &&
        tokens[2] && !value_map_get(value_map_get(keyed, DEVICE_BINDINGS), tokens[1]))
        return;
    assert_equal(at, now->value);
}

/* Law: with the owner's policy no override is lost, and all of them hold. */
static void nothing_is_lost(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) merge = plan_scene(&scene);
    g_autoptr(GHashTable) renames = merge_find_renames(scene.base, scene.incoming);
    GHashTableIter iter;
    gpointer key, list;

    count_classes(merge);
    g_hash_table_iter_init(&iter, scene.overrides);
    while (g_hash_table_iter_next(&iter, &key, &list)) {
        const char *old_path = key, *path = new_name(renames, old_path);
        const MergedComponent *component;

        if (g_hash_table_contains(scene.overrides, path))
            path = old_path;
        component = merge_find_component(merge, path);
        check(component);
        Value *base = find_data(scene.base, old_path), *incoming = find_data(scene.incoming, path);
        const Override *whole = override_list_find(component->after, "");

        if (!value_is_map(incoming)) {
            /* The owner's own by now, with all that he did. */
            g_autoptr(Value) mine = override_apply(old_path, base, list);

            check(whole && component->after->len == 1);
            assert_equal(whole->value, mine);
            continue;
        }
        for (guint i = 0; i < ((GPtrArray *) list)->len; i++) {
            const Override *mine = g_ptr_array_index((GPtrArray *) list, i);

            if (mine->field[0])
                check_override_kept(path, base, incoming, mine, component->after);
            else
                check(whole && whole->op == mine->op && component->after->len == 1);
        }
        for (guint i = 0; i < component->after->len; i++)
            check_wish_granted(path, component->result, g_ptr_array_index(component->after, i));
    }
}

static void test_nothing_is_lost(void)
{
    repeat(2000, nothing_is_lost);
    for (guint i = 0; i < MERGE_CLASSES; i++)
        g_test_message("%s: %u", merge_class_to_string((MergeClass) i), n_of_class[i]);
    /* The cases are worth their while. */
    for (guint i = 0; i < MERGE_CLASSES; i++)
        if (i != MERGE_MISSING_FIELD)
            g_assert_cmpuint(n_of_class[i], >, 0);
}

static void shuffle_array(GPtrArray *array)
{
    for (guint i = array->len; i > 1; i--) {
        guint other = below(i);
        gpointer item = array->pdata[i - 1];

        array->pdata[i - 1] = array->pdata[other];
        array->pdata[other] = item;
    }
}

static void shuffle_coach(GPtrArray *coach)
{
    shuffle_array(coach);
    for (guint i = 0; i < coach->len; i++) {
        Component *component = g_ptr_array_index(coach, i);
        Value *data = shuffled(component->data);

        value_unref(component->data);
        component->data = data;
    }
}

static void check_items_equal(const Merge *a, const Merge *b)
{
    check(a->items->len == b->items->len && a->verdict == b->verdict);
    for (guint i = 0; i < a->items->len; i++) {
        const MergeItem *one = g_ptr_array_index(a->items, i), *two = g_ptr_array_index(b->items, i);

        check(g_str_equal(one->path, two->path) && g_str_equal(one->field, two->field));
        check(one->class == two->class && one->resolved == two->resolved);
        assert_equal(one->base, two->base);
        assert_equal(one->mine, two->mine);
        assert_equal(one->vendor, two->vendor);
        assert_equal(one->result, two->result);
    }
}

/* Law: the plan does not depend on the order in which its parts come. */
static void any_order(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) first = plan_scene(&scene), second = NULL;
    g_autoptr(GHashTable) before = overrides_after(first), after = NULL, other = table_new();
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path, list;

    shuffle_coach(scene.base);
    shuffle_coach(scene.incoming);
    g_hash_table_iter_init(&iter, scene.overrides);
    while (g_hash_table_iter_next(&iter, &path, &list)) {
        shuffle_array(list);
        g_ptr_array_add(paths, path);
    }
    shuffle_array(paths);
    for (guint i = 0; i < paths->len; i++)
        g_hash_table_insert(other, g_strdup(g_ptr_array_index(paths, i)),
                            table_get(scene.overrides, g_ptr_array_index(paths, i)));
    scene.input.overrides = other;
    second = plan_scene(&scene);
    after = overrides_after(second);
    check_items_equal(first, second);
    check_tables_equal(before, after);
}

static void test_any_order(void)
{
    repeat(1000, any_order);
}

/* Law: what was merged is merged: the same release once more changes nothing. */
static void once_more(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) first = NULL, second = NULL;
    g_autoptr(GHashTable) between = NULL, after = NULL;

    scene.input.policy = (MergePolicy) below(MERGE_POLICIES);
    first = plan_scene(&scene);
    between = overrides_after(first);
    scene.input.base = scene.incoming;
    scene.input.overrides = between;
    second = plan_scene(&scene);
    after = overrides_after(second);
    check(second->verdict == MERGE_CLEAN);
    check_tables_equal(between, after);
    for (guint i = 0; i < second->components->len; i++) {
        const MergedComponent *now = g_ptr_array_index(second->components, i),
                              *before = merge_find_component(first, now->path);

        check(before);
        assert_equal(now->result, before->result);
    }
}

static void test_once_more(void)
{
    repeat(1000, once_more);
}

static void put_copy(GHashTable *table, const char *path, const Override *override)
{
    g_autoptr(GPtrArray) list = table_get(table, path);

    g_ptr_array_add(list, override_copy(override));
    g_hash_table_insert(table, g_strdup(path), g_steal_pointer(&list));
}

/* What an undo makes of a plan: what became another comes back as it was, the rest goes its way. A set would
 * be merged once more where the vendor has it somewhere else than the owner, so that its override looks the
 * same; and what the owner made of a whole component would be told field by field where the vendor dropped
 * it, and has it again. */
static void take_back(const Merge *merge, GHashTable *free_ones, GHashTable *pinned)
{
    for (guint i = 0; i < merge->components->len; i++) {
        const MergedComponent *component = g_ptr_array_index(merge->components, i);

        for (guint j = 0; j < component->before->len; j++) {
            const Override *was = g_ptr_array_index(component->before, j),
                           *is = override_list_find(component->after, was->field);
            bool whole = !was->field[0] && was->vendor;
            bool same = is && override_equal(was, is) && !is_set_field(was->field) && !whole;

            put_copy(same ? free_ones : pinned, component->path, was);
        }
    }
}

/* Law: there, and back with the overrides of before, is where it was. */
static void there_and_back(void)
{
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) there = NULL, back = NULL;
    g_autoptr(GHashTable) free_ones = table_new(), pinned = table_new(), after = NULL,
                          renames = merge_find_renames(scene.incoming, scene.base),
                          forth = merge_find_renames(scene.base, scene.incoming);
    GHashTableIter iter;
    gpointer to, from;

    scene.input.policy = (MergePolicy) below(MERGE_POLICIES);
    there = plan_scene(&scene);
    take_back(there, free_ones, pinned);
    g_hash_table_iter_init(&iter, forth);
    while (g_hash_table_iter_next(&iter, &to, &from))
        g_hash_table_insert(renames, g_strdup(from), g_strdup(to));
    const MergeInput input = {.base = scene.incoming,
                              .incoming = scene.base,
                              .overrides = free_ones,
                              .pinned = pinned,
                              .renames = renames,
                              .allow = MERGE_ALLOW_ALL};
    tell_overrides("free", free_ones);
    tell_overrides("pinned", pinned);
    back = plan(&input);
    after = overrides_after(back);
    tell_overrides("after", after);
    check_tables_equal(scene.overrides, after);
    g_hash_table_iter_init(&iter, scene.overrides);
    while (g_hash_table_iter_next(&iter, &to, &from)) {
        g_autoptr(Value) before = override_apply(to, find_data(scene.base, to), from),
                         now = outcome(back, &input, to);
        g_autofree char *one = json_format(before), *two = json_format(now);

        check(g_str_equal(one, two));
    }
}

static void test_pinned(void)
{
    repeat(1500, there_and_back);
}

/* Mine is what the owner saw there, with his edits inside. */
static void check_as_before(const Scene *scene, const MergeItem *item, Value *at)
{
    g_autoptr(GHashTable) renames = merge_find_renames(scene->base, scene->incoming);
    const char *old_path = g_hash_table_lookup(renames, item->path);
    const char *path = old_path ? old_path : item->path;
    GPtrArray *overrides = g_hash_table_lookup(scene->overrides, path);
    Value *base = find_data(scene->base, path);
    g_autoptr(Value) seen = overrides ? override_apply(path, base, overrides)
                            : base    ? value_ref(base)
                                      : NULL,
                     expected = stored_at(path, seen, item->field);

    assert_equal(at, expected);
}

/* Law: a choice is what comes of it, whatever it is about. */
static void choices_hold(void)
{
    static const char *const choices[] = {"mine", "vendor", "value", NULL};
    g_auto(Scene) scene = random_scene();
    g_autoptr(Merge) before = plan_scene(&scene), after = NULL;
    g_autoptr(GPtrArray) resolutions =
        g_ptr_array_new_with_free_func((GDestroyNotify) merge_resolution_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) value = random_value(2);
    g_autofree char *text = json_format(value), *choice = NULL;
    const MergeItem *item, *now = NULL;
    const char *kind = one_of(choices);

    if (before->items->len == 0)
        return;
    item = g_ptr_array_index(before->items, below(before->items->len));
    if (has_sentence(item))
        return;
    choice = g_str_equal(kind, "value") ? g_strdup_printf("value:%s", text) : g_strdup(kind);
    story_text("choice %s for %s%s", choice, item->path, item->field);
    g_ptr_array_add(resolutions, merge_resolution_new(item->path, item->field, choice, &error));
    check_no_error(error);
    scene.input.resolutions = resolutions;
    after = merge_plan(&scene.input, &error);
    if (!after) {
        check(error->code == CONFIG_ERROR_INVALID_DATA || error->code == CONFIG_ERROR_IMMUTABLE);
        check(!g_str_equal(kind, "vendor"));
        return;
    }
    check_counts(after, &scene.input);
    check_results(after, &scene.input);
    for (guint i = 0; i < after->items->len; i++) {
        const MergeItem *other = g_ptr_array_index(after->items, i);
        if (g_str_equal(other->path, item->path) && g_str_equal(other->field, item->field) &&
            other->class == item->class)
            now = other;
    }
    check(now && now->resolved);

    const MergedComponent *component = merge_find_component(after, item->path);
    Value *incoming = find_data(scene.incoming, item->path);
    g_autoptr(Value) result = component  ? override_apply(item->path, incoming, component->after)
                              : incoming ? value_ref(incoming)
                                         : NULL;
    g_autoptr(Value) at = stored_at(item->path, result, item->field);
    bool touched = item->class != MERGE_VENDOR && item->class != MERGE_ADDED && item->class != MERGE_REMOVED;

    if (g_str_equal(kind, "value"))
        assert_equal(at, value);
    else if (g_str_equal(kind, "vendor"))
        check(!component || !override_list_find(component->after, item->field));
    else if (!touched)
        check_as_before(&scene, item, at);
}

static void test_choices_hold(void)
{
    repeat(3000, choices_hold);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/merge/fields", test_fields);
    g_test_add_func("/merge/absent-and-types", test_absent_and_types);
    g_test_add_func("/merge/components", test_components);
    g_test_add_func("/merge/bindings", test_bindings);
    g_test_add_func("/merge/bindings/moved", test_moved_bindings);
    g_test_add_func("/merge/sets", test_sets);
    g_test_add_func("/merge/renames", test_renames);
    g_test_add_func("/merge/there-and-back", test_there_and_back);
    g_test_add_func("/merge/dropped-and-back", test_dropped_and_back);
    g_test_add_func("/merge/blocks", test_blocks);
    g_test_add_func("/merge/blocks/device-loss", test_device_loss);
    g_test_add_func("/merge/policies", test_policies);
    g_test_add_func("/merge/choices", test_choices);
    g_test_add_func("/merge/choices/refused", test_refused_choices);
    g_test_add_func("/merge/choices/texts", test_resolution_texts);
    g_test_add_func("/merge/names", test_names);
    g_test_add_func("/merge/laws/same-release", test_same_release);
    g_test_add_func("/merge/laws/no-overrides", test_no_overrides);
    g_test_add_func("/merge/laws/nothing-is-lost", test_nothing_is_lost);
    g_test_add_func("/merge/laws/any-order", test_any_order);
    g_test_add_func("/merge/laws/once-more", test_once_more);
    g_test_add_func("/merge/laws/pinned", test_pinned);
    g_test_add_func("/merge/laws/choices-hold", test_choices_hold);
    return g_test_run();
}
