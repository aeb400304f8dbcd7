/* trace.c - where a call of a model belongs, and its span. */
#include "gateway/telemetry.h"

Str trace_begin(Arena *arena, const TraceContext *from, CallRecord *record)
{
    TraceSpan span;
    char *text = arena_alloc(arena, TRACE_TEXT_SIZE);
    span_begin(&span, from, TRACE_CLIENT, S(""));
    if (span.is_recorded) {
        char digits[TRACE_TEXT_SIZE];
        record->trace = str_copy(arena, trace_id_text(&span.context, digits));
        record->span = str_copy(arena, trace_span_text(&span.context, digits));
        if (from->is_set)
            record->parent = str_copy(arena, trace_span_text(from, digits));
    }
    return trace_text(&span.context, text);
}

/* gen_ai.operation.name */
Str telemetry_operation(const CallRecord *record)
{
    switch (record->task) {
    case TASK_COMPLETION: return S("text_completion");
    case TASK_EMBEDDING: return S("embeddings");
    default: return str(task_words[record->task]);
    }
}

int64_t telemetry_input(const ModelUsage *usage)
{
    return usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
}

bool telemetry_has_failed(const CallRecord *record) { return !str_is(record->status, "ok"); }

static void add_attributes(TraceSpan *span, const CallRecord *record)
{
    span_add_text(span, "gen_ai.operation.name", telemetry_operation(record));
    span_add_text(span, "gen_ai.provider.name", record->service);
    span_add_text(span, "gen_ai.request.model", record->model);
    span_add_number(span, "gen_ai.usage.input_tokens", telemetry_input(&record->usage));
    span_add_number(span, "gen_ai.usage.output_tokens", record->usage.output);
    span_add_number(span, "http.response.status_code", record->http_status);
    span_add_text(span, "lectern.request_id", record->id);
    span_add_text(span, "lectern.route", record->route);
    span_add_text(span, "lectern.feature", record->feature);
    span_add_text(span, "lectern.cache", record->cache);
    span_add_number(span, "lectern.tries", record->tries);
    span_add_number(span, "lectern.own_us", record->own_us);
}

/* The record was made by trace_begin(), when the span's ids were; its name and times are known only
 * now. */
bool telemetry_span(Arena *arena, const CallRecord *record, TraceSpan *span_r)
{
    Str operation = telemetry_operation(record);
    Str header = str_format(arena, "00-" STR_FMT "-" STR_FMT "-01", STR_ARG(record->trace),
                            STR_ARG(record->span));
    Str above = str_format(arena, "00-" STR_FMT "-" STR_FMT "-01", STR_ARG(record->trace),
                           STR_ARG(record->parent));
    TraceContext own, parent = { 0 };
    if (!record->trace.length || !trace_read(header, STR_NONE, &own))
        return false;
    *span_r = (TraceSpan){ .context = own, .is_recorded = true, .kind = TRACE_CLIENT };
    span_r->has_parent = record->parent.length && trace_read(above, STR_NONE, &parent);
    memcpy(span_r->parent, parent.span, sizeof parent.span);
    snprintf(span_r->name, sizeof span_r->name, STR_FMT " " STR_FMT, STR_ARG(operation),
             STR_ARG(record->model));
    span_r->start_us = trace_monotonic_us(record->started_ms * 1000);
    span_r->end_us = span_r->start_us + record->total_us;
    add_attributes(span_r, record);
    if (telemetry_has_failed(record))
        span_fail(span_r, record->status);
    return true;
}
