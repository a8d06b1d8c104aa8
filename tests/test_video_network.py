"""The networks of talking portraits: what is not told changes nothing, to the bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("diffusers")

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import UNetMotionModel
from torch import Tensor

from phiz.train.video.denoiser import with_motion
from phiz.video.backbone import BackboneConfig, Kind, UNet, attentions, build, install
from phiz.video.conditions import MOMENTS, Conditions, Told
from phiz.video.driving import DrivenAttention
from phiz.video.guidance import Guidance, Progressive
from phiz.video.network import TAKE, Network, NetworkConfig
from phiz.video.reference import ReferenceAttention

N, F, C, SIDE, WORDS, AUDIO = 2, 3, 4, 8, 5, 6
SIZES: dict[Kind, BackboneConfig] = {
    "unet": BackboneConfig("unet", C, SIDE, (16, 32), 0, 1, 2, 12, 4),
    "dit": BackboneConfig("dit", C, SIDE, (24,), 0, 2, 2, 12),
}


def network(kind: Kind = "unet", motion: bool = False, shown: bool = True) -> Network:
    """An untrained one in which nothing is zero any more, as after training."""
    torch.manual_seed(0)
    found = Network(NetworkConfig(SIZES[kind], AUDIO, WORDS, shown, 8, motion)).eval()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return found


def told(of: Network, seed: int = 0) -> Conditions:
    random = torch.Generator().manual_seed(seed)
    portrait = torch.randn(N, C, SIDE, SIDE, generator=random)
    with torch.no_grad():
        bank = of.look(portrait)
    return Conditions(
        torch.rand(N, F, 1, WORDS, generator=random),
        bank,
        portrait,
        torch.randn(N, F, MOMENTS, AUDIO, generator=random),
        torch.rand(N, F, TAKE, generator=random),
    )


def noisy() -> Tensor:
    return torch.randn(N, F, C, SIDE, SIDE, generator=torch.Generator().manual_seed(9))


LEVEL = torch.tensor([100, 900])


@torch.no_grad()
def run(of: Network, conditions: Conditions, at: Tensor | None = None) -> Tensor:
    return of(noisy() if at is None else at, LEVEL, conditions)


@pytest.mark.parametrize("motion", [False, True])
def test_an_empty_bank_and_no_driving_is_the_stock_network(motion: bool) -> None:
    ours = build(SIZES["unet"], C, motion)
    assert isinstance(ours, UNet)
    kind: Any = UNetMotionModel if motion else UNet2DConditionModel
    stock = kind.from_config(ours.net.config)
    stock.load_state_dict(ours.net.state_dict())
    text = torch.randn(N * F, 4, 12)
    with torch.no_grad():
        before = ours(noisy(), LEVEL, text, Told({}))  # no processor of ours yet
        install(ours, 8)
        after = ours(noisy(), LEVEL, text, Told({}, audio=torch.randn(N * F, MOMENTS, 8)))
        if motion:
            plain = stock(noisy().transpose(1, 2), LEVEL, text).sample.transpose(1, 2)
        else:
            levels = LEVEL.repeat_interleave(F)
            plain = stock(noisy().flatten(0, 1), levels, text).sample.unflatten(0, (N, F))
    assert torch.equal(before, plain)
    assert torch.equal(after, plain)  # the new attention is there, its output is zero


@pytest.mark.parametrize("kind", ["unet", "dit"])
@pytest.mark.parametrize("motion", [False, True])
def test_every_condition_is_read_and_none_is_needed(kind: Kind, motion: bool) -> None:
    of = network(kind, motion)
    whole = told(of)
    out = run(of, whole)
    assert out.shape == (N, F, C, SIDE, SIDE)
    others = told(of, seed=1)
    for name in ("text", "bank", "portrait", "audio", "take"):
        changed = run(of, replace(whole, **{name: getattr(others, name)}))
        assert not torch.allclose(out, changed, atol=1e-5), name
    assert torch.isfinite(run(of, Conditions(whole.text, {}))).all()


@pytest.mark.parametrize("kind", ["unet", "dit"])
def test_every_block_reads_reference_text_audio_and_take(kind: Kind) -> None:
    of = network(kind, motion=True)
    names = set(told(of).bank)
    blocks = attentions(of.denoiser)
    assert names == set(blocks) and len(blocks) == (7 if kind == "unet" else 2)
    for block in blocks.values():
        assert isinstance(block.attn1.processor, ReferenceAttention)
        assert block.attn2 is not None and isinstance(block.attn2.processor, DrivenAttention)
    motions = [m for m in of.denoiser.modules() if type(m).__name__ == "AnimateDiffTransformer3D"]
    assert len(motions) == len(blocks)


@pytest.mark.parametrize("part", ["audio", "take"])
def test_zero_weights_are_no_condition(part: str) -> None:
    of = network()
    for module in of.denoiser.modules():
        if isinstance(module, DrivenAttention):
            output = getattr(module, part).to_out
            torch.nn.init.zeros_(output.weight)
            torch.nn.init.zeros_(output.bias)
    whole = told(of)
    assert torch.equal(run(of, whole), run(of, replace(whole, **{part: None})))
    other = "take" if part == "audio" else "audio"
    assert not torch.equal(run(of, whole), run(of, replace(whole, **{other: None})))


def test_a_gate_at_zero_is_no_condition_and_at_one_the_whole() -> None:
    of = network()
    whole = told(of)
    shut = replace(whole, hears=torch.zeros(N, F), follows=torch.zeros(N, F))
    assert torch.equal(run(of, shut), run(of, replace(whole, audio=None, take=None)))
    open_ = replace(whole, hears=torch.ones(N, F), follows=torch.ones(N, F))
    assert torch.equal(run(of, open_), run(of, whole))


def test_new_motion_modules_do_nothing_and_learn_alone() -> None:
    first = network()
    moving = with_motion(first).eval()
    whole = told(first)
    torch.testing.assert_close(run(moving, whole), run(first, whole), rtol=1e-5, atol=1e-5)
    learnt = {name for name, p in moving.named_parameters() if p.requires_grad}
    assert learnt and all("motion_modules" in name for name in learnt)
    # Frames know of one another through them alone.
    with torch.no_grad():
        for name, parameter in moving.named_parameters():
            if name in learnt:
                parameter.add_(0.1 * torch.randn_like(parameter))
    other = noisy()
    other[:, 2] += 1.0
    assert not torch.equal(run(moving, whole)[:, 0], run(moving, whole, other)[:, 0])
    assert torch.allclose(run(first, whole)[:, 0], run(first, whole, other)[:, 0], atol=1e-6)


@pytest.mark.parametrize("boundary", [0.0, 0.2, 0.4, 1.0])
def test_the_same_coarse_and_fine_prompt_is_one_stage(boundary: float) -> None:
    prompt = torch.rand(1, F, 1, WORDS)
    for k in (1, 2, 3, 4):
        for step in range(20):
            blended = Progressive(k, boundary).prompt(torch.stack([prompt, prompt]), step, 20)
            assert torch.equal(blended, prompt)


def test_boundaries_at_the_ends_are_one_prompt_alone() -> None:
    pair = torch.rand(2, F, 1, WORDS)
    for steps in (1, 4, 8, 25):
        for step in range(steps):
            assert torch.equal(Progressive(boundary=0.0).prompt(pair, step, steps), pair[1])
            assert torch.equal(Progressive(boundary=1.0).prompt(pair, step, steps), pair[0])
            assert torch.equal(Progressive(k=1).prompt(pair, step, steps), pair[1])


def test_detail_rises_by_smoothsteps_round_the_boundaries() -> None:
    two = [Progressive().detail(step, 100) for step in range(100)]
    assert two[:30] == [0.0] * 30 and two[50:] == [1.0] * 50
    assert two[39] + two[40] == pytest.approx(1.0) and 0.45 < two[39] < two[40] < 0.55
    four = [Progressive(k=4).detail(step, 100) for step in range(100)]
    assert four == sorted(four) and four[0] == 0.0 and four[-1] == 1.0
    assert four[50] == pytest.approx(1 / 3, abs=2e-3) and four[70] == pytest.approx(2 / 3, abs=2e-3)


def test_guidance_of_one_is_one_run_and_weights_add_up() -> None:
    of = network()
    whole = told(of)
    nothing = torch.zeros(1, WORDS)
    calls: list[Conditions] = []

    def predict(case: Conditions) -> Tensor:
        calls.append(case)
        return run(of, case)

    assert torch.equal(Guidance().predict(predict, whole, nothing), run(of, whole))
    assert len(calls) == 1
    blind = Conditions(torch.zeros(N, F, 1, WORDS), {})
    seeing = replace(blind, bank=whole.bank, portrait=whole.portrait)
    reading = replace(seeing, text=whole.text)
    hearing = replace(reading, audio=whole.audio)
    none, r, rt, rta, rtaf = (run(of, case) for case in (blind, seeing, reading, hearing, whole))
    wanted = none + 1.1 * (r - none) + 1.5 * (rt - r) + 2.0 * (rta - rt) + 0.7 * (rtaf - rta)
    found = Guidance(1.1, 1.5, 2.0, 0.7).predict(predict, whole, nothing)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    calls.clear()
    silent = replace(whole, audio=None)
    found = Guidance(audio=5.0).predict(predict, silent, nothing)  # nothing to weigh
    assert torch.equal(found, run(of, silent)) and len(calls) == 1


def test_acting_weighs_prompt_and_channels_and_leaves_the_head() -> None:
    of = network()
    whole = told(of)
    assert whole.take is not None
    take = torch.cat([torch.zeros_like(whole.take[..., :-3]), whole.take[..., -3:]], dim=-1)
    still = run(of, replace(whole, text=torch.zeros_like(whole.text), take=take))
    wanted = still + 1.5 * (run(of, whole) - still)
    found = Guidance(acting=1.5).predict(lambda case: run(of, case), whole, torch.zeros(1, WORDS))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, run(of, whole), atol=1e-3)
