/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* test-damage.c: the files of the state are damaged in all sorts of ways. The service comes up, says what it
 * found and where the old file is, takes up what can be trusted, invents nothing and erases nothing. */

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coach.h"
#include "service/recover.h"
#include "store/damage.h"
#include "unit/support.h"

#define SHORT_CASES 45
#define LONG_CASES 900
#define PAGE 4096
/* What this test writes itself. */
#define MY_FIELD "after_the_damage"
/* A case that takes longer hangs. */
#define CASE_SECONDS 60

/* What was acknowledged */

/* A state directory as it lay on the disk: closed, or as a power cut leaves it. */
typedef struct Image {
    const char *name;
    char *folder;
    int64_t revision;
} Image;

typedef struct Story {
    char *folder, *seeds, *state;
    Coach *coach;
    GHashTable *known;  /* each component that readers ever got, as a line */
    GPtrArray *changes; /* as text, by number */
    GPtrArray *reads;   /* what readers got, by revision */
    Image images[3];
} Story;

static void learn(GHashTable *known, const char *read)
{
    g_auto(GStrv) lines = g_strsplit(read, "\n", -1);

    for (char **line = lines; *line; line++)
        g_hash_table_add(known, g_strdup(*line));
}

/* A change by all that does not depend on others. */
static char *describe_change(const Change *change)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %s %s %u %s %s %s %u", change->id,
                           change->time, change->kind, change->model, change->actor.user, change->actor.uid,
                           change->actor.process, change->reason, change->detail ? change->detail : "-",
                           change->n_entries);
}

static GPtrArray *list_changes(Coach *coach, GError **error)
{
    GPtrArray *page;
    int64_t next;

    return service_list_changes(coach->service, 0, 1000, NULL, NULL, &page, &next, error) ? page : NULL;
}

static void acknowledge(Story *story)
{
    g_autoptr(GPtrArray) changes = list_changes(story->coach, NULL);
    char *read = coach_read(story->coach, NULL);

    learn(story->known, read);
    g_ptr_array_add(story->reads, read);
    g_ptr_array_add(story->changes, describe_change(g_ptr_array_index(changes, 0)));
    g_assert_cmpuint(changes->len, ==, story->changes->len - 1);
    g_assert_cmpuint(story->reads->len, ==, story->changes->len);
}

#define DO(function, ...)                                                                                   \
    do {                                                                                                    \
        g_autoptr(GError) error = NULL;                                                                     \
        function(story->coach, __VA_ARGS__, &error);                                                        \
        g_assert_no_error(error);                                                                           \
        acknowledge(story);                                                                                 \
    } while (0)

static void edit_some(Story *story, unsigned n, unsigned first)
{
    int64_t revision;

    for (unsigned i = first; i < first + n; i++) {
        g_autofree char *path = g_strdup_printf("devices/light_%u", i % 5);
        g_autofree char *value = g_strdup_printf("\"Light of mine, number %u\"", i);

        DO(coach_edit, path, "/friendly_name", value, &revision);
    }
}

static void back_up(Story *story, bool automatic)
{
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;

    backup_make(story->state, g_get_real_time(), "a test", automatic, &id, &error);
    g_assert_no_error(error);
}

static void take_image(Story *story, unsigned number, const char *name)
{
    Image *image = &story->images[number];

    *image = (Image){.name = name, .revision = story->changes->len - 1};
    image->folder = g_build_filename(story->folder, name, NULL);
    coach_copy_state(story->state, image->folder);
}

static void reopen(Story *story)
{
    coach_close(story->coach);
    story->coach = coach_open(story->state, story->seeds);
    g_assert_true(service_open(story->coach->service, NULL));
}

/* What a bundled file gives. */
static void learn_bundled(Story *story)
{
    g_autofree char *state = g_build_filename(story->folder, "bundled", NULL), *read = NULL;
    g_autoptr(Coach) coach = NULL;
    int64_t revision;

    g_assert_cmpint(g_mkdir(state, 0700), ==, 0);
    coach = coach_open(state, story->seeds);
    g_assert_true(coach_import(coach, &revision, NULL));
    read = coach_read(coach, NULL);
    learn(story->known, read);
}

static void tell(Story *story)
{
    int64_t revision, update;

    DO(coach_import, &revision);
    edit_some(story, 6, 0);
    back_up(story, false);
    DO(coach_edit, "devices/light_6", "/fade_ms", NULL, &revision);
    DO(coach_put, "areas/exterior", "{\"name\":\"Outside\"}", &revision);
    DO(coach_activate, &revision);
    DO(coach_set_interface, "can0", &revision);
    DO(coach_delete, "devices/light_7", &revision);
    coach_release(story->seeds, 2);
    DO(coach_update, &revision); /* makes a backup by itself */
    update = revision;
    edit_some(story, 3, 6);
    back_up(story, true);
    DO(coach_undo, update, &revision);
    DO(coach_edit, "devices/light_2", "/friendly_name", "\"After the undo\"", &revision);
    reopen(story);
    take_image(story, 0, "cut-early");
    DO(coach_update, &revision);
    edit_some(story, 4, 10);
    DO(coach_put, "devices/mine",
       "{\"entity_id\":\"mine\",\"device_type\":\"light\",\"bindings\":[{\"dgn\":\"1FEDA\",\"instance\":99}]}",
       &revision);
    take_image(story, 1, "cut");
    coach_close(story->coach);
    take_image(story, 2, "closed");
}

static void record(Story *story)
{
    story->folder = folder_new_in_memory();
    story->state = g_build_filename(story->folder, "state", NULL);
    g_assert_cmpint(g_mkdir(story->state, 0700), ==, 0);
    story->seeds = coach_seeds_new();
    story->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    story->changes = g_ptr_array_new_with_free_func(g_free);
    story->reads = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(story->changes, g_strdup(""));
    g_ptr_array_add(story->reads, g_strdup(""));
    learn_bundled(story);
    story->coach = coach_open(story->state, story->seeds);
    tell(story);
    {
        g_autofree char *bundled = g_build_filename(story->folder, "bundled", NULL);
        folder_remove(g_steal_pointer(&bundled));
    }
    learn_bundled(story);
}

static void forget(Story *story)
{
    folder_remove(story->folder);
    folder_remove(story->seeds);
    g_free(story->state);
    g_hash_table_unref(story->known);
    g_ptr_array_unref(story->changes);
    g_ptr_array_unref(story->reads);
    for (guint i = 0; i < G_N_ELEMENTS(story->images); i++)
        g_free(story->images[i].folder);
}

/* Doing damage */

typedef struct File {
    char *path;
    guint8 *data;
    gsize length;
} File;

static void file_read(File *file, const char *folder, const char *name)
{
    file->path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_get_contents(file->path, (char **) &file->data, &file->length, NULL));
}

/* Does not wait for the disk. */
static void write_file(const char *path, const void *data, gsize length)
{
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(data, 1, length, file), ==, length);
    g_assert_cmpint(fclose(file), ==, 0);
}

static void file_write(File *file)
{
    write_file(file->path, file->data, file->length);
    g_free(file->path);
    g_free(file->data);
}

static gsize any(GRand *rand, gsize n)
{
    return n > 0 ? (gsize) g_rand_double_range(rand, 0, (double) n) : 0;
}

static void flip(File *file, GRand *rand, unsigned n)
{
    for (unsigned i = 0; file->length > 0 && i < n; i++)
        file->data[any(rand, file->length)] ^= (guint8) (1U << any(rand, 8));
}

/* A letter within a text, where SQLite's own check does not look. */
static void misspell(File *file, GRand *rand)
{
    for (unsigned tries = 0; tries < 100000; tries++) {
        gsize at = any(rand, file->length - 8) + 4;
        unsigned letters = 0;

        for (gsize i = at - 4; i < at + 4; i++)
            letters += g_ascii_isalpha(file->data[i]);
        if (letters == 8) {
            file->data[at] ^= 1;
            return;
        }
    }
}

static guint8 *page_of(File *file, GRand *rand)
{
    return file->data + any(rand, file->length / PAGE) * PAGE;
}

static void overwrite(File *file, GRand *rand, gsize from, gsize length)
{
    for (gsize i = from; i < MIN(from + length, file->length); i++)
        file->data[i] = (guint8) g_rand_int(rand);
}

typedef enum Damage {
    FLIP_ONE,
    FLIP_SOME,
    FLIP_MANY,
    MISSPELL,
    MISSPELL_BACKUP_TOO,
    LOG_FLIPPED,
    LOG_CUT,
    LOG_LOST,
    CUT,
    CUT_AT_PAGE,
    PAGE_ZEROED,
    PAGE_NOISE,
    PAGES_SWAPPED,
    HEADER,
    HEADER_NOISE,
    BACKUPS_TOO,
    BACKUPS_ALL,
    NOISE,
    EMPTY,
    TEXT,
    N_DAMAGES
} Damage;

static const char *const damage_names[N_DAMAGES] = {
    "a bit",           "some bits",       "many bits",     "a letter", "a letter, and backups",
    "bits of the log", "the log cut",     "log lost",      "cut",      "cut at a page",
    "a page zeroed",   "a page of noise", "pages swapped", "header",   "header is noise",
    "backups too",     "all backups",     "noise",         "empty",    "a text"};

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void damage_backups(const char *state, GRand *rand, Damage kind)
{
    g_autofree char *folder = g_build_filename(state, "backups", NULL);
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while ((name = g_dir_read_name(names)))
        if (g_str_has_suffix(name, ".db"))
            g_ptr_array_add(sorted, g_strdup(name));
    g_ptr_array_sort(sorted, compare_names);
    for (guint i = 0; i < sorted->len; i++) {
        File file;

        if (kind != BACKUPS_ALL && g_rand_boolean(rand))
            continue;
        file_read(&file, folder, g_ptr_array_index(sorted, i));
        if (kind == MISSPELL_BACKUP_TOO)
            misspell(&file, rand);
        else if (g_rand_boolean(rand))
            file.length = any(rand, file.length);
        else
            overwrite(&file, rand, any(rand, file.length), 3 * PAGE);
        file_write(&file);
    }
}

static void damage_log(const char *state, GRand *rand, Damage kind)
{
    g_autofree char *path = g_build_filename(state, STORE_DATABASE "-wal", NULL);
    File file;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    if (kind == LOG_LOST) {
        g_assert_cmpint(unlink(path), ==, 0);
        return;
    }
    file_read(&file, state, STORE_DATABASE "-wal");
    if (kind == LOG_CUT)
        file.length = any(rand, file.length);
    else
        flip(&file, rand, 1 + (unsigned) any(rand, 30));
    file_write(&file);
}

static void swap_pages(File *file, GRand *rand)
{
    g_autofree guint8 *kept = g_malloc(PAGE);
    guint8 *a = page_of(file, rand), *b = page_of(file, rand);

    memcpy(kept, a, PAGE);
    memmove(a, b, PAGE);
    memcpy(b, kept, PAGE);
}

static void damage_database(File *file, GRand *rand, Damage kind)
{
    static const char text[] = "This is a letter to the owner of the coach.\n";

    switch (kind) {
    case FLIP_ONE:
        flip(file, rand, 1);
        break;
    case FLIP_SOME:
    case BACKUPS_TOO:
        flip(file, rand, 2 + (unsigned) any(rand, 30));
        break;
    case FLIP_MANY:
        flip(file, rand, 1000);
        break;
    case MISSPELL:
    case MISSPELL_BACKUP_TOO:
        misspell(file, rand);
        break;
    case CUT:
        file->length = any(rand, file->length);
        break;
    case CUT_AT_PAGE:
        file->length = any(rand, file->length / PAGE) * PAGE;
        break;
    case PAGE_ZEROED:
        memset(page_of(file, rand), 0, PAGE);
        break;
    case PAGE_NOISE:
    case BACKUPS_ALL:
        overwrite(file, rand, any(rand, file->length / PAGE) * PAGE, PAGE);
        break;
    case PAGES_SWAPPED:
        swap_pages(file, rand);
        break;
    case HEADER:
        file->data[any(rand, 100)] ^= (guint8) (1 + any(rand, 255));
        break;
    case HEADER_NOISE:
        overwrite(file, rand, 0, 100);
        break;
    case NOISE:
        overwrite(file, rand, 0, file->length);
        break;
    case EMPTY:
        file->length = 0;
        break;
    case TEXT:
        for (gsize i = 0; i < file->length; i++)
            file->data[i] = (guint8) text[i % (sizeof text - 1)];
        break;
    default:
        break;
    }
}

static void damage(const char *state, GRand *rand, Damage kind)
{
    File file;

    file_read(&file, state, STORE_DATABASE);
    damage_database(&file, rand, kind);
    file_write(&file);
    if (kind == LOG_FLIPPED || kind == LOG_CUT || kind == LOG_LOST)
        damage_log(state, rand, kind);
    else if (kind == BACKUPS_TOO || kind == BACKUPS_ALL || kind == MISSPELL_BACKUP_TOO)
        damage_backups(state, rand, kind);
}

/* Afterwards */

typedef struct Counts {
    unsigned cases, intact, full, from_backup, bundled, rebuilt, salvaged, late, newer;
} Counts;

typedef struct Case {
    const Story *story;
    const Image *image;
    Coach *coach;
    char *state, *before; /* the state directory, and a copy of it as damaged */
    bool opened_sound;    /* nothing was noticed when it was opened */
    int64_t revision;     /* that was there before this test wrote */
    unsigned n_writes;
    bool told; /* by a message that has the id of recoveries */
    Counts *counts;
} Case;

static bool read_all(Case *c, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *read = coach_read(c->coach, &local);
    g_auto(GStrv) lines = NULL;
    int64_t revision;

    if (g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_NOT_IMPORTED)) {
        g_clear_error(&local);
        if (!coach_import(c->coach, &revision, error))
            return false;
        read = coach_read(c->coach, &local);
    }
    if (!read) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    lines = g_strsplit(read, "\n", -1);
    for (char **line = lines; *line; line++)
        if (!strstr(*line, MY_FIELD) && !g_hash_table_contains(c->story->known, *line)) {
            g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "nobody ever said \"%s\"", *line);
            return false;
        }
    return true;
}

static bool write_one(Case *c, GError **error)
{
    int64_t revision;

    return coach_edit(c->coach, "coach_info", "/" MY_FIELD, c->n_writes++ % 2 ? "false" : "true", &revision,
                      error);
}

static bool verify(Case *c, GError **error)
{
    g_autofree char *problem = NULL;
    int64_t checked, from;

    if (!service_verify_history(c->coach->service, &checked, &from, &problem, error))
        return false;
    if (problem)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT, "%s", problem);
    return !problem;
}

/* Each change was acknowledged as it is there now; but for those that this test made in the end, and an
 * import by its first read: before damage is found, a coach may look as if it had not been imported. */
static bool check_changes(Case *c, GError **error)
{
    g_autoptr(GPtrArray) changes = list_changes(c->coach, error);

    for (guint i = 0; changes && i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);
        g_autofree char *text = describe_change(change);
        bool import = g_str_equal(change->kind, "import");
        bool mine = i < c->n_writes || (import && (i == c->n_writes || i + 1 == changes->len));

        if (mine || (change->id < (int64_t) c->story->changes->len &&
                     g_str_equal(text, g_ptr_array_index(c->story->changes, change->id))))
            continue;
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_IO, "nobody ever made change %s", text);
        return false;
    }
    return changes != NULL;
}

static bool same_files(const char *a, const char *b)
{
    g_autofree char *left = NULL, *right = NULL;
    gsize left_length, right_length;

    return g_file_get_contents(a, &left, &left_length, NULL) &&
           g_file_get_contents(b, &right, &right_length, NULL) && left_length == right_length &&
           memcmp(left, right, left_length) == 0;
}

static char *find_lost_backup(const Case *c)
{
    g_autofree char *before = g_build_filename(c->before, "backups", NULL);
    g_autofree char *after = g_build_filename(c->state, "backups", NULL);
    g_autoptr(GDir) names = g_dir_open(before, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(names))) {
        g_autofree char *a = g_build_filename(before, name, NULL), *b = g_build_filename(after, name, NULL);

        if (!same_files(a, b))
            return g_strdup_printf("backup %s is gone or changed", name);
    }
    return NULL;
}

static char *find_aside(const Case *c)
{
    g_autoptr(GDir) names = g_dir_open(c->state, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(names)))
        if (g_str_has_prefix(name, "damaged-") && g_str_has_suffix(name, ".db"))
            return g_strdup(name);
    return NULL;
}

/* The file is kept as it was found, with its log, and Health says where. */
static char *find_missing_evidence(const Case *c, const char *health)
{
    g_autofree char *aside = find_aside(c);

    if (!aside)
        return g_str_equal(health, "ok") ? NULL : g_strdup_printf("Health is \"%s\"", health);
    if (!g_utf8_validate(health, -1, NULL) || strchr(health, '\n'))
        return g_strdup("Health is not a line of text");
    if (!c->told)
        return g_strdup("the log has no message with the id");
    if (!strstr(health, aside))
        return g_strdup_printf("Health does not name %s: \"%s\"", aside, health);
    for (guint i = 0; !c->opened_sound && i < 2; i++) {
        const char *suffix = i > 0 ? "-wal" : "";
        g_autofree char *before = g_strconcat(c->before, "/" STORE_DATABASE, suffix, NULL);
        g_autofree char *after = g_strconcat(c->state, "/", aside, suffix, NULL);

        if (g_file_test(before, G_FILE_TEST_EXISTS) && !same_files(before, after))
            return g_strdup_printf("%s%s is not what was found", aside, suffix);
    }
    return NULL;
}

/* A coach whose log is full of frames that nobody wrote back, as after a power cut. */
static void pull_the_plug(Case *c)
{
    g_autofree char *left = g_strconcat(c->state, "-left", NULL);

    coach_copy_state(c->state, left);
    coach_close(c->coach);
    folder_remove(g_steal_pointer(&c->state));
    c->state = g_strdup(c->before);
    c->state[strlen(c->state) - 1]++;
    g_assert_cmpint(rename(left, c->state), ==, 0);
    c->coach = coach_open(c->state, c->story->seeds);
    c->opened_sound = true;
}

static void count(Case *c)
{
    const char *health = service_health(c->coach->service), *later = strstr(health, ", with ");
    unsigned salvaged = later ? (unsigned) g_ascii_strtoull(later + 7, NULL, 10) : 0;
    bool bundled = strstr(health, "no sound backup") != NULL;

    c->counts->salvaged += salvaged;
    if (g_str_equal(health, "ok"))
        c->counts->intact++;
    else if (c->revision == c->image->revision)
        c->counts->full++;
    else if (!bundled)
        c->counts->from_backup++;
    else if (salvaged > 0)
        c->counts->rebuilt++;
    else
        c->counts->bundled++;
}

/* What is there is used. */
static bool use(Case *c, GError **error)
{
    return read_all(c, error) && verify(c, error) && check_changes(c, error) &&
           service_get_revision(c->coach->service, &c->revision, error) && write_one(c, error) &&
           read_all(c, error) && verify(c, error);
}

/* What the daemon does with an error: it says it to the caller, and the next call finds things mended. After
 * a clean stop nothing looks at the history until somebody asks, or the next stop is not clean. */
static bool use_or_mend(Case *c, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (use(c, &local))
        return true;
    if (!c->opened_sound || !g_error_matches(local, CONFIG_ERROR, CONFIG_ERROR_CORRUPT)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    c->counts->late++;
    service_note_failure(c->coach->service, local);
    if (!use(c, NULL))
        pull_the_plug(c);
    return use(c, error);
}

/* It is remembered over the next start until a backup is made. */
static char *find_problem_later(Case *c)
{
    g_autofree char *health = g_strdup(service_health(c->coach->service)), *id = NULL;
    g_autoptr(GError) error = NULL;
    int64_t before, after;

    g_assert_true(service_get_revision(c->coach->service, &before, NULL));
    coach_close(c->coach);
    c->coach = coach_open(c->state, c->story->seeds);
    if (!service_open(c->coach->service, &error) || !read_all(c, &error) || !verify(c, &error) ||
        !service_get_revision(c->coach->service, &after, &error))
        return g_strdup_printf("after the next start: %s", error->message);
    if (before != after)
        return g_strdup("the revision is another after the next start");
    if (!g_str_equal(health, service_health(c->coach->service)))
        return g_strdup_printf("Health is \"%s\" after the next start", service_health(c->coach->service));
    if (!coach_backup(c->coach, &id, &error)) {
        /* Where nobody had to look yet. */
        if (!g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_CORRUPT) || !c->opened_sound)
            return g_strdup_printf("no backup: %s", error->message);
        service_note_failure(c->coach->service, error);
        g_clear_error(&error);
        c->counts->late++;
        /* What is in memory would hide that the model is gone. */
        if (!service_open(c->coach->service, &error) || !use(c, &error) ||
            !coach_backup(c->coach, &id, &error))
            return g_strdup_printf("no backup, and then: %s", error->message);
    }
    service_note_backup(c->coach->service, id, "");
    return g_str_equal(service_health(c->coach->service), "ok") ? NULL : g_strdup("Health is not ok again");
}

static char *find_problem(Case *c)
{
    g_autofree char *path = g_build_filename(c->state, STORE_DATABASE, NULL);
    g_autofree char *before = g_build_filename(c->before, STORE_DATABASE, NULL), *aside = NULL;
    g_autoptr(GError) error = NULL;
    char *problem;

    if (!service_open(c->coach->service, &error)) {
        /* A number in the header may be that of a newer version. Then it is left alone. */
        if (!g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_NOT_SUPPORTED) || !same_files(path, before))
            return g_strdup_printf("it does not come up: %s", error->message);
        c->counts->newer++;
        return NULL;
    }
    aside = find_aside(c);
    c->opened_sound = !aside;
    if (!use_or_mend(c, &error))
        return g_strdup(error->message);
    problem = find_missing_evidence(c, service_health(c->coach->service));
    if (!problem)
        problem = find_lost_backup(c);
    count(c);
    return problem ? problem : find_problem_later(c);
}

/* What is said of each damage is wanted here, and would end the test otherwise. */
static GLogWriterOutput listen_to_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
    Case **now = data;

    for (gsize i = 0; *now && i < n; i++)
        if (g_str_equal(fields[i].key, "MESSAGE_ID") &&
            g_str_equal(fields[i].value, "8f0c6d1f3b5e4a0c9d2a7e64c1b9f3aa"))
            (*now)->told = true;
    return (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0
               ? g_log_writer_default(level, fields, n, NULL)
               : G_LOG_WRITER_HANDLED;
}

static Case *running;

static void run_case(const Story *story, guint32 seed, Counts *counts)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autofree char *folder = folder_new_in_memory();
    Case c = {.story = story, .counts = counts};
    Damage kind = (Damage) any(rand, N_DAMAGES);
    g_autofree char *problem = NULL;

    c.image = &story->images[any(rand, G_N_ELEMENTS(story->images))];
    c.state = g_build_filename(folder, "state", NULL);
    c.before = g_build_filename(folder, "before", NULL);
    coach_copy_state(c.image->folder, c.state);
    damage(c.state, rand, kind);
    coach_copy_state(c.state, c.before);
    counts->cases++;
    g_test_message("seed %u: %s of %s", seed, damage_names[kind], c.image->name);
    alarm(CASE_SECONDS);
    running = &c;
    c.coach = coach_open(c.state, story->seeds);
    problem = find_problem(&c);
    if (problem) {
        g_test_message("FAILED seed %u: %s of %s: %s (Health: %s, left in %s)", seed, damage_names[kind],
                       c.image->name, problem, service_health(c.coach->service), folder);
        g_test_fail();
    }
    coach_close(c.coach);
    alarm(0);
    running = NULL;
    g_free(c.state);
    g_free(c.before);
    if (!problem || !g_getenv("COACHIQ_KEEP"))
        folder_remove(g_steal_pointer(&folder));
}

static void test_damage(void)
{
    const char *one = g_getenv("COACHIQ_TEST_CASE");
    guint32 seed = one ? (guint32) g_ascii_strtoull(one, NULL, 10) : (guint32) g_test_rand_int();
    unsigned n = one ? 1 : g_test_slow() ? LONG_CASES : SHORT_CASES;
    Counts counts = {0};
    Story story = {0};

    record(&story);
    for (unsigned i = 0; i < n; i++)
        run_case(&story, seed + i, &counts);
    g_test_message(
        "%u cases: %u intact, %u recovered in full, %u from a backup, %u made again without one, "
        "%u with bundled data again; %u changes salvaged; %u not found when it was opened, %u left "
        "alone as of a newer version",
        counts.cases, counts.intact, counts.full, counts.from_backup, counts.rebuilt, counts.bundled,
        counts.salvaged, counts.late, counts.newer);
    forget(&story);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
    g_log_set_writer_func(listen_to_log, &running, NULL);
    g_test_add_func("/damage/files", test_damage);
    return g_test_run();
}
