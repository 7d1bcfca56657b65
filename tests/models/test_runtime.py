import threading
import time

import numpy as np
import pytest
from onnx import helper

from imaging.progress import Cancelled, Progress, silent
from models.catalogue import open_folder
from models.device import ProviderState, candidates, device_of, provider_states
from models.package import load_package
from models.problem import ModelProblem
from models.runtime import Networks, OutOfMemory, Runner, stoppable
from tests.models.graphs import graph_of, manifest_of, mean_classifier, pixel_map, scan_of, shape, write_package


@pytest.fixture
def package(tmp_path):
    manifest = manifest_of("classify", {"as": "scores"}, ("a", "b"), "logits")
    return load_package(write_package(tmp_path / "p", manifest, mean_classifier([1, 2], [0, 0])))


class Pretended:
    """A network with a memory of its own: more than `fits` inputs at once, or any input wider, are too much."""

    def __init__(self, device, fits, widest=10_000, batch=None, shape=("n", 1, "h", "w")):
        self.device, self._fits, self._widest = device, fits, widest
        self.batch, self.input_shape = batch, shape
        self.seen = []

    def run(self, batch, _stop):
        if len(batch) > self._fits or batch.shape[-1] > self._widest:
            raise OutOfMemory
        self.seen.append(batch.shape)
        return (batch * 2,)


@pytest.fixture
def with_gpu(monkeypatch):
    """A machine whose CUDA works."""
    states = tuple(
        ProviderState(state.device, state.provider, state.device in ("cuda", "cpu"), state.why)
        for state in provider_states()
    )
    monkeypatch.setattr("models.device.provider_states", lambda: states)


def runner_on(package, networks, wanted="auto", notes=None, progress=None):
    def opener(_package, device, _threads):
        return networks[device]

    return Runner(package, wanted, progress or silent(), None, [] if notes is None else notes, opener)


def doubled(runner, count, width=4):
    taken = []
    runner.each(count, lambda i: np.full((1, 1, 1, width), i, np.float32), lambda i, out: taken.append((i, out[0])))
    assert [index for index, _ in taken] == list(range(count))
    assert all((output == 2 * index).all() and len(output) == 1 for index, output in taken)


def test_the_device_is_the_one_the_session_says_it_got():
    assert device_of(["CUDAExecutionProvider", "CPUExecutionProvider"]) == "cuda:0"
    assert device_of(["CPUExecutionProvider"]) == "cpu"
    assert device_of(["DmlExecutionProvider", "CPUExecutionProvider"]) == "directml"
    assert device_of(["XnnpackExecutionProvider"]) == "xnnpack"


def test_every_provider_is_tried_and_one_that_is_not_usable_says_why():
    states = {state.device: state for state in provider_states()}
    assert states["cpu"].usable
    assert list(states) == ["tensorrt", "cuda", "directml", "coreml", "cpu"]
    assert all(state.why for state in states.values() if not state.usable)


def test_a_wish_that_cannot_be_met_is_refused_and_auto_takes_what_there_is(with_gpu):
    assert candidates("auto") == ("cuda", "cpu")
    assert candidates("cuda") == ("cuda",)
    with pytest.raises(ModelProblem, match="device directml: cannot be used"):
        candidates("directml")
    with pytest.raises(ModelProblem, match="is no device"):
        candidates("abacus")


def test_a_session_that_fell_back_to_the_processor_is_not_taken_for_cuda(package, with_gpu):
    notes = []
    runner = Runner(package, "auto", silent(), None, notes, Networks().open)
    assert runner.device == "cpu"
    assert any("cuda did not take the model" in note for note in notes)
    with pytest.raises(ModelProblem, match="could not be loaded on cuda"):
        _ = Runner(package, "cuda", silent(), None, [], Networks().open).device


def test_memory_that_is_not_enough_means_smaller_batches_then_the_processor_each_told(package, with_gpu):
    notes = []
    runner = runner_on(package, {"cuda": Pretended("cuda:0", 2), "cpu": Pretended("cpu", 1)}, notes=notes)
    doubled(runner, 11)
    assert [note for note in notes if "batches of" in note] == [
        "memory of cuda:0 was not enough; continued with batches of 4",
        "memory of cuda:0 was not enough; continued with batches of 2",
    ]
    assert runner.device == "cuda:0"
    runner = runner_on(package, {"cuda": Pretended("cuda:0", 0), "cpu": Pretended("cpu", 1)}, notes=notes)
    with pytest.raises(OutOfMemory):
        doubled(runner, 3)
    runner.fall_back()
    doubled(runner, 3)
    assert runner.device == "cpu"
    assert "memory of cuda was not enough; continued on the cpu" in notes


def test_the_processor_is_used_after_memory_ran_out_even_where_cuda_was_asked_for(package, with_gpu):
    notes = []
    runner = runner_on(package, {"cuda": Pretended("cuda:0", 0), "cpu": Pretended("cpu", 1)}, "cuda", notes)
    assert runner.run(np.ones((1, 1, 2, 2), np.float32))[0].max() == 2
    assert runner.device == "cpu"
    assert notes


def test_where_the_processor_has_no_memory_either_it_is_said(package):
    runner = runner_on(package, {"cpu": Pretended("cpu", 0)})
    with pytest.raises(ModelProblem, match="more memory than there is"):
        runner.run(np.ones((1, 1, 2, 2), np.float32))


def test_a_graph_of_a_fixed_batch_gets_that_many_with_the_rest_empty(package):
    network = Pretended("cpu", 3, batch=3)
    doubled(runner_on(package, {"cpu": network}), 7)
    assert [shape[0] for shape in network.seen] == [3, 3, 3]
    answer = runner_on(package, {"cpu": network}).run(np.ones((2, 1, 1, 1), np.float32))[0]
    assert answer.shape == (2, 1, 1, 1)


def test_tiles_become_smaller_before_the_processor_is_used(tmp_path, with_gpu, monkeypatch):
    manifest = manifest_of("segment", {"as": "map", "activation": "none"})
    manifest["input"]["size"] = {"policy": "tiles", "width": 256, "height": 256, "halo": 4, "multiple_of": 32}
    folder = write_package(tmp_path / "p", manifest, pixel_map([1], [0]))
    networks = {"cuda": Pretended("cuda:0", 1, widest=64), "cpu": Pretended("cpu", 1)}
    monkeypatch.setattr("models.runtime.NETWORKS.open", lambda _p, device, _t: networks[device])
    monkeypatch.setattr("models.model_predictor.ensure_tried", lambda *_: None)
    monkeypatch.setattr(Runner.__init__, "__defaults__", (lambda _p, device, _t: networks[device],))
    pixels = np.random.default_rng(0).integers(0, 2, (300, 300)).astype(np.uint8)
    answer = open_folder(folder).predict(scan_of(pixels), "key", None, silent())
    assert answer.device == "cuda:0"
    assert "memory was not enough; continued with tiles of 64 × 64" in answer.notes
    assert shape(answer.proposals[0]).count() == int(pixels.sum())


def slow_graph(loops):
    """A graph that counts in a loop, so that a run takes as long as one likes."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["value_in", "one"], ["value_out"]),
            helper.make_node("Identity", ["go_on"], ["go_on_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", 7, []),
            helper.make_tensor_value_info("go_on", 9, []),
            helper.make_tensor_value_info("value_in", 1, [1, 1]),
        ],
        [
            helper.make_tensor_value_info("go_on_out", 9, []),
            helper.make_tensor_value_info("value_out", 1, [1, 1]),
        ],
    )
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Loop", ["loops", "yes", "mean"], ["logits"], body=body),
    ]
    weights = {"loops": np.array(loops, np.int64), "yes": np.array(True), "one": np.ones((1, 1), np.float32)}
    return graph_of(nodes, {"image": [1, 1, 8, 8]}, {"logits": [1, 1]}, weights)


def test_a_run_under_way_is_stopped_at_once_when_it_is_cancelled(tmp_path):
    manifest = manifest_of("classify", {"as": "scores", "activation": "sigmoid"}, ("a",), "logits")
    predictor = open_folder(write_package(tmp_path / "p", manifest, slow_graph(200_000_000)))
    progress = Progress()
    threading.Timer(0.3, progress.cancel).start()
    started = time.perf_counter()
    with pytest.raises(Cancelled):
        predictor.predict(scan_of(np.ones((8, 8), np.uint8)), "key", None, progress)
    assert time.perf_counter() - started < 10


def test_work_cancelled_before_it_began_does_not_begin(package):
    progress = Progress()
    progress.cancel()
    with stoppable(progress) as stop:
        runner = Runner(package, "cpu", progress, stop, [])
        with pytest.raises(Cancelled):
            runner.run(np.ones((1, 1, 8, 8), np.float32))
        with pytest.raises(Cancelled):
            runner.each(3, lambda _i: np.ones((1, 1, 8, 8), np.float32), lambda _i, _o: None)


def test_a_loaded_network_is_kept_and_the_one_used_longest_ago_goes_first(package, tmp_path):
    networks = Networks(kept=1)
    first = networks.open(package, "cpu", 1)
    assert networks.open(package, "cpu", 1) is first
    networks.open(package, "cpu", 2)
    assert networks.open(package, "cpu", 1) is not first


def test_onnxruntimes_own_refusal_is_one_line(tmp_path):
    model = graph_of([helper.make_node("NoSuchOperator", ["image"], ["map"])], {"image": [1]}, {"map": [1]})
    package = load_package(
        write_package(tmp_path / "p", manifest_of("segment", {"as": "map", "activation": "sigmoid"}), model)
    )
    with pytest.raises(ModelProblem, match="cannot be loaded by onnxruntime") as caught:
        Networks().open(package, "cpu", 1)
    assert "\n" not in str(caught.value)
