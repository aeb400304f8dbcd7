/* events_api.c - what changes in a workspace, as it happens. */
#include "api/api.h"
#include "notify/event_hub.h"

bool events_stream(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpStreamOptions options = { .on_gone = event_hub_gone, .argument = request->api->events };
    (void)err;
    HttpStream *stream = http_respond_stream(response, &options);
    (void)http_stream_send(stream, S("hello"), S("{}"));
    event_hub_join(request->api->events, request->scope, stream);
    return true;
}
