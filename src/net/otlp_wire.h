/* otlp_wire.h - what is posted to a collector: OTLP/JSON as it is, or the same as protobuf.
 *
 * Everything that is sent is written as OTLP/JSON (net/otlp_json.h). Protobuf is made from that
 * text by the numbers of otlp_schema.def, so there is one place that says what a span holds.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

typedef enum OtlpProtocol { OTLP_PROTOBUF, OTLP_JSON } OtlpProtocol;

/* As OTEL_EXPORTER_OTLP_PROTOCOL names them: http/json, or else http/protobuf. */
OtlpProtocol otlp_protocol(Str name);
Str otlp_media_type(OtlpProtocol protocol);
/* The body of a post, at most four times as long as the text. `json` is ours: a member that the
 * schema does not have ends the program. */
Str otlp_body(Arena *arena, OtlpProtocol protocol, Str json);
