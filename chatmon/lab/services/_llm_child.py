"""The process that runs the model: llama.cpp's OpenAI-compatible server, for as long as its parent lives.

`llm.start` starts it. One line of JSON on standard input says what to serve, and one line on standard output says at
which address. Standard input stays open after that: its end means that the parent is gone, however it went, and on
every operating system.
"""

import json
import os
import signal
import sys
from typing import Any

SLOTS = 4
CONTEXT_PER_SLOT = 4096  # tokens
SEED = 42


def parameters(settings: dict[str, Any]) -> Any:
    """Return llama.cpp's parameters for the settings that the parent sent."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = settings["model_path"]
    wanted.model_alias = {settings["alias"]}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = settings["port"]
    wanted.api_keys = [settings["api_key"]]
    wanted.offline = True
    wanted.ui = False
    # A request that finds all slots busy waits for one; requests in slots are computed in one batch.
    wanted.n_parallel = SLOTS
    wanted.n_ctx = SLOTS * CONTEXT_PER_SLOT
    wanted.cont_batching = True
    wanted.n_threads_http = 32
    wanted.cache_prompt = True
    wanted.cache_ram_mib = 256  # its default of 8 GB is more than many machines have
    # llama.cpp's threads spin while they wait: two of them on a busy two-core machine are ten times slower than one.
    wanted.cpuparams.n_threads = settings["threads"]
    wanted.cpuparams_batch.n_threads = settings["threads"]
    wanted.n_gpu_layers = 0
    wanted.warmup = True
    # What a request does not ask for is fixed, so that a question asked again gets the reply it got.
    wanted.sampling.seed = SEED
    wanted.sampling.temp = 0.0
    return wanted


def main() -> None:
    """Serve until the parent closes standard input or dies."""
    # An interrupt in a notebook is meant for the cell, and must not take the model away.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # llama.cpp may print: standard output goes to the log with standard error
    settings = json.loads(sys.stdin.buffer.readline())
    try:
        import xllamacpp

        server = xllamacpp.Server(parameters(settings))
        answer = {"address": server.listening_address}
    except (ImportError, RuntimeError) as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    report.write(json.dumps(answer) + "\n")
    report.close()
    if "address" in answer:
        sys.stdin.buffer.read(1)
    # At once: an orderly end would wait for the replies in progress, which nobody is there to read.
    os._exit(0)


if __name__ == "__main__":
    main()
