/* imap.c - mailboxes of a mail server. Each mail is a document with its attachments inside; it
 * stays unread and where it is. A mail never changes, so its number (UIDVALIDITY and UID) says all.
 */
#include "net/imap.h"

#include "connect/oauth.h"
#include "net/url_safety.h"

#define MAILBOX_USUAL S("INBOX")

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"host\",\"user\"],"
    "\"properties\":{"
    "\"host\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9.:-]+$\",\"maxLength\":255,\"title\":"
    "\"Mail server\"},"
    "\"port\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535,\"title\":\"Port; usually 993, "
    "or 143 without TLS from the start\"},"
    "\"security\":{\"enum\":[\"tls\",\"starttls\",\"none\"],\"default\":\"tls\",\"title\":"
    "\"Encryption; none for servers of a private network alone\"},"
    "\"user\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,\"title\":\"User name\"},"
    "\"password\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":500,\"writeOnly\":true,"
    "\"title\":\"Password\"},"
    "\"mailboxes\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":50,\"items\":{\"type\":"
    "\"string\","
    "\"minLength\":1,\"maxLength\":200},\"default\":[\"INBOX\"],\"title\":\"Mailboxes, as the "
    "server "
    "calls them\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000,"
    "\"title\":\"Mails of each mailbox, the newest\"}}}";

/* The session of a run, and what is open in it. */
typedef struct MailSession {
    Imap *imap;
    Str mailbox;
    ImapMailbox open;
} MailSession;

static ImapSecurity security_of(const ConnectRun *run)
{
    Str name = connect_text(run, "security");
    return str_is(name, "none") ? IMAP_PLAIN : str_is(name, "starttls") ? IMAP_STARTTLS : IMAP_TLS;
}

static bool sign_in(ConnectRun *run, MailSession *session, Error *err)
{
    UrlSafety safety = { .allows_private = run->connection.allows_private };
    ImapServer server = { .host = connect_text(run, "host"),
                          .port = (int)connect_number(run, "port", 0),
                          .security = security_of(run),
                          .user = connect_text(run, "user"),
                          .password = connect_text(run, "password"),
                          .ca_file = run->options->ca_file };
    if (!oauth_token(run, &server.token, err))
        return false;
    bool is_ip6 = str_find_char(server.host, ':') >= 0;
    Str url = str_format(run->kept, is_ip6 ? "https://[" STR_FMT "]/" : "https://" STR_FMT "/",
                         STR_ARG(server.host));
    if (!url_check(run->kept, url, &safety, &server.pinned_address, err))
        return false;
    if (server.security == IMAP_PLAIN && address_kind(server.pinned_address) == ADDRESS_PUBLIC)
        return fail_field(err, "security",
                          "a password does not go over the internet in the open: use tls or "
                          "starttls");
    return imap_open(&server, &session->imap, err) &&
           imap_can_idle(session->imap, &run->tells, err);
}

static bool examine(ConnectRun *run, Str mailbox, MailSession **session_r, Error *err)
{
    if (!run->own)
        run->own = arena_new_one(run->kept, MailSession);
    MailSession *session = run->own;
    *session_r = session;
    if (!session->imap && !sign_in(run, session, err))
        return false;
    if (str_equal(session->mailbox, mailbox))
        return true;
    session->mailbox = STR_NONE;
    if (!imap_examine(session->imap, mailbox, &session->open, err))
        return false;
    session->mailbox = str_copy(run->kept, mailbox);
    return true;
}

static Str mailbox_at(const ConnectRun *run, size_t index)
{
    const json_t *names = json_object_get(run->settings, "mailboxes");
    const char *name = json_string_value(json_array_get(names, index));
    return name ? str(name) : MAILBOX_USUAL;
}

static void imap_end(ConnectRun *run)
{
    MailSession *session = run->own;
    if (session)
        imap_close(session->imap);
}

/* --- Listing: a mailbox a part; the cursor is the number of the next --- */

static void add_mails(ConnectRun *run, const MailSession *session, const ImapMails *mails,
                      ConnectPage *page)
{
    for (size_t i = 0; i < mails->all.count; i++) {
        int64_t uid = mails->all.at[i].uid;
        ConnectionItem item = {
            .remote = str_format(run->arena, "%" PRId64 ":%" PRId64 ":" STR_FMT,
                                 session->open.validity, uid, STR_ARG(session->mailbox)),
            .name =
                str_format(run->arena, STR_FMT "/%" PRId64 ".eml", STR_ARG(session->mailbox), uid),
            .listed = S("1"),
        };
        connect_found(run, &page->found, item);
    }
}

static bool imap_list_part(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    const json_t *names = json_object_get(run->settings, "mailboxes");
    size_t count = MAX(json_array_size(names), (size_t)1);
    int64_t most = connect_number(run, "items_max", 10000), index = 0, is_part = 0;
    ptrdiff_t space = str_find_char(cursor, ' ');
    MailSession *session;
    ImapMails mails;
    if (space > 0) { /* "2 1": the third is next, and a mailbox before was told in part */
        (void)str_to_int(str_slice(cursor, 0, (size_t)space), 0, (int64_t)count - 1, &index);
        is_part = str_is(str_from(cursor, (size_t)space + 1), "1");
    }
    if (!examine(run, mailbox_at(run, (size_t)index), &session, err) ||
        !imap_list(session->imap, run->arena, &session->open, most, &mails, err))
        return false;
    add_mails(run, session, &mails, page_r);
    if ((int64_t)mails.all.count < session->open.count) {
        is_part = 1;
        page_r->left_out = str_format(
            run->arena,
            "the newest %zu of %" PRId64 " mails of " STR_FMT " are what items_max allows",
            mails.all.count, session->open.count, STR_ARG(session->mailbox));
    }
    page_r->is_last = (size_t)index + 1 >= count;
    page_r->is_whole = page_r->is_last && !is_part;
    page_r->cursor = page_r->is_last
                         ? STR_NONE
                         : str_format(run->arena, "%" PRId64 " %" PRId64, index + 1, is_part);
    session->mailbox = STR_NONE; /* the next look is a new one */
    return true;
}

static bool imap_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!imap_list_part(run, STR_NONE, &page, err))
        return false;
    *says_r = str_format(run->arena, "%zu mail%s", page.found.all.count,
                         page.found.all.count == 1 ? "" : "s");
    return true;
}

/* --- One mail --- */

static bool imap_take(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    ConnectTake take = { run, file };
    Str rest = item->remote, validity, uid;
    int64_t number = 0, known = 0;
    MailSession *session;
    bool is_there = false;
    if (!str_next(&rest, ':', &validity) || !str_next(&rest, ':', &uid) ||
        !str_to_int(validity, 0, INT64_MAX, &known) || !str_to_int(uid, 1, INT64_MAX, &number))
        return fail(err, ERROR_INTERNAL, "no mail has the number " STR_FMT, STR_ARG(item->remote));
    if (!examine(run, rest, &session, err))
        return false;
    if (session->open.validity != known) { /* it has another number now: the next round sees it */
        file->is_gone = true;
        return true;
    }
    file->media_type = S("message/rfc822");
    if (!imap_fetch(session->imap, number, connect_receive, &take, &is_there, err)) {
        imap_close(session->imap); /* it may stand in the middle of an answer */
        *session = (MailSession){ 0 };
        return false;
    }
    file->is_gone = !is_there;
    return true;
}

/* --- News --- */

/* Of the first mailbox, as one session tells of one; the others are looked at with it. */
static bool imap_watch(ConnectRun *run, int64_t wait_ms, bool *is_new_r, Error *err)
{
    MailSession *session = run->own;
    bool is_open = session && session->mailbox.length;
    if (!is_open && !examine(run, mailbox_at(run, 0), &session, err))
        return false;
    if (!run->tells)
        return fail(err, ERROR_UNSUPPORTED, "the mail server does not offer IDLE");
    *is_new_r = !is_open; /* what came before */
    return !is_open || imap_idle(session->imap, wait_ms, is_new_r, err);
}

const Connector connector_imap = {
    .schema = schema,
    .place = "host port security",
    .check = imap_check,
    .list = imap_list_part,
    .fetch = imap_take,
    .watch = imap_watch,
    .close = imap_end,
};
