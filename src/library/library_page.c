/* library_page.c - a page's picture, drawn in a worker. */
#include "library/library_int.h"

#include <unistd.h>

#include "base/json.h"
#include "worker/page_wire.h"

#define PNG_MAX MB(64)
#define TIMEOUT_MS 30000

typedef struct Drawing {
    Buf png;
    int32_t marked;
} Drawing;

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    Drawing *drawing = self;
    if (type == PAGE_FRAME_MARKED && payload.length == sizeof drawing->marked) {
        memcpy(&drawing->marked, payload.at, sizeof drawing->marked);
        return true;
    }
    if (type != PAGE_FRAME_PNG)
        return fail(err, ERROR_INTERNAL, "the page's worker sent frame %u", type);
    buf_add(&drawing->png, payload);
    return !drawing->png.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the page's picture is too large");
}

bool library_page(Library *library, const Scope *scope, Arena *arena, Str id, int page, int width,
                  Str quote, DrawnPage *picture_r, Error *err)
{
    Document document;
    Str password;
    AUTO_CLOSE int fd = -1;
    Drawing drawing = { .png = buf_new(arena, PNG_MAX) };
    Buf args = buf_new(arena, SANDBOX_ARGS_MAX);
    if (!library_open_original(library, scope, arena, id, &document, &fd, err) ||
        !password_open(library, arena, document.password_sealed, &password, err))
        return false;
    if (page < 1 || page > document.page_count)
        return fail(err, ERROR_NOT_FOUND, "the document has no page %d", page);
    JsonWriter json = put_begin(&args);
    put_text(&json, "name", document.name);
    put_text(&json, "password", password);
    put_text(&json, "quote", str_slice(quote, 0, KB(8)));
    put_int(&json, "page", page);
    put_int(&json, "width", width);
    put_end(&json);
    SandboxJob job = { .service = "page",
                       .args = buf_str(&args),
                       .fds = { fd, -1, -1, -1 },
                       .timeout_ms = TIMEOUT_MS,
                       .output_max = PNG_MAX + KB(64),
                       .frame = on_frame,
                       .self = &drawing };
    if (!sandbox_run(library->sandbox, &job, err))
        return false;
    *picture_r = (DrawnPage){ buf_str(&drawing.png), drawing.marked };
    return true;
}
