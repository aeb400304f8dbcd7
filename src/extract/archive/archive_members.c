/* archive_members.c - see archive_members.h. */
#include "extract/archive/archive_members.h"

#include <time.h>

#include "extract/formats/zip_directory.h"
#include "extract/metadata.h"

/* Deflate cannot do more than 1032. */
enum { RATIO_MAX = 500, LISTED_MAX = 10000 };
#define RATIO_FROM MB(32)

void members_begin(Members *members, const ExtractSource *source, DocWriter *doc)
{
    *members = (Members){ .doc = doc,
                          .arena = arena_new(MB(64)),
                          .archive_size = source->bytes.length,
                          .has_password = source->password.length > 0 };
}

void members_free(Members *members) { arena_free(members->arena); }

/* --- The list --- */

void member_time(MemberRow *row, int64_t seconds)
{
    struct tm tm;
    time_t time = (time_t)seconds;
    if (gmtime_r(&time, &tm) && tm.tm_year > 0 && tm.tm_year < 8000)
        strftime(row->time, sizeof row->time, "%Y-%m-%d %H:%M", &tm);
}

static Str size_text(Arena *arena, const MemberRow *row)
{
    if (row->kind == MEMBER_LINK) {
        Str target = zip_name(arena, row->target);
        return str_format(arena, "link to " STR_FMT, STR_ARG(target));
    }
    if (row->kind == MEMBER_OTHER)
        return S("device");
    if (!row->is_size_known)
        return STR_NONE;
    return str_format(arena, "%" PRIu64 "%s", row->size, row->is_encrypted ? " (encrypted)" : "");
}

static Str row_name(Arena *arena, const MemberRow *row)
{
    Str name = zip_name(arena, row->name);
    if (row->kind == MEMBER_FOLDER && !str_ends(name, S("/")))
        name = str_format(arena, STR_FMT "/", STR_ARG(name));
    return name;
}

bool members_row(Members *members, const MemberRow *row)
{
    DocWriter *doc = members->doc;
    Arena *arena = members->arena;
    members->total_size += row->kind == MEMBER_FILE ? row->size : 0;
    if (members->listed >= LISTED_MAX) {
        members->not_listed++;
        return true;
    }
    if (members->listed++ == 0) {
        doc_table_begin(doc);
        doc_cell(doc, S("Name"));
        doc_cell(doc, S("Size"));
        doc_cell(doc, S("Modified"));
        doc_header_end(doc);
    }
    doc_cell(doc, row_name(arena, row));
    doc_cell(doc, size_text(arena, row));
    doc_cell(doc, str(row->time));
    bool ok = doc_row_end(doc);
    arena_reset(arena);
    return ok;
}

void members_list_end(Members *members)
{
    char text[100];
    DocWriter *doc = members->doc;
    if (members->listed)
        doc_table_end(doc);
    doc_meta_whole(doc, "members", (int64_t)(members->listed + members->not_listed));
    if (members->total_size)
        doc_meta_whole(doc, "unpacked_size", (int64_t)MIN(members->total_size, INT64_MAX));
    snprintf(text, sizeof text, "%zu more members are not in the list", members->not_listed);
    if (members->not_listed)
        doc_warning(doc, str(text));
}

/* --- Members --- */

bool members_may_grow(Members *members, uint64_t length, Error *why)
{
    if (length > RATIO_FROM && length / RATIO_MAX > members->archive_size) {
        members->is_bomb = true;
        doc_bomb(members->doc);
        return fail(why, ERROR_TOO_LARGE,
                    "it grows to more than %d times the archive, as in one made to exhaust memory",
                    RATIO_MAX);
    }
    if (length > ARCHIVE_MEMBER_MAX)
        return fail(why, ERROR_TOO_LARGE, "it unpacks to more than %zu MB",
                    ARCHIVE_MEMBER_MAX >> 20);
    return true;
}

static Str safe_name(Members *members, Str name)
{
    bool is_changed;
    Str safe = zip_safe_path(members->arena, zip_name(members->arena, name), &is_changed);
    members->unsafe_count += is_changed;
    return safe;
}

bool members_read(Members *members, Str name, Str bytes)
{
    members->read_count++;
    if (bytes.length == 0)
        return doc_writer_ok(members->doc);
    bool ok = doc_child(members->doc, safe_name(members, name), STR_NONE, bytes);
    arena_reset(members->arena);
    return ok;
}

bool members_failed(Members *members, Str name, const Error *why)
{
    members->encrypted_count += why->code == ERROR_ENCRYPTED;
    if (members->failed_count++ == 0)
        members->first_failure = *why;
    bool ok = doc_child_failed(members->doc, safe_name(members, name), why);
    arena_reset(members->arena);
    return ok;
}

static void warn_count(DocWriter *doc, size_t count, const char *what)
{
    char text[160];
    if (count == 0)
        return;
    snprintf(text, sizeof text, "%zu member%s %s", count, count == 1 ? "" : "s", what);
    doc_warning(doc, str(text));
}

bool members_end(Members *members, Error *err)
{
    DocWriter *doc = members->doc;
    if (members->is_bomb)
        doc_warning(doc, S("unpacking stopped: a member grows out of all proportion, as in an "
                           "archive made to exhaust memory"));
    if (members->read_count == 0 && members->failed_count && members->listed == 0) {
        *err = members->first_failure;
        return false;
    }
    warn_count(doc, members->encrypted_count,
               members->has_password ? "could not be read with this password"
                                     : "could not be read without a password");
    warn_count(doc, members->failed_count - members->encrypted_count, "could not be read");
    warn_count(doc, members->damaged_count, "damaged: only the first part was read");
    warn_count(doc, members->unsafe_count, "had an unsafe name that was changed");
    return true;
}
