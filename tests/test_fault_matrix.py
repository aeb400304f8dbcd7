"""The whole fault matrix: every dialect of services x every front x stream or whole x every fault of mock_shapes.py. Each call
ends in the right answer or in an error that the client raises; before the first word another target answers instead.

All calls are made at the start, many at a time; those of a dialect and a fault are looked at together."""
import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conftest import Server
from mock_faults import TEXT
from mock_shapes import EARLY, GOOD, LATE, MockShapes

PROVIDERS = {"openai": "openai-compatible", "anthropic": "anthropic", "gemini": "gemini", "ollama": "ollama-native",
             "cohere": "cohere", "huggingface": "huggingface-tasks"}
TIMES = {"connect_ms": 2000, "first_byte_ms": 6000, "idle_ms": 2500, "try_ms": 15000, "total_ms": 20000}
BOTH = [False, True]
MESSAGES = [{"role": "user", "content": "hello"}]


class Raised(Exception):
    """What a client's library raises, and the status if it came before any answer."""

    def __init__(self, status, words, why):
        super().__init__(f"{status or 'in the stream'} after {words!r}: {why}")
        self.status, self.words = status, words


class Silence(Exception):
    """A stream ended without its end mark and without an error."""


class Clients:
    """Each front by its official client, or line by line as its client reads; they raise what they are told."""

    def __init__(self, library):
        openai, anthropic = pytest.importorskip("openai"), pytest.importorskip("anthropic")
        self.library = library
        self.errors = (openai.APIError, anthropic.APIError)
        self.openai = openai.OpenAI(base_url=f"{library.url}/v1", api_key=library.key, max_retries=0)
        self.claude = anthropic.Anthropic(base_url=library.url, api_key=library.key, max_retries=0)

    def ask(self, front, model, stream):
        words = []
        try:
            return getattr(self, front)(model, stream, words)
        except self.errors as error:
            status = getattr(error, "status_code", None)  # 200: in the middle of a stream
            raise Raised(None if status == 200 else status, "".join(words), error) from None

    def chat(self, model, stream, words):
        answer = self.openai.chat.completions.create(model=model, messages=MESSAGES, stream=stream)
        if not stream:
            return answer.choices[0].message.content
        finish = None
        for piece in answer:
            for choice in piece.choices:
                words.append(choice.delta.content or "")
                finish = choice.finish_reason or finish
        return self.ended(finish, words)

    def completions(self, model, stream, words):
        answer = self.openai.completions.create(model=model, prompt="hello", stream=stream)
        if not stream:
            return answer.choices[0].text
        finish = None
        for piece in answer:
            for choice in piece.choices:
                words.append(choice.text)
                finish = choice.finish_reason or finish
        return self.ended(finish, words)

    def responses(self, model, stream, words):
        answer = self.openai.responses.create(model=model, input="hello", stream=stream)
        if not stream:
            assert answer.status == "completed", answer
            return answer.output_text
        last = None
        for event in answer:
            last = event.type
            if last == "response.output_text.delta":
                words.append(event.delta)
            elif last in ("response.failed", "error"):  # what a client of this interface has to look at
                raise Raised(None, "".join(words), event)
        return self.ended(last == "response.completed", words)

    def messages(self, model, stream, words):
        answer = self.claude.messages.create(model=model, messages=MESSAGES, max_tokens=100, stream=stream)
        if not stream:
            return "".join(part.text for part in answer.content)
        last = None
        for event in answer:
            last = event.type
            if last == "content_block_delta":
                words.append(event.delta.text)
        return self.ended(last == "message_stop", words)

    def ollama_chat(self, model, stream, words):
        return self.lines("/api/chat", {"model": model, "messages": MESSAGES, "stream": stream}, words)

    def ollama_generate(self, model, stream, words):
        return self.lines("/api/generate", {"model": model, "prompt": "hello", "stream": stream}, words)

    def lines(self, path, said, words):
        """As Ollama's client for Python: a status of 400 or more raises, and so does a line with an error."""
        answer = requests.post(self.library.url + path, json=said, headers={"Authorization": f"Bearer {self.library.key}"},
                               timeout=60)
        if not answer.ok:
            raise Raised(answer.status_code, "", answer.json()["error"] if answer.text else answer.headers)
        last = {}
        for text in answer.text.splitlines():
            last = json.loads(text)
            if "error" in last:
                raise Raised(None, "".join(words), last["error"])
            words.append(last["message"]["content"] if "message" in last else last["response"])
        return self.ended(last.get("done"), words)

    def embeddings(self, model, _, __):
        return self.vector(self.openai.embeddings.create(model=model, input=["hello"]).data[0].embedding)

    def ollama_embed(self, model, _, __):
        answer = self.library.post("/api/embed", {"model": model, "input": ["hello"]})
        if not answer.ok:
            raise Raised(answer.status_code, "", answer.json()["error"])
        return self.vector(answer.json()["embeddings"][0])

    @staticmethod
    def vector(numbers):
        assert numbers == [0.5, 1.0]
        return TEXT

    @staticmethod
    def ended(finish, words):
        if not finish:
            raise Silence("".join(words))
        return "".join(words)


FRONTS = ["chat", "responses", "completions", "messages", "ollama_chat", "ollama_generate"]
CHATS = [dialect for dialect in PROVIDERS if dialect != "huggingface"]  # which only makes vectors


def cases():
    """(dialect, front, fault, stream, whether another target stands behind)"""
    faults = [(fault, stream) for fault in {**EARLY, **GOOD} for stream in BOTH] + [(fault, True) for fault in LATE]
    for dialect, front in itertools.product(CHATS, FRONTS):
        for fault, stream in faults:
            yield dialect, front, fault, stream, False
    for front, fault in itertools.product(["embeddings", "ollama_embed"], {**EARLY, **GOOD}):
        if fault != "swapped":
            yield "huggingface", front, fault, False, False
    # What happens before the first word does not depend on the front: each fault has one, in turn.
    fronts = itertools.cycle(FRONTS)
    for dialect, fault, stream in itertools.product(CHATS, EARLY, BOTH):
        yield dialect, next(fronts), fault, stream, True


CASES = list(cases())


def model_of(case):
    dialect, front, fault, stream, has_second = case
    return f"{fault}~{dialect}-{front}-{stream}-{has_second}"


def route_of(case):
    return model_of(case).replace("~", ".")


@pytest.fixture(scope="module")
def mock():
    started = MockShapes()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    base = mock.url.removesuffix("/v1")
    services = {dialect: {"provider": provider, "base_url": f"{base}/{dialect}", "key": "sk-mock", "private": True,
                          "times": TIMES} for dialect, provider in PROVIDERS.items()}
    routes = {route_of(case): {"steps": [{"model": f"{case[0]}/{model_of(case)}"}, {"model": "openai/good~second"}]}
              for case in CASES if case[4]}
    (folder / "gateway.json").write_text(json.dumps({"services": services, "routes": routes}))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json")}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


@pytest.fixture(scope="module")
def results(library):
    clients = Clients(library)

    def result(case):
        name = model_of(case)
        try:
            return clients.ask(case[1], route_of(case) if case[4] else f"{case[0]}/{name}", case[3])
        except Exception as error:
            error.__traceback__ = error.__context__ = None  # they would hold the connection
            return error

    with ThreadPoolExecutor(24) as pool:
        return dict(zip(CASES, pool.map(result, CASES)))


def of(faults, has_second=False):
    """Those of a dialect and a fault together: a test for each of thousands takes more time than what it looks at."""
    groups = {}
    for case in CASES:
        if case[2] in faults and case[4] == has_second:
            groups.setdefault((case[0], case[2]), []).append(case)
    return [pytest.param(cases, id="-".join(name)) for name, cases in groups.items()]


def wrong(results, cases, is_right):
    return [f"{case[1]}, {'stream' if case[3] else 'whole'}: {results[case]!r}" for case in cases if not is_right(case, results[case])]


@pytest.mark.parametrize("cases", of(EARLY))
def test_a_fault_before_the_first_word_is_raised(results, cases):
    def is_raised(case, result):
        expected = EARLY[case[2]][1]
        # What a service of the client's own dialect says is handed on as it is.
        return isinstance(result, Raised) and not result.words and (
            result.status == expected or (expected == 502 and result.status in (500, 529)))

    assert wrong(results, cases, is_raised) == []


@pytest.mark.parametrize("cases", of(EARLY, has_second=True))
def test_a_fault_before_the_first_word_is_made_good_by_another(results, cases):
    def is_made_good(case, result):
        if case[2] == "refused-400":  # the client's mistake is one everywhere
            return isinstance(result, Raised) and result.status == 400
        return isinstance(result, str) and result.strip() == TEXT

    assert wrong(results, cases, is_made_good) == []


@pytest.mark.parametrize("cases", of(LATE))
def test_a_fault_behind_the_first_word_is_raised(results, cases):
    def is_raised(case, result):
        return isinstance(result, Raised) and result.status is None and (
            case[1].startswith("ollama_") or (TEXT.startswith(result.words.strip()[:20]) and bool(result.words)))

    assert wrong(results, cases, is_raised) == []


@pytest.mark.parametrize("cases", of(GOOD))
def test_what_is_odd_but_whole_is_an_answer(results, cases):
    assert wrong(results, cases, lambda _, result: isinstance(result, str) and result.strip() == TEXT) == []


@pytest.mark.parametrize("fault", ["good", "cut-behind-end", "open-behind-end", "no-mark", "swapped", "gzip"])
@pytest.mark.parametrize("dialect", CHATS)
def test_a_stream_has_one_end_mark_and_nothing_behind_it(library, dialect, fault):
    said = {"model": f"{dialect}/{fault}~raw", "messages": MESSAGES, "stream": True}
    answer = library.post("/v1/chat/completions", said)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.text.count("data: [DONE]") == 1 and answer.text.endswith("data: [DONE]\n\n"), answer.text


def test_no_fault_has_harmed_the_others(library):
    answer = Clients(library).ask("chat", "openai/good~last", True)
    assert answer.strip() == TEXT and library.process.poll() is None
