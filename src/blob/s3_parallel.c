/* s3_parallel.c - pieces of one piece of work on some threads; see s3_upload.h. */
#include <pthread.h>
#include <stdatomic.h>

#include "blob/s3_upload.h"

#define THREADS_MAX 16

typedef struct Sharing {
    S3Work *work;
    void *self;
    size_t count;
    atomic_size_t next;
    atomic_bool has_failed;
    pthread_mutex_t lock;
    Error first; /* under lock */
} Sharing;

static void *take_pieces(void *argument)
{
    Sharing *sharing = argument;
    size_t index;
    while (!atomic_load(&sharing->has_failed) &&
           (index = atomic_fetch_add(&sharing->next, 1)) < sharing->count) {
        Error err = { 0 };
        if (sharing->work(sharing->self, index, &err))
            continue;
        pthread_mutex_lock(&sharing->lock);
        if (!atomic_exchange(&sharing->has_failed, true))
            sharing->first = err;
        pthread_mutex_unlock(&sharing->lock);
    }
    return NULL;
}

bool s3_in_parallel(size_t count, size_t at_once, S3Work *work, void *self, Error *err)
{
    Sharing sharing = { .work = work, .self = self, .count = count };
    pthread_t threads[THREADS_MAX];
    size_t started = 0, wanted = MIN(MIN(count, at_once), THREADS_MAX);
    pthread_mutex_init(&sharing.lock, NULL);
    /* This thread takes its share: without any other it does all. */
    while (started + 1 < wanted &&
           pthread_create(&threads[started], NULL, take_pieces, &sharing) == 0)
        started++;
    take_pieces(&sharing);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&sharing.lock);
    if (atomic_load(&sharing.has_failed))
        *err = sharing.first;
    return !atomic_load(&sharing.has_failed);
}
