"""The encoder beside ONNX Runtime and PyTorch (sentence-transformers), on the same texts.

    encode_peer.py ENCODE_BENCH MODEL_FOLDER TEXTS_FILE      all of them in turns, best of ROUNDS
    encode_peer.py --one ENGINE MODEL_FOLDER TEXTS_FILE THREADS

Each engine runs in a process of its own, one after another, ROUNDS times, with one thread and with
two; the best of each counts. Tokens a second of processor time are given too, since they are less
disturbed by other work. int8 runs on each of SETS that the processor has, and the peer is then made to
believe that there is nothing newer (older_processor.c); fp32 runs on the best. ONNX is a folder with
fp32.onnx and int8pc.onnx (dynamic, per channel); it is made with torch and onnx when they are not there.
"""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ENGINES = ("onnxruntime-int8", "onnxruntime-fp32", "pytorch")
LIMITS = {"query": 256, "chunk": 128, "chunk256": 256, "chunk512": 512, "ragged": 256}
SETS = ("amx", "avx512vnni", "avx2")
PASSES, ROUNDS, BATCH = 2, 2, 32
ONNX = Path(os.environ.get("ONNX", Path(__file__).resolve().parent.parent / "build/bench/onnx"))
LINE = re.compile(r"^(query|chunk\d*|ragged) +(\d) threads? +(\d+) tokens/s .*?(\d+) a cpu second(?:.* p50 ([\d.]+) ms)?", re.M)


def read_texts(path):
    texts = {name: [] for name in LIMITS}
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            name, _, text = line.rstrip("\n").partition("\t")
            texts[name].append(text)
    return texts


def make_tokenizer(folder):
    from tokenizers import BertWordPieceTokenizer
    return BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)


class OnnxRuntime:
    """Sorted by length, padded within a batch, as its users do."""

    def __init__(self, folder, precision, threads):
        import numpy
        import onnxruntime
        self.np = numpy
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        path = ONNX / ("int8pc.onnx" if precision == "int8" else "fp32.onnx")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.inputs = [one.name for one in self.session.get_inputs()]
        self.tokenizer = make_tokenizer(folder)

    def set_limit(self, limit):
        self.tokenizer.enable_truncation(limit)

    def encode(self, texts):
        np, ids = self.np, [one.ids for one in self.tokenizer.encode_batch(texts)]
        order, out = sorted(range(len(ids)), key=lambda i: len(ids[i])), np.zeros((len(ids), 384), np.float32)
        for start in range(0, len(order), BATCH):
            part = order[start:start + BATCH]
            words = np.zeros((len(part), len(ids[part[-1]])), np.int64)
            mask = np.zeros_like(words)
            for row, i in enumerate(part):
                words[row, :len(ids[i])], mask[row, :len(ids[i])] = ids[i], 1
            feed = {"input_ids": words, "attention_mask": mask, "token_type_ids": np.zeros_like(words)}
            states = self.session.run(None, {name: feed[name] for name in self.inputs})[0]
            mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            out[part] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out


class PyTorch:
    def __init__(self, folder, threads):
        import torch
        from sentence_transformers import SentenceTransformer, models
        torch.set_num_threads(threads)
        body = models.Transformer(folder)
        self.model = SentenceTransformer(modules=[body, models.Pooling(body.get_word_embedding_dimension())], device="cpu")

    def set_limit(self, limit):
        self.model.max_seq_length = limit

    def encode(self, texts):
        return self.model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)


def export(folder):
    """The ONNX files, as users make them: fp32, and dynamic int8 with a scale for each channel."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    class Body(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state

    ONNX.mkdir(parents=True, exist_ok=True)
    names, some = ["input_ids", "attention_mask", "token_type_ids"], torch.ones(2, 16, dtype=torch.long)
    torch.onnx.export(Body(), (some, some, some * 0), str(ONNX / "fp32.onnx"), input_names=names, dynamo=False, opset_version=17,
                      output_names=["last_hidden_state"], dynamic_axes={name: {0: "b", 1: "s"} for name in [*names, "last_hidden_state"]})
    quantize_dynamic(str(ONNX / "fp32.onnx"), str(ONNX / "int8pc.onnx"), weight_type=QuantType.QInt8, per_channel=True)


def run_one(engine, folder, texts_file, threads):
    model = PyTorch(folder, threads) if engine == "pytorch" else OnnxRuntime(folder, engine[-4:], threads)
    tokenizer = make_tokenizer(folder)
    for name, texts in read_texts(texts_file).items():
        limit = LIMITS[name]
        model.set_limit(limit)
        tokens = sum(min(limit, len(one.ids)) for one in tokenizer.encode_batch(texts))
        model.encode(texts[:8])
        best, cpu, p50 = 1e9, 1e9, 1e9
        for _ in range(PASSES):
            wall, used, times = time.perf_counter(), time.process_time(), []
            for one in [[text] for text in texts] if name == "query" else [texts]:
                start = time.perf_counter()
                model.encode(one)
                times.append((time.perf_counter() - start) * 1000)
            best, cpu = min(best, time.perf_counter() - wall), min(cpu, time.process_time() - used)
            p50 = min(p50, sorted(times)[len(times) // 2])
        print(f"{name:<8} {threads} thread{'s' if threads > 1 else ' '} {tokens / best:8.0f} tokens/s {len(texts) / best:7.1f} texts/s "
              f"{tokens / cpu:8.0f} a cpu second" + (f"   p50 {p50:.2f} ms" if name == "query" else ""), flush=True)


def keep_best(found, kernels, engine, text):
    for load, threads, tokens, cpu, p50 in LINE.findall(text):
        old = found.get((kernels, engine, load, threads), (0, 0, 1e9))
        found[kernels, engine, load, threads] = (max(old[0], int(tokens)), max(old[1], int(cpu)), min(old[2], float(p50 or 1e9)))


def make_older_processor():
    """The library that hides what a processor has."""
    path = ONNX / "older_processor.so"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", path, Path(__file__).with_name("older_processor.c")], check=True)
    return str(path)


def run_engine(argv, threads, older):
    return subprocess.run(argv, capture_output=True, text=True, check=False, env={
        **os.environ, **{f"{key}_NUM_THREADS": threads for key in ("OMP", "MKL", "RAYON")}, "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true" if threads == "2" else "false", **older})


def compare(bench, folder, texts_file):
    if not (ONNX / "int8pc.onnx").exists():
        export(folder)
    library, found = make_older_processor(), {}
    ours = lambda threads, *more: [bench, f"--threads={threads}", "--speed", *more, folder]
    peer = lambda threads, engine: [sys.executable, __file__, "--one", engine, folder, texts_file, threads]
    sets = [one for one in SETS if not run_engine(ours("9", f"--kernels={one}"), "1", {}).returncode]
    for _ in range(ROUNDS):
        for threads in ("1", "2"):
            runs = [(one, engine, argv, {} if one == "amx" else {"LD_PRELOAD": library, "PROCESSOR": one}) for one in sets
                    for engine, argv in (("int8", ours(threads, "--precision=int8", f"--kernels={one}")),
                                         (ENGINES[0], peer(threads, ENGINES[0])))]
            runs += [("best", "fp32", ours(threads, "--precision=fp32"), {})]
            runs += [("best", engine, peer(threads, engine), {}) for engine in ENGINES[1:]]
            for kernels, engine, argv, older in runs:
                done = run_engine(argv, threads, older)
                keep_best(found, kernels, engine, done.stdout)
                if done.returncode:
                    print(f"skipped: {engine}: {done.stderr.strip()[-200:]}")
    for kernels in (*sets, "best"):
        for load in LIMITS:
            for threads in ("1", "2"):
                print_row({engine: found[kernels, engine, load, threads] for engine in ("int8", "fp32", *ENGINES)
                           if (kernels, engine, load, threads) in found}, f"{load}, threads {threads}, {kernels}", load == "query")


def print_row(rows, name, by_time):
    form = "{0} {1[2]:.2f} ms" if by_time else "{0} {1[0]} tokens/s ({1[1]} a cpu second)"
    print(f"{name}: " + ", ".join(form.format(engine, row) for engine, row in rows.items()))
    which, better = (2, min) if by_time else (0, max)
    for ours, theirs in (("int8", ENGINES[:1]), ("fp32", ENGINES[1:])):
        others = [rows[engine][which] for engine in theirs if engine in rows]
        if ours in rows and others:
            print(f"{name}: {ours} {rows[ours][which] / better(others):.2f} of {' and '.join(theirs)}")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        run_one(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        compare(*sys.argv[1:4])
