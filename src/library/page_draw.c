/* page_draw.c - see page_draw.h. */
#include "library/page_draw.h"

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

bool page_draw(Sandbox *sandbox, Arena *arena, const PageToDraw *page, DrawnPage *picture_r,
               Error *err)
{
    const Extractor *extractor = extractor_named(page->format);
    Drawing drawing = { .png = buf_new(arena, PNG_MAX) };
    SandboxJob job = { .service = "page",
                       .args = worker_arguments_write(arena, &page->arguments),
                       .fds = { page->fd, page->words_fd, -1, -1 },
                       .timeout_ms = TIMEOUT_MS,
                       .output_max = PNG_MAX + KB(64),
                       .frame = on_frame,
                       .self = &drawing };
    bool good = sandbox_run(sandbox, &job, err);
    /* What the main class cannot draw, the class that read it may. */
    if (!good && extractor && extractor->worker && err->code != ERROR_CANCELLED) {
        job.worker = extractor->worker;
        good = sandbox_run(sandbox, &job, err);
    }
    *picture_r = (DrawnPage){ buf_str(&drawing.png), drawing.marked };
    return good;
}
