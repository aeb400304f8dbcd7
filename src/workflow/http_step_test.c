/* http_step_test.c - addresses asked by steps: redirects, silence, and the key that says which call
 * is the same, on both databases. */
#include <arpa/inet.h>
#include <pthread.h>
#include <unistd.h>

#include "workflow/engine_fixture_test.h"

#define CALLS_MAX 32
#define HEAD_MAX KB(4)
#define AWAY "http://11.22.33.44" /* a public address: who stands for it is the proxy */

typedef struct Called {
    char path[100], key[200];
} Called;

/* A proxy that answers itself: /redirect leads to this machine, /silent never answers, /busy does
 * at the third call, anything else at once. One connection for each call. */
typedef struct World {
    int listener, port;
    pthread_t thread;
    Called calls[CALLS_MAX];
    size_t count; /* read it after the end */
    int silent[CALLS_MAX];
    size_t silent_count;
    char url[60];
} World;

static void read_head(int fd, char head[HEAD_MAX])
{
    size_t length = 0;
    ssize_t count = 1;
    while (count > 0 && length < HEAD_MAX - 1 && !memmem(head, length, "\r\n\r\n", 4)) {
        count = recv(fd, head + length, HEAD_MAX - 1 - length, 0);
        length += count > 0 ? (size_t)count : 0;
    }
    head[length] = '\0';
}

static size_t count_path(const World *world, const char *path)
{
    size_t count = 0;
    for (size_t i = 0; i < world->count; i++)
        count += strcmp(world->calls[i].path, path) == 0;
    return count;
}

/* False: it stays open without an answer. */
static bool answer(World *world, int fd)
{
    char head[HEAD_MAX], text[300];
    Called *called = &world->calls[world->count++];
    read_head(fd, head);
    const char *key = strcasestr(head, "\r\nIdempotency-Key: ");
    const char *path = strstr(head, "11.22.33.44");
    (void)sscanf(path ? path + strlen("11.22.33.44") : head, "%99s", called->path);
    (void)sscanf(key ? key + strlen("\r\nIdempotency-Key: ") : "none", "%199s", called->key);
    if (strcmp(called->path, "/silent") == 0)
        return false;
    const char *status = strcmp(called->path, "/redirect") == 0 ? "302 Found"
                         : strcmp(called->path, "/busy") == 0 && count_path(world, "/busy") < 3
                             ? "503 Busy"
                             : "200 OK";
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\nLocation: http://127.0.0.1:%d/inside\r\n"
                          "Content-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}",
                          status, world->port);
    (void)send(fd, text, (size_t)length, MSG_NOSIGNAL);
    return true;
}

static void *serve(void *argument)
{
    World *world = argument;
    int fd;
    while (world->count < CALLS_MAX && (fd = accept(world->listener, NULL, NULL)) >= 0) {
        if (answer(world, fd))
            close(fd);
        else
            world->silent[world->silent_count++] = fd;
    }
    return NULL;
}

static Proxy world_begin(World *world)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *world = (World){ .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    cr_assert(bind(world->listener, (struct sockaddr *)&address, size) == 0 &&
              listen(world->listener, 16) == 0 &&
              getsockname(world->listener, (struct sockaddr *)&address, &size) == 0);
    world->port = ntohs(address.sin_port);
    snprintf(world->url, sizeof world->url, "http://127.0.0.1:%d", world->port);
    cr_assert(pthread_create(&world->thread, NULL, serve, world) == 0);
    return (Proxy){ .url = world->url };
}

static void world_end(World *world)
{
    shutdown(world->listener, SHUT_RDWR);
    pthread_join(world->thread, NULL);
    close(world->listener);
    for (size_t i = 0; i < world->silent_count; i++)
        close(world->silent[i]);
}

TEST_BOTH(workflow, a_redirect_to_an_inside_address_is_not_followed)
{
    static const struct {
        const char *with, *state, *said;
    } cases[] = {
        { "", "failed", "the address answered with status 302" },
        { ",\"accept_errors\":true", "done", "302" },
    };
    World world;
    Proxy proxy = world_begin(&world);
    Bench bench = bench_open_behind(url, &proxy);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str body =
            str_format(bench.arena,
                       "{\"steps\":[{\"id\":\"h\",\"type\":\"http\",\"with\":{\"url\":\"" AWAY
                       "/redirect\"%s}}],\"output\":\"{{ steps.h.status }}\"}",
                       cases[i].with);
        WorkflowExecution over = bench_run(&bench, str_c(bench.arena, body), "{}");
        Str said = over.error.length ? over.error : over.output;
        cr_expect(str_is(over.state, cases[i].state), STR_FMT, STR_ARG(said));
        cr_expect(str_starts(said, str(cases[i].said)), STR_FMT, STR_ARG(said));
    }
    bench_close(&bench);
    world_end(&world);
    cr_assert_eq(world.count, COUNT(cases), "%zu", world.count);
    for (size_t i = 0; i < world.count; i++)
        cr_expect_str_eq(world.calls[i].path, "/redirect");
}

TEST_BOTH(workflow, a_target_that_never_answers_fails_in_the_time_of_the_step)
{
    World world;
    Proxy proxy = world_begin(&world);
    Bench bench = bench_open_behind(url, &proxy);
    int64_t begun_ms = monotonic_ms();
    WorkflowExecution over = bench_run(
        &bench,
        "{\"steps\":[{\"id\":\"h\",\"type\":\"http\",\"with\":{\"url\":\"" AWAY "/silent\"},"
        "\"timeout_s\":1,\"on_error\":\"late\"},"
        "{\"id\":\"never\",\"type\":\"compute\",\"with\":{\"values\":1},\"next\":\"end\"},"
        "{\"id\":\"late\",\"type\":\"compute\",\"with\":{\"values\":\"{{ error.code }} at {{ "
        "error.step }}\"}}],\"output\":[\"{{ steps.late }}\",\"{{ steps.never }}\"]}",
        "{}");
    int64_t took_ms = monotonic_ms() - begun_ms;
    cr_expect(str_is(over.output, "[\"timeout at h\",null]"), STR_FMT STR_FMT, STR_ARG(over.output),
              STR_ARG(over.error));
    cr_expect(took_ms >= 1000 && took_ms < 15000, "%" PRId64, took_ms);
    bench_close(&bench);
    world_end(&world);
    cr_expect_eq(world.count, 1);
}

#define HTTP(id, path)                                                                             \
    "{\"id\":\"" id "\",\"type\":\"http\",\"retry\":{\"attempts\":5,\"wait_s\":0.01},"             \
    "\"with\":{\"url\":\"" AWAY path "\",\"headers\":{\"Accept\":\"application/json\"}}}"

TEST_BOTH(workflow, a_call_has_the_same_key_at_every_try_and_no_other_call_has_it)
{
    World world;
    char first[100];
    Proxy proxy = world_begin(&world);
    Bench bench = bench_open_behind(url, &proxy);
    const char *body = "{\"steps\":[" HTTP("a", "/busy") "," HTTP(
        "b", "/b") ","
                   "{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"[1,2]\",\"at_once\":1,"
                   "\"steps\":[" HTTP("c", "/c") "]}]}";
    WorkflowExecution one = bench_run(&bench, body, "{}");
    cr_assert(str_is(one.state, "done"), STR_FMT, STR_ARG(one.error));
    WorkflowExecution two = bench_wait(&bench, bench_start_again(&bench, "{}").id);
    cr_assert(str_is(two.state, "done"), STR_FMT, STR_ARG(two.error));
    snprintf(first, sizeof first, STR_FMT "/0/a", STR_ARG(one.id));
    bench_close(&bench);
    world_end(&world);
    cr_assert_eq(world.count, 10, "%zu", world.count); /* 3 tries, b, c, c; a, b, c, c */
    cr_expect_str_eq(world.calls[0].key, first);
    for (size_t i = 0; i < world.count; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect_eq(strcmp(world.calls[i].key, world.calls[k].key) == 0, i < 3,
                         "call %zu has %s, call %zu %s", i, world.calls[i].key, k,
                         world.calls[k].key);
}
