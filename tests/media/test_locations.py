"""What a job reads and where it writes."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolbyio_nb.errors import InvalidOption, TransferError
from dolbyio_nb.media.inputs import read_input, read_inputs
from dolbyio_nb.media.locations import is_temporary, name_of, new_input, plain, remote_location, shown
from dolbyio_nb.media.outputs import Target, choose_renditions, choose_target

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "place", ["dlb://a.wav", "https://h/a.wav", "s3://b/a.wav", {"url": "s3://b/k", "auth": {"key": "k"}}]
)
def test_what_the_service_can_reach_is_passed_on_as_it_is(place: str | dict[str, Collection[str]]) -> None:
    """Addresses and mappings with a url are not touched."""
    assert remote_location(place) is place


@pytest.mark.parametrize("place", ["gs://bucket/a.wav", {"path": "a.wav"}, {}, {"url": 3}])
def test_what_the_service_cannot_reach_is_refused_in_words(place: Any) -> None:
    """Another store's address, or a mapping without one, says what would do."""
    with pytest.raises(TransferError, match="dlb://, https:// and s3://"):
        remote_location(place)


@pytest.mark.parametrize("place", ["talk.wav", r"C:\sound\talk.wav", "/a/b.wav", b"RIFF", "a:b.wav"])
def test_everything_else_is_on_this_computer(place: bytes | str) -> None:
    """A path stays a path, also on Windows."""
    assert remote_location(place) is None


def test_an_address_is_shown_without_its_secrets() -> None:
    """Query, user and password are not for people to see."""
    address = "https://ann:secret@host/in/x.wav?X-Amz-Signature=abc"
    assert shown(address) == "https://host/in/x.wav"
    assert shown({"url": address, "auth": {"secret": "s"}}) == "https://host/in/x.wav"


@given(anything)
def test_showing_a_place_never_breaks(place: dict[str, Any] | int | str | None) -> None:
    """Whatever stands in a mapping, there is a text for it."""
    assert isinstance(shown({"url": place}), str)
    assert isinstance(is_temporary({"url": place}), bool)


@given(st.text(max_size=60))
def test_names_keep_to_what_the_service_advises(name: str) -> None:
    """Only letters, digits, dots, dashes and underscores, never empty, never hidden."""
    made = plain(name)
    assert made
    assert not made.startswith(".")
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


@given(st.text(max_size=60))
def test_a_name_can_be_read_from_any_address(address: str) -> None:
    """There is always some name."""
    assert name_of(f"https://h/{address}")


def test_two_uploads_of_one_name_do_not_collide() -> None:
    """Every upload has an address of its own."""
    assert new_input("a.wav") != new_input("a.wav")


def test_a_result_without_a_place_goes_to_temporary_storage() -> None:
    """Named after the original, in the format that is wanted."""
    target = choose_target(None, read_input("https://h/talk.m4a?sig=1"), ".mp3")
    assert target.location.startswith("dlb://out/")  # type: ignore[union-attr]
    assert target.location.endswith("/talk.mp3")  # type: ignore[union-attr]
    assert target.save_to is None


def test_a_result_that_is_wanted_here_goes_through_temporary_storage(tmp_path: Path) -> None:
    """The path's own name and suffix decide what the service writes."""
    target = choose_target(tmp_path / "better.mp3", read_input("dlb://talk.wav"), ".wav")
    assert target.location.endswith("/better.mp3")  # type: ignore[union-attr]
    assert target.save_to == tmp_path / "better.mp3"


def test_a_folder_as_output_keeps_the_name(tmp_path: Path) -> None:
    """An existing folder, or a path that ends with a slash, gets the original's name."""
    read = read_input("dlb://talk.wav")
    assert choose_target(tmp_path, read, ".wav").save_to == tmp_path / "talk.wav"
    assert choose_target(f"{tmp_path}/new/", read, ".wav").save_to == tmp_path / "new" / "talk.wav"


def test_a_path_without_a_suffix_gets_one(tmp_path: Path) -> None:
    """A file's format can be seen from its name."""
    target = choose_target(tmp_path / "better", read_input("dlb://talk.wav"), ".wav")
    assert target.save_to == tmp_path / "better.wav"


def test_an_original_is_never_replaced_by_its_result(tone: Path) -> None:
    """The same path as source and output is refused."""
    with pytest.raises(InvalidOption, match="replaced by its own result"):
        choose_target(tone, read_input(tone), ".wav")


def test_a_place_of_ones_own_is_used_as_it_is() -> None:
    """An address or a mapping is where the service writes."""
    place = {"url": "s3://b/k.wav", "auth": {"key": "a", "secret": "b"}}
    assert choose_target(place, read_input("dlb://a.wav"), ".wav") == Target(place)


def test_a_format_that_nobody_named_is_asked_for() -> None:
    """Transcode needs a kind or an output with a suffix."""
    with pytest.raises(InvalidOption, match="which format"):
        choose_renditions([{"destination": {"ref": "s", "filename": "x"}}], read_input("dlb://a.wav"))


def test_a_list_without_a_source_is_refused() -> None:
    """Joining nothing makes no sense."""
    with pytest.raises(InvalidOption, match="no source"):
        read_inputs([])


def test_every_output_has_a_kind_and_a_destination(tmp_path: Path) -> None:
    """What the service must know is completed from what was given."""
    wanted = [
        {"kind": "hls"},
        {"destination": tmp_path / "a.mp3"},
        {"kind": "mp4", "destination": "s3://b/x"},
    ]
    targets, asked = choose_renditions(wanted, read_input("dlb://talk.wav"))  # type: ignore[arg-type]
    assert [one["kind"] for one in asked] == ["hls", "mp3", "mp4"]
    assert [one["destination"] for one in asked] == [target.location for target in targets]
    assert targets[0].location.endswith("/talk.m3u8")  # type: ignore[union-attr]
    assert targets[1].save_to == tmp_path / "a.mp3"
