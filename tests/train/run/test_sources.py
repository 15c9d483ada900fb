"""Every file that a spec uses is found, straight or through another, once."""

from pathlib import Path

from netspec.diagnostics.text import Source
from netspec.frontend import read_source
from netspec.train.run.sources import used_sources


def test_used_files_are_found_through_others_by_their_path_from_the_spec(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "main.net").write_text('use "a.net"\nuse "deep/b.net"\nnet n { input 3; dense 2 }\n')
    (tmp_path / "a.net").write_text('use "deep/b.net"\nlet A = 1\n')
    (tmp_path / "deep/b.net").write_text('use "er/c.net"\nlet B = 2\n')
    (tmp_path / "deep/er/c.net").write_text('use "../../a.net"\nlet C = 3\n')
    found = used_sources(read_source(tmp_path / "main.net"))
    assert set(found) == {"a.net", "deep/b.net", "deep/er/c.net"}
    assert found["deep/er/c.net"] == (tmp_path / "deep/er/c.net").read_text()


def test_a_spec_on_its_own_uses_nothing() -> None:
    assert used_sources(Source("<text>", "net n { input 3; use x }\n")) == {}
