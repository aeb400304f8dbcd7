#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <time.h>

#include "net/origins.h"

/* One who asks on the reactor and waits in the test. */
typedef struct Seeker {
    OriginWait wait;
    Str url;
    UrlSafety safety;
    const AsyncOrigin *found;
    bool was_at_once, cancels;
    Error failure;
    sem_t done;
} Seeker;

static Reactor *reactor;
static Pool *pool;
static Origins *origins;

static Proxy proxy;

static void open_with(const char *url)
{
    Error err;
    proxy = (Proxy){ .url = url, .except = "direct.example.org" };
    cr_assert(reactor_new("test", &reactor, &err) && reactor_start(reactor, &err));
    pool = pool_new("resolve", 2, 100);
    cr_assert(origins_new(reactor, pool, &proxy, &origins, &err), "%s", err.message);
}

static void free_origins(void *unused)
{
    (void)unused;
    origins_free(origins);
}

static void close_all(void)
{
    reactor_post(reactor, free_origins, NULL);
    pool_free(pool);
    reactor_free(reactor);
}

static void on_done(OriginWait *wait, const AsyncOrigin *origin, const Error *failure)
{
    Seeker *seeker = wait->owner;
    seeker->found = origin;
    if (failure)
        seeker->failure = *failure;
    sem_post(&seeker->done);
}

static void seek(void *argument)
{
    Seeker *seeker = argument;
    seeker->wait = (OriginWait){ .done = on_done, .owner = seeker };
    seeker->found = origins_find(origins, seeker->url, &seeker->safety, &seeker->wait);
    seeker->was_at_once = seeker->found != NULL;
    if (seeker->cancels)
        origins_cancel(&seeker->wait);
    if (seeker->was_at_once || seeker->cancels)
        sem_post(&seeker->done);
}

static void find(Seeker *seeker)
{
    struct timespec until;
    sem_init(&seeker->done, 0, 0);
    reactor_post(reactor, seek, seeker);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    cr_assert(sem_timedwait(&seeker->done, &until) == 0);
}

static void let_go(void *origin) { origin_release(origin); }
static void release(const Seeker *seeker)
{
    reactor_post(reactor, let_go, (void *)(uintptr_t)seeker->found);
}

static const char *const trusted[] = { "localhost", NULL };

static const struct {
    const char *url;
    bool allows_private, trusts;
    ErrorCode code; /* ERROR_NONE: found */
    const char *address;
    int port;
    bool is_tls;
} cases[] = {
    { "http://127.0.0.1:9/v1", true, false, ERROR_NONE, "127.0.0.1", 9, false },
    { "https://127.0.0.1/v1", true, false, ERROR_NONE, "127.0.0.1", 443, true },
    { "http://8.8.8.8", false, false, ERROR_NONE, "8.8.8.8", 80, false },
    { "http://127.0.0.1:9", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://[::1]:9", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://0x7f.1", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://2130706433", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://10.1.2.3", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://169.254.169.254/latest", true, false, ERROR_DENIED, NULL, 0, false },
    { "http://localhost:9", false, false, ERROR_DENIED, NULL, 0, false },
    { "http://localhost:9", false, true, ERROR_NONE, NULL, 9, false },
    { "http://localhost.invalid", true, false, ERROR_UPSTREAM, NULL, 0, false },
    { "ftp://127.0.0.1", true, false, ERROR_INVALID, NULL, 0, false },
    { "127.0.0.1:80", true, false, ERROR_INVALID, NULL, 0, false },
    { "", true, false, ERROR_INVALID, NULL, 0, false },
};

Test(net_origins, every_address_is_checked_before_it_is_used)
{
    open_with(NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Seeker seeker = { .url = str(cases[i].url),
                          .safety = { .allows_private = cases[i].allows_private,
                                      .allowed = cases[i].trusts ? trusted : NULL } };
        find(&seeker);
        cr_expect_eq(seeker.failure.code, cases[i].code, "%s: %s", cases[i].url,
                     seeker.failure.message);
        if (!seeker.found)
            continue;
        const struct sockaddr_in *four = (const void *)&seeker.found->addresses[0];
        char text[INET6_ADDRSTRLEN];
        cr_expect_eq(ntohs(four->sin_port), cases[i].port, "%s", cases[i].url);
        cr_expect_eq(seeker.found->is_tls, cases[i].is_tls, "%s", cases[i].url);
        if (cases[i].address)
            cr_expect_str_eq(inet_ntop(AF_INET, &four->sin_addr, text, sizeof text),
                             cases[i].address);
        release(&seeker);
    }
    close_all();
}

Test(net_origins, what_was_found_is_there_at_once_and_what_may_not_be_is_asked_for_each_time)
{
    open_with(NULL);
    Seeker first = { .url = S("http://127.0.0.1:9"), .safety = { .allows_private = true } };
    Seeker second = first, strict = { .url = S("http://127.0.0.1:9") }, again = strict;
    find(&first);
    find(&second);
    find(&strict);
    find(&again);
    cr_expect(!first.was_at_once && first.found);
    cr_expect(second.was_at_once && second.found == first.found);
    cr_expect(strict.failure.code == ERROR_DENIED && again.failure.code == ERROR_DENIED);
    release(&first);
    release(&second);
    close_all();
}

Test(net_origins, who_waits_no_more_is_not_told_and_an_end_with_questions_open_is_clean)
{
    open_with(NULL);
    Seeker seekers[20] = { 0 };
    for (size_t i = 0; i < COUNT(seekers); i++) {
        seekers[i] = (Seeker){ .url = S("http://localhost:9"), .cancels = true };
        seekers[i].safety.allows_private = i % 2;
        find(&seekers[i]);
        cr_expect(!seekers[i].found || seekers[i].was_at_once);
        if (seekers[i].found)
            release(&seekers[i]);
    }
    close_all();
}

Test(net_origins, an_origin_that_is_held_outlives_all)
{
    open_with(NULL);
    Seeker seeker = { .url = S("http://127.0.0.1:9"), .safety = { .allows_private = true } };
    find(&seeker);
    close_all();
    cr_expect_str_eq(seeker.found->host, "127.0.0.1");
    origin_release(seeker.found);
}

/* --- A proxy --- */

static const struct {
    const char *proxy, *url, *tunnel, *via, *via_header;
    ErrorCode code;
} proxied[] = {
    { "http://127.0.0.1:3128", "https://api.example.org/v1",
      "CONNECT api.example.org:443 HTTP/1.1\r\nHost: api.example.org:443\r\n\r\n", NULL, "",
      ERROR_NONE },
    { "http://127.0.0.1:3128", "http://api.example.org:8080/v1", NULL,
      "http://api.example.org:8080", "", ERROR_NONE },
    { "http://u:p%40@127.0.0.1:3128", "http://api.example.org", NULL, "http://api.example.org:80",
      "Proxy-Authorization: Basic dTpwQA==\r\n", ERROR_NONE },
    { "http://127.0.0.1:3128", "https://[2606:4700::1111]",
      "CONNECT [2606:4700::1111]:443 HTTP/1.1\r\nHost: [2606:4700::1111]:443\r\n\r\n", NULL, "",
      ERROR_NONE },
    { "http://127.0.0.1:3128", "http://10.0.0.1", NULL, NULL, NULL, ERROR_DENIED },
    /* Excepted, so it is resolved here, and there is none. */
    { "http://127.0.0.1:3128", "http://direct.example.org.invalid", NULL,
      "http://direct.example.org.invalid:80", "", ERROR_NONE },
    { "http://127.0.0.1:3128", "http://no-such-host.direct.example.org", NULL, NULL, NULL,
      ERROR_UPSTREAM },
};

Test(net_origins, behind_a_proxy_names_are_its_affair_and_numbers_are_ours)
{
    for (size_t i = 0; i < COUNT(proxied); i++) {
        open_with(proxied[i].proxy);
        Seeker seeker = { .url = str(proxied[i].url) };
        find(&seeker);
        cr_expect_eq(seeker.failure.code, proxied[i].code, "%s", seeker.failure.message);
        if (seeker.found) {
            const struct sockaddr_in *four = (const void *)&seeker.found->addresses[0];
            const AsyncOrigin *origin = seeker.found;
            cr_expect_eq(ntohs(four->sin_port), 3128);
            cr_expect_str_eq(origin->tunnel ? origin->tunnel : "-",
                             proxied[i].tunnel ? proxied[i].tunnel : "-");
            cr_expect_str_eq(origin->via ? origin->via : "-",
                             proxied[i].via ? proxied[i].via : "-");
            cr_expect_str_eq(origin->via_header, proxied[i].via_header);
            release(&seeker);
        }
        close_all();
    }
}

Test(net_origins, an_address_that_is_no_proxy_is_refused)
{
    static const char *const bad[] = { "socks5://127.0.0.1:1", "https://127.0.0.1", "127.0.0.1:1" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        Error err = { 0 };
        Proxy no_proxy = { .url = bad[i] };
        cr_expect(!origins_new(NULL, NULL, &no_proxy, &origins, &err) && err.code == ERROR_INVALID);
    }
}
