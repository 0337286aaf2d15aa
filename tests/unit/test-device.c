/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-device.c: the three shapes of a device. */

#include "coach/device.h"

#include "coach/dgn.h"
#include "support.h"

static Value *from_entries(const char *a, const char *b, const char *c, GError **error)
{
    g_autoptr(Value) first = parse(a), second = b ? parse(b) : NULL, third = c ? parse(c) : NULL;
    DeviceEntry entries[] = {
        {0x1FEDA, 25, first}, {0x1FEDB, 25, second}, {0x1FEDB, INSTANCE_DEFAULT, third}};

    return device_from_entries(entries, c ? 3 : b ? 2 : 1, error);
}

static void assert_divided(const char *a, const char *b, const char *c, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) device = from_entries(a, b, c, &error);

    g_assert_no_error(error);
    assert_json(device, expected);
}

static void test_from_entries(void)
{
    assert_divided("{\"entity_id\":\"x\",\"a\":1}", NULL, NULL,
                   "{\"entity_id\":\"x\",\"a\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25}]}");
    assert_divided("{\"a\":1,\"b\":null}", "{\"b\":null,\"c\":2}", NULL,
                   "{\"b\":null,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"a\":1},"
                   "{\"dgn\":\"1FEDB\",\"instance\":25,\"c\":2}]}");
    /* 1 and 1.0 are two values; a list is one value. */
    assert_divided("{\"a\":1,\"l\":[1,2]}", "{\"a\":1.0,\"l\":[2,1]}", NULL,
                   "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"a\":1,\"l\":[1,2]},"
                   "{\"dgn\":\"1FEDB\",\"instance\":25,\"a\":1.0,\"l\":[2,1]}]}");
}

static void test_from_entries_maps(void)
{
    assert_divided(
        "{\"m\":{\"x\":1,\"y\":1}}", "{\"m\":{\"x\":1,\"y\":2}}", "{\"m\":{\"x\":1}}",
        "{\"m\":{\"x\":1},\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"m\":{\"y\":1}},"
        "{\"dgn\":\"1FEDB\",\"instance\":25,\"m\":{\"y\":2}},{\"dgn\":\"1FEDB\",\"instance\":\"default\"}]}");
    /* Not a map everywhere: nothing of it is shared. */
    assert_divided("{\"m\":{\"x\":1}}", "{\"m\":{\"x\":1}}", "{\"m\":1}",
                   "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"m\":{\"x\":1}},"
                   "{\"dgn\":\"1FEDB\",\"instance\":25,\"m\":{\"x\":1}},"
                   "{\"dgn\":\"1FEDB\",\"instance\":\"default\",\"m\":1}]}");
    assert_divided("{\"m\":{}}", "{\"m\":{\"x\":1}}", NULL,
                   "{\"m\":{},\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},"
                   "{\"dgn\":\"1FEDB\",\"instance\":25,\"m\":{\"x\":1}}]}");
}

static void test_reserved(void)
{
    static const char *const rows[][2] = {
        {"{\"bindings\":1}", NULL},
        {"{\"bindings\":[]}", "{\"bindings\":[]}"},
        {"{\"dgn\":1}", "{\"dgn\":2}"},
        {"{\"instance\":1}", "{}"},
        {"{\"dgn\":{\"a\":1}}", "{\"dgn\":{\"a\":2}}"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(from_entries(rows[i][0], rows[i][1], NULL, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE);
    }
    /* What all entries share needs no place at the binding. */
    assert_divided("{\"dgn\":1,\"instance\":[]}", "{\"dgn\":1,\"instance\":[]}", NULL,
                   "{\"dgn\":1,\"instance\":[],\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},"
                   "{\"dgn\":\"1FEDB\",\"instance\":25}]}");
}

static void test_entries_stay(void)
{
    g_autoptr(Value) entry = parse("{\"entity_id\":\"x\"}");
    DeviceEntry entries[] = {{0x1FEDA, 1, entry}};
    g_autoptr(Value) device = device_from_entries(entries, 1, NULL);

    g_assert_nonnull(device);
    assert_json(entry, "{\"entity_id\":\"x\"}");
}

static void test_keyed(void)
{
    g_autoptr(Value) device =
        parse("{\"a\":1,\"bindings\":[{\"dgn\":\"0x1feda\",\"instance\":25,\"b\":2},"
              "{\"dgn\":\"EF00\",\"instance\":\"0x10\"},{\"dgn\":\"1FEDA\",\"instance\":\"default\"}]}");
    g_autoptr(Value) keyed = device_to_keyed(device, NULL), again = device_from_keyed(keyed);

    assert_json(keyed,
                "{\"a\":1,\"bindings\":{\"1FEDA:25\":{\"b\":2},\"0EF00:16\":{},\"1FEDA:default\":{}}}");
    assert_json(again, "{\"a\":1,\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25,\"b\":2},"
                       "{\"dgn\":\"0EF00\",\"instance\":16},{\"dgn\":\"1FEDA\",\"instance\":\"default\"}]}");
}

static void test_keyed_refused(void)
{
    static const char *const rows[] = {
        "{\"bindings\":null}",
        "{\"bindings\":{}}",
        "{\"bindings\":[1]}",
        "{\"bindings\":[{}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\"}]}",
        "{\"bindings\":[{\"instance\":1}]}",
        "{\"bindings\":[{\"dgn\":130778,\"instance\":1}]}",
        "{\"bindings\":[{\"dgn\":\"20000\",\"instance\":1}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":256}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":-1}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":1.0}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":null}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":4294967321}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":\"025\"}]}",
        "{\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":25},{\"dgn\":\"1feda\",\"instance\":\"25\"}]}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Value) device = parse(rows[i]);

        g_test_message("%s", rows[i]);
        g_assert_null(device_to_keyed(device, &error));
        g_assert_error(error, CONFIG_ERROR, CONFIG_ERROR_INVALID_DATA);
    }
}

static void test_keyed_without_bindings(void)
{
    g_autoptr(Value) device = parse("{\"a\":1}"), list = parse("[1]");
    g_autoptr(Value) keyed = device_to_keyed(device, NULL), again = device_from_keyed(device);
    g_autoptr(Value) keyed_list = device_to_keyed(list, NULL);

    assert_equal(keyed, device);
    assert_equal(again, device);
    assert_equal(keyed_list, list);
}

static void test_flatten(void)
{
    g_autoptr(Value) keyed =
        parse("{\"a\":1,\"m\":{\"x\":1,\"y\":{\"z\":1}},\"n\":{\"x\":1},\"bindings\":{"
              "\"1FEDA:1\":{\"a\":2,\"m\":{\"y\":{\"w\":2}},\"n\":null,\"new\":{}},\"1FEDA:2\":{}}}");
    g_autoptr(Value) first = device_flatten(keyed, "1FEDA:1"), second = device_flatten(keyed, "1FEDA:2"),
                     none = device_flatten(keyed, "1FEDA:3");

    assert_json(first, "{\"a\":2,\"m\":{\"x\":1,\"y\":{\"z\":1,\"w\":2}},\"n\":null,\"new\":{}}");
    assert_json(second, "{\"a\":1,\"m\":{\"x\":1,\"y\":{\"z\":1}},\"n\":{\"x\":1}}");
    assert_json(none, "{\"a\":1,\"m\":{\"x\":1,\"y\":{\"z\":1}},\"n\":{\"x\":1}}");
    g_assert_nonnull(value_map_get(keyed, DEVICE_BINDINGS));
}

/* Law: flattening each binding of the divided device gives the entries back. */
static void flatten_gives_entries(void)
{
    g_autoptr(Value) base = random_map(3), device = NULL, keyed = NULL, again = NULL;
    g_autoptr(GError) error = NULL;
    Value *values[5];
    DeviceEntry entries[5];
    unsigned n = 1 + below(5);

    for (unsigned i = 0; i < n; i++) {
        values[i] = one_in(3) ? value_ref(base) : mutated(base);
        entries[i] =
            (DeviceEntry){i % 2 ? 0x1FEDA : 0xEF00, i == 4 ? INSTANCE_DEFAULT : (int) i / 2, values[i]};
        story("entry", values[i]);
    }
    device = device_from_entries(entries, n, &error);
    check_no_error(error);
    story("device", device);
    keyed = device_to_keyed(device, &error);
    check_no_error(error);
    again = device_from_keyed(keyed);
    assert_equal(again, device);
    check(value_length(value_map_get(device, DEVICE_BINDINGS)) == n);

    for (unsigned i = 0; i < n; i++) {
        char key[BINDING_KEY_SIZE];
        g_autoptr(Value) flat = NULL;

        binding_key_format(entries[i].dgn, entries[i].instance, key);
        flat = device_flatten(keyed, key);
        assert_equal(flat, values[i]);
        value_unref(values[i]);
    }
}

static void test_flatten_gives_entries(void)
{
    repeat(5000, flatten_gives_entries);
}

/* Law: what all entries share stands with the device and nowhere else. */
static void shared_stands_once(void)
{
    g_autoptr(Value) a = random_map(2), b = mutated(a), device = NULL;
    DeviceEntry entries[] = {{1, 1, a}, {2, 1, b}};

    device = device_from_entries(entries, 2, NULL);
    story("a", a);
    story("b", b);
    VALUE_FOREACH_ENTRY (key, field, a) {
        Value *other = value_map_get(b, key);

        if (!other || !value_equal(field, other))
            continue;
        assert_equal(value_map_get(device, key), field);
        VALUE_FOREACH_ITEM (binding, value_map_get(device, DEVICE_BINDINGS))
            check(!value_map_get(binding, key));
    }
}

static void test_shared_stands_once(void)
{
    repeat(5000, shared_stands_once);
}

/* Law: keyed and public shape say the same, for what owners write too. */
static void keyed_round_trip(void)
{
    g_autoptr(Value) device = random_device("x");
    g_autoptr(GError) error = NULL;
    g_autoptr(Value) keyed = device_to_keyed(device, &error);

    story("device", device);
    check_no_error(error);
    g_autoptr(Value) again = device_from_keyed(keyed), keyed_again = device_to_keyed(again, &error);
    check_no_error(error);
    assert_equal(again, device);
    assert_equal(keyed_again, keyed);
}

static void test_keyed_round_trip(void)
{
    repeat(5000, keyed_round_trip);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/device/from-entries", test_from_entries);
    g_test_add_func("/device/from-entries/maps", test_from_entries_maps);
    g_test_add_func("/device/from-entries/reserved", test_reserved);
    g_test_add_func("/device/from-entries/entries-stay", test_entries_stay);
    g_test_add_func("/device/from-entries/shared-stands-once", test_shared_stands_once);
    g_test_add_func("/device/keyed", test_keyed);
    g_test_add_func("/device/keyed/refused", test_keyed_refused);
    g_test_add_func("/device/keyed/without-bindings", test_keyed_without_bindings);
    g_test_add_func("/device/keyed/round-trip", test_keyed_round_trip);
    g_test_add_func("/device/flatten", test_flatten);
    g_test_add_func("/device/flatten/gives-entries", test_flatten_gives_entries);
    return g_test_run();
}
