import pytest

from truthline.emulator.lines import MESSAGES
from truthline.manifest.annotation import Level
from truthline.manifest.check.explanations import EXPLANATIONS, explain, warning_code
from truthline.manifest.check.fixes import FIXES
from truthline.manifest.check.rules import RULES
from truthline.sync.push import push

# What the guide lists for files and whole datasets, beside the codes of lines.
OF_FILES = [
    "ERROR_EMPTY_MANIFEST",
    "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT",
    "ERROR_MANIFEST_SIZE_TOO_LARGE",
    "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM",
    "ERROR_INVALID_PERMISSIONS_MANIFEST_S3_BUCKET",
    "ERROR_TOO_MANY_RECORDS_IN_ERROR",
    "ERROR_MANIFEST_TOO_MANY_LABELS",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE",
]
OF_TRAINING = [
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST",
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
    "ERROR_INVALID_IMAGES_S3_BUCKET_OWNER",
    "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
    "ERROR_MANIFEST_TOO_FEW_LABELS",
    "ERROR_INSUFFICIENT_LABEL_OVERLAP",
    "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS",
    "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
    "ERROR_FAILED_IMAGES_S3_COPY",
]
OF_PUSHES = [push.NOT_STORED, push.STORED_DIFFERENTLY, push.UPDATE_FAILED]


@pytest.mark.parametrize(
    "code", sorted({*(rule.code for rule in RULES), *MESSAGES, *OF_FILES, *OF_TRAINING, *OF_PUSHES, *FIXES})
)
def test_every_code_is_explained(code):
    told = EXPLANATIONS[code]
    assert told.code == code
    assert told.title[0].isupper() or told.title.startswith("image_size")
    assert not told.title.endswith(".")
    assert told.why.endswith(".")
    assert told.how_to_fix.endswith(".")


def test_no_explanation_stands_twice_and_each_code_is_one_of_the_two_kinds():
    titles = [told.title for told in EXPLANATIONS.values()]
    assert len(set(titles)) == len(titles)
    assert all(code.startswith(("ERROR_", "WARNING_", "TRUTHLINE_")) for code in EXPLANATIONS)


def test_what_is_only_a_warning_yet_has_a_code_of_ours_and_the_same_explanation():
    code = warning_code("ERROR_MANIFEST_TOO_FEW_LABELS")
    assert code == "TRUTHLINE_MANIFEST_TOO_FEW_LABELS"
    told = explain(code)
    assert (told.code, told.title) == (code, EXPLANATIONS["ERROR_MANIFEST_TOO_FEW_LABELS"].title)
    assert told.why.startswith("Training fails with ERROR_MANIFEST_TOO_FEW_LABELS.")
    assert warning_code("TRUTHLINE_MIXED_KINDS") == "TRUTHLINE_MIXED_KINDS"
    taken = {warning_code(one) for one in EXPLANATIONS if one.startswith("ERROR_")} & EXPLANATIONS.keys()
    assert taken == set(), "a code of ours would have two meanings"


def test_no_rule_calls_a_warning_an_error():
    assert all(rule.level is Level.ERROR for rule in RULES if rule.code.startswith("ERROR"))


def test_a_code_that_nobody_knew_of_is_told_in_its_own_words():
    told = explain("ERROR_THE_MOON_IS_FULL")
    assert (told.code, told.title) == ("ERROR_THE_MOON_IS_FULL", "The moon is full")
    assert told.why
    assert explain("").title
    assert explain("ERROR_INVALID_IMAGE") is EXPLANATIONS["ERROR_INVALID_IMAGE"]
