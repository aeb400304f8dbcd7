/* library_add.c - a new file becomes a durable document. */
#include "library/library_int.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/utf8.h"
#include "extract/extractor.h"
#include "extract/file_kind.h"
#include "store/audit_store.h"
#include "store/server_key.h"

#define HEAD_BYTES KB(4)
/* What tells the format of a file to those who take only some. */
#define KIND_BYTES KB(64)
#define NAME_MAX_BYTES 1000

/* --- Names --- */

static bool is_plain_part(Str part)
{
    return part.length && !str_is(part, ".") && !str_is(part, "..");
}

/* Control characters, and what turns the direction of text around, fool the reader of a name. */
static Str clean_part(Arena *arena, Str part)
{
    Buf out = buf_new(arena, part.length * 3 + 1);
    size_t size;
    for (size_t at = 0; at < part.length; at += size) {
        uint32_t c = utf8_decode(part, at, &size);
        bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) ||
                          (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
                          c == 0xFEFF;
        if (!is_control)
            buf_add_utf8(&out, c);
    }
    return str_trim(utf8_clean(arena, buf_str(&out)));
}

/* The end of a long name says what the file is, so the middle goes. */
static Str shorten(Arena *arena, Str name)
{
    if (name.length <= NAME_MAX_BYTES)
        return name;
    Str start = str_slice(name, 0, utf8_floor(name, NAME_MAX_BYTES - 260));
    Str end = str_from(name, utf8_floor(name, name.length - 250));
    return str_format(arena, STR_FMT "..." STR_FMT, STR_ARG(start), STR_ARG(end));
}

Str library_clean_name(Arena *arena, Str name)
{
    Buf out = buf_new(arena, name.length * 3 + 1); /* a wrong byte becomes a character of three */
    char *slashed = str_c(arena, name);
    Str rest = { slashed, name.length }, part;
    for (size_t i = 0; i < name.length; i++)
        if (slashed[i] == '\\')
            slashed[i] = '/';
    while (str_next(&rest, '/', &part)) {
        part = clean_part(arena, part);
        if (!is_plain_part(part) || (part.length == 2 && part.at[1] == ':'))
            continue;
        if (out.length)
            buf_add_char(&out, '/');
        buf_add(&out, part);
    }
    return out.length ? shorten(arena, buf_str(&out)) : S("unnamed");
}

/* --- What is accepted --- */

static bool has_known_extension(Str name)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str extension = path_extension(arena, name);
    for (size_t i = 0; i < extractor_count; i++)
        for (const char *const *known = extractors[i]->extensions; known && *known; known++)
            if (str_is(extension, *known))
                return true;
    return false;
}

static bool looks_like_text(Str head)
{
    if (str_starts(head, S("\xFF\xFE")) || str_starts(head, S("\xFE\xFF")))
        return true; /* UTF-16 and UTF-32 say so first */
    for (size_t i = 0; i < head.length; i++) {
        unsigned char c = (unsigned char)head.at[i];
        if (c < 0x20 && !HAS_CHAR((char)c, "\t\n\v\f\r\033\b"))
            return false;
    }
    return true;
}

bool library_accepts(const char *path, Str name, Str media_type, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[HEAD_BYTES];
    ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    (void)media_type;
    if (got < 0)
        return fail_errno(err, "looking at the upload");
    Str head = { bytes, (size_t)got };
    /* A PDF may have something before it; what is of no known kind may be known by its name. */
    bool may_be_known = str_find(head, S("%PDF")) >= 0 || file_kind_is_known(head) ||
                        looks_like_text(head) || has_known_extension(name);
    if (!head.length || (may_be_known && !file_kind_is_refused(head)))
        return true;
    return fail(err, ERROR_UNSUPPORTED, STR_FMT ": it seems to be %s, which is not read",
                STR_ARG(str_slice(name, 0, 200)), file_kind(head));
}

static bool is_named(const Extractor *extractor, Str name)
{
    if (str_equal_ignore_case(name, str(extractor->name)))
        return true;
    for (const char *const *type = extractor->media_types; type && *type; type++)
        if (str_equal_ignore_case(name, str(*type)))
            return true;
    return false;
}

/* By the file's content; its name decides between kinds of text only. *kind_r: NULL when nobody
 * reads it. */
static bool choose_kind(int fd, Str name, const Extractor **kind_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char *bytes = arena_alloc(arena, KIND_BYTES);
    ssize_t got = fd < 0 ? -1 : pread(fd, bytes, KIND_BYTES, 0);
    if (got < 0)
        return fail_errno(err, "looking at the file");
    *kind_r = extractor_choose((Str){ bytes, (size_t)got }, name, STR_NONE);
    return true;
}

static bool choose_kind_at(const char *path, Str name, const Extractor **kind_r, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    return choose_kind(fd, name, kind_r, err);
}

bool library_format_of(int fd, Str name, Str *format_r, Error *err)
{
    const Extractor *kind;
    if (!choose_kind(fd, name, &kind, err))
        return false;
    *format_r = kind ? str(kind->name) : S("");
    return true;
}

bool library_is_of_type(const char *path, Str name, const char *prefix, bool *is_r, Error *err)
{
    const Extractor *kind;
    if (!choose_kind_at(path, name, &kind, err))
        return false;
    *is_r = false;
    for (const char *const *type = kind ? kind->media_types : NULL; type && *type; type++)
        *is_r = *is_r || str_starts(str(*type), str(prefix));
    return true;
}

/* The setting allowed_types. */
static bool check_allowed(const Library *library, const NewFile *file, Error *err)
{
    Str rest = library->options.allowed_types, allowed;
    const Extractor *kind;
    if (!rest.length)
        return true;
    if (!choose_kind_at(file->path, file->name, &kind, err))
        return false;
    while (kind && str_next(&rest, ',', &allowed))
        if (is_named(kind, str_trim(allowed)))
            return true;
    return fail(err, ERROR_UNSUPPORTED,
                STR_FMT ": it is %s by its content, and this server takes only " STR_FMT
                        " (the setting allowed_types)",
                STR_ARG(str_slice(file->name, 0, 150)), kind ? kind->title : "of no known kind",
                STR_ARG(str_slice(library->options.allowed_types, 0, 120)));
}

/* --- Passwords of files, sealed until they are used --- */

#define FILE_KEY S("file-passwords")

bool password_seal(Library *library, Arena *arena, Str password, Str *sealed_r, Error *err)
{
    Str key = STR_NONE;
    return (!password.length || server_key(library->db, arena, FILE_KEY, &key, err)) &&
           seal_close(arena, key, password, sealed_r, err);
}

bool password_open(Library *library, Arena *arena, Str sealed, Str *password_r, Error *err)
{
    Str key = STR_NONE;
    return (!sealed.length || server_key(library->db, arena, FILE_KEY, &key, err)) &&
           seal_open(arena, key, sealed, password_r, err);
}

/* --- Adding --- */

typedef struct AddWork {
    Library *library;
    const Scope *scope;
    Arena *arena;
    Document given, document;
    bool is_new, has_changed, has_room;
} AddWork;

bool library_queue(DbTx *tx, const Scope *scope, Arena *arena, const char *type, Str document,
                   Error *err)
{
    /* One that runs now may have read what was before. */
    NewJob job = { .type = str(type), .subject = document, .is_wanted_again = true };
    return job_add(tx, scope, arena, &job, NULL, err);
}

/* Whoever uploads what is there already wants to have it: it comes back from the trash, and is read
 * again when reading had failed. */
static bool take_again(DbTx *tx, AddWork *work, Error *err)
{
    const Scope *scope = work->scope;
    Str id = work->document.id, sealed = work->given.password_sealed;
    unsigned over = 1u << DOCUMENT_FAILED | 1u << DOCUMENT_CANCELLED;
    bool was_trashed = work->document.deleted_at_ms != 0;
    bool again = (over >> work->document.state & 1u) != 0;
    if (!was_trashed && !again)
        return true;
    work->has_changed = true;
    return (!was_trashed || document_restore(tx, scope, id, err)) &&
           (!again || ((!sealed.length || document_set_password(tx, scope, id, sealed, err)) &&
                       document_advance(tx, scope, id, over, DOCUMENT_QUEUED, err) &&
                       library_queue(tx, scope, work->arena, JOB_EXTRACT, id, err))) &&
           document_find(tx, scope, work->arena, id, &work->document, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AddWork *work = argument;
    AuditEntry entry = { .action = S("document.add"), .subject_kind = S("document") };
    work->has_changed = false;
    if (!document_add(tx, work->scope, work->arena, &work->given, &work->document, &work->is_new,
                      err))
        return false;
    if (!work->is_new)
        return take_again(tx, work, err);
    entry.subject = work->document.id;
    return (work->has_room ||
            storage_check(tx, work->scope, 0, &work->library->options.storage, err)) &&
           library_queue(tx, work->scope, work->arena, JOB_EXTRACT, work->document.id, err) &&
           audit_add(tx, work->scope, &entry, err);
}

/* Before its bytes are kept, which nobody would find again. */
static bool room_work(DbTx *tx, void *argument, Error *err)
{
    const AddWork *work = argument;
    Document there;
    Error ignored;
    return document_find_by_blob(tx, work->scope, work->arena, work->given.blob, &there,
                                 &ignored) ||
           storage_check(tx, work->scope, work->given.size_bytes, &work->library->options.storage,
                         err);
}

static bool check_room(Library *library, AddWork *work, Error *err)
{
    const StorageLimits *limits = &library->options.storage;
    return work->has_room || (!limits->workspace_bytes && !limits->person_bytes) ||
           store_write(library->db, work->scope, room_work, work, err);
}

/* The scanner's own message says what to do. */
static bool check_infected(Library *library, Arena *arena, const NewFile *file, Error *err)
{
    Str found;
    if (!library->options.clamd.address.length)
        return true;
    if (!clamd_scan(&library->options.clamd, arena, file->path, &found, err)) {
        if (err->code != ERROR_BUSY || !library->options.clamd_may_lack)
            return false;
        log_warn("library", "a file came in unseen (clamd_away = accept): %s", err->message);
        return true;
    }
    return !found.length ||
           fail(err, ERROR_DENIED,
                STR_FMT " is infected with " STR_FMT ", says the virus scanner; it was not stored",
                STR_ARG(str_slice(file->name, 0, 200)), STR_ARG(str_slice(found, 0, 200)));
}

bool library_check_file(Library *library, Arena *arena, const NewFile *file, Error *err)
{
    return check_allowed(library, file, err) && check_infected(library, arena, file, err);
}

bool library_add(Library *library, const Scope *scope, Arena *arena, const NewFile *file,
                 Document *document_r, bool *is_new_r, Error *err)
{
    AddWork work = {
        .library = library, .scope = scope, .arena = arena, .has_room = file->has_room
    };
    BlobItem item = { .sha256 = file->sha256, .temp_path = file->path };
    work.given = (Document){ .name = library_clean_name(arena, file->name),
                             .media_type = file->media_type,
                             .size_bytes = (int64_t)file->size,
                             .blob = file->sha256,
                             .collection = file->collection,
                             .tags = file->tags,
                             .source = file->source.length ? file->source : S("upload") };
    if (!scope_landing(scope, &work.given.collection, err) || !check_allowed(library, file, err) ||
        !password_seal(library, arena, file->password, &work.given.password_sealed, err))
        return false;
    if (!check_room(library, &work, err) || !check_infected(library, arena, file, err))
        return false;
    if (!library_keep_originals(library, scope, &item, 1, add_work, &work, err))
        return false; /* an original without a row is removed after a day */
    if (work.is_new || work.has_changed)
        library_tell(library, scope, NEWS_DOCUMENT, work.document.id);
    *document_r = work.document;
    *is_new_r = work.is_new;
    return true;
}
