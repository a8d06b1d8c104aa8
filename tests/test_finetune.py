"""Fine-tuning: a bundle learns a face, stays a bundle, and one run in two processes is one run."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")
pytest.importorskip("onnx")

import onnx
import torch
from conftest import tiny_dit, tiny_phone

from phiz.acting.direction import AUEvent, Direction
from phiz.acting.units import WIDTH
from phiz.audio.aligned import width
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.cli import main
from phiz.corpus.teacher.styles import CAPTURED, STYLES
from phiz.face.channels import CHANNELS, COUNT, INDEX
from phiz.model.adapter import Adapter, AdapterConfig
from phiz.model.dit import MOTION, Dit
from phiz.model.phone_encoder import OUTPUTS, PhoneEncoder
from phiz.motion.take import Take
from phiz.runtime import bundle
from phiz.runtime.generate import generate
from phiz.runtime.manner import Manner, Manners
from phiz.train import checkpoint, face_bundle, finetune, from_bundle, lora, stage2
from phiz.train.checkpoint import CheckpointError
from phiz.train.motion import Scale
from phiz.train.own_face import OwnFace, OwnWindows, Stretch, own_face
from phiz.train.processes import Processes
from phiz.train.takes.check import Checked
from phiz.train.takes.pairs import Pair, TakesError

AUDIO = width(OUTPUTS)
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of random networks with an adapter and manners, none of them trained."""
    from export.bundle import write_bundle

    folder = tmp_path_factory.mktemp("small")
    torch.manual_seed(0)
    config = tiny_dit(AUDIO)
    base = Dit(config)
    torch.nn.init.orthogonal_(base.head.weight)
    adapter = Adapter(AdapterConfig(AUDIO, WIDTH, 16, 1, 2, 2, config.width, config.blocks))
    with torch.no_grad():  # weights that are the same, all zero, the exporter stores but once
        for weight in base.parameters():
            weight += 0.05 * torch.randn_like(weight)
    scale = Scale(np.full(MOTION, 0.1, np.float32), np.full(MOTION, 0.2, np.float32))
    facts = {"scale": scale.as_dict(), "styles": list(STYLES), "captured": list(CAPTURED)}

    def save(name: str, network: torch.nn.Module, **facts: object) -> Path:
        path, mean = folder / name, checkpoint.RunningMean(network, 0.9)
        known = {"config": network.config.as_dict(), "step": 0, **facts}  # pyright: ignore
        checkpoint.save(path, network, mean, torch.optim.SGD(network.parameters()), known)
        return path

    encoder = save("encoder", PhoneEncoder(tiny_phone()))
    stage1 = save("stage1", base, **facts)
    units = save("stage2", adapter, base=stage2.digest(stage1))
    manners = Manners(
        styles=[
            Manner(
                name=style, typical={"jaw": 0.1 + 0.1 * i}, spread={"jaw": 0.2}, captured=style in CAPTURED
            )
            for i, style in enumerate(STYLES)
        ]
    )
    write_bundle(
        encoder, stage1, folder / "small", name="small", guidance=bundle.Guidance(audio=1.3, coarse=1.2),
        stage2_checkpoint=units, manners=manners, steps=2,
    )  # fmt: skip
    return folder / "small"


@pytest.fixture(scope="module")
def face() -> OwnFace:
    """A jaw and a smile that follow what is heard; the rest does not move."""
    random = np.random.default_rng(3)
    parts = []
    for frames in (90, 80, 40):
        audio = random.standard_normal((frames, AUDIO)).astype(np.float32)
        motion = np.zeros((frames, MOTION), np.float32)
        for column, name in ((0, "jawOpen"), (1, "mouthSmileLeft")):
            motion[:, INDEX[name]] = 2.0 * np.convolve(audio[:, column], np.ones(3) / 3, "same")
        parts.append(Stretch(motion, audio))
    known = np.zeros(MOTION, bool)
    known[[INDEX["jawOpen"], INDEX["mouthSmileLeft"]]] = True
    return OwnFace(parts[:2], parts[2:], ["c"], known, 40)


@pytest.fixture(scope="module")
def learnt(small: Path, face: OwnFace, tmp_path_factory: pytest.TempPathFactory) -> finetune.Result:
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("learnt")
    return finetune.train(small, face, out, style="own", rank=4, steps=40, batch=4, every=10, peak_rate=2e-2)


def test_a_low_rank_change_starts_at_nothing_and_merges(small: Path) -> None:
    base = from_bundle.load_base(small)[0]
    grown = finetune.with_style(base, 2)
    inputs = face_bundle._inputs(grown, None)
    third = {**inputs, "style": torch.eye(len(STYLES))[[2, 2, 2]]}
    with torch.no_grad():
        before = base(*third.values())
        np.testing.assert_allclose(
            grown(*{**inputs, "style": torch.eye(9)[[8] * 3]}.values()), before, atol=1e-5
        )
        lora.add(grown, 3)
        np.testing.assert_allclose(
            grown(*{**inputs, "style": torch.eye(9)[[8] * 3]}.values()), before, atol=1e-5
        )
        for name, weight in grown.named_parameters():
            assert weight.requires_grad == (name.endswith((".up", ".down")) or name == "style_in.weight")
            if name.endswith(".up"):
                weight.normal_(0, 0.1)
        changed = grown(*inputs.values())
        lora.merge(grown)
        np.testing.assert_allclose(grown(*inputs.values()), changed, atol=1e-4)
    assert [name for name, _ in grown.named_parameters()] == [name for name, _ in base.named_parameters()]


def test_it_learns_what_was_kept_back(learnt: finetune.Result) -> None:
    assert learnt.after < 0.8 * learnt.before and learnt.step >= 10


def test_what_the_takes_do_not_carry_does_not_count(face: OwnFace) -> None:
    scale = Scale(np.full(MOTION, 0.1, np.float32), np.full(MOTION, 0.2, np.float32))
    losses, windows = finetune.FaceLosses(scale), OwnWindows(face, 9, 0)
    drawn, _, noise = windows.batch(0, range(3), 3)
    predicted = (drawn.motion + 0.3 * noise).requires_grad_(True)
    losses(predicted, drawn)[0].backward()
    assert predicted.grad is not None
    moved = predicted.grad.abs().sum((0, 1)) > 0
    assert moved[INDEX["jawOpen"]] and not moved[INDEX["browInnerUp"]] and not moved[COUNT:].any()


def test_rows_depend_on_nothing_but_their_number(face: OwnFace) -> None:
    windows = OwnWindows(face, 9, 5)
    whole = windows.batch(3, range(8), 8)
    first, second = (windows.batch(3, Processes("cpu", rank, 2).rows(4), 8) for rank in (0, 1))
    for all_rows, top, bottom in zip(whole[1:], first[1:], second[1:], strict=True):
        assert torch.equal(all_rows, torch.cat([top, bottom]))
    assert torch.equal(whole[0].motion, torch.cat([first[0].motion, second[0].motion]))
    assert not torch.equal(first[2], second[2])  # the processes draw what the other does not
    assert (whole[1].diff() > 0).all() and 0 < whole[1].min() < 0.1 < 0.9 < whole[1].max() < 1


class StoppedError(Exception):
    pass


class Stopping(Processes):
    """Stops a run at its second save."""

    count: ClassVar[list[int]] = [0]

    def wait(self) -> None:
        self.count[0] += 1
        if self.count[0] == 2:
            raise StoppedError


def test_a_run_goes_on_as_if_it_had_not_stopped(small: Path, face: OwnFace, tmp_path: Path) -> None:
    how = {"style": "own", "rank": 2, "steps": 6, "batch": 2, "every": 2, "peak_rate": 1e-2}
    finetune.train(small, face, tmp_path / "whole", **how)
    with pytest.raises(StoppedError):
        finetune.train(small, face, tmp_path / "parts", **how, processes=Stopping("cpu"))
    assert checkpoint.facts(tmp_path / "parts/finetune.safetensors")["step"] == 4
    finetune.train(small, face, tmp_path / "parts", **how)
    for name in ("finetune.safetensors", "best.safetensors", "log.csv"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    with pytest.raises(CheckpointError, match="other takes"):
        other = replace(face, learnt=face.learnt[:1])
        finetune.train(small, other, tmp_path / "parts", **how)


def test_it_stops_early(small: Path, face: OwnFace, tmp_path: Path) -> None:
    """What is kept back cannot be foretold: the smile of nobody."""
    random = np.random.default_rng(0)
    strange = [
        Stretch(5 * random.standard_normal(s.motion.shape).astype(np.float32), s.audio) for s in face.judged
    ]
    done = finetune.train(
        small, replace(face, judged=strange), tmp_path, style="own", rank=None, steps=200, batch=2, every=1,
        peak_rate=3e-2,
    )  # fmt: skip
    last = checkpoint.facts(tmp_path / "finetune.safetensors")["step"]
    assert last == done.step + finetune.PATIENCE < 200


DRIVER = """
import os, pickle, sys
from pathlib import Path
from typing import ClassVar
import torch
from phiz.train import checkpoint, finetune
from phiz.train.processes import Processes

small, face, out = (Path(p) for p in sys.argv[1:])
torch.set_num_threads(1)
team = Processes.of("cpu")
assert team.size == 2
if not team.first:
    def refuse(*args): raise RuntimeError("the second process writes")
    checkpoint.save = refuse
finetune.train(small, pickle.loads(face.read_bytes()), out, style="own", rank=2, steps=6, batch=2, every=3,
               peak_rate=1e-2, processes=team)
os._exit(0)  # as `python -m phiz` does
"""


def launched(tmp_path: Path, driver: str, *arguments: Path) -> None:
    """Run a program in two processes that know of each other."""
    (tmp_path / "driver.py").write_text(driver)
    # `accelerate launch` starts several processes on GPUs; on CPUs it leaves that to MPI or to torchrun.
    command = [*(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")]
    command += map(str, (tmp_path / "driver.py", *arguments))
    path = os.pathsep.join((str(ROOT / "core"), str(ROOT), str(ROOT / "tests")))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}, capture_output=True,
        text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_two_processes_are_one_with_twice_the_batch(small: Path, face: OwnFace, tmp_path: Path) -> None:
    finetune.train(
        small, face, tmp_path / "one", style="own", rank=2, steps=6, batch=4, every=3, peak_rate=1e-2
    )
    (tmp_path / "face").write_bytes(pickle.dumps(face))
    launched(tmp_path, DRIVER, small, tmp_path / "face", tmp_path / "two")
    one, two = (
        checkpoint._tensors(tmp_path / name / "finetune.safetensors", "model.") for name in ("one", "two")
    )
    assert one.keys() == two.keys()
    worst = max(float((one[key] - two[key]).abs().max()) for key in one)
    moved = max(float(one[key].abs().max()) for key in one if key.endswith(".up"))
    assert worst < 1e-6 < 1e-3 < moved
    judged = [checkpoint.facts(tmp_path / name / "finetune.safetensors")["state"] for name in ("one", "two")]
    assert judged[0]["best"] == pytest.approx(judged[1]["best"], rel=1e-4)


STAGE1 = """
import os, sys
from pathlib import Path
import torch
from conftest import tiny_dit
from phiz.train import checkpoint, hearing, stage1
from phiz.train.processes import Processes

corpus, encoder, out = (Path(p) for p in sys.argv[1:])
torch.set_num_threads(1)
team, whole = Processes.of("cpu"), []
if not team.first:
    def refuse(*args): raise RuntimeError("the second process writes")
    checkpoint.save = refuse
update = checkpoint.RunningMean.update
def told(self, model, step):
    whole.append(torch.cat([p.flatten() for p in model.parameters()]))
    update(self, model, step)
checkpoint.RunningMean.update = told
stage1.train(corpus, encoder, out, config=tiny_dit(hearing.audio_width(encoder)), steps=2, batch=2)
assert torch.equal(team.mean(whole[-1]), whole[-1]), "the processes went apart"
assert not torch.equal(whole[0], whole[1])
os._exit(0)  # as `python -m phiz` does
"""


def test_stage_1_in_two_processes(tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    launched(tmp_path, STAGE1, tiny_corpus, tiny_encoder, tmp_path / "out")
    assert checkpoint.facts(tmp_path / "out/stage1.safetensors")["step"] == 2
    assert (tmp_path / "out/log.csv").read_text().count("\n") == 2


@pytest.fixture(scope="module")
def own(
    small: Path, learnt: finetune.Result, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, float]]]:
    out = tmp_path_factory.mktemp("own") / "bundle"
    random = np.random.default_rng(0)
    jaw = np.abs(np.sin(np.arange(900) / 7.0))[:, None] * random.uniform(0.3, 0.6, (1, COUNT))
    take = Take(jaw, np.zeros((900, 3)), 60.0)
    yield out, face_bundle.write(small, learnt.model, "own", [take], {"steps": 1}, out, "small-own")


def test_the_bundle_is_the_old_one_with_another_denoiser(
    small: Path, own: tuple[Path, dict[str, float]], learnt: finetune.Result
) -> None:
    out, differences = own
    old, new = bundle.read_manifest(small), bundle.read_manifest(out)
    assert new.styles == [*old.styles, "own"] and new.default_style == "own" and new.name == "small-own"
    assert new.manners is not None and [m.name for m in new.manners.styles] == new.styles
    assert new.manners.styles[-1].captured and new.trained["finetune"] == {"steps": 1}
    assert set(differences) == {"denoiser.onnx", "denoiser.int8.onnx"} and differences["denoiser.onnx"] < 5e-3
    for name in ("encoder.onnx", "adapter.onnx"):
        assert (out / name).read_bytes() == (small / name).read_bytes()
    again = from_bundle.load_base(out)[0]
    assert again.config.styles == len(STYLES) + 1
    for name, weight in again.named_parameters():
        np.testing.assert_allclose(
            weight.detach(), dict(learnt.model.named_parameters())[name].detach(), atol=2e-3
        )


def test_distilled_guidance_is_cut_off(small: Path, learnt: finetune.Result, tmp_path: Path) -> None:
    from export.bundle import _controlled_inputs, write_denoiser_graphs
    from phiz.model.without import Guidable, Without, readings

    base = from_bundle.load_base(small)[0]
    weight = 0.1 * torch.randn(2, readings(base.config), MOTION)
    network = Guidable(base, Without(torch.tensor([0.0, 1.0]), weight))
    shapes = (_controlled_inputs(base, 2, 40), _controlled_inputs(base, 3, 30))
    write_denoiser_graphs(network, shapes, tmp_path)
    old = bundle.read_manifest(small).model_copy(update={"distilled": True})
    (tmp_path / "out").mkdir()
    differences = face_bundle._denoisers(tmp_path / "denoiser.onnx", learnt.model, old, tmp_path / "out")
    assert set(differences) == {"denoiser.onnx", "denoiser.int8.onnx"}
    graph = onnx.load(str(tmp_path / "out/denoiser.onnx")).graph
    assert [value.name for value in graph.output] == ["clean"]
    assert not any(tensor.name.startswith("without") for tensor in graph.initializer)


def test_the_bundle_generates(small: Path, own: tuple[Path, dict[str, float]]) -> None:
    voice = Recording((0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32))
    event = AUEvent(au=12, side="B", start=0.5, end=1.5, intensity=1.0)
    for precision in ("float", "int8"):
        opened = bundle.load(own[0], threads=1, precision=precision)  # pyright: ignore[reportArgumentType]
        plain = generate(voice, Direction(emotion=()), opened)
        assert np.array_equal(
            plain.weights, generate(voice, Direction(emotion=(), style="own"), opened).weights
        )
        assert not np.array_equal(
            plain.weights, generate(voice, Direction(emotion=(), style="plain"), opened).weights
        )
        acted = generate(voice, Direction(emotion=(), events=(event,)), opened)
        assert np.array_equal(acted.weights[:10], plain.weights[:10])
    before = generate(voice, Direction(emotion=()), bundle.load(small, threads=1))
    assert not np.array_equal(plain.weights, before.weights)


def checked_take(name: str, seconds: float) -> Checked:
    frames = round(seconds * 60)
    weights = np.zeros((frames, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]] = np.abs(np.sin(np.arange(frames) / 9.0))
    take = Take(weights, np.zeros((frames, 3)), 60.0)
    sound = Recording(
        (0.1 * np.random.default_rng(1).standard_normal(round(seconds * RATE))).astype(np.float32)
    )
    live = np.zeros(MOTION, bool)
    live[INDEX["jawOpen"]] = True
    return Checked(Pair(name, Path(name), Path(name)), (), take, sound, None, live)


def test_takes_are_parted(small: Path) -> None:
    opened = bundle.load(small, threads=1)
    few = own_face([checked_take("a", 8.0), checked_take("b", 6.0)], opened)
    assert [len(s.motion) for s in few.learnt] == [192, 144] and [len(s.motion) for s in few.judged] == [
        48,
        36,
    ]
    assert few.window == 36 and few.known.sum() == 1 and few.learnt[0].audio.shape == (192, AUDIO)
    many = own_face([checked_take(name, 3.0) for name in "abcdef"], opened)
    assert len(many.learnt) == 4 and many.held_out == ["f", "a"] and many.window == 90
    with pytest.raises(TakesError, match="longer takes"):
        own_face([checked_take("a", 3.0)], opened)
    with pytest.raises(TakesError, match="every one"):
        own_face([replace(checked_take("a", 3.0), take=None)], opened)


def test_the_command(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an encoder that hears nothing right, so that the checks have to be told to be content."""
    from phiz.train.takes import check

    monkeypatch.setattr(check, "UNRELATED", -2.0)
    monkeypatch.setattr(check, "sound_findings", lambda *_: [])
    monkeypatch.setattr(check, "CORRECTED", 9.0)
    takes = tmp_path / "takes"
    takes.mkdir()
    made = checked_take("a", 8.0)
    assert made.take is not None and made.sound is not None
    made.take.save(takes / "a.csv")
    soundfile.write(takes / "a.wav", made.sound.samples, RATE)
    command = ["train", "finetune", "--takes", str(takes), "--bundle", str(small)]
    assert (
        main([*command, "-o", str(tmp_path / "out"), "--style", "anna", "--steps", "3", "--batch", "2"]) == 0
    )
    manifest = bundle.read_manifest(tmp_path / "out/bundle")
    assert manifest.default_style == "anna" and manifest.trained["finetune"]["takes"] == ["a"]
    assert json.loads((tmp_path / "out/checks.json").read_text())["takes"][0]["usable"]
    capsys.readouterr()
    for wrong in (["--style", "plain"], ["--style", "two words"], ["--steps", "0"]):
        assert main([*command, "-o", str(tmp_path / "new"), *wrong]) == 2
    assert main(command) == 2
    assert capsys.readouterr().err.count("phiz: expected") == 4


def test_blender_generates_with_the_chosen_bundle(
    own: tuple[Path, dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")
    import blender_addon
    from blender_addon import action_support, character, generation, preferences, properties, worker_process
    from phiz.face.head import Head

    voice = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    soundfile.write(tmp_path / "line.wav", voice, RATE, subtype="FLOAT")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted("", str(own[0]), 1))
    try:
        generation.forget()
        worker_process.fit()  # ends one that was made for another bundle
        corners = np.array([(0, -1, 0), (-1, 1, 0), (1, 1, 0), (0, 0, 1)], np.float32)
        sides = [(0, 2, 3), (0, 3, 1), (0, 1, 2), (1, 3, 2)]
        skin = (("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),)
        lift = np.zeros((4, 3), np.float32)
        lift[0, 2] = 0.01
        head = Head(corners, sides, np.zeros(4, int), skin, {name: lift for name in CHANNELS})
        face = character.add(head, bpy.context.scene)
        face.phiz.voice_file, face.phiz.emotion_heard = str(tmp_path / "line.wav"), False
        listed = properties._styles(face.phiz, bpy.context, "")
        assert listed[-1] == "own" and "plain" in listed
        assert bpy.ops.phiz.generate() == {"FINISHED"}
        keys = face.data.shape_keys
        curves = {curve.data_path: curve for curve in action_support.used_curves(keys)}
        points = curves[keys.key_blocks["jawOpen"].path_from_id("value")].keyframe_points
        shown = np.empty(2 * len(points), np.float32)
        points.foreach_get("co", shown)
        take = generate(Recording(voice), Direction.of(), bundle.load(own[0], threads=1), fps=24.0)
        np.testing.assert_allclose(shown[1::2], take.channel("jawOpen"), atol=1e-6)
    finally:
        worker_process.close()
        blender_addon.unregister()
