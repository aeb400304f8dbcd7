"""sentence-transformers on the texts of encode_bench, for comparison.

    encode_peer.py MODEL_FOLDER TEXTS_FILE THREADS

MODEL_FOLDER must have the whole model (tokenizer.json too). TEXTS_FILE is what encode_bench
wrote. Prints the same lines as encode_bench; best of three passes.
"""
import os
import sys
import time

model_folder, texts_file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
for key in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[key] = str(threads)
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from sentence_transformers import SentenceTransformer

PASSES = 3
LIMITS = {"query": 256, "chunk": 128, "ragged": 256}

torch.set_num_threads(threads)


def tokenizer_speed(tokenizer):
    """Tokens of whole documents a second, one text after another; the best of three passes."""
    lines = open("../shared/retrieval/scifact/corpus.tsv", encoding="utf-8").read().split("\n")
    best = 0
    for _ in range(PASSES):
        start = time.perf_counter()
        tokens = sum(len(tokenizer.encode(line).ids) for line in lines)
        best = max(best, tokens / (time.perf_counter() - start) / 1e6)
    print(f"tokenizer 1 thread {best:.2f} million tokens/s", flush=True)


model = SentenceTransformer(model_folder, device="cpu")
rust = model.tokenizer.backend_tokenizer
rust.no_truncation()
tokenizer_speed(rust)
texts = {name: [] for name in LIMITS}
with open(texts_file, encoding="utf-8", newline="\n") as file:
    for line in file:
        name, _, text = line.rstrip("\n").partition("\t")
        texts[name].append(text)


def encode(some):
    return model.encode(some, batch_size=32, normalize_embeddings=True, show_progress_bar=False)


for name, limit in LIMITS.items():
    model.max_seq_length = limit
    tokens = sum(min(limit, len(model.tokenizer(t, truncation=False)["input_ids"])) for t in texts[name])
    encode(texts[name][:8])
    best, p50, p99 = 1e9, 1e9, 1e9
    for _ in range(PASSES):
        start = time.perf_counter()
        if name == "query":
            times = []
            for text in texts[name]:
                t = time.perf_counter()
                encode([text])
                times.append((time.perf_counter() - t) * 1000)
            times.sort()
            p50, p99 = min(p50, times[len(times) // 2]), min(p99, times[len(times) * 99 // 100])
        else:
            encode(texts[name])
        best = min(best, time.perf_counter() - start)
    print(f"{name:<7} {threads} thread{'s' if threads > 1 else ' '} {tokens / best:8.0f} tokens/s {len(texts[name]) / best:7.1f} texts/s"
          + (f"   p50 {p50:.2f} ms, p99 {p99:.2f} ms" if name == "query" else ""), flush=True)
