/* throttle_test.c - failures that are counted by several nodes. */
#include "account/throttle.h"

#include "base/clock.h"
#include "db/fixture_test.h"

#define NODES 3
#define TRIES 5000

typedef struct Node {
    Db *db;
    Throttle *throttle;
} Node;

static Error err;

static Node node_open(const char *url)
{
    Node node = { .throttle = throttle_new() };
    cr_assert(db_open(url, NULL, &node.db, &err), "%s", err.message);
    cr_assert(throttle_share(node.throttle, node.db, "throttle", &err), "%s", err.message);
    return node;
}

static void node_close(Node *node)
{
    throttle_free(node->throttle);
    db_close(node->db);
}

static bool becomes(const Node *node, bool allows, Str key)
{
    for (int i = 0; i < TRIES; i++) {
        if (throttle_allows(node->throttle, key, &err) == allows)
            return true;
        sleep_ms(2);
    }
    return false;
}

TEST_BOTH(account, nodes_of_a_database_give_no_more_guesses_than_one)
{
    Node nodes[NODES];
    for (size_t i = 0; i < NODES; i++)
        nodes[i] = node_open(url);
    bool is_shared = db_kind(nodes[0].db) == DB_POSTGRES; /* a SQLite has one node */
    for (size_t i = 0; i < 4 * NODES; i++)                /* of each node too few */
        throttle_failed(nodes[i % NODES].throttle, S("eve"));
    for (size_t i = 0; i < NODES; i++) {
        cr_expect(becomes(&nodes[i], !is_shared, S("eve")), "node %zu", i);
        cr_expect(throttle_allows(nodes[i].throttle, S("ada"), &err));
    }
    throttle_succeeded(nodes[0].throttle, S("eve"));
    cr_expect(becomes(&nodes[1], true, S("eve")));
    for (size_t i = 0; i < NODES; i++)
        node_close(&nodes[i]);
}

TEST_BOTH(account, one_node_counts_its_own_failures_once)
{
    Node node = node_open(url);
    for (size_t i = 0; i < 4; i++)
        throttle_failed(node.throttle, S("eve"));
    sleep_ms(100); /* what it has told comes back to it */
    cr_expect(throttle_allows(node.throttle, S("eve"), &err), "%s", err.message);
    node_close(&node);
}
