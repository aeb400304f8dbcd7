/* call_test.c - a webhook that fails is tried again, left alone, and told in order once it answers.
 */
#include "base/clock.h"
#include "db/fixture_test.h"
#include "jobs/job_runner.h"
#include "store/workspaces_store.h"
#include "webhook/webhook.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOON INT64_C(1800000000000)
#define WAIT_MS 20000

typedef struct Bench {
    Arena *arena;
    Db *db;
    Webhooks *webhooks;
    JobRunner *runner;
    Scope scope;
    Webhook hook;
    WebhookDelivery delivery;
    JobRowList jobs;
    Str ids[2];
    pthread_t receiver;
    int listening;
} Bench;

static atomic_int held_count, call_count, status;
static Error err;

/* --- Whoever is called -------------------------------------------------------------------- */

static void *receive(void *argument)
{
    const Bench *bench = argument;
    for (;;) {
        char request[4096];
        int fd = accept(bench->listening, NULL, NULL);
        if (fd < 0)
            return NULL;
        call_count++;
        char answer[100];
        int length = snprintf(answer, sizeof answer,
                              "HTTP/1.1 %d x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
                              atomic_load(&status));
        if (read(fd, request, sizeof request) > 0)
            (void)!write(fd, answer, (size_t)length);
        close(fd);
    }
}

static Str start_receiver(Bench *bench)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    bench->listening = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(bind(bench->listening, (struct sockaddr *)&address, size) == 0 &&
              listen(bench->listening, 8) == 0 &&
              getsockname(bench->listening, (struct sockaddr *)&address, &size) == 0);
    cr_assert(pthread_create(&bench->receiver, NULL, receive, bench) == 0);
    return str_format(bench->arena, "http://127.0.0.1:%d/", ntohs(address.sin_port));
}

/* --- A workspace with a webhook ------------------------------------------------------------- */

static bool count_held(DbTx *tx, const Scope *scope, Arena *arena, const Webhook *hook, Str why,
                       Error *error)
{
    (void)tx, (void)scope, (void)arena, (void)error;
    held_count++;
    return hook->failures == 8 && str_find(why, S("500")) >= 0;
}

static bool add_place(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    if (!workspace_add(tx, &system, bench->arena, &place, error))
        return false;
    bench->scope = (Scope){ .workspace = place.id, .role = ROLE_OWNER };
    return true;
}

static bool send_two(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    static const char *const ids[] = { "first", "second" };
    for (size_t i = 0; i < COUNT(ids); i++) {
        const WebhookEvent event = {
            .id = str(ids[i]), .kind = S("k"), .key = S("a"), .body = S("{}")
        };
        if (!webhooks_send(tx, &bench->scope, bench->arena, &event, 1, error))
            return false;
    }
    WebhookDeliveryFilter all = { .hook = bench->hook.id, .oldest_first = true };
    WebhookDeliveryList list;
    if (!webhook_delivery_list(tx, &bench->scope, bench->arena, &all, NULL, &list, error))
        return false;
    cr_assert(list.count == 2);
    for (size_t i = 0; i < COUNT(bench->ids); i++)
        bench->ids[i] = list.at[i].id;
    return true;
}

static void bench_open(Bench *bench, const char *url, int first_status)
{
    Scope system = scope_system();
    *bench = (Bench){ .arena = arena_new(MB(256)) };
    held_count = call_count = 0;
    status = first_status;
    clock_set(NOON);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &system, add_place, bench, &err), "%s", err.message);
    WebhooksOptions options = { .db = bench->db, .held = count_held };
    bench->webhooks = webhooks_new(&options);
    const Webhook wish = { .url = start_receiver(bench), .form = S("standard") };
    Str secret;
    cr_assert(webhooks_add_hook(bench->webhooks, &bench->scope, bench->arena, &wish, &bench->hook,
                                &secret, &err),
              "%s", err.message);
    JobType type = {
        .name = "webhook_call", .run = webhook_call_job, .at_once = 2, .argument = bench->webhooks
    };
    JobRunnerOptions runner = { .db = bench->db, .types = &type, .type_count = 1, .poll_ms = 20 };
    cr_assert(jobs_start(&runner, &bench->runner, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &bench->scope, send_two, bench, &err), "%s", err.message);
}

static void bench_close(Bench *bench)
{
    jobs_stop(bench->runner, WAIT_MS);
    shutdown(bench->listening, SHUT_RDWR);
    pthread_join(bench->receiver, NULL);
    close(bench->listening);
    webhooks_free(bench->webhooks);
    db_close(bench->db);
    arena_free(bench->arena);
    clock_set(0);
}

/* --- What comes of it ------------------------------------------------------------------------ */

static bool look_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    return webhook_delivery_find(tx, &bench->scope, bench->arena, bench->delivery.id,
                                 &bench->delivery, error) &&
           webhook_find(tx, &bench->scope, bench->arena, bench->hook.id, &bench->hook, error);
}

static void look(Bench *bench, Str id)
{
    bench->delivery.id = id;
    cr_assert(store_read(bench->db, &bench->scope, look_work, bench, &err), "%s", err.message);
}

/* Until the delivery has been tried so often. */
static void wait_attempt(Bench *bench, Str id, int64_t attempts)
{
    int64_t until = monotonic_ms() + WAIT_MS;
    for (look(bench, id); bench->delivery.attempts < attempts; look(bench, id)) {
        cr_assert(monotonic_ms() < until, "attempt %" PRId64 " of %" PRId64,
                  bench->delivery.attempts, attempts);
        sleep_ms(5);
    }
    cr_assert_eq(bench->delivery.attempts, attempts);
}

static bool job_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    return jobs_store_of_subjects(tx, &bench->scope, bench->arena, &bench->delivery.id, 1,
                                  &bench->jobs, error);
}

/* The hour of the next attempt has come: once its job waits for it. */
static void pass_time(Bench *bench)
{
    int64_t until = monotonic_ms() + WAIT_MS;
    do {
        cr_assert(monotonic_ms() < until);
        sleep_ms(2);
        cr_assert(store_read(bench->db, &bench->scope, job_work, bench, &err), "%s", err.message);
    } while (bench->jobs.count != 1 || bench->jobs.at[0].state != JOB_DELAYED);
    int64_t ready = MAX(bench->delivery.next_at_ms, bench->hook.held_until_ms), now = now_ms();
    clock_set(MAX(ready, now) + 1);
}

TEST_BOTH(webhook, that_fails_is_held_told_of_once_and_goes_on_in_order_when_it_answers)
{
    Bench bench;
    bench_open(&bench, url, 500);
    for (int64_t attempt = 1; attempt <= 9; attempt++) {
        wait_attempt(&bench, bench.ids[0], attempt);
        cr_expect(bench.delivery.status == 500 && str_is(bench.delivery.answer, "no"));
        cr_expect_eq(bench.hook.failures, attempt);
        cr_expect_eq(bench.hook.held_until_ms > now_ms(), attempt >= 8, "%" PRId64, attempt);
        if (attempt == 9)
            status = 200;
        pass_time(&bench);
    }
    wait_attempt(&bench, bench.ids[0], 10);
    cr_expect_eq(bench.delivery.state, WEBHOOK_DELIVERY_delivered);
    wait_attempt(&bench, bench.ids[1], 1);
    cr_expect_eq(bench.delivery.state, WEBHOOK_DELIVERY_delivered);
    cr_expect(bench.hook.failures == 0 && bench.hook.held_until_ms == 0);
    cr_expect_eq(held_count, 1);
    cr_expect_eq(call_count, 11, "none of its key was called before");
    bench_close(&bench);
}

TEST_BOTH(webhook, that_is_gone_fails_at_once_and_the_next_is_tried)
{
    Bench bench;
    bench_open(&bench, url, 410);
    wait_attempt(&bench, bench.ids[1], 1);
    look(&bench, bench.ids[0]);
    cr_expect(bench.delivery.attempts == 1 && bench.delivery.state == WEBHOOK_DELIVERY_failed);
    bench_close(&bench);
}
