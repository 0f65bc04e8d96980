"""Any run of writes leaves the workspace as a plain list of entries would be."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from truthline.errors import CancelledError
from truthline.manifest.annotation import ImageFacts, RemoteError
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.workspace.entry import LabelEdit
from truthline.workspace.workspace import (
    Counts,
    EntryId,
    Filter,
    Kind,
    Label,
    LabelCount,
    NewEntry,
    Settlement,
    Workspace,
    WorkspaceInfo,
)

LABELS = ["leaf", "tree", "葉", " leaf"]
GARBAGE = [b"", b"{", b"[]", b"{}", b"\xff"]


@dataclass(frozen=True)
class Spec:
    """A line told apart from its bytes: two with the same values may have other separators."""

    ref: str
    classes: tuple[str, ...]
    boxes: tuple[str, ...]
    spaced: bool
    garbage: bytes | None

    @property
    def raw(self) -> bytes:
        if self.garbage is not None:
            return self.garbage
        line: dict[str, object] = {"source-ref": self.ref}
        for name in self.classes:
            line[f"c{LABELS.index(name)}"] = 1
            line[f"c{LABELS.index(name)}-metadata"] = {
                "confidence": 1,
                "class-name": name,
                "human-annotated": "yes",
                "creation-date": "2021-07-11T03:33:42.025Z",
                "type": "groundtruth/image-classification",
            }
        if self.boxes:
            ids = [LABELS.index(name) for name in self.boxes]
            frame = {"left": 10, "top": 10, "width": 20, "height": 20}
            line["b"] = {
                "annotations": [{**frame, "class_id": class_id} for class_id in ids],
                "image_size": [{"width": 640, "height": 480, "depth": 3}],
            }
            line["b-metadata"] = {
                "objects": [{"confidence": 1}] * len(ids),
                "class-map": {str(class_id): LABELS[class_id] for class_id in ids},
                "human-annotated": "yes",
                "creation-date": "2021-07-11T03:33:42.025Z",
                "type": "groundtruth/object-detection",
            }
        return json.dumps(line, separators=(" , ", " : ") if self.spaced else (",", ":")).encode()

    @property
    def value(self) -> object:
        if self.garbage is not None:
            return self.garbage
        # class-map keys follow the order of boxes, which is part of the value already
        return (self.ref, frozenset(self.classes), self.boxes)

    @property
    def labels(self) -> set[str]:
        return set() if self.garbage is not None else {*self.classes, *self.boxes}


@dataclass
class Known:
    """What the model knows of one entry."""

    spec: Spec
    base: Spec | None
    errors: tuple[RemoteError, ...]
    facts: ImageFacts | None = None
    sent: Spec | None = None
    theirs: Spec | None = None

    @property
    def changed(self) -> bool:
        held = {spec.value for spec in (self.base, self.sent) if spec}
        return self.base is None or self.spec.value not in held

    @property
    def findings(self) -> tuple[Any, ...]:
        return check_line(parse_line(self.spec.raw), self.facts)


specs = st.builds(
    Spec,
    ref=st.sampled_from(["s3://b/a.jpg", "s3://b/B.jpg", "s3://b/ü.jpg"]),
    classes=st.lists(st.sampled_from(LABELS), unique=True, max_size=3).map(tuple),
    boxes=st.lists(st.sampled_from(LABELS), max_size=4).map(tuple),
    spaced=st.booleans(),
    garbage=st.none() | st.none() | st.sampled_from(GARBAGE),
)
bases = st.none() | specs
errors = st.lists(
    st.builds(
        RemoteError, st.sampled_from(["ERROR_A", "WARNING_B"]), st.just("Why."), st.sampled_from(["", "/b"])
    ),
    max_size=2,
).map(tuple)
facts = st.builds(
    ImageFacts, st.sampled_from([10, 640]), st.just(480), st.sampled_from(["PNG", "GIF"]), st.just(9)
)
choice = st.integers(min_value=0, max_value=10_000)
label_edits = st.builds(
    LabelEdit,
    put=st.lists(
        st.builds(Label, st.sampled_from(LABELS), st.integers(1, 6), st.integers(0, 9)),
        max_size=3,
        unique_by=lambda label: label.name,
    ).map(tuple),
    drop=st.lists(st.sampled_from(LABELS), max_size=2, unique=True).map(tuple),
)


class WorkspaceModel(RuleBasedStateMachine):
    """A workspace beside a list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "model.truthline"
        self.known: list[Known] = []
        self.ids: list[int] = []
        self.given = 0
        self.listed: dict[str, tuple[int, int]] = {}  # position and colour, the label that came first first

    @initialize()
    def create(self) -> None:
        self.workspace = Workspace.create(self.path, WorkspaceInfo("model"))

    @override
    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            self.workspace.close()
        shutil.rmtree(self.folder)

    @rule(new=st.lists(st.tuples(specs, bases, errors), max_size=4))
    def append(self, new: list[Any] | list[tuple[Any, ...]]) -> None:
        self.workspace.append(
            NewEntry(spec.raw, b"\n", base and base.raw, remote) for spec, base, remote in new
        )
        self.known += [Known(*one) for one in new]
        self.ids += range(self.given + 1, self.given + len(new) + 1)
        self.given += len(new)
        for spec, _, _ in new:
            self._meet(spec)

    @rule(spec=specs)
    def append_in_vain(self, spec: Spec) -> None:
        token = CancelToken()
        token.cancel()
        with pytest.raises(CancelledError):
            self.workspace.append([NewEntry(spec.raw)], cancel=token)

    @precondition(lambda self: self.known)
    @rule(which=choice, spec=specs)
    def save(self, which: int, spec: Spec) -> None:
        index = which % len(self.known)
        changes = self.workspace.save(EntryId(self._id(index)), spec.raw)
        assert changes.entries == ({self._id(index)} if spec.raw != self.known[index].spec.raw else set())
        self.known[index].spec = spec
        self._meet(spec)

    @precondition(lambda self: self.known)
    @rule(spec=specs, start=choice)
    def save_many(self, spec: Spec, start: int) -> None:
        indices = range(start % len(self.known), len(self.known))
        self.workspace.save_many({EntryId(self._id(index)): spec.raw for index in indices})
        for index in indices:
            self.known[index].spec = spec
        self._meet(spec)

    @precondition(lambda self: self.known)
    @rule(which=choice, base=bases, remote=errors, same=st.booleans(), sent=bases)
    def store_remote(
        self, which: int, base: Spec | None, remote: tuple[Any, ...], same: bool, sent: Spec | None
    ) -> None:
        known = self.known[which % len(self.known)]
        entry_id = self._id(which % len(self.known))
        base = known.spec if same else base
        if sent or (base and base.raw) != (known.base and known.base.raw):
            known.sent = sent
        known.base, known.errors = base, remote
        if base and known.theirs and base.value == known.theirs.value:
            known.theirs = None
        given = {entry_id: sent.raw} if sent else {}
        self.workspace.store_remote([(EntryId(entry_id), base and base.raw, remote)], sent=given)  # type: ignore[arg-type, list-item]

    @precondition(lambda self: self.known)
    @rule(
        start=choice, seen=st.none() | specs, spec=specs, base=bases, theirs=bases, remote=st.none() | errors
    )
    def settle(
        self,
        start: int,
        seen: Spec | None,
        spec: Spec,
        base: Spec | None,
        theirs: Spec | None,
        remote: tuple[Any, ...] | None,
    ) -> None:
        """Settle the entries from `start` on, on the line `seen` or (None) on those they have."""
        indices = range(start % len(self.known), len(self.known))
        on = {index: (seen or self.known[index].spec).raw for index in indices}
        settled = [index for index in indices if self.known[index].spec.raw == on[index]]
        changes = self.workspace.settle(
            {
                EntryId(self._id(index)): Settlement(
                    raw,
                    spec.raw,
                    base and base.raw,  # type: ignore[arg-type]
                    theirs and theirs.raw,  # type: ignore[arg-type]
                    remote,
                )
                for index, raw in on.items()
            }
        )
        assert changes.entries == {self._id(index) for index in settled}
        for index in settled:
            known = self.known[index]
            if (base and base.raw) != (known.base and known.base.raw):
                known.sent = None
            known.spec, known.base, known.theirs = spec, base, theirs
            known.errors = known.errors if remote is None else remote
            self._meet(spec)

    @precondition(lambda self: self.known)
    @rule(which=st.sets(choice, max_size=3))
    def remove(self, which: set[Any] | set[int]) -> None:
        gone = {self.ids[one % len(self.ids)] for one in which}
        self.workspace.remove([EntryId(one) for one in gone])
        kept = [index for index, entry_id in enumerate(self.ids) if entry_id not in gone]
        self.known = [self.known[index] for index in kept]
        self.ids = [self.ids[index] for index in kept]

    @precondition(lambda self: self.known)
    @rule(which=choice, found=facts)
    def store_facts(self, which: int, found: ImageFacts) -> None:
        self.known[which % len(self.known)].facts = found
        self.workspace.store_facts(EntryId(self._id(which % len(self.known))), found)

    @rule(name=st.sampled_from(LABELS))
    def add_label(self, name: str) -> None:
        assert self.workspace.add_label(name).info == (name not in self.listed)
        self._list(name)

    @rule(edit=label_edits)
    def edit_labels(self, edit: LabelEdit) -> None:
        before = dict(self.listed)
        changes = self.workspace.save_many({}, labels=edit)
        self._edit_labels(edit)
        assert changes.info or (self.listed == before and list(self.listed) == list(before))

    @precondition(lambda self: self.known)
    @rule(edit=label_edits, which=choice, spec=specs)
    def edit_labels_with_a_line_and_undo_both(self, edit: LabelEdit, which: int, spec: Spec) -> None:
        labels = self.workspace.labels()
        index = which % len(self.known)
        self.workspace.save_many({EntryId(self._id(index)): spec.raw}, labels=edit)
        self._meet(spec)
        old, self.known[index].spec = self.known[index].spec, spec
        self._edit_labels(edit)
        self.workspace.save_many({EntryId(self._id(index)): old.raw}, labels=edit.inverse(labels))
        self._meet(old)
        self.known[index].spec = old
        self._edit_labels(edit.inverse(labels))
        known = {label.name for label in labels}
        touched = {label.name for label in edit.put} | set(edit.drop)
        assert touched & known <= self.listed.keys()
        assert all(self.listed[name] == at for name, at in map(_row, labels))

    @rule()
    def reopen(self) -> None:
        self.workspace.close()
        self.workspace = Workspace.open(self.path)

    @invariant()
    def entries_agree(self) -> None:
        assert list(self.workspace.ids()) == self.ids
        entries = self.workspace.entries([EntryId(one) for one in self.ids])
        assert [entry.position for entry in entries] == self.ids
        assert [entry.theirs for entry in entries] == [
            known.theirs and known.theirs.raw for known in self.known
        ]
        refs = [entry.source_ref for entry in entries]
        assert self.workspace.find_many(refs) == dict(zip(refs, self.ids, strict=True))
        with_base = {ref for ref, entry in zip(refs, entries, strict=True) if entry.base is not None and ref}
        held = self.workspace.held_source_ref()
        assert held in with_base or (held == "" and not with_base)
        assert [raw for raw, _ in self.workspace.lines()] == [known.spec.raw for known in self.known]
        assert [entry.line for entry in entries] == [known.spec.raw for known in self.known]
        assert [entry.base for entry in entries] == [known.base and known.base.raw for known in self.known]
        assert [entry.sent for entry in entries] == [known.sent and known.sent.raw for known in self.known]
        assert [entry.changed for entry in entries] == [known.changed for known in self.known]
        assert [entry.findings for entry in entries] == [known.findings for known in self.known]
        assert [entry.remote_errors for entry in entries] == [known.errors for known in self.known]
        assert [entry.facts for entry in entries] == [known.facts for known in self.known]
        codes = [x.code for known in self.known for x in (*known.findings, *known.errors)]
        assert [problem.code for problem in self.workspace.problems()] == codes

    @invariant()
    def overviews_agree(self) -> None:
        of_kind = {
            Kind.ALL: self.known,
            Kind.UNLABELLED: [known for known in self.known if not known.spec.labels],
            Kind.CHANGED: [known for known in self.known if known.changed],
            Kind.PROBLEMS: [known for known in self.known if known.findings or known.errors],
            Kind.CONFLICTS: [known for known in self.known if known.theirs],
        }
        assert of_kind.keys() == set(Kind)
        for kind, expected in of_kind.items():
            of_it = [self._id(index) for index, known in enumerate(self.known) if known in expected]
            assert list(self.workspace.ids(Filter(kind=kind))) == of_it
        assert self.workspace.counts() == Counts(
            len(self.known),
            len(of_kind[Kind.UNLABELLED]),
            len(of_kind[Kind.CHANGED]),
            sum(bool(known.findings) for known in self.known),
            sum(bool(known.errors) for known in self.known),
            len(of_kind[Kind.PROBLEMS]),
            len(of_kind[Kind.CONFLICTS]),
        )

    @invariant()
    def labels_agree(self) -> None:
        sound = [known.spec for known in self.known if known.spec.garbage is None]
        of_entries = Counter(name for spec in sound for name in spec.labels)
        of_classes = Counter(name for spec in sound for name in spec.classes)
        of_box_entries = Counter(name for spec in sound for name in set(spec.boxes))
        of_boxes = Counter(name for spec in sound for name in spec.boxes)
        rows = [(name, *at) for name, at in self.listed.items()]
        assert self.workspace.labels() == [
            Label(*row, of_entries[row[0]]) for row in sorted(rows, key=lambda row: row[1])
        ]
        assert sorted(self.workspace.label_counts(), key=lambda count: count.name) == [
            LabelCount(name, of_classes[name], of_box_entries[name], of_boxes[name])
            for name in sorted(self.listed)
        ]
        for name in LABELS:
            expected = [
                self._id(index) for index, known in enumerate(self.known) if name in known.spec.labels
            ]
            assert list(self.workspace.ids(Filter(label=name))) == expected

    def _id(self, index: int) -> int:
        return self.ids[index]

    def _meet(self, spec: Spec) -> None:
        if spec.garbage is None:
            for name in [*spec.classes, *spec.boxes]:
                self._list(name)

    def _list(self, name: str) -> None:
        last = max((position for position, _ in self.listed.values()), default=0)
        self.listed.setdefault(name, (last + 1, last))

    def _edit_labels(self, edit: LabelEdit) -> None:
        self.listed.update({label.name: (label.position, label.colour_index) for label in edit.put})
        for name in edit.drop:
            if not any(name in known.spec.labels for known in self.known):
                self.listed.pop(name, None)


def _row(label: Label) -> tuple[str, tuple[int, int]]:
    return label.name, (label.position, label.colour_index)


TestWorkspaceModel = WorkspaceModel.TestCase
TestWorkspaceModel.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
