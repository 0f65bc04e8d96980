"""The machine behind the Push button: from every stage, whatever comes at whatever moment."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from truthline.sync.push.machine import MOST_BREAKS, RESUMED, TABLE, Event, Now, Resume, Stage, ended_by, step

BUSY = [stage for stage in Stage if stage is not Stage.IDLE]
WISHES = [Event.PUSH, Event.UPLOAD, Event.GO_ON, Event.UPDATES, Event.PULL, Event.CONNECT]
OUTCOMES = [Event.DONE, Event.NEEDED, Event.BY_MANIFEST, Event.BROKE_OFF, Event.FAILED]


class Window:
    """Drives the machine as the window does, and knows of the service what the window knows."""

    def __init__(self) -> None:
        self.now = Now()
        self.served = True
        self.empty = False

    def take(self, event: Event) -> Now:
        was, self.now = self.now, step(self.now, event, served=self.served, empty=self.empty)
        return was


@settings(max_examples=300, stateful_step_count=40, deadline=None)
class Pushing(RuleBasedStateMachine):
    """Any order of wishes, outcomes, cancels, lost connections and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.window = Window()

    @property
    def now(self) -> Now:
        return self.window.now

    @rule(wish=st.sampled_from(WISHES))
    def ask(self, wish: Event) -> None:
        was = self.window.take(wish)
        if was.busy:
            assert self.now == was, "a wish while something is under way must change nothing"
        elif self.window.served or wish in {Event.PULL, Event.CONNECT}:
            assert self.now.busy
        else:
            assert self.now.busy == (self.now.stage is Stage.CHOOSING)
            assert self.now.busy or self.now.queued is not None

    @precondition(lambda self: self.now.busy)
    @rule(event=st.sampled_from(OUTCOMES))
    def end(self, event: Event) -> None:
        if event not in TABLE[self.now.stage]:
            return  # no work of this stage ends so
        was = self.window.take(event)
        assert self.now.stage is not was.stage, "the work has ended: it cannot still be under way"
        assert not self.now.stopping
        if was.stopping:
            assert not self.now.busy, "what was cancelled goes on"
            assert self.now.queued is was.queued, "what was cancelled starts again by itself"

    @precondition(lambda self: self.now.busy)
    @rule(waits=st.booleans())
    def fail(self, waits: bool) -> None:
        event = ended_by(self.now, waits=waits)
        was = self.window.take(event)
        assert not self.now.busy
        assert (self.now.ticket > was.ticket) == (event is Event.BROKE_OFF)

    @rule()
    def cancel(self) -> None:
        was = self.window.take(Event.CANCEL)
        assert self.now.stage is was.stage
        assert self.now.stopping == was.busy
        assert was.busy or self.now.queued is None

    @rule()
    def move_to_another_dataset(self) -> None:
        was = self.window.take(Event.MOVED)
        assert self.now.stage is was.stage
        assert self.now.queued is None

    @rule(served=st.booleans(), empty=st.booleans())
    def watch(self, served: bool, empty: bool) -> None:
        """The service stops or begins to answer, and the dataset is filled or emptied, at any time."""
        self.window.served, self.window.empty = served, empty

    @rule()
    def answer(self) -> None:
        self.window.served = True
        was = self.window.take(Event.SERVED)
        if was.busy or was.queued is None:
            assert self.now == was
        else:
            assert self.now.stage is (Stage.PUSHING if was.queued is Resume.UPDATES else Stage.SAVING)
            assert self.now.asks == (was.queued is not Resume.REST), "a resumed upload asks again"

    @rule()
    def kill(self) -> None:
        """The process dies and another one starts: what was under way is in the journal, not here."""
        self.window = Window()

    @invariant()
    def nothing_waits_for_what_has_begun(self) -> None:
        assert not (self.now.stage in RESUMED and self.now.queued), "a push runs while another one waits"

    @invariant()
    def the_pause_is_bounded(self) -> None:
        assert 0 <= self.now.breaks <= MOST_BREAKS


TestPushing = Pushing.TestCase


ENDS = [(stage, event) for stage in BUSY for event in OUTCOMES if event in TABLE[stage]]


@pytest.mark.parametrize(("stage", "outcome"), ENDS)
def test_a_cancel_holds_whatever_its_stage_ends_with(stage: Stage, outcome: Event) -> None:
    """Also where the work ended well in the moment before it noticed."""
    stopping = step(Now(stage, queued=None), Event.CANCEL)
    assert stopping == Now(stage, stopping=True)
    assert step(stopping, outcome) == Now(breaks=0)


@pytest.mark.parametrize("stage", BUSY)
def test_nothing_begins_beside_what_is_under_way(stage: Stage) -> None:
    for wish in [*WISHES, Event.SERVED]:
        assert step(Now(stage, queued=None), wish) == Now(stage)


@pytest.mark.parametrize("stage", BUSY)
def test_every_stage_can_end_well_and_badly(stage: Stage) -> None:
    assert {Event.DONE, Event.FAILED, Event.CANCEL, Event.MOVED} <= TABLE[stage].keys()
    assert step(Now(stage), Event.FAILED).stage is Stage.IDLE
    assert (Event.BROKE_OFF in TABLE[stage]) == (stage in RESUMED and stage is not Stage.SAVING)


@pytest.mark.parametrize(
    ("stage", "asks", "resume"),
    [
        (Stage.COMPARING, True, Resume.ANEW),
        (Stage.COMPARING, False, Resume.REST),
        (Stage.UPLOADING, True, Resume.REST),
        (Stage.PUSHING, True, Resume.UPDATES),
    ],
)
def test_a_broken_push_is_resumed_where_it_was(stage: Stage, asks: bool, resume: Resume) -> None:
    broken = step(Now(stage, asks), ended_by(Now(stage, asks), waits=True), served=False)
    assert (broken.stage, broken.queued, broken.ticket, broken.breaks) == (Stage.IDLE, resume, 1, 1)


def test_a_push_that_got_through_forgets_the_breaks() -> None:
    assert step(Now(Stage.PUSHING, breaks=4), Event.DONE).breaks == 0


def test_a_pull_leaves_a_waiting_push_waiting() -> None:
    waiting = Now(queued=Resume.UPDATES, ticket=1)
    pulling = step(step(waiting, Event.PULL), Event.DONE)
    assert (pulling.stage, pulling.queued) == (Stage.PULLING, Resume.UPDATES)
    assert step(step(pulling, Event.DONE), Event.SERVED).stage is Stage.PUSHING


def test_another_dataset_is_not_pushed_to_by_what_waited_for_the_last_one() -> None:
    connected = step(Now(Stage.CONNECTING, queued=Resume.UPDATES), Event.DONE)
    assert (connected.stage, connected.queued) == (Stage.SAVING_TO_PULL, None)


def test_only_an_empty_dataset_may_be_made_from_a_manifest() -> None:
    assert step(Now(Stage.UPLOADING), Event.DONE, empty=True).stage is Stage.CHOOSING
    assert step(Now(Stage.UPLOADING), Event.DONE, empty=False).stage is Stage.PUSHING
