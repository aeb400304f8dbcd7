/* import_versions.c - what documents of an export were before: each version in its order and read
 * before the next comes, so that their numbers, and the citations that name them, are those of the
 * export. */
#include "base/hash.h"
#include "cli/importing.h"
#include "cli/output.h"

typedef struct Earlier {
    Importing *in;
    Arena *arena;
    const json_t *document, *versions; /* of the export */
    Str id;                            /* the document here; empty: none yet */
} Earlier;

static void leave_version(const Earlier *work, const json_t *version, const char *reason)
{
    importing_leave(work->in, "document_versions",
                    str_format(work->arena, "version %" PRId64 " of " STR_FMT ": %s",
                               output_int(version, "version"),
                               STR_ARG(json_member_text(work->document, "name")), reason));
}

/* --- What is here already --- */

static bool find_by_bytes(const Earlier *work, Str sha256, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    const char *path =
        output_path(work->arena, "/v1/documents?parent=none&limit=1", "sha256", sha256);
    if (!client_call(work->in->client, "GET", path, S(""), &answer, err))
        return false;
    *id_r = str_copy(work->arena,
                     json_member_text(json_array_get(json_object_get(answer, "items"), 0), "id"));
    return true;
}

/* Its versions are those of the export up to `last`, by their bytes and the last one's name. */
static bool has_come_until(const Earlier *work, Str id, size_t last, bool *has_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    const char *path = output_id_path(work->arena, "/v1/documents", id, "/versions");
    if (!client_call(work->in->client, "GET", path, S(""), &answer, err))
        return false;
    const json_t *items = json_object_get(answer, "items");
    *has_r = json_array_size(items) == last + 1 &&
             str_equal(json_member_text(json_array_get(items, 0), "name"),
                       json_member_text(json_array_get(work->versions, last), "name"));
    for (size_t i = 0; *has_r && i <= last; i++)
        *has_r = str_equal(json_member_text(json_array_get(items, last - i), "sha256"),
                           json_member_text(json_array_get(work->versions, i), "sha256"));
    return true;
}

/* An import that broke off goes on behind the version it came to: *next_r. */
static bool find_begun(Earlier *work, size_t *next_r, Error *err)
{
    *next_r = 0;
    for (size_t i = json_array_size(work->versions); i-- > 0;) {
        Str id, sha256 = json_member_text(json_array_get(work->versions, i), "sha256");
        bool has = false;
        if (!find_by_bytes(work, sha256, &id, err) ||
            (id.length && !has_come_until(work, id, i, &has, err)))
            return false;
        if (!has)
            continue;
        work->id = id;
        *next_r = i + 1;
        return true;
    }
    return true;
}

/* --- One version --- */

/* NULL: the version cannot come, and that is said. */
static char *path_of(const Earlier *work, const json_t *version)
{
    AUTO_MAP FileMap map = { 0 };
    Str sha256 = json_member_text(version, "sha256");
    Error why = { 0 };
    char *path = NULL;
    if (!json_member_text(version, "original").length)
        leave_version(work, version, "its original is missing");
    else if (map_find(&work->in->trash, sha256))
        leave_version(work, version, "these bytes lie in the trash here");
    else if (!importing_path(work->in, json_member_text(version, "original"), &path, &why) ||
             !file_map(path, &map, &why))
        leave_version(work, version, why.message);
    else if (!str_equal(sha256_hex(work->arena, map.bytes), sha256))
        leave_version(work, version, "it has other bytes than when it was exported");
    else
        return path;
    return NULL;
}

/* The first that comes makes the document, which is restricted at once. */
static bool take_first(Earlier *work, const json_t *version, const json_t *answer, Error *err)
{
    Importing *in = work->in;
    const json_t *made = json_array_get(json_object_get(answer, "documents"), 0);
    Str old_id = json_member_text(work->document, "id");
    if (!made || json_is_true(json_object_get(made, "duplicate"))) {
        leave_version(work, version,
                      made ? "these bytes are another document here" : "it was refused");
        return true;
    }
    work->id = str_copy(in->line->arena, json_member_text(made, "id"));
    importing_know(in, old_id, work->id);
    return import_access(in, "/v1/documents", old_id, work->id, err);
}

static bool take_version(Earlier *work, const json_t *version, Error *err)
{
    AUTO_JSON json_t *answer = NULL, *now = NULL;
    Importing *in = work->in;
    const UploadFields fields = { .name = json_member_text(version, "name"),
                                  .collection = in->adding.collection,
                                  .tags = in->adding.tags,
                                  .document = work->id };
    Error why = { 0 };
    const char *path = path_of(work, version);
    if (!path)
        return true;
    if (!client_upload(in->client, path, &fields, &answer, &why)) {
        if (why.code == ERROR_UPSTREAM) {
            *err = why;
            return false;
        }
        leave_version(work, version, why.message);
        return true;
    }
    if (!work->id.length && !take_first(work, version, answer, err))
        return false;
    if (!work->id.length)
        return true;
    importing_count(in, "document_versions", 1, 0);
    return adding_wait_one(in->client, work->id, NULL, NULL, &now, err);
}

bool import_earlier(Importing *in, const json_t *document, Str *id_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Earlier work = { .in = in,
                     .arena = arena,
                     .document = document,
                     .versions = json_object_get(document, "earlier") };
    Str newest = json_member_text(document, "sha256"), there = S("");
    size_t count = json_array_size(work.versions), next;
    *id_r = S("");
    if (!count || map_find(&in->trash, newest))
        return true;
    if (!find_by_bytes(&work, newest, &there, err))
        return false;
    if (there.length) {
        importing_count(in, "document_versions", 0, (int64_t)count);
        return true;
    }
    if (!find_begun(&work, &next, err))
        return false;
    importing_count(in, "document_versions", 0, (int64_t)next);
    for (size_t i = next; i < count; i++)
        if (!take_version(&work, json_array_get(work.versions, i), err))
            return false;
    *id_r = str_copy(in->line->arena, work.id);
    return true;
}
