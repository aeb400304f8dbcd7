/* extraction_laters.c - what one class of worker left for others: read, several at once, and
 * joined.
 *
 * Workers run side by side; what they say is taken one frame at a time, under the reading's lock,
 * so there is one tree and one arena. */
#include <unistd.h>

#include "library/extraction_int.h"

/* What workers leave for others ends: a member of a member ... is refused at this depth. */
enum { LATER_DEPTH_MAX = 8 };

enum { THREADS_MAX = 64 };

size_t reading_threads(const Reading *reading, size_t count)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int wanted = reading->input->parallel;
    size_t threads = wanted > 0 ? (size_t)wanted : (size_t)MAX(cores, 1);
    return MIN(MIN(threads, (size_t)THREADS_MAX), count);
}

/* --- Joining --- */

/* Places in a node's blocks move when something is inserted before them. */
static void shift_laters(LaterList *laters, const DocNode *node, const DocNode *old,
                         const size_t *at, DocNode *const *found, size_t count)
{
    for (size_t i = 0; i < laters->count; i++) {
        Later *later = &laters->at[i];
        size_t inserted = 0, dropped = 0;
        if (later->node != node)
            continue;
        for (size_t k = 0; k < count && at[k] <= later->at; k++)
            inserted += found[k] ? found[k]->blocks.count : 0;
        for (size_t k = 0; k < MIN(later->at, old->blocks.count); k++)
            dropped += old->blocks.at[k].kind == BLOCK_KIND_COUNT;
        later->at += inserted - dropped;
    }
}

void reading_join(Reading *reading, DocNode *node, const size_t *at, DocNode *const *found,
                  size_t count)
{
    Arena *arena = reading->arena;
    DocNode old = *node;
    memset(&node->blocks, 0, sizeof node->blocks);
    memset(&node->starts, 0, sizeof node->starts);
    node->text_length = 0;
    size_t next = 0;
    for (size_t i = 0; i <= old.blocks.count; i++) {
        for (; next < count && at[next] <= i; next++)
            for (size_t k = 0; found[next] && k < found[next]->blocks.count; k++)
                doc_node_add(arena, node, &found[next]->blocks.at[k]);
        if (i < old.blocks.count && old.blocks.at[i].kind != BLOCK_KIND_COUNT)
            doc_node_add(arena, node, &old.blocks.at[i]);
    }
    shift_laters(&reading->laters, node, &old, at, found, count);
}

/* Members and warnings of `found` become the node's. */
static void adopt(Arena *arena, Reading *reading, DocNode *node, DocNode *found)
{
    for (size_t i = 0; i < found->children.count; i++) {
        found->children.at[i]->parent = node;
        *vec_push(arena, &node->children) = found->children.at[i];
    }
    for (size_t i = 0; i < found->warnings.count; i++)
        *vec_push(arena, &node->warnings) = found->warnings.at[i];
    for (size_t i = 0; i < reading->out->children.count; i++)
        if (reading->out->children.at[i].parent == found)
            reading->out->children.at[i].parent = node;
    for (size_t i = 0; i < reading->laters.count; i++)
        if (reading->laters.at[i].node == found)
            reading->laters.at[i].node = node;
}

/* --- Whole documents --- */

static bool ask(Reading *reading, const Later *later, Receiver *in, Error *err)
{
    char worker[64];
    if (later->depth > LATER_DEPTH_MAX)
        return fail(err, ERROR_TOO_LARGE, "it is nested more than %d levels deep", LATER_DEPTH_MAX);
    snprintf(worker, sizeof worker, STR_FMT, STR_ARG(later->worker));
    if (str_is(later->worker, "speech"))
        return reading_hear(reading, later, in, err);
    return reading_ask(reading, str_is(later->worker, DOC_MAIN_WORKER) ? NULL : worker, in, err);
}

/* Poppler is asked about a PDF that is broken: that it cannot be asked makes the file no other
 * kind of file. */
static void keep_first_reason(Arena *arena, const Later *later, Error *err)
{
    const DocNode *node = later->node;
    if (err->code != ERROR_UNSUPPORTED || !str_is(later->worker, "poppler") ||
        !node->warnings.count)
        return;
    char *second = str_c(arena, str(err->message));
    fail(err, ERROR_DAMAGED, STR_FMT " (and a second reader was not asked: %s)",
         STR_ARG(node->warnings.at[node->warnings.count - 1]), second);
}

/* A member that another class cannot read costs that member; the file itself, the file. Where a
 * class has read it and left a part to the next one, only that part is missing. */
static bool read_whole(Reading *reading, const Later *later, Error *err)
{
    Arena *arena = reading->arena;
    DocNode *node = later->node;
    Receiver in = {
        .arena = arena, .reading = reading, .bytes = later->bytes, .depth = later->depth
    };
    pthread_mutex_lock(&reading->lock);
    receiver_begin(&in, node->name);
    in.root->media_type = node->media_type;
    pthread_mutex_unlock(&reading->lock);
    bool good = ask(reading, later, &in, err);
    bool is_part = node->blocks.count > 0;
    if (!good)
        keep_first_reason(arena, later, err);
    if (!good && (err->code == ERROR_CANCELLED || (node == reading->out->root && !is_part)))
        return false;
    pthread_mutex_lock(&reading->lock);
    if (!good && is_part)
        *vec_push(arena, &node->warnings) = str_format(
            arena, "a part was not read (" STR_FMT "): %s", STR_ARG(later->worker), err->message);
    else if (!good)
        node->failure = *err;
    if (in.root->format.length) {
        node->format = in.root->format;
        node->media_type = in.root->media_type;
    }
    reading_join(reading, node, &later->at, &in.root, 1);
    adopt(arena, reading, node, in.root);
    pthread_mutex_unlock(&reading->lock);
    return true;
}

/* Documents that wait, from `next` on; what they leave is added behind `end`. */
typedef struct Batch {
    Reading *reading;
    size_t next, end;
    bool has_failed;
    Error failure;
} Batch;

static bool take(Batch *batch, Later *later_r)
{
    Reading *reading = batch->reading;
    pthread_mutex_lock(&reading->lock);
    bool has_one = batch->next < batch->end && !batch->has_failed;
    if (has_one)
        *later_r = reading->laters.at[batch->next++];
    pthread_mutex_unlock(&reading->lock);
    return has_one;
}

static void *work(void *argument)
{
    Batch *batch = argument;
    Reading *reading = batch->reading;
    Error err;
    for (Later later; take(batch, &later);) {
        bool good = read_whole(reading, &later, &err);
        pthread_mutex_lock(&reading->lock);
        reading->batch_done++;
        if (!good && !batch->has_failed) {
            batch->has_failed = true;
            batch->failure = err;
        }
        pthread_mutex_unlock(&reading->lock);
    }
    return NULL;
}

static bool read_batch(Reading *reading, size_t first, size_t end, Error *err)
{
    Batch batch = { .reading = reading, .next = first, .end = end };
    pthread_t threads[THREADS_MAX];
    size_t wanted = reading_threads(reading, end - first), started = 0;
    reading->batch_done = 0;
    reading->batch_count = end - first;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, &batch) == 0)
        started++;
    (void)work(&batch);
    while (started)
        pthread_join(threads[--started], NULL);
    reading->batch_count = 0;
    if (batch.has_failed)
        *err = batch.failure;
    return !batch.has_failed;
}

/* --- All of it --- */

static bool is_same_group(const Later *a, const Later *b)
{
    if (!a->page || !b->page)
        return !a->page && !b->page;
    return a->node == b->node && str_equal(a->worker, b->worker);
}

/* Pages of pictures that nobody wants to have read. */
static bool is_skipped(Reading *reading, const Later *first, size_t count)
{
    if (!first->page || !str_is(reading->input->languages, LANGUAGES_NONE) ||
        !str_is(first->worker, "picture"))
        return false;
    *vec_push(reading->arena, &first->node->warnings) =
        str_format(reading->arena, "%zu %s without text: recognition was switched off", count,
                   count == 1 ? "page" : "pages");
    return true;
}

bool reading_laters(Reading *reading, Error *err)
{
    LaterList *list = &reading->laters;
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i + 1; end < list->count && is_same_group(&list->at[i], &list->at[end]);)
            end++;
        if (is_skipped(reading, &list->at[i], end - i))
            continue;
        if (list->at[i].page ? !reading_pages(reading, &list->at[i], end - i, err)
                             : !read_batch(reading, i, end, err))
            return false;
    }
    return true;
}
