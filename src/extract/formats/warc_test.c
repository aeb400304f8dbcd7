/* warc_test.c - web archives: records, HTTP headers, chunks. */
#include "extract/formats/dump.h"

extern const Extractor extractor_warc;

#define RESPONSE(length)                                                                           \
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://a.b/c.txt>\r\nContent-Type: "     \
    "application/http; msgtype=response\r\nContent-Length: " length "\r\n\r\n"
#define LISTED(size)                                                                               \
    "rowh Address | Type | Date | Size\nrow http://a.b/c.txt | response |  | " size "\n"

Test(extract, warc_records_become_children)
{
    static const DumpCase cases[] = {
        { "plain", RESPONSE("47") "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhi\r\n\r\n",
          LISTED("47") "meta(members) 1\n+ a.b/c.txt\n  p hi\n" },
        { "chunks",
          RESPONSE(
              "66") "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n"
                    "0\r\n\r\n",
          LISTED("66") "meta(members) 1\n+ a.b/c.txt\n  p hello\n" },
        { "requests are counted",
          "WARC/1.0\r\nWARC-Type: request\r\nContent-Length: 3\r\n\r\nGET\r\n\r\n",
          "meta(members) 0\n~ 1 requests, notes and repeats are not shown\n" },
        { "nothing", "WARC/", "! damaged\n" },
    };
    DUMP_CASES(extractor_warc, cases);
}
