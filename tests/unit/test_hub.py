"""The real client of the hub against a server on loopback: what it brings, and how it fails."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMIT, MOVED = "a" * 40, "b" * 40
MODEL = {"config.json": b'{"model_type": "gpt2"}', "model.safetensors": b"weights" * 6000}
DATA = {"data/train.jsonl": b'{"text": "one"}\n{"text": "two"}\n'}
REPOSITORIES = {"models/tiny/model": MODEL, "datasets/tiny/data": DATA}
LARGE = ".safetensors"  # is on LFS, as on the hub


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    """The parts of the hub's protocol that its client uses; `fault` of the server breaks one."""

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", send=True, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if send:
            self.wfile.write(content)

    def refused(self):
        fault = self.server.fault
        self.server.asked.append(self.path)
        if fault == "gated" and not self.headers.get("Authorization"):
            self.answer(
                401, b"{}", X_Error_Code="GatedRepo", X_Error_Message="Access is restricted"
            )
        elif fault == "missing":
            self.answer(404, b"{}", X_Error_Code="RepoNotFound", X_Error_Message="not found")
        elif fault == "moved" and COMMIT in self.path:
            self.answer(404, b"{}", X_Error_Code="RevisionNotFound", X_Error_Message="no revision")
        else:
            return False
        return True

    def do_HEAD(self):
        self.do_GET(send=False)

    def do_GET(self, send=True):
        if self.refused():
            return
        path = self.path.split("?")[0].strip("/")
        if path.startswith("api/") and path.count("/") < 3:
            self.answer(404, b"{}")
            return
        if path.startswith("api/"):
            kind, owner, name, *rest = path.removeprefix("api/").split("/")
            files = REPOSITORIES[f"{kind}/{owner}/{name}"]
            if rest[:1] == ["tree"]:
                body = [self.listed(name, content) for name, content in files.items()]
            else:
                body = {"id": f"{owner}/{name}", "sha": COMMIT, "siblings": []}
            self.answer(200, json.dumps(body).encode(), send, Content_Type="application/json")
            return
        kind = "datasets" if path.startswith("datasets/") else "models"
        owner, name, _, commit, *file = path.removeprefix("datasets/").split("/")
        content = REPOSITORIES[f"{kind}/{owner}/{name}"]["/".join(file)]
        hashed = hashlib.sha256(content).hexdigest()
        etag = hashed if path.endswith(LARGE) else git_hash(content)
        headers = {"ETag": f'"{etag}"', "X_Repo_Commit": commit, "Accept_Ranges": "bytes"}
        if self.server.fault == "cut" and send and path.endswith(LARGE):
            self.send_response(200)
            for key, value in headers.items():
                self.send_header(key.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:50])
            self.wfile.flush()
            self.connection.close()
            return
        if self.server.fault == "garbled" and send:
            content = content[::-1]
        self.answer(200, content, send, **headers)

    @staticmethod
    def listed(name, content):
        row = {"type": "file", "path": name, "size": len(content), "oid": git_hash(content)}
        if name.endswith(LARGE):
            hashed = hashlib.sha256(content).hexdigest()
            row["lfs"] = {"oid": hashed, "size": len(content), "pointerSize": 130}
        return row


@contextmanager
def hub(fault=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.fault, server.asked = fault, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def fetch(folder, server=None, kind="model", revision=COMMIT, offline=False, **more):
    """Run the stage that fetches a source, as the rule does; return it and its manifest."""
    folder.mkdir(exist_ok=True)
    port = 9 if server is None else server.server_port
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        "HF_HOME": str(folder / "home"),
        "HF_HUB_ETAG_TIMEOUT": "2",
        "HF_HUB_DOWNLOAD_TIMEOUT": "2",
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": str(ROOT / "workflow"),
        **{"HF_HUB_OFFLINE": "1" if offline else "0"},
        **more.pop("environment", {}),
    }
    source = {"hub": f"tiny/{'model' if kind == 'model' else 'data'}", "revision": revision, **more}
    manifest = folder / "manifest.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rewardlab.stages.data.fetch_source"),
            *("--settings", json.dumps(source), "--kind", kind, "--key", "data.mine"),
            *("--manifest", str(manifest), "--log", str(folder / "log")),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done, manifest


def sentence(done) -> str:
    """Return the one line that a failed stage ends with."""
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("data.fetch_source: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_models_and_data_are_fetched_once_and_then_found_offline(tmp_path):
    with hub() as server:
        for kind, files in (("model", MODEL), ("dataset", DATA)):
            done, manifest = fetch(tmp_path / kind, server, kind)
            assert done.returncode == 0, done.stderr
            listed = json.loads(manifest.read_text())
            assert len(listed["files"]) == len(files)
    done, _ = fetch(tmp_path / "model", None, offline=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("gated", "it is gated: ask for access on its page, and set HF_TOKEN"),
        ("missing", "there is no such repository, or it is private"),
        ("moved", "it has no such revision"),
        ("cut", "cannot be had from the hub"),
        ("garbled", "is damaged: its contents hash to"),
    ],
)
def test_a_fault_gives_a_sentence_and_what_was_half_brought_is_not_used(tmp_path, fault, said):
    with hub(fault) as server:
        done, manifest = fetch(tmp_path / "model", server)
        found = sentence(done)
        assert said in found
        assert "data.mine" in found
        assert not manifest.exists()
    if fault == "garbled":
        shutil.rmtree(tmp_path / "model/home")  # as the sentence says, but all of it
    with hub() as server:
        done, manifest = fetch(tmp_path / "model", server)
        assert done.returncode == 0, done.stderr
        assert manifest.exists()


def test_a_token_opens_a_gated_repository(tmp_path):
    with hub("gated") as server:
        done, _ = fetch(tmp_path / "model", server, environment={"HF_TOKEN": "hf_mine"})
        assert done.returncode == 0, done.stderr


def test_nothing_fetched_before_and_offline(tmp_path):
    found = sentence(fetch(tmp_path / "model", None, offline=True)[0])
    assert "it has not been fetched before" in found
    assert "data.mine.path" in found


def test_a_wrong_checksum_and_a_revision_that_nobody_knows(tmp_path):
    wrong = {"sha256": {"config.json": "0" * 64}}
    with hub() as server:
        assert "data.mine.sha256 expects 000" in sentence(fetch(tmp_path / "a", server, **wrong)[0])
        found = sentence(fetch(tmp_path / "b", server, revision=None)[0])
        assert "the revision of tiny/model is null; `snakemake pin` looks it up" in found


def test_a_file_that_was_changed_in_the_cache_is_noticed(tmp_path):
    with hub() as server:
        done, manifest = fetch(tmp_path / "model", server)
        assert done.returncode == 0
        weights = next((tmp_path / "model/home").rglob("*.safetensors")).resolve()
        weights.write_bytes(weights.read_bytes()[:-1])
        manifest.unlink()
        assert "is damaged" in sentence(fetch(tmp_path / "model", server)[0])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        with hub() as server:
            done, manifest = fetch(
                tmp_path / "model",
                server,
                environment={"HF_HUB_CACHE": str(small), "HF_XET_CACHE": str(small)},
            )
            assert "space" in sentence(done)
            assert not manifest.exists()
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_pinning_writes_the_hubs_commits(tmp_path):
    sources = {
        "language_model": {"hub": "tiny/model", "revision": None},
        "preferences.mine": {"hub": "tiny/data", "revision": None},
        "benchmark": {"hub": "tiny/other", "revision": MOVED},
    }
    with hub() as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "rewardlab.stages.data.pin"),
                *("--sources", json.dumps(sources)),
            ],
            cwd=tmp_path,
            env=os.environ
            | {
                "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "PYTHONPATH": str(ROOT / "workflow"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pins.yaml").read_text() == f"tiny/data: {COMMIT}\ntiny/model: {COMMIT}\n"
