/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-override.c: what an owner changed, recorded and applied; the laws of override.h on random components
 * and random edits. */

#include "coach/override.h"

#include <string.h>

#include "base/pointer.h"
#include "coach/device.h"
#include "coach/dgn.h"
#include "coach/path.h"
#include "support.h"

#define DEVICE "devices/x"
#define SECTION "areas/x"

/* Overrides as JSON: field → {"set": value} or {"unset": true}, with "vendor" where the vendor had one. */
static Value *describe(GPtrArray *overrides)
{
    Value *map = value_new_map();

    for (guint i = 0; i < overrides->len; i++) {
        const Override *override = g_ptr_array_index(overrides, i);
        Value *entry = value_new_map();

        if (override->op == OVERRIDE_SET)
            value_map_set(&entry, "set", override->value);
        else
            value_map_take(&entry, "unset", value_new_boolean(true));
        if (override->vendor)
            value_map_set(&entry, "vendor", override->vendor);
        value_map_take(&map, override->field, entry);
    }
    return map;
}

static bool lists_equal(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint i = 0; i < a->len; i++) {
        const Override *override = g_ptr_array_index(a, i), *other = override_list_find(b, override->field);
        if (!other || !override_equal(override, other))
            return false;
    }
    return true;
}

/* Examples */

/* Edits as lines: "set FIELD JSON", "unset FIELD", "reset FIELD", "put JSON", "delete". The last line may
 * fail; then its error is the result. */
static GPtrArray *edit(const char *path, Value *vendor, const char *lines, GError **error)
{
    g_auto(GStrv) split = g_strsplit(lines, "\n", -1);
    g_autoptr(GPtrArray) list = override_list_new();

    for (char **line = split; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);
        const char *op = words[0];
        g_autofree char *field = NULL;
        g_autoptr(Value) value = NULL;
        GPtrArray *next;

        if (g_str_equal(op, "put")) {
            value = parse(*line + strlen("put "));
            next = override_record_component(path, vendor, list, value, error);
        } else if (g_str_equal(op, "delete")) {
            next = override_record(path, vendor, list, "", NULL, error);
        } else {
            field = override_field_normalize(words[1] ? words[1] : "", NULL);
            g_assert_nonnull(field);
            value = g_str_equal(op, "set") ? parse(words[2]) : NULL;
            next = g_str_equal(op, "reset") ? override_reset(path, vendor, list, field, error)
                                            : override_record(path, vendor, list, field, value, error);
        }
        if (!next) {
            g_assert_null(line[1]);
            return NULL;
        }
        g_ptr_array_unref(list);
        list = next;
    }
    return g_steal_pointer(&list);
}

typedef struct Example {
    const char *path, *vendor, *edits, *overrides, *effective;
} Example;

static void assert_examples(const Example *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) vendor = rows[i].vendor ? parse(rows[i].vendor) : NULL, said = NULL,
                         effective = NULL;
        g_autoptr(GPtrArray) list = NULL;

        story_begin();
        story_text("row %u: %s", i, rows[i].edits);
        list = edit(rows[i].path, vendor, rows[i].edits, &error);
        check_no_error(error);
        said = describe(list);
        assert_json(said, rows[i].overrides);
        effective = override_apply(rows[i].path, vendor, list);
        if (rows[i].effective)
            assert_json(effective, rows[i].effective);
        else
            check(!effective);
    }
}

static void test_fields(void)
{
    static const Example rows[] = {
        {SECTION, "{\"a\":1}", "set /a 2", "{\"/a\":{\"set\":2,\"vendor\":1}}", "{\"a\":2}"},
        /* The vendor's own value is an intent too; null is a value. */
        {SECTION, "{\"a\":1}", "set /a 1", "{\"/a\":{\"set\":1,\"vendor\":1}}", "{\"a\":1}"},
        {SECTION, "{\"a\":1}", "set /a null", "{\"/a\":{\"set\":null,\"vendor\":1}}", "{\"a\":null}"},
        {SECTION, "{\"a\":null}", "unset /a", "{\"/a\":{\"unset\":true,\"vendor\":null}}", "{}"},
        {SECTION, "{}", "set /a/b/c 1", "{\"/a/b/c\":{\"set\":1}}", "{\"a\":{\"b\":{\"c\":1}}}"},
        /* Around swallows, inside folds. */
        {SECTION, "{\"a\":{\"b\":1}}", "set /a/b 2\nset /a {\"c\":3}",
         "{\"/a\":{\"set\":{\"c\":3},\"vendor\":{\"b\":1}}}", "{\"a\":{\"c\":3}}"},
        {SECTION, "{\"a\":{\"b\":1}}", "set /a {\"c\":3}\nset /a/b 2",
         "{\"/a\":{\"set\":{\"c\":3,\"b\":2},\"vendor\":{\"b\":1}}}", "{\"a\":{\"c\":3,\"b\":2}}"},
        {SECTION, "{\"a\":{\"b\":1}}", "unset /a\nset /a/c 2",
         "{\"/a\":{\"set\":{\"c\":2},\"vendor\":{\"b\":1}}}", "{\"a\":{\"c\":2}}"},
        /* What is gone with the map around it is gone already. */
        {SECTION, "{\"a\":{\"b\":1}}", "unset /a\nunset /a/b",
         "{\"/a\":{\"unset\":true,\"vendor\":{\"b\":1}}}", "{}"},
        {SECTION, "{\"a\":{\"b\":1}}", "unset /a\nreset /a/c",
         "{\"/a\":{\"unset\":true,\"vendor\":{\"b\":1}}}", "{}"},
        /* A neighbour whose name starts the same lies not inside. */
        {SECTION, "{\"a\":1,\"ab\":2}", "set /ab 3\nset /a 4",
         "{\"/a\":{\"set\":4,\"vendor\":1},\"/ab\":{\"set\":3,\"vendor\":2}}", "{\"a\":4,\"ab\":3}"},
        /* The owner's own field leaves nothing behind. */
        {SECTION, "{}", "set /a 1\nunset /a", "{}", "{}"},
        {SECTION, "{\"a\":1}", "set /a 2\nreset /a", "{}", "{\"a\":1}"},
        {SECTION, "{\"a\":{\"b\":1,\"c\":2}}", "set /a {}\nreset /a/b",
         "{\"/a\":{\"set\":{\"b\":1},\"vendor\":{\"b\":1,\"c\":2}}}", "{\"a\":{\"b\":1}}"},
        {SECTION, "{\"a\":1}", "reset /a", "{}", "{\"a\":1}"},
        {SECTION, "{\"a\":1,\"b\":2}", "set /a 2\nset /b 3\nreset", "{}", "{\"a\":1,\"b\":2}"},
        {SECTION, "{\"x/y\":{\"m~n\":1}}", "set /x~1y/m~0n 2", "{\"/x~1y/m~0n\":{\"set\":2,\"vendor\":1}}",
         "{\"x/y\":{\"m~n\":2}}"},
        /* Lists are atomic. */
        {SECTION, "{\"l\":[1,2]}", "set /l [2]", "{\"/l\":{\"set\":[2],\"vendor\":[1,2]}}", "{\"l\":[2]}"},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

static void test_whole(void)
{
    static const Example rows[] = {
        {SECTION, "{\"a\":1}", "delete", "{\"\":{\"unset\":true,\"vendor\":{\"a\":1}}}", NULL},
        {SECTION, "{\"a\":1}", "delete\nreset", "{}", "{\"a\":1}"},
        {SECTION, "{\"a\":1}", "set /a 2\ndelete", "{\"\":{\"unset\":true,\"vendor\":{\"a\":1}}}", NULL},
        /* A component that was deleted is compared with the vendor's. */
        {SECTION, "{\"a\":1,\"b\":2}", "delete\nput {\"a\":1,\"b\":3}", "{\"/b\":{\"set\":3,\"vendor\":2}}",
         "{\"a\":1,\"b\":3}"},
        {SECTION, NULL, "put {\"a\":1}", "{\"\":{\"set\":{\"a\":1}}}", "{\"a\":1}"},
        {SECTION, NULL, "put {\"a\":1}\nset /b 2\nunset /a", "{\"\":{\"set\":{\"b\":2}}}", "{\"b\":2}"},
        {SECTION, NULL, "put {\"a\":1}\ndelete", "{}", NULL},
        {SECTION, "[1]", "put [1]", "{}", "[1]"},
        {SECTION, "[1]", "put [2]", "{\"\":{\"set\":[2],\"vendor\":[1]}}", "[2]"},
        {SECTION, "null", "put {\"a\":1}\nset /a 2", "{\"\":{\"set\":{\"a\":2},\"vendor\":null}}",
         "{\"a\":2}"},
        /* Exactly the fields that differ. */
        {SECTION, "{\"a\":1,\"b\":{\"c\":1,\"d\":2},\"e\":3}",
         "put {\"a\":1,\"b\":{\"c\":1,\"d\":4},\"f\":5}",
         "{\"/b/d\":{\"set\":4,\"vendor\":2},\"/e\":{\"unset\":true,\"vendor\":3},\"/f\":{\"set\":5}}",
         "{\"a\":1,\"b\":{\"c\":1,\"d\":4},\"f\":5}"},
        {SECTION, "{\"a\":1}", "set /a 2\nput {\"a\":2}", "{\"/a\":{\"set\":2,\"vendor\":1}}", "{\"a\":2}"},
        {SECTION, "{\"a\":1}", "set /a 2\nput {\"a\":1}", "{\"/a\":{\"set\":1,\"vendor\":1}}", "{\"a\":1}"},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

#define BED                                                                                                 \
    "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"           \
    "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2}]}"

static void test_bindings(void)
{
    static const Example rows[] = {
        /* A device-level override holds for every binding. */
        {DEVICE, BED, "set /n 5", "{\"/n\":{\"set\":5,\"vendor\":1}}",
         "{\"entity_id\":\"x\",\"n\":5,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\"}]}"},
        /* One at a binding wins there, whichever came first. */
        {DEVICE, BED, "set /bindings/1FEDA:25/n 6\nset /n 5",
         "{\"/n\":{\"set\":5,\"vendor\":1},\"/bindings/1FEDA:25/n\":{\"set\":6}}",
         "{\"entity_id\":\"x\",\"n\":5,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\",\"n\":6},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\"}]}"},
        {DEVICE, BED, "unset /n", "{\"/n\":{\"unset\":true,\"vendor\":1}}",
         "{\"entity_id\":\"x\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\"}]}"},
        /* A field that only bindings have can be unset for all of them. */
        {DEVICE, BED, "unset /r", "{\"/r\":{\"unset\":true}}",
         "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"n\":2}]}"},
        {DEVICE, BED, "set /bindings/0x1feda:0x19/r \"t\"",
         "{\"/bindings/1FEDA:25/r\":{\"set\":\"t\",\"vendor\":\"s\"}}",
         "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"t\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2}]}"},
        /* A new binding, and one that goes. */
        {DEVICE, BED, "set /bindings/EF00:default {\"r\":\"q\"}\nunset /bindings/1FEDB:25",
         "{\"/bindings/0EF00:default\":{\"set\":{\"r\":\"q\"}},"
         "\"/bindings/1FEDB:25\":{\"unset\":true,\"vendor\":{\"r\":\"c\",\"n\":2}}}",
         "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"
         "{\"dgn\":\"0EF00\",\"instance\":\"default\",\"r\":\"q\"}]}"},
        {DEVICE, BED, "set /bindings [{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"u\"}]",
         "{\"/bindings/1FEDA:25/r\":{\"set\":\"u\",\"vendor\":\"s\"},"
         "\"/bindings/1FEDB:25\":{\"unset\":true,\"vendor\":{\"r\":\"c\",\"n\":2}}}",
         "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"u\"}]}"},
        {DEVICE, BED, "set /bindings/1FEDA:25/n 6\nset /bindings/1FEDA:25/r 7\nreset /bindings", "{}", BED},
        /* A device whose binding is told to differ stays so when the device-level field changes with it. */
        {DEVICE, BED,
         "put {\"entity_id\":\"x\",\"n\":3,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2}]}",
         "{\"/n\":{\"set\":3,\"vendor\":1},\"/bindings/1FEDB:25/n\":{\"set\":2,\"vendor\":2}}",
         "{\"entity_id\":\"x\",\"n\":3,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"s\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2}]}"},
        /* The order of the bindings says nothing. */
        {DEVICE, BED,
         "put {\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2},"
         "{\"dgn\":\"1feda\",\"instance\":\"25\",\"r\":\"s\"}]}",
         "{}", BED},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

/* An unset takes the field away and nothing that stands where the field cannot be. */
static void test_unset_takes_no_more(void)
{
    static const Example rows[] = {
        {DEVICE,
         "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"m\":{\"a\":1,\"b\":2}},"
         "{\"dgn\":\"1FEDA\",\"instance\":2,\"m\":5}]}",
         "unset /m/a", "{\"/m/a\":{\"unset\":true}}",
         "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"m\":{\"b\":2}},{\"dgn\":\"1FEDA\",\"instance\":2,\"m\":5}]}"},
        {DEVICE,
         "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"m\":{\"a\":1,\"b\":2}},"
         "{\"dgn\":\"1FEDA\",\"instance\":2,\"m\":5}]}",
         "set /m/a 3", "{\"/m/a\":{\"set\":3}}",
         "{\"m\":{\"a\":3},\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"m\":{\"b\":2}},"
         "{\"dgn\":\"1FEDA\",\"instance\":2}]}"},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

/* Names that only look like bindings' are names like any other where the component is no device. */
static void test_bindings_elsewhere(void)
{
    static const Example rows[] = {
        {SECTION, "{\"bindings\":{\"1FEDA:25\":1}}", "set /bindings 1",
         "{\"/bindings\":{\"set\":1,\"vendor\":{\"1FEDA:25\":1}}}", "{\"bindings\":1}"},
        {SECTION, "{\"bindings\":[1]}", "set /bindings [2]", "{\"/bindings\":{\"set\":[2],\"vendor\":[1]}}",
         "{\"bindings\":[2]}"},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

static void test_refused(void)
{
    static const struct {
        const char *path, *vendor, *edits;
        ConfigError code;
    } rows[] = {
        {SECTION, "{\"a\":1}", "set /a/b 1", CONFIG_ERROR_INVALID_DATA},
        {SECTION, "{\"l\":[1]}", "set /l/0 1", CONFIG_ERROR_INVALID_DATA},
        {SECTION, "{\"a\":null}", "set /a/b 1", CONFIG_ERROR_INVALID_DATA},
        {SECTION, "[1]", "set /a 1", CONFIG_ERROR_INVALID_DATA},
        {SECTION, "{\"a\":1}", "unset /b", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, "{\"a\":1}", "unset /a\nunset /b", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, "{}", "set /a 1\nunset /a\nunset /a", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, "{\"a\":1}", "delete\nset /a 1", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, "{\"a\":1}", "delete\nreset /a", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, "{\"a\":1}", "delete\ndelete", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, NULL, "put {\"a\":1}\nreset /a", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, NULL, "put {\"a\":1}\nreset", CONFIG_ERROR_NO_SUCH_FIELD},
        {SECTION, NULL, "delete", CONFIG_ERROR_NO_SUCH_FIELD},
        {DEVICE, BED, "set /bindings/0 {}", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings/20000:1 {}", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings/1FEDA:26/n 1", CONFIG_ERROR_NO_SUCH_FIELD},
        {DEVICE, BED, "unset /bindings/1FEDA:26", CONFIG_ERROR_NO_SUCH_FIELD},
        {DEVICE, BED, "unset /bindings/1FEDA:25/n", CONFIG_ERROR_NO_SUCH_FIELD},
        {DEVICE, BED, "set /bindings/1FEDA:25/dgn \"1FEDB\"", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings/1FEDA:25/instance 1", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings/1FEDA:25 1", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings {}", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings [{\"dgn\":\"1FEDA\"}]", CONFIG_ERROR_INVALID_DATA},
        /* A binding that says to be another than its name. */
        {DEVICE, BED, "set /bindings/1FEDA:25 {\"dgn\":\"1FEDB\",\"r\":1}", CONFIG_ERROR_INVALID_DATA},
        {DEVICE, BED, "set /bindings/1FEDA:25 {\"instance\":26}", CONFIG_ERROR_INVALID_DATA},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) vendor = rows[i].vendor ? parse(rows[i].vendor) : NULL;

        g_test_message("%s", rows[i].edits);
        g_assert_null(edit(rows[i].path, vendor, rows[i].edits, &error));
        g_assert_error(error, CONFIG_ERROR, (int) rows[i].code);
    }
}

/* The address may stand with a binding's fields as the public shape has it. */
static void test_binding_with_address(void)
{
    static const Example rows[] = {
        {DEVICE, BED, "set /bindings/1FEDA:25 {\"dgn\":\"1feda\",\"instance\":\"0x19\",\"r\":\"t\"}",
         "{\"/bindings/1FEDA:25\":{\"set\":{\"r\":\"t\"},\"vendor\":{\"r\":\"s\"}}}",
         "{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"r\":\"t\"},"
         "{\"dgn\":\"1FEDB\",\"instance\":25,\"r\":\"c\",\"n\":2}]}"},
    };

    assert_examples(rows, G_N_ELEMENTS(rows));
}

/* A new vendor revision may have something else where the owner set a field. */
static void test_apply_wins(void)
{
    static const char *const rows[][4] = {
        /* path, edits on {"a":{"b":1}}, the new vendor's, the result */
        {SECTION, "set /a/b 2", "{\"a\":5}", "{\"a\":{\"b\":2}}"},
        {SECTION, "set /a/b 2", "{\"a\":[1]}", "{\"a\":{\"b\":2}}"},
        {SECTION, "set /a/b 2", "{}", "{\"a\":{\"b\":2}}"},
        {SECTION, "unset /a/b", "{\"a\":5}", "{\"a\":5}"},
        {SECTION, "unset /a/b", "{\"a\":{\"b\":3,\"c\":4}}", "{\"a\":{\"c\":4}}"},
        {SECTION, "delete", "{\"a\":5}", "null"},
        {DEVICE, "set /bindings/1FEDA:1 {\"n\":1}\nset /bindings/1FEDA:1/m 2", "{\"a\":1}",
         "{\"a\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1,\"n\":1,\"m\":2}]}"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Value) vendor = parse("{\"a\":{\"b\":1}}"), next = parse(rows[i][2]), effective = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = edit(rows[i][0], vendor, rows[i][1], &error);

        g_test_message("%s", rows[i][1]);
        g_assert_no_error(error);
        effective = override_apply(rows[i][0], next, list);
        if (g_str_equal(rows[i][3], "null"))
            g_assert_null(effective);
        else
            assert_json(effective, rows[i][3]);
    }
}

static void test_binding_that_is_no_more(void)
{
    g_autoptr(Value) vendor = parse(BED), effective = NULL;
    g_autoptr(Value) next =
        parse("{\"entity_id\":\"x\",\"n\":1,\"bindings\":[{\"dgn\":\"1FEDB\",\"instance\":25}]}");
    g_autoptr(GPtrArray) list = edit(DEVICE, vendor, "set /bindings/1FEDA:25/r \"t\"", NULL);

    effective = override_apply(DEVICE, next, list);
    assert_equal(effective, next);
}

static void test_normalize(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"/a~1b", "/a~1b"},
        {"/bindings/0x1feda:0x19", "/bindings/1FEDA:25"},
        {"/bindings/1feda:default/a", "/bindings/1FEDA:default/a"},
        {"/bindings/x/1feda:1", "/bindings/x/1feda:1"},
        {"/a/bindings/1feda:1", "/a/bindings/1feda:1"},
    };
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *field = override_field_normalize(rows[i][0], NULL);
        g_assert_cmpstr(field, ==, rows[i][1]);
    }
    g_assert_null(override_field_normalize("a", &error));
    g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_ARGS);
}

static void test_op_names(void)
{
    OverrideOp op = OVERRIDE_SET;

    g_assert_true(override_op_from_string(override_op_to_string(OVERRIDE_UNSET), &op));
    g_assert_cmpint(op, ==, OVERRIDE_UNSET);
    g_assert_true(override_op_from_string("set", &op));
    g_assert_cmpint(op, ==, OVERRIDE_SET);
    g_assert_false(override_op_from_string("put", &op));
}

/* A key that is longer than a field pointer may be. */
static void test_long_keys(void)
{
    g_autofree char *key = g_strnfill(1500, 'k');
    g_autoptr(Value) vendor = parse("{\"a\":{\"b\":1}}"), data = value_ref(vendor), effective = NULL;
    g_autoptr(GPtrArray) none = override_list_new(), list = NULL;
    g_autoptr(GError) error = NULL;

    value_map_take(&data, key, value_new_integer(1));
    list = override_record_component(SECTION, vendor, none, data, &error);
    g_assert_no_error(error);
    effective = override_apply(SECTION, vendor, list);
    assert_equal(effective, data);
}

/* Properties */

typedef struct Case {
    const char *path;
    Value *vendor;
    GPtrArray *overrides;
} Case;

static void case_clear(Case *c)
{
    g_clear_pointer(&c->vendor, value_unref);
    g_clear_pointer(&c->overrides, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

/* Whether a field is at, inside or around another. */
static bool lies_inside(const char *field, const char *outer)
{
    size_t length = strlen(outer);

    return strncmp(field, outer, length) == 0 && (field[length] == '/' || field[length] == 0);
}

static bool related(const char *a, const char *b)
{
    return lies_inside(a, b) || lies_inside(b, a);
}

/* The part of a field after "/bindings/KEY", or NULL. */
static const char *within_binding(const char *path, const char *field)
{
    const char *prefix = "/" DEVICE_BINDINGS "/", *rest;

    if (!path_is_device(path) || !g_str_has_prefix(field, prefix))
        return NULL;
    rest = strchr(field + strlen(prefix), '/');
    return rest ? rest : "";
}

static void check_antichain(GPtrArray *overrides)
{
    for (guint i = 0; i < overrides->len; i++)
        for (guint j = 0; j < overrides->len; j++) {
            const Override *a = g_ptr_array_index(overrides, i), *b = g_ptr_array_index(overrides, j);
            check(i == j || !lies_inside(a->field, b->field));
        }
}

static void check_fields_are_normal(GPtrArray *overrides)
{
    for (guint i = 0; i < overrides->len; i++) {
        const Override *override = g_ptr_array_index(overrides, i);
        g_autofree char *field = override_field_normalize(override->field, NULL);

        check(g_strcmp0(field, override->field) == 0);
        check((override->op == OVERRIDE_SET) == (override->value != NULL));
    }
}

/* Each override remembers what the vendor had. */
static void check_vendor_values(const Case *c)
{
    for (guint i = 0; i < c->overrides->len; i++) {
        const Override *override = g_ptr_array_index(c->overrides, i);
        g_autoptr(Value) at_vendor = override->field[0] || !c->vendor
                                         ? component_get_field(c->path, c->vendor, override->field)
                                         : value_ref(c->vendor);
        assert_equal(override->vendor, at_vendor);
    }
}

/* The result does not depend on the order of the overrides, that of the bindings included. */
static void check_order_does_not_matter(const Case *c)
{
    g_autoptr(Value) effective = override_apply(c->path, c->vendor, c->overrides), again = NULL;
    g_autoptr(GPtrArray) other = override_list_new();
    g_autofree char *text = json_format(effective), *text_again = NULL;

    for (guint i = 0; i < c->overrides->len; i++)
        g_ptr_array_insert(other, (gint) below(other->len + 1),
                           override_copy(g_ptr_array_index(c->overrides, i)));
    again = override_apply(c->path, c->vendor, other);
    assert_equal(again, effective);
    text_again = json_format(again);
    check(g_str_equal(text, text_again));
}

static bool has_override_at_binding(const Case *c, const char *key, const char *field)
{
    g_autofree char *binding = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);
    g_autofree char *there = g_strconcat(binding, field, NULL);

    for (guint i = 0; i < c->overrides->len; i++) {
        const Override *override = g_ptr_array_index(c->overrides, i);
        if (lies_inside(override->field, binding) && related(override->field, there))
            return true;
    }
    return false;
}

/* A device-level override holds for every binding, one at a binding wins there. */
static void check_bindings_see_overrides(const Case *c)
{
    g_autoptr(Value) effective = override_apply(c->path, c->vendor, c->overrides);
    g_autoptr(Value) keyed = path_is_device(c->path) ? meaning(c->path, effective) : NULL;

    for (guint i = 0; keyed && i < c->overrides->len; i++) {
        const Override *override = g_ptr_array_index(c->overrides, i);
        const char *rest = within_binding(c->path, override->field);
        g_auto(GStrv) tokens = pointer_split(rest ? rest : override->field, NULL);

        if (!override->field[0])
            continue;
        VALUE_FOREACH_ENTRY (key, own, value_map_get(keyed, DEVICE_BINDINGS)) {
            g_autoptr(Value) flat = device_flatten(keyed, key);
            g_autofree char *binding = g_strdup_printf("/" DEVICE_BINDINGS "/%s", key);

            if (rest && lies_inside(override->field, binding))
                assert_equal(value_get(own, (const char *const *) tokens), override->value);
            else if (!rest && !has_override_at_binding(c, key, override->field))
                assert_equal(value_get(flat, (const char *const *) tokens), override->value);
        }
    }
}

static void check_laws(const Case *c)
{
    g_autoptr(Value) said = describe(c->overrides);

    story("overrides", said);
    check_antichain(c->overrides);
    check_fields_are_normal(c->overrides);
    check_vendor_values(c);
    check_order_does_not_matter(c);
    check_bindings_see_overrides(c);
}

/* Whether a value is maps of one member each, down to the field. */
static bool is_way(Value *value, const char *outer, const char *field)
{
    g_auto(GStrv) tokens = pointer_split(field + strlen(outer), NULL);

    for (char **token = tokens; *token; token++) {
        if (!value_is_map(value) || value_length(value) != 1)
            return false;
        value = value_map_get(value, *token);
    }
    return value != NULL;
}

/* An edit of a field changes that field, and at each binding what stands for it there; nothing else. Around
 * it only what it needs changes: maps made for it, or gone with it, or what stood in their place. */
static void check_frame(const char *path, Value *before, Value *after, const char *field)
{
    g_autoptr(GPtrArray) diffs = component_diff(path, before, after);

    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        const char *rest = within_binding(path, diff->field);
        bool at_binding = rest && rest[0] && !within_binding(path, field);
        const char *at = at_binding ? rest : diff->field;

        if (lies_inside(diff->field, field) || lies_inside(at, field))
            continue;
        story_text("changed: %s", diff->field);
        check(lies_inside(field, at));
        check(is_way(diff->before, at, field) || is_way(diff->after, at, field) ||
              (at_binding && !(diff->before && diff->after)));
    }
}

/* The value that a field reads back as. */
static Value *as_read(const char *path, const char *field, Value *value)
{
    Value *read = value ? value_ref(value) : NULL;

    if (!path_is_device(path))
        return read;
    if (g_str_equal(field, "/" DEVICE_BINDINGS)) {
        g_autoptr(Value) device = value_new_map(), keyed = NULL;

        if (value)
            value_map_set(&device, DEVICE_BINDINGS, value);
        g_clear_pointer(&read, value_unref);
        keyed = meaning(path, device);
        return value_ref(value_map_get(keyed, DEVICE_BINDINGS));
    }
    return read;
}

static Value *random_field_value(const char *path, const char *field)
{
    const char *rest = within_binding(path, field);

    if (path_is_device(path) && g_str_equal(field, "/" DEVICE_BINDINGS)) {
        g_autoptr(Value) device = random_device("x");
        return value_ref(value_map_get(device, DEVICE_BINDINGS));
    }
    if (rest && !rest[0] && !one_in(10))
        return random_map(2);
    return random_value(2);
}

/* One edit of a field on a case that fits the laws; returns the case after it, or false when it is refused.
 */
static bool record(Case *c)
{
    g_autoptr(Value) before = override_apply(c->path, c->vendor, c->overrides), old = describe(c->overrides);
    g_autofree char *field = random_field(c->path, one_in(3) && c->vendor ? c->vendor : before);
    bool set = !one_in(3);
    g_autoptr(Value) value = set ? random_field_value(c->path, field) : NULL, read = NULL, expected = NULL,
                     now = NULL;
    g_autofree char *vendor_text = json_format(c->vendor), *value_text = json_format(value),
                    *list_text = json_format(old);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = NULL;

    story_text("%s %s %s", set ? "set" : "unset", field, value_text);
    list = override_record(c->path, c->vendor, c->overrides, field, value, &error);

    /* The inputs stay as they were. */
    g_autoptr(Value) still = describe(c->overrides);
    g_autofree char *vendor_again = json_format(c->vendor), *value_again = json_format(value),
                    *list_again = json_format(still);
    check(g_str_equal(vendor_text, vendor_again) && g_str_equal(value_text, value_again) &&
          g_str_equal(list_text, list_again));

    if (!list) {
        check(error && (g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA) ||
                        g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD)));
        return false;
    }
    check_no_error(error);

    Case after = {.path = c->path, .vendor = c->vendor, .overrides = list};
    check_laws(&after);
    now = override_apply(c->path, c->vendor, list);
    story("effective", now);
    read = component_get_field(c->path, now, field);
    expected = as_read(c->path, field, value);
    if (read || value_length(expected) > 0 || !g_str_equal(field, "/" DEVICE_BINDINGS))
        assert_equal(read, expected);
    check_frame(c->path, before, now, field);

    /* Once more changes nothing. */
    g_autoptr(GPtrArray) twice = override_record(c->path, c->vendor, list, field, value, &error);
    check(twice ? lists_equal(twice, list)
                : !set && g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD));

    g_ptr_array_unref(c->overrides);
    c->overrides = g_steal_pointer(&list);
    return true;
}

static void reset(Case *c)
{
    g_autoptr(Value) before = override_apply(c->path, c->vendor, c->overrides), now = NULL;
    g_autofree char *field =
        one_in(3) && c->overrides->len > 0
            ? g_strdup(((const Override *) g_ptr_array_index(c->overrides, below(c->overrides->len)))->field)
            : random_field(c->path, before);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = override_reset(c->path, c->vendor, c->overrides, field, &error),
                         twice = NULL;

    story_text("reset %s", field);
    if (!list) {
        check(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD));
        return;
    }
    Case after = {.path = c->path, .vendor = c->vendor, .overrides = list};
    check_laws(&after);
    for (guint i = 0; i < list->len; i++)
        check(!lies_inside(((const Override *) g_ptr_array_index(list, i))->field, field));
    now = override_apply(c->path, c->vendor, list);
    story("effective", now);
    if (field[0] && before && now)
        check_frame(c->path, before, now, field);
    /* Again it changes nothing, or the field was the owner's alone and is nowhere any more. */
    twice = override_reset(c->path, c->vendor, list, field, &error);
    check(twice ? lists_equal(twice, list)
                : g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NO_SUCH_FIELD));

    g_ptr_array_unref(c->overrides);
    c->overrides = g_steal_pointer(&list);
}

static unsigned n_puts, n_whole;

static void put(Case *c)
{
    g_autoptr(Value) before = override_apply(c->path, c->vendor, c->overrides);
    g_autoptr(Value) data = neighbour(c->path, before ? before : c->vendor), now = NULL, wanted = NULL,
                     got = NULL;
    g_autofree char *data_text = json_format(data), *data_again = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = NULL, twice = NULL;

    story("put", data);
    list = override_record_component(c->path, c->vendor, c->overrides, data, &error);
    check_no_error(error);
    data_again = json_format(data);
    check(g_str_equal(data_text, data_again));

    Case after = {.path = c->path, .vendor = c->vendor, .overrides = list};
    check_laws(&after);
    now = override_apply(c->path, c->vendor, list);
    wanted = meaning(c->path, data);
    got = meaning(c->path, now);
    assert_equal(got, wanted);

    twice = override_record_component(c->path, c->vendor, list, data, &error);
    check_no_error(error);
    check(lists_equal(twice, list));

    n_puts++;
    if (value_is_map(c->vendor) && value_is_map(data) && !override_list_find(c->overrides, "") &&
        override_list_find(list, ""))
        n_whole++;

    g_ptr_array_unref(c->overrides);
    c->overrides = g_steal_pointer(&list);
}

static void delete (Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) before = override_apply(c->path, c->vendor, c->overrides), now = NULL;
    g_autoptr(GPtrArray) list = override_record(c->path, c->vendor, c->overrides, "", NULL, &error);

    story_text("delete");
    check((list != NULL) == (before != NULL));
    if (!list)
        return;
    now = override_apply(c->path, c->vendor, list);
    check(!now);
    check(list->len == (c->vendor ? 1 : 0));
    g_ptr_array_unref(c->overrides);
    c->overrides = g_steal_pointer(&list);
}

static void case_new(Case *c)
{
    c->path = one_in(3) ? SECTION : DEVICE;
    c->vendor = one_in(10) ? NULL : random_component(c->path);
    c->overrides = override_list_new();
    story("vendor", c->vendor);
}

static void edit_sequence(void)
{
    g_auto(Case) c = {0};

    case_new(&c);
    for (unsigned i = 1 + below(8); i > 0; i--)
        switch (below(10)) {
        case 0:
            put(&c);
            break;
        case 1:
        case 2:
            reset(&c);
            break;
        case 3:
            if (one_in(4))
                delete (&c);
            break;
        default:
            record(&c);
        }

    /* Law: a reset of everything gives the vendor's back. */
    g_autoptr(GPtrArray) none = override_reset(c.path, c.vendor, c.overrides, "", NULL);
    check((none != NULL) == (c.vendor != NULL));
    check(!none || none->len == 0);
}

static void test_edit_sequence(void)
{
    repeat(6000, edit_sequence);
    g_test_message("%u components put, %u of them had to become the owner's as a whole", n_puts, n_whole);
}

/* Law: recording an edit and resetting it gives the vendor's component back. */
static void reset_undoes_record(void)
{
    g_auto(Case) c = {0};
    g_autoptr(GPtrArray) none = override_list_new(), list = NULL, again = NULL;
    g_autofree char *field = NULL;
    g_autoptr(Value) value = NULL, effective = NULL;

    case_new(&c);
    field = random_field(c.path, c.vendor);
    value = random_field_value(c.path, field);
    if (c.vendor)
        list = override_record(c.path, c.vendor, none, field, value, NULL);
    /* To set no bindings where there are none is no edit. */
    if (!list || (list->len == 0 && g_str_equal(field, "/bindings")))
        return;
    story_text("set %s", field);
    again = override_reset(c.path, c.vendor, list, field, NULL);
    check(again && again->len == 0);
    effective = override_apply(c.path, c.vendor, again);
    assert_equal(effective, c.vendor);
}

static void test_reset_undoes_record(void)
{
    repeat(5000, reset_undoes_record);
}

/* Law: an edit to what is there already is still an intent, and leaves the component as it is. */
static void vendor_value_is_intent(void)
{
    g_auto(Case) c = {0};
    g_autoptr(GPtrArray) none = override_list_new(), list = NULL;
    g_autofree char *field = NULL;
    g_autoptr(Value) value = NULL, effective = NULL;

    case_new(&c);
    field = random_field(c.path, c.vendor);
    value = component_get_field(c.path, c.vendor, field);
    if (!value || g_str_equal(field, "/" DEVICE_BINDINGS))
        return;
    story_text("set %s", field);
    list = override_record(c.path, c.vendor, none, field, value, NULL);
    check(list && list->len == 1 && override_list_find(list, field));
    effective = override_apply(c.path, c.vendor, list);
    check_frame(c.path, c.vendor, effective, field);
    if (!path_is_device(c.path) || within_binding(c.path, field))
        assert_equal(effective, c.vendor);
}

static void test_vendor_value_is_intent(void)
{
    repeat(5000, vendor_value_is_intent);
}

/* Law: the differences of two components, laid on the first, give the second; each is as small as can be. */
static void diff_gives_other(void)
{
    const char *path = one_in(3) ? SECTION : DEVICE;
    g_autoptr(Value) a = random_component(path), b = neighbour(path, a), result = meaning(path, a),
                     wanted = meaning(path, b);
    g_autoptr(GPtrArray) diffs = component_diff(path, a, b), none = component_diff(path, a, a);

    story("a", a);
    story("b", b);
    check(none->len == 0);
    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        g_auto(GStrv) tokens = pointer_split(diff->field, NULL);
        g_autoptr(Value) before = component_get_field(path, a, diff->field),
                         after = component_get_field(path, b, diff->field);

        assert_equal(diff->before, before);
        assert_equal(diff->after, after);
        check(!value_equal(before, after) && !(value_is_map(before) && value_is_map(after)));
        for (guint j = 0; j < i; j++)
            check(!related(diff->field, ((const FieldDiff *) g_ptr_array_index(diffs, j))->field));
        if (diff->after)
            check(value_set(&result, (const char *const *) tokens, diff->after));
        else
            check(value_remove(&result, (const char *const *) tokens));
    }
    assert_equal(result, wanted);
}

static void test_diff_gives_other(void)
{
    repeat(8000, diff_gives_other);
}

static void test_diff_of_absent(void)
{
    g_autoptr(Value) a = parse("{\"a\":1}");
    g_autoptr(GPtrArray) added = component_diff(SECTION, NULL, a),
                         removed = component_diff(SECTION, a, NULL);
    g_autoptr(GPtrArray) none = component_diff(SECTION, NULL, NULL);
    const FieldDiff *diff = g_ptr_array_index(added, 0), *other = g_ptr_array_index(removed, 0);

    g_assert_cmpuint(added->len, ==, 1);
    g_assert_cmpstr(diff->field, ==, "");
    g_assert_null(diff->before);
    assert_equal(diff->after, a);
    g_assert_cmpuint(removed->len, ==, 1);
    g_assert_null(other->after);
    g_assert_cmpuint(none->len, ==, 0);
}

/* Law: putting a component records the fields that the caller changed and no others. */
static void put_records_what_changed(void)
{
    const char *path = one_in(3) ? SECTION : DEVICE;
    g_autoptr(Value) vendor = random_component(path), data = neighbour(path, vendor), said = NULL;
    g_autoptr(GPtrArray) none = override_list_new(), diffs = component_diff(path, vendor, data), list = NULL;

    if (!value_is_map(vendor) || !value_is_map(data))
        return;
    story("vendor", vendor);
    story("put", data);
    list = override_record_component(path, vendor, none, data, NULL);
    check(list);
    said = describe(list);
    story("overrides", said);
    if (override_list_find(list, ""))
        return;
    for (guint i = 0; i < diffs->len; i++) {
        const FieldDiff *diff = g_ptr_array_index(diffs, i);
        const char *rest = within_binding(path, diff->field);
        bool found = false;

        for (guint j = 0; j < list->len && !found; j++) {
            const char *field = ((const Override *) g_ptr_array_index(list, j))->field;
            found = lies_inside(diff->field, field) || (rest && rest[0] && related(rest, field));
        }
        check(found);
    }
    for (guint j = 0; j < list->len; j++) {
        const char *field = ((const Override *) g_ptr_array_index(list, j))->field,
                   *rest = within_binding(path, field);
        bool found = false;

        for (guint i = 0; i < diffs->len && !found; i++) {
            const FieldDiff *diff = g_ptr_array_index(diffs, i);
            /* A binding that keeps its own value beside a device-level one that changed needs an override.
             */
            found = g_str_equal(field, diff->field) || (rest && rest[0] && related(rest, diff->field));
        }
        check(found);
    }
}

static void test_put_records_what_changed(void)
{
    repeat(5000, put_records_what_changed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/override/fields", test_fields);
    g_test_add_func("/override/whole", test_whole);
    g_test_add_func("/override/bindings", test_bindings);
    g_test_add_func("/override/bindings/elsewhere", test_bindings_elsewhere);
    g_test_add_func("/override/bindings/with-address", test_binding_with_address);
    g_test_add_func("/override/bindings/that-is-no-more", test_binding_that_is_no_more);
    g_test_add_func("/override/unset-takes-no-more", test_unset_takes_no_more);
    g_test_add_func("/override/refused", test_refused);
    g_test_add_func("/override/apply-wins", test_apply_wins);
    g_test_add_func("/override/normalize", test_normalize);
    g_test_add_func("/override/op-names", test_op_names);
    g_test_add_func("/override/long-keys", test_long_keys);
    g_test_add_func("/override/diff-of-absent", test_diff_of_absent);
    g_test_add_func("/override/laws/edit-sequence", test_edit_sequence);
    g_test_add_func("/override/laws/reset-undoes-record", test_reset_undoes_record);
    g_test_add_func("/override/laws/vendor-value-is-intent", test_vendor_value_is_intent);
    g_test_add_func("/override/laws/diff-gives-other", test_diff_gives_other);
    g_test_add_func("/override/laws/put-records-what-changed", test_put_records_what_changed);
    return g_test_run();
}
