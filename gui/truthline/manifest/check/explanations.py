"""Every code in plain words: what it means, why it matters, what to do.

`EXPLANATIONS` holds all codes that Truthline's rules find, that the service attaches to lines or tells of a
whole dataset, and that only training reports. For what only the service can know there is no rule, but an
explanation all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXPLANATIONS", "Explanation", "explain", "warning_code"]

_ERROR: Final = "ERROR_"
_OURS: Final = "TRUTHLINE_"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code in words: a title without a full stop, why it matters, and how to fix it.

    Whether Truthline can put it right itself is told by `truthline.manifest.check.fixes.FIXES`.
    """

    code: str
    title: str
    why: str
    how_to_fix: str


def warning_code(code: str) -> str:
    """Ours for what is only a warning yet, of the code by which the service would fail."""
    return _OURS + code.removeprefix(_ERROR) if code.startswith(_ERROR) else code


def _of_warning(code: str) -> Explanation | None:
    told = EXPLANATIONS.get(_ERROR + code.removeprefix(_OURS)) if code.startswith(_OURS) else None
    return replace(told, code=code, why=told.why.replace("this code", told.code)) if told else None


def explain(code: str) -> Explanation:
    """The explanation of a code; a general one for a code that nobody knew of."""
    known = EXPLANATIONS.get(code) or _of_warning(code)
    if known is not None:
        return known
    words = code.removeprefix("ERROR_").removeprefix("WARNING_").replace("_", " ").strip().capitalize()
    return Explanation(
        code,
        words or "Unknown problem",
        "The service reports this code; Truthline does not know it yet.",
        "Read its message, and look the code up in the guide to Rekognition Custom Labels.",
    )


_DROPPED: Final = "The service leaves such a line out of the dataset and says nothing."
_TRAINING: Final = "Training fails with this code."
_IMPORT: Final = "The dataset cannot be made or updated, and the service names no line."

_LINE: Final = (
    (
        "TRUTHLINE_BLANK_LINE",
        "Blank line",
        "The service counts it as an invalid line; more than 20% of those fail an import.",
        "Delete the line from the manifest.",
    ),
    (
        "ERROR_INVALID_JSON_LINE",
        "Not a JSON object",
        f"{_DROPPED} Too many of them fail the whole import.",
        "Mend the line at the place that the message names; each line is one complete object in braces.",
    ),
    (
        "ERROR_MISSING_SOURCE_REF",
        "No source-ref",
        f"Without it nobody knows which image is meant. {_DROPPED}",
        'Add "source-ref" with the address of the image, such as "s3://bucket/folder/photo.jpg".',
    ),
    (
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        "The source-ref is no S3 address",
        f"Images are read from S3 only. {_DROPPED}",
        "Upload the image, and write its address as s3://bucket/key.",
    ),
    (
        "TRUTHLINE_REPEATED_SOURCE_REF",
        "The same image stands several times",
        "A dataset holds an image once; of several lines the service drops some, and says nothing.",
        "Keep one line for each image and move all labels into it.",
    ),
    (
        "TRUTHLINE_OTHER_BUCKET",
        "The image lies in another bucket",
        "All images of a dataset must lie in one bucket, or training fails.",
        "Copy the image into the bucket of the others, and change its source-ref.",
    ),
    (
        "TRUTHLINE_IMAGE_NOT_FOUND",
        "The image's file was not found",
        "Its format and size could not be checked. In S3 it may be there all the same.",
        "Choose the folder that holds the images, or put the file there.",
    ),
    (
        "TRUTHLINE_LINE_TOO_LONG",
        "The line is too long",
        f"At most 100,000 characters are read. {_DROPPED}",
        "Remove keys that training does not need, or some of the boxes.",
    ),
    (
        "ERROR_NO_LABEL_ATTRIBUTES",
        "No label attribute",
        "A label is an attribute with a twin of the same name and -metadata; no key of this line has one.",
        "Add what is missing of the pair, or remove all keys but source-ref and label the image anew.",
    ),
    (
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "No valid label attribute",
        "Each label attribute of this line has an error, so the image trains nothing.",
        "Fix the errors of the attributes; this one goes with them.",
    ),
    (
        "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
        "A label attribute is malformed",
        "The service cannot read this attribute, and checks the line no further.",
        (
            "Boxes need image_size and annotations, a class label a whole number. If only image_size is"
            " missing, it can be taken from the image."
        ),
    ),
    (
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        "The metadata of a label attribute is malformed",
        "The service cannot read this attribute, and checks the line no further.",
        (
            "Give the metadata all its keys. Truthline can add confidence, human-annotated, creation-date and"
            " type; a class-name or the labels of boxes only you can know."
        ),
    ),
    (
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
        "This kind of labelling job is not supported",
        "Custom Labels takes image classification and object detection, and nothing of this attribute.",
        (
            "Labels of a multi-label job can be split into one attribute each. Other kinds may stay in"
            " the line if it has a valid attribute beside them."
        ),
    ),
    (
        "TRUTHLINE_METADATA_ALONE",
        "Metadata without its attribute",
        "The service sees no label there, mostly because the two names differ by a slip.",
        "Give the attribute and its -metadata twin the same name, or remove the metadata.",
    ),
    (
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        "A label's name is empty or too long",
        "A name has 1 to 255 characters; with another one the attribute is not valid.",
        "Rename the label. If no box uses it, it can be removed.",
    ),
    (
        "TRUTHLINE_TOO_MANY_LABELS",
        "Too many labels on one image",
        "An image may have at most 50 labels.",
        "Remove labels, beginning with those that training can do without.",
    ),
    (
        "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
        "Boxes without a confidence",
        "Each box needs an entry with a confidence in objects; the service checks the line no further.",
        "Give the boxes a confidence: 1 for what a person drew.",
    ),
    (
        "ERROR_MISSING_CLASS_MAP_ID",
        "A box's class_id has no label",
        "The class-map does not say what this number means; the service checks the line no further.",
        "Choose a label for the box, or add the number to the class-map.",
    ),
    (
        "TRUTHLINE_UNUSED_CLASS",
        "A class-map names a label that no box has",
        "The service shows it as a label of the dataset and counts it towards the limit of 250.",
        "Remove it from the class-map, unless it shall stay as a reminder.",
    ),
    (
        "ERROR_INVALID_BOUNDING_BOX",
        "A box leaves the image",
        "The box reaches over an edge or has a negative number. The service does not use it.",
        (
            "Drag the box back into the image. Where all boxes of an image are off, look whether"
            " image_size is that of another version of the image."
        ),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        "A box is too small",
        "It must be wider and higher than a pixel, also after training has scaled a large image down.",
        "Remove the box, or draw it larger.",
    ),
    (
        "ERROR_TOO_MANY_BOUNDING_BOXES",
        "Too many boxes on one image",
        "An image may have at most 50 boxes.",
        "Remove boxes, or cut the image into several.",
    ),
    (
        "ERROR_NO_VALID_ANNOTATIONS",
        "No box of the attribute is valid",
        "Each of its boxes has an error, so the attribute trains nothing.",
        "Fix the errors of the boxes; this one goes with them.",
    ),
    (
        "ERROR_INVALID_IMAGE",
        "The service cannot use the image",
        (
            "It takes PNG and JPEG files of at most 15 MB, 64 to 4096 pixels a side and at most 20 times"
            " as long as wide. Only training reports this."
        ),
        "Convert or scale the image and upload it again, or leave it out of the dataset.",
    ),
    (
        "ERROR_INVALID_IMAGE_DIMENSION",
        "The image is too small or too large",
        "Each side must have 64 to 4096 pixels.",
        (
            "Scale the image, upload it again and label it anew; its boxes are in pixels. If only"
            " image_size is wrong, correct it."
        ),
    ),
    (
        "TRUTHLINE_IMAGE_SIZE_MISMATCH",
        "image_size is not the image's size",
        (
            "Boxes were drawn on another version of the image, or before it was turned upright; they may lie"
            " wrong."
        ),
        "Look whether the boxes fit. If they do, set image_size from the image, else draw them anew.",
    ),
    (
        "WARNING_UNANNOTATED_RECORD",
        "No labels yet",
        "Training passes the image over.",
        "Label it, or leave it as it is.",
    ),
    (
        "WARNING_NO_ANNOTATIONS",
        "Looked at by a person, but without a box",
        "Training passes the image over, unless it has class labels.",
        "Draw the boxes, if something is missing.",
    ),
    (
        "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
        "An attribute for boxes has none",
        "It says that a person looked at the image and found nothing; it trains nothing.",
        "Draw the boxes, if something is missing.",
    ),
)

_FILE: Final = (
    (
        "ERROR_EMPTY_MANIFEST",
        "The manifest is empty",
        _IMPORT,
        "Add a line for each image.",
    ),
    (
        "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT",
        "The manifest cannot be opened",
        f"{_IMPORT} The file's name has no ending, or it is no text of JSON lines.",
        "Name it like train.manifest, with one JSON object in UTF-8 on each line, and upload it again.",
    ),
    (
        "ERROR_MANIFEST_SIZE_TOO_LARGE",
        "The manifest is too large",
        f"{_IMPORT} At most 1 GB is allowed.",
        "Remove keys that training does not need, or make several datasets.",
    ),
    (
        "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM",
        "Too many lines",
        f"{_IMPORT} At most 250,000 are allowed; for class labels AWS raises that on request.",
        "Leave images out, or make several datasets.",
    ),
    (
        "ERROR_INVALID_PERMISSIONS_MANIFEST_S3_BUCKET",
        "The service may not read the manifest's bucket",
        _IMPORT,
        "Let rekognition.amazonaws.com read the bucket in its policy, and look whether your own sign-in may.",
    ),
    (
        "ERROR_TOO_MANY_RECORDS_IN_ERROR",
        "Too many lines are unusable",
        f"{_IMPORT} More than 20% of the lines are no JSON, too long, repeated, or name no image.",
        "Fix or remove the lines that are listed as errors.",
    ),
    (
        "ERROR_MANIFEST_TOO_MANY_LABELS",
        "Too many labels",
        f"{_IMPORT} At most 250 are allowed, those that only class-maps name included.",
        "Merge or remove labels, and remove unused ones from the class-maps.",
    ),
    (
        "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE",
        "Too few images to split the dataset",
        "Each label needs an image in the training and one in the test dataset.",
        "Label more images with the rare labels, or remove those labels.",
    ),
    (
        "TRUTHLINE_NOT_STORED",
        "The service left this line out",
        "The update was accepted, but the dataset does not hold the line. The service gives no reason.",
        "Look at the line's findings, fix them and push again.",
    ),
    (
        "TRUTHLINE_STORED_DIFFERENTLY",
        "The service holds another line than was sent",
        "What the dataset holds differs from what was pushed in more than its spelling.",
        "Compare the two lines. If somebody else changed it, take what is right and push again.",
    ),
    (
        "TRUTHLINE_UPDATE_FAILED",
        "The update failed",
        "The service refused the batch as a whole and names no line.",
        "Fix the errors among the lines of the batch, then push again.",
    ),
)

_DATASET: Final = (
    (
        "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST",
        "Too many lines have errors",
        f"{_TRAINING} More than 20% of the lines are invalid.",
        "Fix the lines with errors, or leave them out.",
    ),
    (
        "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
        "Images lie in several buckets",
        f"{_TRAINING} All images of a dataset must lie in one bucket.",
        "Copy the images into one bucket, and change their source-refs.",
    ),
    (
        "ERROR_INVALID_IMAGES_S3_BUCKET_OWNER",
        "The images' bucket belongs to somebody else",
        f"{_TRAINING} The bucket must be owned by the account that trains.",
        "Copy the images into a bucket of your own account.",
    ),
    (
        "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET",
        "The service may not read the images' bucket",
        _TRAINING,
        "Let rekognition.amazonaws.com read the bucket and its objects in the bucket's policy.",
    ),
    (
        "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
        "Too few images to split off a test",
        "Without a test dataset the service splits the training dataset, for which a label needs two images.",
        "Label more images with the rare labels, or make a test dataset of your own.",
    ),
    (
        "ERROR_MANIFEST_TOO_FEW_LABELS",
        "Too few labels",
        f"{_TRAINING} It needs at least one label on boxes, or two class labels.",
        "Use another label. If there is only one class, label images of something else too.",
    ),
    (
        "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS",
        "Too few labels on lines without errors",
        f"{_TRAINING} There are labels enough, but some are only on lines with errors.",
        "Fix the lines with errors.",
    ),
    (
        "ERROR_INSUFFICIENT_LABEL_OVERLAP",
        "Training and test have too few labels in common",
        f"{_TRAINING} At least half of the training dataset's labels must be in the test dataset.",
        "Add images with the missing labels to the test dataset. Look whether names differ by a slip.",
    ),
    (
        "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
        "Training and test have too few usable labels in common",
        f"{_TRAINING} Labels that are only on lines with errors do not count.",
        "Fix the lines with errors, in the test dataset first.",
    ),
    (
        "ERROR_FAILED_IMAGES_S3_COPY",
        "The service could not copy the images",
        _TRAINING,
        "Look whether all images are still there and may be read, then train again.",
    ),
    (
        "TRUTHLINE_IMAGE_IN_BOTH_DATASETS",
        "Images are in training and test",
        "A test with images that the model has learnt from says nothing, and the service does not allow it.",
        "Remove them from one of the two datasets.",
    ),
    (
        "TRUTHLINE_LABEL_NOT_TRAINED",
        "The test dataset has labels that are not trained",
        "No model learns them, so testing them is in vain.",
        "Add training images with them, or rename them if they are a slip.",
    ),
    (
        "TRUTHLINE_LABEL_NOT_TESTED",
        "Labels are trained, but not tested",
        "Nobody learns how well the model finds them.",
        "Add test images with them.",
    ),
    (
        "TRUTHLINE_TOO_MANY_TEST_IMAGES",
        "Too many test images of a label",
        "At most 1,000 images a label are allowed in the test dataset.",
        "Move images with the label to the training dataset.",
    ),
    (
        "TRUTHLINE_MIXED_KINDS",
        "Class labels and boxes in one dataset",
        "A model is trained of one kind. Most likely it is for boxes, and class labels teach it nothing.",
        "Make a dataset of each kind, if both are wanted.",
    ),
    (
        "TRUTHLINE_SIMILAR_LABELS",
        "Labels that look alike",
        "They differ only by case, spaces or Unicode form; the service trains them as different ones.",
        "Merge them by renaming one to the other, if they mean the same.",
    ),
    (
        "TRUTHLINE_DUPLICATE_BOXES",
        "Two boxes at nearly the same place",
        "Two boxes of one label share more than nine tenths of their area; mostly one was drawn twice.",
        "Look at the images and remove the boxes that are too many.",
    ),
)

EXPLANATIONS: Final[Mapping[str, Explanation]] = MappingProxyType(
    {each[0]: Explanation(*each) for each in (*_LINE, *_FILE, *_DATASET)}
)
