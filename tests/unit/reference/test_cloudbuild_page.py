"""The page of fields names every field of the table."""

from __future__ import annotations

from ctr_ci.cloudbuild import MESSAGES
from ctr_ci.reference.cloudbuild_page import render


def test_every_field_has_its_row() -> None:
    page = render()
    for message, fields in MESSAGES.items():
        section = page.partition(f"\n## {message}\n")[2].partition("\n## ")[0]
        for field in fields:
            if field.output:
                assert f"`{field.name}`" in section
            else:
                assert field.says in section
    assert (
        "| **name** | text | 1,000 characters (a warning) | $ | The image that the step runs in. | yes |"
        in page
    )
