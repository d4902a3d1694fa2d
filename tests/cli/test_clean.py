"""``shapelint clean``."""

from shapelint.cache import Cache
from shapelint.config import Settings
from shapelint.model import Inspected
from shapelint.project.discovery import Place


def test_without_a_cache_there_is_nothing_to_do(shapelint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    told = (0, f"there is no cache at {tmp_path / '.shapelint_cache'}\n", "")
    assert shapelint("clean") == told


def test_the_folder_is_deleted(shapelint, tmp_path):
    model, folder = tmp_path / "model.py", tmp_path / "cache"
    model.touch()
    Cache(folder, ()).put(Place(model), Settings(), Inspected((), (), sources=(str(model),)))
    assert (folder / "CACHEDIR.TAG").exists()
    assert shapelint("clean", "--cache-dir", str(folder)) == (0, f"deleted {folder}\n", "")
    assert not folder.exists()
