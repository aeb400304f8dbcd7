/* hand_over_messages.h - what the two processes of a hand-over (hand_over.h) say to each other,
 * over a socket that keeps messages apart. For its two sides only. */
#pragma once

#include "base/base.h"

#define TAKE_OVER_VARIABLE "LECTERN_TAKE_OVER"
#define TAKE_OVER_SOCKET 3
#define MESSAGE_FDS_MAX 4
/* Changes when what is said does: processes of two versions speak with each other. */
#define MESSAGE_VERSION 1

typedef enum HandOverKind {
    MESSAGE_SOCKETS = 1,
    MESSAGE_OPEN,
    MESSAGE_HELD,
    MESSAGE_READY,
    MESSAGE_GO,
    MESSAGE_FAILED,
} HandOverKind;

typedef struct HandOverMessage {
    uint32_t version; /* filled in when it is sent */
    uint32_t kind;
    bool has[MESSAGE_FDS_MAX]; /* lock, local socket, TCP socket, that which sends on to https */
    char text[512];            /* why it failed */
    char listen[256], listen_redirect[256];
    int fds[MESSAGE_FDS_MAX]; /* in this order; those received are the receiver's */
    size_t fd_count;
} HandOverMessage;

MUST_CHECK bool message_send(int socket, const HandOverMessage *message, Error *err);
/* Waits for it. */
MUST_CHECK bool message_receive(int socket, HandOverMessage *message, Error *err);
