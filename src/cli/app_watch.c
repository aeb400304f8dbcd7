#include "cli/app_watch.h"

#include "library/library.h"

/* A NodeVectorsMissing. */
static double vectors_missing(void *library)
{
    LibraryVectorCount vectors;
    Error ignored; /* a store that is away is told by itself */
    if (!library_count_vectors(library, &vectors, &ignored))
        return -1;
    int64_t missing = library_vectors_missing(library, &vectors);
    return vectors.rows ? 100.0 * (double)missing / (double)vectors.rows : 0;
}

NodeWatch *app_watch_start(Arena *arena, Api *api, const Settings *settings, Str folder)
{
    NodeWatchOptions options = { .db = api->db,
                                 .folder = str_c(arena, folder),
                                 .vectors_missing = vectors_missing,
                                 .argument = api->library };
    if (settings->tls_certificate.length) {
        options.certificate = str_c(arena, settings->tls_certificate);
        options.key = str_c(arena, settings->tls_key);
    }
    return node_watch_start(&options);
}
