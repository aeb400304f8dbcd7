/* log.h - one line of text or JSON for each event, to standard error.
 *
 * Only whoever ends a journey (a request, a job, a command) logs; libraries return errors.
 * A line is: time, level, area, message, then the request or job id of this thread, and the trace
 * that it works for (trace.h).
 * Secrets never go into a message. Any thread. */
#pragma once

#include "base/base.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

void log_set_level(LogLevel level);
void log_set_json(bool json);
/* The id that this thread's lines carry from now on; "" for none. */
void log_set_id(Str id);

void log_line(LogLevel level, const char *area, const char *format, ...) PRINTF(3, 4);
#define log_debug(area, ...) log_line(LOG_DEBUG, area, __VA_ARGS__)
#define log_info(area, ...) log_line(LOG_INFO, area, __VA_ARGS__)
#define log_warn(area, ...) log_line(LOG_WARN, area, __VA_ARGS__)
#define log_error(area, ...) log_line(LOG_ERROR, area, __VA_ARGS__)
