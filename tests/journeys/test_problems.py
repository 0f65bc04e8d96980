"""Problems are found, explained and fixed before the service says a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from truthline.manifest.edit import new_annotation
from truthline.ui.problems.fix_all import FixAllDialog
from truthline.workspace.workspace import Filter

if TYPE_CHECKING:
    from pathlib import Path

OUTSIDE = "ERROR_INVALID_BOUNDING_BOX"
CTRL = Qt.KeyboardModifier.ControlModifier


def test_a_problem_is_fixed_and_the_service_agrees(user: Any, service: Any, dataset: str) -> None:
    bench = user.open(dataset, service.connection)
    user.wait(lambda: bench.problems.problems)
    user.key(Qt.Key.Key_F4)
    problem = bench.problems.explanation.problem
    assert (problem.code, problem.source_ref.rsplit("/", 1)[-1]) == (OUTSIDE, "dandelions.jpg")
    user.wait(bench.image.canvas.selected_boxes)
    user.click(bench.problems.explanation.fix_button)
    user.settle()
    assert not bench.document.entry(problem.entry_id).findings
    assert bench.document.entry(problem.entry_id).changed
    user.key(Qt.Key.Key_Return, CTRL)
    user.wait(lambda: bench.dataset.state.result is not None)
    user.settle()
    assert [one.code for one in bench.problems.problems if one.entry_id == problem.entry_id] == []
    flawed = {error.source_ref for error in bench.dataset.state.result.remote_errors}
    assert flawed == {"s3://truthline-sample/photos/grace_hopper.jpg"}


def test_everything_of_a_kind_is_fixed_at_once_and_undone(user: Any, tmp_path: Path) -> None:
    box = '"annotations":[{"left":%d,"top":1,"width":90,"height":90,"class_id":0}]'
    line = (
        '{"source-ref":"s3://leaves/%d.jpg","x_BB":{'
        + box
        + ',"image_size":[{"width":640,"height":480,"depth":3}]},'
        '"x_BB-metadata":{"job-name":"j","class-map":{"0":"oak"},"human-annotated":"yes",'
        '"objects":[{"confidence":1}],"creation-date":"2024-05-14T09:12:37.137Z",'
        '"type":"groundtruth/object-detection"}}'
    )
    manifest = tmp_path / "leaves.manifest"
    sound = new_annotation("s3://leaves/999.jpg").raw.decode()
    lines = [line % (number, 600) for number in range(150)] + [sound]
    manifest.write_text("\n".join(lines), encoding="utf-8")
    bench = user.open(str(manifest))
    user.wait(lambda: bench.problems.problems)
    outside = Filter(code=OUTSIDE)
    assert len(bench.document.workspace.ids(outside)) == 150
    bench.fixing.fix_all(OUTSIDE)
    dialog = user.dialog(FixAllDialog)
    user.wait(dialog.fix_button.isEnabled)
    assert dialog.fix_button.text() == "Fix 150 images"
    user.click(dialog.fix_button)
    user.wait(lambda: not bench.document.workspace.ids(outside))
    user.settle()
    user.trigger("undo")
    user.settle()
    assert len(bench.document.workspace.ids(outside)) == 150


def test_the_images_of_a_problem_are_listed(user: Any, service: Any, dataset: str) -> None:
    bench = user.open(dataset, service.connection)
    user.wait(lambda: bench.problems.problems)
    bench.problems.entries_wanted.emit("WARNING_UNANNOTATED_RECORD")
    user.wait(lambda: bench.browser.model.rowCount() == 4)
    bench.readiness.entries_wanted.emit(Filter(label="outdoor"))
    user.wait(lambda: bench.browser.model.rowCount() == 6)


def test_the_next_image_without_a_label(user: Any, service: Any, dataset: str) -> None:
    bench = user.open(dataset, service.connection)
    seen = []
    for _ in range(5):
        before = bench.browser.current
        user.key(Qt.Key.Key_U)
        user.wait(lambda before=before: bench.browser.current != before)
        seen.append(bench.browser.model.card(bench.browser.selection.currentIndex().row()).name)
    assert seen == ["fig.jpg", "mountain_path.jpg", "autumn_meadow.jpg", "stream.jpg", "fig.jpg"]


def test_a_large_selection_is_toggled_on_and_off(user: Any, tmp_path: Path) -> None:
    manifest = tmp_path / "leaves.manifest"
    lines = [new_annotation(f"s3://leaves/{number}.jpg").raw.decode() for number in range(300)]
    manifest.write_text("\n".join(lines), encoding="utf-8")
    bench = user.open(str(manifest))
    workspace, ids = bench.document.workspace, list(bench.document.workspace.ids())
    bench.labeller.toggle_class_label("oak", ids[:200])
    user.wait(lambda: len(workspace.ids(Filter(label="oak"))) == 200)
    user.settle()
    bench.labeller.toggle_class_label("oak", ids)
    user.wait(lambda: len(workspace.ids(Filter(label="oak"))) == 300)
    user.settle()
    bench.labeller.toggle_class_label("oak", ids)
    user.wait(lambda: not workspace.ids(Filter(label="oak")))
    user.settle()
