import re
from pathlib import Path

import pytest

import truthline
from truthline.emulator.lines import MESSAGES
from truthline.interchange.findings import Code as ImportCode
from truthline.manifest.annotation import Level
from truthline.manifest.check.codes.of_datasets import DATASET_CODES
from truthline.manifest.check.codes.of_exchange import EXCHANGE_CODES
from truthline.manifest.check.codes.of_lines import LINE_CODES
from truthline.manifest.check.codes.table import CODES, Source, explain, warning_code
from truthline.manifest.check.fixes import FIXES
from truthline.manifest.check.rules import RULES

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
# What only a training tells of lines.
OF_VALIDATION = [
    "ERROR_INVALID_JSON_LINE",
    "ERROR_MISSING_SOURCE_REF",
    "ERROR_INVALID_SOURCE_REF_FORMAT",
    "ERROR_INVALID_IMAGE",
    "WARNING_UNANNOTATED_RECORD",
    "WARNING_NO_ANNOTATIONS",
    "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
]
PACKAGE = Path(truthline.__file__).parent
WRITTEN = re.compile(r"""["'](?:TRUTHLINE|ERROR|WARNING)_[A-Z0-9_]+["']""")


def codes_in_the_package() -> set[str]:
    """Every code that stands somewhere in Truthline's code, but for the table and the emulator."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if "emulator" not in path.parts and not path.name.startswith("codes"):
            found |= {each.strip("\"'") for each in WRITTEN.findall(path.read_text(encoding="utf-8"))}
    # One is put together of two parts.
    return (found - {"ERROR_INVALID_LABEL_ATTRIBUTE_"}) | {rule.code for rule in RULES}


def test_the_table_holds_every_code_and_none_more() -> None:
    documented = {*MESSAGES, *OF_FILES, *OF_TRAINING, *OF_VALIDATION}
    assert CODES.keys() == codes_in_the_package() | documented
    assert {code for code, told in CODES.items() if told.source is not Source.OWN} == documented
    assert all(code.startswith(("ERROR_", "WARNING_")) for code in documented)


def test_a_code_stands_in_the_table_once() -> None:
    assert len([*LINE_CODES, *DATASET_CODES, *EXCHANGE_CODES]) == len(CODES)


def test_imports_give_codes_of_the_table() -> None:
    assert {code.value for code in ImportCode} <= CODES.keys()


def test_the_table_says_what_has_a_fix_and_how_bad_what_the_rules_find_is() -> None:
    assert {code: told.fix for code, told in CODES.items() if told.fix} == {
        code: fix.title for code, fix in FIXES.items()
    }
    assert all(rule.level is CODES[rule.code].level for rule in RULES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_explained(code: str) -> None:
    told = CODES[code]
    assert told.code == code
    assert told.title[0].isupper() or told.title.startswith("image_size")
    assert not told.title.endswith(".")
    assert told.why.endswith(".")
    assert told.how_to_fix.endswith(".")


def test_no_explanation_stands_twice_and_each_code_is_one_of_the_two_kinds() -> None:
    titles = [told.title for told in CODES.values()]
    assert len(set(titles)) == len(titles)
    assert all(code.startswith(("ERROR_", "WARNING_", "TRUTHLINE_")) for code in CODES)


def test_what_is_only_a_warning_yet_has_a_code_of_ours_and_the_same_explanation() -> None:
    code = warning_code("ERROR_MANIFEST_TOO_FEW_LABELS")
    assert code == "TRUTHLINE_MANIFEST_TOO_FEW_LABELS"
    told = explain(code)
    assert (told.code, told.title) == (code, CODES["ERROR_MANIFEST_TOO_FEW_LABELS"].title)
    assert told.why.startswith("Training fails with ERROR_MANIFEST_TOO_FEW_LABELS.")
    assert warning_code("TRUTHLINE_MIXED_KINDS") == "TRUTHLINE_MIXED_KINDS"
    taken = {warning_code(one) for one in CODES if one.startswith("ERROR_")} & CODES.keys()
    assert taken == set(), "a code of ours would have two meanings"


def test_no_rule_calls_a_warning_an_error() -> None:
    assert all(rule.level is Level.ERROR for rule in RULES if rule.code.startswith("ERROR"))


def test_a_code_that_nobody_knew_of_is_told_in_its_own_words() -> None:
    told = explain("ERROR_THE_MOON_IS_FULL")
    assert (told.code, told.title) == ("ERROR_THE_MOON_IS_FULL", "The moon is full")
    assert told.why
    assert explain("").title
    assert explain("ERROR_INVALID_IMAGE") is CODES["ERROR_INVALID_IMAGE"]
