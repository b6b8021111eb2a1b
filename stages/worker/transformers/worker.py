"""Worker for Hugging Face Transformers on PyTorch; ../../protocol/PROTOCOL.md says what it reads and writes.

    python worker.py

It runs from its file and as `python -c` alike. torch is imported after the first request, which says how many threads
and which processors to use.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
import os
import pathlib
import re
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

BACKENDS = {  # device, compiled
    "transformers-cpu": ("cpu", False),
    "transformers-cpu-compile": ("cpu", True),
    "transformers-gpu": ("cuda", False),
    "transformers-gpu-compile": ("cuda", True),
}
FORMATS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}


class Refused(Exception):
    """What was asked cannot be done here; the message says why."""


@dataclasses.dataclass
class Generated:
    """What one generation did."""

    tokens: list[list[int]] = dataclasses.field(default_factory=list)  # step by step, all rows
    step_ns: list[int] = dataclasses.field(default_factory=list)
    counted: int = 0  # up to and with each row's stop token
    cache_bytes: list[int] | None = None
    last_alone: bool = True


class Engine:
    """A model on a device."""

    def __init__(self, load: dict[str, Any]) -> None:
        if load["backend"] not in BACKENDS:
            raise Refused(f"unknown backend, \"{load['backend']}\", use one of: {', '.join(BACKENDS)}")
        if load["folder"] is None:
            raise Refused(f"{load['backend']} needs a folder in Hugging Face's layout")
        kind, self.compiled = BACKENDS[load["backend"]]
        prepare_process(load)
        import torch
        import transformers

        if kind == "cuda" and not torch.cuda.is_available():
            raise Refused(f"{load['backend']}: torch {torch.__version__} finds no CUDA device, install a driver")
        self.torch = torch
        self.device = torch.device("cuda", 0) if kind == "cuda" else torch.device("cpu")
        torch.set_num_threads(load["threads"])
        torch.set_grad_enabled(False)
        torch.set_float32_matmul_precision("highest")  # f32 is not to be TF32 or bfloat16 inside
        started = time.monotonic_ns()
        model, found = transformers.AutoModelForCausalLM.from_pretrained(
            load["folder"], dtype=torch.float32, output_loading_info=True,
            local_files_only=True, use_safetensors=True, trust_remote_code=False,
        )  # fmt: skip
        if found["missing_keys"]:  # would be random
            raise Refused(f"{load['folder']}: no weights for {min(found['missing_keys'])}")
        self.model = model.eval().to(self.device)
        self.load_ms = (self.now() - started) / 1e6
        self.forward: Callable[..., Any] = self.model
        if self.compiled:
            # A graph that cannot be compiled is an error, not eager execution under this label.
            torch._dynamo.config.suppress_errors = False
            torch._dynamo.config.fail_on_recompile_limit_hit = True
            self.forward = torch.compile(self.model.forward)
        self.cell: Any = None
        self.graphs_of_others = 0
        self.pinned = bool(load["cpus"])
        self.library = f"torch {torch.__version__} transformers {transformers.__version__}"

    def attest(self) -> dict[str, Any]:
        torch = self.torch
        device = only((p.device for p in self.model.parameters()), "devices")
        dtype = str(only((p.dtype for p in self.model.parameters()), "number formats")).removeprefix("torch.")
        library = pathlib.Path(torch.__file__).parent / "lib" / f"libtorch_{device.type}.so"
        resident = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text(encoding="utf-8"))
        return {
            "device": "cpu" if device.type == "cpu" else torch.cuda.get_device_name(device),
            "dtype": FORMATS.get(dtype, dtype),
            "provider": f"torch {device.type}",
            "nodes": [],
            "graph": "torch.compile inductor" if self.compiled else "eager",
            "io_binding": device.type != "cpu",
            "library": self.library,
            "library_sha256": sha256(library),
            "blas": blas(torch, device.type),
            "threads": torch.get_num_threads(),
            "cpus": sorted(os.sched_getaffinity(0)) if self.pinned else [],
            "load_ms": self.load_ms,
            "memory_mb": int(resident[1]) / 1024 if resident else None,
        }

    def now(self) -> int:
        """CLOCK_MONOTONIC, once the device has done all that it was given."""
        if self.device.type == "cuda":
            self.torch.cuda.synchronize(self.device)
        return time.monotonic_ns()

    def graphs(self) -> int | None:
        """Graphs compiled for this cell so far; None where nothing is compiled."""
        counted = self.torch._dynamo.utils.counters["stats"]["unique_graphs"] if self.compiled else None
        return None if counted is None else counted - self.graphs_of_others

    def upload(self, batch: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids, and the padding of each row as a column."""
        ids = self.torch.tensor(batch["ids"], dtype=self.torch.long, device=self.device)
        return ids, self.torch.tensor(batch["pads"], dtype=self.torch.long, device=self.device)[:, None]

    def step(self, columns: torch.Tensor, pads: torch.Tensor, past: int, cache: Any, keep: bool, last: bool) -> Any:
        """One forward pass over the columns that follow `past` cached ones."""
        at = self.torch.arange(past + columns.shape[1], device=self.device)
        return self.forward(
            input_ids=columns,
            attention_mask=(at >= pads).long(),
            position_ids=(at - pads).clamp(min=0)[:, past:],
            cache=cache,
            use_cache=keep,
            logits_to_keep=int(last),  # 0: all
        )

    def generate(
        self, prompt: tuple[torch.Tensor, torch.Tensor], new_tokens: int, stop: Iterable[int], keep: bool, last: bool
    ) -> Generated:
        """Greedy decoding. With a cache each step runs one new column; without, all columns again."""
        columns, pads = prompt
        past, cache = 0, None
        running = [True] * len(pads)
        done = Generated()
        while len(done.tokens) < new_tokens and any(running):
            started = self.now()
            out = self.step(columns, pads, past, cache, keep, last)
            next_column = out.logits[:, -1].argmax(-1, keepdim=True)  # the first of equals
            tokens = next_column.flatten().tolist()
            if not done.tokens:
                done.last_alone = out.logits.shape[1] == 1 and (last or columns.shape[1] > 1)
            if keep:
                past, cache, columns = past + columns.shape[1], out.cache, next_column
            else:
                columns = self.torch.cat([columns, next_column], dim=1)
            done.step_ns.append(self.now() - started)
            if keep and not done.tokens:
                done.cache_bytes = [held_bytes(cache)] * 2
            done.tokens.append(tokens)
            done.counted += sum(running)
            running = [alive and token not in stop for alive, token in zip(running, tokens)]
        if keep and done.cache_bytes:
            done.cache_bytes[1] = held_bytes(cache)
        return done

    def logits(self, request: dict[str, Any]) -> dict[str, Any]:
        out = self.step(*self.upload(request["batch"]), past=0, cache=None, keep=False, last=False)
        out.logits.cpu().numpy().astype("<f4", copy=False).tofile(request["path"])
        return {"answer": "logits", "shape": list(out.logits.shape)}

    def greedy(self, request: dict[str, Any]) -> dict[str, Any]:
        done = self.generate(self.upload(request["batch"]), request["new_tokens"], (), keep=True, last=True)
        return {"answer": "greedy", "tokens": done.tokens}

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Warm-ups, then iterations back to back until the window is long enough."""
        self.forget_other_cells(request)
        prompt = self.upload(request["batch"])
        prefill = request["mode"] == "prefill"
        new_tokens, keep = (1, False) if prefill else (request["new_tokens"], request["kv_cache"])
        stop = frozenset(request["stop_tokens"])
        iterate = functools.partial(self.generate, prompt, new_tokens, stop, keep, request["last_logits"])
        warmed, warmup_cv = self.warm_up(request["warmup"], iterate)
        compiled_before = self.graphs()
        times: list[list[int]] = []
        ends = [self.now()]
        while not times or ends[-1] - ends[0] < request["min_window_ns"]:
            done = iterate()
            times.append(done.step_ns)
            ends.append(self.now())
        start, end = ends[0], ends[-1]
        steps = [[t[k] for t in times if len(t) > k] for k in range(max(map(len, times)))]
        compiled = self.graphs()
        return {
            "answer": "run",
            "start_ns": start,
            "end_ns": end,
            "iterations": len(times),
            "ttft_ms": (end - start) / len(times) / 1e6 if prefill else statistics.fmean(steps[0]) / 1e6,
            "token_ms": [] if prefill else [statistics.fmean(step) / 1e6 for step in steps],
            "iteration_ms": [(b - a) / 1e6 for a, b in itertools.pairwise(ends)],
            "tokens_in": prompt[0].numel(),
            "prompt_tokens": None,
            "tokens_generated": 0 if prefill else done.counted,
            "cache_bytes": done.cache_bytes,
            "last_logits": done.last_alone,
            "warmup_iterations": warmed,
            "warmup_cv_pct": warmup_cv,
            "compiled_graphs": compiled,
            "compiled_in_window": None if compiled is None else compiled - compiled_before,
        }

    def warm_up(self, bounds: dict[str, Any], iterate: Callable[[], Any]) -> tuple[int, float | None]:
        """Untimed iterations until their times are steady and the last one compiled nothing."""
        times: list[int] = []
        compiling = False
        while True:
            cv = cv_pct(times[-3:])
            steady = len(times) >= 3 and cv is not None and cv <= bounds["max_cv_pct"] and not compiling
            if len(times) >= bounds["max_iterations"] or (len(times) >= bounds["min_iterations"] and steady):
                return len(times), cv
            graphs, started = self.graphs(), self.now()
            iterate()
            times.append(self.now() - started)
            compiling = self.graphs() != graphs

    def forget_other_cells(self, request: dict[str, Any]) -> None:
        """Having seen one shape, torch compiles another as dynamic. Each cell of the plan begins without graphs, so
        that it is compiled alike whatever ran before."""
        cell = {k: v for k, v in request.items() if k not in ("op", "warmup", "min_window_ns")}
        if self.compiled and cell != self.cell:
            self.torch.compiler.reset()
            self.graphs_of_others += self.graphs() or 0
            self.cell = cell


def prepare_process(load: dict[str, Any]) -> None:
    """What libraries read when they are imported, and threads inherit."""
    if load["cpus"]:
        try:
            os.sched_setaffinity(0, load["cpus"])
        except OSError as e:
            raise Refused(f"cannot stay on processors {load['cpus']} ({e}), correct [collect] cpus") from e
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        OMP_NUM_THREADS=str(load["threads"]),
        CUDA_DEVICE_ORDER="PCI_BUS_ID",  # NVML's, whose first GPU is measured
        TORCHINDUCTOR_COMPILE_THREADS="1",  # in this process: no pool stays behind to disturb windows
    )
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(pathlib.Path(load["scratch"], "inductor").absolute()))


def held_bytes(held: Any) -> int:
    """Bytes of keys and values: of all tensors of numbers in a cache and its layers, whatever their classes."""
    if hasattr(held, "element_size"):
        return held.numel() * held.element_size() if held.is_floating_point() else 0
    if isinstance(held, (list, tuple)):
        return sum(map(held_bytes, held))
    if any(c.__module__ == "transformers.cache_utils" for c in type(held).__mro__):
        return held_bytes(list(vars(held).values()))
    return 0


def only(values: Iterable[Any], what: str) -> Any:
    found = set(values)
    if len(found) != 1:
        raise Refused(f"parameters have {len(found)} {what}: {', '.join(sorted(map(str, found)))}")
    return found.pop()


def blas(torch: Any, device: str) -> str:
    if device == "cuda":
        return f"{torch.backends.cuda.preferred_blas_library().name} of CUDA {torch.version.cuda}"
    built = torch.__config__.show()
    mkl = re.search(r"Math Kernel Library Version ([\d.]+)", built)
    one = re.search(r"MKL-DNN v([\d.]+)", built)
    info = re.search(r"BLAS_INFO=(\w+)", built)
    first = f"MKL {mkl[1]}" if mkl and torch.backends.mkl.is_available() else f"BLAS {info[1] if info else 'unknown'}"
    return f"{first}, oneDNN {one[1]}" if one and torch.backends.mkldnn.is_available() else first


def sha256(path: pathlib.Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cv_pct(values: list[int]) -> float | None:
    """Sample standard deviation over mean, in per cent; None for fewer than two values."""
    return statistics.stdev(values) / statistics.fmean(values) * 100 if len(values) >= 2 else None


def failed(error: Exception) -> dict[str, Any]:
    traceback.print_exception(error, file=sys.stderr)
    first = next(iter(str(error).strip().splitlines()), "")
    return {"answer": "failed", "message": first if isinstance(error, Refused) else f"{type(error).__name__}: {first}"}


def main() -> None:
    # Libraries print to standard output: it becomes standard error, and answers go to a copy of the old one.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # When memory runs out this process is the one to be ended.
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    engine: Engine | None = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        op = request["op"]
        if op == "exit":
            return
        try:
            if op == "load" and engine is None:
                loaded = Engine(request)
                answer = {"answer": "ready", "attestation": loaded.attest()}
                engine = loaded
            elif engine is None or op not in ("logits", "greedy", "run"):
                raise Refused(f"{op}: no model is loaded" if engine is None else f"{op}: cannot be asked now")
            else:
                answer = getattr(engine, op)(request)
        except Exception as error:  # whatever a library raises is the answer
            answer = failed(error)
        print(json.dumps(answer), file=answers, flush=True)
        if engine is None:
            return


if __name__ == "__main__":
    main()
