"""No file crashes a reader: it is read, with findings, or refused by name."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthline.errors import UnreadableFileError
from truthline.interchange.fit import fit
from truthline.interchange.formats import FORMATS
from truthline.interchange.model import ImageLookup
from truthline.interchange.reading import read_images

COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
    "categories": [{"id": 1, "name": "cat"}],
    "annotations": [
        {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4, 5, 6]]}
    ],
}
LABELME = {
    "shapes": [{"label": "cat", "points": [[1, 2], [3, 4]], "shape_type": "circle"}],
    "imagePath": "a.jpg",
    "imageWidth": 64,
    "imageHeight": 48,
    "flags": {"day": True},
}
VOC = (
    "<annotation><filename>a.jpg</filename><size><width>64</width><height>48</height><depth>3</depth></size>"
    "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></object>"
    "</annotation>"
)
LINE = {
    "source-ref": "s3://b/a.jpg",
    "x": [0],
    "x-metadata": {
        "class-map": {"0": "cat"},
        "confidence-map": {"0": 1},
        "type": "groundtruth/image-classification-multilabel",
    },
    "y": {"annotations": [{"left": 1, "top": 2, "width": 3, "height": 4, "class_id": 0}]},
    "y-metadata": {"class-map": {"0": "cat"}, "type": "groundtruth/object-detection"},
}
FILES: dict[str, dict[str, str]] = {
    "coco": {"a.json": json.dumps(COCO)},
    "labelme": {"a.json": json.dumps(LABELME)},
    "voc": {"a.xml": VOC},
    "voc-1": {"a.xml": VOC},
    "yolo": {"data.yaml": "names: {0: cat, 1: dog}\n", "a.txt": "0 0.5 0.5 0.25 0.25\n1 .1 .1 .2 .1 .2 .2\n"},
    "csv": {"a.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,cat,1,2,4,6\n"},
    "manifest": {"a.manifest": json.dumps(LINE) + "\n"},
    "folders": {"cat/a.jpg": ""},
}
SPLICES = [
    "",
    "null",
    "-1",
    "1e999",
    "NaN",
    '"',
    "{}",
    "[]",
    "[[",
    "<",
    "&a;",
    "]]>",
    "\\",
    "..",
    "/",
    "\n",
    ",",
    "\0",
    "ÿ",
    "é",
]


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_spliced_files(name: str, data: st.DataObject) -> None:
    lookup = ImageLookup(["a.jpg", "s3://b/a.jpg"], size_of=lambda _: (64, 48), orientation_of=lambda _: 6)
    with tempfile.TemporaryDirectory() as folder:
        for relative, text in FILES[name].items():
            content = text.encode()
            for _ in range(data.draw(st.integers(0, 3))):
                start = data.draw(st.integers(0, len(content)))
                end = data.draw(st.integers(start, min(len(content), start + 12)))
                splice = data.draw(st.sampled_from(SPLICES).map(str.encode) | st.binary(max_size=3))
                content = content[:start] + splice + content[end:]
            path = Path(folder) / relative
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        single = FORMATS[name].suffix
        source = next(Path(folder).iterdir()) if single else Path(folder)
        try:
            reading = read_images(source, FORMATS[name], lookup=lookup)
        except UnreadableFileError as error:
            refused = error
        else:
            refused = None  # type: ignore[assignment]
    if refused is not None:
        assert refused.title
        assert refused.place.startswith(folder)
        return
    for finding in reading.findings:
        assert finding.message
        assert finding.place
    for image in reading.images:
        assert image.ref in {"a.jpg", "s3://b/a.jpg"} or image.ref.startswith("s3://")
        assert all(box.width > 0 and box.height > 0 and box.label for box in image.boxes)
    for format_ in FORMATS.values():
        fit(reading.images, format_)
