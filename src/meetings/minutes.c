/* minutes.c - what was said, as a document with speakers and timecodes, and what came of it; see
 * meetings_int.h.
 *
 * The transcript is WebVTT, read as subtitles are: each turn is a paragraph "Anna: ..." whose place
 * is its time. Made again of the same words it is the same document. */
#include "answer/answer_json.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "meetings/decisions.h"
#include "meetings/meetings_int.h"
#include "store/task_drawings_store.h"
#include "summary/kept.h"
#include "tasks/drawn.h"
#include "text/date.h"

#define TRANSCRIPT_MAX MB(32)
#define MINUTES_MAX MB(2)
#define NAME_BYTES 120
#define TURN_GAP_MS 4000 /* a turn goes on when the same person says more within it, */
#define TURN_BYTES 600   /* and is not longer than this */

/* --- The transcript --- */

/* "00:01:02.345" */
static void add_time(Buf *out, int64_t time_ms)
{
    buf_addf(out, "%02d:%02d:%02d.%03d", (int)(time_ms / 3600000), (int)(time_ms / 60000 % 60),
             (int)(time_ms / 1000 % 60), (int)(time_ms % 1000));
}

/* On one line, and without what WebVTT would read as its own. */
static void add_words(Buf *out, Arena *arena, Str text)
{
    text = utf8_clean(arena, text);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (HAS_CHAR(c, "\r\n\t"))
            buf_add_char(out, ' ');
        else if (c == '&')
            buf_add(out, S("&amp;"));
        else if (c == '<')
            buf_add(out, S("&lt;"));
        else if (c == '>')
            buf_add(out, S("&gt;"));
        else
            buf_add_char(out, c);
    }
}

static int by_start(const void *a, const void *b)
{
    int64_t left = ((const Utterance *)a)->start_ms, right = ((const Utterance *)b)->start_ms;
    return left < right ? -1 : left > right;
}

/* Services count from the beginning of the recording, or from 1970. */
static int64_t origin_of(const UtteranceList *list)
{
    int64_t first = list->count ? list->at[0].start_ms : 0;
    return first > INT64_C(1000000000000) ? first : 0;
}

Str minutes_transcript(Arena *arena, const Meeting *meeting, const UtteranceList *list)
{
    Buf out = buf_new(arena, TRANSCRIPT_MAX);
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, by_start);
    int64_t origin = origin_of(list);
    buf_add(&out, S("WEBVTT\n\nNOTE\n"));
    add_words(&out, arena, meeting->title);
    buf_add(&out, S("\n"));
    for (size_t i = 0; i < list->count;) {
        const Utterance *first = &list->at[i];
        size_t end = i + 1, bytes = first->text.length;
        while (end < list->count && str_equal(list->at[end].speaker, first->speaker) &&
               list->at[end].start_ms - list->at[end - 1].end_ms < TURN_GAP_MS &&
               bytes < TURN_BYTES)
            bytes += list->at[end++].text.length;
        buf_add_char(&out, '\n');
        add_time(&out, first->start_ms - origin);
        buf_add(&out, S(" --> "));
        add_time(&out, MAX(list->at[end - 1].end_ms, first->start_ms) - origin);
        buf_add(&out, S("\n<v "));
        add_words(&out, arena, first->speaker.length ? first->speaker : S("Speaker"));
        buf_add_char(&out, '>');
        for (; i < end; i++) {
            add_words(&out, arena, str_trim(list->at[i].text));
            buf_add_char(&out, i + 1 < end ? ' ' : '\n');
        }
    }
    return buf_str(&out);
}

Str minutes_name(Arena *arena, const Meeting *meeting, const char *ending)
{
    char time[TIME_TEXT_SIZE];
    Str title = meeting->title.length ? meeting->title : S("Meeting");
    Buf clean = buf_new(arena, NAME_BYTES);
    for (size_t i = 0; i < title.length; i++)
        buf_add_char(&clean, HAS_CHAR(title.at[i], "/\\:\r\n\t") ? ' ' : title.at[i]);
    Str words = buf_str(&clean);
    return str_format(arena, "Meetings/%.10s " STR_FMT ".%s",
                      time_format(meeting->starts_at_ms, time).at,
                      STR_ARG(str_slice(words, 0, utf8_floor(words, words.length))), ending);
}

bool minutes_add_document(Meetings *meetings, const Scope *scope, Arena *arena,
                          const Meeting *meeting, Str transcript, Str *document_r, Error *err)
{
    Library *library = meetings->options.library;
    char *path = path_join(arena, str(library_incoming(library)), id_new(arena));
    Document document;
    bool is_new;
    const NewFile file = { .path = path,
                           .name = minutes_name(arena, meeting, "vtt"),
                           .media_type = S("text/vtt"),
                           .size = transcript.length,
                           .sha256 = sha256_hex(arena, transcript),
                           .source = S("meeting") };
    if (!file_write(path, transcript, 0600, err) ||
        !library_add(library, scope, arena, &file, &document, &is_new, err))
        return false;
    *document_r = document.id;
    return true;
}

/* --- The minutes --- */

typedef struct MinutesWork {
    Meetings *meetings;
    const Scope *scope;
    Arena *arena;
    const Meeting *meeting;
    Str id; /* of the document */
    DrawSource from;
    DrawnTaskList tasks;
    Str *task_ids;
    bool is_first;
    Str decisions, summary; /* JSON */
    Str notice;
} MinutesWork;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    MinutesWork *work = argument;
    return document_find(tx, work->scope, work->arena, work->id, &work->from.document, err);
}

static bool draw_tasks(MinutesWork *work, Error *err)
{
    DrawRequest asked = { .reference_ms = work->meeting->starts_at_ms,
                          .people = meeting_people(work->arena, work->meeting) };
    int64_t ignored;
    Error why;
    work->from.library = work->meetings->options.library;
    work->from.scope = work->scope;
    if (date_local(0, work->meeting->time_zone, &ignored, &why))
        asked.zone = work->from.zone = work->meeting->time_zone;
    if (!drawn_text(work->arena, &work->from, &asked.text, err))
        return false;
    tasks_draw_asking(work->meetings->options.models, work->scope, work->arena, &asked, STR_NONE,
                      &work->tasks);
    work->task_ids = arena_new_array(work->arena, Str, work->tasks.count + 1);
    return true;
}

static void put_decision(JsonWriter *json, MinutesWork *work, const Material *material,
                         const Decision *decision, int number)
{
    Citation citation = material_cite(work->arena, material, decision->piece);
    citation.number = number;
    put_object(json, NULL);
    put_text(json, "text", decision->text);
    put_text_or_null(json, "speaker", decision->speaker);
    if (decision->piece->block)
        put_int(json, "start_ms", decision->piece->block->start_ms);
    put_text(json, "made_by", decision->made_by);
    put_array(json, "sources");
    put_citation(json, NULL, &citation);
    put_end(json);
    put_end(json);
}

static bool find_decisions(MinutesWork *work, Error *err)
{
    Material material;
    DecisionList list;
    Buf out = buf_new(work->arena, MINUTES_MAX);
    if (!material_of_documents(work->meetings->options.db, work->scope, work->arena,
                               (StrList){ &work->id, 1 }, &material, err))
        return false;
    decisions_find(work->meetings->options.models, work->scope, work->arena, &material, &list);
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < list.count; i++)
        put_decision(&json, work, &material, &list.at[i], (int)i + 1);
    put_end(&json);
    work->decisions = out.overflowed ? S("[]") : buf_str(&out);
    work->notice = list.notice;
    return true;
}

static bool sum_up(MinutesWork *work, Error *err)
{
    const SummaryOrder order = { .documents = { &work->id, 1 },
                                 .subject = work->id,
                                 .wish = { .length = SUMMARY_medium, .form = SUMMARY_BULLETS } };
    SummaryAnswer answer;
    if (!summary_order(work->meetings->options.summaries, work->scope, work->arena, &order, &answer,
                       err))
        return false;
    work->summary = answer.json.length ? answer.json : S("null");
    return true;
}

/* Together: tasks are drawn from a document once, whoever draws them. */
static bool save_work(DbTx *tx, void *argument, Error *err)
{
    MinutesWork *work = argument;
    Buf out = buf_new(work->arena, MINUTES_MAX * 4);
    if (!task_drawing_done(tx, work->scope, work->id, &work->is_first, err) ||
        !drawn_save(tx, work->arena, &work->from, &work->tasks, work->task_ids, err))
        return false;
    JsonWriter json = put_begin(&out);
    put_raw(&json, "summary", work->summary);
    put_raw(&json, "decisions", work->decisions);
    put_array(&json, "tasks");
    for (size_t i = 0; i < work->tasks.count; i++)
        put_text(&json, NULL, work->task_ids[i]);
    put_end(&json);
    put_text_or_null(&json, "notice", work->notice);
    put_time(&json, "made_at", now_ms());
    put_end(&json);
    return meeting_set_minutes(tx, work->scope, work->meeting->id, buf_str(&out), err);
}

bool minutes_make(Meetings *meetings, const Scope *scope, Arena *arena, const Meeting *meeting,
                  Str document, Error *err)
{
    MinutesWork work = {
        .meetings = meetings, .scope = scope, .arena = arena, .meeting = meeting, .id = document
    };
    return store_read(meetings->options.db, scope, find_work, &work, err) &&
           find_decisions(&work, err) && sum_up(&work, err) && draw_tasks(&work, err) &&
           store_write(meetings->options.db, scope, save_work, &work, err);
}
