"""From a network to one self-contained ONNX graph that also says how unlike its films a film is.

graph.py   network -> ONNX, and the network's own logits to compare it with
gate.py    ONNX -> ONNX: features of a film's layout and texture, and the distance of them from the fit films'
"""

from hilum.exporting.gate import GATE_FEATURES, with_feature_distance, with_gate_features
from hilum.exporting.graph import OPSET, export_onnx, export_trunk, network_logits

__all__ = [
    "GATE_FEATURES",
    "OPSET",
    "export_onnx",
    "export_trunk",
    "network_logits",
    "with_feature_distance",
    "with_gate_features",
]
