/* service_manager.c - see service_manager.h. */
#include "cli/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define FIRST_SOCKET 3 /* as agreed with systemd */

void service_manager_tell(const char *state)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, length);
    if (path[0] == '@') /* a name without a file */
        to.sun_path[0] = '\0';
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd >= 0)
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, size);
}

void service_manager_tell_reloading(void)
{
    char told[80];
    snprintf(told, sizeof told, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_us());
    service_manager_tell(told);
}

int service_manager_socket(void)
{
    int64_t pid, count;
    const char *told_pid = getenv("LISTEN_PID"), *told_count = getenv("LISTEN_FDS");
    bool is_ours = told_pid && told_count && str_to_int(str(told_pid), 1, INT32_MAX, &pid) &&
                   pid == getpid() && str_to_int(str(told_count), 1, 100, &count);
    (void)unsetenv("LISTEN_PID"); /* of nobody that we start */
    if (!is_ours)
        return -1;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(FIRST_SOCKET, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        return -1;
    (void)fcntl(FIRST_SOCKET, F_SETFD, FD_CLOEXEC);
    (void)fcntl(FIRST_SOCKET, F_SETFL, fcntl(FIRST_SOCKET, F_GETFL) | O_NONBLOCK);
    return FIRST_SOCKET;
}
