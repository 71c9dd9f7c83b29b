#!/usr/bin/env bash
# langsmith 0.15.0 (Python) and 0.12.0 (JavaScript): links to a service on this machine lose its port.
#
# The endpoint may have any port: LANGSMITH_ENDPOINT=http://127.0.0.1:1984 is where runs go. The pages that evaluate()
# and get_run_url() print for it are on another one: the Python client makes "http://localhost" of every endpoint on
# this machine, the JavaScript client "http://localhost:3000", whatever port was given. Only a client's own argument
# (web_url, webUrl) says otherwise, and no variable of the environment does.
# Seen: both addresses, from the endpoint with port 1984.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check langsmith==0.15.0 2>/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . langsmith@0.12.0 > /dev/null
export LANGSMITH_ENDPOINT=http://127.0.0.1:1984 LANGSMITH_API_KEY=none
cat > links.py <<'PYTHON'
from langsmith import Client

print("Python:", Client()._host_url)
print("Python, told:", Client(web_url="http://127.0.0.1:1984")._host_url)
PYTHON
cat > links.mjs <<'JAVASCRIPT'
import { Client } from "langsmith";

console.log("JavaScript:", new Client().getHostUrl());
console.log("JavaScript, told:", new Client({ webUrl: "http://127.0.0.1:1984" }).getHostUrl());
JAVASCRIPT
{ env/bin/python links.py; node links.mjs; } 2> said.txt | tee seen.txt
grep -qxF "Python: http://localhost" seen.txt
grep -qxF "Python, told: http://127.0.0.1:1984" seen.txt
grep -qxF "JavaScript: http://localhost:3000" seen.txt
grep -qxF "JavaScript, told: http://127.0.0.1:1984" seen.txt
