/* lectern.c FILE QUESTION - upload a file and search for it, with libcurl.
 *
 *     cc examples/lectern.c -o lectern-example $(pkg-config --cflags --libs libcurl)
 *
 * LECTERN_URL and LECTERN_KEY say where and who. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static struct curl_slist *headers;

/* Sends the request and prints the answer; the HTTP status, 0 when there was none. */
static long send_it(CURL *curl, const char *path)
{
    char url[1000];
    const char *base = getenv("LECTERN_URL");
    long status = 0;
    snprintf(url, sizeof url, "%s%s", base ? base : "http://127.0.0.1:8000", path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(code));
    else
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    puts("");
    return status;
}

static int upload(CURL *curl, const char *path)
{
    curl_mime *form = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, "file");
    curl_mime_filedata(part, path);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    long status = send_it(curl, "/v1/documents");
    curl_mime_free(form);
    curl_easy_reset(curl);
    return status == 202;
}

static int search(CURL *curl, const char *question)
{
    char path[4000];
    char *escaped = curl_easy_escape(curl, question, 0);
    snprintf(path, sizeof path, "/v1/search?limit=3&q=%s", escaped);
    curl_free(escaped);
    return send_it(curl, path) == 200;
}

int main(int count, char **words)
{
    char key[300];
    if (count != 3 || !getenv("LECTERN_KEY"))
        return fprintf(stderr, "usage: LECTERN_KEY=... %s FILE QUESTION\n", words[0]), 2;
    snprintf(key, sizeof key, "Authorization: Bearer %s", getenv("LECTERN_KEY"));
    headers = curl_slist_append(NULL, key);
    CURL *curl = curl_easy_init();
    int good = upload(curl, words[1]) && search(curl, words[2]);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return good ? 0 : 1;
}
