// criterion_alone.c - stands for the library that Criterion shows differences with (libgit2), in programs of unit tests.
// Criterion begins a process for each test, and each would load that library with fourteen others behind it, and read all
// certificates of the machine: a third of the time of a short test. Here it is loaded when there is a difference to show.
#include <dlfcn.h>
#include <stdio.h>

#define SEEN __attribute__((visibility("default")))

typedef int Callback(void);
typedef int Diff(const void *a, size_t a_size, const char *a_name, const void *b, size_t b_size, const char *b_name,
                 const void *options, Callback *file, Callback *binary, Callback *hunk, Callback *line, void *payload);

SEEN int git_libgit2_init(void);
SEEN int git_libgit2_shutdown(void);
SEEN Diff git_diff_buffers;

int git_libgit2_init(void) { return 1; }
int git_libgit2_shutdown(void) { return 0; }

int git_diff_buffers(const void *a, size_t a_size, const char *a_name, const void *b, size_t b_size,
                     const char *b_name, const void *options, Callback *file, Callback *binary, Callback *hunk,
                     Callback *line, void *payload)
{
    int (*begin)(void) = NULL;
    Diff *diff = NULL;
    void *library = dlopen(LIBGIT2, RTLD_NOW); /* its path: this one has its name */
    if (!library) {
        fprintf(stderr, "no difference is shown: %s\n", dlerror());
        return -1;
    }
    *(void **)&begin = dlsym(library, "git_libgit2_init");
    *(void **)&diff = dlsym(library, "git_diff_buffers");
    begin();
    return diff(a, a_size, a_name, b, b_size, b_name, options, file, binary, hunk, line, payload);
}
