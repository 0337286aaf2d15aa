/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which release the file of an old installation follows: the one that says the same, else the nearest of
 * those that are known, if it is near enough to be what the owner edited. */
#include "service/migrate-private.h"

#include "base/error.h"
#include "base/hash.h"

/* Revisions of the database that are looked at, the newest first. */
#define REVISIONS_MAX 8

void legacy_base_clear(LegacyBase *base)
{
    g_clear_pointer(&base->components, g_ptr_array_unref);
    coach_file_free(base->file);
    vendor_revision_free(base->to);
    g_free(base->content_hash);
    g_free(base->version);
    g_free(base->byte_hash);
    g_free(base->origin);
    g_free(base->nearest);
}

/* A release that is known. */
typedef struct Candidate {
    GPtrArray *components; /* NULL: still in the database */
    char *content_hash, *version, *byte_hash;
    CoachFile *file;     /* that brings it; owned or, of a reference, parsed again when it is needed */
    Value *data;         /* of a reference; borrowed */
    int64_t revision_id; /* 0: not in the database */
} Candidate;

static void candidate_free(Candidate *candidate)
{
    g_clear_pointer(&candidate->components, g_ptr_array_unref);
    g_free(candidate->content_hash);
    g_free(candidate->version);
    g_free(candidate->byte_hash);
    coach_file_free(candidate->file);
    g_free(candidate);
}

typedef struct Search {
    Migration *migration;
    const LegacyCoach *coach;
    GPtrArray *candidates; /* of Candidate */
    char *bundled_hash;    /* NULL: none is bundled, or it cannot be read */
    char *bundled_byte_hash;
} Search;

static void search_clear(Search *search)
{
    g_clear_pointer(&search->candidates, g_ptr_array_unref);
    g_free(search->bundled_hash);
    g_free(search->bundled_byte_hash);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

/* What is known */

static Candidate *add_candidate(Search *search, const char *content_hash, const char *version,
                                const char *byte_hash)
{
    Candidate *candidate = g_new0(Candidate, 1);

    candidate->content_hash = g_strdup(content_hash);
    candidate->version = g_strdup(version);
    candidate->byte_hash = g_strdup(byte_hash);
    g_ptr_array_add(search->candidates, candidate);
    return candidate;
}

static bool add_revisions(Search *search, GError **error)
{
    g_autoptr(GPtrArray) revisions = NULL;

    if (!store_list_vendor_revisions(search->migration->service->store, search->coach->id, REVISIONS_MAX,
                                     &revisions, error))
        return false;
    for (guint i = 0; i < revisions->len; i++) {
        const VendorRevision *revision = g_ptr_array_index(revisions, i);

        add_candidate(search, revision->content_hash, revision->version, revision->byte_hash)->revision_id =
            revision->id;
    }
    return true;
}

/* One that cannot be read is no release that anybody could follow. */
static void add_bundled(Search *search)
{
    g_autofree char *byte_hash = NULL;
    CoachFile *file = NULL;
    Candidate *candidate;

    if (!bundle_has_model(search->migration->service->bundle, search->coach->id) ||
        !service_read_bundled(search->migration->service, search->coach->id, NULL, &file, &byte_hash, NULL))
        return;
    candidate = add_candidate(search, file->content_hash, file->version, byte_hash);
    candidate->components = g_ptr_array_ref(file->components);
    candidate->file = file;
    search->bundled_hash = g_strdup(file->content_hash);
    search->bundled_byte_hash = g_steal_pointer(&byte_hash);
}

static void add_references(Search *search)
{
    for (guint i = 0; i < search->coach->references->len; i++) {
        const LegacyFile *reference = g_ptr_array_index(search->coach->references, i);
        Candidate *candidate = add_candidate(search, reference->file->content_hash, reference->file->version,
                                             reference->byte_hash);

        candidate->components = g_ptr_array_ref(reference->file->components);
        candidate->data = reference->data;
    }
}

static bool search_begin(Search *search, Migration *migration, const LegacyCoach *coach, GError **error)
{
    *search = (Search){.migration = migration, .coach = coach};
    search->candidates = g_ptr_array_new_with_free_func((GDestroyNotify) candidate_free);
    if (!add_revisions(search, error))
        return false;
    add_bundled(search);
    add_references(search);
    return true;
}

/* Looking through it */

/* `*ret` is NULL without an error where no release says this. One of the database may be older than those
 * that are looked at. */
static bool find_exact(Search *search, const char *content_hash, Candidate **ret, GError **error)
{
    g_autoptr(VendorRevision) revision = NULL;

    for (guint i = 0; i < search->candidates->len; i++) {
        *ret = g_ptr_array_index(search->candidates, i);
        if (g_str_equal((*ret)->content_hash, content_hash))
            return true;
    }
    *ret = NULL;
    if (!store_find_vendor_revision(search->migration->service->store, search->coach->id, content_hash,
                                    &revision, error))
        return false;
    if (revision) {
        *ret = add_candidate(search, revision->content_hash, revision->version, revision->byte_hash);
        (*ret)->revision_id = revision->id;
    }
    return true;
}

static bool load(const Search *search, Candidate *candidate, GError **error)
{
    return candidate->components ||
           store_list_vendor_components(search->migration->service->store, candidate->revision_id,
                                        &candidate->components, error);
}

/* The file with logical names of interfaces, seen against a release (NULL: none); `*ret` is NULL where it
 * has all of them. `*ret_n` counts what got one. The data have been a coach file before, and stay one. */
static bool name_interfaces(const Search *search, const LegacyFile *file, GPtrArray *known, CoachFile **ret,
                            unsigned *ret_n, GError **error)
{
    g_autoptr(Value) data = value_ref(file->data);

    *ret = NULL;
    *ret_n = legacy_name_interfaces(&data, search->migration->interfaces, known);
    if (*ret_n == 0)
        return true;
    *ret = coach_file_new(data, COACH_FILE_COMPONENTS_MAX, error);
    return *ret != NULL;
}

static bool is_nearer(CoachDistance a, CoachDistance b)
{
    return b.fields == 0 || a.different < b.different;
}

static bool measure(const Search *search, const LegacyFile *file, Candidate *candidate, CoachDistance *ret,
                    GError **error)
{
    g_autoptr(CoachFile) named = NULL;
    unsigned n;

    if (!load(search, candidate, error) ||
        !name_interfaces(search, file, candidate->components, &named, &n, error))
        return false;
    *ret = coach_distance(candidate->components, (named ? named : file->file)->components);
    return true;
}

/* The nearest one; of two that are equally near the first, which is the newer one of the database. */
static bool find_nearest(const Search *search, const LegacyFile *file, Candidate **ret, LegacyBase *base,
                         GError **error)
{
    *ret = NULL;
    for (guint i = 0; i < search->candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(search->candidates, i);
        CoachDistance distance;

        if (!measure(search, file, candidate, &distance, error))
            return false;
        if (!is_nearer(distance, base->distance))
            continue;
        base->distance = distance;
        *ret = candidate;
    }
    if (*ret)
        base->nearest = g_strdup((*ret)->version);
    if (!coach_distance_is_near(base->distance))
        *ret = NULL;
    return true;
}

/* The outcome */

static bool take_origin(const Search *search, LegacyBase *base, GError **error)
{
    bool bundled = g_strcmp0(base->content_hash, search->bundled_hash) == 0;

    if (bundled) {
        g_free(base->byte_hash);
        base->byte_hash = g_strdup(search->bundled_byte_hash);
    }
    base->origin = g_strdup(bundled ? "bundled" : "custom");
    return store_find_vendor_revision(search->migration->service->store, search->coach->id,
                                      base->content_hash, &base->to, error);
}

static bool take_candidate(const Search *search, Candidate *candidate, LegacyBase *base, GError **error)
{
    if (!load(search, candidate, error))
        return false;
    base->components = g_ptr_array_ref(candidate->components);
    base->content_hash = g_strdup(candidate->content_hash);
    base->version = g_strdup(candidate->version);
    base->byte_hash = g_strdup(candidate->byte_hash);
    base->file = g_steal_pointer(&candidate->file);
    if (!base->file && candidate->data)
        base->file = coach_file_new(candidate->data, COACH_FILE_COMPONENTS_MAX, error);
    return (base->file || candidate->revision_id > 0) && take_origin(search, base, error);
}

static bool take_file(const Search *search, CoachFile *file, const char *byte_hash, LegacyBase *base,
                      GError **error)
{
    base->custom = true;
    base->components = g_ptr_array_ref(file->components);
    base->content_hash = g_strdup(file->content_hash);
    base->version = g_strdup(file->version);
    base->byte_hash = g_strdup(byte_hash);
    base->file = file;
    return take_origin(search, base, error);
}

/* The file is a release of its own: `named`, which is taken over, or as it is where that is NULL. */
static bool take_own_file(const Search *search, const LegacyFile *file, CoachFile *named, LegacyBase *base,
                          GError **error)
{
    if (!named)
        named = coach_file_new(file->data, COACH_FILE_COMPONENTS_MAX, error);
    return named && take_file(search, named, file->byte_hash, base, error);
}

static bool find_for_file(Search *search, const LegacyFile *file, LegacyBase *base, GError **error)
{
    Candidate *candidate, *earlier = NULL;
    g_autoptr(CoachFile) named = NULL;

    if (!find_exact(search, file->file->content_hash, &candidate, error))
        return false;
    base->exact = candidate != NULL;
    if (candidate)
        return take_candidate(search, candidate, base, error);
    /* One of an earlier migration, which was of no release. */
    if (!name_interfaces(search, file, NULL, &named, &base->n_named, error) ||
        (named && !find_exact(search, named->content_hash, &earlier, error)))
        return false;
    if (!earlier && !find_nearest(search, file, &candidate, base, error))
        return false;
    return candidate ? take_candidate(search, candidate, base, error)
                     : take_own_file(search, file, g_steal_pointer(&named), base, error);
}

/* The coach has no file here: what the service has of it. */
static bool find_without_file(Search *search, const ImportStatus *status, LegacyBase *base, GError **error)
{
    const char *hash = status ? status->content_hash : search->bundled_hash;
    Candidate *candidate = NULL;

    base->exact = true;
    if (!hash)
        return true;
    if (!find_exact(search, hash, &candidate, error))
        return false;
    return !candidate || take_candidate(search, candidate, base, error);
}

bool legacy_find_base(Migration *migration, const LegacyCoach *coach, const ImportStatus *status,
                      const LegacyFile *file, LegacyBase *ret, GError **error)
{
    g_auto(Search) search = {0};

    if (!search_begin(&search, migration, coach, error))
        return false;
    return file ? find_for_file(&search, file, ret, error) : find_without_file(&search, status, ret, error);
}
