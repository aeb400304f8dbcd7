"""A model service in OpenAI's dialect that misbehaves as real ones do.

The name of the model says how: "good", "cut", "cut-late", "error-in-stream", "slow", "busy" (429 once,
then good), "limited" (429 for long), "broken" (500), "html", "whole" (JSON although a stream was asked
for), "patient" (a minute and a half), "huge" (one chunk of 2 MB), "crlf", "bytes" (one byte at a time), "no-done", "plain-only" (refuses
max_tokens, as reasoning models do), "no-type" (a stream declared as text/plain), "silent" (no word), "thinking"
(a thought in front of the answer), "echo" (what it was told last, three characters at a time), "priced" (says what it cost), "priced-slow", "priced-cut",
"tools" and "tools-interleaved" (two calls of the tool "weather"), "tools-once" (says then what the last of them gave),
"call-NAME" (says "Let me see.", calls the tool NAME with the question as its query, and then says what that gave and cites it; "call-A+B": two of them).

As a program: python3 tests/mock_provider.py [PORT] [MODEL,MODEL...]
"""
import base64
import json
import re
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-mock"
ThreadingHTTPServer.request_queue_size = 1024  # many clients come at once


def sentence_of(messages):
    """An answer that rests on the passages in the prompt: their sentence with most words of the question."""
    text = "\n".join(m["content"] for m in messages if isinstance(m.get("content"), str))
    question = set(re.findall(r"\w+", text[text.rfind("Question:"):].lower()))
    best, score = "It is as you say.", 0
    for number, passage in re.findall(r'<passage number="(\d+)"[^>]*>\n(.*?)\n</passage>', text, re.S):
        for sentence in re.split(r"(?<=[.!?])\s+", passage):
            shared = len(question & set(re.findall(r"\w+", sentence.lower())))
            if shared > score:
                best, score = f"{sentence.strip()} [{number}]", shared
    return best


def shape_of(body):
    return ((body.get("response_format") or {}).get("json_schema") or {}).get("name")


class MockProvider:
    def __init__(self, models=("good",), key=None, port=0, answer=None):
        self.models, self.key, self.answer = list(models), key, answer
        self.requests = []  # (path, headers, body) in order
        self.values = {}  # what is said where a shape of this name is asked for; else prose
        self.stopped = False
        mock = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                mock.requests.append((self.path, dict(self.headers), None))
                if not self.allowed():
                    return
                if self.path == "/v1/models":
                    data = [{"id": m, "object": "model", "created": 1, "owned_by": "mock"} for m in mock.models]
                    self.reply(200, {"object": "list", "data": data})
                else:
                    self.fail(404, "no such path")

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                mock.requests.append((self.path, dict(self.headers), body))
                if not self.allowed():
                    return
                answers = {"/v1/chat/completions": mock.chat, "/v1/completions": mock.complete, "/v1/rerank": mock.rerank,
                           "/v1/embeddings": mock.embed, "/v1/moderations": mock.moderate,
                           "/v1/messages": mock.messages, "/v1/messages/count_tokens": mock.count_tokens, "/api/chat": mock.ollama, "/api/generate": mock.ollama}
                if self.path not in answers:
                    return self.fail(404, "no such path")
                try:
                    answers[self.path](self, body)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.wfile.flush()

            def allowed(self):
                if mock.stopped:  # a connection that was kept open
                    self.close_connection = True
                    return False
                if mock.key and self.headers.get("Authorization") != f"Bearer {mock.key}" and \
                        self.headers.get("x-api-key") != mock.key:
                    self.fail(401, f"Incorrect API key provided: {self.headers.get('Authorization')}")
                    return False
                return True

            def reply(self, status, body, kind="application/json", **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def fail(self, status, message, **headers):
                self.reply(status, {"error": {"message": message, "type": "mock_error", "param": None,
                                              "code": None}}, **headers)

            def start_stream(self, kind="text/event-stream"):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def piece(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def end_stream(self):
                self.wfile.write(b"0\r\n\r\n")

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()

    def chats(self):
        """But for what is asked about a conversation itself; that is in shaped()."""
        return [body for path, _, body in self.requests if path == "/v1/chat/completions" and shape_of(body) not in ("next", "question")]

    def tries(self, model):
        return sum(1 for body in self.chats() if body.get("model") == model)

    def shaped(self, name):
        return [body for path, _, body in self.requests if path == "/v1/chat/completions" and shape_of(body) == name]

    # --- Answers ---

    def chat(self, http, body):
        model, stream = body.get("model", ""), body.get("stream")
        if model == "busy" and self.tries(model) == 1:
            return http.fail(429, "slow down", Retry_After="1")
        if model == "limited":
            return http.fail(429, "no more today", Retry_After="3600")
        if model == "broken":
            return http.fail(500, "the GPU is on fire")
        if model == "html":
            return http.reply(200, b"<html><body>Sign in to the network</body></html>", "text/html")
        if model == "plain-only" and ("max_tokens" in body or "temperature" in body):
            return http.fail(400, "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens'")
        if model not in self.models and model not in MODELS and not model.startswith("call-"):
            return http.fail(404, f"model '{model}' not found")
        if model == "tools-once" and body["messages"][-1]["role"] == "tool":
            model = "echo"
        if model == "slow":
            time.sleep(1.5)
        if model == "patient":
            time.sleep(90)
        text = "" if model == "silent" else "x" * 2_000_000 if model == "huge" else \
            body["messages"][-1]["content"] if model == "echo" else \
            json.dumps(self.values[shape_of(body)]) if shape_of(body) in self.values else \
            self.answer(body) if callable(self.answer) else self.answer or sentence_of(body["messages"])
        if model == "thinking":
            text = f"<think>\nThe person asks me. [1]\n</think>\n\n{text}"
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        if model.startswith("priced"):
            usage["cost"] = 0.00000123 * (1 + self.tries(model) % 7)
        if model.startswith("call-"):
            if body["messages"][-1]["role"] != "tool":
                asked = [m["content"] for m in body["messages"] if m["role"] == "user"][-1]
                calls = [{"index": i, "id": f"call_{len(body['messages'])}_{i}", "type": "function",
                          "function": {"name": name, "arguments": json.dumps({"query": asked})}} for i, name in enumerate(model[5:].split("+"))]
                return self.call_tools(http, model, stream, usage, calls, "Let me see.")
            text = f"It gave: {body['messages'][-1]['content'][:60].splitlines()[-1]} [1]"
        if model.startswith("tools"):
            return self.call_tools(http, model, stream, usage)
        if not stream or model == "whole":
            return http.reply(200, {
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "usage": usage,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                             "logprobs": None, "finish_reason": "stop"}]})
        self.stream(http, model, text, usage, (body.get("stream_options") or {}).get("include_usage"))

    def complete(self, http, body):
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        whole = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"]}

        def choice(text, finish=None):
            return {"choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]}

        text = self.answer or "It is as you say."
        if not body.get("stream"):
            return http.reply(200, {**whole, **choice(text, "stop"), "usage": usage})
        http.start_stream()
        for one in [choice(word) for word in re.findall(r"\S+\s*", text)] + [choice("", "stop")]:
            http.piece(f"data: {json.dumps({**whole, **one})}\n\n".encode())
        http.piece(b"data: [DONE]\n\n")
        http.end_stream()

    def embed(self, http, body):
        count = len(body["input"]) if isinstance(body["input"], list) else 1
        vector = [1.0, 2.0, 0.5]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<3f", *vector)).decode()
        http.reply(200, {"object": "list", "model": body["model"], "usage": {"prompt_tokens": 3, "total_tokens": 3},
                         "data": [{"object": "embedding", "index": i, "embedding": vector} for i in range(count)]})

    def moderate(self, http, body):
        http.reply(200, {"id": "modr-1", "model": body["model"], "results": [
            {"flagged": False, "categories": {}, "category_scores": {}, "category_applied_input_types": {}}]})

    def rerank(self, http, body):
        count = len(body["documents"])
        http.reply(200, {"model": body["model"], "usage": {"total_tokens": 3}, "results": [
            {"index": i, "relevance_score": (i + 1) / count} for i in reversed(range(count))]})

    def messages(self, http, body):
        """Anthropic's dialect: a thought, then the sentence; "claude-cut" ends after the first word."""
        text, model = self.answer or "It is as you say.", body["model"]
        usage = {"input_tokens": 11, "output_tokens": 7}
        whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_sequence": None}
        thought = {"type": "thinking", "thinking": "Hm.", "signature": "signed"}
        if not body.get("stream"):
            return http.reply(200, {**whole, "stop_reason": "end_turn", "usage": usage,
                                    "content": [thought, {"type": "text", "text": text}]})
        events = [{"type": "message_start", "message": {**whole, "content": [], "stop_reason": None, "usage": usage}},
                  {"type": "ping"},
                  {"type": "content_block_start", "index": 0, "content_block": {**thought, "thinking": "", "signature": ""}},
                  {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
                  {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "signed"}},
                  {"type": "content_block_stop", "index": 0},
                  {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}]
        events += [{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": word}}
                   for word in re.findall(r"\S+\s*", text)]
        events += [{"type": "content_block_stop", "index": 1},
                   {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
                   {"type": "message_stop"}]
        http.start_stream()
        for event in events[:8] if model == "claude-cut" else events:
            http.piece(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        http.end_stream()

    def count_tokens(self, http, body):
        if body["model"] == "claude-uncounted":
            return http.fail(404, "no such path")
        http.reply(200, {"input_tokens": 1000 + len(body["messages"])})

    def ollama(self, http, body):
        """Ollama's dialect; "llama-cut" ends after the first word."""

        def say(word):
            return {"response": word} if "prompt" in body else {"message": {"role": "assistant", "content": word}}

        text, head = self.answer or "It is as you say.", {"model": body["model"], "created_at": "2026-01-01T00:00:00Z"}
        end = {**head, "done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}
        if body.get("stream") is False:
            return http.reply(200, {**end, **say(text)})
        lines = [{**head, "done": False, **say(word)} for word in re.findall(r"\S+\s*", text)]
        lines.append({**end, **say("")})
        http.start_stream("application/x-ndjson")
        for line in lines[:1] if body["model"] == "llama-cut" else lines:
            http.piece(json.dumps(line).encode() + b"\n")
        http.end_stream()

    def call_tools(self, http, model, stream, usage, calls=None, said=None):
        """Two calls of "weather"; streamed in pieces, one after the other or ("tools-interleaved") mixed."""
        calls = calls or [{"index": i, "id": f"call_{i}", "type": "function", "function": {
            "name": "weather", "arguments": json.dumps({"city": city})}} for i, city in enumerate(["Oslo", "Bergen"])]
        if not stream:
            return http.reply(200, {
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "usage": usage,
                "choices": [{"index": 0, "logprobs": None, "finish_reason": "tool_calls",
                             "message": {"role": "assistant", "content": said, "tool_calls": calls}}]})
        pieces = []
        for call in calls:
            arguments = call["function"]["arguments"]
            own = [{**call, "function": {"name": call["function"]["name"], "arguments": ""}}]
            own += [{"index": call["index"], "function": {"arguments": arguments[i:i + 4]}}
                    for i in range(0, len(arguments), 4)]
            pieces.append(own)
        if model == "tools-interleaved":
            longest = max(map(len, pieces))
            pieces = [[own[i] for i in range(longest) for own in pieces if i < len(own)]]
        http.start_stream()
        deltas = [{"role": "assistant", "content": said}] + [{"tool_calls": [p]} for own in pieces for p in own] + [{}]
        for i, delta in enumerate(deltas):
            chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [
                {"index": 0, "delta": delta, "finish_reason": "tool_calls" if i == len(deltas) - 1 else None}]}
            http.piece(f"data: {json.dumps(chunk)}\n\n".encode())
        tail = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [],
                "usage": usage}
        http.piece(f"data: {json.dumps(tail)}\n\n".encode() + b"data: [DONE]\n\n")
        http.end_stream()

    def stream(self, http, model, text, usage, wants_usage):
        end = "\r\n\r\n" if model == "crlf" else "\n\n"

        def frame(delta, finish=None, **more):
            chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
                     "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
            return f"data: {json.dumps(chunk)}{end}".encode()

        http.start_stream("text/plain" if model == "no-type" else "text/event-stream")
        words = [text] if model == "huge" else re.findall(r"(?s).{1,3}" if model == "echo" else r"\S+\s*|\s+", text)
        frames = [b": hello\n\n", frame({"role": "assistant", "content": ""})]
        frames += [frame({"content": word}) for word in words]
        if model in ("cut", "priced-cut"):
            frames = frames[:3]
        elif model == "cut-late":
            frames = frames[:-1] + [frames[-1][:len(frames[-1]) // 2]]
        elif model == "error-in-stream":
            frames = frames[:3] + [b'data: {"error":{"message":"out of memory","type":"server_error","code":500}}\n\n']
        else:
            frames.append(frame({}, "stop"))
            if wants_usage:
                tail = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
                        "choices": [], "usage": usage}
                frames.append(f"data: {json.dumps(tail)}{end}".encode())
            if model != "no-done":
                frames.append(f"data: [DONE]{end}".encode())
        for one in frames:
            if model == "priced-slow":
                time.sleep(0.01)
            for piece in ([one[i:i + 1] for i in range(len(one))] if model == "bytes" else [one]):
                http.piece(piece)
        http.end_stream()


MODELS = ["good", "cut", "cut-late", "error-in-stream", "slow", "busy", "limited", "broken", "html", "whole", "huge",
          "crlf", "bytes", "no-done", "plain-only", "no-type", "silent", "thinking", "priced", "priced-slow", "priced-cut",
          "echo", "patient", "tools", "tools-interleaved", "tools-once"]

if __name__ == "__main__":
    words = sys.argv[1:]
    mock = MockProvider(words[1].split(",") if len(words) > 1 else MODELS, port=int(words[0]) if words else 0)
    print(mock.url, flush=True)
    threading.Event().wait()
