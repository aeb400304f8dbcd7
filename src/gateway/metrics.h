/* metrics.h - figures of all calls since the start, for Prometheus.
 *
 * They are counted from the records on the journal's thread, so they cost the calls nothing and are
 * a moment behind. There are never more than METRIC_SERIES_MAX series, whatever models clients ask
 * for: what comes then is counted as "other". Nothing tells of one workspace, key or person.
 *
 * Threads: any. */
#pragma once

#include "gateway/ledger.h"

#define METRIC_SERIES_MAX 10000

typedef struct Metrics Metrics;
Metrics *metrics_new(void);
void metrics_free(Metrics *metrics); /* NULL is fine */
/* JournalSeen. */
void metrics_count(void *metrics, const CallRecord *const *records, size_t count);
/* Prometheus text format 0.0.4. */
void metrics_write(Metrics *metrics, Buf *out);

/* For figures that others keep. */
void metric_head(Buf *out, const char *name, const char *type, const char *help);
void metric_label(Buf *labels, const char *name, Str value);
void metric_number(Buf *out, const char *name, const char *type, const char *help, int64_t value);
