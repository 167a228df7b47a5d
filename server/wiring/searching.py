"""What the catalog's search goes by beside the index: the thesaurus, and a model of meanings where one is
set."""

from __future__ import annotations

from adapters.onnx_embedder import BadModel, OnnxEmbedder
from projections.catalog.search.thesaurus import BadThesaurus
from server.catalog.thesaurus_file import ThesaurusFile
from server.config import Settings
from server.failures import StartFailed
from server.semantic.meaning import Meaning


def meaning(settings: Settings) -> Meaning | None:
    """Return the search by meaning; None where no model is set. Raises `StartFailed`."""
    if settings.semantic_model is None:
        return None
    try:
        return Meaning(OnnxEmbedder(settings.semantic_model))
    except BadModel as fault:
        raise StartFailed(f"DOORWARD_SEMANTIC_MODEL: {fault}") from None


def thesaurus(settings: Settings) -> ThesaurusFile:
    """Return the thesaurus; raises `StartFailed`."""
    try:
        return ThesaurusFile(settings.thesaurus)
    except (BadThesaurus, OSError) as fault:
        raise StartFailed(f"DOORWARD_THESAURUS: {settings.thesaurus}: {fault}") from None
