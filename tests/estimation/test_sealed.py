import json

import pytest

from estimation.fingerprint import seal, seal_text, unseal, unseal_text

VALUES = {"a": 0.1, "b": {"c": [1e-300, float("inf")]}, "text": "é"}


def test_what_was_sealed_comes_back():
    assert unseal(json.loads(json.dumps(seal(VALUES), indent=1))) == VALUES
    assert unseal_text(seal_text("a,b\n1,2\n")) == "a,b\n1,2\n"


@pytest.mark.parametrize(
    "values",
    [VALUES, {**seal(VALUES), "a": 0.2}, {**seal(VALUES), "d": 1}, {**seal(VALUES), "crc32": "0"}, [], None],
)
def test_other_values_are_refused(values):
    with pytest.raises(ValueError, match=r"not a table|wrong checksum"):
        unseal(values)


def test_any_changed_letter_of_a_text_is_noticed():
    text = seal_text("a,b\n1,2\n")
    for place in range(len(text)):
        with pytest.raises(ValueError, match="checksum"):
            unseal_text(text[:place] + "~" + text[place + 1 :])
