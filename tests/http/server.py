"""A real llama.cpp server on a port of its own: prints its URL, and ends when its standard input does.

    python server.py MODEL.gguf THREADS
"""

import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"served"}
params.n_ctx = 1024
params.n_parallel = 4
params.cpuparams.n_threads = int(sys.argv[2])
params.hostnames = ["127.0.0.1"]
params.port = 0
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
