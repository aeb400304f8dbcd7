/* openai_errors.c - see openai_errors.h. */
#include "gateway/fronts/openai_errors.h"

static void put_error(Buf *out, Str message, Str type, Str param, Str code)
{
    JsonWriter json = put_begin(out);
    put_object(&json, "error");
    put_text(&json, "message", message);
    put_text(&json, "type", type);
    put_text_or_null(&json, "param", param);
    put_text(&json, "code", code);
    put_end(&json);
    put_end(&json);
}

/* OpenAI's clients take an end without [DONE] for a whole answer, so a failure must be said. */
void openai_write_stream_error(FrontWriter *writer, const Error *err)
{
    buf_add(writer->out, S("data: "));
    put_error(writer->out, str(err->message), S("upstream_error"), S(""), S("stream_interrupted"));
    buf_add(writer->out, S("\n\n"));
}

static Str error_type(const Error *err, int status)
{
    if (status == 401)
        return S("authentication_error");
    if (status == 403)
        return S("permission_error");
    if (status == 429)
        return err->code == ERROR_LIMITED ? S("rate_limit_error") : S("insufficient_quota");
    return status >= 500 ? S("upstream_error") : S("invalid_request_error");
}

void openai_write_error(Buf *out, const Error *err, int status)
{
    put_error(out, str(err->message), error_type(err, status), str(err->field),
              str(error_name(err->code)));
}
