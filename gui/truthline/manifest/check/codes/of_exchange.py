"""The codes of what comes in and goes out, with their explanations: imports, pushes, the workspace's file."""

from __future__ import annotations

from typing import Final

from truthline.manifest.annotation import Level
from truthline.manifest.check.codes.code import Code, Source

EXCHANGE_CODES: Final = (
    Code(
        "TRUTHLINE_NOT_STORED",
        Level.ERROR,
        Source.OWN,
        "The service left this line out",
        "The update was accepted, but the dataset does not hold the line. The service gives no reason.",
        "Look at the line's findings, fix them and push again.",
    ),
    Code(
        "TRUTHLINE_STORED_DIFFERENTLY",
        Level.WARNING,
        Source.OWN,
        "The service holds another line than was sent",
        "What the dataset holds differs from what was pushed in more than its spelling.",
        "Compare the two lines. If somebody else changed it, take what is right and push again.",
    ),
    Code(
        "TRUTHLINE_UPDATE_FAILED",
        Level.ERROR,
        Source.OWN,
        "The update failed",
        "The service refused the batch as a whole and names no line.",
        "Fix the errors among the lines of the batch, then push again.",
    ),
    Code(
        "TRUTHLINE_CONFLICT",
        Level.WARNING,
        Source.OWN,
        "Somebody else changed the same thing",
        "The dataset holds another line than the base line, and both changed one thing differently.",
        "Open the conflict, choose what is right, and push again.",
    ),
    Code(
        "TRUTHLINE_FILE_FORM",
        Level.ERROR,
        Source.OWN,
        "The file does not have one entry on each line",
        "A manifest has one JSON object on each line; the service reads no other form.",
        "Convert the file, or have its values read as entries.",
    ),
    Code(
        "TRUTHLINE_DAMAGED_ENTRY",
        Level.ERROR,
        Source.OWN,
        "The entry is damaged",
        "What is stored of it in the workspace's file no longer fits its checksum.",
        "Pull the dataset to get the line that it holds, or remove the image from the workspace.",
    ),
    Code(
        "TRUTHLINE_IMPORT_UNREADABLE",
        Level.WARNING,
        Source.OWN,
        "A file or a part of it cannot be read",
        "It is not of the format that it was taken for. What could not be read was left out.",
        "Choose the right format, or export the file anew from the program that wrote it.",
    ),
    Code(
        "TRUTHLINE_IMPORT_UNSAFE_NAME",
        Level.WARNING,
        Source.OWN,
        "An image's name leads out of the folder",
        "A name that is absolute or leaves the folder may mean somebody else's file, so it is not followed.",
        "Put the image into the folder, and give its name relative to it.",
    ),
    Code(
        "TRUTHLINE_IMPORT_NO_IMAGE",
        Level.WARNING,
        Source.OWN,
        "There is no such image",
        "No image of that name is there, or several could be meant; its labels belong to nothing.",
        "Put the image into the folder, or write its name with the folders that lead to it.",
    ),
    Code(
        "TRUTHLINE_IMPORT_NAME_ALONE",
        Level.INFO,
        Source.OWN,
        "The image was found by its name alone",
        "The folders that the file names are not there. Another image of the same name may be meant.",
        "Look at the images; write the folders as they are if it is another one.",
    ),
    Code(
        "TRUTHLINE_IMPORT_REPEATED",
        Level.WARNING,
        Source.OWN,
        "An image or an id stands twice",
        "Only one of them can be meant, and nobody knows which.",
        "Keep one for each image or id, and import again.",
    ),
    Code(
        "TRUTHLINE_IMPORT_LABEL",
        Level.WARNING,
        Source.OWN,
        "A label is missing, empty or unknown",
        "A box or an image without a label's name trains nothing.",
        "Add the label's name to the file, or give it its name after the import.",
    ),
    Code(
        "TRUTHLINE_IMPORT_BOX",
        Level.WARNING,
        Source.OWN,
        "The numbers are no rectangle",
        "A box needs a place, a width and a height in the image; a shape of another kind is none.",
        "Correct the numbers, or draw the box after the import.",
    ),
    Code(
        "TRUTHLINE_IMPORT_IMAGE_SIZE",
        Level.WARNING,
        Source.OWN,
        "The image's size is unknown or another",
        "Boxes may have been drawn on another version of the image, and lie wrong.",
        "Look whether the boxes fit; put the right version of the image into the folder if they do not.",
    ),
    Code(
        "TRUTHLINE_IMPORT_ASSUMED",
        Level.INFO,
        Source.OWN,
        "The file can be meant in two ways",
        "One of them was taken for the right one.",
        "Look at a few images, and say what is meant if it is the other.",
    ),
    Code(
        "TRUTHLINE_IMPORT_FORM",
        Level.INFO,
        Source.OWN,
        "The file does not say what form it has",
        "Its form was guessed from what it holds.",
        "Look at a few images, and say the form if it was guessed wrong.",
    ),
)
