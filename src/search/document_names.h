/* document_names.h - the names of the documents of a table (document_table.h): the order that a
 * list by name has, and which of them have a text somewhere in their name or title.
 *
 * Documents are known by their places. Each has a number, its label, and labels are in the order of
 * names: one that comes between two others gets a number between theirs.
 *
 * Threads: one that changes it, or any that read. */
#pragma once

#include "base/base.h"

#define DOCUMENT_KEY_SIZE 16
/* What breaks ties between equal names, by place. */
typedef struct DocumentKeyBytes {
    unsigned char at[DOCUMENT_KEY_SIZE];
} DocumentKeyBytes;

typedef struct DocumentNames DocumentNames;

DocumentNames *document_names_new(void);
void document_names_free(DocumentNames *names); /* NULL is fine */
size_t document_names_bytes(const DocumentNames *names);

/* The name and title of a place, as they are compared; places come one after the other. In no order
 * until document_names_settle(). */
void document_names_put(DocumentNames *names, const DocumentKeyBytes *keys, size_t place, Str name,
                        Str title);
void document_names_settle(DocumentNames *names, const DocumentKeyBytes *keys);

/* Room for so many places at once, a multiple of 64. */
void document_names_reserve(DocumentNames *names, size_t room);

Str document_names_at(const DocumentNames *names, size_t place);
Str document_names_title_at(const DocumentNames *names, size_t place);
/* All places in the order of their names, where they are settled; *count_r: how many. */
const uint32_t *document_names_order(const DocumentNames *names, size_t *count_r);
/* In place of document_names_settle(), for who knows the order of all that were put. */
void document_names_settle_as(DocumentNames *names, const uint32_t *order);
/* By place. */
const int64_t *document_names_labels(const DocumentNames *names);
/* How many of the order come before this name and, where it is behind, are it. */
size_t document_names_position(const DocumentNames *names, const DocumentKeyBytes *keys, Str name,
                               const DocumentKeyBytes *key, bool is_behind);
/* Labels from here on are of names after this one, or (is_behind false) of it. */
int64_t document_names_label(const DocumentNames *names, const DocumentKeyBytes *keys, Str name,
                             const DocumentKeyBytes *key, bool is_behind);

/* --- Parts of names --- */

/* Of a bit for each place, leaves those whose name or title may have the part. */
void document_names_may_have(const DocumentNames *names, uint64_t *words, size_t count, Str part);
/* Adds, of such bits, those that have it in a word that many have: they need no look. */
void document_names_surely_have(const DocumentNames *names, uint64_t *words, size_t count,
                                Str part);
/* The same, in their names alone. */
void document_names_surely_named(const DocumentNames *names, uint64_t *words, size_t count,
                                 Str part);
/* Some places of such bits, the texts of which are on their way into the caches. Begins as { 0 }.
 */
#define NAMES_AT_ONCE 256
typedef struct NameBlock {
    uint32_t at[NAMES_AT_ONCE];
    size_t count;
    size_t words; /* that were read of the bits */
    uint64_t left;
} NameBlock;
/* The next; false: there are no more. */
bool document_names_next(const DocumentNames *names, const uint64_t *words, size_t count,
                         NameBlock *block);
/* The name or the title has it. */
bool document_names_have(const DocumentNames *names, size_t place, Str part);
/* The name has it, with spaces for - and _ as the part has them. */
bool document_names_have_spaced(const DocumentNames *names, size_t place, Str part);
