/* passing.c - bytes with descriptors beside them, between the server and its workers. */
#include <errno.h>
#include <sys/socket.h>

#include "sandbox/sandbox_private.h"

typedef union Control {
    char bytes[CMSG_SPACE(sizeof(int) * SANDBOX_FD_MAX)];
    struct cmsghdr align;
} Control;

bool files_send(int socket_fd, Str bytes, const int *files, size_t count)
{
    Control control = { 0 };
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes.at, .iov_len = bytes.length };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (count) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(head), files, sizeof(int) * count);
    }
    return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == (ssize_t)bytes.length;
}

bool files_receive(int socket_fd, void *bytes, size_t size, int files_r[SANDBOX_FD_MAX],
                   size_t *count_r)
{
    Control control = { 0 };
    struct iovec part = { bytes, size };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    ssize_t got;
    do
        got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)size)
        return false;
    *count_r = 0;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS) {
        *count_r = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(files_r, CMSG_DATA(head), *count_r * sizeof(int));
    }
    return true;
}
