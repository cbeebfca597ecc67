"""What a person sends is storable text or is refused with a reason."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from tandem.web.text import LONGEST, STRICT, Line, Text


class Form(BaseModel):
    model_config = STRICT

    text: Text = ""
    title: Line = "x"
    weight: float = 0


@pytest.mark.parametrize("text", ["", "größer 🚨\n\tzweite Zeile", "x" * LONGEST, "\u202e"])
def test_storable_text_is_kept_as_it_is(text):
    assert Form(text=text).text == text


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"text": "x" * (LONGEST + 1)},
        {"title": ""},
        {"title": "two\nlines"},
        {"title": "x" * 301},
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"other": 1},
    ],
)
def test_what_cannot_be_stored_or_is_a_typing_error_is_refused(fields):
    with pytest.raises(ValidationError):
        Form(**fields)
