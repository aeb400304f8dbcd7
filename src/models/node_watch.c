/* node_watch.c - the thread that writes this node's row of facts. See server_facts.h. */
#include <stdatomic.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/report.h"
#include "base/ticker.h"
#include "models/node_memory.h"
#include "models/server_facts.h"
#include "net/certificate.h"
#include "store/settings_store.h"

#define EACH_MS 30000
#define TOLD_AFTER_MS 60000
#define VECTORS_EACH_MS 900000 /* a store elsewhere counts them for a while */
#define NAME_SIZE 200

struct NodeWatch {
    NodeWatchOptions options;
    double vectors_missing; /* as it was when last looked */
    int64_t vectors_at_ms;
    char name[NAME_SIZE];
    NodeAway away;
    Ticker *ticker;
};

/* --- Whether the database is away --- */

bool node_away_look(NodeAway *away, bool answers, int64_t now_ms)
{
    if (!answers) {
        away->since_ms = away->since_ms ? away->since_ms : now_ms;
        bool is_news = !away->is_told && now_ms - away->since_ms >= TOLD_AFTER_MS;
        away->is_told = away->is_told || is_news;
        return is_news;
    }
    if (!away->since_ms)
        return false;
    bool is_news = away->is_told;
    *away = (NodeAway){ .last_ms = now_ms - away->since_ms, .back_at_ms = now_ms };
    return is_news;
}

static void tell(const NodeWatch *watch, const Error *why)
{
    if (!watch->away.since_ms) {
        log_info("serve", "the database answers again, after %" PRId64 " s",
                 watch->away.last_ms / 1000);
        return;
    }
    log_error("serve", "the database has not answered for a minute: %s", why->message);
    Failure failure = { .area = "database",
                        .where = S("node"),
                        .what = str(error_name(why->code)),
                        .message = str(why->message) };
    report_failure(&failure);
}

/* --- Its row --- */

/* As `df` counts: of what others than root may use. */
static double disk_used(const char *folder)
{
    struct statvfs about;
    if (statvfs(folder, &about) != 0 || !about.f_blocks)
        return 0;
    double used = (double)(about.f_blocks - about.f_bfree);
    return 100 * used / (used + (double)about.f_bavail);
}

/* Of none that can be read the log and the doctor speak. */
static int64_t certificate_until(const NodeWatch *watch)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    CertificateFacts facts;
    Error ignored;
    bool is_known =
        watch->options.certificate &&
        certificate_look(arena, watch->options.certificate, watch->options.key, &facts, &ignored);
    return is_known ? facts.until_ms : 0;
}

static void look_at_vectors(NodeWatch *watch)
{
    int64_t now = monotonic_ms();
    if (!watch->options.vectors_missing ||
        (watch->vectors_at_ms && now - watch->vectors_at_ms < VECTORS_EACH_MS))
        return;
    watch->vectors_missing = watch->options.vectors_missing(watch->options.argument);
    watch->vectors_at_ms = now;
}

static bool write_row(DbTx *tx, void *argument, Error *err)
{
    const NodeWatch *watch = argument;
    const Scope system = scope_system();
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf text = buf_new(arena, KB(1));
    JsonWriter json = put_begin(&text);
    put_number(&json, "disk_used", disk_used(watch->options.folder));
    put_number(&json, "memory_free", node_memory_free());
    put_int(&json, "certificate_until_ms", certificate_until(watch));
    put_number(&json, "vectors_missing", watch->vectors_missing);
    put_int(&json, "away_ms", watch->away.last_ms);
    put_int(&json, "back_at_ms", watch->away.back_at_ms);
    put_end(&json);
    return setting_set(tx, &system, str_format(arena, "node:%s", watch->name), buf_str(&text), err);
}

static void look(void *argument)
{
    NodeWatch *watch = argument;
    const Scope system = scope_system();
    Error err = { 0 };
    look_at_vectors(watch);
    bool answers = store_write(watch->options.db, &system, write_row, watch, &err);
    bool was_away = watch->away.since_ms > 0;
    if (node_away_look(&watch->away, answers, now_ms()))
        tell(watch, &err);
    if (answers && was_away && !store_write(watch->options.db, &system, write_row, watch, &err))
        (void)node_away_look(&watch->away, false, now_ms());
}

NodeWatch *node_watch_start(const NodeWatchOptions *options)
{
    NodeWatch *watch = heap_alloc(sizeof *watch);
    watch->options = *options;
    watch->vectors_missing = -1;
    if (gethostname(watch->name, sizeof watch->name - 1) != 0)
        snprintf(watch->name, sizeof watch->name, "this machine");
    watch->ticker = ticker_start(&(TickerOptions){
        .name = "node-watch", .every_ms = EACH_MS, .tick = look, .argument = watch });
    if (!watch->ticker)
        log_warn("serve", "no thread can be started to watch this node: no alerts about its disk");
    return watch;
}

void node_watch_stop(NodeWatch *watch)
{
    if (!watch)
        return;
    ticker_stop(watch->ticker);
    free(watch);
}
