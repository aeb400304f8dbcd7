/* take_over.c - the new process's side; see hand_over.h. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/hand_over.h"
#include "cli/hand_over_messages.h"

bool take_over_begin(Arena *arena, TakeOver **take_r, Error *err)
{
    const char *told = getenv(TAKE_OVER_VARIABLE);
    HandOverMessage message;
    *take_r = NULL;
    if (!told)
        return true;
    (void)unsetenv(TAKE_OVER_VARIABLE); /* of nobody that we start */
    (void)fcntl(TAKE_OVER_SOCKET, F_SETFD, FD_CLOEXEC);
    if (!message_receive(TAKE_OVER_SOCKET, &message, err))
        return fail_in(err, "taking the place of the running server");
    TakeOver *take = arena_new_one(arena, TakeOver);
    size_t next = 0;
    int *const places[] = { &take->lock, &take->local, &take->tcp, &take->redirect };
    take->socket = TAKE_OVER_SOCKET;
    for (size_t i = 0; i < COUNT(places); i++)
        *places[i] = message.has[i] && next < message.fd_count ? message.fds[next++] : -1;
    memcpy(take->listen, message.listen, sizeof take->listen);
    memcpy(take->listen_redirect, message.listen_redirect, sizeof take->listen_redirect);
    *take_r = take;
    return true;
}

static bool ask(TakeOver *take, HandOverKind kind, HandOverKind wanted, Error *err)
{
    HandOverMessage message = { .kind = kind };
    return message_send(take->socket, &message, err) &&
           message_receive(take->socket, &message, err) &&
           (message.kind == wanted ||
            fail(err, ERROR_CONFLICT, "the running server does not let go: %s", message.text));
}

bool take_over_open(TakeOver *take, Error *err)
{
    return ask(take, MESSAGE_OPEN, MESSAGE_HELD, err);
}

bool take_over_ready(TakeOver *take, Error *err)
{
    return ask(take, MESSAGE_READY, MESSAGE_GO, err);
}

void take_over_failed(TakeOver *take, const Error *why)
{
    HandOverMessage message = { .kind = MESSAGE_FAILED };
    Error ignored;
    snprintf(message.text, sizeof message.text, "%s", why->message);
    (void)!message_send(take->socket, &message, &ignored);
}

void take_over_wait(const TakeOver *take)
{
    HandOverMessage message;
    Error ignored;
    (void)!message_receive(take->socket, &message, &ignored);
}

void take_over_end(TakeOver *take) { (void)shutdown(take->socket, SHUT_RDWR); }
