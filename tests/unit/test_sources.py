"""Sources: local paths, hub repositories at a revision, checksums."""

import hashlib
import os

import pytest

from rewardlab.data import sources
from rewardlab.data.manifest import files_of, open_artefact, write_manifest
from rewardlab.data.sources import local_hash, resolve, root_of
from rewardlab.running.errors import UserError
from rewardlab.running.provenance import input_hashes
from rewardlab.settings.data import SourceSettings

REVISION = "0123456789012345678901234567890123456789"


def local(path, **more):
    return SourceSettings(path=str(path), **more)


def hash_of(source, cache, kind="dataset"):
    return local_hash(source, kind, cache, cache.with_name("manifest.json"))


def test_a_local_file(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("x")
    assert resolve(local(file), "dataset", "data.mine") == [file]


def test_a_local_folder_and_its_patterns(tmp_path):
    for name in ("train/a.jsonl", "train/b.jsonl", "test/a.jsonl", ".cache/x"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    assert len(resolve(local(tmp_path), "dataset", "k")) == 3
    chosen = resolve(local(tmp_path, files=("train/*",)), "dataset", "k")
    assert [file.name for file in chosen] == ["a.jsonl", "b.jsonl"]
    assert root_of(chosen) == tmp_path / "train"


def test_what_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"data\.mine\.path is '.*nowhere'; there is no such file"):
        resolve(local(tmp_path / "nowhere"), "dataset", "data.mine")
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(UserError, match=r"data\.mine\.files names '\*\.parquet', which matches no"):
        resolve(local(tmp_path, files=("*.parquet",)), "dataset", "data.mine")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no files"):
        resolve(local(tmp_path / "empty"), "dataset", "data.mine")


def test_checksums(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("x")
    good = hashlib.sha256(b"x").hexdigest()
    assert resolve(local(file, sha256={"a.jsonl": good}), "dataset", "k") == [file]
    with pytest.raises(UserError, match=rf"a\.jsonl has the sha256 {good}; k\.sha256 expects 000"):
        resolve(local(file, sha256={"a.jsonl": "0" * 64}), "dataset", "k")
    with pytest.raises(UserError, match=r"k\.sha256 names 'b\.jsonl', which is no file"):
        resolve(local(file, sha256={"b.jsonl": good}), "dataset", "k")


def test_a_hub_repository_comes_from_the_local_cache_at_its_revision(tmp_path, monkeypatch):
    """The hub client itself, offline, on a cache laid out as it lays it out."""
    snapshot = tmp_path / "datasets--owner--name" / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (snapshot / "train.jsonl").write_text("x")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path))
    source = SourceSettings(hub="owner/name", revision=REVISION)
    assert resolve(source, "dataset", "k") == [snapshot / "train.jsonl"]
    other = SourceSettings(hub="owner/name", revision=REVISION[::-1])
    with pytest.raises(
        UserError, match=r"k: owner/name at revision \d+ cannot be had from the hub"
    ):
        resolve(other, "dataset", "k")


def test_a_path_goes_before_the_hub(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("x")
    source = SourceSettings(hub="owner/name", revision=REVISION, path=str(file))
    assert resolve(source, "dataset", "k") == [file]


def test_manifests_find_and_check_their_folder(tmp_path):
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    (folder / "weights").write_text("w")
    manifest = tmp_path / "models" / "base.json"
    write_manifest(manifest, folder)
    assert open_artefact(manifest) == folder
    assert open_artefact(folder) == folder
    (tmp_path / "models").rename(tmp_path / "moved")
    assert open_artefact(tmp_path / "moved" / "base.json") == tmp_path / "moved" / "base"
    weights = tmp_path / "moved" / "base" / "weights"
    weights.write_text("other")
    with pytest.raises(UserError, match="weights is not the file that was recorded"):
        open_artefact(tmp_path / "moved" / "base.json")
    weights.unlink()
    with pytest.raises(UserError, match="weights is missing"):
        open_artefact(tmp_path / "moved" / "base.json")


def test_a_checksum_can_be_taken_back(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text("x")
    assert resolve(local(file, sha256={"other.jsonl": None}), "dataset", "k") == [file]


def test_the_hash_of_local_files_follows_their_content_alone(tmp_path):
    folder, cache = tmp_path / "data", tmp_path / "cache.json"
    folder.mkdir()
    (folder / "a.jsonl").write_text("one")
    first = hash_of(local(folder), cache)
    assert first == hash_of(local(folder), cache)
    (folder / "a.jsonl").touch()
    assert hash_of(local(folder), cache) == first
    (folder / "a.jsonl").write_text("two")  # in place, of the same size
    assert hash_of(local(folder), cache) != first
    assert hash_of(local(folder / "a.jsonl"), cache) is not None
    assert hash_of(local(tmp_path / "nowhere"), cache) is None


def test_a_file_that_rests_is_hashed_once(tmp_path, monkeypatch):
    file, cache = tmp_path / "a.jsonl", tmp_path / "cache.json"
    file.write_text("one")
    monkeypatch.setattr(sources, "SETTLED", 0)
    expected = hash_of(local(file), cache)
    monkeypatch.setattr(sources, "file_hash", lambda path: "another")
    assert hash_of(local(file), cache) == expected
    file.write_text("one more")
    assert hash_of(local(file), cache) != expected


def test_a_file_that_was_given_its_old_time_is_hashed_again(tmp_path, monkeypatch):
    file, cache = tmp_path / "a.jsonl", tmp_path / "cache.json"
    file.write_text("one")
    monkeypatch.setattr(sources, "SETTLED", 0)
    first, status = hash_of(local(file), cache), file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hash_of(local(file), cache) != first


def test_what_was_just_changed_is_not_taken_for_settled(tmp_path):
    """It could change again within one tick of the clock, its marks the same."""
    file, cache = tmp_path / "a.jsonl", tmp_path / "cache.json"
    file.write_text("one")
    hash_of(local(file), cache)
    assert not cache.exists()


def test_results_outlive_the_files_that_they_were_made_of(tmp_path):
    folder, cache, manifest = (tmp_path / name for name in ("data", "cache.json", "manifest.json"))
    folder.mkdir()
    (folder / "a.jsonl").write_text("one")
    first = hash_of(local(folder), cache)
    write_manifest(manifest, folder, resolve(local(folder), "dataset", "k"))
    (folder / "a.jsonl").unlink()
    folder.rmdir()
    assert hash_of(local(folder), cache) == first
    manifest.unlink()
    assert hash_of(local(folder), cache) is None


def test_of_a_local_model_every_file_counts(tmp_path):
    """transformers reads what it finds in the folder, whatever the patterns say."""
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text(name)
    source, cache = local(tmp_path, files=["config.json"]), tmp_path.parent / "cache.json"
    assert [file.name for file in resolve(source, "dataset", "k")] == ["config.json"]
    both = ["config.json", "tokenizer.json"]
    assert [file.name for file in resolve(source, "model", "k")] == both
    first = {kind: hash_of(source, cache, kind) for kind in ("dataset", "model")}
    (tmp_path / "tokenizer.json").write_text("other")
    assert hash_of(source, cache, "dataset") == first["dataset"]
    assert hash_of(source, cache, "model") != first["model"]


def test_links_are_followed_once_and_lead_somewhere(tmp_path):
    inner = tmp_path / "elsewhere"
    inner.mkdir()
    (inner / "b.jsonl").write_text("b")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "linked").symlink_to(inner)
    (inner / "back").symlink_to(folder)
    assert resolve(local(folder), "dataset", "k") == [folder / "linked" / "b.jsonl"]
    (folder / "c.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"c\.jsonl is a link to a file that is not there"):
        resolve(local(folder), "dataset", "k")


def test_a_manifest_lists_the_chosen_files_and_the_origin_names_them(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(name)
    manifest = tmp_path / "results" / "mine.json"
    manifest.parent.mkdir()
    write_manifest(manifest, tmp_path, [tmp_path / "b.jsonl"])
    assert files_of(manifest) == [tmp_path / "b.jsonl"]
    named = input_hashes([manifest])
    assert named[str(tmp_path / "b.jsonl")] == hashlib.sha256(b"b.jsonl").hexdigest()
    assert set(named) == {str(manifest), str(tmp_path / "b.jsonl")}
    (tmp_path / "b.jsonl").write_text("other")
    with pytest.raises(UserError, match="is not the file that was recorded"):
        files_of(manifest)
