/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-difference.c: how far two contents of a coach are from each other, and the edits between them; and
 * the laws that the edits lead from one to the other, and that the distance is one. */

#include "coach/difference.h"

#include <string.h>

#include "support.h"

static CoachFile *read_file(const char *text)
{
    g_autoptr(GError) error = NULL;
    CoachFile *file = coach_file_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    return file;
}

static void assert_distance(const char *a, const char *b, size_t different, size_t fields)
{
    g_autoptr(CoachFile) left = read_file(a), right = read_file(b);
    CoachDistance there = coach_distance(left->components, right->components),
                  back = coach_distance(right->components, left->components);

    g_assert_cmpuint(there.different, ==, different);
    g_assert_cmpuint(there.fields, ==, fields);
    g_assert_cmpuint(back.different, ==, different);
    g_assert_cmpuint(back.fields, ==, fields);
}

static void test_distance(void)
{
    static const char lamp[] = "1FEDA: {1: [{entity_id: lamp, name: Lamp, l: [1, 2], m: {a: 1, b: 2}}]}\n";

    /* entity_id, name, l, m/a, m/b, and the binding */
    assert_distance(lamp, lamp, 0, 6);
    assert_distance(lamp, "1FEDA: {1: [{entity_id: lamp, name: Light, l: [1, 3], m: {a: 1, b: 2}}]}\n", 2,
                    6);
    assert_distance(lamp, "1FEDA: {1: [{entity_id: lamp, name: Lamp, l: [1, 2], m: {a: 1}}]}\n", 1, 6);
    assert_distance(lamp, "1FEDA: {1: [{entity_id: lamp, name: Lamp, l: [1, 2], m: 5}]}\n", 2, 6);
    assert_distance(lamp, "1FEDA: {2: [{entity_id: lamp, name: Lamp, l: [1, 2], m: {a: 1, b: 2}}]}\n", 2, 6);
    assert_distance(lamp, "a: {}\n", 7, 7);
    assert_distance("a: {}\n", "a: {}\n", 0, 1);
    assert_distance("{}\n", "{}\n", 0, 0);
}

static void assert_near(size_t different, size_t fields, bool near)
{
    g_assert_true(coach_distance_is_near((CoachDistance){.different = different, .fields = fields}) == near);
}

static void test_near(void)
{
    assert_near(0, 0, true);
    assert_near(0, 10, true);
    assert_near(1, 3, true);
    assert_near(34, 100, false);
    assert_near(5000, 100000, true);
    assert_near(5001, 100000, false);
}

/* No real release may be taken for an edited copy of another; an owner who renames and moves all devices is
 * still near. */
static void test_real_releases(void)
{
    g_autoptr(GPtrArray) files = real_coach_files(), read_files = NULL;

    if (!files)
        return;
    read_files = g_ptr_array_new_with_free_func((GDestroyNotify) coach_file_free);
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *text = NULL;
        g_assert_true(g_file_get_contents(g_ptr_array_index(files, i), &text, NULL, NULL));
        g_ptr_array_add(read_files, read_file(text));
    }
    for (guint i = 0; i < read_files->len; i++) {
        CoachFile *file = g_ptr_array_index(read_files, i);
        g_autoptr(GPtrArray) edited = g_ptr_array_new_with_free_func((GDestroyNotify) component_free);

        for (guint j = 0; j < read_files->len; j++) {
            CoachFile *other = g_ptr_array_index(read_files, j);
            g_assert_true(coach_distance_is_near(coach_distance(file->components, other->components)) ==
                          (i == j));
        }
        for (guint j = 0; j < file->components->len; j++) {
            const Component *component = g_ptr_array_index(file->components, j);
            Component *copy = component_new(component->path, component->data);

            if (g_str_has_prefix(copy->path, "devices/")) {
                value_map_take(&copy->data, "friendly_name", value_new_string("Mine"));
                value_map_take(&copy->data, "suggested_area", value_new_string("Elsewhere"));
            }
            g_ptr_array_add(edited, copy);
        }
        g_assert_true(file->n_devices < 3 ||
                      coach_distance_is_near(coach_distance(file->components, edited)));
    }
}

/* Laws */

static Value *result(const char *path, Value *vendor, GPtrArray *edits)
{
    g_autoptr(GPtrArray) none = override_list_new();

    return override_apply(path, vendor, edits ? edits : none);
}

/* Laid upon the vendor's, the edits give what was wanted, and they say what the vendor has. */
static void leads_there(void)
{
    g_autoptr(GPtrArray) vendor = random_coach(), wanted = next_release(vendor);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) edits = coach_difference(vendor, wanted, &error), none = NULL;
    GHashTableIter iter;
    gpointer path, list;

    check_no_error(error);
    for (guint i = 0; i < vendor->len + wanted->len; i++) {
        const Component *component =
            i < vendor->len ? g_ptr_array_index(vendor, i) : g_ptr_array_index(wanted, i - vendor->len);
        Value *base = find_data(vendor, component->path), *aim = find_data(wanted, component->path);
        g_autoptr(Value) got = result(component->path, base, g_hash_table_lookup(edits, component->path));
        g_autoptr(Value) one = meaning(component->path, got), other = meaning(component->path, aim);

        story("vendor", base);
        story("wanted", aim);
        check(value_equal(one, other));
        check(!value_equal(base, aim) || !g_hash_table_contains(edits, component->path));
    }
    g_hash_table_iter_init(&iter, edits);
    while (g_hash_table_iter_next(&iter, &path, &list))
        for (guint i = 0; i < ((GPtrArray *) list)->len; i++) {
            const Override *edit = g_ptr_array_index((GPtrArray *) list, i);
            Value *base = find_data(vendor, path);
            g_autoptr(Value) at = edit->field[0] ? component_get_field(path, base, edit->field)
                                  : base         ? value_ref(base)
                                                 : NULL;

            check(value_equal(edit->vendor, at));
            check(!edit->author);
        }
    none = coach_difference(vendor, vendor, &error);
    check(g_hash_table_size(none) == 0);
}

static void test_leads_there(void)
{
    repeat(1000, leads_there);
}

static void is_a_distance(void)
{
    g_autoptr(GPtrArray) a = random_coach(), b = next_release(a);
    CoachDistance there = coach_distance(a, b), back = coach_distance(b, a), self = coach_distance(a, a);
    g_autoptr(GHashTable) edits = coach_difference(a, b, NULL);

    check(there.different == back.different && there.fields == back.fields);
    check(there.different <= there.fields);
    check(self.different == 0);
    check((there.different == 0) == (g_hash_table_size(edits) == 0));
}

static void test_is_a_distance(void)
{
    repeat(1000, is_a_distance);
}

/* More fields than can be edited one by one. */
static void test_large_component(void)
{
    g_autoptr(GString) before = g_string_new("1FEDA: {1: [{entity_id: x"), after = g_string_new(before->str);
    g_autoptr(CoachFile) left = NULL, right = NULL;
    g_autoptr(GHashTable) edits = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < 1500; i++) {
        g_string_append_printf(before, ", f%u: 1", i);
        g_string_append_printf(after, ", f%u: 2", i);
    }
    g_string_append(before, "}]}\n");
    g_string_append(after, "}]}\n");
    left = read_file(before->str);
    right = read_file(after->str);
    edits = coach_difference(left->components, right->components, &error);
    g_assert_no_error(error);
    GPtrArray *list = g_hash_table_lookup(edits, "devices/x");
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpstr(((const Override *) g_ptr_array_index(list, 0))->field, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/difference/distance", test_distance);
    g_test_add_func("/difference/near", test_near);
    g_test_add_func("/difference/real-releases", test_real_releases);
    g_test_add_func("/difference/large-component", test_large_component);
    g_test_add_func("/difference/leads-there", test_leads_there);
    g_test_add_func("/difference/is-a-distance", test_is_a_distance);
    return g_test_run();
}
