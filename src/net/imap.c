/* imap.c - the commands; see imap.h. */
#include "net/imap_link.h"

#include "base/clock.h"

#define LINES_MAX 1000 /* of news, that are read in one go */

/* --- Commands --- */

typedef struct ImapAnswer {
    void (*line)(void *self, Str line); /* of each untagged line, without its literal */
    bool (*literal)(void *self, Str bytes, Error *err); /* NULL: literals are passed over */
    void *self, *literal_self;
    int64_t literals;
} ImapAnswer;

/* "... {123}" */
static bool ends_in_literal(Str line, int64_t *size_r)
{
    ptrdiff_t open = str_ends(line, S("}")) ? str_find_last_char(line, '{') : -1;
    return open >= 0 &&
           str_to_int(str_slice(line, (size_t)open + 1, line.length - 1), 0, INT64_MAX / 2, size_r);
}

static bool read_literal(Imap *imap, ImapAnswer *answer, int64_t size, Error *err)
{
    answer->literals++;
    while (size > 0) {
        if (imap->from == imap->to && !imap_receive(imap, IMAP_WAIT_MS, err))
            return false;
        Str piece = { imap->buffer + imap->from, MIN(imap->to - imap->from, (size_t)size) };
        imap->from += piece.length;
        size -= (int64_t)piece.length;
        if (answer->literal && !answer->literal(answer->literal_self, piece, err))
            return false;
    }
    return true;
}

static bool judge(Str line, Error *err)
{
    if (str_starts(line, S("OK")))
        return true;
    return fail(err, str_starts(line, S("NO")) ? ERROR_NOT_FOUND : ERROR_UPSTREAM,
                "the mail server says: " STR_FMT, STR_ARG(str_slice(line, 0, 200)));
}

static bool send_command(Imap *imap, Str command, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return imap_send(
        imap, str_format(arena, "L%d " STR_FMT "\r\n", ++imap->command, STR_ARG(command)), err);
}

/* Reads up to the end of the last command. ERROR_NOT_FOUND: the server says NO. */
static bool read_answer(Imap *imap, ImapAnswer *answer, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str tag = str_format(arena, "L%d ", imap->command), line;
    int64_t size;
    while (imap_line(imap, IMAP_WAIT_MS, &line, err)) {
        if (str_starts(line, tag))
            return judge(str_from(line, tag.length), err);
        if (answer->line)
            answer->line(answer->self, line);
        if (ends_in_literal(line, &size) && !read_literal(imap, answer, size, err))
            return false;
    }
    return false;
}

static bool run(Imap *imap, Str command, ImapAnswer *answer, Error *err)
{
    return send_command(imap, command, err) && read_answer(imap, answer, err);
}

/* --- What is asked --- */

/* The number behind `word`; untouched when it is not there. */
static void number_after(Str line, const char *word, int64_t *number_r)
{
    ptrdiff_t at = str_find_ignore_case(line, str(word));
    if (at < 0)
        return;
    Str rest = str_trim(str_from(line, (size_t)at + strlen(word)));
    size_t end = 0;
    while (end < rest.length && rest.at[end] >= '0' && rest.at[end] <= '9')
        end++;
    (void)str_to_int(str_slice(rest, 0, end), 0, INT64_MAX / 2, number_r);
}

static void read_mailbox(void *self, Str line)
{
    ImapMailbox *mailbox = self;
    number_after(line, "[UIDVALIDITY ", &mailbox->validity);
    if (str_starts(line, S("* ")) && str_ends_ignore_case(line, S(" EXISTS")))
        number_after(line, "* ", &mailbox->count);
}

bool imap_examine(Imap *imap, Str name, ImapMailbox *mailbox_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf command = buf_new(arena, KB(8));
    ImapMailbox mailbox = { 0 };
    ImapAnswer answer = { .line = read_mailbox, .self = &mailbox };
    buf_add(&command, S("EXAMINE \""));
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.at[i] < 0x20)
            return fail(err, ERROR_INVALID, "a control character in the name of a mailbox");
        if (HAS_CHAR(name.at[i], "\"\\"))
            buf_add_char(&command, '\\');
        buf_add_char(&command, name.at[i]);
    }
    buf_add_char(&command, '"');
    if (!run(imap, buf_str(&command), &answer, err))
        return fail_in(err, "mailbox " STR_FMT, STR_ARG(str_slice(name, 0, 100)));
    imap->count = mailbox.count;
    *mailbox_r = mailbox;
    return true;
}

typedef struct MailReading {
    Arena *arena;
    ImapMails mails;
} MailReading;

static void read_mail(void *self, Str line)
{
    MailReading *in = self;
    ImapMail mail = { 0 };
    if (!str_starts(line, S("* ")) || str_find_ignore_case(line, S(" FETCH ")) < 0)
        return;
    number_after(line, "UID ", &mail.uid);
    number_after(line, "RFC822.SIZE ", &mail.size);
    if (mail.uid)
        *vec_push(in->arena, &in->mails.all) = mail;
}

bool imap_list(Imap *imap, Arena *arena, const ImapMailbox *mailbox, int64_t most,
               ImapMails *mails_r, Error *err)
{
    MailReading in = { .arena = arena };
    ImapAnswer answer = { .line = read_mail, .self = &in };
    int64_t first = MAX(mailbox->count - most + 1, (int64_t)1);
    Str command = str_format(arena, "FETCH %" PRId64 ":* (UID RFC822.SIZE)", first);
    if (mailbox->count && !run(imap, command, &answer, err))
        return false;
    *mails_r = in.mails;
    return true;
}

bool imap_fetch(Imap *imap, int64_t uid, bool (*receive)(void *self, Str bytes, Error *err),
                void *self, bool *is_there_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    ImapAnswer answer = { .literal = receive, .literal_self = self };
    if (!run(imap, str_format(arena, "UID FETCH %" PRId64 " BODY.PEEK[]", uid), &answer, err))
        return false;
    *is_there_r = answer.literals > 0;
    return true;
}

/* --- News --- */

static void read_abilities(void *self, Str line)
{
    bool *can_idle = self;
    Str rest = line, word;
    while (str_next(&rest, ' ', &word))
        *can_idle |= str_equal_ignore_case(word, S("IDLE"));
}

bool imap_can_idle(Imap *imap, bool *can_r, Error *err)
{
    ImapAnswer answer = { .line = read_abilities, .self = can_r };
    *can_r = false;
    return run(imap, S("CAPABILITY"), &answer, err);
}

typedef struct MailNews {
    Imap *imap;
    bool is_new;
} MailNews;

/* Servers also tell a number that is known already. */
static void read_news(void *self, Str line)
{
    MailNews *news = self;
    int64_t count = news->imap->count;
    if (!str_starts(line, S("* ")))
        return;
    if (str_ends_ignore_case(line, S(" EXISTS")))
        number_after(line, "* ", &count);
    else if (str_ends_ignore_case(line, S(" EXPUNGE")))
        count--;
    news->is_new |= count != news->imap->count;
    news->imap->count = count;
}

/* ERROR_UNSUPPORTED: the server does not do it. */
static bool begin_idle(Imap *imap, MailNews *news, Error *err)
{
    Str line;
    if (!send_command(imap, S("IDLE"), err))
        return false;
    do {
        if (!imap_line(imap, IMAP_WAIT_MS, &line, err))
            return false;
        read_news(news, line);
        if (!HAS_CHAR(line.length ? line.at[0] : '*', "*+"))
            return fail(err, ERROR_UNSUPPORTED, "the mail server refuses IDLE: " STR_FMT,
                        STR_ARG(str_slice(line, 0, 200)));
    } while (!str_starts(line, S("+")));
    imap->is_idle = true;
    imap->idle_since_ms = monotonic_ms();
    return true;
}

static bool end_idle(Imap *imap, MailNews *news, Error *err)
{
    ImapAnswer answer = { .line = read_news, .self = news };
    imap->is_idle = false;
    return imap_send(imap, S("DONE\r\n"), err) && read_answer(imap, &answer, err);
}

bool imap_idle(Imap *imap, int64_t wait_ms, bool *is_new_r, Error *err)
{
    MailNews news = { .imap = imap };
    Error late = { 0 };
    Str line;
    int64_t until_ms = monotonic_ms() + wait_ms;
    if (imap->is_idle && monotonic_ms() - imap->idle_since_ms >= imap->idle_ms &&
        !end_idle(imap, &news, err))
        return false;
    if (!imap->is_idle && !begin_idle(imap, &news, err))
        return false;
    for (int i = 0; i < LINES_MAX; i++) {
        int64_t left_ms = until_ms - monotonic_ms();
        if (!imap_line(imap, news.is_new ? 0 : MAX(left_ms, 0), &line, &late))
            break;
        if (str_starts(line, S("* BYE")))
            return fail(err, ERROR_UPSTREAM, "the mail server hangs up: " STR_FMT,
                        STR_ARG(str_slice(line, 0, 200)));
        read_news(&news, line);
    }
    *is_new_r = news.is_new;
    return late.code == ERROR_NONE || late.code == ERROR_TIMEOUT ||
           fail(err, late.code, "%s", late.message);
}
