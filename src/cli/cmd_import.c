/* cmd_import.c - the documents of an export back into a library, with collections and tags. */
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/map.h"
#include "cli/adding.h"
#include "cli/output.h"
#include "cli/term.h"

#define LINE_MAX MB(4)

typedef struct Import {
    CommandLine *line;
    Client *client;
    Str folder;
    Map collections; /* name -> id, as a Str */
    Adding adding;
    int64_t left_out;
} Import;

static bool make_collection(Import *in, Str name, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(in->line->arena, KB(64));
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name);
    put_end(&json);
    if (!client_call(in->client, "POST", "/v1/collections", buf_str(&body), &answer, err))
        return fail_in(err, "the collection " STR_FMT, STR_ARG(name));
    *id_r = str_copy(in->line->arena, json_member_text(answer, "id"));
    return true;
}

static void keep_collection(Import *in, Str name, Str id)
{
    Str *kept = arena_new_one(in->line->arena, Str);
    *kept = id;
    map_add(&in->collections, str_copy(in->line->arena, name), NULL)->pointer = kept;
}

static bool collection_of(Import *in, Str name, Str *id_r, Error *err)
{
    *id_r = S("");
    if (!name.length)
        return true;
    const MapEntry *entry = map_find(&in->collections, name);
    if (!entry) {
        if (!make_collection(in, name, id_r, err))
            return false;
        keep_collection(in, name, *id_r);
        return true;
    }
    *id_r = *(Str *)entry->pointer;
    return true;
}

static bool list_collections(Import *in, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *one;
    in->collections = map_new(in->line->arena);
    if (!client_call(in->client, "GET", "/v1/collections", S(""), &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "items"), i, one) keep_collection(
        in, json_member_text(one, "name"), str_copy(in->line->arena, json_member_text(one, "id")));
    return true;
}

/* "a,b": what the form of an upload takes. */
static Str tags_of(Arena *arena, const json_t *document)
{
    Buf out = buf_new(arena, KB(64));
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(document, "tags"), i, tag)
        buf_addf(&out, "%s%s", i ? "," : "", json_string_value(tag));
    return buf_str(&out);
}

/* What the list says lies in the folder, and has the bytes it says. */
static bool check_original(Import *in, Arena *arena, const json_t *document, Str *path_r,
                           Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    Str original = json_member_text(document, "original");
    *path_r = str(path_join(arena, in->folder, original));
    if (original.at[0] == '/' || str_find(original, S("..")) >= 0)
        return fail(err, ERROR_INVALID, "documents.jsonl names a file outside the folder: " STR_FMT,
                    STR_ARG(original));
    if (!file_map(path_r->at, &map, err))
        return false;
    return str_equal(sha256_hex(arena, map.bytes), json_member_text(document, "sha256")) ||
           fail(err, ERROR_DAMAGED, STR_FMT " has other bytes than when it was exported",
                STR_ARG(original));
}

/* Members of archives come with their parents; what was in the trash stays out. */
static bool import_line(Import *in, Str text, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    AUTO_JSON json_t *document = NULL;
    Str path;
    if (!json_parse(text, LINE_MAX, &document, err))
        return fail_in(err, "documents.jsonl");
    if (!json_member_text(document, "original").length ||
        json_member_text(document, "parent").length ||
        json_member_text(document, "deleted_at").length) {
        in->left_out++;
        return true;
    }
    if (!check_original(in, arena, document, &path, err) ||
        !collection_of(in, json_member_text(document, "collection"), &in->adding.collection, err))
        return false;
    in->adding.tags = tags_of(arena, document);
    return adding_file(in->client, in->line, path, json_member_text(document, "name"), &in->adding,
                       err);
}

static bool import_all(Import *in, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    Str line;
    if (!file_map(path_join(in->line->arena, in->folder, S("documents.jsonl")), &map, err))
        return fail_in(err, "no export lies in " STR_FMT, STR_ARG(in->folder));
    in->adding.documents = json_array();
    for (Str rest = map.bytes; str_next(&rest, '\n', &line);)
        if (line.length && !import_line(in, line, err))
            return false;
    return adding_wait(in->client, in->line, &in->adding, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Import in = { .line = line, .folder = line->words[0] };
    if (!client_open(line, &client, err))
        return false;
    in.client = client;
    bool good = list_collections(&in, err) && import_all(&in, err);
    AUTO_JSON json_t *documents = in.adding.documents;
    if (!good)
        return false;
    if (!output_json(line, documents) && !line->quiet)
        fprintf(stderr,
                "%" PRId64 " added, %" PRId64 " there already, %" PRId64 " failed, %" PRId64
                " left out (inside others, in the trash, without an original)\n",
                in.adding.added - in.adding.duplicates, in.adding.duplicates, in.adding.failed,
                in.left_out);
    return !in.adding.failed ||
           fail(err, ERROR_UNSUPPORTED, "%" PRId64 " files could not be read", in.adding.failed);
}

const Command command_import = {
    .name = "import",
    .arguments = "FOLDER",
    .summary = "Add the documents of an export, with their collections and tags",
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
