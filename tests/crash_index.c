/* crash_index.c - an index is killed at any moment and its files are torn; it opens every time.
 *
 * usage: crash_index [ROUNDS [SEED]]
 *
 * The parent keeps "the database": a log of operations in shared memory, the truth from the moment
 * they are written there. In each round a child opens the index, catches up and goes on adding,
 * deleting, erasing, publishing and committing, with searches and merges beside it, until it is
 * killed; in every other round the parent then tears the files. After that:
 *   - each leg opens as loaded, empty or damaged; if no file was torn since the last commit that
 *     returned, it is loaded, at the generation of that commit or a later one
 *   - a loaded leg holds exactly as many entries as the log says for its generation
 *   - caught up, it holds exactly what the log says, finds it by word and by vector, and finds
 *     nothing of what was deleted */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "index/index.h"

#define KEYS 40000
#define DIMS 32
#define PARTS 3
#define LOG_MAX 2000000
#define USUAL 3000          /* keys of small operations; those above come and go at once ... */
#define BULK (KEYS - USUAL) /* ... so that they are merged beside the writer */
#define ROUND_MS 40
#define CHECKED 100
#define PAGE 4096
#define OPEN_US_PER_100K 1000000

typedef enum OpKind { OP_ADD, OP_DELETE, OP_ERASE, OP_KINDS } OpKind;

typedef struct Op {
    uint8_t kind;
    uint32_t first, count;
} Op;

/* Shared with the child. */
typedef struct Database {
    _Atomic uint64_t count;     /* of the operations that are acknowledged */
    _Atomic uint64_t committed; /* generation of the last commit that returned */
    _Atomic bool is_ready;      /* the child has caught up */
    Op ops[LOG_MAX];
} Database;

/* What the log up to some operation says: which operation wrote a key last; 0: not there. */
typedef struct World {
    uint64_t at;
    uint32_t version[KEYS], last[KEYS]; /* the second: also of those that are gone */
} World;

static Database *database;
static char folder[64], saved[2][80]; /* manifests of some rounds ago, by leg */
static uint64_t random_state = 88172645463325252;
static struct {
    size_t kills, tears, loaded, rebuilt, damaged, bulks;
    int64_t slowest_us;
} counts;

/* Marsaglia's xorshift64. */
static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % below;
}

static void quit(const char *what, uint64_t a, uint64_t b)
{
    fprintf(stderr, "crash_index: %s (%" PRIu64 ", %" PRIu64 "); the files are in %s\n", what, a, b,
            folder);
    exit(1);
}

/* --- What is in the index, made from key and version --- */

static size_t parts_of(uint32_t key, uint32_t version) { return (key + version) % PARTS + 1; }

static void make_vector(uint32_t key, uint32_t version, uint32_t part, float *vector)
{
    uint64_t state = ((uint64_t)key << 32 | version) * 0x9E3779B97F4A7C15u + part + 1;
    for (size_t i = 0; i < DIMS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        vector[i] = (float)(int64_t)state / (float)INT64_MAX;
    }
}

/* One word that nothing else has and no stemmer touches. */
static Str make_word(Arena *arena, uint32_t key, uint32_t version)
{
    char letters[24];
    size_t count = 0;
    for (uint64_t rest = (uint64_t)version * KEYS + key; count < 14; rest /= 16)
        letters[count++] = "bcdfghjklmnpqrtv"[rest % 16];
    return str_copy(arena, (Str){ letters, count });
}

static void add_key(Index *index, uint32_t key, uint32_t version)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str body = str_format(arena, STR_FMT " word%u and the sea",
                          STR_ARG(make_word(arena, key, version)), key % 50);
    IndexChunk chunk = {
        .key = key, .title = S("note"), .body = body, .language = LANGUAGE_ENGLISH
    };
    uint64_t number = key;
    index_delete(index, &number, 1); /* of the parts it had */
    index_add_chunk(index, &chunk);
    for (uint32_t part = 0; part < parts_of(key, version); part++) {
        float vector[DIMS];
        make_vector(key, version, part, vector);
        index_add_vector(index, key, part, vector);
    }
}

static void apply(Index *index, const Op *op, uint32_t version)
{
    for (uint32_t key = op->first; key < op->first + op->count; key++) {
        uint64_t number = key;
        if (op->kind == OP_ADD)
            add_key(index, key, version);
        else if (op->kind == OP_DELETE)
            index_delete(index, &number, 1);
        else
            index_erase(index, &number, 1);
    }
}

static void advance(World *world, uint64_t to)
{
    for (; world->at < to; world->at++) {
        const Op *op = &database->ops[world->at];
        for (uint32_t key = op->first; key < op->first + op->count; key++) {
            world->version[key] = op->kind == OP_ADD ? (uint32_t)world->at + 1 : 0;
            if (op->kind == OP_ADD)
                world->last[key] = (uint32_t)world->at + 1;
        }
    }
}

/* --- Opening, as a follower of the database does --- */

static Index *new_index(void)
{
    return index_new(&(IndexOptions){
        .folder = folder, .dims = DIMS, .identity = S("crash"), .model = S("test") });
}

static bool catch_up(Index *index, const IndexOpened *opened, const World *now)
{
    if (opened->keyword.state != SHELF_LOADED || opened->vectors.state != SHELF_LOADED) {
        index_clear(index, true, true);
        for (uint32_t key = 0; key < KEYS; key++)
            if (now->version[key])
                add_key(index, key, now->version[key]);
        index_publish(index);
        return false;
    }
    uint64_t from = MIN(opened->keyword.generation, opened->vectors.generation);
    for (; from < now->at; from++)
        apply(index, &database->ops[from], (uint32_t)from + 1);
    index_publish(index);
    return true;
}

/* --- The child, that is killed --- */

static void search_once(Index *index, uint32_t seed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    IndexHit hits[20];
    float vector[DIMS];
    make_vector(seed % KEYS, seed, 0, vector);
    IndexSearch search = { .text = str_format(arena, "word%u sea", seed % 50),
                           .vector = seed % 2 ? vector : NULL,
                           .count = COUNT(hits) };
    (void)index_search(index, arena, &search, hits);
}

static void *search_beside(void *index)
{
    for (uint32_t seed = 1;; seed++)
        search_once(index, seed);
    return NULL;
}

static Op choose_op(const World *now, bool is_bulk)
{
    Op op = { .kind = (uint8_t)(draw(10) < 6 ? OP_ADD : draw(2) ? OP_DELETE : OP_ERASE) };
    if (is_bulk)
        return (Op){ now->version[USUAL] ? OP_DELETE + (uint8_t)draw(2) : OP_ADD, USUAL, BULK };
    op.count = (uint32_t)draw(40) + 1;
    op.first = (uint32_t)draw(USUAL - op.count);
    return op;
}

/* The database first, then the index; a bulk is published in pieces, as large libraries come. */
static void write_op(Index *index, Op op)
{
    uint64_t number = database->count;
    if (number == LOG_MAX)
        _exit(0);
    database->ops[number] = op;
    database->count = number + 1;
    for (uint32_t done = 0, piece; done < op.count; done += piece) {
        piece = MIN(op.count - done, 4250u);
        Op part = { op.kind, op.first + done, piece };
        apply(index, &part, (uint32_t)number + 1);
        if (op.count > piece)
            index_publish(index);
    }
}

static void work_until_killed(const World *now, bool is_bulk)
{
    Index *index = new_index();
    pthread_t searcher;
    IndexOpened opened = index_load(index);
    bool must_commit = !catch_up(index, &opened, now);
    if (pthread_create(&searcher, NULL, search_beside, index) != 0)
        _exit(1);
    for (database->is_ready = true;; must_commit = draw(12) == 0) {
        Error err = { 0 };
        if (must_commit && !index_commit(index, database->count, &err))
            _exit(1);
        if (must_commit)
            database->committed = database->count;
        write_op(index, choose_op(now, is_bulk));
        is_bulk = false;
        if (draw(3) == 0)
            index_publish(index);
    }
}

static void run_and_kill(const World *now, bool is_bulk)
{
    uint64_t seed = draw(UINT64_MAX) | 1;
    database->is_ready = false;
    pid_t child = fork();
    int status;
    if (child < 0)
        quit("fork", 0, 0);
    if (child == 0) {
        random_state = seed;
        work_until_killed(now, is_bulk);
    }
    /* Now and then also while it opens. */
    for (bool waits = draw(8) > 0; waits && !database->is_ready;)
        if (usleep(500) != 0 || waitpid(child, &status, WNOHANG) != 0)
            quit("the child ended by itself", 0, 0);
    usleep((useconds_t)(draw(ROUND_MS * 1000) + (is_bulk ? draw(1500000) : 0)));
    kill(child, SIGKILL);
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        quit("the child ended by itself: status", (uint64_t)status, 0);
    counts.kills++;
}

/* --- Torn files --- */

typedef struct Paths {
    Str *at;
    size_t count;
} Paths;

static Paths list_files(Arena *arena)
{
    char command[200], line[400];
    VEC(Str) list = { 0 };
    snprintf(command, sizeof command, "find %s -type f 2>/dev/null | sort", folder);
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe))
        *vec_push(arena, &list) = str_copy(arena, str_trim(str(line)));
    if (pipe)
        pclose(pipe);
    return (Paths){ list.at, list.count };
}

/* As a disk or a careless copy leaves it. */
static void tear(Arena *arena, const char *path)
{
    Str bytes;
    Error err = { 0 };
    if (!file_read(arena, path, MB(512), &bytes, &err))
        quit("cannot read a file of the index", 0, 0);
    if (!bytes.length) {
        unlink(path);
        return;
    }
    char *at = arena_alloc(arena, bytes.length + PAGE);
    size_t length = bytes.length, page = draw(length) / PAGE * PAGE;
    memcpy(at, bytes.at, length);
    switch (draw(6)) {
    case 0: length = draw(length); break;
    case 1: at[draw(length)] ^= (char)(1 << draw(8)); break;
    case 2: memset(at + page, 0, MIN((size_t)PAGE, length - page)); break;
    case 3: memset(at + length, 'x', PAGE), length += PAGE; break;
    case 4: /* of another version, whole in itself */
        if (length > 16 && str_ends(str(path), S("manifest"))) {
            at[8] ^= 1;
            uint32_t crc = crc32c(0, at, length - sizeof crc);
            memcpy(at + length - sizeof crc, &crc, sizeof crc);
            break;
        }
        __attribute__((fallthrough));
    default: unlink(path); return;
    }
    if (!file_write(path, (Str){ at, length }, 0600, &err))
        quit("cannot write a file of the index", 0, 0);
}

/* The manifest of some rounds ago comes back now and then, as from a backup. */
static void restore_manifest(Arena *arena, const char *path)
{
    const char *other = saved[str_find(str(path), S("/keyword/")) < 0];
    bool comes_back = file_exists(other) && draw(2);
    Str bytes;
    Error err = { 0 };
    if (!file_read(arena, comes_back ? other : path, MB(64), &bytes, &err) ||
        !file_write(comes_back ? path : other, bytes, 0600, &err))
        quit("cannot copy a manifest", 0, 0);
}

static bool tear_some(void)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    Paths files = list_files(arena);
    if (!files.count)
        return false;
    for (size_t i = 0; i <= draw(3); i++) {
        const char *path = str_c(arena, files.at[draw(files.count)]);
        if (!file_exists(path))
            continue;
        if (str_ends(str(path), S("manifest")) && draw(2))
            restore_manifest(arena, path);
        else
            tear(arena, path);
    }
    counts.tears++;
    return true;
}

/* --- Checking --- */

static size_t entries_of(const World *world, bool vectors)
{
    size_t count = 0;
    for (uint32_t key = 0; key < KEYS; key++)
        if (world->version[key])
            count += vectors ? parts_of(key, world->version[key]) : 1;
    return count;
}

/* A leg as it was loaded; `recent` is what the log said some time before, mostly before that. */
static void check_leg(const IndexLeg *leg, const World *recent, size_t entries, bool vectors,
                      bool is_torn)
{
    uint64_t committed = database->committed;
    counts.damaged += leg->state == SHELF_DAMAGED;
    if (!is_torn && leg->state == SHELF_DAMAGED)
        quit(leg->reason.message, leg->state, committed);
    if (!is_torn && committed && leg->state != SHELF_LOADED)
        quit("what was committed is not there", leg->state, committed);
    if (leg->state != SHELF_LOADED)
        return;
    if (leg->generation > database->count || (!is_torn && leg->generation < committed))
        quit("a generation that cannot be", leg->generation, committed);
    World *then = heap_alloc(sizeof *then);
    if (leg->generation >= recent->at)
        *then = *recent;
    advance(then, leg->generation);
    if (entries != entries_of(then, vectors))
        quit(vectors ? "vectors that were loaded" : "chunks that were loaded", entries,
             entries_of(then, vectors));
    free(then);
}

static void check_key(Index *index, uint32_t key, uint32_t version)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    IndexHit hits[2];
    IndexSearch by_word = { .text = make_word(arena, key, version), .count = COUNT(hits) };
    size_t count = index_search(index, arena, &by_word, hits);
    if (!count || hits[0].key != key)
        quit("a chunk is not found by its word", key, version);
    /* Its own vector among all, the others among themselves: they count half. */
    uint64_t only[KEYS / 64 + 1] = { 0 };
    only[key / 64] = UINT64_C(1) << (key % 64);
    for (uint32_t part = 0; part < parts_of(key, version); part++) {
        float vector[DIMS];
        make_vector(key, version, part, vector);
        IndexSearch by_vector = { .vector = vector, .count = COUNT(hits) };
        if (part)
            by_vector.filter = (KeyFilter){ .bits = only, .bit_count = KEYS };
        count = index_search(index, arena, &by_vector, hits);
        if (!count || hits[0].key != key || hits[0].vector_part != part ||
            (!part && hits[0].vector_score < 0.98f))
            quit("a chunk is not found by its vector", key, version);
    }
}

/* Neither its word nor its vector finds what was deleted. */
static void check_gone(Index *index, uint32_t key, uint32_t version)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    IndexHit hits[2];
    float vector[DIMS];
    make_vector(key, version, 0, vector);
    IndexSearch searches[] = { { .text = str_format(arena, "\"" STR_FMT "\"",
                                                    STR_ARG(make_word(arena, key, version))),
                                 .count = COUNT(hits) },
                               { .vector = vector, .count = COUNT(hits) } };
    for (size_t s = 0; s < COUNT(searches); s++) {
        size_t count = index_search(index, arena, &searches[s], hits);
        for (size_t i = 0; i < count; i++)
            if (hits[i].key == key)
                quit("a chunk that was deleted is found", key, version);
    }
}

static void check_all(Index *index, const World *now)
{
    IndexStatus status = index_status(index);
    if (status.chunks != entries_of(now, false))
        quit("chunks", status.chunks, entries_of(now, false));
    if (status.vectors != entries_of(now, true))
        quit("vectors", status.vectors, entries_of(now, true));
    for (size_t i = 0; i < CHECKED; i++) {
        /* What was written last, then any. */
        const Op *op = &database->ops[now->at > i ? now->at - i - 1 : 0];
        uint32_t key = i < CHECKED / 2 && now->at ? op->first : (uint32_t)draw(KEYS);
        if (now->version[key])
            check_key(index, key, now->version[key]);
        else if (now->last[key])
            check_gone(index, key, now->last[key]);
    }
}

static int64_t processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* `now` is what the log said before the round; afterwards it is what it says now. */
static void open_and_check(World *now, bool is_torn)
{
    Index *index = new_index();
    int64_t began = processor_us();
    IndexOpened opened = index_load(index);
    int64_t took = processor_us() - began;
    IndexStatus status = index_status(index);
    check_leg(&opened.keyword, now, status.chunks, false, is_torn);
    check_leg(&opened.vectors, now, status.vectors, true, is_torn);
    if (took > OPEN_US_PER_100K * MAX((int64_t)status.vectors, 20000) / 100000)
        quit("opening took too long, microseconds and vectors", (uint64_t)took, status.vectors);
    counts.slowest_us = MAX(counts.slowest_us, took);
    advance(now, database->count);
    if (catch_up(index, &opened, now))
        counts.loaded++;
    else
        counts.rebuilt++;
    check_all(index, now);
    index_free(index);
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    Error err = { 0 };
    /* In memory where that is possible: what is killed is the process, not the machine. */
    snprintf(folder, sizeof folder, "/dev/shm/lectern-crash-XXXXXX");
    if (!mkdtemp(folder)) {
        snprintf(folder, sizeof folder, "/tmp/lectern-crash-XXXXXX");
        if (!mkdtemp(folder))
            return 2;
    }
    for (size_t i = 0; i < COUNT(saved); i++)
        snprintf(saved[i], sizeof saved[i], "%s.manifest-%zu", folder, i);
    random_state += argc > 2 ? strtoul(argv[2], NULL, 10) * 2 : (uint64_t)getpid() * 2;
    database = mmap(NULL, sizeof *database, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    World *now = heap_alloc(sizeof *now);
    bool is_torn = false;
    int64_t began = monotonic_ms();
    for (size_t round = 0; round < rounds; round++) {
        bool is_bulk = now->version[USUAL] ? draw(4) == 0 : round == 3 || draw(60) == 0;
        uint64_t before = database->committed;
        counts.bulks += is_bulk;
        run_and_kill(now, is_bulk);
        is_torn = (is_torn && database->committed == before) | (round % 2 && tear_some());
        open_and_check(now, is_torn);
    }
    printf("%zu kills, %zu with torn files, %zu with many chunks at once: %" PRIu64 " operations, "
           "%zu opened as written, %zu rebuilt (%zu legs damaged), opened in at most %.1f ms; %.0f "
           "s\n",
           counts.kills, counts.tears, counts.bulks, database->count, counts.loaded, counts.rebuilt,
           counts.damaged, (double)counts.slowest_us / 1e3, (double)(monotonic_ms() - began) / 1e3);
    free(now);
    for (size_t i = 0; i < COUNT(saved); i++)
        unlink(saved[i]);
    return folder_remove(folder, &err) ? 0 : 1;
}
