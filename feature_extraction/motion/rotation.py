"""Rotations as arrays: unit quaternions (..., 4) in the order wxyz, and their way to and from other forms.

Angles are radians, frames are right-handed, rotations are active: `mul_vec(q, v)` turns `v`. Leading axes broadcast.
An Euler order such as "ZXY" lists the axes as a BVH file does: intrinsic, R = R_Z R_X R_Y.
"""

import numpy as np

AXES = "XYZ"
EVEN_ORDERS = ("XYZ", "YZX", "ZXY")
SMALL = 1e-12
"""Below this angle, in radians, the limit of a quotient replaces the quotient."""
TINY = np.finfo(float).tiny
"""The least divisor."""


def identity(*shape: int) -> np.ndarray:
    """Give identity quaternions of shape (*shape, 4)."""
    quaternions = np.zeros((*shape, 4))
    quaternions[..., 0] = 1.0
    return quaternions


def mul(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Give the Hamilton product (..., 4): the rotation `q` followed by the rotation `p`."""
    pw, px, py, pz = _components(p)
    qw, qx, qy, qz = _components(q)
    return np.stack(
        [
            pw * qw - px * qx - py * qy - pz * qz,
            pw * qx + px * qw + py * qz - pz * qy,
            pw * qy - px * qz + py * qw + pz * qx,
            pw * qz + px * qy - py * qx + pz * qw,
        ],
        axis=-1,
    )


def inv(q: np.ndarray) -> np.ndarray:
    """Give the inverse (..., 4) of unit quaternions."""
    return np.asarray(q) * np.array([1.0, -1.0, -1.0, -1.0])


def mul_vec(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Turn the vectors `v` (..., 3) by `q` (..., 4)."""
    w, x, y, z = _components(q)
    vx, vy, vz = _components(v)
    # v + 2 w (u x v) + 2 u x (u x v), where u is the vector part of q
    tx, ty, tz = 2 * (y * vz - z * vy), 2 * (z * vx - x * vz), 2 * (x * vy - y * vx)
    return np.stack(
        [vx + w * tx + y * tz - z * ty, vy + w * ty + z * tx - x * tz, vz + w * tz + x * ty - y * tx], axis=-1
    )


def normalise(q: np.ndarray) -> np.ndarray:
    """Scale quaternions (..., 4) to unit length."""
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def from_euler(angles: np.ndarray, order: str) -> np.ndarray:
    """Give the quaternions (..., 4) of intrinsic Euler `angles` (..., len(order)).

    Any number of axes will do: "" is the identity, "X" a hinge.
    """
    # sine and cosine of the half angle, both by the tangent of the quarter: numpy's takes a fraction of their time
    tangents = np.tan(np.asarray(angles) / 4)
    squares = tangents * tangents
    cosines, sines = (1 - squares) / (1 + squares), 2 * tangents / (1 + squares)
    quaternions = identity(*tangents.shape[:-1])
    parts: list[np.ndarray | None] = [np.ones(tangents.shape[:-1]), None, None, None]
    for i, axis in enumerate(order):
        parts = _turn_about(parts, AXES.index(axis), cosines[..., i], sines[..., i])
    for i, part in enumerate(parts):
        if part is not None:
            quaternions[..., i] = part
    return quaternions


def to_euler(q: np.ndarray, order: str) -> np.ndarray:
    """Give the intrinsic Euler angles (..., len(order)) of `q` (..., 4), the middle one within +-pi/2.

    With fewer than three axes the angles are those of the order completed (`complete_order`), without the last ones;
    they describe the rotation only if it is one that the axes can make. At the singularity, where only the sum or the
    difference of the outer angles is known, the result is still an exact description of `q`.
    After E. Bernardes and S. Viollet, Quaternion to Euler angles conversion, PLoS ONE 17(11), 2022.
    """
    full = complete_order(order)
    sign = 1.0 if full in EVEN_ORDERS else -1.0
    w = q[..., 0]
    first, second, third = (sign * q[..., 1 + AXES.index(axis)] for axis in full)
    half_sum = np.arctan2(first + third, w + second)
    half_difference = np.arctan2(first - third, w - second)
    middle = 2 * np.arctan2(np.hypot(first + third, w + second), np.hypot(first - third, w - second)) - np.pi / 2
    angles = sign * np.stack([half_sum + half_difference, middle, half_sum - half_difference], axis=-1)
    return _wrapped(angles)[..., : len(order)]


def complete_order(order: str) -> str:
    """Give the order of three axes that begins with `order` (at most three different ones); "" becomes "ZXY".

    >>> complete_order("Z")
    'ZXY'
    """
    if len(set(order)) != len(order) or not set(order) <= set(AXES):
        raise ValueError(f"{order!r} is not an Euler order: up to three different letters of {AXES} are wanted")
    return order + "".join(axis for axis in ("ZXY" if not order else AXES) if axis not in order)


def from_matrix(m: np.ndarray) -> np.ndarray:
    """Give the quaternions (..., 4) of rotation matrices (..., 3, 3).

    Of the four ways to write q times a component of itself, takes the one with the largest divisor (Shepperd 1978).
    """
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    xy, yz, zx = m[..., 0, 1] + m[..., 1, 0], m[..., 1, 2] + m[..., 2, 1], m[..., 2, 0] + m[..., 0, 2]
    dx, dy, dz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    candidates = np.stack(
        [
            np.stack([1 + xx + yy + zz, dx, dy, dz], axis=-1),
            np.stack([dx, 1 + xx - yy - zz, xy, zx], axis=-1),
            np.stack([dy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([dz, zx, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    largest = np.argmax(np.diagonal(candidates, axis1=-2, axis2=-1), axis=-1)
    return normalise(np.take_along_axis(candidates, largest[..., None, None], axis=-2)[..., 0, :])


def nearest(m: np.ndarray) -> np.ndarray:
    """Give the rotations (..., 4) nearest to any matrices (..., 3, 3), in the sum of squared differences.

    As trace(R^T M) is a quadratic form in the quaternion, its first eigenvector (Davenport's q-method, 1968). Where
    several are equally near, it is one of them: M need be no rotation, nor have full rank.
    """
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    form = np.empty((*m.shape[:-2], 4, 4))
    form[..., 0, 0] = xx + yy + zz
    form[..., 0, 1], form[..., 0, 2] = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0]
    form[..., 0, 3] = m[..., 1, 0] - m[..., 0, 1]
    form[..., 1, 1], form[..., 2, 2], form[..., 3, 3] = xx - yy - zz, yy - xx - zz, zz - xx - yy
    form[..., 1, 2], form[..., 1, 3] = m[..., 0, 1] + m[..., 1, 0], m[..., 2, 0] + m[..., 0, 2]
    form[..., 2, 3] = m[..., 1, 2] + m[..., 2, 1]
    vector = np.linalg.eigh(form, UPLO="U")[1][..., -1]
    return np.where(vector[..., :1] < 0, -vector, vector)


def to_matrix(q: np.ndarray) -> np.ndarray:
    """Give the rotation matrices (..., 3, 3) of `q` (..., 4)."""
    return np.stack([mul_vec(q, axis) for axis in np.eye(3)], axis=-1)


def exp(rotvec: np.ndarray) -> np.ndarray:
    """Give the quaternions (..., 4) of rotation vectors (..., 3), axis times angle: the exponential map."""
    angle = np.linalg.norm(rotvec, axis=-1, keepdims=True)
    # sin(angle / 2) / angle; numpy's sinc(x) is sin(pi x) / (pi x)
    return np.concatenate([np.cos(angle / 2), np.sinc(angle / (2 * np.pi)) / 2 * rotvec], axis=-1)


def log(q: np.ndarray) -> np.ndarray:
    """Give the rotation vectors (..., 3) of `q` (..., 4), their length in [0, pi]."""
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    small = sine < SMALL
    return q[..., 1:] * np.where(small, 2.0, 2 * np.arctan2(sine, q[..., :1]) / np.where(small, 1.0, sine))


def slerp(p: np.ndarray, q: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Go from `p` (t = 0) to `q` (t = 1), both (..., 4), the shorter way round and at constant speed.

    `t` (...) broadcasts against the leading axes.
    """
    q = np.where(np.sum(p * q, axis=-1, keepdims=True) < 0, -q, q)
    # The half angle between the two by both chords, exact at 0 and at pi/2 alike.
    half = np.arctan2(np.linalg.norm(q - p, axis=-1), np.linalg.norm(q + p, axis=-1))
    small = half < SMALL
    sine = np.where(small, 1.0, np.sin(2 * half))
    from_p = np.where(small, 1 - t, np.sin(2 * half * (1 - t)) / sine)
    from_q = np.where(small, t, np.sin(2 * half * t) / sine)
    return normalise(from_p[..., None] * p + from_q[..., None] * q)


def from_axis_angle(axis: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """Give the quaternions (..., 4) of turns by `angle` (...) about the unit vectors `axis` (..., 3)."""
    half = np.asarray(angle)[..., None] / 2
    vector = np.sin(half) * axis
    return np.concatenate([np.broadcast_to(np.cos(half), (*vector.shape[:-1], 1)), vector], axis=-1)


def between(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Give the shortest turns (..., 4) that take the directions of `u` (..., 3) to those of `v` (..., 3).

    Opposite directions are half a turn apart, about some axis across; a vector without length is not turned.
    """
    u, v = (each / np.maximum(np.linalg.norm(each, axis=-1, keepdims=True), TINY) for each in np.broadcast_arrays(u, v))
    across = np.cross(u, v)
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    straight = sine < SMALL
    if straight.any():
        across = np.where(straight, np.cross(u, np.eye(3)[np.argmin(np.abs(u), axis=-1)]), across)
        sine = np.where(straight, np.linalg.norm(across, axis=-1, keepdims=True), sine)
    # cosine and sine of half the angle by both chords, exact at 0 and at pi alike
    half = np.linalg.norm(v - u, axis=-1, keepdims=True) / 2
    q = np.concatenate(
        [np.linalg.norm(v + u, axis=-1, keepdims=True) / 2, across * half / np.maximum(sine, TINY)], axis=-1
    )
    return np.where(u.any(axis=-1, keepdims=True) & v.any(axis=-1, keepdims=True), q, identity())


def yaw(angle: np.ndarray | float) -> np.ndarray:
    """Give the quaternions (..., 4) of turns by `angle` (...) about the vertical axis y."""
    half = np.asarray(angle) / 2
    zero = np.zeros_like(half)
    return np.stack([np.cos(half), zero, np.sin(half), zero], axis=-1)


def heading(q: np.ndarray) -> np.ndarray:
    """Give the angle (...) about y at which `q` (..., 4) faces: that of the turned z axis, 0 when it is z itself."""
    w, x, y, z = _components(q)
    return np.arctan2(2 * (x * z + w * y), w * w + z * z - x * x - y * y)


def continuous(q: np.ndarray) -> np.ndarray:
    """Choose the signs of `q` (frames, ..., 4) so that each frame is on the side of the one before."""
    turned = np.where(np.sum(q[1:] * q[:-1], axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return np.concatenate([q[:1], q[1:] * np.cumprod(turned, axis=0)])


def mean(q: np.ndarray) -> np.ndarray:
    """Give the mean (..., 4) over the first axis of `q` (frames, ..., 4), whatever the signs.

    The rotation of least squared chordal distance: the first eigenvector of sum q q^T (Markley et al. 2007).
    """
    products = np.einsum("f...i,f...j->...ij", q, q)
    vector = np.linalg.eigh(products)[1][..., -1]
    return np.where(vector[..., :1] < 0, -vector, vector)


def _components(array: np.ndarray) -> list[np.ndarray]:
    array = np.asarray(array)
    return [array[..., i] for i in range(array.shape[-1])]


def _turn_about(
    parts: list[np.ndarray | None], axis: int, cosine: np.ndarray, sine: np.ndarray
) -> list[np.ndarray | None]:
    """Multiply a quaternion, given by its four parts (None is zero), from the right by a turn about one axis."""
    along, left, right = 1 + axis, 1 + (axis + 1) % 3, 1 + (axis + 2) % 3
    turned = [None if part is None else part * cosine for part in parts]
    for target, source, sign in ((0, along, -1), (along, 0, 1), (left, right, 1), (right, left, -1)):
        part = parts[source]
        if part is not None:
            product = part * sine * sign if turned[target] is None else part * sine
            turned[target] = product if turned[target] is None else turned[target] + sign * product
    return turned


def _wrapped(angles: np.ndarray) -> np.ndarray:
    """Bring angles that lie within +-2 pi into [-pi, pi]."""
    return angles - 2 * np.pi * np.round(angles / (2 * np.pi))
