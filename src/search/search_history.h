/* search_history.h - what people searched for, written behind their backs.
 *
 * A search does not wait for the disk: what is remembered waits here and is written once a second,
 * in one transaction a workspace. A crash forgets the last second; when more than
 * SEARCH_HISTORY_MAX wait, the newest are not remembered. Threads: any. */
#pragma once

#include "store/searches_store.h"

#define SEARCH_HISTORY_MAX 4096

typedef struct SearchHistory SearchHistory;

SearchHistory *search_history_new(Db *db);
/* Writes what waits. NULL is fine. */
void search_history_free(SearchHistory *history);
/* Copies what it is given. */
void search_history_add(SearchHistory *history, const Scope *scope, const Search *search);
/* Writes what waits now, so that a list has it. */
void search_history_flush(SearchHistory *history);
