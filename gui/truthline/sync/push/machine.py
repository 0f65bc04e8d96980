"""The push as a person sees it: a state machine of what is under way for a dataset, and of a push that waits.

It holds no threads, no window and no data. Whoever drives it carries out the work of each stage that is
entered, and hands over what came of that as the next event. So each transition, such as a cancel at the
moment in which a step ends, can be tried from each stage without a service.

One thing is under way at a time: the dataset takes one update at a time anyway, and a pull that ran beside a
push would read what the push is about to change. A push that cannot reach the service is queued, and resumed
where it was broken off once the service answers; nothing is asked a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

MOST_BREAKS: Final = 10
"""More than this the pause before the next try does not grow."""


class Stage(StrEnum):
    """What is under way; the work of each stage is begun when it is entered."""

    IDLE = "idle"
    SAVING = "saving"
    """a push waits until the gesture of a moment ago is on disk"""
    COMPARING = "comparing"
    """which images are missing in the bucket, or are others there"""
    UPLOADING = "uploading"
    CHOOSING = "choosing"
    """whether a first push goes as one manifest or as updates"""
    PUSHING = "pushing"
    SAVING_TO_PULL = "saving to pull"
    PULLING = "pulling"
    CONNECTING = "connecting"
    """to another dataset, which is pulled from afterwards"""


class Event(StrEnum):
    """What a person asks for, what came of the stage's work, and what watching the service showed."""

    PUSH = "push"
    UPLOAD = "upload"
    """the answer to NEEDED: send these images, then push"""
    GO_ON = "go on"
    """the answer to NEEDED: push without them; where the dataset is empty, a manifest may be quicker"""
    UPDATES = "push by updates"
    PULL = "pull"
    CONNECT = "connect"
    CANCEL = "cancel"
    MOVED = "moved"
    """the workspace belongs to another dataset now"""

    DONE = "done"
    """a stage's work ended well, and the next stage follows"""
    NEEDED = "images needed"
    """of COMPARING: a person has to say what becomes of some images"""
    BY_MANIFEST = "by manifest"
    """of CHOOSING: a person has to say whether the dataset is made anew from a manifest"""
    BROKE_OFF = "broke off"
    """the connection or the sign-in was lost; a push can wait for it"""
    FAILED = "failed"

    SERVED = "served"
    """the service answered a question that was asked after the push was queued"""


class Resume(StrEnum):
    """Where a queued push goes on."""

    ANEW = "anew"
    REST = "rest"
    """with the images that the person agreed to upload and that are not in the bucket yet"""
    UPDATES = "updates"


@dataclass(frozen=True, slots=True)
class Now:
    """The machine's state.

    ``asks`` tells whether a person is asked about images, which is not so when an upload is resumed.
    ``queued`` says where a push that waits goes on, None if none waits, and ``ticket`` counts the queueings.
    ``breaks`` counts how often the push was broken off since it last got through. ``stopping`` tells that
    the person cancelled what is under way. ``begun`` counts everything that was ever begun.
    """

    stage: Stage = Stage.IDLE
    asks: bool = True
    queued: Resume | None = None
    ticket: int = 0
    breaks: int = 0
    stopping: bool = False
    begun: int = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self.stage is not Stage.IDLE


TABLE: Final[dict[Stage, dict[Event, Stage]]] = {
    Stage.IDLE: {
        Event.PUSH: Stage.SAVING,
        Event.UPLOAD: Stage.UPLOADING,
        Event.GO_ON: Stage.CHOOSING,
        Event.UPDATES: Stage.PUSHING,
        Event.PULL: Stage.SAVING_TO_PULL,
        Event.CONNECT: Stage.CONNECTING,
        Event.CANCEL: Stage.IDLE,
        Event.MOVED: Stage.IDLE,
    },
    Stage.SAVING: {Event.DONE: Stage.COMPARING},
    Stage.COMPARING: {Event.DONE: Stage.CHOOSING, Event.NEEDED: Stage.IDLE, Event.BROKE_OFF: Stage.IDLE},
    Stage.UPLOADING: {Event.DONE: Stage.CHOOSING, Event.BROKE_OFF: Stage.IDLE},
    Stage.CHOOSING: {Event.DONE: Stage.PUSHING, Event.BY_MANIFEST: Stage.IDLE},
    Stage.PUSHING: {Event.DONE: Stage.IDLE, Event.BROKE_OFF: Stage.IDLE},
    Stage.SAVING_TO_PULL: {Event.DONE: Stage.PULLING},
    Stage.PULLING: {Event.DONE: Stage.IDLE},
    Stage.CONNECTING: {Event.DONE: Stage.SAVING_TO_PULL},
}
"""Stage and event to the next stage. Every stage but IDLE has these too: FAILED ends it, CANCEL and MOVED let
it end by itself. Any other event is ignored: one thing is under way at a time."""

for _stage, _moves in TABLE.items():
    if _stage is not Stage.IDLE:
        _moves.update({Event.FAILED: Stage.IDLE, Event.CANCEL: _stage, Event.MOVED: _stage})

RESUMED: Final[dict[Stage, Resume]] = {
    Stage.SAVING: Resume.ANEW,
    Stage.COMPARING: Resume.ANEW,
    Stage.UPLOADING: Resume.REST,
    Stage.PUSHING: Resume.UPDATES,
}
"""The stages of a push that need the service, and how each is resumed once it answers."""

ENTERED_ANEW: Final = frozenset(
    {Stage.SAVING, Stage.UPLOADING, Stage.PUSHING, Stage.SAVING_TO_PULL, Stage.CONNECTING}
)
"""The stages that are told of as something new; the others go on with what was told."""
_BEGINS_PUSH: Final = frozenset({Stage.SAVING, Stage.UPLOADING, Stage.PUSHING})
_RESUMING: Final = {
    Resume.ANEW: (Event.PUSH, True),
    Resume.REST: (Event.PUSH, False),
    Resume.UPDATES: (Event.UPDATES, True),
}


def ended_by(now: Now, *, waits: bool) -> Event:
    """The event of a stage's work that failed; ``waits`` tells whether it may succeed later by itself."""
    can_wait = waits and not now.stopping and Event.BROKE_OFF in TABLE[now.stage]
    return Event.BROKE_OFF if can_wait else Event.FAILED


def step(now: Now, event: Event, *, served: bool = True, empty: bool = False) -> Now:
    """What is under way after an event.

    Args:
        now: what was.
        event: what happened.
        served: whether the service can be reached, as far as is known. A push that would begin without it is
            queued.
        empty: whether the dataset is known to have no entries: only then a manifest is an alternative.

    """
    if event is Event.SERVED:
        if now.queued is None or now.busy:
            return now
        event, asks = _RESUMING[now.queued]
        now = replace(now, asks=asks)
    elif event is Event.PUSH and not now.busy:
        now = replace(now, asks=True)
    to = TABLE[now.stage].get(event)
    if to is None:
        return now
    if event in {Event.CANCEL, Event.MOVED}:
        if event is Event.CANCEL and now.busy:
            return replace(now, stopping=True)
        return replace(now, queued=None, breaks=0)
    if now.stopping and to is not Stage.IDLE:
        # The work ended before it noticed the cancel: what would follow it is not begun.
        return replace(now, stage=Stage.IDLE, stopping=False)
    if event is Event.BROKE_OFF:
        return _broken_off(now)
    if event is Event.NEEDED and not now.asks:
        to = Stage.UPLOADING
    if to is Stage.CHOOSING and not empty:
        to = Stage.PUSHING
    if to in _BEGINS_PUSH and not served:
        return _queued(now, _resumed(now, to))
    # A push takes the place of one that waits; so does another dataset, for which that one was not meant.
    replaces = to in _BEGINS_PUSH or (now.stage is Stage.CONNECTING and event is Event.DONE)
    got_through = now.stage is Stage.PUSHING and event is Event.DONE
    return replace(
        now,
        stage=to,
        stopping=False,
        queued=None if replaces else now.queued,
        breaks=0 if got_through else now.breaks,
        begun=now.begun + (to in ENTERED_ANEW),
    )


def _broken_off(now: Now) -> Now:
    if now.stopping:
        return replace(now, stage=Stage.IDLE, stopping=False)
    queued = _queued(now, _resumed(now, now.stage))
    return replace(queued, breaks=min(now.breaks + 1, MOST_BREAKS))


def _resumed(now: Now, stage: Stage) -> Resume:
    # An upload that is resumed looks again which images are there, and asks nobody about the others.
    return Resume.REST if stage in {Stage.SAVING, Stage.COMPARING} and not now.asks else RESUMED[stage]


def _queued(now: Now, resume: Resume) -> Now:
    return replace(now, stage=Stage.IDLE, stopping=False, queued=resume, ticket=now.ticket + 1)
