"""A system under test for MLPerf LoadGen that asks an OpenAI server for completions.

    python sut.py URL SCENARIO FOLDER

SCENARIO is Server, Offline or SingleStream. Every tenth prompt asks for more tokens than the server has room for, when SCENARIO
ends in `-too-long`: LoadGen has no way to be told of a failed query, so those are completed with no token.
"""

import array
import concurrent.futures
import json
import pathlib
import sys
import urllib.error
import urllib.request

import mlperf_loadgen

PROMPTS = 16
OUTPUT_TOKENS = 24
WORD = " tariff"
POOL = concurrent.futures.ThreadPoolExecutor(4)


class System:
    """Streams completions, tells LoadGen of the first token and of the end with the number of tokens that the server counted."""

    def __init__(self, url, is_too_long):
        self.url, self.is_too_long = url, is_too_long

    def issue(self, samples):
        for sample in samples:
            POOL.submit(self.answer, sample.id, sample.index)

    def answer(self, identity, index):
        words = 3000 if self.is_too_long and index % 10 == 9 else 48 + index
        body = {"prompt": WORD * words, "max_tokens": OUTPUT_TOKENS, "ignore_eos": True, "stream": True, "seed": 7}
        body["stream_options"] = {"include_usage": True}
        request = urllib.request.Request(f"{self.url}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
        tokens, is_first = 0, True
        try:
            with urllib.request.urlopen(request) as answer:
                for line in answer:
                    if not line.startswith(b"data: {"):
                        continue
                    event = json.loads(line[6:])
                    if is_first and event["choices"]:
                        is_first = False
                        told(mlperf_loadgen.FirstTokenComplete, identity, 1)
                    tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
        except urllib.error.HTTPError as error:
            print(f"query {identity}: {error.code} {error.read().decode()}", flush=True)
            told(mlperf_loadgen.FirstTokenComplete, identity, 0)
        told(mlperf_loadgen.QuerySamplesComplete, identity, tokens)


def told(function, identity, tokens):
    data = array.array("i", [0] * max(tokens, 1))
    address, _ = data.buffer_info()
    function([mlperf_loadgen.QuerySampleResponse(identity, address, 4 * len(data), tokens)])


def settings(scenario):
    chosen = mlperf_loadgen.TestSettings()
    chosen.scenario = getattr(mlperf_loadgen.TestScenario, scenario)
    chosen.mode = mlperf_loadgen.TestMode.PerformanceOnly
    chosen.use_token_latencies = True
    chosen.min_duration_ms, chosen.min_query_count, chosen.max_query_count = 0, PROMPTS, PROMPTS
    chosen.server_target_qps = 2
    chosen.server_target_latency_ns = 60_000_000_000
    chosen.ttft_latency, chosen.tpot_latency = 20_000_000_000, 5_000_000_000
    chosen.offline_expected_qps = 1
    return chosen


def main():
    url, scenario, folder = sys.argv[1:]
    pathlib.Path(folder).mkdir()
    log = mlperf_loadgen.LogSettings()
    log.log_output.outdir = folder
    log.enable_trace = False
    system = System(url, scenario.endswith("-too-long"))
    sut = mlperf_loadgen.ConstructSUT(system.issue, lambda: None)
    library = mlperf_loadgen.ConstructQSL(PROMPTS, PROMPTS, lambda _: None, lambda _: None)
    mlperf_loadgen.StartTestWithLogSettings(sut, library, settings(scenario.removesuffix("-too-long")), log)
    POOL.shutdown()
    mlperf_loadgen.DestroyQSL(library)
    mlperf_loadgen.DestroySUT(sut)


main()
