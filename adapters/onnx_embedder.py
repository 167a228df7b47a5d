"""The `Embedder` port on a sentence-transformers model in ONNX: a folder with ``model.onnx`` and
``tokenizer.json``, as such models are published. It needs the packages of the extra ``semantic``, which
are imported only here and only when a model is set. Nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.meaning import Vector

if TYPE_CHECKING:
    import numpy as np

MOST_TOKENS = 256
SCALE = 127.0


class BadModel(Exception):  # noqa: N818 - says what it is
    """The folder holds no model that can be used; the message says why."""


class OnnxVectors:
    """Vectors in one array of signed bytes."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        import numpy as np  # noqa: PLC0415 - of the extra

        self._np = np
        flat = np.frombuffer(b"".join(vectors), dtype=np.int8)
        self._all = flat.reshape(len(vectors), -1) if vectors else flat.reshape(0, 1)

    def nearest(self, to: Vector, among: Sequence[int], limit: int) -> list[tuple[int, float]]:
        """Return the places of the most alike, see the port."""
        np = self._np
        places = np.asarray(among, dtype=np.int64)
        if not len(places):
            return []
        query = np.frombuffer(to, dtype=np.int8).astype(np.float32)
        likeness = self._all[places].astype(np.float32) @ query / SCALE**2
        # A stable order: equally alike ones stay as they came.
        best = np.argsort(-likeness, kind="stable")[:limit]
        return [(int(places[at]), float(likeness[at])) for at in best]


class OnnxEmbedder:
    """A model in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises `BadModel`."""
        try:
            import onnxruntime  # noqa: PLC0415 - of the extra
            import tokenizers  # noqa: PLC0415 - of the extra
        except ImportError as fault:
            raise BadModel(f"{fault.name} is not installed; install doorward[semantic]") from None
        model, words = folder / "model.onnx", folder / "tokenizer.json"
        for file in (model, words):
            if not file.is_file():
                raise BadModel(f"there is no {file.name} in {folder}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(words))
        except Exception as fault:  # noqa: BLE001 - both libraries raise what they like
            raise BadModel(f"{folder}: {fault}") from None
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}
        self.model = hashlib.blake2b(model.read_bytes(), digest_size=8).hexdigest()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return what each text means."""
        import numpy as np  # noqa: PLC0415 - of the extra

        if not texts:
            return []
        encoded = self._tokenizer.encode_batch([_encodable(one) for one in texts])
        given = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            "token_type_ids": np.array([one.type_ids for one in encoded], dtype=np.int64),
        }
        feed = {name: one for name, one in given.items() if name in self._inputs}
        output = self._session.run(None, feed)[0]
        vectors = _pooled(np.asarray(output, dtype=np.float32), given["attention_mask"])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        bytes_ = np.rint(vectors / np.maximum(lengths, 1e-9) * SCALE).astype(np.int8)
        return [one.tobytes() for one in bytes_]

    def gathered(self, vectors: Sequence[Vector]) -> OnnxVectors:
        """Return these vectors, ready to be compared."""
        return OnnxVectors(vectors)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _pooled(output: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return one vector for each text: the mean of its tokens', where the model gives those."""
    if output.ndim == 2:  # noqa: PLR2004 - texts by components
        return output
    weights = mask[:, :, None].astype(output.dtype)
    mean: np.ndarray = (output * weights).sum(axis=1) / weights.sum(axis=1)
    return mean
