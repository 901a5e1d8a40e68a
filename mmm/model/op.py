"""The kernel as a PyTensor Op, so that a PyMC model can hold it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from mmm.model.kernel import VERSION, call_marginal, marginal


class MarginalDensity(Op):
    """(phi, packed data) -> (log density, gradient with respect to phi).

    The gradient is an output, so value and gradient cost one evaluation. The data are an input and never part
    of the compiled code: functions cached on disk serve any company of any shape.
    """

    __props__ = ("version",)

    def __init__(self) -> None:
        self.version = VERSION

    def make_node(self, phi: Any, data: Any) -> Apply:
        phi, data = pt.as_tensor_variable(phi), pt.as_tensor_variable(data)
        return Apply(self, [phi, data], [pt.dscalar(), pt.dvector()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        value, gradient, _ = marginal(inputs[0], inputs[1], np.zeros(0))
        output_storage[0][0] = np.asarray(value)
        output_storage[1][0] = gradient

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [cotangents[0] * outputs[1], pt.zeros_like(inputs[1])]

    def infer_shape(self, fgraph: Any, node: Apply, input_shapes: Any) -> list[Any]:
        return [(), input_shapes[0]]


@register_funcify_default_op_cache_key(MarginalDensity)
def _numba_marginal(op: MarginalDensity, node: Apply, **kwargs: Any) -> Any:
    @njit
    def marginal_density(phi, data):
        point = np.ascontiguousarray(phi)
        packed = np.ascontiguousarray(data)
        gradient = np.zeros(point.shape[0])
        nothing = np.empty(0)
        value = call_marginal(
            point.ctypes,
            point.shape[0],
            packed.ctypes,
            packed.shape[0],
            nothing.ctypes,
            0,
            gradient.ctypes,
            nothing.ctypes,
        )
        return np.asarray(value), gradient

    return marginal_density, VERSION
