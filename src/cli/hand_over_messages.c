/* hand_over_messages.c - see hand_over_messages.h. */
#include "cli/hand_over_messages.h"

#include <errno.h>
#include <sys/socket.h>

typedef union FdSpace { /* as the kernel wants it */
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
} FdSpace;

bool message_send(int socket, const HandOverMessage *message, Error *err)
{
    HandOverMessage sent = *message;
    sent.version = MESSAGE_VERSION;
    FdSpace space = { 0 };
    struct iovec piece = { &sent, sizeof sent };
    struct msghdr head = { .msg_iov = &piece, .msg_iovlen = 1 };
    size_t size = sizeof(int) * sent.fd_count;
    if (sent.fd_count) {
        head.msg_control = space.bytes;
        head.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *control = CMSG_FIRSTHDR(&head);
        *control = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size),
                                     .cmsg_level = SOL_SOCKET,
                                     .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(control), sent.fds, size);
    }
    return sendmsg(socket, &head, MSG_NOSIGNAL) == (ssize_t)sizeof sent ||
           fail_errno(err, "speaking with the other process");
}

static void take_fds(const struct msghdr *head, HandOverMessage *message)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(head);
    message->fd_count = 0;
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        return;
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    message->fd_count = MIN(count, (size_t)MESSAGE_FDS_MAX);
    memcpy(message->fds, CMSG_DATA(control), message->fd_count * sizeof(int));
}

bool message_receive(int socket, HandOverMessage *message, Error *err)
{
    FdSpace space = { 0 };
    struct iovec piece = { message, sizeof *message };
    struct msghdr head = { .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = space.bytes,
                           .msg_controllen = sizeof space.bytes };
    ssize_t got;
    do
        got = recvmsg(socket, &head, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return fail(err, ERROR_CANCELLED, "the other process has ended");
    take_fds(&head, message);
    message->text[sizeof message->text - 1] = '\0';
    message->listen[sizeof message->listen - 1] = '\0';
    message->listen_redirect[sizeof message->listen_redirect - 1] = '\0';
    return (got == (ssize_t)sizeof *message && message->version == MESSAGE_VERSION) ||
           fail(err, ERROR_UNSUPPORTED,
                "the two versions of the program cannot speak with each other; stop the server and "
                "start it again");
}
