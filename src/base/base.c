/* base.c - errors and memory. */
#include "base/base.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena_pass.h"
#include "base/passwords.h"

static _Noreturn void out_of_memory(size_t asked)
{
    fprintf(stderr, "fatal: out of memory (asked for %zu bytes)\n", asked);
    abort();
}

/* --- Errors --- */

static const struct {
    const char *name;
    int http_status, exit_status;
    bool temporary;
} codes[] = {
#define ERROR(name, code, http, exit, retry, title) { code, http, exit, retry },
#include "base/errors.def"
#undef ERROR
};

const char *error_name(ErrorCode code) { return codes[code].name; }
int error_http_status(ErrorCode code) { return codes[code].http_status; }
int error_exit_status(ErrorCode code) { return codes[code].exit_status; }
bool error_is_temporary(ErrorCode code) { return codes[code].temporary; }

ErrorCode error_code(const char *name)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i].name, name) == 0)
            return (ErrorCode)i;
    return ERROR_INTERNAL;
}

/* What people read of a failure: an address is told without its password. */
static void write_text(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    passwords_hide(text, (size_t)length >= size);
}

bool fail(Error *err, ErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->code = code;
    err->field[0] = '\0';
    err->start = err->end = 0;
    write_text(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}

bool fail_field(Error *err, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->code = ERROR_INVALID;
    snprintf(err->field, sizeof err->field, "%s", field);
    err->start = err->end = 0;
    write_text(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}

bool fail_at(Error *err, size_t start, size_t end)
{
    err->start = (uint32_t)start;
    err->end = (uint32_t)end;
    return false;
}

static ErrorCode code_from_errno(int number)
{
    switch (number) {
    case ENOENT: return ERROR_NOT_FOUND;
    case EEXIST: return ERROR_CONFLICT;
    case EACCES:
    case EPERM: return ERROR_DENIED;
    case EAGAIN: return ERROR_BUSY;
    case EDQUOT:
    case ENOSPC: return ERROR_FULL;
    case ETIMEDOUT: return ERROR_TIMEOUT;
    default: return ERROR_IO;
    }
}

bool fail_errno(Error *err, const char *format, ...)
{
    int number = errno;
    char what[240];
    va_list args;
    va_start(args, format);
    write_text(what, sizeof what, format, args);
    va_end(args);
    return fail(err, code_from_errno(number), "%s: %s", what, strerror(number));
}

bool fail_in(Error *err, const char *format, ...)
{
    char where[120], message[sizeof err->message];
    va_list args;
    va_start(args, format);
    write_text(where, sizeof where, format, args);
    va_end(args);
    memcpy(message, err->message, sizeof message);
    snprintf(err->message, sizeof err->message, "%s: %.270s", where, message);
    return false;
}

/* --- Memory --- */

/* Under the address sanitizer what an arena has not handed out must not be touched, and a gap
 * stands behind each piece: else an overflow inside a block is never seen. */
#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
enum { GAP = 0 };
#endif

/* Small blocks are cleared as they are handed out, which for most requests is a part of one; large
 * ones come cleared from the system, page by page as they are touched. */
#define CLEARED_FROM KB(64)

typedef struct Block {
    struct Block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
} Block;

struct Arena {
    Block *blocks;
    size_t total, limit;
};

void *heap_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *heap_alloc_lines(size_t size)
{
    enum { LINE = 64, PAGE = 1 << 21 };
    bool is_large = size >= 4 * PAGE;
    size_t unit = is_large ? PAGE : LINE, whole = (size + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, MAX(whole, unit));
    if (!memory)
        out_of_memory(size);
    if (is_large) /* without it works, slower */
        (void)madvise(memory, whole, MADV_HUGEPAGE);
    return memset(memory, 0, whole);
}

void *heap_grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size ? size : 1);
    if (!grown)
        out_of_memory(size);
    return grown;
}

char *heap_text(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(heap_alloc(size), text, size);
}

Arena *arena_new(size_t limit)
{
    Arena *arena = heap_alloc(sizeof *arena);
    arena->limit = limit;
    return arena;
}

static void free_blocks(Block *block)
{
    for (Block *next; block; block = next) {
        next = block->next;
        free(block);
    }
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void arena_reset(Arena *arena)
{
    Block *kept = arena->blocks;
    arena->total = 0;
    if (!kept)
        return;
    free_blocks(kept->next);
    kept->next = NULL;
    ASAN_UNPOISON_MEMORY_REGION(kept->bytes, kept->used);
    if (kept->size >= CLEARED_FROM)
        memset(kept->bytes, 0, kept->used);
    ASAN_POISON_MEMORY_REGION(kept->bytes, kept->size);
    kept->used = 0;
}

/* Blocks grow with the arena, so that a large document needs few and a small request little. */
static Block *add_block(Arena *arena, size_t wanted)
{
    size_t size = MIN(MAX(KB(4), arena->total), MB(1));
    if (size < wanted)
        size = wanted;
    Block *block =
        size < CLEARED_FROM ? malloc(sizeof *block + size) : heap_alloc(sizeof *block + size);
    if (!block)
        out_of_memory(size);
    block->used = 0;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

static void *take(Arena *arena, size_t size, bool clears)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    Block *block = arena->blocks;

    if (rounded < size || rounded > arena->limit - arena->total)
        out_of_memory(size);
    if (!block || block->size - block->used < rounded + GAP)
        block = add_block(arena, rounded + GAP);
    void *memory = block->bytes + block->used;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    if (clears && block->size < CLEARED_FROM)
        memset(memory, 0, size);
    block->used += rounded + GAP;
    arena->total += rounded;
    return memory;
}

void *arena_alloc(Arena *arena, size_t size) { return take(arena, size, true); }
void *arena_alloc_raw(Arena *arena, size_t size) { return take(arena, size, false); }

size_t arena_used(const Arena *arena) { return arena->total; }
size_t arena_room(const Arena *arena) { return arena->limit - arena->total; }

size_t arena_array_size(size_t item_size, size_t count)
{
    size_t size;
    if (__builtin_mul_overflow(item_size, count, &size))
        out_of_memory(SIZE_MAX);
    return size;
}

void *vec_grow(Arena *arena, void *at, size_t item_size, size_t count, size_t *capacity)
{
    size_t grown = *capacity ? *capacity * 2 : 8;
    void *copy = arena_alloc(arena, arena_array_size(item_size, grown));
    if (count)
        memcpy(copy, at, item_size * count);
    *capacity = grown;
    return copy;
}

/* What an arena handed out goes back to the system page by page, cleared; its addresses stay the
 * arena's, and its limit counts them on. */
static void give_back(void *memory, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t begin = ((size_t)memory + page - 1) / page * page;
    size_t end = ((size_t)memory + size) / page * page;
    ASAN_POISON_MEMORY_REGION(memory, size);
    if (end > begin) /* not done, it is kept: more memory, nothing else */
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

/* Where str_copy() puts a text that follows one that ends here in the same block. */
static const char *next_copy(const char *end)
{
    size_t unit = alignof(max_align_t);
    return (const char *)(((size_t)end + 1 + unit - 1) / unit * unit) + GAP;
}

#define PASSED_LEAST KB(64) /* for less it is not worth a call of the system */

void arena_pass(ArenaPassed *passed, Str text)
{
    if (!text.length)
        return;
    bool follows = passed->end && next_copy(passed->end) == text.at;
    if (!follows || (size_t)(passed->end - passed->at) >= 4 * PASSED_LEAST) {
        arena_pass_end(passed);
        passed->at = text.at;
    }
    passed->end = text.at + text.length;
}

void arena_pass_end(ArenaPassed *passed)
{
    size_t size = (size_t)(passed->end - passed->at);
    if (size >= PASSED_LEAST)
        give_back((void *)(size_t)passed->at, size);
    *passed = (ArenaPassed){ 0 };
}

void *vec_grow_alone(Arena *arena, void *at, size_t item_size, size_t count, size_t *capacity)
{
    void *copy = vec_grow(arena, at, item_size, count, capacity);
    if (item_size * count >= MB(1))
        give_back(at, item_size * count);
    return copy;
}

void fd_auto(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
