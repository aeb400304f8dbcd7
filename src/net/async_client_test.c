#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/async_client.h"
#include "net/scripted_server_test.h"

#define CALLS_MAX 3

/* --- One client on a reactor, asked one thing after the other --- */

typedef enum Act { ACT_NONE, ACT_PAUSE, ACT_CANCEL, ACT_CANCEL_AND_FREE, ACT_REFUSE } Act;

typedef struct Asked {
    AsyncCall call;
    Act on_head, on_body;
    ReactorTimer later; /* resumes */
    atomic_int resume_ms;
    bool frees, starts_again;
    uint64_t sum; /* of all bytes */
    atomic_size_t body_size, pauses;
    Buf text; /* "200 hello", or "! why" */
    sem_t ended;
} Asked;

static Arena *arena;
static Reactor *reactor;
static AsyncClient *client;
static TlsContext *tls;
static AsyncOrigin origin;

static void set_address(struct sockaddr_storage *address_r, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(address_r, &address, sizeof address);
}

static void open_client(void)
{
    Error err;
    signal(SIGPIPE, SIG_IGN);
    arena = arena_new(MB(256));
    cr_assert(reactor_new("test", &reactor, &err) && reactor_start(reactor, &err));
    client = async_client_new(reactor, tls);
    origin = (AsyncOrigin){ .id = 1, .host = "localhost", .address_count = 1 };
}

static void free_client(void *unused)
{
    (void)unused;
    async_client_free(client);
    client = NULL;
}

static void close_client(void)
{
    reactor_post(reactor, free_client, NULL);
    reactor_free(reactor);
    tls_context_free(tls);
    arena_free(arena);
}

TestSuite(net_async, .init = open_client, .fini = close_client, .timeout = 60);

static void resume(ReactorTimer *timer)
{
    Asked *asked = timer->owner;
    async_call_resume(&asked->call);
}

/* True: go on. */
static bool act(Asked *asked, Act what, Error *err)
{
    switch (what) {
    case ACT_NONE: break;
    case ACT_PAUSE:
        async_call_pause(&asked->call);
        asked->pauses++;
        reactor_set_timer(reactor, &asked->later, monotonic_ms() + asked->resume_ms);
        break;
    case ACT_CANCEL:
        async_call_cancel(&asked->call);
        buf_add(&asked->text, S(" cancelled"));
        sem_post(&asked->ended);
        break;
    case ACT_CANCEL_AND_FREE: {
        sem_t *ended = asked->call.owner;
        async_call_cancel(&asked->call);
        free(asked);
        sem_post(ended);
        break;
    }
    case ACT_REFUSE: return fail(err, ERROR_DENIED, "not wanted");
    }
    return true;
}

static bool on_head(AsyncCall *call, const HttpHead *head, Error *err)
{
    Asked *asked = (Asked *)call;
    if (asked->on_head != ACT_CANCEL_AND_FREE)
        buf_addf(&asked->text, "%d ", head->status);
    return act(asked, asked->on_head, err);
}

static bool on_body(AsyncCall *call, Str bytes, Error *err)
{
    Asked *asked = (Asked *)call;
    if (asked->on_body != ACT_CANCEL_AND_FREE) {
        for (size_t i = 0; i < bytes.length; i++)
            asked->sum += (unsigned char)bytes.at[i];
        asked->body_size += bytes.length;
        if (asked->body_size < 100)
            buf_add(&asked->text, bytes);
    }
    return act(asked, asked->on_body, err);
}

static void on_end(AsyncCall *call, const Error *failure)
{
    Asked *asked = (Asked *)call;
    reactor_clear_timer(reactor, &asked->later);
    if (failure)
        buf_addf(&asked->text, "! %s", failure->message);
    if (asked->starts_again) {
        asked->starts_again = false;
        buf_add(&asked->text, S(" then "));
        async_call_start(client, call);
        return;
    }
    sem_post(&asked->ended);
}

static void start(void *argument)
{
    Asked *asked = argument;
    async_call_start(client, &asked->call);
}

static Asked *new_asked(Str body)
{
    Asked *asked = heap_alloc(sizeof *asked);
    asked->call = (AsyncCall){
        .origin = &origin,
        .head = str_format(arena, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                           body.length),
        .body = body,
        .on_head = on_head,
        .on_body = on_body,
        .on_end = on_end,
        .connect_ms = 2000,
        .first_byte_ms = 5000,
        .idle_ms = 5000,
    };
    asked->later = (ReactorTimer){ .fire = resume, .owner = asked };
    asked->text = buf_new(arena, KB(4));
    sem_init(&asked->ended, 0, 0);
    return asked;
}

static void wait_for(sem_t *ended)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    cr_assert(sem_timedwait(ended, &until) == 0, "the call never ended");
}

/* Ask and wait; the text is in the arena. */
static Str ask(Asked *asked)
{
    reactor_post(reactor, start, asked);
    wait_for(&asked->ended);
    Str text = buf_str(&asked->text);
    free(asked);
    return text;
}

/* --- What services do --- */

#define HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define HO "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nho"
#define BROKE "! the connection broke: Connection reset by peer"
#define NO_ANSWER "! it closed the connection without an answer"

/* clang-format off */
static const struct {
    const char *about, *script, *texts[4];
    int calls, pause_ms; /* 0: one, at once */
    int connect_ms, first_byte_ms, idle_ms, total_ms;
    bool is_head;
    size_t body_size;
    const char *told;   /* of all calls */
    size_t accepted;
} cases[] = {
    { "an answer", "ars", { HI }, .told = "200 hi", .accepted = 1 },
    { "a kept connection", "arsrs", { HI, HO }, .calls = 2, .told = "200 hi / 200 ho", .accepted = 1 },
    { "it closes without reading", "ahc", .told = NO_ANSWER, .accepted = 1 },
    { "it resets", "arx", .told = BROKE, .accepted = 1 },
    { "half a head", "arsc", { "HTTP/1.1 200 OK\r\nA: " }, .told = NO_ANSWER, .accepted = 1 },
    { "half a head, then a reset", "arswx", { "HTTP/1.1 200 OK\r\nA: " }, .told = BROKE, .accepted = 1 },
    { "half a body", "arsc", { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi" }, .told = "200 hi! it closed the connection in the middle of the answer", .accepted = 1 },
    { "a body until the end", "arsc", { "HTTP/1.1 200 OK\r\n\r\nhi" }, .told = "200 hi", .accepted = 1 },
    { "a body until a reset", "arswx", { "HTTP/1.1 200 OK\r\n\r\nhi" }, .told = "200 hi" BROKE, .accepted = 1 },
    { "no HTTP", "ars", { "SSH-2.0-x\r\n\r\n" }, .told = "! the answer is not valid HTTP: its first line is none", .accepted = 1 },
    { "an answer in pieces", "arswsws", { "HTTP/1.1 200 OK\r\nContent-Le", "ngth: 4\r\n\r\nhi", "ho" }, .told = "200 hiho", .accepted = 1 },
    { "an interim answer", "arsws", { "HTTP/1.1 100 Continue\r\n\r\n", HI }, .told = "200 hi", .accepted = 1 },
    { "the answer to HEAD", "ars", { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" }, .is_head = true, .told = "200 ", .accepted = 1 },
    { "a service that closes", "arscars", { "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", HO }, .calls = 2, .told = "200 hi / 200 ho", .accepted = 2 },
    { "a kept connection that is closed", "arscars", { HI, HO }, .calls = 2, .pause_ms = 50, .told = "200 hi / 200 ho", .accepted = 2 },
    { "a kept connection that dies when it is used", "arsrcars", { HI, HO }, .calls = 2, .told = "200 hi / 200 ho", .accepted = 2 },
    { "a kept connection that is reset when it is used", "arsrxars", { HI, HO }, .calls = 2, .told = "200 hi / 200 ho", .accepted = 2 },
    { "a kept connection that dies twice", "arsrcarc", { HI }, .calls = 2, .told = "200 hi / " NO_ANSWER, .accepted = 2 },
    { "a kept connection that breaks in the answer", "arsrsc", { HI, "HTTP/1.1" }, .calls = 2, .told = "200 hi / " NO_ANSWER, .accepted = 1 },
    { "an answer too many", "arsars", { HI HO, HO }, .calls = 2, .told = "200 hi / 200 ho", .accepted = 2 },
    { "an answer too many that comes late", "arswsars", { HI, "HTTP/1.1 200 OK\r\n\r\nevil", HO }, .calls = 2, .pause_ms = 200, .told = "200 hi / 200 ho", .accepted = 2 },
    { "a refusal before the body was read", "ahswwc", { "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno" }, .body_size = MB(20), .told = "413 no", .accepted = 1 },
    { "a refusal and a reset before the body was read", "ahsc", { "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno" }, .body_size = MB(20), .told = "413 no", .accepted = 1 },
    { "a body of 10 MB", "ars", { HI }, .body_size = MB(10), .told = "200 hi", .accepted = 1 },
    { "no answer in time", "arwwww", .first_byte_ms = 100, .told = "! it did not begin to answer within the time limit", .accepted = 1 },
    { "the first byte is late on a kept connection", "arsrwwww", { HI }, .calls = 2, .first_byte_ms = 100, .told = "200 hi / ! it did not begin to answer within the time limit", .accepted = 1 },
    { "the head stops", "arswwww", { "HTTP/1.1 200" }, .idle_ms = 100, .told = "! it stopped in the middle of the answer within the time limit", .accepted = 1 },
    { "the body stops", "arswwww", { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi" }, .idle_ms = 100, .told = "200 hi! it stopped in the middle of the answer within the time limit", .accepted = 1 },
    { "the body is slow but moves", "arswwwwswwwwswwwws", { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1", "2", "3", "4" }, .idle_ms = 900, .told = "200 1234", .accepted = 1 },
    { "the whole takes too long", "arswwwwwwww", { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1" }, .total_ms = 400, .told = "200 1! the answer was not whole within the time limit", .accepted = 1 },
    { "the request is not taken", "ahwwww", .idle_ms = 150, .body_size = MB(20), .told = "! it did not take the request within the time limit", .accepted = 1 },
};
/* clang-format on */

Test(net_async, whatever_a_service_does_the_call_ends_as_it_should)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        ScriptedServer server = { .script = cases[i].script, .texts = cases[i].texts };
        Buf told = buf_new(arena, KB(4));
        scripted_start(&server);
        origin.id = 100 + i;
        set_address(&origin.addresses[0], server.port);
        for (int n = 0; n < MAX(cases[i].calls, 1); n++) {
            Asked *asked =
                new_asked((Str){ arena_alloc(arena, cases[i].body_size + 1), cases[i].body_size });
            AsyncCall *call = &asked->call;
            call->is_head_request = cases[i].is_head;
            call->first_byte_ms = cases[i].first_byte_ms ? cases[i].first_byte_ms : 5000;
            call->idle_ms = cases[i].idle_ms ? cases[i].idle_ms : 5000;
            call->total_ms = cases[i].total_ms;
            if (n)
                sleep_ms(cases[i].pause_ms);
            buf_add(&told, n ? S(" / ") : S(""));
            buf_add(&told, ask(asked));
        }
        scripted_end(&server);
        cr_expect(str_is(buf_str(&told), cases[i].told), "%s:\n got '" STR_FMT "'\nwant '%s'",
                  cases[i].about, STR_ARG(buf_str(&told)), cases[i].told);
        cr_expect_eq(server.accepted, cases[i].accepted, "%s: %zu connections", cases[i].about,
                     server.accepted);
    }
}

/* --- What callers do --- */

#define CHUNKED_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKS_SIZE ((size_t)10240 * 1024)

static void serve_one(ScriptedServer *server)
{
    scripted_start(server);
    origin.id++;
    set_address(&origin.addresses[0], server->port);
}

Test(net_async, ten_megabytes_come_whole_and_so_they_do_when_the_call_is_paused)
{
    static const Act acts[] = { ACT_NONE, ACT_PAUSE };
    for (size_t i = 0; i < COUNT(acts); i++) {
        ScriptedServer server = { .script = "arsbrs",
                                  .texts = (const char *[]){ CHUNKED_HEAD, HI } };
        serve_one(&server);
        Asked *asked = new_asked(S("x"));
        asked->on_body = acts[i];
        asked->call.idle_ms = 50; /* a paused call does not idle */
        asked->resume_ms = 60;
        reactor_post(reactor, start, asked);
        if (acts[i] == ACT_PAUSE) { /* what was not read stays with the service */
            sleep_ms(40);
            size_t size = asked->body_size;
            cr_expect_leq(size, (asked->pauses + 1) * KB(128));
            asked->resume_ms = 0;
        }
        wait_for(&asked->ended);
        cr_expect_eq(asked->body_size, CHUNKS_SIZE, "%zu bytes", asked->body_size);
        cr_expect_eq(asked->sum, CHUNKS_SIZE * 'x');
        free(asked);
        Str second = ask(new_asked(S("")));
        cr_expect(str_is(second, "200 hi"), STR_FMT, STR_ARG(second));
        scripted_end(&server);
    }
}

Test(net_async, an_echo_of_ten_megabytes_is_received_while_it_is_sent)
{
    ScriptedServer server = { .script = "arse",
                              .texts = (const char *[]){ "HTTP/1.1 200 OK\r\nContent-Length: "
                                                         "10485760\r\n\r\n" } };
    char *body = arena_alloc(arena, MB(10));
    uint64_t sum = 0;
    for (size_t i = 0; i < MB(10); i++)
        sum += (unsigned char)(body[i] = (char)(i * 7 % 251));
    serve_one(&server);
    Asked *asked = new_asked((Str){ body, MB(10) });
    reactor_post(reactor, start, asked);
    wait_for(&asked->ended);
    cr_expect(asked->body_size == MB(10) && asked->sum == sum);
    free(asked);
    scripted_end(&server);
}

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

Test(net_async, a_paused_call_hears_of_a_reset_once_it_is_resumed_and_burns_no_time_until_then)
{
    ScriptedServer server = { .script = "arsx",
                              .texts = (const char *[]){
                                  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi" } };
    serve_one(&server);
    Asked *asked = new_asked(S("x"));
    asked->on_head = ACT_PAUSE;
    asked->resume_ms = 500;
    double before = cpu_s();
    Str told = ask(asked);
    cr_expect(str_is(told, "200 hi" BROKE), STR_FMT, STR_ARG(told));
    cr_expect_lt(cpu_s() - before, 0.3);
    scripted_end(&server);
}

Test(net_async, a_call_may_end_itself_anywhere)
{
    static const struct {
        Act on_head, on_body;
        const char *told; /* NULL: nothing is left to tell */
    } ways[] = {
        { ACT_CANCEL, ACT_NONE, "200  cancelled" },
        { ACT_NONE, ACT_CANCEL, "200 hi cancelled" },
        { ACT_REFUSE, ACT_NONE, "200 ! not wanted" },
        { ACT_NONE, ACT_REFUSE, "200 hi! not wanted" },
        { ACT_CANCEL_AND_FREE, ACT_NONE, NULL },
        { ACT_NONE, ACT_CANCEL_AND_FREE, NULL },
    };
    for (size_t i = 0; i < COUNT(ways); i++) {
        ScriptedServer server = { .script = "ars",
                                  .texts = (const char *[]){ CHUNKED_HEAD
                                                             "2\r\nhi\r\n2\r\nho\r\n0\r\n\r\n" } };
        sem_t ended;
        sem_init(&ended, 0, 0);
        serve_one(&server);
        Asked *asked = new_asked(S(""));
        asked->on_head = ways[i].on_head;
        asked->on_body = ways[i].on_body;
        asked->call.owner = &ended;
        reactor_post(reactor, start, asked);
        wait_for(ways[i].told ? &asked->ended : &ended);
        if (ways[i].told) {
            cr_expect(str_is(buf_str(&asked->text), ways[i].told), "%zu: " STR_FMT, i,
                      STR_ARG(buf_str(&asked->text)));
            free(asked);
        }
        scripted_end(&server);
    }
}

Test(net_async, a_call_that_has_ended_may_start_again)
{
    ScriptedServer server = { .script = "arsrs", .texts = (const char *[]){ HI, HO } };
    serve_one(&server);
    Asked *asked = new_asked(S("x"));
    asked->starts_again = true;
    Str told = ask(asked);
    cr_expect(str_is(told, "200 hi then 200 ho"), STR_FMT, STR_ARG(told));
    scripted_end(&server);
    cr_expect_eq(server.accepted, 1);
}

Test(net_async, a_client_that_goes_ends_its_calls)
{
    ScriptedServer server = { .script = "arww" };
    serve_one(&server);
    Asked *asked = new_asked(S("x"));
    reactor_post(reactor, start, asked);
    sleep_ms(50);
    reactor_post(reactor, free_client, NULL);
    wait_for(&asked->ended);
    cr_expect(str_is(buf_str(&asked->text), "! the server stops"));
    free(asked);
    scripted_end(&server);
}

/* --- Addresses --- */

Test(net_async, addresses_are_tried_in_their_order_and_a_silent_one_costs_its_part_of_the_time)
{
    int closed, silent, filler[4];
    close(scripted_listen(1, &closed));
    int listener = scripted_listen(0, &silent); /* whose queue is full after one or two */
    for (size_t i = 0; i < COUNT(filler); i++) {
        struct sockaddr_storage address;
        set_address(&address, silent);
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(filler[i], (struct sockaddr *)&address, sizeof(struct sockaddr_in));
    }
    const struct {
        int ports[3], count; /* 0: the one that answers */
        const char *told;
    } ways[] = {
        { { 0 }, 1, "200 hi" },
        { { 0 }, 0, "! it has no address" },
        { { closed }, 1, "! connecting: Connection refused" },
        { { closed, 0 }, 2, "200 hi" },
        { { silent }, 1, "! it could not be reached within the time limit" },
        { { silent, 0 }, 2, "200 hi" },
        { { closed, silent, 0 }, 3, "200 hi" },
        { { silent, closed }, 2, "! connecting: Connection refused" },
    };
    for (size_t i = 0; i < COUNT(ways); i++) {
        bool answers = str_is(str(ways[i].told), "200 hi");
        ScriptedServer server = { .script = answers ? "ars" : "", .texts = (const char *[]){ HI } };
        serve_one(&server);
        for (int n = 0; n < ways[i].count; n++)
            set_address(&origin.addresses[n], ways[i].ports[n] ? ways[i].ports[n] : server.port);
        origin.address_count = ways[i].count;
        Asked *asked = new_asked(S("x"));
        asked->call.connect_ms = 400;
        Str told = ask(asked);
        cr_expect(str_is(told, ways[i].told), "%zu: " STR_FMT, i, STR_ARG(told));
        scripted_end(&server);
    }
    for (size_t i = 0; i < COUNT(filler); i++)
        close(filler[i]);
    close(listener);
}

/* --- TLS --- */

static char folder[64];

static const char *path_of(const char *name) { return str_format(arena, "%s/%s", folder, name).at; }

/* Certificates as openssl(1) makes them: a CA and, signed by it, a good, a wrong and an old one. */
static void make_certificates(void)
{
    static const char script[] =
        "cd %s && exec 2>/dev/null && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes' && $new -x509 -keyout ca.key -out ca.pem -subj /CN=ca -days 2 && "
        "for n in good:localhost:2 wrong:elsewhere.example:2 old:localhost:-1; do "
        "name=${n%%%%:*}; days=${n##*:}; host=${n#*:}; host=${host%%:*}; "
        "$new -keyout $name.key -out $name.csr -subj /CN=$host && "
        "echo subjectAltName=DNS:$host > $name.ext && "
        "openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days "
        "-extfile $name.ext -out $name.pem || exit 1; done; "
        "$new -x509 -keyout self.key -out self.pem -subj /CN=localhost -addext "
        "subjectAltName=DNS:localhost -days 2";
    snprintf(folder, sizeof folder, "/tmp/lectern-tls-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(system(str_format(arena, script, folder).at) == 0, "openssl(1) did not make them");
}

static void open_tls(void)
{
    Error err;
    open_client();
    make_certificates();
    cr_assert(tls_context_new(path_of("ca.pem"), &tls, &err), "%s", err.message);
    free_client(NULL);
    client = async_client_new(reactor, tls);
    origin.is_tls = true;
}

static void close_tls(void)
{
    cr_assert(system(str_format(arena, "rm -r %s", folder).at) == 0);
    close_client();
}

TestSuite(net_async_tls, .init = open_tls, .fini = close_tls, .timeout = 60);

static SSL_CTX *server_context(const char *name)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    cr_assert(SSL_CTX_use_certificate_chain_file(
                  context, path_of(str_format(arena, "%s.pem", name).at)) == 1);
    cr_assert(SSL_CTX_use_PrivateKey_file(context, path_of(str_format(arena, "%s.key", name).at),
                                          SSL_FILETYPE_PEM) == 1);
    return context;
}

/* clang-format off */
static const struct {
    const char *about, *certificate, *script, *texts[2];
    int calls;
    bool ignores_tls_end, is_old_protocol;
    const char *told;
} tls_cases[] = {
    { "a good certificate", "good", "atrs", { HI }, .told = "200 hi" },
    { "a kept connection", "good", "atrsrs", { HI, HO }, .calls = 2, .told = "200 hi / 200 ho" },
    { "a kept connection that was closed", "good", "atrscatrs", { HI, HO }, .calls = 2, .told = "200 hi / 200 ho" },
    { "another name", "wrong", "atc", .told = "! its certificate is not trusted: hostname mismatch" },
    { "an old certificate", "old", "atc", .told = "! its certificate is not trusted: certificate has expired" },
    { "its own certificate", "self", "atc", .told = "! its certificate is not trusted: self-signed certificate" },
    { "until the end", "good", "atrsc", { "HTTP/1.1 200 OK\r\n\r\nhi" }, .told = "200 hi" },
    { "until an end that anybody could have made", "good", "atrsc", { "HTTP/1.1 200 OK\r\n\r\nhi" }, .ignores_tls_end = true,
      .told = "200 hi! TLS: reading failed: unexpected eof while reading" },
    { "a length, and an end that anybody could have made", "good", "atrsc", { HI }, .ignores_tls_end = true, .told = "200 hi" },
    { "a reset", "good", "atrx", .told = "! TLS: reading failed: the other side broke off" },
    { "TLS 1.1", "good", "atc", .is_old_protocol = true, .told = "! TLS: the handshake failed: tlsv1 alert protocol version" },
};
/* clang-format on */

Test(net_async_tls, only_who_proves_its_name_is_talked_to)
{
    for (size_t i = 0; i < COUNT(tls_cases); i++) {
        ScriptedServer server = { .script = tls_cases[i].script,
                                  .texts = tls_cases[i].texts,
                                  .tls = server_context(tls_cases[i].certificate),
                                  .ignores_tls_end = tls_cases[i].ignores_tls_end };
        Buf told = buf_new(arena, KB(1));
        if (tls_cases[i].is_old_protocol)
            SSL_CTX_set_max_proto_version(server.tls, TLS1_1_VERSION);
        serve_one(&server);
        for (int n = 0; n < MAX(tls_cases[i].calls, 1); n++) {
            buf_add(&told, n ? S(" / ") : S(""));
            buf_add(&told, ask(new_asked(S("x"))));
        }
        cr_expect(str_is(buf_str(&told), tls_cases[i].told), "%s:\n got '" STR_FMT "'\nwant '%s'",
                  tls_cases[i].about, STR_ARG(buf_str(&told)), tls_cases[i].told);
        scripted_end(&server);
        SSL_CTX_free(server.tls);
    }
}

Test(net_async_tls, much_comes_whole_though_the_call_is_paused_again_and_again)
{
    ScriptedServer server = { .script = "atrsb",
                              .texts = (const char *[]){ CHUNKED_HEAD },
                              .tls = server_context("good") };
    serve_one(&server);
    Asked *asked = new_asked((Str){ arena_alloc(arena, MB(10)), MB(10) });
    asked->on_body = ACT_PAUSE;
    reactor_post(reactor, start, asked);
    wait_for(&asked->ended);
    cr_expect_eq(asked->body_size, CHUNKS_SIZE, STR_FMT, STR_ARG(buf_str(&asked->text)));
    free(asked);
    scripted_end(&server);
    SSL_CTX_free(server.tls);
}

/* --- Through a proxy --- */

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define TUNNEL "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n"

/* The proxy is the service as well: what is behind it is its affair. */
static const struct {
    const char *about, *certificate, *script, *texts[3], *told;
} tunnels[] = {
    { "a tunnel", "good", "ahstrs", { ESTABLISHED, HI }, "200 hi" },
    { "a tunnel in pieces",
      "good",
      "ahswstrs",
      { "HTTP/1.1 200 OK\r\nVia", ": x\r\n\r\n", HI },
      "200 hi" },
    { "who is behind it is checked",
      "wrong",
      "ahst",
      { ESTABLISHED },
      "! its certificate is not trusted: hostname mismatch" },
    { "a password is missing",
      "good",
      "ahs",
      { "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\n" },
      "! the proxy refused with status 407" },
    { "it closes", "good", "ahc", { NULL }, "! the proxy closed the connection" },
    { "it is no proxy",
      "good",
      "ahs",
      { "220 mail\r\n\r\n" },
      "! the answer is not valid HTTP: its first line is none" },
    { "it speaks for who is behind it",
      "good",
      "ahs",
      { ESTABLISHED "evil" },
      "! the proxy says too much" },
    { "it does not answer",
      "good",
      "ahwwww",
      { NULL },
      "! it could not be reached within the time limit" },
};

Test(net_async_tls, a_proxy_opens_a_way_and_sees_nothing_of_what_goes_through)
{
    for (size_t i = 0; i < COUNT(tunnels); i++) {
        ScriptedServer server = { .script = tunnels[i].script,
                                  .texts = tunnels[i].texts,
                                  .tls = server_context(tunnels[i].certificate) };
        serve_one(&server);
        origin.tunnel = TUNNEL;
        Asked *asked = new_asked(S("x"));
        asked->call.connect_ms = 300;
        Str told = ask(asked);
        cr_expect(str_is(told, tunnels[i].told), "%s:\n got '" STR_FMT "'\nwant '%s'",
                  tunnels[i].about, STR_ARG(told), tunnels[i].told);
        scripted_end(&server);
        cr_expect_str_eq(server.head, TUNNEL);
        SSL_CTX_free(server.tls);
    }
}

Test(net_async, a_plain_request_tells_a_proxy_the_whole_address)
{
    ScriptedServer server = { .script = "ahs", .texts = (const char *[]){ HI } };
    serve_one(&server);
    origin.via = "http://example.org:80";
    origin.via_header = "Proxy-Authorization: Basic dTpw\r\n";
    Str told = ask(new_asked(S("")));
    cr_expect(str_is(told, "200 hi"), STR_FMT, STR_ARG(told));
    scripted_end(&server);
    cr_expect_str_eq(server.head,
                     "POST http://example.org:80/x HTTP/1.1\r\nProxy-Authorization: Basic "
                     "dTpw\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
}
