"""Each row of a what-if table is what `check` says of a model that is run that way."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import shapewright as sw
from shapewright.cli.app import app

torch = pytest.importorskip("torch")
nn = torch.nn

MIB = 1 << 20
SIZES = {"N": 512}


class Blocks(nn.Module):  # type: ignore[misc, name-defined]
    """A stack of equal blocks between an embedding and a head."""

    def __init__(self, count: int = 6) -> None:
        super().__init__()
        block = nn.Sequential(nn.Linear(256, 1024), nn.GELU(), nn.Linear(1024, 256))
        self.first = nn.Linear(64, 256)
        self.layers = nn.ModuleList(copy.deepcopy(block) for _ in range(count))
        self.head = nn.Linear(256, 10)

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        for layer in self.layers:
            x = x + layer(x)
        return self.head(x)


def trained(**options: Any) -> sw.Report:
    asked: dict[str, Any] = {"mode": "train", "optimizer": "adamw", **options}
    return sw.check(Blocks(), "f32[N, 64]", **asked)


@pytest.fixture(scope="module")
def table() -> sw.WhatIf:
    return trained(budget="256MiB").what_if(**SIZES)


def row(table: sw.WhatIf, start: str) -> Any:
    return next(change for change in table.changes if change.name.startswith(start))


class TestRows:
    SAME = (
        ("autocast", {"precision": "bf16-amp"}),
        ("bfloat16", {"precision": "bf16"}),
        ("fused optimizer", {"optimizer": sw.Optimizer("adamw", update="fused")}),
        ("optimizer one by one", {"optimizer": sw.Optimizer("adamw", update="loop")}),
        ("8-bit optimizer", {"optimizer": "adamw-8bit"}),
        ("zero_grad before", {"zero_grad": "before-backward"}),
        ("expandable segments", {"settings": "expandable_segments:True"}),
    )

    @pytest.mark.parametrize(("name", "options"), SAME, ids=lambda x: x if type(x) is str else "")
    def test_it_is_what_check_says(self, table: sw.WhatIf, name: str, options: Any) -> None:
        found, alone = row(table, name), trained(**options).at(**SIZES).peak
        assert (found.peak.live, found.needed) == (alone.live, alone.capacity)

    def test_outputs_that_are_kept_can_be_dropped(self) -> None:
        kept = trained(outputs="kept")
        assert row(kept.what_if(**SIZES), "outputs dropped").peak == trained().at(**SIZES).peak

    def test_micro_batches_are_passes_of_smaller_ones(self, table: sw.WhatIf) -> None:
        alone = trained(accumulate=4).at(N=128).peak
        assert row(table, "micro-batches of 128").needed == alone.capacity

    def test_the_best_group_of_blocks_is_found(self, table: sw.WhatIf) -> None:
        lives = {
            k: trained(checkpoint=f"layers.*:{k}").at(**SIZES).peak.live for k in (1, 2, 3, 4, 6)
        }
        best = min(lives, key=lambda k: lives[k])
        found = row(table, "checkpoint")
        assert found.peak.live == lives[best]
        assert ("each" if best == 1 else f"every {best} ") in found.name

    def test_rows_are_ranked_and_held_against_the_budget(self, table: sw.WhatIf) -> None:
        needs = [change.needed for change in table.changes]
        assert needs == sorted(needs)
        assert all(c.saves == table.needed - c.needed for c in table.changes)
        assert all(c.fits == c.peak.runs_in(256 * MIB) for c in table.changes)

    def test_text_and_data(self, table: sw.WhatIf) -> None:
        text = str(table)
        assert text.startswith("what if, instead of ")
        assert all(change.name in text for change in table.changes)
        assert [c["name"] for c in table.to_dict()["changes"]] == [c.name for c in table.changes]

    def test_without_a_gpu_live_peaks_are_compared(self) -> None:
        table = trained(profile="torch-cpu").what_if(**SIZES)
        assert table.needed == table.peak.live
        assert not [c for c in table.changes if "expandable" in c.name or "ZeRO" in c.name]

    def test_only_modules_are_asked(self) -> None:
        g = sw.Graph()
        g.output(g.add("Relu", g.input("x", "f32[4]")))
        with pytest.raises(sw.ShapewrightError, match="PyTorch"):
            sw.check(g).what_if()


class TestSharding:
    def parts(self, peak: sw.Peak, kind: str) -> int:
        return sum(t.bytes for t in peak.live_set if kind in t.why)

    def test_state_is_divided(self, table: sw.WhatIf) -> None:
        whole = self.parts(table.peak, "optimizer state")
        for name in ("ZeRO-1", "ZeRO-2", "ZeRO-3"):
            share = self.parts(row(table, name).peak, "optimizer state")
            assert whole / 8 <= share <= whole / 8 + 512 * 60

    def test_each_stage_takes_no_more_than_the_one_before(self) -> None:
        # With hardly any activations, what is divided is all there is.
        table = trained().what_if(N=1)
        lives = [row(table, name).peak.live for name in ("ZeRO-1", "ZeRO-2", "ZeRO-3")]
        assert table.peak.live > lives[0] > lives[1] > lives[2]

    def test_parameters_are_divided_and_gathered_by_blocks(self) -> None:
        peak = row(trained().what_if(N=1), "ZeRO-3").peak
        units = [t.bytes for t in peak.live_set if "of a unit" in t.why]
        assert 1 <= len(units) <= 4
        block = 4 * (256 * 1024 * 2 + 1024 + 256)
        assert any(block <= size <= block + MIB for size in units)


class TestGroups:
    def alive_after_forward(self, pattern: str) -> int:
        events = trained(checkpoint=pattern).at(N=1000).timeline.events
        return next(a.live for a, b in pairwise(events) if b.phase != "forward")

    def test_a_group_keeps_the_input_of_its_first_block(self) -> None:
        one = -(-4 * 256 * 1000 // 512) * 512
        alive = {k: self.alive_after_forward(f"layers.*:{k}") for k in (2, 3, 6)}
        assert alive[2] - alive[3] == one
        assert alive[3] - alive[6] == one

    def test_a_group_of_one_is_no_group(self) -> None:
        assert self.alive_after_forward("layers.*:1") == self.alive_after_forward("layers.*")


class TestZeroGrad:
    def test_gradients_stay_through_forward(self) -> None:
        kept = trained(zero_grad="before-backward").at(**SIZES)
        events = kept.timeline.events
        grads = trained().formula("grads")()
        first = next(i for i, e in enumerate(events) if e.phase == "backward")
        alive = sum(e.bytes for e in events[:first] if e.buffer.startswith("gradient of"))
        assert grads <= alive <= grads + 512 * 40
        assert not any(e.phase == "zero_grad" for e in events)

    def test_other_positions_are_refused(self) -> None:
        with pytest.raises(sw.ShapewrightError, match="before-backward"):
            trained(zero_grad="before-forward")


class TestCommand:
    def test_it_prints_the_table_and_a_verdict(self, tmp_path: Path) -> None:
        path = tmp_path / "blocks.pt2"
        size = torch.export.Dim("N", min=2, max=4096)
        program = torch.export.export(Blocks(2), (torch.zeros(8, 64),), dynamic_shapes=({0: size},))
        torch.export.save(program, path)
        common = ["what-if", str(path), "--optimizer", "adamw", "--budget", "4MiB", "--dim"]
        symbol = sw.check(path).symbols[0].name
        answer = CliRunner().invoke(app, [*common, f"{symbol}=64"])
        assert answer.exit_code == 1, answer.output
        assert answer.output.startswith("what if, instead of ")
        assert answer.output.splitlines()[-1].startswith("DOES NOT FIT  needs ")
        data = CliRunner().invoke(app, [*common, f"{symbol}=64", "--format", "json"])
        assert json.loads(data.output)["what_if"]["changes"]


class TestHalves:
    """A module that widens some of its tensors itself is read in halves, not cast afterwards."""

    @pytest.mark.parametrize("name", ["t5", "mixtral", "gpt2", "lstm"])
    def test_is_what_check_says(self, name: str) -> None:
        pytest.importorskip("transformers")
        from torch_models import MODELS

        row = next(row for row in MODELS if row.name == name)
        model, sizes = row.build().train(), dict(row.bindings[0])
        asked: dict[str, Any] = {"mode": "train", "optimizer": "adamw", "loss": row.loss}
        table = sw.check(model, row.inputs, **asked).what_if(**sizes)
        found = next(change for change in table.changes if change.name == "bfloat16")
        halves = sw.check(model, row.inputs, precision="bf16", **asked)
        assert found.peak.live == halves.at(**sizes).peak.live
