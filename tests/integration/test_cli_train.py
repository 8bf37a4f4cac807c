"""`peephole train`: one run, a grid of runs, curves, several processes; and what is said when it cannot be done."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from commands import assert_one_line, peephole, process  # noqa: E402
from peephole.training.grid import read_grid, run_grid  # noqa: E402
from peephole.training.module import Training  # noqa: E402
from peephole.training.trainer import Launch  # noqa: E402
from training_faces import patterns, picture, write_pack, write_picture  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]

BASE = """
data = "{here}/pack"
descriptor = 16
batch = 8
held_out_identities = 2
warm_up_steps = 3
average_decay = 0.9
checkpoint_every = 5
network = {{width = 0.125}}
stages = [{{images = {images}, size = 64, learning_rate = [1e-2, 1e-3]}}]
"""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of processes that a test starts
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack")
    path = tmp_path / "one.toml"
    path.write_text(f'run = "{tmp_path}/runs/one"\n' + BASE.format(here=tmp_path, images=160))
    return path


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """Two runs, and six made-up people to measure them on: two folds of two pairs of each kind."""
    write_pack(tmp_path / "pack")
    people = ["Ann_Lee", "Bo", "Cy", "Di", "Ed", "Flo"]
    rng = np.random.default_rng(5)
    for name, pattern in zip(people, patterns(6, seed=9), strict=True):
        for number in (1, 2):
            noisy = np.clip(picture(pattern, 250) + rng.normal(0, 9, (250, 250)), 0, 255).astype(np.uint8)
            write_picture(tmp_path / f"lfw/{name}/{name}_000{number}.png", noisy)
    same = [f"{name}\t1\t2" for name in people[:4]]
    other = [f"{a}\t1\t{b}\t2" for a, b in itertools.pairwise(people)]
    lines = ["2\t2", *same[:2], *other[:2], *same[2:], *other[2:4]]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    path = tmp_path / "grid.toml"
    base = BASE.format(here=tmp_path, images=80).replace("\n", "\n")
    path.write_text(
        f'run = "{tmp_path}/runs/grid"\n[base]\n{base}'
        f'[base.evaluation]\npairs = "{tmp_path}/pairs.txt"\nimages = "{tmp_path}/lfw"\ncrops = ["center", "detect"]\n'
        "[axes.loss.distillation]\nloss = {norm = 0.0}\n"
        "[axes.loss.XE]\nloss = {cosine = 0.0, relational = 0.0, norm = 0.0, cross_entropy = 1.0}\n"
        '[axes."batch norm".with]\n'
    )
    return path


def test_a_run_prints_its_checkpoint_and_goes_on_when_it_is_longer(config: Path, tmp_path: Path) -> None:
    done = peephole("train", config, "--workers", "0", "--accelerator", "cpu")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/runs/one/last.ckpt\n"), done.stderr
    config.write_text(config.read_text().replace("images = 160", "images = 240"))
    assert peephole("train", config, "--workers", "0").returncode == 0
    told = torch.load(tmp_path / "runs/one/last.ckpt", weights_only=True)
    assert told["step"] == 30


def test_curves_of_a_run_are_drawn_where_they_are_wanted(config: Path, tmp_path: Path) -> None:
    peephole("train", config, "--workers", "0")
    done = peephole("train", "--curves", tmp_path / "runs/one", "-o", tmp_path / "here.svg")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/here.svg\n")
    drawn = (tmp_path / "here.svg").read_bytes()
    assert drawn.startswith(b"<?xml") and drawn == (tmp_path / "runs/one/curves.svg").read_bytes()


def test_a_grid_is_trained_measured_and_told(grid: Path, tmp_path: Path) -> None:
    done = peephole("train", "--grid", grid, "-o", tmp_path / "out", "--workers", "0")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert [result["levels"]["loss"] for result in results] == ["distillation", "XE"]
    measured = results[0]["measured"]
    assert len(measured) == 2 * 4  # crops and metrics
    assert {record["metric"] for record in measured} == {"l1", "l2", "cosine", "l2norm"}
    # No pattern is a face: what is detected is the middle, and is counted as missed.
    by_crop = {crop: [r for r in measured if r["crop"] == crop] for crop in ("center", "detect")}
    assert [r["accuracy"] for r in by_crop["center"]] == [r["accuracy"] for r in by_crop["detect"]]
    assert by_crop["center"][0]["missed"] == 0 and by_crop["detect"][0]["missed"] == 9  # pictures
    table = (tmp_path / "out/results.md").read_text()
    assert table == done.stdout
    assert table.splitlines()[0] == "| loss | batch norm | crop | L1 | L2 | cosine | L2 norm |"
    assert len(table.splitlines()) == 2 + 2 * 2
    assert re.search(r"\| XE \| with \| center \|( \d\.\d{4} ± \d\.\d{4} \|){4}", table)
    assert b"<svg" in (tmp_path / "out/results.svg").read_bytes()


def test_an_interrupted_grid_goes_on_with_what_is_not_done(grid: Path, tmp_path: Path) -> None:
    runs = read_grid(grid).runs(str(grid))
    for results in run_grid(runs, Launch(workers=0)):
        assert len(results) == 1
        break  # as an interrupt after the first run
    first = tmp_path / "runs/grid/distillation_with/last.ckpt"
    trained = first.stat().st_mtime_ns
    *_, results = run_grid(runs, Launch(workers=0))
    assert len(results) == 2
    assert first.stat().st_mtime_ns == trained
    assert len(list((tmp_path / "runs/cache").glob("evaluation-*.npz"))) == 2  # cut once for all runs


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("cross_entropy = 1.0}", "cross_entropi = 1.0}", "XE, with: loss.cross_entropi: Unexpected keyword"),
        ("loss = {norm = 0.0}", "batch = 4", "budgets are not equal"),
        ('images = "', 'landmarks = "', "set [base.evaluation] pairs and images"),
        ("[axes.loss.XE]", "[axes.loss.Distillation]", "two levels have the same name"),
        ("[base]", "[bose]", "grid.toml: bose: Unexpected keyword"),
    ],
)
def test_a_wrong_grid_is_named(grid: Path, old: str, new: str, complaint: str) -> None:
    text = grid.read_text()
    assert old in text
    grid.write_text(text.replace(old, new))
    assert_one_line(peephole("train", "--grid", grid), 1, str(grid), complaint)


def test_a_grids_folder_with_runs_of_another_configuration_is_refused(grid: Path) -> None:
    runs = read_grid(grid).runs(str(grid))
    runs[0].config.run.mkdir(parents=True)
    (runs[0].config.run / "run.json").write_text(json.dumps({"config": {"data": "d", "run": "r", "stages": []}}))
    done = peephole("train", "--grid", grid)
    assert_one_line(done, 1, "distillation_with: holds a run of another configuration; remove it")


def test_two_processes_compute_what_one_does(config: Path, tmp_path: Path) -> None:
    """Without batch norm, whose statistics each process takes of its own part; in full precision; a few steps."""
    text = config.read_text().replace("width = 0.125", "width = 0.125, batch_norm = false").replace("160", "32")
    text += 'precision = "32-true"\n[loss]\ncosine = 1.0\nrelational = 5.0\ncross_entropy = 1.0\n'
    weights = []
    for devices in (1, 2):
        config.write_text(text.replace("runs/one", f"runs/{devices}"))
        run = peephole if devices == 1 else process  # Lightning starts the second as the first was started
        done = run("train", config, "--devices", devices, "--accelerator", "cpu", "--workers", "0")
        assert (done.returncode, done.stdout) == (0, f"{tmp_path}/runs/{devices}/last.ckpt\n"), done.stderr
        weights.append(torch.load(tmp_path / f"runs/{devices}/last.ckpt", weights_only=True)["state_dict"])
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "arguments",
    [[], ["one.toml", "--grid", "grid.toml"], ["one.toml", "-o", "here"], ["--grid", "g", "--curves", "r"]],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert_one_line(peephole("train", *arguments), 2, "see 'peephole train --help'")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    assert_one_line(peephole("train", tmp_path / "no.toml"), 1, "no.toml: no such file")
    assert_one_line(peephole("train", "--grid", tmp_path / "no.toml"), 1, "no.toml: no such file")
    assert_one_line(peephole("train", "--curves", tmp_path), 1, f"{tmp_path}: no log of a run in it")
    assert_one_line(peephole("train", "--curves", tmp_path / "no"), 1, f"{tmp_path}/no: no such run folder")
    assert_one_line(peephole("train", tmp_path), 1, f"{tmp_path}: a folder; name the TOML file")
    assert_one_line(peephole("train", "--grid", tmp_path), 1, f"{tmp_path}: a folder; name the TOML file")


def test_a_task_that_there_is_not_is_told_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('task = "gardening"\n')
    assert_one_line(peephole("train", path), 1, "c.toml: task = 'gardening'", "'landmarks' and 'quantization'")


def test_a_batch_that_processes_cannot_share_is_refused(config: Path) -> None:
    done = peephole("train", config, "--devices", "3", "--accelerator", "cpu")
    assert_one_line(done, 1, "a batch of 8 faces cannot be shared equally by 3 processes")


def test_an_interrupt_is_told_as_one(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(module: Training, *batch: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Training, "training_step", interrupted)
    done = peephole("train", config, "--workers", "0", "--accelerator", "cpu")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


LANDMARKS = """
task = "landmarks"
data = "{here}/pack"
run = "{here}/runs/{task}"
images = 16
batch = 8
held_out_identities = 2
"""
QUANTIZATION = """
task = "quantization"
start = "{here}/runs/one/network.ckpt"
data = "{here}/pack"
run = "{here}/runs/{task}"
images = 16
batch = 8
calibration_images = 4
"""


@pytest.mark.parametrize(("task", "text"), [("landmarks", LANDMARKS), ("quantization", QUANTIZATION)])
def test_the_other_tasks_print_their_result_alone_and_take_one_process(
    config: Path, tmp_path: Path, task: str, text: str
) -> None:
    if task == "quantization":
        peephole("train", config, "--workers", "0")
    path = tmp_path / f"{task}.toml"
    path.write_text(text.format(here=tmp_path, task=task))
    for option in ("--devices", "--num-nodes"):
        done = peephole("train", path, option, "2", "--accelerator", "cpu")
        assert_one_line(done, 1, "is trained by one process; leave --devices and --num-nodes out")
    done = peephole("train", path, "--workers", "0", "--accelerator", "cpu")
    result = "last.ckpt" if task == "landmarks" else "network.safetensors"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}/runs/{task}/{result}\n", "")
    told = json.loads((tmp_path / f"runs/{task}/run.json").read_text())
    assert {"config", "seed", "git", "torch", "launch", "faces"} <= told.keys()
