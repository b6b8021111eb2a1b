"""Tests of worker.py: it is started as `collect` starts it, on tiny models with random weights.

    .venv-transformers/bin/python stages/worker/transformers/test_worker.py
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import torch
import transformers

import worker

HERE = pathlib.Path(__file__).resolve().parent
LAYERS, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY = 2, 4, 2, 8, 97
CPU = min(os.sched_getaffinity(0))
PADDED = {"ids": [[11, 7, 5, 3, 2], [0, 0, 13, 17, 19]], "pads": [0, 2]}
ALONE = {"ids": [[13, 17, 19]], "pads": [0]}
WARMUP = {"min_iterations": 1, "max_iterations": 6, "max_cv_pct": 50.0}


def models() -> dict[str, transformers.PreTrainedModel]:
    # Weights are large enough that greedy tokens vary.
    shared = {"vocab_size": VOCABULARY, "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 1}
    gpt2 = transformers.GPT2Config(n_positions=64, n_embd=HEADS * HEAD_DIM, n_layer=LAYERS, n_head=HEADS, **shared)
    llama = transformers.LlamaConfig(
        hidden_size=HEADS * HEAD_DIM,
        intermediate_size=64,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        max_position_embeddings=64,
        **shared,
    )
    torch.manual_seed(0)
    return {"gpt2": transformers.GPT2LMHeadModel(gpt2), "llama": transformers.LlamaForCausalLM(llama)}


class Process:
    """A worker process."""

    def __init__(self, folder: pathlib.Path, backend: str, cpus: tuple[int, ...] = (), **environment: str) -> None:
        self.scratch = folder.parent
        # torch, imported here, has named a folder for compiled graphs; the worker is to use its own.
        inherited = {k: v for k, v in os.environ.items() if k != "TORCHINDUCTOR_CACHE_DIR"}
        with (self.scratch / "stderr").open("ab") as stderr:
            self.child = subprocess.Popen(
                [sys.executable, "-c", (HERE / "worker.py").read_text(encoding="utf-8")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**inherited, **environment},
            )
        model = {"files": {"folder": {"path": str(folder), "weights": ["model.safetensors"]}}}
        self.loaded = self.ask(
            "load", backend=backend, threads=1, cpus=cpus, model=model, folder=str(folder), scratch=str(self.scratch)
        )

    def ask(self, op: str, **fields: object) -> dict:
        self.child.stdin.write(json.dumps({"op": op, **fields}).encode() + b"\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def run(self, mode: str = "generate", batch: dict = PADDED, **fields: object) -> dict:
        asked = {"kv_cache": mode == "generate", "new_tokens": 6, "stop_tokens": [], "last_logits": True, **fields}
        return self.ask("run", mode=mode, batch=batch, texts=[], warmup=WARMUP, min_window_ns=1, **asked)

    def logits(self, batch: dict) -> numpy.ndarray:
        path = self.scratch / "logits"
        answer = self.ask("logits", batch=batch, path=str(path))
        return numpy.fromfile(path, "<f4").reshape(answer["shape"])

    def end(self) -> int:
        with contextlib.suppress(BrokenPipeError):  # it ended by itself
            self.child.communicate(b'{"op":"exit"}\n')
        self.child.stdout.close()
        return self.child.wait()


class WorkerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)
        cls.eager = {}
        for name, model in models().items():
            model.save_pretrained(cls.scratch / name)
            cls.eager[name] = Process(cls.scratch / name, "transformers-cpu", cpus=(CPU,))
            cls.addClassCleanup(cls.eager[name].end)

    def start(self, name: str, backend: str, **environment: str) -> Process:
        process = Process(self.scratch / name, backend, **environment)
        self.addCleanup(process.end)
        return process

    def test_says_what_it_runs(self) -> None:
        for process in self.eager.values():
            said = process.loaded["attestation"]
            for key, value in {
                "device": "cpu", "dtype": "f32", "provider": "torch cpu", "nodes": [], "graph": "eager",
                "io_binding": False, "threads": 1, "cpus": [CPU],
                "library": f"torch {torch.__version__} transformers {transformers.__version__}",
            }.items():  # fmt: skip
                self.assertEqual(said[key], value, key)
            self.assertRegex(said["library_sha256"], "^[0-9a-f]{64}$")
            self.assertRegex(said["blas"], "MKL|oneDNN|BLAS")
            self.assertTrue(said["load_ms"] > 0 and said["memory_mb"] > 100)

    def test_padding_changes_nothing(self) -> None:
        for process in self.eager.values():
            padded, alone = process.logits(PADDED), process.logits(ALONE)
            self.assertEqual(padded.shape, (2, 5, VOCABULARY))
            self.assertTrue(numpy.isfinite(padded).all())
            numpy.testing.assert_allclose(padded[1, 2:], alone[0], rtol=0, atol=1e-4)
            first = process.logits({"ids": PADDED["ids"][:1], "pads": [0]})
            numpy.testing.assert_allclose(padded[0], first[0], rtol=0, atol=1e-4)
            both = process.ask("greedy", batch=PADDED, new_tokens=8)["tokens"]
            one = process.ask("greedy", batch=ALONE, new_tokens=8)["tokens"]
            self.assertEqual([step[1:] for step in both], one)

    def test_cached_and_uncached_tokens_are_equal(self) -> None:
        for process in self.eager.values():
            cached = process.ask("greedy", batch=PADDED, new_tokens=8)["tokens"]
            self.assertEqual([len(step) for step in cached], [2] * 8)
            self.assertGreater(len({tuple(step) for step in cached}), 3, "tokens that never vary prove nothing")
            batch = json.loads(json.dumps(PADDED))
            for step in cached:
                self.assertEqual(process.logits(batch)[:, -1].argmax(-1).tolist(), step)
                for row, token in zip(batch["ids"], step):
                    row.append(token)
        for name in self.eager:
            load = {"backend": "transformers-cpu", "threads": 1, "cpus": [], "scratch": str(self.scratch)}
            engine = worker.Engine({**load, "folder": str(self.scratch / name)})
            prompt = engine.upload(PADDED)
            uncached = engine.generate(prompt, 8, (), keep=False, last=True)
            self.assertEqual(engine.generate(prompt, 8, (), keep=True, last=True).tokens, uncached.tokens)
            self.assertIsNone(uncached.cache_bytes)

    def test_cache_grows_by_one_column_a_step(self) -> None:
        for process in self.eager.values():
            kv_heads = KV_HEADS if process is self.eager["llama"] else HEADS
            column = LAYERS * 2 * 2 * kv_heads * HEAD_DIM * 4  # keys and values of two rows in f32
            self.assertEqual(process.run(new_tokens=6)["cache_bytes"], [5 * column, 10 * column])
            self.assertEqual(process.run(new_tokens=1)["cache_bytes"], [5 * column, 5 * column])
            self.assertIsNone(process.run(kv_cache=False)["cache_bytes"])
            self.assertIsNone(process.run("prefill")["cache_bytes"])

    def test_run_reports_what_was_done(self) -> None:
        for process in self.eager.values():
            ran = process.run()
            self.assertEqual((ran["tokens_in"], ran["tokens_generated"], len(ran["token_ms"])), (10, 12, 6))
            self.assertEqual(len(ran["iteration_ms"]), ran["iterations"])
            self.assertTrue(ran["iterations"] >= 1 and ran["end_ns"] > ran["start_ns"] and ran["ttft_ms"] > 0)
            self.assertLessEqual(sum(ran["token_ms"]) * ran["iterations"], (ran["end_ns"] - ran["start_ns"]) / 1e6)
            self.assertEqual((ran["compiled_graphs"], ran["compiled_in_window"]), (None, None))
            self.assertTrue(ran["last_logits"])
            self.assertFalse(process.run(last_logits=False)["last_logits"])
            prefill = process.run("prefill", last_logits=False)
            self.assertEqual((prefill["tokens_in"], prefill["tokens_generated"], prefill["token_ms"]), (10, 0, []))
            self.assertFalse(prefill["last_logits"])

    def test_stop_tokens_end_rows(self) -> None:
        for process in self.eager.values():
            steps = process.ask("greedy", batch=PADDED, new_tokens=8)["tokens"]
            rows = [[step[row] for step in steps] for row in range(2)]
            only_first = next(token for token in rows[0][1:] if token not in rows[1])
            for stop in ([only_first], [only_first, rows[1][1]]):
                ends = [next((i + 1 for i, token in enumerate(row) if token in stop), 8) for row in rows]
                self.assertNotEqual(ends, [8, 8])
                for kv_cache in (True, False):
                    ran = process.run(new_tokens=8, stop_tokens=stop, kv_cache=kv_cache)
                    self.assertEqual((ran["tokens_generated"], len(ran["token_ms"])), (sum(ends), max(ends)))

    def test_a_failed_request_is_answered_and_the_worker_lives_on(self) -> None:
        for process in self.eager.values():
            answer = process.run(batch={"ids": [[VOCABULARY + 5]], "pads": [0]})
            self.assertEqual(answer["answer"], "failed")
            self.assertRegex(answer["message"], "^IndexError: .*range")
            self.assertEqual(process.ask("load")["answer"], "failed")
            self.assertEqual(process.run()["answer"], "run")

    def test_compiled_graphs_are_counted_and_compute_the_same(self) -> None:
        process = self.start("llama", "transformers-cpu-compile")
        self.assertEqual(process.loaded["attestation"]["graph"], "torch.compile inductor")
        eager = self.eager["llama"].ask("greedy", batch=PADDED, new_tokens=6)["tokens"]
        self.assertEqual(process.ask("greedy", batch=PADDED, new_tokens=6)["tokens"], eager)
        for fields in ({"kv_cache": True}, {"kv_cache": False}, {"kv_cache": False}):
            ran = process.run(**fields)
            self.assertGreater(ran["compiled_graphs"], 0)
            self.assertEqual(ran["compiled_in_window"], 0)
            self.assertEqual(ran["tokens_generated"], 12)
        # Graphs of other shapes do not count for this one.
        self.assertEqual(process.run("prefill")["compiled_graphs"], 1)
        self.assertTrue((self.scratch / "inductor").is_dir())

    def test_a_compiler_that_does_nothing_is_seen(self) -> None:
        process = self.start("gpt2", "transformers-cpu-compile", TORCHDYNAMO_DISABLE="1")
        ran = process.run()
        self.assertEqual((ran["answer"], ran["compiled_graphs"], ran["compiled_in_window"]), ("run", 0, 0))

    def test_warm_up_goes_on_while_something_is_compiled(self) -> None:
        engine = worker.Engine.__new__(worker.Engine)
        clock, graphs, compiles = [0], [0], [True, False, True, True, False, False]

        def iterate() -> None:
            clock[0] += 10
            graphs[0] += compiles.pop(0)

        engine.now, engine.graphs = lambda: clock[0], lambda: graphs[0]
        bounds = {"min_iterations": 1, "max_iterations": 9, "max_cv_pct": 5.0}
        self.assertEqual(engine.warm_up(bounds, iterate), (5, 0.0))
        self.assertEqual(engine.warm_up({**bounds, "max_iterations": 1}, iterate), (1, None))

    def test_what_libraries_print_is_no_answer(self) -> None:
        (self.scratch / "sitecustomize.py").write_text(
            "import os, sys\n"
            "class Noisy:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name == 'torch': os.write(1, b'noise')\n"
            "sys.meta_path.insert(0, Noisy())\n",
            encoding="utf-8",
        )
        process = self.start("gpt2", "transformers-cpu", PYTHONPATH=str(self.scratch))
        self.assertEqual(process.loaded["answer"], "ready")
        self.assertIn(b"noise", (self.scratch / "stderr").read_bytes())

    @unittest.skipIf(torch.cuda.is_available(), "a GPU is here")
    def test_no_gpu_is_refused(self) -> None:
        for backend in ("transformers-gpu", "transformers-gpu-compile"):
            process = self.start("gpt2", backend)
            self.assertEqual(process.loaded["answer"], "failed")
            self.assertRegex(process.loaded["message"], f"^{backend}: .*no CUDA device")
            self.assertEqual(process.child.wait(), 0)

    def test_missing_weights_are_refused(self) -> None:
        folder = self.scratch / "deeper"
        folder.mkdir()
        config = json.loads((self.scratch / "llama" / "config.json").read_text(encoding="utf-8"))
        config["num_hidden_layers"] += 1
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (folder / "model.safetensors").symlink_to(self.scratch / "llama" / "model.safetensors")
        process = self.start("deeper", "transformers-cpu")
        self.assertEqual(process.loaded["answer"], "failed")
        self.assertRegex(process.loaded["message"], r"no weights for model\.layers\.2\.")


if __name__ == "__main__":
    unittest.main()
