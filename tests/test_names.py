"""What rigs call their shape keys, and what Phiz makes of the names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from phiz.corpus.teacher.visemes import VISEMES
from phiz.face.channels import CHANNELS, INDEX, vector
from phiz.face.missing import losses
from phiz.face.names import KINDS, conventions, formula, match

PAGE = Path(__file__).parents[1] / "docs" / "rigs.md"


def keys_of(convention: str, *kinds: str) -> list[str]:
    """The keys a full rig of this convention has, sides as L and R."""
    tables = next(c.tables for c in conventions() if c.name == convention)
    patterns = [pattern for kind in kinds or KINDS for pattern in tables[kind]]
    return [p.replace("#", side) for p in patterns for side in ("L", "R") if "#" in p or side == "L"]


def one(channel: str) -> tuple[tuple[str, float], ...]:
    return ((channel, 1.0),)


def shown(names: list[str], pose: np.ndarray, edited: dict[str, str] | None = None) -> dict[str, float]:
    """The values of the keys when the channels stand at `pose` (51,)."""
    shows = match(names, edited).shows
    return {
        name: float(np.clip(sum(share * pose[INDEX[channel]] for channel, share in shares), 0, 1))
        for name, shares in shows.items()
    }


def test_every_formula_names_channels() -> None:
    for convention in conventions():
        for kind in KINDS:
            for pattern, text in convention.tables[kind].items():
                assert ("#" in text) <= ("#" in pattern)
                for channel, share in formula(text.replace("#", "Left")) + formula(
                    text.replace("#", "Right")
                ):
                    assert channel in INDEX, (convention.name, pattern)
                    assert 0 < abs(share) <= 2
                if kind in ("keys", "parts"):
                    assert len(formula(text)) == 1, (convention.name, pattern)
        assert set(convention.unconfirmed) <= {p for kind in KINDS for p in convention.tables[kind]}


def test_formula() -> None:
    assert formula("0.5 a - b + 2 c") == (("a", 0.5), ("b", -1.0), ("c", 2.0))


def test_arkit_is_itself() -> None:
    found = match((*CHANNELS, "tongueOut", "Basis", "Key 1", "mouthSmile", "viseme_aa", "Eye_Blink_L"))
    assert found.shows == {channel: one(channel) for channel in CHANNELS}, "what is said already is left"
    assert (found.convention, found.missing, found.rough) == ("ARKit", (), ())


@pytest.mark.parametrize(
    "spell",
    [
        lambda channel: channel[0].upper() + channel[1:],
        lambda channel: channel.replace("Left", "_L").replace("Right", "_R"),
        lambda channel: channel.replace("Left", ".L").replace("Right", ".R"),
        lambda channel: channel.replace("Left", "_left").replace("Right", "_right"),
        lambda channel: f"blendShape1.{channel}",
        lambda channel: f"Faceit_{channel}",
        lambda channel: f"my rig {channel}",
        lambda channel: f"A{INDEX[channel]:02d}_{channel}",
    ],
)
def test_spellings_of_arkit(spell) -> None:
    found = match([spell(channel) for channel in CHANNELS])
    assert found.shows == {spell(channel): one(channel) for channel in CHANNELS}
    assert found.missing == ()


@pytest.mark.parametrize("convention", ["ARKit", "Character Creator", "MetaHuman", "Faceshift"])
def test_whole_rigs_show_every_channel(convention: str) -> None:
    found = match(keys_of(convention, "keys", "parts"))
    assert (found.convention, found.missing, found.rough) == (convention, (), ())
    assert all(len(shares) == 1 and shares[0][1] == 1.0 for shares in found.shows.values())


def test_conventions_are_told_apart() -> None:
    for convention in conventions():
        assert match(keys_of(convention.name)).convention == convention.name


def test_character_creator() -> None:
    shows = match(keys_of("Character Creator", "keys", "parts", "visemes")).shows
    assert shows["Eye_L_Look_R"] == one("eyeLookInLeft")
    assert shows["Brow_Raise_Inner_L"] == shows["Brow_Raise_Inner_R"] == one("browInnerUp")
    assert shows["Mouth_L"] == one("mouthLeft")
    assert not any(name.startswith("V_") for name in shows), "its visemes would open the mouth twice"


def test_metahuman_from_unreal_and_as_morph_targets() -> None:
    found = match(
        [f"CTRL_expressions_{name.replace('_', '')}" for name in keys_of("MetaHuman", "keys", "parts")]
    )
    assert found.missing == ()
    assert found.mouth_close == "relative"
    assert found.shows["CTRL_expressions_eyelookLeftR"] == one("eyeLookInRight")
    names = ["head_lod0_mesh__mouth_cornerPull_left", "head_lod0_mesh__EcheekRaise_EsquintInner_L"]
    assert match(names).shows == {names[0]: one("mouthSmileLeft")}, "correctives are left alone"
    teeth = ["teeth_lod0_mesh__jaw_open"]
    assert match(teeth, beside=["head_lod0_mesh__mouth_lipsTogether_UL"]).shows == {teeth[0]: one("jawOpen")}


def test_one_key_for_both_sides_and_one_side_in_parts() -> None:
    shows = match(
        ["eyeBlink", "browInnerUp_L", "browInnerUp_R", "mouthSmile", "mouthSmileLeft", "mouthSmileRight"]
    )
    assert shows.shows["eyeBlink"] == (("eyeBlinkLeft", 0.5), ("eyeBlinkRight", 0.5))
    assert shows.shows["browInnerUp_L"] == one("browInnerUp")
    assert "mouthSmile" not in shows.shows
    assert shows.rough == ("eyeBlinkLeft", "eyeBlinkRight")


def test_of_two_spellings_one_is_taken() -> None:
    assert match(["EyeBlinkLeft", "eyeBlink_L", "old.eyeBlinkLeft"]).shows.keys() == {"EyeBlinkLeft"}


def test_doubtful_names_are_left_alone() -> None:
    names = ["A", "I", "Body", "Leg_L", "Hand_A", "Hand_E", "Hand_I", "Hand_O", "Hand_U", "Joy", "Blush"]
    names += ["jawOpen_mouthClose", "jawOpen_mouthLeft", "jawOpen_mouthRight"]
    names += ["jawOpen.001", "jawOpen_corrective", "fix_jawOpen", "left", "JawBone", "Fcl_ALL_Joy"]
    assert match(names).shows == {}
    assert match(names).convention == ""


VOWELS = {"AA": 0, "IY": 1, "UW": 2, "EH": 3, "OW": 4}


@pytest.mark.parametrize(
    "keys",
    [
        ["A", "I", "U", "E", "O"],
        ["aa", "ih", "ou", "ee", "oh"],
        [f"Fcl_MTH_{v}" for v in "AIUEO"],
        [f"Face.M_F00_000_00_Fcl_MTH_{v}" for v in "AIUEO"],
        [f"viseme_{v}" for v in ("aa", "I", "U", "E", "O")],
        [f"vrc.v_{v}" for v in ("aa", "ih", "ou", "e", "oh")],
        list("あいうえお"),
    ],
)
def test_vowels_raise_their_own_shapes(keys: list[str]) -> None:
    for phone, own in VOWELS.items():
        values = shown(keys, vector(**VISEMES[phone].weights))
        if phone != "EH":  # half way between A and I, which hold most of it
            assert max(values, key=lambda key: values[key]) == keys[own], phone
        assert values[keys[own]] > 0.19
    assert max(shown(keys, np.zeros(51, np.float32)).values()) == 0
    missing = match(keys).missing
    assert "jawOpen" not in missing and "browInnerUp" in missing
    assert "jawOpen" in match(keys).rough


def test_visemes_fill_what_the_jaw_leaves_open() -> None:
    assert match(["jawOpen", *"AIUEO"]).shows.keys() == {"jawOpen", "I", "U"}


def test_lips_meet_without_a_key_for_it() -> None:
    closed = vector(jawOpen=0.4, mouthClose=0.4)
    assert shown(["jawOpen", "mouthFunnel"], closed)["jawOpen"] == 0
    assert shown(list("AIUEO"), closed)["A"] == 0
    assert shown(["jawOpen", "mouthClose"], closed)["jawOpen"] == pytest.approx(0.4)
    assert match(["jawOpen"], beside=["mouthClose"]).shows == {"jawOpen": one("jawOpen")}, (
        "teeth keep the jaw"
    )
    assert "mouthClose" in match(["jawOpen"]).missing


def test_coarse_keys_only_where_nothing_else_is() -> None:
    oculus = keys_of("Oculus visemes")
    assert "mouthOpen" not in match(oculus).shows
    assert match(["mouthOpen", "eyesClosed"]).shows["mouthOpen"][0] == ("jawOpen", 1.0)


def test_edits_go_on_top() -> None:
    names = [*CHANNELS, "Grin", "Fun"]
    edited = {
        "mouthSmileLeft": "Grin",
        "mouthSmileRight": "Grin",
        "cheekPuff": "",
        "jawOpen": "Fun",
        "browInnerUp": "No",
    }
    found = match(names, edited)
    assert found.shows["Grin"] == (("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5))
    assert found.shows["Fun"] == one("jawOpen")
    assert found.shows["browInnerUp"] == one("browInnerUp"), "a key the mesh lacks changes nothing"
    assert found.missing == ("cheekPuff",)
    assert not {"mouthSmileLeft", "cheekPuff", "jawOpen"} & found.shows.keys()
    same = match(names, {"mouthPucker": "mouthFunnel"}).shows
    assert same["mouthFunnel"] == (("mouthFunnel", 1.0), ("mouthPucker", 1.0))


def test_every_channel_is_missed_once() -> None:
    missed = [channel for loss in losses(CHANNELS) for channel in loss.channels]
    assert sorted(missed) == sorted(CHANNELS)
    assert [loss.channels for loss in losses(["cheekPuff", "eyeBlinkLeft", "jawOpen"])] == [
        ("jawOpen",), ("eyeBlinkLeft",), ("cheekPuff",),
    ]  # fmt: skip
    assert losses(()) == ()


def test_the_page_tells_what_the_data_hold() -> None:
    spec = importlib.util.spec_from_file_location("rigs", PAGE.with_suffix(".py"))
    assert spec and spec.loader
    rigs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rigs)
    text = PAGE.read_text("utf-8")
    assert rigs.page(text) == text, "run python docs/rigs.py"
    for convention in conventions():
        assert f"**{convention.name}**" in text
