/* aside.c - see aside.h. */
#include "base/aside.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

struct Aside {
    PoolWork *work;
    void *argument;
    atomic_flag is_taken; /* by one of the two, who does it */
    atomic_int users;     /* the owner and the pool: the last one frees it */
    sem_t done;
};

static void release(Aside *aside)
{
    if (atomic_fetch_sub(&aside->users, 1) > 1)
        return;
    sem_destroy(&aside->done);
    free(aside);
}

static void run(void *argument)
{
    Aside *aside = argument;
    if (!atomic_flag_test_and_set(&aside->is_taken)) {
        aside->work(aside->argument);
        sem_post(&aside->done);
    }
    release(aside);
}

Aside *aside_begin(Pool *pool, PoolWork *work, void *argument)
{
    Aside *aside = heap_alloc(sizeof *aside);
    *aside = (Aside){ .work = work, .argument = argument, .is_taken = ATOMIC_FLAG_INIT };
    sem_init(&aside->done, 0, 0);
    atomic_init(&aside->users, 2);
    if (!pool || !pool_add(pool, run, aside))
        atomic_store(&aside->users, 1);
    return aside;
}

void aside_end(Aside *aside)
{
    if (!atomic_flag_test_and_set(&aside->is_taken))
        aside->work(aside->argument);
    else
        while (sem_wait(&aside->done) < 0 && errno == EINTR)
            ;
    release(aside);
}
