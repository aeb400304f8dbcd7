/* mcp_lists.c - see mcp_lists.h. */
#include "mcp/mcp_lists.h"

#include <pthread.h>

#include "base/clock.h"

#define COUNT_MAX 256
#define LIST_MAX MB(1) /* a longer one is asked for again */
#define KEY_SIZE 65

typedef struct Kept {
    char key[KEY_SIZE]; /* "": free */
    char *list;         /* heap */
    size_t length;
    int64_t until_ms; /* monotonic */
} Kept;

struct McpLists {
    pthread_mutex_t lock;
    Kept at[COUNT_MAX];
};

McpLists *mcp_lists_new(void)
{
    McpLists *lists = heap_alloc(sizeof *lists);
    pthread_mutex_init(&lists->lock, NULL);
    return lists;
}

static void empty(Kept *kept)
{
    free(kept->list);
    *kept = (Kept){ 0 };
}

void mcp_lists_free(McpLists *lists)
{
    if (!lists)
        return;
    for (size_t i = 0; i < COUNT_MAX; i++)
        empty(&lists->at[i]);
    pthread_mutex_destroy(&lists->lock);
    free(lists);
}

/* With the lock held; NULL: there is none. */
static Kept *find(McpLists *lists, Str key)
{
    for (size_t i = 0; i < COUNT_MAX; i++)
        if (lists->at[i].list && str_is(key, lists->at[i].key))
            return &lists->at[i];
    return NULL;
}

static Kept *soonest(McpLists *lists)
{
    Kept *first = &lists->at[0];
    for (size_t i = 1; i < COUNT_MAX; i++)
        if (lists->at[i].until_ms < first->until_ms) /* a free one has none */
            first = &lists->at[i];
    return first;
}

void mcp_lists_keep(McpLists *lists, Str key, Str list, int64_t for_ms)
{
    if (for_ms <= 0 || list.length > LIST_MAX || key.length >= KEY_SIZE)
        return;
    pthread_mutex_lock(&lists->lock);
    Kept *kept = find(lists, key);
    kept = kept ? kept : soonest(lists);
    empty(kept);
    memcpy(kept->key, key.at, key.length);
    kept->list = heap_alloc(list.length + 1);
    memcpy(kept->list, list.at, list.length);
    kept->length = list.length;
    kept->until_ms = monotonic_ms() + MIN(for_ms, (int64_t)MCP_LIST_MAX_MS);
    pthread_mutex_unlock(&lists->lock);
}

void mcp_lists_drop(McpLists *lists, Str key)
{
    pthread_mutex_lock(&lists->lock);
    Kept *kept = find(lists, key);
    if (kept)
        empty(kept);
    pthread_mutex_unlock(&lists->lock);
}

bool mcp_lists_find(McpLists *lists, Arena *arena, Str key, Str *list_r)
{
    pthread_mutex_lock(&lists->lock);
    const Kept *kept = find(lists, key);
    bool is_there = kept && kept->until_ms > monotonic_ms();
    if (is_there)
        *list_r = str_copy(arena, (Str){ kept->list, kept->length });
    pthread_mutex_unlock(&lists->lock);
    return is_there;
}
