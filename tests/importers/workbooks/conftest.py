"""The script that makes these workbooks needs libraries that the tests do not."""

collect_ignore = ["make.py"]
