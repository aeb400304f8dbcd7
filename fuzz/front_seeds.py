#!/usr/bin/env python3
"""front_seeds.py OUT - a body with nearly every member for each front into OUT, as fuzz_fronts takes them."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCHEMA = {"type": "object"}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
PICTURE = "data:image/png;base64,iVBORw0="
TEXTS = {"model": "m", "prompt": "hi", "system": "s", "input": ["a", "b"], "query": "q", "documents": ["a", {"text": "b"}],
         "images": ["/9j/"], "format": "json", "top_n": 1, "dimensions": 3, "encoding_format": "base64", "return_documents": True}
OPENAI = {
    "model": "m", "n": 2, "seed": 1, "stop": ["a"], "temperature": 0.5, "max_completion_tokens": 9, "stream": True, "odd": {"x": 1},
    "tools": [{"type": "function", "function": FUNCTION}], "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA, "strict": True}},
    "reasoning": {"effort": "low"}, "logprobs": True, "parallel_tool_calls": False,
    "messages": [
        {"role": "system", "content": "S"},
        {"role": "user", "name": "n", "content": [
            {"type": "text", "text": "U", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}]},
        {"role": "assistant", "content": None, "refusal": "r", "reasoning_content": "h", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "R"}]},
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}, {"role": "function", "name": "f", "content": "x"}]}
ANTHROPIC = {
    "model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "S"}], "top_k": 3, "stop_sequences": ["a"],
    "tools": [{"name": "f", "input_schema": SCHEMA}, {"type": "bash_1", "name": "b"}], "tool_choice": {"type": "any"},
    "thinking": {"type": "enabled", "budget_tokens": 5}, "metadata": {"user_id": "u"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
    "messages": [
        {"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}},
            {"type": "document", "title": "t", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
            {"type": "search_result", "title": "t", "content": [{"type": "text", "text": "x"}]}]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "h", "signature": "s"}, {"type": "redacted_thinking", "data": "d"},
            {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c", "is_error": True, "content": [{"type": "text", "text": "R"}]}]}]}
OLLAMA = {
    "model": "m", "stream": False, "format": SCHEMA, "think": "low", "tools": [{"type": "function", "function": FUNCTION}],
    "options": {"num_predict": 3, "temperature": 1, "stop": ["x"]},
    "messages": [{"role": "user", "content": "U", "images": ["iVBORw0="]},
                 {"role": "assistant", "thinking": "t", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
                 {"role": "tool", "tool_name": "f", "content": "R"}]}
RESPONSES = {
    "model": "m", "instructions": "S", "previous_response_id": "r", "store": False, "reasoning": {"effort": "low"},
    "tools": [{"type": "function", **FUNCTION}], "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "s", "schema": SCHEMA}},
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "U"}, {"type": "input_image", "image_url": PICTURE},
                                     {"type": "input_file", "file_id": "f"}]},
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "h"}], "encrypted_content": "s"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "R"}]}
BODIES = {"openai_chat": OPENAI, "anthropic": ANTHROPIC, "ollama_chat": OLLAMA, "openai_responses": RESPONSES}


FIELDS = {"model": "m", "prompt": "p", "response_format": "srt", "n": "2", "stream": "false", "timestamp_granularities[]": "word"}
FILES = {"openai_transcriptions": "file", "openai_translations": "file", "openai_image_edits": "image[]"}


def form_of(file):
    """A form with the boundary that fuzz_fronts names."""
    head = "--B\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in FIELDS.items()]
    parts.append(f'{head}"{file}"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF....WAVEfmt \r\n')
    return ("".join(parts) + "--B--\r\n").encode()


def names_of(list_name):
    with open(os.path.join(HERE, "src", "gateway", f"{list_name}s.def"), encoding="utf-8") as file:
        return re.findall(rf"^{list_name.upper()}\((\w+)\)", file.read(), re.M)


def main():
    out, dialects = sys.argv[1], names_of("dialect")
    os.makedirs(out, exist_ok=True)
    for i, front in enumerate(names_of("front")):
        for j, dialect in enumerate(dialects):
            with open(os.path.join(out, f"{front}.{dialect}"), "wb") as file:
                body = form_of(FILES[front]) if front in FILES else json.dumps(BODIES.get(front, TEXTS)).encode()
                file.write(bytes([i, j]) + body)


main()
