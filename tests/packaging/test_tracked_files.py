"""What must and must not stand in the project's files."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MACHINE_PATH = re.compile(r"(?<![\w.:/*-])/(?:work|root|opt|mnt|Users)/\w")
REGISTRY_HOST = re.compile(
    "|".join(
        re.escape(".".join(words))
        for words in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs"),
            ("deb", "debian", "org"),
            ("archive", "ubuntu", "com"),
        ]
    )
)


def text_files() -> list[Path]:
    """The files that git keeps or would keep, but for pictures and other binary ones."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


@pytest.mark.parametrize("forbidden", [MACHINE_PATH, REGISTRY_HOST], ids=["machine paths", "registry hosts"])
def test_files_are_free_of(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in text_files()
        for match in forbidden.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_constraints_are_names_and_versions() -> None:
    lines = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    assert len(lines) > 30
    pin = re.compile(r"([A-Za-z0-9._-]+)==[A-Za-z0-9.!+]+(; python_version (<|>=) '3\.\d+')?")
    assert [line for line in lines if not pin.fullmatch(line)] == []
    pins = [(re.sub(r"[-_.]+", "-", line.split("==")[0]).lower(), line.partition(";")[2]) for line in lines]
    names = [name for name, marker in pins if "<" not in marker]
    assert len(names) == len(set(names))
    assert {name for name, _ in pins} == set(names)
    assert "truthline" not in names
    assert {"pyside6-essentials", "boto3", "pytest", "moto"} <= set(names)


def test_the_packaging_folder_is_no_package() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_decisions_are_numbered_in_order_and_have_their_parts() -> None:
    pages = sorted((ROOT / "packaging" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Rejected", "Consequences"]
