/* base.h - the words every other file is written in: errors, memory, text, buffers.
 *
 * Failure: a function that can fail returns bool and takes an Error last; on failure its
 * outputs are untouched. Memory: an Arena owns everything made during one request, job or
 * document, and frees it at once. Running out of memory, or over an arena's limit, ends the
 * process, so every input is bounded before it is read.
 *
 * Threads: nothing here is shared; an Arena, Buf or Error belongs to one thread at a time. */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The compiler refuses these names; use buf_add(), buf_addf(), str_to_int(), str_next(). */
#pragma GCC poison strcpy strcat strncpy sprintf vsprintf atoi atol atof strtok gets

#define KB(n) ((size_t)(n) << 10)
#define MB(n) ((size_t)(n) << 20)
#define GB(n) ((size_t)(n) << 30)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#define AUTO(release) __attribute__((cleanup(release)))

/* --- Errors ----------------------------------------------------------------------------- */

/* Chosen by what the caller should do; base/errors.def maps each to HTTP and exit status. */
typedef enum ErrorCode {
#define ERROR(name, code, http, exit, retry, title) ERROR_##name,
#include "base/errors.def"
#undef ERROR
} ErrorCode;

typedef struct Error {
    ErrorCode code;
    char field[64];      /* the input that is wrong, "" when it is not one field */
    uint32_t start, end; /* which part of that text, in UTF-16 units; both 0: not said */
    char message[400];
} Error;

/* Record a failure. Always returns false, so that failing is one line:
 *     return fail(err, ERROR_NOT_FOUND, "no document '%s'", id); */
bool fail(Error *err, ErrorCode code, const char *format, ...) PRINTF(3, 4);
/* The same for one wrong input field, code ERROR_INVALID. */
bool fail_field(Error *err, const char *field, const char *format, ...) PRINTF(3, 4);
/* Which part of the field's text is wrong, in UTF-16 units. Returns false. */
bool fail_at(Error *err, size_t start, size_t end);
/* Record a failure of a system call: the code and reason come from errno. */
bool fail_errno(Error *err, const char *format, ...) PRINTF(2, 3);
/* Say where a failure already recorded happened: "<where>: <message>". Returns false. */
bool fail_in(Error *err, const char *format, ...) PRINTF(2, 3);

/* What errors.def says about a code. */
const char *error_name(ErrorCode code);  /* "not_found" */
int error_http_status(ErrorCode code);   /* 404 */
int error_exit_status(ErrorCode code);   /* of the command line */
bool error_is_temporary(ErrorCode code); /* trying again later may help */
/* The code named `name`; ERROR_INTERNAL when there is none. */
ErrorCode error_code(const char *name);

/* --- Memory ----------------------------------------------------------------------------- */

typedef struct Arena Arena;

/* An arena that may hand out at most `limit` bytes; asking for more ends the process. */
Arena *arena_new(size_t limit);
void arena_free(Arena *arena); /* NULL is fine */
/* Zeroed memory, aligned for any type, valid until arena_free() or arena_reset(). */
void *arena_alloc(Arena *arena, size_t size);
/* The same with whatever was there before, for who writes every byte. */
void *arena_alloc_raw(Arena *arena, size_t size);
/* Frees everything handed out, keeps one block for the next round. */
void arena_reset(Arena *arena);
size_t arena_used(const Arena *arena); /* bytes handed out */
size_t arena_room(const Arena *arena); /* bytes left below the limit */
#define arena_new_array(arena, Type, count)                                                        \
    ((Type *)arena_alloc((arena), arena_array_size(sizeof(Type), (count))))
#define arena_new_one(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
size_t arena_array_size(size_t item_size, size_t count); /* ends the process on overflow */

/* Heap memory for long-lived objects, zeroed; out of memory ends the process. */
void *heap_alloc(size_t size);
/* The same from a cache line (64 bytes) on, in huge pages when it is large. */
void *heap_alloc_lines(size_t size);
void *heap_grow(void *memory, size_t size); /* realloc; new bytes are not zeroed */
char *heap_text(const char *text);          /* a copy; NULL gives NULL */

static inline void arena_auto(Arena **arena) { arena_free(*arena); }
#define AUTO_ARENA AUTO(arena_auto)
static inline void heap_auto(void *memory) { free(*(void **)memory); }
#define AUTO_FREE AUTO(heap_auto)

/* A growing array: VEC(int) numbers = { 0 }; *vec_push(arena, &numbers) = 3; numbers.at[0].
 * Grows by doubling inside the arena, so the old copies stay until the arena goes. */
#define VEC(Type)                                                                                  \
    struct {                                                                                       \
        Type *at;                                                                                  \
        size_t count, capacity;                                                                    \
    }
void *vec_grow(Arena *arena, void *at, size_t item_size, size_t count, size_t *capacity);
#define vec_push(arena, vec)                                                                       \
    ((vec)->at = (vec)->count < (vec)->capacity ? (vec)->at                                        \
                                                : vec_grow((arena), (vec)->at, sizeof(*(vec)->at), \
                                                           (vec)->count, &(vec)->capacity),        \
     &(vec)->at[(vec)->count++])
/* The same for what may come by the hundred thousand: memory of old copies goes back to the system,
 * so nothing may point into the array while it grows. */
void *vec_grow_alone(Arena *arena, void *at, size_t item_size, size_t count, size_t *capacity);
#define vec_push_alone(arena, vec)                                                                 \
    ((vec)->at = (vec)->count < (vec)->capacity                                                    \
                     ? (vec)->at                                                                   \
                     : vec_grow_alone((arena), (vec)->at, sizeof(*(vec)->at), (vec)->count,        \
                                      &(vec)->capacity),                                           \
     &(vec)->at[(vec)->count++])

/* --- Text ------------------------------------------------------------------------------- */

/* Bytes that someone else owns. Not NUL-terminated unless a comment says so. */
typedef struct Str {
    const char *at;
    size_t length;
} Str;

#define S(literal) ((Str){ (literal), sizeof(literal) - 1 })
#define S_INIT(literal)                                                                            \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    } /* in static tables */
#define STR_NONE ((Str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).length, (s).at ? (s).at : ""

Str str(const char *c_string); /* NULL gives an empty Str */
bool str_equal(Str a, Str b);
/* Inline, so that the length of a literal is known when it is compiled. */
static inline bool str_is(Str a, const char *b)
{
    size_t length = strlen(b);
    return a.length == length && (!length || memcmp(a.at, b, length) == 0);
}
bool str_equal_ignore_case(Str a, Str b); /* ASCII */
int str_compare(Str a, Str b);            /* bytes, as memcmp */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_ends_ignore_case(Str s, Str suffix);
/* The position of `part`, or -1. */
ptrdiff_t str_find(Str s, Str part);
ptrdiff_t str_find_ignore_case(Str s, Str part);
ptrdiff_t str_find_char(Str s, char c);
ptrdiff_t str_find_last_char(Str s, char c);
/* A part of s; start and end are clamped to it. */
Str str_slice(Str s, size_t start, size_t end);
Str str_from(Str s, size_t start);
Str str_trim(Str s); /* ASCII white space at both ends */
/* The next piece of *rest before `separator`, and *rest moves past it. False when *rest is
 * used up; an empty piece between two separators is a piece. */
bool str_next(Str *rest, char separator, Str *piece_r);
/* A copy in the arena, NUL-terminated for C functions that need it. */
Str str_copy(Arena *arena, Str s);
char *str_c(Arena *arena, Str s);   /* the same as char* */
Str str_lower(Arena *arena, Str s); /* ASCII only */
Str str_format(Arena *arena, const char *format, ...) PRINTF(2, 3);
Str str_join(Arena *arena, const Str *parts, size_t count, Str separator);
/* The whole of s is a decimal number in range; the output is untouched otherwise. */
bool str_to_int(Str s, int64_t min, int64_t max, int64_t *number_r);
bool str_to_double(Str s, double *number_r);
Str str_hex(Arena *arena, const void *bytes, size_t count);
uint64_t str_hash(Str s); /* for hash tables; not stable between versions */
#define HAS_CHAR(c, set) ((c) != 0 && strchr((set), (c)) != NULL)

/* Text being built, in an arena, never longer than `limit`. Appending past the limit keeps
 * what fits and sets `overflowed`; check it once, at the end. */
typedef struct Buf {
    Arena *arena;
    char *at;
    size_t length, capacity, limit;
    bool overflowed;
} Buf;

Buf buf_new(Arena *arena, size_t limit);
/* Make room for so many bytes at once, for who knows the size beforehand: a buffer that grows
 * leaves its old copies in the arena. */
void buf_reserve(Buf *buf, size_t count);
void buf_add(Buf *buf, Str s);
void buf_add_char(Buf *buf, char c);
void buf_add_bytes(Buf *buf, const void *bytes, size_t count);
void buf_addf(Buf *buf, const char *format, ...) PRINTF(2, 3);
/* Text as HTML and XML write it, in elements and in quoted attributes; control characters that XML
 * 1.0 (section 2.2) knows no way to write are left out. */
void buf_add_escaped(Buf *buf, Str text);
static inline Str buf_str(const Buf *buf) { return (Str){ buf->at, buf->length }; }
/* The text with a NUL after it (not counted). */
const char *buf_c(Buf *buf);

/* --- Descriptors ------------------------------------------------------------------------ */

void fd_auto(int *fd); /* closes what is >= 0 */
#define AUTO_CLOSE AUTO(fd_auto)
