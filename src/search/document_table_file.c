/* document_table_file.c - see document_table_file.h.
 *
 *     head        FileHead, with a checksum of its own
 *     texts       of each column, then tags: how many, and each with its length before it; those
 *                 that no searched document has are empty
 *     documents   each a FileDocument, its ranges, its tags, its name and title; at the end of each
 *                 as many zeros as lead to a multiple of 8
 *     order       the numbers of all documents, in the order of their names */
#include "search/document_table_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "search/document_table_int.h"

#define MAGIC "LDTABLE1"
/* Of what is in the file and how it is compared; goes up with each change. */
#define FORM 1
#define OUT_ROOM MB(1)
#define DOCUMENTS_MAX (1u << 30)

typedef struct FileHead {
    char magic[8];
    uint32_t version, text_columns, number_columns, body_crc;
    char database[64];
    int64_t generation;
    uint64_t length; /* of all behind the head */
    uint32_t documents, head_crc;
} FileHead;

typedef struct FileDocument {
    Key key;
    int64_t numbers[NUMBER_COLUMN_COUNT];
    uint32_t texts[TEXT_COLUMN_COUNT], ranges, name, title;
} FileDocument;

static uint32_t crc_of_head(const FileHead *head)
{
    return crc32c(0, head, offsetof(FileHead, head_crc));
}

static char *temporary_of(Arena *arena, const char *path)
{
    return str_c(arena, str_format(arena, "%s.tmp", path));
}

/* --- Writing --- */

typedef struct Out {
    int fd;
    char *at; /* [OUT_ROOM] */
    size_t used;
    uint64_t length;
    uint32_t crc;
    bool is_good;
    Error *err;
} Out;

static void flush(Out *out)
{
    out->crc = crc32c(out->crc, out->at, out->used);
    out->is_good = out->is_good && fd_write_all(out->fd, (Str){ out->at, out->used }, out->err);
    out->used = 0;
}

static void add(Out *out, const void *bytes, size_t count)
{
    const char *from = bytes;
    out->length += count;
    while (count) {
        size_t some = MIN(count, OUT_ROOM - out->used);
        memcpy(out->at + out->used, from, some);
        out->used += some;
        from += some;
        count -= some;
        if (out->used == OUT_ROOM)
            flush(out);
    }
}

static void add_number(Out *out, size_t number)
{
    uint32_t small = (uint32_t)number;
    add(out, &small, sizeof small);
}

static void align(Out *out)
{
    static const char zeros[8];
    add(out, zeros, (8 - out->length % 8) % 8);
}

static bool is_live(const DocumentTable *table, size_t place)
{
    return table->live[place / 64] >> place % 64 & 1;
}

static void add_texts(Out *out, const Texts *texts, const bool *is_used)
{
    AUTO_FREE Str *list = heap_alloc((texts->count + 1) * sizeof *list);
    for (size_t i = 0; i < texts->numbers.capacity; i++) {
        const MapEntry *entry = &texts->numbers.slots[i];
        if (entry->key.at && is_used[entry->number])
            list[entry->number] = entry->key;
    }
    add_number(out, texts->count);
    for (size_t i = 1; i <= texts->count; i++) {
        add_number(out, list[i].length);
        add(out, list[i].at, list[i].length);
    }
    align(out);
}

static void add_column(Out *out, const DocumentTable *table, TextColumn column)
{
    AUTO_FREE bool *is_used = heap_alloc(table->columns[column].count + 1);
    for (size_t i = 0; i < table->count; i++)
        if (is_live(table, i))
            is_used[table->texts[column][i]] = true;
    add_texts(out, &table->columns[column], is_used);
}

static void add_tags(Out *out, const DocumentTable *table)
{
    AUTO_FREE bool *is_used = heap_alloc(table->tag_texts.count + 1);
    for (size_t i = 0; i < table->count; i++) {
        const uint32_t *list = &table->tag_lists[table->tags[i]];
        for (uint32_t n = 1; n <= list[0] && is_live(table, i); n++)
            is_used[list[n]] = true;
    }
    add_texts(out, &table->tag_texts, is_used);
}

static NumberRangeList ranges_of(const DocumentTable *table, size_t place, NumberRange *one)
{
    const Chunks *chunks = &table->chunks[place];
    if (chunks->is_scattered)
        return (NumberRangeList){ table->scattered.at[chunks->first].ranges,
                                  table->scattered.at[chunks->first].count };
    *one = (NumberRange){ chunks->first, chunks->count };
    return (NumberRangeList){ one, 1 };
}

static void add_document(Out *out, const DocumentTable *table, size_t place)
{
    NumberRange one;
    NumberRangeList ranges = ranges_of(table, place, &one);
    Str name = document_names_at(table->names, place);
    Str title = document_names_title_at(table->names, place);
    const uint32_t *tags = &table->tag_lists[table->tags[place]];
    FileDocument document = { .key = table->keys[place],
                              .ranges = (uint32_t)ranges.count,
                              .name = (uint32_t)name.length,
                              .title = (uint32_t)title.length };
    for (size_t i = 0; i < NUMBER_COLUMN_COUNT; i++)
        document.numbers[i] = table->numbers[i][place];
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        document.texts[i] = table->texts[i][place];
    add(out, &document, sizeof document);
    add(out, ranges.at, ranges.count * sizeof *ranges.at);
    add(out, tags, (tags[0] + 1) * sizeof *tags);
    add(out, name.at, name.length);
    add(out, title.at, title.length);
    align(out);
}

/* Those that are searched have numbers without gaps. Returns how many there are. */
static size_t add_documents(Out *out, const DocumentTable *table)
{
    AUTO_FREE uint32_t *numbers = heap_alloc((table->count + 1) * sizeof *numbers);
    size_t count = 0, ordered;
    for (size_t i = 0; i < table->count; i++)
        if (is_live(table, i)) {
            add_document(out, table, i);
            numbers[i] = (uint32_t)count++;
        }
    const uint32_t *order = document_names_order(table->names, &ordered);
    for (size_t i = 0; i < ordered; i++)
        if (is_live(table, order[i]))
            add_number(out, numbers[order[i]]);
    return count;
}

static bool write_head(int fd, FileHead *head, Error *err)
{
    head->head_crc = crc_of_head(head);
    if (pwrite(fd, head, sizeof *head, 0) != (ssize_t)sizeof *head)
        return fail_errno(err, "writing its head");
    return true;
}

static bool write_all(int fd, const DocumentTable *table, Str database, int64_t generation,
                      Error *err)
{
    AUTO_FREE char *room = heap_alloc(OUT_ROOM);
    Out out = { .fd = fd, .at = room, .is_good = true, .err = err };
    FileHead head = { .version = FORM,
                      .text_columns = TEXT_COLUMN_COUNT,
                      .number_columns = NUMBER_COLUMN_COUNT,
                      .generation = generation };
    memcpy(head.magic, MAGIC, sizeof head.magic);
    snprintf(head.database, sizeof head.database, STR_FMT, STR_ARG(database));
    if (lseek(fd, sizeof head, SEEK_SET) < 0)
        return fail_errno(err, "leaving room for its head");
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        add_column(&out, table, (TextColumn)i);
    add_tags(&out, table);
    head.documents = (uint32_t)add_documents(&out, table);
    flush(&out);
    head.length = out.length;
    head.body_crc = out.crc;
    return out.is_good && write_head(fd, &head, err);
}

bool document_table_file_write(const DocumentTable *table, const char *path, Str database,
                               int64_t generation, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const char *temporary = temporary_of(arena, path);
    AUTO_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "making %s", temporary);
    if (write_all(fd, table, database, generation, err))
        return true;
    unlink(temporary);
    return fail_in(err, "%s", temporary);
}

bool document_table_file_sync(const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const char *temporary = temporary_of(arena, path);
    AUTO_CLOSE int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || fail_errno(err, "syncing %s", temporary);
}

bool document_table_file_place(const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const char *temporary = temporary_of(arena, path);
    return rename(temporary, path) == 0 || fail_errno(err, "renaming %s", temporary);
}

bool document_table_file_remove(const char *path)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    bool had_other = unlink(temporary_of(arena, path)) == 0;
    return unlink(path) == 0 || had_other;
}

/* --- Its head --- */

static bool damaged(Error *err, const char *what)
{
    return fail(err, ERROR_DAMAGED, "%s; the rows of the database are read instead", what);
}

static bool check_head(const FileHead *head, Error *err)
{
    if (memcmp(head->magic, MAGIC, sizeof head->magic) != 0 || head->version != FORM ||
        head->text_columns != TEXT_COLUMN_COUNT || head->number_columns != NUMBER_COLUMN_COUNT)
        return damaged(err, "the file is of another version");
    return head->head_crc == crc_of_head(head) || damaged(err, "its head is not as it was written");
}

bool document_table_file_advance(const char *path, int64_t generation, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    FileHead head;
    if (fd < 0)
        return fail_errno(err, "opening %s", path);
    if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return fail_errno(err, "reading the head of %s", path);
    if (!check_head(&head, err))
        return fail_in(err, "%s", path);
    head.generation = MAX(head.generation, generation);
    if (!write_head(fd, &head, err))
        return fail_in(err, "%s", path);
    return fdatasync(fd) == 0 || fail_errno(err, "syncing %s", path);
}

/* --- Reading --- */

static bool take(Str *rest, void *out, size_t count)
{
    if (rest->length < count)
        return false;
    memcpy(out, rest->at, count);
    *rest = str_from(*rest, count);
    return true;
}

/* As it lies there, from a multiple of 4 on. */
static const void *take_array(Str *rest, size_t size, size_t count)
{
    if (count > rest->length / size)
        return NULL;
    const void *at = rest->at;
    *rest = str_from(*rest, size * count);
    return at;
}

static bool take_zeros(Str *rest, const char *start)
{
    size_t count = (8 - (size_t)(rest->at - start) % 8) % 8;
    return take_array(rest, 1, count) || !count;
}

/* Texts get the numbers that they had; an empty one stands for one that nobody has any more. */
static bool take_texts(Str *rest, const char *start, DocumentTable *table, Texts *texts)
{
    uint32_t count, length;
    if (!take(rest, &count, sizeof count) || count > rest->length / sizeof length)
        return false;
    for (uint32_t i = 1; i <= count; i++) {
        if (!take(rest, &length, sizeof length) || length > rest->length)
            return false;
        Str text = str_slice(*rest, 0, length);
        *rest = str_from(*rest, length);
        texts->count = i - 1;
        if (length && document_text_number(table, texts, text) != i)
            return false; /* it was there before */
    }
    texts->count = count;
    return take_zeros(rest, start);
}

static bool has_known_texts(const DocumentTable *table, const DocumentRow *row)
{
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        if (row->texts[i] > table->columns[i].count)
            return false;
    for (uint32_t i = 1; i <= row->tags[0]; i++)
        if (!row->tags[i] || row->tags[i] > table->tag_texts.count)
            return false;
    return true;
}

static bool has_known_ranges(const NumberRangeList *ranges)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->at[i].first < 0 || ranges->at[i].count < 1 ||
            ranges->at[i].count > UINT32_MAX || ranges->at[i].first > INT64_MAX / 2)
            return false;
    return ranges->count;
}

static bool take_document(Str *rest, const char *start, DocumentTable *table)
{
    FileDocument document;
    if (!take(rest, &document, sizeof document))
        return false;
    AUTO_FREE NumberRange *ranges = NULL;
    if (document.ranges > rest->length / sizeof *ranges)
        return false;
    ranges = heap_alloc((document.ranges + 1) * sizeof *ranges);
    (void)take(rest, ranges, document.ranges * sizeof *ranges);
    DocumentRow row = { .key = document.key, .ranges = { ranges, document.ranges } };
    uint32_t tag_count;
    memcpy(row.texts, document.texts, sizeof row.texts);
    memcpy(row.numbers, document.numbers, sizeof row.numbers);
    if (rest->length < sizeof tag_count)
        return false;
    memcpy(&tag_count, rest->at, sizeof tag_count);
    row.tags = take_array(rest, sizeof *row.tags, (size_t)tag_count + 1);
    row.name = (Str){ take_array(rest, 1, document.name), document.name };
    row.title = (Str){ take_array(rest, 1, document.title), document.title };
    if (!row.tags || !row.name.at || !row.title.at || !take_zeros(rest, start) ||
        !has_known_texts(table, &row) || !has_known_ranges(&row.ranges))
        return false;
    size_t before = table->count;
    document_table_put_row(table, &row);
    return table->count == before + 1;
}

static bool take_order(Str *rest, DocumentTable *table)
{
    const uint32_t *order = take_array(rest, sizeof *order, table->count);
    AUTO_FREE bool *is_seen = heap_alloc(table->count + 1);
    if (!order || rest->length)
        return false;
    for (size_t i = 0; i < table->count; i++) {
        if (order[i] >= table->count || is_seen[order[i]])
            return false;
        is_seen[order[i]] = true;
    }
    document_names_settle_as(table->names, order);
    document_table_settle_numbers(table);
    return true;
}

static bool take_body(const FileHead *head, Str body, DocumentTable *table)
{
    const char *start = body.at;
    for (size_t i = 0; i < TEXT_COLUMN_COUNT; i++)
        if (!take_texts(&body, start, table, &table->columns[i]))
            return false;
    if (!take_texts(&body, start, table, &table->tag_texts) ||
        head->documents > body.length / sizeof(FileDocument))
        return false;
    document_table_reserve(table, head->documents);
    for (uint32_t i = 0; i < head->documents; i++)
        if (!take_document(&body, start, table))
            return false;
    return take_order(&body, table);
}

static bool read_file(Str bytes, Str database, DocumentTable *table, int64_t *generation_r,
                      Error *err)
{
    FileHead head;
    if (!take(&bytes, &head, sizeof head))
        return damaged(err, "it is cut short");
    if (!check_head(&head, err))
        return false;
    if (!str_is(database, head.database))
        return damaged(err, "it is of another database");
    if (bytes.length != head.length || crc32c(0, bytes.at, bytes.length) != head.body_crc ||
        !take_body(&head, bytes, table))
        return damaged(err, "it is not as it was written");
    *generation_r = head.generation;
    return true;
}

bool document_table_file_read(const char *path, Str database, DocumentTable **table_r,
                              int64_t *generation_r, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    if (!file_map(path, &map, err))
        return false;
    DocumentTable *table = document_table_new();
    if (!read_file(map.bytes, database, table, generation_r, err)) {
        document_table_free(table);
        return fail_in(err, "%s", path);
    }
    *table_r = table;
    return true;
}
