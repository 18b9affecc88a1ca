"""The kinematics of a six-axis arm by Denavit and Hartenberg's parameters. Lengths in m, angles in rad."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Matrix = tuple[Vector, Vector, Vector]

AXES = 6
_ITERATIONS = 100
_CLOSE = 1e-10
_LONGEST_STEP = 0.4
_DAMPING = 1e-6


class Place(NamedTuple):
    """A position, and a rotation as a matrix."""

    position: Vector
    rotation: Matrix


@dataclass(frozen=True)
class Arm6:
    """The geometry of one arm: of each axis the length ``a``, the offset ``d`` and the twist; the tool along z."""

    a: Sequence[float] = (0.0, -0.42, -0.39, 0.0, 0.0, 0.0)
    d: Sequence[float] = (0.16, 0.0, 0.0, 0.13, 0.10, 0.10)
    twist: Sequence[float] = (math.pi / 2, 0.0, 0.0, math.pi / 2, -math.pi / 2, 0.0)
    tool: Vector = (0.0, 0.0, 0.05)

    def forward(self, joints: Sequence[float]) -> Place:
        """Where the tool is at ``joints``."""
        rotation: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        position: Vector = (0.0, 0.0, 0.0)
        for joint, a, d, twist in zip(joints, self.a, self.d, self.twist, strict=True):
            c, s, ct, st = math.cos(joint), math.sin(joint), math.cos(twist), math.sin(twist)
            position = _add(position, _turn(rotation, (a * c, a * s, d)))
            rotation = _product(rotation, ((c, -s * ct, s * st), (s, c * ct, -c * st), (0.0, st, ct)))
        return Place(_add(position, _turn(rotation, self.tool)), rotation)

    def inverse(self, target: Place, near: Sequence[float]) -> list[float] | None:
        """The joints that bring the tool to ``target``, by damped least squares from ``near``; ``None`` if none do."""
        import numpy as np

        joints = list(near)
        for _ in range(_ITERATIONS):
            here = self.forward(joints)
            miss = _difference(here, target)
            if max(map(abs, miss)) < _CLOSE:
                return joints
            jacobian = np.array([self._column(joints, axis, here) for axis in range(AXES)]).T
            normal = jacobian.T @ jacobian + _DAMPING * np.eye(AXES)
            step = np.linalg.solve(normal, jacobian.T @ np.array(miss))
            scale = min(1.0, _LONGEST_STEP / max(float(np.max(np.abs(step))), 1e-12))
            joints = [joint + scale * float(change) for joint, change in zip(joints, step, strict=True)]
        return None

    def _column(self, joints: Sequence[float], axis: int, here: Place) -> list[float]:
        moved = list(joints)
        moved[axis] += 1e-7
        return [change / 1e-7 for change in _difference(here, self.forward(moved))]


def rotation_vector(rotation: Matrix) -> Vector:
    """Axis times angle, the angle from 0 to pi."""
    x, y, z, w = quaternion(rotation)
    sine = math.sqrt(x * x + y * y + z * z)
    if sine < 1e-15:
        return (0.0, 0.0, 0.0)
    scale = 2.0 * math.atan2(sine, w) / sine
    return (scale * x, scale * y, scale * z)


def quaternion(rotation: Matrix) -> Quaternion:
    """The unit quaternion (x, y, z, w) with w of 0 or more."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    squares = (xx - yy - zz, yy - xx - zz, zz - xx - yy, xx + yy + zz)
    largest = squares.index(max(squares))
    root = math.sqrt(max(0.0, 1.0 + squares[largest])) / 2.0
    f = 0.25 / root
    parts = (
        (root, (yx + xy) * f, (xz + zx) * f, (zy - yz) * f),
        ((yx + xy) * f, root, (zy + yz) * f, (xz - zx) * f),
        ((xz + zx) * f, (zy + yz) * f, root, (yx - xy) * f),
        ((zy - yz) * f, (xz - zx) * f, (yx - xy) * f, root),
    )[largest]
    sign = -1.0 if parts[3] < 0.0 else 1.0
    return (sign * parts[0], sign * parts[1], sign * parts[2], sign * parts[3])


def rotation_matrix(vector: Vector) -> Matrix:
    """The rotation about a rotation vector (Rodrigues)."""
    angle = math.sqrt(sum(part * part for part in vector))
    if angle < 1e-15:
        return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    x, y, z = (part / angle for part in vector)
    c, s = math.cos(angle), math.sin(angle)
    v = 1.0 - c
    return (
        (c + x * x * v, x * y * v - z * s, x * z * v + y * s),
        (y * x * v + z * s, c + y * y * v, y * z * v - x * s),
        (z * x * v - y * s, z * y * v + x * s, c + z * z * v),
    )


def multiplied(p: Quaternion, q: Quaternion) -> Quaternion:
    """The rotation ``q``, then ``p``."""
    px, py, pz, pw = p
    qx, qy, qz, qw = q
    return (
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy - px * qz + py * qw + pz * qx,
        pw * qz + px * qy - py * qx + pz * qw,
        pw * qw - px * qx - py * qy - pz * qz,
    )


def turned(q: Quaternion, vector: Vector) -> Vector:
    """``vector`` turned by the unit quaternion ``q``."""
    x, y, z, _ = multiplied(multiplied(q, (*vector, 0.0)), (-q[0], -q[1], -q[2], q[3]))
    return (x, y, z)


def small_rotation(vector: Vector) -> Quaternion:
    """The unit quaternion of a small rotation vector."""
    x, y, z = (part / 2.0 for part in vector)
    norm = math.sqrt(1.0 + x * x + y * y + z * z)
    return (x / norm, y / norm, z / norm, 1.0 / norm)


def _difference(here: Place, there: Place) -> list[float]:
    """From one place to another: a step, and a rotation vector, both in the base's frame."""
    step = [b - a for a, b in zip(here.position, there.position, strict=True)]
    return step + list(rotation_vector(_product(there.rotation, _transposed(here.rotation))))


def _add(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _turn(m: Matrix, v: Vector) -> Vector:
    (a, b, c), (d, e, f), (g, h, i) = m
    x, y, z = v
    return (a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z)


def _product(m: Matrix, n: Matrix) -> Matrix:
    columns = [_turn(m, column) for column in zip(*n, strict=True)]
    return _transposed((columns[0], columns[1], columns[2]))


def _transposed(m: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = m
    return ((a, d, g), (b, e, h), (c, f, i))
