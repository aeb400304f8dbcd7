/* log.c - logs: lines that begin with a moment. They stay lines, in groups that end where another
 * hour begins; the first and last moment and the counts of each level are facts. */
#include "base/ascii.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { GROUP_LINES = 40, LOOKED_LINES = 60, LEVEL_LOOKED = 160 };

static const struct {
    const char *words; /* as logs write it */
    const char *key;
} levels[] = {
    { "FATAL CRITICAL CRIT EMERG ALERT PANIC", "fatal" },
    { "ERROR ERR SEVERE", "errors" },
    { "WARN WARNING", "warnings" },
    { "INFO NOTICE", "infos" },
    { "DEBUG TRACE", "debug" },
};

typedef struct Log {
    DocWriter *doc;
    Str group, first, last; /* moments as written */
    int group_first, group_count;
    int64_t entries, counts[COUNT(levels)];
} Log;

/* --- Moments --- */

/* The length of what matches: "9" is a digit, "A" a letter, "_" a space or a digit, "T" what may
 * be between date and clock, anything else itself. */
static size_t match(Str line, const char *pattern)
{
    size_t at = 0;
    for (; *pattern; pattern++, at++) {
        char c = at < line.length ? line.at[at] : 0;
        bool ok = *pattern == '9'   ? is_digit(c)
                  : *pattern == 'A' ? (c | 32) >= 'a' && (c | 32) <= 'z'
                  : *pattern == '_' ? c == ' ' || is_digit(c)
                  : *pattern == 'T' ? c == 'T' || c == ' ' || c == '_'
                                    : c == *pattern;
        if (!ok)
            return 0;
    }
    return at;
}

/* The moment that the line begins with, in brackets perhaps; empty if none. */
static Str stamp_of(Str line)
{
    static const char *const patterns[] = {
        "9999-99-99T99:99:99",  "9999/99/99T99:99:99", "AAA _9 99:99:99",     "AAA AAA _9 99:99:99",
        "99/AAA/9999:99:99:99", "9999.99.99T99:99:99", "99.99.9999T99:99:99", "99-99-9999T99:99:99",
        "99/99/9999T99:99:99",  "99/99/99T99:99:99",   "99999999T99:99:99",
    };
    size_t skip = line.length && HAS_CHAR(line.at[0], "[<(\"") ? 1 : 0;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        size_t length = match(str_from(line, skip), patterns[i]);
        if (length)
            return str_slice(line, skip, skip + length);
    }
    /* Web servers: the address, two names, then the moment. */
    ptrdiff_t open = str_find(str_slice(line, 0, 200), S(" ["));
    size_t length = open < 0 ? 0 : match(str_from(line, (size_t)open + 2), patterns[4]);
    return length ? str_slice(line, (size_t)open + 2, (size_t)open + 2 + length) : STR_NONE;
}

/* --- Lines --- */

static bool has_word(const char *words, Str word)
{
    Str rest = str(words), next;
    while (str_next(&rest, ' ', &next))
        if (str_equal_ignore_case(next, word))
            return true;
    return false;
}

static void count_level(Log *log, Str line)
{
    size_t at = 0;
    line = str_slice(line, 0, LEVEL_LOOKED);
    while (at < line.length) {
        size_t begin = at;
        while (at < line.length && (line.at[at] | 32) >= 'a' && (line.at[at] | 32) <= 'z')
            at++;
        for (size_t i = 0; at > begin && i < COUNT(levels); i++)
            if (has_word(levels[i].words, str_slice(line, begin, at))) {
                log->counts[i]++;
                return;
            }
        at += at == begin;
    }
}

static void flush(Log *log)
{
    if (log->group_count) {
        doc_place_lines(log->doc, log->group_first, log->group_first + log->group_count - 1);
        doc_paragraph(log->doc, log->group);
    }
    log->group_count = 0;
}

static bool is_other_hour(Str stamp, Str last)
{
    ptrdiff_t colon = str_find_last_char(str_slice(stamp, 0, stamp.length - 3), ':');
    return colon > 0 &&
           !str_equal(str_slice(stamp, 0, (size_t)colon), str_slice(last, 0, (size_t)colon));
}

static void read_line(Log *log, Str line, int number)
{
    Str stamp = stamp_of(line);
    if (stamp.length) {
        if (log->last.length && is_other_hour(stamp, log->last))
            flush(log);
        log->first = log->first.length ? log->first : stamp;
        log->last = stamp;
        log->entries++;
        count_level(log, line);
    }
    if (log->group_count >= GROUP_LINES)
        flush(log);
    if (log->group_count++ == 0) {
        log->group = line;
        log->group_first = number;
    }
    log->group.length = (size_t)(line.at + line.length - log->group.at);
}

static bool log_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str line,
        text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    Log log = { .doc = doc };
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++)
        read_line(&log, line, number);
    flush(&log);
    doc_place(doc, &(Place){ 0 });
    doc_meta(doc, "first-entry", log.first);
    doc_meta(doc, "last-entry", log.last);
    doc_meta_whole(doc, "entries", log.entries);
    for (size_t i = 0; i < COUNT(levels); i++)
        if (log.counts[i])
            doc_meta_whole(doc, levels[i].key, log.counts[i]);
    return true;
}

/* What divides values behind the moment of a table's row; 0 when the line is none. A comma before
 * milliseconds and a space is a log's. */
static char separator_of(Str line, Str stamp)
{
    size_t at = (size_t)(stamp.at - line.at) + stamp.length, digits = 0;
    if (at < line.length && line.at[at] == ',')
        while (at + 1 + digits < line.length && is_digit(line.at[at + 1 + digits]))
            digits++;
    if (digits == 3 && at + 4 < line.length && line.at[at + 4] == ' ')
        return 0;
    while (at < line.length && (is_digit(line.at[at]) || HAS_CHAR(line.at[at], ".Z+:\"")))
        at++;
    return at < line.length && HAS_CHAR(line.at[at], ",;\t") ? line.at[at] : 0;
}

static int count_of(Str line, char c)
{
    int count = 0;
    for (size_t i = 0; i < line.length; i++)
        count += line.at[i] == c;
    return count;
}

/* Do all lines have the values of a table, as many in each? */
static bool is_table(Str head)
{
    Str line;
    int columns = -1;
    while (text_next_line(&head, &line)) {
        Str stamp = stamp_of(line);
        char separator = stamp.length ? separator_of(line, stamp) : 0;
        if (!stamp.length || !head.length)
            continue; /* the header, or a line that is cut */
        if (!separator || (columns >= 0 && count_of(line, separator) != columns))
            return false;
        columns = count_of(line, separator);
    }
    return columns > 0;
}

/* Most lines begin with a moment: more than a name "a.txt" says, less than "a.csv" does. */
static int log_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    int lines = 0, stamped = 0;
    if (text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, KB(16)), rest = head, line;
    while (lines < LOOKED_LINES && text_next_line(&rest, &line)) {
        lines += line.length > 0;
        stamped += stamp_of(line).length > 0;
    }
    return stamped >= 3 && stamped * 2 > lines && !is_table(head) ? 36 : 0;
}

const Extractor extractor_log = {
    .name = "log",
    .title = "Log",
    .extensions = LIST("log"),
    .media_types = LIST("text/x-log"),
    .sniff = log_sniff,
    .extract = log_extract,
};
