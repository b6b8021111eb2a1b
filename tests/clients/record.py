"""Runs benchmark clients against a real llama.cpp server and keeps what they write, beside what the server counted itself.

    python record.py MODEL.gguf VENVS PROGRAMS SCRATCH OUT [CLIENT[/RUN] ...]

A client is a folder beside this script. Its requirements.txt is installed as VENVS-CLIENT, runs.toml has its runs, other files are
copied to where it runs; PROGRAMS has llama-batched-bench. Each run has a server of its own. OUT/CLIENT/RUN receives the client's
files and server.json.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request

HERE = pathlib.Path(__file__).parent.absolute()
CONTEXT = 4096
LIMIT_S = 240
# Five and a half hours ahead of UTC, so that a local time without a zone is not mistaken for UTC.
ZONE = "<+0530>-05:30"
COUNTERS = {
    "prompt_tokens": "llamacpp:prompt_tokens_total",
    "cached_prompt_tokens": "llamacpp:prompt_tokens_cached_total",
    "output_tokens": "llamacpp:tokens_predicted_total",
}
STARTED, STOPPED = "| processing task", "| stop processing"
PROMPT_TOKENS = re.compile(r"print_timing: id +\d+ \| task (\d+) \| prompt eval time =.*? / +(\d+) tokens")
OUTPUT_TOKENS = re.compile(r"print_timing: id +\d+ \| task (\d+) \| +eval time =.*? / +(\d+) tokens")


class Server:
    """llama.cpp's server as a process of its own, with its counters and its log."""

    def __init__(self, model, folder):
        self.log = folder / "server.log"
        command = [sys.executable, "-B", HERE / "serve.py", model, str(CONTEXT)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            raise RuntimeError(f"{self.log}: the server did not start")

    def text(self):
        return self.log.read_text(errors="replace")

    def counted(self):
        """All that it did since it was started. Requests that it refused never started; cancelled ones did not finish."""
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:
            lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
        values = dict(line.split() for line in lines)
        text = self.text()
        prompt, output = dict(PROMPT_TOKENS.findall(text)), dict(OUTPUT_TOKENS.findall(text))
        finished = [[int(prompt[task]), int(output[task])] for task in sorted(prompt.keys() & output.keys(), key=int)]
        return {key: int(float(values[name])) for key, name in COUNTERS.items()} | {
            "requests_started": text.count(STARTED),
            "requests_finished": len(finished),
            "prompt_and_output_tokens_of_finished": finished,
        }

    def wait_idle(self):
        """Its counters take a request when it leaves its slot, a cancelled one too."""
        for _ in range(100):
            if self.text().count(STARTED) == self.text().count(STOPPED):
                return
            time.sleep(0.1)

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


class Run:
    """One run of one client."""

    def __init__(self, client, settings, run, options):
        self.client, self.run, self.options = client, settings | run, options
        self.name = f"{client.name}/{run['name']}"
        self.folder = (options.scratch / client.name / run["name"]).absolute()
        self.venv = pathlib.Path(f"{options.venvs}-{client.name}").absolute()

    def record(self):
        self.lay_folder()
        server = None if self.run.get("is_alone") else Server(self.options.model, self.folder)
        started = time.time()
        status = self.call(server.url if server else "")
        ended = time.time()
        counted = None
        if server:
            server.wait_idle()
            counted = server.counted()
            server.end()
        self.keep(
            {
                "client": f"{self.client.name} {self.run['version']}",
                "command": self.run["command"].strip(),
                "exit_status": status,
                "recorded": datetime.datetime.fromtimestamp(started, datetime.timezone.utc).isoformat(timespec="seconds"),
                "started_unix_s": started,
                "ended_unix_s": ended,
                "server": counted,
            }
        )
        print(f"{self.name}: exit status {status}", flush=True)

    def lay_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.client, self.folder)
        (self.folder / "model.gguf").symlink_to(self.options.model.absolute())
        tokenizer = [sys.executable, "-B", HERE / "tokenizer.py", self.options.model, self.folder / "smollm2"]
        subprocess.run(tokenizer, check=True)

    def call(self, url):
        """Exit status of the client. Its own log is left in the scratch folder."""
        paths = [self.venv / "bin", self.options.programs.absolute(), os.environ["PATH"]]
        own = {"PATH": ":".join(map(str, paths)), "TZ": ZONE, "HOME": str(self.folder), "OPENAI_API_KEY": "none"}
        with (self.folder / "client.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", self.run["command"].format(url=url)],
                cwd=self.folder,
                env=os.environ | own,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                return process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return "timed out"

    def keep(self, about):
        target = self.options.out / self.name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for pattern in self.run["keep"]:
            found = sorted(self.folder.glob(pattern))
            if not found:
                print(f"{self.name}: nothing matches {pattern}", file=sys.stderr)
            for file in found:
                (target / file.name).write_bytes(self.without_paths(file.read_bytes()))
        (target / "server.json").write_text(json.dumps(about, indent=1) + "\n")

    def without_paths(self, content):
        """Where it ran is no result: those folders become `.` and `venv`, and nothing else is altered."""
        for path, word in (self.folder, b"."), (self.venv, b"venv"), (self.venv.resolve(), b"venv"):
            content = content.replace(os.fsencode(path), word)
        return content


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("venvs", help="start of the name of each client's virtual environment")
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("only", nargs="*", help="CLIENT or CLIENT/RUN; all of them otherwise")
    options = parser.parse_args()
    runs = []
    for file in sorted(HERE.glob("*/runs.toml")):
        settings = tomllib.loads(file.read_text())
        each = settings.pop("run")
        runs += [Run(file.parent, settings, run, options) for run in each]
    chosen = [run for run in runs if not options.only or {run.name, run.client.name} & set(options.only)]
    if not chosen:
        parser.error(f"no such run, there are: {' '.join(run.name for run in runs)}")
    for run in chosen:
        run.record()


main()
