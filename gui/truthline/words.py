"""Words for people: where a `Progress` or a status becomes a sentence, and a number gets its noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from truthline.progress import Doing

if TYPE_CHECKING:
    from truthline.progress import Progress

# {number}, {count}, {lines}: see `Progress`, the last one being its count with the noun; {step} counts from 1
_SENTENCES: Final = {
    Doing.ASKED: "{about}",
    Doing.GOING_THROUGH: "",
    Doing.OPENING: "Opening",
    Doing.CHECKING: "Checking the lines",
    Doing.CHECKING_AGAIN: "Checking the images by the rules of this Truthline.",
    Doing.BRINGING_UP_TO_DATE: "Bringing the workspace up to date.",
    Doing.PLACING: "Giving the images their addresses",
    Doing.STORING: "Storing the entries.",
    Doing.FILLING: "Reading the {about}",
    Doing.FINDING_ATTRIBUTES: "Looking for label attributes.",
    Doing.FINDING_LABEL: "Looking for the label.",
    Doing.RESOLVING: "Resolving conflicts",
    Doing.READING_LABELS: "Reading the labels.",
    Doing.COMPARING_LABELS: "Comparing.",
    Doing.ADDING_LABELS: "Adding labels.",
    Doing.WRITING_LABELS: "Writing the labels.",
    Doing.STARTING_SAMPLE: "Starting the emulator with the sample dataset",
    Doing.FILLING_SAMPLE: "Uploading the sample images",
    Doing.MAKING_SAMPLE: "Making the dataset: {about}",
    Doing.STATUS: "{about}",
    Doing.WAITING: "{error} Trying again.",
    Doing.BUSY: "{error}",
    Doing.STUCK: "{about} for {count} minutes now. It may be stuck; still watching.",
    Doing.STOPPING: "Stopping…",
    Doing.TRYING: "Trying {about}…",
    Doing.LISTING_IMAGES: "Looking in the bucket for {total:,} images",
    Doing.COMPARING_IMAGES: "Comparing images with those in the bucket",
    Doing.UPLOADING: "Uploading image {number:,} of {count:,} · {about}",
    Doing.FETCHING_MANIFEST: "Fetching the manifest",
    Doing.READING_VALIDATION: "Reading the validation results",
    Doing.FINDING_IMAGES: "Looking up the images",
    Doing.READING: "Reading the dataset",
    Doing.READING_AGAIN: "The dataset was updated while it was read. Reading it again.",
    Doing.RECOVERING: "An earlier push was broken off. Looking how far it came.",
    Doing.RECOVERED: "An earlier push was broken off; {number:,} of its {lines} were stored.",
    Doing.LOOKING: "Looking what the dataset holds of {lines}",
    Doing.LOOKING_THROUGH: "An answer was lost. Looking whether somebody else updated the dataset.",
    Doing.OTHERS_UPDATED: "Somebody else updated the dataset. Looking what changed.",
    Doing.SENDING: "Sending batch {step} of {total}",
    Doing.HALVING: (
        "The update failed. Looking which of its {count:,} lines are to blame: update {done} of at most"
        " {total}"
    ),
    Doing.LINES_UNANSWERED: "{error} Looking whether the lines arrived.",
    Doing.READING_BACK: "Reading back {lines}",
    Doing.LOOKING_AGAIN: "Some lines are not there. Looking once more.",
    Doing.SENDING_AGAIN: "Some lines did not arrive. Sending them again.",
    Doing.CREATING: "Creating the dataset",
    Doing.CREATION_UNANSWERED: "{error} Looking whether the dataset is being made.",
    Doing.DELETING: "Deleting the {about} dataset",
    Doing.DELETING_PROJECT: "Deleting the project",
    Doing.PROJECT_UNANSWERED: "{error} Looking whether the project is being deleted.",
    Doing.UNANSWERED: "{error} Looking what became of it.",
    Doing.SENDING_MANIFESTS: "Uploading the manifests of before and after",
    Doing.SENDING_MANIFEST: "Uploading the manifest",
    Doing.DELETING_OLD: "Deleting the old dataset",
    Doing.UPDATED_MEANWHILE: "The dataset was updated meanwhile. Reading it again.",
    Doing.RESTORING: "The new dataset could not be made. Restoring the old state.",
    Doing.READING_NEW: "Reading the new dataset back",
}

REMARKS: Final = frozenset(
    {
        Doing.BUSY,
        Doing.CREATION_UNANSWERED,
        Doing.LINES_UNANSWERED,
        Doing.LOOKING_AGAIN,
        Doing.LOOKING_THROUGH,
        Doing.OTHERS_UPDATED,
        Doing.PROJECT_UNANSWERED,
        Doing.READING_AGAIN,
        Doing.RESTORING,
        Doing.STUCK,
        Doing.UNANSWERED,
        Doing.UPDATED_MEANWHILE,
    }
)
"""What is said in passing: after it, the work goes on with what it was doing."""

_STATUSES: Final = {
    "CREATING": "Being created",
    "CREATED": "Created",
    "DELETING": "Being deleted",
    "CREATE_IN_PROGRESS": "Being created",
    "CREATE_COMPLETE": "Created",
    "CREATE_FAILED": "Creation failed",
    "UPDATE_IN_PROGRESS": "Update in progress",
    "UPDATE_COMPLETE": "Update complete",
    "UPDATE_FAILED": "Update failed",
    "DELETE_IN_PROGRESS": "Being deleted",
}


def status_words(status: str) -> str:
    """A dataset's or project's status as people say it; any other text as it is."""
    return _STATUSES.get(status, status)


def status_kind(status: str) -> str:
    """How well a status is: good, busy or error; busy where it is unknown, so that it is asked again."""
    if status.endswith("_FAILED"):
        return "error"
    return "good" if status == "CREATED" or status.endswith("_COMPLETE") else "busy"


def activity_words(activity: Progress) -> str:
    """What goes on, without what counts down beside it."""
    if activity.error is not None and activity.wait:
        return activity.error.reason
    return status_words(activity.about) if activity.doing is Doing.STATUS else progress_words(activity)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 box``, ``2 boxes``, ``1,204 images``; ``many`` where an s does not make the plural."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def progress_words(progress: Progress) -> str:
    """The sentence for people; a status stands in it as the service spells it."""
    if progress.doing is Doing.UPLOADING and progress.count == 1:
        return f"Uploading {progress.about}"
    return _SENTENCES[progress.doing].format(
        about=progress.about,
        count=progress.count,
        done=progress.done,
        error=progress.error.title if progress.error else "",
        lines=counted(progress.count, "line"),
        number=progress.number,
        step=progress.done + 1,
        total=progress.total or 0,
    )
