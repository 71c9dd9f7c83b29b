#!/usr/bin/env bash
# nbconvert 7.17.2 (HTML): two dollars that a notebook's author escaped become mathematics.
#
# The markdown "\$7.29 or \$5.99" holds two literal dollars by CommonMark. nbconvert takes the backslashes off while it
# renders the markdown; the page's own MathJax then finds `$7.29 or $` in the text, as its `$...$` is switched on for
# the page, and sets it as a formula: italic 7.29or. MathJax's own escape (processEscapes) comes too late, as there is
# no backslash left for it. One escaped dollar in a paragraph is harmless, and so are two in elements of their own.
# Seen: the text is unescaped, and the page's MathJax has `$` among its delimiters of formulas. MathJax itself is not
# run here, as the page loads it from the network; JupyterLab 4.6.6, which has it built in, shows the formula.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check nbconvert==7.17.2 nbformat==5.11.1 2>/dev/null
cat > page.py <<'PYTHON'
import re

import nbformat
from nbconvert import HTMLExporter

texts = [r"It costs \$7.29 or \$5.99.", r"It costs <span>\$7.29</span> or <span>\$5.99</span>."]
cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
delimiters = re.search(r"inlineMath:\s*(\[.*?\]\s*\])", page)[1]
print("delimiters:", re.sub(r"\s", "", delimiters))
print(*re.findall(r"It costs .*?\.99.*?\.(?=<)", page), sep="\n")
PYTHON
env/bin/python page.py > seen.txt
cat seen.txt
grep -qF "['\$','\$']" seen.txt
grep -qF 'It costs $7.29 or $5.99.' seen.txt
grep -qF 'It costs <span>$7.29</span> or <span>$5.99</span>.' seen.txt
