"""What runs in the libraries' own environments is no test of ours."""

collect_ignore = ["python"]
