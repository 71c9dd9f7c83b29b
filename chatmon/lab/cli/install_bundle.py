"""Install the course from this folder, without network: ``python3 install.py``.

It needs the Python that python.txt names, and nothing else.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
PLATFORM = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)


def _checked() -> None:
    """End unless every file that this machine needs is as it was bundled."""
    for line in (HERE / "hashes.txt").read_text(encoding="utf-8").splitlines():
        digest, place = line.split("  ", 1)
        if place.startswith("wheels/") and not place.startswith(f"wheels/{PLATFORM}/"):
            continue
        path = HERE / place
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            sys.exit(f"{place} is missing or damaged: copy the bundle anew")


def _main() -> None:
    wanted = (HERE / "python.txt").read_text(encoding="utf-8").strip()
    if "{}.{}".format(*sys.version_info) != wanted:
        sys.exit(f"this bundle is for Python {wanted}, and this is {sys.version.split()[0]}: run it by python{wanted}")
    wheels = HERE / "wheels" / PLATFORM
    if not wheels.is_dir():
        sys.exit(f"this bundle has nothing for {PLATFORM}: make one with --platforms {PLATFORM}")
    _checked()
    course = HERE / "course"
    _say("Installing, a minute or two ...")
    venv.create(course / ".venv", with_pip=True)
    python = course / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index")
    _run(python, *pip, "--require-hashes", "--find-links", wheels, "-r", course / "requirements.lock")
    _run(python, *pip, "--no-deps", "--no-build-isolation", "--editable", course)
    settings = course / ".venv" / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    shutil.copy(course / "chatmon" / "lab" / "course" / "jupyterlab.json", settings / "overrides.json")
    where = _run(python, "-c", "from chatmon.lab.services import model; print(model.path())")
    target = pathlib.Path(where.strip())
    target.parent.mkdir(parents=True, exist_ok=True)
    (model,) = (HERE / "model").iterdir()
    if not target.exists():
        shutil.copy(model, target)
    _say(f"Done. In {course}: {python.parent / 'chatmon'} lab")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _run(*command: str | pathlib.Path) -> str:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603 - our own Python
    if done.returncode:
        sys.exit(f"{command[0]} could not do that: what it said stands above")
    return done.stdout


if __name__ == "__main__":
    _main()
