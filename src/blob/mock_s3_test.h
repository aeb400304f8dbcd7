/* mock_s3_test.h - for tests: an S3 server in this process that does wrong what it is told to.
 *
 * Buckets are not looked at; whoever shows the access key "key" may do everything. Pages have two
 * keys. */
#pragma once

#include <criterion/criterion.h>

#include <pthread.h>

#include "blob/s3_client.h"
#include "net/http_server.h"

#define MOCK_OBJECTS_MAX 64

typedef struct MockObject {
    Str key; /* with the upload and the part's number, of a part */
    Str bytes;
    Str upload; /* of a part */
    int part;
} MockObject;

typedef enum MockWrong {
    MOCK_RIGHT,
    MOCK_ANSWERS,         /* with `status` and `code` */
    MOCK_BREAKS_BYTES,    /* of what it gives */
    MOCK_BREAKS_CHECKSUM, /* of what it was given */
    MOCK_LOSES_PARTS      /* instead of putting them together, and says that it did */
} MockWrong;

typedef struct MockS3 {
    Arena *arena; /* under lock */
    HttpServer *server;
    pthread_mutex_t lock;
    MockObject objects[MOCK_OBJECTS_MAX];
    size_t count, uploads, aborted, requests;
    size_t largest_body;
    bool encrypts;

    /* For the next `wrong_count` requests of this method (NULL: any). */
    MockWrong wrong;
    size_t wrong_count;
    const char *wrong_method, *code, *more; /* more: XML beside the code */
    int status;
    char last_date[32]; /* x-amz-date of the last request */
    char last_encryption[64];
} MockS3;

void mock_s3_start(MockS3 *mock);
void mock_s3_stop(MockS3 *mock);
/* Options that lead to it. */
S3Options mock_s3_options(const MockS3 *mock, Arena *arena);
/* From now on so many requests of the method are answered so. */
void mock_s3_answer(MockS3 *mock, size_t count, const char *method, int status, const char *code);
/* Whole objects, not parts. */
size_t mock_s3_objects(MockS3 *mock);
