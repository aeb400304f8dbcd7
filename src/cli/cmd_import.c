/* cmd_import.c - what an export has back into a workspace: see docs/operations.md, Import. */
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/importing.h"
#include "cli/output.h"
#include "cli/term.h"
#include "export/export_unpack.h"
#include "store/import_store.h"

#define FORMAT_MAX 1

/* --- Collections --- */

static bool make_collection(Importing *in, const json_t *row, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Str name = json_member_text(row, "name");
    Buf body = buf_new(in->line->arena, KB(64));
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name);
    put_text(&json, "description", json_member_text(row, "description"));
    if (output_int(row, "keep_days") > 0)
        put_int(&json, "keep_days", output_int(row, "keep_days"));
    put_end(&json);
    Error why = { 0 };
    *id_r = S("");
    if (!client_call(in->client, "POST", "/v1/collections", buf_str(&body), &answer, &why))
        return importing_refused(in, "collections", &why, err);
    *id_r = str_copy(in->line->arena, json_member_text(answer, "id"));
    importing_count(in, "collections", 1, 0);
    return true;
}

static void know_collection(Importing *in, Str name, Str id)
{
    Str *kept = arena_new_one(in->line->arena, Str);
    *kept = str_copy(in->line->arena, id);
    map_add(&in->collections, str_copy(in->line->arena, name), NULL)->pointer = kept;
}

static bool list_collections(Importing *in, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *one;
    if (!client_call(in->client, "GET", "/v1/collections", S(""), &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "items"), i, one)
        know_collection(in, json_member_text(one, "name"), json_member_text(one, "id"));
    return true;
}

/* Restricted before anything is in it; one that the server refuses is left out. */
static bool take_collection(Importing *in, const json_t *row, Error *err)
{
    Str name = json_member_text(row, "name"), old_id = json_member_text(row, "id"), id;
    const MapEntry *entry = map_find(&in->collections, name);
    if (entry) {
        id = *(Str *)entry->pointer;
        importing_count(in, "collections", 0, 1);
    } else {
        if (!make_collection(in, row, &id, err))
            return false;
        if (!id.length)
            return true;
        know_collection(in, name, id);
    }
    importing_know(in, old_id, id);
    return import_access(in, "/v1/collections", old_id, id, err);
}

/* By name, empty: none. *is_there_r: nothing is to land elsewhere than where it was. */
static bool find_collection(Importing *in, Str name, Str *id_r, bool *is_there_r, Error *err)
{
    *id_r = S("");
    *is_there_r = true;
    if (!name.length)
        return true;
    if (!map_find(&in->collections, name)) {
        AUTO_JSON json_t *row = json_pack("{s:s%}", "name", name.at, name.length);
        if (!take_collection(in, row, err))
            return false;
    }
    const MapEntry *entry = map_find(&in->collections, name);
    *is_there_r = entry != NULL;
    if (entry)
        *id_r = *(Str *)entry->pointer;
    return true;
}

/* --- Documents --- */

/* "a,b": what the form of an upload takes. */
static Str tags_of(Arena *arena, const json_t *document)
{
    Buf out = buf_new(arena, KB(64));
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(document, "tags"), i, tag)
        buf_addf(&out, "%s%s", i ? "," : "", json_is_string(tag) ? json_string_value(tag) : "");
    return buf_str(&out);
}

/* What the list says lies in the folder, and has the bytes it says. */
static bool check_original(Importing *in, Arena *arena, const json_t *document, Str *path_r,
                           Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    Str original = json_member_text(document, "original");
    char *path;
    if (!importing_path(in, original, &path, err) || !file_map(path, &map, err))
        return false;
    *path_r = str(path);
    return str_equal(sha256_hex(arena, map.bytes), json_member_text(document, "sha256")) ||
           fail(err, ERROR_DAMAGED, STR_FMT " has other bytes than when it was exported",
                STR_ARG(original));
}

/* It lies there already. */
static bool is_in_trash(Importing *in, const json_t *document)
{
    const MapEntry *entry = map_find(&in->trash, json_member_text(document, "sha256"));
    if (!entry)
        return false;
    importing_know(in, json_member_text(document, "id"), *(Str *)entry->pointer);
    importing_count(in, "documents", 0, 1);
    return true;
}

static bool is_trashed(const json_t *document)
{
    return json_member_text(document, "deleted_at").length > 0;
}

/* The last that the server said. What it had already stays where it is. */
static bool take_answer(Importing *in, const json_t *document, size_t before, int64_t duplicates,
                        Error *err)
{
    size_t count = json_array_size(in->adding.documents);
    if (count == before)
        return true; /* refused, and said */
    Str old_id = json_member_text(document, "id");
    Str id = json_member_text(json_array_get(in->adding.documents, count - 1), "id");
    bool is_known = importing_id(in, old_id).length > 0; /* with its first version */
    importing_know(in, old_id, id);
    if (is_trashed(document) && in->adding.duplicates == duplicates)
        *vec_push(in->line->arena, &in->trashed) = str_copy(in->line->arena, id);
    *vec_push(in->line->arena, &in->titles) =
        str_copy(in->line->arena, json_member_text(document, "title"));
    return is_known || import_access(in, "/v1/documents", old_id, id, err);
}

/* One that is damaged or missing does not keep the others away. */
static bool take_document(Importing *in, const json_t *document, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str path, name = json_member_text(document, "name");
    bool is_there;
    Error why = { 0 };
    if (json_member_text(document, "parent").length)
        return true;
    if (!json_member_text(document, "original").length) {
        importing_leave(in, "documents", S("its original is missing"));
        return true;
    }
    if (is_trashed(document) && is_in_trash(in, document))
        return true;
    if (!check_original(in, arena, document, &path, &why)) {
        importing_leave(in, "documents", str(why.message));
        in->damaged++;
        return true;
    }
    if (!find_collection(in, json_member_text(document, "collection"), &in->adding.collection,
                         &is_there, err))
        return false;
    if (!is_there) {
        importing_leave(in, "documents", S("its collection could not be made"));
        in->damaged++;
        return true;
    }
    in->adding.tags = tags_of(arena, document);
    size_t before = json_array_size(in->adding.documents);
    int64_t duplicates = in->adding.duplicates;
    return import_earlier(in, document, &in->adding.document, err) &&
           adding_file(in->client, in->line, path, name, &in->adding, err) &&
           take_answer(in, document, before, duplicates, err);
}

/* --- The trash --- */

static void know_trashed(Importing *in, const json_t *answer)
{
    Arena *arena = in->line->arena;
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        Str *id = arena_new_one(arena, Str);
        *id = str_copy(arena, json_member_text(one, "id"));
        map_add(&in->trash, str_copy(arena, json_member_text(one, "sha256")), NULL)->pointer = id;
    }
}

/* An upload of what lies there would bring it back. */
static bool list_trash(Importing *in, Error *err)
{
    Str cursor = S("");
    in->trash = map_new(in->line->arena);
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        AUTO_JSON json_t *answer = NULL;
        const char *path = "/v1/documents?trash=1&parent=none&limit=1000";
        if (cursor.length)
            path = output_path(arena, path, "after", cursor);
        if (!client_call(in->client, "GET", path, S(""), &answer, err))
            return false;
        know_trashed(in, answer);
        cursor = str_copy(in->line->arena, json_member_text(answer, "next"));
    } while (cursor.length);
    return true;
}

/* Last, when nothing is read of them any more. */
static bool fill_trash(Importing *in, Error *err)
{
    for (size_t i = 0; i < in->trashed.count; i++) {
        AUTO_ARENA Arena *arena = arena_new(KB(64));
        AUTO_JSON json_t *answer = NULL;
        Error why = { 0 };
        const char *path = output_id_path(arena, "/v1/documents", in->trashed.at[i], "");
        if (!client_call(in->client, "DELETE", path, S(""), &answer, &why) &&
            !importing_refused(in, "documents", &why, err))
            return false;
    }
    return true;
}

/* Titles are read anew of the originals; one that a person gave is told again. */
static bool give_titles(Importing *in, Error *err)
{
    for (size_t i = 0; i < in->titles.count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        AUTO_JSON json_t *answer = NULL;
        const json_t *document = json_array_get(in->adding.documents, i);
        Str title = in->titles.at[i];
        if (!title.length || str_equal(title, json_member_text(document, "title")))
            continue;
        Buf body = buf_new(arena, KB(64));
        JsonWriter json = put_begin(&body);
        put_text(&json, "title", title);
        put_end(&json);
        Error why = { 0 };
        char *path = output_id_path(arena, "/v1/documents", json_member_text(document, "id"), "");
        if (!client_call(in->client, "PATCH", path, buf_str(&body), &answer, &why) &&
            !importing_refused(in, "documents", &why, err))
            return false;
    }
    return true;
}

/* Members of archives came with their parents, under ids of their own: found by their names. */
static bool take_member(Importing *in, const json_t *document, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str parent = importing_id(in, json_member_text(document, "parent"));
    size_t i;
    const json_t *one;
    if (!parent.length)
        return true;
    if (!str_equal(parent, str(in->parent))) {
        json_auto(&in->members);
        in->members = NULL;
        if (!client_call(in->client, "GET",
                         output_path(arena, "/v1/documents?limit=1000", "parent", parent), S(""),
                         &in->members, err))
            return false;
        snprintf(in->parent, sizeof in->parent, STR_FMT, STR_ARG(parent));
    }
    json_array_foreach(
        json_object_get(in->members, "items"), i,
        one) if (str_equal(json_member_text(one, "name"), json_member_text(document, "name")))
        importing_know(in, json_member_text(document, "id"), json_member_text(one, "id"));
    return true;
}

/* --- All of it --- */

static bool check_manifest(Importing *in, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    AUTO_JSON json_t *manifest = NULL;
    char *path;
    if (!importing_path(in, S("manifest.json"), &path, err) || !file_map(path, &map, err))
        return fail_in(err, "no whole export lies in " STR_FMT, STR_ARG(in->folder));
    if (!json_parse(map.bytes, IMPORT_LINE_MAX, &manifest, err))
        return fail_in(err, "manifest.json");
    int64_t format = output_int(manifest, "format");
    return (format >= 1 && format <= FORMAT_MAX) ||
           fail(err, ERROR_UNSUPPORTED,
                "this export has the format %" PRId64 ", and this program reads formats up to %d; "
                "import it with the program that made it, or a newer one",
                format, FORMAT_MAX);
}

static bool import_all(Importing *in, Error *err)
{
    in->adding.documents = json_array();
    in->collections = map_new(in->line->arena);
    return check_manifest(in, err) && import_people(in, err) && import_groups(in, err) &&
           import_limits(in, err) && import_guards(in, err) && list_collections(in, err) &&
           list_trash(in, err) &&
           importing_each(in, "collections", "tables/collections.jsonl", take_collection, err) &&
           importing_each(in, "documents", "documents.jsonl", take_document, err) &&
           adding_wait(in->client, in->line, &in->adding, err) && give_titles(in, err) &&
           importing_each(in, "documents", "documents.jsonl", take_member, err) &&
           import_tables_of_rows(in, err) && fill_trash(in, err) && import_settings(in, err);
}

static void print_tables(const Importing *in)
{
    size_t i, k;
    const json_t *table, *reason;
    json_array_foreach(in->tables, i, table)
    {
        fprintf(stderr,
                "%-22s %6" PRId64 " added  %6" PRId64 " there already  %6" PRId64 " left out\n",
                output_member(table, "name"), output_int(table, "added"),
                output_int(table, "there"), output_int(table, "left_out"));
        json_array_foreach(json_object_get(table, "reasons"), k, reason)
        {
            fprintf(stderr, "    ");
            output_note((Str){ json_string_value(reason), json_string_length(reason) });
        }
    }
}

static void print_result(Importing *in)
{
    const CommandLine *line = in->line;
    importing_count(in, "documents", in->adding.added - in->adding.duplicates,
                    in->adding.duplicates);
    AUTO_JSON json_t *result =
        json_pack("{s:O, s:O}", "documents", in->adding.documents, "tables", in->tables);
    if (!output_json(line, result) && !line->quiet)
        print_tables(in);
}

static bool import_folder(Importing *in, Str folder, Error *err)
{
    char *real = realpath(str_c(in->line->arena, folder), NULL);
    if (!real)
        return fail_errno(err, STR_FMT, STR_ARG(folder));
    in->folder = str_copy(in->line->arena, str(real));
    free(real);
    if (!client_open(in->line, &in->client, err) || !import_all(in, err))
        return false;
    print_result(in);
    int64_t failed = in->adding.failed + in->damaged;
    return !failed || fail(err, in->damaged ? ERROR_DAMAGED : ERROR_UNSUPPORTED,
                           "%" PRId64 " documents of the export could not be brought back", failed);
}

/* Beside where other temporary files lie; it goes whatever comes of it. */
static bool import_zip(Importing *in, Str file, Error *err)
{
    Arena *arena = in->line->arena;
    const char *place = getenv("TMPDIR");
    char *folder =
        path_join(arena, str(place && place[0] ? place : "/tmp"), S("lectern-import-XXXXXX"));
    Error ignored;
    if (!mkdtemp(folder))
        return fail_errno(err, "making %s", folder);
    bool good =
        export_unpack(str_c(arena, file), folder, err) && import_folder(in, str(folder), err);
    if (!folder_remove(folder, &ignored))
        output_note(str_format(arena, "%s could not be removed: %s", folder, ignored.message));
    return good;
}

static bool run(CommandLine *line, Error *err)
{
    Importing in = { .line = line,
                     .ids = map_new(line->arena),
                     .tables = json_array(),
                     .makes_people = option_is_given(line, "people") };
    Str from = line->words[0];
    bool good =
        str_ends(from, S(".zip")) ? import_zip(&in, from, err) : import_folder(&in, from, err);
    client_close(in.client);
    json_auto(&in.adding.documents);
    json_auto(&in.tables);
    json_auto(&in.people);
    json_auto(&in.guards);
    json_auto(&in.limits);
    json_auto(&in.members);
    return good;
}

static const CommandOption options[] = {
    { "people", NULL, "add the people of the export who do not belong to the workspace" },
    { NULL, NULL, NULL },
};

const Command command_import = {
    .name = "import",
    .arguments = "FOLDER|FILE.zip",
    .summary = "Bring back what an export has: documents, conversations, tasks, cards, sharing",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .begins = "*",
    .run = run,
};
