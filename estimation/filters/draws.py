"""Random numbers of a particle filter."""

import numpy as np
from numpy.typing import NDArray


class Draws:
    """Standard normals for w clouds of N particles, and offsets for their resampling.

    Parameters
    ----------
    generator : source of randomness; its state moves on.
    n_vectors, n_particles : w and N.
    dtype : number type of the normals.
    common : whether all clouds share their numbers, so that a cloud's do not depend on the others.
    """

    def __init__(
        self, generator: np.random.Generator, n_vectors: int, n_particles: int, dtype: np.dtype, common: bool
    ) -> None:
        self.n_vectors, self.n_particles = n_vectors, n_particles
        self._generator, self._common = generator, common
        self._dtype = np.float32 if dtype == np.float32 else np.float64

    def normals(self, n_columns: int) -> NDArray[np.floating]:
        """Independent standard normals [w, N, n_columns]."""
        return self._normals(self.n_particles, n_columns)

    def mirrored_normals(self, n_columns: int) -> NDArray[np.floating]:
        """Standard normals [w, N, n_columns] whose neighbours are each other's negatives.

        Every particle's draw is standard normal, which is all that an unbiased likelihood needs.
        Resampling leaves relatives side by side, so that odd errors cancel between them.
        """
        half = self._normals((self.n_particles + 1) // 2, n_columns)
        pairs = np.stack([half, -half], axis=2)
        return pairs.reshape(self.n_vectors, -1, n_columns)[:, : self.n_particles]

    def uniforms(self) -> NDArray[np.float64]:
        """Uniforms on [0, 1), [w, N]."""
        vectors = 1 if self._common else self.n_vectors
        values = self._generator.random((vectors, self.n_particles))
        return np.broadcast_to(values, (self.n_vectors, self.n_particles))

    def offsets(self) -> NDArray[np.float64]:
        """Uniforms on [0, 1), [w]."""
        return np.broadcast_to(self._generator.random(1 if self._common else self.n_vectors), self.n_vectors)

    def branch(self, n_particles: int) -> "Draws":
        """Other random numbers for clouds of another size; these here move on by one number alone."""
        generator = np.random.Generator(np.random.SFC64(self._generator.integers(2**63)))
        return Draws(generator, self.n_vectors, n_particles, np.dtype(self._dtype), self._common)

    def _normals(self, n_rows: int, n_columns: int) -> NDArray[np.floating]:
        vectors = 1 if self._common else self.n_vectors
        values = self._generator.standard_normal((vectors, n_rows, n_columns), dtype=self._dtype)
        return np.broadcast_to(values, (self.n_vectors, n_rows, n_columns))
