"""Judges that answer in words: a causal language model, or a server of the OpenAI chat protocol.

Answers are kept by content: what a judge was asked once it is not asked again, also after a kill.
"""

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress

KEPT = "what it had answered before is kept, and is not asked again"
Ask = Callable[[Sequence[str]], list[str]]
"""From what some requests say to the answers."""


def answers(ask: Ask, name: str, requests: Sequence[str], batch: int, cache: Path) -> list[str]:
    """Return the answer to each request, asking only for those that are not in the cache.

    name: of the judge, with all that its answers depend on; batch: requests that are asked at once.
    """
    files = [_file(cache, name, request) for request in requests]
    once = {file: at for at, file in enumerate(files)}  # a request may stand there twice
    missing = [at for file, at in once.items() if _kept(file) is None]
    starts = range(0, len(missing), batch)
    for start in progress(starts, "asking the judge", len(starts)):
        places = missing[start : start + batch]
        for at, answer in zip(places, ask([requests[at] for at in places]), strict=True):
            files[at].parent.mkdir(parents=True, exist_ok=True)
            if _kept(files[at]) is None:  # another job may have asked
                with published(files[at]) as partial:
                    partial.write_text(json.dumps({"judge": name, "answer": answer}))
    return [_kept(file) for file in files]


def _kept(file: Path) -> str | None:
    """Return the answer in a file; None if there is none, or the file is damaged."""
    try:
        return json.loads(file.read_text())["answer"]
    except (OSError, ValueError, LookupError):
        return None


def _file(cache: Path, name: str, request: str) -> Path:
    digest = hashlib.sha256(json.dumps([name, request]).encode()).hexdigest()
    return cache / digest[:2] / f"{digest}.json"


def ask_model(folder: Path, answer_tokens: int) -> Ask:
    """Return how a causal language model is asked: its likeliest answer, in its chat template.

    A model without chat template gets the plain text. Raises UserError if a request does not fit.
    """
    import torch

    from rewardlab.data.pretrained import check_room, load_language_model, load_tokenizer

    model, tokenizer = load_language_model(folder), load_tokenizer(folder, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    @torch.inference_mode()
    def ask(requests: Sequence[str]) -> list[str]:
        texts = list(requests)
        if tokenizer.chat_template is not None:
            texts = [
                tokenizer.apply_chat_template(
                    [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
                )
                for text in texts
            ]
        check_room(model, tokenizer, requests, answer_tokens)
        batch = tokenizer(
            texts,
            padding=True,
            return_tensors="pt",
            add_special_tokens=tokenizer.chat_template is None,
        ).to(model.device)
        tokens = model.generate(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            do_sample=False,
            max_new_tokens=answer_tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
        new = tokens[:, batch.input_ids.shape[1] :]
        return tokenizer.batch_decode(new, skip_special_tokens=True)

    return ask


def ask_endpoint(
    endpoint: str, model: str, answer_tokens: int, timeout: float, attempts: int, key: str | None
) -> Ask:
    """Return how a server is asked: at temperature 0, again after errors that may pass.

    Requests that are handed over together are sent together, over a connection each.

    endpoint: such as http://127.0.0.1:8000/v1; timeout: seconds for an answer; key: sent as a
    bearer token. Raises UserError if the server is down, too slow, refuses, or answers something
    else.
    """
    url = f"{endpoint.rstrip('/')}/chat/completions"
    headers = {"Content-Type": "application/json"}
    headers |= {} if key is None else {"Authorization": f"Bearer {key}"}

    def one(request: str) -> str:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": request}],
            "max_tokens": answer_tokens,
            "temperature": 0,
        }
        data = json.dumps(body).encode()
        for attempt in range(attempts):
            try:
                called = urllib.request.Request(url, data=data, headers=headers)
                with urllib.request.urlopen(called, timeout=timeout) as reply:
                    return _content(reply.read(), url)
            except urllib.error.HTTPError as error:
                said = " ".join(error.read(300).decode(errors="replace").split())
                wrong = f"answers with status {error.code} ({said or error.reason})"
                if error.code < 500 and error.code != 429:
                    break
            except http.client.HTTPException as error:
                wrong = f"answers with what is no HTTP ({type(error).__name__})"
            except TimeoutError:
                wrong = f"has not answered in {timeout:g} seconds (judging.timeout)"
            except (urllib.error.URLError, OSError) as error:
                reason = getattr(error, "reason", error)
                if isinstance(reason, TimeoutError):
                    wrong = f"has not answered in {timeout:g} seconds (judging.timeout)"
                else:
                    wrong = f"cannot be reached ({reason})"
            if attempt + 1 < attempts:
                time.sleep(min(2.0**attempt, 30.0))
        raise UserError(f"the judge at {url} {wrong}, {attempts} attempts allowed; {KEPT}.")

    def ask(requests: Sequence[str]) -> list[str]:
        with ThreadPoolExecutor(len(requests)) as connections:
            return list(connections.map(one, requests))

    return ask


def _content(reply: bytes, url: str) -> str:
    """Return the text of a chat completion; raises UserError if the reply is none.

    A completion without a text is an empty one: it has no verdict.
    """
    try:
        content = json.loads(reply)["choices"][0]["message"]["content"] or ""
    except (ValueError, LookupError, TypeError):
        content = None
    if not isinstance(content, str):
        raise UserError(
            f"the judge at {url} answers {reply[:80].decode(errors='replace')!r}; expected a chat "
            f"completion, JSON with choices[0].message.content; {KEPT}."
        )
    return content.encode(errors="replace").decode()  # half a character is in no table
