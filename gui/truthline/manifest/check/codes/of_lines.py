"""The codes of lines, with their explanations: what is wrong with one entry's line or its image."""

from __future__ import annotations

from typing import Final

from truthline.manifest.annotation import Level
from truthline.manifest.check.codes.code import Code, Source

_DROPPED: Final = "The service leaves such a line out of the dataset and says nothing."

LINE_CODES: Final = (
    Code(
        "TRUTHLINE_BLANK_LINE",
        Level.WARNING,
        Source.OWN,
        "Blank line",
        "The service counts it as an invalid line; more than 20% of those fail an import.",
        "Delete the line from the manifest.",
    ),
    Code(
        "ERROR_INVALID_JSON_LINE",
        Level.ERROR,
        Source.LINES,
        "Not a JSON object",
        f"{_DROPPED} Too many of them fail the whole import.",
        "Mend the line at the place that the message names; each line is one complete object in braces.",
    ),
    Code(
        "ERROR_MISSING_SOURCE_REF",
        Level.ERROR,
        Source.LINES,
        "No source-ref",
        f"Without it nobody knows which image is meant. {_DROPPED}",
        'Add "source-ref" with the address of the image, such as "s3://bucket/folder/photo.jpg".',
    ),
    Code(
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        Level.ERROR,
        Source.LINES,
        "The source-ref is no S3 address",
        f"Images are read from S3 only. {_DROPPED}",
        "Upload the image, and write its address as s3://bucket/key.",
    ),
    Code(
        "TRUTHLINE_REPEATED_SOURCE_REF",
        Level.ERROR,
        Source.OWN,
        "The same image stands several times",
        "A dataset holds an image once; of several lines the service drops some, and says nothing.",
        "Keep one line for each image and move all labels into it.",
    ),
    Code(
        "TRUTHLINE_OTHER_BUCKET",
        Level.WARNING,
        Source.OWN,
        "The image lies in another bucket",
        "All images of a dataset must lie in one bucket, or training fails.",
        "Copy the image into the bucket of the others, and change its source-ref.",
    ),
    Code(
        "TRUTHLINE_IMAGE_NOT_FOUND",
        Level.WARNING,
        Source.OWN,
        "The image's file was not found",
        "Its format and size could not be checked. In S3 it may be there all the same.",
        "Choose the folder that holds the images, or put the file there.",
    ),
    Code(
        "TRUTHLINE_LINE_TOO_LONG",
        Level.ERROR,
        Source.OWN,
        "The line is too long",
        f"At most 100,000 characters are read. {_DROPPED}",
        "Remove keys that training does not need, or some of the boxes.",
    ),
    Code(
        "ERROR_NO_LABEL_ATTRIBUTES",
        Level.ERROR,
        Source.LINES,
        "No label attribute",
        "A label is an attribute with a twin of the same name and -metadata; no key of this line has one.",
        "Add what is missing of the pair, or remove all keys but source-ref and label the image anew.",
    ),
    Code(
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        Level.ERROR,
        Source.LINES,
        "No valid label attribute",
        "Each label attribute of this line has an error, so the image trains nothing.",
        "Fix the errors of the attributes; this one goes with them.",
    ),
    Code(
        "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
        Level.ERROR,
        Source.LINES,
        "A label attribute is malformed",
        "The service cannot read this attribute, and checks the line no further.",
        (
            "Boxes need image_size and annotations, a class label a whole number. If only image_size is"
            " missing, it can be taken from the image."
        ),
        fix="Set image_size from the image",
    ),
    Code(
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        Level.ERROR,
        Source.LINES,
        "The metadata of a label attribute is malformed",
        "The service cannot read this attribute, and checks the line no further.",
        (
            "Give the metadata all its keys. Truthline can add confidence, human-annotated, creation-date and"
            " type; a class-name or the labels of boxes only you can know."
        ),
        fix="Complete the metadata",
    ),
    Code(
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
        Level.ERROR,
        Source.LINES,
        "This kind of labelling job is not supported",
        "Custom Labels takes image classification and object detection, and nothing of this attribute.",
        (
            "Labels of a multi-label job can be split into one attribute each. Other kinds may stay in"
            " the line if it has a valid attribute beside them."
        ),
        fix="Split the labels",
    ),
    Code(
        "TRUTHLINE_METADATA_ALONE",
        Level.WARNING,
        Source.OWN,
        "Metadata without its attribute",
        "The service sees no label there, mostly because the two names differ by a slip.",
        "Give the attribute and its -metadata twin the same name, or remove the metadata.",
    ),
    Code(
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        Level.ERROR,
        Source.LINES,
        "A label's name is empty or too long",
        "A name has 1 to 255 characters; with another one the attribute is not valid.",
        "Rename the label. If no box uses it, it can be removed.",
        fix="Remove the unused label",
    ),
    Code(
        "TRUTHLINE_TOO_MANY_LABELS",
        Level.ERROR,
        Source.OWN,
        "Too many labels on one image",
        "An image may have at most 50 labels.",
        "Remove labels, beginning with those that training can do without.",
    ),
    Code(
        "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
        Level.ERROR,
        Source.LINES,
        "Boxes without a confidence",
        "Each box needs an entry with a confidence in objects; the service checks the line no further.",
        "Give the boxes a confidence: 1 for what a person drew.",
        fix="Give these boxes the confidence 1",
    ),
    Code(
        "ERROR_MISSING_CLASS_MAP_ID",
        Level.ERROR,
        Source.LINES,
        "A box's class_id has no label",
        "The class-map does not say what this number means; the service checks the line no further.",
        "Choose a label for the box, or add the number to the class-map.",
    ),
    Code(
        "TRUTHLINE_UNUSED_CLASS",
        Level.INFO,
        Source.OWN,
        "A class-map names a label that no box has",
        "The service shows it as a label of the dataset and counts it towards the limit of 250.",
        "Remove it from the class-map, unless it shall stay as a reminder.",
        fix="Remove the unused label",
    ),
    Code(
        "ERROR_INVALID_BOUNDING_BOX",
        Level.ERROR,
        Source.LINES,
        "A box leaves the image",
        "The box reaches over an edge or has a negative number. The service does not use it.",
        (
            "Drag the box back into the image. Where all boxes of an image are off, look whether"
            " image_size is that of another version of the image."
        ),
        fix="Clamp the box to the image, or remove it",
    ),
    Code(
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        Level.ERROR,
        Source.LINES,
        "A box is too small",
        "It must be wider and higher than a pixel, also after training has scaled a large image down.",
        "Remove the box, or draw it larger.",
        fix="Remove the box",
    ),
    Code(
        "ERROR_TOO_MANY_BOUNDING_BOXES",
        Level.ERROR,
        Source.LINES,
        "Too many boxes on one image",
        "An image may have at most 50 boxes.",
        "Remove boxes, or cut the image into several.",
    ),
    Code(
        "ERROR_NO_VALID_ANNOTATIONS",
        Level.ERROR,
        Source.LINES,
        "No box of the attribute is valid",
        "Each of its boxes has an error, so the attribute trains nothing.",
        "Fix the errors of the boxes; this one goes with them.",
    ),
    Code(
        "ERROR_INVALID_IMAGE",
        Level.ERROR,
        Source.LINES,
        "The service cannot use the image",
        (
            "It takes PNG and JPEG files of at most 15 MB, 64 to 4096 pixels a side and at most 20 times"
            " as long as wide. Only training reports this."
        ),
        "Convert or scale the image and upload it again, or leave it out of the dataset.",
    ),
    Code(
        "ERROR_INVALID_IMAGE_DIMENSION",
        Level.ERROR,
        Source.LINES,
        "The image is too small or too large",
        "Each side must have 64 to 4096 pixels.",
        (
            "Scale the image, upload it again and label it anew; its boxes are in pixels. If only"
            " image_size is wrong, correct it."
        ),
    ),
    Code(
        "TRUTHLINE_IMAGE_SIZE_MISMATCH",
        Level.WARNING,
        Source.OWN,
        "image_size is not the image's size",
        (
            "Boxes were drawn on another version of the image, or before it was turned upright; they may lie"
            " wrong."
        ),
        "Look whether the boxes fit. If they do, set image_size from the image, else draw them anew.",
        fix="Set image_size from the image",
    ),
    Code(
        "WARNING_UNANNOTATED_RECORD",
        Level.WARNING,
        Source.LINES,
        "No labels yet",
        "Training passes the image over.",
        "Label it, or leave it as it is.",
    ),
    Code(
        "WARNING_NO_ANNOTATIONS",
        Level.WARNING,
        Source.LINES,
        "Looked at by a person, but without a box",
        "Training passes the image over, unless it has class labels.",
        "Draw the boxes, if something is missing.",
    ),
    Code(
        "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
        Level.WARNING,
        Source.LINES,
        "An attribute for boxes has none",
        "It says that a person looked at the image and found nothing; it trains nothing.",
        "Draw the boxes, if something is missing.",
    ),
)
