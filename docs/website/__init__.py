"""The site: pages made of the README, the files in docs/, the lessons and the docstrings; nothing is written twice.

`python -m website` with docs/ on the path writes it; `make site` does that.
"""
