/* fixture_standby_test.h - standbys of a test's own PostgreSQL server (fixture_test.h), by folder.
 */
#pragma once

#include "base/base.h"

/* A copy that follows the primary. */
void test_postgres_standby(Arena *arena, const char *primary, const char **folder_r);
void test_postgres_promote(const char *folder);
/* One that was stopped. */
void test_postgres_start(const char *folder);
/* SQL as the superuser. */
void test_postgres_say(const char *folder, const char *sql);
