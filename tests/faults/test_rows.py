"""Which test shows which row of the table of faults: what goes wrong, what boto3 makes of it, and what we do.

Each row names its tests as ``file::test`` below ``tests``. The rows are those of the design, each seen
on real sockets; where a whole push has nothing to add, the test stands with the room that deals with it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROWS = {
    "HTTP 200 with HTML, an empty or a truncated body": [
        "faults/test_false_success.py::test_a_push_does_not_believe_it",
        "faults/test_false_success.py::test_an_update_that_only_a_portal_took_is_not_pushed",
        "faults/test_false_success.py::test_the_read_back_does_not_believe_it",
        "faults/test_false_success.py::test_a_pull_does_not_believe_it",
        "faults/test_false_success.py::test_an_upload_that_only_a_portal_took_is_no_upload",
        "faults/test_images_from_s3.py::test_what_did_not_come_whole_from_aws_is_never_kept",
        "aws/test_rekognition.py::test_a_success_without_a_request_id_is_not_from_aws",
        "aws/test_rekognition.py::test_a_success_without_its_members_is_not_from_aws",
    ],
    "the reply to an accepted update is lost": [
        "sync/push/test_push.py::test_a_lost_reply_is_settled_by_reading_back",
        "faults/test_false_success.py::test_an_update_that_went_through_behind_a_portal_is_found_by_reading_back",
        "aws/test_rekognition.py::test_a_change_is_sent_once",
    ],
    "ThrottlingException, ProvisionedThroughputExceeded": [
        "faults/test_waiting.py::test_a_countdown_runs_over_minutes_and_then_the_push_goes_on",
        "faults/test_waiting.py::test_after_five_minutes_it_gives_up_and_keeps_everything",
        "faults/test_waiting.py::test_a_service_that_allows_few_calls_gets_all_batches_in_the_end",
    ],
    "ResourceInUse, ResourceNotReady": [
        "sync/push/test_push.py::test_another_persons_update_is_waited_for",
        "faults/test_switches.py::test_every_two_behaviours_together_end_in_the_same_dataset",
        "aws/test_rekognition.py::test_a_second_update_is_busy_and_names_the_dataset",
    ],
    "500, 502, closed, refused": [
        "faults/test_waiting.py::test_a_moment_of_it_is_tried_again",
        "faults/test_waiting.py::test_for_long_it_ends_the_push_and_the_work_is_kept",
        "faults/test_waiting.py::test_where_nobody_listens",
    ],
    "half-open connection": [
        "faults/test_half_open.py::test_a_read_that_hangs_ends_the_push_as_offline",
        "faults/test_half_open.py::test_an_update_that_hangs_is_sent_once_at_a_time",
        "faults/test_half_open.py::test_a_cancelled_push_ends_when_its_call_does",
        "aws/test_rekognition.py::test_a_large_body_may_take_longer_than_connecting_may",
    ],
    "clock off": [
        "faults/test_refusals.py::test_the_push_says_by_how_many_minutes",
        "faults/test_refusals.py::test_s3_says_it_too",
    ],
    "expired sign-in": [
        "faults/test_refusals.py::test_the_push_goes_on_with_the_new_keys",
        "aws/test_renewal.py::test_an_expired_sso_token_then_a_new_one",
        "aws/test_session.py::test_an_expired_sso_sign_in_gives_the_command_to_copy",
    ],
    "SSO endpoint unreachable": [
        "aws/test_session.py::test_an_unreachable_sso_service_is_offline_and_not_sign_in_again",
    ],
    "broken SSO cache, bad credential_process": [
        "aws/test_session.py::test_a_broken_sso_cache_names_its_file_and_the_profile",
        "aws/test_session.py::test_a_bad_credential_process_names_itself_and_the_profile",
    ],
    "no region, no credentials": [
        "aws/test_session.py::test_no_region_comes_before_no_credentials",
        "aws/test_session.py::test_no_credentials_at_call_time",
    ],
    "AccessDenied": [
        "faults/test_refusals.py::test_the_push_names_the_permission",
        "faults/test_refusals.py::test_s3_names_it_also_where_the_answer_is_only_a_number",
    ],
    "bucket in another region": [
        "faults/test_refusals.py::test_both_regions_are_named",
        "faults/test_refusals.py::test_a_dataset_of_another_region_names_the_one_that_was_asked",
    ],
    "truncated GET": [
        "faults/test_images_from_s3.py::test_what_did_not_come_whole_from_aws_is_never_kept",
        "faults/test_images_from_s3.py::test_a_cut_image_comes_whole_at_the_next_try",
        "aws/test_s3.py::test_half_an_object_is_never_given",
    ],
    "update stuck": [
        "faults/test_waiting.py::test_after_fifteen_minutes_it_says_so_and_polls_more_slowly",
        "faults/test_waiting.py::test_it_survives_a_restart",
    ],
    "stale status": [
        "faults/test_waiting.py::test_the_status_from_before_an_update_is_not_taken_for_its_end",
    ],
    "lines dropped": [
        "faults/test_dropped.py::test_only_the_lines_that_were_left_out_are_not_pushed",
        "sync/push/test_push.py::test_lines_dropped_in_silence_are_found",
    ],
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_tests(row: str) -> None:
    """A test that was renamed or taken away must not leave its row bare unseen."""
    tests = Path(__file__).parents[1]
    for named in ROWS[row]:
        path, _, name = named.partition("::")
        assert f"def {name}(" in (tests / path).read_text(encoding="utf-8"), named
