/* archive_members.h - what every archive writes: a table of its members, then the members.
 *
 *     members_begin(&members, source, doc);
 *     members_row(&members, &entry);                 each member, before anything is unpacked
 *     members_list_end(&members);
 *     members_read(&members, name, bytes);           or members_failed(&members, name, &why)
 *     return members_end(&members, err);
 *
 * Names are made safe and readable here. One thread. */
#pragma once

#include "extract/extractor.h"

/* A member may unpack to MEMBER_MAX bytes, one that grows past RATIO_FROM bytes only to a multiple
 * of the whole archive; see members_may_grow(). */
#define ARCHIVE_MEMBER_MAX MB(256)

typedef enum MemberKind { MEMBER_FILE, MEMBER_FOLDER, MEMBER_LINK, MEMBER_OTHER } MemberKind;

typedef struct MemberRow {
    Str name; /* raw */
    MemberKind kind;
    bool is_size_known;
    uint64_t size;
    Str target;    /* of a link */
    char time[24]; /* "2009-01-05 23:23" or empty */
    bool is_encrypted;
} MemberRow;

typedef struct Members {
    DocWriter *doc;
    Arena *arena; /* of one member's name */
    size_t archive_size;
    bool has_password, is_bomb;
    size_t listed, not_listed, read_count, encrypted_count, failed_count, unsafe_count,
        damaged_count;
    uint64_t total_size;
    Error first_failure;
} Members;

void members_begin(Members *members, const ExtractSource *source, DocWriter *doc);
void members_free(Members *members);
#define AUTO_MEMBERS AUTO(members_free)

bool members_row(Members *members, const MemberRow *row);
void members_list_end(Members *members);
/* UTC seconds as a row's time. */
void member_time(MemberRow *row, int64_t seconds);

/* May a member grow to `length` bytes? When not, *why says which limit. */
bool members_may_grow(Members *members, uint64_t length, Error *why);
/* The member as a child document; nothing for an empty one. */
bool members_read(Members *members, Str name, Str bytes);
bool members_failed(Members *members, Str name, const Error *why);
/* Warnings, and a failure when nothing was readable. */
MUST_CHECK bool members_end(Members *members, Error *err);
