/* page.h - the files of web/, which travel inside the program. */
#pragma once

#include "api/api.h"

/* Answer with the file the path names, or index.html for a path of the page's own; a program that
 * asks for JSON at / gets the server's name and links. The page names its files below
 * /assets/VERSION/, where a browser keeps them without asking again. Never blocks. */
void page_respond(const ApiRequest *request, HttpResponse *response);
