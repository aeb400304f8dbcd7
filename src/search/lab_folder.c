/* lab_folder.c - see lab_folder.h. */
#include "search/lab_folder.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "store/documents_store.h"
#include "store/texts_store.h"
#include "text/chunks.h"
#include "text/language.h"

#define FILE_MAX MB(1536)
#define LINE_MAX MB(4)

typedef struct Reader {
    Arena *arena;
    LabFolder *folder;
    Map queries; /* id -> Str, plain */
    Buf judgements;
} Reader;

typedef bool TakeLine(Reader *reader, Str id, Str title, Str text);

/* --- Files --- */

/* What some programs write before UTF-8 is no part of the first line. */
static bool read_file(Arena *arena, const char *path, Str *text_r, Error *err)
{
    if (!file_read(arena, path, FILE_MAX, text_r, err))
        return false;
    if (str_starts(*text_r, S("\xEF\xBB\xBF")))
        *text_r = str_from(*text_r, 3);
    return true;
}

/* BEIR's name of a member, or else that of Anserini's collections. */
static const char *name_in(const json_t *json, const char *name, const char *other)
{
    return json_object_get(json, name) ? name : other;
}

static bool from_json(Reader *reader, Str line, TakeLine *take, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!json_parse(line, LINE_MAX, &json, err))
        return false;
    const char *id_name = name_in(json, "_id", "id");
    const json_t *id = json_object_get(json, id_name);
    Str name = json_is_integer(id)
                   ? str_format(reader->arena, "%" PRId64, (int64_t)json_integer_value(id))
                   : str_copy(reader->arena, json_member_text(json, id_name));
    return take(reader, name, str_copy(reader->arena, json_member_text(json, "title")),
                str_copy(reader->arena,
                         json_member_text(json, name_in(json, "text", "contents")))) ||
           fail(err, ERROR_INVALID, "there is no _id or id");
}

static Str column(Str *line)
{
    Str piece = STR_NONE;
    (void)str_next(line, '\t', &piece);
    return str_trim(piece);
}

static bool from_tsv(Reader *reader, Str line, bool has_title, TakeLine *take, Error *err)
{
    Str id = column(&line), title = has_title ? column(&line) : STR_NONE, text = column(&line);
    return take(reader, id, title, text) ||
           fail(err, ERROR_INVALID, "there are no columns between tabs");
}

/* `stem`.jsonl, or else `stem`.tsv. */
static bool read_lines(Reader *reader, const char *folder, const char *stem, bool has_title,
                       TakeLine *take, Error *err)
{
    Arena *arena = reader->arena;
    const char *path = str_c(arena, str_format(arena, "%s/%s.jsonl", folder, stem));
    bool is_json = file_exists(path);
    Str rest, line;
    if (!is_json)
        path = str_c(arena, str_format(arena, "%s/%s.tsv", folder, stem));
    if (!read_file(arena, path, &rest, err))
        return false;
    for (size_t number = 1; str_next(&rest, '\n', &line); number++)
        if (str_trim(line).length && !(is_json ? from_json(reader, line, take, err)
                                               : from_tsv(reader, line, has_title, take, err)))
            return fail_in(err, "%s, line %zu", path, number);
    return true;
}

/* --- What they hold --- */

static bool take_document(Reader *reader, Str id, Str title, Str text)
{
    /* Cranfield repeats the title at the beginning of the text. */
    if (title.length && str_starts(text, title))
        text = str_trim(str_from(text, title.length));
    if (id.length)
        *vec_push(reader->arena, &reader->folder->documents) = (LabDocument){ id, title, text };
    return id.length > 0;
}

/* Prose as words: what the query language would read as an operator becomes a space. */
static Str plain_query(Arena *arena, Str text)
{
    char *plain = str_c(arena, text);
    for (char *c = plain; *c; c++) {
        bool begins = c == plain || c[-1] == ' ', ends = !c[1] || c[1] == ' ';
        if (*c == '"' || *c == '\t' || *c == '\r' || (*c == '-' && begins) ||
            (HAS_CHAR(*c, ":<>=~*") && !(begins && ends)) || HAS_CHAR(*c, "()"))
            *c = ' ';
    }
    return str_trim(str(plain));
}

static bool take_query(Reader *reader, Str id, Str title, Str text)
{
    (void)title;
    Str *kept = arena_new_one(reader->arena, Str);
    *kept = plain_query(reader->arena, text);
    if (id.length)
        map_add(&reader->queries, id, NULL)->pointer = kept;
    return id.length > 0;
}

/* Query, document and grade; TREC has a number between the first two that nobody uses, and spaces
 * between all. */
static void judgement_columns(Str line, Str columns[3])
{
    Str pieces[4] = { 0 }, piece;
    size_t count = 0;
    char separator = str_find_char(line, '\t') < 0 ? ' ' : '\t';
    while (count < COUNT(pieces) && str_next(&line, separator, &piece))
        if (separator == '\t' || str_trim(piece).length)
            pieces[count++] = str_trim(piece);
    bool is_trec = count == COUNT(pieces);
    columns[0] = pieces[0];
    columns[1] = pieces[is_trec ? 2 : 1];
    columns[2] = pieces[is_trec ? 3 : 2];
}

static void add_judgement(Reader *reader, Str line)
{
    Str columns[3];
    judgement_columns(line, columns);
    Str query = columns[0], document = columns[1], grade = columns[2];
    MapEntry *known = map_find(&reader->queries, query);
    const Str *text = known ? known->pointer : NULL;
    int64_t value;
    if (text && text->length &&
        str_to_int(grade, -JUDGEMENT_GRADE_MAX, JUDGEMENT_GRADE_MAX, &value))
        buf_addf(&reader->judgements, STR_FMT "\t" STR_FMT "\t%" PRId64 "\n", STR_ARG(*text),
                 STR_ARG(document), value);
}

static bool read_judgements(Reader *reader, const char *folder, Error *err)
{
    static const char *const names[] = { "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv",
                                         "qrels/test.txt", "qrels.tsv",     "qrels.txt" };
    const char *path = NULL;
    Str rest, line;
    for (size_t i = 0; i < COUNT(names) && (!path || !file_exists(path)); i++)
        path = str_c(reader->arena, str_format(reader->arena, "%s/%s", folder, names[i]));
    reader->judgements = buf_new(reader->arena, FILE_MAX);
    if (!file_exists(path))
        return fail(err, ERROR_NOT_FOUND,
                    "%s has no judgements: qrels/test.tsv, dev.tsv or train.tsv, or qrels.tsv; "
                    "or qrels/test.txt or qrels.txt as TREC has them",
                    folder);
    if (!read_file(reader->arena, path, &rest, err))
        return false;
    while (str_next(&rest, '\n', &line))
        add_judgement(reader, line);
    reader->folder->judgements = buf_str(&reader->judgements);
    return reader->folder->judgements.length ||
           fail(err, ERROR_INVALID, "%s judges none of the queries", path);
}

bool lab_folder_read(Arena *arena, const char *path, LabFolder *folder_r, Error *err)
{
    LabFolder folder = { 0 };
    Reader reader = { .arena = arena, .folder = &folder, .queries = map_new(arena) };
    if (!read_lines(&reader, path, "corpus", true, take_document, err) ||
        !read_lines(&reader, path, "queries", false, take_query, err) ||
        !read_judgements(&reader, path, err))
        return false;
    *folder_r = folder;
    return true;
}

/* --- Into a library --- */

typedef struct Adding {
    const Scope *scope;
    Arena *arena; /* of one transaction */
    const LabFolder *folder;
    size_t first, end;
    ChunkSettings chunks;
} Adding;

static size_t make_chunks(const Adding *in, Str text, Chunk **chunks_r)
{
    ChunkBlock block = { .text = text, .kind = CHUNK_PARAGRAPH };
    ChunkRanges ranges = chunks_make(in->arena, text, &block, 1, &in->chunks);
    Chunk *chunks = arena_new_array(in->arena, Chunk, ranges.chunks.count + 1);
    for (size_t i = 0; i < ranges.chunks.count; i++) {
        const ChunkRange *range = &ranges.chunks.at[i];
        chunks[i] = (Chunk){ .ordinal = (int64_t)i,
                             .start = (int64_t)range->start,
                             .length = (int64_t)(range->end - range->start),
                             .text = str_slice(text, range->start, range->end) };
    }
    *chunks_r = chunks;
    return ranges.chunks.count;
}

static bool add_document(DbTx *tx, const Adding *in, const LabDocument *from, Error *err)
{
    Document document = { .name = from->id,
                          .title = from->title,
                          .media_type = S("text/plain"),
                          .format = S("text"),
                          .blob = sha256_hex(in->arena, from->id),
                          .size_bytes = (int64_t)from->text.length,
                          .source = S("lab") };
    NewJob job = { .type = S("embed") };
    Chunk *chunks;
    bool is_new;
    /* A document without a text still has its title. */
    Str text = from->text.length ? from->text : from->title;
    Language language = language_detect(text, LANGUAGE_ENGLISH);
    DocumentFacts facts = { .title = from->title,
                            .language = str(language_about(language)->code),
                            .text_bytes = (int64_t)text.length };
    size_t count = make_chunks(in, text, &chunks);
    if (!document_add(tx, in->scope, in->arena, &document, &document, &is_new, err))
        return false;
    if (!is_new)
        return true; /* an id that comes twice */
    job.subject = document.id;
    return text_save(tx, in->scope, document.id, 1, text, err) &&
           document_set_facts(tx, in->scope, document.id, &facts, err) &&
           chunk_replace(tx, in->scope, in->arena, document.id, 1, chunks, count, err) &&
           document_advance(tx, in->scope, document.id, 1u << DOCUMENT_QUEUED, DOCUMENT_INDEXING,
                            err) &&
           job_add(tx, in->scope, in->arena, &job, NULL, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    const Adding *in = argument;
    for (size_t i = in->first; i < in->end; i++)
        if (!add_document(tx, in, &in->folder->documents.at[i], err))
            return fail_in(err, "the document " STR_FMT, STR_ARG(in->folder->documents.at[i].id));
    return true;
}

bool lab_folder_add(Db *db, const Scope *scope, const LabFolder *folder, size_t first, size_t end,
                    const LabChunks *chunks, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Adding in = { .scope = scope,
                  .arena = arena,
                  .folder = folder,
                  .first = first,
                  .end = MIN(end, folder->documents.count),
                  .chunks = { .chars_max = (size_t)chunks->size,
                              .overlap = (size_t)chunks->overlap } };
    return store_write(db, scope, add_work, &in, err);
}
