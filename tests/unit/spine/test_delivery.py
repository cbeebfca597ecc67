"""What a provider's answer means for the next attempt."""

from __future__ import annotations

import pytest

from tandem.delivery import LONGEST_WAIT_S, HttpAnswer, judge, retry_after
from tandem.errors import DeliveryFailed, DeliveryReason


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_answer_is_success(status):
    answer = HttpAnswer(status)

    assert judge(answer) is answer


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (300, DeliveryReason.REJECTED, False),
        (302, DeliveryReason.REJECTED, False),
        (400, DeliveryReason.STATUS_4XX, False),
        (401, DeliveryReason.STATUS_4XX, False),
        (404, DeliveryReason.STATUS_4XX, False),
        (408, DeliveryReason.STATUS_4XX, True),
        (410, DeliveryReason.STATUS_4XX, False),
        (425, DeliveryReason.STATUS_4XX, True),
        (429, DeliveryReason.THROTTLED, True),
        (500, DeliveryReason.STATUS_5XX, True),
        (503, DeliveryReason.STATUS_5XX, True),
        (599, DeliveryReason.STATUS_5XX, True),
        (700, DeliveryReason.STATUS_5XX, True),
    ],
)
def test_any_other_answer_is_a_failure_that_says_whether_to_try_again(status, reason, retry):
    with pytest.raises(DeliveryFailed) as caught:
        judge(HttpAnswer(status, {"retry-after": "7"}, b"why \x1b[31m whsec_abc"))

    assert (caught.value.reason, caught.value.retry) == (reason, retry)
    assert "\x1b" not in caught.value.detail
    assert "abc" not in caught.value.detail
    assert caught.value.retry_after_s == (None if status < 400 else 7.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "9" * 4000}, LONGEST_WAIT_S),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "Fri, 99 Nov 99999999 10:00:30 GMT", "date": "x"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(headers, seconds):
    assert retry_after(headers) == seconds
