"""The process that runs the model: llama.cpp's OpenAI-compatible server behind a front. `llm.start` starts it."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from chatmon.lab.services._llm_front import Front
from chatmon.lab.services._serving import Serving, listen, serve

CONTEXT_PER_SLOT = 4096  # tokens
SEED = 42


def parameters(settings: dict[str, Any]) -> Any:
    """Return llama.cpp's parameters for the settings that the parent sent."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = settings["model_path"]
    wanted.model_alias = {settings["alias"]}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0  # any free one: clients come to the front
    wanted.api_keys = [settings["api_key"]]
    wanted.offline = True
    wanted.ui = False
    # The front hands on as many requests as there are slots; those in slots are computed in one batch.
    wanted.n_parallel = settings["slots"]
    wanted.n_ctx = settings["slots"] * CONTEXT_PER_SLOT
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


def begin(settings: dict[str, Any]) -> Serving:
    """Load the model and serve it."""
    import xllamacpp

    listening = listen(settings["port"])
    server = xllamacpp.Server(parameters(settings))
    port = int(urlsplit(server.listening_address).port or 0)
    key, slots = settings["api_key"], settings["slots"]
    front = Front(listening, port, _able(port, key), key=key, slots=slots)
    return Serving(front.address, (server, front))


def _able(port: int, api_key: str) -> dict[str, bool]:
    """Return what the model's template has a place for, as llama.cpp found by trying it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/props", headers={"Authorization": f"Bearer {api_key}"})
        found = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return dict(found.get("chat_template_caps") or {})


if __name__ == "__main__":
    serve(begin)
