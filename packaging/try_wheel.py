"""Builds a wheel, installs it where the checkout's package cannot be seen, and tries it there.

    .venv/bin/python packaging/try_wheel.py                  the commands, and the tests that see what ships
    .venv/bin/python packaging/try_wheel.py --all            all tests
    .venv/bin/python packaging/try_wheel.py tests/cli -x     what pytest is given

The libraries are those of ``.venv``; the package is the wheel's alone. A checkout runs with whatever lies in
it; a wheel has only what `pyproject.toml` lets in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = [
    "tests/test_installation.py",
    "tests/cli/test_main.py",
    "tests/cli/test_files.py",
    "tests/ui/window",
]
BESIDE = ["tests", "resources", "packaging", ".github", "README.md", "LICENSE", "pyproject.toml"]
"""What tests read of a checkout; ``gui`` is not among it."""
EXPECTED = [
    "truthline/__main__.py",
    "truthline/_resources/icons/",
    "truthline/_resources/sample/",
    "truthline/_resources/schemas/",
]


def build(folder: Path) -> Path:
    """The wheel, made as a packager would."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True)  # noqa: S603
    (wheel,) = folder.glob("truthline-*.whl")
    return wheel


def wrong_in(wheel: Path) -> list[str]:
    """What is missing in the wheel, or should not be there, in a sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = [name for name in names if name.endswith((".py", ".json", "METADATA"))]
        told = [name for name in texts if str(ROOT) in archive.read(name).decode("utf-8", "replace")]
    missing = [one for one in EXPECTED if not any(name.startswith(one) for name in names)]
    if not any(name.endswith("truthline.1") for name in names):
        missing.append("the manual page")
    if not any("licenses/LICENSE" in name for name in names):
        missing.append("the licence")
    strange = [name for name in names if name.startswith(("tests/", "packaging/", "gui/"))]
    return [
        *(f"The wheel lacks {one}." for one in missing),
        *(f"The wheel holds {one}." for one in strange),
        *(f"{name} in the wheel names a path of this computer." for name in told),
    ]


def install(wheel: Path, folder: Path) -> Path:
    """A Python that has the wheel, and of ``.venv`` the libraries alone; gives its path."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-index", "--disable-pip-version-check", str(wheel)], check=True)  # noqa: S603
    (site,) = folder.glob("[Ll]ib/**/site-packages")
    # A folder named in a .pth file is looked into, but its own .pth files, and so the checkout, are not.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def main(arguments: list[str]) -> int:
    """Build, look, install, and try; 1 if anything is wrong."""
    with tempfile.TemporaryDirectory(prefix="truthline-wheel-") as made:
        folder = Path(made)
        wheel = build(folder)
        for sentence in (wrong := wrong_in(wheel)):
            print(sentence, file=sys.stderr)  # noqa: T201
        python = install(wheel, folder / "venv")
        place = folder / "beside"
        place.mkdir()
        for name in BESIDE:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, place / name)
        where = "import pathlib, truthline; print(pathlib.Path(truthline.__file__).parents[1])"
        # Tests of the checkout's own files have nothing to look at here.
        every = ["--numprocesses", "2", "--dist", "loadfile", "--ignore=tests/packaging"]
        tests = SHIPPED if not arguments else every if arguments == ["--all"] else arguments
        tried = [
            [str(python), "-c", where],
            [str(python.parent / "truthline"), "--version"],
            [str(python.parent / "truthline"), "demo", "--headless"],
            [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        ]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        for command in tried:
            done = subprocess.run(  # noqa: S603
                command, cwd=place, env=environment, capture_output=True, text=True, check=False
            )
            if command[1] == "-c" and not Path(done.stdout.strip()).is_relative_to(folder):
                wrong.append(f"The package was found in {done.stdout.strip()}.")
            if done.returncode:
                wrong.append(f"{' '.join(command[1:])} ended with {done.returncode}.")
                print(done.stdout[-4_000:], done.stderr[-4_000:], wrong[-1], sep="\n", file=sys.stderr)  # noqa: T201
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
