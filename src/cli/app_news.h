/* app_news.h - what open pages and clients hear: documents as they change, work as it goes. */
#pragma once

#include "api/api.h"
#include "base/pool.h"
#include "jobs/job_runner.h"
#include "library/library.h"
#include "notify/event_feed.h"

typedef struct AppNews {
    const Api *api; /* its library and its hub of events */
    EventFeed *feed;
    Pool *pool; /* writes events: never on the thread that has the news */
} AppNews;

/* The listeners of the library and of the jobs; the argument is an AppNews. From any thread. */
void app_news_of_library(void *news, const Scope *scope, LibraryNews kind, Str document,
                         const StrList *those);
void app_news_of_job(void *news, const JobEvent *event);
