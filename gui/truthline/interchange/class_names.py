"""What the classes are called that a YOLO file numbers: by data.yaml, classes.txt, obj.names or a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from truthline.errors import UnreadableFileError
from truthline.interchange.files import files_under, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from truthline.interchange.intake import Intake

NAME_FILES: Final = ("classes.txt", "obj.names")
_LIMIT: Final = 4 << 20


def split_labels(text: str) -> tuple[str, ...]:
    """Labels that a person wrote with commas between them."""
    return tuple(label.strip() for label in text.split(",")) if text.strip() else ()


class ClassNames:
    """Labels by number.

    Where nothing names any class, a class is called by its number, which `tell` then says.

    Args:
        names: what is known, by number.
        source: what they come from, relative to what is read; "" if there is no such file.
        has_keypoints: whether the label files hold keypoints.

    """

    def __init__(self, names: dict[int, str], source: str, *, has_keypoints: bool = False) -> None:
        self._names = names
        self._source = source
        self._made_up: dict[int, str] = {}
        self.has_keypoints = has_keypoints

    def label(self, class_id: float) -> str:
        """The label of a class, "" if it has none or the number is that of no class."""
        number = int(class_id) if class_id == class_id // 1 else -1
        if self._names or number < 0:
            return self._names.get(number, "")
        return self._made_up.setdefault(number, f"class {number}")

    @property
    def told(self) -> str:
        """How many classes are named where, as the second half of a sentence."""
        return f"{self._source or 'no data.yaml or classes.txt'} names {len(self._names)}"

    def tell(self, intake: Intake) -> None:
        """Say which labels were made up."""
        if not self._made_up:
            return
        why = f"{self._source} names no class" if self._source else "There is no data.yaml or classes.txt"
        labels = ", ".join(label for _, label in sorted(self._made_up.items())[:_LISTED])
        more = " and so on" if len(self._made_up) > _LISTED else ""
        message = f"{why}, so the labels are {labels}{more}. Give the names of the classes to have others."
        intake.form(message, self._source or intake.path.name)


_LISTED: Final = 8


def class_names(intake: Intake) -> ClassNames:
    """The names that a person gave, else those of the files.

    Raises:
        UnreadableFileError: a file that should name the classes cannot be read.

    """
    found = _of_files(intake)
    if not intake.labels:
        return found
    given = dict(enumerate(intake.labels))
    return ClassNames(given, "the list of names that was given", has_keypoints=found.has_keypoints)


def _of_files(intake: Intake) -> ClassNames:
    yaml_files = [intake.path] if intake.path.is_file() else sorted(intake.root.glob("*.y*ml"))
    for path in yaml_files:
        content = _load_yaml(path)
        if isinstance(content, dict) and "names" in content:
            names = _numbered(content["names"], path)
            return ClassNames(names, path.name, has_keypoints="kpt_shape" in content)
    for name in files_under(intake.root, *NAME_FILES):
        if name.rpartition("/")[2] in NAME_FILES:
            lines = read_text(intake.root / name, _LIMIT).splitlines()
            return ClassNames(
                {number: line.strip() for number, line in enumerate(lines) if line.strip()}, name
            )
    return ClassNames({}, "")


def _load_yaml(path: Path) -> Any:
    text = read_text(path, _LIMIT)
    try:
        # BaseLoader makes nothing but texts, lists and dictionaries: a class called "no" stays a text.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).replace("\n", " ") or "nested too deeply"
        raise UnreadableFileError(
            f"The YAML cannot be read ({reason}).", detail="Correct the file.", place=str(path)
        ) from error


def _numbered(names: Any, path: Path) -> dict[int, str]:
    pairs = enumerate(names) if isinstance(names, list) else names.items() if isinstance(names, dict) else ()
    try:
        numbered = {int(number): label for number, label in pairs if isinstance(label, str) and label}
    except (ValueError, TypeError):
        numbered = {}
    if not isinstance(names, list | dict) or len(numbered) != len(names):
        raise UnreadableFileError(
            '"names" does not name the classes.',
            detail="Write a list of names, or numbers from 0 with a name each.",
            place=str(path),
        )
    return numbered
