/* report.c - see report.h. */
#include "base/report.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/trace.h"

#define QUEUE_MAX 64
#define KINDS_MAX 256 /* that are told apart */
#define REPORT_EVERY_MS 60000
#define SECRET_LENGTH 20      /* letters and digits in a row */
#define HIDDEN "\xe2\x80\xa6" /* an ellipsis */

typedef struct Kind {
    uint64_t hash;
    int64_t at_ms, times;
} Kind;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    Report *ring;
    size_t first, count;
    bool is_woken;
    Kind kinds[KINDS_MAX];
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_bool is_on;

/* --- Words that do not leave --- */

static bool is_secret(Str word)
{
    size_t run = 0;
    bool has_digit = false;
    for (size_t i = 0; i < word.length; i++) {
        unsigned char c = (unsigned char)word.at[i];
        bool counts = isalnum(c) || c == '_' || c == '-' || c == '+';
        run = counts ? run + 1 : 0;
        has_digit = counts && (has_digit || isdigit(c));
        if (run >= SECRET_LENGTH && has_digit)
            return true;
    }
    return false;
}

/* Of an address its host; a name of a file, mail address or secret not at all. */
static void add_word(Buf *out, Str word)
{
    ptrdiff_t scheme = str_find(word, S("://"));
    if (scheme > 0) {
        Str rest = str_from(word, (size_t)scheme + 3), host;
        (void)str_next(&rest, '/', &host);
        ptrdiff_t user = str_find_last_char(host, '@');
        host = str_from(host, (size_t)(user + 1));
        buf_add(out, str_slice(word, 0, (size_t)scheme + 3));
        buf_add(out, is_secret(host) ? S(HIDDEN) : host);
    } else if (str_find_char(word, '@') >= 0 || str_find_char(word, '/') >= 0 ||
               str_find_char(word, '=') >= 0 || is_secret(word)) {
        buf_add(out, S(HIDDEN));
    } else {
        buf_add(out, word);
    }
}

/* How much of the text is in quotes that begin here; 0: none do. What is never closed is all. */
static size_t quoted(Str text)
{
    char quote = text.length ? text.at[0] : 0;
    if (quote != '\'' && quote != '"' && quote != '`')
        return 0;
    for (size_t i = 1; i < text.length; i++)
        if (text.at[i] == quote &&
            (i + 1 == text.length || !isalnum((unsigned char)text.at[i + 1])))
            return i + 1;
    return text.length;
}

Str report_scrub(Arena *arena, Str message, size_t max)
{
    Buf out = buf_new(arena, message.length * 4 + 16);
    while (message.length) {
        size_t length = quoted(message);
        if (length) {
            buf_add(&out, S("'" HIDDEN "'"));
        } else {
            while (length < message.length && !HAS_CHAR(message.at[length], " \t\r\n,;()"))
                length++;
            add_word(&out, str_slice(message, 0, length));
        }
        message = str_from(message, length);
        if (!message.length)
            break;
        if (!quoted(message)) {
            buf_add_char(&out, (unsigned char)message.at[0] < 0x20 ? ' ' : message.at[0]);
            message = str_from(message, 1);
        }
    }
    return str_slice(buf_str(&out), 0, max);
}

/* --- The queue --- */

/* How often this kind has come since it was told last; 0: it has been, this minute. */
static int64_t times_due(const Failure *failure)
{
    uint64_t hash = str_hash(str(failure->area)) * 31 + str_hash(failure->where);
    hash = hash * 31 + str_hash(failure->what);
    Kind *kind = &queue.kinds[hash % KINDS_MAX];
    int64_t now = monotonic_ms();
    if (kind->hash != hash)
        *kind = (Kind){ .hash = hash, .at_ms = now - REPORT_EVERY_MS };
    kind->times++;
    if (now - kind->at_ms < REPORT_EVERY_MS)
        return 0;
    int64_t times = kind->times;
    kind->times = 0;
    kind->at_ms = now;
    return times;
}

#define FILL(out, text) snprintf(out, sizeof(out), STR_FMT, STR_ARG(text))

static void fill(Report *report, const Failure *failure, int64_t times)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str message = str_slice(failure->message, 0, KB(2));
    *report = (Report){ .area = failure->area, .at_ms = now_ms(), .times = times };
    FILL(report->where, failure->where);
    FILL(report->what, failure->what);
    FILL(report->message, report_scrub(arena, message, sizeof report->message - 1));
    FILL(report->detail, failure->detail);
    size_t count = 0;
    for (size_t i = 0; i < REPORT_TAGS_MAX; i++) {
        if (!failure->tags[i].value.length)
            continue;
        report->tag_names[count] = failure->tags[i].name;
        FILL(report->tags[count], failure->tags[i].value);
        count++;
    }
    char digits[TRACE_TEXT_SIZE];
    FILL(report->trace, trace_id_text(trace_here(), digits));
    FILL(report->span, trace_span_text(trace_here(), digits));
}

void report_failure(const Failure *failure)
{
    if (!atomic_load_explicit(&is_on, memory_order_relaxed))
        return;
    pthread_mutex_lock(&queue.lock);
    int64_t times = queue.ring ? times_due(failure) : 0;
    if (times && queue.count < QUEUE_MAX) {
        fill(&queue.ring[(queue.first + queue.count++) % QUEUE_MAX], failure, times);
        pthread_cond_signal(&queue.wake);
    }
    pthread_mutex_unlock(&queue.lock);
}

void report_open(void)
{
    pthread_cond_init(&queue.wake, NULL);
    queue.ring = heap_alloc(QUEUE_MAX * sizeof *queue.ring);
    queue.first = queue.count = 0;
    queue.is_woken = false;
    memset(queue.kinds, 0, sizeof queue.kinds);
    atomic_store(&is_on, true);
}

void report_close(void)
{
    atomic_store(&is_on, false);
    pthread_mutex_lock(&queue.lock);
    free(queue.ring);
    queue.ring = NULL;
    queue.count = 0;
    pthread_mutex_unlock(&queue.lock);
    pthread_cond_destroy(&queue.wake);
}

void report_wake(void)
{
    pthread_mutex_lock(&queue.lock);
    queue.is_woken = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
}

bool report_take(Report *report_r, int64_t wait_ms)
{
    int64_t until_ms = monotonic_ms() + wait_ms;
    pthread_mutex_lock(&queue.lock);
    while (!queue.count && !queue.is_woken && cond_wait_until(&queue.wake, &queue.lock, until_ms))
        ;
    queue.is_woken = false;
    bool has_one = queue.count > 0;
    if (has_one) {
        *report_r = queue.ring[queue.first];
        queue.first = (queue.first + 1) % QUEUE_MAX;
        queue.count--;
    }
    pthread_mutex_unlock(&queue.lock);
    return has_one;
}
