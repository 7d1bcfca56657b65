import numpy as np
import pytest

from imaging.progress import silent
from models.catalogue import open_folder
from models.checking import check_package, read_array
from models.package import load_package
from models.problem import ModelProblem
from models.trust import cache_folder
from tests.models.graphs import manifest_of, mean_classifier, scan_of, write_package


def package_folder(tmp_path, expected, **vector):
    manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("a", "b"), "logits")
    entry = {"input": "test/input.npy", "output": "test/output.npy", "tolerance": 1e-4, **vector}
    folder = write_package(tmp_path / "p", {**manifest, "test": [entry]}, mean_classifier([1, 2], [0, 0]))
    (folder / "test").mkdir()
    np.save(folder / "test" / "input.npy", np.full((1, 1, 8, 8), 3, np.float32))
    np.save(folder / "test" / "output.npy", np.asarray(expected, np.float32))
    return folder


def test_a_vector_that_holds_passes_with_its_largest_error(tmp_path):
    (played,) = check_package(load_package(package_folder(tmp_path, [[3, 6.00005]])), "cpu", silent())
    assert played.passed
    assert played.error == pytest.approx(5e-5, rel=0.1)
    assert played.device == "cpu"


def test_a_model_whose_vector_fails_is_refused_before_it_reads_anything(tmp_path):
    predictor = open_folder(package_folder(tmp_path, [[3, 6.1]]))
    with pytest.raises(ModelProblem, match=r"fails its test vector input.npy on cpu: off by 0.1"):
        predictor.predict(scan_of(np.ones((8, 8), np.uint8)), "key", None, silent())


def test_a_model_is_tried_once_per_machine(tmp_path, monkeypatch):
    predictor = open_folder(package_folder(tmp_path, [[3, 6]]))
    scan = scan_of(np.ones((8, 8), np.uint8))
    predictor.predict(scan, "key", None, silent())
    assert len(list((cache_folder() / "tried").iterdir())) == 1
    monkeypatch.setattr("models.trust.check_package", lambda *_: pytest.fail("tried again"))
    predictor.predict(scan, "key", None, silent())


@pytest.mark.parametrize(
    ("expected", "vector", "words"),
    [([[3, 6, 9]], {}, r"gave \(1, 2\)"), ([[3, 6]], {"of": "other"}, "output 'other'")],
)
def test_a_vector_of_another_shape_or_output_is_refused(tmp_path, expected, vector, words):
    with pytest.raises(ModelProblem, match=words):
        check_package(load_package(package_folder(tmp_path, expected, **vector)), "cpu", silent())


def test_only_plain_arrays_of_numbers_are_read(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.savez(tmp_path / "many.npz", a=np.ones(1))
    with (tmp_path / "boast.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**13,)})
    for name in ("boast.npy", "objects.npy", "text.npy", "empty.npy", "words.npy", "many.npz"):
        with pytest.raises(ModelProblem, match=r"no \.npy array of numbers"):
            read_array(tmp_path / name)
    with pytest.raises(ModelProblem, match="cannot be read"):
        read_array(tmp_path / "gone.npy")
