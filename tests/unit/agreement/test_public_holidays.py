"""Public holidays of one country are read without importing the others, and are the library's own."""

from __future__ import annotations

import subprocess
import sys

import holidays
import pytest

from tandem.agreement.business_hours import HOLIDAY_YEARS, public_holidays

ASK = (
    "import sys; from tandem.agreement.business_hours import public_holidays; assert public_holidays('US-NJ');"
    "print([name for name in sys.modules if name.startswith('holidays.countries')])"
)


@pytest.mark.parametrize("place", ["US-NJ", "DE-BY", "GB", "CA-QC", "GU"])
def test_they_are_what_the_library_says(place: str):
    country, _, part = place.partition("-")

    told = holidays.country_holidays(country, subdiv=part or None, years=HOLIDAY_YEARS)

    assert public_holidays(place) == tuple(sorted(told))


@pytest.mark.parametrize("place", ["USA", "UnitedStates", "us", "US-California", "../os"])
def test_only_the_short_codes_are_known(place: str):
    with pytest.raises(ValueError, match="no holidays are known"):
        public_holidays(place)


def test_no_country_is_imported_beside_the_one_that_is_asked_for():
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)

    assert asked.stdout.strip() == "[]"
