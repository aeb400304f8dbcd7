/* imap.c - see imap.h. */
#include "net/imap.h"

#include <errno.h>
#include <poll.h>

#include "net/libcurl.h"

#define CONNECT_S 20L
#define SIGN_IN_S 60L
#define WAIT_MS 60000
#define BUFFER KB(64)

struct Imap {
    Arena *arena; /* of the session; what a command needs is small */
    CURL *handle;
    struct curl_slist *pin;
    curl_socket_t socket;
    int command; /* number of the last */
    char *buffer;
    size_t from, to; /* of what was received and not read */
};

/* --- Connecting --- */

static const struct {
    const char *scheme;
    int port;
    long tls; /* CURLUSESSL_... */
} kinds[] = {
    [IMAP_TLS] = { "imaps", 993, CURLUSESSL_ALL },
    [IMAP_STARTTLS] = { "imap", 143, CURLUSESSL_ALL },
    [IMAP_PLAIN] = { "imap", 143, CURLUSESSL_NONE },
};

static void set_server(Imap *imap, const ImapServer *server)
{
    int port = server->port ? server->port : kinds[server->security].port;
    bool is_ip6 = str_find_char(server->host, ':') >= 0;
    Str url = str_format(imap->arena, "%s://%s" STR_FMT "%s:%d/", kinds[server->security].scheme,
                         is_ip6 ? "[" : "", STR_ARG(server->host), is_ip6 ? "]" : "", port);
    bool is_pinned_ip6 = str_find_char(server->pinned_address, ':') >= 0;
    if (server->pinned_address.length)
        imap->pin = libcurl.slist_append(
            NULL, str_format(imap->arena,
                             is_pinned_ip6 ? STR_FMT ":%d:[" STR_FMT "]" : STR_FMT ":%d:" STR_FMT,
                             STR_ARG(server->host), port, STR_ARG(server->pinned_address))
                      .at);
    libcurl.easy_setopt(imap->handle, CURLOPT_URL, url.at);
    libcurl.easy_setopt(imap->handle, CURLOPT_RESOLVE, imap->pin);
    libcurl.easy_setopt(imap->handle, CURLOPT_USE_SSL, kinds[server->security].tls);
    if (server->ca_file)
        libcurl.easy_setopt(imap->handle, CURLOPT_CAINFO, server->ca_file);
    libcurl.easy_setopt(imap->handle, CURLOPT_USERNAME, str_c(imap->arena, server->user));
    if (server->token.length)
        libcurl.easy_setopt(imap->handle, CURLOPT_XOAUTH2_BEARER,
                            str_c(imap->arena, server->token));
    else
        libcurl.easy_setopt(imap->handle, CURLOPT_PASSWORD, str_c(imap->arena, server->password));
}

static void set_session(Imap *imap, char *error_text)
{
    libcurl.easy_setopt(imap->handle, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    libcurl.easy_setopt(imap->handle, CURLOPT_CONNECT_ONLY, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSL_VERIFYPEER, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSL_VERIFYHOST, 2L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    libcurl.easy_setopt(imap->handle, CURLOPT_PROXY, "");
    libcurl.easy_setopt(imap->handle, CURLOPT_NOSIGNAL, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_TIMEOUT, SIGN_IN_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_ERRORBUFFER, error_text);
}

static bool explain(CURLcode code, const char *text, Error *err)
{
    const char *why = text[0] ? text : libcurl.easy_strerror(code);
    if (code == CURLE_LOGIN_DENIED)
        return fail(err, ERROR_DENIED, "the mail server refuses user or password");
    if (code == CURLE_USE_SSL_FAILED)
        return fail(err, ERROR_DENIED, "the mail server offers no STARTTLS");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fail(err, ERROR_TIMEOUT, "the mail server took too long: %s", why);
    return fail(err, ERROR_UPSTREAM, "the mail server could not be asked: %s", why);
}

bool imap_open(const ImapServer *server, Imap **imap_r, Error *err)
{
    char error_text[CURL_ERROR_SIZE] = "";
    if (!libcurl_load(err))
        return false;
    Imap *imap = heap_alloc(sizeof *imap);
    imap->arena = arena_new(MB(16));
    imap->buffer = arena_alloc_raw(imap->arena, BUFFER);
    imap->handle = libcurl.easy_init();
    set_session(imap, error_text);
    set_server(imap, server);
    CURLcode code = libcurl.easy_perform(imap->handle);
    libcurl.easy_setopt(imap->handle, CURLOPT_ERRORBUFFER, NULL);
    libcurl.easy_getinfo(imap->handle, CURLINFO_ACTIVESOCKET, &imap->socket);
    if (code != CURLE_OK) {
        imap_close(imap);
        return explain(code, error_text, err);
    }
    *imap_r = imap;
    return true;
}

void imap_close(Imap *imap)
{
    if (!imap)
        return;
    libcurl.easy_cleanup(imap->handle);
    libcurl.slist_free_all(imap->pin);
    arena_free(imap->arena);
    free(imap);
}

/* --- Bytes --- */

static bool wait_for(Imap *imap, short events, Error *err)
{
    struct pollfd descriptor = { .fd = imap->socket, .events = events };
    int ready;
    do
        ready = poll(&descriptor, 1, WAIT_MS);
    while (ready < 0 && errno == EINTR);
    return ready > 0 || fail(err, ERROR_TIMEOUT, "the mail server has stopped answering");
}

static bool send_all(Imap *imap, Str bytes, Error *err)
{
    while (bytes.length) {
        size_t sent = 0;
        CURLcode code = libcurl.easy_send(imap->handle, bytes.at, bytes.length, &sent);
        if (code == CURLE_AGAIN && wait_for(imap, POLLOUT, err))
            continue;
        if (code != CURLE_OK)
            return code == CURLE_AGAIN ? false : explain(code, "", err);
        bytes = str_from(bytes, sent);
    }
    return true;
}

/* More bytes behind those that are there. */
static bool receive_some(Imap *imap, Error *err)
{
    size_t got = 0;
    if (imap->from) {
        memmove(imap->buffer, imap->buffer + imap->from, imap->to - imap->from);
        imap->to -= imap->from;
        imap->from = 0;
    }
    for (;;) {
        CURLcode code =
            libcurl.easy_recv(imap->handle, imap->buffer + imap->to, BUFFER - imap->to, &got);
        if (code == CURLE_AGAIN) {
            if (!wait_for(imap, POLLIN, err))
                return false;
            continue;
        }
        if (code != CURLE_OK)
            return explain(code, "", err);
        imap->to += got;
        return got || fail(err, ERROR_UPSTREAM, "the mail server has hung up");
    }
}

/* The next line, without its end; borrowed until the next one is read. */
static bool next_line(Imap *imap, Str *line_r, Error *err)
{
    size_t looked = 0;
    for (;;) {
        Str there = { imap->buffer + imap->from, imap->to - imap->from };
        ptrdiff_t end = str_find_char(str_from(there, looked), '\n');
        if (end >= 0) {
            size_t length = looked + (size_t)end;
            imap->from += length + 1;
            *line_r =
                str_slice(there, 0, length && there.at[length - 1] == '\r' ? length - 1 : length);
            return true;
        }
        looked = there.length;
        if (looked >= BUFFER)
            return fail(err, ERROR_UPSTREAM, "a line of the mail server is too long");
        if (!receive_some(imap, err))
            return false;
    }
}

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
        if (imap->from == imap->to && !receive_some(imap, err))
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

/* Sends a command and reads up to its end. ERROR_NOT_FOUND: the server says NO. */
static bool run(Imap *imap, Str command, ImapAnswer *answer, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str tag = str_format(arena, "L%d ", ++imap->command), line;
    int64_t size;
    if (!send_all(imap, str_format(arena, STR_FMT STR_FMT "\r\n", STR_ARG(tag), STR_ARG(command)),
                  err))
        return false;
    while (next_line(imap, &line, err)) {
        if (str_starts(line, tag))
            return judge(str_from(line, tag.length), err);
        if (answer->line)
            answer->line(answer->self, line);
        if (ends_in_literal(line, &size) && !read_literal(imap, answer, size, err))
            return false;
    }
    return false;
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
