/* db_news.c - see db_news.h. */
#include "db/db_news.h"

#include "db/db_driver.h"

#include <pthread.h>

/* Listeners are slow or the poster is wild: news beyond this is merged into "look yourself". */
#define NOTES_MAX 10000

typedef struct Listening {
    char channel[DB_CHANNEL_MAX + 1];
    DbListener *listener;
    void *argument;
    struct Listening *next;
} Listening;

typedef struct Note {
    struct Note *next;
    bool for_all;
    char channel[DB_CHANNEL_MAX + 1];
    size_t length;
    char text[];
} Note;

struct DbNews {
    pthread_mutex_t telling; /* held while listeners are called; taken before `lock` */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stopping, missed;
    Listening *listening; /* grows under `lock`, shrinks under both */
    Note *first, *last;
    size_t note_count;
};

static void tell(Listening *listening, const char *channel, bool for_all, Str text)
{
    for (; listening; listening = listening->next)
        if (for_all || strcmp(listening->channel, channel) == 0)
            listening->listener(listening->argument, listening->channel, text);
}

static void tell_all(DbNews *news, const Note *note, bool missed)
{
    pthread_mutex_lock(&news->telling);
    pthread_mutex_lock(&news->lock);
    Listening *listening = news->listening;
    pthread_mutex_unlock(&news->lock);
    tell(listening, note->channel, note->for_all, (Str){ note->text, note->length });
    if (missed)
        tell(listening, "", true, STR_NONE);
    pthread_mutex_unlock(&news->telling);
}

static void *run(void *argument)
{
    DbNews *news = argument;
    pthread_mutex_lock(&news->lock);
    while (!news->stopping) {
        if (!news->first) {
            pthread_cond_wait(&news->wake, &news->lock);
            continue;
        }
        Note *note = news->first;
        news->first = note->next;
        news->note_count--;
        bool missed = news->missed && !news->first;
        if (missed)
            news->missed = false;
        pthread_mutex_unlock(&news->lock);
        tell_all(news, note, missed);
        free(note);
        pthread_mutex_lock(&news->lock);
    }
    pthread_mutex_unlock(&news->lock);
    return NULL;
}

DbNews *db_news_new(void)
{
    DbNews *news = heap_alloc(sizeof *news);
    pthread_mutex_init(&news->lock, NULL);
    pthread_mutex_init(&news->telling, NULL);
    pthread_cond_init(&news->wake, NULL);
    return news;
}

bool db_news_listen(DbNews *news, const char *channel, DbListener *listener, void *argument,
                    Error *err)
{
    Listening *listening = heap_alloc(sizeof *listening);
    *listening = (Listening){ .listener = listener, .argument = argument };
    snprintf(listening->channel, sizeof listening->channel, "%s", channel);

    pthread_mutex_lock(&news->lock);
    bool ok = news->started || pthread_create(&news->thread, NULL, run, news) == 0;
    if (ok) {
        if (!news->started)
            pthread_setname_np(news->thread, "db-news");
        news->started = true;
        listening->next = news->listening;
        news->listening = listening;
    }
    pthread_mutex_unlock(&news->lock);
    if (ok)
        return true;
    free(listening);
    return fail(err, ERROR_BUSY, "no thread could be started to listen to '%s'", channel);
}

void db_news_unlisten(DbNews *news, const char *channel, DbListener *listener, void *argument)
{
    pthread_mutex_lock(&news->telling);
    pthread_mutex_lock(&news->lock);
    for (Listening **at = &news->listening; *at; at = &(*at)->next) {
        Listening *one = *at;
        if (one->listener == listener && one->argument == argument &&
            strcmp(one->channel, channel) == 0) {
            *at = one->next;
            free(one);
            break;
        }
    }
    pthread_mutex_unlock(&news->lock);
    pthread_mutex_unlock(&news->telling);
}

void db_news_post(DbNews *news, const char *channel, Str text)
{
    pthread_mutex_lock(&news->lock);
    if (!news->started || news->stopping) {
        /* nobody listens */
    } else if (news->note_count >= NOTES_MAX) {
        news->missed = true;
    } else {
        Note *note = heap_alloc(sizeof *note + text.length + 1);
        snprintf(note->channel, sizeof note->channel, "%s", channel ? channel : "");
        note->for_all = !channel;
        note->length = text.length;
        if (text.length)
            memcpy(note->text, text.at, text.length);
        if (news->first)
            news->last->next = note;
        else
            news->first = note;
        news->last = note;
        news->note_count++;
        pthread_cond_signal(&news->wake);
    }
    pthread_mutex_unlock(&news->lock);
}

void db_news_free(DbNews *news)
{
    if (!news)
        return;
    pthread_mutex_lock(&news->lock);
    news->stopping = true;
    pthread_cond_signal(&news->wake);
    pthread_mutex_unlock(&news->lock);
    if (news->started)
        pthread_join(news->thread, NULL);
    for (Note *note = news->first, *next; note; note = next) {
        next = note->next;
        free(note);
    }
    for (Listening *listening = news->listening, *next; listening; listening = next) {
        next = listening->next;
        free(listening);
    }
    pthread_cond_destroy(&news->wake);
    pthread_mutex_destroy(&news->lock);
    pthread_mutex_destroy(&news->telling);
    free(news);
}
