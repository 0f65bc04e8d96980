"""Check of the manifests of a project: each line, each dataset as a whole, and both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.errors import ImageError, UnreadableFileError
from truthline.images.decode import fetch_facts
from truthline.images.source import FolderSource
from truthline.manifest.annotation import Finding, ImageFacts
from truthline.manifest.check.codes.table import finding_of
from truthline.manifest.check.readiness import Summary, check_datasets
from truthline.manifest.check.whole_manifest import check_manifest
from truthline.manifest.forms import Form, form_of
from truthline.progress import CancelToken, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.progress import Report

_TOLD_BY_LINES = "TRUTHLINE_REPEATED_SOURCE_REF"


@dataclass(frozen=True, slots=True)
class ManifestFinding:
    """A finding, and where it is: ``line`` counts from 1 and is 0 for the dataset as a whole."""

    manifest: Path
    line: int
    source_ref: str
    finding: Finding


class ManifestCheck:
    """Checks a manifest, or those of the two datasets of a project.

    Args:
        train: the manifest of the training dataset, or the only one.
        test: that of the test dataset.
        images_dir: the folder that holds the images; without it nothing is known of them but what lines say.
        values: read a manifest that has no lines as one entry for each of its JSON values.

    Raises:
        UnreadableFileError: there is no such folder.

    """

    def __init__(
        self, train: Path, test: Path | None = None, *, images_dir: Path | None = None, values: bool = False
    ) -> None:
        if images_dir is not None and not images_dir.is_dir():
            raise UnreadableFileError(
                "There is no such folder.",
                detail="Choose the folder that holds the images.",
                place=str(images_dir),
            )
        self._manifests = [train] if test is None else [train, test]
        self._images_dir = images_dir
        self._values = values
        self.lines = 0
        """How many lines were checked."""

    def findings(
        self, *, report: Report = ignore_progress, cancel: CancelToken | None = None
    ) -> Iterator[ManifestFinding]:
        """The findings of all lines in their order, then those of the datasets; streams.

        Raises:
            UnreadableFileError: a manifest cannot be read.
            CancelledError: ``cancel`` was called.

        """
        self.lines = 0
        forms = {} if self._values else {path: form_of(path) for path in self._manifests}
        if any(form is not Form.LINES for form in forms.values()):  # each of its lines would be an error
            yield from (_of_form(*one) for one in forms.items() if one[1] is not Form.LINES)
            return
        summaries = [Summary() for _ in self._manifests]
        facts_of = _facts_in(self._images_dir) if self._images_dir else None
        for path, summary in zip(self._manifests, summaries, strict=True):
            for line, source_ref, finding in check_manifest(
                path, summary=summary, facts_of=facts_of, values=self._values, report=report, cancel=cancel
            ):
                yield ManifestFinding(path, line, source_ref, finding)
            self.lines += summary.lines
        for found in check_datasets(*summaries):
            if found.code != _TOLD_BY_LINES:
                path = self._manifests[-1 if found.is_test else 0]
                yield ManifestFinding(path, 0, "", Finding(found.code, found.level, found.message))


def _of_form(path: Path, form: Form) -> ManifestFinding:
    more = " With --values it is checked as one entry a value." if form.has_values else ""
    return ManifestFinding(path, 0, "", finding_of("TRUTHLINE_FILE_FORM", form.value + more))


def _facts_in(folder: Path) -> Callable[[str], ImageFacts | None]:
    source = FolderSource(folder)

    def facts_of(ref: str) -> ImageFacts | None:
        try:
            return fetch_facts(ref, source)
        except ImageError:
            return None

    return facts_of
