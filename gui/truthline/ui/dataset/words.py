"""What the dataset bar says of a dataset: short words first, since what does not fit is left out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.aws.rekognition import parse_dataset_arn
from truthline.errors import SignInError, ThrottledError, TruthlineError, UnknownEndpointError
from truthline.sync.service.own_updates import Whose
from truthline.ui.dataset.state import is_offline, waits_for
from truthline.ui.kit.times import about, clock_time
from truthline.words import counted, status_kind, status_words

if TYPE_CHECKING:
    from truthline.aws.rekognition import DatasetDescription, DatasetStats
    from truthline.progress import Progress
    from truthline.sync.service.own_updates import Unseen
    from truthline.ui.dataset.state import DatasetState

SEPARATOR = "  ·  "

_WINDOW_SECONDS = 30.0
"""Older progress says nothing of the speed now."""
_LEAST_SECONDS = 2.0
"""A speed of the first moments jumps about."""


@dataclass(frozen=True, slots=True)
class Told:
    """The kind of dot, what the bar says in order of importance, and what its tool tip says beyond that."""

    kind: str
    parts: tuple[str, ...]
    detail: str = ""


def tell(state: DatasetState, *, changes: int = 0, conflicts: int = 0) -> Told:
    """What is said of a dataset at rest."""
    told = _condition(state, changes)
    more = []
    if conflicts:
        more.append(counted(conflicts, "conflict"))
    if state.unseen is not None and state.problem is None:
        more.append(_unseen_words(state.unseen))
    kind = "warning" if more and told.kind == "good" else told.kind
    detail = "\n".join(part for part in (told.detail, moved_words(state)) if part)
    return Told(kind, (*told.parts, *more, *_about(state)), detail)


def _unseen_words(unseen: Unseen) -> str:
    at = _at(clock_time(unseen.updated))
    if unseen.whose is Whose.OTHERS:
        return f"Somebody else updated the dataset {at}"
    return f"Updated {at}, after a push that was broken off"


def sign_in_command(problem: TruthlineError | None) -> str:
    """What to type to sign in again, "" if the problem is another one."""
    return problem.command if isinstance(problem, SignInError) else ""


def _condition(state: DatasetState, changes: int) -> Told:
    problem = state.problem
    if not state.arn:
        return Told("none", ("Not connected to a dataset. Labels are saved in the workspace.",))
    if problem is not None:
        return _trouble(state, problem, changes)
    if state.queued:
        return Told("busy", ("Push starts again in a moment",))
    if state.description is None:
        return Told("none", ("Asking for the dataset's status…",))
    status = state.description.status
    kind, words = status_kind(status), status_words(status)
    message = state.description.message
    if kind == "error" and message:
        words = f"{words}: {message}"
    return Told(kind, (words,), f"{state.description.status}\n{message}".strip())


def _trouble(state: DatasetState, problem: TruthlineError, changes: int) -> Told:
    waiting = (f"{counted(changes, 'change')} wait{'s' if changes == 1 else ''}",) if changes else ()
    if is_offline(problem) and state.offline_since is not None:
        goes_on = "Push waits for the connection" if state.queued else "labels are saved on this computer"
        return Told(
            "warning", (f"Offline since {clock_time(state.offline_since)}", goes_on, *waiting), str(problem)
        )
    command = sign_in_command(problem)
    if command:
        goes_on = "Push waits for the sign-in" if state.queued else "labels are saved on this computer"
        return Told("warning", (f"Sign in again: {command}", goes_on, *waiting), str(problem))
    mild = isinstance(problem, SignInError | ThrottledError | UnknownEndpointError) or is_offline(problem)
    said_here = waiting if waits_for(problem) else ()
    return Told("warning" if mild else "error", (problem.title, *said_here), str(problem))


def _about(state: DatasetState) -> list[str]:
    if not state.arn:
        return []
    arn = parse_dataset_arn(state.arn)
    parts = [f"{arn.project}/{arn.kind.lower()}", arn.region]
    if state.description is not None:
        parts.append(_statistics(state.description, state.before))
    return parts


def _statistics(description: DatasetDescription, before: DatasetStats | None) -> str:
    stats = description.stats
    then = before or stats
    images = counted(stats.total, "image") + _moved(stats.total - then.total)
    labelled = f"{stats.labeled:,} labelled" + _moved(stats.labeled - then.labeled)
    return f"{images}, {labelled}, {counted(stats.errors, 'error')}{_moved(stats.errors - then.errors)}"


def moved_words(state: DatasetState) -> str:
    """What the signed numbers in the statistics mean, "" if nothing moved."""
    if state.description is None or state.before in {None, state.description.stats}:
        return ""
    return "The signed numbers say how it moved since before the last push, or since this was opened."


def _moved(by: int) -> str:
    if not by:
        return ""
    return f" (+{by:,})" if by > 0 else f" (\N{MINUS SIGN}{-by:,})"


def _at(time: str) -> str:
    return f"on {time}" if "," in time else f"at {time}"


class Rate:
    """How fast entries come, over the last half minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Progress]] = deque()

    def note(self, progress: Progress, now: float) -> None:
        """Take in a report at ``now`` seconds of some clock."""
        last = self._seen[-1][1] if self._seen else None
        if last is not None and (progress.done < last.done or progress.total != last.total):
            self._seen.clear()
        if last is None or progress.done != last.done or not self._seen:
            self._seen.append((now, progress))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_SECONDS:
            self._seen.popleft()

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()

    def words(self, now: float) -> str:
        """``95 a second  ·  about 42 min left``; "" while too little is known."""
        if not self._seen:
            return ""
        (began, first), last = self._seen[0], self._seen[-1][1]
        seconds, done = now - began, last.done - first.done
        if seconds < _LEAST_SECONDS or done <= 0 or not last.total:
            return ""
        rate = done / seconds
        speed = f"{rate:,.0f} a second" if rate >= 1 else f"{60 * rate:,.0f} a minute"
        return f"{speed}{SEPARATOR}about {about(max(last.total - last.done, 0) / rate)} left"
