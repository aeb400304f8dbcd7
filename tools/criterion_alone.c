// criterion_alone.c - linked with the programs of unit tests. Criterion begins a process for each test, and in each of
// them the library that it shows differences with (libgit2) reads all certificates of the machine: a third of the time
// of a short test. Here that library begins when there is a difference to show.
#include <dlfcn.h>
#include <stddef.h>

#define SEEN __attribute__((visibility("default")))

typedef int Callback(void);

SEEN int git_libgit2_init(void);
SEEN int git_libgit2_shutdown(void);
SEEN int git_diff_buffers(const void *a, size_t a_size, const char *a_name, const void *b, size_t b_size,
                          const char *b_name, const void *options, Callback *file, Callback *binary, Callback *hunk,
                          Callback *line, void *payload);

int git_libgit2_init(void) { return 1; }
int git_libgit2_shutdown(void) { return 0; }

int git_diff_buffers(const void *a, size_t a_size, const char *a_name, const void *b, size_t b_size,
                     const char *b_name, const void *options, Callback *file, Callback *binary, Callback *hunk,
                     Callback *line, void *payload)
{
    int (*begin)(void) = NULL;
    typeof(&git_diff_buffers) diff = NULL;
    *(void **)&begin = dlsym(RTLD_NEXT, "git_libgit2_init");
    *(void **)&diff = dlsym(RTLD_NEXT, "git_diff_buffers");
    begin();
    return diff(a, a_size, a_name, b, b_size, b_name, options, file, binary, hunk, line, payload);
}
