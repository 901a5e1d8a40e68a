"""Small matrices in compiled code: views, products, factors. Called by `mmm.model.linear` and what stands beside it."""

from __future__ import annotations

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "arcp", "nsz"}  # nan must survive: the sampler's divergence check needs it

inner = njit(fastmath=FAST, error_model="numpy", forceinline=True)
"""Decorator of functions that only compiled code calls.

Inlined always: twice as fast as a call, quicker to compile, and the same code whether compiled in this process or read
from disk. Linked instead, a first run would take the copy compiled alone, later runs the one in the cached file.
"""


@inner
def matrix(data, at, rows, columns):
    """View of data[at:] with shape (rows, columns)."""
    return data[at : at + rows * columns].reshape(rows, columns)


@inner
def cube(data, at, depth, rows, columns):
    """View of data[at:] with shape (depth, rows, columns)."""
    return data[at : at + depth * rows * columns].reshape(depth, rows, columns)


@inner
def cholesky(A, L):
    """Lower Cholesky factor of A into L; False when A is not positive definite. Shapes (p, p)."""
    p = A.shape[0]
    for i in range(p):
        for j in range(i):
            acc = A[i, j]
            for k in range(j):
                acc -= L[i, k] * L[j, k]
            L[i, j] = acc / L[j, j]
        acc = A[i, i]
        for k in range(i):
            acc -= L[i, k] * L[i, k]
        if not acc > 0.0:
            return False
        L[i, i] = np.sqrt(acc)
    return True


@inner
def inverse_from_cholesky(L, W, A_inv):
    """(L L')^-1 into A_inv (full, symmetric); W is scratch for L^-1. Rows only, so inner loops vectorize."""
    p = L.shape[0]
    W[:, :] = 0.0
    A_inv[:, :] = 0.0
    for i in range(p):
        scale = 1.0 / L[i, i]
        for k in range(i):
            factor = -L[i, k] * scale
            for j in range(k + 1):
                W[i, j] += factor * W[k, j]
        W[i, i] = scale
    for k in range(p):
        for i in range(k + 1):
            factor = W[k, i]
            for j in range(i + 1):
                A_inv[i, j] += factor * W[k, j]
    for i in range(p):
        for j in range(i):
            A_inv[j, i] = A_inv[i, j]


@inner
def solve_transposed(L, b):
    """Solve L' x = b in place; L lower triangular."""
    for i in range(L.shape[0] - 1, -1, -1):
        acc = b[i] / L[i, i]
        b[i] = acc
        for k in range(i):
            b[k] -= L[i, k] * acc


@inner
def multiply(A, B, out):
    """A B into out, for small matrices."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            acc = 0.0
            for k in range(A.shape[1]):
                acc += A[i, k] * B[k, j]
            out[i, j] = acc


@inner
def matvec(A, x, sign, out):
    """Adds sign * A x to out. Shapes (m, n), (n,), (m,)."""
    for i in range(A.shape[0]):
        acc = 0.0
        for j in range(A.shape[1]):
            acc += A[i, j] * x[j]
        out[i] += sign * acc


@inner
def matvec_transposed(A, x, out):
    """Adds A' x to out. Shapes (m, n), (m,), (n,)."""
    for i in range(A.shape[0]):
        factor = x[i]
        for j in range(A.shape[1]):
            out[j] += factor * A[i, j]
