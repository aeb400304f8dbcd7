"""LECTERN_VALIDATE=1 pytest ...: every answer that a test gets by requests is held to /openapi.json.

What is not as the document says is a failure of the test that asked, at its end.
"""
import functools
import re
from urllib.parse import urlsplit

import requests

documents, wrong = {}, []
send = requests.Session.send


def document_of(base):
    """Of the server at this address; None where it shows none."""
    if base not in documents:
        documents[base] = None  # also while it is asked for
        answer = requests.get(f"{base}/openapi.json", timeout=10)
        if answer.ok and answer.text.startswith('{"openapi"'):
            documents[base] = answer.json()
    return documents[base]


@functools.cache
def pattern_of(path):
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def operation_of(document, method, path):
    item = document["paths"].get(path) or next((item for one, item in document["paths"].items()
                                                if "{" in one and method in item and pattern_of(one).fullmatch(path)), {})
    return item.get(method)


def check(document, request, answer):
    method, path = request.method.lower().replace("head", "get"), urlsplit(request.url).path
    operation = operation_of(document, method, path)
    # A 405 is of a path that has other methods; a 304 and the pages' own files have no route; nor has an
    # address with a NUL, which is refused before one is looked for.
    if not operation or "%00" in request.url or answer.status_code == 405 or request.method == "HEAD":
        return
    told = operation["responses"].get(str(answer.status_code))
    if told is None:
        wrong.append(f"{method} {path}: {answer.status_code} is not described")
        return
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    content = told.get("content", {})
    schema = content.get(kind, content.get("*/*"))
    if not answer.content:
        return
    if schema is None:
        wrong.append(f"{method} {path}: {answer.status_code} of '{kind}' is not described, only of {list(content)}")
    elif kind in ("application/json", "application/scim+json"):
        import jsonschema  # takes long to load, and is seldom asked for
        whole = {**schema["schema"], "components": document["components"]}
        fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(answer.json()))
        if fault is not None:
            wrong.append(f"{method} {path}: {answer.status_code}: {fault.json_path}: {fault.message[:300]}")


@functools.wraps(send)
def send_and_check(self, request, **options):
    answer = send(self, request, **options)
    parts = urlsplit(request.url)
    if parts.hostname == "127.0.0.1" and "X-Request-Id" in answer.headers and not options.get("stream"):
        document = document_of(f"{parts.scheme}://{parts.netloc}")
        if document:
            check(document, request, answer)
    return answer


def begin():
    requests.Session.send = send_and_check


def told():
    """What was wrong since the last time."""
    found, wrong[:] = sorted(set(wrong)), []
    return found
