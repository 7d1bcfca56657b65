"""Write a trained network as one ONNX file that onnxruntime alone can run."""

# pyright: basic, reportMissingImports=false

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 18


def fold_normalisation(network: nn.Module) -> nn.Module:
    """Fold each batch normalisation into the convolution before it."""
    for name, child in list(network.named_children()):
        pair = isinstance(child, nn.Sequential) and len(child) == 2
        if pair and isinstance(child[0], nn.Conv2d) and isinstance(child[1], nn.BatchNorm2d):
            setattr(network, name, fuse_conv_bn_eval(child[0], child[1]))
        else:
            fold_normalisation(child)
    return network


def export_network(network: nn.Module, example: torch.Tensor, path: Path, output: str, free_size: bool) -> None:
    """Write `path` with a free batch axis (and free height and width where `free_size`), no external data."""
    import onnx

    network = fold_normalisation(network.eval().to(memory_format=torch.contiguous_format))
    shape: dict[int, str] = {0: "batch"}
    if free_size:
        shape |= {2: "height", 3: "width"}
    answer = {axis: name for axis, name in shape.items() if axis == 0 or free_size}
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "network.onnx"
        torch.onnx.export(
            network,
            (example,),
            str(raw),
            input_names=["image"],
            output_names=[output],
            dynamic_axes={"image": shape, output: answer},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(str(raw))
    onnx.checker.check_model(model, full_check=True)
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise ValueError("the exported graph keeps data outside its file")
    model.producer_name, model.producer_version, model.doc_string = "overread", "", ""
    partial = path.with_suffix(".partial")
    partial.write_bytes(model.SerializeToString(deterministic=True))
    os.replace(partial, path)


def run_exported(path: Path, images: np.ndarray, batch: int = 32) -> np.ndarray:
    """Return the ONNX file's first output on the CPU, as the product would get it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = [images[start : start + batch] for start in range(0, len(images), batch)]
    return np.concatenate([np.asarray(session.run(None, {"image": part})[0]) for part in parts])
