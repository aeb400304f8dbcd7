/* http_later.c - requests that are answered after their handler has returned: see http.h. */
#include "net/http_private.h"

#include <assert.h>

static void tell_gone(HttpExchange *x)
{
    void (*on_gone)(void *) = x->on_gone;
    x->on_gone = NULL;
    if (on_gone)
        on_gone(x->gone_argument);
}

void exchange_left(HttpExchange *x)
{
    if (x->is_later)
        tell_gone(x);
}

static void enter_later(HttpExchange *x)
{
    HttpLoop *loop = x->loop;
    x->is_later = true;
    x->next_later = loop->later;
    if (loop->later)
        loop->later->previous_later = x;
    loop->later = x;
}

static void leave_later(HttpExchange *x)
{
    if (x->previous_later)
        x->previous_later->next_later = x->next_later;
    else
        x->loop->later = x->next_later;
    if (x->next_later)
        x->next_later->previous_later = x->previous_later;
}

/* Whoever is told may let go at once, and of others too: so each time from the start. */
void exchanges_end(HttpLoop *loop)
{
    for (HttpExchange *x = loop->later; x;) {
        bool tells = x->on_gone != NULL;
        if (tells)
            tell_gone(x);
        x = tells ? loop->later : x->next_later;
    }
}

void http_respond_later(HttpResponse *response, void (*on_gone)(void *argument), void *argument)
{
    HttpExchange *x = response->exchange;
    enter_later(x);
    x->on_gone = on_gone;
    x->gone_argument = argument;
    x->holders++;
    x->server->counts.running++;
}

void http_respond_now(HttpResponse *response) { exchange_answer(response->exchange); }

void http_let_go(HttpResponse *response)
{
    HttpExchange *x = response->exchange;
    HttpServer *server = x->server;
    assert(x->is_later && x->has_started);
    leave_later(x);
    exchange_release(x);
    server->counts.running--;
}
