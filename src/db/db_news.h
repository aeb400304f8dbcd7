/* db_news.h - who listens to which channel, and the thread that tells them. Private to src/db.
 *
 * Any thread may post; listeners are called one at a time, in the order of posting. */
#pragma once

#include "db/db.h"

typedef struct DbNews DbNews;

DbNews *db_news_new(void);
/* Drops what was not told yet; NULL is fine. */
void db_news_free(DbNews *news);
MUST_CHECK bool db_news_listen(DbNews *news, const char *channel, DbListener *listener,
                               void *argument, Error *err);
/* Waits for a call that is running. */
void db_news_unlisten(DbNews *news, const char *channel, DbListener *listener, void *argument);
/* Tell the listeners of the channel soon; all listeners when `channel` is NULL. */
void db_news_post(DbNews *news, const char *channel, Str text);
