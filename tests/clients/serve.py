"""llama.cpp's own server with its counters, on a port of its own: prints its URL, and ends when its standard input does.

    python serve.py MODEL.gguf CONTEXT

One thread, since a client runs beside it; four slots that share CONTEXT tokens. Prompts are not cached, so that every token of a
prompt is counted as processed.
"""

import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"smollm2"}
params.n_ctx = int(sys.argv[2])
params.n_parallel = 4
params.cpuparams.n_threads = 1
params.cache_prompt = False
params.cache_ram_mib = 0
params.endpoint_metrics = True
params.hostnames = ["127.0.0.1"]
params.port = 0
params.verbosity = 4
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
